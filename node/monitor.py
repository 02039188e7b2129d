"""A monitor: follows the checkpoints of several nodes and raises an alarm when they do not tell one history.

A round, every few seconds: each node's newest checkpoint is fetched and its signatures are checked. All that were seen now, and
the newest of each node that were seen before (kept in a file, so that a restart forgets nothing), are put in order of size. One
size must have one root; each tree must be the beginning of the next larger one, which the tiles of whoever shows the larger one
must bear out up to its signed root; and no node may go back. The first contradiction is written to a file that proves it to
anybody (`ledger.fork`) and ends the monitor.

A node that is away, or whose checkpoint a quorum did not cosign, is told and watched on; one that shows a checkpoint and for
a while not the tiles for it hides something: that is an alarm, too.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

from ledger.checkpoint import Checkpoint
from ledger.errors import (
    BadTileError,
    ForkError,
    ProofError,
    RewrittenLogError,
    RootMismatchError,
    ShrunkLogError,
    TwoRootsError,
)
from ledger.fork import Fork, signed_by_log
from ledger.merkle import HASH_BYTES
from ledger.policy import Policy, accept
from ledger.tiles import Tile, TileTree, width_of
from node.client import Client, ProblemError
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.limits import WATCH_REQUEST_SECONDS, WATCH_UNPROVEN_SECONDS

HEADS = "heads.json"


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that a node has shown: its note, and what the log signed there."""

    url: str
    note: bytes
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Round:
    """What one look at all nodes found: sizes by node, and what was not as it should be, by node."""

    sizes: dict[str, int]
    troubles: dict[str, str]


class AlarmError(FatalError):
    """Two histories, or tiles withheld.

    Attributes:
        error: which contradiction; None where a node does not show its tiles.
        file: where the proof is.
    """

    def __init__(self, happened: str, file: Path, error: ForkError | None) -> None:
        super().__init__(
            f"ALARM: {happened}",
            "The nodes do not tell one history: records may have been changed, left out or shown to some only.",
            f"Keep {file}, send it to all operators; anybody can check it: {command('log', 'fork', file, '--policy', 'FILE')}",
            Exit.BAD_DATA,
        )
        self.error = error
        self.file = file


class _WantedError(Exception):
    """A tile that is to be fetched before the tree can answer."""

    def __init__(self, tile: Tile) -> None:
        super().__init__(tile.path())
        self.tile = tile


def _pairs(shown: Sequence[Seen], earlier: Sequence[Seen]) -> list[tuple[Seen, Seen]]:
    """Which are compared, the smaller tree first: enough that all of them are one history when each pair is.

    What nodes show now stands in one line; what was seen before is compared with the next larger one of it, since whoever
    showed it may be away. Only what is larger than all that is shown must be borne out by its own node.
    """
    line = sorted(shown, key=lambda seen: (seen.checkpoint.size, seen.checkpoint.root))
    pairs = list(pairwise(line))
    for before in earlier:
        later = next((seen for seen in line if seen.checkpoint.size >= before.checkpoint.size), None)
        if later is not None:
            pairs.append((before, later))
        elif line:
            pairs.append((line[-1], before))
    return pairs


class Monitor:
    """Follows nodes; use as an asynchronous context manager."""

    def __init__(self, urls: Sequence[str], policy: Policy, folder: Path, now: Callable[[], float] = time.monotonic) -> None:
        """What to follow.

        Args:
            urls: of the nodes' interfaces.
            policy: lists the log keys of all of them.
            folder: keeps what was seen last, and proofs.
            now: seconds of a clock that only goes forward.

        Raises:
            FatalError: what was seen last cannot be read.
        """
        self._clients = {url: Client(url) for url in dict.fromkeys(url.rstrip("/") for url in urls)}
        self._policy = policy
        self._folder = folder
        self._now = now
        self._open = AsyncExitStack()
        self._unproven: dict[str, float] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._heads = self._read()

    async def __aenter__(self) -> Self:
        for client in self._clients.values():
            await self._open.enter_async_context(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def look(self) -> Round:
        """One round.

        Raises:
            AlarmError: two histories, or one that is hidden.
        """
        troubles: dict[str, str] = {}
        found = await asyncio.gather(*(self._fetch(url, troubles) for url in self._clients))
        shown = [seen for seen in found if seen is not None]
        for seen in shown:
            self._no_way_back(seen)
        unproven: set[str] = set()
        pairs = _pairs(shown, [seen for seen in self._heads.values() if seen not in shown])
        errors = await asyncio.gather(*(self._compare(*pair) for pair in pairs))
        if alarm := next((error for error in errors if isinstance(error, AlarmError)), None):
            raise alarm
        for (smaller, larger), error in zip(pairs, errors, strict=True):
            if error is not None:
                unproven.add(larger.url)
                reason = str(error).partition("\n")[0] or type(error).__name__
                troubles[larger.url] = f"does not prove {larger.checkpoint.size} from {smaller.checkpoint.size}: {reason}"
                if larger.url in {seen.url for seen in shown}:
                    self._withheld(smaller, larger, reason)
        for url in self._clients.keys() - unproven:
            self._unproven.pop(url, None)
        for seen in shown:
            if seen.url not in unproven:
                self._heads[seen.url] = seen
        self._write()
        return Round({seen.url: seen.checkpoint.size for seen in shown}, troubles)

    async def _fetch(self, url: str, troubles: dict[str, str]) -> Seen | None:
        try:
            async with asyncio.timeout(WATCH_REQUEST_SECONDS):
                note = await self._clients[url].get_bytes("/log/checkpoint")
            checkpoint = signed_by_log(self._policy, note)
        except (FatalError, ProblemError, ProofError, TimeoutError) as error:
            troubles[url] = str(error).partition("\n")[0] or type(error).__name__
            return None
        try:
            accept(self._policy, note)
        except ProofError as error:
            troubles[url] = str(error)
        return Seen(url, note, checkpoint)

    def _no_way_back(self, seen: Seen) -> None:
        before = self._heads.get(seen.url)
        if before is not None and seen.checkpoint.size < before.checkpoint.size:
            raise self._alarm(Fork(ShrunkLogError, before.note, seen.note), before, seen)

    async def _compare(self, smaller: Seen, larger: Seen) -> Exception | None:
        """None when these two are one history; an AlarmError when they are not, any other when it cannot be told.

        Nobody can hold up the comparison of the others.
        """
        try:
            async with asyncio.timeout(WATCH_REQUEST_SECONDS):
                await self._one_history(smaller, larger)
        except (FatalError, ProblemError, ProofError, TimeoutError) as error:
            return error
        return None

    async def _one_history(self, smaller: Seen, larger: Seen) -> None:
        """Whether the smaller tree is the beginning of the larger one, by the tiles of who shows the larger one.

        Raises:
            AlarmError: it is not.
            BadTileError, RootMismatchError: the tiles do not make the larger one's root, so they say nothing.
            FatalError, ProblemError: they are not to be had.
        """
        old, new = smaller.checkpoint, larger.checkpoint
        if old.size == new.size:
            if old.root != new.root:
                raise self._alarm(Fork(TwoRootsError, smaller.note, larger.note), smaller, larger)
            return
        tiles: dict[Tile, bytes] = {}

        def read(level: int, n: int, width: int) -> bytes:
            tile = Tile(level, n, width)
            if tile not in tiles:
                raise _WantedError(tile)
            return tiles[tile]

        tree = TileTree(read, new.size)
        while True:
            try:
                whole, begun = tree.root(new.size), tree.root(old.size)
                path = tree.consistency_proof(old.size, new.size)
                break
            except _WantedError as wanted:
                tiles[wanted.tile] = await self._tile(larger.url, wanted.tile, new.size)
        if whole != new.root:
            raise RootMismatchError(f"its tiles do not make the root that it has signed for {new.size} leaves")
        if begun != old.root:
            raise self._alarm(Fork(RewrittenLogError, smaller.note, larger.note, begun, tuple(path)), smaller, larger)

    async def _tile(self, url: str, tile: Tile, size: int) -> bytes:
        """A tile, also where the log has it full by now and no longer in parts."""
        if tile.width != width_of(tile.level, tile.n, size):
            raise BadTileError(f"no {tile.path()} in a tree of {size} leaves")
        client = self._clients.get(url)
        if client is None:
            raise BadTileError(f"{url} is no longer watched")
        try:
            return await client.get_bytes(f"/log/{tile.path()}")
        except ProblemError as error:
            if error.status != 404 or tile == (full := Tile(tile.level, tile.n)):
                raise
            return (await client.get_bytes(f"/log/{full.path()}"))[: tile.width * HASH_BYTES]

    def _withheld(self, smaller: Seen, larger: Seen, reason: str) -> None:
        """An alarm when a node that answers has for long not borne out what it shows."""
        since = self._unproven.setdefault(larger.url, self._now())
        if self._now() - since >= WATCH_UNPROVEN_SECONDS:
            told = f"{larger.url} shows {larger.checkpoint.size} leaves and does not prove them: {reason}."
            raise AlarmError(told, self._keep(Fork(RewrittenLogError, smaller.note, larger.note)), None)

    def _alarm(self, fork: Fork, first: Seen, second: Seen) -> AlarmError:
        file = self._keep(fork)
        error = fork.verify(self._policy)
        return AlarmError(f"{error} ({first.url}, {second.url}).", file, error)

    def _keep(self, fork: Fork) -> Path:
        text = fork.to_json().encode()
        file = self._folder / f"fork-{hashlib.sha256(text).hexdigest()[:16]}.json"
        write_atomic(file, text)
        return file

    def _read(self) -> dict[str, Seen]:
        """What was seen last of the nodes that are watched still, checked anew."""
        file = self._folder / HEADS
        if not file.exists():
            return {}
        try:
            content: dict[str, str] = json.loads(file.read_bytes())
            notes = {url: note.encode() for url, note in content.items() if url in self._clients}
            return {url: Seen(url, note, signed_by_log(self._policy, note)) for url, note in notes.items()}
        except (OSError, ValueError, AttributeError, ProofError) as error:
            raise FatalError(
                f"{file} cannot be used: {error}.",
                "It holds what the nodes have shown before; without it a step back would not be seen.",
                "Restore it, give the policy of its time, or begin anew in another --dir.",
                Exit.BAD_DATA,
            ) from error

    def _write(self) -> None:
        notes = {url: seen.note.decode() for url, seen in self._heads.items()}
        write_atomic(self._folder / HEADS, (json.dumps(notes, ensure_ascii=False, indent=2) + "\n").encode())
