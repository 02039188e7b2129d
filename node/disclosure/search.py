"""Covers all targets of a system by witnesses, and makes cells confidential where there is none.

0. In the second measure, first of all, tables that do what those of the first do: their entries alone may move.
1. What costs nothing (`node.disclosure.covering`), near and then far; for those who know nothing also at the price of more
   confidential cells, many targets at once and then one by one.
2. What lies `ahead` (`node.disclosure.ahead`) likewise; at a price one by one, and given up where it would cost too much.
3. For insiders, each target by itself, in the whole trade.
4. The few that are left: each target for all its insiders, in halves, one by one, and then at a price; or a concession.

What is drawn is the same for the same figures.
"""

from collections.abc import Sequence

import numpy as np

from ledger.statistics.proposal import Concession
from ledger.statistics.targets import Question as Targets
from ledger.statistics.targets import Target
from node.disclosure.asking import FINER, WITHIN, Asker, Pattern
from node.disclosure.conceding import concede, impossible
from node.disclosure.covering import Covering
from node.disclosure.rows import Floats, Part, Rows
from node.disclosure.tally import Tally


class Search:
    """The search in one measure.

    Attributes:
        tally: targets, and what the tables found so far cover.
        concessions: proofs of what earlier releases make impossible to cover.
    """

    def __init__(
        self,
        rows: Rows,
        question: Targets,
        ahead: Sequence[Target],
        measure: int,
        price: Floats,
        pattern: Pattern,
        parts: Sequence[Part],
    ) -> None:
        self.rows = rows
        self.tally = Tally(rows, question, ahead)
        self.concessions: list[Concession] = []
        self._asker = Asker(rows, self.tally, price, pattern)
        self._covering = Covering(rows, self.tally, self._asker, parts, measure)
        self._measure = measure
        self._pattern = pattern

    @property
    def effort(self) -> int:
        """What was asked of the solver so far (`Program.effort`)."""
        return self._asker.program.effort

    def run(self, other: "Search | None" = None) -> None:
        """Until everything is covered; like an `other` measure's search, where there is one. Raises ImpossibleError."""
        if other is not None:
            self._follow(other)
        tally, covering = self.tally, self._covering
        covering.near(tally.order)
        covering.outsiders(tally.asked)
        covering.outsiders(tally.asked, at_a_price=True)
        for place in tally.asked:
            if tally.is_open(place):
                self._cover_at_a_price(place, None)
        self._look_ahead()
        covering.each(tally.asked)
        for place in tally.order:
            while tally.gaps(place):
                self._cover_for(place, tally.insiders_open_to(place))

    def recover(self, dropped: frozenset[int]) -> bool:
        """Whether everything can be covered without these tables either, under the pattern as it is; they count no more.

        Tables found on the way stay, also where they are not enough.
        """
        self.tally.dropped |= dropped
        lost = [place for place in self.tally.order if self.tally.gaps(place)]
        self._covering.near(lost)
        self._covering.outsiders(lost)
        return not any(self.tally.is_open(place) for place in lost) and self._covering.each(lost)

    def _follow(self, other: "Search") -> None:
        """Tables that do in this measure what another's do: the same entries move the same way, and the same cells stay."""
        tally, column_of = self.tally, self.rows.column_of
        for moves in other.tally.enough():
            table = np.zeros(len(self.rows.columns), dtype=np.int64)
            for place, move in moves:
                if place in column_of:
                    table[column_of[place]] = move
            part = self.rows.part(np.flatnonzero(table))
            touching = self.rows.activity(np.abs(table)) != 0
            activity = self.rows.activity(table)
            known = np.flatnonzero(touching[tally.insider_rows] & (activity[tally.insider_rows] == 0)).tolist()
            reached = {*np.flatnonzero(activity[tally.target_rows]).tolist()}
            places = [place for place in tally.order if place in reached and tally.gaps(place)]
            while places:
                group = [place for place in places if tally.limits[place] * WITHIN >= tally.limits[places[0]]]
                signs = np.sign(activity[tally.target_rows[group]]).tolist()
                self._asker.many(group, signs, known, part=part)
                places = places[len(group) :]

    def _look_ahead(self) -> None:
        """What lies ahead: what costs nothing, and then the smallest first, as far as the budget goes."""
        self._covering.outsiders(reversed(self.tally.ahead))
        budget = self._pattern.budget()
        for place in self.tally.ahead:
            if self.tally.is_open(place):
                budget -= self._asker.within_budget(place, budget)
            if self.tally.is_open(place):
                self.tally.give_up(place)

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
