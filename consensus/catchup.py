"""Verifies an answer to `GetHeaders`: final blocks forward from the own tip, proven by the FINAL of the last (R12)."""

from dataclasses import dataclass
from itertools import pairwise

from consensus.certificate import Verifier
from consensus.errors import BadHeadersError
from consensus.events import Config, Tip
from consensus.messages import Block, Headers, Vote, VoteKind, block_digest


@dataclass(frozen=True, slots=True)
class Stretch:
    """Final blocks that follow one another, with their digests.

    Attributes:
        connects: whether the first one stands on the own tip.
        votes: those that made the last one final, verified.
    """

    blocks: tuple[tuple[Block, bytes], ...]
    connects: bool
    votes: tuple[Vote, ...]


def fits(headers: Headers, tip: Tip) -> bool:
    """Whether an answer reaches from the next height on; cheap, before anything is hashed."""
    return headers.blocks[0].height <= tip.height + 1 <= headers.blocks[-1].height


def verify(headers: Headers, tip: Tip, config: Config, verifier: Verifier) -> Stretch:
    """The blocks above `tip` of an answer that `fits`.

    Raises:
        BadHeadersError: they are no chain, or not this epoch's, or the certificate is another block's.
        BadCertificateError: the certificate proves nothing.
    """
    blocks = [block for block in headers.blocks if block.height > tip.height]
    hashed = [(block, block_digest(config.ledger_id, block)) for block in blocks]
    for (parent, digest), (block, _) in pairwise(hashed):
        if block.parent != digest or block.parent_view != parent.view or block.height != parent.height + 1:
            raise BadHeadersError(f"height {block.height} does not follow {parent.height}")
        if parent.payload.next:
            raise BadHeadersError(f"height {block.height} stands on the last block of its epoch")
    last, digest = hashed[-1]
    final = headers.final
    if final.kind != VoteKind.FINALIZE or final.epoch != config.epoch:
        raise BadHeadersError("the certificate finalizes nothing in this epoch")
    again = bool(last.payload.next) and last.view <= final.parent < final.view
    if final.digest != digest or not (again or (final.view, final.parent) == (last.view, last.parent_view)):
        raise BadHeadersError("the certificate is another block's")
    if any(block.epoch != config.epoch for block in blocks):
        raise BadHeadersError("blocks of another epoch")
    if blocks[0].height != tip.height + 1:
        raise BadHeadersError(f"heights leave out {tip.height + 1}")
    votes = verifier.check(final)
    connects = blocks[0].parent == tip.digest and blocks[0].parent_view == tip.view
    return Stretch(tuple(hashed), connects, tuple(votes))
