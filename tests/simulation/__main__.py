"""More runs than the test command has time for, and one run again.

`python -m tests.simulation --seeds A-B [--jobs N] [--byzantine | --behaviours NAME,NAME | --twins | --points SEED] [--ed25519]`
`python -m tests.simulation --replay FILE [--no-mutant]`
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.simulation import byzantine, mutants, points, script, shrink, twins
from tests.simulation.options import Options, from_seed
from tests.simulation.report import SimulationFailedError, run


def options_of(number: int, arguments: argparse.Namespace) -> Options:
    """The run that a number stands for."""
    if arguments.behaviours:
        options = byzantine.named_options(number, tuple(arguments.behaviours.split(",")))
    elif arguments.byzantine:
        options = byzantine.options_from_seed(number)
    elif arguments.twins:
        options = twins.scenario(number)
    elif arguments.points is not None:
        return points.options(arguments.points, points.points(arguments.points)[number])
    else:
        options = from_seed(number)
    return options.but(signatures="ed25519") if arguments.ed25519 else options


def one(number: int, arguments: argparse.Namespace) -> tuple[int, str | None, int, int]:
    """A run's failure text (None: passed), blocks and events."""
    try:
        result = run(options_of(number, arguments)).result()
    except SimulationFailedError as error:
        return number, str(error), 0, 0
    return number, None, result.blocks, result.events


def again(path: Path, mutant: bool) -> int:
    """Replays a script; 1 if it fails, as recorded or otherwise."""
    recorded = script.read(path)
    with pytest.MonkeyPatch.context() as patch:
        if mutant and recorded.run.mutant:
            getattr(mutants, recorded.run.mutant)(patch)
        found = shrink.replay(recorded)
    if not found.run.failure:
        print(f"{path}: passes ({len(recorded.lines)} events; recorded was {recorded.run.failure or 'no failure'})")
        return 0
    exactly = "exactly as recorded" if found.run.trace == recorded.run.trace else f"recorded was {recorded.run.failure}"
    print("\n".join(found.text()[1:]))
    print(f"{found.run.failure}: {exactly}\n{found.run.text}")
    return 1


def main(argv: Sequence[str] | None = None) -> int:
    """Runs; exit code 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0-999", help="first and last seed, A-B")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--byzantine", action="store_true", help="with validators that lie")
    parser.add_argument("--behaviours", help="with validators that do this, see behaviours.py; names by commas")
    parser.add_argument("--twins", action="store_true", help="with two copies of a validator; seeds are scenarios")
    parser.add_argument("--points", type=int, help="disks that fail, in the quiet run of this seed; seeds are points")
    parser.add_argument("--ed25519", action="store_true", help="real signatures")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    parser.add_argument("--replay", type=Path, help="a script")
    parser.add_argument("--no-mutant", action="store_true", help="replay without the defect that was planted")
    arguments = parser.parse_args(argv)
    if arguments.replay:
        return again(arguments.replay, not arguments.no_mutant)
    first, last = (int(part) for part in arguments.seeds.split("-"))
    started, failed, blocks, events = time.monotonic(), 0, 0, 0
    with ProcessPoolExecutor(arguments.jobs) as pool:
        work = partial(one, arguments=arguments)
        for number, failure, more_blocks, more_events in pool.map(work, range(first, last + 1), chunksize=1):
            blocks, events = blocks + more_blocks, events + more_events
            if failure:
                failed += 1
                print(f"seed {number} FAILED\n{failure}\n", flush=True)
                if not arguments.keep_going:
                    pool.shutdown(cancel_futures=True)
                    break
    seconds = time.monotonic() - started
    print(f"{last - first + 1} seeds, {failed} failed, {blocks} blocks, {events} events, {seconds:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
