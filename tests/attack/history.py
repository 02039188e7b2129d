"""The releases of a world in their order, and which vintage of every block each of them shows.

A block that an earlier release shows takes its new figures only when, against each of its earlier vintages, each HS cell that changed did so
by at least `LEAST_CHANGE` certificates; else it is *held*, and the newest earlier figures stay.
"""

from collections import defaultdict
from typing import NamedTuple

from tests.attack.worlds import LEAST_CHANGE, YEAR, Block, World


class Release(NamedTuple):
    """One release: which one of its period it is, its number in the world, and the vintage of each of its blocks."""

    period: str
    revision: int
    stage: int
    vintages: dict[Block, int]
    held: tuple[Block, ...]


def history(world: World) -> list[Release]:
    """All releases of a world."""
    before: dict[Block, list[int]] = defaultdict(list)
    found: list[Release] = []
    for stage, period in enumerate(world.releases):
        vintages, held = {}, []
        for block in world.blocks():
            if period not in (block.quarter, YEAR):
                continue
            if not all(may_change(world, block, one, stage) for one in before[block]):
                held.append(block)
            vintages[block] = before[block][-1] if block in held[-1:] else stage
            before[block].append(vintages[block])
        found.append(Release(period, sum(one.period == period for one in found), stage, vintages, tuple(held)))
    return found


def by_code(world: World, block: Block, stage: int) -> dict[str, tuple[tuple[int, int, int, str], ...]]:
    """What the block's figures are in an HS code: certificates, and points and cents by side."""
    found: dict[str, list[tuple[int, int, int, str]]] = defaultdict(list)
    for side, held in world.sides(stage).items():
        if side.block == block:
            points, cents = (sum(figure[measure] for figure in held.traders.values()) for measure in (0, 1))
            found[side.hs].append((held.certificates, points, cents, side.partner))
    return {code: tuple(sorted(lines)) for code, lines in found.items()}


def may_change(world: World, block: Block, before: int, now: int) -> bool:
    """Whether enough certificates have changed in every HS code of which anything has changed; nothing changed is no change."""
    old, new = by_code(world, block, before), by_code(world, block, now)
    changed = [code for code in sorted(old.keys() | new.keys()) if old.get(code) != new.get(code)]
    counts = [abs(sum(line[0] for line in new.get(code, ())) - sum(line[0] for line in old.get(code, ()))) for code in changed]
    return all(count >= LEAST_CHANGE for count in counts)
