"""The figures of a test network as they stand: quarterly sums, values as returns state them, production as reported.

Rules: exports stand in the quarter of issue, imports in that of receipt. A quarter's values are those of its newest return, as
long as nothing has changed since (`last`); else they are missing, and so are those of every margin that they belong to. Read
in steps, at most once in a few seconds, whatever is asked: other networks never read this (6-statistics.md).
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

from api.pages.dataset import ALL, LIVE, WORLD, Cell, Dataset, Figure
from api.port import NodePort
from api.steps import Turns
from ledger.bodies import ReturnBody
from ledger.periods import period_before, quarter_of
from ledger.record import parse_record
from ledger.report_views import QuarterView
from ledger.state import Ledger
from ledger.units import Ms, block_date

_FRESH_MS: Final = 5_000
_MOST_QUARTERS: Final = 24
_TRADE: Final = ("export", "import")


@dataclass(slots=True)
class _Sum:
    points: int = 0
    cents: int | None = 0
    certificates: int = 0

    def add(self, points: int, cents: int | None, certificates: int) -> None:
        self.points += points
        self.cents = None if self.cents is None or cents is None else self.cents + cents
        self.certificates += certificates


class Live:
    """The figures, read anew when they are older than some seconds and a block has come since."""

    def __init__(self, port: NodePort) -> None:
        self._port = port
        self._turns = Turns("figures")
        self._newest: Dataset | None = None
        self._read_ms = 0

    async def dataset(self) -> Dataset:
        """The figures now. Raises Overloaded when too many wait for them."""
        if self._stale():
            await self._turns.run(self._refresh())
        assert self._newest is not None
        return self._newest

    def _stale(self) -> bool:
        newest, now = self._newest, self._port.now_ms()
        if newest is None:
            return True
        return newest.height != self._port.ledger.head.height and now - self._read_ms >= _FRESH_MS

    def _refresh(self) -> Generator[None, None, None]:
        if self._stale():  # whoever waited for another's turn finds it done
            self._newest = yield from read_live(self._port.ledger)
            self._read_ms = self._port.now_ms()


def read_live(ledger: Ledger) -> Generator[None, None, Dataset]:
    """All figures of the ledger by quarter, half and year."""
    head, names = ledger.head, {code: one.name for code, one in ledger.register.participants.items()}
    sums: dict[Cell, _Sum] = {}
    partners: dict[tuple[str, str, str], dict[str, _Sum]] = {}
    quarters = _quarters(block_date(Ms(ledger.genesis.time)), block_date(Ms(head.time)))
    for code in sorted(names):
        for flow in _TRADE:
            for quarter in quarters:
                _add_quarter(ledger, sums, partners, code, flow, quarter)
        for report in ledger.production(code):
            for line in report.lines:
                for period in (report.half, report.half[:4]):
                    for who in (code, WORLD):
                        for hs in (line.hs, ALL):
                            sums.setdefault(Cell(period, "production", who, hs), _Sum()).add(line.points, line.cents, 0)
        yield
    return Dataset(
        name=LIVE,
        height=head.height,
        tree_size=head.tree_size,
        time=head.time,
        periods={flow: _periods(sums, flow) for flow in (*_TRADE, "production")},
        names=names,
        figures={cell: _figure(one, counted=cell.flow in _TRADE) for cell, one in sums.items()},
        partners={
            key: {code: _figure(one, counted=False) for code, one in sorted(row.items())} for key, row in partners.items()
        },
    )


def _add_quarter(
    ledger: Ledger,
    sums: dict[Cell, _Sum],
    partners: dict[tuple[str, str, str], dict[str, _Sum]],
    code: str,
    flow: str,
    quarter: str,
) -> None:
    view = ledger.quarter(code, flow, quarter)
    values = dict(_values(ledger, view))
    for partner, hs, cell in view.cells:
        cents = values.get((partner, hs))
        for period in (quarter, quarter[:4]):
            for who in (code, WORLD):
                sums.setdefault(Cell(period, flow, who, hs), _Sum()).add(cell.points, cents, cell.certificates)
                sums.setdefault(Cell(period, flow, who, ALL), _Sum()).add(cell.points, cents, 0)
        row = partners.setdefault((quarter[:4], flow, code), {})
        row.setdefault(partner, _Sum()).add(cell.points, cents, 0)
    if view.cells:
        for period in (quarter, quarter[:4]):
            for who in (code, WORLD):
                sums[Cell(period, flow, who, ALL)].certificates += view.counts.certificates


def _values(ledger: Ledger, view: QuarterView) -> Iterator[tuple[tuple[str, str], int]]:
    """Cents by partner and HS code, as the newest return states them; none when the ledger has changed since."""
    if not view.revisions:
        return
    raw = ledger.body(view.revisions[-1])
    body = None if raw is None else parse_record(raw).body
    if isinstance(body, ReturnBody) and body.last == (view.counts.last or None):
        for cell in body.cells:
            yield (cell.partner, cell.hs), cell.cents


def _figure(one: _Sum, *, counted: bool) -> Figure:
    return Figure(one.points, one.cents, one.certificates if counted else None, "m" if one.cents is None else "")


def _quarters(first: str, last: str) -> list[str]:
    """From the quarter before the ledger began, since documents may be older than it, to the newest one."""
    quarter, least = quarter_of(last), period_before(quarter_of(first))
    quarters = [quarter]
    while quarter > least and len(quarters) < _MOST_QUARTERS:
        quarter = period_before(quarter)
        quarters.append(quarter)
    return quarters[::-1]


def _periods(sums: dict[Cell, _Sum], flow: str) -> tuple[str, ...]:
    """Those with any figure; a year stands behind its quarters or halves."""
    found = {cell.period for cell in sums if cell.flow == flow and cell.participant == WORLD}
    return tuple(sorted(found, key=lambda period: period if len(period) > len("2026") else f"{period}Z"))
