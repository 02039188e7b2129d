"""The figures of a test network as they stand, by the rules of releases, whether a period has closed or not.

A block's figures are those of its newest return, else the ledger's own carats without values (`ledger.statistics.cube`). Read
year by year, at most once in a few seconds, whatever is asked. Other networks never read this (6-statistics.md).
"""

import asyncio
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Final

from api.gate import Gate
from api.pages.dataset import LIVE, Cell, Dataset, Figure, periods_of
from api.port import NodePort
from api.steps import Turns
from ledger.periods import halves_of, quarters_of
from ledger.state import Ledger
from ledger.statistics.cells import all_figures, certificates
from ledger.statistics.tables import ALL, Cube
from ledger.units import Ms, block_date

_FRESH_MS: Final = 5_000
_MOST_YEARS: Final = 5


class Live:
    """The figures, read anew when they are older than some seconds and a block has come since."""

    def __init__(self, port: NodePort, gate: Gate) -> None:
        self._port = port
        self._turns = Turns("figures", gate)
        self._first = asyncio.Lock()
        self._newest: Dataset | None = None
        self._reading = False
        self._read_ms = 0

    async def dataset(self) -> Dataset:
        """The figures now, or those before while somebody else's request has them read anew.

        However many ask before there are any, they are read once, for all of them.
        """
        if self._newest is None:
            async with self._first:
                await self._read()
        elif not self._reading:
            await self._read()
        assert self._newest is not None
        return self._newest

    async def _read(self) -> None:
        if self._stale():
            self._reading = True
            try:
                await self._turns.run(self._refresh())
            finally:
                self._reading = False

    def _stale(self) -> bool:
        newest, now = self._newest, self._port.now_ms()
        if newest is None:
            return True
        return newest.height != self._port.ledger.head.height and now - self._read_ms >= _FRESH_MS

    def _refresh(self) -> Generator[None, None, None]:
        self._newest = yield from read_live(self._port.ledger)
        self._read_ms = self._port.now_ms()


def read_live(ledger: Ledger) -> Generator[None, None, Dataset]:
    """All figures of the ledger by quarter, half and year; documents may be a year older than the ledger."""
    head, first = ledger.head, int(block_date(Ms(ledger.genesis.time))[:4]) - 1
    last = int(block_date(Ms(head.time))[:4])
    figures: dict[Cell, Figure] = {}
    partners: dict[tuple[str, str, str], dict[str, Figure]] = {}
    for year in range(max(first, last - _MOST_YEARS + 1), last + 1):
        cube = yield from ledger.live_cube_in_steps(str(year))
        for part in parts_of(cube):
            yield
            _add(part, figures, partners)
        yield
    names = {code: one.name for code, one in ledger.register.participants.items()}
    return Dataset(LIVE, head.height, head.tree_size, head.time, periods_of(figures), names, figures, partners)


def _add(part: Cube, figures: dict[Cell, Figure], partners: dict[tuple[str, str, str], dict[str, Figure]]) -> None:
    """The cells of a quarter, a half or a year."""
    counts = certificates(part)
    for cell, found in all_figures(part).items():
        if not found.points:
            continue
        cents = None if found.missing else found.cents
        counted = counts.get((cell.flow, cell.participant)) if cell.hs == ALL and not cell.partner else None
        figure = Figure(found.points, cents, counted, "m" if found.missing else "")
        if cell.partner:
            partners.setdefault((cell.period, cell.flow, cell.participant), {})[cell.partner] = figure
        else:
            figures[Cell(cell.period, cell.flow, cell.participant, cell.hs)] = figure


def parts_of(cube: Cube) -> Iterator[Cube]:
    """The cubes of a year's quarters and halves, and the year's own."""
    year = cube.period
    for period in (*quarters_of(year), *halves_of(year)):
        blocks = {key: block for key, block in cube.blocks.items() if key.quarter == period}
        production = {key: report for key, report in cube.production.items() if key[1] == period}
        if blocks or production:
            yield replace(cube, period=period, blocks=blocks, production=production)
    if cube.blocks or cube.production:
        yield cube
