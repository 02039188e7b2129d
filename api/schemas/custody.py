"""Where the carats of a certificate came from and went, what a participant has left, and for how long outcomes are owed."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Answer, Carats, CertificateType, Code, Count, Date, HsCode, LedgerAnswer, Number, Query
from ledger.entries import CertificateState

Percent = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]{2}$", description="Percent with two places, rounded down.")]


class LinkAnswer(Answer):
    """A certificate of a chain."""

    number: Number
    issuer: Code
    destination: Code
    state: CertificateState
    type: CertificateType
    issued: Date
    carats: Annotated[Carats, Field(description="As issued.")]
    measured: Annotated[Carats | None, Field(description="As the destination measured; null without an outcome that counts.")]
    claimed: Annotated[Carats, Field(description="Taken by later certificates, in this chain or not.")]
    unattributed: Annotated[Carats, Field(description="What none of its sources covers.")]
    beyond: Annotated[Carats, Field(description="Taken along this chain's direction, and not followed: the chain is cut here.")]
    level: Annotated[int, Field(ge=0, description="Takings between it and the certificate asked for, by the shortest way.")]


class TakingAnswer(Answer):
    """Carats that the certificate `number` took from the certificate `source`."""

    source: Number
    number: Number
    carats: Carats


class ChainAnswer(Answer):
    """A chain of custody in one direction, a directed acyclic graph."""

    certificates: Annotated[list[LinkAnswer], Field(description="The certificate asked for, then the nearest first.")]
    takings: Annotated[list[TakingAnswer], Field(description="Between certificates of this chain.")]
    cut: Annotated[bool, Field(description="Whether it goes on where this one ends: at most 1,000 certificates are followed.")]


class ShareAnswer(Answer):
    """What the chain bears out of one origin."""

    country: Code
    zone: Annotated[str, Field(description="A zone of the country; empty: all of it.")]
    lowest: Annotated[Carats, Field(description="At least so much is of this origin.")]
    highest: Annotated[Carats, Field(description="At most so much.")]
    pro_rata: Annotated[Carats, Field(description="So much, if every certificate is mixed like what it was made of.")]
    stated: Annotated[Carats, Field(description="So much its own lines state to be of this origin alone.")]


class MixedAnswer(Answer):
    """What is only known to be of one of these countries; without any: mixed, not stated."""

    countries: list[Code]
    pro_rata: Carats


class CompositionAnswer(Answer):
    """The origins of a certificate: `pro_rata` of all countries (zone empty) and of `mixed` together are `carats`.

    Goods that came from sources have the origins of their sources; what their own lines state is shown beside, as `stated`.
    """

    carats: Annotated[Carats, Field(description="As issued.")]
    origins: Annotated[list[ShareAnswer], Field(description="By country, each followed by its zones.")]
    mixed: list[MixedAnswer]
    exact: Annotated[bool, Field(description="Whether nothing is left open.")]
    closest: Annotated[
        bool, Field(description="Whether no bound could be closer; false for a chain that is cut, or too large.")
    ]


class CustodyAnswer(LedgerAnswer):
    """A certificate's chains of custody and the origins that follow from the upstream one; null what was not asked for."""

    number: Number
    up: Annotated[ChainAnswer | None, Field(description="Where its carats came from, to production.")]
    down: Annotated[ChainAnswer | None, Field(description="Who took carats from it.")]
    composition: CompositionAnswer | None


class CustodyQuery(Query):
    """Which chain."""

    direction: Annotated[Literal["both", "up", "down"], Field(description="Where it came from, where it went, or both.")] = (
        "both"
    )


class BacklogAnswer(Answer):
    """Open certificates of some ages."""

    from_days: Annotated[int, Field(ge=0, description="The least age.")]
    to_days: Annotated[int | None, Field(description="The greatest age; null: no limit.")]
    certificates: Count
    carats: Annotated[Carats, Field(description="As issued.")]


class OwedAnswer(Answer):
    """The outcomes that one destination owes."""

    destination: Code
    certificates: Count
    carats: Annotated[Carats, Field(description="As issued.")]
    oldest: Annotated[Date, Field(description="Date of issue of the oldest.")]
    by_age: Annotated[list[BacklogAnswer], Field(description="Days from the date of issue: 0 to 30, 31 to 60, 61 to 90, more.")]


class AgeingAnswer(LedgerAnswer):
    """For how long outcomes have been owed."""

    today: Annotated[Date, Field(description="Date of the newest block, at which ages are counted.")]
    destinations: Annotated[list[OwedAnswer], Field(description="Those that owe any, by code.")]


class BalanceAnswer(Answer):
    """One HS code, or all: what there was, and what arrived, as measured, less what was issued."""

    opening: Annotated[Carats, Field(description="As declared when it joined.")]
    production: Annotated[Carats, Field(description="As reported, by half-years.")]
    imports: Carats
    exports: Carats
    stock: Annotated[Carats, Field(description="Negative: more was sent than there was.")]
    uncovered: Annotated[Carats, Field(description="Exports that nothing bears out.")]
    uncovered_percent: Annotated[Percent, Field(description="That, of the exports.")]
    import_certificates: Count
    export_certificates: Count


class HsBalanceAnswer(BalanceAnswer):
    """One HS code. Sorting moves carats between codes, so a single one may be negative."""

    hs: HsCode


class StockAnswer(LedgerAnswer):
    """A participant's stock, as far as the ledger bears it out: opening stock, production, imports, less exports."""

    participant: Code
    total: BalanceAnswer
    by_hs: list[HsBalanceAnswer]
