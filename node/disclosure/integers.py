"""A solution in floats as an exact integer table.

1. Vertices of these programs are fractions with small denominators, mostly 1: a unit is a multiple of 60 where it can be, so
   that such a fraction of it is whole.
2. What is not: round, and repair the sums by a small integer program for what must be added here and there. It keeps every
   bound, and how far targets were to go.

An answer fits everything published, exactly, or there is none.
"""

from math import gcd
from typing import Final

import highspy
import numpy as np

from node.disclosure.program import Question, solver
from node.disclosure.rows import Floats, Integers, Rows

DENOMINATORS: Final = 5040
"""Denominators that are looked for divide this."""

_NEAR: Final = 1e-4
_STEPS: Final = 4
_NODES: Final = 500


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
    if np.abs(scaled - near).max(initial=0) < _NEAR:
        table = near.astype(np.int64) * (question.unit // parts)
        if not rows.activity(table)[fixed].any():
            return table
    return _repair(rows, question, np.rint(found * question.unit).astype(np.int64), fixed, limits)


def _repair(rows: Rows, question: Question, table: Integers, fixed: Integers, limits: Integers) -> Integers | None:
    """Adds what lacks."""
    table = np.clip(table, -rows.bounds, rows.bounds)
    activity = rows.activity(table)
    lower, upper = np.full(len(rows.moved), -np.inf), np.full(len(rows.moved), np.inf)
    lower[fixed] = upper[fixed] = -activity[fixed]
    for row, sign, limit in zip(question.targets, question.signs, limits, strict=True):
        if sign > 0:
            lower[row] = limit - activity[row]
        else:
            upper[row] = -limit - activity[row]
    kept = np.flatnonzero(np.isfinite(lower) | np.isfinite(upper))
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(table), len(kept)
    model.col_cost_ = np.zeros(len(table))
    model.col_lower_ = np.maximum(-rows.bounds - table, -_STEPS).astype(np.float64)
    model.col_upper_ = np.minimum(rows.bounds - table, _STEPS).astype(np.float64)
    model.row_lower_, model.row_upper_ = lower[kept], upper[kept]
    starts = np.cumsum([0, *(len(rows.moved[row]) for row in kept)])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = starts.astype(np.int32)
    model.a_matrix_.index_ = np.concatenate([rows.moved[row] for row in kept]).astype(np.int32) if len(kept) else []
    model.a_matrix_.value_ = np.ones(starts[-1])
    for integrality in (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger):
        model.integrality_ = [integrality] * len(table)
        repair = solver(mip_max_nodes=_NODES)
        repair.passModel(model)
        repair.run()
        added = np.array(repair.getSolution().col_value)
        if len(added) == len(table) and np.abs(added - np.rint(added)).max(initial=0) < _NEAR:
            result: Integers = table + np.rint(added).astype(np.int64)
            if not rows.activity(result)[fixed].any() and (np.abs(result) <= rows.bounds).all():
                return result
    return None
