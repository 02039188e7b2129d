"""Makes `formats.json`: one certificate.issue and one import.confirm, with every intermediate value, from the format pages alone.

Run once (`python -m tests.data.make_formats`); the file it wrote was reviewed and is never changed. It uses the second
program under `tests/outside`, so that two programs agree on every byte: the product reproduces the file in
`tests/unit/test_formats.py`. Bytes are lower-case hex; `draws` are the random values in the order in which they are drawn.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from nacl import bindings

from tests.outside import envelopes, pedersen, records
from tests.outside.wire import canonical, hashed, leaf_hash

FILE = Path(__file__).with_name("formats.json")
DAY = 86_400_000
TIME = 1_790_000_000_000  # 2026-09-21


def fixed(label: str, length: int = 32) -> bytes:
    """Bytes that look random and are nobody's secret."""
    return hashlib.shake_256(b"kpledger formats: " + label.encode()).digest(length)


class Draws:
    """The randomness of one record: every value drawn, with what it is for."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.made: list[dict[str, str]] = []

    def __call__(self, purpose: str, length: int) -> bytes:
        drawn = fixed(f"{self.label}: {len(self.made)} {purpose}", length)
        self.made.append({"for": purpose, "bytes": drawn.hex()})
        return drawn


def signing_key(name: str) -> dict[str, str]:
    seed = fixed(name)
    return {"seed": seed.hex(), "public": bindings.crypto_sign_seed_keypair(seed)[0].hex()}


def sealing_key(name: str) -> dict[str, str]:
    secret = fixed(name)
    return {"secret": secret.hex(), "public": bindings.crypto_scalarmult_base(secret).hex()}


SIGNING = ["BW root", "BW issue", "AE root", "AE confirm", "secretariat root", "secretariat govern"]
NODE = ["BW node consensus", "BW node log", "BW node cosign"]
KEYS = {name: signing_key(name) for name in SIGNING + NODE} | {
    name: sealing_key(name) for name in ("BW seal", "AE seal", "secretariat seal")
}


def participant(code: str, name: str, role: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": name,
        "countries": [code],
        "root": KEYS[f"{code} root"]["public"],
        "issues_from": "2026-01-01",
        "confirms_from": "2026-01-01",
        "from": "2003-01-01",
        "until": "",
        "suspended": [],
        "compliant_zones": [],
        "validity_days": 60,
        "authorities": [
            {
                "name": f"Authority of {name}",
                "keys": [{"key": KEYS[f"{code} {role}"]["public"], "roles": [role], "from": "2026-01-01", "until": ""}],
            }
        ],
        "seals": [{"epoch": 1, "key": KEYS[f"{code} seal"]["public"]}],
        "ranges": [],
    }


def genesis() -> dict[str, Any]:
    content = {
        "network": "formats",
        "origin": "kpledger.example/formats",
        "time": TIME - 30 * DAY,
        "protocol": 1,
        "parameters": {"validity-days": 60},
        "participants": [participant("BW", "Botswana", "issue"), participant("AE", "Émirats arabes unis", "confirm")],
        "nodes": [
            {
                "participant": "BW",
                "address": "127.0.0.1:8700",
                "consensus": KEYS["BW node consensus"]["public"],
                "log": KEYS["BW node log"]["public"],
                "cosign": KEYS["BW node cosign"]["public"],
                "tls": "300461626364",
                "validator": True,
            }
        ],
        "secretariat": {
            "root": KEYS["secretariat root"]["public"],
            "keys": [{"key": KEYS["secretariat govern"]["public"], "roles": ["govern"], "from": "2026-01-01", "until": ""}],
            "seals": [{"epoch": 1, "key": KEYS["secretariat seal"]["public"]}],
        },
        "chair": "BW",
    }
    packed = canonical(content)
    return {"content": content, "canonical": packed.hex(), "ledger_id": hashlib.sha256(packed).hexdigest()}


def line_values(cents: list[int], draw: Draws) -> list[dict[str, Any]]:
    """Blindings and commitments: 64 drawn bytes, little-endian, reduced modulo L."""
    made = []
    for place, amount in enumerate(cents):
        blinding = (int.from_bytes(draw(f"blinding of line {place}", 64), "little") % pedersen.L).to_bytes(32, "little")
        made.append({"cents": amount, "blinding": blinding.hex(), "commitment": pedersen.commit(amount, blinding).hex()})
    return made


def sealed_box(message: bytes, public: bytes, secret: bytes) -> dict[str, str]:
    ephemeral = bindings.crypto_scalarmult_base(secret)
    nonce = hashlib.blake2b(ephemeral + public, digest_size=24).digest()
    box = ephemeral + bindings.crypto_box(message, nonce, public, secret)
    return {"ephemeral_secret": secret.hex(), "ephemeral_public": ephemeral.hex(), "nonce": nonce.hex(), "wrap": box.hex()}


def envelope(ledger: bytes, rid: bytes, fields: dict[str, Any], readers: list[tuple[str, int]], draw: Draws) -> dict[str, Any]:
    """Every step of 10-formats.md, "Envelope"."""
    key, nonce = draw("content key", 32), draw("nonce", 24)
    shown: dict[str, Any] = {}
    content, commitments = {}, {}
    for name in envelopes.NAMES:
        if name in fields:
            salt, value = draw(f"salt of {name}", 16), canonical(fields[name])
            commitments[name] = hashed("kpl/commit", rid, name.encode(), salt, value)
            content[name] = [salt, fields[name]]
            shown[name] = {"salt": salt.hex(), "value": value.hex(), "commitment": commitments[name].hex()}
        else:
            commitments[name] = draw(f"decoy of {name}", 32)
            shown[name] = {"decoy": commitments[name].hex()}
    kc = hashed("kpl/kc", key, rid)
    header = canonical({"commitments": commitments, "kc": kc, "readers": [list(reader) for reader in readers], "rid": rid})
    header_hash = hashed("kpl/header", header)
    plain = canonical(content)
    padded = plain + b"\x80" + bytes(2047 - len(plain))
    associated = b"kpledger/envelope/v1\0" + ledger + rid + header_hash
    ciphertext = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(padded, associated, nonce, key)
    ct = hashed("kpl/ct", nonce, ciphertext)
    message = key + rid + ct[:16]
    boxes = [
        {"reader": code, "epoch": epoch}
        | sealed_box(message, bytes.fromhex(KEYS[f"{code} seal"]["public"]), draw(f"ephemeral secret for {code}", 32))
        for code, epoch in readers
    ]
    wraps = canonical([{"epoch": box["epoch"], "reader": box["reader"], "wrap": bytes.fromhex(box["wrap"])} for box in boxes])
    blob = hashed("kpl/blob", nonce, ciphertext, wraps)
    parts = {"ciphertext": ciphertext, "header": header, "nonce": nonce}
    return {
        "content_key": key.hex(),
        "nonce": nonce.hex(),
        "fields": shown,
        "kc": kc.hex(),
        "header": header.hex(),
        "header_hash": header_hash.hex(),
        "plaintext": plain.hex(),
        "padded_bytes": len(padded),
        "associated_data": associated.hex(),
        "ciphertext": ciphertext.hex(),
        "ciphertext_hash": ct.hex(),
        "wrap_message": message.hex(),
        "wraps": boxes,
        "wraps_canonical": wraps.hex(),
        "blob_hash": blob.hex(),
        "sealed": hashed("kpl/sealed", header_hash, blob).hex(),
        "bytes": canonical(
            parts
            | {
                "wraps": [
                    {**{name: box[name] for name in ("epoch", "reader")}, "wrap": bytes.fromhex(box["wrap"])} for box in boxes
                ]
            }
        ).hex(),
    }


def signed(ledger: bytes, kind: str, author: str, at: int, body: dict[str, Any], key: str, sealed: str) -> dict[str, Any]:
    statement = canonical({"v": 1, "kind": kind, "author": author, "at": at, "body": body})
    record = records.sign(ledger, bytes.fromhex(KEYS[key]["seed"]), statement)
    parsed = records.parse(record)
    records.verify(ledger, parsed)
    return {
        "kind": kind,
        "author": author,
        "at": at,
        "key": key,
        "statement": statement.hex(),
        "signing_input": (b"kpledger/record/v1\0" + ledger + statement).hex(),
        "sig": parsed.sig.hex(),
        "record": record.hex(),
        "id": leaf_hash(record).hex(),
        "submission": records.submission(record, bytes.fromhex(sealed)).hex(),
    }


ISSUE_FILE: dict[str, Any] = {
    "number": "BW0012345",
    "type": "re-export",
    "issued": "2026-09-18",
    "validated": "2026-09-19",
    "expires": "2026-11-17",
    "destination": "AE",
    "parcels": 2,
    "carats": "9103.25",
    "lines": [
        {"hs": "710231", "origin": ["BW"], "carats": "8700.00", "value": "650000.00", "zone": "Jwaneng-Süd"},
        {"hs": "710221", "origin": ["AO", "CD"], "carats": "403.00", "value": "0.00"},
        {"hs": "710210", "origin": [], "carats": "0.25", "value": "0.01"},
    ],
    "sources": [{"number": "RU0000042", "carats": "120.00"}],
    "sealed": {
        "exporter": {"address": "Plot 1, Gaborone", "licence": "BW-17", "name": "Kgalagadi Stones"},
        "importer": {"address": "Almas Tower, Dubai", "licence": "DMCC-9", "name": "Ünïted Gems"},
        "invoice": "INV-2026-0917",
        "route": "GBE-JNB-DXB",
        "seals": ["S-4471", "S-4472"],
    },
}

CONFIRM_FILE: dict[str, Any] = {
    "number": "BW0012345",
    "outcome": "discrepancy",
    "received": "2026-09-21",
    "parcels": 2,
    "lines": [
        {"hs": "710231", "carats": "8699.97", "value": "649000.00"},
        {"hs": "710221", "carats": "403.25", "value": "127.00"},
    ],
    "inspection": "opened",
    "seals": "intact",
    "sealed": {"remarks": "0.03 ct short in bag 2"},
}


def hundredths(text: str) -> int:
    whole, rest = text.split(".")
    return int(whole) * 100 + int(rest)


def issue(ledger: bytes) -> dict[str, Any]:
    draw, file = Draws("issue"), ISSUE_FILE
    rid, receipt, verdict = draw("rid", 16), draw("receipt code", 10), draw("verdict code", 10)
    values = line_values([hundredths(line["value"]) for line in file["lines"]], draw)
    fields = file["sealed"] | {"values": [[value["cents"], bytes.fromhex(value["blinding"])] for value in values]}
    sealed = envelope(ledger, rid, fields, [("BW", 1), ("AE", 1), ("secretariat", 1)], draw)
    lines = [
        {name: line[name] for name in ("hs", "origin", "zone") if name in line}
        | {"commitment": bytes.fromhex(value["commitment"]), "points": hundredths(line["carats"])}
        for line, value in zip(file["lines"], values, strict=True)
    ]
    hashes = {
        "receipt_hash": records.receipt_hash(file["number"], receipt),
        "verdict_hash": records.verdict_hash(file["number"], verdict),
    }
    plain = ("number", "type", "issued", "validated", "expires", "destination", "parcels")
    body = {name: file[name] for name in plain} | hashes
    body |= {"lines": lines, "points": hundredths(file["carats"]), "rid": rid, "sealed": bytes.fromhex(sealed["sealed"])}
    body["sources"] = [{"number": source["number"], "points": hundredths(source["carats"])} for source in file["sources"]]
    return {
        "file": file,
        "draws": draw.made,
        "values": values,
        "codes": {
            "receipt_code": receipt.hex(),
            "receipt_text": base64.b32encode(receipt).decode(),
            "verdict_code": verdict.hex(),
            "verdict_text": base64.b32encode(verdict).decode(),
        }
        | {name: value.hex() for name, value in hashes.items()},
        "envelope": sealed,
        **signed(ledger, "certificate.issue", "BW", TIME, body, "BW issue", sealed["bytes"]),
    }


def confirm(ledger: bytes, issued: dict[str, Any]) -> dict[str, Any]:
    draw = Draws("confirm")
    file = CONFIRM_FILE | {"answers": issued["id"], "receipt_code": issued["codes"]["receipt_text"]}
    rid = draw("rid", 16)
    values = line_values([hundredths(line["value"]) for line in file["lines"]], draw)
    fields = file["sealed"] | {"values": [[value["cents"], bytes.fromhex(value["blinding"])] for value in values]}
    sealed = envelope(ledger, rid, fields, [("BW", 1), ("AE", 1), ("secretariat", 1)], draw)
    lines = [
        {"hs": line["hs"], "commitment": bytes.fromhex(value["commitment"]), "points": hundredths(line["carats"])}
        for line, value in zip(file["lines"], values, strict=True)
    ]
    body = {name: file[name] for name in ("number", "outcome", "received", "parcels", "inspection", "seals")}
    body |= {
        "lines": lines,
        "points": sum(line["points"] for line in lines),
        "rid": rid,
        "sealed": bytes.fromhex(sealed["sealed"]),
    }
    body |= {"answers": bytes.fromhex(issued["id"]), "receipt_code": bytes.fromhex(issued["codes"]["receipt_code"])}
    at = TIME + DAY
    return {
        "file": file,
        "draws": draw.made,
        "values": values,
        "envelope": sealed,
        **signed(ledger, "import.confirm", "AE", at, body, "AE confirm", sealed["bytes"]),
    }


def main() -> None:
    """Write the file."""
    made = genesis()
    ledger = bytes.fromhex(made["ledger_id"])
    issued = issue(ledger)
    confirmed = confirm(ledger, issued)
    batch = records.batch([bytes.fromhex(one["submission"]) for one in (issued, confirmed)])
    content = {
        "about": "Vectors of the record and envelope formats: bytes as lower-case hex, made from the format pages by a second program.",
        "pedersen_h": pedersen.H.hex(),
        "keys": KEYS,
        "genesis": made,
        "issue": issued,
        "confirm": confirmed,
        "batch": batch.hex(),
    }
    FILE.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
