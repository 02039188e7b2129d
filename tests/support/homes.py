"""Homes of nodes for tests: one node alone, whose network is itself."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from api.demo.network import Network, Seat, make_network
from ledger.units import Ms
from node.client import Client
from node.config import load_config
from node.errors import NodeError
from node.home import Home, init
from node.keys import load_keys
from node.process import NodeProcess
from tests.support.cluster import free_base_port
from tests.support.records import issue

Settings = dict[tuple[str, str], str | int]


@dataclass(frozen=True, slots=True)
class Single:
    """The home of BW's node, alone on its network, and all keys of that network."""

    home: Home
    network: Network
    api: int
    peers: int
    admin: int

    def submission(self, number: str = "BW0000001", destination: str = "AE") -> bytes:
        """A valid certificate of today."""
        return issue(self.network.genesis, "BW", self.network.keys["BW"]["issue"], destination, number)


def ports(path: Path) -> tuple[int, int, int]:
    """Three free ports: API, peers, admin."""
    base = free_base_port(len(str(path)))
    return base, base + 100, base + 200


def seat(home: Home, code: str, address: str) -> Seat:
    """The place that a home's keys take on a ledger."""
    keys = load_keys(home.path, raw_allowed=True)
    return Seat(code, address, home.read_certificate(), (keys.consensus.public, keys.log.public, keys.cosign.public))


def single(path: Path, *, name: str = "dev") -> Single:
    """Makes such a home in `path`."""
    home = Home(path)
    api, peers, admin = ports(path)
    listen: Settings = {
        (table, "listen"): f"127.0.0.1:{port}" for table, port in (("api", api), ("peers", peers), ("admin", admin))
    }
    init(home, None, {("node", "participant"): "BW", **listen}, None)
    address = str(load_config(home.path, {}).peers_listen)
    network = make_network([seat(home, "BW", address)], Ms(time.time_ns() // 1_000_000), name=name)
    init(home, None, {}, network.genesis_json)
    return Single(home, network, api, peers, admin)


@contextlib.asynccontextmanager
async def running_node(home: Home, shutdown_s: float = 0.5) -> AsyncIterator[tuple[NodeProcess, Client]]:
    """The node of a home in this process, ready, and a client of its interface; stopped and closed in the end."""
    process = NodeProcess.open(home)
    process.service._limits = replace(process.service.limits, shutdown_s=shutdown_s)
    try:
        stop = asyncio.Event()
        running = asyncio.ensure_future(process.run(stop))
        async with Client(f"http://{process.settings.api_listen}") as client:
            try:
                await _ready(client, running)
                yield process, client
            finally:
                stop.set()
                await running
    finally:
        process.close()


async def _ready(client: Client, running: "asyncio.Future[None]") -> None:
    async with asyncio.timeout(20):
        while not running.done():
            with contextlib.suppress(NodeError):
                await client.get_json("/readyz")
                return
            await asyncio.sleep(0.02)
