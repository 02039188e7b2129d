"""What statistics cost the ledger: `python -m tests.bench.cubes [--dir DIR]`.

- Upkeep: what a record pays so that figures can be read as of an earlier height, beside what applying it costs, in processor time. In
  ordinary trade hardly a record changes a closed quarter: the upkeep of each block is done again, many times, and timed alone. Where
  every record does, blocks with and without upkeep take turns.
- Reading the figures of a year: 60 participants, 4,000 certificates and their outcomes, 8,000 cells, all of them in returns.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from unittest.mock import patch

from rich.console import Console

from api.demo.network import participant_rows
from ledger import state
from ledger.bodies import RETURN_FILE
from ledger.record import Record
from ledger.statistics.older import Older
from tests.bench.figures import Figure, Report
from tests.bench.growth import CODES, apply, blocks
from tests.support import days
from tests.support.quarters import return_of
from tests.support.world import World, _participant, genesis, participants

_WARM_BLOCKS = 250
_ORDINARY_BLOCKS = 100
_LATE_BLOCKS = 120
_BLOCK = 40
_AGAIN = 20
_CELLS_A_BLOCK = 17
_GOAL = 0.05


class _Watched(Older):
    """Remembers what it is told of."""

    newest: "_Watched"

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.arguments, self.places = arguments, []
        _Watched.newest = self

    def keep(self, place: bytes) -> None:
        self.places.append(place)
        super().keep(place)

    def again(self) -> None:
        """All that it did, without remembering."""
        once = Older(*self.arguments[:4], lambda key, value: None)
        for place in self.places:
            once.keep(place)


def measure(scratch: Path, report: Report) -> None:
    """Reports all figures of this file."""
    _ordinary(scratch / "ordinary", report)
    _late(scratch / "late", report)
    _reading(scratch / "year", report)


def _ordinary(path: Path, report: Report) -> None:
    known = {holder.code for holder in participants()}
    more = tuple(_participant(code) for code in CODES if code not in known)
    made_of = genesis(participants=(*participants(), *more), parameters={"daily-records": 1_000_000})
    upkeep = applying = 0.0
    with World.make(path, made_of) as world, patch.object(state, "Older", _Watched):
        for place, made in enumerate(islice(blocks(world), _WARM_BLOCKS + _ORDINARY_BLOCKS)):
            spent, _ = apply(world, made)
            if place >= _WARM_BLOCKS:
                begun = time.process_time()
                for _ in range(_AGAIN):
                    _Watched.newest.again()
                upkeep += (time.process_time() - begun) / _AGAIN
                applying += spent
    records = _ORDINARY_BLOCKS * _BLOCK
    limit = applying / records * 1e6
    report.add(Figure("cubes", "upkeep, ordinary trade", upkeep / records * 1e6, "us/record", limit, "applying it", _GOAL))


def _late(path: Path, report: Report) -> None:
    """Every certificate is of a quarter that has closed, in cells of which each has many."""
    spent = {True: 0.0, False: 0.0}
    with World.make(path, genesis(parameters={"statistics-days": 1, "daily-records": 1_000_000})) as world:
        days.pass_to(world, "2026-04-05")
        for turn in range(_LATE_BLOCKS):
            made = [_late_issue(world, turn * _BLOCK + n) for n in range(_BLOCK)]
            kept = turn % 2 == 0
            with patch.object(Older, "keep", Older.keep if kept else lambda older, place: None):
                process, _ = apply(world, made)
            spent[kept] += process if turn > 1 else 0
    records = (_LATE_BLOCKS - 2) // 2 * _BLOCK
    with_upkeep, without = (spent[kept] / records * 1e6 for kept in (True, False))
    report.add(
        Figure("cubes", "applying, every record late, with upkeep", with_upkeep, "us/record", without, "without", 1 + _GOAL)
    )


def _late_issue(world: World, serial: int) -> Record:
    world.now += 10
    issuer = ("BW", "RU", "AE", "EU")[serial % 4]
    destination = ("RU", "AE", "EU", "BW")[serial % 4]
    origin = (issuer if issuer != "EU" else "BE",)
    dates = {"issued": "2026-03-31", "validated": "2026-03-31", "expires": "2026-05-01"}
    return days.issue(world, f"{issuer}{serial:07}", origin=origin, destination=destination, **dates)


def _reading(path: Path, report: Report) -> None:
    codes = sorted(row["code"] for row in participant_rows())[:60]
    holders = [_participant(code, countries=("BE", "DE") if code == "EU" else (code,)) for code in codes]
    with World.make(path, genesis(participants=tuple(holders), parameters={"daily-records": 1_000_000})) as world:
        for quarter, date in (("2026Q1", "03-20"), ("2026Q2", "06-20"), ("2026Q3", "09-20"), ("2026Q4", "12-20")):
            days.at(world, f"2026-{date}")
            for made in _quarter(world, codes, int(quarter[-1])):
                apply(world, made)
        days.pass_to(world, "2027-01-10")
        rng = random.Random(1)
        for author in codes:
            world.now += 1_000
            filed = [
                world.sign(RETURN_FILE, return_of(world, author, flow, f"2026Q{place}", 1, rng), author)
                for flow in ("export", "import")
                for place in range(1, 5)
            ]
            apply(world, filed)
        days.pass_to(world, "2027-04-01")
        height = world.ledger.head.height
        begun = time.process_time()
        cube = world.ledger.cube("2026", height)
        spent = time.process_time() - begun
    cells = sum(len(block.entries) for block in cube.blocks.values())
    name = f"a year's figures read, {len(codes)} participants, {cells:,} cells"
    report.add(Figure("cubes", name, spent * 1e3, "ms", 1_000, "a second", 1))


def _quarter(world: World, codes: list[str], place: int) -> Iterator[list[Record]]:
    """From each participant a certificate to seventeen others, and their outcomes."""
    for at, issuer in enumerate(codes):
        origin = (issuer if issuer != "EU" else "BE",)
        issued = []
        for n in range(_CELLS_A_BLOCK):
            destination = codes[(at + 1 + n * 3) % len(codes)]
            number = f"{issuer}{place}{n:06}"
            issued.append(days.issue(world, number, 1_000 + n, origin, destination=destination))
        world.now += 1_000
        yield issued
        outcomes = [days.confirm(world, issue) for issue in issued]
        world.now += 1_000
        yield outcomes


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cubes", description="What statistics cost the ledger.")
    parser.add_argument("--dir", type=Path, help="put the ledgers below this directory (default: temporary)")
    arguments = parser.parse_args()
    report = Report({})
    with tempfile.TemporaryDirectory(dir=arguments.dir) as scratch:
        measure(Path(scratch), report)
    report.print(Console(width=150))
    return 0


if __name__ == "__main__":
    sys.exit(main())
