"""The consensus core: events in, one output out. What comes from outside enters here, is admitted or dropped, and is answered.

What is kept is decided in `consensus.admission`, what others are told in `consensus.answers`; the rules that make progress (R1
to R8) live in `consensus.engine`; the package docstring states them all.
Nothing that a peer sends raises out of `handle`: what no correct node sends is counted in `faults` and changes nothing else.
`LocalFaultError` out of `handle` or `recover` means that this node's own state contradicts itself, and it must stop.
"""

from collections.abc import Iterable

from consensus import admission, catchup
from consensus.answers import Answers
from consensus.engine import Engine
from consensus.errors import PeerFaultError
from consensus.events import Applied, Built, Checked, Config, Connected, Event, Output, Received, Scheme, Tip, Wake, Work
from consensus.fetch import Fetch
from consensus.limits import RESEND_MS
from consensus.messages import (
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
    VoteKind,
    block_digest,
)
from consensus.needs import needs
from consensus.recovery import restore
from consensus.rounds import Held

_ANSWERS = (Certificate, GotBlock, Headers, Seen)
"""What is said to who is behind, or asked: it says nothing of the epoch that its sender is in (R13)."""


class Core:
    """One node's consensus in one epoch. Made by `recover` alone, also for a node that begins."""

    __slots__ = ("_answers", "_engine", "_fetch", "_resend_at", "_wake_at")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._answers = Answers(engine)
        self._fetch = Fetch()
        self._resend_at = engine.now
        self._wake_at = engine.now

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
    def epoch(self) -> int:
        """The epoch's number."""
        return self._engine.config.epoch

    @property
    def validator(self) -> bool:
        """Whether this node's key is one of the epoch's validators."""
        return self._engine.committee.me is not None

    @property
    def ended(self) -> bool:
        """Whether the epoch's last block was delivered: once it is executed, another core takes over (R13)."""
        return self._engine.ended

    @property
    def alarm(self) -> str | None:
        """Why this node no longer votes."""
        return self._engine.alarm

    @property
    def faults(self) -> dict[tuple[bytes, str], int]:
        """Faults by peer and reason: messages that no correct node sends, and votes that contradict one another."""
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
        restore(engine, engine.journal.recover(records), tip)
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
                if engine.now < self._wake_at and isinstance(message, Certificate) and self._changes_nothing(message):
                    return Output(wake_at=self._wake_at)
                try:
                    self._receive(peer, message)
                except PeerFaultError as error:
                    engine.fault(peer, error.reason)
            case Connected(peer):
                self._answers.greet(peer)
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
            self._answers.resend()
        engine.progress()
        if due:
            engine.outbox.status(self._answers.status())
        for peer, request in self._fetch.update(needs(engine), engine.hearing, engine.now):
            engine.outbox.request(peer, request)
        times = (engine.wake_at(), self._fetch.wake_at(), self._resend_at)
        self._wake_at = min(time for time in times if time is not None)
        return engine.outbox.take(engine.journal.take(), self._wake_at)

    # --- messages -----------------------------------------------------------------------------------------------------

    def _changes_nothing(self, certificate: Certificate) -> bool:
        engine = self._engine
        return certificate.epoch == engine.config.epoch and admission.is_known(engine, certificate)

    def _receive(self, peer: bytes, message: Message) -> None:
        engine, epoch = self._engine, _epoch(message)
        if isinstance(message, Status) and epoch >= engine.config.epoch:
            self._stands_at(peer, message)
        if epoch == engine.config.epoch:
            self._take(peer, message)
        elif epoch < engine.config.epoch and not isinstance(message, _ANSWERS):
            self._answers.on_old_epoch(peer, epoch)

    def _take(self, peer: bytes, message: Message) -> None:
        """A message of this epoch."""
        engine = self._engine
        match message:
            case Vote():
                if message.kind == VoteKind.NULLIFY:
                    admission.check_vote(engine, peer, message)
                    self._answers.on_nullify(peer, message)
                admission.take_vote(engine, peer, message)
            case Certificate():
                admission.take_certificate(engine, message)
            case Proposal():
                admission.take_proposal(engine, self._fetch, peer, message)
            case Seen():
                admission.take_seen(engine, message)
            case Status():
                self._answers.on_status(peer, message)
            case GetBlock(digest=digest):
                entry = engine.blocks.get(digest)
                if entry is not None:
                    engine.outbox.block(peer, entry.block)
            case GotBlock(block):
                digest = block_digest(engine.config.ledger_id, block)
                if self._fetch.wants(digest):
                    engine.blocks.add(block, digest)
            case GetCertificates():
                self._answers.on_get_certificates(peer, message)
            case Headers():
                self._on_headers(message)
            case GetHeaders():
                pass  # the driver answers out of its store

    def _stands_at(self, peer: bytes, status: Status) -> None:
        """R12: f+1 validators that are ahead, also in a later epoch, make this node catch up."""
        validator = self._engine.committee.index(peer)
        if validator is not None:
            self._engine.hearing.stands_at(validator, status.height)

    def _on_headers(self, headers: Headers) -> None:
        """R12: final blocks forward from the own tip. An answer to no question, or to an old one, changes nothing."""
        engine = self._engine
        delivered = engine.blocks.delivered
        if not self._fetch.wants(GetHeaders) or not catchup.fits(headers, delivered):
            return
        stretch = catchup.verify(headers, delivered, engine.config, engine.verifier)
        admission.compare(engine, stretch.votes)
        if not stretch.connects:
            engine.raise_alarm(f"a quorum has finalized another chain from height {delivered.height}")
            return
        if engine.hold(headers.final) is Held.CONFLICT:
            return
        last = len(stretch.blocks) - 1
        for position, (block, digest) in enumerate(stretch.blocks):
            engine.deliver(block, digest, headers.final if position == last else None)


def _epoch(message: Message) -> int:
    """The epoch that a message is of."""
    match message:
        case GotBlock(block):
            return block.epoch
        case Proposal(vote=vote) | Seen(vote):
            return vote.epoch
        case Headers(final=final):
            return final.epoch
        case _:
            return message.epoch
