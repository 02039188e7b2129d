"""What readers get, and what it costs the others: a certificate while the network is half busy, a list of 500, the whole history
exported, and how long a record takes to be final while the public interface is saturated.
"""

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import aiohttp

from api.demo.burst import AUTHORS, FIRST_NUMBER
from tests.bench.figures import Figure, Report
from tests.bench.latency import background, singles
from tests.bench.machine import Watch, pin, resident_mb
from tests.bench.network import Network, NotFinalError, session

_ROUNDS, _SINGLES = 5, 60
SINGLES = 2 * _ROUNDS * _SINGLES
"""Records that `saturated` takes: half of them undisturbed, in turn with the others, so that both see the same machine."""

_CERTIFICATE_MS, _LIST_MS, _EXPORT_RATE, _MORE = 10.0, 50.0, 20_000.0, 1.2
"""What the interface is to keep to."""

_ASKED = "asked of the interface"
_CLIENTS = 64
_SETTLED_S = 0.5
"""By then they are all connected: whoever connects behind so many at once waits for each of them to be let in."""
_JUDGED = 99
_PIECE = 256 * 1024


async def half_load(network: Network, rate: float, seconds: float, report: Report) -> None:
    """A certificate read again and again, beside batches at half of `rate`."""
    number = f"{AUTHORS[0]}{FIRST_NUMBER + network.first_final}"
    async with background(network, rate / 2, seconds + 1), session() as http:
        await asyncio.sleep(1)
        times = await _times(http, network, f"/v1/certificates/{number}", max(50, int(seconds * 20)), pause=0.03)
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    report.add(Figure("interface", "certificate, half load, p50", statistics.median(times), "ms", _CERTIFICATE_MS, _ASKED))
    report.add(Figure("interface", "certificate, half load, p99", p99, "ms", _CERTIFICATE_MS, _ASKED, 1.0))


async def lists(network: Network, report: Report) -> None:
    """A filtered list of 500, one after the other."""
    async with session() as http:
        times = await _times(http, network, f"/v1/certificates?issuer={AUTHORS[0]}&limit=500", 30, pause=0.0)
    report.add(Figure("interface", "filtered list of 500, p50", statistics.median(times), "ms", _LIST_MS, _ASKED, 1.0))


async def export(network: Network, report: Report) -> None:
    """The whole history as JSON lines and as a table: records a second, and how much memory that takes the node."""
    pid = network.pids[0]
    for name, path in (("JSON lines", "/v1/export"), ("CSV", "/v1/export.csv")):
        before, most, lines = resident_mb(pid), 0.0, 0
        watch = Watch([pid])
        async with session() as http, http.get(network.urls[0] + path, headers=_token(network)) as answer:
            if answer.status != 200:
                raise NotFinalError(f"{answer.status} for {path}")
            async for piece in answer.content.iter_chunked(_PIECE):
                lines += piece.count(b"\n")
                most = max(most, resident_mb(pid))
        spent = watch.stop()
        report.add(Figure("interface", f"export as {name}", lines / spent.seconds, "/s", _EXPORT_RATE, _ASKED, 1.0))
        report.add(Figure("interface", f"export as {name}, its core alone", lines / spent.cpu, "/s/core", _EXPORT_RATE, _ASKED))
        report.add(Figure("interface", f"export as {name}, memory more", max(0.0, most - before), "MB"))


async def saturated(network: Network, report: Report) -> None:
    """Single records, each to its receipt: undisturbed, and while others ask a node for what is public as fast as it answers.

    As on machines of their own, the node that is asked has a core to itself, and those who ask disturb no other node: they have
    what it leaves of that core, and cost little (`hammer`), so there is always somebody who waits for his answer.
    """
    first, *rest = sorted(os.sched_getaffinity(0))
    pin(network.pids[0], {first})
    for pid in (*network.pids[1:], os.getpid()):
        pin(pid, set(rest) or {first})
    quiet: list[float] = []
    busy: list[float] = []
    rates: list[float] = []
    try:
        for _ in range(_ROUNDS):
            quiet += await singles(network, _SINGLES, pause=0.02)
            async with _hammered(network.urls[0], first, rates):
                busy += await singles(network, _SINGLES, pause=0.02)
    finally:
        for pid in (*network.pids, os.getpid()):
            pin(pid, {first, *rest})
    report.add(Figure("interface", "answers meanwhile", statistics.median(rates), "/s"))
    for name, share in (("p50", 50), ("p90", 90), ("p99", 99)):
        alone, beside = (sorted(times)[len(times) * share // 100] * 1e3 for times in (quiet, busy))
        what, against = f"record final, interface saturated, {name}", "the same, undisturbed"
        report.add(Figure("interface", what, beside, "ms", alone, against, _MORE if share == _JUDGED else None))


async def _times(http: aiohttp.ClientSession, network: Network, path: str, count: int, pause: float) -> list[float]:
    """Milliseconds of each answer, ascending."""
    times = []
    for _ in range(count):
        started = time.perf_counter()
        async with http.get(network.urls[0] + path, headers=_token(network)) as answer:
            await answer.read()
            if answer.status != 200:
                raise NotFinalError(f"{answer.status} for {path}")
        times.append((time.perf_counter() - started) * 1e3)
        await asyncio.sleep(pause)
    return sorted(times)


def _token(network: Network) -> dict[str, str]:
    return {"Authorization": f"Bearer {network.token}"}


@contextlib.asynccontextmanager
async def _hammered(url: str, core: int, rates: list[float]) -> AsyncIterator[None]:
    """Readers in a process of their own on this core; `rates` gets how many answers a second they have had."""
    command = [sys.executable, "-m", "tests.bench.hammer", url.rpartition(":")[2], str(_CLIENTS)]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    pin(process.pid, {core})
    if await process.stdout.readline() != b"begun\n":
        raise NotFinalError("the readers have not begun")
    await asyncio.sleep(_SETTLED_S)
    started = time.perf_counter()
    try:
        yield
    finally:
        process.stdin.close()
        counted = await process.stdout.readline()
        rates.append(int(counted or 0) / (time.perf_counter() - started + _SETTLED_S))
        if await process.wait():
            raise NotFinalError("the readers have failed")
