"""What the witnesses of a release must show, and whether they do: every unsafe cell of every release, against outsiders and
insiders.

1. A *target* is an unsafe cell of a release in one measure. It is covered by a witness that moves it as far as
   `model.required` asks.
2. An *insider* is the only trader of a cell and knows its figure. Every target must be covered for every insider: by some
   witness that leaves the insider's cell alone. What an insider knows without any release is not asked for.
3. The same cell of several releases, made up by the same variables, is one target with the largest need, and one insider.

4. What earlier releases already tell of a target cannot be taken back. A *concession* proves how far it can be off at most
   (`proven_reach`); with it, that is what is left to cover, as if estimates were so good.

All in integers. Witnesses of one measure say nothing of the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from ledger.statistics.model import System, required
from ledger.statistics.tables import WORLD, Cell, Need

Needs = Sequence[Mapping[Cell, Need]]
"""By release, its unsafe cells (`ledger.statistics.unsafe`)."""

Variables: TypeAlias = tuple[int, ...]

_ALONE: Final = 1


class Target(NamedTuple):
    """An unsafe cell of a release, the variables that move it, and how far it must be moved."""

    release: int
    cell: Cell
    moved: tuple[int, ...]
    need: int


class Insider(NamedTuple):
    """A cell of one trader and the variables that move it."""

    cell: Cell
    moved: tuple[int, ...]


class Found(NamedTuple):
    """A witness for a target: its number, how far it moves the target, and which insiders' cells it moves (a bit each)."""

    number: int
    moved: int
    touched: int


class Gap(NamedTuple):
    """A target that is not covered: for somebody who knows nothing, or for an insider; how far it is moved, and should be."""

    target: Target
    insider: Insider | None
    given: int
    limit: int


@dataclass(frozen=True, slots=True)
class Question:
    """All targets and insiders of one measure."""

    system: System
    targets: tuple[Target, ...]
    insiders: tuple[Insider, ...]


def ask(system: System, needs: Needs, measure: int) -> Question:
    """The targets and insiders of all releases, each in the order in which it first occurs."""
    targets: dict[tuple[int, ...], Target] = {}
    insiders: dict[tuple[int, ...], Insider] = {}
    for release, (cells, unsafe) in enumerate(zip(system.releases, needs, strict=True)):
        for cell, need in unsafe.items():
            moved = cells.get(cell)
            if moved is None:
                continue
            figure = (need.points, need.cents)[measure]
            if moved not in targets or targets[moved].need < figure:
                targets[moved] = Target(release, cell, moved, figure)
            if need.traders <= _ALONE and cell.participant != WORLD:
                insiders.setdefault(moved, Insider(cell, moved))
    return Question(system, tuple(targets.values()), tuple(insiders.values()))


class Coverage:
    """Which targets the witnesses taken so far cover, for whom.

    Targets and insiders are named by their places in the question.

    Attributes:
        question: the targets and insiders.
    """

    __slots__ = ("_columns", "_conceded", "_found", "_insiders", "_limits", "_sharing", "_taken", "question")

    def __init__(self, question: Question) -> None:
        self.question = question
        self._taken = 0
        self._conceded: dict[tuple[int, int | None], int] = {}
        self._limits: dict[tuple[int, int | None], int] = {}
        self._found: list[list[Found]] = [[] for _ in question.targets]
        self._columns: dict[int, list[int]] = {}
        self._insiders: dict[int, list[int]] = {}
        for place, target in enumerate(question.targets):
            for variable in target.moved:
                self._columns.setdefault(variable, []).append(place)
        for number, insider in enumerate(question.insiders):
            for variable in insider.moved:
                self._insiders.setdefault(variable, []).append(number)
        self._sharing: dict[int, int] = {}

    def take(self, moves: Iterable[tuple[int, int]]) -> None:
        """Another witness; that it fits everything published is the caller's to know."""
        reached: dict[int, int] = {}
        known: dict[int, int] = {}
        for variable, move in moves:
            for place in self._columns.get(variable, ()):
                reached[place] = reached.get(place, 0) + move
            for number in self._insiders.get(variable, ()):
                known[number] = known.get(number, 0) + move
        touched = 0
        for number, total in known.items():
            if total:
                touched |= 1 << number
        for place, total in reached.items():
            if total:
                self._found[place].append(Found(self._taken, abs(total), touched))
        self._taken += 1

    def concede(self, place: int, number: int | None, reach: int) -> None:
        """Earlier releases prove that a target cannot be off by more than `reach` for this insider, or for anybody."""
        self._conceded[place, number] = min(reach, self._conceded.get((place, number), reach))
        self._limits.clear()

    def limit(self, place: int, number: int | None = None) -> int:
        """How far the target at this place must be moved for the insider, or for everybody else."""
        if (place, number) not in self._limits:
            self._limits[place, number] = self._limit(place, number)
        return self._limits[place, number]

    def _limit(self, place: int, number: int | None) -> int:
        target, system = self.question.targets[place], self.question.system
        insider = None if number is None else self.question.insiders[number]
        reach = system.reach(target.moved) if insider is None else system.reach_beside(target.moved, insider.moved)
        reach = min(reach, self._conceded.get((place, None), reach), self._conceded.get((place, number), reach))
        return required(target.need, reach)

    def gaps(self, place: int, without: AbstractSet[int] = frozenset()) -> list[Gap]:
        """For whom the target at this place is not covered, `without` some witnesses; nobody, if the list is empty."""
        target = self.question.targets[place]
        found = [one for one in self._found[place] if one.number not in without]
        if not self.is_covered(place, without):
            return [Gap(target, None, max((one.moved for one in found), default=0), self.limit(place))]
        return [
            Gap(target, self.question.insiders[number], _most(found, number), self.limit(place, number))
            for number in places_of(self.open_to(place, without))
        ]

    def is_covered(self, place: int, without: AbstractSet[int] = frozenset()) -> bool:
        """Whether the target at this place is covered for those who know nothing."""
        limit = self.limit(place)
        return not limit or any(one.moved >= limit for one in self._found[place] if one.number not in without)

    def open_to(self, place: int, without: AbstractSet[int] = frozenset()) -> int:
        """The insiders for whom the target at this place is not covered, a bit each."""
        found = [one for one in self._found[place] if one.number not in without]
        limit = self.limit(place)
        if not limit:
            return 0
        bits = (1 << len(self.question.insiders)) - 1
        for one in found:
            if one.moved >= limit:
                bits &= one.touched
        for number in places_of(bits & self.special(place)):
            if _most(found, number) >= self.limit(place, number):
                bits ^= 1 << number
        return bits

    def special(self, place: int) -> int:
        """The insiders whose limit may be their own, a bit each: they know of the target's own entries, or it is conceded."""
        if place not in self._sharing:
            self._sharing[place] = 0
            for variable in self.question.targets[place].moved:
                for number in self._insiders.get(variable, ()):
                    self._sharing[place] |= 1 << number
        bits = self._sharing[place]
        for conceded, whom in self._conceded:
            if conceded == place and whom is not None:
                bits |= 1 << whom
        return bits


def _most(found: Iterable[Found], number: int) -> int:
    """How far witnesses that leave the insider's cell alone move a target."""
    return max((one.moved for one in found if not one.touched >> number & 1), default=0)


def places_of(bits: int) -> Iterable[int]:
    """Places of the bits that are set, ascending."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def proven_reach(system: System, target: Variables, weights: Iterable[tuple[Variables, int]], divisor: int) -> int:
    """How far a target can move at most, if cells that cannot move, weighed and added up, are nearly it.

    For each table that leaves these cells alone, the target moves by what it differs from their weighed sum, and by no more
    than the bounds of those variables allow.
    """
    rest = dict.fromkeys(target, divisor)
    for moved, weight in weights:
        for place in moved:
            rest[place] = rest.get(place, 0) - weight
    return sum(abs(part) * system.bounds[place] for place, part in rest.items()) // divisor
