"""Makes a failing run small while it fails in the same way: first its options (fewer faults, a kinder network), then its script, event by
event. Both are bounded in runs, the second in seconds too; what is left when the bound is reached still fails.
"""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.simulation import drivers
from tests.simulation.invariants import Violation
from tests.simulation.options import Options
from tests.simulation.script import Deliver, Line, Script

OPTION_RUNS = 40
FEW_VALIDATORS = 4
SCRIPT_RUNS = 400
SCRIPT_SECONDS = 30.0

_T = TypeVar("_T")


def failure_of(error: Exception) -> str:
    """What makes two failures the same one."""
    return error.rule if isinstance(error, Violation) else type(error).__name__


def failure(options: Options) -> str | None:
    """How a run fails, None if it does not."""
    try:
        drivers.simulation(options).run()
    except Exception as error:  # noqa: BLE001 - whatever escapes is the failure that is being shrunk
        return failure_of(error)
    return None


def record(options: Options, plan: Script | None = None) -> Script:
    """Runs, by the script if there is one, and gives the script of what happened; its failure is empty if nothing failed."""
    simulation = drivers.simulation(options, plan, record=True)
    try:
        simulation.run()
    except Exception as error:  # noqa: BLE001 - see `failure`
        return simulation.script(failure_of(error), str(error))
    return simulation.script()


def replay(script: Script) -> Script:
    """What happens when it is run again."""
    return record(script.run.options, script)


def shrink(options: Options, rule: str) -> Options:
    """Fewer faults and a kinder network with the same failure, within `OPTION_RUNS` runs."""
    left = OPTION_RUNS

    def fails(candidate: Options) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and failure(candidate) == rule

    if options.validators > FEW_VALIDATORS and not options.traitors and fails(fewer := _on_fewer_machines(options)):
        options = fewer
    small = options.but(faults=_fewer(options.faults, lambda faults: fails(options.but(faults=tuple(faults)))))
    changes: tuple[dict[str, object], ...] = (
        {"loss": 0, "duplication": 0, "starved": ""},
        {"fsync": 0, "merge": False},
        {"delay_max": 10, "stragglers": 0},
        {"check": 0, "dropped": 0, "skew": 0},
        {"segment": 1_000_000},
        {"frozen": 0},
        {"followers": 0} if not small.faults else {},
        {"records": 1},
        {"backlog": 0},
    )
    for kinder in changes:
        candidate = small.but(**kinder)
        if candidate != small and fails(candidate):
            small = candidate
    return small


def _on_fewer_machines(options: Options) -> Options:
    """The same with four validators and what still happens to them."""
    few = range(FEW_VALIDATORS)
    faults = tuple(fault for fault in options.faults if all(node in few for node in (*fault.nodes, *fault.others)))
    return options.but(validators=FEW_VALIDATORS, followers=0, frozen=min(options.frozen, 1), faults=faults)


def shrink_script(script: Script, runs: int = SCRIPT_RUNS, seconds: float = SCRIPT_SECONDS) -> Script:
    """Fewer events with the same failure: deliveries become losses, faults and submissions do not happen.

    First all of a kind, all to and all from one node; then halves, quarters, ... single events. Each smaller run is recorded anew, so
    lines for messages that are no longer sent go at once. `seconds` are of this process's time.
    """
    rule, small, left, until = script.run.failure, script, runs, time.process_time() + seconds

    def fails(lines: Sequence[object]) -> bool:
        nonlocal small, left
        left -= 1
        if left < 0 or time.process_time() > until:
            return False
        found = replay(small.but(lines))
        if found.run.failure != rule or len(found.lines) >= len(small.lines):
            return False
        small = found
        return True

    for group in sorted({key for line in small.lines for key in _groups(line)}):
        fails([line for line in small.lines if group not in _groups(line)])
    size = len(small.lines) // 2
    while size and left > 0 and time.process_time() < until:
        at = before = len(small.lines)
        while at > 0:
            start = max(0, at - size)
            fails(small.lines[:start] + small.lines[at:])
            at = min(start, len(small.lines))
        size = size // 2 if size > 1 or len(small.lines) == before else 1
    return small


def _groups(line: Line) -> tuple[str, ...]:
    """What an event is one of."""
    if isinstance(line, Deliver):
        return f"kind {line.label.rstrip('0123456789')}", f"to {line.receiver}", f"from {line.sender}"
    return (type(line).__name__,)


def _fewer(items: tuple[_T, ...], fails: Callable[[tuple[_T, ...]], bool]) -> tuple[_T, ...]:
    """Takes away halves, quarters, ... single ones as long as it still fails."""
    size = len(items)
    while size:
        at = 0
        while at < len(items):
            candidate = items[:at] + items[at + size :]
            if fails(candidate):
                items = candidate
            else:
                at += size
        size //= 2
    return items
