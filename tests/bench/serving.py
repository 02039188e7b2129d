"""`python -m tests.bench.serving DIRECTORY`: the public interface over the ledger that `tests.bench.large` made there.

The node's own app on the node's own server; what consensus and peers do is left out. Prints its port and serves until standard
input ends. A line on it is a rate: so many records a second of `ahead` are applied from then on, block by block, in the thread that
a node has for it.
"""

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec
import uvloop

from api.app import create_app
from api.auth import TokenBook
from api.demo.network import Network
from api.limits import ApiLimits
from api.server import listen, serve
from ledger.record import Submission, parse_record
from ledger.state import Block, Ledger
from node.garbage import Garbage
from node.limits import TURN_SECONDS
from tests.bench.growth import open_world
from tests.support.port import SEATS, LocalPort
from tests.support.world import seed

AHEAD, LEDGER, TOKEN = "ahead", "ledger", "kpl_large"
"""Names in the directory: blocks to apply while it is read, the store; and the auditor's token."""

_UNLIMITED = 1e9


class Ahead(msgspec.Struct, frozen=True, array_like=True):
    """A block that is to follow: its time and records."""

    time: int
    records: list[bytes]


_ahead = msgspec.msgpack.Decoder(list[Ahead])


def encode_ahead(blocks: list[Ahead]) -> bytes:
    """The file `ahead`."""
    return msgspec.msgpack.encode(blocks)


async def _serve(directory: Path) -> None:
    with open_world(directory / LEDGER) as world, ThreadPoolExecutor(1) as thread:
        keys = {code: {name: seed(f"{code}/{name}") for name in ("log", "cosign")} for code in SEATS}
        limits = ApiLimits(requests_per_s=_UNLIMITED, requests_per_key_per_s=_UNLIMITED, loopback_per_s=_UNLIMITED)
        for _ in world.ledger.learn():
            pass  # a node does so in the background once it runs
        searching = asyncio.ensure_future(Garbage(lambda: False).run())
        tokens = TokenBook(None)
        tokens.issue("auditor", world.now, text=TOKEN)
        port = LocalPort(world.ledger, Network(b"", world.ledger.genesis, keys), tokens, limits, clock=world.now)
        blocks = [block for block in _ahead.decode((directory / AHEAD).read_bytes()) if block.time > world.ledger.head.time]
        sock = listen("127.0.0.1", 0)
        print(sock.getsockname()[1], flush=True)
        await serve(create_app(port), sock, limits, lambda: _follow(world.ledger, thread, iter(blocks)))
        searching.cancel()


async def _follow(ledger: Ledger, thread: ThreadPoolExecutor, blocks: Iterator[Ahead]) -> None:
    """Applies blocks at the rate told last, until standard input ends."""
    rates = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(rates), sys.stdin)
    applying = asyncio.ensure_future(asyncio.sleep(0))
    while line := await rates.readline():
        applying.cancel()
        with suppress(asyncio.CancelledError):
            await applying
        applying = asyncio.ensure_future(_apply(ledger, thread, blocks, float(line)))
    applying.cancel()


async def _apply(ledger: Ledger, thread: ThreadPoolExecutor, blocks: Iterator[Ahead], rate: float) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time()
    while rate and (block := next(blocks, None)) is not None:
        due += len(block.records) / rate
        await asyncio.shield(loop.run_in_executor(thread, _apply_one, ledger, block))
        await asyncio.sleep(max(0.0, due - loop.time()))


def _apply_one(ledger: Ledger, block: Ahead) -> None:
    records = [parse_record(raw) for raw in block.records]
    height = ledger.head.height + 1
    ledger.keep_bodies([Submission(record) for record in records])
    ledger.apply(Block(height, block.time, height.to_bytes(32, "big"), records))


if __name__ == "__main__":
    sys.setswitchinterval(TURN_SECONDS)
    uvloop.run(_serve(Path(sys.argv[1])))
