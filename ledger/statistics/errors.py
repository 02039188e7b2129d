"""What a node has against a proposed release: one code for each rule of `ledger.statistics.verify`, with where it is broken."""

from enum import StrEnum

from ledger.errors import StatisticsError


class ObjectionCode(StrEnum):
    """Every reason for which a proposed release is not agreed to, in the order in which they are looked for. Stable."""

    MALFORMED = "malformed"
    """Not the canonical encoding of a proposal, or beyond its bounds."""
    PERIOD = "period"
    """Another period than that of the figures."""
    HEIGHT = "height"
    """Another height than that of the figures."""
    REVISION = "revision"
    """Not the next revision of the period."""
    HELD = "held"
    """A block takes figures that it must not take yet, or keeps old ones without a reason."""
    CONFIDENTIAL_ORDER = "confidential-order"
    """Confidential cells that are not in ascending order, or named twice."""
    UNKNOWN_CELL = "unknown-cell"
    """A confidential cell that the tables do not have."""
    ZERO_CELL = "zero-cell"
    """A cell without trade is confidential: those are always published."""
    UNSAFE_PUBLISHED = "unsafe-published"
    """A cell that tells of a trader is published."""
    MIRROR_PUBLISHED = "mirror-published"
    """One side of a pair's trade is published, and the other is confidential."""
    REVEALED = "revealed"
    """A cell that an earlier release of the period kept confidential is published."""
    WITNESS_ORDER = "witness-order"
    """Moves of a witness that are not in ascending order of entries, that move nothing, or a witness without any."""
    UNKNOWN_ENTRY = "unknown-entry"
    """A witness moves an entry that is in no release."""
    OVER_BOUND = "over-bound"
    """A witness moves an entry further than estimates of it may be off."""
    UNBALANCED = "unbalanced"
    """A witness changes a published figure, of this release or of an earlier one."""
    CONCESSION = "concession"
    """A concession about a cell that is no target, an insider that is none, or cells not published before, or named twice."""
    UNPROTECTED = "unprotected"
    """No witness moves an unsafe cell as far as it needs."""
    UNPROTECTED_FROM_INSIDER = "unprotected-from-insider"
    """Whoever is the only trader of one cell could tell another one too well."""
    DIGEST = "digest"
    """The figures make another file than the one that is published (`ledger.statistics.review`)."""


class Objection(StatisticsError):  # noqa: N818 - what a node says
    """A rule that a proposed release breaks.

    Attributes:
        code: which rule.
        place: the cell, entry or field, its parts separated by `/`.
        given, limit: figures where the rule is about figures.
    """

    def __init__(self, code: ObjectionCode, place: str, given: int | None = None, limit: int | None = None) -> None:
        figures = f": {given}, limit {limit}" if limit is not None else f": {given}" if given is not None else ""
        super().__init__(f"{code} at {place}{figures}")
        self.code = code
        self.place = place
        self.given = given
        self.limit = limit
