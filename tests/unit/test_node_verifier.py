"""`node.verifier`: every record gets its own verdict, in chunks, from threads, whoever gives up meanwhile."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from ledger.errors import Code
from ledger.record import Record, verify_records
from node import verifier as module
from node.limits import VERIFY_AT_ONCE, VERIFY_CHUNK, VERIFY_THREADS
from node.verifier import Verifier
from tests.support.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.make(tmp_path) as made:
        yield made


def records(world: World, count: int, wrong: tuple[int, ...] = ()) -> list[Record]:
    """So many records, those at `wrong` with a broken signature. One signature serves for all that are sound."""
    sound = world.issue()
    spoilt = msgspec.structs.replace(sound, sig=bytes(64))
    return [spoilt if place in wrong else sound for place in range(count)]


@contextmanager
def verifier(world: World) -> Iterator[Verifier]:
    made = Verifier(world.ledger.ledger_id)
    try:
        yield made
    finally:
        made.close()


class Held:
    """`verify_records`, which waits until it is let go, and notes who called it for how many."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, int]] = []
        self.go = threading.Event()
        monkeypatch.setattr(module, "verify_records", self)

    def __call__(self, ledger_id: bytes, batch: list[Record]):
        self.calls.append((threading.current_thread().name, len(batch)))
        assert self.go.wait(10)
        return verify_records(ledger_id, batch)


@pytest.mark.parametrize("count", [0, 1, VERIFY_AT_ONCE, VERIFY_AT_ONCE + 1, VERIFY_CHUNK, VERIFY_CHUNK * 3 + 1])
def test_each_gets_its_own_verdict(world: World, count: int) -> None:
    wrong = tuple(place for place in (0, 99, 100, 250) if place < count)

    async def play() -> None:
        with verifier(world) as checking:
            results = await checking.verify(records(world, count, wrong))
            assert [place for place, result in enumerate(results) if result is not None] == list(wrong)
            assert all(result.code is Code.BAD_SIGNATURE for result in results if result)

    asyncio.run(play())


def test_a_record_of_another_ledger_is_refused(world: World) -> None:
    async def play() -> None:
        other = Verifier(bytes(32))
        for count in (1, VERIFY_CHUNK):
            assert all(result.code is Code.BAD_SIGNATURE for result in await other.verify(records(world, count)))
        other.close()

    asyncio.run(play())


def test_chunks_run_on_threads_and_those_that_wait_grow_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)

    async def play() -> None:
        with verifier(world) as checking:
            work = [asyncio.ensure_future(checking.verify(records(world, 10))) for _ in range(12)]
            await asyncio.sleep(0.05)
            assert len(held.calls) == VERIFY_THREADS
            held.go.set()
            await asyncio.gather(*work)
        assert all(name.startswith("verify") for name, _ in held.calls)
        assert max(count for _, count in held.calls) > 10
        assert max(count for _, count in held.calls) <= VERIFY_CHUNK
        assert sum(count for _, count in held.calls) == 120

    asyncio.run(play())


def test_the_loop_is_free_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)

    async def play() -> None:
        with verifier(world) as checking:
            work = asyncio.ensure_future(checking.verify(records(world, 50)))
            for _ in range(10):
                await asyncio.sleep(0.001)
            assert not work.done()
            few = asyncio.ensure_future(checking.verify(records(world, 1)))  # not on the loop while others wait
            await asyncio.sleep(0.01)
            assert not few.done()
            held.go.set()
            assert await work == [None] * 50
            assert await few == [None]

    asyncio.run(play())


def test_who_gives_up_takes_nothing_from_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)

    async def play() -> None:
        with verifier(world) as checking:
            work = [asyncio.ensure_future(checking.verify(records(world, 30, (place,)))) for place in range(8)]
            await asyncio.sleep(0.02)
            for gone in work[::2]:
                gone.cancel()
            held.go.set()
            for place, results in zip(range(1, 8, 2), await asyncio.gather(*work[1::2]), strict=True):
                assert [at for at, result in enumerate(results) if result] == [place]
            assert checking._busy == 0
            assert not checking._waiting
            assert await checking.verify(records(world, 20)) == [None] * 20

    asyncio.run(play())


def test_a_fault_in_a_thread_reaches_every_caller_and_the_next_chunk_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_ledger_id: bytes, _batch: list[Record]) -> None:
        raise MemoryError

    async def play() -> None:
        with verifier(world) as checking:
            with monkeypatch.context() as patch:
                patch.setattr(module, "verify_records", fail)
                work = [asyncio.ensure_future(checking.verify(records(world, VERIFY_CHUNK + 1))) for _ in range(4)]
                for outcome in await asyncio.gather(*work, return_exceptions=True):
                    assert isinstance(outcome, MemoryError)
            async with asyncio.timeout(10):
                while checking._busy:  # the callers know of a failure before the last of their chunks has failed
                    await asyncio.sleep(0.001)
            assert await checking.verify(records(world, 20)) == [None] * 20

    asyncio.run(play())


def test_closed_while_others_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process stops: whoever waits is let go, and nothing is reported as a fault of the program."""
    held, seen = Held(monkeypatch), []

    async def play() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: seen.append(context))
        with verifier(world) as checking:
            work = [asyncio.ensure_future(checking.verify(records(world, VERIFY_CHUNK))) for _ in range(5)]
            await asyncio.sleep(0.02)
            held.go.set()
        outcomes = await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), 5)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)

    asyncio.run(play())
    assert seen == []
