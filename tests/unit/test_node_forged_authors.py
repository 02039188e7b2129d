"""A signature alone anybody can make: what peers send in others' names takes nobody's room, unless a block needs it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ledger.record import encode_submission
from tests.support.parts import Road, road, submission
from tests.support.world import World


def play(tmp_path: Path, work: Callable[[Road], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), road(tmp_path) as there:
            await work(there)

    asyncio.run(whole())


def forged(world: World, author: str, key: str) -> tuple[bytes, bytes]:
    """A sound submission signed with another's key, and its id."""
    sealed = world.sealed(world.issue())
    record = world.sign(sealed.record.kind, sealed.record.body, author, key)
    return encode_submission(record.raw, sealed.envelope), record.id


@pytest.mark.parametrize(("author", "key"), [("BW", "RU/issue"), ("BW", "nobody"), ("XX", "RU/issue"), ("BW", "BW/consensus")])
def test_a_record_that_no_key_of_its_author_has_signed_takes_no_room(tmp_path: Path, author: str, key: str) -> None:
    async def work(there: Road) -> None:
        raw, record_id = forged(there.world, author, key)
        assert await there.receive(raw) == 1
        assert record_id not in there.mempool
        assert there.ledger.body(record_id) is None

    play(tmp_path, work)


def test_keys_of_the_author_in_another_role_are_left_to_the_rules(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw, record_id = forged(there.world, "BW", "BW/confirm")
        assert await there.receive(raw, submission(there.world, number="BW0000002")) == 0
        assert record_id in there.mempool
        assert len(there.mempool) == 2

    play(tmp_path, work)


def test_a_block_that_holds_one_is_voted_and_executed_like_any_other(tmp_path: Path) -> None:
    """What the author's keys are is state: no part of a block's validity. The block's record is taken, and refused there."""

    async def work(there: Road) -> None:
        raw, record_id = forged(there.world, "BW", "RU/issue")
        search = asyncio.ensure_future(there.bodies.obtain([record_id], None))
        await asyncio.sleep(0)
        assert await there.receive(raw) == 0
        assert [record.id for record in await search] == [record_id]

    play(tmp_path, work)
