"""What a traitor can say: votes, proposals, certificates, true and false, made of what it has heard and of its own key."""

from collections import deque
from collections.abc import Callable, Iterator
from random import Random

from msgspec.structs import replace

from consensus.events import Config, Scheme
from consensus.messages import (
    Block,
    Certificate,
    GotBlock,
    Mark,
    Message,
    Payload,
    Proposal,
    Vote,
    VoteKind,
    block_digest,
    vote_input,
)
from consensus.quorum import Committee
from tests.simulation.application import EPOCH_MS

_HEARD = 300
MOST = 2**63 - 1


class Lies:
    """Material of one traitor.

    Attributes:
        me: its index among the validators.
        random: its source of chance.
        heard: the newest messages that it got.
    """

    def __init__(self, me: int, config: Config, scheme: Scheme, random: Random) -> None:
        self.me = me
        self.random = random
        self.heard: deque[Message] = deque(maxlen=_HEARD)
        self._ledger_id = config.ledger_id
        self._scheme = scheme
        self._committee = Committee(config)
        self._n = self._committee.n
        self._quorum = self._committee.quorum

    def leads(self, view: int) -> bool:
        """Whether a view is its own to lead."""
        return self._committee.leader(view) == self.me

    def vote(self, kind: VoteKind, view: int, parent: int = 0, digest: bytes = b"", epoch: int = 0) -> Vote:
        """An own vote, well signed."""
        if kind == VoteKind.NULLIFY:
            parent, digest = 0, b""
        elif not digest:
            digest = bytes(32)
        signature = self._scheme.sign(vote_input(self._ledger_id, kind, epoch, view, parent, digest))
        return Vote(kind, epoch, view, parent, digest, self.me, signature)

    def propose(self, block: Block) -> Proposal:
        digest = block_digest(self._ledger_id, block)
        return Proposal(block, self.vote(VoteKind.NOTARIZE, block.view, block.parent_view, digest, block.epoch))

    def resign(self, message: Vote | Proposal, epoch: int) -> Vote | Proposal:
        """The same in another epoch."""
        if isinstance(message, Proposal):
            return self.propose(replace(message.block, epoch=epoch))
        return self.vote(message.kind, message.view, message.parent, message.digest, epoch)

    def blocks(self) -> list[Block]:
        return [one.block for one in self.heard if isinstance(one, Proposal | GotBlock)]

    def some_digest(self) -> bytes:
        found = [one.digest for one in self.heard if isinstance(one, Vote | Certificate)]
        return self.random.choice(found) if found else b""

    def somebody(self) -> int:
        """Another validator."""
        return self.random.choice([other for other in range(self._n) if other != self.me] or [self.me])

    def digest_in(self, view: int, but: bytes = b"") -> bytes:
        """What a block of this view that it has heard of is called, or nothing real; never `but`."""
        found = [vote.digest for vote in self._votes_in(view) if vote.digest not in {but, b""}]
        return self.random.choice(found) if found else self.random.randbytes(32)

    def parent_in(self, view: int) -> int:
        """The parent's view of a block of this view, if it has heard of one."""
        return next((vote.parent for vote in self._votes_in(view) if vote.digest), max(0, view - 1))

    def _votes_in(self, view: int) -> list[Vote | Certificate]:
        found = [one.vote if isinstance(one, Proposal) else one for one in self.heard]
        return [one for one in found if isinstance(one, Vote | Certificate) and one.view == view]

    def other_block(self, block: Block) -> Block:
        """As valid as the one, and another."""
        random, payload = self.random, block.payload
        records = list(payload.records)
        random.shuffle(records)
        time = payload.time + random.randrange(3)
        return replace(block, payload=replace(payload, time=time, records=tuple(records[: random.randint(0, len(records))])))

    def bad_block(self, block: Block) -> Block:
        random, payload = self.random, block.payload
        mark = payload.mark
        payloads: tuple[Callable[[], Payload], ...] = (
            lambda: replace(payload, time=random.choice((0, EPOCH_MS, payload.time + 60_000, MOST))),
            lambda: replace(payload, records=(random.randbytes(32),)),
            lambda: replace(payload, records=payload.records * 2),
            lambda: replace(payload, next=bytes(32)),
            lambda: replace(payload, mark=replace(mark, height=random.choice((0, mark.height + 1, block.height, MOST)))),
            lambda: replace(payload, mark=replace(mark, state=bytes(32))),
            lambda: replace(payload, mark=Mark(0, 0, bytes(32), bytes(32))),
        )
        blocks: tuple[Callable[[], Block], ...] = (
            *(lambda made=made: replace(block, payload=made()) for made in payloads),
            lambda: replace(block, height=random.choice((0, block.height + 1, MOST))),
            lambda: replace(block, version=2),
            lambda: replace(block, epoch=1),
            lambda: replace(block, parent=self.some_digest() or bytes(32)),
            lambda: replace(block, parent_view=random.choice((0, block.view, max(0, block.parent_view - 1), MOST))),
            lambda: self.on_another_parent(block),
        )
        return random.choice(blocks)()

    def on_another_parent(self, block: Block) -> Block:
        """Skips views, or stands on what is notarized and given up."""
        parents = [one for one in self.blocks() if one.view < block.view]
        if not parents:
            return replace(block, parent=self._ledger_id, parent_view=0, height=1)
        parent = self.random.choice(parents)
        digest = block_digest(self._ledger_id, parent)
        time = max(block.payload.time, parent.payload.time + 1)
        payload = replace(block.payload, time=time)
        return replace(block, parent=digest, parent_view=parent.view, height=parent.height + 1, payload=payload)

    def forged(self, view: int) -> Iterator[Certificate]:
        """No certificates, though some consist of true votes."""
        random, n = self.random, self._n
        votes = [one for one in self.heard if isinstance(one, Vote)]
        own = self.vote(random.choice(tuple(VoteKind)), view, 0, self.some_digest())
        chosen = random.choice(votes) if votes else own
        size = (n + 7) // 8
        everybody = ((1 << n) - 1).to_bytes(size, "little")
        bitmap = random.choice((everybody, b"\xff" * size, bytes(size), b"", everybody + b"\0", random.randbytes(size)))
        signatures = (random.choice((own, chosen)).signature,) * random.choice((0, 1, self._quorum, n))
        yield Certificate(chosen.kind, 0, chosen.view, chosen.parent, chosen.digest, bitmap, signatures)
        if found := [one for one in self.heard if isinstance(one, Certificate)]:
            true = random.choice(found)
            other = random.choice(tuple(VoteKind))
            yield replace(true, view=view)
            yield replace(true, kind=other)
            yield replace(true, digest=self.some_digest())
            yield replace(true, epoch=1)
            yield replace(true, signatures=true.signatures[::-1])
