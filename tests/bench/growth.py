"""What applying a record costs as the ledger grows, with all findings: `python -m tests.bench.growth [--records 1000000] [--dir DIR]`.

World trade among ten participants: certificates, their outcomes within days, every third certificate a re-export that takes from
one confirmed before. Blocks of 40 records, 1,000 records a day, so a million are nearly three years. Records are made beforehand,
block by block, and are not part of the figure: it is processor time (LevelDB's own threads included) of keeping bodies and
applying. `make bench` runs 20,000; a million take a quarter of an hour.

The limit of each stretch is the first one after warming up, so the ratio says what growth alone costs. Others who use the
machine make all of it dearer, by a fifth and more; so beside it stands the same in units of what making a record cost meanwhile,
which does not depend on the ledger: form, hashes and signature of a record, in the same thread.
"""

import argparse
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from ledger.bodies import Source
from ledger.record import Record, Submission
from ledger.state import Block
from ledger.units import DAY_MS
from tests.bench.figures import Figure, Report
from tests.support import days
from tests.support.world import START, World, _participant, genesis, participants

CODES = ("BW", "RU", "AE", "EU", "SL", "IN", "US", "CN", "CA", "IL")
_BLOCK = 40
_DAY_BLOCKS = 25
_DAYS_ON_THE_WAY = 6
_POINTS = 12_000
_QUICK = 20_000
WARM = 10_000
"""Until then there are no outcomes, or nothing to take from."""


def open_world(path: Path) -> World:
    """The ledger of this trade in a directory, new where there is none."""
    known = {holder.code for holder in participants()}
    more = tuple(_participant(code) for code in CODES if code not in known)
    return World.make(path, genesis(participants=(*participants(), *more), parameters={"daily-records": 1_000_000}))


def measure(scratch: Path, records: int, stretches: int, report: Report) -> None:
    """Applies so many records to a new ledger in `scratch`, and reports the cost of each stretch of them."""
    with open_world(scratch / "growth") as world:
        made_of = blocks(world)
        while world.ledger.head.tree_size < WARM:
            apply(world, next(made_of))
        first = first_units = 0.0
        for _ in range(stretches):
            spent, alone, making, done = 0.0, 0.0, 0.0, 0
            while done < records // stretches:
                begun = time.thread_time()
                made = next(made_of)
                making += time.thread_time() - begun
                process, thread = apply(world, made)
                spent, alone, done = spent + process, alone + thread, done + len(made)
            cost, units = spent / done * 1e6, spent / making
            first, first_units = first or cost, first_units or units
            size = world.ledger.head.tree_size
            report.add(Figure("growth", f"applying up to {size:,} records", cost, "us/record", first, "the first stretch", 1.2))
            report.add(Figure("growth", "in units of making one", units, "times", first_units, "the first stretch", 1.2))
            report.add(Figure("growth", "of it in the thread that applies", alone / done * 1e6, "us/record"))


def apply(world: World, made: list[Record]) -> tuple[float, float]:
    """Seconds of processor time of the process, which has LevelDB's threads, and of this thread; every record is accepted."""
    height = world.ledger.head.height + 1
    block = Block(height, world.now, height.to_bytes(32, "big"), made)
    begun, alone = time.process_time(), time.thread_time()
    world.ledger.keep_bodies([Submission(record) for record in made])
    applied = world.ledger.apply(block)
    spent, alone = time.process_time() - begun, time.thread_time() - alone
    refused = [judgement.refusal for judgement in applied.judgements if judgement.refusal is not None]
    assert not refused, refused[0]
    return spent, alone


def blocks(world: World) -> Iterator[list[Record]]:
    """Blocks' records, without end, from the first one on; `world.now` is then their time.

    Half of them are certificates, the other half outcomes of those of some days before.
    """
    serials = dict.fromkeys(CODES, 0)
    travelling: deque[tuple[int, Record]] = deque()
    stock: dict[str, deque[str]] = {code: deque(maxlen=50) for code in CODES}
    place = height = 0
    while True:
        day, turn = divmod(height, _DAY_BLOCKS)
        world.now = START + (day + 1) * DAY_MS + turn * 60_000
        made: list[Record] = []
        while len(made) < _BLOCK:
            if travelling and travelling[0][0] <= day and len(made) % 2:
                _, issue = travelling.popleft()
                made.append(days.confirm(world, issue))
                stock[issue.body.destination].append(issue.body.number)
            else:
                issuer = CODES[place % len(CODES)]
                destination = CODES[(place * 7 + place // len(CODES)) % len(CODES)]
                destination = destination if destination != issuer else CODES[(place + 1) % len(CODES)]
                made.append(_issue(world, issuer, destination, serials, stock[issuer] if place % 3 == 0 else deque()))
                travelling.append((day + _DAYS_ON_THE_WAY, made[-1]))
                place += 1
        height += 1
        yield made


def _issue(world: World, issuer: str, destination: str, serials: dict[str, int], stock: deque[str]) -> Record:
    serials[issuer] += 1
    number = f"{issuer}{serials[issuer]:07}"
    if stock and len(stock) > _BLOCK // 2:
        sources = (Source(stock.popleft(), _POINTS),)
        return days.issue(world, number, _POINTS, (), destination=destination, sources=sources)
    return days.issue(world, number, _POINTS, (issuer if issuer != "EU" else "BE",), destination=destination)


def quick(scratch: Path, report: Report) -> None:
    """What `make bench` has time for."""
    measure(scratch, _QUICK, 4, report)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.growth", description="What applying a record costs as the ledger grows."
    )
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--dir", type=Path, help="put the ledger below this directory (default: temporary)")
    arguments = parser.parse_args()
    report = Report({"records": arguments.records})
    with tempfile.TemporaryDirectory(dir=arguments.dir) as scratch:
        measure(Path(scratch), arguments.records, 10, report)
    report.print(Console(width=150))
    return 0


if __name__ == "__main__":
    sys.exit(main())
