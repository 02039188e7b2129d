"""A real node whose store is damaged: it makes it anew from the others, votes again, and says what happened."""

import asyncio
import random
from pathlib import Path

from ledger.genesis import Genesis
from node.client import Client
from node.errors import Exit
from tests.support.cluster import Devnet, devnet
from tests.support.records import issue, seed

RECORDS = 40
HURT, OTHER = 2, 3


def submit(network: Devnet, genesis: Genesis, first: int) -> None:
    """Submits certificates to node 0 until each is final."""
    description = network.description()
    author, destination = (node["participant"] for node in description["nodes"][:2])
    key = seed(description["keys"], author, "issue")
    made = [issue(genesis, author, key, destination, f"{author}{number:07d}") for number in range(first, first + RECORDS)]

    async def every() -> None:
        async with Client(description["nodes"][0]["api"]) as http:
            await asyncio.gather(*(http.submit_until_final(one, 60.0) for one in made))

    asyncio.run(every())


def spoil(home: Path) -> None:
    """Flips a bit in the middle of the largest table, which opening need not read."""
    table = max((home / "data").glob("*.ldb"), key=lambda file: file.stat().st_size)
    data = bytearray(table.read_bytes())
    data[random.Random(5).randrange(len(data) // 4, len(data) // 2)] ^= 4
    table.write_bytes(data)


def test_a_damaged_store_is_made_anew(tmp_path: Path) -> None:
    with devnet(tmp_path / "net") as network:
        genesis = Genesis.from_json((tmp_path / "net" / "genesis.json").read_bytes())
        home = network.home(HURT)
        submit(network, genesis, 0)
        network.wait_equal(RECORDS)

        network.kill_node(HURT)
        (home / "data" / "CURRENT").write_bytes(b"MANIFEST-000009\n")
        network.restart_node(HURT)
        network.wait_equal(RECORDS)
        assert (home / "data.damaged" / "CURRENT").read_bytes() == b"MANIFEST-000009\n"
        assert "made anew from the other nodes" in (home / "node.log").read_text()

        (home / "data.damaged").rename(home / "looked-at")

        network.kill_node(OTHER)  # from now on nothing is final without the vote of the node that was hurt
        submit(network, genesis, RECORDS)
        network.restart_node(OTHER)
        network.wait_equal(2 * RECORDS)

        network.kill_node(HURT)
        network.restart_node(HURT)  # what was in LevelDB's log file goes into a table
        network.wait_equal(2 * RECORDS)
        network.kill_node(HURT)
        spoil(home)
        network.restart_node(HURT)
        assert network.extra[-1].wait(timeout=60) == Exit.DISK, "it runs, and reads everything once"
        assert (home / "damaged").exists()
        network.restart_node(HURT)
        network.wait_equal(2 * RECORDS)
        assert not (home / "damaged").exists()
        submit(network, genesis, 2 * RECORDS)
        network.wait_equal(3 * RECORDS)
        assert network.stop() == 0
