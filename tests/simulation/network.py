"""A network that loses, doubles, delays and reorders, and that can be cut in one direction only.

What becomes of a message is drawn by chance, or read from a script; either way it can be recorded as a script.
"""

from collections.abc import Callable, Iterable
from random import Random

from tests.simulation import script
from tests.simulation.options import Options

STRAGGLER_MS = 6_000
STARVED = 0.8
STARVED_MS = 20_000

Arrive = Callable[[int, int, int, object], None]
"""Called with the time of arrival, sender, receiver and message."""


class Network:
    """Decides what becomes of each message.

    Attributes:
        healed: nothing is lost or doubled any more, and delays are short.
        sent: messages so far, by type name.
        recorded: what arrives of the messages sent before the healing; None: it is not recorded.
    """

    def __init__(self, options: Options, arrive: Arrive, plan: script.Script | None = None, record: bool = False) -> None:
        self.healed = False
        self.sent: dict[str, int] = {}
        self.recorded: list[script.Deliver] | None = [] if record else None
        self._options = options
        self._random = Random(f"network {options.seed}")
        self._arrive = arrive
        self._plan = None if plan is None else plan.fates()
        self._labels: dict[tuple[int, int, str], int] = {}
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
        self._random = Random(f"healed network {self._options.seed}")
        self._cuts.clear()
        self._blocked = frozenset()

    def open(self, sender: int, receiver: int) -> bool:
        """Whether the link carries anything in this direction."""
        return (sender, receiver) not in self._blocked

    def send(self, now: int, sender: int, receiver: int, message: object) -> None:
        """Takes one message."""
        name = type(message).__name__
        self.sent[name] = self.sent.get(name, 0) + 1
        if self.healed:
            self._arrive(now + 1 + int(19 * self._random.random()), sender, receiver, message)
        elif self._plan is None and self.recorded is None:
            for delay in self.chance(now, sender, receiver, message):
                self._arrive(now + delay, sender, receiver, message)
        else:
            self._send_by_name(now, sender, receiver, message)

    def _send_by_name(self, now: int, sender: int, receiver: int, message: object) -> None:
        """The same for a message whose name matters."""
        label = script.label(message)
        before = self._labels.get((sender, receiver, label), 0)
        self._labels[sender, receiver, label] = before + 1
        if self._plan is None:
            delays = self.chance(now, sender, receiver, message)
        else:
            delays = self._plan.get((sender, receiver, label, before), ())
        for delay in delays:
            if self.recorded is not None:
                self.recorded.append(script.Deliver(now, sender, receiver, label, delay, before))
            self._arrive(now + delay, sender, receiver, message)

    def chance(self, now: int, sender: int, receiver: int, message: object) -> Iterable[int]:
        """How long each copy takes that arrives."""
        random, options = self._random.random, self._options
        if (sender, receiver) in self._blocked:
            return
        if type(message).__name__ == options.starved and now // STARVED_MS % 2 == 0 and random() < STARVED:
            return
        copies = 2 if options.duplication and random() * 1000 < options.duplication else 1
        spread = options.delay_max - options.delay_min
        for _ in range(copies):
            if not options.loss or random() * 1000 >= options.loss:
                late = int(STRAGGLER_MS * random()) if options.stragglers and random() * 1000 < options.stragglers else 0
                yield options.delay_min + int(spread * random() ** options.skewness) + late
