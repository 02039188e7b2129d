"""A network that loses, doubles, delays and reorders, and that can be cut in one direction only."""

from collections.abc import Callable
from random import Random

from tests.simulation.options import Options

STRAGGLER_MS = 6_000
STARVED = 0.8

Deliver = Callable[[int, int, int, object], None]
"""Called with the time of arrival, sender, receiver and message."""


class Network:
    """Decides what becomes of each message.

    Attributes:
        healed: nothing is lost or doubled any more, and delays are short.
        sent: messages so far, by type name.
    """

    def __init__(self, options: Options, random: Random, deliver: Deliver) -> None:
        self.healed = False
        self.sent: dict[str, int] = {}
        self._options = options
        self._random = random
        self._deliver = deliver
        self._cuts: dict[int, frozenset[tuple[int, int]]] = {}
        self._blocked: frozenset[tuple[int, int]] = frozenset()

    def cut(self, number: int, nodes: tuple[int, ...], others: tuple[int, ...]) -> None:
        """From now on nothing gets from `nodes` to `others`."""
        self._cuts[number] = frozenset((a, b) for a in nodes for b in others)
        self._blocked = frozenset().union(*self._cuts.values())

    def mend(self, number: int) -> None:
        """Takes one cut back."""
        self._cuts.pop(number, None)
        self._blocked = frozenset().union(*self._cuts.values())

    def heal(self) -> None:
        """Everything works from now on."""
        self.healed = True
        self._cuts.clear()
        self._blocked = frozenset()

    def open(self, sender: int, receiver: int) -> bool:
        """Whether the link carries anything in this direction."""
        return (sender, receiver) not in self._blocked

    def send(self, now: int, sender: int, receiver: int, message: object) -> None:
        """Takes one message."""
        name = type(message).__name__
        self.sent[name] = self.sent.get(name, 0) + 1
        random, options = self._random.random, self._options
        if self.healed:
            self._deliver(now + 1 + int(19 * random()), sender, receiver, message)
            return
        if (sender, receiver) in self._blocked:
            return
        if name == options.starved and random() < STARVED:
            return
        copies = 2 if options.duplication and random() * 1000 < options.duplication else 1
        spread = options.delay_max - options.delay_min
        for _ in range(copies):
            if not options.loss or random() * 1000 >= options.loss:
                late = int(STRAGGLER_MS * random()) if options.stragglers and random() * 1000 < options.stragglers else 0
                delay = options.delay_min + int(spread * random() ** options.skewness) + late
                self._deliver(now + delay, sender, receiver, message)
