"""What goes wrong, drawn from a seed beforehand, so that a run can be told and repeated; and how it is done to a fleet.

A run is rounds: one or two faults begin, hold for some seconds, end together; then everything is well for a while. Kinds:

    loss, delay      every packet between nodes may be lost, or is late, and out of order
    one-way          what a node says does not arrive; it hears everybody
    ragged           some directions of some links are cut, at random
    split            two halves that do not hear each other
    bridge           two halves that share one node
    deaf             clients do not get a node's answers
    kill, kill-all   SIGKILL, and a start later
    freeze           SIGSTOP, SIGCONT later
    full-disk        no room any more; the process ends with 74; room again, and a start
    clock            one node's wall clock jumps an hour ahead or back, and returns
"""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from node.errors import Exit
from tests.support.fleet import HUB, Fleet, Node
from tests.support.switch import Rule, last_byte

HOUR = 3_600
NETWORK = ("loss", "delay", "one-way", "ragged", "split", "bridge", "deaf")
NODES = ("kill", "kill-all", "freeze", "full-disk", "clock")
DISK_SECONDS = 30.0
"""Within this a node that writes must have noticed that its disk is full."""

_Effect = Callable[[int, int], tuple[float, float, float]]
_HUB = last_byte(HUB)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its kind, the places of the nodes it is about, a number (share of packets, seconds)."""

    kind: str
    nodes: tuple[int, ...] = ()
    amount: float = 0.0

    def __str__(self) -> str:
        about = f" {','.join(map(str, self.nodes))}" if self.nodes else ""
        return f"{self.kind}{about}{f' {self.amount:g}' if self.amount else ''}"

    def quorum(self, count: int, quorum: int) -> bool:
        """Whether, with this fault alone, a quorum is up, connected both ways and on time: then it must go on meanwhile."""
        match self.kind:
            case "one-way" | "freeze" | "full-disk" | "clock" | "kill":
                return count - len(self.nodes) >= quorum
            case "split":
                return max(len(self.nodes), count - len(self.nodes)) >= quorum
            case "deaf":
                return True
            case _:
                return False


@dataclass(frozen=True, slots=True)
class Round:
    """Faults that hold together for some seconds, and how long everything is well afterwards."""

    faults: tuple[Fault, ...]
    hold: float
    rest: float

    def __str__(self) -> str:
        return f"{' + '.join(map(str, self.faults))} for {self.hold:.0f} s"

    def goes_on(self, count: int, quorum: int) -> bool:
        """Whether the cluster must go on meanwhile."""
        return len(self.faults) == 1 and self.faults[0].quorum(count, quorum)


def plan(seed: int, count: int, small: int, *, clocks: bool) -> Iterator[Round]:
    """Rounds without end: every kind once in a random order, then again in another.

    Args:
        seed: draws everything.
        count: nodes.
        small: the place of the one whose disk can become full.
        clocks: whether clocks can be put wrong here.
    """
    draw = random.Random(f"nemesis {seed}")
    while True:
        kinds = [kind for kind in NETWORK + NODES if clocks or kind != "clock"]
        draw.shuffle(kinds)
        for kind in kinds:
            faults = [_fault(draw, kind, count, small)]
            if draw.random() < 0.35:
                other = draw.choice(NODES if kind in NETWORK else NETWORK)
                if clocks or other != "clock":
                    faults.append(_fault(draw, other, count, small))
            yield Round(tuple(faults), draw.uniform(5, 20), draw.uniform(2, 5))


SHORT = (
    Round((Fault("split", (0, 1)),), 4.0, 0.5),
    Round((Fault("kill", (2,)), Fault("loss", (), 0.05)), 3.0, 0.5),
    Round((Fault("clock", (1,), HOUR),), 4.0, 0.5),
)
"""For four nodes, in the test command."""


def _fault(draw: random.Random, kind: str, count: int, small: int) -> Fault:
    places = draw.sample(range(count), count)
    match kind:
        case "loss":
            return Fault(kind, (), round(draw.uniform(0.02, 0.3), 2))
        case "delay":
            return Fault(kind, (), round(draw.uniform(0.02, 0.4), 2))
        case "one-way" | "freeze" | "deaf":
            return Fault(kind, (places[0],))
        case "ragged":
            return Fault(kind, (), draw.randrange(1, 1 << 16))
        case "split":
            return Fault(kind, tuple(sorted(places[: draw.randrange(1, count // 2 + 1)])))
        case "bridge":
            return Fault(kind, tuple(places))
        case "kill":
            return Fault(kind, tuple(sorted(places[: draw.randrange(1, (count - 1) // 3 + 1)])))
        case "kill-all":
            return Fault(kind, tuple(range(count)))
        case "full-disk":
            return Fault(kind, (small,))
        case "clock":
            return Fault(kind, (places[0],), draw.choice((-HOUR, HOUR)))
    raise ValueError(kind)


class Nemesis:
    """Does faults to a fleet, and undoes them.

    Attributes:
        jumped: codes of nodes whose clock was wrong at some time.
        violations: what a fault itself has shown to be wrong.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.jumped: set[str] = set()
        self.violations: list[str] = []
        self._fleet = fleet

    def begin(self, faults: Sequence[Fault]) -> None:
        """All of them begin; may take a second."""
        self._fleet.switch.set(rules(self._fleet.nodes, [fault for fault in faults if fault.kind in NETWORK]))
        for fault in faults:
            nodes = [self._fleet.nodes[place] for place in fault.nodes]
            match fault.kind:
                case "kill" | "kill-all":
                    self._fleet.kill(*nodes)
                case "freeze":
                    self._fleet.freeze(nodes[0])
                case "full-disk":
                    self._fleet.fill_disk()
                case "clock":
                    self.jumped.add(nodes[0].code)
                    self._fleet.set_clock(nodes[0], int(fault.amount))

    def end(self, faults: Sequence[Fault]) -> None:
        """All of them end: roads first, then nodes; those that are down are started."""
        fleet = self._fleet
        fleet.switch.set([])
        for fault in faults:
            nodes = [fleet.nodes[place] for place in fault.nodes]
            match fault.kind:
                case "freeze":
                    fleet.thaw(nodes[0])
                case "full-disk":
                    code = fleet.wait_end(nodes[0], DISK_SECONDS)
                    if code != Exit.DISK:
                        ended = "does not end" if code is None else f"ends with {code}, not {Exit.DISK:d}"
                        self.violations.append(f"{nodes[0].code} has a full disk and {ended}:\n{fleet.log_end(nodes[0])}")
                    fleet.free_disk()
                case "clock":
                    fleet.set_clock(nodes[0], 0)
        for node in fleet.nodes:
            if not node.running:
                fleet.start(node)


def rules(nodes: Sequence[Node], faults: Sequence[Fault]) -> list[Rule]:
    """The switch's rules for these faults together; times add up, chances to arrive multiply."""
    found: list[Rule] = []
    effects = [_effect(fault, len(nodes)) for fault in faults]
    hub = len(nodes)
    for origin, to in itertools.permutations(range(hub + 1), 2):
        arrives, delay, jitter = 1.0, 0.0, 0.0
        for effect in effects:
            loss, more, uneven = effect(origin, to)
            arrives, delay, jitter = arrives * (1 - loss), delay + more, jitter + uneven
        if arrives < 1 or delay:
            ports = [nodes[place].port if place < hub else _HUB for place in (origin, to)]
            found.append((ports[0], ports[1], 1 - arrives, delay, jitter))
    return found


def _effect(fault: Fault, count: int) -> _Effect:
    """Loss, delay and jitter from one place to another; the place behind the last node's is the clients'."""
    cut, clear = (1.0, 0.0, 0.0), (0.0, 0.0, 0.0)

    def between(wrong: Callable[[int, int], tuple[float, float, float]]) -> _Effect:
        return lambda origin, to: wrong(origin, to) if max(origin, to) < count else clear

    match fault.kind:
        case "loss":
            return between(lambda *_: (fault.amount, 0.0, 0.0))
        case "delay":
            return between(lambda *_: (0.0, fault.amount, fault.amount / 4))
        case "one-way":
            return between(lambda origin, _: cut if origin in fault.nodes else clear)
        case "ragged":
            draw = random.Random(fault.amount)
            gone = {pair for pair in itertools.permutations(range(count), 2) if draw.random() < 0.3}
            return between(lambda origin, to: cut if (origin, to) in gone else clear)
        case "split":
            return between(lambda origin, to: cut if (origin in fault.nodes) != (to in fault.nodes) else clear)
        case "bridge":
            bridge, rest = fault.nodes[0], fault.nodes[1:]
            left = rest[: len(rest) // 2]
            return between(lambda origin, to: cut if bridge not in {origin, to} and (origin in left) != (to in left) else clear)
        case "deaf":
            return lambda origin, to: cut if origin in fault.nodes and to == count else clear
    raise ValueError(fault.kind)
