"""One machine: a disk that survives, and on it a process made of the real core, the real write-ahead log and a model application.

`Machine` keeps the driver's contract (`consensus.events`) as node/driver.py does, optionally with slow fsyncs during which events
wait and are then handled together, their outputs merged.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Protocol

from consensus.core import Core
from consensus.events import Config, Connected, Event, Output, Received, Scheme, Send, Wake
from consensus.limits import CATCH_UP_BACKLOG, RETAINED_VIEWS
from consensus.messages import GetHeaders, Message, decode, encode
from node.errors import WalDamagedError, WalMissingError
from node.wal import Wal
from tests.simulation.application import Application, Chain, GetRecords, Records, World
from tests.simulation.disk import CrashError, MemoryDisk
from tests.simulation.inspection import elements, essence
from tests.simulation.invariants import Checker, Violation
from tests.simulation.options import Options

DIRECTORY = Path("/wal")
WEIGH_EVERY = 200
_WAKES_AT_ONCE = 100


class Surroundings(Protocol):
    """What a machine needs of the simulation."""

    now: int
    random: Random
    options: Options
    checker: Checker
    keys: tuple[bytes, ...]
    index_of: dict[bytes, int]

    def at(self, time: int, machine: "Machine", action: Callable[[], None]) -> None:
        """Calls `action` then, unless the machine's process has ended by then."""
        ...

    def transmit(self, sender: int, receiver: int | None, message: object) -> None:
        """Gives a message to the network."""
        ...

    def trace(self, machine: int, event: object, persist: tuple[bytes, ...]) -> None:
        """Adds to the run's trace."""
        ...


class Machine:
    """See the module's docstring.

    Attributes:
        up: whether a process runs.
        life: number of the process, so that what was meant for an earlier one is dropped.
        honest: whether it is bound by the rules (`byzantine`).
        paused_until: the process stands still until then.
        crash_in: disk operations until `crash` is raised, None: never.
    """

    honest = True

    def __init__(self, index: int, config: Config, scheme: Scheme, around: Surroundings) -> None:
        self.index = index
        self.up = False
        self.life = 0
        self.paused_until = 0
        self.crash_in: int | None = None
        self.crash: BaseException = CrashError()
        self.disk = MemoryDisk(around.random, self._disk_operation)
        self.chain = Chain(config.ledger_id)
        self.core: Core
        self.application: Application
        self._config = config
        self._scheme = scheme
        self._around = around
        self._skew = around.random.randrange(-around.options.skew, around.options.skew + 1)
        self._clock = 0
        self._wal: Wal
        self._rotate_at = 0
        self._journal: list[bytes] | None = None
        self._possible: list[bytes] | None = None
        self._left: tuple[tuple[bytes, ...], tuple[int, int]] | None = None
        self._busy = False
        self._inbox: deque[Event] = deque()
        self._wake_at: int | None = None
        self._armed: int | None = None
        self._woken = (0, 0)
        self._state = (0, 0)
        self._handled = 0

    # --- life -------------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """Starts a process from what the disk holds."""
        around = self._around
        self.up = True
        self.life += 1
        self._clock = around.random.randrange(10**9)
        self._busy = False
        self._inbox.clear()
        self._wake_at = self._armed = None
        self._state = (0, 0)
        records = self._open_log()
        tip = self.chain.tips[-1]
        around.checker.restarted(self.index, records, tip)
        self.application = Application(around.options, self.chain, self._world(), around.index_of)
        self.core, output = Core.recover(self._config, self._scheme, records, tip, self.clock())
        self._check_recovery(records)
        self._perform([output])
        self.application.start()

    def stop(self, power: bool) -> None:
        """The process ends; with `power` the machine stops too and the disk forgets what was not synced."""
        self._left = (self.core.snapshot(), self._state) if self._possible is None else None
        self.up = False
        self.life += 1
        self.crash_in = None
        if power:
            self.disk.crash()

    def _open_log(self) -> list[bytes]:
        try:
            self._wal = Wal.open(DIRECTORY, self._config.ledger_id, self.disk)
        except WalMissingError:
            if self._journal is not None:
                raise Violation("recovery", f"node {self.index}: the log is gone") from None
            self._wal = Wal.create(DIRECTORY, self._config.ledger_id, self.disk)
            self._journal = []
        except WalDamagedError as error:
            raise Violation("recovery", f"node {self.index}: {error}") from error
        records = self._wal.records
        if records not in (self._journal or [], self._possible):
            raise Violation("recovery", f"node {self.index}: the log differs from what was durable")
        self._journal, self._possible = list(records), None
        self._rotate_at = self._around.options.segment
        return records

    def _check_recovery(self, records: list[bytes]) -> None:
        """Recovery is a function of the durable records; doing it again, or from its own snapshot, changes nothing.

        Where nothing was under way when the process ended, it brings back exactly what there was.
        """
        around, snapshot = self._around, self.core.snapshot()
        if self.honest and self._left is not None:
            before, state = self._left
            if state[1] == self.core.floor_view and essence(snapshot, *state) != essence(before, *state):
                raise Violation("recovery", f"node {self.index}: recovered another state than before the crash")
            if state > (self.core.view, self.core.floor_view):
                raise Violation("recovery", f"node {self.index}: was in view {state[0]}, recovered in {self.core.view}")
        if self.core.view < around.checker.highest_vote(self.index):
            raise Violation("recovery", f"node {self.index}: recovered view {self.core.view}, voted in a later one")
        for source in (records, snapshot):
            again, _ = Core.recover(self._config, self._scheme, source, self.chain.tips[-1], self.clock())
            if again.snapshot() != snapshot:
                raise Violation("recovery", f"node {self.index}: recovered differently the second time")

    def _disk_operation(self, name: str) -> None:
        """Counts down to the injected fault; `synced` stands for the moment after an fsync, where no disk can fail."""
        if self.crash_in is not None and (name != "synced" or isinstance(self.crash, CrashError)):
            if self.crash_in == 0:
                self.crash_in = None
                raise self.crash
            self.crash_in -= 1

    def _world(self) -> World:
        around, life = self._around, self.life
        options, random = around.options, around.random
        return World(
            random=random,
            later=lambda delay, action: around.at(around.now + max(delay, 0), self, action),
            wall=lambda: 1_750_000_000_000 + around.now + self._skew,
            emit=lambda event: around.at(around.now, self, lambda: self.post(event)),
            send=lambda peer, message: around.transmit(self.index, peer, message),
            peers=tuple(i for i in range(len(around.keys)) if i != self.index),
            drop=lambda: life == self.life and random.random() * 1000 < options.dropped,
        )

    def clock(self) -> int:
        """The monotonic clock, which starts anywhere."""
        return self._around.now + self._clock

    # --- events -----------------------------------------------------------------------------------------------------

    def receive(self, sender: int, message: object) -> None:
        """A message arrived."""
        if isinstance(message, Records | GetRecords):
            self.application.received(sender, message)
        elif isinstance(message, GetHeaders):
            headers = self.application.answer(message)
            if headers is not None:
                self._send(Send(self._around.keys[sender], headers))
        else:
            self.post(Received(self._around.keys[sender], message))  # type: ignore[arg-type] # only messages remain

    def connected(self, peer: int) -> None:
        """The link to a peer came up."""
        self.post(Connected(self._around.keys[peer]))

    def post(self, event: Event) -> None:
        """Hands an event to the core, or keeps it while an fsync runs."""
        if self._busy:
            self._inbox.append(event)
        else:
            self._perform([self._handle(event)])

    def _handle(self, event: Event) -> Output:
        around = self._around
        output = self.core.handle(event, self.clock())
        around.trace(self.index, event, output.persist)
        self._check_state()
        return output

    def _perform(self, outputs: list[Output]) -> None:
        """The driver's contract, in its order."""
        around = self._around
        for output in outputs:
            for send in output.send_now:
                self._send(send)
        records = [record for output in outputs for record in output.persist]
        if records:
            self.application.synced()
            self._wal.append(records)
            self._possible = [*(self._journal or ()), *records]
            fsync = around.options.fsync
            if fsync:
                self._busy = True
                around.at(around.now + around.random.randrange(fsync + 1), self, lambda: self._synced(outputs, records))
            else:
                self._synced(outputs, records)
        else:
            self._finish(outputs)

    def _synced(self, outputs: list[Output], records: list[bytes]) -> None:
        self._wal.sync()
        self.disk.before("synced")
        self._journal, self._possible = self._possible, None
        self._around.checker.synced(self.index, records)
        self._finish(outputs)
        if self._busy:
            self._busy = False
            while self._inbox and not self._busy:
                if self._around.options.merge:
                    events = tuple(self._inbox)
                    self._inbox.clear()
                    self._perform([self._handle(event) for event in events])
                else:
                    self._perform([self._handle(self._inbox.popleft())])

    def _finish(self, outputs: list[Output]) -> None:
        for output in outputs:
            for send in output.send_after:
                self._send(send)
            for call in output.app:
                self._around.checker.call(self.index, call)
                self.application.call(call)
        if self.honest and self.application.alarms:
            raise Violation("alarm", f"node {self.index}: {self.application.alarms}")
        if self._wal.size > self._rotate_at:
            snapshot = list(self.core.snapshot())
            self._possible = snapshot
            self._wal.rotate(snapshot)
            self._journal, self._possible = snapshot, None
            self._rotate_at = self._wal.size + self._around.options.segment
        self._sleep(outputs[-1].wake_at)

    def _sleep(self, wake_at: int | None) -> None:
        """Arms the timer; one armed for earlier looks again when it fires."""
        self._wake_at = None if wake_at is None else max(wake_at - self._clock, self._around.now)
        if self._wake_at is not None and (self._armed is None or self._wake_at < self._armed):
            self._arm(self._wake_at)

    def _arm(self, time: int) -> None:
        self._armed = time
        self._around.at(time, self, lambda: self._wake(time))

    def _wake(self, time: int) -> None:
        now = self._around.now
        if time != self._armed:
            return
        self._armed = None
        if self._wake_at is None:
            return
        if self._wake_at > now:
            self._arm(self._wake_at)
            return
        self._wake_at = None
        before, count = self._woken
        self._woken = (now, count + 1 if before == now else 1)
        if self._woken[1] > _WAKES_AT_ONCE:
            raise Violation("spinning", f"node {self.index} wants to be woken for ever")
        self.post(Wake())

    def _send(self, send: Send) -> None:
        around = self._around
        around.checker.sent(self.index, send)
        message: Message = send.message
        if around.random.random() < 0.02 and decode(encode(message)) != message:
            raise Violation("encoding", f"node {self.index}: {message}")
        if send.to is None:
            around.transmit(self.index, None, message)
        elif send.to == self._config.me or send.to not in around.index_of:
            raise Violation("addressee", f"node {self.index} sends to {send.to.hex()[:8]}")
        else:
            around.transmit(self.index, around.index_of[send.to], message)

    def _check_state(self) -> None:
        """View and floor never go back, no correct node is taken for faulty, and buffers stay within their bounds."""
        core, around = self.core, self._around
        state = (core.view, core.floor_view)
        if state[0] < self._state[0] or state[1] < self._state[1] or state[0] <= state[1]:
            raise Violation("view", f"node {self.index}: view and floor {state} after {self._state}")
        self._state = state
        accused = {around.index_of[key] for key, _reason in core.faults}
        if self.honest and not accused <= around.checker.traitors:
            raise Violation("accusation", f"node {self.index} holds correct nodes for faulty: {core.faults}")
        self._handled += 1
        if self._handled % WEIGH_EVERY == 0:
            self._weigh(self._around.checker.n)

    def _weigh(self, n: int) -> None:
        """What a core holds is bounded by its open views, 3n votes each, and by what waits for execution."""
        core = self.core
        views = core.view - max(core.floor_view - RETAINED_VIEWS, 0) + 2
        unexecuted = core.delivered.height - (len(self.chain.blocks) - 1) + CATCH_UP_BACKLOG
        bound = views * (3 * n + 24) + 4 * unexecuted + 30 * n + 100
        weight = elements(core)
        if weight > bound:
            raise Violation("buffers", f"node {self.index}: {weight} elements, at most {bound}")
