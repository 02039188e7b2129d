"""What is said again, and what peers are told who ask or are behind (R6, R9, R11, R13).

Nothing here changes the engine's state; the few things remembered only keep answers rare.
"""

from consensus.engine import Engine
from consensus.events import Outdated
from consensus.journal import Durable
from consensus.limits import MAX_CERTIFICATE_VIEWS, RESEND_MS
from consensus.messages import GetCertificates, Seen, Status, Vote, VoteKind


class Answers:
    """One core's side of the conversation."""

    __slots__ = ("_echoed", "_engine", "_outdated", "_shown")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._echoed: dict[bytes, tuple[int, int]] = {}
        self._outdated: dict[bytes, int] = {}
        self._shown: set[bytes] = set()

    # --- to all -------------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """Where this node stands."""
        engine = self._engine
        return Status(engine.config.epoch, engine.view, engine.blocks.delivered.height)

    def resend(self) -> None:
        """R6, R9, every 5 s: own nullification with the entry certificate, finalize votes of open views."""
        engine = self._engine
        if not engine.votes:
            return
        nullify = engine.journal.own(engine.view, VoteKind.NULLIFY)
        if nullify is not None and engine.pressing:
            engine.outbox.vote(nullify)
            entry = engine.rounds.entry(engine.view)
            if entry is not None:
                engine.outbox.certificate(entry)
        for vote in self._open_finalize_votes():
            engine.outbox.vote(vote)

    def _open_finalize_votes(self) -> list[Durable]:
        """R9: recorded finalize votes of views that are not final; none is ever made here (P2, P20)."""
        floor = self._engine.rounds.floor_view
        return [one for one in self._engine.journal.votes() if one.vote.kind == VoteKind.FINALIZE and one.vote.view > floor]

    # --- to one -------------------------------------------------------------------------------------------------------

    def greet(self, peer: bytes) -> None:
        """R11, on connect: where this node stands, how to get there, its own votes that are still open (R3: also its block)."""
        engine = self._engine
        engine.hearing.heard(peer, engine.now)
        engine.outbox.status(self.status(), peer)
        self._show(peer, 0)
        entry = engine.rounds.entry(engine.view)
        if entry is not None:
            engine.outbox.certificate(entry, peer)
        if not engine.votes:
            return
        for vote in self._open_finalize_votes():
            engine.outbox.vote(vote, peer)
        for kind in (VoteKind.NOTARIZE, VoteKind.NULLIFY):
            own = engine.journal.own(engine.view, kind)
            if own is None:
                continue
            entry_ = engine.blocks.get(own.vote.digest)
            if kind == VoteKind.NOTARIZE and engine.current.leader == engine.committee.me and entry_ is not None:
                engine.outbox.proposal(entry_.block, own, peer)
            else:
                engine.outbox.vote(own, peer)

    def on_nullify(self, peer: bytes, vote: Vote) -> None:
        """R11: whoever is behind is told what settled its view. R6: who still wants to leave this one gets the own
        nullification again where it is no longer repeated: rarely enough that two nodes at rest, each of which takes the
        other's answer for a question, fall silent.
        """
        engine = self._engine
        if vote.view < engine.view:
            settling = engine.rounds.settling(vote.view)
            if settling is not None:
                engine.outbox.certificate(settling, peer)
            return
        own = engine.journal.own(engine.view, VoteKind.NULLIFY)
        if vote.view != engine.view or own is None or engine.pressing:
            return
        view, at = self._echoed.get(peer, (0, 0))
        if view != engine.view or engine.now >= at + 2 * RESEND_MS:
            self._echoed[peer] = (engine.view, engine.now)
            engine.outbox.vote(own, peer)

    def on_status(self, peer: bytes, status: Status) -> None:
        """R11: a peer that is behind gets what lets it follow, and whose votes are ahead of it is shown its newest.

        With its first status it comes into this epoch: perhaps out of an old copy, and for the second time (P23).
        """
        engine, rounds = self._engine, self._engine.rounds
        entry = rounds.entry(engine.view) if status.view < engine.view else None
        if entry is not None:
            engine.outbox.certificate(entry, peer)
        if rounds.final is not None and rounds.final != entry and status.height < engine.blocks.delivered.height:
            engine.outbox.certificate(rounds.final, peer)
        self._show(peer, status.view if peer in self._shown else 0)

    def _show(self, peer: bytes, above: int) -> None:
        """A validator's newest vote in a view above this one: if its log lacks it, it is not the newest (P23)."""
        engine = self._engine
        signer = engine.committee.index(peer)
        vote = engine.rounds.newest_vote(signer, above) if signer is not None else None
        self._shown.add(peer)
        if vote is not None:
            engine.outbox.seen(peer, Seen(vote))

    def on_get_certificates(self, peer: bytes, request: GetCertificates) -> None:
        """What is held of these views: FINAL for all up to the floor, NOTAR and NULL above it (P9)."""
        rounds, outbox = self._engine.rounds, self._engine.outbox
        if rounds.final is not None and request.first <= rounds.floor_view:
            outbox.certificate(rounds.final, peer)
        first = max(request.first, rounds.floor_view + 1)
        for view in range(first, min(request.last, first + MAX_CERTIFICATE_VIEWS - 1, rounds.newest) + 1):
            round_ = rounds.get(view)
            for certificate in (round_.notarization, round_.nullification) if round_ else ():
                if certificate is not None:
                    outbox.certificate(certificate, peer)

    def on_old_epoch(self, peer: bytes, epoch: int) -> None:
        """R13: a peer that is still in an epoch that has ended, told at most once in 5 s."""
        engine = self._engine
        if engine.now >= self._outdated.get(peer, engine.now):
            self._outdated[peer] = engine.now + RESEND_MS
            engine.outbox.call(Outdated(peer, epoch))
