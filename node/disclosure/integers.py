"""A solution in floats as an exact integer table.

1. Vertices of these programs are fractions with small denominators, mostly 1: a unit is a multiple of many numbers where it can
   be (`unit_for`), so that such a fraction of it is whole.
2. Where the unit is no multiple of their common denominator: tables with sums of 0 can be made a little smaller, so that it is
   one of a smaller unit. Questions ask for a little more than they need (`MARGIN`).
3. What is not: round, and repair the sums by a small program for what must be added here and there, whole by and by. It keeps
   every bound, and how far targets were to go.

An answer fits everything published, exactly, or there is none.
"""

from fractions import Fraction
from math import gcd, lcm
from typing import Final

import highspy
import numpy as np

from node.disclosure.program import STEPS, Question, solver
from node.disclosure.rows import Floats, Integers, Rows

DENOMINATORS: Final = 5040
"""Denominators that are looked for divide this."""

MARGIN: Final = 1.01
"""How much more than needed is asked for, if it costs nothing."""

_LARGEST_DENOMINATOR: Final = 300
_NEAR: Final = 1e-4
_STEPS: Final = (4, 8, 30)
"""Points or cents that are added to an entry at most, one attempt after the other."""

_AT_ONCE, _AT_LEAST = 4, 16
"""One in how many of those that are no whole numbers are fixed at once; fewer, when that was too many."""

_FEW: Final = 1_000
"""Variables of a system in which what lacks is looked for everywhere, not only among those that move."""


def whole(rows: Rows, question: Question, found: Floats, fixed: Integers, limits: Integers) -> Integers | None:
    """The integer table at a solution, or near it.

    Args:
        rows: the system.
        question: that was asked.
        found: moves by column in units.
        fixed: by row, whether it must not move.
        limits: by target of the question, how far it must move at least; 0 where that does not matter.
    """
    parts = gcd(question.unit, DENOMINATORS)
    scaled = found * parts
    near = np.rint(scaled)
    broken = np.abs(scaled - near) >= _NEAR
    table = near.astype(np.int64) * (question.unit // parts)
    if not broken.any() and not rows.activity(table)[fixed].any():
        return table
    smaller = _smaller(rows, question, found, fixed, limits)
    if smaller is not None:
        return smaller
    rounded = np.clip(np.rint(found * question.unit).astype(np.int64), -rows.bounds, rows.bounds)
    attempts = [np.abs(found) > _NEAR]
    if question.unit == 1 and len(found) <= _FEW:
        attempts.append(np.ones(len(found), dtype=bool))
    for some in attempts:
        repaired = _repair(rows, question, np.where(some, rounded, table), fixed, limits, np.flatnonzero(some))
        if repaired is not None:
            return repaired
    return None


def _smaller(rows: Rows, question: Question, found: Floats, fixed: Integers, limits: Integers) -> Integers | None:
    """The same table in a unit that is a multiple of its common denominator, if most targets still move as far as wanted."""
    fractions = np.unique(np.round(found - np.floor(found), 9)).tolist()
    divisor = 1
    for fraction in fractions:
        divisor = lcm(divisor, Fraction(fraction).limit_denominator(_LARGEST_DENOMINATOR).denominator)
        if divisor > question.unit:
            return None
    table = np.rint(found * divisor).astype(np.int64) * (question.unit // divisor)
    activity = rows.activity(table)
    reached = activity[question.targets] * question.signs >= limits
    wanted = limits > 0
    enough = reached[wanted].all() if question.must else 2 * reached[wanted].sum() >= wanted.sum()
    return table if enough and not activity[fixed].any() and (np.abs(table) <= rows.bounds).all() else None


def _repair(
    rows: Rows, question: Question, table: Integers, fixed: Integers, limits: Integers, columns: Integers
) -> Integers | None:
    """Adds what lacks of a table to these columns."""
    lacking = _Lacking(rows, question, table, fixed, limits, columns)
    for steps in _STEPS:
        added = lacking.dive(steps)
        if added is None:
            continue
        result = table.copy()
        result[columns] += added
        if not rows.activity(result)[fixed].any() and (np.abs(result) <= rows.bounds).all():
            return result
    return None


class _Lacking:
    """What is to be added to some columns of a table so that its sums are right: a program in whole points or cents."""

    def __init__(
        self, rows: Rows, question: Question, table: Integers, fixed: Integers, limits: Integers, columns: Integers
    ) -> None:
        activity = rows.activity(table)
        lower, upper = np.full(len(activity), -np.inf), np.full(len(activity), np.inf)
        lower[fixed] = upper[fixed] = 0
        for row, sign, limit in zip(question.targets.tolist(), question.signs.tolist(), limits.tolist(), strict=True):
            if limit:
                lower[row], upper[row] = (limit, np.inf) if sign > 0 else (-np.inf, -limit)
        place = np.full(len(table), -1)
        place[columns] = np.arange(len(columns))
        parts = np.flatnonzero((place[rows.flat] >= 0) & (np.isfinite(lower) | np.isfinite(upper))[rows.at])
        kept, row = np.unique(rows.at[parts], return_inverse=True)
        model = self._model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(columns), len(kept)
        model.col_cost_ = np.zeros(len(columns))
        model.row_lower_, model.row_upper_ = (lower - activity)[kept], (upper - activity)[kept]
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(kept)))]).astype(np.int32)
        model.a_matrix_.index_ = place[rows.flat[parts]].astype(np.int32)
        model.a_matrix_.value_ = np.ones(len(parts))
        self._least, self._most = (-rows.bounds - table)[columns], (rows.bounds - table)[columns]

    def dive(self, steps: int) -> Integers | None:
        """Whole additions of so many points at most, if some are found: those next to whole numbers are fixed, in turn."""
        model = self._model
        lower, upper = (np.clip(side, -steps, steps).astype(np.float64) for side in (self._least, self._most))
        model.col_lower_, model.col_upper_ = lower, upper
        asked = solver(solver="simplex", simplex_iteration_limit=STEPS)
        asked.passModel(model)
        asked.run()
        asked.setOptionValue("presolve", "off")
        part = _AT_ONCE
        while asked.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            found = np.array(asked.getSolution().col_value)
            off = np.abs(found - np.rint(found))
            broken = np.flatnonzero(off >= _NEAR)
            if not len(broken):
                added: Integers = np.rint(found).astype(np.int64)
                return added
            broken = broken[np.argsort(off[broken], kind="stable")]
            one, other = broken[:1], np.where(found > np.rint(found), 1, -1)
            for some, values in (
                (broken[: max(1, len(broken) // part)], np.rint(found)),
                (one, np.rint(found)),
                (one, np.rint(found) + other),
            ):
                asked.changeColsBounds(len(some), some.astype(np.int32), values[some], values[some])
                asked.run()
                if asked.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                    lower[some] = upper[some] = values[some]
                    break
                asked.changeColsBounds(len(some), some.astype(np.int32), lower[some], upper[some])
                part = min(2 * part, _AT_LEAST)
        return None
