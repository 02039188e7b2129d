"""`node.driver`: durable first, in order; no peer's flood in the way of the others; a log that stays small at a small price."""

import asyncio
import errno
from collections.abc import Awaitable, Callable

import pytest

from consensus.events import Alarm, AppCall, Event, Output, Received, Send, Wake, Work
from consensus.messages import Status
from node import driver as module
from node.driver import Driver, Epoch
from node.errors import WalFailedError
from node.limits import PEER_EVENTS
from node.wire import Consensus, decode_frame, encode_frame
from tests.support.parts import GUARD, memory, new_wal, running, settled, until

LEDGER = bytes(32)
ONE, OTHER = b"1" * 32, b"2" * 32


def said(view: int) -> Status:
    return Status(0, view, 0)


class Desk:
    """A driver with a core that answers as it is told."""

    def __init__(self, first: Output | None = None) -> None:
        self.disk = memory()
        self.events: list[str] = []
        self.handled: list[Event] = []
        self.answer: Callable[[Event], Output] = lambda _: Output()
        self.image: tuple[bytes, ...] = ()
        self.wal = new_wal(self.disk, LEDGER)
        epoch = Epoch(self, self.wal, first or Output())  # stands in for the core
        self.driver = Driver(epoch, lambda: self.events.append("bodies"), self._send, self._call)
        self.disk.before = self._operation

    def _operation(self, name: str) -> None:
        if name in {"sync", "rename"}:
            self.events.append(name)

    def handle(self, event: Event, _now: int) -> Output:
        self.handled.append(event)
        return self.answer(event)

    def snapshot(self) -> tuple[bytes, ...]:
        return self.image

    def _send(self, to: bytes | None, item: bytes) -> None:
        (sent,) = decode_frame(encode_frame([item]))
        assert isinstance(sent, Consensus)
        self.events.append(f"send {to[:1].decode() if to else 'all'}")

    def _call(self, call: AppCall) -> None:
        assert isinstance(call, Alarm)
        self.events.append(call.reason)


def play(work: Callable[[Desk], Awaitable[None]], first: Output | None = None) -> Desk:
    async def whole() -> Desk:
        desk = Desk(first)
        try:
            async with asyncio.timeout(20), running(desk.driver.run()):
                await work(desk)
        finally:
            desk.driver.close()
        return desk

    return asyncio.run(whole())


def test_durable_before_anything_that_depends_on_it() -> None:
    output = Output((b"vote",), (Send(ONE, said(1)),), (Send(None, said(2)), Send(OTHER, said(3))), (Alarm("called"),))

    async def work(desk: Desk) -> None:
        await until(lambda: "called" in desk.events)

    events = play(work, output).events
    assert events == ["send 1", "bodies", "sync", "send all", "send 2", "called"]


def test_where_nothing_is_new_nothing_is_synced() -> None:
    async def work(desk: Desk) -> None:
        desk.answer = lambda event: Output(send_after=(Send(None, said(1)),) if isinstance(event, Received) else ())
        await desk.driver.post(Received(ONE, said(1)))
        await until(lambda: desk.events)

    assert play(work).events == ["send all"]


def test_a_failed_sync_ends_it_and_nothing_is_sent() -> None:
    async def work(desk: Desk) -> None:
        def fail(name: str) -> None:
            if name == "sync":
                raise OSError(errno.EIO, "injected")

        desk.disk.before = fail
        desk.answer = lambda _: Output((b"vote",), (), (Send(None, said(1)),), (Alarm("called"),))
        desk.driver.post_now(Work(pending=True, due=False))
        await settled()
        await until(lambda: desk.driver.fsyncs)
        await asyncio.sleep(0.05)
        assert desk.events == ["bodies"]

    with pytest.raises(WalFailedError):
        play(work)


def test_wakes_in_time() -> None:
    async def work(desk: Desk) -> None:
        wake_at = module.monotonic_ms() + 50
        woken: list[int] = []

        def answer(_: Event) -> Output:
            if (now := module.monotonic_ms()) < wake_at:
                return Output(wake_at=wake_at)
            woken.append(now)
            return Output()

        desk.answer = answer
        desk.driver.post_now(Work(pending=True, due=False))
        await until(lambda: woken)
        assert len(desk.handled) <= 4
        assert isinstance(desk.handled[-1], Wake)
        await asyncio.sleep(0.05)
        assert len(woken) == 1

    play(work)


def test_a_flood_of_one_peer_delays_the_others_by_a_bounded_number_of_messages() -> None:
    async def work(desk: Desk) -> None:
        async def flood() -> None:
            for view in range(20 * PEER_EVENTS):
                await desk.driver.post(Received(ONE, said(view)))

        flooding = asyncio.ensure_future(flood())
        await settled()
        for view in range(3):
            before = len(desk.handled)
            await desk.driver.post(Received(OTHER, said(view)))
            await until(lambda view=view: Received(OTHER, said(view)) in desk.handled)
            between = desk.handled[before : desk.handled.index(Received(OTHER, said(view)))]
            assert sum(isinstance(event, Received) for event in between) <= PEER_EVENTS
        await flooding
        await until(lambda: len(desk.handled) >= 20 * PEER_EVENTS)
        floods = [event.message.view for event in desk.handled if isinstance(event, Received) and event.peer == ONE]
        assert floods == list(range(20 * PEER_EVENTS)), "none is lost, none overtakes another"

    play(work)


def test_while_the_disk_works_a_peer_waits_and_the_own_application_does_not() -> None:
    async def work(desk: Desk) -> None:
        for view in range(PEER_EVENTS):
            await desk.driver.post(Received(ONE, said(view)))
        waiting = asyncio.ensure_future(desk.driver.post(Received(ONE, said(PEER_EVENTS))))
        desk.driver.post_now(Work(pending=True, due=False))
        assert not waiting.done()
        await waiting
        await until(lambda: Received(ONE, said(PEER_EVENTS)) in desk.handled)

    play(work)


def test_the_log_begins_anew_when_it_has_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot larger than the limit is not written again after every output."""
    monkeypatch.setattr(module, "WAL_SEGMENT_BYTES", 2_000)

    async def work(desk: Desk) -> None:
        desk.driver._rotate_at = 2_000
        desk.image = (bytes(6_000),)
        desk.answer = lambda event: Output() if isinstance(event, Wake) else Output((bytes(500),))
        for turn in range(1, 41):
            desk.driver.post_now(Work(pending=True, due=False))
            await until(lambda turn=turn: desk.driver.fsyncs >= turn)
        await until(lambda: desk.wal.size < 12_000)
        assert 2 <= desk.events.count("rename") <= 5
        (name,) = (name for name in desk.disk.content() if name.endswith(".log"))
        assert len(desk.disk.content()[name]) == desk.wal.size

    desk = play(work)
    assert new_wal(desk.disk, LEDGER, GUARD).records[0] == bytes(6_000)


class Successor:
    """A core of the next epoch that remembers what it is told."""

    def __init__(self) -> None:
        self.handled: list[Event] = []
        self.faults = {(OTHER, "forged"): 1}

    def handle(self, event: Event, _now: int) -> Output:
        self.handled.append(event)
        return Output()


def test_another_core_takes_over_with_a_log_of_its_own() -> None:
    """All that the old one said is durable and done before; whatever comes afterwards is the new one's."""
    successor, disk = Successor(), memory()
    first = Output((b"begun",), (), (Send(None, said(9)),), (Alarm("begun"),))

    async def work(desk: Desk) -> None:
        desk.faults = {(ONE, "forged"): 2, (OTHER, "forged"): 3}
        desk.answer = lambda event: Output((b"last",), (), (Send(ONE, said(1)),)) if isinstance(event, Received) else Output()

        def begin() -> Epoch:
            desk.events.append("successor")
            with pytest.raises(WalFailedError):
                desk.wal.append([b"too late"])
            return Epoch(successor, new_wal(disk, LEDGER), first)  # stands in for the core

        await desk.driver.post(Received(ONE, said(1)))
        desk.driver.succeed(begin)
        await until(lambda: "begun" in desk.events)
        assert desk.driver.core is successor
        await desk.driver.post(Received(OTHER, said(2)))
        await until(lambda: Received(OTHER, said(2)) in successor.handled)
        assert Received(OTHER, said(2)) not in desk.handled
        assert desk.driver.faults() == {(ONE, "forged"): 2, (OTHER, "forged"): 4}

    desk = play(work)
    assert desk.events == ["bodies", "sync", "send 1", "successor", "bodies", "send all", "begun"]
    assert new_wal(desk.disk, LEDGER).records == [b"last"]
    assert new_wal(disk, LEDGER).records == [b"begun"]
