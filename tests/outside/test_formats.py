"""The reviewed vector file, made again by the outside programs from its inputs alone: every intermediate value and byte."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nacl import bindings

from tests.outside import envelopes, log, pedersen, records
from tests.outside.wire import canonical, decode, hashed

VECTORS = json.loads((Path(__file__).resolve().parents[1] / "data" / "formats.json").read_text("utf-8"))
LEDGER = bytes.fromhex(VECTORS["genesis"]["ledger_id"])
SEALED_KINDS = ["issue", "confirm"]


def hundredths(text: str) -> int:
    """A decimal text with two digits behind the point as an integer: carats to points, dollars to cents."""
    units, _, rest = text.partition(".")
    assert len(rest) == 2
    return int(units) * 100 + int(rest)


class Draws:
    """The file's randomness in its order; each draw must be as long as what is asked for, and none may be left."""

    def __init__(self, draws: list[dict[str, str]]) -> None:
        self.rest = [bytes.fromhex(draw["bytes"]) for draw in draws]

    def __call__(self, length: int) -> bytes:
        drawn = self.rest.pop(0)
        assert len(drawn) == length
        return drawn


def made_again(vector: dict[str, Any], draw: Callable[[int], bytes]) -> tuple[bytes, bytes, dict[str, Any]]:
    """Record, envelope and sealed fields from what the user wrote, the keys and the drawn bytes."""
    file, issue = vector["file"], vector["kind"] == "certificate.issue"
    rid = draw(16)
    codes = [draw(10), draw(10)] if issue else []
    blindings = [(int.from_bytes(draw(64), "little") % pedersen.L).to_bytes(32, "little") for _ in file["lines"]]
    values = [[hundredths(line["value"]), blinding] for line, blinding in zip(file["lines"], blindings, strict=True)]
    fields = {**file["sealed"], "values": values}
    seals = [("BW", "BW seal"), ("AE", "AE seal"), ("secretariat", "secretariat seal")]
    readers = [(code, 1, bytes.fromhex(VECTORS["keys"][name]["public"])) for code, name in seals]
    envelope, sealed = envelopes.make(LEDGER, rid, fields, readers, draw)
    lines = []
    for line, value in zip(file["lines"], values, strict=True):
        clear = {name: line[name] for name in ("hs", "origin", "zone") if name in line}
        lines.append({**clear, "commitment": pedersen.commit(*value), "points": hundredths(line["carats"])})
    body = {name: file[name] for name in file if name not in {"carats", "sealed"}}
    body |= {"lines": lines, "points": sum(line["points"] for line in lines), "rid": rid, "sealed": sealed}
    if issue:
        assert body["points"] == hundredths(file["carats"])
        body["sources"] = [{"number": source["number"], "points": hundredths(source["carats"])} for source in file["sources"]]
        body["receipt_hash"] = records.receipt_hash(file["number"], codes[0])
        body["verdict_hash"] = records.verdict_hash(file["number"], codes[1])
    else:
        body["answers"] = bytes.fromhex(file["answers"])
        body["receipt_code"] = base64.b32decode(file["receipt_code"])
    statement = records.statement(vector["kind"], vector["author"], vector["at"], body)
    seed = bytes.fromhex(VECTORS["keys"][vector["key"]]["seed"])
    return records.sign(LEDGER, seed, statement), envelope, fields


def test_the_keys() -> None:
    for name, pair in VECTORS["keys"].items():
        if "seed" in pair:
            public = bindings.crypto_sign_seed_keypair(bytes.fromhex(pair["seed"]))[0]
        else:
            public = bindings.crypto_scalarmult_base(bytes.fromhex(pair["secret"]))
        assert public.hex() == pair["public"], name
    assert pedersen.H.hex() == VECTORS["pedersen_h"]


def test_the_genesis() -> None:
    content = VECTORS["genesis"]["content"]
    assert canonical(content).hex() == VECTORS["genesis"]["canonical"]
    assert log.ledger_id(json.dumps(content, indent=2, sort_keys=True).encode()) == LEDGER
    assert log.ledger_id(json.dumps(content, ensure_ascii=False).encode()) == LEDGER


@pytest.mark.parametrize("which", SEALED_KINDS)
def test_record_and_envelope_from_their_inputs(which: str) -> None:
    vector = VECTORS[which]
    draws = Draws(vector["draws"])
    record, envelope, _ = made_again(vector, draws)
    assert draws.rest == []
    assert envelope.hex() == vector["envelope"]["bytes"]
    assert record.hex() == vector["record"]
    assert records.submission(record, envelope).hex() == vector["submission"]
    parsed = records.parse(record)
    assert parsed.id.hex() == vector["id"]
    assert parsed.sig.hex() == vector["sig"]
    assert parsed.statement.hex() == vector["statement"]
    assert (records.TAG + LEDGER + parsed.statement).hex() == vector["signing_input"]
    records.verify(LEDGER, parsed)
    records.consistent(parsed)


def test_the_codes() -> None:
    vector = VECTORS["issue"]
    codes, number = vector["codes"], vector["file"]["number"]
    for which, function in (("receipt", records.receipt_hash), ("verdict", records.verdict_hash)):
        code = bytes.fromhex(codes[f"{which}_code"])
        assert base64.b32encode(code).decode() == codes[f"{which}_text"]
        assert (
            function(number, code).hex()
            == codes[f"{which}_hash"]
            == records.parse(bytes.fromhex(vector["record"])).body[f"{which}_hash"].hex()
        )
    assert VECTORS["confirm"]["file"]["receipt_code"] == codes["receipt_text"]


@pytest.mark.parametrize("which", SEALED_KINDS)
def test_every_intermediate_value_of_the_envelope(which: str) -> None:
    vector = VECTORS[which]["envelope"]
    raw = {name: bytes.fromhex(value) for name, value in vector.items() if isinstance(value, str)}
    outer, body = decode(raw["bytes"]), records.parse(bytes.fromhex(VECTORS[which]["record"])).body
    header = decode(raw["header"])
    assert outer["header"] == raw["header"]
    assert hashed("kpl/header", raw["header"]) == raw["header_hash"]
    assert hashed("kpl/kc", raw["content_key"], body["rid"]) == raw["kc"] == header["kc"]
    assert envelopes.TAG + LEDGER + body["rid"] + raw["header_hash"] == raw["associated_data"]
    plain = decode(raw["plaintext"])
    for name, field in vector["fields"].items():
        if "decoy" in field:
            assert (header["commitments"][name].hex(), name in plain) == (field["decoy"], False)
            continue
        salt, value = bytes.fromhex(field["salt"]), decode(bytes.fromhex(field["value"]))
        assert plain[name] == [salt, value]
        assert (
            header["commitments"][name]
            == envelopes.field_commitment(body["rid"], name, salt, value)
            == bytes.fromhex(field["commitment"])
        )
    assert len(envelopes.pad(raw["plaintext"])) == vector["padded_bytes"]
    cipher = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        envelopes.pad(raw["plaintext"]), raw["associated_data"], raw["nonce"], raw["content_key"]
    )
    assert cipher == raw["ciphertext"] == outer["ciphertext"]
    assert hashed("kpl/ct", raw["nonce"], cipher) == raw["ciphertext_hash"]
    assert raw["content_key"] + body["rid"] + raw["ciphertext_hash"][:16] == raw["wrap_message"]
    for wrap, stored in zip(vector["wraps"], outer["wraps"], strict=True):
        public = bytes.fromhex(VECTORS["keys"][f"{wrap['reader']} seal"]["public"])
        ephemeral = bytes.fromhex(wrap["ephemeral_secret"])
        own = bindings.crypto_scalarmult_base(ephemeral)
        assert own.hex() == wrap["ephemeral_public"]
        assert hashlib.blake2b(own + public, digest_size=24).hexdigest() == wrap["nonce"]
        assert envelopes.sealed_box(raw["wrap_message"], public, ephemeral) == stored["wrap"] == bytes.fromhex(wrap["wrap"])
    assert canonical(outer["wraps"]) == raw["wraps_canonical"]
    assert hashed("kpl/blob", raw["nonce"], cipher, raw["wraps_canonical"]) == raw["blob_hash"]
    assert hashed("kpl/sealed", raw["header_hash"], raw["blob_hash"]) == raw["sealed"] == body["sealed"]


@pytest.mark.parametrize("which", SEALED_KINDS)
def test_every_reader_opens_it(which: str) -> None:
    vector = VECTORS[which]
    _, _, fields = made_again(vector, Draws(vector["draws"]))
    record, envelope = records.parse_submission(bytes.fromhex(vector["submission"]))
    for code in ("BW", "AE", "secretariat"):
        secret = bytes.fromhex(VECTORS["keys"][f"{code} seal"]["secret"])
        opened = envelopes.open_with(LEDGER, envelope, code, secret)
        assert opened.values == fields
        cents = envelopes.check_values(opened, record.body["lines"])
        assert cents == [value["cents"] for value in vector["values"]]
    assert [line["commitment"].hex() for line in record.body["lines"]] == [value["commitment"] for value in vector["values"]]


def test_the_batch() -> None:
    submissions = [bytes.fromhex(VECTORS[which]["submission"]) for which in SEALED_KINDS]
    assert records.batch(submissions).hex() == VECTORS["batch"]
    assert records.parse_batch(bytes.fromhex(VECTORS["batch"])) == submissions
