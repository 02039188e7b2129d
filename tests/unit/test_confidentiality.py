"""What confidentiality promises (3-confidentiality.md, "What must be tested"), where each promise has its test, and the rest of them.

| promise | test |
|---|---|
| salts random, never reused | test_envelope: salts_keys_and_decoys_are_random_and_never_repeat; test_commitments: blindings_never_repeat |
| ciphertext length independent of names | test_envelope: lengths_do_not_tell_names, padding_has_three_sizes |
| no two shipments share 16 equal bytes | test_envelope: two_shipments_share_nothing_outside_fixed_headers; test_sharing: no_two_wraps_are_alike |
| moved wrap, ciphertext | test_envelope: a_part_of_another_record_does_not_fit, wrap_and_ciphertext_together_...; test_sharing: a_wrap_opens_nothing_else |
| moved commitment | test_envelope: the_commitment_of_another_line_or_record_..., content_that_breaks_its_commitments_... (field); here (record) |
| another ledger | here, with signature; test_envelope: wrong_key_and_damage_look_alike |
| same error for wrong key and corrupt | test_envelope: wrong_key_and_damage_look_alike; test_sharing: a_wrap_opens_nothing_else, a_damaged_wrap_... |
| canaries in data, logs, metrics, answers | cluster/test_confidential: every GET of the OpenAPI document, as everybody; figures of others: test_node_appraisal |
| canaries in tracebacks | here |
| v = 0, r = 0, sums that cancel, 5,000 terms | test_commitments; as returns: test_rules_returns |
| unreduced and non-canonical scalars, points | test_commitments; in records: test_record: edge_case_keys_and_points_are_refused |
"""

import re
import traceback
from pathlib import Path

import msgspec
import pytest
import structlog

from ledger import codec
from ledger.drafts import make_amend, make_confirm, make_issue
from ledger.envelope import field_commitment, seal
from ledger.errors import Code, Refusal
from ledger.jsonform import issue_from_json
from ledger.record import encode_submission, parse_submission, verify_records
from ledger.unsealing import check_values, disclose, open_envelope, open_wrapped, rewrap, wrap_of
from node.logs import configure, get_logger
from tests.support import sealed
from tests.support.sealed import ISSUE, LEDGER, PARTY, READERS, SECRETS, randomness
from tests.unit.test_envelope import COMMITTED, RID, SALT, commitments, forged, opened, unreadable

HERE = Path(__file__)
OTHER_LEDGER = bytes(range(32))
NAME, REMARK, CENTS = "CANARY Trading and Sons", "CANARY stones", 7_777_123_451
PLANTED = {"exporter": {**PARTY, "name": NAME}, "remarks": REMARK, "values": [[CENTS, b"\1" + bytes(31)]]}
NEEDLES = ("CANARY", str(CENTS), "77771234.51")


def test_the_tests_that_are_named_exist():
    promises = re.findall(r"^\| [^|]+ \| (.+) \|$", __doc__, flags=re.MULTILINE)[2:]
    for promise in promises:
        for part in promise.split("; "):
            file, _, names = part.partition(": ")
            if not file.rpartition("/")[2].startswith("test_"):
                continue
            text = (HERE.parents["/" in file] / f"{file.split(' ')[-1]}.py").read_text(encoding="utf-8")
            for name in re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+_?", names):
                assert f"def test_{name.rstrip('_')}" in text, (file, name)


# --- moved


def test_a_fields_commitment_of_another_record_does_not_fit():
    """The same name, salt and value under another rid: whoever knows the content of one record says nothing about another."""
    other = sealed.issue(seed=1).record.body.rid
    assert field_commitment(RID, "invoice", SALT, "INV-9") == COMMITTED
    moved = field_commitment(other, "invoice", SALT, "INV-9")
    content = codec.encode({"invoice": [SALT, "INV-9"]})
    assert opened(forged(content, commitments=commitments(invoice=COMMITTED))) == {"invoice": "INV-9"}
    assert unreadable(forged(content, commitments=commitments(invoice=moved)))


@pytest.mark.parametrize("made", [sealed.issue(), sealed.confirm()], ids=["issue", "confirm"])
def test_a_record_of_another_ledger_is_neither_signed_nor_opened_here(made):
    assert verify_records(LEDGER, [made.record]) == [None]
    (refusal,) = verify_records(OTHER_LEDGER, [made.record])
    assert refusal.code is Code.BAD_SIGNATURE
    assert open_envelope(LEDGER, made.envelope, "AE", SECRETS["AE"])
    assert unreadable(made.envelope, ledger=OTHER_LEDGER)


def makers():
    """An envelope of each way to make one, and the record that it belongs to."""
    printed = bytes(32), bytes(32)
    yield "issue", lambda rng: make_issue(LEDGER, ISSUE, READERS, rng)
    yield "amend", lambda rng: make_amend(LEDGER, ISSUE, printed, bytes(32), READERS, rng)
    yield "confirm", lambda rng: make_confirm(LEDGER, sealed.CONFIRM, READERS, rng)


@pytest.mark.parametrize(("name", "make"), [*makers()], ids=lambda value: value if isinstance(value, str) else "")
def test_an_envelope_belongs_to_one_record(name, make):
    kind = {"issue": "certificate.issue", "amend": "certificate.amend", "confirm": "import.confirm"}[name]
    one, other = make(randomness(1)), make(randomness(2))
    signed = sealed.sign(kind, one.body)
    assert parse_submission(encode_submission(signed, one.envelope)).record.body == one.body
    with pytest.raises(Refusal) as caught:
        parse_submission(encode_submission(signed, other.envelope))
    assert caught.value.code is Code.ENVELOPE_HASH


# --- tracebacks


def failures():
    """What goes wrong around opened content, each with the content in its frames."""
    made = seal(LEDGER, RID, PLANTED, READERS, randomness(3))
    fields = open_envelope(LEDGER, made.envelope, "AE", SECRETS["AE"])
    assert NAME in str(fields)
    spoilt = bytearray(made.envelope)
    spoilt[200] ^= 1
    lines = sealed.issue().record.body.lines[:1]
    far = {**PLANTED, "remarks": REMARK * 2_000}
    file = msgspec.json.encode({"number": "BW0000001", "sealed": {"exporter": {"name": NAME}, "remarks": REMARK}})
    yield "the wrong key", lambda: open_envelope(LEDGER, made.envelope, "AE", SECRETS["BW"])
    yield "damaged", lambda: open_envelope(LEDGER, bytes(spoilt), "secretariat", SECRETS["secretariat"])
    yield "not for this reader", lambda: open_envelope(LEDGER, made.envelope, "RU", SECRETS["AE"])
    yield "a false commitment", lambda: opened(forged(codec.encode({"remarks": [SALT, REMARK]})))
    yield "values of other lines", lambda: check_values(fields, lines)
    yield "no such field", lambda: disclose(LEDGER, made.envelope, "AE", SECRETS["AE"], "invoice")
    yield "another's wrap", lambda: open_wrapped(LEDGER, made.envelope, wrap_of(made.envelope, "AE"), SECRETS["BW"])
    yield (
        "handed on to no key",
        lambda: rewrap(LEDGER, made.envelope, wrap_of(made.envelope, "AE"), SECRETS["AE"], bytes(32), randomness(4)),
    )
    yield "too long", lambda: seal(LEDGER, RID, far, READERS, randomness(3))
    yield "no canonical form", lambda: seal(LEDGER, RID, {**PLANTED, "seals": [0.5]}, READERS, randomness(3))
    yield "an officer's file", lambda: issue_from_json(file)


@pytest.mark.parametrize(("name", "fail"), [*failures()], ids=lambda value: value if isinstance(value, str) else "")
def test_what_goes_wrong_tells_nothing_of_the_content(name, fail, capsys):
    before = structlog.get_config()
    configure(participant="BW", level="debug")
    try:
        with pytest.raises(Refusal) as caught:
            fail()
        error = caught.value
        get_logger("confidential").error("failed", exc_info=error, problem=error.problem())
    finally:
        structlog.configure(**before)
        structlog.contextvars.clear_contextvars()
    logged = capsys.readouterr().err
    assert "Refusal" in logged
    for told in (logged, "".join(traceback.format_exception(error)), repr(error), str(error.problem())):
        assert not [needle for needle in NEEDLES if needle in told], name
