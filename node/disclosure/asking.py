"""Asks the solver for tables: for many targets at once or for one, with what is confidential alone or at a price.

At a price, what must move is made confidential, the cheapest first; the world's sums only where a target that must be covered
has no other way: they would be the easy one for all. Everything asked at once is within a factor of `WITHIN` in
what it needs, so that one unit serves all.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import numpy as np

from ledger.statistics.tables import WORLD, Cell
from node.disclosure.integers import MARGIN, whole
from node.disclosure.program import Program, Question
from node.disclosure.rows import Floats, Integers, Part, Rows
from node.disclosure.tally import Tally

WITHIN: Final = 100
"""Between the largest need and the smallest that one table is for."""

FINENESS: Final = 240
"""Units in the smallest need that a table is for, at least."""

FINER: Final = (1, 1_000, 1_000_000)
"""How much finer units become when the first ones are too coarse."""

NOBODY: Final[Integers] = np.zeros(0, dtype=np.int64)

_MOVED: Final = 1e-4
"""Units from which on a row counts as moved."""


class Pattern(Protocol):
    """The confidential cells, which the searches in both measures make more of."""

    def withhold(self, cells: Iterable[Cell]) -> None:
        """Makes cells confidential."""

    def budget(self) -> int:
        """Value of leaf cells that may become confidential for what lies ahead."""

    def value(self, cells: Iterable[Cell]) -> int:
        """Value of those of these cells that are leaf cells."""


class Asker:
    """The questions of one measure.

    Attributes:
        program: the solver.
    """

    def __init__(self, rows: Rows, tally: Tally, price: Floats, pattern: Pattern) -> None:
        self._rows = rows
        self._tally = tally
        self._price = price
        self._price_of_parts = np.where(
            [any(cell.participant == WORLD for cell in cells) for cells in rows.cells], np.inf, price
        )
        self._pattern = pattern
        self.program = Program(rows)

    def many(
        self,
        places: Sequence[int],
        signs: Sequence[int],
        known: Iterable[int] = (),
        *,
        at_a_price: bool = False,
        part: Part | None = None,
        finer: int = 1,
        spared: Sequence[int] = (),
    ) -> bool:
        """Takes a table that moves these targets as far as it can; whether there is one.

        Args:
            places: targets; those whose row is known are left out.
            signs: of each, the direction.
            known: insiders, whose cells stay as they are.
            at_a_price: whether cells may become confidential for it.
            part: of the trade, that may move; None for all.
            finer: how much smaller the unit is than it would be.
            spared: insiders whose cells had better stay as they are.
        """
        tally, frozen = self._tally, self._frozen(known)
        rows = tally.target_rows[list(places)]
        kept = np.flatnonzero(~np.isin(rows, frozen))
        if not len(kept):
            return False
        limits = np.array([tally.limits[places[one]] for one in kept.tolist()], dtype=np.int64)
        directions = np.array(signs, dtype=np.int64)[kept]
        unit = unit_for(max(1, int(limits.min()) // finer))
        price = self._price_of_parts if at_a_price else None
        caps = np.ceil(limits / unit * (MARGIN if unit > 1 else 1))
        question = Question(unit, rows[kept], directions, caps, frozen, price, part=part, spared=self._frozen(spared))
        found = self.program.solve(question)
        if found is None or not np.abs(found).max(initial=0) > _SOME:
            return False
        if at_a_price:
            self._pattern.withhold(self.cells_to_withhold(found))
        reached = self._rows.activity(found)[rows[kept]] * unit * directions >= limits - _SOME
        return self._take(question, found, np.where(reached, limits, 0))

    def one(self, place: int, known: Sequence[int], limit: int) -> bool:
        """Takes a table that moves this target all the way, whatever must become confidential; whether that covers it."""
        frozen = self._frozen(known)
        row = self._tally.target_rows[[place]]
        for finer in FINER:
            unit = unit_for(max(1, limit // finer))
            caps = np.ceil(np.array([limit]) / unit)
            question = Question(unit, row, _FORTH, caps, frozen, self._price, must=True)
            found = self.program.solve(question)
            if found is not None:
                self._pattern.withhold(self.cells_to_withhold(found))
                self._take(question, found, np.array([limit]))
                if not self._tally.is_open(place) and set(known).isdisjoint(self._tally.insiders_open_to(place)):
                    return True
            if unit == 1:
                break
        return False

    def within_budget(self, place: int, budget: int) -> int:
        """Takes a table for a target that lies ahead, if what it makes confidential costs no more; the cost, 0 if not."""
        limit = self._tally.limits[place]
        unit = unit_for(limit)
        caps = np.ceil(np.array([limit]) / unit)
        question = Question(unit, self._tally.target_rows[[place]], _FORTH, caps, NOBODY, self._price_of_parts, must=True)
        found = self.program.solve(question)
        if found is None:
            return 0
        cells = self.cells_to_withhold(found)
        cost = self._pattern.value(cells)
        if cost > budget:
            return 0
        self._pattern.withhold(cells)
        self._take(question, found, np.array([limit]))
        return cost

    def cells_to_withhold(self, found: Floats) -> list[Cell]:
        """What must become confidential so that this may move."""
        moved = np.abs(self._rows.activity(found)) > _MOVED
        return [cell for row in np.flatnonzero(moved & ~self._rows.open) for cell in self._rows.cells[row]]

    def _take(self, question: Question, found: Floats, limits: Integers) -> bool:
        fixed = ~self._rows.open
        fixed[question.known] = True
        table = whole(self._rows, question, found, np.flatnonzero(fixed), limits)
        if table is None:
            return False
        self._tally.take(table)
        return True

    def _frozen(self, known: Iterable[int]) -> Integers:
        return np.unique(self._tally.insider_rows[list(known)]) if known else NOBODY


_SOME: Final = 0.5
_FORTH: Final = np.array([1])
_ROUND: Final = (2520, 1260, 840, 420, 180, 60, 12)
"""Numbers with many divisors."""


def unit_for(need: int) -> int:
    """Points or cents in a unit, so that so small a need is well above the solver's tolerances; a round number if it can be."""
    unit = max(1, need // FINENESS)
    step = next((step for step in _ROUND if step <= unit), 1)
    return unit - unit % step
