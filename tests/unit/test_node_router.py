"""`node.router`: each item to its part, answers to what is asked, and floods that cost the flooding peer's room alone."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from consensus.core import Core
from consensus.events import Config, Connected, Received, Tip
from consensus.limits import MAX_HEADERS
from consensus.messages import Certificate, GetHeaders, Headers, Status, Vote, VoteKind, decode, encode
from ledger.errors import StoreError
from ledger.record import parse_submission
from node import router as module
from node.cosigner import Cosigner
from node.driver import Driver, Epoch, monotonic_ms
from node.errors import FrameError, PeerError
from node.execution import mark_of
from node.limits import BODY_REQUEST_IDS, MAX_IDS, PEER_EVENT_BYTES, RECEIVE_RECORDS_BYTES, RECEIVE_REQUESTS, SEND_QUEUE_BYTES
from node.links import Link
from node.router import Router
from node.scheme import Ed25519Scheme
from node.waiting import Waiting
from node.wire import Consensus, Cosigned, GetRecords, Hello, Item, Pending, Proof, Records, decode_frame, encode_frame
from tests.support.parts import Road, cosigned_head, memory, new_wal, node_keys, road, running, settled, submission, until

STATUS = Status(0, 3, 7)
VOTE = Vote(VoteKind.NOTARIZE, 0, 1, 0, bytes(32), 1, bytes(64))


class Routed:
    """A router of BW over a road, a real core behind it, links without sockets."""

    def __init__(self, there: Road) -> None:
        self.there = there
        genesis, ledger = there.ledger.genesis, there.ledger
        keys = node_keys("BW")
        config = Config(genesis.ledger_id, 0, genesis.validators, keys.consensus.public)
        tip = Tip(0, 0, genesis.ledger_id, ledger.head.time)
        core, first = Core.recover(config, Ed25519Scheme(keys.consensus), [], tip, monotonic_ms())
        epoch = Epoch(core, new_wal(memory(), genesis.ledger_id), first)
        self.driver = Driver(epoch, ledger.sync, lambda _to, _item: None, lambda _call: None)
        self.cosigner = Cosigner("BW", ledger, keys, new_wal(memory(), genesis.ledger_id), lambda _item: None, there.refusals)
        self.router = Router(ledger, there.mempool, there.bodies, there.intake, there.execution, there.refusals)
        self.router.attach(self.driver, self.cosigner, self._arrived)
        self.arrived = 0

    def _arrived(self) -> None:
        self.arrived += 1

    @property
    def refused(self) -> dict:
        """What was refused, by peer and reason."""
        return self.there.refusals.refused.readings()

    @property
    def dropped(self) -> dict:
        """What found no room, by peer and queue."""
        return self.there.refusals.dropped.readings()

    def link(self, code: str = "RU") -> Link:
        """A peer that has connected; what it was greeted with is taken away."""
        link = Link(self.there.ledger.genesis.node(code), None)
        self.router.connected(link)
        sent(link)
        return link

    def events(self) -> list:
        """What waits for the core."""
        queue = self.driver._events
        return [queue.get_nowait() for _ in range(queue.qsize())]


def sent(link: Link) -> list[Item]:
    """What waits to be sent, and no longer does."""
    items: list[Item] = []
    while link._urgent or link._bulk:
        items += decode_frame(encode_frame(link._next_items()))
    return items


def play(tmp_path: Path, work: Callable[[Routed], object]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(60), road(tmp_path) as there:
            routed = Routed(there)
            try:
                async with running(routed.router.tasks.watch()):
                    await work(routed)
            finally:
                await routed.router.tasks.stop()
                routed.cosigner.close()
                routed.driver.close()

    asyncio.run(whole())


def key(raw: bytes) -> bytes:
    return parse_submission(raw).record.id


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_new_peer_is_told_where_this_node_stands(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        link = Link(routed.there.ledger.genesis.node("RU"), None)
        pending = routed.there.entry().record.id
        async with running(routed.cosigner.run()):
            await until(lambda: routed.cosigner.own)
        routed.router.connected(link)
        assert sent(link) == [routed.cosigner.own, Pending((pending,))]
        assert Connected(link.peer.consensus) in routed.driver._own

    play(tmp_path, work)


def test_nothing_is_kept_for_who_has_gone(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        for _ in range(5):
            link = routed.link()
            await routed.router.received(link, Consensus(encode(STATUS)))
            await routed.router.received(link, Records((submission(routed.there.world),)))
            routed.router.disconnected(link)
        await settled()
        assert (routed.router.heights, routed.router._inboxes) == ({}, {})
        assert len(routed.router.tasks) == 0
        assert not routed.there.intake._checking

    play(tmp_path, work)


@pytest.mark.parametrize("item", [Hello(bytes(32), (1,), bytes(32), bytes(32)), Proof(bytes(64))])
def test_the_handshake_is_over_once(tmp_path: Path, item: Item) -> None:
    async def work(routed: Routed) -> None:
        with pytest.raises(FrameError):
            await routed.router.received(routed.link(), item)

    play(tmp_path, work)


# --- consensus --------------------------------------------------------------------------------------------------------


def test_messages_reach_the_core_in_order_under_their_senders_name(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        ru, eu = routed.link("RU"), routed.link("EU")
        routed.events()
        for link, message in ((ru, STATUS), (eu, VOTE), (ru, VOTE)):
            await routed.router.received(link, Consensus(encode(message)))
        assert routed.events() == [
            Received(ru.peer.consensus, STATUS),
            Received(eu.peer.consensus, VOTE),
            Received(ru.peer.consensus, VOTE),
        ]
        assert routed.router.heights == {"RU": 7}

    play(tmp_path, work)


@pytest.mark.parametrize("data", [b"", b"\xc1", encode(STATUS)[:-1], encode(STATUS) + b"\x00", b"\x91\xa5other"])
def test_what_is_no_message_is_the_peers_fault(tmp_path: Path, data: bytes) -> None:
    async def work(routed: Routed) -> None:
        link = routed.link()
        routed.events()
        with pytest.raises(FrameError):
            await routed.router.received(link, Consensus(data))
        assert routed.events() == []

    play(tmp_path, work)


def test_a_flood_of_messages_makes_its_sender_wait_and_nobody_else(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        ru, eu = routed.link("RU"), routed.link("EU")
        routed.events()

        handed_in = itertools.count()

        async def flood() -> None:
            while True:
                await routed.router.received(ru, Consensus(encode(VOTE)))
                next(handed_in)

        flooding = asyncio.ensure_future(flood())
        await settled(50)
        assert not flooding.done()
        waiting = routed.driver._events.qsize()
        assert waiting <= 4_096
        await asyncio.wait_for(routed.router.received(eu, Consensus(encode(STATUS))), 1)
        async with running(routed.driver.run()):
            await until(lambda: next(handed_in) > 3 * waiting)
        flooding.cancel()

    play(tmp_path, work)


def test_a_flood_of_large_messages_is_bounded_by_bytes(tmp_path: Path) -> None:
    """A full answer of final blocks takes megabytes; nobody asked for these."""

    async def work(routed: Routed) -> None:
        link = routed.link()
        routed.events()
        block = routed.there.block(*(number.to_bytes(32) for number in range(1_000)))
        final = Certificate(VoteKind.FINALIZE, 0, 1, 0, bytes(32), b"\x07", (bytes(64),) * 3)
        data = encode(Headers((block,) * 100, final))

        async def flood() -> None:
            while True:
                await routed.router.received(link, Consensus(data))

        flooding = asyncio.ensure_future(flood())
        await settled(300)
        assert not flooding.done()
        waiting = routed.driver._events.qsize()
        assert 1 <= waiting <= PEER_EVENT_BYTES // len(data)
        async with running(routed.driver.run()):
            await until(lambda: routed.driver._events.qsize() < waiting)
        flooding.cancel()

    play(tmp_path, work)


async def _entered(waiting: Waiting, *sizes: int) -> list[bool]:
    tasks = [asyncio.ensure_future(waiting.enter(size)) for size in sizes]
    await settled()
    return [task.done() for task in tasks]


def test_one_that_is_larger_than_all_may_be_waits_alone() -> None:
    async def work() -> None:
        waiting = Waiting()
        assert await _entered(waiting, PEER_EVENT_BYTES + 1, 1, PEER_EVENT_BYTES) == [True, False, False]
        waiting.leave()
        await settled()
        assert list(waiting._sizes) == [1]
        waiting.leave()
        await settled()
        assert (list(waiting._sizes), waiting._size) == ([PEER_EVENT_BYTES], PEER_EVENT_BYTES)
        waiting.leave()

    asyncio.run(work())


def test_a_cosignature_goes_to_the_cosigner(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        link = routed.link()
        async with running(routed.cosigner.run()):
            await until(lambda: routed.cosigner.own)
            await routed.router.received(link, cosigned_head(routed.there.world, "RU"))
            assert set(routed.cosigner._rounds[0].cosignatures) == {"BW", "RU"}
            with pytest.raises(PeerError):
                await routed.router.received(routed.link("EU"), Cosigned(0, routed.there.ledger.head.root, 1_000, bytes(64)))

    play(tmp_path, work)


# --- records ----------------------------------------------------------------------------------------------------------


def test_records_are_checked_and_told_of(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        link, raw = routed.link(), submission(routed.there.world)
        await routed.router.received(link, Records((raw,)))
        assert routed.router.arriving(key(raw))
        await until(lambda: key(raw) in routed.there.mempool)
        await until(lambda: routed.arrived == 1)
        assert not routed.router.arriving(key(raw))
        assert routed.refused == {}
        assert routed.router._inboxes[link].size == 0

    play(tmp_path, work)


def test_bad_records_are_counted_against_their_sender(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        link = routed.link()
        await routed.router.received(link, Records((b"", b"\xc1", submission(routed.there.world))))
        await until(lambda: len(routed.there.mempool) == 1)
        assert routed.refused == {("RU", "record-malformed"): 2}

    play(tmp_path, work)


@pytest.mark.parametrize("size", [0, 100, 50_000])
def test_waiting_records_are_bounded_whatever_their_size(tmp_path: Path, size: int) -> None:
    async def work(routed: Routed) -> None:
        ru, eu = routed.link("RU"), routed.link("EU")
        item = Records((bytes(size),) * MAX_IDS)
        for _ in range(200):  # no turn of the event loop in between
            await routed.router.received(ru, item)
        inbox = routed.router._inboxes[ru]
        assert inbox.size <= RECEIVE_RECORDS_BYTES
        waiting = sum(map(len, inbox.records._queue))
        assert waiting <= RECEIVE_RECORDS_BYTES // 100
        assert routed.dropped == {("RU", "inbox-records"): 200 * MAX_IDS - waiting}
        raw = submission(routed.there.world)
        await routed.router.received(eu, Records((raw,)))
        assert routed.router.arriving(key(raw))
        routed.router.disconnected(ru)  # nobody waits for the rest of its rubbish
        await until(lambda: key(raw) in routed.there.mempool)

    play(tmp_path, work)


def test_a_heap_of_bad_records_leaves_turns_to_others(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        link = routed.link()
        await routed.router.received(link, Records(tuple(number.to_bytes(300) for number in range(MAX_IDS))))
        turns = 0
        while routed.router._inboxes[link].size:
            await asyncio.sleep(0)
            turns += 1
        assert turns >= MAX_IDS // module._AT_ONCE

    play(tmp_path, work)


def test_a_store_that_fails_is_not_hidden_in_an_inbox(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        def fail(_submissions: object) -> None:
            raise StoreError("no space")

        routed.there.ledger.keep_bodies = fail
        await routed.router.received(routed.link(), Records((submission(routed.there.world),)))
        await until(lambda: len(routed.router.tasks) == 1)  # the one that answers requests goes on
        await settled()

    with pytest.raises(StoreError):
        play(tmp_path, work)


# --- requests ---------------------------------------------------------------------------------------------------------


def test_only_what_is_missing_is_pulled(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        there, link = routed.there, routed.link()
        pending, done = there.entry(number="BW0000001"), there.entry(number="BW0000002")
        refused = there.entry(number="BW0000002")
        await there.execute(done.record.id, refused.record.id)
        there.mempool._judged.clear()  # long ago
        arriving = submission(there.world, number="BW0000004")
        lately = b"\x01" * 32
        there.mempool.judged([lately])
        await routed.router.received(link, Records((arriving,)))
        missing = b"\x02" * 32
        known = (pending.record.id, done.record.id, refused.record.id, key(arriving), lately)
        await routed.router.received(link, Pending((*known, missing)))
        await routed.router.received(link, Pending(known))
        await until(lambda: link._urgent)
        await settled()
        assert sent(link) == [GetRecords((missing,))]

    play(tmp_path, work)


def test_no_more_is_pulled_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(routed: Routed) -> None:
        link = routed.link()
        ids = tuple(number.to_bytes(32) for number in range(MAX_IDS))

        async def pulled() -> int:
            await routed.router.received(link, Pending(ids))
            await settled()
            return sum(len(item.ids) for item in sent(link))

        assert await pulled() == BODY_REQUEST_IDS
        monkeypatch.setattr(module, "MEMPOOL_RECORDS", 3)
        assert await pulled() == 3
        monkeypatch.setattr(module, "MEMPOOL_RECORDS", 0)
        assert await pulled() == 0

    play(tmp_path, work)


def test_bodies_are_given_out_with_their_envelopes_wherever_they_are(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        there, link = routed.there, routed.link()
        pending, done = there.entry(number="BW0000001"), there.entry(number="BW0000002")
        await there.execute(done.record.id)
        asked = GetRecords((done.record.id, bytes(32), pending.record.id, done.record.id))
        await routed.router.received(link, asked)
        await settled()
        assert sent(link) == [Records((done.submission, pending.submission))]
        await routed.router.received(link, GetRecords((bytes(32),)))
        await settled()
        assert sent(link) == []

    play(tmp_path, work)


def test_an_answer_is_bounded_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(routed: Routed) -> None:
        entries = [routed.there.entry(number=f"BW{number:07d}") for number in range(1, 5)]
        monkeypatch.setattr(module, "ANSWER_BYTES", 3 * len(entries[0].submission))
        link = routed.link()
        await routed.router.received(link, GetRecords(tuple(entry.record.id for entry in entries)))
        await settled()
        assert sent(link) == [Records(tuple(entry.submission for entry in entries[:3]))]

    play(tmp_path, work)


def blocks(there: Road, count: int) -> list:
    """So many final blocks without records, each with its own FINAL."""
    made, parent = [], there.tip
    for _ in range(count):
        block = there.block(parent=parent, mark=mark_of(there.ledger.head))
        digest = there.digest(block)
        final = Certificate(VoteKind.FINALIZE, 0, block.view, block.parent_view, digest, b"\x07", (bytes(64),) * 3)
        there.deliver(block, final)
        made.append(block)
        parent = there.after(block)
    return made


def test_final_blocks_are_given_to_who_catches_up(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        link, made = routed.link(), blocks(routed.there, 5)
        await until(lambda: routed.there.ledger.head.height == 5)
        routed.events()
        for first, expected in ((1, made), (4, made[3:])):
            await routed.router.received(link, Consensus(encode(GetHeaders(0, first))))
            await until(lambda: link._bulk)
            (item,) = sent(link)
            message = decode(item.message)
            assert isinstance(message, Headers)
            assert list(message.blocks) == expected
            assert message.final.view == expected[-1].view
        for first in (6, 0, 2**63 - 1):
            await routed.router.received(link, Consensus(encode(GetHeaders(0, first))))
        await settled()
        assert sent(link) == []
        assert routed.events() == []

    play(tmp_path, work)


REQUESTS = [GetRecords((bytes(32),)), Consensus(encode(GetHeaders(0, 1))), Pending((bytes(32),))]


@pytest.mark.parametrize("request_", REQUESTS, ids=["records", "headers", "pending"])
def test_a_flood_of_requests_is_bounded_and_leaves_turns_to_others(tmp_path: Path, request_: Item) -> None:
    async def work(routed: Routed) -> None:
        ru, eu = routed.link("RU"), routed.link("EU")
        blocks(routed.there, 3)
        await until(lambda: routed.there.ledger.head.height == 3)
        answered = []
        for name in ("_pull", "_send_records", "_send_headers"):
            setattr(routed.router, name, lambda link, _what: answered.append(link))
        for _ in range(4_000):
            await routed.router.received(ru, request_)
        assert routed.dropped == {("RU", "inbox-requests"): 4_000 - RECEIVE_REQUESTS}
        await routed.router.received(eu, request_)
        await until(lambda: len(answered) == RECEIVE_REQUESTS + 1)
        assert answered.index(eu) < 3  # it waited for no more than a turn

    play(tmp_path, work)


def test_who_does_not_read_its_answers_gets_no_more_of_them(tmp_path: Path) -> None:
    async def work(routed: Routed) -> None:
        link = routed.link()
        made = blocks(routed.there, MAX_HEADERS)
        entry = routed.there.entry()
        await until(lambda: routed.there.ledger.head.height == len(made))
        asked = (Consensus(encode(GetHeaders(0, 1))), GetRecords((entry.record.id,)))
        link._bulk_bytes = SEND_QUEUE_BYTES - 1_000
        looked = []
        routed.there.execution.final_blocks = lambda *arguments: looked.append(arguments)
        for item in itertools.islice(itertools.cycle(asked), 40):
            await routed.router.received(link, item)
        await settled(100)
        assert not link._bulk
        assert looked == []
        assert routed.dropped == {("RU", "answers"): 40}

    play(tmp_path, work)
