"""A whole network on one machine, for learning, demonstrations and tests: genesis, keys, a process and a home for each node.

Layout of its directory: `nodes/CODE` homes, `keys/CODE` key folders of participants and the secretariat, `genesis.json`,
`policy`, `network.json` (what must survive a restart), and `devnet.json`, written when all nodes are ready. It is made beside
its place and renamed into it, so that it is there whole or not at all; a directory that is there is resumed as it is.
"""

import asyncio
import json
import os
import shutil
import signal
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
from ledger.units import Ms
from node.client import Client
from node.errors import Exit, FatalError, NodeError
from node.files import write_atomic
from node.home import Home, init
from node.keyring import policy
from node.keys import load_keys
from node.lock import holder

FIRST = ("BW", "RU", "EU", "AE", "IN", "ZA", "AO", "CA", "IL", "NA", "GB", "CN", "US")
"""Who gets a node, in this order."""

PEER_OFFSET = 100
ADMIN_OFFSET = 200
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


class Devnet:
    """A made or resumed network.

    Attributes:
        directory: its directory, absolute.
        members: its nodes, in order.
        tokens: as in `devnet.json`.
    """

    def __init__(self, directory: Path, members: Sequence[Member], tokens: dict[str, Any]) -> None:
        """Use `prepare`."""
        self.directory = directory
        self.members = tuple(members)
        self.tokens = tokens
        self._processes: list[subprocess.Popen[bytes]] = []

    @classmethod
    def prepare(cls, directory: Path, nodes: int, base_port: int) -> "Devnet":
        """The network in `directory`, made if it is not there.

        Raises:
            FatalError: the directory holds something else, or its nodes are running.
        """
        directory = directory.absolute()
        if not directory.exists() or not any(directory.iterdir()):
            directory.parent.mkdir(parents=True, exist_ok=True)
            with ExitStack() as stack:
                making = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
                stack.callback(shutil.rmtree, making, ignore_errors=True)
                _make(making, nodes, base_port)
                if directory.exists():
                    directory.rmdir()
                making.rename(directory)
                stack.pop_all()
        try:
            content = json.loads((directory / "network.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise FatalError(
                f"{directory} holds something that is no devnet: {error}.",
                "Nothing there was touched.",
                "Choose another --dir.",
                Exit.BAD_CONFIGURATION,
            ) from error
        members = [Member(home=directory / "nodes" / item["participant"], **item) for item in content["nodes"]]
        for member in members:
            if (pid := holder(member.home)) is not None:
                raise FatalError(
                    f"The node of {member.participant} runs already (process {pid}).",
                    "A devnet starts all its nodes itself.",
                    f"Stop it: kpledger stop --home {member.home}",
                    Exit.FAILED,
                )
        return cls(directory, members, content["tokens"])

    def start(self) -> None:
        """Starts every node as a process of its own; their logs are `HOME/node.log`."""
        for member in self.members:
            command = [sys.executable, "-m", "node.cli", "start", "--home", str(member.home)]
            with (member.home / "node.log").open("ab") as log:
                process = subprocess.Popen(  # noqa: S603 - our own program
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            self._processes.append(process)

    async def ready(self) -> None:
        """Waits until every node says that it is ready.

        Raises:
            FatalError: one has ended, or they are not ready in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        for member, process in zip(self.members, self._processes, strict=True):
            async with Client(member.api) as client:
                while not await _is_ready(client):
                    if process.poll() is not None or time.monotonic() > deadline:
                        state = "has ended" if process.poll() is not None else "is not ready"
                        raise FatalError(
                            f"The node of {member.participant} {state}.",
                            "The network has stopped.",
                            f"See why: tail {member.home / 'node.log'}",
                            Exit.FAILED,
                        )
                    await asyncio.sleep(_POLL_SECONDS)

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


def _make(directory: Path, nodes: int, base_port: int) -> None:
    """Makes a network: homes, keys, genesis, tokens."""
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
    network = make_network(seats, Ms(time.time_ns() // 1_000_000))
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
    (directory / "policy").write_text(policy(genesis, urls).format(), encoding="utf-8")
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
