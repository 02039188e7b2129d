"""`ledger.jsonform` and `ledger.drafts`: what an officer writes, what is made of it, and what is shown."""

import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.drafts import (
    code_text,
    make_confirm,
    make_equivocation,
    make_issue,
    make_node_ready,
    make_node_set,
    parse_code,
    receipt_hash,
    verdict_hash,
)
from ledger.errors import Code, Refusal
from ledger.jsonform import body_to_json, confirm_from_json, issue_from_json, record_to_json
from ledger.limits import MAX_LINES, MAX_OFFICER_FILE_BYTES, MAX_SOURCES
from ledger.participants import Node
from ledger.record import build_statement, parse_record, sign_statement
from ledger.unsealing import open_envelope
from tests.outside.records import receipt_hash as outside_receipt_hash
from tests.outside.records import verdict_hash as outside_verdict_hash
from tests.support import sealed
from tests.support.sealed import LEDGER, PARTY, READERS, SECRETS, randomness

LINE = {"hs": "710231", "origin": ["BW"], "carats": "12.34", "value": "2500.00", "zone": "Jwaneng-Süd"}
ISSUE = {
    "number": "BW0012345",
    "type": "export",
    "issued": "2026-09-18",
    "validated": "2026-09-18",
    "expires": "2026-11-17",
    "destination": "AE",
    "parcels": 1,
    "carats": "12.34",
    "lines": [LINE],
    "sources": [{"number": "RU0000042", "carats": "1.00"}],
    "sealed": {
        "exporter": PARTY,
        "importer": PARTY,
        "invoice": "INV-1",
        "route": "GBE-DXB",
        "remarks": "",
        "seals": ["S-1", "S-2"],
    },
}
CONFIRM = {
    "number": "BW0012345",
    "outcome": "confirmed",
    "received": "2026-09-21",
    "parcels": 1,
    "carats": "12.34",
    "lines": [{"hs": "710231", "carats": "12.34", "value": "2500.00"}],
    "inspection": "opened",
    "seals": "intact",
    "receipt_code": "AAAQEAYEAUDAOCAJ",
    "answers": "00" * 32,
}


def issue(**changes):
    return issue_from_json(json.dumps(with_changes(ISSUE, changes)).encode())


def confirm(**changes):
    return confirm_from_json(json.dumps(with_changes(CONFIRM, changes)).encode())


def with_changes(base, changes):
    return {name: value for name, value in (base | changes).items() if value is not ...}


def refusal_of(call, *arguments, **named):
    with pytest.raises(Refusal) as caught:
        call(*arguments, **named)
    return caught.value


# --- an officer's file


def test_a_certificates_file_is_read():
    draft = issue()
    assert (draft.number, draft.type, draft.destination, draft.parcels) == ("BW0012345", "export", "AE", 1)
    assert (draft.issued, draft.validated, draft.expires) == ("2026-09-18", "2026-09-18", "2026-11-17")
    [line] = draft.lines
    assert (line.hs, line.points, line.cents, line.origin, line.zone) == ("710231", 1234, 250_000, ("BW",), "Jwaneng-Süd")
    assert [(source.number, source.points) for source in draft.sources] == [("RU0000042", 100)]
    assert draft.sealed == ISSUE["sealed"]


def test_what_may_be_left_out_of_a_certificate():
    draft = issue(carats=..., sources=..., sealed=..., lines=[{k: v for k, v in LINE.items() if k != "zone"}])
    assert (draft.sources, draft.sealed, draft.lines[0].zone) == ((), {}, "")


def test_a_confirmations_file_is_read():
    draft = confirm()
    assert (draft.number, draft.outcome, draft.received, draft.parcels) == ("BW0012345", "confirmed", "2026-09-21", 1)
    assert (draft.inspection, draft.seals) == ("opened", "intact")
    assert (draft.receipt_code, draft.answers) == (bytes(range(10)), bytes(32))
    assert [(line.hs, line.points, line.cents) for line in draft.lines] == [("710231", 1234, 250_000)]
    for absent in (None, ...):
        draft = confirm(receipt_code=absent, answers=absent)
        assert (draft.receipt_code, draft.answers) == (None, None)
    assert confirm(lines=[], carats="0.00", parcels=0, outcome="discrepancy").lines == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *(({name: ...}, name) for name in ISSUE if name not in {"carats", "sources", "sealed"}),
        ({"exporter": "Kgalagadi"}, "exporter"),
        ({"number": 12345}, "number"),
        ({"number": ""}, "number"),
        ({"issued": "18.09.2026"}, "issued"),
        ({"expires": "2026-02-29"}, "expires"),
        ({"parcels": 0}, "parcels"),
        ({"parcels": "1"}, "parcels"),
        ({"parcels": True}, "parcels"),
        ({"carats": 12}, "carats"),
        ({"lines": []}, "lines"),
        ({"lines": [LINE] * (MAX_LINES + 1)}, "lines"),
        ({"lines": {}}, "lines"),
        ({"lines": [LINE, 5]}, "lines[1]"),
        ({"lines": [LINE | {"carats": 12}]}, "lines[0].carats"),
        ({"lines": [LINE | {"carats": "0"}]}, "lines[0].carats"),
        ({"lines": [LINE | {"carats": "12.345"}]}, "lines[0].carats"),
        ({"lines": [LINE | {"carats": "-1"}]}, "lines[0].carats"),
        ({"lines": [LINE | {"value": "1e3"}]}, "lines[0].value"),
        ({"lines": [LINE | {"value": None}]}, "lines[0].value"),
        ({"lines": [LINE | {"points": 1234}]}, "lines[0].points"),
        ({"lines": [LINE | {"zone": ""}]}, "lines[0].zone"),
        ({"lines": [LINE | {"origin": "BW"}]}, "lines[0].origin"),
        ({"lines": [LINE | {"origin": [1]}]}, "lines[0].origin[0]"),
        ({"sources": [{"number": "RU0000042"}]}, "sources[0].carats"),
        ({"sources": [{"number": "RU0000042", "carats": "1", "points": 1}]}, "sources[0].points"),
        ({"sources": [{"number": "RU0000042", "carats": "0.00"}]}, "sources[0].carats"),
        ({"sources": [{"number": "RU0000042", "carats": "1"}] * (MAX_SOURCES + 1)}, "sources"),
        ({"sealed": []}, "sealed"),
        ({"sealed": {"price": "1"}}, "sealed.price"),
        ({"sealed": {"values": []}}, "sealed.values"),
        ({"sealed": {"exporter": "Kgalagadi"}}, "sealed.exporter"),
        ({"sealed": {"exporter": PARTY | {"phone": "1"}}}, "sealed.exporter.phone"),
        ({"sealed": {"importer": {"name": "x", "licence": "y"}}}, "sealed.importer.address"),
        ({"sealed": {"invoice": 5}}, "sealed.invoice"),
        ({"sealed": {"seals": "S-1"}}, "sealed.seals"),
        ({"sealed": {"seals": ["S-1", ""]}}, "sealed.seals[1]"),
        ({"sealed": {"remarks": "e\u0301"}}, "sealed.remarks"),
    ],
)
def test_a_fault_in_a_certificates_file_is_named(changes, field):
    refusal = refusal_of(issue, **changes)
    assert (refusal.code, refusal.field) == (Code.BAD_VALUE, field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *(({name: ...}, name) for name in CONFIRM if name not in {"carats", "receipt_code", "answers"}),
        ({"destination": "AE"}, "destination"),
        ({"parcels": -1}, "parcels"),
        ({"received": ""}, "received"),
        ({"answers": "00" * 31}, "answers"),
        ({"answers": "0G" * 32}, "answers"),
        ({"receipt_code": "AAAQEAYEAUDAOCA"}, "receipt_code"),
        ({"receipt_code": "0000000000000001"}, "receipt_code"),
        ({"receipt_code": 7}, "receipt_code"),
        ({"lines": [LINE]}, "lines[0].origin"),
    ],
)
def test_a_fault_in_a_confirmations_file_is_named(changes, field):
    refusal = refusal_of(confirm, **changes)
    assert (refusal.code, refusal.field) == (Code.BAD_VALUE, field)


@pytest.mark.parametrize("read", [issue, confirm])
def test_the_total_must_be_the_lines_sum(read):
    refusal = refusal_of(read, carats="12.35")
    assert refusal.problem() == {"error": "carats-differ-from-lines", "field": "carats", "given": "12.35", "limit": "12.34"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"nil",
        b"{",
        b'{"number": 1.5}',
        b'{"number": NaN}',
        b'{"a": 1, "a": 1}',
        b"\xff",
        b"[" * 100_000,
        b"{}" + bytes(9),
        b" " * (MAX_OFFICER_FILE_BYTES + 1),
    ],
)
def test_files_that_are_no_strict_json(data):
    for read in (issue_from_json, confirm_from_json):
        assert refusal_of(read, data).code is Code.BAD_VALUE


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ISSUE, *CONFIRM]), inner, max_size=12),
        max_leaves=30,
    )
)
def test_any_json_ends_in_a_refusal(content):
    data = json.dumps(content).encode()
    for read in (issue_from_json, confirm_from_json):
        assert refusal_of(read, data).code is Code.BAD_VALUE


# --- from draft to body


def test_a_draft_becomes_a_body_with_fresh_codes():
    one, other = (make_issue(LEDGER, issue(), READERS, secrets.token_bytes) for _ in range(2))
    assert one.body.points == 1234
    assert (one.body.number, one.body.type, one.body.destination) == ("BW0012345", "export", "AE")
    assert len(one.receipt_code) == len(one.verdict_code) == 10
    assert len({one.receipt_code, one.verdict_code, other.receipt_code, other.verdict_code}) == 4
    assert (
        one.body.receipt_hash
        == receipt_hash("BW0012345", one.receipt_code)
        == outside_receipt_hash("BW0012345", one.receipt_code)
    )
    assert (
        one.body.verdict_hash
        == verdict_hash("BW0012345", one.verdict_code)
        == outside_verdict_hash("BW0012345", one.verdict_code)
    )
    assert one.body.rid != other.body.rid
    assert one.body.lines[0].commitment != other.body.lines[0].commitment
    assert build_statement("certificate.issue", "BW", 0, one.body)
    # The receipt code is in no envelope and in no statement.
    for secret in (one.receipt_code, code_text(one.receipt_code).encode()):
        assert secret not in build_statement("certificate.issue", "BW", 0, one.body)
        assert secret not in repr(open_envelope(LEDGER, one.envelope, "AE", SECRETS["AE"])).encode()


def test_a_confirmation_needs_the_record_that_it_answers():
    refusal = refusal_of(make_confirm, LEDGER, confirm(answers=...), READERS, randomness())
    assert (refusal.code, refusal.field) == (Code.BAD_VALUE, "answers")
    made = make_confirm(LEDGER, confirm(), READERS, randomness())
    assert build_statement("import.confirm", "AE", 0, made.body)
    assert (made.body.receipt_code, made.body.answers, made.body.points) == (bytes(range(10)), bytes(32), 1234)


def test_what_only_the_schema_knows_is_refused_before_signing():
    for changes, field in (
        ({"type": "import"}, "type"),
        ({"number": "BW1"}, "number"),
        ({"destination": "AEX"}, "destination"),
    ):
        made = make_issue(LEDGER, issue(**changes), READERS, randomness())
        assert refusal_of(build_statement, "certificate.issue", "BW", 0, made.body).field == field


# --- codes as printed


@given(st.binary(min_size=10, max_size=10))
def test_codes_are_read_as_they_are_printed(code):
    text = code_text(code)
    assert len(text) == 16
    for typed in (
        text,
        text.lower(),
        " ".join((text[:4], text[4:8], text[8:12], text[12:])),
        f"{text[:8]}-{text[8:]}",
        code.hex(),
    ):
        assert parse_code(typed) == code


@pytest.mark.parametrize("text", ["", "A" * 15, "A" * 17, "A" * 24, "1" * 16, "zz" * 10, "é" * 16, "A" * 14 + "==", "00" * 11])
def test_what_is_no_code(text):
    refusal = refusal_of(parse_code, text, "code")
    assert (refusal.code, refusal.field, refusal.details["given"]) == (Code.BAD_VALUE, "code", text)


# --- records as JSON


def test_a_record_is_shown_with_decimal_texts_and_hex():
    sample = sealed.issue()
    shown = record_to_json(sample.record)
    assert json.loads(json.dumps(shown)) == shown
    assert shown | {"body": 0} == {
        "id": sample.record.id.hex(),
        "key": sample.record.key.hex(),
        "sig": sample.record.sig.hex(),
        "kind": "certificate.issue",
        "author": "BW",
        "at": sealed.AT,
        "body": 0,
    }
    body = shown["body"]
    assert body["carats"] == "9103.00"
    assert "points" not in body
    assert body["lines"][0] == {
        "commitment": sample.record.body.lines[0].commitment.hex(),
        "hs": "710231",
        "origin": ["BW"],
        "carats": "8700.00",
        "zone": "Jwaneng-Süd",
    }
    assert "zone" not in body["lines"][1]
    assert body["sources"] == [{"number": "RU0000042", "carats": "120.00"}]
    assert body["rid"] == sample.record.body.rid.hex()


def test_bodies_without_a_sealed_part_are_shown_whole():
    node = Node("BW", "bw.example:8700", b"c" * 32, b"l" * 32, b"o" * 32, b"0\2xx", validator=False)
    statements = [
        make_node_set("BW", sealed.AT, node),
        make_node_ready("BW", sealed.AT, 3, b"h" * 32),
        make_equivocation("BW", sealed.AT, 2, b"one", b"another"),
    ]
    shown = [record_to_json(parse_record(sign_statement(sealed.LEDGER, sealed.SEED, statement))) for statement in statements]
    assert json.loads(json.dumps(shown)) == shown
    assert [(record["kind"], record["author"], record["at"]) for record in shown] == [
        (kind, "BW", sealed.AT) for kind in ("node.set", "node.ready", "evidence.equivocation")
    ]
    assert [record["body"] for record in shown] == [
        {
            "address": "bw.example:8700",
            "consensus": "63" * 32,
            "cosign": "6f" * 32,
            "log": "6c" * 32,
            "tls": "30027878",
            "validator": False,
        },
        {"epoch": 3, "validators": "68" * 32},
        {"epoch": 2, "first": "6f6e65", "second": "616e6f74686572"},
    ]
    assert refusal_of(make_node_ready, "BW", sealed.AT, 0, b"h" * 32).field == "epoch"
    assert refusal_of(make_equivocation, "BW", sealed.AT, 0, b"", b"x").field == "first"
    assert refusal_of(make_node_set, "bw", sealed.AT, node).field == "author"


def test_a_confirmation_without_a_code_says_so():
    shown = body_to_json(sealed.confirm(receipt_code=None).record.body)
    assert shown["receipt_code"] is None
    assert body_to_json(sealed.confirm().record.body)["receipt_code"] == "00010203040506070809"
