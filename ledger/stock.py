"""What a participant has received less what it has sent, by HS code: stock, as far as certificates bear it out.

Rules: imports are those that arrived, as measured, exports those that were issued, both off the running sums of state
(`ledger.totals`), so this costs eight looks at any size of the ledger. Goods change their HS code when they are sorted: a
single code may be short without anything being wrong, the margin over all of them may not. What was mined, or held before, is
not in it: a producer sends more than it receives. Nothing is balanced or hidden: what is short is negative, and *uncovered* is
the part of the exports for which nothing was received. Integers only. Reference: 2-records.md, "Custody and the carat balance".
"""

from dataclasses import dataclass
from typing import Final

from ledger import keys, totals
from ledger.entries import HS_CODES, Head
from ledger.store import Reads
from ledger.totals import ALL_HS
from ledger.units import Points

_WHOLE: Final = 10_000
"""Hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One HS code, or the margin over all (`hs` empty); weights in points, certificates as counted in `ledger.totals`."""

    hs: str
    imports: Points
    exports: Points
    import_certificates: int
    export_certificates: int

    @property
    def imports_less_exports(self) -> int:
        """What is left in points, negative when more was sent than received."""
        return self.imports - self.exports

    @property
    def uncovered(self) -> Points:
        """Points that were sent and not received."""
        return Points(max(0, self.exports - self.imports))

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
    total, *by_hs = (_balance(sums, hs) for hs in (ALL_HS, *HS_CODES))
    return Stock(head, participant, total, tuple(by_hs))


def _balance(sums: dict[tuple[str, str], tuple[Points, int]], hs: str) -> Balance:
    (imports, arrived), (exports, sent) = (sums.get((flow, hs), (Points(0), 0)) for flow in ("import", "export"))
    return Balance(hs, imports, exports, arrived, sent)
