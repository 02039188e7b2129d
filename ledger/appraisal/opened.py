"""Certificates as one reader has opened them, gathered from the log; and what is found about them.

Rules of gathering: of a certificate the newest statement counts, and the newest outcome; a close takes it out of the exports
unless the goods left the country; of a participant's half-year the highest revision of its production counts. A record whose
values the reader has not opened counts as unknown. Who traded is told by licence, else by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from ledger.bodies import (
    AmendBody,
    CloseBody,
    ConfirmBody,
    IssueBody,
    Line,
    PaperConfirmBody,
    PaperImportBody,
    ProductionBody,
    StatedBody,
)
from ledger.entries import issuer_of
from ledger.findings.entries import RuleInfo, Severity
from ledger.record import Record

RULES: Final[Mapping[str, RuleInfo]] = MappingProxyType(
    {
        "value-uplift": RuleInfo(1, "Goods are re-exported for far more a carat than they were imported for."),
        "unit-value": RuleInfo(1, "The price a carat is far from that of the issuer's production, or of like goods."),
        "value-discrepancy": RuleInfo(1, "The importer values the goods far higher or lower than the certificate."),
        "duplicate-parcel": RuleInfo(1, "The same parcel was exported under two numbers."),
    }
)
"""Every rule by its name."""

THRESHOLDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "value-uplift": ("lot-uplift-days", "lot-uplift-per-mille", "uplift-certificates", "uplift-per-mille"),
        "unit-value": ("unit-value-factor", "unit-value-peers", "unit-value-z"),
        "value-discrepancy": ("value-discrepancy-per-mille",),
        "duplicate-parcel": ("duplicate-parcel-days",),
    }
)
"""Which parameters each rule asks for."""

_LEFT_NOTHING: Final = frozenset({"void", "returned-unused", "replaced-by"})


@dataclass(frozen=True, slots=True)
class Appraisal:
    """A finding that needs sealed values: as `ledger.findings.Finding`, without a place on the ledger.

    Attributes:
        rule, about: its name.
        severity: see `Severity`.
        subjects: codes of participants and numbers of certificates that it concerns.
        inputs: ids of the records that it follows from.
        numbers: figures by name, ascending; `points` and `cents` end the names of weights and values.
    """

    rule: str
    about: str
    severity: Severity
    subjects: tuple[str, ...]
    inputs: tuple[bytes, ...]
    numbers: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Priced:
    """A line with its value."""

    hs: str
    points: int
    cents: int
    origin: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Worth:
    """Weight and value of a whole: what is compared is cents a point, by multiplying across."""

    points: int = 0
    cents: int = 0

    @classmethod
    def of(cls, lines: Sequence[Priced]) -> "Worth":
        """The sums of lines."""
        return cls(sum(line.points for line in lines), sum(line.cents for line in lines))

    def plus(self, other: "Worth") -> "Worth":
        """Both together."""
        return Worth(self.points + other.points, self.cents + other.cents)

    def rise(self, since: "Worth") -> int:
        """By how many thousandths a carat is worth more than in `since`, rounded down; that one has weight and value."""
        return self.cents * since.points * 1_000 // (since.cents * self.points) - 1_000


@dataclass(frozen=True, slots=True)
class Consignment:
    """A certificate as far as the reader knows it.

    Attributes:
        number, issuer, destination: of the certificate.
        reexport: whether its type says so; an import on paper is none.
        issued: date.
        exported: it stands as an export of its issuer.
        sources: numbers and points that it took from them.
        lines: as stated, None when they were not opened.
        trader: exporter's licence or name, empty when none is stated.
        seals: numbers of its security bags.
        received: date of its outcome, empty without one that counts.
        arrived: as measured, None when nothing arrived or it was not opened.
        records: ids of the statement and, behind it, of the outcome.
    """

    number: str
    issuer: str
    destination: str
    reexport: bool
    issued: str
    exported: bool
    sources: tuple[tuple[str, int], ...]
    lines: tuple[Priced, ...] | None
    trader: str
    seals: tuple[str, ...]
    received: str
    arrived: tuple[Priced, ...] | None
    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Produced:
    """A participant's production of a half-year: its revision, the record's id, and what it was worth."""

    revision: int
    record: bytes
    worth: Worth


class Gathering:
    """Takes the log's records in their order."""

    def __init__(self) -> None:
        self.consignments: dict[str, Consignment] = {}
        self.production: dict[tuple[str, str], Produced] = {}

    def take(self, record: Record, fields: Mapping[str, Any] | None, cents: Sequence[int] | None) -> None:
        """One record of the log.

        Args:
            record: of any kind.
            fields: its sealed fields by name as the reader opened them, None when it has or opened none.
            cents: its lines' values, held against their commitments (`ledger.unsealing.check_values`).
        """
        body = record.body
        match body:
            case IssueBody() | AmendBody():
                self._state(record, body, fields or {}, cents)
            case PaperImportBody():
                self._paper(record, body, cents)
            case ConfirmBody():
                self._outcome(record, body, cents)
            case PaperConfirmBody() if body.number in self.consignments:
                held = self.consignments[body.number]
                self.consignments[body.number] = replace(held, received="" if body.outcome == "refused" else body.received)
            case CloseBody() if body.number in self.consignments:
                held = self.consignments[body.number]
                self.consignments[body.number] = replace(held, exported=body.reason not in _LEFT_NOTHING)
            case ProductionBody():
                self._produced(record, body)
            case _:
                pass

    def _state(self, record: Record, body: StatedBody, fields: Mapping[str, Any], cents: Sequence[int] | None) -> None:
        seals = fields.get("seals")
        self.consignments[body.number] = Consignment(
            number=body.number,
            issuer=issuer_of(body.number),
            destination=body.destination,
            reexport=body.type == "re-export",
            issued=body.issued,
            exported=True,
            sources=tuple((source.number, source.points) for source in body.sources),
            lines=_priced(body.lines, cents),
            trader=_trader(fields.get("exporter")),
            seals=tuple(str(seal) for seal in seals) if isinstance(seals, list) else (),
            received="",
            arrived=None,
            records=(record.id,),
        )

    def _paper(self, record: Record, body: PaperImportBody, cents: Sequence[int] | None) -> None:
        lines = _priced(body.lines, cents)
        issuer = issuer_of(body.number)
        self.consignments[body.number] = Consignment(
            body.number, issuer, record.author, False, body.issued, False, (), lines, "", (), body.received, lines, (record.id,)
        )

    def _outcome(self, record: Record, body: ConfirmBody, cents: Sequence[int] | None) -> None:
        held = self.consignments.get(body.number)
        if held is None:
            return
        arrived = None
        if cents is not None and body.outcome != "refused":
            arrived = tuple(Priced(line.hs, line.points, value) for line, value in zip(body.lines, cents, strict=True))
        received = "" if body.outcome == "refused" else body.received
        records = (held.records[0], record.id)
        self.consignments[body.number] = replace(held, received=received, arrived=arrived, records=records)

    def _produced(self, record: Record, body: ProductionBody) -> None:
        key = record.author, body.half
        worth = Worth(sum(line.points for line in body.lines), sum(line.cents for line in body.lines))
        if key not in self.production or self.production[key].revision < body.revision:
            self.production[key] = Produced(body.revision, record.id, worth)


def _priced(lines: Sequence[Line], cents: Sequence[int] | None) -> tuple[Priced, ...] | None:
    if cents is None:
        return None
    return tuple(Priced(line.hs, line.points, value, line.origin) for line, value in zip(lines, cents, strict=True))


def _trader(party: object) -> str:
    """Who trades: a licence, or a name where there is none."""
    return str(party.get("licence") or party.get("name") or "") if isinstance(party, dict) else ""
