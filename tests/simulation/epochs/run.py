"""Runs seeds: from the command line, from the soak, from tests; and says of a failure what is needed to see it again."""

import argparse
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.epochs.options import EpochOptions, from_seed
from tests.simulation.epochs.simulation import EpochSimulation, Result
from tests.simulation.invariants import Violation
from tests.simulation.options import Fault
from tests.simulation.report import describe

SHRINK_RUNS = 40


class EpochsFailedError(AssertionError):
    """A run violated an invariant; the text says how to see it again."""


def run(options: EpochOptions) -> EpochSimulation:
    """Runs to the end.

    Raises:
        EpochsFailedError: with the whole report.
    """
    simulation = EpochSimulation(options)
    try:
        simulation.run()
    except Exception as error:
        raise EpochsFailedError(report(options, simulation, error)) from error
    return simulation


def failure(options: EpochOptions) -> str | None:
    """How a run fails, None if it does not."""
    try:
        EpochSimulation(options).run()
    except Exception as error:  # noqa: BLE001 - whatever escapes is the failure that is being looked for
        return _name(error)
    return None


def _name(error: Exception) -> str:
    return error.rule if isinstance(error, Violation) else type(error).__name__


def report(options: EpochOptions, simulation: EpochSimulation, error: Exception) -> str:
    """The text for people."""
    small = shrink(options, _name(error))
    changed = {**_fields(small), **_fields(small.base)}.items() - {**_fields(options), **_fields(options.base)}.items()
    return "\n".join(
        [
            f"{type(error).__name__}: {error}",
            f"at {simulation.now} ms; again: python -m tests.simulation.epochs --seeds {options.seed}-{options.seed}",
            f"options: {options}",
            f"shrunk to {len(small.base.faults)} faults, {len(small.changes)} changes, "
            + ", ".join(f"{k}={v}" for k, v in changed),
            *(f"  {one}" for one in (*small.changes, *small.base.faults)),
            "last events:",
            *(f"  {at:>8} node {machine}: {describe(event)}" for at, machine, event in simulation.last),
        ]
    )


def _fields(options: object) -> dict[str, object]:
    names = [name for name in type(options).__slots__ if name not in {"base", "faults", "changes"}]
    return {name: getattr(options, name) for name in names}


def shrink(options: EpochOptions, rule: str) -> EpochOptions:
    """Fewer faults and changes and a kinder network with the same failure, within `SHRINK_RUNS` runs."""
    left = SHRINK_RUNS

    def fails(candidate: EpochOptions) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and failure(candidate) == rule

    def without(faults: Sequence[Fault]) -> bool:
        return fails(options.but(faults=tuple(faults)))

    small = options.but(faults=tuple(_fewer(options.base.faults, without)))
    kinder: tuple[dict[str, object], ...] = (
        {"loss": 0, "duplication": 0, "starved": ""},
        {"hindered": 0},
        {"fsync": 0, "merge": False},
        {"delay_max": 10, "stragglers": 0},
        {"check": 0, "dropped": 0, "skew": 0},
        {"segment": 1_000_000},
        {"records": 1},
        *({"changes": small.changes[:count]} for count in range(len(small.changes))),
    )
    for changes in kinder:
        candidate = small.but(**changes)
        if candidate != small and fails(candidate):
            small = candidate
    return small


def _fewer(faults: Sequence[Fault], fails: Callable[[Sequence[Fault]], bool]) -> Sequence[Fault]:
    """Takes away halves, quarters, ... single faults as long as it still fails."""
    size = len(faults)
    while size:
        at = 0
        while at < len(faults):
            candidate = [*faults[:at], *faults[at + size :]]
            if fails(candidate):
                faults = candidate
            else:
                at += size
        size //= 2
    return faults


def one(seed: int) -> tuple[int, str | None, Result | None]:
    """A seed's failure text (None: passed) and figures."""
    try:
        return seed, None, run(from_seed(seed)).result()
    except EpochsFailedError as error:
        return seed, str(error), None


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the seeds; exit code 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.epochs", description=__doc__)
    parser.add_argument("--seeds", default="0-399", help="first and last seed, A-B")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    arguments = parser.parse_args(argv)
    first, last = (int(part) for part in arguments.seeds.split("-"))
    started, failed, results = time.monotonic(), 0, []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for seed, text, result in pool.map(one, range(first, last + 1), chunksize=1):
            if result is not None:
                results.append(result)
            else:
                failed += 1
                print(f"seed {seed} FAILED\n{text}\n", flush=True)
                if not arguments.keep_going:
                    pool.shutdown(cancel_futures=True)
                    break
    print(
        f"{last - first + 1} seeds, {failed} failed, {sum(one.epochs - 1 for one in results)} epochs ended, "
        f"{sum(one.late for one in results)} of them in a later view, {sum(one.blocks for one in results)} blocks, "
        f"{sum(one.events for one in results)} events, {time.monotonic() - started:.1f} s"
    )
    return 1 if failed else 0
