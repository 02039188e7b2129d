"""The attacker: everything that was ever published as one system of equations, and what it leaves open of any cell.

Knows of the world, beside the released files: who trades what with whom and when, each entry (exporter, importer, HS code, quarter) within
50 % of the truth, and how far an entry's two sides and its vintages differ, so that one unknown stands for all of them. An *insider* knows
the exact figures of some cells too.

An unknown is how far the entry is from the estimate, a whole number. Every published figure is an equation; a cell's interval is found with a
linear program, and whether equations alone determine it by elimination modulo a prime, without any rounding.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from tests.attack.files import read
from tests.attack.truth import Place
from tests.attack.worlds import Side

Vector = NDArray[Any]
Echelon = Sequence[tuple[int, Vector]]
Estimate = Mapping[Side, tuple[int, int]]
"""The prior of one release: points and cents of every side in it."""

PRIME: Final = 2_147_483_629
LARGEST: Final = 1e6
"""Bounds are scaled to this at most, so that the solver's tolerance (1e-7) is a fraction of a unit."""


class Entry(NamedTuple):
    """One unknown."""

    exporter: str
    importer: str
    hs: str
    quarter: str


class Mismatch(NamedTuple):
    """A published figure that is not what the estimates add up to."""

    release: int
    place: Place
    published: int
    estimated: int


class Files:
    """The released files, and which sides each of their cells is made of."""

    def __init__(self, texts: Sequence[bytes], priors: Sequence[Estimate]):
        self.rows = [read(text) for text in texts]
        self.priors = priors
        self.members = [_members(prior) for prior in priors]
        self.entries = sorted({_entry(side) for prior in priors for side in prior})
        self.column = {entry: place for place, entry in enumerate(self.entries)}

    def cell(self, release: int, place: Place) -> list[Side]:
        return self.members[release].get(place, [])


def _members(prior: Estimate) -> dict[Place, list[Side]]:
    found: dict[Place, list[Side]] = {}
    for side in prior:
        author, partner, year = side.block.author, side.partner, side.quarter[:4]
        for period in (side.quarter, year):
            for participant in (author, "world"):
                for with_ in ("", partner):
                    for hs in (side.hs, "all"):
                        found.setdefault(Place(period, side.flow, participant, hs, with_), []).append(side)
    return found


def _entry(side: Side) -> Entry:
    return Entry(side.exporter, side.importer, side.hs, side.quarter)


class System:
    """All equations in one measure (0 points, 1 cents), and the solver that stands ready for them.

    Attributes:
        free: for each unknown, how far it may be from its estimate.
        mismatches: published figures that contradict the estimates; with any, nothing else is to be believed.
    """

    def __init__(self, files: Files, measure: int, before: int | None = None, estimates: int | None = None):
        """Of all releases, or those before the one of this number; likewise the estimates, which each release's figures come with."""
        self.files, self.measure, self.before = files, measure, before
        self.free = np.zeros(len(files.entries))
        least: dict[int, int] = {}
        for prior in files.priors[:estimates]:
            for side, figures in prior.items():
                if figures[measure] > 0:
                    column = files.column[_entry(side)]
                    least[column] = min(least.get(column, figures[measure]), figures[measure])
        for column, figure in least.items():
            self.free[column] = figure // 2
        self.mismatches: list[Mismatch] = []
        self.equations = self._equations()
        self.scale = max(1.0, float(self.free.max(initial=0)) / LARGEST)
        self.slack = 1e-5 * self.scale
        self._solver: highspy.Highs | None = None
        self._insiders: dict[tuple[int, ...], int] = {}
        self._fixed: set[int] = set()
        self._costs: list[int] = []

    def vector(self, release: int, place: Place) -> Vector:
        """Which unknowns move the cell; without those that cannot move."""
        found = np.zeros(len(self.free))
        for side in self.files.cell(release, place):
            if self.files.priors[release][side][self.measure] > 0:
                found[self.files.column[_entry(side)]] += 1
        return np.where(self.free > 0, found, 0)

    def _equations(self) -> list[tuple[int, ...]]:
        found = {}
        for release, rows in enumerate(self.files.rows[: self.before]):
            for place, row in rows.items():
                published = row.measure(self.measure)
                if published is None:
                    continue
                estimated = sum(self.files.priors[release][side][self.measure] for side in self.files.cell(release, place))
                if estimated != published:
                    self.mismatches.append(Mismatch(release, place, published, estimated))
                columns = tuple(np.flatnonzero(self.vector(release, place)).tolist())
                if columns:
                    found[columns] = None
        return list(found)

    def knows(self, cells: Iterable[Vector]) -> list[int]:
        """Numbers of what an insider knows, for `widest`."""
        numbers = []
        for cell in cells:
            columns = tuple(np.flatnonzero(cell).tolist())
            numbers.append(self._insiders.setdefault(columns, len(self._insiders)))
        return numbers

    def widest(self, target: Vector, known: Sequence[int] = ()) -> tuple[float, Vector]:
        """How far from the truth the target can be for all that is known, and an alternative table that shows it.

        Estimates lie in the middle and equations are exact, so an alternative with all signs turned is one too: the interval is symmetric.
        """
        solver = self._ready()
        for number in self._fixed ^ set(known):
            bound = 0.0 if number in known else highspy.kHighsInf
            solver.changeRowBounds(len(self.equations) + number, -bound, bound)
        self._fixed = set(known)
        for column in self._costs:
            solver.changeColCost(column, 0.0)
        self._costs = np.flatnonzero(target).tolist()
        for column in self._costs:
            solver.changeColCost(column, float(target[column]))
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            solver.clearSolver()
            solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ArithmeticError(f"{solver.getModelStatus()}")
        table = np.array(solver.getSolution().col_value) * self.scale
        return float(target @ table), table

    def _ready(self) -> highspy.Highs:
        """The solver with all equations, and a row without limits for everything that an insider may know."""
        if self._solver is None:
            self._solver = solver = highspy.Highs()
            solver.silent()
            solver.setOptionValue("threads", 1)
            count = len(self.free)
            bounds = self.free / self.scale
            solver.addVars(count, -bounds, bounds)
            solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
            self._rows = 0
            for columns in self.equations:
                self._add(columns, 0.0)
        for columns in list(self._insiders)[self._rows - len(self.equations) :]:
            self._add(columns, highspy.kHighsInf)
        return self._solver

    def _add(self, columns: tuple[int, ...], bound: float) -> None:
        assert self._solver is not None
        self._solver.addRow(-bound, bound, len(columns), np.array(columns, dtype=np.int32), np.ones(len(columns)))
        self._rows += 1

    @cached_property
    def _echelon(self) -> Echelon:
        return eliminate(self._row(columns) for columns in self.equations)

    def _row(self, columns: tuple[int, ...]) -> Vector:
        row = np.zeros(len(self.free), dtype=np.int64)
        row[list(columns)] = 1
        return row

    def determined(self, target: Vector, known: Iterable[Vector] = ()) -> bool:
        """Whether the equations alone give the target exactly, with what an insider knows."""
        rows = eliminate((cell.astype(np.int64) for cell in known), self._echelon)
        return not reduce(target.astype(np.int64), rows).any()


def eliminate(rows: Iterable[Vector], before: Echelon = ()) -> Echelon:
    """Rows in echelon form modulo the prime, added to others: the column of each pivot and the row."""
    found = list(before)
    for row in rows:
        left = reduce(row, found)
        if left.any():
            pivot = int(np.flatnonzero(left)[0])
            found.append((pivot, left * pow(int(left[pivot]), -1, PRIME) % PRIME))
    return found


def reduce(row: Vector, echelon: Echelon) -> Vector:
    """What is left of a row; nothing when it follows from the others."""
    row = row % PRIME
    for pivot, other in echelon:
        if row[pivot]:
            row = (row - row[pivot] * other) % PRIME
    return row
