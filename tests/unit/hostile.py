"""One honest record with its envelope, an encoder that keeps no rule, and what a call costs: for the tests of hostile input."""

import random
import struct
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import msgpack
from nacl import bindings

from ledger.bodies import CERTIFICATE_ISSUE, IssueBody, Line, Source
from ledger.commitments import commit
from ledger.envelope import seal
from ledger.errors import Code, Refusal
from ledger.record import (
    build_statement,
    sign_statement,
)
from ledger.units import Points

LEDGER, RID, SECRET = bytes(32), bytes(range(16)), bytes(range(32))
MEGABYTE = 1 << 20
FORM = {Code.MALFORMED}
SPELLING = {Code.NOT_CANONICAL}
EITHER = FORM | SPELLING
ANY_FORM = EITHER | {Code.BAD_VALUE, Code.TOO_LARGE, Code.TOO_DEEP, Code.UNKNOWN_KIND}
ENVELOPE = ANY_FORM | {Code.ENVELOPE_HASH, Code.ENVELOPE_READERS, Code.ENVELOPE_MISSING, Code.ENVELOPE_UNEXPECTED}


def made() -> tuple[bytes, bytes, bytes]:
    """An honest statement, its record and its envelope."""
    values = [[650_000, bytes([3] * 31 + [1])], [0, bytes([4] * 31 + [1])]]
    lines = tuple(
        Line(commitment=commit(*value), hs=hs, origin=origin, points=Points(points), zone=zone)
        for value, hs, origin, points, zone in zip(
            values, ("710231", "710210"), (("BW",), ()), (900, 100), ("Jwaneng-S\u00fcd", ""), strict=True
        )
    )
    reader = bindings.crypto_scalarmult_base(SECRET)
    fields = {"exporter": {"address": "a", "licence": "l", "name": "n"}, "values": values}
    sealed = seal(LEDGER, RID, fields, [("BW", 1, reader), ("AE", 1, reader)], random.Random(1).randbytes)
    body = IssueBody(
        destination="AE",
        expires="2026-11-17",
        issued="2026-09-18",
        lines=lines,
        number="BW0012345",
        parcels=2,
        points=Points(1000),
        receipt_hash=b"r" * 32,
        rid=RID,
        sealed=sealed.hash,
        sources=(Source(number="RU0000042", points=Points(1)),),
        type="re-export",
        validated="2026-09-19",
        verdict_hash=b"v" * 32,
    )
    statement = build_statement(CERTIFICATE_ISSUE, "BW", 1_790_000_000_000, body)
    return statement, sign_statement(LEDGER, SECRET, statement), sealed.envelope


STATEMENT, RECORD, ENVELOPE_BYTES = made()
HASH: bytes = msgpack.unpackb(STATEMENT)["body"]["sealed"]


def code_of(parse: Callable[..., Any], *arguments: Any) -> Code | None:
    """The code of the refusal, None when the bytes are taken; any other exception is the test's failure."""
    caught = None
    try:
        parse(*arguments)
    except Refusal as refusal:
        caught = refusal
    if caught is None:
        return None
    assert len(str(caught.problem())) < 2000, "a refusal must not carry the bomb back"
    return caught.code


class Spelled:
    """Bytes that stand in an encoding as they are."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw


def spell(value: Any) -> bytes:
    """MessagePack in the order given, shortest forms, `Spelled` verbatim; maps may be lists of pairs in `Pairs`."""
    if isinstance(value, Spelled):
        return value.raw
    if isinstance(value, Pairs):
        head = bytes([0x80 | len(value)]) if len(value) < 16 else b"\xde" + struct.pack(">H", len(value))
        return head + b"".join(spell(key) + spell(item) for key, item in value)
    if isinstance(value, dict):
        return spell(Pairs(value.items()))
    if isinstance(value, list):
        head = bytes([0x90 | len(value)]) if len(value) < 16 else b"\xdc" + struct.pack(">H", len(value))
        return head + b"".join(map(spell, value))
    return bytes(msgpack.packb(value))


class Pairs(list[Any]):
    """A map as its pairs, in whatever order and number."""


def statement_with(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The honest statement with one change to its map."""
    value = msgpack.unpackb(STATEMENT)
    changed = change(value)
    return spell(value if changed is None else changed)


def record_of(statement: bytes) -> bytes:
    return spell({"key": b"k" * 32, "sig": b"s" * 64, "statement": statement})


def measured(parse: Callable[..., Any], *arguments: Any) -> tuple[Code | None, int, float]:
    """Code, peak of memory in bytes and seconds of one call."""
    tracemalloc.start()
    started = time.perf_counter()
    try:
        code = code_of(parse, *arguments)
        return code, tracemalloc.get_traced_memory()[1], time.perf_counter() - started
    finally:
        tracemalloc.stop()
