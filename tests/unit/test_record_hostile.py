"""What a hostile sender can send as a record: each answer is one typed refusal, cheap to give.

Only public functions are called. A good record's bytes are respelled with an encoder that keeps no rule, part by part, so
that exactly one thing is wrong each time.
"""

import struct
import time
from collections.abc import Callable
from typing import Any

import msgpack
import pytest

from ledger.errors import Code
from ledger.limits import MAX_ORIGINS, MAX_RECORD_BYTES
from ledger.record import (
    encode_submission,
    parse_record,
    parse_submission,
    sign_statement,
    verify_records,
)
from tests.unit.hostile import (
    ANY_FORM,
    EITHER,
    ENVELOPE_BYTES,
    FORM,
    LEDGER,
    MEGABYTE,
    RECORD,
    RID,
    SECRET,
    SPELLING,
    STATEMENT,
    Pairs,
    Spelled,
    code_of,
    measured,
    record_of,
    spell,
    statement_with,
)


def body(**values: Any) -> Callable[[dict[str, Any]], Any]:
    """A change of fields of the body, in place."""
    return lambda value: value["body"].update(values)


def line(**values: Any) -> Callable[[dict[str, Any]], Any]:
    """A change of fields of the first line, in place and in the same order."""
    return lambda value: value["body"]["lines"][0].update(values)


def reordered(value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "body": dict(reversed(value["body"].items()))}


NAN = Spelled(b"\xcb" + struct.pack(">d", float("nan")))
TIMESTAMP = Spelled(b"\xd6\xff\x00\x00\x00\x01")
LONG_ONES = [
    b"\xcc\x02",
    b"\xcd\x00\x02",
    b"\xce\x00\x00\x00\x02",
    b"\xcf" + bytes(7) + b"\x02",
    b"\xd0\x02",
    b"\xd3" + bytes(7) + b"\x02",
]

STATEMENTS: dict[str, tuple[Callable[[dict[str, Any]], Any], set[Code]]] = {
    **{f"2 as {raw.hex()}": (body(parcels=Spelled(raw)), SPELLING) for raw in LONG_ONES},
    "2.0": (body(parcels=Spelled(b"\xcb" + struct.pack(">d", 2.0))), EITHER),
    "2.0 as float32": (body(parcels=Spelled(b"\xca" + struct.pack(">f", 2.0))), EITHER),
    "NaN": (body(parcels=NAN), EITHER),
    "timestamp as a number": (body(parcels=TIMESTAMP), EITHER),
    "timestamp as a date": (body(issued=TIMESTAMP), EITHER),
    "ext as bytes": (body(rid=Spelled(b"\xd8\x01" + RID)), EITHER),
    "text as bytes": (body(rid="a" * 16), EITHER),
    "bytes as text": (body(issued=b"2026-09-18"), EITHER),
    "true as a number": (body(parcels=True), EITHER),
    "number beyond 64 bits signed": (body(parcels=2**64 - 1), ANY_FORM),
    "negative number": (body(parcels=-1), {Code.BAD_VALUE}),
    "nil for a map": (lambda value: value.update(body=None), EITHER),
    "array for a map": (lambda value: value.update(body=list(value["body"].values())), EITHER),
    "keys of the body in reverse": (reordered, SPELLING),
    "keys of the statement in reverse": (lambda value: dict(reversed(value.items())), SPELLING),
    "a key of the body twice": (
        lambda value: value.update(body=Pairs([*value["body"].items(), ("verdict_hash", b"w" * 32)])),
        EITHER,
    ),
    "a key of a line twice": (
        lambda value: value["body"]["lines"].__setitem__(1, Pairs([*value["body"]["lines"][1].items(), ("points", 100)])),
        EITHER,
    ),
    "kind twice": (lambda value: Pairs([*value.items(), ("kind", "import.confirm")]), EITHER),
    "a key spelled with a long length": (
        lambda value: value.update(
            body=Pairs([(Spelled(b"\xd9" + bytes([len(k)]) + k.encode()), v) for k, v in value["body"].items()])
        ),
        SPELLING,
    ),
    "integer key": (lambda value: value.update(body=Pairs([*value["body"].items(), (7, 7)])), EITHER),
    "unknown key": (lambda value: value.update(body=Pairs([*value["body"].items(), ("zz", 7)])), EITHER),
    "missing key": (lambda value: value["body"].pop("rid"), EITHER),
    "zone not in NFC": (line(zone="Jwaneng-Su\u0308d"), EITHER),
    "zone of invalid UTF-8": (line(zone=Spelled(b"\xa3\xed\xa0\x80")), FORM),
    "zone of a cut sequence": (line(zone=Spelled(b"\xa1\xc3")), FORM),
    "zone empty": (line(zone=""), EITHER),
    "zone of 4 GiB": (line(zone=Spelled(b"\xdb\xff\xff\xff\xff")), FORM),
    "date in other digits": (body(issued="\uff12\uff10\uff12\uff16-09-18"), ANY_FORM),
    "date with a newline": (body(issued="2026-09-18\n"), {Code.BAD_VALUE}),
    "number with a newline": (body(number="BW0012345\n"), {Code.BAD_VALUE}),
    "number in Arabic digits": (body(number="BW\u0661\u0662\u0663\u0664"), {Code.BAD_VALUE}),
    "lines promised without end": (body(lines=Spelled(b"\xdd\xff\xff\xff\xff")), FORM),
    "33 lines": (lambda value: value["body"].update(lines=value["body"]["lines"][:1] * 33), {Code.BAD_VALUE}),
    "65 sources": (body(sources=[{"number": "RU0000042", "points": 1}] * 65), {Code.BAD_VALUE}),
    "ten thousand empty lines": (body(lines=Spelled(b"\xdc\x27\x10" + b"\x80" * 10_000)), ANY_FORM),
    "lines nested 15 deep": (body(lines=Spelled(b"\x91" * 14 + b"\x90")), ANY_FORM),
    "lines nested 30,000 deep": (body(lines=Spelled(b"\x91" * 30_000 + b"\x90")), ANY_FORM),
    "maps nested 15,000 deep": (body(lines=Spelled(b"\x81\xa0" * 15_000 + b"\x80")), ANY_FORM),
    "other version": (lambda value: value.update(v=2), {Code.BAD_VALUE, Code.MALFORMED}),
    "version true": (lambda value: value.update(v=True), EITHER | {Code.BAD_VALUE}),
    "unknown kind": (lambda value: value.update(kind="certificate.forge"), {Code.UNKNOWN_KIND}),
    "kind of 30 KB": (lambda value: value.update(kind="k" * 30_000), {Code.UNKNOWN_KIND}),
    "kind that is a list": (lambda value: value.update(kind=["certificate.issue"]), EITHER),
    "body of another kind": (lambda value: value.update(kind="import.confirm"), EITHER),
    "author of 30 KB": (lambda value: value.update(author="B" * 30_000), {Code.BAD_VALUE}),
    "negative instant": (lambda value: value.update(at=-1), {Code.BAD_VALUE}),
    "instant beyond the calendar": (lambda value: value.update(at=2**62), {Code.BAD_VALUE}),
}


def test_the_honest_ones_are_taken() -> None:
    assert code_of(parse_record, RECORD) is None
    assert code_of(parse_submission, encode_submission(RECORD, ENVELOPE_BYTES)) is None
    assert spell(msgpack.unpackb(STATEMENT)) == STATEMENT
    assert code_of(parse_record, record_of(STATEMENT)) is None


@pytest.mark.parametrize("case", STATEMENTS)
def test_a_hostile_statement_is_one_typed_refusal(case: str) -> None:
    change, codes = STATEMENTS[case]
    raw = record_of(statement_with(change))
    assert code_of(parse_record, raw) in codes
    assert code_of(parse_submission, raw) in codes


RECORDS: dict[str, tuple[bytes, set[Code]]] = {
    "nothing": (b"", FORM),
    "nil": (b"\xc0", FORM),
    "NaN": (NAN.raw, EITHER),
    "an array of the parts": (spell([b"k" * 32, b"s" * 64, STATEMENT]), FORM),
    "keys in reverse": (spell({"statement": STATEMENT, "sig": b"s" * 64, "key": b"k" * 32}), SPELLING),
    "key twice": (spell(Pairs([("key", b"k" * 32), ("key", b"k" * 32), ("sig", b"s" * 64), ("statement", STATEMENT)])), EITHER),
    "statement as a map": (spell({"key": b"k" * 32, "sig": b"s" * 64, "statement": Spelled(STATEMENT)}), FORM),
    "statement as text": (spell({"key": b"k" * 32, "sig": b"s" * 64, "statement": "s"}), FORM),
    "key of 31 bytes": (spell({"key": b"k" * 31, "sig": b"s" * 64, "statement": STATEMENT}), {Code.BAD_VALUE, Code.MALFORMED}),
    "signature of 65 bytes": (
        spell({"key": b"k" * 32, "sig": b"s" * 65, "statement": STATEMENT}),
        {Code.BAD_VALUE, Code.MALFORMED},
    ),
    "statement with a long length": (
        spell(
            {"key": b"k" * 32, "sig": b"s" * 64, "statement": Spelled(b"\xc6" + struct.pack(">I", len(STATEMENT)) + STATEMENT)}
        ),
        SPELLING,
    ),
    "one byte behind": (RECORD + b"\0", EITHER),
    "the record twice": (RECORD * 2, EITHER),
    "one byte short": (RECORD[:-1], FORM),
    "statement that is empty": (record_of(b""), FORM),
    "statement with a byte behind": (record_of(STATEMENT + b"\xc0"), EITHER),
    "statement of nested arrays": (record_of(b"\x91" * 32_000), ANY_FORM),
    "record of nested arrays": (b"\x91" * MAX_RECORD_BYTES, {Code.TOO_DEEP, Code.MALFORMED}),
    "record of a million empty maps": (b"\xdd\x00\x10\x00\x00" + b"\x80" * MEGABYTE, {Code.TOO_LARGE}),
    "record over the limit": (record_of(STATEMENT + bytes(MAX_RECORD_BYTES)), {Code.TOO_LARGE}),
}


@pytest.mark.parametrize("case", RECORDS)
def test_a_hostile_record_is_one_typed_refusal(case: str) -> None:
    raw, codes = RECORDS[case]
    assert code_of(parse_record, raw) in codes


@pytest.mark.parametrize("case", ["lines nested 30,000 deep", "ten thousand empty lines", "kind of 30 KB", "author of 30 KB"])
def test_a_hostile_statement_costs_little(case: str) -> None:
    code, peak, spent = measured(parse_record, record_of(statement_with(STATEMENTS[case][0])))
    assert code is not None
    assert peak < 8 * MEGABYTE
    assert spent < 5


def test_origins_without_end_are_refused_and_cost_little() -> None:
    """The form bounds how many a line may name; their order and the country codes are rules."""
    many = line(origin=Spelled(b"\xdc\x1b\x58" + b"\xa2BW" * 7000))
    code, peak, spent = measured(parse_record, record_of(statement_with(many)))
    assert code is Code.BAD_VALUE
    most = line(origin=Spelled(b"\xdc\x00\xfa" + b"\xa2BW" * MAX_ORIGINS))
    assert code_of(parse_record, record_of(statement_with(most))) is None
    assert peak < 8 * MEGABYTE
    assert spent < 5


def test_long_runs_of_combining_marks_do_not_stall() -> None:
    run = b"a" + "\u0301\u0323".encode() * 7500
    raw = record_of(statement_with(line(zone=Spelled(b"\xda" + struct.pack(">H", len(run)) + run))))
    started = time.thread_time()
    for _ in range(20):
        assert code_of(parse_record, raw) in ANY_FORM
    assert time.thread_time() - started < 1, "more than 50 ms for one record"


def test_verifying_never_raises_and_tells_which() -> None:
    good = parse_record(RECORD)
    keys = [bytes(32), b"\1" + bytes(31), b"\xff" * 32, b"\xec" + b"\xff" * 30 + b"\x7f"]
    bad = [parse_record(spell({"key": key, "sig": good.sig, "statement": STATEMENT})) for key in keys]
    bad += [parse_record(spell({"key": good.key, "sig": sig, "statement": STATEMENT})) for sig in (bytes(64), b"\xff" * 64)]
    for point in (b"\1" + bytes(31), b"\xff" * 32, bytes([2]) + bytes(31)):
        statement = statement_with(line(commitment=point))
        bad.append(parse_record(sign_statement(LEDGER, SECRET, statement)))
    verdicts = verify_records(LEDGER, [good, *bad, good])
    assert verdicts[0] is verdicts[-1] is None
    codes = [refusal.code for refusal in verdicts[1:-1] if refusal is not None]
    assert len(codes) == len(bad)
    assert set(codes[:6]) <= {Code.BAD_SIGNATURE, Code.BAD_KEY}
    assert set(codes[6:]) == {Code.BAD_COMMITMENT}
