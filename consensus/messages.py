"""What nodes say to one another about order: blocks, votes, certificates, requests.

Every message is a canonical MessagePack array whose first element names it; `encode` and `decode` are the only way in and
out. A decoded message is well formed (types, sizes) and nothing more: signatures, epochs and views are the core's matter.

Reference: Chan and Pass, "Simplex Consensus: A Simple and Fast Consensus Protocol" (2023).
"""

import hashlib
from enum import IntEnum
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from consensus.errors import MalformedMessageError
from consensus.limits import MAX_BLOCK_RECORDS, MAX_ERROR_TEXT, MAX_HEADERS, MAX_MESSAGE_BYTES, MAX_VALIDATORS

DIGEST_BYTES = 32
UInt = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]


class VoteKind(IntEnum):
    """The three votes of Simplex; q of one kind for one subject make a certificate of that kind."""

    NOTARIZE = 1
    NULLIFY = 2
    FINALIZE = 3


class Mark(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A block that the proposer has executed: height, size and root of the log after it, state digest."""

    height: UInt
    tree_size: UInt
    root: Digest
    state: Digest


class Payload(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the application puts into a block; the core never looks inside, except at `time` for the parent rule.

    `time` is in milliseconds since 1970 UTC; `records` are ids in order; `next` is empty or a hash of 32 bytes: the validators
    of the next epoch, of which this block, which then holds no records, is the eve (R13).
    """

    time: UInt
    mark: Mark
    next: Annotated[bytes, Meta(max_length=DIGEST_BYTES)]
    records: Annotated[tuple[Digest, ...], Meta(max_length=MAX_BLOCK_RECORDS)]


class Block(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A proposal: one leader's payload at one view, on top of one parent. `parent` is the parent's digest."""

    version: UInt
    epoch: UInt
    view: UInt
    height: UInt
    parent_view: UInt
    parent: Digest
    payload: Payload


class Vote(Struct, frozen=True, array_like=True, tag="vote", forbid_unknown_fields=True):
    """One validator's signed vote. `signer` is an index into the epoch's validators; a nullify has parent 0, digest empty."""

    kind: VoteKind
    epoch: UInt
    view: UInt
    parent: UInt
    digest: Annotated[bytes, Meta(max_length=32)]
    signer: Annotated[int, Meta(ge=0, lt=MAX_VALIDATORS)]
    signature: Signature


class Certificate(Struct, frozen=True, array_like=True, tag="certificate", forbid_unknown_fields=True):
    """q votes of one kind for one subject: bitmap of signers (bit i of byte i//8, LSB first), signatures in signer order."""

    kind: VoteKind
    epoch: UInt
    view: UInt
    parent: UInt
    digest: Annotated[bytes, Meta(max_length=32)]
    signers: Annotated[bytes, Meta(max_length=(MAX_VALIDATORS + 7) // 8)]
    signatures: Annotated[tuple[Signature, ...], Meta(max_length=MAX_VALIDATORS)]


class Proposal(Struct, frozen=True, array_like=True, tag="proposal", forbid_unknown_fields=True):
    """The leader's block and its own notarize vote for it (R3); the last block of an epoch may be an earlier leader's (R13)."""

    block: Block
    vote: Vote


class Status(Struct, frozen=True, array_like=True, tag="status", forbid_unknown_fields=True):
    """Where a node stands: its view and the height of its last final block (R11)."""

    epoch: UInt
    view: UInt
    height: UInt


class GetBlock(Struct, frozen=True, array_like=True, tag="get-block", forbid_unknown_fields=True):
    """Asks for one block that is not final yet, by digest (R4)."""

    epoch: UInt
    digest: Digest


class GotBlock(Struct, frozen=True, array_like=True, tag="block", forbid_unknown_fields=True):
    """Answers `GetBlock`."""

    block: Block


class GetCertificates(Struct, frozen=True, array_like=True, tag="get-certificates", forbid_unknown_fields=True):
    """Asks for what settled the views from `first` to `last` (both included); each answer is a `Certificate`."""

    epoch: UInt
    first: UInt
    last: UInt


class GetHeaders(Struct, frozen=True, array_like=True, tag="get-headers", forbid_unknown_fields=True):
    """Asks for final blocks from height `first` on (R12)."""

    epoch: UInt
    first: UInt


class Headers(Struct, frozen=True, array_like=True, tag="headers", forbid_unknown_fields=True):
    """Answers `GetHeaders`: consecutive final blocks, and the FINAL certificate of the last of them."""

    blocks: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=MAX_HEADERS)]
    final: Certificate


class Seen(Struct, frozen=True, array_like=True, tag="seen", forbid_unknown_fields=True):
    """The newest vote of the receiver's own key that the sender holds: a log that lacks it is not the key's newest."""

    vote: Vote


class Equivocation(Struct, frozen=True, array_like=True, tag="equivocation", forbid_unknown_fields=True):
    """Two votes of one signer of which the rules allow one (R10); stands in logs, is sent to nobody."""

    first: Vote
    second: Vote


Message = Vote | Certificate | Proposal | Status | GetBlock | GotBlock | GetCertificates | GetHeaders | Headers | Seen
LogRecord = Vote | Certificate | GotBlock | Seen | Equivocation

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
_log_decoder: msgspec.msgpack.Decoder[LogRecord] = msgspec.msgpack.Decoder(LogRecord)
_vote_decoder = msgspec.msgpack.Decoder(Vote)
_block_decoder = msgspec.msgpack.Decoder(Block)


def encode(message: Message | LogRecord | Block) -> bytes:
    """The one byte string that stands for a message, a record of the log or a block."""
    return _encoder.encode(message)


def decode(data: bytes) -> Message:
    """The message that `data` stands for; anything but its one canonical encoding is refused.

    Raises:
        MalformedMessageError: too large, not the schema, or not canonical.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise MalformedMessageError(f"message of {len(data)} bytes; at most {MAX_MESSAGE_BYTES}")
    return _strict(_decoder, data)


def decode_record(data: bytes) -> LogRecord:
    """The record of a log that `data` stands for.

    Raises:
        MalformedMessageError: not the schema, or not canonical.
    """
    return _strict(_log_decoder, data)


def decode_vote(data: bytes) -> Vote:
    """The vote that `data` stands for, as evidence holds it.

    Raises:
        MalformedMessageError: not the schema, or not canonical.
    """
    return _strict(_vote_decoder, data)


def decode_block(data: bytes) -> Block:
    """The block that `data` stands for (as stored by `encode`).

    Raises:
        MalformedMessageError: not the schema, or not canonical.
    """
    return _strict(_block_decoder, data)


def _strict(decoder: msgspec.msgpack.Decoder[T], data: bytes) -> T:
    """What `data` stands for, if it is the one encoding of that."""
    try:
        value = decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedMessageError(str(error)[:MAX_ERROR_TEXT]) from error
    if _encoder.encode(value) != data:
        raise MalformedMessageError("not in canonical form")
    return value


def block_digest(ledger_id: bytes, block: Block) -> bytes:
    """SHA-256 over the tag, the ledger's id and the block's bytes; votes name a block by it."""
    return hashlib.sha256(b"kpledger/block/v1\0" + ledger_id + _encoder.encode(block)).digest()


def vote_input(ledger_id: bytes, kind: VoteKind, epoch: int, view: int, parent: int, digest: bytes) -> bytes:
    """The bytes that a validator signs for a vote."""
    return b"kpledger/vote/v1\0" + ledger_id + _encoder.encode([int(kind), epoch, view, parent, digest])
