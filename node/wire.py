"""What two nodes send each other: frames of many items, canonical MessagePack, strictly decoded.

A frame is an array of items; an item is an array whose first element names it. Consensus messages travel as the bytes that
`consensus.messages` made, records as submissions (2-records), both opaque here. A frame that does not re-encode to the same
bytes, or passes a limit, is refused whole: the link to its sender is closed.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from ledger.limits import MAX_SUBMISSION_BYTES
from node.errors import FrameError, FrameNotCanonicalError, FrameTooLargeError
from node.limits import MAX_ERROR_TEXT, MAX_FRAME_BYTES, MAX_FRAME_ITEMS, MAX_IDS, MIN_SUBMISSION_BYTES

UInt = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, Meta(min_length=64, max_length=64)]
Sent = Annotated[bytes, Meta(min_length=MIN_SUBMISSION_BYTES, max_length=MAX_SUBMISSION_BYTES)]
Ids = Annotated[tuple[Bytes32, ...], Meta(max_length=MAX_IDS)]


class Hello(Struct, frozen=True, array_like=True, tag="hello", forbid_unknown_fields=True):
    """Who calls: ledger, protocol versions spoken, consensus key, a fresh nonce."""

    ledger_id: Bytes32
    versions: Annotated[tuple[UInt, ...], Meta(max_length=16)]
    key: Bytes32
    nonce: Bytes32


class Proof(Struct, frozen=True, array_like=True, tag="proof", forbid_unknown_fields=True):
    """Signature by the hello's key over both hellos and both TLS certificates (`node.handshake`)."""

    signature: Bytes64


class Consensus(Struct, frozen=True, array_like=True, tag="consensus", forbid_unknown_fields=True):
    """One message of `consensus.messages`, encoded."""

    message: bytes


class Records(Struct, frozen=True, array_like=True, tag="records", forbid_unknown_fields=True):
    """Submissions that the sender holds, unasked or as the answer to `GetRecords`."""

    submissions: Annotated[tuple[Sent, ...], Meta(max_length=MAX_IDS)]


class GetRecords(Struct, frozen=True, array_like=True, tag="get-records", forbid_unknown_fields=True):
    """Asks for submissions by record id; what the peer does not hold is left out of the answer."""

    ids: Ids


class Pending(Struct, frozen=True, array_like=True, tag="pending", forbid_unknown_fields=True):
    """Ids of the sender's oldest pending records; the receiver asks for those it lacks."""

    ids: Ids


class Cosigned(Struct, frozen=True, array_like=True, tag="cosigned", forbid_unknown_fields=True):
    """The sender's cosignature/v1 of the log at `size` with `root`; `time` in seconds since 1970 UTC."""

    size: UInt
    root: Bytes32
    time: UInt
    signature: Bytes64


Item = Hello | Proof | Consensus | Records | GetRecords | Pending | Cosigned
Frame = Annotated[list[Item], Meta(min_length=1, max_length=MAX_FRAME_ITEMS)]

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[list[Item]] = msgspec.msgpack.Decoder(Frame)


def encode_item(item: Item) -> bytes:
    """One item; frames are put together from these, so that what goes to many peers is encoded once."""
    return _encoder.encode(item)


def encode_frame(items: list[bytes]) -> bytes:
    """The frame of items that `encode_item` made."""
    count = len(items)
    head = bytes([0x90 | count]) if count < 16 else b"\xdc" + count.to_bytes(2, "big")
    return head + b"".join(items)


def decode_frame(data: bytes) -> list[Item]:
    """The items of a frame.

    Raises:
        FrameError: too large, not the schema, or not canonical.
    """
    if len(data) > MAX_FRAME_BYTES:
        raise FrameTooLargeError(f"frame of {len(data)} bytes; at most {MAX_FRAME_BYTES}")
    try:
        items = _decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise FrameError(str(error)[:MAX_ERROR_TEXT]) from error  # it may quote the sender at any length
    if _encoder.encode(items) != data:
        raise FrameNotCanonicalError("not in canonical form")
    return items
