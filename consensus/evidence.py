"""Equivocation: two votes of one validator of which the vote rules allow one, as a proof that anybody can check (R10).

Provable are two different votes of one kind in one view, and nullify beside finalize. Notarize after nullify is forbidden too,
but nobody can prove which came first.
"""

from collections.abc import Callable, Sequence

from consensus.certificate import well_formed
from consensus.errors import BadEvidenceError, MalformedMessageError
from consensus.messages import Vote, VoteKind, decode_vote, vote_input

Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether, of key, message and signature, the last is the first one's; as `consensus.events.Scheme.verify`."""


def conflict(first: Vote, second: Vote) -> bool:
    """Whether the rules forbid one key both votes; of the same epoch and view."""
    if first.kind == second.kind:
        return (first.parent, first.digest) != (second.parent, second.digest)
    return {first.kind, second.kind} == {VoteKind.NULLIFY, VoteKind.FINALIZE}


def check_equivocation(
    ledger_id: bytes, epoch: int, validators: Sequence[bytes], first: bytes, second: bytes, verify: Verify
) -> int:
    """The validator whom two encoded votes convict, as an index into the epoch's `validators`.

    Raises:
        BadEvidenceError: they convict nobody.
    """
    try:
        votes = decode_vote(first), decode_vote(second)
    except MalformedMessageError as error:
        raise BadEvidenceError(f"not a vote: {error}") from error
    one, other = votes
    if (one.signer, one.view) != (other.signer, other.view) or {one.epoch, other.epoch} != {epoch}:
        raise BadEvidenceError("the votes are of two signers, views or epochs")
    if not conflict(one, other):
        raise BadEvidenceError("the votes do not conflict")
    if one.signer >= len(validators):
        raise BadEvidenceError(f"epoch {epoch} has no validator {one.signer}")
    for vote in votes:
        signed = vote_input(ledger_id, vote.kind, vote.epoch, vote.view, vote.parent, vote.digest)
        if not well_formed(vote.kind, vote.parent, vote.digest):
            raise BadEvidenceError("no such subject of a vote")
        if not verify(validators[one.signer], signed, vote.signature):
            raise BadEvidenceError("a signature is not the validator's")
    return one.signer
