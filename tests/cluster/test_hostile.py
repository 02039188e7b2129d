"""A validator of four turns on a node that runs as its own process: it gets bounded memory and its own disconnection, no more.

One network for all attacks. Each is followed by a record of an honest client that must become final, by a look at the process's
memory, and by one at its metrics, where the attacker and what it did must be named.
"""

import asyncio
import contextlib
import hashlib
import re
import urllib.request
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random

import pytest

from consensus.messages import Certificate, GetCertificates, GetHeaders, Status, Vote, VoteKind, encode, vote_input
from ledger.genesis import Genesis
from node.client import Client
from node.limits import (
    CONNECTIONS_PER_PEER,
    MAX_FRAME_BYTES,
    MAX_IDS,
    MIN_SUBMISSION_BYTES,
    PEER_HANDSHAKES,
    RECEIVE_RECORDS_BYTES,
    SEND_QUEUE_BYTES,
)
from node.lock import holder
from node.wire import Consensus, Cosigned, GetRecords, Hello, Pending, Proof, Records, encode_frame, encode_item
from tests.support.cluster import Devnet, devnet
from tests.support.intruder import BINARY, CONTINUED, PING, PONG, TEXT, Intruder, Thief, head, resident
from tests.support.records import issue, seed

MIB = 1 << 20
SMALL = 24 * MIB
"""What an attack that fills nothing may leave behind: the allocator's own slack, LevelDB's buffers, the honest record."""
FRAMES = 4 * MAX_FRAME_BYTES
"""Received: a frame that is not whole yet in pieces and joined, then its items and their encoding again."""
SENDING = 2 * SEND_QUEUE_BYTES + SMALL
"""Sent: both queues of the link."""
RECONNECTIONS = 300
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


@dataclass
class Siege:
    """The network, its victim (node 0), and the thief who has the keys of node 3, which no longer runs."""

    network: Devnet
    genesis: Genesis
    codes: list[str]
    thief: Thief
    pid: int
    admin: str
    issued: int = 0
    last: bytes = b""

    @property
    def victim(self) -> str:
        return self.codes[0]

    @property
    def hostile(self) -> str:
        return self.codes[3]

    @property
    def signer(self) -> int:
        return self.genesis.validators.index(self.thief.entry.consensus)

    async def final(self) -> None:
        """An honest client's record becomes final at the victim."""
        description = self.network.description()
        self.issued += 1
        number = f"{self.victim}{self.issued:07d}"
        raw = issue(self.genesis, self.victim, seed(description["keys"], self.victim, "issue"), self.codes[1], number)
        async with Client(description["nodes"][0]["api"]) as http:
            taken = await http.submit_until_final(raw, 90.0)
        assert taken.index is not None
        self.last = taken.id

    def counts(self, family: str) -> dict[str, float]:
        """A family of the victim's metrics for the attacker, by reason or queue."""
        with urllib.request.urlopen(f"http://{self.admin}/metrics", timeout=20) as answer:
            text = answer.read().decode()
        found = re.findall(rf'^kpledger_{family}_total{{(?:peer="(\w+)"),\w+="([\w-]+)"}} ([\d.e+]+)$', text, re.MULTILINE)
        return {reason: float(count) for who, reason, count in found if who == self.hostile}

    async def counted(self, reason: str, count: float) -> None:
        """Waits until the victim has refused so much of the attacker for this reason: it takes what was sent in its own time."""
        async with asyncio.timeout(60):
            while self.counts("refusals").get(reason, 0) < count:
                await asyncio.sleep(0.1)

    def vote(self, kind: VoteKind, view: int, *, forged: bool = False, signer: int | None = None) -> bytes:
        """An encoded item: a vote of the attacker's key, or with a signature that is none."""
        digest = b"" if kind == VoteKind.NULLIFY else Random(view).randbytes(32)
        parent = 0 if kind == VoteKind.NULLIFY else max(0, view - 1)
        signed = vote_input(self.genesis.ledger_id, kind, 0, view, parent, digest)
        signature = bytes([view % 256]) * 64 if forged else self.thief.keys.consensus.sign(signed)
        place = self.signer if signer is None else signer
        return encode_item(Consensus(encode(Vote(kind, 0, view, parent, digest, place, signature))))


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    folder = tmp_path_factory.mktemp("siege") / "net"
    with devnet(folder) as network:
        description = network.description()
        genesis = Genesis.from_json((folder / "genesis.json").read_bytes())
        codes = [node["participant"] for node in description["nodes"]]
        network.kill_node(3)
        pid = holder(network.home(0))
        assert pid is not None
        thief = Thief(network.home(3), genesis, codes[3])
        made = Siege(network, genesis, codes, thief, pid, description["nodes"][0]["admin"])
        asyncio.run(made.final())
        yield made
        assert holder(network.home(0)) == pid, "the victim did not live through it"
        network.restart_node(3)
        network.wait_equal(made.issued, seconds=60)


@contextlib.asynccontextmanager
async def bounded(siege: Siege, bound: int, seconds: float = 120.0) -> AsyncIterator[None]:
    """The victim's memory grows by so much at most while this lasts; in the end a record becomes final."""
    before = most = resident(siege.pid)

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, resident(siege.pid))
            await asyncio.sleep(0.02)

    watching = asyncio.ensure_future(watch())
    try:
        async with asyncio.timeout(seconds):
            yield
            await siege.final()
    finally:
        watching.cancel()
    print(f"memory grew by {(most - before) / MIB:.1f} MiB at most; allowed {bound / MIB:.0f}")
    assert most - before <= bound


async def pour(intruder: Intruder, frames: Iterable[bytes]) -> int:
    """These frames, as long as the other end takes them; how many it took, or may have taken."""
    for number, frame in enumerate(frames):
        try:
            async with asyncio.timeout(5):
                await intruder.say(BINARY, frame)
        except (OSError, TimeoutError):
            return number
    return number + 1


# --- consensus --------------------------------------------------------------------------------------------------------

VOTES: dict[str, tuple[Callable[[Siege, int], bytes], set[str]]] = {
    "of views far ahead": (lambda siege, n: siege.vote(VoteKind.FINALIZE, 10**6 + n), set()),
    "of views long past, which are answered": (lambda siege, _: siege.vote(VoteKind.NULLIFY, 1), set()),
    "in another's name": (
        lambda siege, n: siege.vote(VoteKind.NOTARIZE, n, forged=True, signer=(siege.signer + 1) % 4),
        {"consensus-misdirected"},
    ),
    "of views near, forged": (lambda siege, n: siege.vote(VoteKind.NOTARIZE, n % 200, forged=True), set()),
}


@pytest.mark.parametrize("votes", VOTES)
def test_floods_of_votes(siege: Siege, votes: str) -> None:
    make, reasons = VOTES[votes]

    async def attack() -> None:
        frames = [encode_frame([make(siege, 400 * turn + n) for n in range(400)]) for turn in range(10)]
        async with bounded(siege, SENDING), siege.thief.connected(siege.victim) as intruder:
            await pour(intruder, frames * 8)
            await siege.final()
            for reason in reasons:
                await siege.counted(reason, 1)

    asyncio.run(attack())


def test_forged_certificates(siege: Siege) -> None:
    def forged(view: int) -> bytes:
        signatures = tuple(Random(view * 10 + place).randbytes(64) for place in range(3))
        return encode_item(Consensus(encode(Certificate(VoteKind.FINALIZE, 0, view, view - 1, bytes(32), b"\x07", signatures))))

    async def attack() -> None:
        before = siege.counts("refusals").get("consensus-bad-certificate", 0)
        frames = [encode_frame([forged(10_000 + 100 * turn + n) for n in range(100)]) for turn in range(30)]
        async with bounded(siege, SMALL), siege.thief.connected(siege.victim) as intruder:
            taken = await pour(intruder, frames)
            await siege.final()
            await siege.counted("consensus-bad-certificate", before + 3_000)
        assert taken == 30
        assert siege.counts("refusals")["consensus-bad-certificate"] == before + 3_000

    asyncio.run(attack())


def test_what_is_no_message(siege: Siege) -> None:
    async def attack() -> None:
        async with bounded(siege, SMALL), siege.thief.connected(siege.victim) as intruder:
            await intruder.say_item(Consensus(b"\x93\xa4vote"))
            assert await intruder.ended()
        assert siege.counts("refusals")["message-malformed"] >= 1

    asyncio.run(attack())


# --- answers that nobody reads ----------------------------------------------------------------------------------------


def _ids(start: int) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(b"%d" % (start + number)).digest() for number in range(MAX_IDS))


UNREAD: dict[str, Callable[[Siege, int], bytes]] = {
    "headers": lambda _siege, _: encode_frame([encode_item(Consensus(encode(GetHeaders(0, 1))))] * 50),
    "certificates": lambda _siege, _: encode_frame([encode_item(Consensus(encode(GetCertificates(0, 1, 10**6))))] * 500),
    "statuses": lambda _siege, _: encode_frame([encode_item(Consensus(encode(Status(0, 0, 0))))] * 500),
    "records": lambda siege, _: encode_frame([encode_item(GetRecords((siege.last,) * MAX_IDS))] * 20),
    "pending ids": lambda _siege, n: encode_frame([encode_item(Pending(_ids(n * MAX_IDS)))]),
}


@pytest.mark.parametrize("asked", UNREAD)
def test_who_asks_and_does_not_read_fills_its_queue_and_no_more(siege: Siege, asked: str) -> None:
    """The queue towards it takes so much; then it loses what it asked for, or its link."""

    async def attack() -> None:
        async with bounded(siege, SENDING), siege.thief.connected(siege.victim) as intruder:
            intruder.deaf()
            await pour(intruder, (UNREAD[asked](siege, number) for number in range(200)))
            await siege.final()
        assert siege.counts("dropped").keys() & {"send-urgent", "send-records", "answers", "inbox-requests"}

    asyncio.run(attack())


def test_who_does_not_read_and_goes_on_talking_loses_its_link(siege: Siege) -> None:
    """It says enough to seem alive; once what is due to it has no room, the link ends, so that it can be made anew."""

    async def attack() -> None:
        async with bounded(siege, SENDING), siege.thief.connected(siege.victim) as intruder:
            intruder.deaf()
            frame = encode_frame([siege.vote(VoteKind.NULLIFY, 1)] * 500)
            gone = False
            while not gone:
                gone = not await pour(intruder, [frame])
        assert siege.counts("dropped")["send-urgent"] >= 1

    asyncio.run(attack())


# --- WebSocket frames -------------------------------------------------------------------------------------------------


async def _huge(intruder: Intruder) -> None:
    intruder.put(head(BINARY, 1 << 30) + bytes(1000))


async def _text(intruder: Intruder) -> None:
    await intruder.say(TEXT, b"vote")


async def _zeros(intruder: Intruder) -> None:
    press = zlib.compressobj(9, wbits=-15)
    pressed = press.compress(bytes(16 * MIB)) + press.flush(zlib.Z_FULL_FLUSH)  # as often as one likes, one after the other
    await intruder.say(BINARY, pressed * 64, reserved=4)


async def _fragments(intruder: Intruder) -> None:
    await intruder.say(BINARY, bytes(MIB), final=False)
    for _ in range(64):
        await intruder.say(CONTINUED, bytes(MIB), final=False)


async def _reserved(intruder: Intruder) -> None:
    await intruder.say(BINARY, b"\x90", reserved=1)


@pytest.mark.parametrize("attack", [_huge, _text, _zeros, _fragments, _reserved])
def test_what_is_no_websocket_message_of_bytes_ends_the_link(
    siege: Siege, attack: Callable[[Intruder], Awaitable[None]]
) -> None:
    """A head that announces 1 GiB, 1 GiB of zeros in 1 MiB, a message that never ends: refused before it costs anything."""

    async def play() -> None:
        before = siege.counts("refusals").get("websocket", 0)
        bound = FRAMES if attack is _fragments else SMALL
        async with bounded(siege, bound), siege.thief.connected(siege.victim, upgrade=DEFLATE) as intruder:
            assert b"sec-websocket-extensions" not in intruder.head.lower()
            with contextlib.suppress(OSError):
                await attack(intruder)
            assert await intruder.ended()
        assert siege.counts("refusals")["websocket"] == before + 1

    asyncio.run(play())


@pytest.mark.parametrize("opcode", [PING, PONG, CONTINUED])
def test_endless_small_frames(siege: Siege, opcode: int) -> None:
    """Pings whose answers nobody reads, pongs to no ping, empty pieces of a message."""

    async def attack() -> None:
        async with bounded(siege, SMALL), siege.thief.connected(siege.victim) as intruder:
            intruder.deaf()
            if opcode == CONTINUED:
                await intruder.say(BINARY, b"", final=False)
            many = head(opcode, 0, final=opcode != CONTINUED) * 10_000
            for _ in range(20):
                with contextlib.suppress(OSError, TimeoutError):
                    async with asyncio.timeout(3):
                        intruder.put(many)
                        await intruder.writer.drain()
            await siege.final()

    asyncio.run(attack())


def test_frames_that_never_become_whole(siege: Siege) -> None:
    """As many at a time as one peer may have, each nearly as large as may be, then a byte now and then."""

    async def attack() -> None:
        begun = head(BINARY, MAX_FRAME_BYTES - 1) + bytes(MAX_FRAME_BYTES - 1000)
        async with bounded(siege, (PEER_HANDSHAKES + 1) * 2 * MAX_FRAME_BYTES + SMALL), AsyncExitStack() as stack:
            link = await stack.enter_async_context(siege.thief.connected(siege.victim))
            others = [
                await stack.enter_async_context(siege.thief.connected(siege.victim, shaken=False))
                for _ in range(PEER_HANDSHAKES)
            ]
            for intruder in (link, *others):
                intruder.put(begun)
                await intruder.writer.drain()
            for _ in range(20):
                link.put(b"\x00")
                await asyncio.sleep(0.05)
            await siege.final()
            for intruder in others:
                assert await intruder.ended(), "a handshake lasts a few seconds"
        assert siege.counts("refusals")["handshake-ended"] >= PEER_HANDSHAKES

    asyncio.run(attack())


# --- connections ------------------------------------------------------------------------------------------------------


def test_reconnections_without_end(siege: Siege) -> None:
    async def attack() -> None:
        async with bounded(siege, SMALL):
            for _ in range(RECONNECTIONS):
                async with siege.thief.connected(siege.victim) as intruder:
                    await intruder.say_item(Consensus(encode(Status(0, 1, 0))))

    asyncio.run(attack())


def test_more_connections_and_handshakes_than_one_peer_may_have(siege: Siege) -> None:
    async def attack() -> None:
        async with bounded(siege, SMALL), AsyncExitStack() as stack:
            for _ in range(3 * CONNECTIONS_PER_PEER):
                with contextlib.suppress(OSError, EOFError):
                    await stack.enter_async_context(siege.thief.connected(siege.victim, shaken=False))
            await siege.final()
        assert {"too-many-connections", "too-many-handshakes"} <= siege.counts("refusals").keys()

    asyncio.run(attack())


# --- records and cosignatures -----------------------------------------------------------------------------------------


def test_floods_of_spoilt_records(siege: Siege) -> None:
    random = Random(3)

    async def attack() -> None:
        async with bounded(siege, 3 * RECEIVE_RECORDS_BYTES + FRAMES), siege.thief.connected(siege.victim) as intruder:
            for _ in range(10):
                batch = tuple(random.randbytes(MIN_SUBMISSION_BYTES) for _ in range(MAX_IDS))
                await pour(intruder, [encode_frame([encode_item(Records(batch))] * 5)])
            await siege.final()
            await siege.counted("record-malformed", MAX_IDS)

    asyncio.run(attack())


def test_floods_of_cosignatures(siege: Siege) -> None:
    def cosigned(size: int) -> bytes:
        return encode_item(Cosigned(size, bytes(32), size, bytes(64)))

    async def attack() -> None:
        async with bounded(siege, SMALL), siege.thief.connected(siege.victim) as intruder:
            await pour(
                intruder, (encode_frame([cosigned(10**6 + 4_000 * turn + n) for n in range(4_000)]) for turn in range(5))
            )
            await siege.final()
            await intruder.say_frame(cosigned(siege.issued - 1))
            assert await intruder.ended()
        assert siege.counts("refusals")["bad-cosignature"] >= 1

    asyncio.run(attack())


@pytest.mark.parametrize("rude", ["no hello", "another ledger", "bad proof"])
def test_handshakes_that_fail(siege: Siege, rude: str) -> None:
    hello = Hello(siege.genesis.ledger_id, (1,), siege.thief.entry.consensus, bytes(32))
    items, reason = {
        "no hello": ([Proof(bytes(64))], "handshake-order"),
        "another ledger": ([Hello(bytes(32), (1,), siege.thief.entry.consensus, bytes(32))], "other-ledger"),
        "bad proof": ([hello, Proof(bytes(64))], "bad-proof"),
    }[rude]

    async def attack() -> None:
        before = siege.counts("refusals").get(reason, 0)
        async with bounded(siege, SMALL):
            for _ in range(3):
                async with siege.thief.connected(siege.victim, shaken=False) as intruder:
                    for item in items:
                        await intruder.say_item(item)
                    assert await intruder.ended()
        assert siege.counts("refusals")[reason] == before + 3

    asyncio.run(attack())
