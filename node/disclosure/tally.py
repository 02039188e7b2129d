"""What the witnesses found so far cover, for whom: kept with every witness, so that asking costs nothing.

A witness is a *table* here: moves by column of the system's rows. A table does not count any more once it is `dropped`,
because a row that it moves is to be published after all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ledger.statistics.targets import Coverage, Found, Insider, Target, places_of
from ledger.statistics.targets import Question as Targets
from node.disclosure.rows import Integers, Rows


class Tally:
    """Targets, insiders and tables of one measure.

    Attributes:
        coverage: what all tables cover, dropped ones too.
        tables: the witnesses found so far.
        limits: by target, how far it must be moved for everybody who knows nothing.
        order: places of all targets, those that must be moved furthest first.
        target_rows: by target, its row.
        insider_rows: by insider, the row of its cell.
    """

    def __init__(self, rows: Rows, question: Targets, ahead: Sequence[Target]) -> None:
        """Of what is asked, and of what lies `ahead`: that, for outsiders alone."""
        self._rows = rows
        known = {one.moved for one in question.targets}
        self._asked = len(question.targets)
        further = tuple(one for one in ahead if one.moved not in known)
        self.coverage = Coverage(replace(question, targets=(*question.targets, *further)))
        question = self.coverage.question
        self.tables: list[Integers] = []
        self.limits = [self.coverage.limit(place) for place in range(len(question.targets))]
        self.order = sorted(range(len(self.limits)), key=lambda place: (-self.limits[place], place))
        self.target_rows: Integers = np.array([rows.row(target.moved) for target in question.targets], dtype=np.int64)
        self.insider_rows: Integers = np.array([rows.row(insider.moved) for insider in question.insiders], dtype=np.int64)
        self._touched: list[NDArray[np.bool_]] = []
        self._serves: list[list[int]] = []
        self._counting: list[list[Found]] = [[] for _ in question.targets]
        self._dropped: frozenset[int] = frozenset()
        self._given_up: set[int] = set()
        self._open: dict[int, bool] = {}
        self._open_to: dict[int, int] = {}
        self._everybody = (1 << len(question.insiders)) - 1
        knowing: dict[int, int] = {}
        for number, row in enumerate(self.insider_rows.tolist()):
            knowing[row] = knowing.get(row, 0) | 1 << number
        self._own = [knowing.get(row, 0) for row in self.target_rows.tolist()]

    @property
    def asked(self) -> list[int]:
        """Targets that must be covered, in their order."""
        return [place for place in self.order if place < self._asked]

    @property
    def ahead(self) -> list[int]:
        """Targets that had better be covered, the smallest first."""
        return [place for place in reversed(self.order) if place >= self._asked]

    @property
    def dropped(self) -> frozenset[int]:
        """Numbers of the tables that do not count any more."""
        return self._dropped

    @dropped.setter
    def dropped(self, numbers: frozenset[int]) -> None:
        changed = {place for number in numbers ^ self._dropped for place in self._serves[number]}
        self._dropped = numbers
        for place in changed:
            self._counting[place] = [one for one in self.coverage.found(place) if one.number not in numbers]
        self._forget(changed)

    def is_open(self, place: int) -> bool:
        """Whether a target is not covered for those who know nothing, by the tables that still count."""
        if place not in self._open:
            limit = self.coverage.limit(place)
            covered = not limit or any(one.moved >= limit for one in self._counting[place])
            self._open[place] = place not in self._given_up and not covered
        return self._open[place]

    def insiders_open_to(self, place: int) -> list[int]:
        """The insiders for whom a target is not covered, if it is for those who know nothing."""
        return [*places_of(self._bits(place))]

    def lacks(self, place: int) -> int:
        """The insiders for whom a target is not covered, a bit each; all of them, if it is covered for nobody."""
        if place >= self._asked:
            return 0
        return self._everybody if self.is_open(place) else self._bits(place)

    def gaps(self, place: int) -> int:
        """For how many a target is not covered: those who know nothing are one."""
        return 1 if self.is_open(place) else self._bits(place).bit_count()

    def _bits(self, place: int) -> int:
        if place not in self._open_to:
            asked = place < self._asked and not self.is_open(place)
            self._open_to[place] = self._open_bits(place, self._counting[place]) if asked else 0
        return self._open_to[place]

    def insider(self, number: int) -> Insider:
        """The insider of this number."""
        return self.coverage.question.insiders[number]

    def take(self, table: Integers) -> None:
        """Another table."""
        activity = self._rows.activity(table)
        self.tables.append(table)
        self._touched.append(activity != 0)
        self.coverage.take(self._rows.moves(table))
        self._serves.append(np.flatnonzero(activity[self.target_rows]).tolist())
        for place in self._serves[-1]:
            last = self.coverage.found(place)[-1]
            self._counting[place].append(last)
            if place in self._open_to and self._open.get(place) is False and last.moved >= self.coverage.limit(place):
                self._open_to[place] &= last.touched
            else:
                self._forget([place])

    def touching(self, closed: Integers) -> frozenset[int]:
        """Numbers of the tables that move one of these rows, among those that still count."""
        return frozenset(number for number, touched in enumerate(self._touched) if touched[closed].any()) - self._dropped

    def enough(self) -> list[tuple[tuple[int, int], ...]]:
        """Moves of enough tables, none of which can be left out; the longest are tried first."""
        useful = self._useful()
        counting = [[one for one in found if one.number in useful] for found in self._counting]
        moves = {number: self._rows.moves(self.tables[number]) for number in sorted(useful)}
        for number in sorted(moves, key=lambda number: (-len(moves[number]), number)):
            places = [place for place in self._serves[number] if place < self._asked]
            if all(self._holds(place, counting[place], number) for place in places):
                del moves[number]
                for place in places:
                    counting[place] = [one for one in counting[place] if one.number != number]
        return [*moves.values()]

    def _useful(self) -> set[int]:
        """Numbers of the tables that covered a target for somebody when they were found; they are enough."""
        found: dict[int, list[tuple[int, Found]]] = {}
        for place in range(self._asked):
            for one in self._counting[place]:
                if one.moved >= self.coverage.limit(place):
                    found.setdefault(one.number, []).append((place, one))
        left, useful = dict[int, int](), set[int]()
        for number in sorted(found):
            after = {place: left.get(place, self._everybody) & one.touched for place, one in found[number]}
            if any(place not in left or bits != left[place] for place, bits in after.items()):
                left |= after
                useful.add(number)
        for place in range(self._asked):
            if not self._holds(place, [one for one in self._counting[place] if one.number in useful]):
                useful |= {one.number for one in self._counting[place]}
        return useful

    def _holds(self, place: int, found: Sequence[Found], without: int = -1) -> bool:
        """Whether a target is covered for all by these tables, or by these but one."""
        limit = self.coverage.limit(place)
        if limit and not any(one.moved >= limit and one.number != without for one in found):
            return False
        return not self._open_bits(place, found, without)

    def _open_bits(self, place: int, found: Sequence[Found], without: int = -1) -> int:
        """As `Coverage.open_to`, of these tables alone, without one of them."""
        limit = self.coverage.limit(place)
        bits = self._everybody & ~self._own[place] if limit else 0
        special = self.coverage.special(place)
        for one in found:
            if not bits & ~special:
                break
            if one.moved >= limit and one.number != without:
                bits &= one.touched
        for number in places_of(bits & special):
            least = self.coverage.limit(place, number)
            if not least or any(
                one.moved >= least and not one.touched >> number & 1 and one.number != without for one in found
            ):
                bits ^= 1 << number
        return bits

    def concede(self, place: int, number: int | None, reach: int) -> int:
        """Takes what a concession proves; how far the target is to be moved then."""
        self.coverage.concede(place, number, reach)
        self.limits[place] = min(self.limits[place], self.coverage.limit(place))
        self._forget()
        return self.coverage.limit(place, number)

    def give_up(self, place: int) -> None:
        """A target that lies ahead is not asked for any more."""
        self._given_up.add(place)
        self._forget([place])

    def _forget(self, places: Iterable[int] | None = None) -> None:
        """What was found out of these targets, or of all, may not be so any more."""
        for place in range(len(self.limits)) if places is None else places:
            self._open.pop(place, None)
            self._open_to.pop(place, None)
