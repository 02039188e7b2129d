"""What goes into a block and what makes one valid: time, mark, records (4-consensus.md, "Terms").

Validity needs no ledger state: sizes, time, each record's form, signature and envelope, and that the mark is of a block which
this node has executed with the same result. What is not yet decidable (a body on its way, a clock ahead, a mark not executed
here) waits; only what can never become valid is invalid. A time too far behind the own clock is neither: see `Checked.timely`.

What a body says of itself must not depend on where it is found: one in the mempool, one that the store has kept since before a
restart and one of a block long past are measured and checked alike, or nodes would judge the same block differently. And a
leader leaves out what would make its block invalid, however it got into the mempool.
"""

import asyncio
from collections.abc import Callable

from consensus.events import Build, Built, Check, Checked
from consensus.messages import Payload
from ledger.errors import Refusal
from ledger.record import Record, Submission, encode_submission, parse_submission
from ledger.state import Ledger
from node.bodies import Bodies, UnusableBodyError
from node.execution import Execution
from node.limits import BLOCK_BYTES, BLOCK_RECORDS, CLOCK_AHEAD_MS, CLOCK_BEHIND_MS, HEARTBEAT_SECONDS, MARK_BEHIND_BLOCKS
from node.logs import get_logger
from node.mempool import Mempool
from node.tasks import Tasks

log = get_logger("proposals")
_MAX_CHECKS = 64
_LONGEST_SLEEP_S = 60.0


class InvalidBlockError(Exception):
    """A block that can never be valid."""


class Proposals:
    """Answers the core's `Build` and `Check`.

    Attributes:
        tasks: the checks under way, and what one of them failed with.
    """

    def __init__(
        self, ledger: Ledger, mempool: Mempool, bodies: Bodies, execution: Execution, now_ms: Callable[[], int]
    ) -> None:
        """Wires the proposals; `now_ms` is the wall clock, ms since 1970 UTC."""
        self.tasks = Tasks()
        self._ledger = ledger
        self._mempool = mempool
        self._bodies = bodies
        self._execution = execution
        self._now_ms = now_ms
        self._checks: dict[bytes, tuple[int, asyncio.Task[None]]] = {}
        self._waiting: asyncio.Task[None] | None = None

    def build(self, call: Build, answer: Callable[[Built], None]) -> None:
        """Answers with a payload, at once, or as soon as the parent's mark is executed here: none may be older."""
        if self._waiting is not None:
            self._waiting.cancel()  # a later question withdraws the earlier
        if call.parent.mark <= self._ledger.head.height:
            answer(self._build(call))
        else:
            self._waiting = self.tasks.spawn(self._build_later(call, answer))

    async def _build_later(self, call: Build, answer: Callable[[Built], None]) -> None:
        await self._execution.reached(call.parent.mark)
        answer(self._build(call))

    def _build(self, call: Build) -> Built:
        """A payload on top of `call.parent`: the end of the epoch where one is scheduled, else pending records that no
        ancestor holds, in turn by author.
        """
        result = self._execution.newest()
        mark = result.mark
        time = max(self._now_ms(), call.parent.time + 1)
        if result.scheduled:
            return Built(call.view, call.parent.digest, Payload(time=time, mark=mark, next=result.scheduled, records=()))
        records: list[bytes] = []
        if call.parent.height - mark.height <= MARK_BEHIND_BLOCKS:
            used = self._execution.unexecuted()
            for block in call.ancestors:
                used.update(block.payload.records)
            while not records and (taken := self._mempool.take(used, BLOCK_RECORDS, BLOCK_BYTES)):
                records = self._fit(taken, time)
        due = self._now_ms() - call.parent.time >= HEARTBEAT_SECONDS * 1000
        if not records and not call.may_be_empty and not due:
            return Built(call.view, call.parent.digest, None)
        return Built(call.view, call.parent.digest, Payload(time=time, mark=mark, next=b"", records=tuple(records)))

    def _fit(self, ids: list[bytes], time: int) -> list[bytes]:
        """Those that a block of this time may hold; the others will never enter one and leave the mempool."""
        unfit: set[bytes] = set()
        for record_id in ids:
            entry = self._mempool.get(record_id)
            try:
                if entry is not None:
                    self._ledger.check_sealed(entry.parsed, time)
            except Refusal as refusal:
                log.warning("record left out", id=record_id.hex(), reason=str(refusal))
                unfit.add(record_id)
        self._mempool.judged(unfit)
        return [record_id for record_id in ids if record_id not in unfit]

    def check(self, call: Check, leader: str | None, answer: Callable[[Checked], None]) -> None:
        """Begins to check a proposal; `answer` is called when it is decidable, never before this returns.

        Args:
            call: what the core asks.
            leader: the participant whose node most likely has the records.
            answer: is given the verdict.
        """
        if call.digest in self._checks:
            return
        while len(self._checks) >= _MAX_CHECKS:
            self._cancel(next(iter(self._checks)))
        self._checks[call.digest] = (call.block.height, self.tasks.spawn(self._run(call, leader, answer)))

    def settled(self, height: int) -> None:
        """The block at this height is executed: what else was proposed up to there can no longer become final."""
        for digest in [digest for digest, (of, _) in self._checks.items() if of <= height]:
            self._cancel(digest)

    def _cancel(self, digest: bytes) -> None:
        self._checks.pop(digest)[1].cancel()

    async def _run(self, call: Check, leader: str | None, answer: Callable[[Checked], None]) -> None:
        timely = call.block.payload.time >= self._now_ms() - CLOCK_BEHIND_MS
        try:
            await self._validate(call, leader)
        except (InvalidBlockError, UnusableBodyError, Refusal) as error:
            log.warning("invalid proposal", height=call.block.height, view=call.block.view, reason=str(error))
            answer(Checked(call.digest, valid=False))
        else:
            answer(Checked(call.digest, valid=True, timely=timely))
        del self._checks[call.digest]

    async def _validate(self, call: Check, leader: str | None) -> None:
        """Raises InvalidBlockError or UnusableBodyError; returns when every rule holds."""
        payload = call.block.payload
        if payload.time <= call.parent.time:
            raise InvalidBlockError(f"time {payload.time} is not after the parent's {call.parent.time}")
        if len(set(payload.records)) != len(payload.records):
            raise InvalidBlockError("a record stands in the block twice")
        if payload.records and call.parent.height - payload.mark.height > MARK_BEHIND_BLOCKS:
            raise InvalidBlockError("records although the mark is too far behind")
        await self._execution.reached(payload.mark.height)
        own = self._execution.result_at(payload.mark.height)
        if own is None or own.mark != payload.mark:
            raise InvalidBlockError(f"the mark at height {payload.mark.height} differs from this node's own result")
        if payload.next != own.scheduled:
            raise InvalidBlockError(f"the block says of the epoch's end other than the state at height {payload.mark.height}")
        records = await self._bodies.obtain(payload.records, leader)
        while (ahead := payload.time - self._now_ms() - CLOCK_AHEAD_MS) > 0:  # noqa: ASYNC110 - no event tells the time
            await asyncio.sleep(min(ahead / 1000, _LONGEST_SLEEP_S))
        size = 0
        for record in records:
            submission, length = self._submission(record)
            size += length
            self._ledger.check_addressed(submission)
        if size > BLOCK_BYTES:
            raise InvalidBlockError(f"{size} bytes of records; at most {BLOCK_BYTES}")

    def _submission(self, record: Record) -> tuple[Submission, int]:
        """A record that is at hand with its envelope, and how many bytes it is submitted in."""
        if entry := self._mempool.get(record.id):
            return entry.parsed, len(entry.submission)
        raw = encode_submission(record.raw, self._ledger.envelope(record.id))
        return parse_submission(raw, envelope_required=False), len(raw)

    def stop(self) -> None:
        """Ends all checks and a proposal that waits."""
        if self._waiting is not None:
            self._waiting.cancel()
        for digest in tuple(self._checks):
            self._cancel(digest)
