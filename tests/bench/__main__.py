"""`python -m tests.bench [--quick] [--json FILE] [--dir DIR]`: figures of this machine, each beside its limit. See README.md."""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop
from rich.console import Console

from ledger.record import parse_submission
from tests.bench import (
    audit,
    chains,
    cubes,
    disclosure,
    finality,
    floor,
    footprint,
    growth,
    interface,
    large,
    latency,
    limit,
    paper,
    reading,
    replay,
    tree,
)
from tests.bench.figures import Report
from tests.bench.limit import Limit
from tests.bench.network import Network, network


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of everything: records of each load, rounds, seconds."""

    limit_records: int = 500
    load: int = 6_000
    rounds: int = 3
    single: int = 200
    half_load_seconds: float = 15.0
    away: int = 6_000
    read_seconds: float = 4.0
    scrub_seconds: float = 20.0
    floor_rounds: int = 500
    tree: tuple[int, ...] = tree.SIZES
    audits: tuple[int, ...] = audit.SIZES


QUICK = Extent(
    load=2_500,
    rounds=1,
    single=60,
    half_load_seconds=4.0,
    away=1_500,
    read_seconds=1.0,
    scrub_seconds=5.0,
    floor_rounds=150,
    tree=(10_000, 200_000),
    audits=(1_000,),
)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Figures of this machine, each beside its limit."
    )
    parser.add_argument("--quick", action="store_true", help="a minute or so instead of five, with more noise")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument(
        "--dir", type=Path, help="put the networks below this directory, whose disk is measured (default: temporary)"
    )
    arguments = parser.parse_args()
    started = time.monotonic()
    extent = QUICK if arguments.quick else Extent()
    report = Report({"quick": arguments.quick})
    console = Console(width=max(150, Console().width))
    with network(4, arguments.dir) as four, console.status("4 nodes"):
        found = _measure_limit(four, extent, report)
        uvloop.run(_four(four, extent, found, report))
        with tempfile.TemporaryDirectory(dir=four.directory.parent) as scratch:
            four.stop_node(0)
            replay.apply_again(four.homes[0] / "data", Path(scratch), four.genesis, report)
    with network(1, arguments.dir) as one, console.status("1 node"):
        one.make(finality.WARM + extent.load)
        uvloop.run(finality.measure(one, extent.load, 1, found, report))
    with tempfile.TemporaryDirectory(dir=arguments.dir) as scratch, console.status("tree"):
        tree.measure(Path(scratch), extent.tree, report)
    with tempfile.TemporaryDirectory(dir=arguments.dir) as scratch, console.status("chains of custody"):
        chains.measure(Path(scratch), report)
    with tempfile.TemporaryDirectory(dir=arguments.dir) as scratch, console.status("growth"):
        growth.quick(Path(scratch), report)
    with tempfile.TemporaryDirectory(dir=arguments.dir) as scratch, console.status("a large ledger"):
        large.quick(Path(scratch), report)
    with tempfile.TemporaryDirectory(dir=arguments.dir) as scratch, console.status("statistics"):
        cubes.measure(Path(scratch), report)
    with tempfile.TemporaryDirectory(dir=arguments.dir) as scratch, console.status("audit"):
        audit.measure(Path(scratch), extent.audits, found, report)
    with console.status("paper"):
        paper.measure(report)
    with console.status("disclosure control"):
        disclosure.measure(report)
    report.print(console)
    console.print(f"{time.monotonic() - started:.0f} s")
    if arguments.json:
        report.write(arguments.json)
    return 0


def _measure_limit(four: Network, extent: Extent, report: Report) -> Limit:
    four.make(extent.limit_records)
    records = [parse_submission(raw).record for raw in four.take(extent.limit_records)]
    return limit.measure(four.genesis.ledger_id, records, report)


async def _four(four: Network, extent: Extent, found: Limit, report: Report) -> None:
    """All that is measured of four nodes, in an order in which nothing disturbs what follows."""
    single = latency.WARM + extent.single
    four.make(finality.WARM + extent.rounds * extent.load + single + extent.away)
    rate = await finality.measure(four, extent.load, extent.rounds, found, report)
    least = await floor.measure(four.directory, extent.floor_rounds, report)
    await latency.idle(four, extent.single, least, report)
    four.make(latency.needed(rate, extent.half_load_seconds))
    await latency.half_load(four, rate, extent.half_load_seconds, least, report)
    await reading.measure(four, extent.read_seconds, report)
    four.make(latency.needed(rate, extent.read_seconds) + interface.SINGLES)
    await interface.half_load(four, rate, extent.read_seconds, report)
    await interface.lists(four, report)
    await interface.export(four, report)
    await interface.saturated(four, report)
    await footprint.memory_and_disk(four, report)
    await footprint.start(four, report)
    await footprint.scrubbing(four, extent.scrub_seconds, report)
    await replay.catch_up(four, extent.away, found, report)


if __name__ == "__main__":
    sys.exit(main())
