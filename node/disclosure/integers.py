"""A solution in floats as an exact integer table.

1. Vertices of these programs are fractions with small denominators, mostly 1: a unit is a multiple of many numbers where it can
   be (`unit_for`), so that such a fraction of it is whole.
2. Where the unit is no multiple of their common denominator: tables with sums of 0 can be made a little smaller, so that it is
   one of a smaller unit. Questions ask for a little more than they need (`MARGIN`).
3. What is not: round, and repair the sums by a small integer program for what must be added here and there. It keeps every
   bound, and how far targets were to go.

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
_STEPS: Final = 4
_NODES: Final = 50
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
    place_of = {int(column): place for place, column in enumerate(columns)}
    activity = rows.activity(table)
    wanted = dict.fromkeys(fixed.tolist(), (0.0, 0.0))
    for row, sign, limit in zip(question.targets.tolist(), question.signs.tolist(), limits.tolist(), strict=True):
        if limit:
            wanted[row] = (limit, np.inf) if sign > 0 else (-np.inf, -limit)
    parts = {row: [place_of[one] for one in rows.moved[row].tolist() if one in place_of] for row in wanted}
    kept = [row for row in wanted if parts[row]]
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(columns), len(kept)
    model.col_cost_ = np.zeros(len(columns))
    model.col_lower_ = np.maximum(-rows.bounds - table, -_STEPS)[columns].astype(np.float64)
    model.col_upper_ = np.minimum(rows.bounds - table, _STEPS)[columns].astype(np.float64)
    model.row_lower_ = np.array([wanted[row][0] - activity[row] for row in kept])
    model.row_upper_ = np.array([wanted[row][1] - activity[row] for row in kept])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.cumsum([0, *(len(parts[row]) for row in kept)]).astype(np.int32)
    model.a_matrix_.index_ = np.array([one for row in kept for one in parts[row]], dtype=np.int32)
    model.a_matrix_.value_ = np.ones(len(model.a_matrix_.index_))
    for integrality in (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger):
        model.integrality_ = [integrality] * len(columns)
        repair = solver(mip_max_nodes=_NODES, simplex_iteration_limit=STEPS)
        repair.passModel(model)
        repair.run()
        if repair.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            continue
        added = np.array(repair.getSolution().col_value)
        if np.abs(added - np.rint(added)).max(initial=0) < _NEAR:
            result = table.copy()
            result[columns] += np.rint(added).astype(np.int64)
            if not rows.activity(result)[fixed].any() and (np.abs(result) <= rows.bounds).all():
                return result
    return None
