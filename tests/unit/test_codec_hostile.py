"""What a hostile sender can put on the wire, through the codec's public functions only: each answer is one typed refusal.

Every case states which codes make sense for it. Memory is bounded too: what the decoder allocates is measured, so that no
few bytes become megabytes of objects before they are refused.
"""

import struct
import time
import tracemalloc
from typing import Any

import pytest

from ledger.codec import decode, encode
from ledger.errors import Code, Refusal
from ledger.limits import MAX_DEPTH, MAX_RECORD_BYTES

FORM = {Code.MALFORMED}
SPELLING = {Code.NOT_CANONICAL}
EITHER = {Code.MALFORMED, Code.NOT_CANONICAL}
MEGABYTE = 1 << 20


def refused(data: bytes, codes: set[Code], limit: int = MAX_RECORD_BYTES) -> None:
    with pytest.raises(Refusal) as caught:
        decode(data, limit)
    assert caught.value.code in codes, caught.value


def attempt(data: bytes) -> tuple[Code | None, Any]:
    try:
        return None, decode(data)
    except Refusal as refusal:
        return refusal.code, None


def nested(depth: int, opening: bytes = b"\x91", core: bytes = b"\xc0") -> bytes:
    return opening * depth + core


CANONICAL = {
    "nil": (b"\xc0", None),
    "one": (b"\x01", 1),
    "127": (b"\x7f", 127),
    "128": (b"\xcc\x80", 128),
    "255": (b"\xcc\xff", 255),
    "256": (b"\xcd\x01\x00", 256),
    "65536": (b"\xce\x00\x01\x00\x00", 65536),
    "2^32": (b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 2**32),
    "2^63 - 1": (b"\xcf\x7f" + b"\xff" * 7, 2**63 - 1),
    "-1": (b"\xff", -1),
    "-32": (b"\xe0", -32),
    "-33": (b"\xd0\xdf", -33),
    "-129": (b"\xd1\xff\x7f", -129),
    "-2^63": (b"\xd3\x80" + bytes(7), -(2**63)),
    "text of 31": (b"\xbf" + b"a" * 31, "a" * 31),
    "text of 32": (b"\xd9\x20" + b"a" * 32, "a" * 32),
    "text of 256": (b"\xda\x01\x00" + b"a" * 256, "a" * 256),
    "bytes": (b"\xc4\x01\x00", b"\0"),
    "256 bytes": (b"\xc5\x01\x00" + bytes(256), bytes(256)),
    "array of 15": (b"\x9f" + b"\x01" * 15, [1] * 15),
    "array of 16": (b"\xdc\x00\x10" + b"\x01" * 16, [1] * 16),
    "keys by length and byte": (b"\x83\xa0\x01\xa1a\x02\xa2\xc3\xa9\x03", {"": 1, "a": 2, "\u00e9": 3}),
    "key that is a prefix": (b"\x82\xa1a\x01\xa2aa\x02", {"a": 1, "aa": 2}),
    "depth 16": (nested(MAX_DEPTH), None),
}

HOSTILE = {
    "nothing": (b"", FORM),
    "two values": (b"\x01\x01", EITHER),
    "never used c1": (b"\xc1", FORM),
    "c1 inside": (b"\x91\xc1", FORM),
    # nine further ways to write 1, and 0 and -1 written long
    "1 as uint8": (b"\xcc\x01", SPELLING),
    "1 as uint16": (b"\xcd\x00\x01", SPELLING),
    "1 as uint32": (b"\xce\x00\x00\x00\x01", SPELLING),
    "1 as uint64": (b"\xcf" + bytes(7) + b"\x01", SPELLING),
    "1 as int8": (b"\xd0\x01", SPELLING),
    "1 as int16": (b"\xd1\x00\x01", SPELLING),
    "1 as int32": (b"\xd2\x00\x00\x00\x01", SPELLING),
    "1 as int64": (b"\xd3" + bytes(7) + b"\x01", SPELLING),
    "0 as uint8": (b"\xcc\x00", SPELLING),
    "-1 as int8": (b"\xd0\xff", SPELLING),
    "128 as int16": (b"\xd1\x00\x80", SPELLING),
    # numbers that are none of ours
    "1.0 as float64": (b"\xcb" + struct.pack(">d", 1.0), EITHER),
    "1.0 as float32": (b"\xca" + struct.pack(">f", 1.0), EITHER),
    "-0.0": (b"\xcb" + struct.pack(">d", -0.0), EITHER),
    "NaN": (b"\xcb" + struct.pack(">d", float("nan")), EITHER),
    "signalling NaN": (b"\xcb\x7f\xf0" + bytes(5) + b"\x01", EITHER),
    "infinity in a map": (b"\x81\xa1a\xcb" + struct.pack(">d", float("inf")), EITHER),
    # lengths written long
    "text length as str8": (b"\xd9\x01a", SPELLING),
    "text length as str16": (b"\xda\x00\x01a", SPELLING),
    "text length as str32": (b"\xdb\x00\x00\x00\x01a", SPELLING),
    "bin16 of 1": (b"\xc5\x00\x01a", SPELLING),
    "bin32 of 1": (b"\xc6\x00\x00\x00\x01a", SPELLING),
    "array16 of 1": (b"\xdc\x00\x01\x01", SPELLING),
    "array32 of 1": (b"\xdd\x00\x00\x00\x01\x01", SPELLING),
    "map16 of 1": (b"\xde\x00\x01\xa1a\x01", SPELLING),
    "map32 of 0": (b"\xdf\x00\x00\x00\x00", SPELLING),
    # maps
    "a key twice": (b"\x82\xa1a\x01\xa1a\x01", EITHER),
    "a key twice, second spelled long": (b"\x82\xa1a\x01\xd9\x01a\x02", EITHER),
    "keys out of order": (b"\x82\xa1b\x01\xa1a\x01", SPELLING),
    "keys out of order by length": (b"\x82\xa1b\x01\xa2aa\x01", SPELLING),
    "keys out of order further in": (b"\x91\x91\x82\xa1b\x01\xa1a\x01", SPELLING),
    "integer as a key": (b"\x81\x01\x01", EITHER),
    "nil as a key": (b"\x81\xc0\x01", EITHER),
    "true as a key": (b"\x81\xc3\x01", EITHER),
    "bytes as a key": (b"\x81\xc4\x01a\x01", EITHER),
    "array as a key": (b"\x81\x90\x01", EITHER),
    "map as a key": (b"\x81\x80\x01", EITHER),
    "NaN as a key": (b"\x81\xcb" + struct.pack(">d", float("nan")) + b"\x01", EITHER),
    # extension types
    "ext of 1 byte": (b"\xd4\x05\x00", EITHER),
    "ext8 of 0 bytes": (b"\xc7\x00\x05", EITHER),
    "ext16": (b"\xc8\x00\x01\x05\x00", EITHER),
    "ext32": (b"\xc9\x00\x00\x00\x01\x05\x00", EITHER),
    "timestamp 32": (b"\xd6\xff\x00\x00\x00\x01", EITHER),
    "timestamp 64": (b"\xd7\xff" + bytes(7) + b"\x01", EITHER),
    "timestamp 96": (b"\xc7\x0c\xff" + bytes(12), EITHER),
    "timestamp of a bad length": (b"\xd4\xff\x00", EITHER),
    "timestamp as a key": (b"\x81\xd6\xff\x00\x00\x00\x01\x01", EITHER),
    # text
    "lone continuation byte": (b"\xa1\x80", FORM),
    "cut multi-byte sequence": (b"\xa1\xc3", FORM),
    "overlong slash": (b"\xa2\xc0\xaf", FORM),
    "overlong nul": (b"\xa2\xc0\x80", FORM),
    "surrogate": (b"\xa3\xed\xa0\x80", FORM),
    "beyond Unicode": (b"\xa4\xf4\x90\x80\x80", FORM),
    "invalid UTF-8 in a key": (b"\x81\xa1\xff\x01", FORM),
    "e and combining acute": (b"\xa3e\xcc\x81", EITHER),
    "angstrom sign": (b"\xa3\xe2\x84\xab", EITHER),
    "conjoining jamo": (b"\xa6\xe1\x84\x80\xe1\x85\xa1", EITHER),
    "combining marks out of order": (b"\xa5a\xcc\x81\xcc\xa3", EITHER),
    "not NFC in a key": (b"\x81\xa3e\xcc\x81\x01", EITHER),
    "not NFC further in": (b"\x91\x81\xa1a\x91\xa3e\xcc\x81", EITHER),
    # cut short, lengths that promise more than there is
    "text cut": (b"\xa5abcd", FORM),
    "text of 4 GiB": (b"\xdb\xff\xff\xff\xffa", FORM),
    "bytes of 4 GiB": (b"\xc6\xff\xff\xff\xffa", FORM),
    "array of 4 G": (b"\xdd\xff\xff\xff\xff\x01", FORM),
    "map of 4 G": (b"\xdf\xff\xff\xff\xff\xa1a\x01", FORM),
    "ext of 4 GiB": (b"\xc9\xff\xff\xff\xff\x05", FORM),
    "arrays of 4 G in one another": (b"\xdd\xff\xff\xff\xff" * 12, FORM),
    "map without its last value": (b"\x81\xa1a", FORM),
    "map of one key and half": (b"\x82\xa1a\x01", FORM),
    # depth
    "arrays 17 deep": (nested(MAX_DEPTH + 1), {Code.TOO_DEEP}),
    "empty arrays 17 deep": (nested(MAX_DEPTH, core=b"\x90"), {Code.TOO_DEEP}),
    "maps 17 deep": (nested(MAX_DEPTH + 1, b"\x81\xa0"), {Code.TOO_DEEP}),
    "arrays to the limit of size": (nested(MAX_RECORD_BYTES - 1), {Code.TOO_DEEP}),
    "maps to the limit of size": (nested(MAX_RECORD_BYTES // 2 - 1, b"\x81\xa0"), {Code.TOO_DEEP}),
    "arrays without an end": (b"\x91" * MAX_RECORD_BYTES, {Code.TOO_DEEP, Code.MALFORMED}),
    "maps in keys without an end": (b"\x81" * MAX_RECORD_BYTES, {Code.TOO_DEEP, Code.MALFORMED}),
    # size
    "one byte too many": (b"\xc5\x80\x00" + bytes(MAX_RECORD_BYTES - 2), {Code.TOO_LARGE}),
    "a million empty maps": (b"\xdd\x00\x10\x00\x00" + b"\x80" * MEGABYTE, {Code.TOO_LARGE}),
}


@pytest.mark.parametrize("case", CANONICAL)
def test_the_one_spelling_is_taken(case: str) -> None:
    data, value = CANONICAL[case]
    if case != "depth 16":
        assert decode(data) == value
        assert type(decode(data)) is type(value)
    assert encode(decode(data)) == data


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_text_is_one_typed_refusal(case: str) -> None:
    data, codes = HOSTILE[case]
    refused(data, codes)
    if len(data) < MAX_RECORD_BYTES - 64 and Code.TOO_DEEP not in codes:
        refused(b"\x91" + data, codes | FORM)  # the same inside a container


def test_a_value_at_the_limit_of_size_is_taken() -> None:
    data = b"\xc5\x7f\xfd" + bytes(MAX_RECORD_BYTES - 3)
    assert decode(data) == bytes(MAX_RECORD_BYTES - 3)
    refused(data, {Code.TOO_LARGE}, limit=MAX_RECORD_BYTES - 1)


def test_every_single_byte_and_every_pair_is_a_value_or_a_refusal() -> None:
    taken = 0
    for first in range(256):
        for data in (bytes([first]), *(bytes([first, second]) for second in range(256))):
            code, value = attempt(data)
            if code is None:
                assert encode(value) == data
                taken += 1
            else:
                assert code in EITHER, data
    assert taken > 128


def test_every_flipped_bit_of_a_value_is_another_value_or_a_refusal() -> None:
    value = {"a": [1, -1, 300, None, "\u00e9"], "bb": {"key": bytes(33), "n": 2**40}, "c": "x" * 40}
    data = encode(value)
    for at in range(len(data)):
        for bit in range(8):
            flipped = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            try:
                other = decode(flipped)
            except Refusal:
                continue
            assert encode(other) == flipped
            assert other != value


def test_every_beginning_of_a_value_is_refused() -> None:
    data = encode({"a": [1, 2, {"b": "text", "c": bytes(300)}], "d": None})
    for end in range(len(data)):
        refused(data[:end], FORM)


BOMBS = {
    "a million empty maps": b"\xdd\x00\x10\x00\x00" + b"\x80" * MEGABYTE,
    "empty maps to the limit": b"\xdc\x7f\xfd" + b"\x80" * (MAX_RECORD_BYTES - 4),
    "empty arrays to the limit": b"\xdc\x7f\xfd" + b"\x90" * (MAX_RECORD_BYTES - 4),
    "promises of 4 G in one another": b"\xdd\xff\xff\xff\xff" * (MAX_RECORD_BYTES // 5),
    "promises of 16 M maps": b"\xdf\x00\xff\xff\xff" + b"\xa1a\x80" * 9000,
    "promises of 65535 in one another": b"\xdc\xff\xff" * (MAX_RECORD_BYTES // 3),
    "deep arrays": nested(MAX_RECORD_BYTES - 1),
    "text of 4 GiB": b"\xdb\xff\xff\xff\xff" + b"a" * 100,
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_costs_little_memory_and_time(case: str) -> None:
    data = BOMBS[case]
    tracemalloc.start()
    started = time.perf_counter()
    try:
        with pytest.raises(Refusal):
            decode(data)
        spent, peak = time.perf_counter() - started, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MEGABYTE, f"{peak} bytes for {len(data)}"
    assert spent < 5, f"{spent} s"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("marks", ["\u0301\u0323", "\u0323\u0301", "\u0315\u0300\u05ae\u0062"])
def test_long_runs_of_combining_marks_do_not_stall_the_check_of_normal_form(marks: str) -> None:
    run = marks * ((MAX_RECORD_BYTES - 8) // len(marks.encode()))
    payload = b"a" + run.encode()
    data = b"\xda" + struct.pack(">H", len(payload)) + payload
    started = time.thread_time()
    for _ in range(20):
        refused(data, EITHER)
    assert time.thread_time() - started < 1, "more than 50 ms for one text"


def test_ten_thousand_keys_take_no_quadratic_time() -> None:
    keys = [f"{n:05}" for n in range(4000)]
    good = encode(dict.fromkeys(keys, 0))
    assert decode(good) == dict.fromkeys(keys, 0)
    same = b"\xde\x10\x00" + b"\xa200\x00" * 4096
    started = time.thread_time()
    for _ in range(20):
        refused(same, EITHER)
    assert time.thread_time() - started < 1


UNFIT: dict[str, Any] = {
    "float": 1.5,
    "NaN": float("nan"),
    "float inside": {"a": [1.0]},
    "key that is no text": {1: 2},
    "not NFC": "e\u0301",
    "lone surrogate": "\ud800",
    "beyond 64 bits": 2**64,
    "below 64 bits": -(2**63) - 1,
    "a set": {1, 2},
    "an object": object(),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_has_no_canonical_form_is_not_encoded(case: str) -> None:
    with pytest.raises((Refusal, TypeError, ValueError, OverflowError)):
        encode(UNFIT[case])
