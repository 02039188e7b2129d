"""A validator that lies about epochs: the real core, and what it says twisted, doubled, forged, withheld, or of another epoch.

What it signs counts as cast at once, and no rule binds it. More ways to lie within one epoch: `tests.simulation.byzantine`.
"""

from collections import deque
from collections.abc import Iterator

from msgspec.structs import replace

from consensus.events import Event, Output, Send
from consensus.messages import (
    Block,
    Certificate,
    GetBlock,
    GetCertificates,
    GotBlock,
    Headers,
    Message,
    Proposal,
    Seen,
    Status,
    Vote,
    VoteKind,
    block_digest,
    vote_input,
)
from tests.simulation.epochs.machine import LEDGER_ID, EpochMachine, Surroundings

HABITS = (
    "shuns",  # says nothing to some
    "doubles votes",  # votes differently to different nodes
    "goes beyond",  # proposes blocks on the last one of an epoch, and headers that go beyond it
    "ends early",  # proposes last blocks that nobody scheduled, or with records
    "proposes again",  # blocks of earlier views, last ones or not, on any parent
    "lives in the past",  # votes, proposes and says where it stands in epochs that are over
    "lives in the future",  # and in those to come
    "forges",  # certificates out of true votes, and of other epochs
    "nullifies",  # leaves every view at once
    "silent leader",
)
_HEARD = 300
_INVENTED = 0.15
_MOST = 2**63 - 1
NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE


class EpochTraitor(EpochMachine):
    """See the module's docstring."""

    honest = False

    def __init__(self, index: int, around: Surroundings) -> None:
        super().__init__(index, around)
        self.habits = frozenset(self.random.sample(HABITS, self.random.randint(1, 4)))
        self._heard: deque[Message] = deque(maxlen=_HEARD)
        self._shunned = frozenset(other for other in range(around.options.machines) if self.random.random() < 0.4)

    # --- the core stays useful ----------------------------------------------------------------------------------------

    def receive(self, sender: int, key: bytes, message: object) -> None:
        """Remembers what it hears."""
        if isinstance(message, Message):
            self._heard.append(message)
        super().receive(sender, key, message)

    def _handle(self, event: Event) -> Output:
        output = super()._handle(event)
        self.core._engine.alarm = self.core._engine.journal.lost = None  # it has no scruples
        self.application.alarms.clear()
        return output

    # --- what it says -------------------------------------------------------------------------------------------------

    def _send(self, send: Send) -> None:
        around = self._around
        everybody = [other for other in range(around.options.machines) if other != self.index]
        for receiver in everybody if send.to is None else [around.index_of[send.to]]:
            if receiver != self.index and not ("shuns" in self.habits and receiver in self._shunned):
                for message in self._twisted(send.message):
                    self._say(receiver, message)
        if self.random.random() < _INVENTED:
            for message in self._invented():
                self._say(self.random.choice(everybody), message)

    def _say(self, receiver: int, message: Message) -> None:
        if isinstance(message, Proposal | GotBlock):
            self._around.checker.learn(message.block)
        self._around.transmit(self.index, receiver, message)

    def _twisted(self, message: Message) -> Iterator[Message]:
        """What becomes of an honest message to one receiver."""
        random = self.random
        match message:
            case Vote() if "doubles votes" in self.habits and random.random() < 0.5:
                yield self._vote(random.choice(tuple(VoteKind)), message.view, message.parent, self._some_digest())
                if random.random() < 0.5:
                    yield message
            case Vote(kind=VoteKind.NOTARIZE, view=view) if "nullifies" in self.habits:
                yield message
                yield self._vote(NULLIFY, view)
            case Proposal() if "silent leader" in self.habits:
                pass
            case Proposal(block, vote) if "ends early" in self.habits:
                digest = random.choice((bytes(32), *self._around.registry.hashes))
                payload = replace(block.payload, next=digest)
                yield self._propose(
                    replace(block, payload=payload if random.random() < 0.3 else replace(payload, records=())), vote
                )
            case Proposal(block, vote) if "proposes again" in self.habits and (last := self._last_blocks()):
                other = random.choice(last)
                parent = random.choice((other.view, vote.view - 1, vote.parent))
                digest = block_digest(LEDGER_ID, other)
                yield Proposal(other, self._vote(NOTARIZE, vote.view, parent, digest))
                if random.random() < 0.5:
                    yield message
            case Status(view=view, height=height) if self.habits & {"lives in the past", "lives in the future"}:
                yield Status(self._some_epoch(), random.choice((0, view, _MOST)), random.choice((0, height, _MOST)))
                yield message
            case _:
                yield message

    def _invented(self) -> Iterator[Message]:
        """Messages for which there is no occasion."""
        random, blocks = self.random, [one.block for one in self._heard if isinstance(one, Proposal | GotBlock)]
        view = max(1, self.core.view + random.randint(-2, 1))
        if blocks and "goes beyond" in self.habits:
            yield self._beyond(random.choice(blocks), view)
            yield from self._longer()
        if blocks and "proposes again" in self.habits:
            block = random.choice(blocks)
            parent = random.choice((block.view, view - 1, random.randint(0, view)))
            vote = self._vote(NOTARIZE, view, parent, block_digest(LEDGER_ID, block), epoch=block.epoch)
            yield Proposal(block, vote)
            yield vote
        if self.habits & {"lives in the past", "lives in the future"}:
            epoch = self._some_epoch()
            yield self._vote(random.choice(tuple(VoteKind)), view, random.randint(0, view), self._some_digest(), epoch=epoch)
            yield GetCertificates(epoch, 0, view)
            yield GetBlock(epoch, self._some_digest() or bytes(32))
            found = [one for one in self._heard if isinstance(one, Vote)]
            yield from (Seen(one) for one in random.sample(found, min(2, len(found))))
        if "forges" in self.habits:
            yield from self._forged()

    def _beyond(self, block: Block, view: int) -> Proposal:
        """A block on any other, above all on last ones."""
        parent = self.random.choice(self._last_blocks() or [block])
        payload = replace(block.payload, time=parent.payload.time + 1, mark=parent.payload.mark)
        digest = block_digest(LEDGER_ID, parent)
        made = replace(parent, view=view, height=parent.height + 1, parent_view=parent.view, parent=digest, payload=payload)
        return self._propose(made, None)

    def _last_blocks(self) -> list[Block]:
        """Last ones of the epoch that it has heard of."""
        blocks = [one.block for one in self._heard if isinstance(one, Proposal | GotBlock)]
        return [block for block in blocks if block.payload.next and block.epoch == self.core.epoch]

    def _longer(self) -> Iterator[Message]:
        """Final blocks of two epochs in one answer, and with another's certificate."""
        chain = self.chain
        if chain.epoch:
            start = chain.starts[-1]
            finals = [final for final in chain.finals[max(1, start - 3) :] if final is not None]
            blocks = tuple(one for one in chain.blocks[max(1, start - 3) : start + 3] if one is not None)
            if blocks and finals:
                yield Headers(blocks, self.random.choice(finals))

    def _forged(self) -> Iterator[Certificate]:
        """No certificates, though they consist of true votes."""
        random = self.random
        if found := [one for one in self._heard if isinstance(one, Certificate)]:
            true = random.choice(found)
            yield replace(true, epoch=self._some_epoch())
            yield replace(true, kind=random.choice(tuple(VoteKind)))
            yield replace(true, view=true.view + random.choice((-1, 1)) if true.view else 1)
            yield replace(true, parent=random.randint(0, true.view))

    # --- material -----------------------------------------------------------------------------------------------------

    def _vote(self, kind: VoteKind, view: int, parent: int = 0, digest: bytes = b"", epoch: int | None = None) -> Vote:
        """A vote with the key that it has now, in whatever place that key has in an epoch."""
        epoch = self.core.epoch if epoch is None else epoch
        if kind == NULLIFY:
            parent, digest = 0, b""
        elif not digest:
            digest = bytes(32)
        validators = self._config.validators
        signer = validators.index(self.key) if self.key in validators else 0
        signature = self._scheme.sign(vote_input(LEDGER_ID, kind, epoch, view, parent, digest))
        return Vote(kind, epoch, view, parent, digest, signer, signature)

    def _propose(self, block: Block, like: Vote | None) -> Proposal:
        view, parent = (block.view, block.parent_view) if like is None else (like.view, like.parent)
        return Proposal(block, self._vote(NOTARIZE, view, parent, block_digest(LEDGER_ID, block), epoch=block.epoch))

    def _some_epoch(self) -> int:
        epoch = self.core.epoch
        past = self.random.randint(0, epoch)
        future = epoch + self.random.randint(0, 2)
        return past if "lives in the past" in self.habits else future

    def _some_digest(self) -> bytes:
        found = [one.digest for one in self._heard if isinstance(one, Vote | Certificate)]
        return self.random.choice(found) if found else b""
