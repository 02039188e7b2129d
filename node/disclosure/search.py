"""Covers all targets of a system by witnesses, and makes cells confidential where there is none.

1. Many targets at once: one table moves as many as it can, in directions that alternate; those it does not move turn around.
2. What is left, the largest need first: the cheapest cells that must move for it are made confidential.
3. For insiders: tables that leave half of all insiders' cells alone, by the digits of their numbers in base 2, so that any
   two differ somewhere; then for each target those that every table so far has touched, all at once, in halves, one by one,
   and then as in 2.

Targets of one table are within a factor of 100 in what they need, so that one unit serves them all.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from ledger.statistics.model import MEASURES, required
from ledger.statistics.tables import Cell
from ledger.statistics.targets import Coverage, Gap
from node.disclosure.errors import ImpossibleError
from node.disclosure.integers import whole
from node.disclosure.program import Program, Question
from node.disclosure.rows import Floats, Integers, Rows

WITHIN: Final = 100
"""Between the largest need and the smallest that one table is for."""

FINENESS: Final = 240
"""Units in the smallest need that a table is for, at least."""

_ROUNDS: Final = 6
"""Tables for the same targets and insiders, until one of them brings nothing."""

_FINER: Final = (1, 1_000, 1_000_000)
"""How much finer units become when the first ones are too coarse."""

Withhold = Callable[[Iterable[Cell]], None]


class Search:
    """The search in one measure.

    Attributes:
        tables: the witnesses found so far.
        coverage: what they cover.
    """

    def __init__(self, rows: Rows, coverage: Coverage, measure: int, price: Floats, withhold: Withhold) -> None:
        self.rows = rows
        self.coverage = coverage
        self.tables: list[Integers] = []
        self._program = Program(rows)
        self._measure = measure
        self._price = price
        self._withhold = withhold
        question = coverage.question
        self._limits = [required(target.need, question.system.reach(target.moved)) for target in question.targets]
        self._target_rows = [rows.row(target.moved) for target in question.targets]
        self._insider_rows = [rows.row(insider.moved) for insider in question.insiders]
        self._insider_of = {insider.moved: place for place, insider in enumerate(question.insiders)}
        self._order = sorted(range(len(self._limits)), key=lambda place: (-self._limits[place], place))

    def run(self) -> None:
        """Until everything is covered. Raises ImpossibleError, SolverError."""
        self.cover_many([])
        for place in self._order:
            if self._open_to(place, None):
                self._cover_at_a_price(place, [])
        for known in self._halves():
            self.cover_many(known)
        for place in self._order:
            while gaps := self.coverage.gaps(place):
                self._cover_for(place, [self._insider_of[gap.insider.moved] for gap in gaps if gap.insider])

    def gaps(self) -> list[int]:
        """Targets that are not covered for somebody."""
        return [place for place in self._order if self.coverage.gaps(place)]

    def cover_many(self, known: Sequence[int], places: Iterable[int] | None = None) -> None:
        """Tables that leave these insiders' cells alone, for all targets that still lack such a one."""
        insiders = frozenset(known)
        pending = [place for place in (self._order if places is None else places) if self._open_to(place, insiders)]
        while pending:
            largest = self._limits[pending[0]]
            group = [place for place in pending if self._limits[place] * WITHIN >= largest]
            pending = pending[len(group) :]
            signs = {place: 1 - 2 * (number % 2) for number, place in enumerate(group)}
            for _ in range(_ROUNDS):
                table = self._ask(group, signs, known, self._unit(self._limits[group[-1]]))
                if table is not None:
                    self._take(table)
                left = [place for place in group if self._open_to(place, insiders)]
                if len(left) == len(group):
                    break
                group = left
                signs = {place: -signs[place] for place in left}
                if not group:
                    break

    def _open_to(self, place: int, insiders: frozenset[int] | None) -> bool:
        """Whether a target is not covered for nobody in particular, or for one of these insiders."""
        return any(_concerns(gap, insiders, self._insider_of) for gap in self.coverage.gaps(place))

    def _halves(self) -> Iterable[list[int]]:
        count = len(self._insider_rows)
        for digit in range(max(0, count - 1).bit_length()):
            for value in (0, 1):
                yield [place for place in range(count) if place >> digit & 1 == value]

    def _unit(self, need: int) -> int:
        unit = max(1, need // FINENESS)
        step = 1 if unit < 12 else 12 if unit < 60 else 60
        return unit - unit % step

    def _ask(self, places: Sequence[int], signs: dict[int, int], known: Sequence[int], unit: int) -> Integers | None:
        """One table for many targets, as far as it goes."""
        rows = np.array([self._target_rows[place] for place in places])
        frozen = np.array(sorted({self._insider_rows[place] for place in known}), dtype=np.int64)
        limits = np.array([self._limits[place] for place in places], dtype=np.int64)
        directions = np.array([signs[place] for place in places], dtype=np.int64)
        kept = ~np.isin(rows, frozen)
        if not kept.any():
            return None
        rows, limits, directions = rows[kept], limits[kept], directions[kept]
        question = Question(unit, rows, directions, np.ceil(limits / unit), frozen)
        found = self._program.solve(question)
        if found is None or not np.abs(found).max(initial=0) > 0.5:
            return None
        reached = self.rows.activity(found) * unit
        wanted = np.where(reached[rows] * directions >= limits - 0.5, limits, 0)
        return whole(self.rows, question, found, self._fixed(frozen), wanted)

    def _fixed(self, frozen: Integers) -> Integers:
        fixed = ~self.rows.open
        fixed[frozen] = True
        return np.flatnonzero(fixed)

    def _cover_for(self, place: int, known: Sequence[int]) -> None:
        """Covers a target for these insiders, together or apart; without any, for everybody else."""
        for finer in _FINER[: 2 if len(known) > 1 else 3]:
            unit = self._unit(max(1, self._limits[place] // finer))
            table = self._ask([place], {place: 1}, known, unit)
            if table is not None:
                before = len(self.coverage.gaps(place))
                self._take(table)
                if len(self.coverage.gaps(place)) < before:
                    return
            if unit == 1:
                break
        if len(known) > 1:
            for part in (known[: len(known) // 2], known[len(known) // 2 :]):
                if self._open_to(place, frozenset(part)):
                    self._cover_for(place, part)
        else:
            self._cover_at_a_price(place, known)

    def _cover_at_a_price(self, place: int, known: Sequence[int]) -> None:
        """Makes confidential what must move so that the target can; raises ImpossibleError."""
        target = self.coverage.question.targets[place]
        frozen = np.array([self._insider_rows[one] for one in known], dtype=np.int64)
        insider = self.coverage.question.insiders[known[0]] if known else None
        limit = self._limits[place]
        if insider is not None:
            limit = required(target.need, self.coverage.question.system.reach_beside(target.moved, insider.moved))
        row = np.array([self._target_rows[place]])
        for finer in _FINER:
            unit = self._unit(max(1, limit // finer))
            caps = np.ceil(np.array([limit]) / unit)
            question = Question(unit, row, np.array([1]), caps, frozen, self._price)
            found = self._program.solve(question)
            if found is not None:
                moved = np.abs(self.rows.activity(found)) > _MOVED
                self._withhold(cell for one in np.flatnonzero(moved & ~self.rows.open) for cell in self.rows.cells[one])
                table = whole(self.rows, question, found, self._fixed(frozen), np.array([limit]))
                if table is not None:
                    self._take(table)
                    if not self._open_to(place, frozenset(known) if known else None):
                        return
            if unit == 1:
                break
        advice = "an earlier release tells it; hold back its block until more trade is known"
        raise ImpossibleError(target.cell, MEASURES[self._measure], insider.cell if insider else None, advice)

    def _take(self, table: Integers) -> None:
        self.tables.append(table)
        self.coverage.take(self.rows.moves(table))


_MOVED: Final = 1e-4
"""Units from which on a row counts as moved."""


def _concerns(gap: Gap, insiders: frozenset[int] | None, numbers: dict[tuple[int, ...], int]) -> bool:
    if gap.insider is None:
        return True
    return insiders is not None and numbers[gap.insider.moved] in insiders
