"""Whom a pattern protects too little, and which cells could change that: the *cuts* of the search for the cheapest pattern.

A *case* is a target that must be covered, for everybody who knows nothing or for one insider. Under a pattern, a linear program
says how far the case's table can move the target. Where that is too little, its multipliers prove it: the rows that are
published, weighed, nearly add up to the target. At least one of them, or enough of several, must become confidential in *every*
pattern that covers the case. That is a cut: rows with weights of which at least 1 must be open.

Multipliers are made fractions of `_PARTS` and what follows from them is computed in whole numbers, so that every cut is true,
whatever the solver's rounding. A pattern may be fractional: a row of which half is open may move half as far.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import highspy
import numpy as np

from node.disclosure.asking import WITHIN, unit_for
from node.disclosure.program import LARGEST, STEPS, solver
from node.disclosure.rows import Floats, Rows
from node.disclosure.tally import Tally

_PARTS: Final = 840
_NEAR: Final = 1e-6
MARGIN: Final = 1.01
"""How much further than needed a target should be able to go, where it can at all, so that whole numbers are found."""

_KEPT: Final = 300
"""Tables that are remembered."""


class Case(NamedTuple):
    """A target of a measure, an insider's number or None, and how far it is to be moved."""

    place: int
    insider: int | None
    limit: int


Cut = dict[int, float]
"""By row, how much it adds to the 1 that is needed."""


class Shortfalls:
    """The cases of one measure.

    Attributes:
        effort: rows of all programs solved so far.
    """

    def __init__(self, rows: Rows, tally: Tally) -> None:
        self._rows, self._tally = rows, tally
        self._every_row = np.arange(len(rows.moved), dtype=np.int32)
        self._every_column = np.arange(len(rows.columns), dtype=np.int32)
        self._units: list[int] = []
        self._reached = np.zeros((0, len(tally.target_rows)))
        self._touched = np.zeros((0, len(tally.insider_rows)))
        self.effort = 0
        self._solver = solver(solver="simplex", simplex_iteration_limit=STEPS)
        self._pass()

    def cases(self, effort: int) -> list[Case]:
        """All that can be covered at all, each as far as it should be; outsiders first, then those that must go furthest.

        Those that are not reached with so much effort are left out.
        """
        tally, everything = self._tally, np.where(self._rows.hard, 0.0, 1.0)
        found: list[Case] = []
        self.forget()
        for place, number in self._all_cases():
            limit = tally.coverage.limit(place, number)
            for wanted in (int(limit * MARGIN), limit):
                case = Case(place, number, wanted)
                if self.effort > effort:
                    break
                if self._is_known(case) or self.cut(case, everything) is None:
                    found.append(case)
                    break
        self.forget()
        return found

    def _all_cases(self) -> Iterator[tuple[int, int | None]]:
        coverage = self._tally.coverage
        for place in self._tally.asked:
            if coverage.limit(place):
                yield place, None
        for place in self._tally.asked:
            own = coverage.question.targets[place].moved
            for number, insider in enumerate(coverage.question.insiders):
                if insider.moved != own and coverage.limit(place, number):
                    yield place, number

    def lacking(self, cases: Sequence[Case], opened: Floats) -> list[tuple[Case, Cut]]:
        """The cases that are not covered while rows are open that far, each with a cut."""
        found = []
        for case in cases:
            if not self._is_known(case):
                cut = self.cut(case, opened)
                if cut:
                    found.append((case, cut))
        return found

    def forget(self) -> None:
        """Tables that were found for another pattern count no more."""
        self._units = []
        self._reached, self._touched = self._reached[:0], self._touched[:0]

    def cut(self, case: Case, opened: Floats) -> Cut | None:
        """None if the case is covered; an empty cut where the solver found out nothing."""
        rows, unit = self._rows, unit_for(case.limit)
        target, known = self._rows_of(case)
        if opened[target] < 1:
            return {target: 1.0}
        bounds = np.minimum(rows.bounds // unit, int(LARGEST)).astype(np.float64)
        limit = float(-(-case.limit // unit))
        reach = rows.activity(bounds)
        free = np.where(opened >= 1, np.inf, reach * opened)
        if known is not None:
            free[known] = 0
        value, multipliers = self._solve(unit, target, bounds, free)
        if value >= limit * (1 - _NEAR):
            return None
        weights = np.rint(multipliers * _PARTS)
        own = np.zeros(len(bounds))
        own[rows.moved[target]] = _PARTS
        rest = own - np.bincount(self._rows.flat, weights=weights[self._rows.at], minlength=len(bounds))
        wanted = _PARTS * limit - float((np.abs(rest) * bounds).sum())
        if wanted <= 0:
            return {}
        parts = np.minimum(np.abs(weights) * reach, wanted) / wanted
        if known is not None:
            parts[known] = 0
        return {int(row): float(parts[row]) for row in np.flatnonzero((parts > 0) & ~rows.hard)}

    def _rows_of(self, case: Case) -> tuple[int, int | None]:
        known = None if case.insider is None else int(self._tally.insider_rows[case.insider])
        return int(self._tally.target_rows[case.place]), known

    def _is_known(self, case: Case) -> bool:
        """Whether a table that was found already covers the case."""
        unit = unit_for(case.limit)
        enough = self._reached[:, case.place] >= case.limit * (1 - _NEAR)
        if case.insider is not None:
            enough &= self._touched[:, case.insider] < _NEAR * unit
        return any(self._units[number] <= WITHIN * unit for number in np.flatnonzero(enough))

    def _solve(self, unit: int, target: int, bounds: Floats, free: Floats) -> tuple[float, Floats]:
        cost = np.zeros(len(bounds))
        cost[self._rows.moved[target]] = 1
        self._solver.changeColsBounds(len(bounds), self._every_column, -bounds, bounds)
        self._solver.changeRowsBounds(len(free), self._every_row, -free, free)
        self._solver.changeColsCost(len(bounds), self._every_column, cost)
        self.effort += len(free)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self._solver.clearSolver()
            self._solver.run()
        solution = self._solver.getSolution()
        activity = self._rows.activity(np.array(solution.col_value))
        reached, touched = (np.abs(activity[rows]) * unit for rows in (self._tally.target_rows, self._tally.insider_rows))
        self._units = [*self._units[-_KEPT:], unit]
        self._reached = np.vstack([self._reached[-_KEPT:], reached])
        self._touched = np.vstack([self._touched[-_KEPT:], touched])
        return float(activity[target]), np.array(solution.row_dual)

    def _pass(self) -> None:
        rows, model = self._rows, highspy.HighsLp()
        model.num_col_, model.num_row_ = len(rows.columns), len(rows.moved)
        model.col_cost_ = model.col_lower_ = model.col_upper_ = np.zeros(len(rows.columns))
        model.row_lower_ = model.row_upper_ = np.zeros(len(rows.moved))
        model.sense_ = highspy.ObjSense.kMaximize
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *(len(row) for row in rows.moved)]).astype(np.int32)
        model.a_matrix_.index_, model.a_matrix_.value_ = self._rows.flat.astype(np.int32), np.ones(len(self._rows.flat))
        self._solver.passModel(model)


def opened_rows(rows: Rows, needs: Sequence[Sequence[int]], shares: Floats) -> Floats:
    """How far rows are open where these shares of cells are confidential: as far as the least open of the cells of each."""
    least = [min((float(shares[cell]) for cell in cells), default=1.0) for cells in needs]
    return np.where(rows.hard, 0.0, np.array(least, dtype=np.float64))
