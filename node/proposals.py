"""What goes into a block and what makes one valid: time, mark, records (4-consensus.md, "Terms").

Validity needs no ledger state: sizes, time, each record's form, signature and envelope, and that the mark is of a block which
this node has executed with the same result. What is not yet decidable (a body on its way, a clock ahead, a mark not executed
here) waits; only what can never become valid is invalid. A time too far behind the own clock is neither: see `Checked.timely`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from consensus.events import Build, Built, Check, Checked
from consensus.messages import Mark, Payload
from ledger.errors import Refusal
from ledger.record import Submission
from node.bodies import Bodies, UnusableBodyError
from node.limits import BLOCK_BYTES, BLOCK_RECORDS, CLOCK_AHEAD_MS, CLOCK_BEHIND_MS, MARK_BEHIND_BLOCKS
from node.logs import get_logger
from node.mempool import Mempool

log = get_logger("proposals")
_MAX_CHECKS = 64


class InvalidBlockError(Exception):
    """A block that can never be valid."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What proposals need of the execution: results by height, and a way to wait for one.

    Attributes:
        newest: the mark of the last executed block.
        at: the own mark at a height, None when it is no longer known.
        reached: waits until this height is executed.
        unexecuted: ids in delivered blocks that are not executed yet.
    """

    newest: Callable[[], Mark]
    at: Callable[[int], Mark | None]
    reached: Callable[[int], Awaitable[None]]
    unexecuted: Callable[[], set[bytes]]


class Proposals:
    """Answers the core's `Build` and `Check`."""

    def __init__(
        self,
        mempool: Mempool,
        bodies: Bodies,
        executed: Executed,
        check_sealed: Callable[[Submission, int], None],
        now_ms: Callable[[], int],
    ) -> None:
        """Wires the proposals; `check_sealed` is `Ledger.check_sealed`."""
        self._mempool = mempool
        self._bodies = bodies
        self._executed = executed
        self._check_sealed = check_sealed
        self._now_ms = now_ms
        self._checks: dict[bytes, asyncio.Task[None]] = {}

    def build(self, call: Build) -> Built:
        """A payload on top of `call.parent`: pending records that no ancestor holds, in turn by author."""
        mark = self._executed.newest()
        records: list[bytes] = []
        if call.parent.height - mark.height <= MARK_BEHIND_BLOCKS:
            used = self._executed.unexecuted()
            for block in call.ancestors:
                used.update(block.payload.records)
            records = self._mempool.take(used, BLOCK_RECORDS, BLOCK_BYTES)
        if not records and not call.may_be_empty:
            return Built(call.view, call.parent.digest, None)
        time = max(self._now_ms(), call.parent.time + 1)
        return Built(call.view, call.parent.digest, Payload(time=time, mark=mark, next=b"", records=tuple(records)))

    def check(self, call: Check, answer: Callable[[Checked], None]) -> None:
        """Begins to check a proposal; `answer` is called when it is decidable, never before this returns."""
        if call.digest in self._checks:
            return
        while len(self._checks) >= _MAX_CHECKS:
            oldest = next(iter(self._checks))
            self._checks.pop(oldest).cancel()
        task = asyncio.ensure_future(self._run(call, answer))
        self._checks[call.digest] = task
        task.add_done_callback(lambda _: self._checks.pop(call.digest, None))

    async def _run(self, call: Check, answer: Callable[[Checked], None]) -> None:
        timely = call.block.payload.time >= self._now_ms() - CLOCK_BEHIND_MS
        try:
            await self._validate(call)
        except (InvalidBlockError, UnusableBodyError, Refusal) as error:
            log.warning("invalid proposal", height=call.block.height, view=call.block.view, reason=str(error))
            answer(Checked(call.digest, valid=False))
        else:
            answer(Checked(call.digest, valid=True, timely=timely))

    async def _validate(self, call: Check) -> None:
        """Raises InvalidBlockError or UnusableBodyError; returns when every rule holds."""
        payload = call.block.payload
        if payload.next:
            raise InvalidBlockError("the block ends the epoch, which nothing has scheduled")
        if payload.time <= call.parent.time:
            raise InvalidBlockError(f"time {payload.time} is not after the parent's {call.parent.time}")
        if len(set(payload.records)) != len(payload.records):
            raise InvalidBlockError("a record stands in the block twice")
        if payload.records and call.parent.height - payload.mark.height > MARK_BEHIND_BLOCKS:
            raise InvalidBlockError("records although the mark is too far behind")
        if payload.mark.height > call.parent.height:
            raise InvalidBlockError("the mark is of a later block than the parent")
        await self._executed.reached(payload.mark.height)
        own = self._executed.at(payload.mark.height)
        if own is None or own != payload.mark:
            raise InvalidBlockError(f"the mark at height {payload.mark.height} differs from this node's own result")
        await self._bodies.obtain(payload.records, call.leader)
        size = 0
        for record_id in payload.records:
            if entry := self._mempool.get(record_id):
                size += len(entry.submission)
                self._check_sealed(entry.parsed, payload.time)
        if size > BLOCK_BYTES:
            raise InvalidBlockError(f"{size} bytes of records; at most {BLOCK_BYTES}")
        if (ahead := payload.time - self._now_ms() - CLOCK_AHEAD_MS) > 0:
            await asyncio.sleep(ahead / 1000)

    def stop(self) -> None:
        """Ends all checks."""
        for task in tuple(self._checks.values()):
            task.cancel()
