"""What a history and the final logs must show. This text says which consistency the ledger claims, and what is checked.

Writes are linearizable. There is one total order, the place in the log; if an operation was acknowledged before another was
called, it stands before it; of records that exclude each other at most one is accepted.

Reads at a node are snapshots of a prefix of that order, and name its height: a read shows exactly the effect of every record up
to that height. A node's height never goes back, restarts included. Different nodes may be at different heights, so a read alone
is *not* linearizable; one that waits until the node has reached the highest height that anybody has seen is. Refusals are
judged on such a snapshot too: `number-used` and `certificate-closed` speak of something in the log for good; the others of that
node's present state, so `certificate-unknown` may be refused though the certificate stands elsewhere already.

Every acknowledged record (`wait=final`) is in every node's log in the end, at its place, and its receipt verifies offline. A
record that was refused, and never lay anywhere else unanswered, is in no log.

`judge` checks all of it; the check of Wing and Gong runs on writes and waiting reads without looking at places or heights.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.errors import ProofError
from ledger.policy import Policy
from ledger.receipt import verify_receipt
from tests.cluster.history import ACCEPTED, OPEN, READ, REFUSED, Operation
from tests.support import linearizability
from tests.support.linearizability import NEVER

Standing = tuple[str, str]
"""A certificate: id of the issue that stands, id of its outcome; empty: none."""

NOTHING: Standing = ("", "")
CLOCK_CODES = frozenset({"in-future", "too-old"})
"""What a node may refuse whose clock was put back or ahead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the final log: its id, and the height of its block."""

    record: str
    height: int


def judge(
    operations: Sequence[Operation], logs: Mapping[str, Sequence[Entry]], policy: Policy | None, jumped: Iterable[str] = ()
) -> list[str]:
    """Everything that is wrong, in words.

    Args:
        operations: the history.
        logs: the final log as each node has it, in order.
        policy: what receipts are verified with; None leaves that out.
        jumped: nodes whose clock was wrong at some time.
    """
    names = list(logs)
    log = logs[names[0]]
    found = [f"the logs of {names[0]} and {name} differ" for name in names[1:] if list(logs[name]) != list(log)]
    judged = _Judge(operations, log, frozenset(jumped))
    return [
        *found,
        *judged.log_itself(),
        *judged.acknowledged(policy),
        *judged.refused(),
        *judged.real_time(),
        *judged.snapshots(),
        *judged.heights(),
        *judged.linearizable(),
    ]


class _Judge:
    def __init__(self, operations: Sequence[Operation], log: Sequence[Entry], jumped: frozenset[str]) -> None:
        self._writes = [one for one in operations if one.kind != "read"]
        self._reads = [one for one in operations if one.outcome == READ]
        self._log = log
        self._jumped = jumped
        self._place = {entry.record: place for place, entry in enumerate(log)}
        self._by_record = {one.record: one for one in self._writes}
        self._changes: dict[str, list[tuple[int, Operation]]] = defaultdict(list)
        """By certificate: height and operation of the records in the log that are about it, in order."""
        for entry in log:
            if (operation := self._by_record.get(entry.record)) is not None:
                self._changes[operation.number].append((entry.height, operation))

    def log_itself(self) -> Iterable[str]:
        """Each entry is a submitted record, once; heights ascend; of a certificate one issue stands, then one outcome of it."""
        if len(self._place) != len(self._log):
            yield "a record is in the log twice"
        for before, entry in zip(self._log, self._log[1:], strict=False):
            if entry.height < before.height:
                yield f"{entry.record} is of an earlier block than the record before it"
        for entry in self._log:
            if entry.record not in self._by_record:
                yield f"{entry.record} is in the log and nobody has submitted it"
        for number, changes in self._changes.items():
            state: Standing = NOTHING
            for _, operation in changes:
                after = step(state, operation, ACCEPTED)
                if after is None:
                    yield f"{number}: {operation.kind} {operation.record} was accepted where {state} stood"
                    break
                state = after

    def acknowledged(self, policy: Policy | None) -> Iterable[str]:
        """Nothing acknowledged is lost or has moved; every receipt verifies."""
        for one in self._writes:
            if one.outcome != ACCEPTED:
                continue
            place = self._place.get(one.record)
            if place is None:
                yield f"{one.number}: {one.kind} {one.record} was acknowledged and is not in the log"
            elif (place, self._log[place].height) != (one.index, one.height):
                told = f"at {one.index} of block {one.height}"
                yield f"{one.number}: {one.record} was acknowledged {told}, and is at {place} of block {self._log[place].height}"
            if policy is not None:
                try:
                    verdict = verify_receipt(one.receipt, policy)
                except ProofError as error:
                    yield f"{one.number}: the receipt of {one.record} does not verify: {error!r}"
                else:
                    if (verdict.record_id.hex(), verdict.index) != (one.record, one.index):
                        yield f"{one.number}: the receipt of {one.record} is of {verdict.record_id.hex()} at {verdict.index}"

    def refused(self) -> Iterable[str]:
        """What was refused is in no log, and for a reason that was there."""
        shown = self._shown()
        for one in self._writes:
            if one.outcome != REFUSED:
                continue
            what = f"{one.number}: {one.kind} {one.record} was refused by {one.attempts[-1][0]} as {one.code}"
            if one.record in self._place:
                yield f"{what}, and is in the log"
            others = [other for _, other in self._changes[one.number] if other.record != one.record]
            issue = next((other for other in others if other.kind == "issue" and other.called < one.returned), None)
            outcome = next((other for other in others if other.kind == "confirm" and other.called < one.returned), None)
            match one.code:
                case "number-used" if one.kind == "issue":
                    reason = issue is not None
                case "certificate-closed" if one.kind == "confirm":
                    reason = outcome is not None
                case "stale-head" if one.kind == "confirm":
                    reason = issue is not None and issue.record != one.answers
                case "certificate-unknown" if one.kind == "confirm":
                    first = self._changes[one.number][0][0] if self._changes[one.number] else NEVER
                    reason = shown(one.attempts[-1][0], one.called) < first
                case code:
                    reason = code in CLOCK_CODES and not self._jumped.isdisjoint(one.nodes)
            if not reason:
                yield f"{what}, for no reason"

    def real_time(self) -> Iterable[str]:
        """The order of the log is that of time where time tells one."""
        placed = [(self._place[one.record], one.called, one.returned) for one in self._writes if one.record in self._place]
        for earlier, later in linearizability.out_of_order(placed):
            yield f"the record at {later} was acknowledged before the one at {earlier} was submitted"

    def snapshots(self) -> Iterable[str]:
        """A read shows the certificate as the records up to its height leave it."""
        for read in self._reads:
            state: Standing = NOTHING
            for height, operation in self._changes[read.number]:
                if height <= read.height:
                    state = (operation.record, "") if operation.kind == "issue" else (state[0], operation.record)
            if (read.issued, read.settled) != state:
                yield f"{read.number}: {read.node} showed {(read.issued, read.settled)} at height {read.height}, where {state} stands"

    def heights(self) -> Iterable[str]:
        """No node goes back: a read that was called after another one returned, at the same node, names no lower height."""
        for node in {read.node for read in self._reads}:
            placed = [(read.height, read.called, read.returned) for read in self._reads if read.node == node]
            for lower, higher in linearizability.out_of_order(placed):
                yield f"{node} went back from height {higher} to {lower}"

    def linearizable(self) -> Iterable[str]:
        """An order explains each certificate's writes and waiting reads, by what clients saw alone."""
        histories: dict[str, list[linearizability.Operation[Told]]] = defaultdict(list)
        for one in (*self._writes, *(read for read in self._reads if read.least >= 0)):
            if one.outcome == REFUSED and (one.code not in _LASTING or not one.reason_read):
                continue
            told = Told(one, ACCEPTED if one.outcome == OPEN else one.outcome)
            histories[one.number].append(linearizability.Operation(told, one.called, one.returned))
        violations = linearizability.check_each(
            histories, NOTHING, lambda state, told: step(state, told.operation, told.outcome)
        )
        for number, violation in violations.items():
            yield f"{number}: {violation}"

    def _shown(self):
        """A function: the highest height that a node had shown before an instant."""
        by_node: dict[str, list[Operation]] = defaultdict(list)
        for read in self._reads:
            by_node[read.node].append(read)

        def shown(node: str, before: float) -> int:
            return max((read.height for read in by_node[node] if read.returned < before), default=-1)

        return shown


_LASTING = frozenset({"number-used", "certificate-closed", "stale-head"})


@dataclass(frozen=True, slots=True)
class Told:
    """An operation with the outcome that it is taken to have had; an open one may only have been accepted."""

    operation: Operation
    outcome: str

    def __str__(self) -> str:
        one = self.operation
        seen = f"{one.issued[:8]}/{one.settled[:8]}" if one.kind == "read" else f"{one.record[:8]} {self.outcome} {one.code}"
        return f"{one.kind} {seen}".strip()


def step(state: Standing, one: Operation, outcome: str) -> Standing | None:
    """The sequential certificate: the state after an operation with this outcome, None where it cannot have it."""
    issue, settled = state
    match one.kind, outcome, one.code:
        case "issue", "accepted", _:
            return (one.record, "") if not issue else None
        case "confirm", "accepted", _:
            return (issue, one.record) if issue and issue == one.answers and not settled else None
        case "issue", "refused", "number-used":
            return state if issue not in {"", one.record} else None
        case "confirm", "refused", "certificate-closed":
            return state if settled not in {"", one.record} else None
        case "confirm", "refused", "stale-head":
            return state if issue not in {"", one.answers} else None
        case "read", "read", _:
            return state if state == (one.issued, one.settled) else None
    raise ValueError(f"{one.kind} {outcome} {one.code} is none of this model's")
