"""Frames between nodes: one encoding, strict limits, nothing but a FrameError for rubbish."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.bodies import KINDS
from node import wire
from node.errors import FrameError
from node.limits import MAX_ERROR_TEXT, MAX_FRAME_BYTES, MAX_FRAME_ITEMS, MAX_IDS, MIN_SUBMISSION_BYTES

B32 = st.binary(min_size=32, max_size=32)
B64 = st.binary(min_size=64, max_size=64)
UINT = st.integers(0, 2**63 - 1)
ITEMS = st.one_of(
    st.builds(wire.Hello, B32, st.lists(UINT, max_size=16).map(tuple), B32, B32),
    st.builds(wire.Proof, B64),
    st.builds(wire.Consensus, st.binary(max_size=200)),
    st.builds(wire.Records, st.lists(st.binary(min_size=MIN_SUBMISSION_BYTES, max_size=400), max_size=5).map(tuple)),
    st.builds(wire.GetRecords, st.lists(B32, max_size=5).map(tuple)),
    st.builds(wire.Pending, st.lists(B32, max_size=5).map(tuple)),
    st.builds(wire.Cosigned, UINT, B32, UINT, B64),
)


@given(st.lists(ITEMS, min_size=1, max_size=20))
def test_round_trip(items: list[wire.Item]) -> None:
    frame = wire.encode_frame([wire.encode_item(item) for item in items])
    assert wire.decode_frame(frame) == items
    assert frame == msgspec.msgpack.encode(items)


@given(st.binary(max_size=300))
def test_rubbish_is_a_frame_error_or_canonical(data: bytes) -> None:
    try:
        items = wire.decode_frame(data)
    except FrameError:
        return
    assert wire.encode_frame([wire.encode_item(item) for item in items]) == data


@given(ITEMS, st.data())
def test_every_flipped_bit_is_noticed_or_another_frame(item: wire.Item, data: st.DataObject) -> None:
    frame = bytearray(wire.encode_frame([wire.encode_item(item)]))
    place = data.draw(st.integers(0, len(frame) * 8 - 1))
    frame[place // 8] ^= 1 << place % 8
    try:
        items = wire.decode_frame(bytes(frame))
    except FrameError:
        return
    assert items != [item]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x90",
        b"\x91" * 5000,
        b"\xc1",
        b"\xdd\xff\xff\xff\xff",
        b"\x91\xc6\xff\xff\xff\xff",
        wire.encode_frame([wire.encode_item(wire.Proof(bytes(64)))]) + b"\x00",
        msgspec.msgpack.encode([["proof", bytes(63)]]),
        msgspec.msgpack.encode([["proof", bytes(64), 1]]),
        msgspec.msgpack.encode([["nobody", bytes(64)]]),
        msgspec.msgpack.encode([["pending", [bytes(32)] * (MAX_IDS + 1)]]),
        msgspec.msgpack.encode([["cosigned", -1, bytes(32), 1, bytes(64)]]),
        b"\xdc\x00\x01" + wire.encode_item(wire.Proof(bytes(64))),
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        wire.decode_frame(data)


def test_too_many_items_and_too_many_bytes() -> None:
    one = wire.encode_item(wire.Proof(bytes(64)))
    assert len(wire.decode_frame(wire.encode_frame([one] * MAX_FRAME_ITEMS))) == MAX_FRAME_ITEMS
    with pytest.raises(FrameError):
        wire.decode_frame(wire.encode_frame([one] * (MAX_FRAME_ITEMS + 1)))
    with pytest.raises(FrameError, match="at most"):
        wire.decode_frame(bytes(MAX_FRAME_BYTES + 1))


def test_a_frame_of_millions_of_tiny_records_is_no_frame() -> None:
    """Two bytes each on the wire, and a refusal each to write: count and size are bounded, not the bytes alone."""

    def frame(size: int, count: int) -> bytes:
        return wire.encode_frame([wire.encode_item(wire.Records((bytes(size),) * count))])

    assert wire.decode_frame(frame(MIN_SUBMISSION_BYTES, MAX_IDS))
    refused = [(MIN_SUBMISSION_BYTES, MAX_IDS + 1), (0, 5_000_000)]
    for size, count in (*refused, *((size, 1) for size in (0, 1, MIN_SUBMISSION_BYTES - 1))):
        with pytest.raises(FrameError):
            wire.decode_frame(frame(size, count))


def test_no_record_is_smaller_than_the_smallest_that_is_sent() -> None:
    """Built from the schema: the shortest author, an empty body and nothing behind it."""
    statement = {"at": 0, "author": "BW", "body": {}, "kind": min(KINDS, key=len), "v": 1}
    record = {"key": bytes(32), "sig": bytes(64), "statement": msgspec.msgpack.encode(statement)}
    assert len(msgspec.msgpack.encode(record)) >= MIN_SUBMISSION_BYTES


def test_a_refusal_quotes_little_of_what_is_refused() -> None:
    name = b"x" * 5_000_000
    with pytest.raises(FrameError) as caught:
        wire.decode_frame(b"\x91\x91\xdb" + len(name).to_bytes(4) + name)
    assert len(str(caught.value)) <= MAX_ERROR_TEXT
