"""`ledger.bodies`: the kinds' schemas, bound by bound."""

import msgspec
import pytest

from ledger import codec
from ledger.bodies import KINDS, ConfirmBody, EquivocationBody, IssueBody, NodeReadyBody, NodeSetBody
from ledger.errors import Code, Refusal
from ledger.limits import (
    MAX_ADDRESS_CHARACTERS,
    MAX_AMOUNT,
    MAX_EPOCH,
    MAX_LINES,
    MAX_SOURCES,
    MAX_TLS_BYTES,
    MAX_VOTE_BYTES,
    MAX_ZONE_CHARACTERS,
)
from ledger.record import build_statement
from tests.support import sealed

ISSUE = msgspec.to_builtins(sealed.issue().made.body, builtin_types=(bytes,))
CONFIRM = msgspec.to_builtins(sealed.confirm().made.body, builtin_types=(bytes,))
SET = {
    "address": "bw.example:8700",
    "consensus": b"c" * 32,
    "cosign": b"o" * 32,
    "log": b"l" * 32,
    "tls": b"0\2xx",
    "validator": True,
}
READY = {"epoch": 1, "validators": b"h" * 32}
EVIDENCE = {"epoch": 0, "first": b"one", "second": b"another"}
LINE, SOURCE = ISSUE["lines"][1], ISSUE["sources"][0]


def refusal(body_type, content):
    with pytest.raises(Refusal) as caught:
        codec.typed(body_type).decode(codec.encode(content))
    return caught.value


def line(**changes):
    return [{**LINE, **changes}]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("certificate.issue", ISSUE),
        ("import.confirm", CONFIRM),
        ("node.set", SET),
        ("node.ready", READY),
        ("evidence.equivocation", EVIDENCE),
    ],
)
def test_every_field_is_required_and_no_other_allowed(kind, body):
    reader = codec.typed(KINDS[kind].body)
    assert reader.encode(reader.decode(codec.encode(body))) == codec.encode(body)
    for name in body:
        found = refusal(KINDS[kind].body, {key: value for key, value in body.items() if key != name})
        assert (found.code, found.field, found.details) == (Code.MALFORMED, name, {"reason": "missing"})
    found = refusal(KINDS[kind].body, body | {"exporter": "Kgalagadi Stones"})
    assert (found.code, found.field) == (Code.MALFORMED, "exporter")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"number": "BW123"}, "number", Code.BAD_VALUE),
        ({"number": "BW12345678901"}, "number", Code.BAD_VALUE),
        ({"number": "bw0012345"}, "number", Code.BAD_VALUE),
        ({"number": "BW001234\u0665"}, "number", Code.BAD_VALUE),
        ({"number": "BW0012345\n"}, "number", Code.BAD_VALUE),
        ({"number": 12345}, "number", Code.MALFORMED),
        ({"type": "import"}, "type", Code.BAD_VALUE),
        ({"issued": "2026-02-30"}, "issued", Code.BAD_VALUE),
        ({"validated": "2026-2-03x"}, "validated", Code.BAD_VALUE),
        ({"expires": "never"}, "expires", Code.BAD_VALUE),
        ({"expires": 20260101}, "expires", Code.MALFORMED),
        ({"destination": "A"}, "destination", Code.BAD_VALUE),
        ({"destination": "secretariat"}, "destination", Code.BAD_VALUE),
        ({"parcels": 0}, "parcels", Code.BAD_VALUE),
        ({"parcels": MAX_AMOUNT + 1}, "parcels", Code.BAD_VALUE),
        ({"points": 0}, "points", Code.BAD_VALUE),
        ({"points": -5}, "points", Code.BAD_VALUE),
        ({"points": MAX_AMOUNT + 1}, "points", Code.BAD_VALUE),
        ({"lines": []}, "lines", Code.BAD_VALUE),
        ({"lines": [LINE] * (MAX_LINES + 1)}, "lines", Code.BAD_VALUE),
        ({"lines": line(hs="710239")}, "lines[0].hs", Code.BAD_VALUE),
        ({"lines": line(hs=710231)}, "lines[0].hs", Code.BAD_VALUE),
        ({"lines": line(points=0)}, "lines[0].points", Code.BAD_VALUE),
        ({"lines": line(commitment=bytes(31))}, "lines[0].commitment", Code.BAD_VALUE),
        ({"lines": line(origin=["bw"])}, "lines[0].origin[0]", Code.BAD_VALUE),
        ({"lines": line(origin=None)}, "lines[0].origin", Code.MALFORMED),
        ({"lines": line(zone="z" * (MAX_ZONE_CHARACTERS + 1))}, "lines[0].zone", Code.BAD_VALUE),
        ({"lines": line(zone="")}, "lines[0].zone", Code.NOT_CANONICAL),
        ({"lines": line(zone="Su\u0308d")}, "lines[0].zone", Code.NOT_CANONICAL),
        ({"lines": line(value=5)}, "lines[0].value", Code.MALFORMED),
        ({"sources": [SOURCE] * (MAX_SOURCES + 1)}, "sources", Code.BAD_VALUE),
        ({"sources": [{**SOURCE, "points": 0}]}, "sources[0].points", Code.BAD_VALUE),
        ({"sources": [{**SOURCE, "number": "RU"}]}, "sources[0].number", Code.BAD_VALUE),
        ({"rid": bytes(15)}, "rid", Code.BAD_VALUE),
        ({"sealed": bytes(33)}, "sealed", Code.BAD_VALUE),
        ({"receipt_hash": None}, "receipt_hash", Code.MALFORMED),
        ({"verdict_hash": bytes(31)}, "verdict_hash", Code.BAD_VALUE),
    ],
)
def test_what_an_issue_may_not_say(changes, field, code):
    found = refusal(IssueBody, ISSUE | changes)
    assert (found.field, found.code) == (field, code)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"outcome": "lost"}, "outcome"),
        ({"inspection": "maybe"}, "inspection"),
        ({"seals": "whole"}, "seals"),
        ({"received": "2026-13-01"}, "received"),
        ({"answers": bytes(31)}, "answers"),
        ({"receipt_code": bytes(9)}, "receipt_code"),
        ({"parcels": -1}, "parcels"),
        ({"points": -1}, "points"),
    ],
)
def test_what_a_confirmation_may_not_say(changes, field):
    found = refusal(ConfirmBody, CONFIRM | changes)
    assert (found.field, found.code) == (field, Code.BAD_VALUE)


@pytest.mark.parametrize(
    ("body", "content", "changes", "code"),
    [
        (NodeSetBody, SET, {"address": ""}, Code.BAD_VALUE),
        (NodeSetBody, SET, {"address": "b" * MAX_ADDRESS_CHARACTERS + ":"}, Code.BAD_VALUE),
        (NodeSetBody, SET, {"address": "Su\u0308d:1"}, Code.NOT_CANONICAL),
        (NodeSetBody, SET, {"address": 8700}, Code.MALFORMED),
        (NodeSetBody, SET, {"consensus": bytes(31)}, Code.BAD_VALUE),
        (NodeSetBody, SET, {"cosign": bytes(33)}, Code.BAD_VALUE),
        (NodeSetBody, SET, {"log": "l" * 32}, Code.MALFORMED),
        (NodeSetBody, SET, {"tls": bytes(3)}, Code.BAD_VALUE),
        (NodeSetBody, SET, {"tls": bytes(MAX_TLS_BYTES + 1)}, Code.BAD_VALUE),
        (NodeSetBody, SET, {"validator": 1}, Code.MALFORMED),
        (NodeSetBody, SET, {"validator": None}, Code.MALFORMED),
        (NodeReadyBody, READY, {"epoch": 0}, Code.BAD_VALUE),
        (NodeReadyBody, READY, {"epoch": MAX_EPOCH + 1}, Code.BAD_VALUE),
        (NodeReadyBody, READY, {"epoch": True}, Code.MALFORMED),
        (NodeReadyBody, READY, {"validators": b""}, Code.BAD_VALUE),
        (EquivocationBody, EVIDENCE, {"epoch": -1}, Code.BAD_VALUE),
        (EquivocationBody, EVIDENCE, {"epoch": 2**63}, Code.BAD_VALUE),
        (EquivocationBody, EVIDENCE, {"first": b""}, Code.BAD_VALUE),
        (EquivocationBody, EVIDENCE, {"second": bytes(MAX_VOTE_BYTES + 1)}, Code.BAD_VALUE),
    ],
)
def test_what_a_body_of_nodes_may_not_say(body, content, changes, code):
    found = refusal(body, content | changes)
    assert (found.field, found.code) == (*changes, code)


def test_a_truth_value_is_one_byte_of_its_own():
    """No number stands for it: `true` in any other spelling is another value."""
    reader = codec.typed(NodeSetBody)
    data = codec.encode(SET)
    assert data[-1:] == b"\xc3"
    assert reader.decode(data[:-1] + b"\xc2").validator is False
    for other in (b"\x01", b"\x00", b"\xc0", b"\xa1t"):
        with pytest.raises(Refusal):
            reader.decode(data[:-1] + other)


def test_a_confirmation_has_neither_origin_nor_zone():
    for extra in ({"origin": []}, {"zone": "Jwaneng"}):
        content = CONFIRM | {"lines": [CONFIRM["lines"][0] | extra]}
        assert refusal(ConfirmBody, content).code is Code.MALFORMED


def test_a_missing_parcel_is_an_outcome_with_nothing_measured():
    nothing = CONFIRM | {"lines": [], "points": 0, "parcels": 0, "receipt_code": None, "outcome": "discrepancy"}
    body = codec.typed(ConfirmBody).decode(codec.encode(nothing))
    assert (body.lines, body.points, body.receipt_code) == ((), 0, None)


def test_the_largest_bodies_fit():
    lines = [LINE | {"origin": ["AO", "BW", "CD", "NA", "ZA"], "zone": "z" * MAX_ZONE_CHARACTERS}] * MAX_LINES
    largest = ISSUE | {"lines": lines, "sources": [SOURCE | {"number": "RU0123456789", "points": MAX_AMOUNT}] * MAX_SOURCES}
    body = codec.typed(IssueBody).decode(codec.encode(largest))
    assert len(build_statement("certificate.issue", "BW", 0, body)) < 16 * 1024


def test_a_date_outside_the_calendar_cannot_be_built():
    with pytest.raises(Refusal) as caught:
        msgspec.structs.replace(sealed.issue().made.body, expires="2026-02-29")
    assert caught.value.field == "expires"
