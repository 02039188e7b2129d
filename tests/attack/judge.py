"""Holds what the attacker finds against the secret truth: which unsafe cells of which release are recovered, or known too closely.

An insider is one trader: first with one cell of which it is the only contributor (the rule that a release is held to), then with all such
cells at once. What insiders and estimates tell without any release is not counted against the releases.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from tests.attack.attacker import Files, Mismatch, System, Vector
from tests.attack.history import Release
from tests.attack.truth import EVERYBODY, NOBODY, Place, Secret, secrets, shown
from tests.attack.worlds import World

OUTSIDE: Final = "outsider"
CELL: Final = "insider with one cell"
TRADER: Final = "insider with all its cells"


class Target(NamedTuple):
    """An unsafe cell in one measure."""

    release: int
    place: Place
    measure: int
    need: int
    vector: Vector


class Finding(NamedTuple):
    """A cell that is not protected; `width` is how far from the truth an estimate can be at most.

    `inevitable`: no release is to blame. The first one after which it was known told nothing of it: those before it were enough, be it that
    they had told it before the cell (or the insider's) was in any, be it that the new figures come with narrower estimates.
    """

    attacker: str
    who: str
    release: int
    place: Place
    measure: int
    need: int
    width: float
    recovered: bool
    inevitable: bool

    def __str__(self) -> str:
        what = "recovered" if self.recovered else f"known within {self.width:.1f}, need {self.need}"
        return f"{self.attacker} {self.who}: release {self.release} {'/'.join(self.place)} {('points', 'cents')[self.measure]} {what}"


@dataclass
class Score:
    """What is counted over worlds."""

    worlds: int = 0
    cells: int = 0
    unsafe: int = 0
    targets: int = 0
    questions: int = 0
    known_anyway: int = 0
    leaf: int = 0
    leaf_unsafe: int = 0
    leaf_hidden: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    bare: list[tuple[int, Place]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def hidden(self) -> float:
        """Percent of leaf value that is confidential."""
        return 100 * self.leaf_hidden / max(1, self.leaf)

    def failures(self, *attackers: str) -> list[Finding]:
        return [one for one in self.findings if one.attacker in (attackers or (OUTSIDE, CELL)) and not one.inevitable]

    def inevitable(self) -> list[Finding]:
        return [one for one in self.findings if one.attacker in (OUTSIDE, CELL) and one.inevitable]


def judge(world: World, releases: Sequence[Release], texts: Sequence[bytes], *, traders: bool = True) -> Score:
    """Attacks all releases of a world together."""
    truths = [secrets(world, one.period, one.vintages) for one in releases]
    files = Files(texts, [prior(world, one) for one in releases])
    score = Score(worlds=1)
    for number, truth in enumerate(truths):
        rows = files.rows[number]
        score.cells += len(truth)
        score.unsafe += sum(secret.unsafe for secret in truth.values())
        score.bare += [(number, place) for place, secret in truth.items() if secret.unsafe and not rows[place].hidden]
        for place, secret in truth.items():
            if place.leaf:
                score.leaf += secret.cents
                score.leaf_unsafe += secret.cents if secret.unsafe else 0
                score.leaf_hidden += secret.cents if rows[place].hidden else 0
    for measure in (0, 1):
        system = System(files, measure)
        score.mismatches += system.mismatches
        if not system.mismatches:
            _attack(system, truths, score, traders=traders)
    return score


def prior(world: World, release: Release) -> dict:
    found = {}
    for side, held in shown(world, release.period, release.vintages).items():
        points, cents = (sum(figure[measure] for figure in held.traders.values()) for measure in (0, 1))
        found[side] = (points, 0 if world.sources.get(side.block) == "ledger" else cents)
    return found


def _attack(system: System, truths: Sequence[dict[Place, Secret]], score: Score, *, traders: bool) -> None:
    targets = list(_targets(system, truths))
    score.targets += len(targets)
    if not targets:
        return
    search = Search(system, targets)
    lost: set[int] = set()
    earlier = Earlier(system)
    asked = [(OUTSIDE, "", [])] + [(CELL, _name(cells), cells) for cells in _single(system, truths)]
    if traders:
        asked += [(TRADER, who, cells) for who, cells in _whole(system, truths).items()]
    for attacker, who, cells in asked:
        vectors = [system.vector(release, place) for release, place in cells]
        own = set(cells)
        open_ = [number for number, one in enumerate(targets) if number not in lost and (one.release, one.place) not in own]
        score.questions += len(open_)
        for number, width in search.narrow(open_, vectors):
            target = targets[number]
            if Search.anyway(system, target, vectors):
                score.known_anyway += 1
                continue
            if attacker == OUTSIDE:
                lost.add(number)
            recovered = width < 1 - system.slack or system.determined(target.vector, vectors)
            inevitable = not _told(earlier, target, cells)
            score.findings.append(Finding(attacker, who, *target[:4], width, recovered, inevitable))


class Earlier:
    """What was known at some time: after so many releases, with the estimates of so many."""

    def __init__(self, system: System):
        self._system = system
        self._then: dict[tuple[int, int], System] = {}

    @property
    def releases(self) -> int:
        return len(self._system.files.rows)

    def knew(self, target: Target, cells: Sequence[tuple[int, Place]], releases: int, estimates: int) -> bool:
        """Whether the target was known too closely then by whoever knows these cells."""
        if (releases, estimates) not in self._then:
            self._then[releases, estimates] = System(self._system.files, self._system.measure, releases, estimates)
        then = self._then[releases, estimates]
        known = then.knows([then.vector(release, place) for release, place in cells])
        width, _ = then.widest(then.vector(target.release, target.place), known)
        return width < target.need - then.slack


def _told(earlier: Earlier, target: Target, cells: Sequence[tuple[int, Place]]) -> bool:
    """Whether it is the first release after which the target was known that told it, and not those before it alone."""
    newest = max([target.release, *(release for release, _ in cells)])
    for release in range(newest, earlier.releases):
        if earlier.knew(target, cells, release + 1, release + 1):
            return not earlier.knew(target, cells, release, release + 1)
    return True


def _targets(system: System, truths: Sequence[dict[Place, Secret]]) -> Iterator[Target]:
    seen = set()
    for release, truth in enumerate(truths):
        for place, secret in sorted(truth.items()):
            if secret.unsafe and (secret.points, secret.cents)[system.measure] > 0:
                vector = system.vector(release, place)
                need = max(1, secret.need[system.measure])
                if (mark := (place, vector.tobytes(), need)) not in seen:
                    seen.add(mark)
                    yield Target(release, place, system.measure, need, vector)


def _single(system: System, truths: Sequence[dict[Place, Secret]]) -> Iterator[list[tuple[int, Place]]]:
    """Each cell of one trader; of several releases with the same unknowns once."""
    seen = set()
    for release, truth in enumerate(truths):
        for place, secret in sorted(truth.items()):
            if len(secret.traders) == 1 and place.participant != EVERYBODY:
                mark = system.vector(release, place).tobytes()
                if mark not in seen:
                    seen.add(mark)
                    yield [(release, place)]


def _whole(system: System, truths: Sequence[dict[Place, Secret]]) -> dict[str, list[tuple[int, Place]]]:
    """All cells of which each trader is the only contributor."""
    found: dict[str, list[tuple[int, Place]]] = {}
    for release, truth in enumerate(truths):
        for place, secret in sorted(truth.items()):
            if len(secret.traders) == 1 and place.participant != EVERYBODY and not secret.traders[0].startswith(NOBODY):
                found.setdefault(secret.traders[0], []).append((release, place))
    return {who: cells for who, cells in found.items() if len(cells) > 1}


def _name(cells: Sequence[tuple[int, Place]]) -> str:
    return " ".join("/".join(place) for _, place in cells)


class Search:
    """Looks for alternative tables that protect all targets, and remembers every table that the solver has found."""

    def __init__(self, system: System, targets: Sequence[Target]):
        self.system = system
        self.matrix = np.array([one.vector for one in targets])
        self.needs = np.array([one.need for one in targets], dtype=float)
        self.tables = np.zeros((0, len(system.free)))
        self.reach = np.zeros((0, len(targets)))

    def narrow(self, open_: Sequence[int], known: Sequence[Vector]) -> Iterator[tuple[int, float]]:
        """Those targets that cannot be as far off as they need, and how far they can."""
        numbers = self.system.knows(known)
        todo = set(open_) - self._covered(known)
        before = 2 * len(todo)
        while 3 < len(todo) < 0.7 * before:
            before = len(todo)
            self._solve(np.array([1 - 2 * (number % 2) for number in sorted(todo)]) @ self.matrix[sorted(todo)], numbers)
            todo -= self._covered(known, newest=True)
        while todo:
            number = min(todo)
            width = self._solve(self.matrix[number], numbers)
            todo -= self._covered(known, newest=True)
            if number in todo:
                todo.remove(number)
                yield number, width

    def _solve(self, target: Vector, numbers: Sequence[int]) -> float:
        width, table = self.system.widest(target, numbers)
        self.tables = np.vstack([self.tables, table])
        self.reach = np.vstack([self.reach, np.abs(self.matrix @ table)])
        return width

    def _covered(self, known: Sequence[Vector], *, newest: bool = False) -> set[int]:
        tables, reach = (self.tables[-1:], self.reach[-1:]) if newest else (self.tables, self.reach)
        for cell in known:
            kept = np.abs(tables @ cell) <= self.system.slack
            tables, reach = tables[kept], reach[kept]
        if not len(tables):
            return set()
        return set(np.flatnonzero(reach.max(axis=0) >= self.needs - self.system.slack).tolist())

    @staticmethod
    def anyway(system: System, target: Target, known: Sequence[Vector]) -> bool:
        """Whether the estimates and what the insider knows are enough, without any release."""
        bare = System.__new__(System)
        bare.__dict__.update(system.__dict__)
        bare.equations, bare._solver, bare._insiders, bare._fixed, bare._costs = [], None, {}, set(), []
        return bare.widest(target.vector, bare.knows(known))[0] < target.need - system.slack
