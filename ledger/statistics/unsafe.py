"""Which cells tell of a trader, and how far off every estimate of them must stay (primary rules).

1. A participant's cell is unsafe when its return states fewer than 3 contributing traders, or a need above 0. Only a
   countersigned return is believed; what none states counts as one trader's, with a need of `percent` of the figure.
2. The year's needs stand in the return of the fourth quarter. Where it states none for an HS code or `ALL`, the quarters are
   enough: the year has at least as many traders as each of its quarters has, and its need is at most the sum of theirs. (The
   largest trader of the year is in each quarter at most as large as the largest there, and what is left after the two largest
   of the year is at least what is left after the two largest of each quarter.) A partner's cell that no return states counts
   as one trader's. What is stated of the year is of all its values; where those of a quarter are not shown, for want of a
   return, it holds for points alone, and the other quarters say what cents need.
3. A cell of the world has participants as contributors, by the p-percent rule: fewer than 3, or `percent` of the largest is
   more than what is left after the two largest. One participant for all its traders only makes needs larger.
4. The two cells of a pair's trade are unsafe together.

Needs are points and cents, rounded up. Cells without trade are safe. Reference: 6-statistics.md, "Disclosure control".
"""

from collections.abc import Iterable, Mapping
from typing import Final

from ledger.statistics.cells import TRADE, Figures, all_figures, mirror_of
from ledger.statistics.periods import is_year, quarters_covered
from ledger.statistics.tables import ALL, WORLD, Block, BlockKey, Cell, Cube, Need, Source

ENOUGH: Final = 3
"""Contributors from which on a cell may be safe."""


def unsafe_cells(cube: Cube) -> dict[Cell, Need]:
    """The cells that must be confidential, ascending, with what they need."""
    figures = {
        cell: figure for cell, figure in all_figures(cube).items() if cell.flow in TRADE and (figure.points or figure.cents)
    }
    needs = {cell: _need(cube, cell, figures) for cell in figures}
    found = {cell: need for cell, need in needs.items() if is_unsafe(need)}
    for cell in tuple(found):
        if cell.partner and (mirror := mirror_of(cell)) in needs:
            found.setdefault(mirror, needs[mirror])
    return dict(sorted(found.items()))


def is_unsafe(need: Need) -> bool:
    """Whether this is said of an unsafe cell."""
    return need.traders < ENOUGH or need.points > 0 or need.cents > 0


def largest_need(parts: Iterable[int], percent: int) -> int:
    """What the p-percent rule asks for a figure made of these parts: how much more must be left after the two largest."""
    ordered = sorted(parts, reverse=True)
    return max(0, _share(ordered[0], percent) - sum(ordered[2:]))


def _need(cube: Cube, cell: Cell, figures: Mapping[Cell, Figures]) -> Need:
    if cell.participant == WORLD:
        return _need_of_world(cube, cell, figures)
    if not is_year(cube.period):
        block = cube.blocks[BlockKey(cell.participant, cell.flow, cell.period)]
        return _stated(block, cell.hs) or _of_one_trader(figures[cell], cube.percent)
    return _need_of_year(cube, cell, figures[cell])


def _need_of_world(cube: Cube, cell: Cell, figures: Mapping[Cell, Figures]) -> Need:
    parts = [figures[own] for name in cube.names if (own := cell._replace(participant=name)) in figures]
    points, cents = ([part[measure] for part in parts] for measure in (0, 1))
    return Need(min(ENOUGH, len(parts)), largest_need(points, cube.percent), largest_need(cents, cube.percent))


def _need_of_year(cube: Cube, cell: Cell, figure: Figures) -> Need:
    blocks = [cube.blocks.get(BlockKey(cell.participant, cell.flow, quarter)) for quarter in quarters_covered(cube.period)]
    last, traded = blocks[-1], [block for block in blocks if block is not None and _trades(block, cell)]
    valued = [block for block in traded if block.source != Source.LEDGER]
    stated = last.annual.get(cell.partner or cell.hs) if last is not None and last.source == Source.COUNTERSIGNED else None
    if stated and valued in (traded, []):
        return stated
    if cell.partner:
        return _of_one_trader(figure, cube.percent)
    if stated:
        return _by_quarters(valued, cell.hs, cube.percent, stated.traders)._replace(points=stated.points)
    return _by_quarters(traded, cell.hs, cube.percent)


def _trades(block: Block, cell: Cell) -> bool:
    return any(cell.hs in {ALL, entry.hs} and cell.partner in {"", entry.partner} for entry in block.entries)


def _by_quarters(blocks: Iterable[Block], hs: str, percent: int, most: int = ENOUGH) -> Need:
    needs = [_need_of_quarter(block, hs, percent) for block in blocks]
    traders = max(need.traders for need in needs)
    return Need(min(most, traders), sum(need.points for need in needs), sum(need.cents for need in needs))


def _need_of_quarter(block: Block, hs: str, percent: int) -> Need:
    entries = [entry for entry in block.entries if hs in {ALL, entry.hs}]
    figure = Figures(sum(entry.points for entry in entries), sum(entry.cents for entry in entries))
    return _stated(block, hs) or _of_one_trader(figure, percent)


def _stated(block: Block, hs: str) -> Need | None:
    return block.needs.get(hs) if block.source == Source.COUNTERSIGNED else None


def _of_one_trader(figure: Figures, percent: int) -> Need:
    return Need(1, _share(figure.points, percent), _share(figure.cents, percent))


def _share(figure: int, percent: int) -> int:
    return -(-percent * figure // 100)
