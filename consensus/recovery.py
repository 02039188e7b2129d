"""Recovery: an engine as it was when the last record of its log became durable."""

from consensus.ancestry import Verdict
from consensus.engine import Engine
from consensus.errors import JournalError, LocalFaultError
from consensus.events import Archive, Evidence, Tip
from consensus.journal import Recovered
from consensus.limits import RETAINED_VIEWS
from consensus.messages import Vote, VoteKind, block_digest


def restore(engine: Engine, recovered: Recovered, tip: Tip) -> None:
    """Puts a log's records back in place: the view follows from the highest certificate, not from the last record (P5).

    Own votes count in the own tally again, once (P3, P4). The application may be ahead of a FINAL in the log; then its tip is
    the floor.
    """
    rounds = engine.rounds
    for one in recovered.certificates:
        if one.kind != VoteKind.NULLIFY and one.view == tip.view and one.digest != tip.digest:
            raise LocalFaultError(f"in view {tip.view} the log holds another block than the application has executed")
    rounds.restore(recovered.certificates)
    engine.view = rounds.newest + 1
    for block in recovered.blocks:
        digest = block_digest(engine.config.ledger_id, block)
        engine.blocks.add(block, digest).durable = True
    engine.blocks.prune(tip.height)
    engine.journal.prune(rounds.floor_view - RETAINED_VIEWS)
    for vote in recovered.votes:
        _restore_vote(engine, vote)
    nullified = [view for view in range(rounds.floor_view + 1, engine.view) if rounds.has(view, VoteKind.NULLIFY)]
    engine.pace.nullified = len(nullified)
    for vote in recovered.votes:
        if vote.view > rounds.floor_view:
            engine.count(rounds.open(vote.view), vote)
    for certificate in recovered.certificates:
        engine.outbox.call(Archive(certificate))
    for pair in recovered.evidence:
        engine.outbox.call(Evidence(pair.first, pair.second))
    if engine.journal.lost is not None:
        engine.retire(engine.journal.lost)


def _restore_vote(engine: Engine, vote: Vote) -> None:
    """One own vote of the log; a leader's block will be the same block again (R3)."""
    if vote.view < engine.rounds.floor_view - RETAINED_VIEWS:
        return
    if vote.view > engine.view:
        raise JournalError(f"a vote in view {vote.view} without the certificate that leads there")
    round_ = engine.rounds.open(vote.view)
    round_.ballots[vote.kind].add_verified(vote)
    if vote.kind == VoteKind.NOTARIZE and vote.view > engine.rounds.floor_view:
        entry = engine.blocks.get(vote.digest)
        if entry is None:
            raise JournalError(f"a notarize vote in view {vote.view} without its block")
        entry.verdict = Verdict.VALID
        round_.propose(entry, vote.parent)
