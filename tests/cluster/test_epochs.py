"""Validators change while a real network runs: a key rotated, a guard lost and its key retired, one leaves, one joins."""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ledger.genesis import Genesis
from node.client import Client
from tests.support.cluster import Devnet, devnet
from tests.support.records import issue

CODES = ("BW", "RU", "EU", "AE")
SECONDS = 90


class Office:
    """What operators and root key holders do, through the command line alone."""

    def __init__(self, network: Devnet) -> None:
        self.network = network
        self.description = network.description()
        self.genesis = network.directory / "genesis.json"

    def run(self, *words: object, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "node.cli", *map(str, words)], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.network.logs()}"
        return done.stdout + done.stderr

    def home(self, code: str) -> Path:
        return self.network.directory / "nodes" / code

    def start(self, code: str, *options: str) -> None:
        """As an operator would, in a terminal of its own."""
        with (self.home(code) / "node.log").open("ab") as log:
            words = [sys.executable, "-m", "node.cli", "start", "--home", str(self.home(code)), *options]
            self.network.extra.append(subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def url(self, code: str) -> str:
        return f"http://127.0.0.1:{self.network.base + CODES.index(code)}"

    def set_node(self, code: str, through: str, *options: str) -> None:
        """The operator prints the node's keys, whoever has the root key tells the ledger."""
        entry = self.network.directory / f"{code}.json"
        entry.write_text(self.run("id", "--home", self.home(code), *options))
        root = Path(self.description["keys"][code]) / "root"
        self.run("node", "set", entry, "--root", root, "--genesis", self.genesis, "--url", self.url(through))

    def nodes(self, at: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.network.get(CODES.index(at), "/v1/nodes", self.description["tokens"]["auditor"])
        return answer

    def wait(self, what: str, condition: Any) -> None:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                if condition():
                    return
            except OSError:
                pass
            assert time.monotonic() < deadline, f"not in time: {what}\n{self.network.logs()}"
            time.sleep(0.1)

    def epoch(self, number: int, *at: str) -> None:
        """These nodes have come to this epoch."""
        self.wait(f"epoch {number}", lambda: all(self.nodes(code)["epoch"] == number for code in at))

    def voting(self, at: str) -> list[str]:
        return sorted(node["participant"] for node in self.nodes(at)["nodes"] if node["votes"])

    def status(self, code: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "node.cli", "status", "--home", str(self.home(code)), "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
        return answer

    def key(self, code: str) -> str:
        """The consensus key that the ledger votes with."""
        return next(node["consensus"] for node in self.nodes("BW")["nodes"] if node["participant"] == code)


@pytest.fixture
def office(tmp_path: Path) -> Any:
    with devnet(tmp_path / "net") as network:
        yield Office(network)


def test_validators_change_while_the_network_runs(office: Office) -> None:
    network = office.network
    old = office.key("RU")

    # A key is rotated in good order.
    office.run("stop", "--home", office.home("RU"))
    office.run("key", "rotate", "--home", office.home("RU"), "--raw-keys")
    network.restart_node(1)
    office.wait("RU is back", lambda: office.nodes("RU"))
    office.set_node("RU", "BW")
    office.epoch(1, *CODES)
    assert office.key("RU") != old
    office.wait("RU votes again", lambda: office.status("RU")["validator"])

    # A validator leaves, and goes on to follow.
    office.set_node("AE", "AE", "--follower")
    office.epoch(2, *CODES)
    assert office.voting("BW") == ["BW", "EU", "RU"]
    assert not office.status("AE")["validator"]

    # A guard is lost: no start, until the key is retired; the node follows, and votes from the next epoch on.
    network.kill_node(2)
    shutil.rmtree(office.home("EU") / "wal")
    assert "key retire" in office.run("start", "--home", office.home("EU"), code=77)
    retired = office.key("EU")
    office.run("key", "retire", "--home", office.home("EU"), "--raw-keys")
    assert "--joining" in office.run("start", "--home", office.home("EU"), code=78)
    office.start("EU", "--joining")
    office.wait("EU is back", lambda: office.nodes("EU"))
    office.set_node("EU", "BW")
    office.epoch(3, *CODES)
    assert office.key("EU") != retired
    office.wait("EU votes again", lambda: office.status("EU")["validator"])

    # A participant without a node gets one: it executes the whole history, through all epochs, and then votes.
    addresses = [f"127.0.0.1:{network.base + offset + 4}" for offset in (0, 100, 200)]
    listen = [part for pair in zip(("--api", "--peers", "--admin"), addresses, strict=True) for part in pair]
    office.run("init", "--home", office.home("IN"), "--participant", "IN", "--raw-keys", *listen)
    office.run("init", "--home", office.home("IN"), "--genesis", office.genesis, "--raw-keys")
    assert "--joining" in office.run("start", "--home", office.home("IN"), code=78)
    office.start("IN", "--joining")
    office.set_node("IN", "BW")
    office.epoch(4, *CODES)
    office.wait("IN votes", lambda: office.status("IN").get("validator"))
    assert office.voting("BW") == ["BW", "EU", "IN", "RU"]

    # Everybody has the same log, nobody contradicted itself, and each record has a receipt.
    size, _ = network.wait_equal(4 + 4)  # node.set of each change, and a quorum's node.ready
    assert size >= 4 + 2 + 2 + 2 + 3
    assert office.nodes("BW")["evidence"] == []
    assert office.status("IN")["height"] >= office.nodes("BW")["read_at_height"] - 1
    audit_from("BW", office)
    office.run("stop", "--home", office.home("IN"))  # the devnet, which stops the others, does not know it


def audit_from(code: str, office: Office) -> None:
    """An auditor, from the genesis alone: whose votes and cosignatures count follows from the records, through all epochs."""
    export = office.network.directory / "audit"
    token = office.description["tokens"]["auditor"]
    reach = ["--genesis", office.genesis, "--url", office.url(code), "--token", token]
    office.run("audit", "export", export, *reach)
    report = json.loads(office.run("audit", "verify", export, "--genesis", office.genesis, "--json"))
    assert report["epochs"] == 5
    assert report["tree_size"] == report["checkpoint_size"] == report["accepted"]
    assert sorted(report["witnesses"])[:3] == ["AE", "BW", "EU"]


def test_an_old_copy_of_a_home_never_votes_again(office: Office) -> None:
    """Store and log are restored together, so neither gives the other away: the other nodes hold newer votes of its key."""
    network, home = office.network, office.home("AE")
    genesis = Genesis.from_json(office.genesis.read_bytes())
    key = (Path(office.description["keys"]["BW"]) / "issue").read_bytes()

    def submit(numbers: range) -> None:
        async def run() -> None:
            async with Client(office.url("BW")) as client:
                for number in numbers:
                    await client.submit_until_final(issue(genesis, "BW", key, "AE", f"BW{number:07}"), SECONDS)

        asyncio.run(run())

    submit(range(3))
    office.run("stop", "--home", home)
    copy = home.with_name("copy")
    shutil.copytree(home, copy)
    office.start("AE")
    office.wait("AE is back", lambda: office.nodes("AE"))
    network.wait_equal(3)
    submit(range(3, 8))
    network.wait_equal(8)
    office.run("stop", "--home", home)
    shutil.rmtree(home)
    copy.rename(home)

    office.start("AE")
    office.wait("AE knows", lambda: "key is retired" in str(office.status("AE")))
    submit(range(8, 10))
    network.wait_equal(10)
    assert office.nodes("BW")["evidence"] == [], "it was told in time"
    office.run("stop", "--home", home)
    office.start("AE")
    office.wait("it still knows", lambda: "key is retired" in str(office.status("AE")))

    office.run("stop", "--home", home)
    office.run("key", "retire", "--home", home, "--raw-keys")
    office.start("AE", "--joining")
    office.wait("AE follows", lambda: office.nodes("AE"))
    office.set_node("AE", "BW")
    office.epoch(1, *CODES)
    office.wait("AE votes again", lambda: office.status("AE")["validator"] and office.status("AE")["ready"])
