"""The vector file: what the second program made from the format pages, the product makes too, byte for byte."""

import hashlib
import json
from pathlib import Path

import pytest
from nacl.public import PrivateKey, SealedBox

from ledger import codec
from ledger.commitments import H, commit
from ledger.drafts import code_text, make_confirm, make_issue
from ledger.envelope import check_envelope
from ledger.genesis import Genesis
from ledger.hashing import labelled_hash
from ledger.jsonform import confirm_from_json, issue_from_json, record_to_json
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
    verify_records,
)
from ledger.units import parse_value
from ledger.unsealing import check_values, disclose, open_envelope, verify_disclosure
from tests.data import make_formats

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "formats.json").read_text())
LEDGER = bytes.fromhex(VECTORS["genesis"]["ledger_id"])
READERS = [(code, 1, bytes.fromhex(VECTORS["keys"][f"{code} seal"]["public"])) for code in ("BW", "AE", "secretariat")]
CASES = pytest.mark.parametrize("case", [VECTORS["issue"], VECTORS["confirm"]], ids=["issue", "confirm"])


class Replay:
    """The recorded randomness, in its order and lengths."""

    def __init__(self, draws):
        self.draws = list(draws)

    def __call__(self, length):
        drawn = bytes.fromhex(self.draws.pop(0)["bytes"])
        assert len(drawn) == length
        return drawn


def make(case):
    file, rng = json.dumps(case["file"]).encode(), Replay(case["draws"])
    if case["kind"] == "certificate.issue":
        made = make_issue(LEDGER, issue_from_json(file), READERS, rng)
    else:
        made = make_confirm(LEDGER, confirm_from_json(file), READERS, rng)
    assert rng.draws == []
    return made


def secret(code):
    return bytes.fromhex(VECTORS["keys"][f"{code} seal"]["secret"])


def test_the_second_generator():
    assert VECTORS["pedersen_h"] == H.hex() == "04fa3fbb5f8778a376ef744bf8f588ec3c001dd4b8f7e4cf4a99994e93c75ee7"


def test_the_genesis_and_its_ledger_id():
    content = VECTORS["genesis"]["content"]
    assert codec.encode(content).hex() == VECTORS["genesis"]["canonical"]
    assert hashlib.sha256(codec.encode(content)).digest() == LEDGER
    assert Genesis.from_json(json.dumps(content).encode()).ledger_id == LEDGER


@CASES
def test_an_officers_file_becomes_the_same_bytes(case):
    made = make(case)
    assert made.envelope.hex() == case["envelope"]["bytes"]
    assert made.body.sealed.hex() == case["envelope"]["sealed"]
    statement = build_statement(case["kind"], case["author"], case["at"], made.body)
    assert statement.hex() == case["statement"]
    assert signing_input(LEDGER, statement).hex() == case["signing_input"]
    raw = sign_statement(LEDGER, bytes.fromhex(VECTORS["keys"][case["key"]]["seed"]), statement)
    assert raw.hex() == case["record"]
    assert record_id(raw).hex() == case["id"]
    assert encode_submission(raw, made.envelope).hex() == case["submission"]


@CASES
def test_the_same_bytes_are_read_and_verified(case):
    submission = parse_submission(bytes.fromhex(case["submission"]))
    record = submission.record
    assert record.id.hex() == case["id"]
    assert (record.kind, record.author, record.at) == (case["kind"], case["author"], case["at"])
    assert record.sig.hex() == case["sig"]
    assert record.key.hex() == VECTORS["keys"][case["key"]]["public"]
    assert verify_records(LEDGER, [record]) == [None]
    assert submission.envelope.hex() == case["envelope"]["bytes"]
    assert submission.header.readers == (("BW", 1), ("AE", 1), ("secretariat", 1))
    shown = record_to_json(record)
    assert shown["id"] == case["id"]
    for name in ("number", "parcels", "lines"):
        given = case["file"][name]
        if name == "lines":
            given = [
                {**{k: v for k, v in line.items() if k != "value"}, "commitment": value["commitment"]}
                for line, value in zip(given, case["values"], strict=True)
            ]
        assert shown["body"][name] == given


@CASES
def test_values_and_codes(case):
    for line, value in zip(case["file"]["lines"], case["values"], strict=True):
        assert parse_value(line["value"]) == value["cents"]
        assert commit(value["cents"], bytes.fromhex(value["blinding"])).hex() == value["commitment"]
    if "codes" in case:
        codes = case["codes"]
        number = case["file"]["number"].encode()
        for name in ("receipt", "verdict"):
            code = bytes.fromhex(codes[f"{name}_code"])
            assert code_text(code) == codes[f"{name}_text"]
            assert labelled_hash(f"kpl/{name}".encode(), number, code).hex() == codes[f"{name}_hash"]


@CASES
@pytest.mark.parametrize("reader", ["BW", "AE", "secretariat"])
def test_every_reader_opens_it(case, reader):
    envelope = bytes.fromhex(case["envelope"]["bytes"])
    fields = open_envelope(LEDGER, envelope, reader, secret(reader))
    shown = case["envelope"]["fields"]
    assert fields.keys() == {name for name, field in shown.items() if "value" in field}
    for name, value in fields.items():
        assert codec.encode(value).hex() == shown[name]["value"]
    assert check_values(fields, parse_record(bytes.fromhex(case["record"])).body.lines) == [v["cents"] for v in case["values"]]


@CASES
def test_fields_are_disclosed_one_by_one(case):
    envelope = bytes.fromhex(case["envelope"]["bytes"])
    record = parse_record(bytes.fromhex(case["record"]))
    header = check_envelope(envelope, record.body.sealed, record.body.rid)
    for name, shown in case["envelope"]["fields"].items():
        assert getattr(header.commitments, name).hex() == shown.get("commitment", shown.get("decoy"))
        if "salt" in shown:
            one = disclose(LEDGER, envelope, "AE", secret("AE"), name)
            assert one.salt.hex() == shown["salt"]
            assert verify_disclosure(header, one)


@CASES
def test_wraps_are_libsodiums_sealed_boxes(case):
    for wrap in case["envelope"]["wraps"]:
        box = SealedBox(PrivateKey(secret(wrap["reader"])))
        assert box.decrypt(bytes.fromhex(wrap["wrap"])).hex() == case["envelope"]["wrap_message"]


def test_the_batch():
    submissions = [bytes.fromhex(case["submission"]) for case in (VECTORS["issue"], VECTORS["confirm"])]
    assert encode_batch(submissions).hex() == VECTORS["batch"]
    assert parse_batch(bytes.fromhex(VECTORS["batch"])) == submissions


def test_the_file_is_what_its_script_makes():
    made = make_formats.genesis()
    issued = make_formats.issue(bytes.fromhex(made["ledger_id"]))
    assert made == VECTORS["genesis"]
    assert issued == VECTORS["issue"]
    assert make_formats.confirm(LEDGER, issued) == VECTORS["confirm"]
