"""`ledger.record`: statements, records, signatures, submissions and batches; every damaged byte ends in a refusal."""

import hashlib
import time

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings

from ledger import codec
from ledger.bodies import KINDS, EquivocationBody, IssueBody, NodeReadyBody, NodeSetBody, SealedBody
from ledger.errors import Code, LedgerError, Refusal
from ledger.limits import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_INSTANT_MS, MAX_RECORD_BYTES
from ledger.record import (
    build_statement,
    encode_batch,
    encode_submission,
    parse_batch,
    parse_record,
    parse_submission,
    record_id,
    sign_statement,
    signing_input,
    valid_public_key,
    verify_records,
)
from tests.support import sealed
from tests.support.sealed import AT, LEDGER, SEED
from tests.unit.test_commitments import NON_CANONICAL, SMALL_ORDER

ISSUE, CONFIRM = sealed.issue(), sealed.confirm()
SAMPLES = pytest.mark.parametrize("sample", [ISSUE, CONFIRM], ids=["issue", "confirm"])
SET = NodeSetBody("bw.example:8700", b"c" * 32, b"o" * 32, b"l" * 32, b"\x30\x02xx", validator=True)
READY = NodeReadyBody(1, b"h" * 32)
EVIDENCE = EquivocationBody(0, b"one vote", b"another")
L = 2**252 + 27742317777372353535851937790883648493


def refusal_of(call, *arguments, **named):
    with pytest.raises(Refusal) as caught:
        call(*arguments, **named)
    return caught.value


def statement_of(**changes):
    content = {
        "at": AT,
        "author": "BW",
        "body": msgspec.to_builtins(ISSUE.record.body, builtin_types=(bytes,)),
        "kind": "certificate.issue",
        "v": 1,
    }
    return codec.encode({name: value for name, value in (content | changes).items() if value is not ...})


def record_of(statement):
    return sign_statement(LEDGER, SEED, statement)


def verdict(raw):
    """Refused by form or by signature: the refusal; None for a valid record."""
    try:
        return verify_records(LEDGER, [parse_record(raw)])[0]
    except Refusal as refusal:
        return refusal


# --- form


@SAMPLES
def test_a_record_says_what_was_signed(sample):
    record = parse_record(sample.raw)
    assert record.body == sample.made.body
    assert record.raw == sample.raw
    assert record.id == hashlib.sha256(b"\0" + sample.raw).digest() == record_id(sample.raw)
    assert record.at == AT
    assert record.key == bindings.crypto_sign_seed_keypair(SEED)[0]
    assert signing_input(LEDGER, record.statement) == b"kpledger/record/v1\0" + LEDGER + record.statement
    assert verify_records(LEDGER, [record]) == [None]
    outer = msgpack.unpackb(sample.raw)
    assert (outer["key"], outer["sig"], outer["statement"]) == (record.key, record.sig, record.statement)
    assert msgpack.unpackb(record.statement)["kind"] == record.kind


bodies_of_an_issue = st.builds(
    lambda parcels, points, zone, origin, sources: msgspec.structs.replace(
        ISSUE.record.body,
        parcels=parcels,
        lines=(msgspec.structs.replace(ISSUE.record.body.lines[0], zone=zone, points=points, origin=tuple(origin)),),
        sources=tuple(msgspec.structs.replace(ISSUE.record.body.sources[0], points=one) for one in sources),
    ),
    st.integers(1, 10**15),
    st.integers(1, 10**15),
    st.sampled_from(["", "Jwaneng", "Süd", "Мирный", "鑽石", "\U0001d53b"]),
    st.lists(st.from_regex(r"[A-Z]{2}", fullmatch=True), max_size=6),
    st.lists(st.integers(1, 10**15), max_size=64),
)


@settings(max_examples=60)
@given(bodies_of_an_issue, st.integers(0, MAX_INSTANT_MS), st.sampled_from(["BW", "secretariat"]))
def test_round_trip(body, at, author):
    statement = build_statement("certificate.issue", author, at, body)
    assert statement == codec.encode(codec.decode(statement))
    record = parse_record(record_of(statement))
    assert (record.body, record.at, record.author) == (body, at, author)
    assert verify_records(LEDGER, [record]) == [None]


@SAMPLES
def test_every_truncation_is_refused(sample):
    for length in range(len(sample.raw)):
        assert refusal_of(parse_record, sample.raw[:length]).code is Code.MALFORMED
    for length in range(0, len(sample.submission), 3):
        assert refusal_of(parse_submission, sample.submission[:length]).code is Code.MALFORMED


@SAMPLES
def test_every_flipped_bit_of_a_record_is_refused(sample):
    for bit in range(8 * len(sample.raw)):
        flipped = bytearray(sample.raw)
        flipped[bit // 8] ^= 1 << bit % 8
        assert isinstance(verdict(bytes(flipped)), LedgerError), bit


@SAMPLES
def test_every_flipped_byte_of_a_submission_is_refused(sample):
    for place in range(len(sample.submission) * 8 // 7):
        position, bit = place * 7 // 8, place * 7 % 8
        flipped = bytearray(sample.submission)
        flipped[position] ^= 1 << bit
        try:
            submission = parse_submission(bytes(flipped))
        except Refusal:
            continue
        assert verify_records(LEDGER, [submission.record]) != [None], (position, bit)


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_refusal(data):
    for call in (parse_record, parse_submission, parse_batch):
        try:
            call(data)
        except Refusal:
            continue
        assert call is parse_batch


@settings(max_examples=200)
@given(st.integers(0, 699), st.binary(max_size=12), st.integers(0, 20))
def test_any_splice_ends_in_a_refusal(position, inserted, removed):
    raw = ISSUE.raw[:position] + inserted + ISSUE.raw[position + removed :]
    assert raw == ISSUE.raw or verdict(raw) is not None


@pytest.mark.parametrize(
    ("statement", "code", "field"),
    [
        (b"", Code.MALFORMED, "statement"),
        (b"\xc0", Code.MALFORMED, "kind"),
        (b"\x91" * 3000, Code.TOO_DEEP, "statement"),
        (codec.encode([]), Code.MALFORMED, "kind"),
        (codec.encode({}), Code.MALFORMED, "kind"),
        (codec.encode({"kind": 1}), Code.MALFORMED, "kind"),
        (statement_of(kind=...), Code.MALFORMED, "kind"),
        (statement_of(kind="certificate.forge"), Code.UNKNOWN_KIND, "kind"),
        (statement_of(kind=""), Code.UNKNOWN_KIND, "kind"),
        (statement_of(kind="import.confirm"), Code.MALFORMED, "destination"),
        (statement_of(v=2), Code.BAD_VALUE, "v"),
        (statement_of(v=True), Code.BAD_VALUE, "v"),
        (statement_of(v=...), Code.MALFORMED, "v"),
        (statement_of(at=-1), Code.BAD_VALUE, "at"),
        (statement_of(at=MAX_INSTANT_MS + 1), Code.BAD_VALUE, "at"),
        (statement_of(at=...), Code.MALFORMED, "at"),
        (statement_of(author="bw"), Code.BAD_VALUE, "author"),
        (statement_of(author="BW "), Code.BAD_VALUE, "author"),
        (statement_of(body=[]), Code.MALFORMED, "body"),
        (statement_of(extra=1), Code.MALFORMED, "extra"),
        (statement_of(zzz=1), Code.MALFORMED, "zzz"),
    ],
)
def test_statements_that_are_refused(statement, code, field):
    raw = codec.encode({"key": bytes(32), "sig": bytes(64), "statement": statement})
    refusal = refusal_of(parse_record, raw)
    assert (refusal.code, refusal.field) == (code, field)


def test_refusals_carry_figures():
    assert refusal_of(parse_record, record_raw(statement_of(kind="certificate.forge"))).details == {
        "given": "certificate.forge",
        "expected": " ".join(KINDS),
    }
    assert refusal_of(parse_record, record_raw(statement_of(at=-1))).details == {"given": -1, "limit": 0}
    body = {**msgspec.to_builtins(ISSUE.record.body, builtin_types=(bytes,)), "points": 0}
    refusal = refusal_of(parse_record, record_raw(statement_of(body=body)))
    assert refusal.problem() == {"error": "bad-value", "field": "points", "given": "0.00", "limit": "0.01"}


def record_raw(statement):
    return codec.encode({"key": bytes(32), "sig": bytes(64), "statement": statement})


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"key": bytes(31)}, Code.BAD_VALUE, "key"),
        ({"sig": bytes(65)}, Code.BAD_VALUE, "sig"),
        ({"statement": "text"}, Code.MALFORMED, "statement"),
        ({"more": 1}, Code.MALFORMED, "more"),
    ],
)
def test_the_outer_map_is_strict(changes, code, field):
    raw = codec.encode({"key": bytes(32), "sig": bytes(64), "statement": ISSUE.record.statement} | changes)
    refusal = refusal_of(parse_record, raw)
    assert (refusal.code, refusal.field) == (code, field)


def test_a_kind_hidden_in_a_text_is_not_the_kind():
    # The last byte of the zone's "ä" and what follows look like the key `kind`.
    body = msgspec.to_builtins(ISSUE.record.body, builtin_types=(bytes,))
    body["lines"][0]["zone"] = "Ääkind\u00b1import.confirm"
    assert parse_record(record_raw(statement_of(body=body))).kind == "certificate.issue"
    assert refusal_of(parse_record, record_raw(statement_of(body=body, kind="ä\u0131kind"))).code is Code.UNKNOWN_KIND


@pytest.mark.parametrize("respelled", ["order", "long length", "long integer", "long text"])
def test_another_spelling_is_refused(respelled):
    statement = ISSUE.record.statement
    if respelled == "order":
        statement = msgpack.packb({"v": 1, **{k: v for k, v in msgpack.unpackb(statement).items() if k != "v"}})
        code = Code.NOT_CANONICAL
    elif respelled == "long length":
        statement, code = b"\xde\x00\x05" + statement[1:], Code.NOT_CANONICAL
    elif respelled == "long integer":
        statement, code = statement[:-1] + b"\xcc\x01", Code.NOT_CANONICAL
    else:
        statement, code = statement.replace(b"\xa4kind", b"\xd9\x04kind"), Code.NOT_CANONICAL
    refusal = refusal_of(parse_record, record_raw(statement))
    assert (refusal.code, refusal.field) == (code, "statement")
    if respelled == "long length":
        outer = b"\xde\x00\x03" + ISSUE.raw[1:]
        assert refusal_of(parse_record, outer).code is Code.NOT_CANONICAL


def test_a_statement_is_checked_before_it_is_signed():
    body = ISSUE.record.body
    assert refusal_of(build_statement, "certificate.forge", "BW", AT, body).code is Code.UNKNOWN_KIND
    assert refusal_of(build_statement, "import.confirm", "BW", AT, body).code is Code.MALFORMED
    assert refusal_of(build_statement, "certificate.issue", "Botswana", AT, body).field == "author"
    assert refusal_of(build_statement, "certificate.issue", "BW", -1, body).field == "at"
    assert refusal_of(sign_statement, LEDGER, SEED, bytes(MAX_RECORD_BYTES)).code is Code.TOO_LARGE


def test_every_kind_has_a_reader():
    sealed = {"certificate.issue", "certificate.amend", "import.confirm", "import.correct", "paper.import", "technical.issue"}
    assert {name for name, kind in KINDS.items() if kind.sealed} == sealed
    assert all(issubclass(kind.body, SealedBody) is kind.sealed for kind in KINDS.values())
    for kind, body in (("node.set", SET), ("node.ready", READY), ("evidence.equivocation", EVIDENCE)):
        record = parse_record(record_of(build_statement(kind, "BW", AT, body)))
        assert (record.kind, record.body) == (kind, body)
        assert verify_records(LEDGER, [record]) == [None]
        submission = parse_submission(record.raw)
        assert (submission.record.id, submission.envelope, submission.header) == (record.id, None, None)
        with_envelope = encode_submission(record.raw, ISSUE.envelope)
        assert refusal_of(parse_submission, with_envelope).code is Code.ENVELOPE_UNEXPECTED
        assert verdict(record.raw[:-1] + bytes((record.raw[-1] ^ 1,))) is not None


@pytest.mark.parametrize("opening", [b"\x91", b"\x90", b"\x80", b"\x01", b"\xa2\xc3\xa9", b"\xc4\x00"])
def test_bombs_cost_little(opening):
    filled = b"\xdd\x00\x00\x20\x00" + opening * (MAX_RECORD_BYTES // len(opening))
    started = time.process_time()
    for data in (filled[:MAX_RECORD_BYTES], record_raw(filled[: MAX_RECORD_BYTES - 200]), filled * 100):
        assert isinstance(verdict(data), Refusal)
    assert time.process_time() - started < 1


# --- signatures


@SAMPLES
def test_a_signature_counts_for_one_ledger_and_one_purpose(sample):
    other = hashlib.sha256(b"another ledger").digest()
    [refusal] = verify_records(other, [sample.record])
    assert (refusal.code, refusal.field) == (Code.BAD_SIGNATURE, "sig")
    public, secret = bindings.crypto_sign_seed_keypair(SEED)
    for tag in (b"", b"kpledger/vote/v1\0", b"kpledger/record/v1", b"kpledger/record/v2\0"):
        sig = bindings.crypto_sign(tag + LEDGER + sample.record.statement, secret)[:64]
        raw = codec.encode({"key": public, "sig": sig, "statement": sample.record.statement})
        assert verdict(raw).code is Code.BAD_SIGNATURE


def test_records_are_judged_one_by_one():
    wrong = msgspec.structs.replace(CONFIRM.record, sig=ISSUE.record.sig)
    found = verify_records(LEDGER, [ISSUE.record, wrong, CONFIRM.record])
    assert [None if one is None else one.code for one in found] == [None, Code.BAD_SIGNATURE, None]
    assert verify_records(LEDGER, []) == []


def test_an_unreduced_signature_is_refused():
    sig = ISSUE.record.sig
    s = int.from_bytes(sig[32:], "little") + L
    wrong = msgspec.structs.replace(ISSUE.record, sig=sig[:32] + s.to_bytes(32, "little"))
    assert verify_records(LEDGER, [wrong])[0].code is Code.BAD_SIGNATURE


@pytest.mark.parametrize("point", SMALL_ORDER + NON_CANONICAL)
def test_edge_case_keys_and_points_are_refused(point):
    data = bytes.fromhex(point)
    assert not valid_public_key(data)
    # With a key of small order, R = key and S = 0 would satisfy a lax equation for every message.
    for sig in (data + bytes(32), b"\1" + bytes(63), ISSUE.record.sig[:32] + bytes(32)):
        wrong = msgspec.structs.replace(ISSUE.record, key=data, sig=sig)
        assert verify_records(LEDGER, [wrong])[0].code is Code.BAD_SIGNATURE
    wrong = msgspec.structs.replace(ISSUE.record, sig=data + ISSUE.record.sig[32:])
    assert verify_records(LEDGER, [wrong])[0].code is Code.BAD_SIGNATURE


def test_a_key_with_a_torsion_component_is_not_registered():
    public = bindings.crypto_sign_seed_keypair(SEED)[0]
    assert valid_public_key(public)
    mixed = bindings.crypto_core_ed25519_add(public, bytes.fromhex(SMALL_ORDER[4]))
    assert not valid_public_key(mixed)
    assert not valid_public_key(public[:31])
    assert not valid_public_key(public + b"\0")
    assert not valid_public_key((2).to_bytes(32, "little"))


@pytest.mark.parametrize("commitment", [b"\1" + bytes(31), bytes.fromhex(NON_CANONICAL[2]), (2).to_bytes(32, "little")])
@SAMPLES
def test_a_signed_commitment_must_be_a_point(sample, commitment):
    body = sample.record.body
    lines = (body.lines[0], msgspec.structs.replace(body.lines[1], commitment=commitment))
    statement = build_statement(sample.record.kind, "BW", AT, msgspec.structs.replace(body, lines=lines))
    refusal = verdict(record_of(statement))
    assert (refusal.code, refusal.field) == (Code.BAD_COMMITMENT, "lines[1].commitment")


# --- submissions and batches


@SAMPLES
def test_a_submission_holds_record_and_envelope(sample):
    submission = parse_submission(sample.submission)
    assert (submission.record.raw, submission.envelope) == (sample.raw, sample.envelope)
    assert submission.header.rid == sample.record.body.rid
    assert encode_submission(sample.raw, sample.envelope) == sample.submission
    assert encode_submission(sample.raw) == sample.raw


def test_a_sealed_kind_needs_its_envelope_unless_it_was_pruned():
    refusal = refusal_of(parse_submission, ISSUE.raw)
    assert (refusal.code, refusal.details) == (Code.ENVELOPE_MISSING, {"kind": "certificate.issue"})
    pruned = parse_submission(ISSUE.raw, envelope_required=False)
    assert (pruned.record.id, pruned.envelope, pruned.header) == (ISSUE.record.id, None, None)


def test_the_envelope_must_be_the_statements():
    refusal = refusal_of(parse_submission, encode_submission(ISSUE.raw, sealed.confirm(seed=1).envelope))
    assert (refusal.code, refusal.field) == (Code.ENVELOPE_HASH, "rid")
    refusal = refusal_of(parse_submission, encode_submission(ISSUE.raw, sealed.issue(seed=0, ledger=bytes(32)).envelope))
    assert (refusal.code, refusal.field) == (Code.ENVELOPE_HASH, "sealed")


def test_an_envelope_with_an_unsealed_kind_is_refused(monkeypatch):
    monkeypatch.setitem(KINDS, "certificate.issue", type(KINDS["certificate.issue"])(IssueBody, sealed=False))
    assert refusal_of(parse_submission, ISSUE.submission).code is Code.ENVELOPE_UNEXPECTED
    assert parse_submission(ISSUE.raw).envelope is None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"envelope": b"", "record": b""}, Code.MALFORMED),
        ({"envelope": bytes(30_000), "record": ISSUE.raw}, Code.TOO_LARGE),
        ({"envelope": bytes(30_000), "record": b""}, Code.TOO_LARGE),
        ({"envelope": ISSUE.envelope, "record": bytes(33_000)}, Code.TOO_LARGE),
        ({"envelope": ISSUE.envelope, "recorD": ISSUE.raw}, Code.MALFORMED),
        ({"envelope": None, "record": ISSUE.raw}, Code.MALFORMED),
    ],
)
def test_submissions_that_are_none(content, code):
    assert refusal_of(parse_submission, msgpack.packb(content)).code is code


def test_a_batch_goes_there_and_back():
    for batch in ([], [b""], [ISSUE.submission, CONFIRM.submission], [ISSUE.raw] * MAX_BATCH_RECORDS):
        assert parse_batch(encode_batch(batch)) == batch


def test_a_batch_is_bounded():
    many = [b""] * (MAX_BATCH_RECORDS + 1)
    limits = {"given": MAX_BATCH_RECORDS + 1, "limit": MAX_BATCH_RECORDS}
    assert refusal_of(encode_batch, many).details == limits
    assert refusal_of(parse_batch, msgpack.packb(many)).details == limits
    refusal = refusal_of(parse_batch, b"\xdd\xff\xff\xff\xff")
    assert (refusal.code, refusal.details["given"]) == (Code.TOO_LARGE, 2**32 - 1)
    assert refusal_of(parse_batch, bytes(MAX_BATCH_BYTES + 1)).code is Code.TOO_LARGE
    assert refusal_of(encode_batch, [bytes(MAX_BATCH_BYTES)]).code is Code.TOO_LARGE
    assert refusal_of(parse_batch, msgpack.packb(["text"])).code is Code.MALFORMED
    assert refusal_of(parse_batch, b"\xdc\x00\x01\xc4\x00").code is Code.NOT_CANONICAL
