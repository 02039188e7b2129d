"""A store read from end to end and held against itself: what no request asks for may be damaged, too.

One pass, in steps of a few milliseconds each, so that whoever runs it may do other work between them:

1. the log: every leaf's record hashes to its id, its judgement names its index, its envelope is the one that its statement
   names; every stored hash tile is what the leaves make of it; the root is that of the head at which the pass began;
2. everything else: every key is read once with its checksums (LevelDB's own, over each block of a table).

What grows meanwhile is the next pass's. Reference: 5-log.md.
"""

from collections.abc import Iterator
from typing import Final

from ledger import entries, keys
from ledger.bodies import SealedBody
from ledger.entries import Head
from ledger.envelope import check_envelope
from ledger.errors import Refusal, StoreError
from ledger.leaves import read_leaf
from ledger.log import tile_key
from ledger.merkle import HASH_BYTES, CompactRange
from ledger.record import parse_record
from ledger.shelf import read_envelope, read_judgement
from ledger.store import Reads
from ledger.tiles import TILE_HEIGHT, TILE_WIDTH, width_of

_LEAVES_A_STEP: Final = 64
_KEYS_A_STEP: Final = 500


def scrub(at: Reads, head: Head) -> Iterator[int]:
    """One pass over a store whose log has at least the head's leaves; yields after each step how many things it has read.

    Raises:
        StoreError: the first damage, and where.
    """
    done = 0
    for read in _log(at, head):
        done += read
        yield done
    after = b""
    while True:
        found = list(at.iterate(b"", after=after, limit=_KEYS_A_STEP))
        if not found:
            return
        after = found[-1][0]
        done += len(found)
        yield done


def _log(at: Reads, head: Head) -> Iterator[int]:
    edge = CompactRange()
    made: dict[int, list[bytes]] = {}

    def visit(height: int, node: bytes) -> None:
        made.setdefault(height // TILE_HEIGHT, []).append(node)

    seen: dict[int, int] = {}
    for n in range(-(-head.tree_size // TILE_WIDTH)):
        width = width_of(0, n, head.tree_size)
        ids = _tile(at, 0, n, width)
        leaves = [ids[start : start + HASH_BYTES] for start in range(0, len(ids), HASH_BYTES)]
        for begin in range(0, width, _LEAVES_A_STEP):
            part = leaves[begin : begin + _LEAVES_A_STEP]
            for place, record_id in enumerate(part, n * TILE_WIDTH + begin):
                _check_leaf(at, record_id, place)
            yield len(part)
        edge = edge.extended(leaves, visit)
        for level, nodes in made.items():
            if level:
                _check_nodes(at, level, seen.get(level, 0), nodes, head.tree_size)
                seen[level] = seen.get(level, 0) + len(nodes)
        made.clear()
    if edge.root() != head.root:
        raise StoreError(f"the stored leaves make the root {edge.root().hex()}, that of {head.height} is {head.root.hex()}")


def _check_leaf(at: Reads, record_id: bytes, index: int) -> None:
    record = parse_record(read_leaf(at, record_id))
    judgement = read_judgement(at, record_id)
    held = None if judgement is None else entries.decode_judgement(judgement)
    if held is None or held.index != index:
        raise StoreError(f"leaf {index} is record {record_id.hex()}, whose judgement says otherwise")
    if not isinstance(record.body, SealedBody):
        return
    envelope = read_envelope(at, record_id)
    if envelope is None:
        return  # a follower need not have it, and a record may have come without
    try:
        check_envelope(envelope, record.body.sealed, record.body.rid)
    except Refusal as refusal:
        raise StoreError(f"the envelope of record {record_id.hex()} is damaged: {refusal}") from refusal


def _check_nodes(at: Reads, level: int, first: int, nodes: list[bytes], size: int) -> None:
    """Whether the stored tiles of a level hold these hashes from place `first` on."""
    for place, node in enumerate(nodes, first):
        n, within = divmod(place, TILE_WIDTH)
        stored = _tile(at, level, n, width_of(level, n, size))
        if stored[within * HASH_BYTES : (within + 1) * HASH_BYTES] != node:
            raise StoreError(f"hash {within} of tile {n} of level {level} is not that of the tile below it")


def _tile(at: Reads, level: int, n: int, width: int) -> bytes:
    data = at.get(tile_key(keys.TILES, level, n))
    if data is None or len(data) < width * HASH_BYTES:
        raise StoreError(f"tile {n} of level {level} is missing or too short")
    return data[: width * HASH_BYTES]
