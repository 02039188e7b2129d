"""What must hold after every event, whatever the network and the machines do (4-consensus.md, "What it must withstand").

The checker stands outside: it sees what each key signs, what each log made durable, what each node sends and delivers. It keeps
its own tally of durable votes, so a quorum that exists only on several disks, and in no certificate yet, already counts.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from consensus.events import AppCall, Deliver, Evidence, Send, Tip
from consensus.evidence import conflict
from consensus.messages import Block, Certificate, GotBlock, Headers, Message, Proposal, Vote, VoteKind, block_digest

_PREFIX = b"kpledger/vote/v1\0"
NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE


class Violation(AssertionError):  # noqa: N818 - it is what the simulation looks for
    """An invariant does not hold; `rule` names it."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule


class Subject(NamedTuple):
    """What a vote is about."""

    kind: VoteKind
    view: int
    parent: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.kind.name.lower()}({self.view}, {self.parent}, {self.digest.hex()[:8]})"


class Checker:
    """All invariants over one run.

    Attributes:
        epoch: votes of another one count for nothing.
        chain: digests of the final blocks by height, as far as any node delivered or a quorum of finalize votes reaches.
        finalized: digest by view, for which a quorum of durable finalize votes exists.
        traitors: nodes that are bound by nothing.
        nullified: views with a quorum of durable nullify votes.
        convicted: by node, against whom it has told evidence.
    """

    def __init__(
        self,
        ledger_id: bytes,
        validators: Sequence[bytes],
        nodes: int,
        traitors: frozenset[int] = frozenset(),
        start: Tip | None = None,
    ) -> None:
        """Begins at genesis, or with an epoch at `start`."""
        n = len(validators)
        start = start or Tip(0, 0, ledger_id, 0)
        self.epoch = 0
        self.traitors = traitors
        self.n = n
        self.quorum = (n + (n - 1) // 3) // 2 + 1
        self.chain: list[bytes] = [b""] * start.height + [start.digest]
        self.heights: dict[bytes, int] = {start.digest: start.height}
        self.notarized: dict[int, bytes] = {}
        self.nullified: set[int] = set()
        self.finalized: dict[int, bytes] = {}
        self.blocks: dict[bytes, Block] = {}
        self.convicted: list[set[int]] = [set() for _ in range(nodes)]
        self._ledger_id = ledger_id
        self._start = start
        self._signing: list[dict[bytes, Subject]] = [{} for _ in range(nodes)]
        self._durable: list[set[bytes]] = [set() for _ in range(nodes)]
        self._signatures: dict[tuple[int, Subject], bytes] = {}
        self._votes: list[dict[int, list[Subject]]] = [defaultdict(list) for _ in range(n)]
        self._tally: dict[Subject, set[int]] = defaultdict(set)
        self._unknown: set[bytes] = set()
        self._awaiting: dict[bytes, bytes] = {}
        self._certificates: set[Certificate] = set()
        self._retired: set[int] = set()
        self._delivered: list[Tip] = [start] * nodes

    @property
    def highest(self) -> int:
        """The height of the last final block."""
        return len(self.chain) - 1

    # --- signing and durability ---------------------------------------------------------------------------------

    def signed(self, node: int, message: bytes, signature: bytes) -> None:
        """A key signed something; it counts once it is durable."""
        if node in self._retired:
            raise Violation("retired", f"node {node} has lost its log and signs")
        if not message.startswith(_PREFIX + self._ledger_id):
            raise Violation("domain", f"node {node} signed what is no vote of this ledger")
        kind, epoch, view, parent, digest = msgspec.msgpack.decode(message[len(_PREFIX) + 32 :])
        if epoch != self.epoch and node in self.traitors:
            return
        if epoch != self.epoch:
            raise Violation("domain", f"node {node} signed in epoch {epoch}")
        if node in self.traitors:
            self._betrayed(node, Subject(VoteKind(kind), view, parent, digest), signature)
        elif signature not in self._durable[node]:
            self._signing[node][signature] = Subject(VoteKind(kind), view, parent, digest)

    def synced(self, node: int, records: Sequence[bytes]) -> None:
        """Records became durable: the votes among them are cast, in the order in which they were signed."""
        signing = self._signing[node]
        for signature, subject in list(signing.items()):
            if any(signature in record for record in records):
                del signing[signature]
                self._durable[node].add(signature)
                self._signatures[node, subject] = signature
                self._cast(node, subject)

    def restarted(self, node: int, records: Sequence[bytes], tip: Tip) -> None:
        """The node read `records` from its log; what was signed and is not there was never sent."""
        self.synced(node, records)
        self._signing[node].clear()
        self._delivered[node] = tip

    def betray(self, node: int) -> None:
        """From now on the node is bound by nothing."""
        self.traitors |= {node}

    def retire(self, node: int) -> None:
        """From now on the node may sign nothing."""
        self._retired.add(node)

    def _betrayed(self, node: int, vote: Subject, signature: bytes) -> None:
        """A traitor's vote: cast as soon as it is signed, whatever it has signed before."""
        self._signatures[node, vote] = signature
        self._count(node, vote)

    def _cast(self, node: int, vote: Subject) -> None:
        if node >= self.n:
            raise Violation("follower", f"node {node} is no validator and voted {vote}")
        earlier = self._votes[node][vote.view]
        if vote in earlier:
            return
        for other in earlier:
            pair = {vote.kind, other.kind}
            if vote.kind == other.kind:
                raise Violation("one-vote", f"node {node}: {other}, then {vote}")
            if pair == {NULLIFY, FINALIZE}:
                raise Violation("nullify-finalize", f"node {node}: {other}, then {vote}")
            if vote.kind == NOTARIZE and other.kind == NULLIFY:
                raise Violation("notarize-after-nullify", f"node {node}: {other}, then {vote}")
        if vote.kind == FINALIZE and self.notarized.get(vote.view) != vote.digest:
            raise Violation("finalize-unnotarized", f"node {node}: {vote} without a quorum of durable notarize votes")
        earlier.append(vote)
        if vote.kind == NOTARIZE:
            self._check_parent(vote.digest)
        self._count(node, vote)

    def _count(self, node: int, vote: Subject) -> None:
        tally = self._tally[vote]
        before = len(tally)
        tally.add(node)
        if before < len(tally) == self.quorum:
            self._reached(vote)

    def _reached(self, vote: Subject) -> None:
        """A quorum of durable votes exists."""
        view, digest = vote.view, vote.digest
        match vote.kind:
            case VoteKind.NOTARIZE:
                if self.notarized.setdefault(view, digest) != digest:
                    raise Violation("two-notarizations", f"view {view}")
            case VoteKind.NULLIFY:
                if view in self.finalized:
                    raise Violation("nullified-and-finalized", f"view {view}")
                self.nullified.add(view)
            case VoteKind.FINALIZE:
                if view in self.nullified:
                    raise Violation("nullified-and-finalized", f"view {view}")
                if self.notarized.get(view) != digest:
                    raise Violation("final-without-notarization", f"view {view}")
                self.finalized[view] = digest
                self._finalize(digest)

    # --- blocks -----------------------------------------------------------------------------------------------------

    def learn(self, block: Block) -> bytes:
        """A block is on its way, or here; its digest."""
        digest = block_digest(self._ledger_id, block)
        if digest not in self.blocks:
            self.blocks[digest] = block
            if digest in self._unknown:
                self._check_parent(digest)
            if digest in self._awaiting:
                self._finalize(self._awaiting.pop(digest))
        return digest

    def _check_parent(self, digest: bytes) -> None:
        """A block with an honest vote stands on a notarized parent, and every view between the two is nullified."""
        block = self.blocks.get(digest)
        if block is None:
            self._unknown.add(digest)
            return
        genesis = block.parent == self._start.digest and block.parent_view == 0
        if not genesis and self.notarized.get(block.parent_view) != block.parent:
            raise Violation("parent-unnotarized", f"block of view {block.view} on view {block.parent_view}")
        gap = [view for view in range(block.parent_view + 1, block.view) if view not in self.nullified]
        if gap:
            raise Violation("parent-gap", f"block of view {block.view} on view {block.parent_view}; not nullified: {gap}")
        parent = self.blocks.get(block.parent)
        if block.height != (parent or self._start).height + 1 and (parent or genesis):
            raise Violation("height", f"block of view {block.view} has height {block.height}")

    def _finalize(self, digest: bytes) -> None:
        """Extends the one chain; a second block at a height is a fork."""
        branch: list[bytes] = []
        while digest not in self.heights:
            block = self.blocks.get(digest)
            if block is None:
                self._awaiting[digest] = branch[0] if branch else digest
                return
            branch.append(digest)
            digest = block.parent
        height = self.heights[digest]
        if branch and height + 1 != len(self.chain):
            raise Violation("fork", f"two final blocks at height {height + 1}")
        for final in reversed(branch):
            self.heights[final] = len(self.chain)
            self.chain.append(final)

    # --- what nodes say and do --------------------------------------------------------------------------------------

    def sent(self, node: int, send: Send) -> None:
        """A message leaves the node now."""
        message: Message = send.message
        match message:
            case Vote():
                self._own_vote(node, message)
            case Proposal():
                self._own_vote(node, message.vote)
                digest = self.learn(message.block)
                if message.vote.kind != NOTARIZE or message.vote.digest != digest:
                    raise Violation("proposal", f"node {node}: the vote is not for the block")
            case GotBlock():
                self.learn(message.block)
            case Certificate():
                self._certificate(node, message)
            case Headers():
                self._certificate(node, message.final)
            case _:
                pass

    def _own_vote(self, node: int, vote: Vote) -> None:
        if vote.signer != node:
            raise Violation("sender", f"node {node} sent a vote of {vote.signer}")
        if vote.signature not in self._durable[node]:
            subject = Subject(vote.kind, vote.view, vote.parent, vote.digest)
            raise Violation("sent-before-durable", f"node {node}: {subject}")

    def _certificate(self, node: int, certificate: Certificate) -> None:
        """q distinct validators really signed this, and an own vote in it is durable."""
        subject = Subject(certificate.kind, certificate.view, certificate.parent, certificate.digest)
        signers = [8 * i + bit for i, byte in enumerate(certificate.signers) for bit in range(8) if byte >> bit & 1]
        if node in signers and self._signatures.get((node, subject)) is None:
            raise Violation("sent-before-durable", f"node {node}: certificate {subject}")
        if certificate in self._certificates:
            return
        if len(signers) < self.quorum or len(signers) != len(certificate.signatures):
            raise Violation("certificate", f"{subject}: {len(signers)} signers, {len(certificate.signatures)} signatures")
        for signer, signature in zip(signers, certificate.signatures, strict=True):
            if self._signatures.get((signer, subject)) != signature:
                raise Violation("certificate", f"{subject}: {signer} never cast this vote")
        self._certificates.add(certificate)

    def call(self, node: int, call: AppCall) -> None:
        """The core asks something of its application."""
        if isinstance(call, Deliver):
            self._deliver(node, call)
        elif isinstance(call, Evidence):
            self._convict(node, call)

    def _convict(self, node: int, call: Evidence) -> None:
        """Evidence is against the faulty alone, and made of votes that they cast and the rules do not allow together."""
        votes = call.first, call.second
        signers = {vote.signer for vote in votes}
        if not signers <= self.traitors or len(signers) != 1 or call.first.view != call.second.view or not conflict(*votes):
            raise Violation("evidence", f"node {node} holds {signers} for faulty because of {votes}")
        for vote in votes:
            if self._signatures.get((vote.signer, Subject(vote.kind, vote.view, vote.parent, vote.digest))) != vote.signature:
                raise Violation("evidence", f"node {node}: {vote} was never cast")
        self.convicted[node].add(signers.pop())

    def _deliver(self, node: int, call: Deliver) -> None:
        """A final block reaches the application."""
        block, before = call.block, self._delivered[node]
        digest = self.learn(block)
        if digest != call.digest:
            raise Violation("delivery", f"node {node}: wrong digest at height {block.height}")
        if block.height != before.height + 1 or block.parent != before.digest or block.parent_view != before.view:
            raise Violation("delivery", f"node {node}: height {block.height} after {before.height}, or on another parent")
        if block.height >= len(self.chain) or self.chain[block.height] != digest:
            raise Violation("delivery", f"node {node}: height {block.height} is not final")
        if call.final is not None:
            self._certificate(node, call.final)
            if call.final.kind != FINALIZE or call.final.digest != digest:
                raise Violation("delivery", f"node {node}: the certificate is not this block's")
        self._delivered[node] = Tip(block.view, block.height, digest, block.payload.time)

    def highest_vote(self, node: int) -> int:
        """The highest view in which the node's key voted, 0 if none."""
        return max(self._votes[node], default=0) if node < self.n else 0
