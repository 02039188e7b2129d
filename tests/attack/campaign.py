"""Many worlds: publishes each with the product, attacks what was published, and adds up."""

import itertools
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from tests.attack.attacker import Files
from tests.attack.judge import CELL, OUTSIDE, TRADER, Score, judge, prior
from tests.attack.late import Told, told
from tests.attack.product import publish
from tests.attack.worlds import RECIPES, make

MOST_HIDDEN: Final = 2.5
"""Percent of leaf value that may be confidential, in calibrated worlds."""
CALIBRATED: Final = ("calibrated", "revised")


@dataclass
class Result:
    """One world; `refused` is why a release of it could not be published."""

    kind: str
    seed: int
    score: Score
    late: list[Told] = field(default_factory=list)
    refused: str = ""
    propose: float = 0.0
    verify: float = 0.0
    attack: float = 0.0

    def failures(self) -> list[str]:
        """What must not be."""
        said = [str(one) for one in self.score.failures(OUTSIDE, CELL)]
        said += [f"not confidential: {number} {'/'.join(place)}" for number, place in self.score.bare]
        said += [f"another figure: {one}" for one in self.score.mismatches]
        said += [f"a late record is told: {one}" for one in self.late]
        said += [f"no release: {self.refused}"] if self.refused else []
        return [f"{self.kind} {self.seed}: {one}" for one in said]


def play(kind: str, seed: int) -> Result:
    """Publishes and attacks one world."""
    world = make(kind, seed)
    try:
        played = publish(world)
    except Exception as error:  # noqa: BLE001 - whatever keeps a world from being published is a finding
        return Result(kind, seed, Score(worlds=1), refused=f"{type(error).__name__}: {error}")
    started = time.process_time()
    score = judge(world, played.releases, played.texts)
    files = Files(played.texts, [prior(world, one) for one in played.releases])
    late = told(world, played.releases, files)
    spent = time.process_time() - started
    return Result(
        kind, seed, score, late, "", sum(one for one, _ in played.seconds), sum(one for _, one in played.seconds), spent
    )


def chosen(count: int, seed: int, kinds: Iterable[str] = RECIPES, step: int = 1) -> list[tuple[str, int]]:
    """So many worlds, of all kinds in turn; seeds from the first one on, in such steps."""
    names = sorted(kinds)
    return [(names[number % len(names)], seed + step * (number // len(names))) for number in range(count)]


def campaign(worlds: list[tuple[str, int]], jobs: int = 1) -> Iterator[Result]:
    """The results, in order."""
    if jobs == 1:
        yield from itertools.starmap(play, worlds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(play, *zip(*worlds, strict=True))


def table(results: Iterable[Result]) -> list[str]:
    """A line a kind, then the sums."""
    by: dict[str, list[Result]] = {}
    for one in results:
        by.setdefault(one.kind, []).append(one)
    head = f"{'kind':15}{'worlds':>7}{'cells':>8}{'unsafe':>8}{'questions':>11}{'recovered':>10}{'below':>7}{'by one cell':>12}"
    lines = [
        head
        + f"{'by trader':>10}{'anyway':>8}{'late':>6}{'unsafe %':>9}{'hidden %':>9}{'propose s':>10}{'verify s':>9}{'attack s':>9}"
    ]
    every = [(kind, by[kind]) for kind in sorted(by)]
    for kind, ones in [*every, ("all", [one for _, some in every for one in some])]:
        score = Score()
        for one in ones:
            score.add(one.score)
        outside = score.failures(OUTSIDE)
        times = "".join(
            f"{sum(getattr(one, name) for one in ones):{width}.1f}"
            for name, width in (("propose", 10), ("verify", 9), ("attack", 9))
        )
        line = f"{kind:15}{score.worlds:7}{score.cells:8}{score.unsafe:8}{score.questions:11}{sum(one.recovered for one in outside):10}"
        line += f"{len(outside):7}{len(score.failures(CELL)):12}{len(score.failures(TRADER)):10}{score.known_anyway:8}"
        lines.append(
            line
            + f"{sum(len(one.late) for one in ones):6}{100 * score.leaf_unsafe / max(1, score.leaf):9.2f}{score.hidden:9.2f}{times}"
        )
    return lines
