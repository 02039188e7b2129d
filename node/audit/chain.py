"""What a block must be on top of the one before, one check a line; and who has made it final.

1. Its version, epoch, parent (digest and view), view and time are those that can follow. (That heights leave none out,
   the reader has seen.)
2. Its mark is of a block between its parent's mark and its parent, and states size, root and state as they follow from the
   records.
3. It ends the epoch if and only if the state at its mark schedules other validators, and for exactly those; then it holds no
   records.
4. It names no record twice, at most so many bytes, and none when its mark is too far behind.
5. Its FINAL, where it has one, is of this block: of its own view, or for the end of an epoch of a later one (R13).
6. The last block of an epoch, and of the export, has a FINAL.

Whether the votes in a FINAL are the validators' is told by `node.audit.signatures`. Reference: 4-consensus.md, "Terms", R8,
R13.
"""

from consensus.events import Tip
from consensus.messages import Block, Certificate, Mark, VoteKind
from ledger.genesis import PROTOCOL
from ledger.state import Head, Ledger
from node.audit.errors import (
    BlockFormError,
    BlockTimeError,
    EpochError,
    MarkError,
    NotFinalError,
    ParentError,
    Place,
    QuorumError,
)
from node.audit.reader import Final
from node.limits import BLOCK_BYTES, MARK_BEHIND_BLOCKS


class Chain:
    """Where the blocks so far lead, and the auditor's own results at the heights that a mark may still name.

    Attributes:
        unproven: blocks at the end that no FINAL has proven yet.
        marks: how many marks were compared.
    """

    def __init__(self, ledger: Ledger) -> None:
        head = ledger.head
        self.unproven = 0
        self.marks = 0
        self._ledger = ledger
        self._tip = Tip(0, head.height, head.digest, head.time, mark=head.height)
        self._results = {head.height: (_mark(head), b"")}

    def check(self, item: Final) -> None:
        """Whether a block can follow, before it is applied.

        Raises:
            AuditError: a rule that it breaks.
        """
        block, place = item.block, item.place
        self._check_place(block, place)
        self._check_mark(block, place)
        self._check_payload(block, item, place)
        if item.final is not None:
            _check_final(block, item.digest, item.final, place)
        elif block.payload.next:
            raise NotFinalError(place, f"it ends epoch {block.epoch}, and no quorum has made it final")

    def applied(self, item: Final) -> None:
        """The block was applied: what the ledger now says is what later marks must say."""
        block, head = item.block, self._ledger.head
        mark = block.payload.mark.height
        for height in [height for height in self._results if height < mark]:
            del self._results[height]
        self._results[head.height] = (_mark(head), self._ledger.scheduled)
        self._tip = Tip(block.view, head.height, head.digest, head.time, mark)
        if block.payload.next:
            self._tip = Tip(0, head.height, head.digest, head.time, head.height)
        self.unproven = 0 if item.final is not None else self.unproven + 1

    def _check_place(self, block: Block, place: Place) -> None:
        tip, epoch = self._tip, self._ledger.network.epoch.number
        if block.version != PROTOCOL:
            raise BlockFormError(place, f"a block of version {block.version}; this program knows {PROTOCOL}")
        if block.epoch != epoch:
            raise EpochError(place, f"a block of epoch {block.epoch}; {epoch} is in force")
        if block.parent != tip.digest:
            raise ParentError(place, f"its parent is {block.parent.hex()}; the block before is {tip.digest.hex()}")
        if block.parent_view != tip.view or block.view <= tip.view:
            raise ParentError(
                place, f"its view is {block.view}, its parent's {block.parent_view}; the block before is of {tip.view}"
            )
        if block.payload.time <= tip.time:
            raise BlockTimeError(place, f"its time is {block.payload.time} ms; the block before is of {tip.time} ms")

    def _check_mark(self, block: Block, place: Place) -> None:
        mark, tip = block.payload.mark, self._tip
        if not tip.mark <= mark.height <= tip.height:
            raise MarkError(place, f"its mark is of height {mark.height}; {tip.mark} to {tip.height} are possible")
        own, scheduled = self._results[mark.height]
        if mark != own:
            raise MarkError(place, f"its mark states {_words(mark)}; the records up to there make {_words(own)}")
        if block.payload.next != scheduled:
            named, given = block.payload.next.hex() or "nothing", scheduled.hex() or "nothing"
            raise EpochError(place, f"it ends its epoch for {named}; the state at height {mark.height} schedules {given}")
        self.marks += 1

    def _check_payload(self, block: Block, item: Final, place: Place) -> None:
        payload = block.payload
        if payload.next and payload.records:
            raise BlockFormError(place, f"it ends its epoch and holds {len(payload.records)} records")
        if len(set(payload.records)) != len(payload.records):
            raise BlockFormError(place, "it names a record twice")
        if payload.records and self._tip.height - payload.mark.height > MARK_BEHIND_BLOCKS:
            raise BlockFormError(place, f"it holds records, and its mark is of height {payload.mark.height}")
        size = sum(map(len, item.frame.records))
        if size > BLOCK_BYTES:
            raise BlockFormError(place, f"{size} bytes of records; at most {BLOCK_BYTES}")


def _check_final(block: Block, digest: bytes, final: Certificate, place: Place) -> None:
    if final.kind != VoteKind.FINALIZE:
        raise QuorumError(place, f"a certificate of kind {final.kind.name} does not make a block final")
    if final.digest != digest or final.epoch != block.epoch:
        raise QuorumError(place, f"the FINAL is of block {final.digest.hex()} in epoch {final.epoch}; this is {digest.hex()}")
    again = bool(block.payload.next) and block.view <= final.parent < final.view
    if not (again or (final.view, final.parent) == (block.view, block.parent_view)):
        raise QuorumError(place, f"the FINAL is of view {final.view}, the block of {block.view}")


def _mark(head: Head) -> Mark:
    return Mark(height=head.height, tree_size=head.tree_size, root=head.root, state=head.state)


def _words(mark: Mark) -> str:
    return f"size {mark.tree_size}, root {mark.root.hex()}, state {mark.state.hex()}"
