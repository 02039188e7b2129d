"""Reads a second that one node serves of a certificate, of a hash tile, of a release, against a handler that does nothing.

By processor time of the serving process, on one core: neither the client nor others on this machine lower it.
"""

import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import aiohttp

from api.demo.burst import AUTHORS, FIRST_NUMBER
from ledger.participants import SECRETARIAT, Role
from ledger.statistics.basis import decode_basis
from node.client import Client
from node.office import Office
from node.releasing import decided, make_draft, publish
from tests.bench.figures import Figure, Report
from tests.bench.machine import Watch
from tests.bench.network import Network, NotFinalError, session
from tests.support.publishing import plain

_CONNECTIONS = 8
_ROUNDS = 5
_WARM_SECONDS = 0.2
_FINAL_SECONDS = 60.0


async def measure(network: Network, seconds: float, report: Report) -> None:
    """Reads for so many seconds each."""
    token = {"Authorization": f"Bearer {network.token}"}
    number = f"{AUTHORS[0]}{FIRST_NUMBER + network.first_final}"
    node, pid = network.urls[0], network.pids[0]
    async with _bare() as (url, bare_pid):
        asked = {
            "bare handler": (f"{url}/", {}, bare_pid),
            "static file of a tile's size": (f"{url}/static/tile", {}, bare_pid),
            "certificate": (f"{node}/v1/certificates/{number}", token, pid),
            "hash tile": (f"{node}/log/tile/0/000", {}, pid),
            "checkpoint": (f"{node}/log/checkpoint", {}, pid),
        }
        rates = await _rates(asked, seconds / _ROUNDS)
    bare, static = rates.pop("bare handler"), rates.pop("static file of a tile's size")
    report.add(Figure("reads", "bare handler", bare, "/s/core"))
    report.add(Figure("reads", "static file of a tile's size", static, "/s/core", bare, "bare handler, same server"))
    for what, rate in rates.items():
        report.add(Figure("reads", what, rate, "/s/core", bare, "bare handler, same server", 0.7))
        if what == "hash tile":
            report.add(Figure("reads", what, rate, "/s/core", static, "static file handler, same server", 0.9))
    await _measure_release(network, seconds, report)


async def _measure_release(network: Network, seconds: float, report: Report) -> None:
    """The file of a release against a file of the pages, which the same node answers from memory, too."""
    node, pid = network.urls[0], network.pids[0]
    path, size = await _release(network)
    static = await _rate(f"{node}/static/reading.css", {}, pid, seconds)
    report.add(Figure("reads", "static file", static, "/s/core"))
    rate = await _rate(node + path, {"Accept-Encoding": "identity"}, pid, seconds)
    report.add(Figure("reads", f"release file, {size // 1024} KiB", rate, "/s/core", static, "static file", goal=0.9))


async def _release(network: Network) -> tuple[str, int]:
    """The path and size of the JSON file of a release that four nodes have judged: a quarter that was over before."""
    period = "2025Q1"
    office = Office.open(network.genesis, network.directory / "keys" / SECRETARIAT, Role.AUDIT)
    folder = network.directory / "statistics" / period
    async with Client(network.urls[0], network.token) as client:
        basis = decode_basis(await client.get_bytes(f"/v1/statistics/basis/{period}"))
        _, made = make_draft(basis, plain, folder)
        release = await publish(office, folder, lambda raw, _: client.submit_until_final(raw, _FINAL_SECONDS))
        row = (await decided(client, release.hex(), _FINAL_SECONDS, lambda agreed, objected: None))["release"]
        await client.get_bytes(row["json_file"])
        return row["json_file"], len(made.json)


async def _rates(asked: dict[str, tuple[str, dict[str, str], int]], seconds: float) -> dict[str, float]:
    """Of each the median of short rounds in turn: what runs beside this slows one as much as the other."""
    found: dict[str, list[float]] = {what: [] for what in asked}
    for _ in range(_ROUNDS):
        for what, (url, headers, pid) in asked.items():
            found[what].append(await _rate(url, headers, pid, seconds))
    return {what: statistics.median(rates) for what, rates in found.items()}


async def _rate(url: str, headers: dict[str, str], pid: int, seconds: float) -> float:
    """Answers per processor second of the process `pid`."""

    async def client(http: aiohttp.ClientSession, until: float) -> int:
        count = 0
        while time.perf_counter() < until:
            async with http.get(url, headers=headers) as answer:
                await answer.read()
                if answer.status != 200:
                    raise NotFinalError(f"{answer.status} for {url}")
            count += 1
        return count

    async with session() as http:
        for span in (_WARM_SECONDS, seconds):
            watch = Watch([pid])
            until = time.perf_counter() + span
            counts = await asyncio.gather(*(client(http, until) for _ in range(_CONNECTIONS)))
            spent = watch.stop()
    return sum(counts) / spent.cpu


@contextlib.asynccontextmanager
async def _bare() -> AsyncIterator[tuple[str, int]]:
    """The handler that does nothing, in a process of its own: its URL and process id."""
    command = [sys.executable, "-m", "tests.bench.bare"]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}", process.pid
    finally:
        process.terminate()
        await process.wait()
