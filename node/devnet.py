"""A whole network on one machine, for learning, demonstrations and tests: a process and a home for each node.

Its directory is laid out and made by `node.devnet_making`; one that is there is resumed as it is. `devnet.json` in it is
written when all nodes are ready. One process at a time holds it, by a lock that ends with the process; nodes that a killed one
left running are stopped first.
"""

import asyncio
import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.client import Client
from node.clock import Clock
from node.devnet_making import BASE_PORT, CLOCK, NODES, YEAR_MS, elsewhere, make_whole, require_free
from node.errors import Exit, FatalError, NodeError, command
from node.files import write_atomic
from node.lock import holder

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
                make_whole(directory, nodes or NODES, base_port or BASE_PORT, YEAR_MS if year else 0)
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
        require_free([address for member in self.members for address in member.addresses])
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
            f" {elsewhere()}",
            Exit.FAILED,
        ) from error
    return handle


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
