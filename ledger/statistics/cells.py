"""All cells of a release with their figures, in one order: what a release shows, or says to be confidential.

A release of a quarter has the trade of every participant and of the world, by flow and HS code with the margin over all
codes. That of a year has the same by year, the trade of each pair of participants (all HS codes), and production; that of a
half production. A pair without trade has no cell. Every other cell is there, with 0 if nothing was traded.

Figures are points and cents, integers. A cell's value is *missing* as far as a block has none (`Source.LEDGER`).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ledger.entries import HS_CODES
from ledger.statistics.periods import halves_covered, is_year, quarters_covered
from ledger.statistics.tables import ALL, WORLD, Block, Cell, Cube, Entry, Flow, Source

TRADE: Final = (Flow.EXPORT, Flow.IMPORT)
_CODES: Final = (*HS_CODES, ALL)


class Figures(NamedTuple):
    """What a cell would show: points, cents, and whether some of the value is not known."""

    points: int
    cents: int
    missing: bool = False


def all_figures(cube: Cube) -> dict[Cell, Figures]:
    """Every cell of the cube's release, ascending."""
    found = dict.fromkeys(_always(cube), Figures(0, 0))
    for block in cube.blocks.values():
        for entry in block.entries:
            missing = block.source == Source.LEDGER
            for cell in cells_of(cube.period, block, entry):
                points, cents, lacking = found.get(cell, (0, 0, False))
                found[cell] = Figures(points + entry.points, cents + entry.cents, lacking or missing)
    for production in cube.production.values():
        for hs, points, cents in production.lines:
            for participant in (production.author, WORLD):
                for code in (hs, ALL):
                    cell = Cell(cube.period, Flow.PRODUCTION, participant, code)
                    had = found.get(cell, Figures(0, 0))
                    found[cell] = Figures(had.points + points, had.cents + cents)
    return dict(sorted(found.items()))


def cells_of(period: str, block: Block, entry: Entry) -> Iterator[Cell]:
    """The cells of a release of this period that a block's entry is part of."""
    author, flow, _ = block.key
    for participant in (author, WORLD):
        for hs in (entry.hs, ALL):
            yield Cell(period, flow, participant, hs)
    if is_year(period):
        yield Cell(period, flow, author, ALL, entry.partner)


def mirror_of(cell: Cell) -> Cell:
    """The same pair's trade as the partner states it."""
    flow = Flow.IMPORT if cell.flow == Flow.EXPORT else Flow.EXPORT
    return Cell(cell.period, flow, cell.partner, cell.hs, cell.participant)


def certificates(cube: Cube) -> dict[tuple[str, str], int]:
    """How many certificates count, by flow and participant, with the world's."""
    found: dict[tuple[str, str], int] = {}
    for block in cube.blocks.values():
        for participant in (block.key.author, WORLD):
            place = block.key.flow, participant
            found[place] = found.get(place, 0) + block.certificates
    return found


def _always(cube: Cube) -> Iterator[Cell]:
    flows: list[Flow] = []
    if quarters_covered(cube.period):
        flows += TRADE
    if halves_covered(cube.period):
        flows.append(Flow.PRODUCTION)
    for flow in flows:
        for participant in (*cube.names, WORLD):
            for hs in _CODES:
                yield Cell(cube.period, flow, participant, hs)
