"""Cores that are broken on purpose, one rule each, to prove that the simulation notices.

A mutant changes functions of `consensus` through pytest's monkeypatch; where the sign guard (`Journal.cast`) would stop it, the
guard is taken away too.
"""

from collections.abc import Callable

import pytest

from consensus import certificate, core, engine, journal, quorum, recovery
from consensus.ancestry import Entry, Verdict
from consensus.answers import Answers
from consensus.certificate import Verifier
from consensus.engine import Engine
from consensus.events import Output, Tip
from consensus.journal import Journal, Recovered
from consensus.messages import Block, Certificate, Vote, VoteKind
from consensus.outbox import Outbox
from consensus.rounds import Choice, Parent, Rounds
from tests.simulation.disk import MemoryDisk, MemoryFile

Mutant = Callable[[pytest.MonkeyPatch], None]


def _unguarded(patch: pytest.MonkeyPatch) -> None:
    for kind in VoteKind:
        patch.setitem(journal._FORBIDDEN, kind, ())


def double_vote(patch: pytest.MonkeyPatch) -> None:
    """A leader that signs a second block as soon as it has signed the first."""
    _unguarded(patch)
    notarize = Engine._notarize

    def twice(self: Engine, entry: Entry, leading: bool) -> None:
        notarize(self, entry, leading)
        self._cast(VoteKind.NOTARIZE, entry.block.view, entry.block.parent_view, bytes(32))

    patch.setattr(Engine, "_notarize", twice)


def notarize_after_nullify(patch: pytest.MonkeyPatch) -> None:
    """The own nullification does not keep from a vote for a late proposal."""
    _unguarded(patch)
    patch.setattr(Engine, "_voted", lambda self: self.journal.own(self.view, VoteKind.NOTARIZE) is not None)


def finalize_after_nullify(patch: pytest.MonkeyPatch) -> None:
    """The own nullification is forgotten when a notarization comes (P2)."""
    _unguarded(patch)
    finalize = Engine._finalize_notarized

    def forgetful(self: Engine) -> None:
        own = Journal.own
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(
                Journal, "own", lambda guard, view, kind: None if kind == VoteKind.NULLIFY else own(guard, view, kind)
            )
            finalize(self)

    patch.setattr(Engine, "_finalize_notarized", forgetful)


def send_before_durable(patch: pytest.MonkeyPatch) -> None:
    """Votes leave before the fsync."""
    take = Outbox.take

    def hasty(self: Outbox, *arguments: object) -> Output:
        output = take(self, *arguments)  # passed on as given
        return Output(output.persist, output.send_now + output.send_after, (), output.app, output.wake_at)

    patch.setattr(Outbox, "take", hasty)


def no_durability(patch: pytest.MonkeyPatch) -> None:
    """Own votes are not written at all."""
    take = Journal.take

    def forgetful(self: Journal) -> tuple[bytes, ...]:
        votes = [one.vote.signature for one in self.votes()]
        return tuple(record for record in take(self) if not any(one in record for one in votes))

    patch.setattr(Journal, "take", forgetful)


def amnesia(patch: pytest.MonkeyPatch) -> None:
    """Own votes in the log are not taken up again after a restart."""
    patch.setattr(Journal, "_take_up", lambda _self, _vote: None)
    _unguarded(patch)


def parent_gap(patch: pytest.MonkeyPatch) -> None:
    """A proposal may skip views that are not nullified (P1)."""

    def lax_parent(self: Rounds, _view: int, parent: int, digest: bytes) -> Choice:
        if parent in self.notarized or parent == self.floor_view:
            return Choice(Parent.OK, parent, digest)
        return Choice(Parent.MISSING, first=parent, last=parent)

    def lax_choices(self: Rounds, view: int) -> list[Choice]:
        held = [at for at in self.notarized if at < view]
        found = [Choice(Parent.OK, at, self.notarized[at].digest) for at in sorted(held, reverse=True)]
        return [*found, Choice(Parent.OK, self.floor_view, self.floor_digest)]

    patch.setattr(Rounds, "parent_ok", lax_parent)
    patch.setattr(Rounds, "choices", lax_choices)


def finalize_at_once(patch: pytest.MonkeyPatch) -> None:
    """A finalize vote follows the own notarize vote, without a notarization."""
    notarize = Engine._notarize

    def eager(self: Engine, entry: Entry, leading: bool) -> None:
        notarize(self, entry, leading)
        block = entry.block
        if self.view == block.view and not self.journal.own(block.view, VoteKind.FINALIZE):
            self._cast(VoteKind.FINALIZE, block.view, block.parent_view, entry.digest)

    patch.setattr(Engine, "_notarize", eager)


def small_quorum(patch: pytest.MonkeyPatch) -> None:
    """2f+1 for every n, which is too few for n = 5 (P12)."""
    patch.setattr(quorum, "quorum", lambda n: 2 * quorum.max_faulty(n) + 1)


def repeated_signer(patch: pytest.MonkeyPatch) -> None:
    """A certificate is filled up with a vote that is in it already (P17)."""
    build = certificate.build

    def padded(votes: list[Vote], validators: int) -> object:
        return build([*votes[:-1], votes[0]], validators)

    patch.setattr(engine, "build", padded)
    patch.setattr(Verifier, "check", lambda *_: [])


def delivers_with_gaps(patch: pytest.MonkeyPatch) -> None:
    """Only the newest final block is handed out."""
    deliver = Engine.deliver

    def skipping(self: Engine, block: Block, digest: bytes, final: object) -> None:
        if digest == self.rounds.floor_digest:
            deliver(self, block, digest, final)  # passed on as given

    patch.setattr(Engine, "deliver", skipping)


def own_votes_not_counted_again(patch: pytest.MonkeyPatch) -> None:
    """After a restart the own votes are kept but do not count (P3)."""

    def restore(engine_: Engine, vote: Vote) -> None:
        if vote.kind == VoteKind.NOTARIZE and vote.view > engine_.rounds.floor_view:
            entry = engine_.blocks.get(vote.digest)
            if entry is not None:
                entry.verdict = Verdict.VALID
                engine_.rounds.open(vote.view).propose(entry, vote.parent)

    patch.setattr(recovery, "_restore_vote", restore)


def resumes_in_an_old_view(patch: pytest.MonkeyPatch) -> None:
    """After a restart the view follows from what is final alone (P5)."""
    restore = recovery.restore

    def low(engine_: Engine, recovered: Recovered, tip: Tip) -> None:
        restore(engine_, recovered, tip)
        engine_.view = engine_.rounds.floor_view + 1

    patch.setattr(core, "restore", low)


def never_says_it_again(patch: pytest.MonkeyPatch) -> None:
    """What was lost on the way is not sent again (R6, R9); only `Status` is."""
    patch.setattr(Answers, "resend", lambda self: self._engine.outbox.status(self.status()))


def leaves_the_late_alone(patch: pytest.MonkeyPatch) -> None:
    """A nullification for a past view is answered with FINAL or not at all (R11, P9)."""

    def settling(self: Rounds, view: int) -> Certificate | None:
        return self.final if self.final is not None and self.final.view >= view else None

    patch.setattr(Rounds, "settling", settling)


def refuses_late_notarizations(patch: pytest.MonkeyPatch) -> None:
    """A notarization of a view that was nullified here is not taken (P8)."""
    hold = Engine.hold

    def refusing(self: Engine, one: Certificate) -> None:
        if one.kind != VoteKind.NOTARIZE or not self.journal.own(one.view, VoteKind.NULLIFY):
            hold(self, one)

    patch.setattr(Engine, "hold", refusing)


def does_not_catch_up(patch: pytest.MonkeyPatch) -> None:
    """Answers to `GetHeaders` are thrown away (R12)."""
    patch.setattr(core.Core, "_on_headers", lambda _self, _headers: None)


def log_without_fsync(patch: pytest.MonkeyPatch) -> None:
    """The log is written and never synced."""
    patch.setattr(MemoryFile, "sync", lambda self: self._disk.before("sync"))


def log_without_directory_fsync(patch: pytest.MonkeyPatch) -> None:
    """New segments get their name, and nobody syncs the directory (P22)."""
    patch.setattr(MemoryDisk, "sync_directory", lambda self, _directory: self.before("sync_directory"))
