"""Checkpoints: this node's signatures over what it has executed, and the quorum's together.

After each block that grew the log, and every minute, the node cosigns its head and sends the cosignature to all. Those of a
quorum of the validators over one size and root make a quorum checkpoint: every leaf it covers is final, receipts rest on it.

Sign guard: the size and root are durable in an own log before a signature leaves this node; never a smaller size, never a
second root for a size. A store that is behind the guard (restored from a backup) follows silently until it has caught up; one
whose log does not continue what was signed stops the node.

Peers' cosignatures are bounded by peer: one that signs many sizes ahead takes no room from the others, and one that signs the
same again and again is heard twice a minute. However far behind this node is, it keeps what its peers signed last: that may be
the last they say for a minute, and so this node's own checkpoint is complete the moment it has caught up. A cosignature over
another root is a fork by its signer: it is counted, and never part of a note.

Reference: C2SP tlog-checkpoint, tlog-cosignature; 5-log.md.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ledger.checkpoint import Checkpoint, cosignature_time
from ledger.errors import ProofError
from ledger.genesis import Genesis
from ledger.limits import MAX_NOTE_SIGNATURES
from ledger.note import Note, Signature, verify_signature
from ledger.participants import Node as NodeEntry
from ledger.state import Head, Ledger
from node.errors import Exit, FatalError, PeerError
from node.keyring import log_key, witness_key
from node.keys import NodeKeys
from node.limits import CHECKPOINTS_EARLY, CHECKPOINTS_KEPT, FRESHNESS_SECONDS, REFRESH_SECONDS
from node.logs import get_logger
from node.wal import Wal
from node.wire import Cosigned, encode_item

log = get_logger("cosigner")

_CHECKPOINT = b"checkpoint/"
_NEWEST = b"checkpoint"
_GUARD_BYTES = 64 * 1024


@dataclass(slots=True)
class _Round:
    """One size that this node has cosigned: everybody's cosignatures, when they came, and who cosigned another root there.

    `by_log` is this log's own signature, made with the first note.
    """

    checkpoint: Checkpoint
    by_log: Signature | None = None
    cosignatures: dict[bytes, Signature] = field(default_factory=dict)
    taken_at: dict[bytes, float] = field(default_factory=dict)
    forked: set[bytes] = field(default_factory=set)


class Cosigner:
    """This node's checkpoints and the collection of the others'.

    Attributes:
        own: the newest cosignature of this node as peers get it, None before the first.
        quorum_size: tree size of the newest quorum checkpoint, -1 before the first.
        forks: by participant, for how many sizes it cosigned another root than this node has.
        on_quorum: called with the size of each new quorum checkpoint.
    """

    def __init__(
        self, genesis: Genesis, ledger: Ledger, keys: NodeKeys, guard: Wal, broadcast: Callable[[bytes], None]
    ) -> None:
        self.own: Cosigned | None = None
        self.quorum_size = -1
        self.forks: dict[str, int] = {}
        self.on_quorum: Callable[[int], None] = lambda _size: None
        self._genesis = genesis
        self._ledger = ledger
        self._guard = guard
        self._broadcast = broadcast
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="guard")
        self._guarded = _last_signed(guard.records)
        self._continued = False
        self._heads: list[Checkpoint] = []
        self._wake = asyncio.Event()
        self._rounds: OrderedDict[int, _Round] = OrderedDict()
        self._early: dict[bytes, OrderedDict[int, Cosigned]] = {}
        self._nodes = {node.consensus: node for node in sorted(genesis.nodes, key=lambda node: not node.validator)}
        self._me = next(node for node in genesis.nodes if node.consensus == keys.consensus.public)
        self._keys = {node.consensus: witness_key(node) for node in genesis.nodes}
        self._log = keys.log.signer(log_key(genesis, self._me))
        self._witness = keys.cosign.signer(witness_key(self._me))
        self._validators = set(genesis.validators)
        newest = ledger.node_value(_NEWEST)
        if newest is not None:
            self.quorum_size = int.from_bytes(newest, "big")

    def executed(self, head: Head) -> None:
        """A block was executed: its head is to be signed if the log has grown."""
        newest = self._heads[-1].size if self._heads else self.own.size if self.own else -1
        if head.tree_size > newest:
            self._heads.append(self._checkpoint(head))
            self._wake.set()

    def _checkpoint(self, head: Head) -> Checkpoint:
        return Checkpoint(self._genesis.origin, head.tree_size, head.root)

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
            await self._sign(heads)

    async def _sign(self, heads: list[Checkpoint]) -> None:
        """Guards the newest of these heads, then cosigns each."""
        newest = heads[-1]
        size, _ = self._guarded
        if newest.size < size:
            return
        if not self._continues(heads):
            raise FatalError(
                f"This node has signed another root for size {size} than its store now has.",
                "Store and sign guard do not belong together, or the store is damaged.",
                "Keep the home as it is; rebuild the store from the other nodes in a new home.",
                Exit.REFUSED,
            )
        if newest.size > size:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._remember, newest)
            self._guarded = (newest.size, newest.root)
        seconds = int(time.time())
        for head in heads:
            if head.size < size:
                continue
            signature = self._witness.sign(head.text(), seconds)
            self.own = Cosigned(head.size, head.root, seconds, signature.value[-64:])
            self._broadcast(encode_item(self.own))
            self._take_own(head, signature)

    def _continues(self, heads: list[Checkpoint]) -> bool:
        """Whether the log continues what was signed last. A process compares its store with that before its first signature."""
        size, root = self._guarded
        if not self._continued and size >= 0:
            self._continued = self._ledger.root_at(size) == root
            return self._continued
        return all(head.root == root for head in heads if head.size == size)

    def _remember(self, head: Checkpoint) -> None:
        record = head.size.to_bytes(8, "big") + head.root
        if self._guard.size > _GUARD_BYTES:
            self._guard.rotate([record])
        else:
            self._guard.append([record])
            self._guard.sync()

    def _take_own(self, head: Checkpoint, signature: Signature) -> None:
        current = self._rounds.setdefault(head.size, _Round(head))
        current.cosignatures[self._me.consensus] = signature
        while len(self._rounds) > CHECKPOINTS_KEPT:
            self._rounds.popitem(last=False)
        for key, waiting in self._early.items():
            for size in [size for size in waiting if size <= head.size]:
                cosigned = waiting.pop(size)
                if size == head.size:
                    self._take_late(current, self._nodes[key], cosigned)
        self._settle(current)

    def _take_late(self, current: _Round, node: NodeEntry, cosigned: Cosigned) -> None:
        """Takes what came before this node had a root to compare it with; its link may be another one by now."""
        try:
            self._take(current, node, cosigned)
        except ProofError as error:
            log.warning("bad cosignature", peer=node.participant, size=cosigned.size, reason=str(error))

    def received(self, node: NodeEntry, cosigned: Cosigned) -> None:
        """A peer's cosignature; kept for later when its size is ahead of what this node has cosigned.

        Raises:
            PeerError: it does not verify.
        """
        current = self._rounds.get(cosigned.size)
        if current is None:
            self._keep_early(node, cosigned)
            return
        try:
            taken = self._take(current, node, cosigned)
        except ProofError as error:
            raise PeerError(f"a bad cosignature of size {cosigned.size}: {error}") from error
        if taken:
            self._settle(current)

    def _keep_early(self, node: NodeEntry, cosigned: Cosigned) -> None:
        """Keeps the latest of each peer; of sizes that this node has left behind nothing more is wanted."""
        newest = self.own.size if self.own else -1
        if newest < cosigned.size:
            waiting = self._early.setdefault(node.consensus, OrderedDict())
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
        known = current.cosignatures.get(node.consensus)
        forks = cosigned.root != checkpoint.root
        if node.consensus in current.forked if forks else known is not None and cosignature_time(known) >= cosigned.time:
            return False
        now = time.monotonic()
        if not forks and now < current.taken_at.get(node.consensus, -REFRESH_SECONDS) + REFRESH_SECONDS:
            return False
        key = self._keys[node.consensus]
        signature = Signature(key.name, key.key_id, cosigned.time.to_bytes(8, "big") + cosigned.signature)
        verify_signature(key, Checkpoint(checkpoint.origin, checkpoint.size, cosigned.root).text(), signature)
        if forks:
            current.forked.add(node.consensus)
            self.forks[node.participant] = self.forks.get(node.participant, 0) + 1
            log.error("another root", peer=node.participant, size=cosigned.size, root=cosigned.root.hex())
            return False
        current.cosignatures[node.consensus] = signature
        current.taken_at[node.consensus] = now
        return True

    def _settle(self, current: _Round) -> None:
        """Keeps the note of a size that a quorum has cosigned; each further cosignature makes it fuller."""
        checkpoint = current.checkpoint
        if len(self._validators & current.cosignatures.keys()) < self._genesis.quorum:
            return
        text = checkpoint.text()
        current.by_log = current.by_log or self._log.sign(text)
        lines = [current.cosignatures[key] for key in self._nodes if key in current.cosignatures][: MAX_NOTE_SIGNATURES - 1]
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
        self._thread.shutdown(wait=True)


def _key(size: int) -> bytes:
    return _CHECKPOINT + max(size, 0).to_bytes(8, "big")


def _last_signed(records: list[bytes]) -> tuple[int, bytes]:
    """The newest size and root that were ever guarded; size -1 before the first."""
    if not records:
        return -1, b""
    return int.from_bytes(records[-1][:8], "big"), records[-1][8:40]
