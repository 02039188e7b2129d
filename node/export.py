"""The log as static files (C2SP tlog-tiles), out of a running node; and the check of such files, offline.

The tree is what a web server, an object store or `file://` can serve: `checkpoint`, `tile/<L>/<N>`, `tile/entries/<N>`. Files
that are there already and full are kept, so that an export can be repeated and costs only what is new. The checkpoint is
written last: a directory with a checkpoint is complete for it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledger.checkpoint import Checkpoint
from ledger.errors import BadTileError, RootMismatchError
from ledger.fork import check_continues, signed_by_log
from ledger.limits import MAX_NOTE_BYTES
from ledger.merkle import HASH_BYTES, CompactRange, leaf_hash
from ledger.policy import Accepted, Policy, accept
from ledger.tiles import TILE_HEIGHT, TILE_WIDTH, TileTree, decode_bundle, new_bundles, new_tiles
from node.client import Client
from node.files import write_atomic

_PARALLEL = 8
_FULL = TILE_WIDTH * HASH_BYTES


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds: the checkpoint it is complete for, files fetched and files that were there."""

    checkpoint: Checkpoint
    fetched: int
    kept: int


async def export_log(client: Client, directory: Path, policy: Policy) -> Exported:
    """Fetches the newest quorum checkpoint and every tile and entry bundle it covers.

    Raises:
        ProofError: the node's checkpoint does not satisfy the policy.
        ForkError: it contradicts the one that the directory has; nothing there is changed.
        FatalError, ProblemError: the node cannot be reached, or says no.
    """
    note = await client.get_bytes("/log/checkpoint")
    checkpoint = accept(policy, note).checkpoint
    _check_step(directory / "checkpoint", policy, checkpoint)
    size = checkpoint.size
    paths = [tile.path() for tile in (*new_tiles(0, size), *new_bundles(0, size))]
    room = asyncio.Semaphore(_PARALLEL)
    missing = [path for path in paths if not (directory / path).exists()]

    async def fetch(path: str) -> None:
        async with room:
            data = await client.get_bytes(f"/log/{path}")
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, data)

    directory.mkdir(parents=True, exist_ok=True)
    await asyncio.gather(*map(fetch, missing))
    write_atomic(directory / "checkpoint", note)
    return Exported(checkpoint, len(missing), len(paths) - len(missing))


def _check_step(file: Path, policy: Policy, checkpoint: Checkpoint) -> None:
    """What was exported before must not be of a larger log, nor of another one of this size; more is found by `verify_log`."""
    if file.exists():
        before = signed_by_log(policy, file.read_bytes()[: MAX_NOTE_BYTES + 1])
        check_continues(before, checkpoint, lambda _size: before.root)


def verify_log(
    directory: Path, policy: Policy, progress: Callable[[int, int], None], earlier: Checkpoint | None = None
) -> Accepted:
    """Checks exported files from their bytes alone: the checkpoint's signatures, every entry against its hash tile, the root.

    Args:
        directory: as `export_log` made it.
        policy: whose checkpoints count.
        progress: called with the leaves checked so far, and all.
        earlier: what the log has said of itself before, if that is known: it must continue it.

    Raises:
        ForkError: it does not; see the subclass.
        ProofError: something does not hold; its class says what.
        OSError: a file cannot be read.
    """
    with (directory / "checkpoint").open("rb") as file:
        accepted = accept(policy, file.read(MAX_NOTE_BYTES + 1))
    size = accepted.checkpoint.size
    edge = CompactRange()
    levels: dict[int, bytearray] = {}

    def visit(height: int, node: bytes) -> None:
        levels.setdefault(height // TILE_HEIGHT, bytearray()).extend(node)

    for bundle in new_bundles(0, size):
        entries = decode_bundle((directory / bundle.path()).read_bytes(), bundle.width)
        edge = edge.extended(map(leaf_hash, entries), visit)
        progress(edge.size, size)
    for tile in new_tiles(0, size):
        start = tile.n * TILE_WIDTH * HASH_BYTES
        if (directory / tile.path()).read_bytes() != levels[tile.level][start : start + tile.width * HASH_BYTES]:
            raise BadTileError(f"{tile.path()} does not hold the hashes of what is below it")
    if edge.root() != accepted.checkpoint.root:
        raise RootMismatchError("the entries do not make the root that the checkpoint states")
    if earlier is not None:
        tree = TileTree(lambda level, n, width: bytes(levels[level][n * _FULL : n * _FULL + width * HASH_BYTES]), size)
        check_continues(earlier, accepted.checkpoint, tree.root)
    return accepted
