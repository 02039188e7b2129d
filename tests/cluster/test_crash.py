"""Four real processes, four clients at once, one node killed in the middle: nothing acknowledged is lost, nothing is there twice."""

import asyncio
import base64
from pathlib import Path

from ledger.genesis import Genesis
from ledger.policy import parse_policy
from ledger.receipt import verify_receipt
from node.client import Client, Taken
from tests.support.cluster import Devnet, devnet
from tests.support.records import issue, seed

CLIENTS = 4
EACH = 125
KILL_AFTER = 150
DEADLINE = 60.0


async def client(network: Devnet, which: int, submissions: list[bytes], done: list[Taken]) -> None:
    """Submits its records, eight at a time, to its own node, until each is final."""
    room = asyncio.Semaphore(8)
    url = network.description()["nodes"][which]["api"]

    async def one(submission: bytes) -> None:
        async with room, Client(url) as http:
            done.append(await http.submit_until_final(submission, DEADLINE))

    await asyncio.gather(*map(one, submissions))


async def run(network: Devnet, work: list[list[bytes]]) -> list[Taken]:
    done: list[Taken] = []
    clients = [asyncio.ensure_future(client(network, which, submissions, done)) for which, submissions in enumerate(work)]
    while len(done) < KILL_AFTER and not any(task.done() for task in clients):
        await asyncio.sleep(0.01)
    network.kill_node(2)
    killed_at = len(done)
    await asyncio.sleep(1.0)
    assert len(done) > killed_at, "the other three did not go on"
    network.restart_node(2)
    await asyncio.gather(*clients)
    return done


def test_500_records_one_node_killed_and_back(tmp_path: Path) -> None:
    with devnet(tmp_path / "net") as network:
        description = network.description()
        genesis = Genesis.from_json((tmp_path / "net" / "genesis.json").read_bytes())
        codes = [node["participant"] for node in description["nodes"]]
        work = []
        for which, author in enumerate(codes):
            key = seed(description["keys"], author, "issue")
            destination = codes[(which + 1) % CLIENTS]
            work.append([issue(genesis, author, key, destination, f"{author}{number:07d}") for number in range(EACH)])
        done = asyncio.run(run(network, work))

        assert len(done) == CLIENTS * EACH
        assert len({taken.id for taken in done}) == CLIENTS * EACH
        size, root = network.wait_equal(CLIENTS * EACH)
        assert size == CLIENTS * EACH, "an accepted record is in the log once"
        assert sorted(taken.index for taken in done) == list(range(CLIENTS * EACH))

        policy_file = Path(description["policy"])
        policy = parse_policy(policy_file.read_bytes())
        for taken in done:
            assert taken.receipt is not None
            verdict = verify_receipt(taken.receipt, policy)
            assert verdict.record_id.hex() == taken.id
            assert verdict.index == taken.index
        token = description["tokens"]["auditor"]
        for node in range(CLIENTS):
            for taken in done[:: CLIENTS * EACH // 20]:
                assert network.get(node, f"/v1/records/{taken.id}", token)["index"] == taken.index
        assert len(base64.b64decode(root)) == 32
        assert network.stop() == 0
