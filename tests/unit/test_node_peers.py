"""Links between nodes over real TLS sockets: who is let in, who is not, and what a slow or rude peer can do."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import pytest

from api.demo.network import Seat, make_network
from ledger.genesis import Genesis
from ledger.network import of_genesis
from ledger.participants_reader import is_certificate
from ledger.units import Ms
from node.handshake import Identity
from node.keys import SigningKey, write_secret
from node.limits import SEND_QUEUE_BYTES
from node.links import Link
from node.peers import PATH, Peers
from node.refusals import Refusals
from node.tls import contexts, make_certificate, to_pem
from node.wire import Consensus, Hello, Item, Pending, Proof, encode_frame, encode_item
from tests.support.cluster import free_base_port

CODES = ("BW", "RU", "EU")


@dataclass
class Recorder:
    """Keeps what came."""

    links: list[Link] = field(default_factory=list)
    items: list[tuple[str, Item]] = field(default_factory=list)
    gone: int = 0

    def connected(self, link: Link) -> None:
        self.links.append(link)

    def disconnected(self, _link: Link) -> None:
        self.gone += 1

    async def received(self, link: Link, item: Item) -> None:
        self.items.append((link.peer.participant, item))


class Net:
    """Genesis and key files of three nodes; any of them can be brought up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = free_base_port(len(str(folder)))
        self.keys = {code: SigningKey.from_seed(bytes([n + 1]) * 32) for n, code in enumerate(CODES)}
        self.certificates: dict[str, bytes] = {}
        self.refusals = {code: Refusals() for code in CODES}
        seats = []
        for n, code in enumerate(CODES):
            key, der = make_certificate(code, None)
            self.keep(code, key, der)
            publics = (self.keys[code].public, SigningKey.from_seed(bytes([n + 50]) * 32).public)
            seats.append(
                Seat(code, f"127.0.0.1:{self.base + n}", der, (*publics, SigningKey.from_seed(bytes([n + 90]) * 32).public))
            )
        self.genesis: Genesis = make_network(seats, Ms(1_760_000_000_000), seed=b"peers").genesis

    def keep(self, name: str, key: bytes, der: bytes) -> None:
        write_secret(self.folder / f"{name}.key", key, None)
        (self.folder / f"{name}.crt").write_text(to_pem(der), encoding="ascii")
        self.certificates[name] = der

    def tls(self, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        pinned = [node.tls for node in self.genesis.nodes]
        return contexts(self.folder / f"{name}.key", self.folder / f"{name}.crt", None, pinned)

    @contextlib.asynccontextmanager
    async def up(
        self, code: str, key: SigningKey | None = None, ledger_id: bytes = b""
    ) -> AsyncIterator[tuple[Peers, Recorder]]:
        recorder = Recorder()
        identity = Identity(ledger_id or self.genesis.ledger_id, key or self.keys[code], self.certificates[code])
        peers = Peers(of_genesis(self.genesis), code, identity, self.tls(code), recorder, self.refusals[code])
        await peers.start("127.0.0.1", self.base + CODES.index(code))
        try:
            yield peers, recorder
        finally:
            await peers.stop()


async def until(condition, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def test_three_nodes_meet_talk_and_meet_again(tmp_path: Path) -> None:
    net = Net(tmp_path)

    async def run() -> None:
        async with net.up("BW") as (first, heard_first), net.up("RU") as (second, heard_second):
            async with net.up("EU") as (third, _):
                await until(lambda: all(len(peers.links) == 2 for peers in (first, second, third)))
                first.broadcast(encode_item(Consensus(b"vote")))
                second.broadcast_bulk(encode_item(Pending((bytes(32),))))
                await until(lambda: ("BW", Consensus(b"vote")) in heard_second.items)
                await until(lambda: ("RU", Pending((bytes(32),))) in heard_first.items)
                link = first.links["RU"]
                link.close()
                await until(lambda: first.links.get("RU") not in (None, link))
            await until(lambda: len(first.links) == 1 and heard_first.gone >= 1)

    asyncio.run(run())


def test_urgent_items_overtake_records(tmp_path: Path) -> None:
    link = Link.__new__(Link)
    Link.__init__(link, None, None)
    link.send_bulk(encode_item(Pending((bytes(32),))))
    link.send(encode_item(Consensus(b"vote")))
    assert [item[:12] for item in link._next_items()] == [
        encode_item(Consensus(b"vote"))[:12],
        encode_item(Pending((bytes(32),)))[:12],
    ]


def test_a_slow_peer_loses_records_not_our_memory() -> None:
    link = Link(None, None)
    item = bytes(1024 * 1024)
    for _ in range(100):
        link.send_bulk(item)
    assert link._bulk_bytes <= SEND_QUEUE_BYTES
    assert link.dropped == 100 - SEND_QUEUE_BYTES // len(item)


def stranger(net: Net) -> ssl.SSLContext:
    key, der = make_certificate("stranger", None)
    net.keep("stranger", key, der)
    return net.tls("stranger")[1]


def test_a_stranger_gets_no_connection(tmp_path: Path) -> None:
    net = Net(tmp_path)

    async def run() -> None:
        async with net.up("BW") as (peers, _), aiohttp.ClientSession() as session:
            url = f"https://127.0.0.1:{net.base}{PATH}"
            refused = net.refusals["BW"].refused
            for context in (stranger(net), _without_certificate()):
                met = refused.total()
                with pytest.raises((aiohttp.ClientError, OSError)):
                    async with session.ws_connect(url, ssl=context) as socket:
                        await socket.receive(timeout=5)
                        raise ConnectionResetError
                await until(lambda met=met: refused.of("stranger", "no-tls") == refused.total() > met)
            assert not peers.links

    asyncio.run(run())


def _without_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_tls_1_2_is_not_spoken(tmp_path: Path) -> None:
    net = Net(tmp_path)

    async def run() -> None:
        async with net.up("BW"), aiohttp.ClientSession() as session:
            old = net.tls("RU")[1]
            old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            with pytest.raises((aiohttp.ClientError, OSError)):
                await session.ws_connect(f"https://127.0.0.1:{net.base}{PATH}", ssl=old)

    asyncio.run(run())


@pytest.mark.parametrize("fault", ["key", "ledger"])
def test_the_right_certificate_with_anothers_key_or_ledger(tmp_path: Path, fault: str) -> None:
    net = Net(tmp_path)
    wrong = net.keys["EU"]

    async def run() -> None:
        async with net.up("BW") as (first, heard):
            other = net.up("RU", key=wrong) if fault == "key" else net.up("RU", ledger_id=b"y" * 32)
            async with other as (second, _):
                reason = {"key": "other-key", "ledger": "other-ledger"}[fault]
                await until(lambda: net.refusals["BW"].refused.of("RU", reason) >= 2)
                assert not first.links
                assert not second.links
                assert not heard.links

    asyncio.run(run())


def test_a_key_that_is_not_known_yet_is_let_in(tmp_path: Path) -> None:
    """Who lags behind a rotation must be able to catch up: the certificate says whose node it is."""
    net = Net(tmp_path)

    async def run() -> None:
        async with net.up("BW") as (first, _), net.up("RU", key=SigningKey.from_seed(b"x" * 32)) as (second, _):
            await until(lambda: "RU" in first.links and "BW" in second.links)

    asyncio.run(run())


async def _raw(net: Net, frames: list[bytes]) -> list[aiohttp.WSMessage]:
    """RU's certificate, our own words: what BW answers to these frames until it closes."""
    answers = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"https://127.0.0.1:{net.base}{PATH}", ssl=net.tls("RU")[1]) as socket,
    ):
        for frame in frames:
            await socket.send_bytes(frame)
        async with asyncio.timeout(15):
            async for message in socket:
                answers.append(message)
    return answers


@pytest.mark.parametrize("case", ["replayed proof", "no hello", "rubbish", "silence", "two items", "items before the proof"])
def test_rude_handshakes_end_in_a_closed_link(tmp_path: Path, case: str) -> None:
    net = Net(tmp_path)
    hello = encode_item(Hello(net.genesis.ledger_id, (1,), net.keys["RU"].public, bytes(32)))
    proof = encode_item(Proof(bytes(64)))
    frames, reason = {
        "replayed proof": ([encode_frame([hello]), encode_frame([proof])], "bad-proof"),
        "no hello": ([encode_frame([proof])], "handshake-order"),
        "rubbish": ([b"\xc1\xff\x00"], "frame-malformed"),
        "silence": ([], "handshake-ended"),
        "two items": ([encode_frame([hello, proof])], "handshake-order"),
        "items before the proof": ([encode_frame([hello]), encode_frame([encode_item(Consensus(b"vote"))])], "handshake-order"),
    }[case]

    async def run() -> None:
        async with net.up("BW") as (peers, heard):
            await _raw(net, frames)
            assert not peers.links
            assert not heard.items
            assert net.refusals["BW"].refused.readings() == {("RU", reason): 1}

    asyncio.run(run())


def test_rubbish_after_the_handshake_is_counted_and_closes(tmp_path: Path) -> None:
    net = Net(tmp_path)

    async def run() -> None:
        async with net.up("BW") as (first, heard), net.up("RU") as (second, _):
            await until(lambda: second.links and first.links)
            key = "BW"
            link = second.links[key]
            await link._socket.send_bytes(b"\xc1")
            await until(lambda: net.refusals["BW"].refused.readings() == {("RU", "frame-malformed"): 1})
            await until(lambda: second.links.get(key) not in (None, link))
            assert not heard.items

    asyncio.run(run())


def test_at_a_nodes_address_nobody_else_answers(tmp_path: Path) -> None:
    """RU's address leads to EU's listener, whose certificate is on the ledger, too."""
    net = Net(tmp_path)
    network = of_genesis(net.genesis)
    network = network.with_node(replace(net.genesis.node("RU"), address=net.genesis.node("EU").address))

    async def run() -> None:
        async with net.up("BW") as (peers, heard), net.up("EU"):
            peers.know(network)
            await until(lambda: net.refusals["BW"].refused.of("RU", "other-certificate") >= 1)
            await until(lambda: "EU" in peers.links)
            assert "RU" not in peers.links
            assert {link.peer.participant for link in heard.links} == {"EU"}

    asyncio.run(run())


def test_who_is_no_longer_known_by_its_certificate_is_let_go(tmp_path: Path) -> None:
    net = Net(tmp_path)
    _, renewed = make_certificate("RU", None)
    network = of_genesis(net.genesis).with_node(replace(net.genesis.node("RU"), tls=renewed))

    async def run() -> None:
        async with net.up("BW") as (peers, heard), net.up("RU"):
            await until(lambda: "RU" in peers.links)
            peers.know(network)
            assert "RU" not in peers.links
            assert heard.gone == 1
            await until(lambda: net.refusals["BW"].refused.of("RU", "unknown-certificate") >= 1)
            assert "RU" not in peers.links

    asyncio.run(run())


def test_a_certificate_that_is_none_keeps_nobody_out_but_its_own_node(tmp_path: Path) -> None:
    """EU's office registers bytes that look like DER to the ledger and are no certificate; RU's registers a new one."""
    net = Net(tmp_path)
    key, renewed = make_certificate("RU", None)
    rubbish = b"\x30\x82\x01\x00" + bytes(range(256))
    assert is_certificate(rubbish)
    network = of_genesis(net.genesis)
    for code, der in (("EU", rubbish), ("RU", renewed)):
        network = network.with_node(replace(net.genesis.node(code), tls=der))

    async def run() -> None:
        async with net.up("BW") as (peers, _):
            peers.know(network)
            (tmp_path / "RU.key").unlink()
            net.keep("RU", key, renewed)
            async with net.up("RU"):
                await until(lambda: set(peers.links) == {"RU"})
        again = Peers(
            network, "BW", Identity(net.genesis.ledger_id, net.keys["BW"], b""), net.tls("BW"), Recorder(), Refusals()
        )
        assert not again.links

    asyncio.run(run())
