"""A small world in which validators really vote: blocks with digests, marks and FINALs, kept as a running node keeps them."""

from dataclasses import dataclass, field

from consensus import certificate
from consensus.events import Tip
from consensus.messages import Block, Certificate, Mark, Payload, Vote, VoteKind, block_digest, encode, vote_input
from ledger.genesis import Genesis, make_genesis
from ledger.record import Record, Submission
from ledger.state import Applied
from ledger.state import Block as LedgerBlock
from node.execution import mark_of
from node.keys import SigningKey
from tests.support.world import World, seed


def genesis_text(genesis: Genesis) -> bytes:
    """A genesis file of these parts; it is one of another ledger than any that leaves defaults away."""
    return make_genesis(
        network=genesis.network,
        origin=genesis.origin,
        time=genesis.time,
        parameters=genesis.parameters,
        participants=tuple(genesis.participants.values()),
        nodes=genesis.nodes,
        secretariat=genesis.secretariat,
        chair=genesis.chair,
    )


@dataclass
class Agreed:
    """Blocks on which the world's validators agree."""

    world: World
    tip: Tip = field(init=False)
    results: list[tuple[Mark, bytes]] = field(init=False)

    def __post_init__(self) -> None:
        head = self.world.ledger.head
        self.tip = Tip(0, head.height, head.digest, head.time)
        self.results = [(mark_of(head), b"")]

    def block(self, *records: Record, final: bool = True, skipped: int = 0, behind: int = 0, again: bool = False) -> Applied:
        """The next block, applied and kept.

        Args:
            records: that it holds.
            final: whether it gets a FINAL of its own.
            skipped: views that came to nothing before it.
            behind: by how many blocks its mark is behind its parent; where the state there schedules other validators, it ends
                the epoch for them.
            again: its FINAL is of a later view, as an epoch's last block may have it.
        """
        ledger = self.world.ledger
        block = self.proposal(*records, skipped=skipped, behind=behind)
        payload, digest = block.payload, block_digest(ledger.ledger_id, block)
        extra = {_key(b"block/", block.height): encode(block)}
        if final:
            extra[_key(b"final/", block.height)] = encode(self.final(block, digest, again=again))
        ledger.keep_bodies([Submission(record) for record in records])
        applied = ledger.apply(LedgerBlock(block.height, payload.time, digest, records, block.epoch, payload.next), extra)
        self.results.append((mark_of(applied.head), ledger.scheduled))
        self.tip = Tip(0 if payload.next else block.view, block.height, digest, payload.time)
        self.world.now = payload.time + 1_000
        return applied

    def proposal(self, *records: Record, skipped: int = 0, behind: int = 0) -> Block:
        """What a leader would propose now; arguments as `block`."""
        mark, scheduled = self.results[-1 - behind]
        payload = Payload(self.world.now, mark, scheduled, tuple(record.id for record in records))
        epoch, tip = self.world.ledger.network.epoch.number, self.tip
        return Block(1, epoch, tip.view + 1 + skipped, tip.height + 1, tip.view, tip.digest, payload)

    def final(self, block: Block, digest: bytes, *, again: bool = False, votes: int | None = None) -> Certificate:
        """The FINAL of a block, by the first validators of the epoch, as many as a quorum unless said otherwise."""
        epoch = self.world.ledger.network.epoch
        view, parent = (block.view + 1, block.view) if again else (block.view, block.parent_view)
        signed = vote_input(self.world.ledger.ledger_id, VoteKind.FINALIZE, epoch.number, view, parent, digest)
        names = [self.world.names.get(key, f"{code}/consensus") for code, key in epoch.validators]
        made = [
            Vote(VoteKind.FINALIZE, epoch.number, view, parent, digest, signer, SigningKey.from_seed(seed(name)).sign(signed))
            for signer, name in enumerate(names[: epoch.quorum if votes is None else votes])
        ]
        return certificate.build(made, len(names))


def _key(kind: bytes, height: int) -> bytes:
    return kind + height.to_bytes(8, "big")
