"""`python -m tests.simulation --seeds A-B [--jobs N] [--byzantine] [--ed25519]`: more seeds than the test command has time for."""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation import byzantine
from tests.simulation.options import from_seed
from tests.simulation.report import SimulationFailedError, run


def one(seed: int, signatures: str, traitors: bool) -> tuple[int, str | None, int, int]:
    """A seed's failure text (None: passed), blocks and events."""
    options = byzantine.options_from_seed(seed) if traitors else from_seed(seed)
    try:
        result = run(options.but(signatures=signatures)).result()
    except SimulationFailedError as error:
        return seed, str(error), 0, 0
    return seed, None, result.blocks, result.events


def main() -> int:
    """Runs the seeds; exit code 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0-999", help="first and last seed, A-B")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--byzantine", action="store_true", help="with validators that lie")
    parser.add_argument("--ed25519", action="store_true", help="real signatures")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    arguments = parser.parse_args()
    first, last = (int(part) for part in arguments.seeds.split("-"))
    started, failed, blocks, events = time.monotonic(), 0, 0, 0
    work = partial(one, signatures="ed25519" if arguments.ed25519 else "fast", traitors=arguments.byzantine)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for seed, failure, more_blocks, more_events in pool.map(work, range(first, last + 1), chunksize=1):
            blocks, events = blocks + more_blocks, events + more_events
            if failure:
                failed += 1
                print(f"seed {seed} FAILED\n{failure}\n", flush=True)
                if not arguments.keep_going:
                    pool.shutdown(cancel_futures=True)
                    break
    seconds = time.monotonic() - started
    print(f"{last - first + 1} seeds, {failed} failed, {blocks} blocks, {events} events, {seconds:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
