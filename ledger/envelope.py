"""Envelopes: the confidential part of a record, one padded ciphertext for all its readers, a wrapped key for each.

- header = canonical {commitments, kc, readers, rid}: kept for ever. Each sealed field has a commitment there, so that one
  field can be disclosed alone; an absent field has a decoy, so that nobody counts fields.
- XChaCha20-Poly1305 under a fresh content key, bound to ledger, rid and header. `kc` commits to that key, as the AEAD does not.
- One libsodium sealed box a reader over content key, rid and the ciphertext's hash: a wrap cannot be moved to another record.
- Every node checks form, lengths and hashes (`check_envelope`); readers open (`ledger.unsealing`).

Randomness comes from the caller's `rng`, in this order: content key (32), nonce (24), for each name ascending a salt (16) or
a decoy (32), for each reader an ephemeral secret (32) or, without an active key, a decoy wrap (112).
Reference: design 3-confidentiality.md and 10-formats.md, "Envelope".
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct
from nacl import bindings
from nacl.exceptions import CryptoError

from ledger import codec
from ledger.bodies import Author, Bin16, Bin32
from ledger.errors import Code, Refusal
from ledger.hashing import labelled_hash
from ledger.limits import MAX_ENVELOPE_BYTES, MAX_HEADER_BYTES, MAX_READERS, PADDED_BYTES

ENVELOPE_TAG: Final = b"kpledger/envelope/v1\0"
NAMES: Final = ("exporter", "importer", "invoice", "remarks", "route", "seals", "values")

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 24
SALT_BYTES: Final = 16
MAC_BYTES: Final = 16
WRAP_BYTES: Final = 112

Rng = Callable[[int], bytes]
Reader = tuple[str, int, bytes | None]
"""Code, key epoch, X25519 public key (None: no active key, gets a decoy)."""

Epoch = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Commitments(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One commitment, or decoy, for each name of a sealed field."""

    exporter: Bin32
    importer: Bin32
    invoice: Bin32
    remarks: Bin32
    route: Bin32
    seals: Bin32
    values: Bin32


class Header(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is kept of an envelope for ever. `readers` are (code, key epoch), each code once."""

    commitments: Commitments
    kc: Bin32
    readers: Annotated[tuple[tuple[Author, Epoch], ...], Meta(min_length=1, max_length=MAX_READERS)]
    rid: Bin16


class Wrap(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The content key for one reader, as a sealed box."""

    epoch: Epoch
    reader: Author
    wrap: Annotated[bytes, Meta(min_length=WRAP_BYTES, max_length=WRAP_BYTES)]


class Envelope(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An envelope taken apart; the header as its bytes."""

    ciphertext: bytes
    header: Annotated[bytes, Meta(max_length=MAX_HEADER_BYTES)]
    nonce: Annotated[bytes, Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]
    wraps: Annotated[tuple[Wrap, ...], Meta(min_length=1, max_length=MAX_READERS)]


class Sealed(Struct, frozen=True, gc=False):
    """A made envelope: its bytes, and the hash that the statement names as `sealed`."""

    envelope: bytes
    hash: bytes


_header: Final = codec.typed(Header, MAX_HEADER_BYTES)
_envelope: Final = codec.typed(Envelope, MAX_ENVELOPE_BYTES)


def seal(ledger_id: bytes, rid: bytes, fields: Mapping[str, Any], readers: Sequence[Reader], rng: Rng) -> Sealed:
    """Seal fields for readers.

    Args:
        ledger_id: 32 bytes.
        rid: 16 fresh random bytes, unique on the ledger.
        fields: by name (`NAMES`), values of canonical MessagePack; `values` is [[cents, blinding], ...] in the lines' order.
        readers: who may open, in the order of the header.
        rng: gives n random bytes.

    Raises:
        Refusal: BAD_VALUE (unknown name, no form), TOO_LARGE (more than 16 KiB), BAD_KEY (a reader's key is no X25519 key).
    """
    for name in fields:
        if name not in NAMES:
            raise Refusal(Code.BAD_VALUE, "fields", given=str(name), expected=" ".join(NAMES))
    key, nonce = rng(KEY_BYTES), rng(NONCE_BYTES)
    plain: dict[str, list[Any]] = {}
    commitments: dict[str, bytes] = {}
    for name in NAMES:
        if name in fields:
            salt = rng(SALT_BYTES)
            plain[name] = [salt, fields[name]]
            commitments[name] = field_commitment(rid, name, salt, fields[name])
        else:
            commitments[name] = rng(32)
    header = _header.encode(
        Header(
            commitments=Commitments(**commitments),
            kc=labelled_hash(b"kpl/kc", key, rid),
            readers=tuple((code, epoch) for code, epoch, _ in readers),
            rid=rid,
        )
    )
    ciphertext = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        _pad(codec.encode(plain)), associated(ledger_id, rid, header), nonce, key
    )
    message = key + rid + ciphertext_hash(nonce, ciphertext)
    wraps = tuple(
        Wrap(epoch, code, _decoy(rng(WRAP_BYTES)) if public is None else sealed_box(message, public, rng(32), position))
        for position, (code, epoch, public) in enumerate(readers)
    )
    made = _envelope.encode(Envelope(ciphertext, header, nonce, wraps))
    digest = _sealed_hash(header, _blob_hash(nonce, ciphertext, wraps))
    check_envelope(made, digest, rid)
    return Sealed(made, digest)


def field_commitment(rid: bytes, name: str, salt: bytes, value: Any) -> bytes:
    """The header's commitment to one sealed field; `salt` 16 bytes, `value` of canonical MessagePack.

    Raises:
        Refusal: the value has no canonical form.
    """
    return labelled_hash(b"kpl/commit", rid, name.encode(), salt, codec.encode(value))


def _pad(plain: bytes) -> bytes:
    for length in PADDED_BYTES:
        if len(plain) < length:
            return plain + b"\x80" + bytes(length - len(plain) - 1)
    raise Refusal(Code.TOO_LARGE, "fields", given=len(plain), limit=PADDED_BYTES[-1] - 1)


def associated(ledger_id: bytes, rid: bytes, header: bytes) -> bytes:
    """What the ciphertext is bound to beside its key and nonce."""
    return ENVELOPE_TAG + ledger_id + rid + labelled_hash(b"kpl/header", header)


def ciphertext_hash(nonce: bytes, ciphertext: bytes) -> bytes:
    """16 bytes, which each wrap holds beside the content key."""
    return labelled_hash(b"kpl/ct", nonce, ciphertext)[:16]


def _blob_hash(nonce: bytes, ciphertext: bytes, wraps: Sequence[Wrap]) -> bytes:
    return labelled_hash(b"kpl/blob", nonce, ciphertext, codec.encode_plain(wraps))


def _sealed_hash(header: bytes, blob: bytes) -> bytes:
    return labelled_hash(b"kpl/sealed", labelled_hash(b"kpl/header", header), blob)


def sealed_box(message: bytes, public: bytes, secret: bytes, position: int) -> bytes:
    """A sealed box as libsodium's crypto_box_seal makes it, with a given ephemeral secret.

    Raises:
        Refusal: BAD_KEY at `readers[position]`.
    """
    try:
        ephemeral = bindings.crypto_scalarmult_base(secret)
        nonce = hashlib.blake2b(ephemeral + public, digest_size=NONCE_BYTES).digest()
        return ephemeral + bindings.crypto_box(message, nonce, public, secret)
    except (CryptoError, ValueError, TypeError):
        raise Refusal(Code.BAD_KEY, f"readers[{position}]", reason="not an X25519 public key") from None


def _decoy(drawn: bytes) -> bytes:
    """112 bytes like a sealed box: a true ephemeral key in front, for random bytes there can be told from one."""
    return bindings.crypto_scalarmult_base(drawn[:32]) + drawn[32:]


def parse_envelope(envelope: bytes) -> tuple[Envelope, Header]:
    """An envelope taken apart, its form checked and no hash yet.

    Raises:
        Refusal: TOO_LARGE, MALFORMED, NOT_CANONICAL, BAD_VALUE, ENVELOPE_READERS.
    """
    try:
        outer = _envelope.decode(envelope)
    except Refusal as refusal:
        raise _within("envelope", refusal) from None
    if len(outer.ciphertext) - MAC_BYTES not in PADDED_BYTES:
        allowed = " ".join(str(length + MAC_BYTES) for length in PADDED_BYTES)
        raise Refusal(Code.BAD_VALUE, "envelope.ciphertext", given=len(outer.ciphertext), expected=allowed)
    try:
        header = _header.decode(outer.header)
    except Refusal as refusal:
        raise _within("envelope.header", refusal) from None
    codes = {code for code, _ in header.readers}
    if len(codes) != len(header.readers):
        raise Refusal(Code.ENVELOPE_READERS, "envelope.header.readers", reason="a reader stands twice")
    if tuple((wrap.reader, wrap.epoch) for wrap in outer.wraps) != header.readers:
        raise Refusal(Code.ENVELOPE_READERS, "envelope.wraps", reason="wraps are not in the header's order")
    return outer, header


def _within(path: str, refusal: Refusal) -> Refusal:
    return Refusal(refusal.code, f"{path}.{refusal.field}" if refusal.field else path, **refusal.details)


def check_envelope(envelope: bytes, sealed_hash: bytes, rid: bytes) -> Header:
    """Everything about an envelope that needs no key: form, lengths, schema, and that the statement names this one.

    Raises:
        Refusal: TOO_LARGE, MALFORMED, NOT_CANONICAL, BAD_VALUE, ENVELOPE_READERS (a reader twice, wraps in another order),
            ENVELOPE_HASH (another rid or hash than the statement's).
    """
    outer, header = parse_envelope(envelope)
    _check_named(header, _sealed_hash(outer.header, _blob_hash(outer.nonce, outer.ciphertext, outer.wraps)), sealed_hash, rid)
    return header


def header_of(envelope: bytes) -> tuple[bytes, bytes]:
    """An envelope's header, and the hash of the rest (32 bytes): with both, the statement names the header as its own.

    Raises:
        Refusal: not an envelope.
    """
    outer, _ = parse_envelope(envelope)
    return outer.header, _blob_hash(outer.nonce, outer.ciphertext, outer.wraps)


def check_header(header: bytes, blob: bytes, sealed_hash: bytes, rid: bytes) -> Header:
    """A header without its envelope, when it is that of the statement; `blob` as `header_of` gives it.

    Raises:
        Refusal: TOO_LARGE, MALFORMED, NOT_CANONICAL, BAD_VALUE; ENVELOPE_HASH, another statement's.
    """
    try:
        parsed = _header.decode(header)
    except Refusal as refusal:
        raise _within("header", refusal) from None
    _check_named(parsed, _sealed_hash(header, blob), sealed_hash, rid)
    return parsed


def _check_named(header: Header, digest: bytes, sealed_hash: bytes, rid: bytes) -> None:
    if header.rid != rid:
        raise Refusal(Code.ENVELOPE_HASH, "rid", given=header.rid.hex(), expected=rid.hex())
    if digest != sealed_hash:
        raise Refusal(Code.ENVELOPE_HASH, "sealed", given=digest.hex(), expected=sealed_hash.hex())


def readers_of(envelope: bytes) -> tuple[str, ...]:
    """The codes of an envelope's readers.

    Raises:
        Refusal: not an envelope.
    """
    return tuple(code for code, _ in parse_envelope(envelope)[1].readers)
