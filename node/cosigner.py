"""Checkpoints: this node's signatures over what it has executed, and the quorum's together.

After each block that grew the log, and every minute, the node cosigns its head and sends the cosignature to all. Those of a
quorum of the validators over one size and root make a quorum checkpoint: every leaf it covers is final, receipts rest on it.

Sign guard: the size and root are durable in an own log before a signature leaves this node; never a smaller size, never a
second root for a size. A store that is behind the guard (restored from a backup) follows silently until it has caught up; one
whose log does not continue what was signed stops the node.

Peers' cosignatures are bounded by peer: one that signs many sizes ahead takes no room from the others, and one that signs the
same again and again is heard twice a minute. However far behind this node is, it keeps what its peers signed last: that may be
the last they say for a minute, and so this node's own checkpoint is complete the moment it has caught up. A cosignature over
another root is a fork by its signer: it is counted, and never part of a note. Cosignatures of outside witnesses, and of keys
that their nodes have given up since, stay in the note of their size and never count for its quorum.

Whose cosignatures decide about a size: the validators' of the epoch in which the head was executed. Keys are those that the
ledger has now; a node whose own cosigning key is not the ledger's (it is joining, or about to get a new one) signs nothing.

Reference: C2SP tlog-checkpoint, tlog-cosignature; 5-log.md.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.checkpoint import Checkpoint, cosignature_time
from ledger.errors import ProofError
from ledger.limits import MAX_NOTE_SIGNATURES
from ledger.network import Epoch
from ledger.note import Note, Signature, VerifierKey, parse_note, verify_signature
from ledger.participants import Node as NodeEntry
from ledger.state import Head, Ledger
from node.errors import BadCosignatureError, Exit, FatalError
from node.guard import SignGuard
from node.keyring import log_key, witness_key
from node.keys import NodeKeys
from node.limits import CHECKPOINTS_EARLY, CHECKPOINTS_KEPT, FRESHNESS_SECONDS, REFRESH_SECONDS
from node.logs import get_logger
from node.refusals import FORK, Refusals
from node.wal import Wal
from node.wire import Cosigned, encode_item

log = get_logger("cosigner")

_CHECKPOINT = b"checkpoint/"
_NEWEST = b"checkpoint"


@dataclass(slots=True)
class _Round:
    """One size that this node has cosigned: everybody's cosignatures by participant, when they came, and who cosigned another
    root there.

    `by_log` is this log's own signature, made with the first note; `epoch`: whose validators decide; `outside`: cosignatures by
    keys that are no node's now, by name and key id.
    """

    checkpoint: Checkpoint
    epoch: Epoch
    by_log: Signature | None = None
    cosignatures: dict[str, Signature] = field(default_factory=dict)
    taken_at: dict[str, float] = field(default_factory=dict)
    forked: set[str] = field(default_factory=set)
    outside: dict[tuple[str, bytes], Signature] = field(default_factory=dict)


class Cosigner:
    """This node's checkpoints and the collection of the others'.

    Attributes:
        own: the newest cosignature of this node as peers get it, None before the first.
        quorum_size: tree size of the newest quorum checkpoint, -1 before the first.
        on_quorum: called with the size of each new quorum checkpoint.
        guard: what was signed last, of this log and, where this node is a witness of others, of theirs.
    """

    def __init__(
        self,
        own: str,
        ledger: Ledger,
        keys: NodeKeys,
        guard: Wal,
        broadcast: Callable[[bytes], None],
        refusals: Refusals,
    ) -> None:
        """Wires the cosigner; `own` is this node's participant."""
        self.own: Cosigned | None = None
        self.quorum_size = -1
        self.on_quorum: Callable[[int], None] = lambda _size: None
        self._origin = ledger.genesis.origin
        self._ledger = ledger
        self.guard = SignGuard(guard)
        self._broadcast = broadcast
        self._refusals = refusals
        self._continued = False
        self._heads: list[tuple[Checkpoint, Epoch]] = []
        self._wake = asyncio.Event()
        self._rounds: OrderedDict[int, _Round] = OrderedDict()
        self._early: dict[str, OrderedDict[int, Cosigned]] = {}
        self._me = own
        self._keys: dict[str, VerifierKey] = {}
        self._cosign = keys.cosign.public
        self._log = keys.log.signer(log_key(self._origin, keys.log.public))
        self._witness = keys.cosign.signer(witness_key(own, keys.cosign.public))
        newest = ledger.node_value(_NEWEST)
        if newest is not None:
            self.quorum_size = int.from_bytes(newest, "big")

    def executed(self, head: Head) -> None:
        """A block was executed: its head is to be signed if the log has grown."""
        newest = self._heads[-1][0].size if self._heads else self.own.size if self.own else -1
        if head.tree_size > newest:
            self._heads.append(self._checkpoint(head))
            self._wake.set()

    def _checkpoint(self, head: Head) -> tuple[Checkpoint, Epoch]:
        return Checkpoint(self._origin, head.tree_size, head.root), self._ledger.network.epoch

    async def run(self) -> None:
        """Signs heads as they come, and the newest again every minute.

        Raises:
            WalFailedError: the guard could not be written; the process must end.
            FatalError: the store and the guard have different roots for one size.
        """
        self.executed(self._ledger.head)
        while True:
            try:
                async with asyncio.timeout(FRESHNESS_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                self._heads = self._heads or [self._checkpoint(self._ledger.head)]
            self._wake.clear()
            heads, self._heads = self._heads, []
            if self.may_sign:
                await self._sign(heads)

    @property
    def may_sign(self) -> bool:
        """Whether the ledger has this node's cosigning key."""
        node = self._ledger.network.node(self._me)
        return node is not None and node.cosign == self._cosign

    async def _sign(self, heads: list[tuple[Checkpoint, Epoch]]) -> None:
        """Guards the newest of these heads, then cosigns each."""
        newest = heads[-1][0]
        size, _ = self.guard.signed()
        if newest.size < size:
            return
        if not self._continues([head for head, _ in heads]):
            raise FatalError(
                f"This node has signed another root for size {size} than its store now has.",
                "Store and sign guard do not belong together, or the store is damaged.",
                "Keep the home as it is; rebuild the store from the other nodes in a new home.",
                Exit.REFUSED,
            )
        if newest.size > size:
            await self.guard.remember(newest.size, newest.root)
        seconds = int(time.time())
        for head, epoch in heads:
            if head.size < size:
                continue
            signature = self._witness.sign(head.text(), seconds)
            self.own = Cosigned(head.size, head.root, seconds, signature.value[-64:])
            self._broadcast(encode_item(self.own))
            self._take_own(head, epoch, signature)

    def _continues(self, heads: list[Checkpoint]) -> bool:
        """Whether the log continues what was signed last. A process compares its store with that before its first signature."""
        size, root = self.guard.signed()
        if not self._continued and size >= 0:
            self._continued = self._ledger.root_at(size) == root
            return self._continued
        return all(head.root == root for head in heads if head.size == size)

    def _take_own(self, head: Checkpoint, epoch: Epoch, signature: Signature) -> None:
        current = self._rounds.get(head.size) or self._begin(head, epoch)
        current.cosignatures[self._me] = signature
        while len(self._rounds) > CHECKPOINTS_KEPT:
            self._rounds.popitem(last=False)
        for participant, waiting in self._early.items():
            node = self._ledger.network.node(participant)
            for size in [size for size in waiting if size <= head.size]:
                cosigned = waiting.pop(size)
                if size == head.size and node is not None:
                    self._take_late(current, node, cosigned)
        self._settle(current)

    def _begin(self, head: Checkpoint, epoch: Epoch) -> _Round:
        """The round of a size, with what its note carries already: a process before this one may have collected more."""
        current = self._rounds[head.size] = _Round(head, epoch)
        stored = self.quorum_checkpoint(head.size)
        note = None if stored is None else parse_note(stored.encode())
        if note is not None and note.text == head.text():
            participants = {self._key(code).name: code for code in self._ledger.network.nodes}
            current.by_log, *cosignatures = note.signatures
            for line in cosignatures:
                code = participants.get(line.name)
                if code is not None and line.is_by(self._key(code)):
                    current.cosignatures[code] = line
                else:
                    current.outside[line.name, line.key_id] = line
        return current

    def add_outside(self, checkpoint: Checkpoint, cosignature: Signature) -> None:
        """Merges an outside witness's cosignature, which verifies, into the quorum checkpoint of this size, if there is one."""
        name = (cosignature.name, cosignature.key_id)
        current = self._rounds.get(checkpoint.size)
        if current is not None:
            current.outside[name] = cosignature
            self._settle(current)
        elif (stored := self.quorum_checkpoint(checkpoint.size)) is not None:
            note = parse_note(stored.encode())
            others = [line for line in note.signatures if (line.name, line.key_id) != name]
            lines = [*others, cosignature][:MAX_NOTE_SIGNATURES]
            self._ledger.keep_node_values({_key(checkpoint.size): Note(note.text, tuple(lines)).encode()})

    def _take_late(self, current: _Round, node: NodeEntry, cosigned: Cosigned) -> None:
        """Takes what came before this node had a root to compare it with; its link may be another one by now."""
        try:
            self._take(current, node, cosigned)
        except ProofError as error:
            self._refusals.refuse(node.participant, BadCosignatureError.reason, f"of size {cosigned.size}: {error}")

    def received(self, node: NodeEntry, cosigned: Cosigned) -> None:
        """A peer's cosignature; kept for later when its size is ahead of what this node has cosigned.

        Raises:
            BadCosignatureError: it does not verify.
        """
        current = self._rounds.get(cosigned.size)
        if current is None:
            self._keep_early(node, cosigned)
            return
        try:
            taken = self._take(current, node, cosigned)
        except ProofError as error:
            raise BadCosignatureError(f"a bad cosignature of size {cosigned.size}: {error}") from error
        if taken:
            self._settle(current)

    def _keep_early(self, node: NodeEntry, cosigned: Cosigned) -> None:
        """Keeps the latest of each peer; of sizes that this node has left behind nothing more is wanted."""
        newest = self.own.size if self.own else -1
        if newest < cosigned.size:
            waiting = self._early.setdefault(node.participant, OrderedDict())
            waiting[cosigned.size] = cosigned
            waiting.move_to_end(cosigned.size)
            if len(waiting) > CHECKPOINTS_EARLY:
                waiting.popitem(last=False)

    def _take(self, current: _Round, node: NodeEntry, cosigned: Cosigned) -> bool:
        """Takes a peer's cosignature; false when it tells nothing new, and when it is a fork, which is counted.

        Raises:
            ProofError: it does not verify.
        """
        checkpoint = current.checkpoint
        participant = node.participant
        known = current.cosignatures.get(participant)
        forks = cosigned.root != checkpoint.root
        if participant in current.forked if forks else known is not None and cosignature_time(known) >= cosigned.time:
            return False
        now = time.monotonic()
        if not forks and now < current.taken_at.get(participant, -REFRESH_SECONDS) + REFRESH_SECONDS:
            return False
        key = self._key(participant)
        signature = Signature(key.name, key.key_id, cosigned.time.to_bytes(8, "big") + cosigned.signature)
        verify_signature(key, Checkpoint(checkpoint.origin, checkpoint.size, cosigned.root).text(), signature)
        if forks:
            current.forked.add(participant)
            self._refusals.refuse(participant, FORK)
            log.error("another root", peer=participant, size=cosigned.size, root=cosigned.root.hex())
            return False
        current.cosignatures[participant] = signature
        current.taken_at[participant] = now
        return True

    def _key(self, participant: str) -> VerifierKey:
        """The key that the ledger has for this participant's cosignatures now.

        Raises:
            ProofError: it has none.
        """
        node = self._ledger.network.node(participant)
        if node is None:
            raise ProofError(f"{participant} has no node on the ledger")
        key = self._keys.get(participant)
        if key is None or key.public != node.cosign:
            key = self._keys[participant] = witness_key(participant, node.cosign)
        return key

    def _settle(self, current: _Round) -> None:
        """Keeps the note of a size that a quorum has cosigned; each further cosignature makes it fuller."""
        checkpoint = current.checkpoint
        voters = [participant for participant, _ in current.epoch.validators]
        if sum(participant in current.cosignatures for participant in voters) < current.epoch.quorum:
            return
        text = checkpoint.text()
        current.by_log = current.by_log or self._log.sign(text)
        order = dict.fromkeys((*voters, *sorted(current.cosignatures)))
        lines = [current.cosignatures[one] for one in order if one in current.cosignatures]
        lines = [*lines, *current.outside.values()][: MAX_NOTE_SIGNATURES - 1]
        writes = {_key(checkpoint.size): Note(text, (current.by_log, *lines)).encode()}
        grown = checkpoint.size > self.quorum_size
        if grown:
            self.quorum_size = checkpoint.size
            writes[_NEWEST] = checkpoint.size.to_bytes(8, "big")
        self._ledger.keep_node_values(writes)
        if grown:
            self.on_quorum(checkpoint.size)

    def quorum_checkpoint(self, size: int | None = None) -> str | None:
        """The newest quorum checkpoint, or the one of exactly this size."""
        stored = self._ledger.node_value(_key(self.quorum_size if size is None else size))
        return stored.decode() if stored is not None else None

    def close(self) -> None:
        """Ends the guard's thread."""
        self.guard.close()


def _key(size: int) -> bytes:
    return _CHECKPOINT + max(size, 0).to_bytes(8, "big")
