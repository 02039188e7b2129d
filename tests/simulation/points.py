"""Every point at which a disk can fail under a run: each operation of each node, one node or all at once, and what the disk then is like.

A quiet run of four nodes is made once, with all operations of its disks written down. Each point is a fault that strikes at one of
them in a run that is the same until then, and goes on: what was durable must come back or be refused, the invariants hold to
the end, and everything becomes final; a node whose log was refused follows and signs nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.simulation.options import Fault, Options, from_seed
from tests.simulation.simulation import Simulation

VALIDATORS = 4
BLOCKS = 8
FLIPS = 6
_AGO = (1, 2, 3, 8)
_STRIDE = 7_919


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one node's disk.

    Attributes:
        node, step: whose, and which one since the start.
        name: of the operation, or `synced`: the moment after an fsync.
        unsynced: bytes written and not synced when it begins.
        durable: bytes of the newest segment that are.
    """

    node: int
    step: int
    name: str
    unsynced: int
    durable: int


def quiet(seed: int) -> Options:
    """The run without a fault; a small segment, so that the log is rotated too."""
    return from_seed(seed).but(
        validators=VALIDATORS,
        followers=0,
        records=0,
        backlog=2,
        blocks=BLOCKS,
        block_records=1,
        chaos=20_000,
        loss=0,
        duplication=0,
        delay_max=50,
        stragglers=0,
        starved="",
        dropped=0,
        fsync=seed % 2 * 5,
        check=5,
        skew=0,
        segment=5_000,
        frozen=0,
        faults=(),
    )


@cache
def operations(seed: int) -> tuple[Operation, ...]:
    """All of the quiet run, before it is healed."""
    simulation = Simulation(quiet(seed))
    for machine in simulation.machines:
        machine.operations = []
    simulation.prepare()
    simulation.chaos()
    return tuple(
        Operation(machine.index, step, *operation)
        for machine in simulation.machines
        for step, operation in enumerate(machine.operations or ())
    )


@cache
def points(seed: int, every_byte: bool = True) -> tuple[Fault, ...]:
    """All faults of one quiet run, in an order in which each stretch holds some of each kind.

    Args:
        seed: of the quiet run.
        every_byte: a torn write is cut at each of its bytes, else at a few. Each bit of a segment is the matter of `written`.
    """
    found = [fault for operation in operations(seed) for fault in _faults(operation, every_byte)]
    return tuple(found[index * _STRIDE % len(found)] for index in range(len(found)))


def options(seed: int, fault: Fault) -> Options:
    """The run with this fault."""
    return quiet(seed).but(faults=(fault,))


def _faults(at: Operation, every_byte: bool) -> Iterator[Fault]:
    def fault(kind: str, keep: int = 0) -> Fault:
        return Fault(-1, kind, (at.node,), 0, step=at.step, keep=keep)

    yield fault("boundary")
    yield fault("blackout")
    if at.name != "synced":
        yield fault("broken")
        yield fault("full")
    if at.name == "sync" and at.unsynced:
        some = {0, 1, 7, 8, 12, 16, at.unsynced // 2, at.unsynced - 1, at.unsynced}
        for keep in range(at.unsynced + 1) if every_byte else sorted(some & set(range(at.unsynced + 1))):
            yield fault("torn", keep)
    if at.name == "write" and at.durable:
        for part in range(FLIPS):
            yield fault("flip", (8 * at.durable * part + at.step * _STRIDE % (8 * at.durable)) // FLIPS)
    if at.name == "synced":
        yield from (fault(kind, ago) for kind in ("stale", "snapshot") for ago in _AGO)
        yield fault("lost", 0)
        yield fault("lost", 1)
