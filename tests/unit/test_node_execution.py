"""Final blocks: executed in order, each once its bodies are here; those that wait are sought together."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from consensus.events import Deliver
from consensus.messages import Block, Mark, Payload
from ledger.record import Record, Submission
from node import bodies as bodies_module
from node.bodies import Bodies, UnusableBodyError
from node.execution import Execution
from node.limits import EXECUTE_AHEAD
from node.mempool import Entry, Mempool
from tests.support.parts import settled, until
from tests.support.world import World

PEER = b"P" * 32
NO_MARK = Mark(0, 0, bytes(32), bytes(32))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(bodies_module, "BODY_GRACE_SECONDS", 0.01)
    with World.make(tmp_path / "store") as made:
        yield made


class Desk:
    """`Execution` over a real ledger, with a note of what peers were asked for and of what was executed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked: list[bytes] = []
        self.executed: list[int] = []
        self.mempool = Mempool()
        bodies = Bodies(world.ledger, self.mempool, lambda _, ids: self.asked.extend(ids), lambda: [PEER], lambda _: False)
        self.execution = Execution(world.ledger, bodies)
        self.execution.listeners.append(lambda block, _: self.executed.append(block.height))

    def deliver(self, height: int, *records: Record) -> None:
        payload = Payload(self.world.now + height, NO_MARK, b"", tuple(record.id for record in records))
        block = Block(1, 0, height, height, height - 1, bytes(32), payload)
        self.execution.deliver(Deliver(block, height.to_bytes(32, "big"), None))

    def arrive(self, record: Record) -> None:
        self.mempool.add(Entry(Submission(record), record.raw))


def play(world: World, scene: Callable[[Desk, "asyncio.Task[None]"], Awaitable[None]]) -> Desk:
    async def run() -> Desk:
        desk = Desk(world)
        task = asyncio.ensure_future(desk.execution.run())
        try:
            async with asyncio.timeout(20):
                await scene(desk, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            desk.execution.close()
        return desk

    return asyncio.run(run())


def records(world: World, count: int) -> list[Record]:
    return [world.issue(number=f"BW{number:07}") for number in range(1, count + 1)]


def test_the_bodies_of_the_blocks_that_wait_are_sought_together_and_the_blocks_executed_in_order(world: World) -> None:
    wanted = records(world, EXECUTE_AHEAD + 1)

    async def scene(desk: Desk, _: "asyncio.Task[None]") -> None:
        for height, record in enumerate(wanted, 1):
            desk.deliver(height, record)
        await until(lambda: len(desk.asked) >= EXECUTE_AHEAD)
        assert desk.asked == [record.id for record in wanted[:EXECUTE_AHEAD]]
        assert desk.execution.waiting_records() == len(wanted)
        for record in reversed(wanted[:-1]):
            assert desk.executed == []
            desk.arrive(record)
            await settled()
        await until(lambda: desk.executed == list(range(1, EXECUTE_AHEAD + 1)))
        await until(lambda: wanted[-1].id in desk.asked)
        desk.arrive(wanted[-1])
        await until(lambda: desk.executed[-1] == len(wanted))
        assert desk.execution.unexecuted() == set()

    play(world, scene)
    assert world.ledger.head.height == len(wanted)


def test_a_mark_is_reached_when_its_block_is_executed(world: World) -> None:
    (record,) = records(world, 1)

    async def scene(desk: Desk, _: "asyncio.Task[None]") -> None:
        await desk.execution.reached(0)
        waiting = asyncio.ensure_future(desk.execution.reached(2))
        given_up = asyncio.ensure_future(desk.execution.reached(2))
        await settled()
        given_up.cancel()
        desk.deliver(1)
        desk.deliver(2, record)
        await until(lambda: desk.executed == [1])
        assert not waiting.done()
        desk.arrive(record)
        await waiting
        marks = [desk.execution.mark_at(height) for height in range(4)]
        assert [mark.tree_size for mark in marks if mark] == [0, 0, 1]
        assert marks[3] is None

    play(world, scene)


def test_what_is_executed_already_is_not_executed_again(world: World) -> None:
    async def scene(desk: Desk, _: "asyncio.Task[None]") -> None:
        for height in (1, 2, 1, 2, 3):
            desk.deliver(height)
            await until(lambda height=height: desk.executed[-1:] >= [height])

    assert play(world, scene).executed == [1, 2, 3]


def test_a_final_block_with_a_record_that_cannot_be_valid_ends_the_node_and_every_search(world: World) -> None:
    first, bad, later = records(world, 3)

    async def scene(desk: Desk, task: "asyncio.Task[None]") -> None:
        for height, record in enumerate((first, bad, later), 1):
            desk.deliver(height, record)
        await until(lambda: len(desk.asked) >= 3)
        desk.execution._bodies.unusable(bad.id)
        await settled()
        desk.arrive(first)
        with pytest.raises(UnusableBodyError, match=bad.id.hex()):
            await task
        assert not desk.execution._bodies.wanted(later.id)
        assert desk.executed == [1]

    play(world, scene)
