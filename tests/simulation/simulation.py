"""One run: virtual time, machines, network, clients, faults; then healing, and proof that it comes to an end.

Everything follows from the options, or from a script (`script.py`) that was recorded of such a run. Chance has a source of its own
for the network, each machine, each disk and each client, so that what is taken away from one changes nothing of the others'.
"""

import hashlib
from dataclasses import dataclass
from functools import partial
from random import Random

from tests.simulation import script
from tests.simulation.clock import CLIENT, FAULT
from tests.simulation.invariants import Violation
from tests.simulation.machine import Machine
from tests.simulation.options import Fault, Options
from tests.simulation.stage import Stage

RESUBMIT_MS = 7_000
HEAL_MS = 240_000
SETTLE_MS = 40_000
IDLE_MS = 60_000
AFTER_HEALING = 1_000_000
"""Numbers of records from here on are submitted after the healing."""

BUSY_MS = 100
_STRIDE_MS = 500
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


class Simulation(Stage):
    """See the module's docstring.

    Attributes:
        records: that clients have submitted, or will.
    """

    def __init__(self, options: Options, plan: script.Script | None = None, record: bool = False) -> None:
        super().__init__(options, plan, record)
        self.records: list[bytes] = []
        self._plan = plan
        self._submits: list[script.Submit] = []
        self._due: set[bytes] = set()

    # --- faults and clients ---------------------------------------------------------------------------------------------

    def _fault(self, number: int, fault: Fault) -> None:
        if self.healed_at is not None:
            return
        self.trace(-1, fault)
        if fault.kind == "cut":
            self.network.cut(number, fault.nodes, fault.others)
            self.at(fault.until, None, lambda: self._mend(number, fault), FAULT)
            return
        for machine in (self.machines[index] for index in fault.nodes):
            match fault.kind:
                case "pause":
                    machine.paused_until = max(machine.paused_until, fault.until)
                case "power" | "kill":
                    self.restart(machine, fault.kind == "power", fault.until)
                case _:
                    machine.arm(fault)

    def _mend(self, number: int, fault: Fault) -> None:
        if self.healed_at is None:
            self.network.mend(number)
            for a in fault.nodes:
                for b in fault.others:
                    self._connect(self.machines[a], self.machines[b])
                    self._connect(self.machines[b], self.machines[a])

    def _client(self, record: bytes, machine: Machine, random: Random) -> None:
        """Submits a record, and again elsewhere until some node has executed it."""
        if record not in self._due or any(record in one.chain.index for one in self.machines):
            return
        if machine.up and machine.paused_until <= self.now:
            self.guarded(machine, lambda: machine.application.submit(record))
        again = random.choice(self.machines)
        self.at(self.now + RESUBMIT_MS, None, lambda: self._client(record, again, random))

    def submit(self, time: int, number: int | None = None, node: int | None = None) -> None:
        """A client will submit a new record then."""
        number = len(self.records) if number is None else number
        record = hashlib.sha256(f"record {number}".encode()).digest()
        machine = self.random.choice(self.machines) if node is None else self.machines[node]
        random = Random(f"client {number} {self.options.seed}")
        self.records.append(record)
        self._due.add(record)
        self._submits.append(script.Submit(time, number, machine.index))
        self.at(time, None, lambda: self._client(record, machine, random), CLIENT)

    # --- phases -----------------------------------------------------------------------------------------------------------

    def run(self) -> Result:
        """The whole run.

        Raises:
            Violation: an invariant does not hold, or it does not come to an end.
        """
        self.prepare()
        self.chaos()
        if self._plan is None or self._plan.run.heals:
            self.come_to_an_end()
        return self.result()

    def prepare(self) -> None:
        """Clients and faults are put into the queue, and all machines boot."""
        options = self.options
        if self._plan is not None:
            for line in self._plan.submits():
                self.submit(line.at, line.record, line.node)
        else:
            for _ in range(options.records):
                self.submit(self.random.randrange(options.chaos))
        faults = options.faults if self._plan is None else self._plan.faults()
        for number, fault in enumerate(faults):
            if fault.at < 0:
                self._fault(number, fault)
            else:
                self.at(fault.at, None, partial(self._fault, number, fault), FAULT)
        self.start()

    def start(self) -> None:
        """All machines boot."""
        self.trace(-1, "start")
        for machine in self.machines:
            self._boot(machine)

    def chaos(self) -> None:
        """Until its end, or until so many blocks are final as are wanted."""
        options, plan = self.options, self._plan
        end = options.chaos if plan is None else plan.run.end
        while self.now < end:
            if plan is None and options.blocks and self.checker.highest >= options.blocks:
                return
            if plan is None and options.backlog:
                self._keep_busy()
            self.run_until(min(end, self.now + BUSY_MS))

    def _withdraw(self) -> None:
        """Where the chaos ended early, records that clients would only have submitted later never are."""
        both = [(line, record) for line, record in zip(self._submits, self.records, strict=True) if line.at <= self.now]
        self._submits = [line for line, _ in both]
        self.records = [record for _, record in both]
        self._due = set(self.records)

    def _keep_busy(self) -> None:
        executed = max(len(machine.chain.index) for machine in self.machines)
        for _ in range(self.options.backlog - (len(self.records) - executed)):
            self.submit(self.now + self.random.randrange(1, BUSY_MS))

    def come_to_an_end(self) -> None:
        """Everything works from now on, except up to f validators at first; all records become final; then there is rest."""
        options = self.options
        self.random = Random(f"healed {options.seed}")
        frozen = self.random.sample(range(options.validators), options.frozen)
        self.heal(frozen)
        self.submit(self.now + 1, AFTER_HEALING)
        self.finish([one for one in self.machines if one.honest and one.index not in frozen])
        for index in frozen:
            self._boot(self.machines[index])
        if frozen:
            self.submit(self.now + 1, AFTER_HEALING + 1)
            self.finish(self.machines)
        if not self.checker.traitors:
            self.idle()

    def heal(self, frozen: list[int]) -> None:
        """Network and machines work from now on, except the frozen ones, which are dead."""
        self.healed_at = self.now
        self._withdraw()
        self.network.heal()
        for machine in self.machines:
            machine.repair()
            if machine.index in frozen and machine.up:
                self.stop(machine, power=True)
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
            if self.now - start > HEAL_MS or self.over:
                raise Violation("liveness", self._report(live))
            self.run_until(self.now + _STRIDE_MS)
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

    # --- what it amounted to ----------------------------------------------------------------------------------------------

    def result(self) -> Result:
        """Figures of the run so far."""
        return Result(
            trace=self.hash.hexdigest(),
            events=self.events,
            blocks=len(self.checker.chain) - 1,
            views=max(self.checker.finalized, default=0),
            ended=self.now,
            messages=dict(sorted(self.network.sent.items())),
        )

    def script(self, failure: str = "", text: str = "") -> script.Script:
        """The run so far as a script; it must have been recorded."""
        healed = self.healed_at is not None
        end = self.healed_at if healed else self.now
        head = script.Run(self.options, end, healed, failure, text, self.hash.hexdigest())
        faults = self.options.faults if self._plan is None else self._plan.faults()
        lines = [
            *(script.Break(fault.at, fault) for fault in faults if fault.at <= end),
            *(line for line in self._submits if line.record < AFTER_HEALING),
            *(self.network.recorded or ()),
        ]
        return script.Script(head, tuple(sorted(lines, key=lambda line: line.at)), tuple(self.notes or ()))
