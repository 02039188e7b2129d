"""What somebody who knows every release could still not know: the unknowns behind the figures, and how far each may be off.

An *entry* is the trade of one exporter with one importer in an HS code and quarter. It is one unknown for all releases and
both sides: whoever attacks may know how the two participants' figures differ, and what a revision changed. It moves every
cell of every release that a side of it with a figure above nothing is part of, by the same amount.

Estimates of an entry may be off by half of the smallest figure that any of its sides has in any release, at most. Points and
cents are two systems with one and the same pattern of confidential cells.

What cannot be protected even without any release is not asked for (`required`): an entry of one point has no other estimate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.statistics.cells import cells_of
from ledger.statistics.tables import Block, Cell, Cube, Entry, Flow

MEASURES: Final = ("points", "cents")
"""A measure is the place in this."""

PRIOR: Final = 2
"""Estimates are off by at most a figure divided by this."""


class Variable(NamedTuple):
    """One entry."""

    exporter: str
    importer: str
    hs: str
    quarter: str


@dataclass(frozen=True, slots=True)
class System:
    """All releases in one measure.

    Attributes:
        bounds: by variable, how far it may move; 0 for those that cannot.
        releases: by release, in their order, cells with the variables that move them, ascending; only cells that something
            moves.
        parts: the same the other way round, by release and variable.
    """

    bounds: tuple[int, ...]
    releases: tuple[Mapping[Cell, tuple[int, ...]], ...]
    parts: tuple[Mapping[int, tuple[Cell, ...]], ...]

    def reach(self, moved: Iterable[int]) -> int:
        """How far a cell can move that these variables make up, if nothing were published."""
        return sum(self.bounds[place] for place in moved)

    def reach_beside(self, moved: Iterable[int], known: Iterable[int]) -> int:
        """The same for whoever knows the sum of the variables `known`."""
        own, other = set(moved), set(known)
        free, shared, rest = self.reach(own - other), self.reach(own & other), self.reach(other - own)
        return free + min(shared, rest)


@dataclass(frozen=True, slots=True)
class Model:
    """The variables of all releases, ascending, and both systems of them (`MEASURES`)."""

    variables: tuple[Variable, ...]
    systems: tuple[System, System]


def required(need: int, reach: int) -> int:
    """How far a cell must move: its need, at least 1; where not even estimates leave that much open, half of what they do."""
    wanted = max(1, need)
    if reach >= wanted:
        return wanted
    return min(reach, max(1, reach // 2))


def build(cubes: Sequence[Cube]) -> Model:
    """The model of these releases, each with its vintages as released."""
    variables = sorted({_variable(block, entry) for cube in cubes for block in cube.blocks.values() for entry in block.entries})
    number = {variable: place for place, variable in enumerate(variables)}
    return Model(tuple(variables), (_system(cubes, number, 0), _system(cubes, number, 1)))


def _variable(block: Block, entry: Entry) -> Variable:
    author, flow, quarter = block.key
    pair = (author, entry.partner) if flow == Flow.EXPORT else (entry.partner, author)
    return Variable(*pair, entry.hs, quarter)


def _system(cubes: Sequence[Cube], number: Mapping[Variable, int], measure: int) -> System:
    least: dict[int, int] = {}
    sides: list[list[tuple[int, tuple[Cell, ...]]]] = []
    for cube in cubes:
        sides.append([])
        for block in cube.blocks.values():
            for entry in block.entries:
                figure = (entry.points, entry.cents)[measure]
                if figure > 0:
                    place = number[_variable(block, entry)]
                    least[place] = min(least.get(place, figure), figure)
                    sides[-1].append((place, tuple(cells_of(cube.period, block, entry))))
    bounds = tuple(least.get(place, 0) // PRIOR for place in range(len(number)))
    releases, parts = zip(*(_turn(release, bounds) for release in sides), strict=True)
    return System(bounds, releases, parts)


def _turn(
    sides: Iterable[tuple[int, tuple[Cell, ...]]], bounds: Sequence[int]
) -> tuple[dict[Cell, tuple[int, ...]], dict[int, tuple[Cell, ...]]]:
    """Of one release: variables by cell, and cells by variable; what cannot move is left out."""
    variables: dict[Cell, list[int]] = {}
    cells: dict[int, tuple[Cell, ...]] = {}
    for place, parts in sides:
        if bounds[place]:
            cells[place] = (*cells.get(place, ()), *parts)
            for cell in parts:
                variables.setdefault(cell, []).append(place)
    return {cell: tuple(sorted(moved)) for cell, moved in sorted(variables.items())}, cells
