"""Covers targets by tables while what is confidential stays as it is.

1. Near: in one part of the trade after the other (`node.disclosure.near`), a few targets at once, by tables that spare the
   insiders for whom they are open; then those that are left for few of them, one by one, by tables that leave these alone.
   Most targets are covered so, in milliseconds each, by short tables.
2. Far: hundreds at once in the whole trade, for those who know nothing.
3. Each by itself, in the whole trade: for all insiders that are left at once, and where there is no such table, for as many as
   can be. Tables for many targets and many insiders at once would be fewer, but take longer and move more.

A table *leaves alone* what it must not move, and *spares* what it had better not move. How many gaps a table closes says
whether there will be more of its kind.
"""

import random
from collections.abc import Iterable, Sequence
from typing import Final

from ledger.statistics.targets import places_of
from node.disclosure.asking import WITHIN, Asker
from node.disclosure.program import LARGE
from node.disclosure.rows import Part, Rows
from node.disclosure.tally import Tally

TOGETHER: Final = 64
TOGETHER_IN_LARGE: Final = 300
"""Targets of one table; with more, the solver turns in circles, unless the program is so large that it is done otherwise."""

_FEW: Final = 16
"""Targets of a table of a part of the trade, and the gaps that it should close."""

_MISSES: Final = 2
"""Tables that close less, until the next part is taken."""

_TRIES: Final = 3
"""Parts in which a target that few insiders know of is tried by itself, in vain."""

_TURNS: Final = 3
"""Tables for the same targets in other directions, until one of them brings nothing."""


class Covering:
    """What covers targets for free."""

    def __init__(self, rows: Rows, tally: Tally, asker: Asker, parts: Sequence[Part], seed: int) -> None:
        self._rows = rows
        self._tally = tally
        self._asker = asker
        self._parts = parts
        self._together = TOGETHER_IN_LARGE if len(rows.columns) >= LARGE else TOGETHER
        self._draw = random.Random(seed)  # noqa: S311 - which targets are tried together; nothing secret

    def near(self, places: Sequence[int]) -> None:
        """In one part of the trade after the other, the smallest parts first."""
        tally, tries = self._tally, dict.fromkeys(places, 0)
        for part in self._parts:
            reach = part.reach(self._rows)
            left = [place for place in places if tally.gaps(place)]
            able = [place for place in left if tally.limits[place] <= reach[tally.target_rows[place]]]
            misses = 0
            while misses < _MISSES and able:
                misses = 0 if self.spare(self._few(able), part) >= _FEW else misses + 1
            for place in able:
                if tally.gaps(place) and not tally.is_open(place) and tries[place] < _TRIES:
                    tries[place] += not self.leave_alone(place, part)

    def outsiders(self, places: Iterable[int], *, at_a_price: bool = False) -> None:
        """Many targets at once, those first that must move furthest, until none of those that are left is moved."""
        tally = self._tally
        pending = [place for place in places if tally.is_open(place)]
        while pending:
            largest = tally.limits[pending[0]]
            group = [place for place in pending if tally.limits[place] * WITHIN >= largest][: self._together]
            for _ in range(_TURNS):
                self.spare(group, at_a_price=at_a_price)
                left = [place for place in group if tally.is_open(place)]
                if len(left) in (0, len(group)):
                    break
                group = left
            done = {*group}
            pending = [place for place in pending if place not in done and tally.is_open(place)]

    def each(self, places: Iterable[int]) -> bool:
        """One target after the other; whether all are covered."""
        done = True
        for place in places:
            while self._tally.gaps(place) and (self.leave_alone(place) or self.spare([place])):
                pass
            done = done and not self._tally.gaps(place)
        return done

    def leave_alone(self, place: int, part: Part | None = None) -> bool:
        """A table for one target that leaves all insiders alone for whom it is open; whether it closes a gap."""
        before = self._tally.gaps(place)
        row = self._tally.target_rows[place]
        known = [number for number in self._lacking([place]) if self._tally.insider_rows[number] != row]
        self._asker.many([place], [1], known, part=part)
        return self._tally.gaps(place) < before

    def spare(self, group: Sequence[int], part: Part | None = None, *, at_a_price: bool = False) -> int:
        """A table for these targets that spares the insiders for whom they are open; how many gaps it closes."""
        before = sum(map(self._weight, group))
        moved = {*self._tally.target_rows[list(group)].tolist()}
        spared = [number for number in self._lacking(group) if int(self._tally.insider_rows[number]) not in moved]
        signs = [self._draw.choice((1, -1)) for _ in group]
        self._asker.many(group, signs, spared=spared, part=part, at_a_price=at_a_price)
        return before - sum(map(self._weight, group))

    def _few(self, places: Sequence[int]) -> list[int]:
        """A few targets with gaps, of limits that are within a factor of `WITHIN`."""
        tally = self._tally
        weights = {place: weight for place in places if (weight := self._weight(place))}
        if not weights:
            return []
        most = tally.limits[self._draw.choice([*weights])]
        group = [place for place in weights if tally.limits[place] <= most <= tally.limits[place] * WITHIN]
        return sorted(group, key=lambda place: -weights[place] * self._draw.random())[:_FEW]

    def _lacking(self, places: Iterable[int]) -> list[int]:
        """Insiders for whom one of these targets is open."""
        bits = 0
        for place in places:
            bits |= self._tally.lacks(place)
        return [*places_of(bits)]

    def _weight(self, place: int) -> int:
        return self._tally.lacks(place).bit_count() + self._tally.is_open(place)
