"""Validators that lie: each runs the real core to stay in touch, and says what suits it to whom it likes.

What a traitor signs counts as cast at once, and no rule binds it; what the others sign, say and deliver in its presence must obey
every invariant, none of them may raise an alarm (a liar halts nobody), hold a correct node for faulty, or stand still.
`habits.Habitual` has some habits by chance, mixed; `Named` does what its behaviours (`behaviours`) are called.
"""

from random import Random

from consensus.events import Config, Event, Output, Scheme, Send
from consensus.messages import GotBlock, Message, Proposal
from tests.simulation.application import World
from tests.simulation.attacks_leading import Amnesia
from tests.simulation.behaviour import Said
from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.lies import Lies
from tests.simulation.machine import Machine, Surroundings
from tests.simulation.options import Fault, Options, from_seed, traitors_of

BLOCKS = 20


def options_from_seed(seed: int) -> Options:
    """A run with up to f traitors."""
    random = Random(f"byzantine {seed}")
    options = from_seed(seed)
    n = random.choice((4, 4, 4, 4, 5, 7, 10))
    traitors = random.randint(1, (n - 1) // 3)
    chaos = random.choice((10_000, 40_000))
    nodes = range(n + options.followers)
    faults = tuple(fault for fault in options.faults if all(node in nodes for node in (*fault.nodes, *fault.others)))
    return options.but(
        validators=n,
        traitors=traitors,
        frozen=0,
        chaos=chaos,
        blocks=0,
        backlog=0,
        records=random.randrange(2, 20),
        faults=faults,
        loss=min(options.loss, 200),
    )


def named_options(seed: int, names: tuple[str, ...]) -> Options:
    """A run with up to f traitors that do this: two names are one traitor's, or of one each, or both of each of two."""
    random = Random(f"{' + '.join(names)} {seed}")
    n = random.choice((4, 4, 4, 5, 7))
    options = from_seed(seed).but(
        validators=n,
        followers=0,
        traitors=(n - 1) // 3,
        behaviours=names,
        frozen=0,
        chaos=random.choice((10_000, 40_000, 90_000)),
        blocks=BLOCKS,
        backlog=random.choice((1, 3)),
        records=1,
        loss=random.choice((0, 0, 50, 200)),
        delay_max=random.choice((10, 50, 300, 1_000)),
        stragglers=random.choice((0, 50)),
        faults=(),
    )
    [*traitors] = traitors_of(options)
    everybody = tuple(range(n))
    faults = [Fault(random.randrange(options.chaos), "boundary", everybody, 0, step=random.randrange(9)) for _ in range(2)]
    if "amnesia" in names:
        for at in range(1_000, options.chaos, 3_000):
            kind, keep = random.choice(("stale", "stale", "snapshot")), random.choice((1, 1, 2, 3, 5, 20))
            faults.append(Fault(at, kind, (random.choice(traitors),), 0, step=random.randrange(9), keep=keep))
    return options.but(faults=tuple(sorted(faults, key=lambda fault: fault.at)))


class Traitor(Machine):
    """See the module's docstring. What is said to whom, and when, is decided by `_lie` and `_volunteer`."""

    honest = False

    def __init__(self, index: int, config: Config, scheme: Scheme, around: Surroundings) -> None:
        super().__init__(index, config, scheme, around)
        self.lies = Lies(index, config, scheme, self.random)
        self._others = tuple(other for other in range(len(around.keys)) if other != index)

    def receive(self, sender: int, message: object) -> None:
        """Remembers what it hears."""
        if isinstance(message, Message):
            self.lies.heard.append(message)
        super().receive(sender, message)

    def _handle(self, event: Event) -> Output:
        output = super()._handle(event)
        self.core._engine.alarm = self.core._engine.journal.lost = None  # it has no scruples
        self.application.alarms.clear()
        return output

    def _send(self, send: Send) -> None:
        for receiver in self._others if send.to is None else [self._around.index_of[send.to]]:
            self._lie(receiver, send.message)
        self._volunteer()

    def _lie(self, receiver: int, message: Said) -> None:
        """Says something like it to this receiver, or does not."""
        raise NotImplementedError

    def _volunteer(self) -> None:
        """Says something unasked."""
        raise NotImplementedError

    def _say(self, receiver: int, message: Said, delay: int = 0) -> None:
        around = self._around
        if isinstance(message, Proposal | GotBlock):
            around.checker.learn(message.block)
        if delay:
            around.at(around.now + delay, self, lambda: around.transmit(self.index, receiver, message))
        else:
            around.transmit(self.index, receiver, message)


class Named(Traitor):
    """Does what its behaviours are called; one follows on the other where it has two."""

    def __init__(self, index: int, config: Config, scheme: Scheme, around: Surroundings) -> None:
        super().__init__(index, config, scheme, around)
        names, traitors = around.options.behaviours, sorted(around.checker.traitors)
        place = traitors.index(index)
        own = names if len(traitors) == 1 else names[place % len(names) :: len(traitors)] or (names[place % len(names)],)
        self.behaviours = [BEHAVIOURS[name](self.lies) for name in own]
        self.scruples = all(name == "amnesia" for name in own)

    def boot(self) -> None:
        """Where it comes back with an old log, that is the deed."""
        super().boot()
        for behaviour in self.behaviours:
            if self._log.older and isinstance(behaviour, Amnesia):
                behaviour.did(self.core.view)

    def _handle(self, event: Event) -> Output:
        return Machine._handle(self, event) if self.scruples else super()._handle(event)

    def _world(self) -> World:
        world = super()._world()

        def send(peer: int | None, message: object) -> None:
            for other in world.peers if peer is None else (peer,):
                self._lie(other, message)  # records and requests for them

        def censors(record: bytes) -> bool:
            return any(behaviour.censors(record) for behaviour in self.behaviours)

        return World(world.random, world.later, world.wall, world.emit, send, world.peers, world.drop, censors)

    def _lie(self, receiver: int, message: Said) -> None:
        said: list[Said] = [message]
        for behaviour in self.behaviours:
            said = [after for before in said for after in behaviour.says(receiver, before)]
        for one in said:
            self._say(receiver, one, max(behaviour.delay(one) for behaviour in self.behaviours))

    def _volunteer(self) -> None:
        for behaviour in self.behaviours:
            if self.random.random() < behaviour.rate:
                for message in behaviour.adds(self.core.view):
                    self._say(self.random.choice(self._others), message)
