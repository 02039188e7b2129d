"""What to print when a run fails: seed, options, the smallest set of faults that still fails, the shortest script, the last events."""

import os
from pathlib import Path

from consensus.events import Received
from consensus.messages import Block, Certificate, Proposal, Vote
from tests.simulation import drivers, shrink
from tests.simulation.options import Options
from tests.simulation.script import Script
from tests.simulation.simulation import Simulation

DIRECTORY = Path(__file__).resolve().parents[2] / ".simulation"
SHOWN_LINES = 80


class SimulationFailedError(AssertionError):
    """A run violated an invariant; the text says how to see it again.

    Attributes:
        rule: which one.
        script: the file with the shrunk script.
    """

    def __init__(self, text: str, rule: str, script: Path) -> None:
        super().__init__(text)
        self.rule = rule
        self.script = script


def run(options: Options, again: str = "", mutant: str = "") -> Simulation:
    """Runs to the end.

    Args:
        options: of the run.
        again: arguments of `python -m tests.simulation` that stand for it; by default what is known from the options.
        mutant: the defect that was planted, for the script.

    Raises:
        SimulationFailedError: with the whole report.
    """
    simulation = drivers.simulation(options)
    try:
        simulation.run()
    except Exception as error:
        rule = shrink.failure_of(error)
        small = shrink.shrink(options, rule)
        script = shortest(small, rule, mutant)
        path = DIRECTORY / f"{_name(options)}-{rule}.jsonl"
        script.write(path)
        text = report(options, simulation, error, small, script, path, again or _again(options))
        raise SimulationFailedError(text, rule, path) from error
    return simulation


def shortest(options: Options, rule: str, mutant: str = "") -> Script:
    """The shrunk script of a failing run. Should recording change the failure, the script says what it became."""
    script = shrink.record(options)
    small = shrink.shrink_script(script) if script.run.failure == rule else script
    head = type(small.run)(
        small.run.options, small.run.end, small.run.heals, small.run.failure, small.run.text, small.run.trace, mutant
    )
    return Script(head, small.lines, small.notes)


def report(
    options: Options, simulation: Simulation, error: Exception, small: Options, script: Script, path: Path, again: str
) -> str:
    """The text for people."""
    lines = script.text()[1:]
    shown = lines if len(lines) <= SHOWN_LINES else [f"the last {SHOWN_LINES} of {len(lines)} lines", *lines[-SHOWN_LINES:]]
    return "\n".join(
        [
            f"{type(error).__name__}: {error}",
            f"at {simulation.now} ms; again: python -m tests.simulation {again}",
            f"options: {options.but(faults=())}",
            f"faults ({len(options.faults)}):",
            *(f"  {fault}" for fault in options.faults),
            f"shrunk to: {differences(small, options)}",
            *(f"  {fault}" for fault in small.faults),
            f"script of {len(script.lines)} events, {script.run.failure}: {script.run.text}",
            f"replay it: python -m tests.simulation --replay {os.path.relpath(path)}",
            *(f"  {line}" for line in shown),
            "last events of the whole run:",
            *(f"  {time:>8} node {machine}: {describe(event)}" for time, machine, event in simulation.last),
        ]
    )


def _name(options: Options) -> str:
    kind = "twins" if options.twin >= 0 else "-".join(options.behaviours) or ("byzantine" if options.traitors else "swarm")
    return f"{kind.replace(' ', '_')}-{options.seed}-{os.getpid()}"


def _again(options: Options) -> str:
    kind = "--twins " if options.twin >= 0 else "--byzantine " if options.traitors else ""
    if options.behaviours:
        kind = f"--behaviours '{','.join(options.behaviours)}' "
    return f"{kind}--seeds {options.seed}-{options.seed}"


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
