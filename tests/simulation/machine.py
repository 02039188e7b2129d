"""One machine: a disk that survives, and on it a process made of the real core, the real write-ahead log and a model application.

`Machine` keeps the driver's contract (`consensus.events`) as node/driver.py does, optionally with slow fsyncs during which events
wait and are then handled together, their outputs merged.
"""

import errno
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Protocol

from consensus.core import Core
from consensus.events import Config, Connected, Event, Output, Received, Scheme, Send, Wake
from consensus.messages import GetHeaders, GotBlock, Message, Proposal, decode, encode
from tests.simulation.application import Application, Chain, GetRecords, Records, World
from tests.simulation.disk import CrashError, MemoryDisk
from tests.simulation.inspection import bound, elements, essence
from tests.simulation.invariants import Checker, Violation
from tests.simulation.log import Log, LogLostError
from tests.simulation.options import Fault, Options

WEIGH_EVERY = 500
FULL_MS = 5_000
_WAKES_AT_ONCE = 100


class BlackoutError(CrashError):
    """Everybody's power fails at this machine's operation."""


class Surroundings(Protocol):
    """What a machine needs of the simulation."""

    now: int
    options: Options
    checker: Checker
    keys: tuple[bytes, ...]
    index_of: dict[bytes, int]
    retired: set[bytes]

    def at(self, time: int, machine: "Machine", action: Callable[[], None]) -> None:
        """Calls `action` then, unless the machine's process has ended by then."""
        ...

    def retire(self, machine: "Machine") -> tuple[Config, Scheme]:
        """The machine's key may not vote again: another one, that is no validator's, takes its place."""
        ...

    def transmit(self, sender: int, receiver: int | None, message: object) -> None:
        """Gives a message to the network."""
        ...

    def note(self, machine: int, text: str) -> None:
        """Adds to what a script says for people."""
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
        retired: its log was lost, so it only follows.
        paused_until: the process stands still until then.
        full_until: no disk operation that needs space succeeds until then.
        operations: of the disk, by name, with the bytes not synced and those of the newest segment; recorded where it is a list.
    """

    honest = True

    def __init__(self, index: int, config: Config, scheme: Scheme, around: Surroundings) -> None:
        seed, options = around.options.seed, around.options
        self.index = index
        self.up = False
        self.life = 0
        self.retired = False
        self.paused_until = 0
        self.full_until = 0
        self.operations: list[tuple[str, int, int]] | None = None
        self.random = Random(f"machine {index} {seed}")
        self.disk = MemoryDisk(Random(f"disk {index} {seed}"), self._disk_operation)
        self.chain = Chain(config.ledger_id)
        self.core: Core | None = None
        self.application: Application
        self._config = config
        self._scheme = scheme
        self._around = around
        self._skew = self.random.randrange(-options.skew, options.skew + 1)
        self._clock = 0
        self._remembers = any(fault.kind in {"stale", "snapshot"} for fault in options.faults)
        self._log = self._new_log()
        self._rotate_at = 0
        self._trap: Fault | None = None
        self._trap_in = 0
        self._damage: Fault | None = None
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
        self._clock = self.random.randrange(10**9)
        self._busy = False
        self._inbox.clear()
        self._wake_at = self._armed = None
        self._state = (0, 0)
        try:
            records = self._log.open()
        except LogLostError:
            records = self._start_anew()
        self._rotate_at = around.options.segment
        if self._log.older:
            around.checker.betray(self.index)
            self.honest = False
        tip = self.chain.tips[-1]
        around.checker.restarted(self.index, records, tip)
        self.application = self._make_application()
        self.core, output = Core.recover(self._config, self._scheme, records, tip, self.clock())
        if self.honest and not self.retired:
            self._check_recovery(records)
        self._perform([output])
        self.application.start()

    def stop(self, power: bool) -> None:
        """The process ends; with `power` the machine stops too and the disk forgets what was not synced."""
        settled = self.core is not None and self._log.settled
        self._left = (self.core.snapshot(), self._state) if settled else None
        self.up = False
        self.life += 1
        self._trap = None
        if power:
            damage, self._damage = self._damage, None
            torn = damage is not None and damage.kind == "torn"
            self.disk.crash(damage.keep if torn else None)
            if damage is not None and not torn:
                self.damage(damage)

    def damage(self, fault: Fault) -> None:
        """The disk suffers while the machine is off."""
        height = self._log.damage(fault)
        self._left = None
        if fault.kind == "snapshot" and height is not None:
            self.chain.forget(height)
        if fault.kind == "lost" and fault.keep:
            self.chain = Chain(self._config.ledger_id)

    def _start_anew(self) -> list[bytes]:
        """The log was refused: this process follows under a new key that is no validator's, on a new log."""
        self.retired = True
        self._config, self._scheme = self._around.retire(self)
        self.disk.clear()
        self._log = self._new_log()
        return self._log.open()

    def _new_log(self) -> Log:
        executed = (lambda: len(self.chain.blocks) - 1) if self._remembers else None
        return Log(self.disk, self._config.ledger_id, f"node {self.index}", executed)

    def _make_application(self) -> Application:
        return Application(self._around.options, self.chain, self._world(), self._around.index_of)

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

    # --- the disk fails -----------------------------------------------------------------------------------------------

    def arm(self, fault: Fault) -> None:
        """The fault strikes at the `step`-th disk operation from now on."""
        self._trap, self._trap_in = fault, fault.step

    def repair(self) -> None:
        """Nothing fails any more."""
        self._trap = None
        self.paused_until = self.full_until = 0

    def _disk_operation(self, name: str) -> None:
        """Counts down to the fault; `synced` stands for the moment after an fsync, where no disk can fail."""
        if self.operations is not None:
            self.operations.append((name, self.disk.unsynced(), self._log.segment_bytes()))
        if self.full_until > self._around.now and name in {"create", "write"}:
            raise OSError(errno.ENOSPC, "injected")
        trap = self._trap
        if trap is None or not self.up:
            return
        if self._trap_in > 0:
            self._trap_in -= 1
            return
        if name == "synced" and trap.kind in {"broken", "full"}:
            return
        self._trap = None
        self._around.note(self.index, f"{trap.kind} at {name}")
        match trap.kind:
            case "broken":
                raise OSError(errno.EIO, "injected")
            case "full":
                self.full_until = self._around.now + FULL_MS
                raise OSError(errno.ENOSPC, "injected")
            case "blackout":
                raise BlackoutError
            case _:
                self._damage = trap
                raise CrashError

    def _world(self) -> World:
        around, life = self._around, self.life
        options, random = around.options, self.random
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
            self.post(Received(self._around.keys[sender], message))  # only messages remain

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
            self._log.append(records)
            fsync = around.options.fsync
            if fsync:
                self._busy = True
                around.at(around.now + self.random.randrange(fsync + 1), self, lambda: self._synced(outputs, records))
            else:
                self._synced(outputs, records)
        else:
            self._finish(outputs)

    def _synced(self, outputs: list[Output], records: list[bytes]) -> None:
        self._log.sync()
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
        if self._log.size > self._rotate_at:
            self._log.rotate(list(self.core.snapshot()))
            self._rotate_at = self._log.size + self._around.options.segment
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
        message: Message = send.message
        if self.honest:
            around.checker.sent(self.index, send)
        elif isinstance(message, Proposal | GotBlock):
            around.checker.learn(message.block)
        if self.random.random() < 0.02 and decode(encode(message)) != message:
            raise Violation("encoding", f"node {self.index}: {message}")
        if send.to is None:
            around.transmit(self.index, None, message)
        elif send.to in around.retired:
            pass  # nobody is connected under this key any more
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
        """What a core holds is bounded, whatever it was sent."""
        allowed = bound(self.core, n, self.core.delivered.height - (len(self.chain.blocks) - 1))
        weight = elements(self.core)
        if weight > allowed:
            raise Violation("buffers", f"node {self.index}: {weight} elements, at most {allowed}")
