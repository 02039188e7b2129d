"""Seeded honest records, envelopes, trees and receipts for the tests, made by the outside programs alone."""

import hashlib
import random
from dataclasses import dataclass
from typing import Any

from nacl import bindings

from tests.outside import envelopes, notes, pedersen, policy, receipts, records, trees
from tests.outside.wire import leaf_hash

LEDGER = hashlib.sha256(b"a ledger of the outside programs").digest()
ORIGIN = "kpledger.example/outside"
DAY = 1_767_225_600_000  # 2026-01-01 in milliseconds
COUNTRIES = ["AE", "AO", "AU", "BW", "CA", "CD", "CF", "EU", "GB", "IN", "NA", "RU", "SL", "TZ", "ZA", "ZW"]
TEXTS = ["", "Jwaneng", "Ékati", "Мирный", "鑽石", "d\u0000\u0001", "a" * 31, "b" * 32, "c" * 255, "d" * 256, "\U0001d53b" * 9]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record with its envelope and the X25519 secrets of its readers."""

    record: bytes
    envelope: bytes
    fields: dict[str, Any]
    secrets: dict[str, bytes]
    body: dict[str, Any]
    statement: bytes
    seed: bytes


def blinding(rng: random.Random) -> bytes:
    """A scalar in 1..L-1."""
    return rng.randrange(1, pedersen.L).to_bytes(32, "little")


def sealed_fields(rng: random.Random, lines: int) -> dict[str, Any]:
    """Sealed values of every size; each name but `values` may be absent."""
    party = {"address": rng.choice(TEXTS), "licence": str(rng.randrange(10**6)), "name": rng.choice(TEXTS)}
    texts = {name: rng.choice(TEXTS) for name in ("invoice", "remarks", "route", "seals")}
    every = {"exporter": party, "importer": {**party, "name": "Importer"}, **texts}
    chosen = {name: value for name, value in every.items() if rng.random() < 0.7}
    amounts = [rng.choice([0, 1, 127, 128, 65_000_000, 2**32, rng.randrange(10**12)]) for _ in range(lines)]
    return {**chosen, "values": [[amount, blinding(rng)] for amount in amounts]}


def sealed(rng: random.Random, kind: str, ledger: bytes = LEDGER) -> Sealed:
    """One honest record of the kind, with its envelope for issuer, destination and secretariat."""
    issuer, destination = rng.sample(COUNTRIES, 2)
    count = rng.choice([1, 1, 2, 3, 32])
    rid = rng.randbytes(16)
    fields = sealed_fields(rng, count)
    secrets = {code: rng.randbytes(32) for code in (issuer, destination, "secretariat")}
    readers = [(code, rng.choice([1, 2, 200]), bindings.crypto_scalarmult_base(secret)) for code, secret in secrets.items()]
    envelope, sealed_hash = envelopes.make(ledger, rid, fields, readers, rng.randbytes)
    lines: list[dict[str, Any]] = [
        {
            "commitment": pedersen.commit(*value),
            "hs": rng.choice(sorted(records.HS)),
            "points": rng.choice([1, 128, 870_000, 2**33]),
        }
        for value in fields["values"]
    ]
    common = {
        "number": f"{issuer}{rng.randrange(10**4, 10**9):07}",
        "parcels": rng.randrange(1, 300),
        "points": sum(line["points"] for line in lines),
        "lines": lines,
        "rid": rid,
        "sealed": sealed_hash,
    }
    if kind == "certificate.issue":
        for line in lines:
            line["origin"] = sorted(rng.sample(COUNTRIES, rng.randrange(4)))
            if rng.random() < 0.3:
                line["zone"] = "Berberati"
        trade = rng.choice(["export", "re-export"])
        sources = [{"number": f"RU{n:07}", "points": rng.randrange(1, 10**6)} for n in range(rng.choice([0, 1, 64]))]
        body = {
            **common,
            "type": trade,
            "issued": "2026-01-01",
            "validated": "2026-01-02",
            "expires": "2026-02-28",
            "destination": destination,
            "sources": sources if trade == "re-export" else [],
            "receipt_hash": records.receipt_hash(common["number"], rng.randbytes(10)),
            "verdict_hash": records.verdict_hash(common["number"], rng.randbytes(10)),
        }
        author = issuer
    else:
        body = {
            **common,
            "answers": rng.randbytes(32),
            "outcome": rng.choice(["confirmed", "discrepancy", "refused"]),
            "received": "2026-01-20",
            "inspection": rng.choice(["opened", "risk-selected", "not-opened"]),
            "seals": rng.choice(["intact", "broken", "none"]),
            "receipt_code": rng.choice([None, rng.randbytes(10)]),
        }
        author = destination
    signed = records.statement(kind, author, DAY + rng.randrange(10**9), body)
    seed = rng.randbytes(32)
    return Sealed(records.sign(ledger, seed, signed), envelope, fields, secrets, body, signed, seed)


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A receipt, the policy that accepts it, and the keys behind both."""

    receipt: bytes
    policy: policy.Policy
    record: bytes
    entries: tuple[bytes, ...]
    note: bytes


def witnessed(rng: random.Random, size: int, index: int, signers: int = 3, nodes: int = 4, quorum: int = 3) -> Witnessed:
    """A receipt for one entry of a tree of that size, cosigned by the first `signers` of `nodes`."""
    record = sealed(rng, "certificate.issue").record
    entries = [rng.randbytes(rng.randrange(1, 40)) for _ in range(size)]
    entries[index] = record
    leaves = [leaf_hash(entry) for entry in entries]
    text = str(notes.Checkpoint(ORIGIN, size, trees.mth(leaves)))
    log, seeds = rng.randbytes(32), {f"N{i}": rng.randbytes(32) for i in range(nodes)}
    lines = [notes.sign(ORIGIN, log, text)]
    lines += [notes.cosign(f"{name}/witness", seed, text, 1_767_225_600 + i) for i, (name, seed) in enumerate(seeds.items())][
        :signers
    ]
    note = notes.encode_note(text, lines)

    def key(name: str, kind: int, seed: bytes) -> notes.Key:
        return notes.Key(name, kind, bindings.crypto_sign_seed_keypair(seed)[0])

    rules = policy.Policy(
        logs=(key(ORIGIN, notes.LOG, log),),
        witnesses={name: key(f"{name}/witness", notes.COSIGNER, seed) for name, seed in seeds.items()},
        groups={"validators": policy.Group(quorum, tuple(seeds))},
        quorum="validators",
    )
    return Witnessed(
        receipts.make(record, index, trees.inclusion_path(leaves, index), note), rules, record, tuple(entries), note
    )


def unsealed_body(rng: random.Random, kind: str) -> dict[str, Any]:
    """A body of a kind without a sealed part."""
    if kind == "node.set":
        keys = {name: rng.randbytes(32) for name in ("consensus", "cosign", "log")}
        address = f"{rng.choice(COUNTRIES).lower()}.example:{rng.randrange(1, 65536)}"
        return keys | {"address": address, "tls": b"\x30\x02" + rng.randbytes(2), "validator": rng.random() < 0.5}
    if kind == "node.ready":
        return {"epoch": rng.choice([1, 2, 2**31 - 1]), "validators": rng.randbytes(32)}
    votes = {name: rng.randbytes(rng.choice([1, 160, 512])) for name in ("first", "second")}
    return votes | {"epoch": rng.choice([0, 1, 2**31 - 1])}
