"""Covers all targets of a system by witnesses, and makes cells confidential where there is none.

0. In the second measure, first of all, tables that do what those of the first do: their entries alone may move.
1. For those who know nothing: many targets at once, in directions drawn by lot, first with what is confidential as it is, then
   at the price of more; those that it does not move, with others, until none is left. One table moves dozens, and its program
   takes hardly longer than that of one.
2. What lies `ahead` (`node.disclosure.ahead`) likewise; at a price one by one, and given up where it would cost too much.
3. For insiders: tables for many targets that leave a share of all insiders' cells alone, drawn by lot; free at first, then at
   a price.
4. The few that are left: each target for all its insiders, in halves, one by one, and then at a price; or a concession.

What is drawn is the same for the same figures.
"""

import random
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from ledger.statistics.proposal import Concession
from ledger.statistics.targets import Question as Targets
from ledger.statistics.targets import Target
from node.disclosure.asking import FINER, WITHIN, Asker, Pattern
from node.disclosure.conceding import concede, impossible
from node.disclosure.rows import Floats, Rows
from node.disclosure.tally import Tally

TOGETHER: Final = 64
"""Targets of one table; with more, the solver turns in circles."""

_STAGES: Final = ((False, 0.08), (True, 0.03))
"""For insiders, one after the other: whether cells may become confidential, and the share of all gaps that tables must close,
one with another, to be worth going on."""

_SHARES: Final = (2, 2, 4, 8)
"""One in how many insiders a table leaves alone, in turn."""

_FEW: Final = 100
"""Gaps that are left to be covered target by target."""


class Search:
    """The search in one measure.

    Attributes:
        tally: targets, and what the tables found so far cover.
        concessions: proofs of what earlier releases make impossible to cover.
    """

    def __init__(
        self, rows: Rows, question: Targets, ahead: Sequence[Target], measure: int, price: Floats, pattern: Pattern
    ) -> None:
        self.rows = rows
        self.tally = Tally(rows, question, ahead)
        self.concessions: list[Concession] = []
        self._asker = Asker(rows, self.tally, price, pattern)
        self._measure = measure
        self._pattern = pattern
        self._draw = random.Random(measure)  # noqa: S311 - which targets are tried together; nothing secret

    @property
    def effort(self) -> int:
        """What was asked of the solver so far (`Program.effort`)."""
        return self._asker.program.effort

    def run(self, other: "Search | None" = None) -> None:
        """Until everything is covered; like an `other` measure's search, where there is one. Raises ImpossibleError."""
        if other is not None:
            self._follow(other)
        for at_a_price in (False, True):
            self._cover_outsiders(self.tally.asked, at_a_price=at_a_price)
        for place in self.tally.asked:
            if self.tally.is_open(place):
                self._cover_at_a_price(place, None)
        self._look_ahead()
        for at_a_price, worth in _STAGES:
            self._cover_insiders(worth, at_a_price=at_a_price)
        for place in self.tally.order:
            while self.tally.gaps(place):
                self._cover_for(place, self.tally.insiders_open_to(place))

    def recover(self, dropped: frozenset[int]) -> bool:
        """Whether everything can be covered without these tables either, under the pattern as it is; they count no more.

        Tables found on the way stay, also where they are not enough.
        """
        tally = self.tally
        tally.dropped |= dropped
        lost = [place for place in tally.order if tally.gaps(place)]
        self._cover_outsiders(lost, at_a_price=False)
        for place in lost:
            while gaps := tally.gaps(place):
                self._asker.many([place], [1], tally.insiders_open_to(place))
                if tally.gaps(place) == gaps:
                    return False
        return True

    def _cover_outsiders(self, places: Iterable[int], *, at_a_price: bool) -> None:
        """Many targets at once, those first that must move furthest, until none of those that are left is moved."""
        pending = [place for place in places if self.tally.is_open(place)]
        while pending:
            largest = self.tally.limits[pending[0]]
            group = [place for place in pending if self.tally.limits[place] * WITHIN >= largest][:TOGETHER]
            for _ in range(_TURNS):
                self._asker.many(group, self._signs(group), at_a_price=at_a_price)
                left = [place for place in group if self.tally.is_open(place)]
                if len(left) in (0, len(group)):
                    break
                group = left
            done = {*group}
            pending = [place for place in pending if place not in done and self.tally.is_open(place)]

    def _follow(self, other: "Search") -> None:
        """Tables that do in this measure what another's do: the same entries move the same way, and the same cells stay."""
        tally, column_of = self.tally, self.rows.column_of
        for moves in other.tally.enough():
            table = np.zeros(len(self.rows.columns), dtype=np.int64)
            for place, move in moves:
                if place in column_of:
                    table[column_of[place]] = move
            columns = np.flatnonzero(table)
            touching = self.rows.activity(np.abs(table)) != 0
            activity = self.rows.activity(table)
            known = np.flatnonzero(touching[tally.insider_rows] & (activity[tally.insider_rows] == 0)).tolist()
            places = [place for place in tally.order if activity[tally.target_rows[place]] and tally.gaps(place)]
            while places:
                group = [place for place in places if tally.limits[place] * WITHIN >= tally.limits[places[0]]]
                signs = np.sign(activity[tally.target_rows[group]]).tolist()
                self._asker.many(group, signs, known, columns=columns)
                places = places[len(group) :]

    def _look_ahead(self) -> None:
        """What lies ahead: what costs nothing, and then the smallest first, as far as the budget goes."""
        self._cover_outsiders(reversed(self.tally.ahead), at_a_price=False)
        budget = self._pattern.budget()
        for place in self.tally.ahead:
            if self.tally.is_open(place):
                budget -= self._asker.within_budget(place, budget)
            if self.tally.is_open(place):
                self.tally.give_up(place)

    def _cover_insiders(self, worth: float, *, at_a_price: bool) -> None:
        """Tables that leave some insiders' cells alone, as long as they are worth it."""
        before, gaps = 0, self._gaps()
        while gaps > _FEW and (not before or gaps < before * (1 - worth) ** len(_SHARES)):
            for share in _SHARES:
                known = self._some_insiders(share)
                group = self._most_open_to(known)
                self._asker.many(group, self._signs(group), known, at_a_price=at_a_price)
            before, gaps = gaps, self._gaps()

    def _some_insiders(self, share: int) -> list[int]:
        """Those for whom something is open, by lot."""
        concerned = sorted({number for place in self.tally.order for number in self.tally.insiders_open_to(place)})
        return self._draw.sample(concerned, -(-len(concerned) // share))

    def _most_open_to(self, known: Sequence[int]) -> list[int]:
        """Targets that are open to many of these insiders, and are none of their own cells."""
        known_rows, numbers = {*self.tally.insider_rows[list(known)].tolist()}, {*known}
        open_ = {
            place: count
            for place in self.tally.order
            if int(self.tally.target_rows[place]) not in known_rows
            and (count := len(numbers.intersection(self.tally.insiders_open_to(place))))
        }
        best: list[int] = []
        for largest in range(0, len(open_), TOGETHER // 2):
            places = [*open_][largest:]
            limit = self.tally.limits[places[0]]
            group = [place for place in places if self.tally.limits[place] * WITHIN >= limit]
            drawn = sorted(group, key=lambda place: -open_[place] * self._draw.random())[:TOGETHER]
            best = max(best, drawn, key=lambda group: sum(open_[place] for place in group))
        return best

    def _signs(self, places: Sequence[int]) -> list[int]:
        return [self._draw.choice((1, -1)) for _ in places]

    def _gaps(self) -> int:
        return sum(self.tally.gaps(place) for place in self.tally.order)

    def _cover_for(self, place: int, known: Sequence[int]) -> None:
        """Covers a target for these insiders, together or apart."""
        for finer in FINER[: 2 if len(known) > 1 else 3]:
            before = self.tally.gaps(place)
            self._asker.many([place], [1], known, finer=finer)
            if self.tally.gaps(place) < before:
                return
        if len(known) > 1:
            for part in (known[: len(known) // 2], known[len(known) // 2 :]):
                if not {*part}.isdisjoint(self.tally.insiders_open_to(place)):
                    self._cover_for(place, part)
        else:
            self._cover_at_a_price(place, known[0])

    def _cover_at_a_price(self, place: int, number: int | None) -> None:
        """Makes confidential what must move so that the target can; raises ImpossibleError."""
        known = [] if number is None else [number]
        insider = None if number is None else self.tally.insider(number)
        if self._asker.one(place, known, self.tally.coverage.limit(place, number)):
            return
        limit = self._concede(place, number)
        if limit and not self._asker.one(place, known, limit):
            raise impossible(self.tally, self._measure, place, insider)

    def _concede(self, place: int, number: int | None) -> int:
        concession, limit = concede(self.rows, self.tally, self._asker.program, self._measure, place, number)
        self.concessions.append(concession)
        return limit


_TURNS: Final = 3
"""Tables for the same targets in other directions, until one of them brings nothing."""
