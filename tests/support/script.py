"""A fixed sequence of blocks with a bit of everything, for tests that need the same history twice.

`python -m tests.support.script run DIR FILE` applies the blocks that `save` wrote to the ledger in DIR, from where that stands, and prints
each height once it is written; `... digest DIR COUNT` makes them itself and prints what the store holds at the end, as one hash; `... nodes DIR 0` tells the story
of nodes instead.
"""

import hashlib
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgpack

from ledger.record import Record, Submission, parse_record
from ledger.state import Block
from tests.support.story import tell_of_nodes
from tests.support.world import START, World

ISSUERS = ("BW", "RU", "EU")
RECORDS = 12


def script(count: int, records: int = RECORDS) -> list[Block]:
    """The first `count` blocks: certificates, outcomes of each sort, re-exports, refused records, repeated ones."""
    with tempfile.TemporaryDirectory() as folder, World.make(Path(folder) / "db") as world:
        history = _History()
        return [_block(world, history, height, records) for height in range(1, count + 1)]


class _History:
    """What the blocks so far have brought about."""

    def __init__(self) -> None:
        self.open: list[Record] = []
        self.free: set[str] = set()
        self.all: list[Record] = []
        self.number = 0


def _block(world: World, history: _History, height: int, count: int) -> Block:
    rng = random.Random(height)
    records = () if height % 7 == 0 else tuple(_record(world, history, rng) for _ in range(count))
    world.now = START + height * 1_000
    block = Block(height, world.now, hashlib.sha256(b"script %d" % height).digest(), records)
    for record, judgement in zip(records, world.ledger.apply(block).judgements, strict=True):
        if judgement.refusal is None:
            _learn(history, record)
    return block


def _record(world: World, history: _History, rng: random.Random) -> Record:
    history.number += 1
    choice = rng.random()
    if choice < 0.4 or not history.open:
        number = f"{rng.choice(ISSUERS)}{history.number:07}"
        line = world.line(rng.randrange(1, 10**6), rng.choice(("710210", "710231")))
        return world.issue(number=number, destination="AE", lines=(line,))
    if choice < 0.7:
        return world.confirm(rng.choice(history.open), outcome=rng.choice(("confirmed", "confirmed", "discrepancy", "refused")))
    if choice < 0.85 and history.free:
        source = rng.choice(sorted(history.free))
        return world.reexport(f"AE{history.number:07}", {source: rng.randrange(1, 10_000)})
    if choice < 0.95 and history.all:
        return rng.choice(history.all)
    return world.issue(number=f"BW{history.number:07}", destination="BW")


def _learn(history: _History, record: Record) -> None:
    history.all.append(record)
    if record.kind == "import.confirm":
        history.open = [issue for issue in history.open if issue.body.number != record.body.number]
        if record.body.outcome != "refused":
            history.free.add(record.body.number)
    elif record.author != "AE":
        history.open.append(record)


def save(blocks: Sequence[Block], file: Path) -> None:
    """Writes blocks for another process."""
    file.write_bytes(msgpack.packb([[b.height, b.time, b.digest, [record.raw for record in b.records]] for b in blocks]))


def load(file: Path) -> list[Block]:
    """Reads what `save` wrote."""
    parts = msgpack.unpackb(file.read_bytes())
    return [Block(height, time, digest, tuple(map(parse_record, raws))) for height, time, digest, raws in parts]


def run(world: World, blocks: Sequence[Block]) -> None:
    """Applies what follows the head, and prints each height once it is written."""
    for block in blocks[world.ledger.head.height :]:
        world.ledger.keep_bodies([Submission(record) for record in block.records])
        print(world.ledger.apply(block).head.height, flush=True)


def contents(world: World) -> str:
    """Everything a store holds, as one hash, and the head's state digest."""
    whole = hashlib.sha256()
    for key, value in world.store.iterate(b""):
        whole.update(b"%d %d " % (len(key), len(value)) + key + value)
    return f"{whole.hexdigest()} {world.ledger.head.state.hex()}"


if __name__ == "__main__":
    verb, folder, argument = sys.argv[1:]
    with World.make(Path(folder)) as opened:
        if verb == "nodes":
            tell_of_nodes(opened)
        else:
            run(opened, load(Path(argument)) if verb == "run" else script(int(argument)))
        print(contents(opened))
