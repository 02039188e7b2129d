"""The application of a node on the wide-area network, as `node/` has it: mempool, proposals, bodies, execution.

Each record is checked when it comes, once (`node.intake`). A block carries ids; a missing body is waited for a moment, then asked
of the leader and of the others in turn (`node.bodies`). A check waits for the mark to be executed and for the bodies
(`node.proposals`). Blocks are executed one at a time while the next is voted on (`node.execution`), then cosigned.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consensus.events import Alarm, AppCall, Applied, Build, Built, Check, Checked, Deliver, Work
from consensus.messages import Payload
from node.limits import (
    BLOCK_BYTES,
    BLOCK_RECORDS,
    BODY_GRACE_SECONDS,
    BODY_PATIENCE_SECONDS,
    BODY_REQUEST_IDS,
    BODY_RETRY_SECONDS,
    MARK_BEHIND_BLOCKS,
    VERIFY_CHUNK,
)
from tests.simulation.application import EPOCH_MS, Chain
from tests.simulation.invariants import Violation

if TYPE_CHECKING:
    from tests.simulation.wan_machine import Node, World

COSIGNATURE_BYTES = 120
ID_BYTES = 34
_GRACE = int(BODY_GRACE_SECONDS * 1e6)
_PATIENCE = int(BODY_PATIENCE_SECONDS * 1e6)
_RETRY = int(BODY_RETRY_SECONDS * 1e6)


@dataclass(frozen=True, slots=True)
class Records:
    """Bodies on their way."""

    ids: tuple[bytes, ...]
    size: int


@dataclass(frozen=True, slots=True)
class GetRecords:
    """A request for bodies."""

    ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A cosignature: 60 us to check, of no further consequence here."""


@dataclass(slots=True)
class _Search:
    """A block whose bodies are sought before something can happen."""

    ids: tuple[bytes, ...]
    first: int | None
    begun: int
    ready: Callable[[int], None]
    asked: int = 0
    ask_at: int = 0


class Application:
    """Mempool, proposals, bodies and execution of one node."""

    def __init__(self, node: "Node", world: "World") -> None:
        self._node = node
        self._world = world
        self._costs = world.costs
        self._at = world.queue.at
        self._pending: dict[bytes, None] = {}
        self._held: set[bytes] = set()
        self._arriving: set[bytes] = set()
        self._searches: list[_Search] = []
        self._delivered: deque[Deliver] = deque()
        self._executing = False
        self._reached: list[tuple[int, Callable[[int], None]]] = []

    # --- records ----------------------------------------------------------------------------------------------------

    def submit(self, time: int, ids: tuple[bytes, ...]) -> None:
        """A client hands records in; they are checked, kept, and spread."""
        self._node.job(time, self._costs.check * len(ids), lambda time: self._spread(time, ids))

    def _spread(self, time: int, ids: tuple[bytes, ...]) -> None:
        size = sum(self._world.sizes[one] for one in ids)
        self._node.transmit_bulk(time, self._node.peers, Records(ids, size))
        self._keep(time, ids)

    def arriving(self, time: int, records: Records) -> None:
        """Records of a peer wait for their check, in chunks."""
        fresh = [one for one in records.ids if one not in self._held and one not in self._arriving]
        self._arriving.update(fresh)
        for start in range(0, len(fresh), VERIFY_CHUNK):
            chunk = tuple(fresh[start : start + VERIFY_CHUNK])
            cost = self._costs.socket + self._costs.check * len(chunk)
            self._node.job(time, cost, lambda time, chunk=chunk: self._keep(time, chunk))

    def _keep(self, time: int, ids: tuple[bytes, ...]) -> None:
        self._arriving.difference_update(ids)
        self._held.update(ids)
        self._pending.update(dict.fromkeys(one for one in ids if one not in self.chain.index))
        ready = [search for search in self._searches if self._held.issuperset(search.ids)]
        self._searches = [search for search in self._searches if search not in ready]
        for search in ready:
            search.ready(time)
        self._node.poke(time)

    @property
    def chain(self) -> Chain:
        return self._node.chain

    def asked(self, time: int, peer: int, request: GetRecords) -> None:
        """A peer lacks bodies."""
        found = tuple(one for one in request.ids if one in self._held)
        if found:
            self._node.transmit_bulk(time, [peer], Records(found, sum(self._world.sizes[one] for one in found)))

    def _obtain(self, time: int, ids: tuple[bytes, ...], first: int | None, ready: Callable[[int], None]) -> None:
        """Calls `ready(time)` once all bodies are here; asks for them after a moment of grace."""
        if self._held.issuperset(ids):
            ready(time)
            return
        search = _Search(ids, first, time, ready)
        self._searches.append(search)
        self._at(time + _GRACE, self._seek, search)

    def _seek(self, search: _Search) -> None:
        if search not in self._searches:
            return
        now = self._world.queue.now
        patient = now < search.begun + _PATIENCE
        lost = [one for one in search.ids if one not in self._held and not (patient and one in self._arriving)]
        if lost and now >= search.ask_at:
            order = [search.first] if search.first is not None else []
            order += [peer for peer in self._node.peers if peer != search.first]
            peer = order[search.asked % len(order)]
            search.asked += 1
            search.ask_at = now + _RETRY
            for start in range(0, len(lost), BODY_REQUEST_IDS):
                ids = tuple(lost[start : start + BODY_REQUEST_IDS])
                self._node.transmit(now, [peer], ID_BYTES * len(ids), GetRecords(ids))
        self._at(now + _GRACE, self._seek, search)

    # --- the core's calls -------------------------------------------------------------------------------------------

    def work(self) -> Work:
        """What there is to do."""
        waiting = sum(len(call.block.payload.records) for call in self._delivered)
        return Work(pending=len(self._pending) > waiting, due=False)

    def call(self, time: int, call: AppCall) -> None:
        """Carries out a call of the core."""
        match call:
            case Build(parent=parent):
                self._once_executed(time, parent.mark, lambda time: self._node.post(time, self._build(time, call)))
            case Check():
                self._check(time, call)
            case Deliver():
                self._delivered.append(call)
                self._execute(time)
            case Alarm():
                raise Violation("alarm", f"node {self._node.index}: {call.reason}")

    def _build(self, time: int, call: Build) -> Built:
        mark = self.chain.marks[-1]
        ids: list[bytes] = []
        if call.parent.height - mark.height <= MARK_BEHIND_BLOCKS:
            used = {one for block in call.ancestors for one in block.payload.records}
            used.update(one for delivered in self._delivered for one in delivered.block.payload.records)
            room = BLOCK_BYTES
            for one in self._pending:
                if one not in used:
                    room -= self._world.sizes[one]
                    if room < 0 or len(ids) == BLOCK_RECORDS:
                        break
                    ids.append(one)
        if not ids and not call.may_be_empty:
            return Built(call.view, call.parent.digest, None)
        payload = Payload(max(EPOCH_MS + time // 1000, call.parent.time + 1), mark, b"", tuple(ids))
        self._world.proposed(call, payload, time)
        return Built(call.view, call.parent.digest, payload)

    def _check(self, time: int, call: Check) -> None:
        """Valid once the mark is executed here, alike, and all bodies are at hand."""
        mark = call.block.payload.mark

        def reached(time: int) -> None:
            if self.chain.marks[mark.height] != mark:
                raise Violation("mark", f"node {self._node.index}: another result at height {mark.height}")
            leader = self._world.index_of[call.leader]
            self._obtain(time, call.block.payload.records, leader, answer)

        def answer(time: int) -> None:
            self._node.post(time, Checked(call.digest, valid=True))

        self._once_executed(time, mark.height, reached)

    def _once_executed(self, time: int, height: int, ready: Callable[[int], None]) -> None:
        """Now, or as soon as the block at this height is executed: a mark is not older than the parent's."""
        if height < len(self.chain.marks):
            ready(time)
        else:
            self._reached.append((height, ready))

    def _execute(self, time: int) -> None:
        if self._executing or not self._delivered:
            return
        self._executing = True
        ids = self._delivered[0].block.payload.records
        cost = self._costs.block + self._costs.execute * len(ids)
        self._obtain(time, ids, None, lambda time: self._node.job(time, cost, self._commit))

    def _commit(self, time: int) -> None:
        self._at(time + self._costs.fsync, self._executed)

    def _executed(self) -> None:
        """One block: committed, then told, then cosigned."""
        now, node = self._world.queue.now, self._node
        call = self._delivered.popleft()
        self._executing = False
        self.chain.execute(call)
        for one in call.block.payload.records:
            self._pending.pop(one, None)
        self._world.executed(node.index, call, now)
        waiting = [ready for height, ready in self._reached if height <= call.block.height]
        self._reached = [(height, ready) for height, ready in self._reached if height > call.block.height]
        for ready in waiting:
            ready(now)
        node.post(now, Applied(call.block.height))
        if call.block.payload.records:
            node.job(now, self._costs.sign, self._cosign)
        self._execute(now)
        node.poke(now)

    def _cosign(self, time: int) -> None:
        self._node.transmit(time, self._node.peers, COSIGNATURE_BYTES, Cosigned())
