"""`node.bodies`: found wherever it is, asked of one peer after the other, and nothing left behind by whoever gives up."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.record import parse_submission
from node import bodies as module
from node.bodies import UnusableBodyError
from node.limits import BODY_REQUEST_IDS
from tests.support.parts import LEADER, OTHER, THIRD, Road, road, settled, submission, until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BODY_GRACE_SECONDS", 0.005)
    monkeypatch.setattr(module, "BODY_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "BODY_PATIENCE_SECONDS", 0.1)


def play(tmp_path: Path, work: Callable[[Road], object]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), road(tmp_path) as there:
            await work(there)
            await settled()
            assert not there.bodies._searches

    asyncio.run(whole())


def key(raw: bytes) -> bytes:
    return parse_submission(raw).record.id


def unknown(count: int) -> list[bytes]:
    return [number.to_bytes(32) for number in range(count)]


def search(there: Road, *ids: bytes, first: bytes | None = None) -> "asyncio.Future[list]":
    return asyncio.ensure_future(there.bodies.obtain(ids, first))


async def give_up(*searches: "asyncio.Future[list]") -> None:
    for task in searches:
        task.cancel()
    await asyncio.gather(*searches, return_exceptions=True)


def test_what_is_at_hand_is_asked_of_nobody(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        pending, stored = there.entry(number="BW0000001"), there.entry(number="BW0000002")
        there.mempool.judged([stored.record.id])
        records = await there.bodies.obtain([stored.record.id, pending.record.id], LEADER)
        assert [record.raw for record in records] == [stored.record.raw, pending.record.raw]
        assert await there.bodies.obtain([], None) == []
        assert there.asked == []

    play(tmp_path, work)


def test_one_that_is_on_its_way_is_waited_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BODY_GRACE_SECONDS", 5)

    async def work(there: Road) -> None:
        raw = submission(there.world)
        waiting = search(there, key(raw), first=LEADER)
        await settled()
        assert there.bodies.wanted(key(raw))
        await there.receive(raw)
        assert [record.id for record in await waiting] == [key(raw)]
        assert there.asked == []

    play(tmp_path, work)


def test_the_leader_first_then_the_others_then_all_again(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        waiting = search(there, *unknown(1), first=THIRD)
        await until(lambda: len(there.asked) >= 6)
        peers = [peer for peer, _ in there.asked]
        assert peers[0] == THIRD
        assert sorted(peers[:3]) == sorted([LEADER, OTHER, THIRD])
        assert sorted(peers[3:6]) == sorted([LEADER, OTHER, THIRD])
        await give_up(waiting)

    play(tmp_path, work)


def test_a_leader_that_is_not_connected_is_not_asked(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        there.connected = [OTHER]
        waiting = search(there, *unknown(1), first=LEADER)
        await until(lambda: len(there.asked) >= 2)
        assert {peer for peer, _ in there.asked} == {OTHER}
        await give_up(waiting)

    play(tmp_path, work)


def test_nobody_connected_yet_then_somebody(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        there.connected = []
        raw = submission(there.world)
        waiting = search(there, key(raw))
        await asyncio.sleep(0.05)
        assert there.asked == []
        there.connected = [OTHER]
        await until(lambda: there.asked)
        await there.receive(raw)
        assert len(await waiting) == 1

    play(tmp_path, work)


def test_only_what_is_still_missing_is_asked_again_in_order(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raws = [submission(there.world, number=f"BW{number:07d}") for number in range(1, 4)]
        ids = [key(raw) for raw in raws]
        waiting = search(there, *ids)
        await until(lambda: there.asked)
        assert there.asked[0][1] == ids
        await there.receive(raws[1])
        before = len(there.asked)
        await until(lambda: len(there.asked) > before)
        assert there.asked[-1][1] == [ids[0], ids[2]]
        await there.receive(raws[2], raws[0])
        assert [record.id for record in await waiting] == ids

    play(tmp_path, work)


def test_many_are_asked_in_parts(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        ids = unknown(2 * BODY_REQUEST_IDS + 1)
        waiting = search(there, *ids)
        await until(lambda: there.asked)
        assert [len(part) for _, part in there.asked[:3]] == [BODY_REQUEST_IDS, BODY_REQUEST_IDS, 1]
        assert len({peer for peer, _ in there.asked[:3]}) == 1
        assert [record_id for _, part in there.asked[:3] for record_id in part] == ids
        await give_up(waiting)

    play(tmp_path, work)


def test_two_that_wait_for_the_same(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw = submission(there.world)
        first, second = search(there, key(raw)), search(there, *unknown(1), key(raw))
        await settled()
        await give_up(second)
        assert there.bodies.wanted(key(raw))
        assert not there.bodies.wanted(unknown(1)[0])
        await there.receive(raw)
        assert len(await first) == 1
        assert not there.bodies.wanted(key(raw))

    play(tmp_path, work)


def test_one_named_twice_is_found_twice(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw = submission(there.world)
        waiting = search(there, key(raw), key(raw))
        await settled()
        await there.receive(raw)
        assert [record.id for record in await waiting] == [key(raw)] * 2
        assert not there.bodies.wanted(key(raw))

    play(tmp_path, work)


def test_who_gives_up_at_any_point_leaves_nothing(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw = submission(there.world)
        for moments in (0, 0.001, 0.02):
            waiting = search(there, *unknown(3), key(raw))
            await asyncio.sleep(moments)
            await give_up(waiting)
            assert not there.bodies._searches
        asked = len(there.asked)
        await asyncio.sleep(0.05)
        assert len(there.asked) == asked

    play(tmp_path, work)


def test_an_unusable_one_ends_every_search_for_it_and_no_other(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        ids = unknown(3)
        first, second, other = search(there, ids[0], ids[1]), search(there, ids[1]), search(there, ids[2])
        await settled()
        there.bodies.unusable(ids[1])
        for waiting in (first, second):
            with pytest.raises(UnusableBodyError):
                await waiting
        assert [there.bodies.wanted(record_id) for record_id in ids] == [False, False, True]
        there.bodies.unusable(b"\xff" * 32)
        assert not other.done()
        await give_up(other)

    play(tmp_path, work)


def test_what_came_and_waits_for_its_check_is_not_asked_for(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        ids = unknown(2)
        there.on_the_way = {ids[0]}
        waiting = search(there, *ids)
        await until(lambda: there.asked)
        assert there.asked[0][1] == [ids[1]]
        await give_up(waiting)

    play(tmp_path, work)


def test_whoever_claims_ids_with_rubbish_for_ever_cannot_hide_a_record(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        there.on_the_way = set(unknown(1))
        waiting = search(there, *unknown(1))
        await until(lambda: there.asked, 5)
        await give_up(waiting)

    play(tmp_path, work)
