"""Traces of the model, replayed on real cores.

Three honest validators of the model are three real `consensus.core.Core`s with their logs; the fourth, the Byzantine one, is a
key. Each step of a trace is brought about from outside, by what a network, a clock and an application can do:

| the model's step | what the core gets |
|---|---|
| lead | the blocks the parent hangs on, then the answer to its `Build` |
| notarize | the leader's proposal (perhaps long before), the parent's blocks, the answer to its `Check` |
| nullify | time, until it votes; or the leader's own nullification; or a proposal that can never be valid |
| notar, null, final | that certificate; or the votes for it, one by one |
| finalize | the block, the answer to its `Check` |

Between steps come what the model does not see, and what must not tempt a core: its power fails and it starts out of its log;
proposals for which it does not vote in this trace, since it has nullified or a parent is not notarized or a gap not nullified;
certificates of too few, or of one signer twice. Which of all this, follows from the trace's name.

Conformance, after every step, for every validator:

1. view and floor are the model's, and the block of the floor is the same one;
2. each vote that the model's validator has cast, the core has cast, durably, and for the same block;
3. each other vote of the core is one that the model allows its validator in this very state (the model may delay what the core does
   at once: a finalize vote, or a vote for a proposal that came early);
4. no alarm, no fault counted but of the Byzantine one; delivered is the chain of the model's final block, in order, without a
   gap, and all of it once its blocks are here.

So the core does all that the model demands, nothing the model forbids, whatever the order of events.
"""

import hashlib
import random
from dataclasses import dataclass, field

from msgspec.structs import replace

from consensus.events import Build, Built, Check, Checked, Wake
from consensus.messages import Block, GotBlock, Payload, Proposal, Status, Vote, VoteKind, decode_record
from tests.model.spin import Step, Trace, block_number, variant_of, view_of
from tests.support.consensus import GENESIS, LEDGER, MARK, Node, certificate, digest_of, keys, leader, tip_of, vote

N = 4
BYZANTINE = 3
TICK_MS = 4_000
"""Shorter than any deadline that matters: nobody is held for silent."""

MAX_TICKS = 20
KINDS = {"notar": VoteKind.NOTARIZE, "null": VoteKind.NULLIFY, "final": VoteKind.FINALIZE}


class Divergence(AssertionError):  # noqa: N818 - it is what the replay looks for
    """The core does not do what the model does."""


@dataclass(slots=True)
class Modelled:
    """One honest validator as the model has it. Votes and certificates by view: the variant, or 1 for a nullification."""

    view: int = 1
    floor: int = 0
    votes: dict[tuple[VoteKind, int], int] = field(default_factory=dict)
    certificates: dict[tuple[VoteKind, int], int] = field(default_factory=dict)
    here: set[int] = field(default_factory=set)


class Replay:
    """One trace on three cores."""

    def __init__(self, trace: Trace, seed: str = "") -> None:
        self.trace = trace
        self.random = random.Random(f"replay {trace.name} {seed}")
        self.real = [self._index(validator, trace.shift) for validator in range(N)]
        self.models = [Modelled() for _ in range(BYZANTINE)]
        self.blocks: dict[int, Block] = {}
        self.parents: dict[int, int] = {}
        self.proposed: list[set[int]] = [set() for _ in range(BYZANTINE)]
        self.betrayed: list[set[int]] = [set() for _ in range(BYZANTINE)]
        self.cast: list[dict[tuple[VoteKind, int], Vote]] = [{} for _ in range(BYZANTINE)]
        self.allowed: list[set[tuple[VoteKind, int]]] = [set() for _ in range(BYZANTINE)]
        self.read = [0] * BYZANTINE
        self.crashes = 0
        self.nodes = [Node(N, self.real[validator], automatic=False) for validator in range(BYZANTINE)]
        for node in self.nodes:
            node.pending = [hashlib.sha256(b"there is always something to do").digest()]
            node.work()

    @staticmethod
    def _index(validator: int, shift: int) -> int:
        """The model's `validator` leads views with (view + shift) % 4 == validator; so does this one."""
        return leader(N, (validator - shift) % N)

    def run(self) -> None:
        """The whole trace.

        Raises:
            Divergence: at the first step after which core and model differ.
        """
        for at, step in enumerate(self.trace.steps):
            try:
                self._early_proposals(at)
                self._step(step)
                self._compare()
                self._tempt(at + 1)
                if self.random.random() < 0.03:
                    self._power_fails(self.random.randrange(BYZANTINE))
                self._compare()
            except Divergence as error:
                done = "\n".join(str(one) for one in self.trace.steps[: at + 1])
                raise Divergence(f"trace {self.trace.name}, step {at}: {error}\n{done}") from error

    # --- steps --------------------------------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        model = self.models[step.who]
        match step.what:
            case "lead":
                self._lead(step)
            case "notarize":
                self._notarize(step)
            case "nullify":
                self._nullify(step)
            case "finalize":
                self._bring(step.who, step.block)
                self._answer_check(step.who, step.block)
            case _:
                self._learn(step)
        if step.what in KINDS:
            model.certificates[KINDS[step.what], step.view] = step.variant or 1
        else:
            kind = VoteKind[("notarize" if step.what == "lead" else step.what).upper()]
            model.votes[kind, step.view] = step.variant or 1
            if kind != VoteKind.NULLIFY:
                model.here.update(self._chain(step.block))
        model.view, model.floor = step.view_after, step.floor_after

    def _lead(self, step: Step) -> None:
        """R3. The parent must be the one that the core has asked about."""
        node = self.nodes[step.who]
        self._bring(step.who, step.parent)
        builds = node.asked(Build)
        digest = self._digest(step.parent)
        if not builds or (builds[-1].view, builds[-1].parent.digest) != (step.view, digest):
            raise Divergence(f"the leader asks to build on something else: {builds[-1:]}")
        node.handle(Built(step.view, digest, Payload(builds[-1].parent.time + 1, MARK, b"", ())))
        proposals = [one.block for one in node.of(Proposal) if one.block.view == step.view]
        if not proposals:
            raise Divergence("the leader proposes nothing")
        self._know(step.block, step.parent, proposals[-1])

    def _notarize(self, step: Step) -> None:
        """R4."""
        if step.block not in self.blocks:  # the Byzantine leader's, from its first vote on
            parent = tip_of(self.blocks[step.parent]) if step.parent else GENESIS
            self._know(
                step.block,
                step.parent,
                Block(
                    1, 0, step.view, parent.height + 1, parent.view, parent.digest,
                    Payload(parent.time + step.variant, MARK, b"", ()),
                ),
            )  # fmt: skip
        self._propose(step.who, step.block)
        self._bring(step.who, step.parent)
        self._answer_check(step.who, step.block)

    def _nullify(self, step: Step) -> None:
        """R6, by one of its reasons."""
        node = self.nodes[step.who]
        first = leader(N, step.view)
        by = self.real.index(first)
        told = by == BYZANTINE or (VoteKind.NULLIFY, step.view) in self.models[by].votes
        untold = not any(view_of(block) == step.view for block in self.proposed[step.who])
        road = self.random.randrange(3)
        if road == 0 and told and by != step.who and step.view not in self.betrayed[step.who]:
            node.receive(first, vote(VoteKind.NULLIFY, first, step.view))
            if by == BYZANTINE:
                self.betrayed[step.who].add(step.view)
        elif road == 1 and by == BYZANTINE and untold and step.view not in self.betrayed[step.who]:
            one = Block(1, 0, step.view, 1, 0, hashlib.sha256(b"no parent").digest(), Payload(2_000, MARK, b"", ()))
            node.receive(first, Proposal(one, vote(VoteKind.NOTARIZE, first, step.view, one)))
            self.betrayed[step.who].add(step.view)
        for _ in range(MAX_TICKS):
            self._read(step.who)
            if (VoteKind.NULLIFY, step.view) in self.cast[step.who]:
                return
            node.now += TICK_MS
            for peer in range(N):
                if peer != node.me:
                    node.receive(peer, Status(0, 1, 0))
            node.handle(Wake())
        raise Divergence("time passes and it does not nullify")

    def _learn(self, step: Step) -> None:
        """R1: by the certificate, or by the votes."""
        node, kind = self.nodes[step.who], KINDS[step.what]
        key = (kind, step.view)
        honest = [who for who in range(BYZANTINE) if self.models[who].votes.get(key) == (step.variant or 1)]
        block = self.blocks[step.block] if kind != VoteKind.NULLIFY else None
        honest = self.random.sample(honest, len(honest))
        with_byzantine = len(honest) < 3 or self.random.random() < 0.5
        signers = [*honest[: 3 - with_byzantine], *([BYZANTINE] if with_byzantine else [])]
        fresh = step.view not in self.betrayed[step.who] or BYZANTINE not in signers
        if fresh and step.view <= node.core.view + 1 and self.random.random() < 0.5:
            # the leader's nullification comes last, or it would be a reason of its own to nullify
            for who in sorted(signers, key=lambda one: self.real[one] == leader(N, step.view)):
                if who == BYZANTINE:
                    self.betrayed[step.who].add(step.view)
                if who != step.who:
                    node.receive(self.real[who], vote(kind, self.real[who], step.view, block))
        else:
            real = sorted(self.real[who] for who in signers)
            peer = self.random.choice([one for one in range(N) if one != node.me])
            node.receive(peer, certificate(kind, N, real, step.view, block))

    # --- what comes without being a step ------------------------------------------------------------------------------

    def _early_proposals(self, at: int) -> None:
        """A proposal that a validator is going to vote for may reach it long before it can."""
        for step in self.trace.steps[at:]:
            if step.what != "notarize" or step.block not in self.blocks or step.block in self.proposed[step.who]:
                continue
            if self.models[step.who].view >= step.view - 1 and self.random.random() < 0.2:
                self._propose(step.who, step.block)
                self._answer_check(step.who, step.block)

    def _tempt(self, at: int) -> None:
        """What a validator must not vote for now, and what is no certificate, comes to it."""
        rest = self.trace.steps[at:]
        for who, model in enumerate(self.models):
            if self.random.random() < 0.1:
                self._deceive(who)
            if any(step.what == "lead" and step.who == who for step in rest):
                continue  # with one block more it would lead on another parent than in the model
            for block in self.blocks:
                view = view_of(block)
                votes = any(step.what == "notarize" and (step.who, step.view) == (who, view) for step in rest)
                if view in {model.view, model.view + 1} and not votes and self.random.random() < 0.3:
                    self._propose(who, block)
                    self._answer_check(who, block)

    def _deceive(self, who: int) -> None:
        """A certificate of two, or of two and one of them again."""
        node, kind = self.nodes[who], self.random.choice(list(VoteKind))
        block = self.random.choice(list(self.blocks)) if self.blocks else 0
        view = view_of(block) if block else 1
        if kind != VoteKind.NULLIFY and not block:
            return
        signers = sorted([self.real[BYZANTINE], self._other(who)])
        two = certificate(kind, N, signers, view, self.blocks[block] if kind != VoteKind.NULLIFY else None)
        if self.random.random() < 0.5:
            bitmap = bytes([two.signers[0] | 1 << next(one for one in range(N) if one not in signers)])
            two = replace(two, signers=bitmap, signatures=(*two.signatures, two.signatures[0]))
        node.receive(self.real[BYZANTINE], two)

    def _power_fails(self, who: int) -> None:
        """A crash and a start out of the log. Blocks that were here and nowhere durable are fetched again."""
        node = self.nodes[who]
        self.crashes += 1
        self.proposed[who].clear()
        self.betrayed[who].clear()
        del node.delivered[len(node.executed) :]
        node.start()
        node.work()
        for block in sorted(self.models[who].here, reverse=True):
            self._bring(who, block)

    def _propose(self, who: int, block: int) -> None:
        if block in self.proposed[who]:
            return
        self.proposed[who].add(block)
        view = view_of(block)
        by = leader(N, view)
        if by == self.real[BYZANTINE]:
            self.betrayed[who].add(view)
        self.nodes[who].receive(by, Proposal(self.blocks[block], vote(VoteKind.NOTARIZE, by, view, self.blocks[block])))

    def _bring(self, who: int, block: int) -> None:
        """Answers what the core asks of this block and its ancestors, the nearest first."""
        for one in self._chain(block):
            self.nodes[who].receive(self._other(who), GotBlock(self.blocks[one]))

    def _answer_check(self, who: int, block: int) -> None:
        node, digest = self.nodes[who], self._digest(block)
        if any(call.digest == digest for call in node.asked(Check)):
            node.handle(Checked(digest, valid=True))

    # --- names --------------------------------------------------------------------------------------------------------

    def _know(self, number: int, parent: int, block: Block) -> None:
        self.blocks[number] = block
        self.parents[number] = parent

    def _digest(self, number: int) -> bytes:
        return digest_of(self.blocks[number]) if number else LEDGER

    def _chain(self, block: int) -> list[int]:
        found = []
        while block:
            found.append(block)
            block = self.parents[block]
        return found

    def _other(self, who: int) -> int:
        return self.real[(who + 1) % N]

    def _execute(self, who: int) -> None:
        """The application executes what was delivered, sooner or later."""
        node = self.nodes[who]
        while len(node.executed) < len(node.delivered) and self.random.random() < 0.7:
            node.execute(node.delivered[len(node.executed)])

    # --- conformance --------------------------------------------------------------------------------------------------

    def _read(self, who: int) -> None:
        """Votes that have become durable since."""
        node = self.nodes[who]
        for record in node.log[self.read[who] :]:
            one = decode_record(record)
            if isinstance(one, Vote):
                if (one.kind, one.view) in self.cast[who]:
                    raise Divergence(f"validator {who} votes twice: {_told(one)}")
                self.cast[who][one.kind, one.view] = one
        self.read[who] = len(node.log)

    def _compare(self) -> None:
        for who in range(BYZANTINE):
            self._execute(who)
            self._read(who)
            self._compare_place(who)
            self._compare_votes(who)

    def _compare_place(self, who: int) -> None:
        core, model = self.nodes[who].core, self.models[who]
        if core.alarm is not None:
            raise Divergence(f"validator {who}: alarm: {core.alarm}")
        wrong = [key for key, _ in core.faults if key != keys(N)[self.real[BYZANTINE]]]
        if wrong:
            raise Divergence(f"validator {who} finds fault with honest ones: {core.faults}")
        place = (core.view, core.floor_view, core.floor_digest)
        expected = (model.view, view_of(model.floor), self._digest(model.floor))
        if place != expected:
            raise Divergence(f"validator {who} is at {place}, the model at {expected}")
        chain = self._chain(model.floor)[::-1]
        delivered = [call.digest for call in self.nodes[who].delivered]
        if delivered != [self._digest(one) for one in chain[: len(delivered)]]:
            raise Divergence(f"validator {who} has not delivered the final chain in order")
        if model.here.issuperset(chain) and core.delivered.digest != self._digest(model.floor):
            raise Divergence(f"validator {who} does not deliver what is final and here")

    def _compare_votes(self, who: int) -> None:
        model = self.models[who]
        for (kind, view), variant in model.votes.items():
            one = self.cast[who].get((kind, view))
            digest = b"" if kind == VoteKind.NULLIFY else self._digest(block_number(view, variant))
            if one is None or one.digest != digest:
                raise Divergence(f"validator {who} votes {kind.name} in view {view} in the model, the core {_told(one)}")
        for key, one in self.cast[who].items():
            if key not in model.votes and key not in self.allowed[who]:
                if not self._allows(model, one):
                    raise Divergence(f"the model forbids validator {who}: {_told(one)}")
                self.allowed[who].add(key)

    def _allows(self, model: Modelled, one: Vote) -> bool:
        """Whether the model's validator may cast this vote now."""
        number = next((number for number, block in self.blocks.items() if digest_of(block) == one.digest), None)
        nullified = (VoteKind.NULLIFY, one.view) in model.votes
        match one.kind:
            case VoteKind.FINALIZE:
                noted = model.certificates.get((VoteKind.NOTARIZE, one.view))
                return number is not None and noted == variant_of(number) and view_of(number) == one.view and not nullified
            case VoteKind.NOTARIZE:
                return number is not None and model.view == one.view and not nullified and self._parent_ok(model, number)
            case _:
                return False

    def _parent_ok(self, model: Modelled, number: int) -> bool:
        parent, view = self.parents[number], view_of(number)
        stands = parent == model.floor or (
            view_of(parent) > view_of(model.floor)
            and model.certificates.get((VoteKind.NOTARIZE, view_of(parent))) == variant_of(parent)
        )
        between = range(view_of(parent) + 1, view)
        return stands and all((VoteKind.NULLIFY, gap) in model.certificates for gap in between)


def _told(one: Vote | None) -> str:
    return f"{one.kind.name} in view {one.view} for {one.digest.hex()[:8]}" if one else "nothing"
