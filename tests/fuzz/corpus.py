"""Valid bytes of every kind that comes from outside, made by the project's own encoders; functions of nothing."""

import hashlib
from functools import cache
from random import Random
from types import MappingProxyType

from consensus.messages import (
    Block,
    Certificate,
    GetBlock,
    GetCertificates,
    GetHeaders,
    GotBlock,
    Headers,
    Mark,
    Message,
    Payload,
    Proposal,
    Seen,
    Status,
    Vote,
    VoteKind,
    block_digest,
    encode,
    vote_input,
)
from ledger.checkpoint import Checkpoint
from ledger.entries import JudgementEntry
from ledger.errors import Code, TwoRootsError
from ledger.findings import Finding, Severity
from ledger.findings import Status as Standing
from ledger.fork import Fork
from ledger.genesis import make_genesis
from ledger.network import of_genesis
from ledger.note import Note, parse_note
from ledger.receipt import make_receipt
from ledger.record import encode_batch, encode_submission
from ledger.witness import AddCheckpoint
from node.audit import frames as audit
from node.keyring import log_key, policy, witness_key
from node.wire import Consensus, Cosigned, GetRecords, Hello, Item, Pending, Proof, Records, encode_frame, encode_item
from tests.support.parts import cosigned, node_keys
from tests.support.world import VALIDATORS, genesis
from tests.unit.hostile import ENVELOPE_BYTES, RECORD

GENESIS = genesis()
OTHER = hashlib.sha256(b"another ledger").digest()
Q = 3
"""Votes of a quorum of the test world's four validators."""


def digest(text: str) -> bytes:
    """32 bytes."""
    return hashlib.sha256(text.encode()).digest()


def signed(kind: VoteKind, view: int, parent: int, of: bytes, signer: int, ledger_id: bytes = OTHER) -> Vote:
    """A validator's vote: on another ledger than a target's, lest honest keys contradict themselves there."""
    message = vote_input(ledger_id, kind, 0, view, parent, of)
    return Vote(kind, 0, view, parent, of, signer, node_keys(VALIDATORS[signer]).consensus.sign(message))


def certified(kind: VoteKind, view: int, parent: int = 0, of: bytes = b"") -> Certificate:
    """The certificate that the first three validators make."""
    votes = [signed(kind, view, parent, of, signer) for signer in range(Q)]
    return Certificate(kind, 0, view, parent, of, b"\x07", tuple(vote.signature for vote in votes))


def block(view: int, height: int, parent_view: int, parent: bytes, *, records: int = 0, next_: bytes = b"") -> Block:
    """A block with so many records."""
    ids = tuple(digest(f"record {number}") for number in range(records))
    mark = Mark(0, 0, bytes(32), bytes(32))
    return Block(1, 0, view, height, parent_view, parent, Payload(1_772_366_400_000 + view, mark, next_, ids))


@cache
def messages() -> tuple[bytes, ...]:
    """Consensus messages of every kind."""
    ledger_id = GENESIS.ledger_id
    first = block(1, 1, 0, ledger_id, records=3)
    second = block(2, 2, 1, block_digest(ledger_id, first), records=40)
    last = block(3, 3, 2, block_digest(ledger_id, second), next_=digest("validators"))
    made: list[Message] = [Status(0, 1, 0), Status(1, 9, 7), GetCertificates(0, 1, 9), GetHeaders(0, 1)]
    for one in (first, second, last):
        name = block_digest(ledger_id, one)
        made += [signed(kind, one.view, one.parent_view, name, one.view) for kind in (VoteKind.NOTARIZE, VoteKind.FINALIZE)]
        made += [certified(kind, one.view, one.parent_view, name) for kind in (VoteKind.NOTARIZE, VoteKind.FINALIZE)]
        made += [Proposal(one, signed(VoteKind.NOTARIZE, one.view, one.parent_view, name, signer)) for signer in range(4)]
        made += [GetBlock(0, name), GotBlock(one)]
    made += [signed(VoteKind.NULLIFY, view, 0, b"", view % 4) for view in range(1, 6)]
    made += [certified(VoteKind.NULLIFY, view) for view in (1, 2)]
    made.append(Seen(signed(VoteKind.NULLIFY, 2, 0, b"", 0)))
    final = certified(VoteKind.FINALIZE, 2, 1, block_digest(ledger_id, second))
    made.append(Headers((first, second), final))
    return tuple(map(encode, made))


@cache
def submissions() -> tuple[bytes, ...]:
    """A record alone and with its envelope."""
    return RECORD, encode_submission(RECORD, ENVELOPE_BYTES)


@cache
def frames() -> tuple[bytes, ...]:
    """Frames of one item, and of many."""
    items: list[Item] = [Consensus(message) for message in messages()]
    items += [
        Hello(GENESIS.ledger_id, (1,), node_keys("AE").consensus.public, digest("nonce")),
        Proof(Random(1).randbytes(64)),
        Records(submissions()),
        GetRecords(tuple(digest(f"record {number}") for number in range(3))),
        Pending(tuple(digest(f"record {number}") for number in range(40))),
        cosigned(GENESIS, "AE", 0, hashlib.sha256().digest()),
        Cosigned(7, digest("root"), 1_772_366_400, Random(2).randbytes(64)),
    ]
    encoded = list(map(encode_item, items))
    return (*(encode_frame([item]) for item in encoded), encode_frame(encoded))


@cache
def exported() -> tuple[bytes, bytes]:
    """The frames of an export's two files: blocks with their records and judgements, findings."""
    made: list[audit.Frame] = []
    for height, final in ((1, b""), (2, encode(certified(VoteKind.FINALIZE, 2, 1, digest("block"))))):
        one = block(height, height, height - 1, digest("parent"), records=2)
        refused = JudgementEntry(height, None, Code.NUMBER_USED, "number", {"given": "BW0000001", "limit": 3})
        made.append(audit.Frame(encode(one), final, (refused, None), (RECORD, b"")))
    numbers: dict[str, int | str] = {"days": 12, "points": 400, "since": "2026-02-10"}
    late = Finding(
        "late-issue", "BW0000001", 1, 4, Severity.MEDIUM, ("BW", "AE"), (digest("record"),), numbers, 3, Standing.OPEN, 7
    )
    other = Finding("splitting", "BW/AE/2026-02-10", 1, 4, Severity.LOW, ("BW",), (), {}, 4, Standing.RESOLVED, 8)
    blocks, found = ([audit.framed(audit.encode(one)) for one in content] for content in (made, (late, other)))
    return b"".join(blocks), b"".join(found)


@cache
def manifests() -> tuple[bytes, ...]:
    """Manifests of exports."""
    ledger_id, origin = GENESIS.ledger_id.hex(), GENESIS.origin
    return tuple(audit.encode_manifest(audit.Manifest(1, ledger_id, origin, height, 7, 1)) for height in (0, 2**40))


@cache
def texts() -> MappingProxyType[str, tuple[bytes, ...]]:
    """Notes, receipts, policies, keys, checkpoints, batches, a genesis, by the name of their decoder."""
    made_of = GENESIS
    bw = made_of.node("BW")
    if bw is None:
        raise LookupError("BW has a node")
    root = hashlib.sha256(b"\0" + RECORD).digest()
    head = Checkpoint(made_of.origin, 1, root)
    lines = [node_keys("BW").log.signer(log_key(made_of.origin, bw.log)).sign(head.text())]
    for node in made_of.nodes:
        lines.append(
            node_keys(node.participant)
            .cosign.signer(witness_key(node.participant, node.cosign))
            .sign(head.text(), 1_772_366_500)
        )
    note = Note(head.text(), tuple(lines)).encode()
    receipt = make_receipt(RECORD, 0, (), note).encode()
    return MappingProxyType(
        {
            "note": (note,),
            "checkpoint": (head.text(),),
            "proof": (receipt,),
            "request": tuple(AddCheckpoint(old, (head.root,) * old, parse_note(note)).encode() for old in (0, 3)),
            "fork": (Fork(TwoRootsError, note, note).to_json().encode(),),
            "receipt": (receipt,),
            "policy": (policy(made_of.origin, of_genesis(made_of), {"BW": "https://node.example/log"}).format().encode(),),
            "vkey": tuple(str(witness_key(node.participant, node.cosign)).encode() for node in made_of.nodes),
            "batch": (encode_batch(submissions()),),
            "envelope": (ENVELOPE_BYTES,),
            "genesis": (
                make_genesis(
                    network=made_of.network,
                    origin=made_of.origin,
                    time=made_of.time,
                    parameters=made_of.parameters,
                    participants=tuple(made_of.participants.values())[:2],
                    nodes=made_of.nodes[:2],
                    secretariat=made_of.secretariat,
                    chair="BW",
                ),
            ),
        }
    )
