"""Cores and machines whose epochs are broken on purpose, one rule each, to prove that the runs notice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from consensus import catchup, core, engine, needs
from consensus.ancestry import tip_of
from consensus.answers import Answers
from consensus.engine import Engine
from consensus.events import Tip
from consensus.journal import Journal
from consensus.messages import Block, Certificate
from consensus.rounds import Rounds
from consensus.validity import follows, well_shaped
from consensus.view import Round
from node.wal import Wal
from tests.simulation.epochs import traitor
from tests.simulation.epochs.application import EpochApplication, EpochChain
from tests.simulation.epochs.machine import LEDGER_ID, EpochMachine

Mutant = Callable[[pytest.MonkeyPatch], None]


def child_on_the_last_block(patch: pytest.MonkeyPatch) -> None:
    """The block that ends the epoch is a parent like any other."""
    patch.setattr(engine, "follows", lambda block, parent: follows(block, _open(parent)))
    patch.setattr(engine, "tip_of", lambda block, digest: _open(tip_of(block, digest)))
    patch.setattr("consensus.ancestry.tip_of", lambda block, digest: _open(tip_of(block, digest)))


def _open(tip: Tip) -> Tip:
    return Tip(tip.view, tip.height, tip.digest, tip.time, tip.mark)


def last_block_with_records(patch: pytest.MonkeyPatch) -> None:
    """The application puts records into the block that ends the epoch, and the core lets it."""
    patch.setattr(engine, "well_shaped", lambda block, config: well_shaped(block, config) or bool(block.payload.next))
    answer = EpochApplication._answer_build

    def greedy(self: EpochApplication, call: object) -> None:
        emit = self._world.emit

        def fill(event: object) -> None:
            payload = getattr(event, "payload", None)
            if payload is not None and payload.next and self._pending:
                records = tuple(self._pending)[:1]
                self.unsynced.update(records)
                filled = type(payload)(payload.time, payload.mark, payload.next, records)
                event = type(event)(event.view, event.parent, filled)  # a `Built`
            emit(event)  # as it came

        object.__setattr__(self._world, "emit", fill)
        try:
            answer(self, call)  # as it came
        finally:
            object.__setattr__(self._world, "emit", emit)

    patch.setattr(EpochApplication, "_answer_build", greedy)


def final_of_the_last_block_ignored(patch: pytest.MonkeyPatch) -> None:
    """The epoch does not end with it."""
    deliver = Engine.deliver

    def deaf(self: Engine, block: Block, digest: bytes, final: Certificate | None) -> None:
        if not block.payload.next:
            deliver(self, block, digest, final)

    patch.setattr(Engine, "deliver", deaf)


def later_final_ignored(patch: pytest.MonkeyPatch) -> None:
    """The last block's FINAL counts only in the block's own view."""
    deliver = Engine._deliver

    def strict(self: Engine) -> None:
        entry = self.blocks.get(self.rounds.floor_digest)
        if entry is None or entry.block.view == self.rounds.floor_view:
            deliver(self)

    patch.setattr(Engine, "_deliver", strict)


def never_proposed_again(patch: pytest.MonkeyPatch) -> None:
    """A last block that is notarized and not final is left to itself."""
    patch.setattr(Engine, "_propose_again", lambda *_: None)


def proposed_again_is_refused(patch: pytest.MonkeyPatch) -> None:
    """Nobody votes for a block of an earlier view."""
    patch.setattr("consensus.admission._fits", lambda block, vote: (block.view, block.parent_view) == (vote.view, vote.parent))


def proposed_again_anywhere(patch: pytest.MonkeyPatch) -> None:
    """A block that is proposed again may stand where it is not notarized; some leaders try it."""
    patch.setattr(traitor, "HABITS", ("proposes again",) * 4)
    parent_ok = Rounds.parent_ok

    def lax(self: Rounds, view: int, parent: int, digest: bytes) -> object:
        held = [at for at, one in self.notarized.items() if one.digest == digest and at <= parent]
        return parent_ok(self, view, held[-1] if held else parent, digest)

    patch.setattr(Rounds, "parent_ok", lax)
    patch.setattr("consensus.admission._fits", lambda block, vote: block.view <= vote.view)


def votes_after_the_end(patch: pytest.MonkeyPatch) -> None:
    """A core that has ended goes on voting and leading."""
    patch.setattr(Engine, "votes", property(lambda self: self.committee.me is not None and self.alarm is None))


def old_log_in_the_new_epoch(patch: pytest.MonkeyPatch) -> None:
    """One directory for all epochs (P16)."""
    patch.setattr(EpochMachine, "directory", lambda _self, _epoch: Path("/wal/epoch"))


def old_log_taken_for_the_new_ones(patch: pytest.MonkeyPatch) -> None:
    """One directory, nobody looks at the records before, and the core does not look at their epoch (P16)."""
    old_log_in_the_new_epoch(patch)
    patch.setattr(Journal, "_check_epoch", lambda *_: None)

    def prepare(self: EpochMachine, epoch: int) -> None:
        self._journals[epoch] = list(self._journals[epoch - 1])

    patch.setattr(EpochMachine, "_prepare", prepare)


def log_made_after_the_commit(patch: pytest.MonkeyPatch) -> None:
    """The new epoch's log is made when its core begins, so that a crash in between leaves none."""
    prepare, turn = EpochMachine._prepare, EpochMachine._turn
    patch.setattr(EpochMachine, "_prepare", lambda *_: None)

    def late(self: EpochMachine) -> None:
        if not self._busy:
            prepare(self, self.chain.epoch)
        turn(self)

    patch.setattr(EpochMachine, "_turn", late)


def log_deleted_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    """The old epoch's log goes as soon as the new one is there."""
    prepare = EpochMachine._prepare

    def hasty(self: EpochMachine, epoch: int) -> None:
        prepare(self, epoch)
        for name in self.disk.names(self.directory(epoch - 1)):
            self.disk.remove(self.directory(epoch - 1) / name)
        self.disk.sync_directory(self.directory(epoch - 1))

    patch.setattr(EpochMachine, "_prepare", hasty)


def missing_log_made_anew(patch: pytest.MonkeyPatch) -> None:
    """Beside that: who finds no log makes one, and votes again in views in which it has voted."""
    log_deleted_before_the_commit(patch)
    opened = EpochMachine._open

    def trusting(self: EpochMachine, epoch: int) -> list[bytes]:
        if not self.disk.names(self.directory(epoch)):
            self._journals.pop(epoch, None)
            Wal.create(self.directory(epoch), LEDGER_ID, self.disk).close()
        return opened(self, epoch)

    patch.setattr(EpochMachine, "_open", trusting)
    patch.setattr(EpochMachine, "_check_recovery", lambda *_: None)


def key_not_retired(patch: pytest.MonkeyPatch) -> None:
    """A machine whose key was replaced goes on with its old one."""
    begin = EpochMachine._begin

    def stubborn(self: EpochMachine, records: list[bytes]) -> None:
        scheme = self._around.scheme
        first = self.keys[0]
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(self._around, "scheme", lambda machine, _key: scheme(machine, first), raising=False)
            begin(self, records)

    patch.setattr(EpochMachine, "_begin", stubborn)


def lists_differ(patch: pytest.MonkeyPatch) -> None:
    """Who executes begins the next epoch with what is pending, not with what the last block names."""

    def begin(self: EpochChain, block: Block, digest: bytes) -> None:
        number = self.pending or self._registry.number(block.payload.next) or 0
        self.epochs.append(number)
        self.starts.append(block.height)
        self.tips[-1] = Tip(0, block.height, digest, block.payload.time, block.height)
        self._ready.clear()
        self.pending = 0

    patch.setattr(EpochChain, "_begin", begin)


def next_is_not_judged(patch: pytest.MonkeyPatch) -> None:
    """Whatever a block says of the epoch's end is good; some leaders try it."""
    patch.setattr(traitor, "HABITS", ("ends early",) * 4)
    patch.setattr(EpochApplication, "_judge", EpochApplication.__mro__[1]._judge)  # the base's


def ends_are_not_told(patch: pytest.MonkeyPatch) -> None:
    """Who is in an old epoch gets no answer."""
    patch.setattr(Answers, "on_old_epoch", lambda *_: None)


def headers_go_beyond(patch: pytest.MonkeyPatch) -> None:
    """Catch-up does not stop at an epoch's end."""
    patch.setattr(EpochChain, "stretch", lambda self, _epoch, first: self.headers(first))
    patch.setattr(catchup, "pairwise", lambda _: ())


def later_finals_of_headers_are_refused(patch: pytest.MonkeyPatch) -> None:
    """Catch-up takes a FINAL of the block's own view alone."""
    verify = catchup.verify

    def strict(headers: object, *rest: object) -> object:
        final, last = headers.final, headers.blocks[-1]  # `Headers`
        if (final.view, final.parent) != (last.view, last.parent_view):
            raise catchup.BadHeadersError("the certificate is another block's")
        return verify(headers, *rest)  # as they came

    patch.setattr(catchup, "verify", strict)


def later_epochs_status_is_not_heard(patch: pytest.MonkeyPatch) -> None:
    """Neither a later epoch's status nor an old epoch's end makes anybody catch up."""
    ends_are_not_told(patch)
    patch.setattr(core.Core, "_stands_at", lambda *_: None)


def questions_take_turns_together(patch: pytest.MonkeyPatch) -> None:
    """Two open questions and two peers: each question goes to the same peer for ever."""
    turn = [0]

    def whom(need: needs.Need, asked: object, candidates: list[bytes]) -> bytes:
        if asked.attempts == 0 and need.preferred in candidates:  # an open question
            return need.preferred
        turn[0] += 1
        return candidates[turn[0] % len(candidates)]

    patch.setattr("consensus.fetch._whom", whom)


def restored_as_another_proposal(patch: pytest.MonkeyPatch) -> None:
    """After a restart a block that was proposed again stands on its own parent."""
    propose = Round.propose
    patch.setattr(Round, "propose", lambda self, entry, _parent: propose(self, entry, entry.block.parent_view))
