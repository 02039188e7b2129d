"""`python -m tests.soak [--hours H] [--jobs N] [--seed S] [--only NAME]... [--list]`: the long run, on any number of cores.

Ends when all is done, after the given time, or on an interrupt; always with a table, and with every failing run and what shows it again.
Exit code 1 if anything failed.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from tests.soak.parts import PARTS
from tests.soak.running import Row, Soak


def main(argv: Sequence[str] | None = None) -> int:
    """Runs; the exit code."""
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=8.0, help="how long at most")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; by default one a core")
    parser.add_argument("--seed", type=int, default=0, help="the first number of each part")
    parser.add_argument("--only", action="append", choices=names, default=[], help="these parts alone")
    parser.add_argument("--list", action="store_true", help="say which parts there are, run nothing")
    parser.add_argument("--mutant", default="", help="plant a defect of tests/simulation/mutants.py, to see that it is found")
    arguments = parser.parse_args(argv)
    chosen = [part for part in PARTS if part.name in (arguments.only or names)]
    if arguments.list:
        print("\n".join(f"{part.name:12} {part!r}"[:140] for part in chosen))
        return 0
    soak = Soak(chosen, arguments.hours * 3_600, arguments.jobs, arguments.seed, arguments.mutant)
    soak.run()
    print(summary(soak.rows))
    return 1 if any(row.failures for row in soak.rows) else 0


def summary(rows: Sequence[Row]) -> str:
    """The table, then each failure on a line."""
    lines = [f"{'part':12} {'runs':>17} {'failures':>9} {'seconds':>9}"]
    for row in rows:
        runs = f"{row.done}/{row.total}"
        lines.append(f"{row.part.name:12} {runs:>17} {len(row.failures):>9} {row.seconds:>9.0f} {row.state}".rstrip())
    for row in rows:
        for failure in row.failures:
            first = failure.text.splitlines()[0]
            lines.append(f"{row.part.name} {failure.number}: {failure.rule}; {first}")
    return "\n".join(lines)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a script, shells have it ignored
    sys.exit(main())
