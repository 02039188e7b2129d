"""A whole network on one machine, for learning, demonstrations and tests: genesis, keys, a process and a home for each node.

Layout of its directory: `nodes/CODE` homes, `keys/CODE` key folders of participants and the secretariat, `genesis.json`,
`policy`, `network.json` (what must survive a restart), and `devnet.json`, written when all nodes are ready; of a network that
plays a past year also `clock` (`node.clock`), which all homes point to. It is made beside
its place and renamed into it, so that it is there whole or not at all; a directory that is there is resumed as it is. One
process at a time holds it, by a lock that ends with the process; nodes that a killed one left running are stopped first.
"""

import asyncio
import errno
import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.auth import TokenBook, new_token
from api.demo.network import Seat, make_network, participant_rows, write_keys
from api.demo.year import YEAR_DAYS
from ledger.network import of_genesis
from ledger.units import DAY_MS, Ms
from node.client import Client
from node.clock import Clock, begin
from node.errors import Exit, FatalError, NodeError, command
from node.files import write_atomic
from node.home import Home, init
from node.keyring import policy
from node.keys import load_keys
from node.lock import holder

FIRST = ("BW", "RU", "EU", "AE", "IN", "ZA", "AO", "CA", "IL", "NA", "GB", "CN", "US")
"""Who gets a node, in this order."""

PEER_OFFSET = 100
ADMIN_OFFSET = 200
CLOCK = "clock"
YEAR_MS = (YEAR_DAYS + 1) * DAY_MS
"""How long ago a network began that plays a year."""

NODES, BASE_PORT = 4, 8600
"""What a new network has unless told otherwise."""

LAST_BASE_PORT = 65_535 - ADMIN_OFFSET - len(FIRST) + 1
READY_SECONDS = 60.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Member:
    """One node of the network."""

    participant: str
    home: Path
    api: str
    peer: str
    admin: str

    @property
    def addresses(self) -> tuple[str, str, str]:
        """Where it listens, `host:port`."""
        return self.api.removeprefix("http://"), self.peer, self.admin


class Devnet:
    """A made or resumed network.

    Attributes:
        directory: its directory, absolute.
        members: its nodes, in order.
        tokens: as in `devnet.json`.
        clock: its nodes' clock.
    """

    def __init__(self, directory: Path, members: Sequence[Member], tokens: dict[str, Any]) -> None:
        """Use `prepare`."""
        self.directory = directory
        self.members = tuple(members)
        self.tokens = tokens
        self.clock = Clock(directory / CLOCK if (directory / CLOCK).exists() else None)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._logged: list[int] = []
        self._lock = _lock(directory)

    @classmethod
    def prepare(cls, directory: Path, nodes: int | None, base_port: int | None, *, year: bool = False) -> "Devnet":
        """The network in `directory`, made if it is not there; `nodes` and `base_port` None: as it is, or the defaults.

        Args:
            directory: its place.
            nodes: how many.
            base_port: first port of the HTTP interfaces.
            year: it plays a year that ends now: made, it begins a year ago.

        Raises:
            FatalError: the directory holds something else or another network, it is in use, or a port is taken.
        """
        directory = directory.absolute()
        try:
            if not directory.exists() or not any(directory.iterdir()):
                _new(directory, nodes or NODES, base_port or BASE_PORT, YEAR_MS if year else 0)
        except OSError as error:
            raise FatalError(
                f"The network cannot be made in {directory}: {error.strerror or error}.",
                "Nothing is left of the attempt.",
                "See to the disk, the path and its owner, or choose another --dir.",
                Exit.DISK,
            ) from error
        try:
            content = json.loads((directory / "network.json").read_text(encoding="utf-8"))
            members = [Member(home=directory / "nodes" / item["participant"], **item) for item in content["nodes"]]
            network = cls(directory, members, content["tokens"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FatalError(
                f"{directory} holds something that is no devnet: network.json is missing or damaged.",
                "Nothing there was touched.",
                "Choose another --dir.",
                Exit.BAD_CONFIGURATION,
            ) from error
        network.require(nodes, base_port)
        network.require_year(year=year)
        return network

    def require(self, nodes: int | None, base_port: int | None) -> None:
        """Refuses numbers that are not this network's.

        Raises:
            FatalError: they are not.
        """
        own = len(self.members), int(self.members[0].api.rpartition(":")[2])
        if (nodes or own[0], base_port or own[1]) != own:
            raise FatalError(
                f"The network in {self.directory} has {own[0]} nodes, from port {own[1]} on.",
                "Nodes and ports of a network stay what they were.",
                "Leave --nodes and --base-port away to resume it, or choose another --dir for another network.",
                Exit.USAGE,
            )

    def require_year(self, *, year: bool) -> None:
        """Refuses to play a year where none was provided for, and anything else where one is not over yet.

        Raises:
            FatalError: so it is.
        """
        if year and not (self.directory / CLOCK).exists():
            raise FatalError(
                f"The network in {self.directory} was not made for a year: it began when it was made.",
                "A year that is past cannot be played on it.",
                f"Make another one for it: {command('devnet', '--load', 'year', '--dir', 'NEW')}",
                Exit.USAGE,
            )
        if not year and self.clock.offset:
            raise FatalError(
                f"The network in {self.directory} is in the middle of a year that is past.",
                "Its nodes' clocks go with the machine's only when that is over.",
                f"Go on with it: {command('devnet', '--load', 'year', '--dir', self.directory)}",
                Exit.USAGE,
            )

    def start(self) -> None:
        """Starts every node as a process of its own; their logs are `HOME/node.log`.

        Raises:
            FatalError: a port is taken.
        """
        if any(holder(member.home) for member in self.members):
            self.stop()
        _require_free([address for member in self.members for address in member.addresses])
        (self.directory / "devnet.json").unlink(missing_ok=True)
        for member in self.members:
            words = [sys.executable, "-m", "node.cli", "start", "--home", str(member.home)]
            with (member.home / "node.log").open("ab") as log:
                self._logged.append(log.tell())
                process = subprocess.Popen(  # noqa: S603 - our own program
                    words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            self._processes.append(process)

    async def ready(self) -> None:
        """Waits until every node says that it is ready.

        Raises:
            FatalError: one has ended, or they are not ready in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        for place, member in enumerate(self.members):
            async with Client(member.api) as client:
                while not await _is_ready(client):
                    for other in self.dead():
                        raise self._failed(self.members.index(other), "has ended")
                    if time.monotonic() > deadline:
                        raise self._failed(place, f"is not ready after {READY_SECONDS:.0f} seconds")
                    await asyncio.sleep(_POLL_SECONDS)

    def _failed(self, place: int, state: str) -> FatalError:
        """Why a node does not run: what it has told itself, in its log's last three lines that are no JSON."""
        member, file = self.members[place], self.members[place].home / "node.log"
        with file.open("rb") as log:
            log.seek(self._logged[place])
            told = [line for line in log.read().decode("utf-8", "replace").splitlines() if line and not line.startswith("{")]
        happened = f": {told[-3]}" if len(told) >= 3 else "."
        return FatalError(
            f"The node of {member.participant} {state}{happened}",
            "The network has stopped.",
            f"See all it said: {shlex.join(['tail', str(file)])}",
            Exit.FAILED,
        )

    def dead(self) -> list[Member]:
        """Members whose process, as started here, has ended."""
        return [member for member, process in zip(self.members, self._processes, strict=True) if process.poll() is not None]

    def write_description(self, load: str) -> None:
        """Writes `devnet.json`; `load` is none, running or done."""
        genesis = json.loads((self.directory / "network.json").read_text(encoding="utf-8"))
        nodes = [
            {
                "participant": member.participant,
                "api": member.api,
                "peer": member.peer,
                "admin": member.admin,
                "home": str(member.home),
                "pid": process.pid,
            }
            for member, process in zip(self.members, self._processes, strict=True)
        ]
        folders = {place.name: str(place) for place in sorted((self.directory / "keys").iterdir())}
        description = {
            "ledger_id": genesis["ledger_id"],
            "origin": genesis["origin"],
            "nodes": nodes,
            "tokens": self.tokens,
            "keys": folders,
            "policy": str(self.directory / "policy"),
            "load": load,
        }
        write_atomic(self.directory / "devnet.json", (json.dumps(description, indent=1) + "\n").encode(), 0o600)

    def stop(self) -> None:
        """Stops every node, also one that was started again by hand, and waits for them."""
        for number, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _STOP_SECONDS)):
            running = [pid for member in self.members if (pid := holder(member.home)) is not None]
            running += [process.pid for process in self._processes if process.poll() is None and process.pid not in running]
            for pid in running:
                _kill(pid, number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                for process in self._processes:
                    process.poll()
                if not any(_alive(pid) for pid in running):
                    return
                time.sleep(_POLL_SECONDS)


def _new(directory: Path, nodes: int, base_port: int, ago: int) -> None:
    """Makes a network beside its place, then puts it there, unless another process was faster; `ago`: ms since it began."""
    ports = [base_port + offset + node for offset in (0, PEER_OFFSET, ADMIN_OFFSET) for node in range(nodes)]
    _require_free([f"127.0.0.1:{port}" for port in ports])
    directory.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        making = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        stack.callback(shutil.rmtree, making, ignore_errors=True)
        _make(making, nodes, base_port, ago)
        try:
            making.rename(directory)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
        else:
            stack.pop_all()


def _lock(directory: Path) -> int:
    """The lock of a network's directory, held until the process ends."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise FatalError(
            f"The network in {directory} runs already.",
            "Its nodes belong to the process that started them.",
            f"Use it (see devnet.json), or press Ctrl-C where it runs. A second one needs place and ports of its own:"
            f" {_elsewhere()}",
            Exit.FAILED,
        ) from error
    return handle


def _require_free(addresses: Sequence[str]) -> None:
    """Refuses to begin where a node could not listen; which address it was stands in the message."""
    for address in addresses:
        host, _, port = address.rpartition(":")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, int(port)))
            except OSError as error:
                raise FatalError(
                    f"The address {address} cannot be listened on: {error.strerror}.",
                    "Another program has it; no node was started.",
                    f"End that program, or use other ports for another network: {_elsewhere()}",
                    Exit.FAILED,
                ) from error


def _elsewhere() -> str:
    return command("devnet", "--dir", "DIR", "--base-port", BASE_PORT + 1000)


def _make(directory: Path, nodes: int, base_port: int, ago: int) -> None:
    """Makes a network: homes, keys, genesis, tokens; one that began some time ago has a clock of its own."""
    codes = [*FIRST, *(row["code"] for row in participant_rows() if row["code"] not in FIRST)][:nodes]
    members = [
        {
            "participant": code,
            "api": f"http://127.0.0.1:{base_port + place}",
            "peer": f"127.0.0.1:{base_port + PEER_OFFSET + place}",
            "admin": f"127.0.0.1:{base_port + ADMIN_OFFSET + place}",
        }
        for place, code in enumerate(codes)
    ]
    homes = [Home(directory / "nodes" / code) for code in codes]
    seats = []
    for home, member in zip(homes, members, strict=True):
        home.path.mkdir(parents=True)
        listen = {"api": member["api"].removeprefix("http://"), "peers": member["peer"], "admin": member["admin"]}
        settings: dict[tuple[str, str], str | int] = {(table, "listen"): address for table, address in listen.items()}
        init(home, None, {("node", "participant"): member["participant"], **settings}, None)
        keys = load_keys(home.path, raw_allowed=True)
        publics = (keys.consensus.public, keys.log.public, keys.cosign.public)
        seats.append(Seat(member["participant"], member["peer"], home.read_certificate(), publics))
    network = make_network(seats, Ms(time.time_ns() // 1_000_000 - ago))
    if ago:
        begin(directory / CLOCK, -ago)
        for home in homes:
            home.clock.symlink_to(Path("../..") / CLOCK)
    write_keys(directory / "keys", network.keys)
    (directory / "genesis.json").write_bytes(network.genesis_json)
    readers = [row["code"] for row in participant_rows()]
    participants, auditor = {code: new_token() for code in readers}, new_token()
    tokens = {"participant": participants, "auditor": auditor}
    scopes = {f"participant:{code}": text for code, text in participants.items()} | {"auditor": auditor}
    for home in homes:
        init(home, None, {}, network.genesis_json)
        book = TokenBook.load(home.tokens)
        for scope, text in scopes.items():
            book.issue(scope, time.time_ns() // 1_000_000, label="devnet", text=text)
    genesis = network.genesis
    urls = {member["participant"]: f"{member['api']}/log" for member in members}
    (directory / "policy").write_text(policy(genesis.origin, of_genesis(genesis), urls).format(), encoding="utf-8")
    content = {"ledger_id": genesis.ledger_id.hex(), "origin": genesis.origin, "nodes": members, "tokens": tokens}
    write_atomic(directory / "network.json", (json.dumps(content, indent=1) + "\n").encode(), 0o600)


async def _is_ready(client: Client) -> bool:
    try:
        await client.get_json("/readyz")
    except NodeError:
        return False
    return True


def _kill(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
