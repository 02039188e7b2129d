"""What the witnesses found so far cover, for whom: kept with every witness, so that asking costs nothing.

A witness is a *table* here: moves by column of the system's rows. A table does not count any more once it is `dropped`,
because a row that it moves is to be published after all.

For whom a target is to be covered is a number with a bit for each insider, and one more for those who know nothing; so is what
a table covers of it. What is left is what no table that counts covers.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ledger.statistics.targets import Coverage, Insider, Target, places_of
from ledger.statistics.targets import Question as Targets
from node.disclosure.rows import Integers, Rows


class Tally:
    """Targets, insiders and tables of one measure.

    Attributes:
        coverage: how far each target must be moved, for whom.
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
        self._dropped: frozenset[int] = frozenset()
        self._insiders = (1 << len(question.insiders)) - 1
        self._outsiders = self._insiders + 1
        self._own: list[dict[int, int]] = [{} for _ in self.limits]
        """By target, the insiders whose limit may be their own, and that."""
        self._wanted = [self._whom(place) for place in range(len(self.limits))]
        self._covered: list[dict[int, int]] = [{} for _ in self.limits]
        """By target, what each table covers of it."""
        self._left = [*self._wanted]

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
        changed = numbers ^ self._dropped
        self._dropped = numbers
        for place, covered in enumerate(self._covered):
            if not changed.isdisjoint(covered):
                self._count(place)

    def is_open(self, place: int) -> bool:
        """Whether a target is not covered for those who know nothing, by the tables that still count."""
        return self._left[place] >= self._outsiders

    def insiders_open_to(self, place: int) -> list[int]:
        """The insiders for whom a target is not covered, if it is for those who know nothing."""
        return [] if self.is_open(place) else [*places_of(self._left[place])]

    def lacks(self, place: int) -> int:
        """The insiders for whom a target is not covered, a bit each."""
        return self._left[place] & self._insiders

    def gaps(self, place: int) -> int:
        """For how many a target is not covered: those who know nothing are one."""
        return 1 if self.is_open(place) else self._left[place].bit_count()

    def insider(self, number: int) -> Insider:
        """The insider of this number."""
        return self.coverage.question.insiders[number]

    def take(self, table: Integers) -> None:
        """Another table."""
        number, activity = len(self.tables), self._rows.activity(table)
        self.tables.append(table)
        self._touched.append(activity != 0)
        moved, alone = np.abs(activity[self.target_rows]), self._alone(number)
        for place in np.flatnonzero(moved).tolist():
            if bits := self._covers(place, int(moved[place]), alone):
                self._covered[place][number] = bits
                self._left[place] &= ~bits

    def touching(self, closed: Integers) -> frozenset[int]:
        """Numbers of the tables that move one of these rows, among those that still count."""
        return frozenset(number for number, touched in enumerate(self._touched) if touched[closed].any()) - self._dropped

    def enough(self) -> list[tuple[tuple[int, int], ...]]:
        """Moves of enough tables, none of which can be left out; the longest are tried first."""
        moves = {number: self._rows.moves(table) for number, table in enumerate(self.tables) if number not in self._dropped}
        order = sorted(moves, key=lambda number: (-len(moves[number]), number))
        serves: dict[int, list[int]] = {number: [] for number in order}
        for place, covered in enumerate(self._covered[: self._asked]):
            for number in covered.keys() & serves.keys():
                serves[number].append(place)
        after: list[list[int]] = [[0] for _ in range(self._asked)]
        for number in reversed(order):
            for place in serves[number]:
                after[place].append(after[place][-1] | self._covered[place][number])
        kept = [0] * self._asked
        for number in order:
            for place in serves[number]:
                after[place].pop()
            if all(self._wanted[place] & ~(kept[place] | after[place][-1]) == self._left[place] for place in serves[number]):
                del moves[number]
            else:
                for place in serves[number]:
                    kept[place] |= self._covered[place][number]
        return [*moves.values()]

    def concede(self, place: int, number: int | None, reach: int) -> int:
        """Takes what a concession proves; how far the target is to be moved then."""
        self.coverage.concede(place, number, reach)
        self.limits[place] = min(self.limits[place], self.coverage.limit(place))
        self._wanted[place] = self._whom(place)
        row, self._covered[place] = self.target_rows[place], {}
        for table in np.flatnonzero([touched[row] for touched in self._touched]).tolist():
            moved = abs(int(self.tables[table][self._rows.moved[row]].sum()))
            if bits := self._covers(place, moved, self._alone(table)):
                self._covered[place][table] = bits
        self._count(place)
        return self.coverage.limit(place, number)

    def give_up(self, place: int) -> None:
        """A target that lies ahead is not asked for any more."""
        self._wanted[place] = self._left[place] = 0

    def _whom(self, place: int) -> int:
        """For whom a target is to be covered."""
        if not self.coverage.limit(place):
            return 0
        if place >= self._asked:
            return self._outsiders
        bits = self._outsiders | self._insiders
        self._own[place] = {number: self.coverage.limit(place, number) for number in places_of(self.coverage.special(place))}
        for number, limit in self._own[place].items():
            if not limit:
                bits ^= 1 << number
        return bits

    def _alone(self, number: int) -> int:
        """The insiders whose cells a table leaves alone."""
        packed = np.packbits(~self._touched[number][self.insider_rows], bitorder="little")
        return int.from_bytes(packed.tobytes(), "little")

    def _covers(self, place: int, moved: int, alone: int) -> int:
        """What a table covers of a target that it moves so far, while it leaves these insiders' cells alone."""
        bits = alone | self._outsiders if moved >= self.limits[place] else 0
        for number, limit in self._own[place].items():
            if (moved >= limit) != (moved >= self.limits[place]):
                bits ^= alone & 1 << number
        return bits & self._wanted[place]

    def _count(self, place: int) -> None:
        """What is left of a target, by all tables that count."""
        left = self._wanted[place]
        for number, bits in self._covered[place].items():
            if number not in self._dropped:
                left &= ~bits
        self._left[place] = left
