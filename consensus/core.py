"""The consensus core: events in, one output out. What comes from outside enters here, is admitted or dropped, and is answered.

Rules R9 to R12 live here, those that make progress (R1 to R8) in `consensus.engine`; the package docstring states them all.
Nothing that a peer sends raises out of `handle`: what no correct node sends is counted in `faults` and changes nothing else.
`LocalFaultError` out of `handle` or `recover` means that this node's own state contradicts itself, and it must stop.
"""

from collections.abc import Iterable

from consensus import catchup
from consensus.ancestry import Verdict
from consensus.certificate import well_formed
from consensus.engine import Engine
from consensus.errors import JournalError, LocalFaultError, PeerFaultError
from consensus.events import Applied, Built, Checked, Config, Connected, Event, Output, Received, Scheme, Tip, Wake, Work
from consensus.fetch import Fetch
from consensus.journal import Durable, Recovered
from consensus.limits import MAX_CERTIFICATE_VIEWS, RESEND_MS, RETAINED_VIEWS
from consensus.messages import (
    Certificate,
    GetBlock,
    GetCertificates,
    GetHeaders,
    GotBlock,
    Headers,
    Message,
    Proposal,
    Status,
    Vote,
    VoteKind,
    block_digest,
)
from consensus.needs import needs
from consensus.rounds import Held


class MisdirectedError(PeerFaultError):
    """A vote or proposal whose sender is not its signer, or that no leader of that view can have sent."""


class Core:
    """One node's consensus in one epoch. Made by `recover` alone, also for a node that begins."""

    __slots__ = ("_echoed", "_engine", "_fetch", "_resend_at", "_wake_at")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._fetch = Fetch()
        self._resend_at = engine.now
        self._wake_at = engine.now
        self._echoed: dict[bytes, tuple[int, int]] = {}

    # --- what others may read -----------------------------------------------------------------------------------------

    @property
    def view(self) -> int:
        """The current view."""
        return self._engine.view

    @property
    def floor_view(self) -> int:
        """The highest view known to be final; its block may not be here yet."""
        return self._engine.rounds.floor_view

    @property
    def floor_digest(self) -> bytes:
        """The digest of the block finalized in `floor_view`."""
        return self._engine.rounds.floor_digest

    @property
    def delivered(self) -> Tip:
        """The last block handed to the application."""
        return self._engine.blocks.delivered

    @property
    def alarm(self) -> str | None:
        """Why this node no longer votes."""
        return self._engine.alarm

    @property
    def faults(self) -> dict[bytes, int]:
        """Faulty messages by peer."""
        return dict(self._engine.faults)

    def snapshot(self) -> tuple[bytes, ...]:
        """Journal records that a fresh log must start with, so that all older ones can go."""
        engine = self._engine
        return engine.journal.snapshot(engine.blocks, engine.rounds.certificates())

    # --- recovery -----------------------------------------------------------------------------------------------------

    @classmethod
    def recover(cls, config: Config, scheme: Scheme, records: Iterable[bytes], tip: Tip, now: int) -> tuple["Core", Output]:
        """The core as it was when the last of `records` became durable, and its first output.

        Args:
            config: the epoch.
            scheme: signatures with this node's key.
            records: payloads of the write-ahead log in order; none for a node that begins.
            tip: the last block that the application has executed.
            now: monotonic milliseconds.

        Raises:
            JournalError: the log holds what this node cannot have written.
            LocalFaultError: log and application contradict each other.
        """
        engine = Engine(config, scheme, tip, now)
        _restore(engine, engine.journal.recover(records), tip)
        core = cls(engine)
        return core, core._finish()

    # --- events -------------------------------------------------------------------------------------------------------

    def handle(self, event: Event, now: int) -> Output:
        """Takes one event; see `consensus.events` for what the driver owes the output."""
        engine = self._engine
        engine.now = max(engine.now, now)
        match event:
            case Received(peer, message):
                engine.hearing.heard(peer, engine.now)
                if engine.now < self._wake_at and isinstance(message, Certificate) and self._is_known(message):
                    return Output(wake_at=self._wake_at)
                try:
                    self._receive(peer, message)
                except PeerFaultError:
                    engine.fault(peer)
            case Connected(peer):
                self._greet(peer)
            case Work():
                engine.work(event)
            case Built():
                engine.built(event)
            case Checked(digest, valid, timely):
                engine.checked(digest, valid=valid, timely=timely)
            case Applied(height):
                engine.executed(height)
            case Wake():
                pass
        return self._finish()

    def _finish(self) -> Output:
        """Applies all rules, asks for what is missing, repeats what is due."""
        engine = self._engine
        due = engine.now >= self._resend_at
        if due:
            self._resend_at = engine.now + RESEND_MS
            self._resend()
        engine.progress()
        if due:
            engine.outbox.status(self._status())
        for peer, request in self._fetch.update(needs(engine), engine.hearing, engine.now):
            engine.outbox.request(peer, request)
        times = (engine.wake_at(), self._fetch.wake_at(), self._resend_at)
        self._wake_at = min(time for time in times if time is not None)
        return engine.outbox.take(engine.journal.take(), self._wake_at)

    # --- messages -----------------------------------------------------------------------------------------------------

    def _receive(self, peer: bytes, message: Message) -> None:
        match message:
            case Vote():
                self._on_vote(peer, message)
            case Certificate():
                self._on_certificate(message)
            case Proposal():
                self._on_proposal(peer, message)
            case Status():
                self._on_status(peer, message)
            case GetBlock(epoch, digest):
                entry = self._engine.blocks.get(digest)
                if entry is not None and epoch == self._engine.config.epoch:
                    self._engine.outbox.block(peer, entry.block)
            case GotBlock(block):
                digest = block_digest(self._engine.config.ledger_id, block)
                if self._fetch.wants(digest):
                    self._engine.blocks.add(block, digest)
            case GetCertificates():
                self._on_get_certificates(peer, message)
            case Headers():
                self._on_headers(message)
            case GetHeaders():
                pass  # the driver answers out of its store

    def _on_vote(self, peer: bytes, vote: Vote) -> None:
        """R10: window, sender, shape, one of a kind. R11: whoever is behind is told what settled its view."""
        engine = self._engine
        if vote.epoch != engine.config.epoch:
            return
        if engine.committee.index(peer) != vote.signer or not well_formed(vote.kind, vote.parent, vote.digest):
            raise MisdirectedError(f"a vote of validator {vote.signer}")
        if vote.kind == VoteKind.NULLIFY and vote.view < engine.view:
            settling = engine.rounds.settling(vote.view)
            if settling is not None:
                engine.outbox.certificate(settling, peer)
        self._echo(peer, vote)
        if not max(1, engine.rounds.floor_view - RETAINED_VIEWS) <= vote.view <= engine.view + 1:
            return
        round_ = engine.rounds.open(vote.view)
        if round_.admit(vote):
            engine.count(round_, vote)

    def _echo(self, peer: bytes, vote: Vote) -> None:
        """R6: who still wants to leave this view gets the own nullification again where it is no longer repeated.

        Rarely enough that two nodes at rest, each of which takes the other's answer for a question, fall silent.
        """
        engine = self._engine
        own = engine.journal.own(engine.view, VoteKind.NULLIFY)
        if vote.kind != VoteKind.NULLIFY or vote.view != engine.view or own is None or engine.pressing:
            return
        view, at = self._echoed.get(peer, (0, 0))
        if view != engine.view or engine.now >= at + 2 * RESEND_MS:
            self._echoed[peer] = (engine.view, engine.now)
            engine.outbox.vote(own, peer)

    def _on_certificate(self, certificate: Certificate) -> None:
        """R1: however it was learnt. Its signatures are checked unless it would change nothing."""
        engine = self._engine
        if certificate.epoch != engine.config.epoch or self._is_known(certificate):
            return
        round_ = engine.rounds.get(certificate.view)
        votes = engine.verifier.check(certificate, round_.ballots[certificate.kind].verified() if round_ else ())
        for vote in votes:
            if vote.signer == engine.committee.me and not self._is_own(vote):
                engine.raise_alarm(f"this node's key has signed in view {vote.view} what its log does not hold")
        engine.hold(certificate)

    def _is_known(self, certificate: Certificate) -> bool:
        """Whether a certificate of this epoch would change nothing: each is broadcast by all, so most come often."""
        return self._engine.rounds.weigh(certificate) is Held.KNOWN

    def _is_own(self, vote: Vote) -> bool:
        durable = self._engine.journal.own(vote.view, vote.kind)
        return durable is not None and (durable.vote.parent, durable.vote.digest) == (vote.parent, vote.digest)

    def _on_proposal(self, peer: bytes, proposal: Proposal) -> None:
        """R4: the first one of a view's leader counts; a later one only when a certificate asks for it (P7)."""
        engine, block, vote = self._engine, proposal.block, proposal.vote
        if vote.epoch != engine.config.epoch or not engine.rounds.floor_view < vote.view <= engine.view + 1:
            return
        subject = (vote.kind, vote.view, vote.parent, vote.epoch)
        if subject != (VoteKind.NOTARIZE, block.view, block.parent_view, block.epoch):
            raise MisdirectedError("a proposal whose vote is for something else")
        if engine.committee.index(peer) != vote.signer or engine.committee.leader(vote.view) != vote.signer:
            raise MisdirectedError(f"a proposal of validator {vote.signer} in view {vote.view}")
        round_ = engine.rounds.open(vote.view)
        if round_.proposal is not None and round_.proposal.digest == vote.digest:
            return
        digest = block_digest(engine.config.ledger_id, block)
        if digest != vote.digest or engine.verifier.verify([vote]) != [True]:
            raise MisdirectedError("a proposal whose vote is for another block, or is forged")
        if round_.proposal is None or self._fetch.wants(digest):
            entry = engine.blocks.add(block, digest)
            round_.proposal = round_.proposal or entry
        if round_.admit(vote):
            round_.ballots[vote.kind].add_verified(vote)
            engine.count(round_, vote)

    def _on_status(self, peer: bytes, status: Status) -> None:
        """R11, R12: a peer that is behind gets what lets it follow; f+1 that are ahead make this node catch up."""
        engine = self._engine
        if status.epoch != engine.config.epoch:
            return
        validator = engine.committee.index(peer)
        if validator is not None:
            engine.hearing.stands_at(validator, status.height)
        self._help(peer, status)

    def _help(self, peer: bytes, status: Status) -> None:
        rounds = self._engine.rounds
        entry = rounds.entry(self._engine.view) if status.view < self._engine.view else None
        if entry is not None:
            self._engine.outbox.certificate(entry, peer)
        if rounds.final is not None and rounds.final != entry and status.height < self._engine.blocks.delivered.height:
            self._engine.outbox.certificate(rounds.final, peer)

    def _on_get_certificates(self, peer: bytes, request: GetCertificates) -> None:
        """What is held of these views: FINAL for all up to the floor, NOTAR and NULL above it (P9)."""
        rounds = self._engine.rounds
        if request.epoch != self._engine.config.epoch:
            return
        if rounds.final is not None and request.first <= rounds.floor_view:
            self._engine.outbox.certificate(rounds.final, peer)
        first = max(request.first, rounds.floor_view + 1)
        for view in range(first, min(request.last, first + MAX_CERTIFICATE_VIEWS - 1, rounds.newest) + 1):
            round_ = rounds.get(view)
            for certificate in (round_.notarization, round_.nullification) if round_ else ():
                if certificate is not None:
                    self._engine.outbox.certificate(certificate, peer)

    def _on_headers(self, headers: Headers) -> None:
        """R12: final blocks forward from the own tip. An answer to no question, or to an old one, changes nothing."""
        engine = self._engine
        delivered = engine.blocks.delivered
        if not self._fetch.wants(GetHeaders) or not catchup.fits(headers, delivered):
            return
        stretch = catchup.verify(headers, delivered, engine.config, engine.verifier)
        if not stretch.connects:
            engine.raise_alarm(f"a quorum has finalized another chain from height {delivered.height}")
            return
        if engine.hold(headers.final) is Held.CONFLICT:
            return
        last = len(stretch.blocks) - 1
        for position, (block, digest) in enumerate(stretch.blocks):
            engine.deliver(block, digest, headers.final if position == last else None)

    # --- saying things again ------------------------------------------------------------------------------------------

    def _status(self) -> Status:
        engine = self._engine
        return Status(engine.config.epoch, engine.view, engine.blocks.delivered.height)

    def _open_finalize_votes(self) -> list[Durable]:
        """R9: recorded finalize votes of views that are not final; none is ever made here (P2, P20)."""
        floor = self._engine.rounds.floor_view
        return [one for one in self._engine.journal.votes() if one.vote.kind == VoteKind.FINALIZE and one.vote.view > floor]

    def _resend(self) -> None:
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

    def _greet(self, peer: bytes) -> None:
        """R11, on connect: where this node stands, how to get there, its own votes that are still open (R3: also its block)."""
        engine = self._engine
        engine.hearing.heard(peer, engine.now)
        engine.outbox.status(self._status(), peer)
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


def _restore(engine: Engine, recovered: Recovered, tip: Tip) -> None:
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
    engine.blocks.prune(rounds.floor_view, tip.height)
    engine.journal.prune(rounds.floor_view - RETAINED_VIEWS)
    for vote in recovered.votes:
        _restore_vote(engine, vote)
    nullified = [view for view in range(rounds.floor_view + 1, engine.view) if rounds.has(view, VoteKind.NULLIFY)]
    engine.pace.nullified = len(nullified)
    for vote in recovered.votes:
        if vote.view > rounds.floor_view:
            engine.count(rounds.open(vote.view), vote)


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
        round_.proposal = entry
