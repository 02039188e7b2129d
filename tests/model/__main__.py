"""`python -m tests.model [--traces N] [--from SEED] [--verify] [--checks] [--forks] [--sample] [--explore full|1|2|0]`: the long runs.

--traces N     N runs of the model replayed on real cores
--verify       SPIN visits every state of two views, in each arrangement of leaders
--checks       each check of the model taken away: SPIN must find what it was for
--forks        the same, until two conflicting blocks are final (some never are: other checks stand in)
--sample       three views, a sample of some 10^8 states
--explore X    the real core in every state of two views; the Byzantine validator leads view X (0: none), or `full`: each
Without any of them: `--traces 20000 --verify --checks --explore full`.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice

from tests.model import spin
from tests.model.checks import ARRANGEMENTS, CHECKS, SAFETY, to_fork
from tests.model.explore import LEADS, Exploration
from tests.model.replay import Replay

SAMPLE_BITS = 33
"""A bitstate table of 1 GiB."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs what is asked for; 1 if anything was found that must not be, 2 where SPIN is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.model", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--traces", type=int, default=0)
    parser.add_argument("--from", type=int, default=0, dest="first", help="seed of the first simulation")
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--checks", action="store_true")
    parser.add_argument("--forks", action="store_true")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--explore", choices=["full", *(str(lead) for lead in LEADS)])
    asked = parser.parse_args(argv)
    if not (asked.traces or asked.verify or asked.checks or asked.forks or asked.sample or asked.explore):
        asked.traces, asked.verify, asked.checks, asked.explore = 20_000, True, True, "full"
    if spin.missing() and asked.explore is None:
        print(f"{spin.missing()} is missing (Debian: sudo apt-get install spin gcc)")
        return 2
    jobs: list[Callable[[], bool]] = []
    if asked.traces:
        jobs.append(lambda: replay(asked.traces, asked.first))
    if asked.verify:
        jobs += [lambda switches=switches: holds(switches) for switches in ARRANGEMENTS]
    if asked.checks:
        jobs += [lambda check=check: breaks(check.switch, (*check.arrangement, check.switch), check.broken) for check in CHECKS]
    if asked.forks:
        jobs += [lambda switch=switch: forks(switch) for switch in SAFETY]
    if asked.sample:
        jobs += [lambda shift=shift: sample(shift) for shift in range(4)]
    if asked.explore:
        leads = LEADS if asked.explore == "full" else [int(asked.explore)]
        jobs += [lambda lead=lead: explore(lead) for lead in leads]
    passed = [job() for job in jobs]
    return 0 if all(passed) else 1


def replay(count: int, first: int) -> bool:
    """Traces on real cores; the first divergence is told and ends it."""
    started, steps = time.process_time(), 0
    for number, trace in enumerate(islice(spin.traces(first), count)):
        try:
            Replay(trace).run()
        except AssertionError as error:
            print(f"trace {number} FAILED\n{error}")
            return False
        steps += len(trace.steps)
    print(f"{count} traces, {steps} steps, no divergence, {time.process_time() - started:.0f} s")
    return True


def holds(switches: Sequence[str]) -> bool:
    found = spin.verify(["VIEWS=2", *switches], optimize="-O2")
    print(f"{' '.join(switches):28} {_told(found)}", flush=True)
    return found.complete


def breaks(name: str, switches: Sequence[str], broken: str) -> bool:
    found = spin.verify(["VIEWS=2", *switches], optimize="-O0")
    print(f"{name:28} {_told(found)}", flush=True)
    return found.broken == broken


def forks(switch: str) -> bool:
    """Always good: it is asked to know which checks stand in for one another."""
    found = spin.verify(["VIEWS=2", *to_fork(switch)], bits=30, optimize="-O2")
    print(f"{switch:28} {_told(found)}", flush=True)
    return True


def sample(shift: int) -> bool:
    found = spin.verify(["VIEWS=3", f"SHIFT={shift}"], bits=SAMPLE_BITS, optimize="-O2")
    print(f"3 views, SHIFT={shift:<14} {_told(found)}", flush=True)
    return found.broken is None


def _told(found: spin.Verified) -> str:
    result = found.broken or ("nothing, all states" if found.complete else "nothing, a sample")
    return f"{result:24} {found.states:>11,} states {found.transitions:>13,} transitions  depth {found.depth} {found.seconds:6.1f} s"


def explore(lead: int) -> bool:
    started = os.times().user
    try:
        found = Exploration(lead, twins=lead != 0).run()
    except AssertionError as error:
        print(f"the Byzantine validator leads {lead or 'neither'}: {error}")
        return False
    print(f"leads {lead or 'neither'}: {found}, {os.times().user - started:.0f} s", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
