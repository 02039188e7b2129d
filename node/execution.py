"""Executes final blocks in order: bodies at hand, then one atomic commit of the ledger, then everybody is told.

Execution runs in a thread of its own, one block at a time, while the next one is being voted on and the bodies of those that
wait are sought. What a block did is not undone: an unknown outcome of a write ends the process, and a restart begins at the
last whole block.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from consensus.events import Deliver
from consensus.messages import Block, Certificate, Mark, Message, decode, decode_block, encode
from ledger.record import Record
from ledger.state import Applied as LedgerApplied
from ledger.state import Block as LedgerBlock
from ledger.state import Head, Ledger
from node.bodies import Bodies
from node.limits import EXECUTE_AHEAD, HEADERS_BYTES
from node.logs import get_logger

log = get_logger("execution")

_BLOCK = b"block/"
_FINAL = b"final/"
_MARK = b"mark/"
_CERTIFICATE = b"certificate/"


@dataclass(frozen=True, slots=True)
class Result:
    """What this node made of the blocks up to a height: the mark, and the list of validators scheduled there, if any."""

    mark: Mark
    scheduled: bytes


class Execution:
    """The queue of final blocks and what came of them.

    Attributes:
        listeners: called on the event loop after each block, in order, with what the ledger made of it.
    """

    def __init__(self, ledger: Ledger, bodies: Bodies, prepare: Callable[[int], None]) -> None:
        """Wires the execution; `prepare` is told a new epoch before the block that ends the one before is committed."""
        self.listeners: list[Callable[[Block, LedgerApplied], None]] = []
        self._ledger = ledger
        self._bodies = bodies
        self._prepare = prepare
        self._archive: dict[bytes, bytes] = {}
        self._queue: asyncio.Queue[Deliver] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="execute")
        self._unexecuted: dict[int, tuple[bytes, ...]] = {}
        self._reached: dict[int, asyncio.Future[None]] = {}

    def deliver(self, call: Deliver) -> None:
        """Takes the next final block."""
        if call.block.height <= self._ledger.head.height:
            return
        self._unexecuted[call.block.height] = call.block.payload.records
        self._queue.put_nowait(call)

    async def run(self) -> None:
        """Executes what is delivered, until cancelled.

        Raises:
            StoreError: the store failed; the process must end.
            UnusableBodyError: a quorum has finalized a record that is not valid here; the process must end.
        """
        ahead: deque[tuple[Deliver, asyncio.Task[list[Record]]]] = deque()
        try:
            while True:
                while not ahead or (len(ahead) < EXECUTE_AHEAD and not self._queue.empty()):
                    call = await self._queue.get()
                    ahead.append((call, asyncio.ensure_future(self._bodies.obtain(call.block.payload.records, None))))
                call, search = ahead[0]
                await self._execute(call, await search)
                ahead.popleft()
        finally:
            for _, search in ahead:
                search.cancel()
            await asyncio.gather(*(search for _, search in ahead), return_exceptions=True)

    async def _execute(self, call: Deliver, records: Sequence[Record]) -> None:
        """One block: committed, then told."""
        block = call.block
        archive, self._archive = self._archive, {}
        applied = await asyncio.get_running_loop().run_in_executor(self._thread, self._apply, call, records, archive)
        del self._unexecuted[block.height]
        for height in [height for height in self._reached if height <= block.height]:
            self._reached.pop(height).set_result(None)
        for listener in self.listeners:
            listener(block, applied)

    def _apply(self, call: Deliver, records: Sequence[Record], archive: dict[bytes, bytes]) -> LedgerApplied:
        block, payload, head = call.block, call.block.payload, self._ledger.head
        extra = {_key(_BLOCK, block.height): encode(block), _key(_MARK, head.height): _encode_result(self.newest())}
        if call.final is not None:
            extra[_key(_FINAL, block.height)] = encode(call.final)
        if payload.next:
            self._prepare(block.epoch + 1)
        final = LedgerBlock(block.height, payload.time, call.digest, tuple(records), block.epoch, payload.next)
        return self._ledger.apply(final, {**extra, **archive})

    def archive(self, certificate: Certificate) -> None:
        """Keeps a certificate of any kind for ever, with the next block: two that contradict each other name f+1 culprits."""
        place = certificate.epoch.to_bytes(8, "big") + certificate.view.to_bytes(8, "big") + bytes((certificate.kind,))
        self._archive[_CERTIFICATE + place] = encode(certificate)

    def unexecuted(self) -> set[bytes]:
        """Ids in delivered blocks that wait for their execution."""
        return {record_id for ids in self._unexecuted.values() for record_id in ids}

    def waiting_records(self) -> int:
        """How many records delivered blocks hold that wait for their execution."""
        return sum(map(len, self._unexecuted.values()))

    def newest(self) -> Result:
        """This node's result at the last height that it has executed."""
        return Result(mark_of(self._ledger.head), self._ledger.network.scheduled)

    def result_at(self, height: int) -> Result | None:
        """This node's own result at a height that it has executed."""
        newest = self.newest()
        if height == newest.mark.height:
            return newest
        stored = self._ledger.node_value(_key(_MARK, height))
        return _decode_result(height, stored) if stored else None

    async def reached(self, height: int) -> None:
        """Waits until this height is executed."""
        if self._ledger.head.height < height:
            future = self._reached.setdefault(height, asyncio.get_running_loop().create_future())
            await asyncio.shield(future)

    def end_of(self, epoch: int) -> Certificate | None:
        """The FINAL that ended an epoch, None while it is in force."""
        ended = self._ledger.epoch(epoch)
        if ended is None or ended.last_height is None:
            return None
        stored = self._ledger.node_value(_key(_FINAL, ended.last_height))
        return _certificate(decode(stored)) if stored else None

    def final_blocks(self, epoch: int, first: int, count: int) -> tuple[list[Block], Certificate | None]:
        """Consecutive final blocks of an epoch from height `first`, at most `count`, and the FINAL of the last of them."""
        blocks: list[Block] = []
        size = 0
        for height in range(first, min(first + count, self._ledger.head.height + 1)):
            stored = self._ledger.node_value(_key(_BLOCK, height))
            if stored is None or size + len(stored) > HEADERS_BYTES:
                break
            block = decode_block(stored)
            if block.epoch != epoch:
                break
            blocks.append(block)
            size += len(stored)
        while blocks:
            stored = self._ledger.node_value(_key(_FINAL, blocks[-1].height))
            if stored is not None:
                return blocks, _certificate(decode(stored))
            blocks.pop()
        return [], None

    def close(self) -> None:
        """Waits for a commit that is under way."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def last_block(ledger: Ledger) -> Block | None:
    """The block that the ledger's head is the result of, None at genesis."""
    stored = ledger.node_value(_key(_BLOCK, ledger.head.height))
    return decode_block(stored) if stored else None


def stored_block(ledger: Ledger, height: int) -> tuple[Block, bytes, bytes] | None:
    """An executed block, its bytes, and those of its own FINAL (empty where it has none); None where there is no such block."""
    stored = ledger.node_value(_key(_BLOCK, height))
    return None if stored is None else (decode_block(stored), stored, ledger.node_value(_key(_FINAL, height)) or b"")


def newest_final(ledger: Ledger) -> int:
    """The height of the newest executed block that has a FINAL of its own, 0 before the first."""
    return next((height for height in range(ledger.head.height, 0, -1) if ledger.node_value(_key(_FINAL, height))), 0)


def finals(ledger: Ledger) -> Iterator[Certificate]:
    """The FINAL certificates of executed blocks, the newest first."""
    for height in range(ledger.head.height, 0, -1):
        stored = ledger.node_value(_key(_FINAL, height))
        final = _certificate(decode(stored)) if stored else None
        if final is not None:
            yield final


def mark_of(head: Head) -> Mark:
    """A head as blocks name it."""
    return Mark(height=head.height, tree_size=head.tree_size, root=head.root, state=head.state)


def _certificate(message: Message) -> Certificate | None:
    return message if isinstance(message, Certificate) else None


def _key(kind: bytes, height: int) -> bytes:
    return kind + height.to_bytes(8, "big")


def _encode_result(result: Result) -> bytes:
    mark = result.mark
    return mark.tree_size.to_bytes(8, "big") + mark.root + mark.state + result.scheduled


def _decode_result(height: int, stored: bytes) -> Result:
    mark = Mark(height=height, tree_size=int.from_bytes(stored[:8], "big"), root=stored[8:40], state=stored[40:72])
    return Result(mark, stored[72:])
