"""One node on the wide-area network: the real core, and around it what `node/` does, with what it costs (`wan_costs`).

A machine has one processor. Whatever is to do waits in two queues: events of the consensus core, which the driver takes all at
once, makes durable with one fsync and answers for (`node.driver`), and other jobs: checks of records and cosignatures, commits.
While an fsync runs the other jobs go on.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from consensus.core import Core
from consensus.events import Build, Config, Connected, Deliver, Event, Output, Received, Send, Wake, Work
from consensus.messages import GetHeaders, Payload, encode
from tests.simulation.application import Chain
from tests.simulation.invariants import Checker, Violation
from tests.simulation.signatures import FastScheme
from tests.simulation.wan import Queue, Wan
from tests.simulation.wan_application import Application, Cosigned, GetRecords, Records
from tests.simulation.wan_costs import Costs

HEADERS = 110
"""Bytes around one message: item and frame (20), WebSocket (8), TLS record (22), TCP and IP (60)."""

_MERGED = 256
_AT_ONCE = 1_000
"""What lies within a millisecond is done in one step, so that a message costs one entry in the queue."""


class CountingScheme(FastScheme):
    """Counts what it does.

    Attributes:
        checks: verifications so far.
        signatures: signatures made.
    """

    def __init__(self, key: bytes, secrets: dict[bytes, bytes], signed: Callable[[bytes, bytes], None]) -> None:
        super().__init__(key, secrets, signed)
        self.checks = 0
        self.signatures = 0

    def sign(self, message: bytes) -> bytes:
        self.signatures += 1
        return super().sign(message)

    def verify(self, key: bytes, message: bytes, signature: bytes) -> bool:
        self.checks += 1
        return super().verify(key, message, signature)


class World(Protocol):
    """What a node needs of the run.

    Attributes:
        queue, wan, checker, costs: of all nodes.
        keys: consensus keys in the nodes' order, dead ones too; `index_of` is the reverse.
        live: indices of the nodes that live.
        sizes: bytes of each record.
    """

    queue: Queue
    wan: Wan
    checker: Checker
    costs: Costs
    keys: tuple[bytes, ...]
    index_of: dict[bytes, int]
    live: list[int]
    sizes: dict[bytes, int]

    def arrive(self, sender: int, receiver: int, size: int, item: object) -> None:
        """A message reaches a node."""
        ...

    def count(self, node: int, kind: str, copies: int, size: int) -> None:
        """A message leaves."""
        ...

    def proposed(self, call: Build, payload: Payload, time: int) -> None:
        """A leader has built a block."""
        ...

    def executed(self, node: int, call: Deliver, time: int) -> None:
        """A node has executed a block."""
        ...


class Node:
    """See the module's docstring.

    Attributes:
        core, chain, application: the real core, what is executed, and the rest.
        peers: indices of those it has links to, in the order in which a broadcast leaves.
        busy: microseconds of work so far.
    """

    def __init__(self, index: int, config: Config, scheme: CountingScheme, world: World) -> None:
        self.index = index
        self.scheme = scheme
        self.chain = Chain(config.ledger_id)
        self.peers = [peer for peer in world.wan.order[index] if peer != index and peer in world.live]
        self.busy = 0
        self.core, self._first = Core.recover(config, scheme, (), self.chain.tips[-1], 0)
        self._world = world
        self._costs = world.costs
        self._message = world.costs.message
        self._at = world.queue.at
        self._own: deque[Event] = deque()
        self._events: deque[Event] = deque()
        self._jobs: deque[tuple[int, Callable[[int], None]]] = deque()
        self._free = 0
        self._resumes = False
        self._syncing = False
        self._armed: int | None = None
        self._wake_at: int | None = None
        self._poked = False
        self.application = Application(self, world)

    # --- what comes -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The first output of the core, and links to all peers."""
        self._perform(0, [self._first])
        for peer in self.peers:
            self.post(0, Connected(self._world.keys[peer]))

    def arrive(self, sender: int, size: int, item: object) -> None:
        """The first byte of a message is here."""
        now = self._world.queue.now
        whole = self._world.wan.lines[self.index].arrive(size)
        if whole > now + _AT_ONCE:
            self._at(whole, self._take, whole, sender, item)
        else:
            self._take(whole, sender, item)

    def _take(self, time: int, sender: int, item: object) -> None:
        application = self.application
        match item:
            case Cosigned():
                self.job(time, self._costs.socket + self._costs.verify, _nothing)
            case Records():
                application.arriving(time, item)
            case GetRecords():
                self.job(time, self._costs.other, lambda time: application.asked(time, sender, item))
            case GetHeaders():
                self.job(time, self._costs.other, lambda time: self._answer(time, sender, item))
            case _:
                self._events.append(Received(self._world.keys[sender], item))  # a message
                self._work(time)

    def _answer(self, time: int, sender: int, request: GetHeaders) -> None:
        headers = self.chain.headers(request.first)
        if headers is not None:
            self._send(time, Send(self._world.keys[sender], headers))

    def post(self, time: int, event: Event) -> None:
        """An event of this node's own."""
        self._own.append(event)
        self._work(time)

    def job(self, time: int, cost: int, action: Callable[[int], None]) -> None:
        """Something else to do; `action(time)` when it is done."""
        self._jobs.append((cost, action))
        self._work(time)

    def poke(self, time: int) -> None:
        """Tells the core what there is to do; many calls at a time are one."""
        if not self._poked:
            self._poked = True
            self._own.append(Work(False, False))
            self._work(time)

    # --- the machine's one core -------------------------------------------------------------------------------------

    def _work(self, time: int) -> None:
        """Does what is to do, one piece after the other."""
        if self._resumes:
            return
        time = max(time, self._free)
        now = self._world.queue.now
        if time > now + _AT_ONCE:
            self._resumes = True
            self._at(time, self._resume)
            return
        driving = not self._syncing and (self._own or self._events)
        if driving:
            self._free = self._drive(time)
        elif self._jobs:
            cost, action = self._jobs.popleft()
            self._free = time + cost
            self.busy += cost
            action(self._free)
        if self._jobs or (not self._syncing and (self._own or self._events)):
            self._resumes = True
            self._at(max(self._free, now), self._resume)

    def _resume(self) -> None:
        self._resumes = False
        self._work(self._world.queue.now)

    def _drive(self, time: int) -> int:
        """The core handles what waits; durable first, then out."""
        begun, outputs = time, []
        own, events, scheme, core, costs = self._own, self._events, self.scheme, self.core, self._costs
        while len(outputs) <= _MERGED and (own or events):
            event = own.popleft() if own else events.popleft()
            if isinstance(event, Received):
                time += costs.socket + self._message.get(type(event.message).__name__, costs.other)
            else:
                time += costs.own
                if isinstance(event, Work):
                    self._poked = False
                    event = self.application.work()
            checks, signatures = scheme.checks, scheme.signatures
            outputs.append(core.handle(event, time // 1000))
            time += (scheme.checks - checks) * costs.verify + (scheme.signatures - signatures) * costs.sign
        for output in outputs:
            for send in output.send_now:
                time = self._send(time, send)
        if any(output.persist for output in outputs):
            self._syncing = True
            self._at(time + self._costs.fsync, self._synced, outputs)
        else:
            time = self._perform(time, outputs)
        self.busy += time - begun
        return time

    def _synced(self, outputs: list[Output]) -> None:
        if self.core.faults or self.core.alarm:
            raise Violation("accusation", f"node {self.index}: {self.core.faults}, {self.core.alarm}")
        self._world.checker.synced(self.index, [record for output in outputs for record in output.persist])
        self._syncing = False
        time = max(self._world.queue.now, self._free)
        done = self._perform(time, outputs)
        self.busy += done - time
        self._free = done
        self._work(done)

    def _perform(self, time: int, outputs: list[Output]) -> int:
        """Sends and calls, and the time when they are done."""
        for output in outputs:
            for send in output.send_after:
                time = self._send(time, send)
            for call in output.app:
                self._world.checker.call(self.index, call)
                self.application.call(time, call)
        self._sleep(outputs[-1].wake_at)
        return time

    def _send(self, time: int, send: Send) -> int:
        world = self._world
        world.checker.sent(self.index, send)
        receivers = self.peers if send.to is None else [world.index_of[send.to]]
        return self.transmit(time, receivers, len(encode(send.message)), send.message)

    def transmit(self, time: int, receivers: list[int], size: int, item: object) -> int:
        """Hands a message to the sockets, and the time when that is done."""
        world = self._world
        size += HEADERS
        world.count(self.index, type(item).__name__, len(receivers), size)
        world.wan.send(time, self.index, receivers, size, self._costs.socket, world.arrive, item)
        return time + self._costs.socket * len(receivers)

    def transmit_bulk(self, time: int, receivers: list[int], item: Records) -> None:
        """Queues records."""
        world = self._world
        size = item.size + HEADERS
        world.count(self.index, "Records", len(receivers), size)
        world.wan.send_bulk(time, self.index, receivers, size, world.arrive, item)

    # --- the core's timer -------------------------------------------------------------------------------------------

    def _sleep(self, wake_at: int | None) -> None:
        self._wake_at = None if wake_at is None else max(wake_at * 1000, self._world.queue.now)
        if self._wake_at is not None and (self._armed is None or self._wake_at < self._armed):
            self._arm(self._wake_at)

    def _arm(self, time: int) -> None:
        self._armed = time
        self._at(time, self._wake, time)

    def _wake(self, time: int) -> None:
        if time != self._armed:
            return
        self._armed = None
        if self._wake_at is None:
            return
        if self._wake_at > time:
            self._arm(self._wake_at)
        else:
            self._wake_at = None
            self.post(time, Wake())


def _nothing(_time: int) -> None:
    """A checked cosignature has no further consequence here."""
