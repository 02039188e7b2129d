"""What must hold in each epoch, and from one to the next, whatever network and machines do.

Each epoch has a checker of its own (`invariants.Checker`), whose chain begins at the block that ended the epoch before; it knows
validators by their place in the list. `Checkers` knows machines and keys, and gives each thing to the checker of its epoch.
"""

from collections.abc import Sequence

import msgspec

from consensus.events import AppCall, Deliver, Send, Tip
from consensus.messages import (
    Block,
    Certificate,
    GetBlock,
    GetCertificates,
    GetHeaders,
    GotBlock,
    Headers,
    Message,
    Proposal,
    Seen,
    Status,
    Vote,
)
from tests.simulation.epochs.application import Registry
from tests.simulation.invariants import NOTARIZE, Checker, Subject, Violation

_PREFIX = b"kpledger/vote/v1\0"


class EpochChecker(Checker):
    """One epoch. The last block may be voted for in later views than its own, on itself (R13).

    Attributes:
        epoch: its number.
        again: views in which the last block was proposed again.
    """

    def __init__(
        self, ledger_id: bytes, keys: Sequence[bytes], nodes: int, traitors: frozenset[int], start: Tip, epoch: int
    ) -> None:
        super().__init__(ledger_id, keys, nodes, traitors, start)
        self.epoch = epoch
        self.again: set[int] = set()
        self._unplaced: dict[bytes, list[Subject]] = {}

    @property
    def last(self) -> Block | None:
        """The final block that ends the epoch, None: not yet."""
        block = self.blocks.get(self.chain[-1])
        return block if block is not None and block.payload.next else None

    @property
    def late(self) -> bool:
        """Whether the last block became final in a later view than its own."""
        block = self.last
        return block is not None and any(
            view > block.view and digest == self.chain[-1] for view, digest in self.finalized.items()
        )

    def learn(self, block: Block) -> bytes:
        """A block is on its way, or here; its digest."""
        digest = super().learn(block)
        for vote in self._unplaced.pop(digest, ()):
            self._check_place(block, vote)
        return digest

    def _cast(self, node: int, vote: Subject) -> None:
        super()._cast(node, vote)
        if vote.kind == NOTARIZE:
            block = self.blocks.get(vote.digest)
            if block is None:
                self._unplaced.setdefault(vote.digest, []).append(vote)
            else:
                self._check_place(block, vote)

    def _check_place(self, block: Block, vote: Subject) -> None:
        """An honest vote is in the block's own view on its parent, or again on the last block itself, without a gap."""
        if (vote.view, vote.parent) == (block.view, block.parent_view):
            return
        if not block.payload.next:
            raise Violation("again", f"{vote} for a block of view {block.view} that ends nothing")
        if not block.view <= vote.parent < vote.view or self.notarized.get(vote.parent) != vote.digest:
            raise Violation("again", f"{vote}, and in view {vote.parent} the block of view {block.view} is not notarized")
        gap = [view for view in range(vote.parent + 1, vote.view) if view not in self.nullified]
        if gap:
            raise Violation("parent-gap", f"{vote} again; not nullified: {gap}")
        self.again.add(vote.view)

    def _check_parent(self, digest: bytes) -> None:
        super()._check_parent(digest)
        block = self.blocks.get(digest)
        parent = self.blocks.get(block.parent) if block is not None else None
        if parent is not None and parent.payload.next:
            raise Violation("beyond", f"an honest vote for a block of view {block.view} on the last one of epoch {self.epoch}")
        if block is not None and block.payload.next and block.payload.records:
            raise Violation("beyond", f"an honest vote for a last block of epoch {self.epoch} with records")

    def _finalize(self, digest: bytes) -> None:
        ended = self.last
        super()._finalize(digest)
        if ended is not None and self.blocks.get(self.chain[-1]) is not ended:
            raise Violation("beyond", f"a block is final on the last one of epoch {self.epoch}")


class Checkers:
    """All epochs of a run.

    Attributes:
        epochs: their checkers; each begins when the last block of the one before is final.
        traitors: machines that are bound by nothing.
        keys: by machine and number.
    """

    def __init__(
        self, ledger_id: bytes, registry: Registry, keys: Sequence[Sequence[bytes]], traitors: frozenset[int], start: Tip
    ) -> None:
        self.traitors = traitors
        self.keys = keys
        self.epochs: list[EpochChecker] = []
        self.lists: list[int] = []
        self._ledger_id = ledger_id
        self._registry = registry
        self._signers: list[dict[bytes, int]] = []
        self._nodes: list[list[int]] = []
        self._at: list[int] = [-1] * len(keys)
        self._ended = [False] * len(keys)
        self._begin(0, start)

    @property
    def n(self) -> int:
        """The most validators of any epoch, for bounds."""
        return max(checker.n for checker in self.epochs)

    def validators(self, number: int) -> tuple[bytes, ...]:
        """The keys of a list."""
        return tuple(self.keys[machine][key] for machine, key in self._registry.lists[number])

    def _begin(self, number: int, start: Tip) -> None:
        """An epoch: place of each key in its list; machines that are not in it stand behind."""
        keys = self.validators(number)
        signers = {key: place for place, key in enumerate(keys)}
        nodes = [
            next((signers[key] for key in own if key in signers), len(keys) + machine) for machine, own in enumerate(self.keys)
        ]
        traitors = frozenset(nodes[machine] for machine in self.traitors)
        self.lists.append(number)
        self._signers.append(signers)
        self._nodes.append(nodes)
        checker = EpochChecker(self._ledger_id, keys, len(keys) + len(self.keys), traitors, start, len(self.epochs))
        self.epochs.append(checker)

    def _advance(self) -> None:
        """The last epoch's last block may have become final."""
        checker = self.epochs[-1]
        block = checker.last
        if block is not None:
            tip = Tip(0, block.height, checker.chain[-1], block.payload.time, block.height)
            number = self._registry.number(block.payload.next)
            if number is None:
                raise Violation("list", f"epoch {checker.epoch} has ended for a list that nobody asked for")
            self._begin(number, tip)

    def _of(self, machine: int) -> tuple[EpochChecker, int]:
        """The checker of a machine's epoch, and the machine's place there."""
        epoch = self._at[machine]
        return self.epochs[epoch], self._nodes[epoch][machine]

    # --- machines -------------------------------------------------------------------------------------------------------

    def enter(self, machine: int, epoch: int, key: bytes, records: Sequence[bytes], tip: Tip) -> None:
        """A core begins on a machine, out of these records."""
        if epoch >= len(self.epochs):
            raise Violation("early-epoch", f"node {machine} is in epoch {epoch}, whose first block is not final")
        if epoch < self._at[machine]:
            raise Violation("old-epoch", f"node {machine} goes back from epoch {self._at[machine]} to {epoch}")
        new = epoch > self._at[machine]
        self._at[machine] = epoch
        self._ended[machine] = False
        checker, node = self._of(machine)
        if new and records:
            raise Violation("old-log", f"node {machine} begins epoch {epoch} with {len(records)} records in its log")
        if new and tip.view == 0 and checker.chain[tip.height : tip.height + 1] != [tip.digest]:
            raise Violation("early-epoch", f"node {machine} begins epoch {epoch} at another block")
        if (node < checker.n) != (key in self._signers[epoch]):
            raise Violation("key", f"node {machine} has another key in epoch {epoch} than its list")
        checker.restarted(node, records, tip)

    def signed(self, machine: int, key: bytes, message: bytes, signature: bytes) -> None:
        """A key signed something."""
        if not message.startswith(_PREFIX + self._ledger_id):
            raise Violation("domain", f"node {machine} signed what is no vote of this ledger")
        epoch = msgspec.msgpack.decode(message[len(_PREFIX) + 32 :])[1]
        known = epoch < len(self.epochs) and key in self._signers[epoch]
        if machine not in self.traitors:
            if epoch != self._at[machine]:
                raise Violation("old-epoch", f"node {machine} signed in epoch {epoch} while in {self._at[machine]}")
            if self._ended[machine]:
                raise Violation("after-the-end", f"node {machine} signed after it was given the last block of epoch {epoch}")
            if not known:
                raise Violation("key", f"node {machine} signed with a key that is not on the list of epoch {epoch}")
        if known:
            self.epochs[epoch].signed(self._signers[epoch][key], message, signature)
            self._advance()

    def synced(self, machine: int, records: Sequence[bytes]) -> None:
        """Records became durable."""
        checker, node = self._of(machine)
        checker.synced(node, records)
        self._advance()

    def sent(self, machine: int, send: Send) -> None:
        """A message leaves a machine now."""
        epoch, own = epoch_of(send.message), self._at[machine]
        answers = isinstance(send.message, Certificate | Headers | GotBlock)
        if epoch > own or (epoch < own and not answers):
            raise Violation("old-epoch", f"node {machine} in epoch {own} sends {send.message}")
        self.epochs[epoch].sent(self._nodes[epoch][machine], send)
        self._advance()

    def call(self, machine: int, call: AppCall) -> None:
        """A core asks something of its application."""
        checker, node = self._of(machine)
        if isinstance(call, Deliver) and call.block.epoch != checker.epoch:
            raise Violation("delivery", f"node {machine} in epoch {checker.epoch} is given a block of {call.block.epoch}")
        checker.call(node, call)
        self._ended[machine] |= isinstance(call, Deliver) and bool(call.block.payload.next)
        self._advance()

    def learn(self, block: Block) -> None:
        """A block that a traitor has sent."""
        if block.epoch < len(self.epochs):
            self.epochs[block.epoch].learn(block)
            self._advance()

    def ends(self, digest: bytes) -> bool:
        """Whether a digest is that of a block that ends its epoch, as far as anybody has shown it."""
        found = (checker.blocks.get(digest) for checker in self.epochs)
        return any(block is not None and block.payload.next for block in found)

    def highest_vote(self, machine: int) -> int:
        """The highest view of its epoch in which the machine's key voted, 0 if none."""
        checker, node = self._of(machine)
        return checker.highest_vote(node)


def epoch_of(message: Message) -> int:
    """The epoch that a message is of."""
    match message:
        case GotBlock(block):
            return block.epoch
        case Proposal(vote=vote) | Seen(vote):
            return vote.epoch
        case Headers(final=final):
            return final.epoch
        case Vote() | Certificate() | Status() | GetBlock() | GetCertificates() | GetHeaders():
            return message.epoch
