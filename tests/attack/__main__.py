"""`python -m tests.attack [--cubes 1000] [--seed S] [--jobs N] [--kind KIND]...`: worlds of all kinds, published and attacked; one table.

Exit code 1 if a cell was recovered, is below its protection or is told to an insider with one cell, a release could not be made, or calibrated
worlds hide too much.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from tests.attack.campaign import CALIBRATED, MOST_HIDDEN, Result, campaign, chosen, table
from tests.attack.judge import Score
from tests.attack.worlds import RECIPES

SHOWN = 40


def main(argv: Sequence[str] | None = None) -> int:
    """Runs it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--cubes", type=int, default=1_000, help="at least so many cubes: releases of worlds")
    parser.add_argument("--seed", type=int, default=0, help="the first of each kind")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--kind", action="append", choices=sorted(RECIPES), default=[], help="these kinds of worlds alone")
    given = parser.parse_args(argv)
    worlds = chosen(given.cubes, given.seed, given.kind or sorted(RECIPES))
    results = list(campaign(worlds, given.jobs))
    print("\n".join(table(results)))
    failures = [line for one in results for line in one.failures()] + too_much(results)
    for line in failures[:SHOWN]:
        print(f"FAILED {line}")
    if len(failures) > SHOWN:
        print(f"and {len(failures) - SHOWN} more")
    return 1 if failures else 0


def too_much(results: Sequence[Result]) -> list[str]:
    """Whether calibrated worlds hide more than they may."""
    score = Score()
    for one in results:
        if one.kind in CALIBRATED:
            score.add(one.score)
    return [f"{score.hidden:.2f} % of leaf value is confidential"] if score.hidden > MOST_HIDDEN else []


if __name__ == "__main__":
    sys.exit(main())
