"""The whole road of a peer's bytes: frame, link, router, driver, core, with everything real behind them but the sockets.

BW is the node under test, with its ledger, mempool, proposals, execution, cosigner and a write-ahead log on a disk in memory. RU
and EU are honest cores. AE is the hostile one: it has its keys, hears all that the others say, and says what a mutator makes of
it. Time is virtual. After each batch BW must agree with RU and EU on further blocks, without AE.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec
from aiohttp import WSMessage, WSMsgType

from consensus.core import Core
from consensus.events import (
    Alarm,
    AppCall,
    Applied,
    Archive,
    Build,
    Built,
    Check,
    Checked,
    Config,
    Connected,
    Deliver,
    Output,
    Received,
    Tip,
    Wake,
    Work,
)
from consensus.limits import RETAINED_VIEWS
from consensus.messages import Certificate, GetHeaders, Mark, Payload, Proposal, VoteKind, decode, encode
from node import driver as driver_module
from node.cosigner import Cosigner
from node.driver import Driver, Epoch
from node.errors import PeerError
from node.execution import mark_of
from node.limits import CHECKPOINTS_EARLY, PEER_EVENTS, RECEIVE_RECORDS_BYTES, RECEIVE_REQUESTS
from node.links import Link
from node.router import Router
from node.scheme import Ed25519Scheme
from node.wire import Consensus, Records, decode_frame, encode_frame, encode_item
from tests.fuzz.corpus import GENESIS, frames, signed
from tests.fuzz.decoders import FuzzError
from tests.fuzz.mutate import Mutator
from tests.support.parts import Road, memory, new_wal, node_keys, road, running, settled, submission
from tests.support.world import VALIDATORS

HONEST = ("RU", "EU")
HOSTILE = "AE"
ROUNDS = 400
"""Half seconds of virtual time in which BW must get on after a batch: each of AE's views may cost up to 32 s."""


class Wire:
    """The receiving half of a WebSocket: frames that have come."""

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque()

    def __aiter__(self) -> "Wire":
        return self

    async def __anext__(self) -> WSMessage:
        if not self.frames:
            raise StopAsyncIteration
        return WSMessage(WSMsgType.BINARY, self.frames.popleft(), "")


@dataclass
class Clock:
    """Milliseconds, the same for all."""

    now: int = 1_000_000


@dataclass
class Ally:
    """An honest validator: a real core whose application proposes empty blocks and finds all others valid."""

    code: str
    clock: Clock
    marks: dict[int, Mark]
    out: list[tuple[bytes | None, object]] = field(default_factory=list)
    delivered: int = 0

    def __post_init__(self) -> None:
        keys = node_keys(self.code)
        self.key = keys.consensus.public
        config = Config(GENESIS.ledger_id, 0, GENESIS.validators, self.key)
        tip = Tip(0, 0, GENESIS.ledger_id, GENESIS.time)
        self.core, output = Core.recover(config, Ed25519Scheme(keys.consensus), [], tip, self.clock.now)
        self._perform(output)
        self.handle(Work(pending=True, due=True))

    def handle(self, event: object) -> None:
        """One event, and all that its application answers."""
        self._perform(self.core.handle(event, self.clock.now))

    def _perform(self, output: Output) -> None:
        self.out += [(send.to, send.message) for send in (*output.send_now, *output.send_after)]
        for call in output.app:
            match call:
                case Build(view=view, parent=parent):
                    payload = Payload(parent.time + 1, self.marks[parent.mark], b"", ())
                    self.handle(Built(view, parent.digest, payload))
                case Check(block=block, digest=digest):
                    self.marks.setdefault(block.payload.mark.height, block.payload.mark)
                    self.handle(Checked(digest, valid=True))
                case Deliver(block=block):
                    self.marks.setdefault(block.payload.mark.height, block.payload.mark)
                    self.delivered = block.height
                    self.handle(Applied(block.height))
                    self.handle(Work(pending=True, due=True))
                case _:
                    pass


class Target:
    """BW's node and its peers.

    Attributes:
        links: by code, BW's end of the connection.
        heard: frames that AE has heard, the newest ones.
        alarms: why BW stopped voting; it never should.
    """

    def __init__(self, there: Road, clock: Clock) -> None:
        self.there, self.clock = there, clock
        keys = node_keys("BW")
        ledger = there.ledger
        config = Config(GENESIS.ledger_id, 0, GENESIS.validators, keys.consensus.public)
        tip = Tip(0, 0, GENESIS.ledger_id, ledger.head.time)
        core, first = Core.recover(config, Ed25519Scheme(keys.consensus), [], tip, clock.now)
        epoch = Epoch(core, new_wal(memory(), GENESIS.ledger_id), first)
        self.driver = Driver(epoch, ledger.sync, self._send, self._application)
        self.cosigner = Cosigner("BW", ledger, keys, new_wal(memory(), GENESIS.ledger_id), self._cosigned, there.refusals)
        self.router = Router(ledger, there.mempool, there.bodies, there.intake, there.execution, there.refusals)
        self.router.attach(self.driver, self.cosigner, self._work)
        there.execution.listeners.append(self._executed)
        self.me = keys.consensus.public
        marks = {0: mark_of(ledger.head)}
        self.allies = {code: Ally(code, clock, marks) for code in HONEST}
        self.links: dict[str, Link] = {}
        self.heard: deque[bytes] = deque(maxlen=300)
        self.alarms: list[str] = []

    # --- BW's application ---------------------------------------------------------------------------------------------

    def _application(self, call: AppCall) -> None:
        match call:
            case Build():
                self.there.proposals.build(call, self.driver.post_now)
            case Check():
                leader = self.there.ledger.network.node_of_consensus(call.leader)
                self.there.proposals.check(call, leader.participant, self.driver.post_now)
            case Deliver():
                self.there.execution.deliver(call)
            case Archive(certificate=certificate):
                self.there.execution.archive(certificate)
            case Alarm(reason=reason):
                self.alarms.append(reason)
            case _:
                pass

    def _executed(self, block: object, applied: object) -> None:
        self.driver.post_now(Applied(block.height))
        self.cosigner.executed(applied.head)
        self._work()

    def _work(self) -> None:
        self.driver.post_now(Work(pending=True, due=True))

    def _cosigned(self, item: bytes) -> None:
        self._send(None, item)

    def _send(self, to: bytes | None, item: bytes) -> None:
        for code, link in self.links.items():
            if to in {None, node_keys(code).consensus.public}:
                link.send(item)

    # --- links --------------------------------------------------------------------------------------------------------

    def connect(self, code: str) -> None:
        """A link to this peer, new or anew."""
        former = self.links.pop(code, None)
        if former is not None:
            self.router.disconnected(former)
        link = self.links[code] = Link(GENESIS.node(code), Wire())
        self.router.connected(link)

    async def receive(self, code: str, frame: bytes) -> None:
        """A frame comes to BW, as `Peers` would take it: a fault of the peer's closes its link, and it connects again."""
        link = self.links[code]
        link._socket.frames.append(frame)
        try:
            async for item in link.items():
                await self.router.received(link, item)
        except PeerError as error:
            if code != HOSTILE:
                raise
            self.there.refusals.refuse(HOSTILE, error.reason)
            self.connect(code)

    def refused(self) -> dict[str, int]:
        """What was refused of anybody, by reason."""
        told = Counter({reason: int(count) for (_, reason), count in self.there.refusals.refused.readings().items()})
        told.update({f"consensus-{reason}": count for (_, reason), count in self.driver.core.faults.items()})
        return told

    async def exchange(self) -> None:
        """What everybody has to say reaches whom it is for; AE hears all that is said to it, and to all.

        Raises:
            Exception: what a task of the node has failed with.
        """
        await settled(5)
        for task in (*self.tasks, *self.there.tasks):
            if task.done():
                task.result()
        for code, link in self.links.items():
            while link._urgent or link._bulk:
                frame = encode_frame(link._next_items())
                if code == HOSTILE:
                    self.heard.append(frame)
                    continue
                for item in decode_frame(frame):
                    if isinstance(item, Consensus):
                        self.allies[code].handle(Received(self.me, decode(item.message)))
        for code, ally in self.allies.items():
            said, ally.out = ally.out, []
            for to, message in said:
                if isinstance(message, GetHeaders):
                    continue
                if to in {None, self.me}:
                    await self.receive(code, encode_frame([encode_item(Consensus(encode(message)))]))
                if to is None:
                    self.heard.append(encode_frame([encode_item(Consensus(encode(message)))]))
                for other in self.allies.values():
                    if other is not ally and to in {None, other.key}:
                        other.handle(Received(ally.key, message))

    async def tick(self) -> None:
        """Half a second of everybody's time."""
        self.clock.now += 500
        self.there.now += 500
        self.driver.post_now(Wake())
        for ally in self.allies.values():
            ally.handle(Wake())
        await self.exchange()

    async def progress(self, blocks: int = 2) -> None:
        """BW executes so many further blocks with RU and EU alone.

        Raises:
            FuzzError: it does not, or it holds an honest peer for faulty, or an alarm keeps it from voting.
        """
        aim = self.there.ledger.head.height + blocks
        for code in HONEST:
            self.connect(code)
            self.allies[code].handle(Connected(self.me))
        for _ in range(ROUNDS):
            await self.tick()
            for _ in range(6):
                await asyncio.sleep(0.0005)
                await self.exchange()
            if self.there.ledger.head.height >= aim:
                break
        else:
            raise FuzzError(f"no progress: height {self.there.ledger.head.height}, view {self.driver.core.view}")
        self._bounded()

    def _bounded(self) -> None:
        """Everything that a peer could fill has its bound, and nobody else was blamed."""
        engine = self.driver.core._engine
        views, n = len(engine.rounds._rounds), len(VALIDATORS)
        votes = sum(
            len(ballots._unverified) + len(ballots._verified)
            for one in engine.rounds._rounds.values()
            for ballots in one.ballots.values()
        )
        open_views = engine.view + 1 - engine.rounds.floor_view
        inbox = self.router._inboxes[self.links[HOSTILE]]
        early = max((len(waiting) for waiting in self.cosigner._early.values()), default=0)
        bounds = {
            "views": (views, RETAINED_VIEWS + 1 + open_views),
            "votes": (votes, 3 * n * views),
            "blocks": (len(list(engine.blocks)), 2 * open_views + engine.blocks.delivered.height - engine.applied),
            "faults": (len(engine.faults), n * 10),
            "events": (self.driver._events.qsize(), n * PEER_EVENTS + 1),
            "inbox": (inbox.size, RECEIVE_RECORDS_BYTES),
            "requests": (inbox.requests.qsize(), RECEIVE_REQUESTS),
            "early cosignatures": (early, CHECKPOINTS_EARLY),
            "questions": (len(self.driver.core._fetch._asked), 2 + 2 * open_views),
        }
        for what, (found, bound) in bounds.items():
            if found > bound:
                raise FuzzError(f"{found} {what}; at most {bound}")
        hostile = node_keys(HOSTILE).consensus.public
        blamed = {key for key, _ in engine.faults} - {hostile} or {
            who for who, _ in self.there.refusals.refused.readings() if who != HOSTILE
        }
        if blamed or self.alarms:
            raise FuzzError(f"an honest peer was blamed, or an alarm was raised: {blamed} {self.alarms}")


@contextlib.asynccontextmanager
async def target(path: Path) -> AsyncIterator[Target]:
    """A new target in this directory, running; what one of its tasks failed with is raised at the end."""
    clock = Clock()
    real = driver_module.monotonic_ms
    driver_module.monotonic_ms = lambda: clock.now
    try:
        async with road(path) as there:
            made = Target(there, clock)
            try:
                async with running(made.router.tasks.watch(), made.driver.run(), made.cosigner.run()) as made.tasks:
                    for code in (*HONEST, HOSTILE):
                        made.connect(code)
                    yield made
            finally:
                await made.router.tasks.stop()
                made.cosigner.close()
                made.driver.close()
    finally:
        driver_module.monotonic_ms = real


class Attacker:
    """Makes AE's frames: spoilt ones, and sound ones that say what no honest node would."""

    def __init__(self, random: Random, at: Target | None = None) -> None:
        self.random = random
        self.mutator = Mutator(random, list(frames()))
        self._at = at

    def frame(self) -> bytes:
        """The next one."""
        heard = self._at.heard if self._at else ()
        while heard:
            self.mutator.learn(heard.popleft())
        match self.random.randrange(10):
            case 0:
                return self.mutator.any()
            case 1 | 2 if self._at:
                return self._signed()
            case 3 if self._at:
                return encode_frame([encode_item(Records((self._submission(),)))])
            case _:
                return self.mutator.spoilt(self.mutator.any())

    def _signed(self) -> bytes:
        """A vote or proposal by AE's own key near the present view, for whatever digest; or a certificate with one signature spoilt."""
        random, core = self.random, self._at.driver.core
        view = max(1, core.view + random.choice((-70, -64, -2, -1, 0, 0, 0, 1, 1, 2, 1_000)))
        kind = random.choice(list(VoteKind))
        digest = b"" if kind == VoteKind.NULLIFY else random.choice((core.floor_digest, random.randbytes(32)))
        parent = 0 if kind == VoteKind.NULLIFY else max(0, view - random.choice((1, 1, 2, 70)))
        vote = signed(kind, view, parent, digest, VALIDATORS.index(HOSTILE), GENESIS.ledger_id)
        message: object = vote
        with contextlib.suppress(PeerError, ValueError, msgspec.DecodeError):
            carried = decode_frame(self.mutator.any())[0]
            known = decode(carried.message) if isinstance(carried, Consensus) else vote
            if isinstance(known, Certificate) and known.signatures and random.random() < 0.5:
                signatures = [*known.signatures]
                signatures[random.randrange(len(signatures))] = random.randbytes(64)
                message = msgspec.structs.replace(known, signatures=tuple(signatures), view=random.choice((view, known.view)))
            elif isinstance(known, Proposal):
                message = self._proposal(known, view)
        return encode_frame([encode_item(Consensus(encode(message)))])

    def _proposal(self, known: Proposal, view: int) -> Proposal:
        """Another's block, changed, in a view of AE's own."""
        random = self.random
        height = random.choice((known.block.height, known.block.height + 1, 2**62))
        parent_view = random.choice((view - 1, known.block.parent_view))
        block = msgspec.structs.replace(known.block, view=view, height=height, parent_view=max(0, parent_view))
        digest = self._at.there.digest(block)
        return Proposal(
            block, signed(VoteKind.NOTARIZE, view, block.parent_view, digest, VALIDATORS.index(HOSTILE), GENESIS.ledger_id)
        )

    def _submission(self) -> bytes:
        """A record of the target's world, whole or spoilt."""
        number = f"BW{self.random.randrange(1, 9_999):07d}"
        raw = submission(self._at.there.world, number=number)
        return raw if self.random.random() < 0.3 else (self.mutator.spoilt(raw) + bytes(200))[: max(200, len(raw))]
