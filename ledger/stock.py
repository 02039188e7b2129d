"""A participant's stock by HS code: opening stock + production + imports - exports (2-records.md, "Custody").

Rules: imports are those that arrived, as measured, exports those that were issued, both off the running sums of state
(`ledger.totals`); opening stock is what `stock.declare` says, production the newest revision of each half-year's
`production.report`, as long as they are reported. Goods change their HS code when they are sorted: a single code may be short
without anything being wrong, the margin over all of them may not. Nothing is balanced or hidden: what is short is negative, and
*uncovered* is the part of the exports that nothing bears out. Integers only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger import keys, totals
from ledger.bodies import ProductionBody, StockBody
from ledger.entries import HS_CODES, Head
from ledger.leaves import read_accepted
from ledger.report_entries import PRODUCTION, STOCK, decode_filing
from ledger.store import Reads
from ledger.totals import ALL_HS
from ledger.units import Points

_WHOLE: Final = 10_000
"""Hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One HS code, or the margin over all (`hs` empty); weights in points, certificates as counted in `ledger.totals`."""

    hs: str
    opening: Points
    production: Points
    imports: Points
    exports: Points
    import_certificates: int
    export_certificates: int

    @property
    def stock(self) -> int:
        """What is left in points, negative when more was sent than there was."""
        return self.opening + self.production + self.imports - self.exports

    @property
    def uncovered(self) -> Points:
        """Points that were sent and that nothing bears out."""
        return Points(max(0, -self.stock))

    @property
    def uncovered_share(self) -> int:
        """That, in hundredths of a percent of the exports, rounded down; 0 without exports."""
        return self.uncovered * _WHOLE // self.exports if self.exports else 0


@dataclass(frozen=True, slots=True)
class Stock:
    """A participant's balances at one head: the margin, and every HS code in the order of `HS_CODES`."""

    head: Head
    participant: str
    total: Balance
    by_hs: tuple[Balance, ...]


def read(at: Reads, head: Head, participant: str) -> Stock:
    """The balances; all nothing for a participant that never traded. Raises StoreError for damaged sums."""
    code = participant.encode()
    stored = ((code + key, value) for key, value in at.iterate(keys.TOTAL + code))
    sums = {(row.flow, row.hs): (row.points, row.certificates) for row in totals.read(stored)}
    opening, production = _lines(at, STOCK, participant), _lines(at, PRODUCTION, participant)
    total, *by_hs = (_balance(hs, opening, production, sums) for hs in (ALL_HS, *HS_CODES))
    return Stock(head, participant, total, tuple(by_hs))


def _balance(
    hs: str, opening: Mapping[str, int], production: Mapping[str, int], sums: Mapping[tuple[str, str], tuple[Points, int]]
) -> Balance:
    (imports, arrived), (exports, sent) = (sums.get((flow, hs), (Points(0), 0)) for flow in ("import", "export"))
    return Balance(hs, Points(opening[hs]), Points(production[hs]), imports, exports, arrived, sent)


def _lines(at: Reads, sort: str, participant: str) -> Mapping[str, int]:
    """The sums by HS code, and over all, of the newest figures of a sort, two a year."""
    found = dict.fromkeys((ALL_HS, *HS_CODES), 0)
    for _, data in at.iterate(keys.filing(sort, participant, "")):
        body = read_accepted(at, decode_filing(data).record).body
        if isinstance(body, StockBody | ProductionBody):
            for line in body.lines:
                found[line.hs] += line.points
                found[ALL_HS] += line.points
    return found
