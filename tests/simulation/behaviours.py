"""What one traitor does, by name: the attacks of 4-consensus.md's table, each a small class over the same two questions.

`says`: what becomes of a message that the real core, or the application, has for one receiver. `adds`: what the traitor says unasked,
after each event. Where a behaviour answers with the message itself, it is honest on this occasion.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from consensus.messages import (
    Block,
    Certificate,
    GetBlock,
    GotBlock,
    Headers,
    Message,
    Proposal,
    Vote,
    VoteKind,
)
from tests.simulation.application import GetRecords, Records
from tests.simulation.lies import MOST, Lies

NOTARIZE, NULLIFY, FINALIZE = VoteKind
Said = Message | Records | GetRecords


class Behaviour:
    """Honest by itself.

    Attributes:
        deeds: how often it did what it is for, as `leader` of the view that it was about and as `follower`.
    """

    leads = follows = True
    """In which roles it can act at all."""
    rate = 0.15
    """Chance that it says something unasked, whenever the real core says something."""

    def __init__(self, lies: Lies) -> None:
        self.lies = lies
        self.random = lies.random
        self.deeds: Counter[str] = Counter()

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        """What this receiver gets instead."""
        return (message,)

    def adds(self, view: int) -> Iterable[Said]:
        """What one receiver gets besides; `view` is the traitor's."""
        return ()

    def delay(self, message: Said) -> int:
        """How many ms a message is kept back."""
        return 0

    def censors(self, record: bytes) -> bool:
        """Whether it leaves this record out of its blocks."""
        return False

    def did(self, view: int) -> None:
        """Takes note of a deed."""
        self.deeds["leader" if self.lies.leads(view) else "follower"] += 1


class EquivocatesByHalves(Behaviour):
    """As leader: one block to the one half, another to the other."""

    follows = False

    def other(self, block: Block) -> Block:
        """The block beside the one."""
        return replace(self.lies.other_block(block), payload=replace(block.payload, time=block.payload.time + 1, records=()))

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        if isinstance(message, Proposal) and receiver % 2:
            self.did(message.vote.view)
            return (self.lies.propose(self.other(message.block)),)
        return (message,)


class EquivocatesToAll(EquivocatesByHalves):
    """As leader: both blocks to everybody, in different orders."""

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        if not isinstance(message, Proposal):
            return (message,)
        self.did(message.vote.view)
        both = (message, self.lies.propose(self.other(message.block)))
        return both if receiver % 2 else both[::-1]


class EquivocatesOnParents(EquivocatesByHalves):
    """As leader: the second block stands on another parent."""

    def other(self, block: Block) -> Block:
        return self.lies.on_another_parent(block)


class Withholds(Behaviour):
    """Its blocks, votes and certificates reach a half at most, and it gives out neither bodies nor blocks."""

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        if isinstance(message, Records | GotBlock | Headers):
            return ()
        if isinstance(message, Proposal | Vote | Certificate) and receiver % 2:
            self.did(message.vote.view if isinstance(message, Proposal) else message.view)
            return ()
        return (message,)


class Late(Behaviour):
    """What it says about a view comes about when the timers of that view fire."""

    def delay(self, message: Said) -> int:
        if isinstance(message, Proposal | Vote) and self.random.random() < 0.7:
            self.did(message.vote.view if isinstance(message, Proposal) else message.view)
            return self.random.choice((1_900, 2_100, 3_900, 4_100, 9_000))
        return 0


class TwoVotes(Behaviour):
    """Votes of one kind for two blocks of a view."""

    kind = NOTARIZE

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        vote = message.vote if isinstance(message, Proposal) else message
        if not isinstance(vote, Vote) or vote.kind != self.kind:
            return (message,)
        self.did(vote.view)
        second = self.lies.vote(self.kind, vote.view, vote.parent, self.lies.digest_in(vote.view, vote.digest))
        return ((message, second), (second, message), (second,))[receiver % 3]


class TwoFinalizes(TwoVotes):
    """The same with finalize votes."""

    kind = FINALIZE


class NullifiesAndFinalizes(Behaviour):
    """Nullifies what it finalizes, and finalizes what it nullifies."""

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        if not isinstance(message, Vote) or message.kind == NOTARIZE:
            return (message,)
        self.did(message.view)
        if message.kind == FINALIZE:
            other = self.lies.vote(NULLIFY, message.view)
        else:
            other = self.lies.vote(FINALIZE, message.view, self.lies.parent_in(message.view), self.lies.digest_in(message.view))
        return (message, other) if receiver % 2 else (other, message)


class NotarizesAfterNullify(Behaviour):
    """Votes for a block of a view that it has given up; as leader it proposes one."""

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        if not isinstance(message, Vote) or message.kind != NULLIFY:
            return (message,)
        self.did(message.view)
        blocks = [block for block in self.lies.blocks() if block.view <= message.view]
        if self.lies.leads(message.view) and blocks:
            return (message, self.lies.propose(replace(self.lies.other_block(blocks[-1]), view=message.view)))
        digest = self.lies.digest_in(message.view)
        return (message, self.lies.vote(NOTARIZE, message.view, self.lies.parent_in(message.view), digest))


class AlwaysNullifies(Behaviour):
    """Gives up each view at once and votes for nothing."""

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        if isinstance(message, Proposal) or (isinstance(message, Vote) and message.kind != NULLIFY):
            return (self._give_up(message.vote.view if isinstance(message, Proposal) else message.view),)
        return (message,)

    def adds(self, view: int) -> Iterable[Said]:
        return (self._give_up(view),)

    def _give_up(self, view: int) -> Vote:
        self.did(view)
        return self.lies.vote(NULLIFY, view)


class Silence(Behaviour):
    """Says nothing, and so leads nothing."""

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        if isinstance(message, Proposal | Vote):
            self.did(message.vote.view if isinstance(message, Proposal) else message.view)
        return ()


class FloodsThePast(Behaviour):
    """Votes for all old views, again and again."""

    rate = 1.0

    def adds(self, view: int) -> Iterator[Said]:
        for _ in range(10):
            at = max(1, self.random.choice((self.random.randint(0, view), view - self.random.randint(1, 70))))
            self.did(at)
            yield self.lies.vote(self.random.choice(tuple(VoteKind)), at, max(0, at - 1), self.random.randbytes(32))


class FloodsTheFuture(Behaviour):
    """Votes and blocks for views that nobody has reached."""

    rate = 1.0

    def adds(self, view: int) -> Iterator[Said]:
        for _ in range(10):
            at = view + self.random.choice((1, 2, self.random.randrange(1, 1_000), 10**9, MOST - view))
            self.did(at)
            yield self.lies.vote(self.random.choice(tuple(VoteKind)), at, view, self.random.randbytes(32))
            if blocks := self.lies.blocks():
                yield self.lies.propose(replace(self.lies.other_block(blocks[-1]), view=at, parent_view=view))


class WrongEpoch(Behaviour):
    """Says everything in another epoch too, well signed there."""

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        epoch = self.random.choice((1, 2, MOST))
        match message:
            case Vote() | Proposal():
                self.did(message.vote.view if isinstance(message, Proposal) else message.view)
                return (self.lies.resign(message, epoch), message) if receiver % 2 else (self.lies.resign(message, epoch),)
            case Certificate():
                self.did(message.view)
                return (replace(message, epoch=epoch), message)
            case _:
                return (message,)


class Impersonates(Behaviour):
    """Speaks for others: their votes, their blocks, under their number."""

    def adds(self, view: int) -> Iterator[Said]:
        other = self.lies.somebody()
        vote = self.lies.vote(self.random.choice(tuple(VoteKind)), max(1, view), max(0, view - 1), self.lies.digest_in(view))
        self.did(vote.view)
        yield replace(vote, signer=other)
        if heard := [one for one in self.lies.heard if isinstance(one, Vote | Proposal)]:
            yield self.random.choice(heard)
        if blocks := self.lies.blocks():
            made = self.lies.propose(replace(self.lies.other_block(blocks[-1]), view=view))
            yield made
            yield replace(made, vote=replace(made.vote, signer=other))


class BadSignatures(Behaviour):
    """Signs so that only a check shows that it did not: bad votes among good ones."""

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        match message:
            case Vote() if self.random.random() < 0.8:
                self.did(message.view)
                return (replace(message, signature=self.random.randbytes(64)),)
            case Proposal() if self.random.random() < 0.5:
                self.did(message.vote.view)
                return (replace(message, vote=replace(message.vote, signature=bytes(64))), message)
            case _:
                return (message,)


class ForgesCertificates(Behaviour):
    """Certificates that are none, some made of true votes."""

    def adds(self, view: int) -> Iterator[Said]:
        self.did(view)
        yield from self.lies.forged(view)


class SkipsGaps(Behaviour):
    """Proposes on a parent from which views are missing that nobody nullified; and votes for its block itself."""

    follows = False

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        if not isinstance(message, Proposal):
            return (message,)
        block = self.lies.on_another_parent(message.block)
        if block.parent_view == message.block.parent_view:
            return (message,)
        self.did(message.vote.view)
        return (self.lies.propose(block),)


class InvalidRecords(Behaviour):
    """Blocks with a record that is not valid by itself, that nobody has, or twice."""

    follows = False

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        if not isinstance(message, Proposal):
            return (message,)
        self.did(message.vote.view)
        payload = message.block.payload
        bad = b"malformed" + message.block.view.to_bytes(23)
        records = ((*payload.records, bad), (bad, *payload.records), payload.records * 2 or (bad, bad))[message.vote.view % 3]
        block = replace(message.block, payload=replace(payload, records=records))
        return (Records((bad,)), self.lies.propose(block))


class GarbageAnswers(Behaviour):
    """Answers with what does not answer: other blocks, cut chains, old certificates, other bodies."""

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        match message:
            case GotBlock():
                self.did(message.block.view)
                return (GotBlock(self.lies.bad_block(message.block)),)
            case Headers():
                self.did(message.final.view)
                blocks = message.blocks
                start = self.random.randrange(len(blocks))
                other = (*blocks[:-1], self.lies.other_block(blocks[-1]))
                return (replace(message, blocks=self.random.choice((blocks[::-1], blocks[start:], other))),)
            case Records():
                return (Records(tuple(b"malformed" + self.random.randbytes(23) for _ in message.ids)),)
            case Certificate() if self.lies.heard and self.random.random() < 0.7:
                self.did(message.view)
                return (self.random.choice(self.lies.heard),)
            case _:
                return (message,)

    def adds(self, view: int) -> Iterator[Said]:
        """It also asks for what there is not."""
        yield GetBlock(0, self.random.randbytes(32))


class Amnesia(Behaviour):
    """Keeps every rule, and comes back with a log of long ago (`byzantine.Named`): it may sign again what it has signed."""


class Censors(Behaviour):
    """Leaves half of all records out of its blocks, whoever sent them."""

    follows = False

    def censors(self, record: bytes) -> bool:
        if record[0] % 2:
            self.deeds["leader"] += 1
            return True
        return False


BEHAVIOURS: dict[str, type[Behaviour]] = {
    "equivocates by halves": EquivocatesByHalves,
    "equivocates to all": EquivocatesToAll,
    "equivocates on parents": EquivocatesOnParents,
    "withholds": Withholds,
    "late": Late,
    "two notarizes": TwoVotes,
    "two finalizes": TwoFinalizes,
    "nullify and finalize": NullifiesAndFinalizes,
    "notarize after nullify": NotarizesAfterNullify,
    "always nullifies": AlwaysNullifies,
    "silence": Silence,
    "floods the past": FloodsThePast,
    "floods the future": FloodsTheFuture,
    "wrong epoch": WrongEpoch,
    "impersonates": Impersonates,
    "bad signatures": BadSignatures,
    "forges certificates": ForgesCertificates,
    "skips gaps": SkipsGaps,
    "invalid records": InvalidRecords,
    "garbage answers": GarbageAnswers,
    "amnesia": Amnesia,
    "censors": Censors,
}
