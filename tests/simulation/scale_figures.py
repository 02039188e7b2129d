"""What runs of `scale` amounted to, over one seed or many, and the table that shows it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Number = TypeVar("Number", int, float)

BLOCK_P50_MS = 350
P99_MS = 1_000
DEAD_P50_MS = 1_000
"""The figures of 4-consensus.md. The first is a block's, from its proposal until it is executed: with the hop of its record to the
leader, and the wait for its turn, no record can be final in so short a time on this matrix (README.md)."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One run; times in microseconds of virtual time.

    Attributes:
        origin, some, every: of each single record, from its submission until its origin, f+1 nodes, all live nodes executed it.
        followers: the same of each record at each follower.
        burst: of each record of the burst, at its origin.
        blocks: of each block with records at each node, from its proposal until it is executed there.
        count, micros: final blocks in the measured time, and how long that was.
        used: by live node, validators first: bytes and copies that left, verifications, microseconds of work.
        validators: how many of these are validators.
        kinds: bytes that left validators, by type of message.
        trace: hash over every execution and its time.
    """

    origin: list[int]
    some: list[int]
    every: list[int]
    followers: list[int]
    burst: list[int]
    blocks: list[int]
    count: int
    micros: int
    used: list[list[int]]
    validators: int
    kinds: dict[str, int]
    trace: str

    def each(self, what: int) -> list[float]:
        """A validator's use for one block: 0 bytes, 1 copies, 2 verifications, 3 microseconds of work."""
        return [node[what] / self.count for node in self.used[: self.validators]]

    def by_kind(self) -> dict[str, int]:
        """Bytes a validator and block, by type of message."""
        return {kind: size // self.validators // self.count for kind, size in self.kinds.items()}


def percentile(values: Iterable[int], percent: int) -> int:
    """Milliseconds, rounded, that this share of the values does not exceed (nearest rank); 0 of none."""
    ordered = sorted(values)
    return (ordered[-(-len(ordered) * percent // 100) - 1] + 500) // 1_000 if ordered else 0


HEADING = (
    "name                        n  | block p50  p99 | record p50  p99  f+1  all | followers p50  p99 | burst p50  last "
    "| KB mean   max | messages | checks mean max | work ms | blocks/s\n"
)


def row(name: str, n: int, limit: str, runs: Sequence[Figures]) -> tuple[str, bool]:
    """A line of the table over several seeds, and whether a figure is not met."""
    blocks, origin = _pool(run.blocks for run in runs), _pool(run.origin for run in runs)
    followers, burst = _pool(run.followers for run in runs), _pool(run.burst for run in runs)
    use = [_pool(run.each(what) for run in runs) for what in range(4)]
    mean = [sum(values) / len(values) for values in use]
    text = (
        f"{name:<26}{n:4} | {percentile(blocks, 50):9} {percentile(blocks, 99):4} "
        f"| {percentile(origin, 50):10} {percentile(origin, 99):4} {percentile(_pool(run.some for run in runs), 50):4} "
        f"{percentile(_pool(run.every for run in runs), 50):4} "
        f"| {percentile(followers, 50):13} {percentile(followers, 99):4} | {percentile(burst, 50):9} {percentile(burst, 100):5} "
        f"| {mean[0] / 1e3:7.1f} {max(use[0]) / 1e3:5.0f} | {mean[1]:8.0f} | {mean[2]:11.1f} {max(use[2]):3.0f} "
        f"| {mean[3] / 1e3:7.1f} | {sum(run.count for run in runs) / sum(run.micros for run in runs) * 1e6:8.1f}\n"
    )
    kinds: Counter[str] = Counter()
    for run in runs:
        kinds.update(run.by_kind())
    shares = ", ".join(f"{kind} {size / len(runs) / 1e3:.1f}" for kind, size in kinds.most_common(5))
    missed = not met(limit, blocks, origin)
    return f"{text}{'':30} | KB by type: {shares}{'  MISSED' if missed else ''}\n", missed


def met(limit: str, blocks: Iterable[int], origin: Iterable[int]) -> bool:
    """Whether the figures hold: `live` with all validators, `dead` with f silent ones, none where there is no limit."""
    match limit:
        case "live":
            return percentile(blocks, 50) <= BLOCK_P50_MS and percentile(origin, 99) <= P99_MS
        case "dead":
            return percentile(origin, 50) <= DEAD_P50_MS
        case _:
            return True


def _pool(many: Iterable[Iterable[Number]]) -> list[Number]:
    return [one for values in many for one in values]
