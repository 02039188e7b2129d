"""`python -m tests.cluster.recovery [--records N] [--rounds R]`: how long a killed node takes until it votes again. Printed, never a test.

Four nodes with so many records; one is killed by SIGKILL in the middle of a light load and started again some seconds later.
Reported from the start of its process: until it has the other nodes' height, and until its first new vote is durable (read out of
its write-ahead log, which has every vote before anybody else has). Beside the clock stands the processor time that the process
has used until then: on a busy machine the clock tells more about the machine.
"""

import argparse
import asyncio
import os
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from consensus.messages import Vote, VoteKind, decode
from node.keys import load_keys
from tests.bench.network import BATCH, Network, network, session

GOAL_SECONDS = 5.0
AWAY_SECONDS = 3.0
PAUSE_SECONDS = 0.05
"""Between two records of the light load."""

PATIENCE_SECONDS = 60.0
_KILLED = 2
_HEADER_BYTES = 56
_MARK = slice(44, 52)
_FRAME = struct.Struct(">8sII")
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds since the process was started, and the processor seconds that it had used by then."""

    caught_up: float
    voted: float
    cpu: float


def own_votes(home: Path, signer: int) -> Iterator[Vote]:
    """Votes of this signer (its place among the validators) in the newest segment of each consensus log of a home; the last frame may be half written."""
    newest = {file.parent: file for file in sorted((home / "wal").rglob("wal-*.log"))}
    for file in newest.values():
        data = file.read_bytes()
        at = _HEADER_BYTES
        while at + _FRAME.size <= len(data):
            mark, length, _ = _FRAME.unpack_from(data, at)
            end = at + _FRAME.size + length
            if mark != data[_MARK] or end > len(data):
                break
            at += _FRAME.size
            while at < end:
                (size,) = _LENGTH.unpack_from(data, at)
                message = decode(data[at + _LENGTH.size : at + _LENGTH.size + size])
                at += _LENGTH.size + size
                if isinstance(message, Vote) and message.signer == signer:
                    yield message


async def measure(running: Network, signer: int) -> Measured:
    """Kills the node, starts it again, waits for its vote."""
    stop = asyncio.Event()
    async with session() as http:
        load = asyncio.ensure_future(_light_load(running, http, stop))
        await asyncio.sleep(1.0)
        running.devnet.kill_node(_KILLED)
        home = running.homes[_KILLED]
        before = max((vote.view for vote in own_votes(home, signer)), default=0)
        await asyncio.sleep(AWAY_SECONDS)
        started = time.monotonic()
        process = running.start_node(_KILLED)
        caught_up = voted = cpu = 0.0
        while not (caught_up and voted):
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise TimeoutError(f"the node does not vote within {PATIENCE_SECONDS:.0f} s")
            await asyncio.sleep(0.02)
            if not caught_up and await _same_height(running):
                caught_up = time.monotonic() - started
            votes = own_votes(home, signer)
            if not voted and any(vote.view > before and vote.kind is not VoteKind.NULLIFY for vote in votes):
                voted, cpu = time.monotonic() - started, _cpu_seconds(process)
        stop.set()
        await load
    return Measured(caught_up, voted, cpu)


async def _light_load(running: Network, http: aiohttp.ClientSession, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await running.batch(http, 0, running.take(1))
        await asyncio.sleep(PAUSE_SECONDS)


async def _same_height(running: Network) -> bool:
    try:
        own, others = await asyncio.gather(running.status(_KILLED), running.status(0))
    except OSError:
        return False
    return bool(own["height"] >= others["height"] - 1)


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _measure_all(running: Network, records: int, rounds: int) -> list[Measured]:
    await running.load(running.take(records), range(running.nodes))
    signer = running.genesis.validators.index(load_keys(running.homes[_KILLED], raw_allowed=True).consensus.public)
    return [await measure(running, signer) for _ in range(rounds)]


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints; 1 when the goal was missed, which on a busy machine means little."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.recovery", description="A killed node's way back to voting.")
    parser.add_argument("--records", type=int, default=10_000, help="records in the ledger (default: 10000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often it is killed (default: 3)")
    options = parser.parse_args(argv)
    records = -(-options.records // BATCH) * BATCH
    with network(4, None) as running:
        running.make(records + options.rounds * 2_000)
        found = asyncio.run(_measure_all(running, records, options.rounds))
    for one in found:
        print(
            f"{records} records: height of the others after {one.caught_up:.2f} s, first vote after {one.voted:.2f} s,"
            f" of which {one.cpu:.2f} s on a processor"
        )
    best = min(one.voted for one in found)
    print(
        f"recovery to voting: {best:.2f} s at best of {len(found)}, goal {GOAL_SECONDS:.0f} s; load average {os.getloadavg()[0]:.1f}"
    )
    return 0 if best <= GOAL_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
