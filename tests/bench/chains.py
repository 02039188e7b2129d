"""Chains of custody: reading one of 1,000 certificates in ten mixed levels, its origins, and those of one a tenth as wide."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ledger.composition import compose
from ledger.custody import Custody, finish
from ledger.limits import MAX_CHAIN_CERTIFICATES
from tests.bench.figures import Figure, Report
from tests.support.world import World

WIDE = (103, *[104] * 8, 64, 1)
"""Certificates of each level, the mines first: together as many as one chain may have, the last one's sources at their limit."""

NARROW = (12, *[10] * 9, 1)

_MINES = ("BW", "RU", "ZA", "NA")
_HUBS = ("AE", "EU")
_SOURCES = 4
_TAKEN = 200
"""Points of each taking; as many again are not attributed."""

_READ_MS = 100.0
_ORIGINS_MS = 50.0
_ROUNDS = 5


def measure(directory: Path, report: Report) -> None:
    """Builds both chains in ledgers of their own; by processor time of this thread."""
    for name, levels in (("wide", WIDE), ("narrow", NARROW)):
        with World.make(directory / name) as world:
            last = build(world, levels)
            certificates = sum(levels)
            found: Custody | None = None

            def read(world: World = world, last: str = last) -> None:
                nonlocal found
                found = finish(world.ledger.custody(last, down=False))

            spent = _milliseconds(read)
            assert found is not None
            assert found.up is not None
            assert len(found.up.links) == certificates <= MAX_CHAIN_CERTIFICATES
            up = found.up
            if levels is WIDE:
                report.add(
                    Figure("chains", f"{certificates:,} certificates read", spent, "ms", _READ_MS, "the design's bound", 1.0)
                )
            spent = _milliseconds(lambda up=up: finish(compose(up)))
            what = f"origins, {len(levels) - 1} levels, {certificates:,} certificates"
            report.add(Figure("chains", what, spent, "ms", _ORIGINS_MS, "the design's bound", 1.0))


def build(world: World, levels: Sequence[int]) -> str:
    """Trade in these levels: mines to a hub, then to and fro between two hubs, each certificate mixed of some of the level before.

    Returns the number of the last certificate.
    """
    below: list[str] = []
    made: dict[str, int] = {}
    for level, width in enumerate(levels):
        issues = []
        for place in range(width):
            issuer = _HUBS[(level + 1) % 2] if below else _MINES[place % len(_MINES)]
            made[issuer] = made.get(issuer, 0) + 1
            count = min(len(below), 64 if width == 1 else _SOURCES)
            taken = {below[(place * count + n) % len(below)]: _TAKEN for n in range(count)}
            lines = (world.line(sum(taken.values()) + _TAKEN if below else 1_000, "710231", () if below else (issuer,)),)
            number, destination = f"{issuer}{made[issuer]:07}", _HUBS[level % 2]
            options = {"destination": destination, "lines": lines, "key": "ZA/both" if issuer == "ZA" else ""}
            issues.append(
                world.reexport(number, taken, **options)
                if below
                else world.issue(number=number, expires="2026-03-30", **options)
            )
        world.accept(*issues)
        world.accept(*(world.confirm(issue) for issue in issues))
        below = [issue.body.number for issue in issues]
    return below[0]


def _milliseconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_ROUNDS):
        started = time.thread_time()
        work()
        times.append(time.thread_time() - started)
    return statistics.median(times) * 1e3
