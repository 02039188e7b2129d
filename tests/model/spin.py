"""SPIN on `consensus/spec/simplex.pml`: random runs as traces, and verifiers compiled and run to the end.

Debian's packages `spin` and `gcc` are all it takes; nothing is written outside a temporary folder.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "consensus" / "spec" / "simplex.pml"
MEMORY_MB = 2_000
DEPTH = 1_000
"""Steps of one run at most; the deepest found has 36."""

TRACE_VIEWS = 4
STEPS = 20_000
"""SPIN's steps of one simulation; a run of four views takes some 800 of them."""


def missing() -> str | None:
    """What is not installed of what it takes."""
    return next((name for name in ("spin", "gcc") if shutil.which(name) is None), None)


# --- traces -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the model, and the view and final block of the validator after it.

    `block` and `parent` number blocks as the model does: 0 is genesis, 2(view-1)+k the k-th one of a view.
    """

    what: str
    who: int
    view: int
    variant: int
    parent: int
    view_after: int
    floor_after: int

    @property
    def block(self) -> int:
        """The block it is about; of a nullification, none."""
        return block_number(self.view, self.variant)


def block_number(view: int, variant: int) -> int:
    return 2 * (view - 1) + variant


def view_of(block: int) -> int:
    return (block + 1) // 2


def variant_of(block: int) -> int:
    return block - 2 * (view_of(block) - 1)


@dataclass(frozen=True, slots=True)
class Trace:
    """One run. `name` is the simulation's seed and the run's number in it, and enough to get it again; `shift`: see the model."""

    name: str
    shift: int
    steps: tuple[Step, ...]


_STEP = re.compile(r"^ *(lead|notarize|nullify|finalize|notar|null|final) (\d) (\d) (\d) (\d) -> (\d) (\d)$")
_RUN = re.compile(r"^ *RUN \d (\d)$")


def simulate(seed: int) -> list[Trace]:
    """All complete runs of one random simulation. Every fourth leader arrangement; odd seeds are spared most timeouts."""
    shift, calm = seed % 4, seed // 4 % 2
    switches = ["-DTRACE", f"-DVIEWS={TRACE_VIEWS}", f"-DSHIFT={shift}", *(["-DCALM"] if calm else [])]
    with tempfile.TemporaryDirectory() as folder:
        told = _run(["spin", "-T", f"-n{seed + 1}", f"-u{STEPS}", *switches, str(SPEC)], folder)
    runs: list[list[Step]] = []
    for line in told.splitlines():
        if _RUN.match(line):
            runs.append([])
        elif match := _STEP.match(line):
            what, *numbers = match.groups()
            runs[-1].append(Step(what, *(int(number) for number in numbers)))
    return [Trace(f"{seed}.{number}", shift, tuple(steps)) for number, steps in enumerate(runs[:-1])]


def traces(first: int = 0) -> Iterator[Trace]:
    """Runs of one simulation after the other, without end."""
    seed = first
    while True:
        yield from simulate(seed)
        seed += 1


# --- verification -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verified:
    """What an exhaustive search found.

    Attributes:
        broken: the first rule that does not hold, None if all do.
        complete: whether every reachable state was visited.
        states, transitions: how many; depth: the longest run.
        seconds: processor time of the search.
    """

    broken: str | None
    complete: bool
    states: int
    transitions: int
    depth: int
    seconds: float


def verify(switches: Sequence[str], *, bits: int = 0, optimize: str = "-O1") -> Verified:
    """Searches all runs of the model with these switches, until the first violation.

    Args:
        switches: names the model knows, such as `VIEWS=2`.
        bits: 0 to store every state; else the size of a bitstate table, as a power of two: a very large sample then.
        optimize: gcc's level; `-O2` pays for searches of minutes.
    """
    store = ["-DBITSTATE"] if bits else ["-DCOLLAPSE"]
    with tempfile.TemporaryDirectory() as folder:
        _run(["spin", "-a", *(f"-D{one}" for one in switches), str(SPEC)], folder)
        _run(["gcc", "-w", optimize, "-DSAFETY", "-DNOREDUCE", *store, f"-DMEMLIM={MEMORY_MB}", "-o", "pan", "pan.c"], folder)
        before = os.times().children_user
        told = _run([str(Path(folder) / "pan"), f"-m{DEPTH}", "-n", *([f"-w{bits}"] if bits else [])], folder)
        seconds = os.times().children_user - before
    broken = re.search(r"assertion violated  ?!\((\w+)\)", told)
    failed = re.search(r"errors: (\d+)", told)
    if failed is None or (int(failed[1]) > 0) != (broken is not None):
        raise AssertionError(f"SPIN with {switches} says what is not expected:\n{told}")
    complete = broken is None and "Search not completed" not in told and "max search depth too small" not in told and not bits
    return Verified(
        broken[1] if broken else None,
        complete,
        _number(r"(\S+) states, stored", told),
        _number(r"(\S+) transitions", told),
        _number(r"depth reached (\d+)", told),
        seconds,
    )


def _number(pattern: str, text: str) -> int:
    match = re.search(pattern, text)
    return int(float(match[1])) if match else 0


def _run(command: list[str], folder: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0 and not command[0].endswith("pan"):
        raise AssertionError(f"{' '.join(command)}:\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    return done.stdout
