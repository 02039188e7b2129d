"""The model ledger of the epochs' runs: some records schedule another list of validators, which ends the epoch.

A change is asked for by a record; it is *pending* from its execution on and replaces what was pending. Each machine on its list says
by another record that it is ready; with a quorum of the list ready it is *scheduled*, by its hash, at each height from then on.
A block is valid only if its `next` is what is scheduled at the height of its mark. An epoch begins with the mark of the block that
ended the one before: what was scheduled at older ones is in force by now.
"""

import hashlib
from collections.abc import Callable

from consensus.events import AppCall, Build, Built, Check, Checked, Deliver, Outdated, Tip, Work
from consensus.limits import MAX_HEADERS
from consensus.messages import Block, Certificate, GetHeaders, Headers, Payload
from consensus.quorum import quorum
from tests.simulation.application import EPOCH_MS, HEARTBEAT_MS, Application, Chain, World
from tests.simulation.epochs.options import EpochOptions, Member
from tests.simulation.invariants import Violation


class Registry:
    """What the records of a run mean, for a record is nothing but its id.

    Attributes:
        lists: members by number; 0 is the first epoch's, n the n-th change's.
        hashes: of the lists, by number.
    """

    def __init__(self, options: EpochOptions) -> None:
        self.lists = options.lists
        self.hashes = [
            hashlib.sha256(f"list {number} {members}".encode()).digest() for number, members in enumerate(self.lists)
        ]
        self._numbers = {digest: number for number, digest in enumerate(self.hashes)}
        self._changes = {self.change(number): number for number in range(1, len(self.lists))}
        self._ready: dict[bytes, tuple[int, int, int]] = {}

    def number(self, digest: bytes) -> int | None:
        """The list that a block's `next` names, None if there is none."""
        return self._numbers.get(digest)

    def change(self, number: int) -> bytes:
        """The record that asks for a list."""
        return hashlib.sha256(f"change {number}".encode()).digest()

    def ready(self, epoch: int, number: int, machine: int) -> bytes:
        """The record by which a machine says that it is ready to vote in this epoch with this list."""
        record = hashlib.sha256(f"ready {epoch} {number} {machine}".encode()).digest()
        self._ready[record] = epoch, number, machine
        return record

    def asks_for(self, record: bytes) -> int | None:
        """The list that a record asks for."""
        return self._changes.get(record)

    def says_ready(self, record: bytes) -> tuple[int, int, int] | None:
        """Epoch, list and machine of a record that says so."""
        return self._ready.get(record)


class EpochChain(Chain):
    """What one node has executed, over all epochs.

    Attributes:
        epochs: number of the list in force in each epoch so far.
        starts: height of the block on which each of them began.
        pending: the list that is asked for, 0: none.
        scheduled: by height, the hash of the list that may end the epoch after it, else empty.
    """

    __slots__ = ("_newest", "_ready", "_registry", "epochs", "pending", "scheduled", "starts")

    def __init__(self, ledger_id: bytes, registry: Registry) -> None:
        super().__init__(ledger_id)
        self.epochs = [0]
        self.starts = [0]
        self.pending = 0
        self.scheduled = [b""]
        self._newest = 0
        self._ready: set[int] = set()
        self._registry = registry

    @property
    def epoch(self) -> int:
        """The epoch in force."""
        return len(self.epochs) - 1

    @property
    def height(self) -> int:
        """Of the last executed block."""
        return len(self.blocks) - 1

    @property
    def members(self) -> tuple[Member, ...]:
        """The validators in force."""
        return self._registry.lists[self.epochs[-1]]

    def lacks(self, machine: int) -> bytes | None:
        """The record by which this machine should say that it is ready, None if it is not asked or has said so."""
        members = [one for one, _ in self._registry.lists[self.pending]] if self.pending else []
        if machine not in members or machine in self._ready:
            return None
        return self._registry.ready(self.epoch + 1, self.pending, machine)

    def execute(self, call: Deliver) -> None:
        """One atomic commit."""
        fresh = [one for one in call.block.payload.records if one not in self.index]
        super().execute(call)
        for record in fresh:
            self._carry_out(record)
        if call.block.payload.next:
            self._begin(call.block, call.digest)
        ready = bool(self.pending) and len(self._ready) >= quorum(len(self._registry.lists[self.pending]))
        self.scheduled.append(self._registry.hashes[self.pending] if ready else b"")

    def _carry_out(self, record: bytes) -> None:
        number = self._registry.asks_for(record)
        if number is not None and number > self._newest:
            self._newest = self.pending = number
            self._ready.clear()
        said = self._registry.says_ready(record)
        if said is not None and said[:2] == (self.epoch + 1, self.pending):
            self._ready.add(said[2])

    def _begin(self, block: Block, digest: bytes) -> None:
        number = self._registry.number(block.payload.next)
        if number is None:
            raise Violation("list", f"height {block.height} ends an epoch for a list that nobody asked for")
        self.epochs.append(number)
        self.starts.append(block.height)
        self.tips[-1] = Tip(0, block.height, digest, block.payload.time, block.height)
        self._ready.clear()
        if self.pending == number:
            self.pending = 0

    def stretch(self, epoch: int, first: int) -> Headers | None:
        """Final blocks of one epoch from this height on, up to the last one in reach that has its own certificate."""
        if epoch > self.epoch or first <= self.starts[epoch]:
            return None
        last = self.starts[epoch + 1] if epoch < self.epoch else self.height
        for height in range(min(last, first + MAX_HEADERS - 1), first - 1, -1):
            final = self.finals[height]
            if final is not None:
                return Headers(tuple(block for block in self.blocks[first : height + 1] if block), final)
        return None

    def end_of(self, epoch: int) -> Certificate | None:
        """The FINAL that ended an epoch, None while it is in force."""
        return self.finals[self.starts[epoch + 1]] if epoch < self.epoch else None


class EpochApplication(Application):
    """One process's volatile state over its durable chain.

    `prepare` is told a new epoch before the block that ends the one before is committed, `turn` afterwards.
    """

    chain: EpochChain

    def __init__(
        self,
        options: EpochOptions,
        chain: EpochChain,
        world: World,
        index_of: dict[bytes, int],
        machine: int,
        prepare: Callable[[int], None],
        turn: Callable[[], None],
        tell: Callable[[bytes, Certificate], None],
    ) -> None:
        super().__init__(options.base, chain, world, index_of)
        self._machine = machine
        self._prepare = prepare
        self._turn = turn
        self._tell = tell

    def start(self) -> None:
        """Says what there is to do."""
        super().start()
        self._declare()

    def forget(self) -> None:
        """Another core begins: what the old one asked is void."""
        self._build = None
        self._checks.clear()
        self._early.clear()
        self._work = None

    def _declare(self) -> None:
        """Says that this machine is ready for the list that is pending, if it is on it."""
        record = self.chain.lacks(self._machine)
        if record is not None and record not in self._pending:
            self.submit(record)

    def _look(self) -> None:
        """The end of an epoch is due like a heartbeat: with records or without."""
        beats = self._world.wall() - max(self.chain.tips[-1].time, EPOCH_MS) >= HEARTBEAT_MS
        work = Work(pending=bool(self._pending), due=beats or bool(self.chain.scheduled[-1]))
        if work != self._work:
            self._work = work
            self._world.emit(work)

    def call(self, call: AppCall) -> None:
        """Carries out what the core asks for."""
        super().call(call)
        if isinstance(call, Outdated):
            final = self.chain.end_of(call.epoch)
            if final is not None:
                self._tell(call.peer, final)

    def _answer_build(self, call: Build) -> None:
        mark = self.chain.marks[-1]
        if self._build is not call or not self.chain.scheduled[-1] or call.parent.mark > mark.height:
            super()._answer_build(call)
            return
        self._build = None
        payload = Payload(max(self._world.wall(), call.parent.time + 1), mark, self.chain.scheduled[-1], ())
        self._world.emit(Built(call.view, call.parent.digest, payload))

    def _judge(self, check: Check) -> Checked | None:
        block = check.block
        mark = block.payload.mark.height
        executed = check.parent.height >= mark and mark <= self.chain.height
        if executed and block.payload.next != self.chain.scheduled[mark]:
            return Checked(check.digest, valid=False)
        return super()._judge(check)

    def _executed(self) -> None:
        block = self._delivered[0].block
        if block.payload.next:
            self._prepare(block.epoch + 1)
        super()._executed()
        self._declare()
        if block.payload.next:
            self._turn()

    def answer(self, request: GetHeaders) -> Headers | None:
        """Catch-up of a peer."""
        return self.chain.stretch(request.epoch, request.first)
