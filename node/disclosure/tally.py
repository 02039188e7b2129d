"""What the witnesses found so far cover, for whom: kept with every witness, so that asking costs nothing.

A witness is a *table* here: moves by column of the system's rows. A table does not count any more once it is `dropped`,
because a row that it moves is to be published after all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ledger.statistics.targets import Coverage, Insider, Target, places_of
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
        self._dropped: frozenset[int] = frozenset()
        self._given_up: set[int] = set()
        self._open: dict[int, bool] = {}
        self._open_to: dict[int, int] = {}
        self._everybody = (1 << len(question.insiders)) - 1

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
        self._dropped = numbers
        self._forget()

    def is_open(self, place: int) -> bool:
        """Whether a target is not covered for those who know nothing, by the tables that still count."""
        if place not in self._open:
            self._open[place] = place not in self._given_up and not self.coverage.is_covered(place, self._dropped)
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
            self._open_to[place] = self.coverage.open_to(place, self._dropped) if asked else 0
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
        self._forget(np.flatnonzero(activity[self.target_rows]).tolist())

    def touching(self, closed: Integers) -> frozenset[int]:
        """Numbers of the tables that move one of these rows, among those that still count."""
        return frozenset(number for number, touched in enumerate(self._touched) if touched[closed].any()) - self._dropped

    def enough(self) -> list[tuple[tuple[int, int], ...]]:
        """Moves of enough tables, none of which can be left out; the longest are tried first."""
        moves = [self._rows.moves(table) for table in self.tables]
        serves: list[list[int]] = [[] for _ in moves]
        for place in range(self._asked):
            for found in self.coverage.found(place):
                serves[found.number].append(place)
        dropped = {*self._dropped}
        for number in sorted({*range(len(moves))} - dropped, key=lambda number: (-len(moves[number]), number)):
            without = dropped | {number}
            if all(
                self.coverage.is_covered(one, without) and not self.coverage.open_to(one, without) for one in serves[number]
            ):
                dropped.add(number)
        return [moves[number] for number in range(len(moves)) if number not in dropped]

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
