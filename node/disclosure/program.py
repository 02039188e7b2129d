"""One linear program for each question about a system of sums, no larger than the question.

Columns: two for each variable that may move, its move up and its move down; for each target how far it goes, with a cap that
is rewarded and beyond; for each row that has a price its activity, up and down. Rows: what must not move, what has a price,
and targets. Whatever else may move freely is no row at all, and a column that is alone in a row that must not move is none
(`_live`): programs of a part of the trade are small, and take milliseconds.

Every move costs a little, so that tables are sparse: a few circuits of trade, which are whole numbers by nature, and short to
publish. Everything is in units (`Question.unit`), so that the largest numbers stay far above the solver's tolerance of 1e-7.

The simplex method starts from where nothing moves and is fastest for few targets; the interior point method takes hardly longer
for hundreds, and is used for large programs of many.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import highspy
import numpy as np
from numpy.typing import NDArray

from node.disclosure.lean import Lean
from node.disclosure.rows import Floats, Integers, Part, Rows

LARGEST: Final = 1e7
"""Units that a variable may move at most."""

_MOVE: Final = 0.01
"""Cost of moving a variable by one unit; a target's reward is 1 to 100 for each, a row's price as much or more."""

_SPARED: Final = 0.03
"""Cost of moving a row by one unit that had better stay."""

_DEAR: Final = 10.0
"""How much larger rewards are where rows have a price: whatever can be bought is."""

STEPS: Final = 20_000
"""After so many the simplex method turns in circles; from scratch it mostly finds its way."""

LARGE: Final = 1_200
_MANY: Final = 40
"""Variables and targets from which on the interior point method is faster."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a table is looked for.

    Attributes:
        unit: points or cents in one unit.
        targets: rows that are to move, none of them known.
        signs: in which direction, 1 or -1.
        caps: how far, in units; going further is not rewarded.
        known: rows that an insider knows.
        price: by row, of moving one that is not open by one unit; None to leave them all alone.
        must: whether each target must go all the way, at any price. Otherwise going there is rewarded.
        part: of the trade, that may move; None for all.
        spared: rows that had better stay, without being known.
    """

    unit: int
    targets: Integers
    signs: Integers
    caps: Floats
    known: Integers
    price: Floats | None = None
    must: bool = False
    part: Part | None = None
    spared: Integers | None = None


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
    """Asks the solver about one system.

    Attributes:
        effort: rows of all programs solved so far, which says how long they took on any machine.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.effort = 0
        self._leaner = Lean(rows)
        self._hard = self._leaner.sums(rows.hard)
        self._closed = rows.hard.copy()
        self._stays = self._hard

    def _closed_sums(self) -> Part:
        """What is published under the pattern as it is."""
        closed = ~self._rows.open
        if not np.array_equal(closed, self._closed):
            self._closed, self._stays = closed, self._leaner.sums(closed)
        return self._stays

    def solve(self, question: Question) -> Floats | None:
        """Moves by column in units; None when no table does what must be done, or none is found in so many steps."""
        rows = self._rows
        part = question.part or rows.whole
        reach = np.minimum(rows.bounds[part.columns] // question.unit, LARGEST)
        lean, said = (self._hard, rows.hard) if question.price is not None else (self._closed_sums(), ~rows.open)
        stays, cost = np.zeros(len(said), dtype=bool), np.zeros(len(said))
        if question.spared is not None:
            cost[question.spared] = _SPARED
        if question.price is not None:
            stays = ~rows.open & ~np.isfinite(question.price)
            cost = np.where(rows.open | stays, cost, question.price)
        stays[question.known] = True
        cost[question.targets] = 0
        stays |= said
        made = _Model(part, lean, reach, stays & ~said, np.where(stays, 0, cost), question.targets[~stays[question.targets]])
        if question.must:
            made.must_move(question.targets, question.signs, question.caps)
        else:
            rewards = question.caps.max() / question.caps * (1.0 if question.price is None else _DEAR)
            made.reward(question.targets, question.signs, question.caps, rewards)
        large = len(made.columns) >= LARGE and made.targets >= _MANY
        answer = self._run(made, _FOR_LARGE if large else _FOR_SMALL) if made.targets else None
        if answer is None:
            return None
        count = len(made.columns)
        found = np.array(answer.getSolution().col_value[: 2 * count])
        moves: Floats = np.zeros(len(rows.columns))
        moves[part.columns[made.columns]] = found[:count] - found[count:]
        return moves

    def weights(self, target: int, known: Integers) -> Floats:
        """How the rows that earlier releases publish, and the known ones, are to be weighed so that they tell most of a target.

        These are the multipliers of the program that moves the target as far as it goes, whatever else is confidential.
        """
        rows = self._rows
        found: Floats = np.zeros(len(rows.moved))
        if rows.hard[target]:
            found[target] = 1
            return found
        unit = max(1, int(rows.bounds[rows.moved[target]].max()) // 1_000)
        stays = rows.hard.copy()
        stays[known] = True
        reach = np.minimum(rows.bounds // unit, LARGEST)
        targets = np.array([target])
        made = _Model(rows.whole, None, reach, stays, np.zeros(len(stays)), targets)
        made.reward(targets, np.array([1]), np.array([np.inf]), np.ones(1))
        answer = self._run(made, _FOR_SMALL)
        if answer is not None:
            found[made.rows] = np.array(answer.getSolution().row_dual)
        return found

    def _run(self, made: "_Model", ways: Iterable[dict[str, str | int]]) -> Any:
        """A solver with an answer; None without. Where one way turns in circles, another is tried."""
        for way in ways:
            self.effort += len(made.rows)
            chosen = solver(**way)
            made.hand_to(chosen)
            chosen.run()
            if chosen.getModelStatus() in _ANSWERS:
                return chosen if chosen.getModelStatus() == highspy.HighsModelStatus.kOptimal else None
        return None


_FOR_SMALL: Final[tuple[dict[str, str | int], ...]] = tuple(
    {"solver": "simplex", "simplex_iteration_limit": STEPS, "presolve": presolve} for presolve in ("off", "on")
)
_FOR_LARGE: Final[tuple[dict[str, str | int], ...]] = ({"solver": "ipm", "presolve": "on"}, *_FOR_SMALL)
_ANSWERS: Final = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible)


class _Model:
    """A program while it is made.

    Attributes:
        columns: places in the part, of the variables that may move.
        rows: those that moves must leave alone or pay for, and the targets that anything moves.
        targets: how many these are.
    """

    def __init__(
        self, of: Part, lean: Part | None, reach: Integers, stays: NDArray[np.bool_], cost: Floats, targets: Integers
    ) -> None:
        """Of a part of the trade.

        Args:
            of: that part.
            lean: sums of the whole trade that must stay; None if each row counts by itself and moves cost nothing.
            reach: by column of the part, how far it may move.
            stays: further rows that must stay.
            cost: by row, what moving it costs; 0 for those that stay, and those that move freely.
            targets: those among them that are to move.
        """
        wanted = np.zeros(len(stays), dtype=bool)
        wanted[targets] = True
        wanted &= ~stays
        paid = cost > 0
        parts = np.flatnonzero((stays | paid | wanted)[of.rows])
        places, rows = of.places[parts], of.rows[parts]
        if lean is not None:
            place = np.full(len(lean.columns), -1)
            place[of.columns] = np.arange(len(of.columns))
            inside = np.flatnonzero(place[lean.places] >= 0)
            places = np.concatenate([place[lean.places[inside]], places])
            rows = np.concatenate([lean.rows[inside], rows])
        may = reach > 0
        if lean is not None:
            may = _live(places, rows, may, ~(paid | wanted))
        self.columns = np.flatnonzero(may)
        kept = np.flatnonzero(may[places])
        kept = kept[np.argsort(places[kept], kind="stable")]
        moved = np.zeros(len(stays), dtype=bool)
        moved[rows[kept]] = True
        self.rows = np.flatnonzero(moved)
        self._row = np.cumsum(moved) - 1
        self._wanted = moved & wanted
        self.targets = int(self._wanted.sum())
        count = len(self.columns)
        self._parts = self._row[rows[kept]].astype(np.int32)
        self._lengths = np.bincount(places[kept], minlength=len(may))[may]
        self._lower: list[Floats] = [np.zeros(2 * count)]
        self._upper: list[Floats] = [np.tile(reach[self.columns].astype(np.float64), 2)]
        self._cost: list[Floats] = [np.full(2 * count, 0.0 if lean is None else _MOVE)]
        self._single: list[tuple[Integers, Floats]] = []
        self._row_lower, self._row_upper = np.zeros(len(self.rows)), np.zeros(len(self.rows))
        paid_rows = self._row[moved & paid]
        for sign in (-1.0, 1.0):
            self._add(
                paid_rows, np.full(len(paid_rows), sign), 0.0, np.full(len(paid_rows), np.inf), cost[self.rows[paid_rows]]
            )

    def reward(self, targets: Integers, signs: Integers, caps: Floats, rewards: Floats) -> None:
        """Targets that are to move in these directions as far as the caps."""
        which = np.flatnonzero(self._wanted[targets])
        places, values = self._row[targets[which]], -signs[which].astype(np.float64)
        self._add(places, values, -np.inf, caps[which], -rewards[which])
        self._add(places, values, 0.0, np.full(len(which), np.inf), np.zeros(len(which)))

    def must_move(self, targets: Integers, signs: Integers, caps: Floats) -> None:
        """Targets that must move so far; if one of them cannot move at all, there is nothing to solve."""
        if self._wanted[targets].all():
            places, ahead = self._row[targets], signs > 0
            self._row_lower[places] = np.where(ahead, caps, -np.inf)
            self._row_upper[places] = np.where(ahead, np.inf, -caps)
        else:
            self.targets = 0

    def _add(self, rows: Integers, values: Floats, lower: float, upper: Floats, cost: Floats) -> None:
        """A column in each of these rows."""
        self._single.append((rows, values))
        self._lower.append(np.full(len(rows), lower))
        self._upper.append(upper)
        self._cost.append(cost)

    def hand_to(self, chosen: Any) -> None:
        """Gives the program to a solver."""
        cost, upper = np.concatenate(self._cost), np.concatenate(self._upper)
        single = np.concatenate([rows for rows, _ in self._single])
        ones = np.ones(len(self._parts))
        index = np.concatenate([self._parts, self._parts, single]).astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(np.tile(self._lengths, 2))])
        chosen.passModel(
            len(cost),
            len(self.rows),
            len(index),
            int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            cost,
            np.concatenate(self._lower),
            upper,
            self._row_lower,
            self._row_upper,
            np.concatenate([starts, starts[-1] + np.arange(1, len(single) + 1)]).astype(np.int32),
            index,
            np.concatenate([ones, -ones, *(values for _, values in self._single)]),
            np.zeros(len(cost), dtype=np.int32),
        )


def _live(places: Integers, rows: Integers, may: NDArray[np.bool_], stays: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Columns that are left when those that are alone in a row that stays are taken away, one after the other."""
    live = may.copy()
    parts = np.flatnonzero(may[places] & stays[rows])
    places, rows = places[parts], rows[parts]
    while True:
        alone = places[np.bincount(rows, minlength=len(stays))[rows] == 1]
        if not len(alone):
            return live
        live[alone] = False
        kept = live[places]
        places, rows = places[kept], rows[kept]
