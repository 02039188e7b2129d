"""The cheapest pattern of a small system: which further cells are confidential in the least costly of all patterns.

Searches open what one table after the other needs, each at the least price; what all of them need together is more than
necessary, most of all where participants are few. Here all targets are looked at together, for outsiders and insiders:

1. a pattern that costs nothing, and the cuts of whom it protects too little (`shortfalls`);
2. the cheapest pattern that fulfils all cuts so far, first in fractions, then whole; and so on until nobody lacks anything;
3. on the way, a whole pattern that lacks something is completed, the cheapest cell of each cut first. The best of these is
   kept, and nothing is better where the cheapest pattern of all cuts costs as much.

A cell costs its value (`cost_of`). Large systems have too many cases for it, and many cells that can stand in for others: they
are left to the searches. What is found is a beginning and no proof: witnesses are looked for afterwards like everywhere.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import highspy
import numpy as np

from ledger.statistics.cells import mirror_of
from ledger.statistics.tables import ALL, WORLD, Cell
from node.disclosure.program import solver
from node.disclosure.rows import Floats
from node.disclosure.shortfalls import Case, Cut, Shortfalls, opened_rows

if TYPE_CHECKING:
    from node.disclosure.propose import Work

MOST_CELLS: Final = 400
MOST_CASES: Final = 20_000
"""Of systems that are small."""

EFFORT: Final = 1_200_000
"""What is asked of the solver at most, in rows (`Shortfalls.effort`), so that it takes as long on every machine's scale."""

MARGIN_PART: Final = 10
PAIR_PART: Final = 2
"""A margin costs a tenth of its value: beside the parts that are published it tells nothing but the sum of those that are not.
Of a pair's trade both sides are shown, so each costs half."""

_FRACTIONAL: Final = 15
_WHOLE: Final = 8
"""Rounds."""

_COMPLETING: Final = 40
_PART_AGAIN: Final = 4
GAP: Final = 0.04
_NODES: Final = 200
_SLACK: Final = 1e-6
_LITTLE: Final = 1e-4
"""What a cell costs at least, in percent of all value, so that fewer are better."""


def cost_of(cell: Cell, value: int, *, is_world_safe: bool) -> float:
    """What it costs to keep a cell confidential, of this value.

    The world's margins cost all of theirs, since everybody looks for them; those of an HS code no more than other margins where
    one of them must be confidential anyway: nothing but others can stand in for it.
    """
    if cell.partner:
        return value / PAIR_PART
    is_margin = cell.hs == ALL if cell.participant != WORLD else cell.hs != ALL and not is_world_safe
    return value / MARGIN_PART if is_margin else float(value)


def settle(work: "Work") -> bool:
    """Makes the cells of the cheapest pattern confidential, where the system is small; whether it is."""
    questions = [search.tally.coverage.question for search in work.searches]
    cases = sum(len(one.targets) * (1 + len(one.insiders)) for one in questions)
    if len(work.figures) > MOST_CELLS or cases > MOST_CASES:
        return False
    work.withhold(Cheapest(work).find())
    return True


class Cheapest:
    """All cells of a release that could be confidential, and the cuts found so far.

    Attributes:
        groups: cells that are confidential together: a pair's two sides, or one.
        bound: no pattern costs less, in percent of all value, if all cases were looked at.
    """

    def __init__(self, work: "Work") -> None:
        self._work = work
        self.groups: list[list[Cell]] = []
        self._group_of: dict[Cell, int] = {}
        for cell in sorted({cell for rows in work.rows for cells in rows.cells for cell in cells}):
            if cell not in self._group_of:
                group = [cell, mirror] if cell.partner and (mirror := mirror_of(cell)) in work.figures else [cell]
                self._group_of.update(dict.fromkeys(group, len(self.groups)))
                self.groups.append(group)
        self.needs = [[sorted({self._group_of[cell] for cell in cells}) for cells in rows.cells] for rows in work.rows]
        self._is_world_safe = not any(cell.participant == WORLD for cell in work.needed)
        every = self._value(work.figures) or 1.0
        self._is_fixed = np.array([work.confidential.issuperset(group) for group in self.groups], dtype=bool)
        self.costs = np.array([100 * self._value(group) / every + _LITTLE for group in self.groups], dtype=np.float64)
        self.costs[self._is_fixed] = 0
        self._measures = [Shortfalls(rows, search.tally) for rows, search in zip(work.rows, work.searches, strict=True)]
        self.cuts: list[tuple[int, Cut]] = []
        self.bound = 0.0

    def _value(self, group: Iterable[Cell]) -> float:
        figures = self._work.figures
        values = {cell: figures[cell].cents + figures[cell].points for cell in group}
        return sum(cost_of(cell, value, is_world_safe=self._is_world_safe) for cell, value in values.items())

    def find(self) -> list[Cell]:
        """The cells that are to be confidential besides."""
        cases = [(measure, case) for measure, one in enumerate(self._measures) for case in one.cases(EFFORT // 4)]
        self._look_at_fractions(cases)
        best, least = self._is_fixed, np.inf
        for _ in range(_WHOLE):
            shares, self.bound = self._master(whole=True)
            completed = self._complete(cases, shares)
            if completed is None:
                best = best if least < np.inf else shares > 0.5
                break
            if (cost := self._cost_of(completed)) < least:
                best, least = completed > 0.5, cost
            if self.bound >= least * (1 - GAP) or self._effort() > EFFORT:
                break
        return [cell for number in np.flatnonzero(best & ~self._is_fixed) for cell in self.groups[number]]

    def _look_at_fractions(self, cases: list[tuple[int, Case]]) -> None:
        """Cuts of fractional patterns, which are found fast: outsiders first, then what lacked something again, then all."""
        shares, some = self._is_fixed.astype(np.float64), [one for one in cases if one[1].insider is None]
        for _ in range(_FRACTIONAL):
            lacking = self._lacking(some, shares)
            if len(some) < len(cases) and len(lacking) < len(some) // _PART_AGAIN:
                lacking = self._lacking(cases, shares)
            before = self.bound
            if not lacking or self._effort() > EFFORT // 2:
                break
            some = lacking
            shares, self.bound = self._master(whole=False)
            if self.bound < before * (1 + _LITTLE):
                break

    def _cost_of(self, shares: Floats) -> float:
        return float((self.costs * shares).sum())

    def _effort(self) -> int:
        return sum(one.effort for one in self._measures)

    def _lacking(self, cases: list[tuple[int, Case]], shares: Floats) -> list[tuple[int, Case]]:
        """The cases that lack something; their cuts are kept."""
        found = []
        for measure, shortfalls in enumerate(self._measures):
            opened = opened_rows(self._work.rows[measure], self.needs[measure], shares)
            shortfalls.forget()
            for case, cut in shortfalls.lacking([case for one, case in cases if one == measure], opened):
                self.cuts.append((measure, cut))
                found.append((measure, case))
        return found

    def _complete(self, cases: list[tuple[int, Case]], shares: Floats) -> Floats | None:
        """A pattern with some cells more that lacks nothing; None if it took too long."""
        shares = shares.copy()
        for _ in range(_COMPLETING):
            begun = len(self.cuts)
            cases = self._lacking(cases, shares)
            if not cases:
                return shares
            for measure, cut in self.cuts[begun:]:
                self._fulfil(measure, cut, shares)
            if self._effort() > EFFORT:
                return None
        return None

    def _fulfil(self, measure: int, cut: Cut, shares: Floats) -> None:
        """Opens the rows of a cut that give most for what they cost, until they are enough."""
        needs, lacks = self.needs[measure], 1.0
        closed = []
        for row, part in cut.items():
            missing = [number for number in needs[row] if shares[number] < 1]
            if missing:
                closed.append((float(self.costs[missing].sum()) / part, row))
            else:
                lacks -= part
        for _, row in sorted(closed):
            if lacks <= _LITTLE:
                break
            shares[needs[row]] = 1
            lacks -= cut[row]

    def _master(self, *, whole: bool) -> tuple[Floats, float]:
        """The cheapest shares that fulfil all cuts, and what no pattern can cost less than."""
        count = len(self.groups)
        joint: dict[tuple[int, ...], int] = {}
        lines: list[dict[int, float]] = []
        for measure, cut in self.cuts:
            line: dict[int, float] = {}
            for row, part in cut.items():
                needs = self.needs[measure][row]
                column = needs[0] if len(needs) == 1 else joint.setdefault(tuple(needs), count + len(joint))
                line[column] = min(1.0, line.get(column, 0.0) + part)
            lines.append(line)
        limits = [min(1.0, sum(line.values())) - _SLACK for line in lines]
        for together, column in joint.items():
            for number in together:
                lines.append({number: 1.0, column: -1.0})
                limits.append(0.0)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = count + len(joint), len(lines)
        model.col_cost_ = np.concatenate([self.costs, np.zeros(len(joint))])
        model.col_lower_ = np.concatenate([self._is_fixed.astype(np.float64), np.zeros(len(joint))])
        model.col_upper_ = np.ones(count + len(joint))
        model.row_lower_, model.row_upper_ = np.array(limits), np.full(len(lines), np.inf)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *(len(line) for line in lines)]).astype(np.int32)
        model.a_matrix_.index_ = np.array([column for line in lines for column in line], dtype=np.int32)
        model.a_matrix_.value_ = np.array([part for line in lines for part in line.values()])
        if whole:
            kinds = [highspy.HighsVarType.kInteger] * count + [highspy.HighsVarType.kContinuous] * len(joint)
            model.integrality_ = kinds
        master = solver(mip_max_nodes=_NODES, mip_rel_gap=GAP)
        master.passModel(model)
        if whole:
            everything = highspy.HighsSolution()
            everything.col_value = np.ones(model.num_col_)
            master.setSolution(everything)
        master.run()
        shares = np.array(master.getSolution().col_value[:count])
        info = master.getInfo()
        if whole:
            return np.rint(shares), float(info.mip_dual_bound)
        return np.clip(shares, 0.0, 1.0), float(info.objective_function_value)
