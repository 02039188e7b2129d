"""One run over several epochs: virtual time, machines, network, clients, faults; then healing, and proof that it comes to an end.

The end: every machine is in the newest epoch at one height, no list of validators is pending, and every record is final; also the
machines that were down through several epochs, and then there is rest.
"""

import hashlib
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from consensus.events import Scheme, Tip
from node.errors import WalFailedError
from tests.simulation.application import EPOCH_MS
from tests.simulation.disk import CrashError
from tests.simulation.epochs.application import Registry
from tests.simulation.epochs.checker import Checkers
from tests.simulation.epochs.machine import LEDGER_ID, EpochMachine
from tests.simulation.epochs.network import EpochNetwork
from tests.simulation.epochs.options import EpochOptions
from tests.simulation.epochs.traitor import EpochTraitor
from tests.simulation.invariants import Violation
from tests.simulation.options import Fault
from tests.simulation.signatures import make_keys, scheme

RESUBMIT_MS = 7_000
HEAL_MS = 300_000
SETTLE_MS = 40_000
IDLE_MS = 30_000
MAX_STEPS = 400_000
LAST_EVENTS = 60
_STRIDE_MS = 500
_QUIET = frozenset({"Status"})


@dataclass(frozen=True, slots=True)
class Result:
    """What a run amounted to.

    Attributes:
        trace: hash over all events and durable records.
        events: how many the cores handled.
        blocks: final blocks.
        epochs: how many there were.
        again: views in which a last block was proposed again.
        late: epochs whose last block became final in a later view than its own.
        behind: the most epochs that a machine caught up with after it was down.
        turns: epochs that machines began without a restart.
    """

    trace: str
    events: int
    blocks: int
    epochs: int
    again: int
    late: int
    behind: int
    turns: int


class EpochSimulation:
    """See the module's docstring; the attributes are those of `machine.Surroundings`."""

    def __init__(self, options: EpochOptions) -> None:
        self.now = 0
        self.options = options
        self.random = Random(f"run {options.seed}")
        self.registry = Registry(options)
        each = 1 + max(key for members in options.lists for _, key in members)
        self._secrets = make_keys("fast", options.machines * each, options.seed)
        keys = tuple(self._secrets)
        owned = [keys[machine * each : (machine + 1) * each] for machine in range(options.machines)]
        self.index_of = {key: machine for machine, own in enumerate(owned) for key in own}
        self.checker = Checkers(LEDGER_ID, self.registry, owned, options.traitors, Tip(0, 0, LEDGER_ID, EPOCH_MS))
        self.network = EpochNetwork(options, self._arrive, self.checker.ends)
        self.records: list[bytes] = []
        self.events = 0
        self.behind = 0
        self.last: deque[tuple[int, int, object]] = deque(maxlen=LAST_EVENTS)
        self._queue: list[tuple[int, int, EpochMachine | None, int, Callable[[], None]]] = []
        self._number = 0
        self._steps = 0
        self._hash = hashlib.blake2b(digest_size=16)
        self._chaos = True
        self.machines = [
            (EpochTraitor if machine in options.traitors else EpochMachine)(machine, self)
            for machine in range(options.machines)
        ]

    # --- surroundings of the machines ---------------------------------------------------------------------------------

    def at(self, time: int, machine: EpochMachine | None, action: Callable[[], None]) -> None:
        """Puts an action into the queue."""
        self._number += 1
        heapq.heappush(self._queue, (time, self._number, machine, machine.life if machine else 0, action))

    def scheme(self, machine: int, key: bytes) -> Scheme:
        """Signatures with this key; the checker is told of each."""
        return scheme("fast", key, self._secrets, partial(self.checker.signed, machine, key))

    def transmit(self, sender: int, receiver: int | None, message: object) -> None:
        """Gives a message to the network."""
        for other in range(len(self.machines)) if receiver is None else (receiver,):
            if other != sender:
                self.network.send(self.now, sender, other, message)

    def trace(self, machine: int, event: object, persist: tuple[bytes, ...] = ()) -> None:
        """Adds to the run's trace: when, where, what, and what it made durable."""
        self.events += 1
        self.last.append((self.now, machine, event))
        self._hash.update(f"{self.now} {machine} {type(event).__name__}".encode())
        for record in persist:
            self._hash.update(record)

    def renew(self, machine: EpochMachine) -> None:
        """The machine shows another key from now on: its links are made anew."""
        for other in self.machines:
            if other.up and other is not machine:
                self._connect(machine, other)
                self._connect(other, machine)

    def _arrive(self, time: int, sender: int, receiver: int, message: object) -> None:
        key = self.machines[sender].key
        self.at(time, None, lambda: self._deliver(sender, key, receiver, message))

    def _deliver(self, sender: int, key: bytes, receiver: int, message: object) -> None:
        """A message arrives at whatever process runs by now."""
        machine = self.machines[receiver]
        if machine.up:
            if machine.paused_until > self.now:
                self.at(machine.paused_until, None, lambda: self._deliver(sender, key, receiver, message))
            else:
                self._guarded(machine, lambda: machine.receive(sender, key, message))

    # --- the queue ------------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        time, _, machine, life, action = heapq.heappop(self._queue)
        self.now = time
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise Violation("runaway", f"{MAX_STEPS} actions by {time} ms, messages {self.network.sent}")
        if machine is None:
            action()
        elif machine.up and machine.life == life:
            if machine.paused_until > time:
                self.at(machine.paused_until, machine, action)
            else:
                self._guarded(machine, action)

    def _guarded(self, machine: EpochMachine, action: Callable[[], None]) -> None:
        """Runs a machine's action; a crash inside ends the process, which comes back later."""
        try:
            action()
        except (CrashError, WalFailedError, OSError) as error:
            self._stop(machine, power=isinstance(error, CrashError))
            self._back(machine, self.now + machine.random.randrange(1, 3_000))

    def run_until(self, end: int) -> None:
        """Everything up to a time."""
        while self._queue and self._queue[0][0] <= end:
            self._step()
        self.now = end

    # --- machines come and go -------------------------------------------------------------------------------------------

    def _stop(self, machine: EpochMachine, power: bool) -> None:
        self.trace(machine.index, "power fails" if power else "killed")
        machine.stop(power)

    def _back(self, machine: EpochMachine, time: int) -> None:
        life = machine.life

        def boot() -> None:
            if not machine.up and machine.life == life:
                self._boot(machine)

        self.at(time, None, boot)

    def _boot(self, machine: EpochMachine) -> None:
        machine.paused_until = 0
        self.behind = max(self.behind, len(self.checker.epochs) - 1 - machine.chain.epoch)
        self._guarded(machine, machine.boot)
        if machine.up:
            self.renew(machine)

    def _connect(self, machine: EpochMachine, peer: EpochMachine) -> None:
        """The link to `peer` came up, if messages get through."""
        if self.network.open(peer.index, machine.index) and self.network.open(machine.index, peer.index):
            self.at(self.now, machine, lambda: machine.connected(peer.key))

    # --- faults and clients ---------------------------------------------------------------------------------------------

    def _fault(self, number: int, fault: Fault) -> None:
        if not self._chaos:
            return
        self.trace(-1, fault)
        if fault.kind == "cut":
            self.network.cut(number, fault.nodes, fault.others)
            self.at(fault.until, None, lambda: self._mend(number, fault))
            return
        for machine in (self.machines[index] for index in fault.nodes):
            match fault.kind:
                case "pause":
                    machine.paused_until = max(machine.paused_until, fault.until)
                case "power" | "kill":
                    if machine.up:
                        self._stop(machine, power=fault.kind == "power")
                        self._back(machine, fault.until)
                case "change":
                    machine.crash_in_change = fault.step
                case _:
                    machine.crash_in = fault.step
                    machine.crash = CrashError() if fault.kind == "boundary" else OSError(5, "injected")

    def _mend(self, number: int, fault: Fault) -> None:
        if self._chaos:
            self.network.mend(number)
            for a in fault.nodes:
                for b in fault.others:
                    if self.machines[a].up and self.machines[b].up:
                        self._connect(self.machines[a], self.machines[b])
                        self._connect(self.machines[b], self.machines[a])

    def _client(self, record: bytes, machine: EpochMachine) -> None:
        """Submits a record, and again elsewhere until some node has executed it."""
        if any(record in one.chain.index for one in self.machines):
            return
        if machine.up and machine.paused_until <= self.now:
            self._guarded(machine, lambda: machine.application.submit(record))
        self.at(self.now + RESUBMIT_MS, None, lambda: self._client(record, self.random.choice(self.machines)))

    def submit(self, time: int, record: bytes | None = None) -> None:
        """A client will submit a record then, by default a new plain one."""
        record = record or hashlib.sha256(f"record {len(self.records)}".encode()).digest()
        self.records.append(record)
        machine = self.random.choice(self.machines)
        self.at(time, None, lambda: self._client(record, machine))

    # --- phases -----------------------------------------------------------------------------------------------------------

    def run(self) -> Result:
        """The whole run.

        Raises:
            Violation: an invariant does not hold, or it does not come to an end.
        """
        options = self.options
        for machine in self.machines:
            self._boot(machine)
        for _ in range(options.base.records):
            self.submit(self.random.randrange(options.base.chaos))
        for number, change in enumerate(options.changes, 1):
            self.submit(change.at, self.registry.change(number))
        for number, fault in enumerate(options.base.faults):
            self.at(fault.at, None, partial(self._fault, number, fault))
        self.at(options.asleep, None, self._sleep)
        self.run_until(options.base.chaos)
        self.heal()
        self.submit(self.now + 1)
        self.finish([one for one in self.machines if one.honest and one.index not in options.sleepers])
        if options.sleepers:
            for index in sorted(options.sleepers):
                self._boot(self.machines[index])
            self.submit(self.now + 1)
            self.finish([one for one in self.machines if one.honest])
        if not options.traitors:
            self.idle()
        return self.result()

    def _sleep(self) -> None:
        """Some machines are down for long."""
        for index in sorted(self.options.sleepers):
            if self.machines[index].up:
                self._stop(self.machines[index], power=True)
            self.machines[index].life += 1  # nothing that was to bring it back does

    def heal(self) -> None:
        """Network and machines work from now on, except those that sleep."""
        self._chaos = False
        self.network.heal()
        self._sleep()
        for machine in self.machines:
            machine.crash_in = machine.crash_in_change = None
            machine.paused_until = 0
            if not machine.up and machine.index not in self.options.sleepers:
                self._boot(machine)
        for machine in self.machines:
            if self.options.base.renewed and machine.up:
                self.renew(machine)

    def finish(self, live: list[EpochMachine]) -> None:
        """All records become final, and all epochs end that are to end, on all live machines in bounded time."""
        start = self.now
        while not self._done(live):
            if self.now - start > HEAL_MS or not self._queue:
                raise Violation("liveness", self.report(live))
            self.run_until(self.now + _STRIDE_MS)

    def _done(self, live: list[EpochMachine]) -> bool:
        newest = len(self.checker.epochs) - 1
        return len({machine.chain.height for machine in live}) == 1 and all(
            machine.up
            and machine.core.epoch == newest
            and not machine.chain.pending
            and all(record in machine.chain.index for record in self.records)
            for machine in live
        )

    def report(self, live: list[EpochMachine]) -> str:
        """Where machines stand."""
        return f"{len(self.checker.epochs)} epochs; " + "; ".join(
            f"node {machine.index}: epoch {machine.core.epoch}, view {machine.core.view}, height {machine.chain.height}, "
            f"pending list {machine.chain.pending}, missing {sum(one not in machine.chain.index for one in self.records)}"
            for machine in live
            if machine.up
        )

    def idle(self) -> None:
        """With nothing to do, nodes say where they stand and nothing else."""
        self.run_until(self.now + SETTLE_MS)
        if not self._done(self.machines):
            raise Violation("liveness", f"after settling: {self.report(self.machines)}")
        before, height = dict(self.network.sent), self.machines[0].chain.height
        self.run_until(self.now + IDLE_MS)
        more = {name for name, count in self.network.sent.items() if count > before.get(name, 0)}
        if more - _QUIET or self.machines[0].chain.height != height:
            raise Violation("idle", f"sent {sorted(more)}, {self.machines[0].chain.height - height} blocks")

    def result(self) -> Result:
        """Figures of the run so far."""
        epochs = self.checker.epochs
        return Result(
            trace=self._hash.hexdigest(),
            events=self.events,
            blocks=max(machine.chain.height for machine in self.machines),
            epochs=len(epochs),
            again=sum(len(epoch.again) for epoch in epochs),
            late=sum(epoch.late for epoch in epochs),
            behind=self.behind,
            turns=sum(machine.turns for machine in self.machines),
        )
