"""Four real processes in three accidents: all killed at once under load, one frozen and thawed, one that has lost its store.

What was acknowledged as final stays so, at its place; what was not becomes final once; whoever was away is a full member again.
"""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ledger.genesis import Genesis
from ledger.policy import parse_policy
from ledger.receipt import verify_receipt
from node.client import Client, Taken
from tests.support.cluster import Devnet, devnet
from tests.support.records import issue, seed

NODES = 4
AT_ONCE = 8
DEADLINE = 90.0
FROZEN_SECONDS = 10.0
"""Longer than the others keep a silent link."""


class Office:
    """Makes certificates of all participants and has them taken by their own nodes."""

    def __init__(self, network: Devnet, genesis: Genesis) -> None:
        self.network = network
        self.done: list[Taken] = []
        description = network.description()
        self._genesis = genesis
        self._codes = [node["participant"] for node in description["nodes"]]
        self._keys = [seed(description["keys"], code, "issue") for code in self._codes]
        self._made = 0

    def _next(self, node: int) -> bytes:
        self._made += 1
        author = self._codes[node]
        return issue(self._genesis, author, self._keys[node], self._codes[(node + 1) % NODES], f"{author}{self._made:07d}")

    async def work(self, node: int, stop: asyncio.Event) -> None:
        """Submits to this node, a few at a time, until stopped; each record until it is final."""

        async def one() -> None:
            while not stop.is_set():
                async with Client(f"http://127.0.0.1:{self.network.base + node}") as http:
                    self.done.append(await http.submit_until_final(self._next(node), DEADLINE))

        await asyncio.gather(*(one() for _ in range(AT_ONCE)))

    @asynccontextmanager
    async def busy(self, *nodes: int) -> AsyncIterator[None]:
        """Work at these nodes during the block; all of it is final afterwards."""
        stop = asyncio.Event()
        tasks = [asyncio.ensure_future(self.work(node, stop)) for node in nodes]
        try:
            await self.more(4 * AT_ONCE)
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    async def more(self, count: int) -> None:
        """Waits until so many more are final."""
        goal = len(self.done) + count
        async with asyncio.timeout(DEADLINE):
            while len(self.done) < goal:
                await asyncio.sleep(0.01)

    def check(self, policy_file: Path) -> None:
        """Every receipt verifies, every record stands once, every node has all of them and is ready."""
        size, _ = self.network.wait_equal(len(self.done))
        assert size == len(self.done)
        assert sorted(taken.index for taken in self.done if taken.index is not None) == list(range(size))
        policy = parse_policy(policy_file.read_bytes())
        for taken in self.done:
            assert taken.receipt is not None
            verdict = verify_receipt(taken.receipt, policy)
            assert (verdict.record_id.hex(), verdict.index) == (taken.id, taken.index)
        token = self.network.description()["tokens"]["auditor"]
        for node in range(NODES):
            for taken in self.done[:: max(1, size // 20)]:
                assert self.network.get(node, f"/v1/records/{taken.id}", token)["index"] == taken.index
            assert self.network.get(node, "/readyz")["ready"], "it votes, is in step and has its peers"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with devnet(tmp_path / "net") as network:
        yield Office(network, Genesis.from_json((tmp_path / "net" / "genesis.json").read_bytes()))
        assert network.stop() == 0


def test_three_accidents(office: Office) -> None:
    network, policy = office.network, Path(office.network.description()["policy"])

    async def all_killed() -> None:
        async with office.busy(*range(NODES)):
            network.kill_node(*range(NODES))
            for node in range(NODES):
                network.restart_node(node)
            await office.more(4 * AT_ONCE)

    async def one_frozen() -> None:
        async with office.busy(*range(NODES - 1)):
            network.signal_node(NODES - 1, signal.SIGSTOP)
            before = len(office.done)
            await asyncio.sleep(FROZEN_SECONDS)
            assert len(office.done) > before, "the other three did not go on"
            network.signal_node(NODES - 1, signal.SIGCONT)
            await office.more(AT_ONCE)
        async with office.busy(NODES - 1):
            pass

    async def one_without_its_store() -> None:
        async with office.busy(0, 2, 3):
            network.kill_node(1)
            shutil.rmtree(network.home(1) / "data")
            network.restart_node(1)
            await office.more(AT_ONCE)
        async with office.busy(1):
            pass

    for accident in (all_killed, one_frozen, one_without_its_store):
        asyncio.run(accident())
        office.check(policy)
