"""Homes of nodes for tests: one node alone, whose network is itself."""

import time
from dataclasses import dataclass
from pathlib import Path

from api.demo.network import Network, Seat, make_network
from ledger.units import Ms
from node.config import load_config
from node.home import Home, init
from node.keys import load_keys
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
