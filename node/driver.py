"""Runs the consensus core: events in, durable first, then out (the contract of `consensus.events`).

One task owns the core. It takes every event that waits, lets the core handle them one by one, merges the outputs in order, and
then makes what must be durable durable with one fsync of the body store and, after it, one of the write-ahead log, before
anything that depends on it is sent or carried out.

Of each peer only so many messages wait at a time: what one sends without end delays the others' votes by as many, and no more.

A core lives for one epoch. When the block that ended it is executed, `succeed` puts another one with a log of its own into its
place: between two batches of events, after everything that the old one said was done.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from consensus.core import Core
from consensus.events import AppCall, Event, Output, Received, Send, Wake
from consensus.messages import encode
from node.limits import WAL_SEGMENT_BYTES
from node.waiting import Waiting
from node.wal import Wal
from node.wire import Consensus, encode_item

_MERGED = 256


def monotonic_ms() -> int:
    """The clock that the core's timers run on; it never jumps."""
    return time.monotonic_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Epoch:
    """A core that begins: its log, and the output of its recovery."""

    core: Core
    wal: Wal
    first: Output


class Driver:
    """The core, its log and its clock.

    Attributes:
        core: the state machine; only this task touches it.
        fsyncs: how many times the log was synced; for the metrics.
    """

    def __init__(
        self,
        epoch: Epoch,
        sync_bodies: Callable[[], None],
        send: Callable[[bytes | None, bytes], None],
        application: Callable[[AppCall], None],
    ) -> None:
        """Wires the driver.

        Args:
            epoch: the core as recovered; its log is synced in a thread, by this task alone.
            sync_bodies: makes the body store durable; called in a thread before the log's fsync.
            send: queues one encoded item to a peer by consensus key, or to all (None); never waits.
            application: carries out a call of the core; never waits.
        """
        self.core = epoch.core
        self.fsyncs = 0
        self._past: dict[tuple[bytes, str], int] = {}
        self._wal = epoch.wal
        self._first = epoch.first
        self._successor: Callable[[], Epoch] | None = None
        self._sync_bodies = sync_bodies
        self._send = send
        self._application = application
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._room: dict[bytes, Waiting] = {}
        self._own: deque[Event] = deque()
        self._rotate_at = WAL_SEGMENT_BYTES
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="fsync")

    async def post(self, event: Received, size: int = 0) -> None:
        """Hands in a peer's message of so many bytes; waits while too many of the same peer's do."""
        room = self._room.get(event.peer)
        if room is None:
            room = self._room[event.peer] = Waiting()
        await room.enter(size)
        self._events.put_nowait(event)

    def post_now(self, event: Event) -> None:
        """Hands in an event of this node's own application, which must never wait for the core."""
        self._own.append(event)
        if self._events.empty():
            self._events.put_nowait(Wake())

    def succeed(self, make: Callable[[], Epoch]) -> None:
        """The epoch is over: `make` gives the next core, once nothing that the present one said is left to be done."""
        self._successor = make
        self.post_now(Wake())

    async def run(self) -> None:
        """Drives one core after the other until cancelled.

        Raises:
            WalFailedError: a write or fsync failed; the process must end.
            FatalError: the next epoch's log cannot be used.
        """
        wake_at = await self._perform([self._first])
        while True:
            outputs = await self._step(wake_at)
            wake_at = await self._perform(outputs)
            if self._successor is not None:
                wake_at = await self._change(self._successor)
            await asyncio.sleep(0)  # nothing above waits where nothing is to be made durable

    async def _change(self, make: Callable[[], Epoch]) -> int | None:
        self._successor = None
        self._past = self.faults()
        self._wal.close()
        epoch = make()
        self.core, self._wal = epoch.core, epoch.wal
        self._rotate_at = WAL_SEGMENT_BYTES
        return await self._perform([epoch.first])

    def faults(self) -> dict[tuple[bytes, str], int]:
        """Faults that the cores of this process have counted, by peer (its consensus key) and reason."""
        counted = dict(self._past)
        for fault, count in self.core.faults.items():
            counted[fault] = counted.get(fault, 0) + count
        return counted

    async def _step(self, wake_at: int | None) -> list[Output]:
        """Waits for events, at most until `wake_at`, and lets the core handle those that are there."""
        events: list[Event] = []
        if not self._own and self._events.empty():
            timeout = None if wake_at is None else max(0.0, (wake_at - monotonic_ms()) / 1000)
            try:
                async with asyncio.timeout(timeout):
                    events.append(await self._events.get())
            except TimeoutError:
                pass
        while len(events) <= _MERGED and (self._own or not self._events.empty()):
            events.append(self._own.popleft() if self._own else self._events.get_nowait())
        # A wake only ends the wait: where anything else happened, that is handled at the same time.
        return [self._handle(event) for event in events if not isinstance(event, Wake)] or [self._handle(Wake())]

    def _handle(self, event: Event) -> Output:
        if isinstance(event, Received):
            self._room[event.peer].leave()
        return self.core.handle(event, monotonic_ms())

    async def _perform(self, outputs: list[Output]) -> int | None:
        """Carries out merged outputs; the newest `wake_at` counts."""
        for output in outputs:
            self._deliver(output.send_now)
        records = [record for output in outputs for record in output.persist]
        if records:
            loop = asyncio.get_running_loop()
            self.fsyncs += 1
            await loop.run_in_executor(self._threads, self._make_durable, records)
        else:
            await asyncio.sleep(0)  # a flood of messages that change nothing must not hold the event loop
        for output in outputs:
            self._deliver(output.send_after)
            for call in output.app:
                self._application(call)
        if self._wal.size > self._rotate_at:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._threads, self._wal.rotate, self.core.snapshot())
            self._rotate_at = max(WAL_SEGMENT_BYTES, 2 * self._wal.size)  # a large snapshot is not written every time
        return outputs[-1].wake_at

    def _make_durable(self, records: list[bytes]) -> None:
        """Bodies first: where all nodes lose power at once, no vote may outlive the only copies of what it is for."""
        self._sync_bodies()
        self._wal.append(records)
        self._wal.sync()

    def _deliver(self, sends: tuple[Send, ...]) -> None:
        for send in sends:
            self._send(send.to, encode_item(Consensus(encode(send.message))))

    def close(self) -> None:
        """Closes the log; what was appended and not synced was never acted on."""
        self._threads.shutdown(wait=True)
        self._wal.close()
