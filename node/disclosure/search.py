"""Covers all targets of a system by witnesses, and makes cells confidential where there is none.

1. Many targets at once: one table moves as many as it can, in directions that alternate; those it does not move turn around.
2. What is left: the cheapest cells that must move for it are made confidential, for many targets at once where that pays, then
   for each, the largest need first.
3. For insiders: tables that leave half of all insiders' cells alone, by the digits of their numbers in base 2, so that any
   two differ somewhere; then for each target those that every table so far has touched, all at once, in halves, one by one,
   and then as in 2.

Targets of one table are within a factor of 100 in what they need, so that one unit serves them all.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ledger.statistics.model import MEASURES, required
from ledger.statistics.proposal import Concession
from ledger.statistics.tables import Cell
from ledger.statistics.targets import Coverage, Gap, Insider, proven_reach
from node.disclosure.errors import ImpossibleError
from node.disclosure.integers import whole
from node.disclosure.program import Program, Question
from node.disclosure.rows import Floats, Integers, Rows

WITHIN: Final = 100
"""Between the largest need and the smallest that one table is for."""

FINENESS: Final = 240
"""Units in the smallest need that a table is for, at least."""

_ROUNDS: Final = 3
"""Tables for the same targets and insiders, until one of them brings nothing."""

_FINER: Final = (1, 1_000, 1_000_000)
"""How much finer units become when the first ones are too coarse."""

Withhold = Callable[[Iterable[Cell]], None]


class Search:
    """The search in one measure.

    Attributes:
        tables: the witnesses found so far.
        coverage: what they cover.
        dropped: numbers of tables that do not count any more.
        limits: by target, how far it must be moved for everybody who knows nothing.
        concessions: proofs of what earlier releases make impossible to cover.
    """

    def __init__(self, rows: Rows, coverage: Coverage, measure: int, price: Floats, withhold: Withhold) -> None:
        self.rows = rows
        self.coverage = coverage
        self.tables: list[Integers] = []
        self.concessions: list[Concession] = []
        self.dropped: set[int] = set()
        self._touched: list[NDArray[np.bool_]] = []
        self._program = Program(rows)
        self._measure = measure
        self._price = price
        self._withhold = withhold
        question = coverage.question
        self.limits = [coverage.limit(place) for place in range(len(question.targets))]
        self._target_rows = [rows.row(target.moved) for target in question.targets]
        self._insider_rows = [rows.row(insider.moved) for insider in question.insiders]
        self._insider_of = {insider.moved: place for place, insider in enumerate(question.insiders)}
        self._order = sorted(range(len(self.limits)), key=lambda place: (-self.limits[place], place))

    def run(self) -> None:
        """Until everything is covered. Raises ImpossibleError, SolverError."""
        self.cover_many([])
        self.cover_many([], priced=True)
        for place in self._order:
            if self._open_to(place, None):
                self._cover_at_a_price(place, [])
        count = len(self._insider_rows)
        for part in (range(0, count, 2), range(1, count, 2)):
            self.cover_many(part)
        while self._cover_together():
            pass
        for place in self._order:
            while self.gaps_of(place):
                self._cover_for(place, self._insiders_open_to(place))

    def gaps_of(self, place: int) -> list[Gap]:
        """For whom a target is not covered by the tables that still count."""
        return self.coverage.gaps(place, self.dropped)

    def touching(self, closed: Integers) -> set[int]:
        """Numbers of the tables that move one of these rows, among those that still count."""
        return {number for number, touched in enumerate(self._touched) if touched[closed].any()} - self.dropped

    def recover(self, dropped: set[int]) -> bool:
        """Whether everything can be covered without these tables either, under the pattern as it is; they count no more.

        Tables found on the way stay, also where they are not enough.
        """
        self.dropped |= dropped
        lost = [place for place in self._order if self.gaps_of(place)]
        self.cover_many([], lost)
        for place in lost:
            while gaps := self.gaps_of(place):
                known = [self._insider_of[gap.insider.moved] for gap in gaps if gap.insider]
                table = self._ask([place], {place: 1}, known, self._unit(self.limits[place]))
                if table is not None:
                    self._take(table)
                if len(self.gaps_of(place)) == len(gaps):
                    return False
        return True

    def cover_many(self, known: Sequence[int], places: Iterable[int] | None = None, *, priced: bool = False) -> None:
        """Tables that leave these insiders' cells alone, for all targets that still lack such a one.

        `priced`: what must move for them is made confidential.
        """
        insiders = frozenset(known)
        pending = [place for place in (self._order if places is None else places) if self._open_to(place, insiders)]
        while pending:
            largest = self.limits[pending[0]]
            group = [place for place in pending if self.limits[place] * WITHIN >= largest]
            pending = pending[len(group) :]
            signs = {place: 1 - 2 * (number % 2) for number, place in enumerate(group)}
            for _ in range(_ROUNDS):
                table = self._ask(group, signs, known, self._unit(self.limits[group[-1]]), priced=priced)
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
        return any(_concerns(gap, insiders, self._insider_of) for gap in self.gaps_of(place))

    def _cover_together(self) -> bool:
        """Tables for many targets, each without the insiders' cells that matter to it; whether that brought something."""
        before, chosen = 0, []
        known: set[int] = set()
        frozen: set[int] = set()
        moving: set[int] = set()
        for place in self._order:
            touched = self._insiders_open_to(place)
            before += len(touched)
            rows = {self._insider_rows[insider] for insider in touched}
            if touched and self._target_rows[place] not in frozen and moving.isdisjoint(rows):
                chosen.append(place)
                known.update(touched)
                frozen |= rows
                moving.add(self._target_rows[place])
        if chosen:
            self.cover_many(sorted(known), chosen)
        return sum(len(self._insiders_open_to(place)) for place in self._order) < before

    def _insiders_open_to(self, place: int) -> list[int]:
        return [self._insider_of[gap.insider.moved] for gap in self.gaps_of(place) if gap.insider]

    def _unit(self, need: int) -> int:
        unit = max(1, need // FINENESS)
        step = 1 if unit < 12 else 12 if unit < 60 else 60
        return unit - unit % step

    def _ask(
        self, places: Sequence[int], signs: dict[int, int], known: Sequence[int], unit: int, *, priced: bool = False
    ) -> Integers | None:
        """One table for many targets, as far as it goes."""
        rows = np.array([self._target_rows[place] for place in places])
        frozen = np.array(sorted({self._insider_rows[place] for place in known}), dtype=np.int64)
        limits = np.array([self.limits[place] for place in places], dtype=np.int64)
        directions = np.array([signs[place] for place in places], dtype=np.int64)
        kept = ~np.isin(rows, frozen)
        if not kept.any():
            return None
        rows, limits, directions = rows[kept], limits[kept], directions[kept]
        question = Question(unit, rows, directions, np.ceil(limits / unit), frozen, self._price if priced else None)
        found = self._program.solve(question)
        if found is None or not np.abs(found).max(initial=0) > 0.5:
            return None
        if priced:
            self._withhold_moved(found)
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
            unit = self._unit(max(1, self.limits[place] // finer))
            table = self._ask([place], {place: 1}, known, unit)
            if table is not None:
                before = len(self.gaps_of(place))
                self._take(table)
                if len(self.gaps_of(place)) < before:
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
        frozen = np.array([self._insider_rows[one] for one in known], dtype=np.int64)
        insider = self.coverage.question.insiders[known[0]] if known else None
        if self._priced(place, known, frozen, self.coverage.limit(place, insider)):
            return
        limit = self._concede(place, insider, frozen)
        if limit and not self._priced(place, known, frozen, limit):
            target = self.coverage.question.targets[place]
            raise ImpossibleError(target.cell, MEASURES[self._measure], insider.cell if insider else None, _ADVICE)

    def _priced(self, place: int, known: Sequence[int], frozen: Integers, limit: int) -> bool:
        row = np.array([self._target_rows[place]])
        for finer in _FINER:
            unit = self._unit(max(1, limit // finer))
            caps = np.ceil(np.array([limit]) / unit)
            question = Question(unit, row, np.array([1]), caps, frozen, self._price, must=True)
            found = self._program.solve(question)
            if found is not None:
                self._withhold_moved(found)
                table = whole(self.rows, question, found, self._fixed(frozen), np.array([limit]))
                if table is not None:
                    self._take(table)
                    if not self._open_to(place, frozenset(known) if known else None):
                        return True
            if unit == 1:
                break
        return False

    def _concede(self, place: int, insider: Insider | None, frozen: Integers) -> int:
        """Proves how little earlier releases leave open of a target, and how far it is to be moved then."""
        target, before = self.coverage.question.targets[place], self.coverage.limit(place, insider)
        found = self._program.weights(self._target_rows[place], frozen)
        best: tuple[int, int, list[tuple[int, int]]] | None = None
        for divisor in _DIVISORS:
            for sign in (1, -1):
                weights = np.rint(sign * divisor * found).astype(np.int64)
                parts = [
                    (row, int(weights[row])) for row in np.flatnonzero(weights).tolist() if self.rows.hard[row] or row in frozen
                ]
                told = [(self.rows.variables[row], weight) for row, weight in parts]
                reach = proven_reach(self.coverage.question.system, target.moved, told, divisor)
                if best is None or reach < best[0]:
                    best = reach, divisor, parts
        if best is None or required(target.need, best[0]) >= before:
            raise ImpossibleError(target.cell, MEASURES[self._measure], insider.cell if insider else None, _ADVICE)
        reach, divisor, parts = best
        self.coverage.concede(target.moved, insider.moved if insider else None, reach)
        self.limits[place] = min(self.limits[place], self.coverage.limit(place))
        self.concessions.append(
            Concession(
                cast("Literal[0, 1]", self._measure),
                (target.release, target.cell),
                self.rows.told[self._insider_rows[self._insider_of[insider.moved]]] if insider else None,
                divisor,
                tuple((*self.rows.told[row], weight) for row, weight in parts),
            )
        )
        return self.coverage.limit(place, insider)

    def _withhold_moved(self, found: Floats) -> None:
        moved = np.abs(self.rows.activity(found)) > _MOVED
        self._withhold(cell for row in np.flatnonzero(moved & ~self.rows.open) for cell in self.rows.cells[row])

    def _take(self, table: Integers) -> None:
        self.tables.append(table)
        self._touched.append(self.rows.activity(table) != 0)
        self.coverage.take(self.rows.moves(table))


_DIVISORS: Final = (1, 2, 3, 4, 6, 12, 60)
"""Weights of concessions are fractions with one of these, and mostly whole."""

_ADVICE: Final = "the figures of earlier releases leave too little open; hold back one of its blocks until more trade is known"

_MOVED: Final = 1e-4
"""Units from which on a row counts as moved."""


def _concerns(gap: Gap, insiders: frozenset[int] | None, numbers: dict[tuple[int, ...], int]) -> bool:
    if gap.insider is None:
        return True
    return insiders is not None and numbers[gap.insider.moved] in insiders
