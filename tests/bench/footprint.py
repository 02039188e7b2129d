"""What a node takes: memory, disk, background reading, and time to start, after the loads before."""

import asyncio
import time

from tests.bench.figures import Figure, Report
from tests.bench.machine import Watch, resident_mb, stored_bytes
from tests.bench.network import Network, session

_RESIDENT_GOAL_MB = 250.0
_POLL_SECONDS = 0.01
_SCRUBBED = "kpledger_scrub_seconds_total{"
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


async def scrubbing(network: Network, seconds: float, report: Report) -> None:
    """Which part of a core the node started last takes to read its store, by its own count, and all that it takes meanwhile.

    A pass begins with the process; later on there are long pauses.
    """
    before, watch = await _scrubbed(network), Watch(network.pids[-1:])
    await asyncio.sleep(seconds)
    spent, idle = await _scrubbed(network) - before, watch.stop()
    report.add(
        Figure("footprint", "reading the store in the background", spent / idle.seconds * 100, "% core", 2.0, "a core", 1.0)
    )
    report.add(Figure("footprint", "all that a node takes while idle", idle.cpu / idle.seconds * 100, "% core"))


async def _scrubbed(network: Network) -> float:
    admin = network.devnet.description()["nodes"][-1]["admin"]
    async with session() as http, http.get(f"http://{admin}/metrics") as answer:
        text = await answer.text()
    return float(next(line.split()[-1] for line in text.splitlines() if line.startswith(_SCRUBBED)))


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
