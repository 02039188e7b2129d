"""Parts of a node over the test world's ledger: keys of its validators, what they sign, and tasks that must not die unseen."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random

from ledger.checkpoint import Checkpoint
from ledger.genesis import Genesis
from ledger.participants import Node
from ledger.record import encode_submission
from ledger.state import Head
from node.keyring import witness_key
from node.keys import NodeKeys, SigningKey
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


def with_nodes(*nodes: Node) -> Genesis:
    """The test world's genesis with these nodes."""
    return genesis(nodes=nodes)


def cosigned(made_of: Genesis, code: str, size: int, root: bytes, time: int = 1_000) -> Cosigned:
    """What `code`'s node sends when it cosigns this."""
    node = next(node for node in made_of.nodes if node.participant == code)
    signer = node_keys(code).cosign.signer(witness_key(node))
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
    """A whole submission: `World.issue` with a real envelope."""
    readers = changes.pop("readers", None)
    sealed = world.sealed(world.issue(**changes), **({"readers": readers} if readers else {}))
    return encode_submission(sealed.record.raw, sealed.envelope)


@contextlib.asynccontextmanager
async def running(*works: Awaitable[None]) -> AsyncIterator[None]:
    """Runs these for as long as the block does; what one of them raised is raised at the end."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
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
