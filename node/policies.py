"""The policy of any time out of the log itself: whose signatures counted when the log had so many leaves. Pure functions.

A receipt is for ever; keys and validators are not. But every change of them is a record: `node.set` changes a node's keys from
the next leaf on, and a list of validators may come into force once a quorum of its members has filed `node.ready` for it. So
whoever holds the genesis and the log's entries, checked against a checkpoint of today, derives what counted then.

That an epoch began is no record: it begins at some leaf after its list was scheduled, and before the first `node.ready` for the
epoch after it. In between the old list and every list that was scheduled may have been in force; each gives a policy, and a
checkpoint of that time satisfies one of them.

Rules: see `ledger.network`, 1 to 4, which this follows without any state.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ledger.bodies import NodeReadyBody, NodeSetBody
from ledger.checkpoint import parse_checkpoint
from ledger.entries import Validators
from ledger.errors import OutOfRangeError, ProofError, Refusal
from ledger.fork import check_continues
from ledger.genesis import Genesis, quorum
from ledger.note import parse_note
from ledger.participants import Node
from ledger.policy import Policy, PolicyLog, accept, ledger_policy
from ledger.proof import parse_proof
from ledger.receipt import Verdict, verify_receipt
from ledger.record import parse_record
from ledger.tiles import Tile, TileTree, decode_bundle, new_bundles
from node.export import verify_log
from node.keyring import log_key, node_witness

_KINDS = (b"node.set", b"node.ready")


@dataclass(slots=True)
class _Fold:
    """What the leaves so far say of nodes and validators.

    Attributes:
        nodes: by participant.
        lists: participants of the lists of validators that may be in force, in voting order; the newest last.
        scheduled: of those that may follow.
        ready: who is ready for the list that the nodes give.
        next_epoch: for which number readiness was stated last: the epoch before it has begun.
    """

    nodes: dict[str, Node]
    lists: list[tuple[str, ...]]
    scheduled: list[tuple[str, ...]] = field(default_factory=list)
    ready: set[str] = field(default_factory=set)
    next_epoch: int = 1

    def take(self, raw: bytes) -> None:
        """One leaf."""
        if not any(kind in raw for kind in _KINDS):
            return
        try:
            record = parse_record(raw)
        except Refusal as refusal:
            raise ProofError(f"an entry of the log is no record: {refusal}") from refusal
        body = record.body
        if isinstance(body, NodeSetBody):
            before = self._candidates()
            self.nodes[record.author] = Node(
                record.author, body.address, body.consensus, body.log, body.cosign, body.tls, body.validator
            )
            if self._candidates() != before:
                self.ready.clear()
        elif isinstance(body, NodeReadyBody):
            self._ready(record.author, body.epoch)

    def _ready(self, author: str, following: int) -> None:
        if following != self.next_epoch:  # one of those that were scheduled has begun
            if not self.scheduled:
                raise ProofError(f"an epoch before {following} began, and the log schedules no validators for it")
            self.lists, self.scheduled = self.scheduled, []
            self.ready.clear()
            self.next_epoch = following
        self.ready.add(author)
        members = tuple(code for code, _ in self._candidates())
        if len(self.ready) >= quorum(len(members)) and members not in self.scheduled:
            self.scheduled.append(members)

    def _candidates(self) -> Validators:
        return tuple((code, node.consensus) for code, node in sorted(self.nodes.items()) if node.validator)

    def policies(self, origin: str) -> Iterator[Policy]:
        nodes = [node for _, node in sorted(self.nodes.items())]
        logs = [PolicyLog(log_key(origin, node.log)) for node in nodes]
        for voting in dict.fromkeys((*self.lists, *self.scheduled)):
            validators = [node_witness(self.nodes[code]) for code in voting]
            others = [node_witness(node) for node in nodes if node.participant not in voting]
            yield ledger_policy(logs, validators, others, quorum(len(voting)))


def policies_at(genesis: Genesis, leaves: Iterable[bytes], size: int) -> list[Policy]:
    """The policies of which a checkpoint of this size satisfies one, the older lists of validators first.

    Args:
        genesis: of the ledger.
        leaves: the log's entries from the first on, borne out by a checkpoint; those behind `size` are not looked at.
        size: leaves of the tree that the checkpoint is about.

    Raises:
        ProofError: an entry is no record.
        OutOfRangeError: there are fewer leaves.
    """
    voting = tuple(node.participant for node in genesis.nodes if node.validator)
    fold = _Fold({node.participant: node for node in genesis.nodes}, [voting])
    seen = 0
    for raw in islice(leaves, size):
        fold.take(raw)
        seen += 1
    if seen < size:
        raise OutOfRangeError(f"a log of {seen} leaves has no policy for {size}")
    return list(fold.policies(genesis.origin))


def accepted_by(policies: Sequence[Policy], receipt: bytes) -> Verdict:
    """The receipt's verdict by the first policy that accepts it; errors as `verify_receipt`, of the newest policy."""
    for policy in policies[:-1]:
        try:
            return verify_receipt(receipt, policy)
        except ProofError:
            continue
    return verify_receipt(receipt, policies[-1])


def verify_old_receipt(receipt: bytes, directory: Path, genesis: Genesis, today: Policy) -> Verdict:
    """Checks a receipt of any time with an exported log, which is checked with a policy of today; offline.

    Args:
        receipt: the tlog-proof.
        directory: as `log export` made it.
        genesis: of the ledger.
        today: by which the exported log's checkpoint counts.

    Raises:
        ForkError: the receipt's tree is no beginning of the exported log.
        ProofError: the log or the receipt does not hold; its class says what.
        OSError: a file cannot be read.
    """
    claimed = parse_checkpoint(parse_note(parse_proof(receipt).checkpoint).text)
    now = verify_log(directory, today, lambda _done, _size: None).checkpoint
    verdict = accepted_by(policies_at(genesis, _entries(directory, now.size), claimed.size), receipt)
    tree = TileTree(lambda level, n, width: _tile(directory, level, n, width), now.size)
    check_continues(claimed, now, tree.root)
    return verdict


def exported_policies(directory: Path, genesis: Genesis, today: Policy, size: int | None = None) -> list[Policy]:
    """The policies of a size of an exported log, by default of the one that it has; that one's is the one that it satisfies.

    Args:
        directory: as `log export` made it.
        genesis: of the ledger.
        today: by which the exported log's checkpoint counts.
        size: leaves at the time that is asked for.

    Raises:
        ProofError: the log does not hold, or is smaller.
        OSError: a file cannot be read.
    """
    now = verify_log(directory, today, lambda _done, _size: None).checkpoint
    found = policies_at(genesis, _entries(directory, now.size), now.size if size is None else size)
    if size is not None and size != now.size:
        return found
    note = (directory / "checkpoint").read_bytes()
    return [policy for policy in found if _accepts(policy, note)] or found


def _accepts(policy: Policy, note: bytes) -> bool:
    try:
        accept(policy, note)
    except ProofError:
        return False
    return True


def _entries(directory: Path, size: int) -> Iterator[bytes]:
    for bundle in new_bundles(0, size):
        yield from decode_bundle((directory / bundle.path()).read_bytes(), bundle.width)


def _tile(directory: Path, level: int, n: int, width: int) -> bytes:
    return (directory / Tile(level, n, width).path()).read_bytes()
