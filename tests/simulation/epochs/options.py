"""One run by name: network, faults, liars, and the lists of validators that are to follow one another."""

import dataclasses
from dataclasses import dataclass
from random import Random

from tests.simulation.options import Fault, Options

MACHINES = (2, 3, 4, 5, 5, 6, 6, 7, 8)
WITH_TRAITORS = 0.3
LATEST = 0.9
"""The last change is asked for when this much of the chaos is over."""

Member = tuple[int, int]
"""A validator: the machine's number, and which of its keys, the first one being 0."""


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody asks at `at` ms for other validators."""

    at: int
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class EpochOptions:
    """See the module's docstring.

    Attributes:
        machines: how many there are; those of a list vote, the others follow.
        first: the validators of epoch 0.
        changes: asked for one after the other; one that is asked for before another came into force replaces it.
        traitors, sleepers: machines that lie, and that are down from `asleep` until all others have come to an end: in each list
            no more of both than it bears.
        hindered: permille of finalize votes and FINALs of blocks that end an epoch that are lost during the chaos.
        pruned: ms after which logs of old epochs are deleted.
        base: the rest: network, disk, application, faults.
    """

    seed: int
    machines: int
    first: tuple[Member, ...]
    changes: tuple[Change, ...]
    traitors: frozenset[int]
    sleepers: frozenset[int]
    asleep: int
    hindered: int
    pruned: int
    base: Options

    def but(self, **changes: object) -> "EpochOptions":
        """The same with some fields changed; those of `base` by their names too."""
        own = {name: value for name, value in changes.items() if name in EpochOptions.__slots__}
        rest = {name: value for name, value in changes.items() if name not in own}
        base = dataclasses.replace(self.base, **rest)  # checked by the dataclass's own names
        return dataclasses.replace(self, base=base, **own)  # likewise

    @property
    def lists(self) -> tuple[tuple[Member, ...], ...]:
        """Every list that there may be, the first epoch's at first."""
        return (self.first, *(change.members for change in self.changes))


def from_seed(seed: int) -> EpochOptions:
    """The run that a seed stands for."""
    random = Random(f"epochs {seed}")
    machines = random.choice(MACHINES)
    bad = _bad(random, machines)
    chaos = random.choice((15_000, 30_000, 60_000))
    traitors = frozenset(bad[: len(bad) if random.random() < WITH_TRAITORS else 0])
    first, *later = _lists(random, machines, frozenset(bad), 1 + random.choice((1, 2, 3, 3, 4, 6)))
    base = Options(
        seed=seed,
        validators=machines,
        followers=0,
        chaos=chaos,
        records=random.randrange(2, 25),
        loss=random.choice((0, 0, 10, 50, 200, 400)),
        duplication=random.choice((0, 0, 50, 500)),
        delay_min=1,
        delay_max=random.choice((2, 10, 50, 300, 1_000)),
        skewness=random.choice((1, 3)),
        stragglers=random.choice((0, 0, 50, 300)),
        starved=random.choice(("", "", "", "Certificate", "Proposal", "Vote", "Headers", "Status")),
        fsync=random.choice((0, 0, 5, 30)),
        check=random.choice((0, 5, 30, 500)),
        dropped=random.choice((0, 0, 200, 800)),
        skew=random.choice((0, 100, 1_500)),
        segment=random.choice((2_000, 20_000, 1_000_000)),
        frozen=0,
        merge=random.random() < 0.5,
        block_records=random.choice((1, 3, 50)),
        renewed=random.random() < 0.5,
        faults=_faults(random, machines, chaos),
    )
    return EpochOptions(
        seed=seed,
        machines=machines,
        first=first,
        changes=tuple(Change(at, members) for at, members in zip(_times(random, chaos, len(later)), later, strict=True)),
        traitors=traitors,
        sleepers=frozenset(bad) - traitors,
        asleep=random.choice((0, 3_000, chaos // 2)) if random.random() < 0.7 else chaos,
        hindered=random.choice((0, 500, 800, 950)),
        pruned=random.choice((0, 1_000, 20_000)),
        base=base,
    )


def _bad(random: Random, machines: int) -> list[int]:
    """Machines that lie or sleep; where lists are too short to bear one, it is in none of them."""
    most = max(1, (machines - 1) // 3)
    return random.sample(range(machines), random.choice((0, most, most)))


def _lists(random: Random, machines: int, bad: frozenset[int], count: int) -> list[tuple[Member, ...]]:
    """Lists of which each bears the bad ones in it; keys are replaced now and then and never come back."""
    key = [0] * machines
    found: list[tuple[Member, ...]] = []
    while len(found) < count:
        members = random.sample(range(machines), random.randint(1, machines))
        if found and random.random() < 0.3:
            members = [machine for machine, _ in found[-1]]
        if sum(machine in bad for machine in members) > (len(members) - 1) // 3:
            continue
        for machine in members if found else ():
            key[machine] += random.random() < 0.4
        found.append(tuple((machine, key[machine]) for machine in members))
    return found


def _times(random: Random, chaos: int, count: int) -> list[int]:
    return sorted(random.randrange(int(chaos * LATEST)) for _ in range(count))


def _faults(random: Random, machines: int, chaos: int) -> tuple[Fault, ...]:
    """Of every kind, and `change`: power fails at the `step`-th disk operation from when the next epoch's log is made."""
    faults = []
    for _ in range(random.randrange(random.choice((1, 5, 13, 30)))):
        at = random.randrange(chaos)
        until = at + random.choice((100, 1_000, 3_000, 6_000, 15_000))
        kind = random.choice(("pause", "cut", "cut", "power", "kill", "boundary", "boundary", "broken", "change", "change"))
        some = tuple(i for i in range(machines) if random.random() < 0.4)
        one = (random.randrange(machines),)
        if kind == "cut":
            rest = tuple(i for i in range(machines) if i not in some)
            faults.append(Fault(at, kind, some, until, rest))
            if random.random() < 0.5:
                faults.append(Fault(at, kind, rest, until, some))
        else:
            step = random.randrange(14 if kind == "change" else 30)
            nodes = random.choice((one, one, some, tuple(range(machines))))
            faults.append(Fault(at, kind, nodes, until, step=step))
    return tuple(sorted(faults, key=lambda fault: fault.at))
