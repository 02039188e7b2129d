"""One machine through all epochs: a disk with a log an epoch, the chain, and a process with one core after the other.

It keeps the driver's contract as `tests.simulation.machine` does, and that of node/driver.py and node/epoch_logs.py between two
epochs: the new log is durable before the block that ends the old epoch is committed, a core is replaced when everything that it
said is done, and old logs are deleted a while later.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Protocol

from consensus.core import Core
from consensus.events import Config, Connected, Event, Output, Received, Scheme, Send, Wake
from consensus.limits import CATCH_UP_BACKLOG, RETAINED_VIEWS
from consensus.messages import Certificate, GetHeaders, Message, decode, encode
from node.errors import WalDamagedError, WalExistsError, WalMissingError
from node.wal import Wal
from tests.simulation.application import GetRecords, Records, World
from tests.simulation.disk import CrashError, MemoryDisk
from tests.simulation.epochs.application import EpochApplication, EpochChain, Registry
from tests.simulation.epochs.checker import Checkers
from tests.simulation.epochs.options import EpochOptions
from tests.simulation.inspection import elements, essence
from tests.simulation.invariants import Violation

LEDGER_ID = bytes(range(32))
WEIGH_EVERY = 200
_WAKES_AT_ONCE = 100


class Surroundings(Protocol):
    """What a machine needs of the simulation."""

    now: int
    options: EpochOptions
    checker: Checkers
    registry: Registry
    index_of: dict[bytes, int]

    def at(self, time: int, machine: "EpochMachine", action: Callable[[], None]) -> None:
        """Calls `action` then, unless the machine's process has ended by then."""
        ...

    def transmit(self, sender: int, receiver: int | None, message: object) -> None:
        """Gives a message to the network."""
        ...

    def trace(self, machine: int, event: object, persist: tuple[bytes, ...] = ()) -> None:
        """Adds to the run's trace."""
        ...

    def scheme(self, machine: int, key: bytes) -> Scheme:
        """Signatures with this key."""
        ...

    def renew(self, machine: "EpochMachine") -> None:
        """The machine shows another key from now on: its links are made anew."""
        ...


class EpochMachine:
    """See the module's docstring.

    Attributes:
        keys: its consensus keys; the list of an epoch names at most one.
        up: whether a process runs.
        life: number of the process, so that what was meant for an earlier one is dropped.
        honest: whether it is bound by the rules.
        paused_until: the process stands still until then.
        crash_in: disk operations until `crash` is raised, None: never.
        crash_in_change: the same, counted from when the next epoch's log is made.
        turns: how many epochs it began without a restart.
    """

    honest = True

    def __init__(self, index: int, around: Surroundings) -> None:
        seed, skew = around.options.seed, around.options.base.skew
        self.index = index
        self.keys = around.checker.keys[index]
        self.up = False
        self.life = 0
        self.paused_until = 0
        self.crash_in: int | None = None
        self.crash: BaseException = CrashError()
        self.crash_in_change: int | None = None
        self.turns = 0
        self.random = Random(f"machine {index} {seed}")
        self.disk = MemoryDisk(Random(f"disk {index} {seed}"), self._disk_operation)
        self.chain = EpochChain(LEDGER_ID, around.registry)
        self.core: Core
        self.application: EpochApplication
        self._config: Config
        self._scheme: Scheme
        self._around = around
        self._skew = self.random.randrange(-skew, skew + 1)
        self._clock = 0
        self._wal: Wal
        self._rotate_at = 0
        self._journals: dict[int, list[bytes]] = {}
        self._possible: list[bytes] | None = None
        self._left: tuple[int, tuple[bytes, ...], tuple[int, int]] | None = None
        self._busy = False
        self._turning = False
        self._inbox: deque[Event] = deque()
        self._wake_at: int | None = None
        self._armed: int | None = None
        self._woken = (0, 0)
        self._state = (0, 0)
        self._handled = 0

    @property
    def key(self) -> bytes:
        """The key by which the others know it now."""
        return self._config.me

    # --- life -------------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """Starts a process from what the disk holds."""
        self.up = True
        self.life += 1
        self._clock = self.random.randrange(10**9)
        self._busy = self._turning = False
        self._inbox.clear()
        records = self._open(self.chain.epoch)
        options = self._around.options
        self.application = EpochApplication(
            options, self.chain, self._world(), self._around.index_of, self.index, self._prepare, self._turn, self._tell
        )
        self._begin(records)

    def stop(self, power: bool) -> None:
        """The process ends; with `power` the machine stops too and the disk forgets what was not synced."""
        settled = self._possible is None and hasattr(self, "core")
        self._left = (self.core.epoch, self.core.snapshot(), self._state) if settled else None
        self.up = False
        self.life += 1
        self.crash_in = None
        if power:
            self.disk.crash()

    def _begin(self, records: list[bytes]) -> None:
        """A core begins in the epoch in force, out of its log."""
        around, chain, tip = self._around, self.chain, self.chain.tips[-1]
        validators = around.checker.validators(chain.epochs[-1])
        me = next((key for key in self.keys if key in validators), self.keys[-1])
        self._config = Config(LEDGER_ID, chain.epoch, validators, me)
        self._scheme = around.scheme(self.index, me)
        self._wake_at = self._armed = None
        self._state = (0, 0)
        self._rotate_at = around.options.base.segment
        around.checker.enter(self.index, chain.epoch, me, records, tip)
        self.core, output = Core.recover(self._config, self._scheme, records, tip, self.clock())
        self._check_recovery(records)
        self._perform([output])
        self.application.start()
        around.at(around.now + around.options.pruned, self, self._prune)

    def _check_recovery(self, records: list[bytes]) -> None:
        """Recovery is a function of the durable records; doing it again, or from its own snapshot, changes nothing.

        Where nothing was under way when the process ended, it brings back exactly what there was.
        """
        core, snapshot = self.core, self.core.snapshot()
        if self.honest and self._left is not None and self._left[0] == core.epoch:
            _, before, state = self._left
            if state[1] == core.floor_view and essence(snapshot, *state) != essence(before, *state):
                raise Violation("recovery", f"node {self.index}: recovered another state than before the crash")
            if state > (core.view, core.floor_view):
                raise Violation("recovery", f"node {self.index}: was in view {state[0]}, recovered in {core.view}")
        if core.view < self._around.checker.highest_vote(self.index):
            raise Violation("recovery", f"node {self.index}: recovered view {core.view}, voted in a later one")
        for source in (records, snapshot):
            again, _ = Core.recover(self._config, self._scheme, source, self.chain.tips[-1], self.clock())
            if again.snapshot() != snapshot:
                raise Violation("recovery", f"node {self.index}: recovered differently the second time")

    # --- logs -------------------------------------------------------------------------------------------------------

    def directory(self, epoch: int) -> Path:
        """Where an epoch's log is."""
        return Path(f"/wal/epoch-{epoch}")

    def _open(self, epoch: int) -> list[bytes]:
        """An epoch's log; only the first epoch's is made here."""
        try:
            self._wal = Wal.open(self.directory(epoch), LEDGER_ID, self.disk)
        except WalMissingError:
            if epoch or epoch in self._journals:
                raise Violation("recovery", f"node {self.index}: the log of epoch {epoch} is gone") from None
            self._wal = Wal.create(self.directory(epoch), LEDGER_ID, self.disk)
        except WalDamagedError as error:
            raise Violation("recovery", f"node {self.index}: {error}") from error
        records = self._wal.records
        if records not in (self._journals.get(epoch, []), self._possible):
            raise Violation("recovery", f"node {self.index}: the log of epoch {epoch} differs from what was durable")
        self._journals[epoch], self._possible = list(records), None
        return records

    def _prepare(self, epoch: int) -> None:
        """The log of the epoch to come is durable; one that a crash left is the same empty one."""
        directory = self.directory(epoch)
        if self.crash_in_change is not None:
            self.crash_in, self.crash, self.crash_in_change = self.crash_in_change, CrashError(), None
        try:
            wal = Wal.create(directory, LEDGER_ID, self.disk)
        except WalExistsError:
            wal = Wal.open(directory, LEDGER_ID, self.disk)
            if wal.records:
                raise Violation("old-log", f"node {self.index}: the log of epoch {epoch}, to come, holds records") from None
        wal.close()
        self._journals[epoch] = []

    def _prune(self) -> None:
        """Deletes the logs of epochs before the last one (node/epoch_logs.py)."""
        for epoch in [epoch for epoch in self._journals if epoch < self.chain.epoch - 1]:
            directory = self.directory(epoch)
            for name in self.disk.names(directory):
                self.disk.remove(directory / name)
            self.disk.sync_directory(directory)
            del self._journals[epoch]

    def _disk_operation(self, name: str) -> None:
        """Counts down to the injected fault; `synced` stands for the moment after an fsync, where no disk can fail."""
        if self.crash_in is not None and (name != "synced" or isinstance(self.crash, CrashError)):
            if self.crash_in == 0:
                self.crash_in = None
                raise self.crash
            self.crash_in -= 1

    # --- from one epoch to the next -----------------------------------------------------------------------------------

    def _turn(self) -> None:
        """The last block of the epoch is committed: the next core takes over, once nothing of this one's is under way."""
        if self._busy:
            self._turning = True
            return
        self._turning = False
        self.turns += 1
        before = self.key
        self._wal.close()
        self.application.forget()
        self._begin(self._open(self.chain.epoch))
        if self.key != before:
            self._around.renew(self)

    def _tell(self, peer: bytes, final: Certificate) -> None:
        """Sends a peer the end of the epoch that it is in."""
        self._send(Send(peer, final))

    # --- surroundings -------------------------------------------------------------------------------------------------

    def _world(self) -> World:
        around, life = self._around, self.life
        random, dropped = self.random, around.options.base.dropped
        return World(
            random=random,
            later=lambda delay, action: around.at(around.now + max(delay, 0), self, action),
            wall=lambda: 1_750_000_000_000 + around.now + self._skew,
            emit=lambda event: around.at(around.now, self, lambda: self.post(event)),
            send=lambda peer, message: around.transmit(self.index, peer, message),
            peers=tuple(i for i in range(around.options.machines) if i != self.index),
            drop=lambda: life == self.life and random.random() * 1000 < dropped,
        )

    def clock(self) -> int:
        """The monotonic clock, which starts anywhere."""
        return self._around.now + self._clock

    # --- events -----------------------------------------------------------------------------------------------------

    def receive(self, sender: int, key: bytes, message: object) -> None:
        """A message arrived from a machine that showed this key when it sent it."""
        if isinstance(message, Records | GetRecords):
            self.application.received(sender, message)
        elif isinstance(message, GetHeaders):
            headers = self.application.answer(message)
            if headers is not None:
                self._send(Send(key, headers))
        else:
            self.post(Received(key, message))  # only messages remain

    def connected(self, key: bytes) -> None:
        """The link to a peer came up."""
        self.post(Connected(key))

    def post(self, event: Event) -> None:
        """Hands an event to the core, or keeps it while an fsync runs."""
        if self._busy:
            self._inbox.append(event)
        else:
            self._perform([self._handle(event)])

    def _handle(self, event: Event) -> Output:
        output = self.core.handle(event, self.clock())
        self._around.trace(self.index, event, output.persist)
        self._check_state()
        return output

    def _perform(self, outputs: list[Output]) -> None:
        """The driver's contract, in its order."""
        around = self._around
        for output in outputs:
            for send in output.send_now:
                self._send(send)
        records = [record for output in outputs for record in output.persist]
        if not records:
            self._finish(outputs)
            return
        self.application.synced()
        self._wal.append(records)
        self._possible = [*self._journals[self.core.epoch], *records]
        fsync = around.options.base.fsync
        if fsync:
            self._busy = True
            around.at(around.now + self.random.randrange(fsync + 1), self, lambda: self._synced(outputs, records))
        else:
            self._synced(outputs, records)

    def _synced(self, outputs: list[Output], records: list[bytes]) -> None:
        self._wal.sync()
        self.disk.before("synced")
        self._settle(self._possible or [])
        self._around.checker.synced(self.index, records)
        self._finish(outputs)
        if not self._busy:
            return
        self._busy = False
        if self._turning:
            self._turn()
        while self._inbox and not self._busy:
            events = tuple(self._inbox) if self._around.options.base.merge else (self._inbox[0],)
            for _ in events:
                self._inbox.popleft()
            self._perform([self._handle(event) for event in events])

    def _settle(self, journal: list[bytes]) -> None:
        self._journals[self.core.epoch], self._possible = journal, None

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
            self._settle(snapshot)
            self._rotate_at = self._wal.size + self._around.options.base.segment
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
        if self.random.random() < 0.02 and decode(encode(message)) != message:
            raise Violation("encoding", f"node {self.index}: {message}")
        if send.to is None:
            around.transmit(self.index, None, message)
        elif send.to in self.keys or send.to not in around.index_of:
            raise Violation("addressee", f"node {self.index} sends to {send.to.hex()[:8]}")
        else:
            around.transmit(self.index, around.index_of[send.to], message)

    def _check_state(self) -> None:
        """View and floor never go back in an epoch, nobody correct is held for faulty, buffers stay within their bounds."""
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
            self._weigh(around.checker.n)

    def _weigh(self, n: int) -> None:
        """What a core holds is bounded by its open views, 3n votes each, and by what waits for execution."""
        core = self.core
        views = core.view - max(core.floor_view - RETAINED_VIEWS, 0) + 2
        unexecuted = core.delivered.height - self.chain.height + CATCH_UP_BACKLOG
        bound = views * (3 * n + 24) + 4 * unexecuted + 40 * len(self._around.index_of) + 100
        weight = elements(core)
        if weight > bound:
            raise Violation("buffers", f"node {self.index}: {weight} elements, at most {bound}")
