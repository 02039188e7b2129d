"""Attacks with votes and certificates, and floods of them."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from consensus.messages import Certificate, Proposal, Vote, VoteKind
from tests.simulation.behaviour import FINALIZE, NOTARIZE, NULLIFY, Behaviour, Said
from tests.simulation.lies import MOST


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
