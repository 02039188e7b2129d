"""Consensus messages: one encoding, strict limits, nothing but a MalformedMessageError for rubbish."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus import messages as m
from consensus.errors import MalformedMessageError
from consensus.limits import MAX_BLOCK_RECORDS, MAX_MESSAGE_BYTES

UINT = st.integers(0, 2**63 - 1)
B32 = st.binary(min_size=32, max_size=32)
B64 = st.binary(min_size=64, max_size=64)
MARKS = st.builds(m.Mark, UINT, UINT, B32, B32)
PAYLOADS = st.builds(m.Payload, UINT, MARKS, st.one_of(st.just(b""), B32), st.lists(B32, max_size=4).map(tuple))
BLOCKS = st.builds(m.Block, UINT, UINT, UINT, UINT, UINT, B32, PAYLOADS)
VOTES = st.builds(m.Vote, st.sampled_from(m.VoteKind), UINT, UINT, UINT, st.one_of(st.just(b""), B32), st.integers(0, 127), B64)
CERTIFICATES = st.builds(
    m.Certificate,
    st.sampled_from(m.VoteKind),
    UINT,
    UINT,
    UINT,
    B32,
    st.binary(max_size=16),
    st.lists(B64, max_size=4).map(tuple),
)
MESSAGES = st.one_of(
    VOTES,
    CERTIFICATES,
    st.builds(m.Proposal, BLOCKS, VOTES),
    st.builds(m.Status, UINT, UINT, UINT),
    st.builds(m.GetBlock, UINT, B32),
    st.builds(m.GotBlock, BLOCKS),
    st.builds(m.GetCertificates, UINT, UINT, UINT),
    st.builds(m.GetHeaders, UINT, UINT),
    st.builds(m.Headers, st.lists(BLOCKS, min_size=1, max_size=3).map(tuple), CERTIFICATES),
)


@given(MESSAGES)
def test_round_trip(message: m.Message) -> None:
    assert m.decode(m.encode(message)) == message


@given(BLOCKS)
def test_block_round_trip(block: m.Block) -> None:
    assert m.decode_block(m.encode(block)) == block


@given(st.binary(max_size=200))
def test_rubbish(data: bytes) -> None:
    for decode in (m.decode, m.decode_block):
        try:
            value = decode(data)
        except MalformedMessageError:
            continue
        assert m.encode(value) == data


@given(MESSAGES, st.data())
def test_flipped_bits(message: m.Message, data: st.DataObject) -> None:
    encoded = bytearray(m.encode(message))
    place = data.draw(st.integers(0, len(encoded) * 8 - 1))
    encoded[place // 8] ^= 1 << place % 8
    try:
        assert m.decode(bytes(encoded)) != message
    except MalformedMessageError:
        return


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x91" * 3000,
        msgspec.msgpack.encode(["status", 1, 2]),
        msgspec.msgpack.encode(["status", 1, 2, 3, 4]),
        msgspec.msgpack.encode(["status", 1, 2, 2**63]),
        msgspec.msgpack.encode(["status", 1, 2, 1.0]),
        msgspec.msgpack.encode(["vote", 4, 0, 1, 0, bytes(32), 0, bytes(64)]),
        msgspec.msgpack.encode(["vote", 1, 0, 1, 0, bytes(32), 128, bytes(64)]),
        b"\xa6status",
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessageError):
        m.decode(data)


@pytest.mark.parametrize(
    "data", [b"\x94\xa6status\xcc\x01\x02\x03", b"\xdc\x00\x04\xa6status\x01\x02\x03", b"\x94\xd9\x06status\x01\x02\x03"]
)
def test_a_message_has_one_encoding(data: bytes) -> None:
    assert m.decode(b"\x94\xa6status\x01\x02\x03") == m.Status(1, 2, 3)
    with pytest.raises(MalformedMessageError, match="canonical"):
        m.decode(data)


def test_what_is_too_large_is_not_looked_into() -> None:
    with pytest.raises(MalformedMessageError, match="at most"):
        m.decode(bytes(MAX_MESSAGE_BYTES + 1))


def test_too_many_records_in_a_block() -> None:
    mark = m.Mark(0, 0, bytes(32), bytes(32))
    block = m.Block(1, 0, 1, 1, 0, bytes(32), m.Payload(1, mark, b"", (bytes(32),) * (MAX_BLOCK_RECORDS + 1)))
    with pytest.raises(MalformedMessageError):
        m.decode_block(m.encode(block))


def test_signatures_are_bound_to_ledger_kind_and_subject() -> None:
    inputs = {
        m.vote_input(ledger, kind, epoch, view, parent, digest)
        for ledger in (bytes(32), b"1" * 32)
        for kind in m.VoteKind
        for epoch in (0, 1)
        for view in (1, 2)
        for parent in (0, 1)
        for digest in (bytes(32), b"2" * 32)
    }
    assert len(inputs) == 2 * 3 * 2 * 2 * 2 * 2
    assert all(data.startswith(b"kpledger/vote/v1\0") for data in inputs)


@given(BLOCKS)
def test_a_blocks_digest_is_bound_to_its_ledger(block: m.Block) -> None:
    assert m.block_digest(bytes(32), block) != m.block_digest(b"1" * 32, block)
