"""What readers do with envelopes: open them, hand the key on, disclose one field, hold values against their commitments.

- Whatever fails in opening is the same error: an outsider must not learn whether the key or the bytes were wrong.
- What was opened has been held against the header: content key, and each field's commitment.
- A disclosed field can be checked by anybody who has the header. Whether the header is the statement's says `check_header`.

Reference: design 3-confidentiality.md and 10-formats.md, "Envelope"; the form is in `ledger.envelope`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from nacl import bindings
from nacl.exceptions import CryptoError

from ledger import codec
from ledger.bodies import ConfirmLine, Line
from ledger.commitments import commit
from ledger.envelope import (
    KEY_BYTES,
    NAMES,
    SALT_BYTES,
    Envelope,
    Header,
    Rng,
    associated,
    ciphertext_hash,
    field_commitment,
    parse_envelope,
    sealed_box,
)
from ledger.errors import Code, Refusal
from ledger.hashing import labelled_hash
from ledger.units import Cents


class Disclosure(Struct, frozen=True, gc=False):
    """One field handed over: with the header anybody can check it."""

    rid: bytes
    name: str
    salt: bytes
    value: Any


def open_envelope(ledger_id: bytes, envelope: bytes, reader: str, secret_key: bytes) -> dict[str, Any]:
    """The sealed fields by name, as `reader` sees them with its X25519 secret key.

    Raises:
        Refusal: not an envelope; ENVELOPE_READERS, sealed for others; ENVELOPE_UNREADABLE, wrong key or damaged (the same).
    """
    return {name: value for name, (_, value) in _open(ledger_id, envelope, reader, secret_key).items()}


def wrap_of(envelope: bytes, reader: str) -> bytes:
    """The content key as an envelope has it for one of its readers, 112 bytes.

    Raises:
        Refusal: not an envelope; ENVELOPE_READERS, sealed for others.
    """
    return _wrap(*parse_envelope(envelope), reader)


def open_wrapped(ledger_id: bytes, envelope: bytes, wrap: bytes, secret_key: bytes) -> dict[str, Any]:
    """The sealed fields by name, with a wrap of this envelope or of a later `sealed.share`.

    Raises:
        Refusal: not an envelope; ENVELOPE_UNREADABLE, wrong key, another envelope's wrap, or damaged (the same).
    """
    _, fields = _opened(ledger_id, *parse_envelope(envelope), wrap, secret_key)
    return {name: value for name, (_, value) in fields.items()}


def rewrap(ledger_id: bytes, envelope: bytes, wrap: bytes, secret_key: bytes, public: bytes, rng: Rng) -> bytes:
    """The wrap of a `sealed.share`: the content key for a later reader's X25519 key. What does not open is not handed on.

    Raises:
        Refusal: as `open_wrapped`; BAD_KEY, the later reader's is no X25519 key.
    """
    message, _ = _opened(ledger_id, *parse_envelope(envelope), wrap, secret_key)
    return sealed_box(message, public, rng(32), 0)


def disclose(ledger_id: bytes, envelope: bytes, reader: str, secret_key: bytes, name: str) -> Disclosure:
    """One sealed field with what proves it to somebody who has the header.

    Raises:
        Refusal: as `open_envelope`; BAD_VALUE, the envelope has no such field.
    """
    return disclose_wrapped(ledger_id, envelope, wrap_of(envelope, reader), secret_key, name)


def disclose_wrapped(ledger_id: bytes, envelope: bytes, wrap: bytes, secret_key: bytes, name: str) -> Disclosure:
    """The same with a wrap of this envelope or of a later `sealed.share`; errors as `open_wrapped`, and BAD_VALUE."""
    outer, header = parse_envelope(envelope)
    rid = header.rid
    _, fields = _opened(ledger_id, outer, header, wrap, secret_key)
    if name not in fields:
        raise Refusal(Code.BAD_VALUE, "name", given=name, expected=" ".join(fields))
    salt, value = fields[name]
    return Disclosure(rid, name, salt, value)


def verify_disclosure(header: Header, disclosure: Disclosure) -> bool:
    """Whether a disclosed field is what was sealed under this header."""
    if disclosure.name not in NAMES or disclosure.rid != header.rid or len(disclosure.salt) != SALT_BYTES:
        return False
    try:
        committed = field_commitment(header.rid, disclosure.name, disclosure.salt, disclosure.value)
    except Refusal:
        return False
    return bool(committed == getattr(header.commitments, disclosure.name))


def check_values(fields: Mapping[str, Any], lines: Sequence[Line | ConfirmLine]) -> list[Cents]:
    """Whether the opened `values` are those to which a record's lines commit; the values in cents, in the lines' order.

    Raises:
        Refusal: BAD_COMMITMENT, with the line.
    """
    values = fields.get("values")
    if not isinstance(values, list) or len(values) != len(lines):
        given = len(values) if isinstance(values, list) else None
        raise Refusal(Code.BAD_COMMITMENT, "values", given=given, expected=len(lines))
    cents: list[Cents] = []
    for position, (value, line) in enumerate(zip(values, lines, strict=True)):
        match value:
            case [int(amount), bytes(blinding)] if not isinstance(amount, bool):
                made = commit(amount, blinding, f"lines[{position}].commitment")
            case _:
                raise Refusal(Code.BAD_COMMITMENT, f"lines[{position}].commitment", reason="value is not [cents, blinding]")
        if made != line.commitment:
            raise Refusal(Code.BAD_COMMITMENT, f"lines[{position}].commitment", reason="value and blinding do not open it")
        cents.append(Cents(amount))
    return cents


def _open(ledger_id: bytes, envelope: bytes, reader: str, secret_key: bytes) -> dict[str, tuple[bytes, Any]]:
    outer, header = parse_envelope(envelope)
    return _opened(ledger_id, outer, header, _wrap(outer, header, reader), secret_key)[1]


def _wrap(outer: Envelope, header: Header, reader: str) -> bytes:
    wrap = next((wrap.wrap for wrap in outer.wraps if wrap.reader == reader), None)
    if wrap is None:
        raise Refusal(Code.ENVELOPE_READERS, "readers", given=reader, expected=" ".join(code for code, _ in header.readers))
    return wrap


def _opened(
    ledger_id: bytes, outer: Envelope, header: Header, wrap: bytes, secret_key: bytes
) -> tuple[bytes, dict[str, tuple[bytes, Any]]]:
    """What the wrap holds, and the fields with their salts; one error whatever is wrong."""
    try:
        return _unwrapped(ledger_id, outer, header, wrap, secret_key)
    except (CryptoError, ValueError, TypeError, Refusal):
        raise Refusal(Code.ENVELOPE_UNREADABLE, "envelope") from None


def _unwrapped(
    ledger_id: bytes, outer: Envelope, header: Header, wrap: bytes, secret_key: bytes
) -> tuple[bytes, dict[str, tuple[bytes, Any]]]:
    message = bindings.crypto_box_seal_open(wrap, bindings.crypto_scalarmult_base(secret_key), secret_key)
    key = message[:KEY_BYTES]
    if message[KEY_BYTES:] != header.rid + ciphertext_hash(outer.nonce, outer.ciphertext):
        raise ValueError("a wrap of another envelope")
    if labelled_hash(b"kpl/kc", key, header.rid) != header.kc:
        raise ValueError("another content key than the committed one")
    padded = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
        outer.ciphertext, associated(ledger_id, header.rid, outer.header), outer.nonce, key
    )
    content = codec.decode(_unpad(padded))
    if not isinstance(content, dict):
        raise TypeError("content is no map")
    fields: dict[str, tuple[bytes, Any]] = {}
    for name, pair in content.items():
        salt, value = pair
        if len(salt) != SALT_BYTES or not verify_disclosure(header, Disclosure(header.rid, name, salt, value)):
            raise ValueError("a field that breaks its commitment")
        fields[name] = (salt, value)
    return message, fields


def _unpad(padded: bytes) -> bytes:
    plain = padded.rstrip(b"\0")
    if plain[-1:] != b"\x80":
        raise ValueError("padding")
    return plain[:-1]
