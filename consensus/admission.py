"""What comes in from peers and is kept: votes, certificates, proposals. What convicts its signer is noticed here (R10, P24).

A vote is its sender's own or it is dropped. Two votes that the rules do not allow beside each other are verified, both, before
anybody is held for faulty: then they are evidence, wherever they came from, also out of two certificates.
"""

from collections.abc import Iterable

from consensus.certificate import well_formed
from consensus.engine import Engine
from consensus.errors import ForgedVoteError, MisdirectedError
from consensus.fetch import Fetch
from consensus.limits import RETAINED_VIEWS
from consensus.messages import Block, Certificate, Proposal, Seen, Vote, VoteKind, block_digest
from consensus.rounds import Held
from consensus.view import EquivocationError, Round


def take_vote(engine: Engine, peer: bytes, vote: Vote) -> None:
    """R10: window, sender, shape, one of a kind.

    Raises:
        PeerFaultError: no correct node sends this.
    """
    check_vote(engine, peer, vote)
    if vote.signer == engine.committee.me:
        _compare_own(engine, vote)
        return
    if not max(1, engine.rounds.floor_view - RETAINED_VIEWS) <= vote.view <= engine.view + 1:
        return
    round_ = engine.rounds.open(vote.view)
    try:
        fresh = round_.admit(vote)
    except EquivocationError as error:
        _convict(engine, round_, error)
    else:
        if fresh:
            engine.count(round_, vote)


def check_vote(engine: Engine, peer: bytes, vote: Vote) -> None:
    """Whether a vote is its sender's and has the shape of its kind; raises MisdirectedError."""
    if engine.committee.index(peer) != vote.signer or not well_formed(vote.kind, vote.parent, vote.digest):
        raise MisdirectedError(f"a vote of validator {vote.signer}")


def take_certificate(engine: Engine, certificate: Certificate) -> None:
    """R1: however it was learnt. Its signatures are checked unless it would change nothing.

    Raises:
        BadCertificateError: it proves nothing.
    """
    if is_known(engine, certificate):
        return
    round_ = engine.rounds.get(certificate.view)
    votes = engine.verifier.check(certificate, round_.ballots[certificate.kind].verified() if round_ else ())
    compare(engine, votes)
    engine.hold(certificate)


def compare(engine: Engine, votes: Iterable[Vote]) -> None:
    """The verified votes of a certificate from outside against what else their signers have said in that view (R10, P24).

    An own one among them that the log does not hold was cast by a copy of this node (P23).
    """
    for vote in votes:
        round_ = engine.rounds.get(vote.view)
        if vote.signer != engine.committee.me:
            while round_ is not None and not engine.journal.convicted(vote.signer) and (other := round_.conflicting(vote)):
                if _holds(engine, round_, other):
                    engine.accuse(other, vote)
        elif vote.view >= engine.journal.first and not _is_own(engine, vote):
            engine.retire(vote)


def is_known(engine: Engine, certificate: Certificate) -> bool:
    """Whether a certificate of this epoch would change nothing: each is broadcast by all, so most come often."""
    return engine.rounds.weigh(certificate) is Held.KNOWN


def take_proposal(engine: Engine, fetch: Fetch, peer: bytes, proposal: Proposal) -> None:
    """R4: the first one of a view's leader counts; a later one only when a certificate asks for it (P7).

    Raises:
        PeerFaultError: no correct leader sends this.
    """
    block, vote = proposal.block, proposal.vote
    if not engine.rounds.floor_view < vote.view <= engine.view + 1:
        return
    if vote.kind != VoteKind.NOTARIZE or block.epoch != vote.epoch or not _fits(block, vote):
        raise MisdirectedError("a proposal whose vote is for something else")
    if engine.committee.index(peer) != vote.signer or engine.committee.leader(vote.view) != vote.signer:
        raise MisdirectedError(f"a proposal of validator {vote.signer} in view {vote.view}")
    round_ = engine.rounds.open(vote.view)
    if round_.proposal is not None and (round_.proposal.digest, round_.parent) == (vote.digest, vote.parent):
        return
    if vote.signer == engine.committee.me:
        _compare_own(engine, vote)
        return
    digest = block_digest(engine.config.ledger_id, block)
    if digest != vote.digest:
        raise MisdirectedError("a proposal whose vote is for another block")
    if engine.verifier.verify([vote]) != [True]:
        raise ForgedVoteError("a proposal whose vote is forged")
    if round_.proposal is None or fetch.wants(digest):
        round_.propose(engine.blocks.add(block, digest), vote.parent)
    try:
        fresh = round_.admit(vote)
    except EquivocationError as error:
        _convict(engine, round_, error)
    else:
        if fresh:
            round_.ballots[vote.kind].add_verified(vote)
            engine.count(round_, vote)


def _fits(block: Block, vote: Vote) -> bool:
    """Whether the vote is one for this block in its own view, or, for the last block of an epoch, in a later one (R13)."""
    again = bool(block.payload.next) and block.view <= vote.parent < vote.view
    return again or (block.view, block.parent_view) == (vote.view, vote.parent)


def take_seen(engine: Engine, seen: Seen) -> None:
    """An own vote as another node holds it: one that the log does not know was cast by a copy of this node (P23).

    Raises:
        PeerFaultError: it is no vote of this node's key.
    """
    vote = seen.vote
    if vote.signer != engine.committee.me or not well_formed(vote.kind, vote.parent, vote.digest):
        raise MisdirectedError("a vote that is not this node's")
    _compare_own(engine, vote)


def _compare_own(engine: Engine, vote: Vote) -> None:
    """A vote of the own key that somebody else holds, or sends: the log holds it, or is not the key's newest.

    Raises:
        ForgedVoteError: it is not the own key's.
    """
    if vote.view < engine.journal.first or engine.journal.lost is not None or _is_own(engine, vote):
        return
    if engine.verifier.verify([vote]) != [True]:
        raise ForgedVoteError("a vote in this node's name")
    engine.retire(vote)


def _is_own(engine: Engine, vote: Vote) -> bool:
    durable = engine.journal.own(vote.view, vote.kind)
    return durable is not None and (durable.vote.parent, durable.vote.digest) == (vote.parent, vote.digest)


def _convict(engine: Engine, round_: Round, error: EquivocationError) -> None:
    """Two votes of one signer: evidence if both are good; a forged one is but a fault of its sender, and hides no other.

    Raises:
        ForgedVoteError: the second one.
        EquivocationError: its signer is convicted already; nothing is verified again for it.
    """
    if engine.journal.convicted(error.second.signer):
        raise error
    if engine.verifier.verify([error.second]) != [True]:
        raise ForgedVoteError(str(error))
    second = error.second
    while (first := round_.conflicting(second)) is not None:
        if _holds(engine, round_, first):
            engine.accuse(first, second)
            return
    round_.ballots[second.kind].add_verified(second)
    engine.count(round_, second)


def _holds(engine: Engine, round_: Round, vote: Vote) -> bool:
    """Whether a vote that is kept is good; a forged one is dropped and counted."""
    ballots = round_.ballots[vote.kind]
    if ballots.get(vote.signer) != vote or ballots.counts(vote):
        return True  # out of a certificate, or verified
    if engine.verifier.verify([vote]) == [True]:
        ballots.add_verified(vote)
        return True
    ballots.drop(vote.signer)
    engine.fault(engine.committee.keys[vote.signer], ForgedVoteError.reason)
    return False
