"""A small model of what the real node does around the core: mempool, bodies, proposals, execution, catch-up answers.

Durable are the executed chain and the bodies of checked blocks; everything else dies with the process. A record is its id.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from consensus.ancestry import tip_of
from consensus.events import Alarm, AppCall, Applied, Build, Built, Check, Checked, Deliver, Event, Tip, Work
from consensus.limits import MAX_HEADERS
from consensus.messages import Block, Certificate, GetHeaders, Headers, Mark, Payload
from tests.simulation.invariants import Violation
from tests.simulation.options import Options

EPOCH_MS = 1_750_000_000_000
HEARTBEAT_MS = 600_000
RETRY_MS = 1_000
GOSSIP_MS = 5_000
AHEAD_MS = 2_000
BEHIND_MS = 30_000
MARK_BEHIND = 16


def malformed(record: bytes) -> bool:
    """Whether a record's body is not valid by itself, whatever the state says: no correct node takes or proposes it."""
    return record.startswith(b"malformed")


@dataclass(frozen=True, slots=True)
class Records:
    """Bodies of records on their way to a peer."""

    ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class GetRecords:
    """Asks a peer for bodies."""

    ids: tuple[bytes, ...]


class Chain:
    """What one node has executed, as its store holds it: survives everything."""

    __slots__ = ("blocks", "bodies", "finals", "index", "marks", "tips")

    def __init__(self, ledger_id: bytes) -> None:
        self.blocks: list[Block | None] = [None]
        self.finals: list[Certificate | None] = [None]
        self.marks = [Mark(0, 0, bytes(32), bytes(32))]
        self.tips = [Tip(0, 0, ledger_id, EPOCH_MS)]
        self.index: dict[bytes, int] = {}
        self.bodies: set[bytes] = set()

    def execute(self, call: Deliver) -> None:
        """One atomic commit."""
        block, before = call.block, self.marks[-1]
        fresh = [one for one in block.payload.records if one not in self.index]
        for one in fresh:
            self.index[one] = len(self.index)
        self.bodies.update(fresh)
        state = hashlib.sha256(before.state + b"".join(fresh)).digest()
        self.marks.append(Mark(block.height, len(self.index), hashlib.sha256(state).digest(), state))
        self.tips.append(tip_of(block, call.digest))
        self.blocks.append(block)
        self.finals.append(call.final)

    def forget(self, height: int) -> None:
        """What was executed above this height never was."""
        for kept in (self.blocks, self.finals, self.marks, self.tips):
            del kept[height + 1 :]
        size = self.marks[-1].tree_size
        self.index = {record: place for record, place in self.index.items() if place < size}

    def headers(self, first: int) -> Headers | None:
        """What the driver answers to `GetHeaders`: up to the last height in reach that has its own certificate."""
        for height in range(min(len(self.blocks) - 1, first + MAX_HEADERS - 1), first - 1, -1):
            final = self.finals[height]
            if final is not None and first > 0:
                return Headers(tuple(block for block in self.blocks[first : height + 1] if block), final)
        return None


@dataclass(frozen=True, slots=True)
class World:
    """What an application needs of its surroundings.

    Attributes:
        random: the run's source of chance.
        later: calls a function after so many ms, unless the process has died.
        wall: the node's wall clock, ms since 1970.
        emit: hands an event to the core.
        send: sends an application message to one peer by index, or to all (None).
        peers: indices of the other nodes.
        drop: whether a record's first copy to a peer is lost.
        censors: whether this node leaves a record out of its blocks, which no correct one does.
    """

    random: Random
    later: Callable[[int, Callable[[], None]], None]
    wall: Callable[[], int]
    emit: Callable[[Event], None]
    send: Callable[[int | None, object], None]
    peers: tuple[int, ...]
    drop: Callable[[], bool]
    censors: Callable[[bytes], bool] = lambda _record: False


class Application:
    """One process's volatile state over its durable `Chain`."""

    def __init__(self, options: Options, chain: Chain, world: World, index_of: dict[bytes, int]) -> None:
        self.chain = chain
        self.alarms: list[str] = []
        self.unsynced: set[bytes] = set()
        self._options = options
        self._world = world
        self._index_of = index_of
        self._pending: dict[bytes, bool] = {}
        self._delivered: list[Deliver] = []
        self._executing = False
        self._build: Build | None = None
        self._checks: dict[bytes, Check] = {}
        self._early: set[bytes] = set()
        self._seen_malformed: set[bytes] = set()
        self._asking = False
        self._gossiping = False
        self._work: Work | None = None
        self._heartbeat_at = 0

    def start(self) -> None:
        """Says what there is to do."""
        self._look()

    # --- records ----------------------------------------------------------------------------------------------------

    def submit(self, record: bytes) -> None:
        """A client hands in a record."""
        if record not in self.chain.index:
            self._pending[record] = True
            for peer in self._world.peers:
                if not self._world.drop():
                    self._world.send(peer, Records((record,)))
            self._gossip()
            self._look()

    def _gossip(self) -> None:
        """Own pending records are sent again every 5 s, so that a dropped frame strands nothing."""
        if not self._gossiping:
            self._gossiping = True
            self._world.later(GOSSIP_MS, self._gossip_again)

    def _gossip_again(self) -> None:
        self._gossiping = False
        own = tuple(record for record, mine in self._pending.items() if mine)
        if own:
            self._world.send(None, Records(own))
            self._gossip()

    def received(self, peer: int, message: Records | GetRecords) -> None:
        """A message of another application."""
        if isinstance(message, GetRecords):
            found = tuple(one for one in message.ids if self._has(one))
            if found:
                self._world.send(peer, Records(found))
            return
        for record in message.ids:
            if malformed(record):
                self._seen_malformed.add(record)
            elif record not in self.chain.index:
                self._pending.setdefault(record, False)
        self._recheck()
        self._execute()
        self._look()

    def _has(self, record: bytes) -> bool:
        return record in self._pending or record in self.chain.bodies or record in self.unsynced

    def _missing(self) -> tuple[list[bytes], int | None]:
        """Bodies waited for, and where they are most likely found."""
        for call in self._delivered[:1]:
            missing = [one for one in call.block.payload.records if not self._has(one)]
            if missing:
                return missing, None
        for check in self._checks.values():
            missing = [one for one in check.block.payload.records if not self._has(one)]
            if missing:
                return missing, self._index_of[check.leader]
        return [], None

    def _ask(self) -> None:
        """Asks for missing bodies, the likeliest node first, then the others in turn."""
        if not self._asking:
            missing, where = self._missing()
            if missing:
                self._asking = True
                self._request(where)
                self._world.later(RETRY_MS, self._ask_again)

    def _ask_again(self) -> None:
        self._asking = False
        if self._missing()[0]:
            self._asking = True
            self._request(None)
            self._world.later(RETRY_MS, self._ask_again)

    def _request(self, where: int | None) -> None:
        missing, _ = self._missing()
        peers = self._world.peers
        if peers:
            target = where if where in peers else self._world.random.choice(peers)
            self._world.send(target, GetRecords(tuple(missing)))

    def _look(self) -> None:
        """Tells the core when what there is to do has changed."""
        due = self._world.wall() - max(self.chain.tips[-1].time, EPOCH_MS) >= HEARTBEAT_MS
        work = Work(pending=bool(self._pending), due=due)
        if not due and self._heartbeat_at != self.chain.tips[-1].time:
            self._heartbeat_at = self.chain.tips[-1].time
            self._world.later(self._heartbeat_at + HEARTBEAT_MS - self._world.wall(), self._look)
        if work != self._work:
            self._work = work
            self._world.emit(work)

    # --- calls of the core --------------------------------------------------------------------------------------------

    def call(self, call: AppCall) -> None:
        """Carries out what the core asks for, after a while."""
        match call:
            case Build():
                self._build = call
                self._world.later(self._latency(), lambda: self._answer_build(call))
            case Check():
                self._checks[call.digest] = call
                self._world.later(self._latency(), self._recheck)
                self._ask()
            case Deliver():
                self._delivered.append(call)
                self._execute()
                self._ask()
            case Alarm():
                self.alarms.append(call.reason)

    def _latency(self) -> int:
        return int(self._options.check * self._world.random.random() ** 2)

    def _answer_build(self, call: Build) -> None:
        if self._build is not call:
            return
        mark = self.chain.marks[-1]
        if call.parent.mark > mark.height:
            self._world.later(50, lambda: self._answer_build(call))
            return
        self._build = None
        used = {one for block in call.ancestors for one in block.payload.records}
        used.update(one for delivered in self._delivered for one in delivered.block.payload.records)
        ids = [one for one in self._pending if one not in used and not self._world.censors(one)][: self._options.block_records]
        if call.parent.height - mark.height > MARK_BEHIND:
            ids = []
        payload = Payload(max(self._world.wall(), call.parent.time + 1), mark, b"", tuple(ids))
        due = payload.time - call.parent.time >= HEARTBEAT_MS
        if not ids and not call.may_be_empty and not due:
            self._world.emit(Built(call.view, call.parent.digest, None))
        else:
            self.unsynced.update(ids)
            self._world.emit(Built(call.view, call.parent.digest, payload))

    def _recheck(self) -> None:
        """Answers each check that is decidable by now."""
        for digest, check in list(self._checks.items()):
            answer = self._judge(check)
            if answer is not None:
                del self._checks[digest]
                if answer.valid:
                    self.unsynced.update(check.block.payload.records)
                self._world.emit(answer)

    def _judge(self, check: Check) -> Checked | None:
        payload, wall = check.block.payload, self._world.wall()
        mark = payload.mark
        if payload.time <= check.parent.time or mark.height > check.parent.height:
            return Checked(check.digest, valid=False)
        if mark.height >= len(self.chain.marks):
            return None
        if self.chain.marks[mark.height] != mark:
            return Checked(check.digest, valid=False)
        if not self._seen_malformed.isdisjoint(payload.records) or len(set(payload.records)) < len(payload.records):
            return Checked(check.digest, valid=False)
        if not all(self._has(one) for one in payload.records):
            self._ask()
            return None
        if payload.time > wall + AHEAD_MS:
            if check.digest not in self._early:
                self._early.add(check.digest)
                self._world.later(payload.time - wall - AHEAD_MS, self._recheck)
            return None
        return Checked(check.digest, valid=True, timely=payload.time >= wall - BEHIND_MS)

    def _execute(self) -> None:
        """Executes the next delivered block once its bodies are here, one at a time."""
        if not self._executing and self._delivered and not self._missing_of(self._delivered[0]):
            self._executing = True
            self._world.later(self._latency() // 4, self._executed)

    def _missing_of(self, call: Deliver) -> bool:
        return not all(self._has(one) for one in call.block.payload.records)

    def _executed(self) -> None:
        call = self._delivered.pop(0)
        self._executing = False
        if call.block.height != len(self.chain.blocks):
            raise Violation("execution", f"height {call.block.height} after {len(self.chain.blocks) - 1}")
        self.chain.execute(call)
        for one in call.block.payload.records:
            self._pending.pop(one, None)
            self.unsynced.discard(one)
        for digest, check in list(self._checks.items()):
            if check.block.height <= call.block.height - MARK_BEHIND:
                del self._checks[digest]
        self._world.emit(Applied(call.block.height))
        self._recheck()
        self._execute()
        self._ask()
        self._look()

    def synced(self) -> None:
        """The driver's fsync covers the bodies of checked blocks too."""
        self.chain.bodies.update(self.unsynced)
        self.unsynced.clear()

    def answer(self, request: GetHeaders) -> Headers | None:
        """Catch-up of a peer."""
        return self.chain.headers(request.first)
