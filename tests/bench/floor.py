"""The floor of a commit's latency: what the protocol itself needs, three hops between nodes and three durable writes.

A hop is half a round trip of a small frame over an aiohttp WebSocket with TLS and uvloop at both ends, between two processes, as
nodes are linked. A durable write is an append of a few hundred bytes and fdatasync, in the file system where the nodes' homes are.
"""

import asyncio
import contextlib
import os
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop
from aiohttp import web

from node.tls import contexts, make_certificate, to_pem
from tests.bench.figures import Figure, Report

HOPS = 3
WRITES = 3
_FRAME = bytes(200)
_RECORD = bytes(300)
_WARM = 50


@dataclass(frozen=True, slots=True)
class Floor:
    """Median seconds of one hop and of one durable write."""

    hop: float
    write: float

    @property
    def seconds(self) -> float:
        return HOPS * self.hop + WRITES * self.write


async def measure(directory: Path, rounds: int, report: Report) -> Floor:
    """Measures with as many hops and as many writes as `rounds`."""
    floor = Floor(await _hop(directory, rounds), _write(directory, rounds))
    report.add(Figure("floor", "one hop, WebSocket with TLS", floor.hop * 1e3, "ms"))
    report.add(Figure("floor", "one durable write", floor.write * 1e3, "ms"))
    return floor


def _write(directory: Path, rounds: int) -> float:
    file = directory / "floor.log"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        os.write(handle, _RECORD)
        os.fdatasync(handle)
        times.append(time.perf_counter() - started)
    os.close(handle)
    file.unlink()
    return statistics.median(times)


async def _hop(directory: Path, rounds: int) -> float:
    key, certificate = make_certificate("bench", None)
    (directory / "floor.key").touch(mode=0o600)
    (directory / "floor.key").write_bytes(key)
    (directory / "floor.pem").write_text(to_pem(certificate), encoding="ascii")
    _, client_tls = _tls(directory)
    times = []
    async with (
        _other_process(directory) as port,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"https://127.0.0.1:{port}/", ssl=client_tls, compress=0) as socket,
    ):
        for _ in range(_WARM + rounds):
            started = time.perf_counter()
            await socket.send_bytes(_FRAME)
            await socket.receive_bytes()
            times.append(time.perf_counter() - started)
    return statistics.median(times[_WARM:]) / 2


def _tls(directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of both ends; they share one key."""
    certificate = directory / "floor.pem"
    pinned = ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii"))
    return contexts(directory / "floor.key", certificate, None, [pinned])


@contextlib.asynccontextmanager
async def _other_process(directory: Path) -> AsyncIterator[int]:
    """The other end in a process of its own; gives its port."""
    command = [sys.executable, "-m", "tests.bench.floor", str(directory)]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


async def _echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        await socket.send_bytes(message.data)
    return socket


async def _serve(directory: Path) -> None:
    """The other end: sends every frame back until it is ended."""
    server_tls, _ = _tls(directory)
    application = web.Application()
    application.router.add_get("/", _echo)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_tls)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1])))
