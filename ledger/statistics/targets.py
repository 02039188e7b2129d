"""What the witnesses of a release must show, and whether they do: every unsafe cell of every release, against outsiders and
insiders.

1. A *target* is an unsafe cell of a release in one measure. It is covered by a witness that moves it as far as
   `model.required` asks.
2. An *insider* is the only trader of a cell and knows its figure. Every target must be covered for every insider: by some
   witness that leaves the insider's cell alone. What an insider knows without any release is not asked for.
3. The same cell of several releases, made up by the same variables, is one target with the largest need, and one insider.

All in integers. Witnesses of one measure say nothing of the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.statistics.model import System, required
from ledger.statistics.tables import WORLD, Cell, Need

Needs = Sequence[Mapping[Cell, Need]]
"""By release, its unsafe cells (`ledger.statistics.unsafe`)."""

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

    Attributes:
        question: the targets and insiders.
    """

    __slots__ = ("_columns", "_found", "_insiders", "_taken", "question")

    def __init__(self, question: Question) -> None:
        self.question = question
        self._taken = 0
        self._found: list[list[Found]] = [[] for _ in question.targets]
        self._columns: dict[int, list[int]] = {}
        self._insiders: dict[int, list[int]] = {}
        for place, target in enumerate(question.targets):
            for variable in target.moved:
                self._columns.setdefault(variable, []).append(place)
        for place, insider in enumerate(question.insiders):
            for variable in insider.moved:
                self._insiders.setdefault(variable, []).append(place)

    def take(self, moves: Iterable[tuple[int, int]]) -> None:
        """Another witness; that it fits everything published is the caller's to know."""
        reached: dict[int, int] = {}
        known: dict[int, int] = {}
        for variable, move in moves:
            for place in self._columns.get(variable, ()):
                reached[place] = reached.get(place, 0) + move
            for place in self._insiders.get(variable, ()):
                known[place] = known.get(place, 0) + move
        touched = 0
        for place, total in known.items():
            if total:
                touched |= 1 << place
        for place, total in reached.items():
            if total:
                self._found[place].append(Found(self._taken, abs(total), touched))
        self._taken += 1

    def found(self, place: int) -> Sequence[Found]:
        """The witnesses that move the target at this place."""
        return self._found[place]

    def gaps(self, place: int, without: AbstractSet[int] = frozenset()) -> list[Gap]:
        """For whom the target at this place is not covered, `without` some witnesses; nobody, if the list is empty."""
        target, system = self.question.targets[place], self.question.system
        found = [one for one in self._found[place] if one.number not in without]
        limit = required(target.need, system.reach(target.moved))
        best = max((one.moved for one in found), default=0)
        if best < limit:
            return [Gap(target, None, best, limit)]
        open_ = (1 << len(self.question.insiders)) - 1
        for one in found:
            if one.moved >= limit:
                open_ &= one.touched
        return [gap for insider in _places(open_) if (gap := self._gap(target, found, insider)) is not None]

    def _gap(self, target: Target, found: Sequence[Found], place: int) -> Gap | None:
        insider = self.question.insiders[place]
        reach = self.question.system.reach_beside(target.moved, insider.moved)
        limit = required(target.need, reach)
        best = max((one.moved for one in found if not one.touched >> place & 1), default=0)
        return Gap(target, insider, best, limit) if best < limit else None


def _places(bits: int) -> Iterable[int]:
    """Places of the bits that are set, ascending."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
