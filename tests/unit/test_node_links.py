"""`node.links` and `node.peers`: one link a pair, what replaces it, and failures that must not stay inside a link."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientConnectionResetError, WSMessage, WSMsgType
from structlog.testing import capture_logs

from ledger.errors import StoreError
from node.errors import PeerError
from node.limits import SEND_QUEUE_URGENT
from node.links import Link
from node.refusals import Refusals
from node.wire import Consensus, Item, Pending, encode_frame, encode_item
from tests.support.parts import until
from tests.unit.test_node_peers import Net, Recorder

VOTE = encode_item(Consensus(b"vote"))


def test_a_new_link_takes_the_old_ones_place_and_nothing_is_kept_for_that(tmp_path: Path) -> None:
    """A peer that dials again while its first connection still looks alive (a cable was pulled)."""
    net = Net(tmp_path)

    async def play() -> None:
        async with net.up("BW") as (peers, heard), net.up("RU") as (first, _):
            key = "RU"
            await until(lambda: key in peers.links)
            old = peers.links[key]
            again = asyncio.ensure_future(peers._dial(net.genesis.node("RU")))
            await until(lambda: peers.links.get(key) not in (None, old))
            await until(lambda: heard.gone >= 1)
            assert len(heard.links) == heard.gone + 1
            assert old._closed
            while ("RU", Consensus(b"vote")) not in heard.items:  # the pair may be meeting once more just now
                first.broadcast(VOTE)
                await asyncio.sleep(0.02)
            again.cancel()
            await asyncio.gather(again, return_exceptions=True)

    asyncio.run(play())


def test_items_of_a_replaced_link_are_not_delivered(tmp_path: Path) -> None:
    net = Net(tmp_path)

    async def play() -> None:
        async with net.up("BW") as (peers, heard), net.up("RU") as (other, _):
            key = "RU"
            await until(lambda: key in peers.links and other.links)
            link = peers.links[key]
            peers._forget(link)
            for sender in other.links.values():
                sender.send(VOTE)
            await asyncio.sleep(0.05)
            assert all(item[1] != Consensus(b"vote") for item in heard.items)
            await until(lambda: peers.links.get(key) not in (None, link))  # and the pair meets again

    asyncio.run(play())


class Broken(Recorder):
    """A handler whose store has failed."""

    def __init__(self, error: Exception, at: str) -> None:
        super().__init__()
        self.error, self.at = error, at

    def connected(self, link: Link) -> None:
        super().connected(link)
        if self.at == "connected":
            raise self.error

    async def received(self, link: Link, item: Item) -> None:
        await super().received(link, item)
        if self.at == "received":
            raise self.error


@pytest.mark.parametrize("who", ["BW", "RU"])
@pytest.mark.parametrize("at", ["connected", "received"])
def test_a_failure_of_this_nodes_own_is_not_hidden_by_the_links_end(tmp_path: Path, who: str, at: str) -> None:
    """On the dialling and on the listening side."""
    net = Net(tmp_path)

    async def play() -> None:
        other = "RU" if who == "BW" else "BW"
        async with net.up(who) as (peers, _), net.up(other) as (sender, _):
            peers._handler = Broken(StoreError("damaged"), at)
            watching = asyncio.ensure_future(peers.tasks.watch())
            await until(lambda: sender.links or watching.done())
            sender.broadcast(VOTE)
            with pytest.raises(StoreError):
                await asyncio.wait_for(watching, 10)

    asyncio.run(play())


def test_a_flood_of_faults_does_not_fill_the_log() -> None:
    refusals = Refusals()
    with capture_logs() as logged:
        for _ in range(10_000):
            refusals.refuse("RU", "record-malformed", "at sig")
        refusals.refuse("EU", "record-malformed", times=3)
    assert refusals.refused.readings() == {("RU", "record-malformed"): 10_000, ("EU", "record-malformed"): 3}
    assert [line["count"] for line in logged] == [*(2**power for power in range(14)), 3]


def test_a_peers_fault_is_counted_and_fails_nobody(tmp_path: Path) -> None:
    net = Net(tmp_path)

    async def play() -> None:
        async with net.up("BW") as (peers, _), net.up("RU") as (sender, _):
            peers._handler = Broken(PeerError("a bad cosignature"), "received")
            watching = asyncio.ensure_future(peers.tasks.watch())
            await until(lambda: sender.links)
            link = next(iter(sender.links.values()))
            sender.broadcast(VOTE)
            await until(lambda: net.refusals["BW"].refused.readings() == {("RU", "protocol"): 1})
            await until(lambda: next(iter(sender.links.values()), link) is not link)
            assert not watching.done()
            watching.cancel()

    asyncio.run(play())


def test_dialling_goes_on_after_an_unforeseen_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net(tmp_path)

    async def play() -> None:
        dialler, other = sorted(("BW", "RU"))
        async with net.up(dialler) as (peers, _):
            real, left = peers._dial, [3]

            async def dial(entry) -> bool:
                if left[0]:
                    left[0] -= 1
                    raise UnicodeError("label too long")
                return await real(entry)

            monkeypatch.setattr(peers, "_dial", dial)
            async with net.up(other):
                await until(lambda: other in peers.links)
                assert left == [0]

    asyncio.run(play())


class Socket:
    """The sending half of a WebSocket that may fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[bytes] = []
        self.error = error
        self.closed = False

    async def send_bytes(self, data: bytes) -> None:
        if self.error:
            raise self.error
        self.sent.append(data)

    async def close(self) -> None:
        self.closed = True


def test_a_full_urgent_queue_closes_the_link() -> None:
    async def play() -> None:
        socket = Socket()
        link = Link(None, socket)
        for _ in range(SEND_QUEUE_URGENT + 1):
            link.send(VOTE)
        assert link._closed
        assert len(link._urgent) == SEND_QUEUE_URGENT
        await link.write()
        assert socket.closed
        assert socket.sent == []

    asyncio.run(play())


@pytest.mark.parametrize("error", [ConnectionResetError(), OSError(5, "TLS"), RuntimeError("closing")])
def test_a_broken_connection_ends_the_writer_quietly(error: Exception) -> None:
    async def play() -> None:
        socket = Socket(error)
        link = Link(None, socket)
        link.send(VOTE)
        await asyncio.wait_for(link.write(), 5)
        assert socket.closed

    asyncio.run(play())


class Pinged(Socket):
    """Receives these, then a ping on a connection that is about to close: its answer cannot be written."""

    def __init__(self, *messages: WSMessage) -> None:
        super().__init__()
        self.messages = list(messages)

    def __aiter__(self) -> "Pinged":
        return self

    async def __anext__(self) -> WSMessage:
        if self.messages:
            return self.messages.pop(0)
        raise ClientConnectionResetError("Cannot write to closing transport")


def test_a_ping_that_cannot_be_answered_is_the_connections_end() -> None:
    async def play() -> None:
        link = Link(None, Pinged(WSMessage(WSMsgType.BINARY, encode_frame([VOTE]), "")))
        assert [item async for item in link.items()] == [Consensus(b"vote")]

    asyncio.run(play())


def test_what_waits_goes_out_in_one_frame_and_in_order() -> None:
    async def play() -> None:
        socket = Socket()
        link = Link(None, socket)
        items = [encode_item(Pending((bytes([number]) * 32,))) for number in range(20)]
        for item in items:
            link.send(item)
        writing = asyncio.ensure_future(link.write())
        await until(lambda: socket.sent)
        assert len(socket.sent) == 1
        assert socket.sent[0].endswith(b"".join(items))
        link.close()
        await writing

    asyncio.run(play())


class Deaf(Socket):
    """The sending half of a WebSocket whose other end reads nothing: neither a frame nor the close is ever sent whole."""

    async def send_bytes(self, data: bytes) -> None:
        self.sent.append(data)
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed = True
        await asyncio.Event().wait()


def test_a_link_whose_peer_does_not_read_ends_when_its_queue_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.links.CLOSE_SECONDS", 0.05)

    async def play() -> None:
        socket, dropped = Deaf(), []
        link = Link(None, socket)
        link.on_drop = dropped.append
        writing = asyncio.ensure_future(link.write())
        link.send(VOTE)
        await until(lambda: socket.sent)
        for _ in range(SEND_QUEUE_URGENT + 3):
            link.send(VOTE)
        await asyncio.wait_for(writing, 5)
        assert socket.closed
        assert dropped == ["send-urgent"] * 3
        assert len(socket.sent) == 1

    asyncio.run(play())
