"""`ledger.codec` and `ledger.schema`: one encoding a value, the fast typed reader, and what a refusal says.

What hostile bytes do to the generic reader is in `test_codec_hostile`.
"""

import unicodedata
from typing import Annotated, Literal

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from ledger import schema
from ledger.codec import decode, encode, typed
from ledger.errors import Code, Refusal
from ledger.limits import MAX_DEPTH, MAX_RECORD_BYTES, MAX_SUBMISSION_BYTES
from ledger.texts import is_known

known = st.characters(exclude_categories=["Cn", "Cs"]).filter(is_known)
texts = st.text(known, max_size=40).map(lambda text: unicodedata.normalize("NFC", text))
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | texts | st.binary(max_size=300)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=20), max_leaves=30
)


class Part(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything a schema may hold."""

    amount: Annotated[int, Meta(gt=0, lt=1000)]
    choice: Literal["one", "two"]
    code: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
    data: Annotated[bytes, Meta(min_length=2, max_length=4)]
    points: Annotated[int, Meta(ge=1, le=10**15)]
    zone: Annotated[str, Meta(max_length=5)] = ""


class Whole(Struct, frozen=True, forbid_unknown_fields=True):
    """Parts inside arrays, fixed arrays and options."""

    maybe: str | None
    none: bytes | None
    pairs: tuple[tuple[str, int], ...]
    parts: Annotated[tuple[Part, ...], Meta(min_length=1, max_length=3)]
    row: "Row"


class Row(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A struct that is written as an array; its fields need no order."""

    zebra: int
    ant: str


PART = {"amount": 5, "choice": "one", "code": "BW", "data": b"abc", "points": 12, "zone": "Süd"}
WHOLE = {"maybe": None, "none": None, "pairs": [["é", 1]], "parts": [PART], "row": [1, "ant"]}
reader = typed(Whole)


def changed(path, value):
    """A copy of WHOLE with one thing replaced, or taken out (`...`)."""
    copy = msgspec.msgpack.decode(msgspec.msgpack.encode(WHOLE))
    *way, last = path
    place = copy
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copy


def refusal_of(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value


@given(values)
def test_round_trip(value):
    data = encode(value)
    assert decode(data) == value
    assert encode(decode(data)) == data


@given(values)
def test_the_bytes_are_those_of_another_library_with_sorted_keys(value):
    def ordered(item):
        if isinstance(item, dict):
            return {key: ordered(item[key]) for key in sorted(item, key=str.encode)}
        return [ordered(one) for one in item] if isinstance(item, list) else item

    assert encode(value) == msgpack.packb(ordered(value), use_bin_type=True)


@given(st.dictionaries(texts, st.integers(0, 3), min_size=2, max_size=8), st.randoms())
def test_only_the_ascending_order_of_keys_is_read(value, rng):
    keys = list(value)
    rng.shuffle(keys)
    data = msgpack.packb({key: value[key] for key in keys})
    if keys == sorted(keys, key=str.encode):
        assert decode(data) == value
    else:
        assert refusal_of(decode, data).code is Code.NOT_CANONICAL


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ({"a": [1, 2.5]}, Code.MALFORMED, "a[1]"),
        ({"a": {1: 2}}, Code.MALFORMED, "a"),
        ({"a": 2**64}, Code.MALFORMED, "a"),
        ([-(2**63) - 1], Code.MALFORMED, "[0]"),
        ({"a": {"b": "e\u0301"}}, Code.NOT_CANONICAL, "a.b"),
        ({"e\u0301": 1}, Code.NOT_CANONICAL, ""),
        (["\ud800"], Code.MALFORMED, "[0]"),
        ({"a": [object()]}, Code.MALFORMED, "a[0]"),
        ([[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]], Code.TOO_DEEP, "[0]" * 16),
    ],
)
def test_what_has_no_canonical_form_is_not_encoded(value, code, field):
    refusal = refusal_of(encode, value)
    assert (refusal.code, refusal.field) == (code, field)


def test_sixteen_deep_and_no_deeper():
    for container in ([], {}):
        value = container
        for _ in range(MAX_DEPTH - 1):
            value = [value]
        assert decode(encode(value)) == value
        assert refusal_of(encode, [value]).code is Code.TOO_DEEP
        assert refusal_of(decode, msgpack.packb([value])).code is Code.TOO_DEEP


def test_the_size_is_bounded():
    data = encode(bytes(MAX_RECORD_BYTES - 3))
    assert len(data) == MAX_RECORD_BYTES
    decode(data)
    refusal = refusal_of(decode, data + b"\0")
    assert (refusal.code, refusal.details) == (Code.TOO_LARGE, {"given": MAX_RECORD_BYTES + 1, "limit": MAX_RECORD_BYTES})
    assert refusal_of(decode, b"\x92\0\0", 2).details == {"given": 3, "limit": 2}


def test_a_long_path_is_shortened():
    value = {"k" * 3000: {"l" * 3000: 1.5}}
    refusal = refusal_of(decode, msgpack.packb(value))
    assert refusal.code is Code.MALFORMED
    assert len(refusal.field) == 120


def test_the_first_difference_is_named():
    assert refusal_of(decode, b"\x93\x01\xcc\x02\x03").details == {"byte": 2}
    assert refusal_of(decode, b"\x81\xa1a\xd9\x01b").details == {"byte": 3}


# --- the typed reader


def test_a_struct_is_read_and_written():
    data = encode(WHOLE)
    whole = reader.decode(data)
    assert whole.parts[0].zone == "Süd"
    assert whole.row == Row(1, "ant")
    assert reader.encode(whole) == data


CASES = [
    (("parts", 0, "amount"), 0, Code.BAD_VALUE, "parts[0].amount", {"given": 0, "limit": 1}),
    (("parts", 0, "amount"), 1000, Code.BAD_VALUE, "parts[0].amount", {"given": 1000, "limit": 999}),
    (("parts", 0, "amount"), "5", Code.MALFORMED, "parts[0].amount", {"given": "text", "expected": "integer"}),
    (("parts", 0, "amount"), True, Code.MALFORMED, "parts[0].amount", {"given": "boolean", "expected": "integer"}),
    (("parts", 0, "amount"), 5.0, Code.MALFORMED, "parts[0].amount", None),
    (("parts", 0, "points"), 0, Code.BAD_VALUE, "parts[0].points", {"given": "0.00", "limit": "0.01"}),
    (
        ("parts", 0, "points"),
        2**64 - 1,
        Code.BAD_VALUE,
        "parts[0].points",
        {"given": "184467440737095516.15", "limit": "10000000000000.00"},
    ),
    (("parts", 0, "choice"), "three", Code.BAD_VALUE, "parts[0].choice", {"given": "three", "expected": "one, two"}),
    (("parts", 0, "choice"), 1, Code.BAD_VALUE, "parts[0].choice", {"given": 1, "expected": "one, two"}),
    (("parts", 0, "choice"), b"one", Code.BAD_VALUE, "parts[0].choice", {"given": "bytes", "expected": "one, two"}),
    (("parts", 0, "code"), "BWA", Code.BAD_VALUE, "parts[0].code", {"given": "BWA", "expected": "[A-Z]{2}"}),
    (("parts", 0, "code"), "BW\n", Code.BAD_VALUE, "parts[0].code", None),
    (("parts", 0, "code"), b"BW", Code.MALFORMED, "parts[0].code", {"given": "bytes", "expected": "text"}),
    (("parts", 0, "data"), b"a", Code.BAD_VALUE, "parts[0].data", {"given": 1, "limit": 2}),
    (("parts", 0, "data"), bytes(5), Code.BAD_VALUE, "parts[0].data", {"given": 5, "limit": 4}),
    (("parts", 0, "data"), "abc", Code.MALFORMED, "parts[0].data", {"given": "text", "expected": "bytes"}),
    (("parts", 0, "data"), ..., Code.MALFORMED, "parts[0].data", {"reason": "missing"}),
    (("parts", 0, "zone"), "", Code.NOT_CANONICAL, "parts[0].zone", {"reason": "an empty optional field is left out"}),
    (("parts", 0, "zone"), "sixsix", Code.BAD_VALUE, "parts[0].zone", {"given": 6, "limit": 5}),
    (("parts", 0, "zone"), "u\u0308", Code.NOT_CANONICAL, "parts[0].zone", {"reason": "text that is not in NFC"}),
    (("parts", 0, "extra"), 1, Code.MALFORMED, "parts[0].extra", {"reason": "unknown field"}),
    (("parts", 0), 7, Code.MALFORMED, "parts[0]", {"given": "integer", "expected": "map"}),
    (("parts",), [], Code.BAD_VALUE, "parts", {"given": 0, "limit": 1}),
    (("parts",), [PART] * 4, Code.BAD_VALUE, "parts", {"given": 4, "limit": 3}),
    (("parts",), PART, Code.MALFORMED, "parts", {"given": "map", "expected": "array"}),
    (("maybe",), "e\u0301", Code.NOT_CANONICAL, "maybe", {"reason": "text that is not in NFC"}),
    (("maybe",), 1, Code.MALFORMED, "maybe", {"given": "integer", "expected": "text"}),
    (("none",), [], Code.MALFORMED, "none", {"given": "array", "expected": "bytes"}),
    (("pairs", 0, 0), "e\u0301", Code.NOT_CANONICAL, "pairs[0][0]", {"reason": "text that is not in NFC"}),
    (("pairs", 0), ["a"], Code.BAD_VALUE, "pairs[0]", {"given": 1, "limit": 2}),
    (("pairs", 0, 1), None, Code.MALFORMED, "pairs[0][1]", {"given": "nil", "expected": "integer"}),
    (("row",), [1, "a", 2], Code.BAD_VALUE, "row", {"given": 3, "limit": 2}),
    (("row", 1), "e\u0301", Code.NOT_CANONICAL, "row[1]", {"reason": "text that is not in NFC"}),
    (("row", 0), "1", Code.MALFORMED, "row.zebra", {"given": "text", "expected": "integer"}),
]


@pytest.mark.parametrize(("path", "value", "code", "field", "details"), CASES)
def test_a_refusal_names_field_and_figures(path, value, code, field, details):
    refusal = refusal_of(reader.decode, msgpack.packb(sort(changed(path, value)), use_bin_type=True))
    assert (refusal.code, refusal.field) == (code, field)
    if details is not None:
        assert refusal.details == details


def sort(value):
    if isinstance(value, dict):
        return {key: sort(value[key]) for key in sorted(value)}
    return [sort(one) for one in value] if isinstance(value, list) else value


def test_form_comes_before_schema():
    data = encode(WHOLE)
    assert refusal_of(reader.decode, data[:-1]).code is Code.MALFORMED
    assert refusal_of(reader.decode, data + b"\0").code is Code.MALFORMED
    assert refusal_of(reader.decode, b"\x81\xa1\xff\x01").details == {"reason": "text that is not UTF-8"}
    assert refusal_of(reader.decode, msgpack.packb(dict(reversed(WHOLE.items())))).code is Code.NOT_CANONICAL
    assert refusal_of(reader.decode, b"\x91" * 2000).code is Code.TOO_DEEP
    assert refusal_of(typed(Whole, 10).decode, data).details == {"given": len(data), "limit": 10}


def test_a_long_refused_message_is_not_explained():
    big = typed(Whole, 4 * MAX_SUBMISSION_BYTES)
    data = encode(WHOLE | {"maybe": "a" * MAX_SUBMISSION_BYTES}) + b"\0"
    refusal = refusal_of(big.decode, data)
    assert refusal.code is Code.MALFORMED
    assert "trailing" in refusal.details["reason"]


@given(values)
def test_any_value_is_the_schema_or_refused(value):
    try:
        assert reader.encode(reader.decode(encode(value))) == encode(value)
    except Refusal:
        assert value != WHOLE


def test_a_struct_of_ones_own_is_checked_when_encoded():
    part = typed(Part)
    good = {**PART}
    assert part.encode(Part(**good)) == encode(good)
    assert refusal_of(part.encode, Part(**good | {"amount": 0})).field == "amount"
    assert refusal_of(part.encode, Part(**good | {"amount": 2**70})).code is Code.MALFORMED
    assert refusal_of(part.encode, Part(**good | {"zone": "u\u0308"})).code is Code.NOT_CANONICAL
    assert refusal_of(part.encode, Part(**good | {"zone": object()})).code is Code.MALFORMED


def test_a_bound_that_only_the_fast_reader_knows_is_refused_all_the_same():
    class Even(Struct):
        a: Annotated[int, Meta(multiple_of=2)]

    assert typed(Even).decode(encode({"a": 4})) == Even(4)
    refusal = refusal_of(typed(Even).decode, encode({"a": 3}))
    assert (refusal.code, refusal.field) == (Code.MALFORMED, "")
    assert "multiple of 2" in refusal.details["reason"]


def test_a_field_that_is_always_nil():
    class Nothing(Struct):
        a: None

    assert typed(Nothing).decode(encode({"a": None})) == Nothing(None)
    assert refusal_of(typed(Nothing).decode, encode({"a": 0})).details == {"given": "integer", "expected": "nil"}


# --- schemas that are none


class Unordered(Struct):
    """Fields that would be written out of order."""

    b: int
    a: int


class Floating(Struct):
    """A type without canonical form."""

    a: float


class Two(Struct):
    """A union that cannot be told apart when texts are gathered."""

    a: str | int


class Written(Struct):
    """An optional field that is written even when it has its default."""

    a: int = 0


@pytest.mark.parametrize("wrong", [Unordered, Floating, Two, Written, dict[str, int], list[int]])
def test_schemas_without_canonical_form_are_refused(wrong):
    with pytest.raises(TypeError):
        typed(wrong)


def test_texts_confined_to_ascii_are_not_looked_at():
    class Dates(Struct):
        date: Annotated[str, Meta(extra=schema.ASCII)]
        code: Annotated[str, Meta(pattern="^[A-Z]+$")] = "A"

    class Inner(Struct):
        rows: tuple[tuple[bytes, int], ...]

    assert schema.free_texts(msgspec.inspect.type_info(Dates)) is None
    assert schema.free_texts(msgspec.inspect.type_info(Inner)) is None


def test_a_described_text_is_a_text():
    class Described(Struct):
        a: Annotated[str, Meta(description="any text")]

    assert typed(Described).decode(encode({"a": "é"})).a == "é"
    raw = msgpack.packb({"a": "e\u0301"})
    assert refusal_of(typed(Described).decode, raw).code is Code.NOT_CANONICAL
