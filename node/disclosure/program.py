"""One linear program for all questions about a system of sums.

Columns: two for each variable, its move up and its move down, and for each row its activity in parts, up and down, each once
with a cap and once without. Rows say that moves add up to these parts. All questions differ in bounds and costs of columns
alone: published and known rows have no parts, targets have a lower bound or a reward up to a cap, and what could be made
confidential has a price.

Every move costs a little, so that tables are sparse: a few circuits of trade, which are whole numbers by nature, and short to
publish. Everything is in units (`Question.unit`), so that the largest numbers stay far above the solver's tolerance of 1e-7.
"""

import os
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import highspy
import numpy as np

from node.disclosure.rows import Floats, Integers, Rows

LARGEST: Final = 1e7
"""Units that a variable may move at most."""

_MOVE: Final = 0.01
"""Cost of moving a variable by one unit; a target's reward is 1 to 100 for each, a row's price as much or more."""

_DEAR: Final = 10.0
"""How much larger rewards are where rows have a price: whatever can be bought is."""

STEPS: Final = 20_000
"""After so many the solver turns in circles; from scratch it mostly finds its way."""

_PARTS: Final = 4
_UP, _DOWN, _MORE_UP, _MORE_DOWN = range(_PARTS)


@dataclass(frozen=True, slots=True)
class Question:
    """What a table is looked for.

    Attributes:
        unit: points or cents in one unit.
        targets: rows that are to move.
        signs: in which direction, 1 or -1.
        caps: how far, in units; going further is not rewarded.
        known: rows that an insider knows.
        price: by row, of moving one that is not open by one unit; None to leave them all alone.
        must: whether each target must go all the way, at any price. Otherwise going there is rewarded.
        columns: those that may move; None for all.
    """

    unit: int
    targets: Integers
    signs: Integers
    caps: Floats
    known: Integers
    price: Floats | None = None
    must: bool = False
    columns: Integers | None = None


@cache
def _greet() -> None:
    """The library greets on standard output when a program's first solver is made; that output is the program's."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        highspy.Highs()  # type: ignore[no-untyped-call]
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def solver(**options: str | float) -> Any:
    """A silent solver that does the same with the same program every time."""
    _greet()
    made = highspy.Highs()  # type: ignore[no-untyped-call]  # without types
    made.silent()
    for option, value in ({"threads": 1, "random_seed": 0} | options).items():
        made.setOptionValue(option, value)
    return made


class Program:
    """The solver of one system.

    Attributes:
        effort: rows of all programs solved so far, which says how long they took on any machine.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._moves, self._sums = len(rows.columns), len(rows.moved)
        self.effort = 0
        self._solver = solver(solver="simplex", simplex_iteration_limit=STEPS)
        self._pass()

    def _pass(self) -> None:
        rows, count = self._rows, 2 * self._moves + _PARTS * self._sums
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = count, self._sums
        model.col_cost_ = model.col_lower_ = model.col_upper_ = np.zeros(count)
        model.row_lower_ = model.row_upper_ = np.zeros(self._sums)
        starts = np.cumsum([0, *(2 * len(row) + _PARTS for row in rows.moved)])
        index = np.empty(starts[-1], dtype=np.int32)
        value = np.ones(starts[-1])
        for place, row in enumerate(rows.moved):
            start, middle, end = starts[place], starts[place] + len(row), starts[place + 1]
            index[start:middle] = row
            index[middle : end - _PARTS] = row + self._moves
            value[middle : end - _PARTS] = -1
            index[end - _PARTS : end] = 2 * self._moves + _PARTS * place + np.arange(_PARTS)
            value[end - _PARTS : end] = (-1, 1, -1, 1)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = starts.astype(np.int32), index, value
        self._solver.passModel(model)

    def solve(self, question: Question) -> Floats | None:
        """Moves by column in units; None when no table does what must be done, or none is found in so many steps."""
        self._ask(*self._columns(question))
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found = np.array(self._solver.getSolution().col_value[: 2 * self._moves])
        moves: Floats = found[: self._moves] - found[self._moves :]
        return moves

    def _ask(self, lower: Floats, upper: Floats, cost: Floats) -> None:
        every = np.arange(len(cost), dtype=np.int32)
        self._solver.changeColsBounds(len(cost), every, lower, upper)
        self._solver.changeColsCost(len(cost), every, cost)
        self._run()

    def weights(self, target: int, known: Integers) -> Floats:
        """How the rows that earlier releases publish, and the known ones, are to be weighed so that they tell most of a target.

        These are the multipliers of the program that moves the target as far as it goes, whatever else is confidential.
        """
        if self._rows.hard[target]:
            found: Floats = np.zeros(self._sums)
            found[target] = 1
            return found
        unit = max(1, int(self._rows.bounds[self._rows.moved[target]].max()) // 1_000)
        reach = np.minimum(self._rows.bounds // unit, LARGEST).astype(np.float64)
        parts = np.zeros((self._sums, _PARTS))
        parts[~self._rows.hard, :2] = np.inf
        parts[known] = 0
        parts[target, :2] = np.inf
        cost = np.zeros((self._sums, _PARTS))
        cost[target, :2] = (-1, 1)
        self._ask(
            np.zeros(2 * self._moves + _PARTS * self._sums),
            np.concatenate([reach, reach, parts.ravel()]),
            np.concatenate([np.zeros(2 * self._moves), cost.ravel()]),
        )
        return np.array(self._solver.getSolution().row_dual)

    def _run(self) -> None:
        """From scratch: few targets are reached fastest from where nothing moves. If it turns in circles, simplified first."""
        self.effort += self._sums
        for presolve in ("off", "on"):
            self._solver.clearSolver()
            self._solver.setOptionValue("presolve", presolve)
            self._solver.run()
            if self._solver.getModelStatus() in _ANSWERS:
                return

    def _columns(self, question: Question) -> tuple[Floats, Floats, Floats]:
        """Lower and upper bounds, costs."""
        reach = np.minimum(self._rows.bounds // question.unit, LARGEST).astype(np.float64)
        if question.columns is not None:
            reach[np.setdiff1d(np.arange(self._moves), question.columns)] = 0
        parts = np.zeros((self._sums, _PARTS))
        parts[self._rows.open, :2] = np.inf
        cost = np.zeros((self._sums, _PARTS))
        least = np.zeros((self._sums, _PARTS))
        if question.price is not None:
            priced = np.isfinite(question.price) & ~self._rows.open
            parts[priced, :2] = np.inf
            cost[priced, :2] = question.price[priced, None]
        parts[question.known] = 0
        forward = np.where(question.signs > 0, _UP, _DOWN)
        back, more = 1 - forward, 2 + forward
        if not question.must:
            parts[question.targets, forward] = question.caps
            parts[question.targets, back] = np.inf
            parts[question.targets, more] = np.inf
            rewards = question.caps.max() / question.caps * (1.0 if question.price is None else _DEAR)
            cost[question.targets, forward] = -rewards
            cost[question.targets, back] = 1.001 * rewards
        else:
            least[question.targets, forward] = question.caps
            parts[question.targets, back] = 0
        return (
            np.concatenate([np.zeros(2 * self._moves), least.ravel()]),
            np.concatenate([reach, reach, parts.ravel()]),
            np.concatenate([np.full(2 * self._moves, _MOVE), cost.ravel()]),
        )


_ANSWERS: Final = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible)
