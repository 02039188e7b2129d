"""One run by name: everything that is drawn from the seed before the run begins, so that parts of it can be taken away."""

import dataclasses
from dataclasses import dataclass
from random import Random

SIZES = (1, 2, 3, 4, 4, 4, 4, 5, 5, 7, 10, 13)
BLOCKS = 100
MIN_CHAOS_MS = 30_000
MAX_CHAOS_MS = 600_000


@dataclass(frozen=True, slots=True)
class Fault:
    """Something goes wrong at `at` ms.

    Kinds: `pause` (nodes stand still until `until`), `cut` (messages from `nodes` to `others` are lost until `until`),
    `power` (the machines of `nodes` stop, what was not synced is lost; back at `until`), `kill` (only the process stops),
    `boundary` (power fails at the `step`-th disk operation from then on), `broken` (that operation fails with EIO),
    `full` (ENOSPC then and for a while), `blackout` (everybody's power fails then). Or power fails at that operation, and: `torn`
    (exactly `keep` bytes of what was not synced survive), `flip` (bit `keep` of the log is another one), `stale` (the log is what it
    was `keep` fsyncs ago), `snapshot` (so is all that the node had executed), `lost` (the log is gone, with `keep` all else too). Before 0 ms: already when the machines boot first.
    """

    at: int
    kind: str
    nodes: tuple[int, ...]
    until: int
    others: tuple[int, ...] = ()
    step: int = 0
    keep: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring. Times in ms, chances in permille.

    Attributes:
        validators: how many vote; nodes behind them (`followers`) only follow.
        chaos: length of the phase with faults; afterwards everything is healed and must come to an end.
        frozen: validators that stay dead through the first part of the healing (at most f).
        skewness: 1: all delays equally likely; 3: mostly short ones.
        stragglers: chance that a message takes up to 6 s more, which is longer than the protocol waits.
        starved: type of message of which most are lost in every other 20 s of the chaos; empty: none.
        dropped: chance that a record's body does not reach a peer at first.
        segment: bytes after which the write-ahead log is rotated.
        merge: the driver merges the outputs of events that arrived during an fsync.
        renewed: healing makes all links anew (nodes greet one another); else only lost messages stop being lost.
        blocks: the chaos ends early when so many are final; 0: it does not.
        backlog: clients keep that many records on their way until then, beside `records`.
        traitors: validators that lie (`byzantine`).
        behaviours: what they do, by name (`behaviours`), shared out among them; empty: habits by chance.
        twin: a validator of whose key two copies run (`twins`), -1: none.
        partitions: for each of the first views the groups of nodes that hear one another, where there are twins.
        signatures: `fast` (keyed BLAKE2) or `ed25519`.
    """

    seed: int
    validators: int
    followers: int
    chaos: int
    records: int
    loss: int
    duplication: int
    delay_min: int
    delay_max: int
    skewness: int
    stragglers: int
    starved: str
    fsync: int
    check: int
    dropped: int
    skew: int
    segment: int
    frozen: int
    merge: bool
    block_records: int
    renewed: bool
    blocks: int = 0
    backlog: int = 0
    signatures: str = "fast"
    traitors: int = 0
    behaviours: tuple[str, ...] = ()
    twin: int = -1
    partitions: tuple[tuple[tuple[int, ...], ...], ...] = ()
    faults: tuple[Fault, ...] = ()

    def but(self, **changes: object) -> "Options":
        """The same with some fields changed."""
        return dataclasses.replace(self, **changes)  # checked by the dataclass's own names


def from_seed(seed: int) -> Options:
    """The options that a seed stands for."""
    random = Random(f"options {seed}")
    n = random.choice(SIZES)
    delay_max = random.choice((2, 10, 50, 300, 1_000, 3_000))
    options = Options(
        seed=seed,
        validators=n,
        followers=random.choice((0, 0, 0, 1)),
        chaos=MAX_CHAOS_MS,
        records=random.randrange(1, 4),
        loss=random.choice((0, 0, 10, 50, 200, 500)),
        duplication=random.choice((0, 0, 50, 500)),
        delay_min=1,
        delay_max=delay_max,
        skewness=random.choice((1, 3)),
        stragglers=random.choice((0, 0, 50, 300)),
        starved=random.choice(("", "", "Certificate", "Proposal", "Vote", "Headers")),
        fsync=random.choice((0, 0, 0, 5, 30)),
        check=random.choice((0, 5, 30, 500)),
        dropped=random.choice((0, 0, 200, 800)),
        skew=random.choice((0, 100, 1_500)),
        segment=random.choice((4_000, 30_000, 1_000_000)),
        frozen=random.choice((0, 0, (n - 1) // 3)),
        merge=random.random() < 0.5,
        block_records=random.choice((1, 3, 50)),
        renewed=random.random() < 0.5,
        blocks=BLOCKS,
        backlog=random.choice((1, 2, 5, 20)),
    )
    return options.but(faults=_faults(random, n + options.followers, _time_for(options)))


def traitors_of(options: Options) -> frozenset[int]:
    """Which validators lie, or are two: the copy stands behind all validators."""
    if options.twin >= 0:
        return frozenset({options.twin, options.validators})
    return frozenset(Random(f"traitors {options.seed}").sample(range(options.validators), options.traitors))


def _time_for(options: Options) -> int:
    """About as long as the wanted blocks take, so that the faults are spread over most of them; at most `MAX_CHAOS_MS`."""
    delay = options.delay_max // (options.skewness + 1) + options.stragglers
    block = 3 * delay + options.check // 2 + 2 * options.fsync + 200 // options.backlog
    lossy = 2 + options.loss // 50 + (6 if options.starved else 0)
    return min(max(BLOCKS * block * lossy, MIN_CHAOS_MS), MAX_CHAOS_MS)


def _faults(random: Random, nodes: int, chaos: int) -> tuple[Fault, ...]:
    intensity = random.choice((0, 4, 12, 40))
    faults = []
    for _ in range(random.randrange(intensity + 1)):
        at = random.randrange(chaos)
        until = at + random.choice((100, 1_000, 3_000, 6_000, 20_000))
        kind = random.choice(("pause", "cut", "cut", "power", "kill", "boundary", "boundary", "boundary", "broken"))
        some = tuple(i for i in range(nodes) if random.random() < 0.4)
        one = (random.randrange(nodes),)
        everybody = tuple(range(nodes))
        match kind:
            case "cut":
                rest = tuple(i for i in range(nodes) if i not in some)
                faults.append(Fault(at, kind, some, until, rest))
                if random.random() < 0.5:
                    faults.append(Fault(at, kind, rest, until, some))
            case "pause":
                faults.append(Fault(at, kind, random.choice((one, some)), until))
            case _:
                step = random.randrange(12) if kind in {"boundary", "broken"} else 0
                faults.append(Fault(at, kind, random.choice((one, one, some, everybody)), until, step=step))
    return tuple(sorted(faults, key=lambda fault: fault.at))
