"""`node.finality`: many wait for one record, each for itself; nothing stays behind for those who have gone."""

import asyncio

import pytest

from ledger.errors import Code, Refusal
from ledger.state import Judgement
from node.finality import Finality

FIRST, SECOND, THIRD = (bytes([number]) * 32 for number in range(3))


def taken(record_id: bytes, index: int, height: int = 1) -> Judgement:
    return Judgement(record_id, height, index, None)


def refused(record_id: bytes) -> Judgement:
    return Judgement(record_id, 1, None, Refusal(Code.NUMBER_USED, "number"))


def kept(finality: Finality) -> int:
    return len(finality) + len(finality._uncovered)


def test_final_is_what_a_quorum_checkpoint_covers() -> None:
    async def play() -> None:
        finality = Finality()
        first, second = finality.watch(FIRST), finality.watch(SECOND)
        finality.judged([taken(FIRST, 4), taken(SECOND, 5)])
        assert not first.done()
        finality.covered(4)
        assert not first.done()
        finality.covered(5)
        assert first.done()
        assert not second.done()
        finality.covered(9)
        assert second.done()
        assert kept(finality) == 0

    asyncio.run(play())


def test_all_who_wait_are_told() -> None:
    async def play() -> None:
        finality = Finality()
        futures = [finality.watch(FIRST) for _ in range(100)]
        assert len(finality) == 1
        finality.judged([taken(FIRST, 0)])
        finality.covered(1)
        await asyncio.gather(*futures)
        assert kept(finality) == 0

    asyncio.run(play())


def test_a_refusal_reaches_all_who_wait_and_nobody_else() -> None:
    async def play() -> None:
        finality = Finality()
        gone, stays, other = finality.watch(FIRST), finality.watch(FIRST), finality.watch(SECOND)
        gone.cancel()
        finality.judged([refused(FIRST), refused(THIRD)])
        with pytest.raises(Refusal) as caught:
            await stays
        assert caught.value.code is Code.NUMBER_USED
        assert not other.done()
        assert len(finality) == 1

    asyncio.run(play())


def test_an_unseen_refusal_is_no_error_of_the_loop() -> None:
    """A submitter that has gone leaves an exception that nobody fetches."""
    seen: list[object] = []

    async def play() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: seen.append(context))
        finality = Finality()
        finality.watch(FIRST)
        finality.judged([refused(FIRST)])

    asyncio.run(play())
    assert seen == []


def test_judgements_of_what_nobody_waits_for_are_not_kept() -> None:
    async def play() -> None:
        finality = Finality()
        finality.judged([taken(bytes([number]) * 32, number) for number in range(200)])
        assert kept(finality) == 0

    asyncio.run(play())


def test_one_record_asked_for_again_and_again_without_a_quorum_keeps_nothing() -> None:
    """`?wait=final` in a loop while no quorum cosigns."""

    async def play() -> None:
        finality = Finality()
        for _ in range(50):
            future = finality.watch(FIRST)
            finality.accepted(FIRST, 3)
            assert kept(finality) == 2
            finality.forget(FIRST, future)
            assert kept(finality) == 0

    asyncio.run(play())


def test_who_forgets_takes_nothing_from_others() -> None:
    async def play() -> None:
        finality = Finality()
        gone, stays = finality.watch(FIRST), finality.watch(FIRST)
        finality.accepted(FIRST, 0)
        finality.forget(FIRST, gone)
        finality.forget(FIRST, gone)
        finality.covered(1)
        assert stays.done()
        assert not gone.done()
        finality.forget(FIRST, stays)
        finality.forget(SECOND, stays)
        assert kept(finality) == 0

    asyncio.run(play())


def test_judged_again_after_it_was_accepted_before() -> None:
    """A record named by a second block keeps its old leaf, which a quorum may cover already; the next checkpoint settles it."""

    async def play() -> None:
        finality = Finality()
        future = finality.watch(FIRST)
        finality.judged([taken(FIRST, 2)])
        finality.judged([taken(FIRST, 2)])
        finality.covered(3)
        assert future.done()
        assert kept(finality) == 0

    asyncio.run(play())
