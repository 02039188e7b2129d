"""Looks ahead: what a quarter's release must leave open for the year's.

The year shows the trade of each pair of participants, all HS codes together. Whether one trader makes up a pair's trade is
known only from the returns of the fourth quarter; what earlier quarters published by then cannot be taken back. So a
quarter's release leaves every pair's trade of that quarter open by `percent` of it, as if one trader had it. Four such
quarters leave the same share of the year open.

No rule asks for this, and no witness shows it: it keeps later releases from needing concessions. Where participants are few, it
is done as far as it costs nothing: all pairs would cost a third of the trade, and the few that a small share pays for are not
those that the year turns out to need.
"""

from collections.abc import Mapping

from ledger.statistics.model import Model
from ledger.statistics.periods import is_year, quarters_covered
from ledger.statistics.tables import ALL, Cell, Cube, Flow
from ledger.statistics.targets import Target


def pairs_of(model: Model, cube: Cube, release: int, measure: int) -> list[Target]:
    """The trade of each pair as each side states it, where more than nothing can move; none for a year."""
    if is_year(cube.period) or not quarters_covered(cube.period):
        return []
    system = model.systems[measure]
    moved: dict[Cell, list[int]] = {}
    for place in system.parts[release]:
        exporter, importer, _, _ = model.variables[place]
        for flow, author, partner in ((Flow.EXPORT, exporter, importer), (Flow.IMPORT, importer, exporter)):
            if any(cell.flow == flow for cell in system.parts[release][place]):
                moved.setdefault(Cell(cube.period, flow, author, ALL, partner), []).append(place)
    figures = _figures(cube, measure)
    return [
        Target(release, cell, tuple(sorted(places)), -(-cube.percent * figures[cell] // 100))
        for cell, places in sorted(moved.items())
    ]


def _figures(cube: Cube, measure: int) -> Mapping[Cell, int]:
    found: dict[Cell, int] = {}
    for block in cube.blocks.values():
        for entry in block.entries:
            cell = Cell(cube.period, block.key.flow, block.key.author, ALL, entry.partner)
            found[cell] = found.get(cell, 0) + (entry.points, entry.cents)[measure]
    return found
