"""What the store holds of findings, each a canonical MessagePack array; and the rules by name.

Decoding is strict: an entry that does not fit is damage, since only this program wrote it, and raises StoreError.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from ledger.entries import decode_with


class Severity(StrEnum):
    """How much weight a finding has."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Status(StrEnum):
    """Whether the cause of a finding is still there."""

    OPEN = "open"
    RESOLVED = "resolved"


STATUSES: Final = tuple(Status)
"""In the order that numbers them in keys."""


class RuleInfo(NamedTuple):
    """A rule's version, and what it finds in one sentence."""

    version: int
    meaning: str


RULES: Final[Mapping[str, RuleInfo]] = MappingProxyType(
    {
        "late-issue": RuleInfo(1, "A certificate reached the ledger long after the day on which it was issued."),
        "unconfirmed": RuleInfo(1, "A certificate is open past the time in which its destination owes an outcome, or expired."),
        "discrepancy": RuleInfo(1, "What arrived differs from what was issued."),
        "discrepancy-drift": RuleInfo(1, "Over a year, a pair's carats arrive heavier or lighter than they were issued."),
        "no-receipt-code": RuleInfo(1, "An outcome was stated without the code that lies in the sealed container."),
        "quick-transit": RuleInfo(1, "Goods arrived sooner after their validation than they can travel."),
        "never-a-discrepancy": RuleInfo(1, "A pair has many confirmations, and not one differs."),
        "number-gap": RuleInfo(1, "Numbers below a used one were skipped, and none of them came in."),
        "splitting": RuleInfo(1, "Many certificates of one pair were issued on one day."),
        "rush": RuleInfo(1, "More was issued than usual between the proposal to suspend the issuer and its effect."),
        "circular-custody": RuleInfo(1, "Goods return to a participant that issued a certificate for them before."),
        "origin-balance": RuleInfo(1, "More carats of an origin were exported than such were confirmed as imports."),
        "origin-exposure": RuleInfo(1, "Goods of a suspended country can be among those of a certificate or of a participant."),
        "negative-stock": RuleInfo(1, "More was exported by the end of a half-year than was in stock, mined and imported."),
        "bilateral-gap": RuleInfo(1, "What a pair exported in a quarter and what is confirmed of it differ too much."),
        "number-range": RuleInfo(1, "An import on paper has a number that its issuer has not committed for its year."),
        "post-verification": RuleInfo(1, "Goods from a compliant zone of a suspended participant are not confirmed yet."),
        "tainted": RuleInfo(1, "Carats come from a certificate that was undone or called in question after its confirmation."),
        "return-late": RuleInfo(1, "A quarterly return or a production report is missing after its time."),
        "return-mismatch": RuleInfo(2, "A return no longer says what the ledger says: something counted after it was filed."),
        "period-change": RuleInfo(1, "A participant's trade or production differs by a multiple from the periods before."),
        "sealed-fault": RuleInfo(1, "A reader says that it cannot open a sealed part, or that it breaks its commitments."),
        "equivocation": RuleInfo(1, "A validator's node signed two histories."),
    }
)
"""Every rule by its name."""


class Finding(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A finding as it stands.

    Attributes:
        rule: its name, and `version` of the rule as it found this.
        about: what it is about, in the rule's own way; unique within the rule.
        height: the block that made it as it stands: found it, changed its figures, or resolved it.
        severity: see `Severity`.
        subjects: codes of participants and numbers of certificates that it concerns.
        inputs: ids of the records that it follows from.
        numbers: figures by name, ascending; weights end in `points`, days are days, dates and certificate numbers texts.
        first_seen: the block that found it first.
        status: see `Status`.
        serial: its place among all findings, from 0.
    """

    rule: str
    about: str
    version: int
    height: int
    severity: Severity
    subjects: tuple[str, ...]
    inputs: tuple[bytes, ...]
    numbers: dict[str, int | str]
    first_seen: int
    status: Status
    serial: int

    @property
    def name(self) -> str:
        """Rule and subject: what an inquiry cites."""
        return f"{self.rule}/{self.about}"

    @property
    def participants(self) -> tuple[str, ...]:
        """The codes among its subjects."""
        return tuple(subject for subject in self.subjects if len(subject) == _CODE_CHARACTERS)


_CODE_CHARACTERS: Final = 2


class Lot(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A certificate as rules last saw it: what they must take back when it changes. Days count from 1970.

    Attributes:
        since: day on which it reached the ledger, for this destination.
        destination: participant code.
        issued, validated: days.
        points: as issued.
        origins: points of the lines by set of countries; a single one may have its zone behind it, `country/zone`.
        paper: imported under a certificate on paper.
        exported: it stands as an export of its issuer.
        outcome: `confirmed`, `discrepancy`, `refused`, empty without one.
        heard: it came back on paper, and the issuer says so.
        measured: points that arrived.
        received: day of receipt, 0 without an outcome.
        sources: numbers and the points that were taken from them.
    """

    since: int
    destination: str
    issued: int
    validated: int
    points: int
    origins: tuple[tuple[tuple[str, ...], int], ...]
    paper: bool
    exported: bool
    outcome: str = ""
    heard: bool = False
    measured: int = 0
    received: int = 0
    sources: tuple[tuple[str, int], ...] = ()

    @property
    def arrived(self) -> bool:
        """Whether goods came in under it."""
        return self.outcome in {"confirmed", "discrepancy"}

    @property
    def measured_there(self) -> bool:
        """Whether the destination itself says on this ledger that goods came in."""
        return self.arrived and not self.heard and not self.paper


class Sums(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Certificates and what they weigh: issued, and as measured where that is added up, too."""

    certificates: int = 0
    points: int = 0
    measured: int = 0

    def plus(self, sign: int, points: int, measured: int = 0) -> "Sums":
        """With one certificate more (1) or less (-1)."""
        return Sums(self.certificates + sign, self.points + sign * points, self.measured + sign * measured)


class Weighed(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Outcomes of a pair's year: what was issued and measured, and how many arrived lighter, or heavier, than issued."""

    outcomes: int = 0
    points: int = 0
    measured: int = 0
    lighter: int = 0
    heavier: int = 0

    def plus(self, sign: int, points: int, measured: int) -> "Weighed":
        """With one outcome more (1) or less (-1)."""
        return Weighed(
            self.outcomes + sign,
            self.points + sign * points,
            self.measured + sign * measured,
            self.lighter + sign * (measured < points),
            self.heavier + sign * (measured > points),
        )


class Outcomes(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Outcomes of a pair: how many confirm what was issued, how many differ."""

    confirmed: int = 0
    differing: int = 0


class Watch(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """An issuer whose suspension is proposed.

    Attributes:
        start: day of the proposal.
        proposals: id and day of effect of each such proposal.
        median_certificates, median_points: of the weeks before.
        week: weeks since the proposal, from 0.
        sums: of this week.
    """

    start: int
    proposals: tuple[tuple[bytes, int], ...]
    median_certificates: int
    median_points: int
    week: int = 0
    sums: Sums = Sums()


class Balance(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Points of one origin at one participant, and what was made of them: 0 nothing, 1 a finding, 2 a grave one."""

    imported: int = 0
    exported: int = 0
    verdict: int = 0


class Origins(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """What a participant imported and exported of other countries' goods.

    Attributes:
        balances: by country, ascending.
        opening: stock when it joined, of any origin.
        mixed: imports of which no origin is stated.
    """

    balances: dict[str, Balance] = {}
    opening: int = 0
    mixed: int = 0


class Half(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Points of a half-year, by the days of the documents."""

    imports: int = 0
    exports: int = 0
    production: int = 0


class Stocks(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """What a participant's stock follows from.

    Attributes:
        opening: stock when it joined, in points; None: it has not declared it.
        halves: by half-year, ascending.
    """

    opening: int | None = None
    halves: dict[str, Half] = {}


class Share(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Points of one origin in a parcel: certainly, possibly, and in proportion."""

    lowest: int = 0
    highest: int = 0
    pro_rata: int = 0


class Footprint(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Where the goods of a certificate may come from.

    Attributes:
        shares: by origin (a country, or `country/zone`), ascending.
        unstated: points of which nobody has said where they come from.
    """

    shares: dict[str, Share] = {}
    unstated: int = 0


class Taint(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Why goods of a certificate are in question: what happened to which certificate, by which record."""

    cause: str
    number: str
    record: bytes


_finding = msgspec.msgpack.Decoder(Finding)


def decode_finding(data: bytes) -> Finding:
    """Raises StoreError for anything else."""
    return decode_with(_finding, data)
