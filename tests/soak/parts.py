"""What the long run consists of: one table. Whoever has another long test adds a line here.

A part is either so many numbered runs, made in this package's own processes in chunks, or a program of its own with `main(argv)`, started as
`python -m`. A program whose module is not there fails the long run.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from tests.simulation import byzantine, determinism, flood, points, shrink, twins, written
from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.invariants import Violation
from tests.simulation.options import Options, from_seed
from tests.simulation.report import SimulationFailedError, run

PAIRS = tuple(combinations(BEHAVIOURS, 2))


@dataclass(frozen=True, slots=True)
class Failure:
    """One run that failed.

    Attributes:
        number: which one of its part.
        rule: what did not hold.
        text: what there is to say about it, on some lines.
    """

    number: int
    rule: str
    text: str


Chunk = Callable[[Sequence[int], bool, str], list[Failure]]
"""Makes the runs of these numbers; whether the first failure among them is to be shrunk; the name of a planted defect."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Numbered runs.

    Attributes:
        name: of the part.
        total: how many there are; a function where that has to be found out.
        chunk: makes some.
        size: how many at a time, some seconds' worth.
    """

    name: str
    total: int | Callable[[], int]
    chunk: Chunk
    size: int


@dataclass(frozen=True, slots=True)
class Program:
    """A program with its own summary; exit code 0 means that it passed."""

    name: str
    module: str
    arguments: tuple[str, ...]


def simulated(make: Callable[[int], tuple[Options, str]], numbers: Iterable[int], small: bool, mutant: str) -> list[Failure]:
    """Runs of a simulation; `make` gives the options and the arguments of `python -m tests.simulation` that stand for them."""
    failures = []
    for number in numbers:
        options, again = make(number)
        if not small or failures:
            rule = shrink.failure(options)
            failures += [Failure(number, rule, f"again: python -m tests.simulation {again}")] if rule else []
            continue
        try:
            run(options, again, mutant)
        except SimulationFailedError as error:
            failures.append(Failure(number, error.rule, f"script: {error.script}\n{error}"))
    return failures


def _swarm(number: int) -> tuple[Options, str]:
    return from_seed(number), f"--seeds {number}-{number}"


def _habits(number: int) -> tuple[Options, str]:
    return byzantine.options_from_seed(number), f"--byzantine --seeds {number}-{number}"


def _behaviours(sets: Sequence[tuple[str, ...]], number: int) -> tuple[Options, str]:
    seed, place = divmod(number, len(sets))
    names = sets[place]
    return byzantine.named_options(seed, names), f"--behaviours '{','.join(names)}' --seeds {seed}-{seed}"


def _twins(number: int) -> tuple[Options, str]:
    return twins.scenario(number), f"--twins --seeds {number}-{number}"


QUIET_RUNS = (0, 1)


def _points(number: int) -> tuple[Options, str]:
    index, place = divmod(number, len(QUIET_RUNS))
    seed = QUIET_RUNS[place]
    index %= len(points.points(seed))
    return points.options(seed, points.points(seed)[index]), f"--points {seed} --seeds {index}-{index}"


def _all_points() -> int:
    return len(QUIET_RUNS) * max(len(points.points(seed)) for seed in QUIET_RUNS)


def _bytes(numbers: Iterable[int], _small: bool, _mutant: str) -> list[Failure]:
    """Every prefix and every flipped bit of the log of one node of one quiet run."""
    failures = []
    for number in numbers:
        seed, node = divmod(number, points.VALIDATORS)
        try:
            written.check_every_byte(written.Written(seed, node))
        except Violation as violation:
            failures.append(Failure(number, violation.rule, f"quiet run {seed}, node {node}: {violation}"))
    return failures


def _determinism(numbers: Sequence[int], _small: bool, _mutant: str) -> list[Failure]:
    different, _ = determinism.compare(numbers)
    return [Failure(seed, "determinism", f"seed {seed}: another trace under another PYTHONHASHSEED") for seed in different]


def _flood(numbers: Iterable[int], _small: bool, _mutant: str) -> list[Failure]:
    failures = []
    for number in numbers:
        try:
            flood.Flooded(number, seconds=300).run()
        except Violation as violation:
            failures.append(Failure(number, violation.rule, f"flood of seed {number}: {violation}"))
    return failures


ALONE = tuple((name,) for name in BEHAVIOURS)

PARTS: tuple[Runs | Program, ...] = (
    Runs("swarm", 50_000, partial(simulated, _swarm), 10),
    Runs("habits", 20_000, partial(simulated, _habits), 20),
    Runs("behaviours", len(ALONE) * 2_000, partial(simulated, partial(_behaviours, ALONE)), 20),
    Runs("pairs", len(PAIRS) * 200, partial(simulated, partial(_behaviours, PAIRS)), 20),
    Runs("twins", 100_000, partial(simulated, _twins), 50),
    Runs("points", _all_points, partial(simulated, _points), 50),
    Runs("bytes", 10 * points.VALIDATORS, _bytes, 1),
    Runs("determinism", 500, _determinism, 10),
    Runs("flood", 20, _flood, 1),
    Program("epochs", "tests.simulation.epochs", ("--seeds", "0-3999", "--keep-going")),
    Program("model", "tests.model", ("--traces", "20000", "--explore", "full")),
    Program("scale", "tests.simulation.scale", ("--nodes", "64,100", "--seeds", "20")),
    Program("cluster", "tests.cluster", ("--minutes", "10")),
    Program("fuzz", "tests.fuzz", ("--inputs", "1000000")),
    Program("flips", "tests.support.flips", ("--flips", "100000")),
    Program("acceptance", "tests.acceptance", ()),
    Program("attack", "tests.attack", ("--cubes", "1000")),
    Program("mutation", "tests.mutation", ()),
)
