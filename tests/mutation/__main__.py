"""`python -m tests.mutation [--only PATTERN] [--jobs N] [--write]`: takes each safety check away and demands that a test notices."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from fnmatch import fnmatch
from pathlib import Path

from tests.mutation.mutation import Mutation, table
from tests.mutation.report import write
from tests.mutation.running import Bench, NotGreenError, Outcome, Verdict


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the mutations; exit code 1 if one of them is not noticed, does not apply, or proves nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="names or files, as a shell pattern")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--list", action="store_true", help="say which there are, run nothing")
    parser.add_argument("--every", action="store_true", help="all tests that notice, not the first alone")
    parser.add_argument("--write", action="store_true", help="write the results of a whole run into README.md")
    arguments = parser.parse_args(argv)
    chosen = [one for one in table() if not arguments.only or any(_named(one, pattern) for pattern in arguments.only)]
    if not chosen or (arguments.write and arguments.only):
        parser.error("no such mutation, or a part of the results to write")
    if arguments.list:
        print(*(f"{one.name:<40} {one.file}" for one in chosen), sep="\n")
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kpledger-mutation-") as directory:
        try:
            verdicts = judge_all(Path(directory), chosen, arguments.jobs, first_only=not arguments.every)
        except NotGreenError as error:
            print(error)
            return 1
        except KeyboardInterrupt:
            print("interrupted")
            return 130
    bad = [verdict for verdict in verdicts if not verdict.fine]
    counted = [f"{sum(verdict.outcome is outcome for verdict in verdicts)} {outcome.value}" for outcome in Outcome]
    print(f"{len(verdicts)} mutations, {', '.join(counted)}, {time.monotonic() - started:.0f} s")
    if arguments.write and not bad:
        write(verdicts)
    return 1 if bad else 0


def judge_all(directory: Path, chosen: Sequence[Mutation], jobs: int, *, first_only: bool = True) -> list[Verdict]:
    """The verdicts, told as they come.

    Raises:
        NotGreenError: the unmutated project fails one of the tests.
    """
    bench = Bench(directory)
    pool = ThreadPoolExecutor(jobs)
    try:
        started = time.monotonic()
        bench.require_green(test for one in chosen for test in one.tests)
        print(f"unmutated, all tests that are used are green, {time.monotonic() - started:.0f} s", flush=True)
        running = [pool.submit(_judge, bench, one, first_only) for one in chosen]
        for done in as_completed(running):
            verdict = done.result()
            print(
                f"{verdict.outcome.value:<10} {verdict.seconds:5.1f} s  {verdict.mutation.name:<40} {_told(verdict)}",
                flush=True,
            )
    finally:
        bench.close()
        pool.shutdown(cancel_futures=True)
    return [done.result() for done in running]


def _judge(bench: Bench, one: Mutation, first_only: bool) -> Verdict:
    verdict = bench.judge(one, [one.tests] * bool(one.tests) + one.broader(), first_only=first_only)
    if one.equivalent and verdict.outcome is Outcome.SURVIVED:
        return Verdict(one, Outcome.EQUIVALENT, verdict.seconds, text=one.equivalent)
    if one.equivalent and verdict.outcome is Outcome.KILLED:
        return Verdict(one, Outcome.BROKEN, verdict.seconds, verdict.by, "said to be equivalent, and is noticed")
    return verdict


def _named(one: Mutation, pattern: str) -> bool:
    return fnmatch(one.name, pattern) or fnmatch(one.file, pattern)


def _told(verdict: Verdict) -> str:
    return "\n".join(f"{'' if not place else ' ' * 62}{test}" for place, test in enumerate(verdict.by)) or verdict.text


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
