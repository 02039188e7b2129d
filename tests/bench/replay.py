"""How fast what is final is executed: blocks of a node applied again in this process, and a node that was away catching up.

Applying checks rules and writes the ledger, no signatures. Catching up checks every signature and every block's certificate
chain as well; its limit is the cryptography of one node on all cores, for the others do nothing meanwhile.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from consensus.messages import decode_block
from ledger.genesis import Genesis
from ledger.record import Record, Submission, parse_record
from ledger.state import Block, Ledger
from ledger.store import Store
from tests.bench.figures import Figure, Report
from tests.bench.limit import Limit
from tests.bench.machine import CORES, Watch
from tests.bench.network import Network

_POLL_SECONDS = 0.02
_DEADLINE_SECONDS = 120.0


def apply_again(data: Path, scratch: Path, genesis: Genesis, report: Report) -> None:
    """Applies the blocks of a stopped node's store to a new ledger in `scratch`.

    Args:
        data: the directory of the node's store.
        scratch: an empty directory of the same file system.
        genesis: the ledger's.
        report: takes the figures.
    """
    source = Store.open(data)
    blocks = list(_blocks(Ledger.open(source, genesis)))
    source.close()
    store = Store.open(scratch / "replay")
    ledger = Ledger.open(store, genesis)
    clock, cpu = time.perf_counter(), time.process_time()
    for block in blocks:
        ledger.keep_bodies([Submission(record) for record in block.records])
        ledger.apply(block)
    seconds, cpu = time.perf_counter() - clock, time.process_time() - cpu
    store.close()
    records = sum(len(block.records) for block in blocks)
    report.add(Figure("replay", "records applied again", records / seconds, "/s"))
    report.add(Figure("replay", "processor time of applying", cpu / records * 1e6, "us/record"))


def _blocks(ledger: Ledger) -> Iterator[Block]:
    for height in range(1, ledger.head.height + 1):
        stored = ledger.node_value(b"block/" + height.to_bytes(8, "big"))
        assert stored is not None, "a node keeps every final block"
        block = decode_block(stored)
        digest = ledger.head.digest  # which one it is makes no difference to the time
        yield Block(
            height,
            block.payload.time,
            digest,
            [_record(ledger, record_id) for record_id in block.payload.records],
            block.epoch,
            block.payload.next,
        )


def _record(ledger: Ledger, record_id: bytes) -> Record:
    raw = ledger.body(record_id)
    assert raw is not None, "a node keeps what it has executed"
    return parse_record(raw)


async def catch_up(network: Network, count: int, limit: Limit, report: Report) -> None:
    """Stops the last node, loads the others with `count` records, starts it again and waits until it is where they are."""
    away = network.nodes - 1
    network.stop_node(away)
    await network.load(network.take(count), range(away))
    target = (await network.status(0))["tree_size"]
    pid = network.start_node(away)
    first = await _first_answer(network, away)
    watch = Watch([pid])
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while (await network.status(away))["tree_size"] < target:
        if time.monotonic() > deadline:
            raise TimeoutError("the node has not caught up")
        await asyncio.sleep(_POLL_SECONDS)
    spent = watch.stop()
    records = target - first
    if records <= 0:
        return
    bound = limit.rate(1)
    report.add(
        Figure("catch-up", "records a second", records / spent.seconds, "/s", bound, f"cryptography, {CORES} cores", 0.6)
    )
    report.add(Figure("catch-up", "the same by processor time", CORES * records / spent.cpu, "/s", bound, "the same", 0.6))


async def _first_answer(network: Network, node: int) -> int:
    """Waits until the node answers; the size of its log then."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while True:
        try:
            return int((await network.status(node))["tree_size"])
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(_POLL_SECONDS)
