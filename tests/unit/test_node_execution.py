"""`node.execution`: every final block once, in order, whole; and what others are told of it."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from consensus.limits import MAX_HEADERS
from consensus.messages import Certificate, VoteKind, decode
from ledger.errors import BlockOrderError, Code, StoreError
from ledger.record import parse_submission
from node import execution as module
from node.bodies import UnusableBodyError
from node.execution import Execution, Result, last_block, mark_of
from node.limits import EXECUTE_AHEAD
from tests.support.parts import Road, road, running, settled, submission, until
from tests.support.world import World


def play(tmp_path: Path, work: Callable[[Road], object]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), road(tmp_path) as there:
            await work(there)

    asyncio.run(whole())


def final(there: Road, block) -> Certificate:
    """A FINAL of this block, as far as execution looks at it."""
    return Certificate(VoteKind.FINALIZE, 0, block.view, block.parent_view, there.digest(block), b"\x07", (bytes(64),) * 3)


def chain(there: Road, count: int, *, finals: Callable[[int], bool] = lambda _height: True) -> list:
    """Delivers so many empty blocks; those that `finals` picks with their own FINAL."""
    parent, blocks = there.tip, []
    for height in range(parent.height + 1, parent.height + count + 1):
        block = there.block(parent=parent, mark=mark_of(there.ledger.head))
        there.deliver(block, final(there, block) if finals(height) else None)
        parent = there.after(block)
        blocks.append(block)
    return blocks


async def executed(there: Road, height: int) -> None:
    await until(lambda: there.ledger.head.height == height and height not in there.execution._unexecuted)


# --- the queue --------------------------------------------------------------------------------------------------------


def test_in_order_each_once_and_told_once(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        told = []
        there.execution.listeners.append(lambda block, applied: told.append((block.height, applied.head.height)))
        ids = [there.entry(number=f"BW{number:07d}").record.id for number in range(1, 4)]
        parent = there.tip
        for record_id in ids:
            block = there.block(record_id, parent=parent)
            there.deliver(block)
            parent = there.after(block)
        assert there.execution.unexecuted() == set(ids)
        assert there.execution.waiting_records() == 3
        await executed(there, 3)
        assert told == [(1, 1), (2, 2), (3, 3)]
        assert [there.ledger.record(record_id)[1:] for record_id in ids] == [(0, 1), (1, 2), (2, 3)]
        assert there.execution.unexecuted() == set()
        assert there.execution.waiting_records() == 0

    play(tmp_path, work)


def test_what_is_delivered_again_after_a_restart_is_not_applied_again(tmp_path: Path) -> None:
    """The log of votes may hold FINALs that the store has executed; the core names them once more."""

    async def work(there: Road) -> None:
        blocks = chain(there, 3)
        await executed(there, 3)
        head = there.ledger.head
        again = Execution(there.ledger, there.bodies, there.prepared.append)
        async with running(again.run()):
            for block in blocks:
                again.deliver(there.deliver_call(block))
            await settled()
            assert again.unexecuted() == set()
            assert again._queue.empty()
        again.close()
        assert there.ledger.head == head
        assert last_block(there.ledger) == blocks[-1]

    play(tmp_path, work)


def test_a_store_without_blocks_has_no_last_one(tmp_path: Path) -> None:
    with World.make(tmp_path) as world:
        assert last_block(world.ledger) is None


def test_a_record_in_two_blocks_counts_once(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        record_id = there.entry().record.id
        await there.execute(record_id)
        await there.execute(record_id)
        assert (there.ledger.head.height, there.ledger.head.tree_size) == (2, 1)
        assert there.ledger.record(record_id)[1:] == (0, 1)

    play(tmp_path, work)


def test_a_missing_body_stops_the_queue_until_it_comes(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw = submission(there.world)
        block = there.block(parse_submission(raw).record.id)
        there.deliver(block)
        parent = there.after(block)
        there.deliver(there.block(there.entry(number="BW0000002").record.id, parent=parent))
        await asyncio.sleep(0.02)
        assert there.ledger.head.height == 0
        await there.receive(raw)
        await executed(there, 2)
        assert there.ledger.head.tree_size == 2

    play(tmp_path, work)


def test_bodies_of_the_next_blocks_are_sought_meanwhile_within_bounds(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raws = [submission(there.world, number=f"BW{number:07d}") for number in range(1, EXECUTE_AHEAD + 3)]
        parent = there.tip
        for raw in raws:
            block = there.block(parse_submission(raw).record.id, parent=parent)
            there.deliver(block)
            parent = there.after(block)
        await settled()
        wanted = [there.bodies.wanted(parse_submission(raw).record.id) for raw in raws]
        assert wanted == [True] * EXECUTE_AHEAD + [False] * 2
        await there.receive(*reversed(raws))
        await executed(there, len(raws))
        assert not there.bodies._searches

    play(tmp_path, work)


def test_stopping_leaves_no_search_behind(tmp_path: Path) -> None:
    async def whole() -> None:
        async with road(tmp_path) as there:
            there.deliver(there.block(bytes(32)))
            await settled()
            assert there.bodies.wanted(bytes(32))
        await settled()
        assert not there.bodies._searches

    asyncio.run(whole())


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_record_that_cannot_be_valid_here_ends_the_node(tmp_path: Path) -> None:
    async def whole() -> None:
        async with road(tmp_path) as there:
            there.deliver(there.block(bytes(32)))
            await settled()
            there.bodies.unusable(bytes(32))
            await settled()
            assert there.ledger.head.height == 0

    with pytest.raises(UnusableBodyError):
        asyncio.run(whole())


@pytest.mark.parametrize("error", [StoreError("no space"), BlockOrderError("height 2 cannot follow 0")])
def test_a_block_that_cannot_be_committed_ends_the_node(tmp_path: Path, error: Exception) -> None:
    async def whole() -> None:
        async with road(tmp_path) as there:
            called = []

            def fail(*_: object) -> None:
                called.append(True)
                raise error

            there.ledger.apply = fail
            told = []
            there.execution.listeners.append(lambda *told_of: told.append(told_of))
            there.deliver(there.block())
            await until(there.tasks[0].done)
            assert (called, told) == ([True], [])

    with pytest.raises(type(error)):
        asyncio.run(whole())


def test_a_listener_that_fails_is_not_passed_over(tmp_path: Path) -> None:
    async def whole() -> None:
        async with road(tmp_path) as there:
            called = []

            def fail(*_: object) -> None:
                called.append(True)
                raise KeyError("missing")

            there.execution.listeners.append(fail)
            there.deliver(there.block())
            await until(there.tasks[0].done)
            assert called == [True]

    with pytest.raises(KeyError):
        asyncio.run(whole())


def test_a_commit_under_way_is_finished_before_the_store_is_closed(tmp_path: Path) -> None:
    async def whole() -> None:
        async with road(tmp_path) as there:
            begun, real = threading.Event(), there.ledger.apply
            go = threading.Event()

            def slow(*arguments: object):
                begun.set()
                assert go.wait(10)
                return real(*arguments)

            there.ledger.apply = slow
            there.deliver(there.block())
            await until(begun.is_set)
            threading.Timer(0.1, go.set).start()
        with World.make(tmp_path) as world:
            assert world.ledger.head.height == 1

    asyncio.run(whole())


# --- what others ask --------------------------------------------------------------------------------------------------


def test_marks_of_all_heights(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        marks = [mark_of(there.ledger.head)]
        for number in range(1, 4):
            await there.execute(there.entry(number=f"BW{number:07d}").record.id)
            marks.append(mark_of(there.ledger.head))
        assert len({mark.state for mark in marks}) == 4
        assert [there.execution.result_at(height) for height in range(4)] == [Result(mark, b"") for mark in marks]
        assert there.execution.result_at(4) is None
        assert there.execution.result_at(2**63 - 1) is None

    play(tmp_path, work)


def test_reached_is_waited_for_and_forgotten(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        await there.execution.reached(0)
        waiting = [asyncio.ensure_future(there.execution.reached(height)) for height in (1, 1, 2)]
        await settled()
        waiting[0].cancel()
        await there.execute()
        await waiting[1]
        assert not waiting[2].done()
        await there.execute()
        await waiting[2]
        assert not there.execution._reached

    play(tmp_path, work)


def test_a_reader_on_the_loop_sees_a_block_whole_or_not_at_all(tmp_path: Path) -> None:
    """`apply` runs in a thread while the loop reads: head, log and marks must always fit each other."""

    async def work(there: Road) -> None:
        ids = [there.entry(number=f"BW{number:07d}").record.id for number in range(1, 31)]
        parent = there.tip
        for record_id in ids:
            block = there.block(record_id, parent=parent)
            there.deliver(block)
            parent = there.after(block)
        heights = set()
        while there.ledger.head.height < len(ids):
            head = there.ledger.head
            heights.add(head.height)
            assert head.tree_size == head.height
            assert there.ledger.root_at(head.tree_size) == head.root
            if head.tree_size:
                assert there.ledger.record(ids[head.tree_size - 1])[1] == head.tree_size - 1
            before = there.execution.result_at(head.height)
            assert before is not None
            assert before == Result(mark_of(head), b"")
            await asyncio.sleep(0)
        assert len(heights) > 1

    play(tmp_path, work)


def test_final_blocks_forward_to_the_last_certificate(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        blocks = chain(there, 9, finals=lambda height: height % 4 == 0)
        await executed(there, 9)
        for first, count, expected in ((1, 9, 8), (1, 7, 4), (3, 2, 4), (5, 100, 8), (8, 1, 8)):
            found, certificate = there.execution.final_blocks(0, first, count)
            assert found == blocks[first - 1 : expected]
            assert certificate == final(there, blocks[expected - 1])
        for first, count in ((1, 3), (9, 1), (10, 5), (0, 5), (2**63 - 1, 5), (5, 0)):
            assert there.execution.final_blocks(0, first, count) == ([], None)

    play(tmp_path, work)


def test_certificates_are_kept_with_the_next_block(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        kept = [Certificate(kind, 0, 7, 0, bytes(32), b"\x07", (bytes([kind]) * 64,) * 3) for kind in VoteKind]
        for certificate in kept:
            there.execution.archive(certificate)
        await there.execute()
        places = [b"certificate/" + bytes(8) + (7).to_bytes(8, "big") + bytes((kind,)) for kind in VoteKind]
        assert [decode(there.ledger.node_value(place) or b"") for place in places] == kept

    play(tmp_path, work)


def test_an_epoch_ends_with_its_last_block_and_the_next_one_is_prepared_before(tmp_path: Path) -> None:
    """P16: with the commit the next epoch's log must be there. An answer to who catches up holds blocks of one epoch alone."""

    async def work(there: Road) -> None:
        world, prepared = there.world, []
        world.accept(world.node_set("CF"))
        world.accept(*(world.node_ready(code) for code in ("CF", "BW", "RU", "AE")))
        there.execution._prepare = lambda epoch: prepared.append((epoch, there.ledger.head.height))
        before = there.ledger.head.height
        blocks = [there.block()]
        blocks.append(there.block(parent=there.after(blocks[0]), next=there.ledger.scheduled))
        blocks.append(there.block(parent=there.after(blocks[1]), epoch=1))
        for block in blocks:
            there.deliver(block, final(there, block))
        await executed(there, before + 3)
        assert prepared == [(1, before + 1)]
        assert there.ledger.network.epoch.number == 1
        assert there.execution.final_blocks(0, before + 1, 9) == (blocks[:2], final(there, blocks[1]))
        assert there.execution.final_blocks(1, before + 3, 9) == (blocks[2:], final(there, blocks[2]))
        assert there.execution.final_blocks(1, before + 2, 9) == ([], None)

    play(tmp_path, work)


def test_one_answer_is_bounded_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(there: Road) -> None:
        blocks = chain(there, 6)
        await executed(there, 6)
        size = len(there.ledger.node_value(b"block/" + (1).to_bytes(8, "big")))
        monkeypatch.setattr(module, "HEADERS_BYTES", 3 * size + 10)
        assert there.execution.final_blocks(0, 1, MAX_HEADERS)[0] == blocks[:3]

    play(tmp_path, work)


def test_refused_records_are_told_with_their_reason(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        first, clash = there.entry().record.id, there.entry().record.id
        told = []
        there.execution.listeners.append(lambda _block, applied: told.extend(applied.judgements))
        await there.execute(first, clash)
        assert [(judgement.index, judgement.refusal and judgement.refusal.code) for judgement in told] == [
            (0, None),
            (None, Code.NUMBER_USED),
        ]

    play(tmp_path, work)
