"""What a node takes: memory, disk, and time to start, after the loads before."""

import asyncio
import time

from tests.bench.figures import Figure, Report
from tests.bench.machine import resident_mb, stored_bytes
from tests.bench.network import Network

_RESIDENT_GOAL_MB = 250.0
_POLL_SECONDS = 0.01
_DEADLINE_SECONDS = 60.0


async def memory_and_disk(network: Network, report: Report) -> None:
    """Of the node that has most of it."""
    records = (await network.status(0))["tree_size"]
    resident = max(resident_mb(pid) for pid in network.pids if pid)
    goal = "what a node may take at 1e6 records"
    report.add(Figure("footprint", f"resident memory at {records:,} records", resident, "MB", _RESIDENT_GOAL_MB, goal, 1.0))
    kept = sum(map(len, network.handed_out)) / len(network.handed_out)
    for name, what in (("data", "record and envelope as submitted"), ("wal", "")):
        size = max(stored_bytes(home / name) for home in network.homes) / records
        report.add(Figure("footprint", f"bytes in {name}/", size, "B/record", kept if what else None, what))


async def start(network: Network, report: Report) -> None:
    """Stops the last node and starts it again, until it answers."""
    node = network.nodes - 1
    network.stop_node(node)
    started = time.perf_counter()
    network.start_node(node)
    while True:
        try:
            await network.status(node)
            break
        except OSError:
            if time.perf_counter() - started > _DEADLINE_SECONDS:
                raise
            await asyncio.sleep(_POLL_SECONDS)
    report.add(Figure("footprint", "start until it answers", time.perf_counter() - started, "s"))
