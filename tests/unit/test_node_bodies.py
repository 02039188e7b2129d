"""Finding a block's records: what is on its way is waited for, what is lost is asked for, what cannot be valid ends the search."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from ledger.record import Record, Submission
from node import bodies as module
from node.bodies import Bodies, UnusableBodyError
from node.limits import BODY_REQUEST_IDS
from node.mempool import Entry, Mempool
from tests.support.world import World

LEADER, OTHER = b"L" * 32, b"O" * 32


class Desk:
    """`Bodies` over a real ledger, with a note of every request."""

    def __init__(self, world: World) -> None:
        self.asked: list[tuple[bytes, list[bytes]]] = []
        self.arriving: set[bytes] = set()
        self.peers = [OTHER, LEADER]
        self.mempool = Mempool()
        self.bodies = Bodies(
            world.ledger,
            self.mempool,
            lambda peer, ids: self.asked.append((peer, ids)),
            lambda: list(self.peers),
            lambda record_id: record_id in self.arriving,
        )

    def arrive(self, record: Record) -> None:
        self.mempool.add(Entry(Submission(record), record.raw))

    async def until_asked(self, times: int) -> None:
        async with asyncio.timeout(10):
            while len(self.asked) < times:
                await asyncio.sleep(0.001)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(module, "BODY_GRACE_SECONDS", 0.01)
    monkeypatch.setattr(module, "BODY_RETRY_SECONDS", 0.03)
    with World.make(tmp_path / "store") as made:
        yield made


def play(world: World, scene: Callable[[Desk], Awaitable[None]]) -> Desk:
    async def run() -> Desk:
        desk = Desk(world)
        async with asyncio.timeout(20):
            await scene(desk)
        return desk

    return asyncio.run(run())


def test_at_hand_in_mempool_and_store_nobody_is_asked(world: World) -> None:
    waiting, kept = world.issue(), world.issue(number="BW0000002")
    world.ledger.keep_bodies([Submission(kept)])

    async def scene(desk: Desk) -> None:
        desk.arrive(waiting)
        found = await desk.bodies.obtain([kept.id, waiting.id], LEADER)
        assert [record.id for record in found] == [kept.id, waiting.id]

    assert play(world, scene).asked == []


def test_what_comes_within_the_grace_is_not_asked_for(world: World) -> None:
    record = world.issue()

    async def scene(desk: Desk) -> None:
        search = asyncio.ensure_future(desk.bodies.obtain([record.id], LEADER))
        await asyncio.sleep(0)
        assert desk.bodies.wanted(record.id)
        desk.arrive(record)
        assert [found.id for found in await search] == [record.id]
        assert not desk.bodies.wanted(record.id)

    assert play(world, scene).asked == []


def test_what_waits_for_its_check_is_not_asked_for_until_it_is_lost(world: World) -> None:
    record = world.issue()

    async def scene(desk: Desk) -> None:
        desk.arriving.add(record.id)
        search = asyncio.ensure_future(desk.bodies.obtain([record.id], LEADER))
        await asyncio.sleep(0.1)
        assert desk.asked == []
        desk.arriving.clear()  # it was a spoilt copy
        await desk.until_asked(1)
        desk.arrive(record)
        await search

    assert play(world, scene).asked[0] == (LEADER, [record.id])


def test_spoilt_copies_without_end_do_not_keep_a_record_from_being_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = world.issue()
    monkeypatch.setattr(module, "BODY_PATIENCE_SECONDS", 0.05)

    async def scene(desk: Desk) -> None:
        desk.arriving.add(record.id)  # and it stays so: one copy is always waiting
        search = asyncio.ensure_future(desk.bodies.obtain([record.id], LEADER))
        await desk.until_asked(2)
        desk.arrive(record)
        await search

    assert [peer for peer, _ in play(world, scene).asked[:2]] == [LEADER, OTHER]


@pytest.mark.parametrize("silent", [0, 1])
def test_who_answered_last_is_asked_first(world: World, silent: int) -> None:
    """A peer that never answers costs the first search a second, not every one."""
    records = [world.issue(number=f"BW{number:07}") for number in range(1, 5)]
    peers = [LEADER, OTHER]

    async def scene(desk: Desk) -> None:
        desk.peers = peers
        for record in records:
            search = asyncio.ensure_future(desk.bodies.obtain([record.id], None))
            asked = len(desk.asked)
            while len(desk.asked) == asked or desk.asked[-1][0] == peers[silent]:
                await asyncio.sleep(0.001)
            desk.arrive(record)
            await search

    asked = [peer for peer, _ in play(world, scene).asked]
    assert asked == [peers[0]] * (silent == 0) + [peers[1 - silent]] * 4


def test_the_leader_first_then_the_others_in_turn(world: World) -> None:
    record = world.issue()

    async def scene(desk: Desk) -> None:
        search = asyncio.ensure_future(desk.bodies.obtain([record.id], LEADER))
        await desk.until_asked(3)
        desk.arrive(record)
        await search

    assert [peer for peer, _ in play(world, scene).asked[:3]] == [LEADER, OTHER, LEADER]


def test_without_peers_it_waits_for_one(world: World) -> None:
    record = world.issue()

    async def scene(desk: Desk) -> None:
        desk.peers = []
        search = asyncio.ensure_future(desk.bodies.obtain([record.id], None))
        await asyncio.sleep(0.1)
        assert desk.asked == []
        desk.peers = [OTHER]
        await desk.until_asked(1)
        desk.arrive(record)
        await search

    assert play(world, scene).asked[0] == (OTHER, [record.id])


def test_only_what_is_missing_is_asked_for_in_requests_of_bounded_size(world: World) -> None:
    here = world.issue()
    ids = [here.id, *(number.to_bytes(32, "big") for number in range(BODY_REQUEST_IDS + 1))]

    async def scene(desk: Desk) -> None:
        desk.arrive(here)
        search = asyncio.ensure_future(desk.bodies.obtain(ids, LEADER))
        await desk.until_asked(2)
        search.cancel()
        await asyncio.wait([search])
        assert not any(map(desk.bodies.wanted, ids)), "a search that is given up leaves nothing behind"

    asked = play(world, scene).asked
    assert [len(batch) for _, batch in asked[:2]] == [BODY_REQUEST_IDS, 1]
    assert asked[0][1] + asked[1][1] == ids[1:]


def test_an_unusable_record_ends_every_search_for_it_and_no_other(world: World) -> None:
    bad, good = world.issue(), world.issue(number="BW0000002")

    async def scene(desk: Desk) -> None:
        failing = [asyncio.ensure_future(desk.bodies.obtain([good.id, bad.id], LEADER)) for _ in range(2)]
        going_on = asyncio.ensure_future(desk.bodies.obtain([good.id], LEADER))
        await asyncio.sleep(0)
        desk.bodies.unusable(bad.id)
        for search in failing:
            with pytest.raises(UnusableBodyError, match=bad.id.hex()):
                await search
        assert desk.bodies.wanted(good.id)
        desk.arrive(good)
        assert [record.id for record in await going_on] == [good.id]

    play(world, scene)


def test_a_late_verdict_on_a_record_that_has_come_meanwhile_changes_nothing(world: World) -> None:
    record = world.issue()

    async def scene(desk: Desk) -> None:
        search = asyncio.ensure_future(desk.bodies.obtain([record.id], LEADER))
        await asyncio.sleep(0)
        desk.arrive(record)
        desk.bodies.unusable(record.id)
        assert [found.id for found in await search] == [record.id]

    play(world, scene)
