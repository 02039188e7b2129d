"""How long one `POST /v1/records?wait=final` takes: alone, and while others keep the network half busy.

The time is the client's: from the request's first byte to the receipt. The floor is that of `floor`.
"""

import asyncio
import contextlib
import statistics
from collections.abc import AsyncIterator

from tests.bench.figures import Figure, Report
from tests.bench.floor import Floor
from tests.bench.network import Network, session

WARM = 8
_SINGLES_A_SECOND = 10
_BACKGROUND = 25
"""Records of one batch of the background load."""

_LONGER = 2
"""The background lasts at most so many times the planned seconds."""


def needed(rate: float, seconds: float) -> int:
    """Records that `half_load` takes at most."""
    return int(rate / 2 * (seconds + 1) * _LONGER) + _BACKGROUND + _singles_of(seconds)


def _singles_of(seconds: float) -> int:
    return max(20, int(seconds * _SINGLES_A_SECOND))


async def idle(network: Network, count: int, floor: Floor, report: Report) -> None:
    """One record after the other, at every node in turn."""
    times = await singles(network, WARM + count, pause=0.0)
    _add("idle", times[WARM:], floor, report, goal=3.0)


async def half_load(network: Network, rate: float, seconds: float, floor: Floor, report: Report) -> None:
    """Single records beside batches that come at half of `rate`, by the clock, whether earlier ones are done or not."""
    async with background(network, rate / 2, seconds + 1):
        await asyncio.sleep(1)
        times = await singles(network, _singles_of(seconds), pause=0.05)
    _add("half load", times, floor, report, goal=None)


def _add(when: str, times: list[float], floor: Floor, report: Report, goal: float | None) -> None:
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    against = "3 hops and 3 durable writes"
    limit = floor.seconds * 1e3
    report.add(
        Figure("latency", f"one record to its receipt, {when}, p50", statistics.median(times) * 1e3, "ms", limit, against, goal)
    )
    report.add(Figure("latency", f"one record to its receipt, {when}, p99", p99 * 1e3, "ms", limit, against))


async def singles(network: Network, count: int, pause: float) -> list[float]:
    times = []
    async with session() as http:
        for place, submission in enumerate(network.take(count)):
            times.append(await network.single(http, place % network.nodes, submission))
            await asyncio.sleep(pause)
    return times


@contextlib.asynccontextmanager
async def background(network: Network, rate: float, seconds: float) -> AsyncIterator[None]:
    """Batches at a steady rate while the block runs; it ends when the last of them is final."""
    stop = asyncio.Event()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        batches: set[asyncio.Task[None]] = set()
        async with session() as http:
            started, sent = loop.time(), 0
            while not stop.is_set() and sent < rate * seconds * _LONGER:
                batch = network.take(_BACKGROUND)
                batches.add(asyncio.ensure_future(network.batch(http, len(batches) % network.nodes, batch)))
                sent += len(batch)
                await asyncio.sleep(max(0.0, started + sent / rate - loop.time()))
            await asyncio.gather(*batches)

    task = asyncio.ensure_future(run())
    try:
        yield
    finally:
        stop.set()
        await task
