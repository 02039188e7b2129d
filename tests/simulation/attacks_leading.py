"""Attacks on what a node says altogether: blocks of a leader, and what it keeps back, says late, answers or forgets."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from consensus.messages import Block, Certificate, GetBlock, GotBlock, Headers, Proposal, Vote
from tests.simulation.application import Records
from tests.simulation.behaviour import Behaviour, Said


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


class Silence(Behaviour):
    """Says nothing, and so leads nothing."""

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        if isinstance(message, Proposal | Vote):
            self.did(message.vote.view if isinstance(message, Proposal) else message.view)
        return ()


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
