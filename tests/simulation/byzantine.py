"""A validator that lies: it runs the real core to stay in touch, and says what suits it to whom it likes.

Each traitor has some habits, drawn from the run's source of chance. What it signs counts as cast at once, and no rule binds it;
what the others sign, say and deliver in its presence must obey every invariant, none of them may raise an alarm (a liar halts
nobody), hold a correct node for faulty, or stand still.
"""

from collections import deque
from collections.abc import Callable, Iterator
from random import Random

from msgspec.structs import replace

from consensus.events import Config, Event, Output, Scheme, Send
from consensus.messages import (
    Block,
    Certificate,
    GetBlock,
    GetCertificates,
    GotBlock,
    Headers,
    Mark,
    Message,
    Payload,
    Proposal,
    Status,
    Vote,
    VoteKind,
    block_digest,
    vote_input,
)
from tests.simulation.application import EPOCH_MS, World
from tests.simulation.machine import Machine, Surroundings
from tests.simulation.options import Options, from_seed

HABITS = (
    "shuns",  # says nothing to some
    "late",  # says things up to 10 s later
    "doubles votes",  # votes differently to different nodes
    "doubles blocks",  # proposes differently to different nodes
    "bad blocks",  # proposes what is not valid
    "chatters",  # votes for anything in any view, also of others
    "forges",  # certificates, also out of true votes
    "misleads",  # wrong answers and places
    "nullifies",  # leaves every view at once
    "withholds bodies",
    "silent leader",
)
_HEARD = 300
_LATE_MS = 10_000
_INVENTED = 0.15
_MOST = 2**63 - 1


def options_from_seed(seed: int) -> Options:
    """A run with up to f traitors."""
    random = Random(f"byzantine {seed}")
    options = from_seed(seed)
    n = random.choice((4, 4, 4, 4, 5, 7, 10))
    traitors = random.randint(1, (n - 1) // 3)
    chaos = min(options.chaos, 40_000)
    nodes = range(n + options.followers)
    faults = tuple(fault for fault in options.faults if all(node in nodes for node in (*fault.nodes, *fault.others)))
    return options.but(
        validators=n,
        traitors=traitors,
        frozen=0,
        chaos=chaos,
        records=min(options.records, 20),
        faults=faults,
        loss=min(options.loss, 200),
    )


class Traitor(Machine):
    """See the module's docstring."""

    honest = False

    def __init__(self, index: int, config: Config, scheme: Scheme, around: Surroundings) -> None:
        super().__init__(index, config, scheme, around)
        random = around.random
        self.habits = frozenset(random.sample(HABITS, random.randint(1, 4)))
        self._heard: deque[Message] = deque(maxlen=_HEARD)
        self._shunned = frozenset(other for other in range(len(around.keys)) if random.random() < 0.4)

    # --- the core stays useful ----------------------------------------------------------------------------------------

    def receive(self, sender: int, message: object) -> None:
        """Remembers what it hears."""
        if isinstance(message, Message):
            self._heard.append(message)
        super().receive(sender, message)

    def _handle(self, event: Event) -> Output:
        output = super()._handle(event)
        self.core._engine.alarm = self.core._engine.journal.lost = None  # it has no scruples
        self.application.alarms.clear()
        return output

    def _world(self) -> World:
        world = super()._world()
        if "withholds bodies" not in self.habits:
            return world

        def send(peer: int | None, message: object) -> None:
            for other in world.peers if peer is None else (peer,):
                if other not in self._shunned:
                    world.send(other, message)

        return World(world.random, world.later, world.wall, world.emit, send, world.peers, world.drop)

    # --- what it says -------------------------------------------------------------------------------------------------

    def _send(self, send: Send) -> None:
        around = self._around
        everybody = [other for other in range(len(around.keys)) if other != self.index]
        for receiver in everybody if send.to is None else [around.index_of[send.to]]:
            if "shuns" in self.habits and receiver in self._shunned:
                continue
            for message in self._twisted(send.message):
                self._say(receiver, message)
        if around.random.random() < _INVENTED:
            for message in self._invented():
                self._say(around.random.choice(everybody), message)

    def _say(self, receiver: int, message: Message) -> None:
        around = self._around
        if isinstance(message, Proposal | GotBlock):
            around.checker.learn(message.block)
        if "late" in self.habits and around.random.random() < 0.3:
            later = around.now + around.random.randrange(_LATE_MS)
            around.at(later, self, lambda: around.transmit(self.index, receiver, message))
        else:
            around.transmit(self.index, receiver, message)

    def _twisted(self, message: Message) -> Iterator[Message]:
        """What becomes of an honest message to one receiver."""
        random = self._around.random
        match message:
            case Vote() if "doubles votes" in self.habits and random.random() < 0.5:
                yield self._vote(random.choice(tuple(VoteKind)), message.view, message.parent, self._some_digest())
            case Vote() if "nullifies" in self.habits:
                yield self._vote(VoteKind.NULLIFY, message.view, 0, b"")
                yield message
            case Proposal() if "silent leader" in self.habits:
                pass
            case Proposal() if "doubles blocks" in self.habits and random.random() < 0.5:
                yield self._propose(self._other_block(message.block))
                if random.random() < 0.3:
                    yield message
            case Proposal() if "bad blocks" in self.habits and random.random() < 0.7:
                yield self._propose(self._bad_block(message.block))
                if random.random() < 0.3:
                    yield message
            case Status() if "misleads" in self.habits:
                yield Status(
                    random.choice((0, 0, 1)), random.choice((0, message.view + 5, _MOST)), random.choice((0, 9, _MOST))
                )
            case GotBlock() | Certificate() | Headers() if "misleads" in self.habits and self._heard and random.random() < 0.5:
                yield random.choice(self._heard)
            case _:
                yield message

    def _invented(self) -> Iterator[Message]:
        """Messages for which there is no occasion."""
        random = self._around.random
        view = max(0, self.core.view + random.randint(-5, 3))
        if "chatters" in self.habits:
            kind = random.choice(tuple(VoteKind))
            vote = self._vote(kind, view, random.randint(0, view), self._some_digest())
            yield vote
            yield replace(vote, signer=random.randrange(self._around.checker.n))
            yield replace(vote, signature=bytes(64))
            if self._heard:
                yield random.choice(self._heard)
        if "forges" in self.habits:
            yield from self._forged(view)
        if "misleads" in self.habits:
            yield GetCertificates(0, random.choice((0, view)), random.choice((view, _MOST)))
            yield GetBlock(0, self._some_digest() or bytes(32))
            if found := [one for one in self._heard if isinstance(one, Headers)]:
                headers = random.choice(found)
                yield headers
                yield replace(headers, blocks=headers.blocks[::-1])
                yield replace(headers, blocks=headers.blocks[random.randrange(len(headers.blocks)) :])
                yield replace(headers, blocks=(*headers.blocks[:-1], self._other_block(headers.blocks[-1])))
        if "bad blocks" in self.habits and (blocks := self._blocks()):
            yield self._propose(self._bad_block(replace(random.choice(blocks), view=view)))

    # --- material -----------------------------------------------------------------------------------------------------

    def _vote(self, kind: VoteKind, view: int, parent: int, digest: bytes) -> Vote:
        if kind == VoteKind.NULLIFY:
            parent, digest = 0, b""
        elif not digest:
            digest = bytes(32)
        signature = self._scheme.sign(vote_input(self._config.ledger_id, kind, 0, view, parent, digest))
        return Vote(kind, 0, view, parent, digest, self.index, signature)

    def _propose(self, block: Block) -> Proposal:
        digest = block_digest(self._config.ledger_id, block)
        vote = self._vote(VoteKind.NOTARIZE, block.view, block.parent_view, digest)
        return Proposal(block, replace(vote, epoch=block.epoch))

    def _blocks(self) -> list[Block]:
        return [one.block for one in self._heard if isinstance(one, Proposal | GotBlock)]

    def _some_digest(self) -> bytes:
        found = [one.digest for one in self._heard if isinstance(one, Vote | Certificate)]
        return self._around.random.choice(found) if found else b""

    def _other_block(self, block: Block) -> Block:
        """As valid as the one, and another."""
        random, payload = self._around.random, block.payload
        records = list(payload.records)
        random.shuffle(records)
        time = payload.time + random.randrange(3)
        return replace(block, payload=replace(payload, time=time, records=tuple(records[: random.randint(0, len(records))])))

    def _bad_block(self, block: Block) -> Block:
        random, payload = self._around.random, block.payload
        mark = payload.mark
        payloads: tuple[Callable[[], Payload], ...] = (
            lambda: replace(payload, time=random.choice((0, EPOCH_MS, payload.time + 60_000, _MOST))),
            lambda: replace(payload, records=(random.randbytes(32),)),
            lambda: replace(payload, records=payload.records * 2),
            lambda: replace(payload, next=bytes(32)),
            lambda: replace(payload, mark=replace(mark, height=random.choice((0, mark.height + 1, block.height, _MOST)))),
            lambda: replace(payload, mark=replace(mark, state=bytes(32))),
            lambda: replace(payload, mark=Mark(0, 0, bytes(32), bytes(32))),
        )
        blocks: tuple[Callable[[], Block], ...] = (
            *(lambda made=made: replace(block, payload=made()) for made in payloads),
            lambda: replace(block, height=random.choice((0, block.height + 1, _MOST))),
            lambda: replace(block, version=2),
            lambda: replace(block, epoch=1),
            lambda: replace(block, parent=self._some_digest() or bytes(32)),
            lambda: replace(block, parent_view=random.choice((0, block.view, max(0, block.parent_view - 1), _MOST))),
            lambda: self._on_another_parent(block),
        )
        return random.choice(blocks)()

    def _on_another_parent(self, block: Block) -> Block:
        """Skips views, or stands on what is notarized and given up."""
        parents = [one for one in self._blocks() if one.view < block.view]
        if not parents:
            return replace(block, parent=self._config.ledger_id, parent_view=0, height=1)
        parent = self._around.random.choice(parents)
        digest = block_digest(self._config.ledger_id, parent)
        time = max(block.payload.time, parent.payload.time + 1)
        payload = replace(block.payload, time=time)
        return replace(block, parent=digest, parent_view=parent.view, height=parent.height + 1, payload=payload)

    def _forged(self, view: int) -> Iterator[Certificate]:
        """No certificates, though some consist of true votes."""
        random, n = self._around.random, self._around.checker.n
        votes = [one for one in self._heard if isinstance(one, Vote)]
        own = self._vote(random.choice(tuple(VoteKind)), view, 0, self._some_digest())
        chosen = random.choice(votes) if votes else own
        size = (n + 7) // 8
        everybody = ((1 << n) - 1).to_bytes(size, "little")
        bitmap = random.choice((everybody, b"\xff" * size, bytes(size), b"", everybody + b"\0", random.randbytes(size)))
        signatures = (random.choice((own, chosen)).signature,) * random.choice((0, 1, self._around.checker.quorum, n))
        yield Certificate(chosen.kind, 0, chosen.view, chosen.parent, chosen.digest, bitmap, signatures)
        if found := [one for one in self._heard if isinstance(one, Certificate)]:
            true = random.choice(found)
            other = random.choice(tuple(VoteKind))
            yield replace(true, view=view)
            yield replace(true, kind=other)
            yield replace(true, digest=self._some_digest())
            yield replace(true, epoch=1)
            yield replace(true, signatures=true.signatures[::-1])
