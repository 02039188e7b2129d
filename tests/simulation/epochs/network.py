"""A network as in the other runs, in which votes that would end an epoch have a hard time: its last block is proposed again."""

from collections.abc import Callable
from random import Random

from consensus.messages import Certificate, Vote, VoteKind
from tests.simulation.epochs.options import EpochOptions

STRAGGLER_MS = 6_000
STARVED = 0.8

Deliver = Callable[[int, int, int, object], None]
"""Called with the time of arrival, sender, receiver and message, when the message is sent."""


class EpochNetwork:
    """Decides what becomes of each message.

    Attributes:
        healed: nothing is lost or doubled any more, and delays are short.
        sent: messages so far, by type name.
    """

    def __init__(self, options: EpochOptions, deliver: Deliver, ends: Callable[[bytes], bool]) -> None:
        """Wires the network; `ends` says whether a digest is that of a block that ends its epoch."""
        self.healed = False
        self.sent: dict[str, int] = {}
        self._options = options
        self._random = Random(f"network {options.seed}")
        self._deliver = deliver
        self._ends = ends
        self._cuts: dict[int, frozenset[tuple[int, int]]] = {}

    def cut(self, number: int, nodes: tuple[int, ...], others: tuple[int, ...]) -> None:
        """From now on nothing gets from `nodes` to `others`."""
        self._cuts[number] = frozenset((a, b) for a in nodes for b in others)

    def mend(self, number: int) -> None:
        """Takes one cut back."""
        self._cuts.pop(number, None)

    def heal(self) -> None:
        """Everything works from now on."""
        self.healed = True
        self._cuts.clear()

    def open(self, sender: int, receiver: int) -> bool:
        """Whether the link carries anything in this direction."""
        return not any((sender, receiver) in cut for cut in self._cuts.values())

    def send(self, now: int, sender: int, receiver: int, message: object) -> None:
        """Takes one message."""
        name = type(message).__name__
        self.sent[name] = self.sent.get(name, 0) + 1
        random, base = self._random.random, self._options.base
        if self.healed:
            self._deliver(now + 1 + int(19 * random()), sender, receiver, message)
            return
        if not self.open(sender, receiver) or (name == base.starved and random() < STARVED) or self._hinders(message):
            return
        copies = 2 if random() * 1000 < base.duplication else 1
        for _ in range(copies):
            if random() * 1000 >= base.loss:
                late = int(STRAGGLER_MS * random()) if random() * 1000 < base.stragglers else 0
                delay = base.delay_min + int((base.delay_max - base.delay_min) * random() ** base.skewness) + late
                self._deliver(now + delay, sender, receiver, message)

    def _hinders(self, message: object) -> bool:
        if not isinstance(message, Vote | Certificate) or message.kind != VoteKind.FINALIZE or not self._ends(message.digest):
            return False
        return self._random.random() * 1000 < self._options.hindered
