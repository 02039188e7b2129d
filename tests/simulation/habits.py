"""A traitor with one to four habits, drawn by chance and mixed."""

from collections.abc import Iterator

from msgspec.structs import replace

from consensus.events import Config, Scheme
from consensus.messages import (
    Certificate,
    GetBlock,
    GetCertificates,
    GotBlock,
    Headers,
    Message,
    Proposal,
    Status,
    Vote,
    VoteKind,
)
from tests.simulation.application import World
from tests.simulation.behaviour import Said
from tests.simulation.byzantine import Traitor
from tests.simulation.lies import MOST
from tests.simulation.machine import Surroundings

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
_INVENTED = 0.15
_LATE_MS = 10_000


class Habitual(Traitor):
    """Has one to four habits."""

    def __init__(self, index: int, config: Config, scheme: Scheme, around: Surroundings) -> None:
        super().__init__(index, config, scheme, around)
        random = self.random
        self.habits = frozenset(random.sample(HABITS, random.randint(1, 4)))
        self._shunned = frozenset(other for other in range(len(around.keys)) if random.random() < 0.4)

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

    def _lie(self, receiver: int, message: Said) -> None:
        if "shuns" not in self.habits or receiver not in self._shunned:
            for one in self._twisted(message):
                self._say(receiver, one, self._delay())

    def _volunteer(self) -> None:
        if self.random.random() < _INVENTED:
            for message in self._invented():
                self._say(self.random.choice(self._others), message, self._delay())

    def _delay(self) -> int:
        return self.random.randrange(_LATE_MS) if "late" in self.habits and self.random.random() < 0.3 else 0

    def _twisted(self, message: Message) -> Iterator[Message]:
        """What becomes of an honest message to one receiver."""
        random = self.random
        match message:
            case Vote() if "doubles votes" in self.habits and random.random() < 0.5:
                yield self.lies.vote(random.choice(tuple(VoteKind)), message.view, message.parent, self.lies.some_digest())
            case Vote() if "nullifies" in self.habits:
                yield self.lies.vote(VoteKind.NULLIFY, message.view, 0, b"")
                yield message
            case Proposal() if "silent leader" in self.habits:
                pass
            case Proposal() if "doubles blocks" in self.habits and random.random() < 0.5:
                yield self.lies.propose(self.lies.other_block(message.block))
                if random.random() < 0.3:
                    yield message
            case Proposal() if "bad blocks" in self.habits and random.random() < 0.7:
                yield self.lies.propose(self.lies.bad_block(message.block))
                if random.random() < 0.3:
                    yield message
            case Status() if "misleads" in self.habits:
                yield Status(random.choice((0, 0, 1)), random.choice((0, message.view + 5, MOST)), random.choice((0, 9, MOST)))
            case GotBlock() | Certificate() | Headers() if (
                "misleads" in self.habits and self.lies.heard and random.random() < 0.5
            ):
                yield random.choice(self.lies.heard)
            case _:
                yield message

    def _invented(self) -> Iterator[Message]:
        """Messages for which there is no occasion."""
        random = self.random
        view = max(0, self.core.view + random.randint(-5, 3))
        if "chatters" in self.habits:
            kind = random.choice(tuple(VoteKind))
            vote = self.lies.vote(kind, view, random.randint(0, view), self.lies.some_digest())
            yield vote
            yield replace(vote, signer=random.randrange(self._around.checker.n))
            yield replace(vote, signature=bytes(64))
            if self.lies.heard:
                yield random.choice(self.lies.heard)
        if "forges" in self.habits:
            yield from self.lies.forged(view)
        if "misleads" in self.habits:
            yield GetCertificates(0, random.choice((0, view)), random.choice((view, MOST)))
            yield GetBlock(0, self.lies.some_digest() or bytes(32))
            if found := [one for one in self.lies.heard if isinstance(one, Headers)]:
                headers = random.choice(found)
                yield headers
                yield replace(headers, blocks=headers.blocks[::-1])
                yield replace(headers, blocks=headers.blocks[random.randrange(len(headers.blocks)) :])
                yield replace(headers, blocks=(*headers.blocks[:-1], self.lies.other_block(headers.blocks[-1])))
        if "bad blocks" in self.habits and (blocks := self.lies.blocks()):
            yield self.lies.propose(self.lies.bad_block(replace(random.choice(blocks), view=view)))
