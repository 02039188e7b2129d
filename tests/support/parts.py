"""Parts of a node over the test world's ledger: keys of its validators, what they sign, and tasks that must not die unseen."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random

from consensus.events import Build, Built, Check, Checked, Deliver, Tip
from consensus.messages import Block, Certificate, Payload, block_digest
from ledger.checkpoint import Checkpoint
from ledger.genesis import Genesis
from ledger.participants import Node
from ledger.record import encode_submission, parse_submission
from ledger.state import Applied, Head
from node.bodies import Bodies
from node.execution import Execution, mark_of
from node.intake import Intake, arrivals
from node.keyring import witness_key
from node.keys import NodeKeys, SigningKey
from node.mempool import Entry, Mempool
from node.proposals import Proposals
from node.refusals import Refusals
from node.verifier import Verifier
from node.wal import Wal
from node.wire import Cosigned
from tests.simulation.disk import MemoryDisk
from tests.support.world import World, genesis, public, seed

GUARD = Path("/guard")


def node_keys(code: str) -> NodeKeys:
    """The keys of a validator of the test world."""
    return NodeKeys(*(SigningKey.from_seed(seed(f"{code}/{name}")) for name in ("consensus", "log", "cosign")))


def node_of(code: str, validator: bool = True) -> Node:
    """A node whose keys are those of `node_keys`."""
    publics = {name: public(f"{code}/{name}") for name in ("consensus", "log", "cosign")}
    tls = b"\x30\x10" + hashlib.sha256(code.encode()).digest()[:16]
    return Node(participant=code, address=f"127.0.0.1:{8000 + tls[-1]}", tls=tls, validator=validator, **publics)


def public_of(code: str) -> bytes:
    """The consensus key of a node of the test world."""
    return public(f"{code}/consensus")


def with_nodes(*nodes: Node) -> Genesis:
    """The test world's genesis with these nodes."""
    return genesis(nodes=nodes)


def cosigned(made_of: Genesis, code: str, size: int, root: bytes, time: int = 1_000) -> Cosigned:
    """What `code`'s node sends when it cosigns this."""
    node = next(node for node in made_of.nodes if node.participant == code)
    signer = node_keys(code).cosign.signer(witness_key(code, node.cosign))
    return Cosigned(size, root, time, signer.sign(Checkpoint(made_of.origin, size, root).text(), time).value[-64:])


def cosigned_head(world: World, code: str, head: Head | None = None, time: int = 1_000) -> Cosigned:
    """The same for a head, by default the ledger's."""
    head = head or world.ledger.head
    return cosigned(world.ledger.genesis, code, head.tree_size, head.root, time)


def new_wal(disk: MemoryDisk, ledger_id: bytes, directory: Path = GUARD) -> Wal:
    """The log on this disk, made when it is not there."""
    return Wal.open(directory, ledger_id, disk) if disk.content() else Wal.create(directory, ledger_id, disk)


def memory() -> MemoryDisk:
    """An empty disk."""
    return MemoryDisk(Random(1))


def submission(world: World, **changes: object) -> bytes:
    """A whole submission: `World.issue` with a real envelope; `readers` and `key` (who signs it) may be given, too."""
    sealing = {"readers": changes.pop("readers")} if "readers" in changes else {}
    key = str(changes.pop("key", ""))
    sealed = world.sealed(world.issue(**changes), **sealing)
    record = world.sign(sealed.record.kind, sealed.record.body, sealed.record.author, key) if key else sealed.record
    return encode_submission(record.raw, sealed.envelope)


@contextlib.asynccontextmanager
async def running(*works: Awaitable[None]) -> AsyncIterator["list[asyncio.Future[None]]"]:
    """Runs these for as long as the block does; what one of them raised is raised at the end. Gives the tasks."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
            raise error


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Waits until the condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


async def settled(turns: int = 20) -> None:
    """Lets everything that is ready on the event loop run."""
    for _ in range(turns):
        await asyncio.sleep(0)


# --- the main road ----------------------------------------------------------------------------------------------------

LEADER, OTHER, THIRD = "RU", "EU", "AE"
"""Peers by participant."""


class Road:
    """Everything between the peers and the ledger, without consensus: real parts over the world's ledger.

    Attributes:
        asked: (peer, ids) of every request for bodies, in order.
        spread: submissions sent to all peers, in order.
        connected: the peers that can be asked.
        prepared: epochs that were about to begin.
        on_the_way: ids that have come and wait for their check.
        now: the wall clock.
        tasks: what runs: the execution, and the watch over the proposals' checks.
        answers: what the core was told of its proposals.
    """

    def __init__(self, world: World) -> None:
        self.world, self.ledger = world, world.ledger
        self.now = world.now
        self.asked: list[tuple[str, list[bytes]]] = []
        self.prepared: list[int] = []
        self.spread: list[bytes] = []
        self.connected: list[str] = [LEADER, OTHER, THIRD]
        self.on_the_way: set[bytes] = set()
        self.answers: list[Checked] = []
        self.tasks: list[asyncio.Future[None]] = []
        self.mempool = Mempool()
        self.verifier = Verifier(self.ledger.ledger_id)
        self.bodies = Bodies(
            self.ledger, self.mempool, self._ask, lambda: list(self.connected), lambda record_id: record_id in self.on_the_way
        )
        self.refusals = Refusals()
        self.intake = Intake(
            self.ledger,
            self.mempool,
            self.verifier,
            lambda: self.now,
            self.spread.extend,
            self.bodies.unusable,
            self.refusals,
        )
        self.execution = Execution(self.ledger, self.bodies, self.prepared.append)
        self.execution.listeners.append(self._executed)
        self.proposals = Proposals(self.ledger, self.mempool, self.bodies, self.execution, lambda: self.now)

    def _ask(self, peer: str, ids: list[bytes]) -> None:
        self.asked.append((peer, list(ids)))

    def _executed(self, block: Block, _applied: Applied) -> None:
        self.mempool.judged(block.payload.records)
        self.proposals.settled(block.height)

    def close(self) -> None:
        """Ends the threads."""
        self.verifier.close()
        self.execution.close()

    async def receive(self, *raws: bytes) -> int:
        """What RU sends; the number of its faults."""
        before = self.refusals.refused.of("RU")
        await self.intake.receive("RU", arrivals(raws), self.bodies.wanted)
        return self.refusals.refused.of("RU") - before

    def entry(self, **changes: object) -> Entry:
        """A pending record that is in the mempool and the body store."""
        raw = submission(self.world, **changes)
        parsed = parse_submission(raw)
        self.ledger.keep_bodies([parsed])
        self.mempool.add(Entry(parsed, raw))
        return self.mempool.get(parsed.record.id) or Entry(parsed, raw)

    @property
    def tip(self) -> Tip:
        """The head as the parent of the next block."""
        head = self.ledger.head
        return Tip(head.height, head.height, head.digest, head.time)

    def block(self, *records: bytes, parent: Tip | None = None, **changes: object) -> Block:
        """The next block with these ids; `changes` replace fields of its payload, or of itself."""
        parent = parent or self.tip
        payload = {"time": max(self.now, parent.time + 1), "mark": mark_of(self.ledger.head), "next": b"", "records": records}
        payload |= {name: changes.pop(name) for name in tuple(changes) if name in payload}
        fields = {"version": 1, "epoch": 0, "view": parent.view + 1, "height": parent.height + 1, "parent_view": parent.view}
        return Block(**(fields | {"parent": parent.digest, "payload": Payload(**payload)} | changes))

    def digest(self, block: Block) -> bytes:
        """The block's name."""
        return block_digest(self.ledger.ledger_id, block)

    def deliver_call(self, block: Block, final: Certificate | None = None) -> Deliver:
        """What the core says when this block is final."""
        return Deliver(block, self.digest(block), final)

    def deliver(self, block: Block, final: Certificate | None = None) -> None:
        """The block is final."""
        self.execution.deliver(self.deliver_call(block, final))

    def after(self, block: Block) -> Tip:
        """This block as the parent of the next one."""
        return Tip(block.view, block.height, self.digest(block), block.payload.time)

    def check(self, block: Block, parent: Tip | None = None) -> None:
        """The core asks about a proposal of LEADER."""
        call = Check(block, self.digest(block), parent or self.tip, public_of(LEADER))
        self.proposals.check(call, LEADER, self.answers.append)

    def build(self, call: Build) -> Built:
        """What the core is told at once when it asks for a proposal."""
        built: list[Built] = []
        self.proposals.build(call, built.append)
        return built[0]

    async def verdict(self, block: Block, parent: Tip | None = None) -> Checked | None:
        """What the core is told of a proposal; None where that is still open."""
        before = len(self.answers)
        self.check(block, parent)
        await settled()
        return self.answers[-1] if len(self.answers) > before else None

    async def execute(self, *records: bytes) -> None:
        """A final block with these ids, executed."""
        block = self.block(*records)
        self.deliver(block)
        await until(lambda: self.ledger.head.height == block.height and block.height not in self.execution._unexecuted)


@contextlib.asynccontextmanager
async def road(path: Path, made_of: Genesis | None = None) -> AsyncIterator[Road]:
    """A new road over a new world in this directory, executing."""
    with World.make(path, made_of) as world:
        made = Road(world)
        try:
            async with running(made.execution.run(), made.proposals.tasks.watch()) as made.tasks:
                yield made
        finally:
            made.proposals.stop()
            made.close()
