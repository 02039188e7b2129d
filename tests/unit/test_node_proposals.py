"""`node.proposals`: every rule of a block, "not yet" told from "never", and no leader that spoils its own block."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from consensus.events import Build, Built, Checked, Tip
from consensus.messages import Mark
from ledger.errors import StoreError
from ledger.limits import SEAL_EPOCH_OVERLAP_DAYS
from ledger.record import parse_submission, record_id, submitted_record
from node import proposals as module
from node.execution import Result, mark_of
from node.limits import BLOCK_BYTES, BLOCK_RECORDS, CLOCK_AHEAD_MS, CLOCK_BEHIND_MS, HEARTBEAT_SECONDS, MARK_BEHIND_BLOCKS
from node.mempool import Entry
from tests.support.parts import LEADER, Road, road, settled, submission, until
from tests.support.world import DAY_MS, SECRETARIAT, World


def play(tmp_path: Path, work: Callable[[Road], object]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), road(tmp_path) as there:
            await work(there)

    asyncio.run(whole())


def build(there: Road, ancestors: tuple = (), parent: Tip | None = None, may_be_empty: bool = False):
    return there.build(Build(1, parent or there.tip, ancestors, may_be_empty)).payload


# --- valid ------------------------------------------------------------------------------------------------------------


def test_a_sound_block_is_valid_with_and_without_records(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        for ids in ((), (there.entry().record.id,)):
            block = there.block(*ids)
            assert await there.verdict(block) == Checked(there.digest(block), valid=True)
        assert not there.proposals._checks
        assert len(there.proposals.tasks) == 0

    play(tmp_path, work)


def test_never_answered_before_the_question_returns(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        there.check(there.block())
        there.check(there.block())  # the same question once more is one
        assert there.answers == []
        await settled()
        assert len(there.answers) == 1

    play(tmp_path, work)


# --- never valid ------------------------------------------------------------------------------------------------------


def other(mark: Mark, **changes: object) -> Mark:
    return msgspec.structs.replace(mark, **changes)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda there: there.block(next=bytes(32)),
        lambda there: there.block(time=there.tip.time),
        lambda there: there.block(time=there.tip.time - 1),
        lambda there: there.block(there.entry().record.id, there.world.made.to_bytes(32), there.world.made.to_bytes(32)),
        lambda there: there.block(mark=other(mark_of(there.ledger.head), root=bytes(32))),
        lambda there: there.block(mark=other(mark_of(there.ledger.head), state=bytes(32))),
        lambda there: there.block(mark=other(mark_of(there.ledger.head), tree_size=1)),
    ],
    ids=["next", "time", "time-before", "twice", "root", "state", "size"],
)
def test_what_can_never_be_valid(tmp_path: Path, spoil) -> None:
    async def work(there: Road) -> None:
        block = spoil(there)
        assert await there.verdict(block) == Checked(there.digest(block), valid=False)

    play(tmp_path, work)


def test_a_mark_far_behind_carries_no_records(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        record = there.entry().record.id
        parent = Tip(50, MARK_BEHIND_BLOCKS, bytes(32), there.tip.time)
        assert (await there.verdict(there.block(record, parent=parent), parent)).valid
        parent = Tip(50, MARK_BEHIND_BLOCKS + 1, bytes(32), there.tip.time)
        assert not (await there.verdict(there.block(record, parent=parent), parent)).valid
        assert (await there.verdict(there.block(parent=parent), parent)).valid
        assert build(there, parent=parent) is None
        assert build(there, parent=Tip(50, MARK_BEHIND_BLOCKS, bytes(32), there.tip.time)).records == (record,)

    play(tmp_path, work)


WRONG_READERS = [("BW", 2026), ("RU", 0), (SECRETARIAT, 2026)]


def test_an_envelope_for_the_wrong_readers(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        block = there.block(there.entry(readers=WRONG_READERS).record.id)
        assert not (await there.verdict(block)).valid

    play(tmp_path, work)


def test_more_bytes_than_a_block_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(there: Road) -> None:
        entries = [there.entry(number=f"BW{number:07d}") for number in range(1, 4)]
        size = sum(len(entry.submission) for entry in entries)
        block = there.block(*(entry.record.id for entry in entries))
        monkeypatch.setattr(module, "BLOCK_BYTES", size)
        assert (await there.verdict(block)).valid
        monkeypatch.setattr(module, "BLOCK_BYTES", size - 1)
        assert not (await there.verdict(block)).valid
        assert BLOCK_BYTES == 4 * 1024 * 1024

    play(tmp_path, work)


@pytest.mark.parametrize("where", ["pending", "after a restart", "in an earlier block"])
def test_a_body_is_judged_alike_wherever_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Else a node that has restarted, or has executed more, would vote for what the others refuse."""

    async def work(there: Road) -> None:
        sound, wrong = there.entry(number="BW0000001"), there.entry(number="BW0000002", readers=WRONG_READERS)
        ids = (sound.record.id, wrong.record.id)
        if where == "after a restart":
            there.mempool.judged(ids)
        if where == "in an earlier block":
            await there.execute(*ids)
        monkeypatch.setattr(module, "BLOCK_BYTES", len(sound.submission))
        assert (await there.verdict(there.block(sound.record.id))).valid
        assert not (await there.verdict(there.block(wrong.record.id))).valid
        monkeypatch.setattr(module, "BLOCK_BYTES", len(sound.submission) - 1)
        again = there.block(sound.record.id, view=9)
        assert not (await there.verdict(again)).valid

    play(tmp_path, work)


def test_a_record_that_can_never_be_valid(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw = bytearray(submission(there.world))
        raw[-20] ^= 1  # inside the record's statement
        claimed = record_id(submitted_record(bytes(raw)))
        assert await there.verdict(there.block(claimed)) is None
        await there.receive(bytes(raw))
        await until(lambda: there.answers)
        assert not there.answers[-1].valid

    play(tmp_path, work)


# --- not yet ----------------------------------------------------------------------------------------------------------


def test_a_missing_body_waits(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw = submission(there.world)
        block = there.block(parse_submission(raw).record.id)
        assert await there.verdict(block) is None
        await asyncio.sleep(0.2)
        assert there.asked[0] == (LEADER, list(block.payload.records))
        assert there.answers == []
        await there.receive(raw)
        await until(lambda: there.answers)
        assert there.answers == [Checked(there.digest(block), valid=True)]

    play(tmp_path, work)


def test_a_mark_that_is_not_executed_here_waits(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        with World.make(tmp_path / "ahead") as ahead:
            head = ahead.block(time=there.now).head
        first = there.block(time=there.now)
        parent = Tip(1, 1, there.digest(first), first.payload.time)
        good, bad = (there.block(parent=parent, mark=mark) for mark in (mark_of(head), other(mark_of(head), state=bytes(32))))
        assert await there.verdict(good, parent) is None
        assert await there.verdict(bad, parent) is None
        there.deliver(first)
        await until(lambda: len(there.answers) == 2)
        told = {answer.digest: answer.valid for answer in there.answers}
        assert told == {there.digest(good): True, there.digest(bad): False}

    play(tmp_path, work)


def test_a_clock_ahead_waits_and_a_clock_behind_is_late(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        now = there.now
        assert await there.verdict(there.block(time=now + CLOCK_AHEAD_MS)) is not None
        ahead = there.block(time=now + CLOCK_AHEAD_MS + 30)
        assert await there.verdict(ahead) is None
        there.now += 30
        await until(lambda: len(there.answers) == 2)
        assert there.answers[-1] == Checked(there.digest(ahead), valid=True)
        there.now = now + CLOCK_BEHIND_MS
        assert (await there.verdict(there.block(time=now, view=7))).timely
        there.now += 1
        late = await there.verdict(there.block(time=now, view=8))
        assert (late.valid, late.timely) == (True, False)

    play(tmp_path, work)


def test_late_is_what_came_late_not_what_had_to_wait(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw = submission(there.world)
        assert await there.verdict(there.block(parse_submission(raw).record.id)) is None
        there.now += 2 * CLOCK_BEHIND_MS
        await there.receive(raw)
        await until(lambda: there.answers)
        assert there.answers[-1].timely

    play(tmp_path, work)


@pytest.mark.parametrize("time", [2**63 - 1, 253_402_300_800_000])
def test_a_time_beyond_all_calendars_waits(tmp_path: Path, time: int) -> None:
    async def work(there: Road) -> None:
        assert await there.verdict(there.block(there.entry().record.id, time=time)) is None
        await settled(50)
        assert there.answers == []

    play(tmp_path, work)


# --- what is left of a check ------------------------------------------------------------------------------------------


def test_checks_of_what_can_no_longer_become_final_end(tmp_path: Path) -> None:
    """A leader that names records which nobody has: nothing is asked for them for ever."""

    async def work(there: Road) -> None:
        stuck = there.block(b"\x11" * 32)
        parent = Tip(2, 2, bytes(32), there.tip.time)
        above = there.block(b"\x12" * 32, parent=parent)
        assert await there.verdict(stuck) is None
        assert await there.verdict(above, parent) is None
        await there.execute()
        await settled()
        assert list(there.proposals._checks) == [there.digest(above)]
        assert not there.bodies.wanted(b"\x11" * 32)
        assert there.bodies.wanted(b"\x12" * 32)

    play(tmp_path, work)


def test_checks_are_bounded_and_the_oldest_gives_way(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        blocks = [there.block(bytes([number]) * 32, view=number + 1) for number in range(module._MAX_CHECKS + 5)]
        for block in blocks:
            there.check(block)
        await settled()
        assert list(there.proposals._checks) == [there.digest(block) for block in blocks[5:]]
        assert not there.bodies.wanted(bytes([4]) * 32)
        assert there.bodies.wanted(bytes([5]) * 32)
        there.proposals.stop()
        await settled()
        assert len(there.proposals.tasks) == 0
        assert there.answers == []

    play(tmp_path, work)


def test_a_check_that_fails_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def whole() -> None:
        async with road(tmp_path) as there:
            monkeypatch.setattr(there.ledger, "check_addressed", _damaged)
            there.check(there.block(there.entry().record.id))
            await settled()

    with pytest.raises(StoreError):
        asyncio.run(whole())


def _damaged(*_: object) -> None:
    raise StoreError("damaged")


# --- building ---------------------------------------------------------------------------------------------------------


def test_pending_records_that_no_ancestor_holds(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        ids = [there.entry(number=f"BW{number:07d}").record.id for number in range(1, 6)]
        ancestors = (there.block(ids[0]), there.block(ids[1], ids[2]))
        assert build(there, ancestors).records == (ids[3], ids[4])
        there.execution._unexecuted[1] = (ids[3],)
        assert build(there, ancestors).records == (ids[4],)
        there.execution._unexecuted.clear()
        assert build(there).records == tuple(ids)
        assert build(there).mark == mark_of(there.ledger.head)

    play(tmp_path, work)


def test_nothing_to_say_says_nothing_unless_asked(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        assert build(there) is None
        assert build(there, may_be_empty=True).records == ()

    play(tmp_path, work)


def test_one_heartbeat_at_a_time(tmp_path: Path) -> None:
    """Whether one is due is judged after the parent, which may be a heartbeat itself."""

    async def work(there: Road) -> None:
        there.now = there.tip.time + HEARTBEAT_SECONDS * 1000 - 1
        assert build(there) is None
        there.now += 1
        assert build(there).records == ()
        assert build(there, parent=Tip(1, 1, bytes(32), there.now)) is None

    play(tmp_path, work)


def test_the_time_is_after_the_parents_also_with_a_slow_clock(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        assert build(there, may_be_empty=True).time == there.now
        there.now = 5
        assert build(there) is None
        assert build(there, may_be_empty=True).time == there.tip.time + 1

    play(tmp_path, work)


def test_no_more_records_than_a_block_may_have(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        entry = there.entry()
        for number in range(BLOCK_RECORDS + 5):
            record = msgspec.structs.replace(entry.record, id=number.to_bytes(32))
            there.mempool.add(Entry(msgspec.structs.replace(entry.parsed, record=record), entry.submission))
        payload = build(there)
        assert len(payload.records) == min(BLOCK_RECORDS, BLOCK_BYTES // len(entry.submission))

    play(tmp_path, work)


def test_a_leader_leaves_out_what_would_make_its_block_invalid(tmp_path: Path) -> None:
    """However it got there: else one peer's record would halt every leader, for good."""

    async def work(there: Road) -> None:
        wrong = [there.entry(number=f"BW{number:07d}", readers=WRONG_READERS) for number in range(1, 4)]
        assert build(there) is None
        assert len(there.mempool) == 0
        sound = there.entry(number="BW0000009")
        for entry in wrong:
            there.mempool.add(entry)
        payload = build(there)
        assert payload.records == (sound.record.id,)
        assert (await there.verdict(there.block(*payload.records))).valid
        assert all(there.mempool.was_judged(entry.record.id) for entry in wrong)

    play(tmp_path, work)


def test_a_block_of_unfit_records_alone_does_not_hide_the_sound_ones_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_RECORDS", 2)

    async def work(there: Road) -> None:
        for number in range(1, 6):
            there.entry(number=f"BW{number:07d}", readers=WRONG_READERS)
        sound = there.entry(number="BW0000009")
        assert build(there).records == (sound.record.id,)

    play(tmp_path, work)


def test_an_envelope_whose_key_epoch_ran_out_while_it_waited(tmp_path: Path) -> None:
    """NA has two sealing keys; the older one serves for 30 days."""

    async def work(there: Road) -> None:
        readers = [("NA", 2025), ("AE", 2026), (SECRETARIAT, 2026)]
        entry = there.entry(number="NA0000001", readers=readers, lines=(there.world.line(100, "710231", ("NA",)),))
        assert build(there).records == (entry.record.id,)
        there.now += (SEAL_EPOCH_OVERLAP_DAYS + 1) * DAY_MS
        assert build(there, may_be_empty=True).records == ()

    play(tmp_path, work)


# --- the end of an epoch ----------------------------------------------------------------------------------------------

LIST = b"\x11" * 32


def scheduled_from(there: Road, height: int) -> None:
    """From this height on the state schedules a list of validators."""
    result_at, newest = there.execution.result_at, there.execution.newest

    def told(result: Result | None) -> Result | None:
        later = result is not None and result.mark.height >= height
        return replace(result, scheduled=LIST) if later else result

    there.execution.result_at = lambda at: told(result_at(at))
    there.execution.newest = lambda: told(newest())


def test_a_scheduled_epoch_ends_before_anything_else_enters(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        there.entry()
        assert build(there).records
        scheduled_from(there, 0)
        made = build(there)
        assert (made.next, made.records) == (LIST, ())

    play(tmp_path, work)


def test_a_block_ends_the_epoch_if_and_only_if_its_mark_schedules_it(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        await there.execute()
        ending, plain = there.block(next=LIST), there.block()
        assert (await there.verdict(ending)).valid is False
        assert (await there.verdict(plain)).valid is True
        scheduled_from(there, 1)
        assert (await there.verdict(there.block(next=LIST, time=there.now + 5))).valid is True
        assert (await there.verdict(there.block(next=b"\x22" * 32))).valid is False
        assert (await there.verdict(there.block(time=there.now + 6))).valid is False
        earlier = there.execution.result_at(0).mark
        assert (await there.verdict(there.block(mark=earlier))).valid is True, "there nothing was scheduled yet"
        assert (await there.verdict(there.block(mark=earlier, next=LIST))).valid is False

    play(tmp_path, work)


def test_a_leader_waits_until_it_has_executed_its_parents_mark(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        ahead = replace(there.tip, mark=1)
        built: list[Built] = []
        there.proposals.build(Build(1, ahead, (), True), built.append)
        await settled()
        assert built == []
        there.proposals.build(Build(2, ahead, (), True), built.append)
        await there.execute()
        await until(lambda: built)
        assert [one.view for one in built] == [2], "the later question has withdrawn the earlier"

    play(tmp_path, work)
