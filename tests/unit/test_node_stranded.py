"""Nothing strands: a record whose frames are all lost at first still reaches the leaders and becomes final.

Five whole nodes in this process, over their own sockets: four validators, and a follower whose client has a record that nobody
else has. The follower never leads, so that the record is final only where the validators have got it from it.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from api.demo.network import make_network
from ledger.record import parse_submission
from ledger.units import Ms
from node import process as process_module
from node.client import Client
from node.home import Home, init
from node.limits import AUTHOR_RECORDS
from node.links import Link
from node.mempool import Mempool, Room
from node.process import NodeProcess
from tests.support.cluster import free_base_port
from tests.support.homes import seat
from tests.support.parts import until
from tests.support.records import issue

CODES = ("BW", "RU", "EU", "AE", "ZA")
FOLLOWER = 4
LOST = 5
"""So many frames of records to each validator are lost, one after the other."""


@dataclass
class Five:
    """The nodes, and all keys of their network."""

    processes: list[NodeProcess]
    network: object

    def submission(self, number: int) -> bytes:
        author = CODES[FOLLOWER]
        return issue(self.network.genesis, author, self.network.keys[author]["issue"], "AE", f"{author}{number:07d}")

    @property
    def origin(self) -> NodeProcess:
        return self.processes[FOLLOWER]

    def holders(self, record_id: bytes) -> list[str]:
        """Who has the record pending."""
        return [code for code, process in zip(CODES, self.processes, strict=True) if record_id in process.mempool]

    def final(self, record_id: bytes) -> list[str]:
        """Who has executed it."""
        return [
            code
            for code, process in zip(CODES, self.processes, strict=True)
            if (found := process.ledger.judgement(record_id)) and found.refusal is None
        ]


@contextlib.asynccontextmanager
async def five(path: Path) -> AsyncIterator[Five]:
    """The network, connected."""
    base, homes = free_base_port(len(str(path))), [Home(path / code) for code in CODES]
    seats = []
    for place, (code, home) in enumerate(zip(CODES, homes, strict=True)):
        listen = {(table, "listen"): f"127.0.0.1:{base + 100 * n + place}" for n, table in enumerate(("api", "peers", "admin"))}
        init(home, None, {("node", "participant"): code, **listen}, None)
        made = seat(home, code, f"127.0.0.1:{base + 100 + place}")
        seats.append(replace(made, validator=place != FOLLOWER))
    network = make_network(seats, Ms(time.time_ns() // 1_000_000))
    for home in homes:
        init(home, None, {}, network.genesis_json)
    stop = asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        processes = []
        for home in homes:
            processes.append(NodeProcess.open(home))
            stack.callback(processes[-1].close)
            processes[-1].service._limits = replace(processes[-1].service.limits, shutdown_s=0.2)
        running = [asyncio.ensure_future(process.run(stop)) for process in processes]
        try:
            await until(lambda: all(len(process.peers.links) == len(CODES) - 1 for process in processes), 30)
            yield Five(processes, network)
        finally:
            stop.set()
            await asyncio.gather(*running)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is announced ten times a second, not every 5 s."""
    monkeypatch.setattr(process_module, "STATUS_SECONDS", 0.1)


@pytest.mark.usefixtures("often")
def test_a_record_whose_first_frames_are_all_lost_becomes_final(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Link.send_bulk
    lost: dict[str, int] = {}

    async def play() -> None:
        async with five(tmp_path) as net, Client(f"http://{net.origin.settings.api_listen}") as client:

            def send_bulk(link: Link, item: bytes) -> None:
                if link in net.origin.peers.links.values() and lost.setdefault(link.peer.participant, 0) < LOST:
                    lost[link.peer.participant] += 1
                else:
                    real(link, item)

            monkeypatch.setattr(Link, "send_bulk", send_bulk)
            raw = net.submission(1)
            key = parse_submission(raw).record.id
            await client.submit(raw, wait=False)
            assert net.holders(key) == [CODES[FOLLOWER]]
            await until(lambda: len(net.final(key)) == len(CODES), 60)
            assert max(lost.values()) == LOST

    asyncio.run(play())


@pytest.mark.usefixtures("often")
def test_many_records_that_only_their_origin_has_become_final_though_no_frame_of_them_was_ever_sent_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one announcement names, of one author, while leaders take turns."""
    monkeypatch.setattr(process_module, "BODY_REQUEST_IDS", 7)

    async def play() -> None:
        async with five(tmp_path) as net, Client(f"http://{net.origin.settings.api_listen}") as client:
            monkeypatch.setattr(net.origin.peers, "broadcast_bulk", lambda _item: None)
            raws = [net.submission(number) for number in range(1, 41)]
            keys = [parse_submission(raw).record.id for raw in raws]
            await client.submit_many(raws, wait=False)
            await until(lambda: all(len(net.final(key)) == len(CODES) for key in keys), 90)
            await until(lambda: not any(process.mempool.oldest(1) for process in net.processes))

    asyncio.run(play())


def _crowded(mempool: Mempool) -> Callable[[], Room]:
    """A mempool's room as if all but three places of the author were taken."""
    real = mempool.room

    def room() -> Room:
        found = real()
        records, size = found._authors.get(CODES[FOLLOWER], (0, 0))
        found._authors[CODES[FOLLOWER]] = (records + AUTHOR_RECORDS - 3, size)
        return found

    return room


@pytest.mark.usefixtures("often")
def test_what_found_no_room_at_the_leaders_comes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an author's twenty records the validators take three at a time: the others wait at their origin until there is room."""

    async def play() -> None:
        async with five(tmp_path) as net, Client(f"http://{net.origin.settings.api_listen}") as client:
            raws = [net.submission(number) for number in range(1, 21)]
            keys = [parse_submission(raw).record.id for raw in raws]
            for process in net.processes[:FOLLOWER]:
                monkeypatch.setattr(process.mempool, "room", _crowded(process.mempool))
            await client.submit_many(raws, wait=False)
            await until(lambda: all(len(net.final(key)) == len(CODES) for key in keys), 90)
            dropped = [process.refusals.dropped.of(CODES[FOLLOWER], "mempool") for process in net.processes[:FOLLOWER]]
            assert all(dropped)

    asyncio.run(play())
