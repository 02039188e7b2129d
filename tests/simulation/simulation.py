"""One run: virtual time, machines, network, clients, faults; then healing, and proof that it comes to an end.

Everything follows from the options: one source of chance, one queue of events ordered by time and number.
"""

import hashlib
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from consensus.events import Config
from node.errors import WalFailedError
from tests.simulation.byzantine import Traitor
from tests.simulation.disk import CrashError
from tests.simulation.invariants import Checker, Violation
from tests.simulation.machine import Machine
from tests.simulation.network import Network
from tests.simulation.options import Fault, Options
from tests.simulation.signatures import make_keys, scheme

LEDGER_ID = hashlib.sha256(b"simulated ledger").digest()
RESUBMIT_MS = 7_000
HEAL_MS = 240_000
SETTLE_MS = 40_000
IDLE_MS = 60_000
MAX_STEPS = 400_000
SCRIPT_EVENTS = 60
_QUIET = frozenset({"Status"})


@dataclass(frozen=True, slots=True)
class Result:
    """What a run amounted to.

    Attributes:
        trace: hash over all events and durable records.
        events: how many the cores handled.
        blocks: final blocks.
        views: highest view with a final block.
        ended: virtual ms.
        messages: sent messages by type name.
    """

    trace: str
    events: int
    blocks: int
    views: int
    ended: int
    messages: dict[str, int]


class Simulation:
    """See the module's docstring; the attributes are those of `machine.Surroundings`."""

    def __init__(self, options: Options) -> None:
        count = options.validators + options.followers
        self.now = 0
        self.random = Random(f"run {options.seed}")
        self.options = options
        secrets = make_keys(options.signatures, count, options.seed)
        self.keys = tuple(secrets)
        self.index_of = {key: index for index, key in enumerate(self.keys)}
        traitors = frozenset(Random(f"traitors {options.seed}").sample(range(options.validators), options.traitors))
        self.checker = Checker(LEDGER_ID, self.keys[: options.validators], count, traitors)
        self.machines: list[Machine] = []
        self.network = Network(options, self.random, self._arrive)
        self.records: list[bytes] = []
        self.events = 0
        self.script: deque[tuple[int, int, object]] = deque(maxlen=SCRIPT_EVENTS)
        self._queue: list[tuple[int, int, Machine | None, int, Callable[[], None]]] = []
        self._number = 0
        self._steps = 0
        self._hash = hashlib.blake2b(digest_size=16)
        self._chaos = True
        for index, key in enumerate(self.keys):
            config = Config(LEDGER_ID, 0, self.keys[: options.validators], key)
            signed = partial(self.checker.signed, index)
            kind = Traitor if index in traitors else Machine
            self.machines.append(kind(index, config, scheme(options.signatures, key, secrets, signed), self))

    # --- surroundings of the machines ---------------------------------------------------------------------------------

    def at(self, time: int, machine: Machine | None, action: Callable[[], None]) -> None:
        """Puts an action into the queue."""
        self._number += 1
        heapq.heappush(self._queue, (time, self._number, machine, machine.life if machine else 0, action))

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
        self.script.append((self.now, machine, event))
        self._hash.update(f"{self.now} {machine} {type(event).__name__}".encode())
        for record in persist:
            self._hash.update(record)

    def _arrive(self, time: int, sender: int, receiver: int, message: object) -> None:
        self.at(time, None, lambda: self._deliver(sender, receiver, message))

    def _deliver(self, sender: int, receiver: int, message: object) -> None:
        """A message arrives at whatever process runs by now."""
        machine = self.machines[receiver]
        if machine.up:
            if machine.paused_until > self.now:
                self.at(machine.paused_until, None, lambda: self._deliver(sender, receiver, message))
            else:
                self._guarded(machine, lambda: machine.receive(sender, message))

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

    def _guarded(self, machine: Machine, action: Callable[[], None]) -> None:
        """Runs a machine's action; a crash inside ends the process, which comes back later."""
        try:
            action()
        except CrashError:
            self._stop(machine, power=True)
            self._back(machine, self.now + self.random.randrange(1, 3_000))
        except WalFailedError:
            self._stop(machine, power=False)
            self._back(machine, self.now + self.random.randrange(1, 3_000))

    def run_until(self, end: int) -> None:
        while self._queue and self._queue[0][0] <= end:
            self._step()
        self.now = end

    # --- machines come and go -------------------------------------------------------------------------------------------

    def _stop(self, machine: Machine, power: bool) -> None:
        self.trace(machine.index, "power fails" if power else "killed")
        machine.stop(power)

    def _back(self, machine: Machine, time: int) -> None:
        life = machine.life

        def boot() -> None:
            if not machine.up and machine.life == life:
                self._boot(machine)

        self.at(time, None, boot)

    def _boot(self, machine: Machine) -> None:
        machine.paused_until = 0
        self._guarded(machine, machine.boot)
        for other in self.machines:
            if machine.up and other.up and other is not machine:
                self._connect(machine, other)
                self._connect(other, machine)

    def _connect(self, machine: Machine, peer: Machine) -> None:
        """The link to `peer` came up, if messages get through."""
        if self.network.open(peer.index, machine.index) and self.network.open(machine.index, peer.index):
            self.at(self.now, machine, lambda: machine.connected(peer.index))

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
                case _:
                    machine.crash_in = fault.step
                    machine.crash = CrashError() if fault.kind == "boundary" else OSError(5, "injected")

    def _mend(self, number: int, fault: Fault) -> None:
        if self._chaos:
            self.network.mend(number)
            for a in fault.nodes:
                for b in fault.others:
                    self._connect(self.machines[a], self.machines[b])
                    self._connect(self.machines[b], self.machines[a])

    def _client(self, record: bytes, machine: Machine) -> None:
        """Submits a record, and again elsewhere until some node has executed it."""
        if any(record in one.chain.index for one in self.machines):
            return
        if machine.up and machine.paused_until <= self.now:
            self._guarded(machine, lambda: machine.application.submit(record))
        self.at(self.now + RESUBMIT_MS, None, lambda: self._client(record, self.random.choice(self.machines)))

    def submit(self, time: int) -> None:
        """A client will submit a new record then."""
        record = hashlib.sha256(f"record {len(self.records)}".encode()).digest()
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
        self.start()
        for _ in range(options.records):
            self.submit(self.random.randrange(options.chaos))
        for number, fault in enumerate(options.faults):
            self.at(fault.at, None, partial(self._fault, number, fault))
        self.run_until(options.chaos)
        frozen = self.random.sample(range(options.validators), options.frozen)
        self.heal(frozen)
        self.submit(self.now + 1)
        self.finish([one for one in self.machines if one.honest and one.index not in frozen])
        for index in frozen:
            self._boot(self.machines[index])
        if frozen:
            self.submit(self.now + 1)
            self.finish(self.machines)
        if not options.traitors:
            self.idle()
        return self.result()

    def start(self) -> None:
        """All machines boot."""
        self.trace(-1, "start")
        for machine in self.machines:
            self._boot(machine)

    def heal(self, frozen: list[int]) -> None:
        """Network and machines work from now on, except the frozen ones, which are dead."""
        self._chaos = False
        self.network.heal()
        for machine in self.machines:
            machine.crash_in = None
            machine.paused_until = 0
            if machine.index in frozen and machine.up:
                self._stop(machine, power=True)
            elif machine.index not in frozen and not machine.up:
                self._boot(machine)
        for machine in self.machines:
            for peer in self.machines:
                if self.options.renewed and machine.up and peer.up and peer is not machine:
                    self._connect(machine, peer)

    def finish(self, live: list[Machine]) -> None:
        """All records, one of them new, become final on all live machines, in bounded time and views."""
        checker, start = self.checker, self.now
        view = max(machine.core.view for machine in live)
        while not self._done(live):
            if self.now - start > HEAL_MS or not self._queue:
                raise Violation("liveness", self._report(live))
            self.run_until(self.now + 500)
        first = min(final for final in checker.finalized if final >= view)
        if first - view > 2 * (len(self.machines) - len(live)) + 3:
            raise Violation("liveness", f"healed in view {view}, next final one is {first}")

    def _done(self, live: list[Machine]) -> bool:
        heights = {len(machine.chain.blocks) for machine in live}
        return len(heights) == 1 and all(
            machine.up and all(record in machine.chain.index for record in self.records) for machine in live
        )

    def _report(self, live: list[Machine]) -> str:
        return "; ".join(
            f"node {machine.index}: view {machine.core.view}, height {len(machine.chain.blocks) - 1}, "
            f"missing {sum(record not in machine.chain.index for record in self.records)}"
            for machine in live
        )

    def idle(self, duration: int = IDLE_MS) -> None:
        """With nothing to do, nodes say where they stand and nothing else."""
        self.run_until(self.now + SETTLE_MS)
        if not self._done(self.machines):
            raise Violation("liveness", f"after settling: {self._report(self.machines)}")
        before, height = dict(self.network.sent), len(self.checker.chain)
        self.run_until(self.now + duration)
        more = {name for name, count in self.network.sent.items() if count > before.get(name, 0)}
        if more - _QUIET or len(self.checker.chain) != height:
            raise Violation("idle", f"sent {sorted(more)}, {len(self.checker.chain) - height} blocks")

    def result(self) -> Result:
        """Figures of the run so far."""
        return Result(
            trace=self._hash.hexdigest(),
            events=self.events,
            blocks=len(self.checker.chain) - 1,
            views=max(self.checker.finalized, default=0),
            ended=self.now,
            messages=dict(sorted(self.network.sent.items())),
        )
