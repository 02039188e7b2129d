"""Machines on a network in virtual time: who runs, who is connected, what is said to whom, and what is written down of it."""

import hashlib
from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random

from consensus.events import Config, Scheme
from node.errors import WalFailedError
from tests.simulation import script
from tests.simulation.byzantine import Named
from tests.simulation.clock import Clock
from tests.simulation.disk import CrashError
from tests.simulation.habits import Habitual
from tests.simulation.invariants import Checker
from tests.simulation.machine import BlackoutError, Machine
from tests.simulation.network import Network
from tests.simulation.options import Options, traitors_of
from tests.simulation.signatures import make_keys, scheme

LEDGER_ID = hashlib.sha256(b"simulated ledger").digest()
BACK_MS = 3_000
LAST_EVENTS = 60


class Stage(Clock):
    """See the module's docstring; the attributes are those of `machine.Surroundings`.

    Attributes:
        last: the newest events, for reports.
        healed_at: when the chaos ended, None: not yet.
        hash: over all events and durable records.
        notes: what there is to say to people, where the run is recorded.
    """

    def __init__(self, options: Options, plan: script.Script | None = None, record: bool = False) -> None:
        super().__init__()
        self.random = Random(f"run {options.seed}")
        self.options = options
        self.keys, self.secrets = self._make_keys()
        self.index_of = {key: index for index, key in reversed(list(enumerate(self.keys)))}
        self.retired: set[bytes] = set()
        self.checker = Checker(LEDGER_ID, self.keys[: options.validators], len(self.keys), traitors_of(options))
        self.network = Network(options, self._arrive, plan, record)
        self.events = 0
        self.last: deque[tuple[int, int, object]] = deque(maxlen=LAST_EVENTS)
        self.healed_at: int | None = None
        self.notes: list[script.Note] | None = [] if record else None
        self.hash = hashlib.blake2b(digest_size=16)
        self.machines = [self._make_machine(index, key) for index, key in enumerate(self.keys)]

    def _make_keys(self) -> tuple[list[bytes], dict[bytes, bytes]]:
        """The key of each machine, and all secrets by key."""
        options = self.options
        secrets = make_keys(options.signatures, options.validators + options.followers, options.seed)
        return list(secrets), secrets

    def _make_machine(self, index: int, key: bytes) -> Machine:
        config = Config(LEDGER_ID, 0, tuple(self.keys[: self.options.validators]), key)
        traitor = Named if self.options.behaviours else Habitual
        kind = traitor if index in self.checker.traitors else Machine
        return kind(index, config, self._scheme(index, key), self)

    def _scheme(self, signer: int, key: bytes) -> Scheme:
        return scheme(self.options.signatures, key, self.secrets, partial(self.checker.signed, signer))

    # --- surroundings of the machines ---------------------------------------------------------------------------------

    def transmit(self, sender: int, receiver: int | None, message: object) -> None:
        """Gives a message to the network."""
        if receiver is None:
            for other in range(len(self.machines)):
                if other != sender:
                    self.network.send(self.now, sender, other, message)
        else:
            self.network.send(self.now, sender, receiver, message)

    def trace(self, machine: int, event: object, persist: tuple[bytes, ...] = ()) -> None:
        """Adds to the run's trace: when, where, what, and what it made durable."""
        self.events += 1
        self.last.append((self.now, machine, event))
        self.hash.update(f"{self.now} {machine} {type(event).__name__}".encode())
        for record in persist:
            self.hash.update(record)
        if self.notes is not None and (persist or isinstance(event, str)):
            cause = event if isinstance(event, str) else type(event).__name__.lower()
            made = ", ".join(map(script.record_label, persist))
            self.notes.append(script.Note(self.now, machine, f"{cause}: {made}" if made else cause))

    def note(self, machine: int, text: str) -> None:
        """Adds to what a script says for people."""
        if self.notes is not None:
            self.notes.append(script.Note(self.now, machine, text))

    def retire(self, machine: Machine) -> tuple[Config, Scheme]:
        """The machine's key may not vote again: another one, that is no validator's, takes its place."""
        index, old = machine.index, self.keys[machine.index]
        self.trace(index, "its key is retired")
        self.checker.retire(index)
        key = hashlib.sha256(b"instead of " + old).digest()
        self.secrets[key] = hashlib.sha256(key).digest()
        self.retired.add(old)
        self.keys[index] = key
        self.index_of[key] = index
        return Config(LEDGER_ID, 0, tuple(self.secrets)[: self.options.validators], key), self._scheme(index, key)

    def _arrive(self, time: int, sender: int, receiver: int, message: object) -> None:
        link = self.keys[sender], self.keys[receiver]
        self.at(time, None, lambda: self._deliver(sender, receiver, link, message))

    def _deliver(self, sender: int, receiver: int, link: tuple[bytes, bytes], message: object) -> None:
        """A message arrives at whatever process runs by now, unless that or its sender's goes by another key."""
        machine = self.machines[receiver]
        if machine.up and link == (self.keys[sender], self.keys[receiver]):
            if machine.paused_until > self.now:
                self.at(machine.paused_until, None, lambda: self._deliver(sender, receiver, link, message))
            else:
                self.guarded(machine, lambda: machine.receive(sender, message))

    def guarded(self, machine: Machine, action: Callable[[], None]) -> None:
        """Runs a machine's action; a crash inside ends the process, which comes back later."""
        try:
            action()
        except CrashError as crash:
            for one in self.machines if isinstance(crash, BlackoutError) else (machine,):
                if one.up:
                    self.stop(one, power=True)
                    self._back(one, self.now + one.random.randrange(1, BACK_MS))
        except WalFailedError:
            self.stop(machine, power=False)
            self._back(machine, self.now + machine.random.randrange(1, BACK_MS))

    # --- machines come and go -------------------------------------------------------------------------------------------

    def stop(self, machine: Machine, power: bool) -> None:
        self.trace(machine.index, "power fails" if power else "killed")
        machine.stop(power)

    def _back(self, machine: Machine, time: int) -> None:
        life = machine.life

        def boot() -> None:
            if not machine.up and machine.life == life:
                self._boot(machine)

        self.at(time, None, boot)

    def restart(self, machine: Machine, power: bool, until: int) -> None:
        """The process or the machine stops and comes back."""
        if machine.up:
            self.stop(machine, power=power)
            self._back(machine, until)

    def _boot(self, machine: Machine) -> None:
        machine.paused_until = 0
        self.note(machine.index, "boots")
        self.guarded(machine, machine.boot)
        for other in self.machines:
            if machine.up and other.up and other is not machine:
                self._connect(machine, other)
                self._connect(other, machine)

    def _connect(self, machine: Machine, peer: Machine) -> None:
        """The link to `peer` came up, if messages get through."""
        if self.network.open(peer.index, machine.index) and self.network.open(machine.index, peer.index):
            self.at(self.now, machine, lambda: machine.connected(peer.index))
