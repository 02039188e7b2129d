"""The product's releases of a world: a proposer proposes each, every earlier one in mind, and the verifier gives the released files.

With `cubes.py` the only module here that knows the product. The attacker gets the files alone.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ledger.statistics import tables
from ledger.statistics.proposal import Proposal
from ledger.statistics.verify import Published, verify
from ledger.statistics.vintages import apply_vintages
from node.disclosure.propose import propose
from tests.attack.cubes import cube
from tests.attack.history import Release
from tests.attack.worlds import Block, World

Proposer = Callable[[Sequence[Published], tables.Cube], Proposal]


@dataclass
class Played:
    """What was published of a world, in order; `seconds` of proposing and verifying."""

    releases: list[Release] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    seconds: list[tuple[float, float]] = field(default_factory=list)


def publish(world: World, upto: int | None = None) -> Played:
    """All releases of a world, or the first ones."""
    played = Played()
    for stage in range(len(world.releases[:upto])):
        publish_next(world, stage, played)
    return played


def publish_next(world: World, stage: int, played: Played, proposer: Proposer = propose) -> None:
    """One more release; Objection if the verifier does not take what was proposed."""
    current = cube(world, world.releases[stage], stage)
    started = time.process_time()
    proposal = proposer(played.published, current)
    proposed = time.process_time()
    release = verify(played.published, current, proposal)
    played.seconds.append((proposed - started, time.process_time() - proposed))
    shown, held = apply_vintages([one.cube for one in played.published], current)
    played.published.append(Published(shown, proposal))
    played.texts.append(release.json)
    revision = sum(one == current.period for one in world.releases[:stage])
    vintages = {Block(*key): vintage(world, key, block, stage) for key, block in shown.blocks.items()}
    played.releases.append(Release(current.period, revision, stage, vintages, tuple(Block(*key) for key in held)))


def vintage(world: World, key: tables.BlockKey, block: tables.Block, stage: int) -> int:
    """The newest stage at which the block was as it is shown."""
    for earlier in range(stage, -1, -1):
        if cube(world, key.quarter, earlier).blocks[key].entries == block.entries:
            return earlier
    raise LookupError(f"{key} is shown as it never was")
