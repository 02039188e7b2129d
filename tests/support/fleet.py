"""Nodes of one ledger, each a process in a network namespace of its own, and what can happen to them.

To be used inside `namespaces.run_isolated`. Each node is `kpledger start` on a home of its own, as its operator would run it.
Its clock is the machine's until it is told otherwise (libfaketime, preloaded); its disk may be a small file system that can
become full. Signals go to processes that were started here, by their id, and to no others.

Under libfaketime 0.9.10 `time.sleep` fails; a running node does not use it. The clock that timers run on is not changed.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

from api.auth import TokenBook
from api.demo.network import Network, Seat, make_network
from ledger.genesis import Genesis
from ledger.network import of_genesis
from ledger.units import Ms
from node.devnet_making import FIRST
from node.errors import Exit
from node.home import Home, init
from node.keyring import policy
from node.keys import load_keys
from tests.support.namespaces import ROOT, Namespace, make_hub, make_namespace, mount_tmpfs, resize_tmpfs
from tests.support.switch import Switch, last_byte

HUB = "10.77.0.254"
API_PORT, PEER_PORT, ADMIN_PORT = 8600, 8700, 8800
DISK_BYTES = 512 * 1024 * 1024
"""Size of the file system of a node whose disk can become full; in memory, and used only as far as the node writes."""

LITTLE_BYTES = 64 * 1024
"""Room that a full disk still has, so that it fails in the middle of something."""

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
_CLOCK_LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")


def clock_library() -> Path | None:
    """Where libfaketime is."""
    return next((file for pattern in _CLOCK_LIBRARIES for file in sorted(Path("/").glob(pattern[1:]))), None)


@dataclass(slots=True)
class Node:
    """One node: where it is, and its process.

    Attributes:
        expected: exit codes with which its process may end by itself just now; none while nothing was done to it.
        exits: exit codes of its processes, in order; negative: the signal that ended it.
        ahead: seconds that its clock was put ahead.
    """

    place: int
    code: str
    namespace: Namespace
    home: Home
    log: Path
    clock: Path
    process: "subprocess.Popen[bytes] | None" = None
    expected: frozenset[int] = frozenset()
    exits: list[int] = field(default_factory=list)
    ahead: int = 0

    @property
    def url(self) -> str:
        """Its public interface."""
        return f"http://{self.namespace.address}:{API_PORT}"

    @property
    def port(self) -> int:
        """By which the switch knows it."""
        return last_byte(self.namespace.address)

    @property
    def running(self) -> bool:
        """Whether its process is there, frozen or not."""
        return self.process is not None and self.process.poll() is None


class Fleet:
    """All nodes, their network and what was made for them.

    Attributes:
        small: the place of the node whose disk can become full.
    """

    def __init__(self, directory: Path, count: int, seed: int) -> None:
        """Makes a ledger of `count` validators below `directory`; nothing runs yet."""
        self.directory = directory
        mount_tmpfs(Path("/dev/shm"), 1 << 24)
        self.hub = make_hub(HUB)
        self.small = count - 1
        (directory / "logs").mkdir()
        self.nodes = [self._node(place, code) for place, code in enumerate(FIRST[:count])]
        mount_tmpfs(self.nodes[self.small].home.path, DISK_BYTES)
        self.network = self._make_ledger(seed)
        self.genesis: Genesis = self.network.genesis
        self.policy = directory / "policy"
        urls = {node.code: f"{node.url}/log" for node in self.nodes}
        self.policy.write_text(policy(self.genesis.origin, of_genesis(self.genesis), urls).format(), encoding="utf-8")
        self.switch = Switch(seed, [self.hub, *(node.namespace for node in self.nodes)])

    @property
    def faulty(self) -> int:
        """How many may be lost at a time: f."""
        return (len(self.nodes) - 1) // 3

    @property
    def quorum(self) -> int:
        """How many must be there: q."""
        return self.genesis.quorum

    def _node(self, place: int, code: str) -> Node:
        home = Home(self.directory / "nodes" / code)
        home.path.mkdir(parents=True, mode=0o700)
        clock = self.directory / f"clock-{code}"
        clock.write_text("+0\n")
        return Node(place, code, make_namespace(f"10.77.0.{place + 1}"), home, self.directory / "logs" / f"{code}.log", clock)

    def _make_ledger(self, seed: int) -> Network:
        seats = []
        for node in self.nodes:
            address = node.namespace.address
            init(
                node.home,
                None,
                {
                    ("node", "participant"): node.code,
                    ("api", "listen"): f"{address}:{API_PORT}",
                    ("api", "requests_per_second"): 100_000,
                    ("peers", "listen"): f"{address}:{PEER_PORT}",
                    ("admin", "listen"): f"127.0.0.1:{ADMIN_PORT}",
                },
                None,
            )
            keys = load_keys(node.home.path, raw_allowed=True)
            publics = (keys.consensus.public, keys.log.public, keys.cosign.public)
            seats.append(Seat(node.code, f"{address}:{PEER_PORT}", node.home.read_certificate(), publics))
        now = time.time_ns() // 1_000_000
        network = make_network(seats, Ms(now), seed=f"fleet {seed}".encode())
        for node in self.nodes:
            init(node.home, None, {}, network.genesis_json)
            book = TokenBook.load(node.home.tokens)
            for token in self.tokens:
                book.issue("auditor", now, label="fleet", text=token)
        (self.directory / "genesis.json").write_bytes(network.genesis_json)
        return network

    @property
    def tokens(self) -> list[str]:
        """Auditor's tokens, the same at every node; several, since each may ask so often only."""
        return [f"kpt_{place:043d}" for place in range(8)]

    # --- what an operator does ----------------------------------------------------------------------------------------

    def start(self, node: Node) -> None:
        """Starts its process."""
        assert not node.running
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KPLEDGER_")}
        if (library := clock_library()) is not None:
            environment |= {
                "LD_PRELOAD": str(library),
                "FAKETIME_TIMESTAMP_FILE": str(node.clock),
                "FAKETIME_CACHE_DURATION": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "NO_FAKE_STAT": "1",
            }
        with node.log.open("ab") as log:
            node.process = subprocess.Popen(
                node.namespace.command([sys.executable, "-m", "node.cli", "start", "--home", str(node.home.path)]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=environment,
                pass_fds=(node.namespace.handle,),
            )

    def wait_ready(self) -> None:
        """Waits until every running node says that it is ready.

        Raises:
            TimeoutError: one is not in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        for node in self.nodes:
            while node.running and not _ready(node):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{node.code} is not ready after {READY_SECONDS:.0f} s")
                time.sleep(0.05)

    def stop(self) -> None:
        """SIGTERM to all that run, and waits for them; one that does not end in time is killed, and its exit code tells it."""
        running = [node for node in self.nodes if node.running]
        for node in running:
            self._signal(node, signal.SIGCONT)
            self._signal(node, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for node in running:
            assert node.process is not None
            try:
                node.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                node.process.kill()
                node.process.wait()
            node.exits.append(node.process.returncode)
            node.process = None

    # --- what happens to nodes ----------------------------------------------------------------------------------------

    def kill(self, *nodes: Node) -> None:
        """SIGKILL to all of them at once."""
        for node in nodes:
            self._signal(node, signal.SIGKILL)
        for node in nodes:
            self.wait_end(node, 10.0)

    def freeze(self, node: Node) -> None:
        """SIGSTOP."""
        self._signal(node, signal.SIGSTOP)

    def thaw(self, node: Node) -> None:
        """SIGCONT."""
        self._signal(node, signal.SIGCONT)

    def fill_disk(self) -> None:
        """The small disk has next to no room any more; its node may end for that."""
        node = self.nodes[self.small]
        node.expected = frozenset({Exit.DISK})
        used = os.statvfs(node.home.path)
        resize_tmpfs(node.home.path, (used.f_blocks - used.f_bfree) * used.f_frsize + LITTLE_BYTES)

    def free_disk(self) -> None:
        """The small disk has room again."""
        node = self.nodes[self.small]
        node.expected = frozenset()
        resize_tmpfs(node.home.path, DISK_BYTES)

    def set_clock(self, node: Node, ahead: int) -> None:
        """The node's wall clock jumps to so many seconds ahead of the machine's (negative: behind); seen by it within a second.

        Raises:
            TimeoutError: the node's answers do not show that time.
        """
        spare = node.clock.with_suffix(".new")
        spare.write_text(f"{ahead:+d}\n")
        spare.replace(node.clock)
        node.ahead = ahead
        deadline = time.monotonic() + 10
        while abs(self.clock_ahead(node) - ahead) > 5:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the clock of {node.code} did not jump")
            time.sleep(0.1)

    @staticmethod
    def clock_ahead(node: Node) -> float:
        """How far ahead of the machine's a running node's clock is, as its answers' dates say, in seconds; asked from inside."""

        def ask() -> float:
            with urllib.request.urlopen(f"{node.url}/livez", timeout=10) as answer:
                return parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()

        return node.namespace.inside(ask)

    def wait_end(self, node: Node, seconds: float) -> int | None:
        """Waits until its process has ended; the exit code, None if it has not."""
        assert node.process is not None
        try:
            code = node.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        node.exits.append(code)
        node.process = None
        return code

    def ended(self) -> list[str]:
        """Nodes whose process has ended by itself as it should not have, each told once."""
        told = []
        for node in self.nodes:
            if node.process is not None and (code := node.process.poll()) is not None and code not in node.expected:
                node.exits.append(code)
                node.process = None
                told.append(f"{node.code} ended by itself with {code}:\n{self.log_end(node)}")
        return told

    @staticmethod
    def log_end(node: Node, size: int = 2_000) -> str:
        """The last of what a node said."""
        return node.log.read_text(encoding="utf-8", errors="replace")[-size:]

    def get(self, node: Node, path: str) -> Any:
        """A JSON answer of one node; OSError while it does not answer."""
        request = urllib.request.Request(f"{node.url}{path}", headers={"Authorization": f"Bearer {self.tokens[-1]}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    @staticmethod
    def _signal(node: Node, number: signal.Signals) -> None:
        assert node.process is not None
        node.process.send_signal(number)


def _ready(node: Node) -> bool:
    try:
        with urllib.request.urlopen(f"{node.url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False
