"""What to print when a run fails: seed, options, the smallest set of faults that still fails, and the last events."""

from collections.abc import Callable

from consensus.events import Received
from consensus.messages import Block, Certificate, Proposal, Vote
from tests.simulation.invariants import Violation
from tests.simulation.options import Fault, Options
from tests.simulation.simulation import Simulation

SHRINK_RUNS = 40


class SimulationFailedError(AssertionError):
    """A run violated an invariant; the text says how to see it again."""


def run(options: Options) -> Simulation:
    """Runs to the end.

    Raises:
        SimulationFailedError: with the whole report.
    """
    simulation = Simulation(options)
    try:
        simulation.run()
    except Exception as error:
        raise SimulationFailedError(report(options, simulation, error)) from error
    return simulation


def report(options: Options, simulation: Simulation, error: Exception) -> str:
    """The text for people."""
    small = shrink(options, failure_of(error))
    plain = options.but(faults=())
    liars = " --byzantine" if options.traitors else ""
    return "\n".join(
        [
            f"{type(error).__name__}: {error}",
            f"at {simulation.now} ms; again: python -m tests.simulation{liars} --seeds {options.seed}-{options.seed}",
            f"options: {plain}",
            f"faults ({len(options.faults)}):",
            *(f"  {fault}" for fault in options.faults),
            f"shrunk to: {differences(small, options)}",
            *(f"  {fault}" for fault in small.faults),
            "last events:",
            *(f"  {time:>8} node {machine}: {describe(event)}" for time, machine, event in simulation.script),
        ]
    )


def failure_of(error: Exception) -> str:
    """What makes two failures the same one."""
    return error.rule if isinstance(error, Violation) else type(error).__name__


def failure(options: Options) -> str | None:
    """How a run fails, None if it does not."""
    try:
        Simulation(options).run()
    except Exception as error:  # noqa: BLE001 - whatever escapes is the failure that is being shrunk
        return failure_of(error)
    return None


def shrink(options: Options, rule: str) -> Options:
    """Fewer faults and a kinder network with the same failure, within `SHRINK_RUNS` runs."""
    left = SHRINK_RUNS

    def fails(candidate: Options) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and failure(candidate) == rule

    small = options.but(faults=_fewer(options.faults, lambda faults: fails(options.but(faults=faults))))
    changes: tuple[dict[str, object], ...] = (
        {"loss": 0, "duplication": 0, "starved": ""},
        {"fsync": 0, "merge": False},
        {"delay_max": 10, "stragglers": 0},
        {"check": 0, "dropped": 0, "skew": 0},
        {"segment": 1_000_000},
        {"frozen": 0},
        {"followers": 0} if not small.faults else {},
        {"records": 1},
    )
    for kinder in changes:
        candidate = small.but(**kinder)
        if candidate != small and fails(candidate):
            small = candidate
    return small


def _fewer(faults: tuple[Fault, ...], fails: Callable[[tuple[Fault, ...]], bool]) -> tuple[Fault, ...]:
    """Takes away halves, quarters, ... single faults as long as it still fails."""
    size = len(faults)
    while size:
        at = 0
        while at < len(faults):
            candidate = faults[:at] + faults[at + size :]
            if fails(candidate):
                faults = candidate
            else:
                at += size
        size //= 2
    return faults


def differences(small: Options, options: Options) -> str:
    """The fields in which two options differ, faults by their number."""
    names = [name for name in Options.__slots__ if getattr(small, name) != getattr(options, name) and name != "faults"]
    return ", ".join([f"{len(small.faults)} faults", *(f"{name}={getattr(small, name)}" for name in names)])


def describe(event: object) -> str:
    """One event on one line."""
    if isinstance(event, Received):
        return f"<- {event.peer.hex()[:4]} {_message(event.message)}"
    return str(event)[:200]


def _message(message: object) -> str:
    match message:
        case Vote() | Certificate():
            name = type(message).__name__.lower()
            return f"{name} {message.kind.name.lower()}({message.view}, {message.parent}, {message.digest.hex()[:8]})"
        case Proposal():
            return f"proposal {_block(message.block)} digest {message.vote.digest.hex()[:8]}"
        case _:
            return str(message)[:160]


def _block(block: Block) -> str:
    return f"view {block.view} height {block.height} on view {block.parent_view} ({len(block.payload.records)} records)"
