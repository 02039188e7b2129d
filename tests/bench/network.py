"""A devnet under load: signed records made beforehand, clients that submit them, what the nodes spent on it."""

import asyncio
import contextlib
import itertools
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from api.demo.burst import burst
from api.demo.network import read_keys
from ledger.genesis import Genesis
from ledger.record import encode_batch
from ledger.units import Ms
from node.lock import holder
from tests.bench.machine import CORES, Spent, Watch
from tests.support.cluster import Devnet, devnet

BATCH = 100
CLIENTS = 4
"""Clients, each with a batch under way, at every node."""

_MSGPACK = {"Content-Type": "application/msgpack"}
_SAMPLE = 100
_AGAIN = frozenset({202, 408, 429, 503})
_TIMEOUT = aiohttp.ClientTimeout(total=120)


class _Answer(msgspec.Struct):
    """One item of a batch's answer: final when it has an index."""

    index: int | None = None
    status: int = 202


_answers = msgspec.json.Decoder(list[_Answer])
_answer = msgspec.json.Decoder(_Answer)


class NotFinalError(Exception):
    """A node gave an answer that no benchmark expects."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a load took: records made final, and the time of clock and processors until the last was."""

    records: int
    spent: Spent

    @property
    def rate(self) -> float:
        """Records per second by the clock."""
        return self.records / self.spent.seconds

    @property
    def cpu(self) -> float:
        """Processor seconds of all nodes together, a record."""
        return self.spent.cpu / self.records


class Network:
    """A running devnet and records for it, each of which is handed out once.

    Attributes:
        urls, pids, homes: of the nodes, in order; a stopped one has process id 0.
        handed_out: a few of the records handed out so far, for their size.
        first_final: serial number of the first record that was handed out to be submitted.
    """

    def __init__(self, running: Devnet) -> None:
        self.devnet = running
        self.directory = running.directory
        self.nodes = running.nodes
        description = running.description()
        self.urls: list[str] = [node["api"] for node in description["nodes"]]
        self.pids: list[int] = [node["pid"] for node in description["nodes"]]
        self.homes = [Path(node["home"]) for node in description["nodes"]]
        self.token: str = description["tokens"]["auditor"]
        self.genesis = Genesis.from_json((running.directory / "genesis.json").read_bytes())
        self.handed_out: list[bytes] = []
        self.first_final = 0
        self._made: Iterator[bytes] = iter(())
        self._first = 0
        self._taken = 0

    @property
    def first(self) -> int:
        """Serial number of the record that is handed out next."""
        return self._taken

    def make(self, count: int) -> None:
        """Signs `count` further records, on all cores, before anything is measured."""
        share = -(-count // CORES)
        jobs = [(self.directory, self._first + place * share, share) for place in range(CORES)]
        self._first += share * CORES
        with ProcessPoolExecutor(CORES) as pool:
            parts = list(pool.map(_make, *zip(*jobs, strict=True)))
        self._made = itertools.chain(self._made, *parts)

    def take(self, count: int) -> list[bytes]:
        """The next signed records.

        Raises:
            LookupError: fewer were made.
        """
        taken = list(itertools.islice(self._made, count))
        if len(taken) < count:
            raise LookupError(f"{count} records wanted, {len(taken)} left")
        self._taken += count
        self.handed_out = (self.handed_out + taken)[:_SAMPLE]
        return taken

    async def load(self, submissions: Sequence[bytes], nodes: Sequence[int], clients: int = CLIENTS) -> Load:
        """Submits in batches by `clients` clients at each of these nodes, each waiting for finality, until all are final."""
        work = iter([submissions[start : start + BATCH] for start in range(0, len(submissions), BATCH)])

        async def client(http: aiohttp.ClientSession, node: int) -> None:
            for part in work:
                await self.batch(http, node, part)

        async with session() as http:
            watch = Watch(self.pids)
            await asyncio.gather(*(client(http, node) for _ in range(clients) for node in nodes))
            return Load(len(submissions), watch.stop())

    async def batch(self, http: aiohttp.ClientSession, node: int, submissions: Sequence[bytes]) -> None:
        """Submits a batch again and again until all of it is final."""
        url, body = f"{self.urls[node]}/v1/records/batch?wait=final", encode_batch(submissions)
        while True:
            async with http.post(url, data=body, headers=_MSGPACK) as answer:
                data = await answer.read()
            if answer.status in _AGAIN:
                await asyncio.sleep(0.1)
                continue
            if answer.status != 200:
                raise NotFinalError(f"{answer.status}: {data[:300]!r}")
            items = _answers.decode(data)
            if len(items) == len(submissions) and all(item.index is not None for item in items):
                return
            if bad := [item for item in items if item.index is None and item.status not in _AGAIN]:
                raise NotFinalError(f"{bad[0].status} in a batch: {data[:300]!r}")

    async def single(self, http: aiohttp.ClientSession, node: int, submission: bytes) -> float:
        """Submits one record and waits until it is final; the seconds that took."""
        url = f"{self.urls[node]}/v1/records?wait=final"
        started = time.perf_counter()
        async with http.post(url, data=submission, headers=_MSGPACK) as answer:
            data = await answer.read()
        seconds = time.perf_counter() - started
        if answer.status != 200 or _answer.decode(data).index is None:
            raise NotFinalError(f"{answer.status}: {data[:300]!r}")
        return seconds

    async def status(self, node: int) -> dict[str, Any]:
        """`GET /v1/network` of one node; raises OSError while it does not answer."""
        async with session() as http, http.get(f"{self.urls[node]}/v1/network") as answer:
            content: dict[str, Any] = await answer.json()
            return content

    def stop_node(self, node: int) -> None:
        """SIGTERM, and waits until the node has given its home free."""
        os.kill(self.pids[node], signal.SIGTERM)
        while holder(self.homes[node]) is not None:
            time.sleep(0.02)
        self.pids[node] = 0

    def start_node(self, node: int) -> int:
        """Starts a stopped node; its process id."""
        self.devnet.restart_node(node)
        self.pids[node] = self.devnet.extra[-1].pid
        return self.pids[node]


def _make(directory: Path, first: int, count: int) -> list[bytes]:
    genesis = Genesis.from_json((directory / "genesis.json").read_bytes())
    return burst(genesis, read_keys(directory / "keys"), Ms(time.time_ns() // 1_000_000), count, first=first)


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client with no limits of its own."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT, connector=aiohttp.TCPConnector(limit=0)) as http:
        yield http


@contextlib.contextmanager
def network(nodes: int, place: Path | None) -> Iterator[Network]:
    """A devnet of this many nodes in a temporary directory (below `place`, if given), its request limits out of the way."""
    os.environ["KPLEDGER_API_LOOPBACK_PER_SECOND"] = "1000000"
    os.environ.setdefault("KPLEDGER_LOG_LEVEL", "warning")
    with (
        tempfile.TemporaryDirectory(prefix="kpledger-bench-", dir=place) as directory,
        devnet(Path(directory) / "net", nodes) as running,
    ):
        try:
            yield Network(running)
        except Exception as error:
            error.add_note(running.logs())
            raise
