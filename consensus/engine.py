"""The rules that make progress: entering views, voting, leading, timing out, finalizing (R1 to R8).

`Engine` holds one epoch's whole state. Whoever changes something calls `progress` afterwards, which applies every rule until
none has anything more to do; so it does not matter by which road a vote, a certificate or a block became known (P11).
"""

from consensus.ancestry import Blocks, Entry, Verdict, tip_of
from consensus.certificate import Verifier, build
from consensus.errors import ForgedVoteError, LocalFaultError
from consensus.events import Alarm, Archive, Build, Built, Check, Config, Deliver, Evidence, Scheme, Tip, Work
from consensus.journal import Journal
from consensus.limits import CATCH_UP_BACKLOG, RETAINED_VIEWS, TIP_ONLY_WAIT_MS
from consensus.messages import Block, Certificate, Vote, VoteKind, block_digest
from consensus.outbox import Outbox
from consensus.pace import Hearing, Pace
from consensus.quorum import Committee
from consensus.rounds import Choice, Held, Parent, Rounds
from consensus.validity import follows, well_shaped
from consensus.view import Round


class Engine:
    """One validator, or one follower, in one epoch.

    Attributes:
        now: the time of the event that is being handled.
        view: the current view; never decreases.
        applied: the height that the application has executed.
        alarm: why this node no longer votes, None while it does.
        retired: whether that is because its log is not the newest.
        faults: messages dropped as faulty, and votes that contradict one another, by whose they were and why.
    """

    def __init__(self, config: Config, scheme: Scheme, tip: Tip, now: int) -> None:
        self.config = config
        self.committee = Committee(config)
        self.verifier = Verifier(config, self.committee, scheme)
        self.journal = Journal(config, self.committee.me, scheme)
        self.outbox = Outbox()
        self.rounds = Rounds(self.committee, tip)
        self.blocks = Blocks(tip)
        self.pace = Pace(0)
        self.hearing = Hearing(self.committee, now)
        self.now = now
        self.view = tip.view + 1
        self.applied = tip.height
        self.alarm: str | None = None
        self.retired = False
        self.faults: dict[tuple[bytes, str], int] = {}
        self._work = Work(pending=False, due=False)
        self._asked: Build | None = None
        self._changes = 0

    @property
    def votes(self) -> bool:
        """Whether this node may vote."""
        return self.committee.me is not None and self.alarm is None and not self.ended

    @property
    def ended(self) -> bool:
        """Whether the epoch's last block is final here (R13)."""
        return self.blocks.delivered.closes

    @property
    def current(self) -> Round:
        """The current view."""
        return self.rounds.open(self.view)

    def fault(self, peer: bytes, reason: str) -> None:
        """Counts a fault of a peer's."""
        self.faults[peer, reason] = self.faults.get((peer, reason), 0) + 1

    def raise_alarm(self, reason: str, *, retired: bool = False) -> None:
        """Stops this node's voting for good; it goes on to follow. Told once, and once more if then its key is retired, too."""
        if self.alarm is None or (retired and not self.retired):
            self.alarm = reason
            self.retired = retired
            self.outbox.call(Alarm(reason, retired=retired))

    def retire(self, vote: Vote) -> None:
        """The own key has cast a vote that the log does not hold, so the log is not its newest: it never votes again."""
        self.journal.lose(vote)
        self.raise_alarm(f"this node's key has signed in view {vote.view} what its log does not hold", retired=True)

    # --- the application's events -------------------------------------------------------------------------------------

    def work(self, work: Work) -> None:
        """What there is to do has changed; a leader that had nothing to propose is asked again."""
        self._work = work
        if self._asked is not None and not self._asked.may_be_empty:
            self._asked = None

    def built(self, built: Built) -> None:
        """R3: the payload of the own proposal.

        Raises:
            LocalFaultError: it is not valid on the parent that was asked about.
        """
        asked = self._asked
        if asked is None or (asked.view, asked.parent.digest) != (built.view, built.parent) or not self._may_propose():
            return
        if built.payload is None:
            return
        parent = asked.parent
        block = Block(
            self.config.protocol, self.config.epoch, self.view, parent.height + 1, parent.view, parent.digest, built.payload
        )
        if not well_shaped(block, self.config) or not follows(block, parent):
            raise LocalFaultError(f"the application built an invalid block on height {parent.height}")
        entry = self.blocks.add(block, block_digest(self.config.ledger_id, block))
        entry.verdict = Verdict.VALID
        self.current.propose(entry, parent.view)
        self._notarize(entry, leading=True)

    def checked(self, digest: bytes, valid: bool, timely: bool) -> None:
        """R4, R5: the application's verdict on a block that it was asked about (P18: on no other)."""
        entry = self.blocks.get(digest)
        if entry is not None and entry.verdict is Verdict.CHECKING:
            entry.verdict = (Verdict.VALID if timely else Verdict.LATE) if valid else Verdict.INVALID

    def executed(self, height: int) -> None:
        """The application has committed a delivered block."""
        self.applied = max(self.applied, height)
        self.blocks.prune(min(self.applied, self.blocks.delivered.height))

    # --- votes and certificates ---------------------------------------------------------------------------------------

    def count(self, round_: Round, vote: Vote) -> None:
        """Counts the votes that agree with this one, and takes the certificate that they make (R5, R7, R8)."""
        if round_.view <= self.rounds.floor_view or vote.kind in round_.certificates:
            return
        ballots = round_.ballots[vote.kind]
        thresholds = [self.committee.quorum]
        if vote.kind == VoteKind.NULLIFY:
            thresholds += [self.committee.faulty + 1] if not round_.pressed else []
            thresholds += [1] if vote.signer == round_.leader else []
        for threshold in thresholds:
            support, forged = ballots.supporters(vote, threshold, self.verifier)
            for signer in forged:
                self.fault(self.committee.keys[signer], ForgedVoteError.reason)
            if threshold == self.committee.quorum and support:
                self.hold(build(support, self.committee.n))
                return
            if vote.kind == VoteKind.NULLIFY:
                round_.pressed |= len(support) > self.committee.faulty
                round_.abandoned |= any(one.signer == round_.leader for one in support)

    def hold(self, certificate: Certificate) -> Held:
        """Takes a verified certificate: persist, broadcast once, enter the next view (R1, R5, R7, R8)."""
        held = self.rounds.weigh(certificate)
        if held is Held.CONFLICT:
            self.raise_alarm(f"two certificates contradict each other in view {certificate.view}")
        if held is not Held.NEW:
            return held
        self._changes += 1
        self.journal.write_certificate(certificate)
        self.outbox.certificate(certificate)
        self.outbox.call(Archive(certificate))
        self.rounds.hold(certificate)
        if certificate.kind == VoteKind.FINALIZE:
            self.pace.nullified = 0
            self.journal.prune(self.rounds.floor_view - RETAINED_VIEWS)
        if certificate.view >= self.view:
            self._enter(certificate)
        return held

    def accuse(self, first: Vote, second: Vote) -> None:
        """R10: two verified votes that the rules do not allow beside each other become durable evidence, once a signer."""
        self.fault(self.committee.keys[first.signer], "equivocation")
        if not self.journal.convicted(first.signer) and first.signer != self.committee.me:
            self.journal.write_evidence(first, second)
            self.outbox.call(Evidence(first, second))

    def _enter(self, certificate: Certificate) -> None:
        """R1: leaves views behind; `progress` then starts the new one, whatever has come for it before."""
        nullified = certificate.kind == VoteKind.NULLIFY
        if nullified and not self.hearing.skips(self.committee.leader(certificate.view), self.now):
            self.pace.nullified += 1
        self.view = certificate.view + 1
        self.pace.armed_at = None
        self._asked = None

    def _cast(self, kind: VoteKind, view: int, parent: int, digest: bytes, block: Block | None = None) -> None:
        """Signs, makes durable, sends and counts an own vote, once (R6)."""
        self._changes += 1
        durable = self.journal.cast(kind, view, parent, digest)
        if block is None:
            self.outbox.vote(durable)
        else:
            self.outbox.proposal(block, durable)
        round_ = self.rounds.open(view)
        round_.ballots[kind].add_verified(durable.vote)
        self.count(round_, durable.vote)

    def _notarize(self, entry: Entry, leading: bool) -> None:
        """Votes for the current view's proposal."""
        self.journal.write_block(entry)
        parent = self.current.parent
        self._cast(VoteKind.NOTARIZE, self.view, parent, entry.digest, entry.block if leading else None)

    # --- progress -----------------------------------------------------------------------------------------------------

    def progress(self) -> None:
        """Applies the rules until nothing changes."""
        while True:
            before = self._changes
            self._deliver()
            self._finalize_notarized()
            self.pace.work(self._has_work(), self.now)
            if self.votes:
                self._answer_proposal()
            if self.votes and self._changes == before:
                self._lead()
                self._time_out()
            if self._changes == before:
                return

    def _deliver(self) -> None:
        """R8: final blocks in order, no gap. The FINAL of a block that was proposed again may be of a later view."""
        rounds, delivered = self.rounds, self.blocks.delivered
        if rounds.floor_view <= delivered.view:
            return
        if delivered.closes:
            if rounds.floor_digest != delivered.digest:
                self.raise_alarm(f"a block of view {rounds.floor_view} is final beyond the last one of the epoch")
            return
        chain, missing = self.blocks.chain(rounds.floor_digest)
        if missing is not None:
            if self.blocks.get(missing) is not None or (chain and chain[0].block.height <= delivered.height + 1):
                self.raise_alarm(f"the final block of view {rounds.floor_view} is on a fork from height {delivered.height}")
            return
        for entry in chain:
            self.journal.write_block(entry)
            round_ = rounds.get(rounds.floor_view if entry.digest == rounds.floor_digest else entry.block.view)
            self.deliver(entry.block, entry.digest, round_.finalization if round_ else None)

    def deliver(self, block: Block, digest: bytes, final: Certificate | None) -> None:
        """Hands the next final block to the application."""
        self.blocks.delivered = tip_of(block, digest)
        self.outbox.call(Deliver(block, digest, final))

    def _finalize_notarized(self) -> None:
        """R5: a finalize vote for what is notarized, here, valid and not given up; P8: also in views left long ago."""
        for view, notarization in list(self.rounds.notarized.items()):
            entry = self.blocks.get(notarization.digest)
            if entry is None:
                continue
            self._judge(entry)
            if entry.verdict is Verdict.INVALID:
                self.raise_alarm(f"a quorum has notarized a block in view {view} that is not valid here")
            if not self.votes or entry.verdict not in {Verdict.VALID, Verdict.LATE}:
                continue
            own = self.journal.own
            if view > self.rounds.floor_view and not own(view, VoteKind.NULLIFY) and not own(view, VoteKind.FINALIZE):
                self.journal.write_block(entry)
                self._cast(VoteKind.FINALIZE, view, notarization.parent, notarization.digest)

    def _judge(self, entry: Entry) -> None:
        """What needs no application first; then the application is asked, once. Nothing happens while the parent is missing."""
        if entry.verdict is not Verdict.UNKNOWN:
            return
        block = entry.block
        if not well_shaped(block, self.config):
            entry.verdict = Verdict.INVALID
            return
        parent = self.blocks.tip(block.parent)
        if parent is None:
            return
        if not follows(block, parent):
            entry.verdict = Verdict.INVALID
            return
        entry.verdict = Verdict.CHECKING
        self.outbox.call(Check(block, entry.digest, parent, self.committee.keys[self.committee.leader(block.view)]))

    def _answer_proposal(self) -> None:
        """R4: vote for the leader's first proposal, reject it for good, or wait. What is notarized is never too late."""
        round_ = self.current
        entry = round_.proposal
        if entry is None or round_.invalid or self._voted():
            return
        choice = self.parent_of_proposal(round_)
        if choice.answer is Parent.OK:
            self._judge(entry)
        late = entry.verdict is Verdict.LATE and not round_.again
        if choice.answer is Parent.NEVER or entry.verdict is Verdict.INVALID or late:
            round_.invalid = True
        elif choice.answer is Parent.OK and entry.verdict in {Verdict.VALID, Verdict.LATE}:
            self._notarize(entry, leading=False)

    def parent_of_proposal(self, round_: Round) -> Choice:
        """Whether what a view's proposal stands on is admissible; a block that is proposed again stands on itself (R13)."""
        entry = round_.proposal
        assert entry is not None
        digest = entry.digest if round_.again else entry.block.parent
        return self.rounds.parent_ok(round_.view, round_.parent, digest)

    def _voted(self) -> bool:
        """Whether anything is signed in the current view."""
        return self.journal.voted(self.view)

    def _may_propose(self) -> bool:
        return self.votes and self.current.leader == self.committee.me and not self._voted()

    # --- leading ------------------------------------------------------------------------------------------------------

    def _lead(self) -> None:
        """R3: asks for a payload on the highest admissible parent whose ancestors are here.

        R13: on the last block of the epoch nothing can stand; when its FINAL does not come, it is proposed again.
        """
        if not self._may_propose() or self.current.proposal is not None:
            return
        empty = self._tip_is_ripe()
        if not empty and not self._work.pending and not self._work.due:
            return
        for choice in self.rounds.choices(self.view):
            if choice.answer is not Parent.OK:
                return
            chain, missing = self.blocks.chain(choice.digest)
            parent = self.blocks.tip(choice.digest)
            if missing is None and parent is not None:
                if not parent.closes:
                    self._ask(Build(self.view, parent, tuple(entry.block for entry in chain), empty))
                elif empty:
                    self._propose_again(chain[-1], choice.view)
                return

    def _propose_again(self, entry: Entry, parent: int) -> None:
        """Proposes a block that is notarized and not final once more, once it is known to be valid here."""
        self._judge(entry)
        if entry.verdict in {Verdict.VALID, Verdict.LATE}:
            self.current.propose(entry, parent)
            self._notarize(entry, leading=True)

    def _ask(self, build: Build) -> None:
        """A new `Build` only where the question has changed; it withdraws the earlier one."""
        asked = self._asked
        same = asked is not None and (asked.view, asked.parent, asked.may_be_empty) == (
            build.view,
            build.parent,
            build.may_be_empty,
        )
        if not same:
            self._asked = build
            self.outbox.call(build)

    def _tip_is_ripe(self) -> bool:
        """Whether there is a notarized tip whose FINAL was waited for long enough."""
        ripe_at = self._ripe_at()
        return ripe_at is not None and self.now >= ripe_at

    def _ripe_at(self) -> int | None:
        """When a leader proposes an empty block on an unfinalized tip."""
        if not self.rounds.notarized or self.pace.armed_at is None:
            return None
        return self.pace.armed_at + TIP_ONLY_WAIT_MS

    # --- time ---------------------------------------------------------------------------------------------------------

    def _has_work(self) -> bool:
        """`work()`: whether this view should lead to anything."""
        return self.pressing or self.current.proposal is not None or self._voted()

    @property
    def pressing(self) -> bool:
        """Whether there is work beyond what began in this view alone; without it a nullification is not repeated (R6)."""
        return self._work.pending or self._work.due or bool(self.rounds.notarized) or self.current.pressed

    def _time_out(self) -> None:
        """R6: nullify on a timeout, an invalid proposal, the leader's own nullification, or as a leader that cannot lead."""
        if self.journal.own(self.view, VoteKind.NULLIFY) or self.journal.own(self.view, VoteKind.FINALIZE):
            return
        round_ = self.current
        deadline = self.timeout_at()
        if round_.invalid or round_.abandoned or (deadline is not None and self.now >= deadline) or self._far_behind():
            self._cast(VoteKind.NULLIFY, self.view, 0, b"")

    def _far_behind(self) -> bool:
        """Whether this node should lead and cannot for long: it lacks the blocks to build on."""
        armed = self.pace.armed_at is not None
        return armed and self._may_propose() and self.hearing.ahead(self.blocks.delivered.height + CATCH_UP_BACKLOG)

    def timeout_at(self) -> int | None:
        """When the current view times out: by its timers, or at once when others are heard and the leader long is not (R2)."""
        deadline = self.pace.deadline(self.current.proposal is not None)
        if deadline is not None and self.hearing.skips(self.current.leader, self.now):
            return self.now
        return deadline

    def wake_at(self) -> int | None:
        """When `progress` must be called again though nothing comes."""
        if not self.votes or self.pace.armed_at is None or self.journal.own(self.view, VoteKind.NULLIFY):
            return None
        times = [self.timeout_at()]
        if self.current.leader != self.committee.me:
            silent_at = self.hearing.silent_at(self.current.leader)
            times += [silent_at] if silent_at > self.now else []
        elif self._may_propose() and not self._tip_is_ripe():
            times.append(self._ripe_at())
        return min((time for time in times if time is not None), default=None)
