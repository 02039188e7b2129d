"""The directory of a network on one machine, made: genesis, homes, keys, tokens, policy.

Layout: `nodes/CODE` homes, `keys/CODE` key folders of participants and the secretariat, `genesis.json`, `policy`,
`network.json` (what must survive a restart), and `devnet.json`, which whoever runs it writes; of a network that plays a past
year also `clock` (`node.clock`), which all homes point to. It is made beside its place and renamed into it, so that it is there
whole or not at all.
"""

import errno
import json
import shutil
import socket
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from api.auth import TokenBook, new_token
from api.demo.network import Seat, make_network, participant_rows, write_keys
from api.demo.year import YEAR_DAYS
from ledger.network import of_genesis
from ledger.units import DAY_MS, Ms
from node.clock import begin
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.home import Home, init
from node.keyring import policy
from node.keys import load_keys

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


def make_whole(directory: Path, nodes: int, base_port: int, ago: int) -> None:
    """Makes a network beside its place, then puts it there, unless another process was faster; `ago`: ms since it began."""
    ports = [base_port + offset + node for offset in (0, PEER_OFFSET, ADMIN_OFFSET) for node in range(nodes)]
    require_free([f"127.0.0.1:{port}" for port in ports])
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


def require_free(addresses: Sequence[str]) -> None:
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
                    f"End that program, or use other ports for another network: {elsewhere()}",
                    Exit.FAILED,
                ) from error


def elsewhere() -> str:
    """The command that makes another network beside this one."""
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
