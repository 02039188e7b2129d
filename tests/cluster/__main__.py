"""`python -m tests.cluster [--minutes M] [--nodes 4|7] [--seed S]`: real nodes in network namespaces under faults. See README.md.

Exit code 0: nothing was wrong; 1: violations, the history is kept; 2: it cannot run here.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.cluster import nemesis
from tests.cluster.run import run
from tests.support.fleet import clock_library
from tests.support.namespaces import end_with_parent, missing, run_isolated

OVERHEAD_SECONDS = 300.0
"""Start, last round, judgement: a run that takes this much longer than it was told to is stuck."""


def unavailable() -> str:
    """Why it cannot run here; empty where it can."""
    return missing() or ("" if clock_library() else "libfaketime is missing (Debian: sudo apt-get install libfaketime)")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs it; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster", description="Real nodes in network namespaces under faults."
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long faults go on (default: 10)")
    parser.add_argument("--nodes", type=int, default=4, help="how many validators (default: 4)")
    parser.add_argument("--seed", type=int, default=None, help="draws faults and clients (default: drawn and told)")
    parser.add_argument("--rate", type=float, default=8.0, help="certificates a second that clients begin (default: 8)")
    parser.add_argument("--short", action="store_true", help="three faults, as in the test command")
    parser.add_argument("--dir", type=Path, default=None, help="put the nodes below this directory (default: temporary)")
    parser.add_argument("--keep", action="store_true", help="keep everything, also where nothing was wrong")
    parser.add_argument("--inside", type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.inside is not None:
        end_with_parent()
        return _inside(options)
    if reason := unavailable():
        print(f"the cluster cannot run here: {reason}", file=sys.stderr)
        return 2
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    directory = Path(tempfile.mkdtemp(prefix="kpledger-cluster-", dir=options.dir))
    words = [
        "--nodes",
        options.nodes,
        "--seed",
        seed,
        "--minutes",
        options.minutes,
        "--rate",
        options.rate,
        "--inside",
        directory,
    ]
    code = 1
    try:
        arguments = [str(word) for word in words] + ["--short"] * options.short
        code, _ = run_isolated("tests.cluster", arguments, 60 * options.minutes + OVERHEAD_SECONDS)
    finally:
        if code == 0 and not options.keep:
            shutil.rmtree(directory)
        else:
            print(
                f"kept: {directory} (history.jsonl, logs); again: python -m tests.cluster --nodes {options.nodes} --seed {seed}"
            )
    return code


def _inside(options: argparse.Namespace) -> int:
    rounds = iter(nemesis.SHORT) if options.short else nemesis.plan(options.seed, options.nodes, options.nodes - 1, clocks=True)
    summary = asyncio.run(run(options.inside, options.nodes, options.seed, rounds, 60 * options.minutes, options.rate))
    for line in summary.lines():
        print(line, flush=True)
    return 1 if summary.violations else 0


if __name__ == "__main__":
    sys.exit(main())
