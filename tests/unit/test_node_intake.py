"""`node.intake`: checked once, spread once, refused with its reason; and what a hostile peer can make of a sound record: nothing."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from api.errors import Overloaded
from ledger import codec
from ledger.errors import Code, Refusal, StoreError
from ledger.limits import MAX_ENVELOPE_BYTES
from ledger.record import encode_submission, parse_submission, record_id
from node import mempool as mempool_module
from node.bodies import UnusableBodyError
from tests.support.parts import Road, road, settled, submission, until
from tests.support.world import SECRETARIAT


def play(tmp_path: Path, work: Callable[[Road], object]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), road(tmp_path) as there:
            await work(there)

    asyncio.run(whole())


def key(raw: bytes) -> bytes:
    return parse_submission(raw).record.id


def codes(answers: list) -> list[str]:
    return [str(answer.code) if isinstance(answer, Refusal) else "taken" if answer else "" for answer in answers]


class Counting:
    """How many records were verified."""

    def __init__(self, there: Road) -> None:
        self.count = 0
        self.hold = asyncio.Event()
        self.hold.set()
        self._real = there.verifier.verify
        there.verifier.verify = self

    async def __call__(self, records):
        self.count += len(records)
        await self.hold.wait()
        return await self._real(records)


# --- clients ----------------------------------------------------------------------------------------------------------


def test_taken_kept_and_spread(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raws = [submission(there.world, number=f"BW{number:07d}") for number in range(1, 4)]
        answers = await there.intake.submit(raws)
        assert answers == [key(raw) for raw in raws]
        assert there.spread == raws
        for raw in raws:
            assert there.mempool.get(key(raw)).submission == raw
            assert there.ledger.body(key(raw)) == parse_submission(raw).record.raw
            assert there.ledger.envelope(key(raw)) == parse_submission(raw).envelope

    play(tmp_path, work)


def test_each_is_answered_in_its_place(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        sound = submission(there.world, number="BW0000001")
        forged = bytearray(submission(there.world, number="BW0000002"))
        place = bytes(forged).index(b"sig") + 10
        forged[place] ^= 1
        stranger = submission(there.world, number="BW0000003", key="RU/issue")
        readers = submission(there.world, number="BW0000004", readers=[("BW", 2026), ("RU", 0), (SECRETARIAT, 2026)])
        bare = parse_submission(sound).record.raw
        answers = await there.intake.submit([b"", sound, bytes(forged), stranger, readers, bare, sound])
        assert codes(answers) == [
            "malformed",
            "taken",
            "bad-signature",
            "unknown-key",
            "envelope-readers",
            "envelope-missing",
            "taken",
        ]
        assert there.spread == [sound]
        assert there.intake.refused == {code: 1 for code in codes(answers) if code != "taken"}

    play(tmp_path, work)


def test_one_in_a_batch_twice_is_one(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        verified = Counting(there)
        raw = submission(there.world)
        wrong = submission(there.world, key="RU/issue", number="BW0000002")
        answers = await there.intake.submit([raw, wrong, raw, wrong])
        assert codes(answers) == ["taken", "unknown-key", "taken", "unknown-key"]
        assert (verified.count, there.spread, len(there.mempool)) == (2, [raw], 1)

    play(tmp_path, work)


def test_the_same_at_once_is_verified_once_and_spread_once(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        verified = Counting(there)
        verified.hold.clear()
        raw, other = submission(there.world), submission(there.world, number="BW0000002")
        work = [asyncio.ensure_future(there.intake.submit([raw])) for _ in range(5)]
        work.append(asyncio.ensure_future(there.intake.submit([other, raw])))
        peer = asyncio.ensure_future(there.receive(raw, raw))
        await settled()
        verified.hold.set()
        answers = await asyncio.gather(*work)
        assert [answer[-1] for answer in answers] == [key(raw)] * 6
        assert await peer == 0
        assert verified.count == 2
        assert sorted(there.spread) == sorted([raw, other])
        assert not there.intake._checking

    play(tmp_path, work)


def test_a_client_that_gives_up_while_others_wait(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        verified = Counting(there)
        verified.hold.clear()
        raw = submission(there.world)
        first, second = (asyncio.ensure_future(there.intake.submit([raw])) for _ in range(2))
        await settled()
        first.cancel()
        verified.hold.set()
        assert await second == [key(raw)]
        assert there.spread == [raw]
        assert not there.intake._checking

    play(tmp_path, work)


def test_a_fault_while_checking_blocks_nobody_for_ever(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw, real = submission(there.world), there.verifier.verify

        async def fail(_records) -> None:
            await asyncio.sleep(0)
            raise MemoryError

        there.verifier.verify = fail
        first, second = (asyncio.ensure_future(there.intake.submit([raw])) for _ in range(2))
        with pytest.raises(MemoryError):
            await first
        there.verifier.verify = real
        assert await second == [key(raw)]
        assert not there.intake._checking

    play(tmp_path, work)


def test_known_ones_are_answered_without_another_look(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw = submission(there.world)
        await there.intake.submit([raw])
        verified = Counting(there)
        assert await there.intake.submit([raw]) == [key(raw)]
        await there.execute(key(raw))
        assert await there.intake.submit([raw]) == [key(raw)]
        assert (verified.count, there.spread, len(there.mempool)) == (0, [raw], 0)

    play(tmp_path, work)


def test_a_refused_one_may_be_judged_again(tmp_path: Path) -> None:
    """Its reason may have gone; nobody has to change a byte to ask again."""

    async def work(there: Road) -> None:
        first, clash = submission(there.world), submission(there.world)
        await there.intake.submit([clash])
        await there.receive(first)
        await there.execute(key(first), key(clash))
        assert there.ledger.judgement(key(clash)).refusal.code is Code.NUMBER_USED
        assert codes(await there.intake.submit([clash])) == ["number-used"]

    play(tmp_path, work)


@pytest.mark.parametrize(("limit", "quota"), [("MEMPOOL_RECORDS", False), ("AUTHOR_RECORDS", True)])
def test_a_full_mempool_is_overload_not_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, quota: bool
) -> None:
    async def work(there: Road) -> None:
        monkeypatch.setattr(mempool_module, limit, 1)
        await there.intake.submit([submission(there.world, number="BW0000001")])
        (answer,) = await there.intake.submit([submission(there.world, number="BW0000002")])
        assert isinstance(answer, Overloaded)
        assert answer.quota is quota
        assert there.intake.refused == {}
        await there.receive(submission(there.world, number="BW0000003"))
        assert len(there.mempool) == 1

    play(tmp_path, work)


def test_a_failing_store_is_no_answer(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        def fail(_submissions) -> None:
            raise StoreError("no space")

        there.ledger.keep_bodies = fail
        raw = submission(there.world)
        with pytest.raises(StoreError):
            await there.intake.submit([raw])
        with pytest.raises(StoreError):
            await there.receive(raw)
        assert (there.spread, len(there.mempool)) == ([], 0)

    play(tmp_path, work)


# --- peers ------------------------------------------------------------------------------------------------------------


def test_a_peers_record_is_kept_and_not_sent_on(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw = submission(there.world)
        assert await there.receive(raw, raw) == 0
        assert there.mempool.get(key(raw)).submission == raw
        assert there.ledger.envelope(key(raw)) == parse_submission(raw).envelope
        assert there.spread == []
        assert await there.receive(raw) == 0

    play(tmp_path, work)


def test_what_only_the_state_says_is_left_to_the_block(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        assert await there.receive(submission(there.world, key="BW/confirm")) == 0
        assert len(there.mempool) == 1

    play(tmp_path, work)


def test_a_bad_record_is_counted(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        sound = submission(there.world)
        forged = encode_submission(
            msgspec.msgpack.encode(msgspec.msgpack.decode(parse_submission(sound).record.raw) | {"sig": bytes(64)}),
            parse_submission(sound).envelope,
        )
        assert await there.receive(b"", b"\x82", forged, sound[:-1], sound, b"\xc1" * 1000) == 5
        assert there.intake.refused["bad-signature"] == 1
        assert sum(there.intake.refused.values()) == 5
        assert len(there.mempool) == 1

    play(tmp_path, work)


def test_an_envelope_for_the_wrong_readers_does_not_enter(tmp_path: Path) -> None:
    """In the mempool it would spoil the blocks of every leader."""

    async def work(there: Road) -> None:
        wrong = submission(there.world, readers=[("BW", 2026), ("RU", 0), (SECRETARIAT, 2026)])
        assert await there.receive(wrong) == 1
        assert len(there.mempool) == 0
        assert there.intake.refused == {"envelope-readers": 1}

    play(tmp_path, work)


def test_judged_ones_are_not_taken_again(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        accepted, refused = submission(there.world), submission(there.world)
        await there.receive(accepted, refused)
        await there.execute(key(accepted), key(refused))
        verified = Counting(there)
        assert await there.receive(accepted, refused) == 0
        there.mempool._judged.clear()  # long ago
        assert await there.receive(accepted) == 0
        assert (verified.count, len(there.mempool)) == (0, 0)

    play(tmp_path, work)


def wait_for(there: Road, record: bytes) -> "asyncio.Future[list]":
    return asyncio.ensure_future(there.bodies.obtain([record], None))


def test_what_a_block_needs_enters_a_full_mempool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(there: Road) -> None:
        monkeypatch.setattr(mempool_module, "MEMPOOL_RECORDS", 1)
        monkeypatch.setattr(mempool_module, "AUTHOR_RECORDS", 1)
        raws = [submission(there.world, number=f"BW{number:07d}") for number in range(1, 4)]
        await there.receive(raws[0])
        waiting = wait_for(there, key(raws[2]))
        await settled()
        await there.receive(raws[1], raws[2])
        assert [record.id for record in await waiting] == [key(raws[2])]
        assert key(raws[1]) not in there.mempool

    play(tmp_path, work)


def test_what_a_block_needs_is_taken_though_it_was_judged(tmp_path: Path) -> None:
    """Another leader names it again; this node remembers the judgement, and its body is gone."""

    async def work(there: Road) -> None:
        raw = submission(there.world)
        there.mempool.judged([key(raw)])
        waiting = wait_for(there, key(raw))
        await settled()
        await there.receive(raw)
        assert [record.id for record in await waiting] == [key(raw)]

    play(tmp_path, work)


def spoilt_envelopes(raw: bytes) -> dict[str, bytes]:
    """The sound record in envelopes of every wrong kind: what a peer can make of it without the author's key."""
    parsed = parse_submission(raw)
    record, envelope = parsed.record.raw, parsed.envelope
    outer = codec.decode(envelope)
    header = codec.decode(outer["header"])
    return {
        "bare": record,
        "another": codec.encode({"envelope": envelope[:-1] + bytes([envelope[-1] ^ 1]), "record": record}),
        "empty": codec.encode({"envelope": b"", "record": record}),
        "rubbish": codec.encode({"envelope": b"\xc1" * 200, "record": record}),
        "not canonical": b"\x82\xa8envelope\xc6"
        + len(envelope).to_bytes(4, "big")
        + envelope
        + raw[raw.index(b"\xa6record") :],
        "too large": codec.encode({"envelope": bytes(MAX_ENVELOPE_BYTES + 1), "record": record}),
        "text": codec.encode({"envelope": "text", "record": record}),
        "further field": codec.encode({"envelope": envelope, "extra": 1, "record": record}),
        "no header": codec.encode({"envelope": codec.encode(outer | {"header": b""}), "record": record}),
        "another rid": codec.encode(
            {
                "envelope": codec.encode(outer | {"header": codec.encode(header | {"rid": bytes(16)})}),
                "record": record,
            }
        ),
        "cut": raw[: len(raw) // 2],
    }


def test_a_spoilt_envelope_does_not_make_a_sound_record_unusable(tmp_path: Path) -> None:
    """Else any peer could have a block refused, or stop a node that executes a final one."""

    async def work(there: Road) -> None:
        raw = submission(there.world)
        waiting = wait_for(there, key(raw))
        await settled()
        for what, spoilt in spoilt_envelopes(raw).items():
            assert await there.receive(spoilt) == 1, what
            await settled()
            assert not waiting.done(), what
        assert await there.receive(raw) == 0
        assert [record.id for record in await waiting] == [key(raw)]

    play(tmp_path, work)


def test_a_record_that_can_never_be_valid_ends_the_wait_for_it(tmp_path: Path) -> None:
    async def work(there: Road) -> None:
        raw = submission(there.world)
        parsed = parse_submission(raw)
        fields = msgspec.msgpack.decode(parsed.record.raw)
        bad = {
            "signature": msgspec.msgpack.encode(fields | {"sig": bytes(64)}),
            "form": parsed.record.raw + b"\xc0",
            "statement": msgspec.msgpack.encode(fields | {"statement": b"\x80"}),
            "rubbish": b"\xc1" * 64,
        }
        for what, record in bad.items():
            for sent in (record, codec.encode({"envelope": parsed.envelope, "record": record})):
                waiting = wait_for(there, record_id(record))
                await settled()
                assert await there.receive(sent) == 1, what
                await settled()
                if what == "signature" and sent is record:  # without an envelope nobody looks at the signature
                    waiting.cancel()
                    continue
                with pytest.raises(UnusableBodyError):
                    await asyncio.wait_for(waiting, 1)

    play(tmp_path, work)


def test_a_disconnected_peers_check_is_given_up(tmp_path: Path) -> None:
    """The link's task is cancelled in the middle of a check; the record may come from another peer at once."""

    async def work(there: Road) -> None:
        verified = Counting(there)
        verified.hold.clear()
        raw = submission(there.world)
        gone = asyncio.ensure_future(there.receive(raw))
        await settled()
        gone.cancel()
        await settled()
        assert not there.intake._checking
        verified.hold.set()
        assert await there.receive(raw) == 0
        await until(lambda: key(raw) in there.mempool)

    play(tmp_path, work)
