"""A running network and the world around it: its nodes as witnesses, an outside witness that it feeds, a monitor that follows it."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from ledger.checkpoint import parse_checkpoint
from ledger.note import Note, parse_note, parse_signatures, parse_vkey, verify_signature
from ledger.policy import PolicyLog
from ledger.witness import AddCheckpoint
from node.config import config_file
from node.keyring import witness_key
from node.lock import holder
from tests.cluster.test_cli import certificate, kpledger, write
from tests.support.cluster import Devnet, devnet
from tests.support.http import running
from tests.support.parts import memory, until
from tests.support.port import local_port
from tests.support.witnesses import witness_of


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("outside") / "net") as started:
        yield started


def issue(network: Devnet, folder: Path, number: str, node: int = 0) -> None:
    description = network.description()
    file = write(folder, f"{number}.json", certificate(number))
    kpledger(
        "certificate", "issue", file, "--keys", description["keys"]["BW"], "--genesis", network.directory / "genesis.json",
        "--url", description["nodes"][node]["api"], "--out", folder,
    )  # fmt: skip


def newest(network: Devnet, node: int) -> Note:
    with urllib.request.urlopen(f"http://127.0.0.1:{network.base + node}/log/checkpoint", timeout=10) as answer:
        return parse_note(answer.read())


def ask(network: Devnet, node: int, request: AddCheckpoint) -> tuple[int, bytes]:
    url = f"http://127.0.0.1:{network.base + node}/log/add-checkpoint"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=request.encode()), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_each_node_is_a_witness_of_the_others(network: Devnet, tmp_path: Path) -> None:
    issue(network, tmp_path, "BW0000701")
    size, _ = network.wait_equal(1)
    validators = {one["participant"]: one for one in network.get(0, "/v1/network")["validators"]}
    for node, place in enumerate(network.description()["nodes"]):
        note = newest(network, (node + 1) % 4)
        own = Note(note.text, note.signatures[:1])
        status, body = ask(network, node, AddCheckpoint(size, (), own))
        assert status == 200, body
        (line,) = parse_signatures(body)
        verify_signature(parse_vkey(validators[place["participant"]]["witness_vkey"]), note.text, line)
        assert ask(network, node, AddCheckpoint(0, (), own)) == (409, b"%d\n" % size)
        root = parse_checkpoint(note.text).root
        assert ask(network, node, AddCheckpoint(size, (root,), own))[0] == 422
        other = note.text.replace(b"\n%d\n" % size, b"\n%d\n" % (size + 1))
        assert ask(network, node, AddCheckpoint(size, (), Note(other, own.signatures)))[0] == 403


def test_a_monitor_follows_the_network(network: Devnet, tmp_path: Path) -> None:
    description = network.description()
    urls = [node["api"] for node in description["nodes"]]
    command = ("log", "watch", *urls, "--policy", description["policy"], "--dir", tmp_path / "seen", "--once")
    for number in ("BW0000702", "BW0000703"):
        issue(network, tmp_path, number, 1)
        network.wait_equal(1)
        assert kpledger(*command).stdout.count(" entries at ") == 4


def test_a_node_feeds_an_outside_witness(network: Devnet, tmp_path: Path) -> None:
    """Another ledger's node cosigns; its word is in the quorum checkpoint that this node serves and makes receipts with."""
    home = network.home(0)
    vkey = parse_vkey(network.get(0, "/v1/network")["validators"][0]["log_vkey"])

    def restart(policy: str) -> None:
        (home / "outside").write_text(policy)
        file = config_file(home)
        file.write_text(file.read_text().replace('policy = ""', 'policy = "outside"'))
        network.kill_node(0)
        network.restart_node(0)

    async def work() -> None:
        with local_port(tmp_path / "theirs", name="ngo", cosigning=False) as port:
            port.witness, cosigner = witness_of(port.ledger, port.network.keys["RU"], memory(), [PolicyLog(vkey)], "RU")
            key = witness_key("RU", port.ledger.network.node("RU").cosign)
            async with running(create_app(port), port.limits) as at:
                await asyncio.to_thread(restart, f"witness ngo {key} http://127.0.0.1:{at}/log\nquorum none\n")
                await until(lambda: holder(home) is not None, 30)
                await asyncio.to_thread(issue, network, tmp_path, "BW0000704", 1)
                await asyncio.to_thread(network.wait_equal, 1)
                async with asyncio.timeout(30):
                    while True:
                        note = await asyncio.to_thread(newest, network, 0)
                        if lines := [line for line in note.signatures if line.is_by(key)]:
                            break
                        await asyncio.sleep(0.2)
                verify_signature(key, note.text, lines[0])
            cosigner.close()

    asyncio.run(work())
