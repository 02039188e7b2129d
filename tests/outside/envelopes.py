"""A second program for envelopes: seals, checks without a key, opens, discloses one field and checks a disclosure.

Only libsodium primitives. `make` takes every random value from `draw`, in the order: content key, nonce, then for each
name in ascending order a salt (present) or a decoy (absent), then one ephemeral X25519 secret a wrap (or 112 bytes for a
reader without a key), so that an envelope can be made again byte for byte.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nacl import bindings, exceptions

from tests.outside import pedersen
from tests.outside.wire import MAX_ENVELOPE, CheckFailedError, canonical, decode, fields, fixed, hashed, need, whole

TAG = b"kpledger/envelope/v1\0"
NAMES = ("exporter", "importer", "invoice", "remarks", "route", "seals", "values")
PADDED = (2048, 8192, 16384)
# Bounds that the format pages leave open.
MAX_READERS = 8
MAX_EPOCH = 2**31 - 1
READER = re.compile(r"[A-Z]{2}|secretariat")
Reader = tuple[str, int, bytes | None]
Draw = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Header:
    """The part that is kept for ever: commitments by name, key commitment, readers as (code, epoch), rid."""

    raw: bytes
    commitments: Mapping[str, bytes]
    kc: bytes
    readers: tuple[tuple[str, int], ...]
    rid: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A reader's view: values by name, and the salts that allow single fields to be disclosed."""

    values: Mapping[str, Any]
    salts: Mapping[str, bytes]
    content_key: bytes


def field_commitment(rid: bytes, name: str, salt: bytes, value: Any) -> bytes:
    """The header's commitment to one sealed field."""
    return hashed("kpl/commit", rid, name.encode(), salt, canonical(value))


def sealed_hash(header: bytes, nonce: bytes, ciphertext: bytes, wraps: Sequence[Mapping[str, Any]]) -> bytes:
    """What the statement says of the envelope."""
    return hashed("kpl/sealed", hashed("kpl/header", header), hashed("kpl/blob", nonce, ciphertext, canonical(list(wraps))))


def pad(plain: bytes) -> bytes:
    """0x80 and zeros up to the smallest of the three lengths."""
    for length in PADDED:
        if len(plain) < length:
            return plain + b"\x80" + bytes(length - len(plain) - 1)
    raise CheckFailedError("too-large", "a sealed part holds at most 16383 bytes")


def unpad(padded: bytes) -> bytes:
    """What stood before the 0x80."""
    bare = padded.rstrip(b"\0")
    need(len(padded) in PADDED and bare.endswith(b"\x80"), "cannot-open", "padding")
    return bare[:-1]


def sealed_box(message: bytes, public: bytes, ephemeral: bytes) -> bytes:
    """libsodium's sealed box with a chosen ephemeral secret key."""
    own = bindings.crypto_scalarmult_base(ephemeral)
    nonce = hashlib.blake2b(own + public, digest_size=24).digest()
    return own + bindings.crypto_box_easy(message, nonce, public, ephemeral)


def decoy(drawn: bytes) -> bytes:
    """A wrap that nobody opens and nobody tells from another: 112 plain random bytes would be no X25519 key in front."""
    return bindings.crypto_scalarmult_base(drawn[:32]) + drawn[32:]


def _associated(ledger_id: bytes, rid: bytes, header: bytes) -> bytes:
    return TAG + ledger_id + rid + hashed("kpl/header", header)


def make(ledger_id: bytes, rid: bytes, values: Mapping[str, Any], readers: Sequence[Reader], draw: Draw) -> tuple[bytes, bytes]:
    """Seal the fields for the readers (code, epoch, X25519 public key or None); returns the envelope and its hash."""
    need(set(values) <= set(NAMES), "schema", f"fields {sorted(values)}")
    key, nonce = draw(32), draw(24)
    plain, commitments = {}, {}
    for name in NAMES:
        if name in values:
            salt = draw(16)
            plain[name] = [salt, values[name]]
            commitments[name] = field_commitment(rid, name, salt, values[name])
        else:
            commitments[name] = draw(32)
    kc = hashed("kpl/kc", key, rid)
    header = canonical(
        {"commitments": commitments, "kc": kc, "readers": [[code, epoch] for code, epoch, _ in readers], "rid": rid}
    )
    ciphertext = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        pad(canonical(plain)), _associated(ledger_id, rid, header), nonce, key
    )
    message = key + rid + hashed("kpl/ct", nonce, ciphertext)[:16]
    wraps = [
        {"epoch": epoch, "reader": code, "wrap": decoy(draw(112)) if public is None else sealed_box(message, public, draw(32))}
        for code, epoch, public in readers
    ]
    envelope = canonical({"ciphertext": ciphertext, "header": header, "nonce": nonce, "wraps": wraps})
    return envelope, sealed_hash(header, nonce, ciphertext, wraps)


def _parse(envelope: bytes) -> tuple[dict[str, Any], Header]:
    outer = fields(decode(envelope, MAX_ENVELOPE), ("ciphertext", "header", "nonce", "wraps"), where="envelope")
    need(
        isinstance(outer["ciphertext"], bytes) and isinstance(outer["header"], bytes), "schema", "ciphertext and header are bin"
    )
    need(len(outer["ciphertext"]) - 16 in PADDED, "schema", f"ciphertext of {len(outer['ciphertext'])}")
    fixed(outer["nonce"], 24, "nonce")
    inner = fields(decode(outer["header"]), ("commitments", "kc", "readers", "rid"), where="header")
    for commitment in fields(inner["commitments"], NAMES, where="commitments").values():
        fixed(commitment, 32, "commitment")
    need(isinstance(inner["readers"], list) and 1 <= len(inner["readers"]) <= MAX_READERS, "schema", "readers")
    for reader in inner["readers"]:
        need(isinstance(reader, list) and len(reader) == 2 and isinstance(reader[0], str), "schema", "reader is [code, epoch]")
        need(READER.fullmatch(reader[0]), "schema", "reader's code")
        whole(reader[1], 0, "epoch", MAX_EPOCH)
    readers = tuple((code, epoch) for code, epoch in inner["readers"])
    need(len(dict(readers)) == len(readers), "schema", "a reader twice")
    need(isinstance(outer["wraps"], list), "schema", "wraps")
    for wrap in outer["wraps"]:
        fixed(fields(wrap, ("epoch", "reader", "wrap"), where="wrap")["wrap"], 112, "wrap")
        whole(wrap["epoch"], 0, "epoch", MAX_EPOCH)
    need([(wrap["reader"], wrap["epoch"]) for wrap in outer["wraps"]] == list(readers), "schema", "wraps in the header's order")
    header = Header(
        outer["header"], inner["commitments"], fixed(inner["kc"], 32, "kc"), readers, fixed(inner["rid"], 16, "rid")
    )
    return outer, header


def check(envelope: bytes, sealed: bytes, rid: bytes) -> Header:
    """All that can be checked without a key: lengths, schema, the statement's rid and hash."""
    outer, header = _parse(envelope)
    need(header.rid == rid, "other-rid")
    need(sealed_hash(header.raw, outer["nonce"], outer["ciphertext"], outer["wraps"]) == sealed, "other-envelope")
    return header


def open_with(ledger_id: bytes, envelope: bytes, reader: str, secret: bytes) -> Opened:
    """A reader opens its wrap, then the ciphertext, and checks every commitment; one error for wrong key and damage."""
    outer, header = _parse(envelope)
    public = bindings.crypto_scalarmult_base(secret)
    tail = header.rid + hashed("kpl/ct", outer["nonce"], outer["ciphertext"])[:16]
    for wrap in outer["wraps"]:
        if wrap["reader"] != reader:
            continue
        try:
            message = bindings.crypto_box_seal_open(wrap["wrap"], public, secret)
            need(message[32:] == tail, "cannot-open", "wrap of another envelope")
            key = message[:32]
            need(hashed("kpl/kc", key, header.rid) == header.kc, "cannot-open", "key commitment")
            padded = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                outer["ciphertext"], _associated(ledger_id, header.rid, header.raw), outer["nonce"], key
            )
        except exceptions.CryptoError as error:
            raise CheckFailedError("cannot-open") from error
        return _content(unpad(padded), header, key)
    raise CheckFailedError("not-a-reader", reader)


def _content(plain: bytes, header: Header, key: bytes) -> Opened:
    content = fields(decode(plain), (), NAMES, "content")
    for name, pair in content.items():
        need(isinstance(pair, list) and len(pair) == 2, "garbage", f"{name} is [salt, value]")
        salt = fixed(pair[0], 16, "salt")
        need(field_commitment(header.rid, name, salt, pair[1]) == header.commitments[name], "garbage", f"commitment of {name}")
    salts = {name: pair[0] for name, pair in content.items()}
    return Opened({name: pair[1] for name, pair in content.items()}, salts, key)


def check_values(opened: Opened, lines: Sequence[Mapping[str, Any]]) -> list[int]:
    """Fail unless the sealed values open the lines' commitments, one each in their order; returns the cents."""
    values: Any = opened.values.get("values")
    need(isinstance(values, list) and len(values) == len(lines), "garbage", "a value for each line")
    for value, line in zip(values, lines, strict=True):
        need(isinstance(value, list) and len(value) == 2, "garbage", "value is [cents, blinding]")
        cents = whole(value[0], 0, "cents")
        need(pedersen.commit(cents, fixed(value[1], 32, "blinding")) == line["commitment"], "garbage", "value commitment")
    return [value[0] for value in values]


def check_disclosure(header: bytes, name: str, salt: bytes, value: Any) -> None:
    """Whether somebody who hands over (name, salt, value) tells what was sealed under this header."""
    inner = fields(decode(header), ("commitments", "kc", "readers", "rid"), where="header")
    need(name in inner["commitments"], "schema", name)
    need(field_commitment(inner["rid"], name, salt, value) == inner["commitments"][name], "not-disclosed", name)
