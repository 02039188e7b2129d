"""C2SP signed notes: text, signature lines, verifier keys, and what a signature of either type signs. Pure functions.

Rules:
- a note is UTF-8 without control characters other than newline: a text that ends in a newline, an empty line, and one or more
  lines `— <name> <base64(key id || signature)>`; the last empty line divides the two;
- base64 has one form only: standard alphabet, padded, no stray bits;
- a key is known by name *and* key id; lines of unknown keys are passed over, a line of a known key that does not verify spoils
  the whole note, and a note without any line of a known key says nothing;
- two types of signature: Ed25519 over the text (0x01), and cosignature/v1 (0x04), Ed25519 over a header, a time and the text.
  libsodium's strict check decides: keys of small order and unreduced values are refused.

Reference: c2sp.org/signed-note, c2sp.org/tlog-cosignature.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError as SodiumBadSignatureError

from ledger.errors import (
    AmbiguousKeyError,
    BadSignatureError,
    MalformedKeyError,
    MalformedNoteError,
    UnsupportedKeyError,
    UnverifiedNoteError,
)
from ledger.limits import MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES

KEY_ID_BYTES = 4
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
TIME_BYTES = 8
MAX_TIME = 2**63 - 1

_DASH = "\u2014 "
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([0-9A-Za-z+/=]+)", re.ASCII)
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")


class SignatureType(IntEnum):
    """The signature types that are understood here, by their identifier byte."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


def strict_base64(text: str) -> bytes | None:
    """What `text` encodes; None when it is not the one standard encoding of it."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        return None
    return data if b64encode(data).decode() == text else None


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name and type that it signs notes under.

    Attributes:
        name: key name, without spaces and plus signs.
        kind: what its signatures look like.
        public: 32 bytes of Ed25519 public key.

    Raises:
        MalformedKeyError: no key can have this name, or the key is not 32 bytes.
    """

    name: str
    kind: SignatureType
    public: bytes

    def __post_init__(self) -> None:
        if not _is_key_name(self.name):
            raise MalformedKeyError("a key name is not empty and has neither spaces nor plus signs nor control characters")
        if len(self.public) != PUBLIC_BYTES:
            raise MalformedKeyError(f"a public key of {len(self.public)} bytes, where {PUBLIC_BYTES} are wanted")

    @property
    def key_id(self) -> bytes:
        """4 bytes that stand before each signature."""
        return _key_id(self.name, bytes([self.kind]) + self.public)

    def __str__(self) -> str:
        """The vkey: `<name>+<key id in hex>+<base64(type || public key)>`."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"


def parse_vkey(text: str) -> VerifierKey:
    """The verifier key that `text` encodes.

    Raises:
        MalformedKeyError: not of the form, key id wrong, key of the wrong length.
        UnsupportedKeyError: well formed, of another signature type.
    """
    match = _VKEY.fullmatch(text)
    material = strict_base64(match[3]) if match else None
    if match is None or not material or not _is_key_name(match[1]):
        raise MalformedKeyError("a verifier key is <name>+<key id in hex>+<base64>")
    try:
        kind = SignatureType(material[0])
    except ValueError as error:
        raise UnsupportedKeyError(f"signature type {material[0]:#04x} is not supported") from error
    if _key_id(match[1], material).hex() != match[2]:
        raise MalformedKeyError("the key id does not match name and public key")
    return VerifierKey(match[1], kind, material[1:])


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line.

    Attributes:
        name: key name.
        key_id: 4 bytes.
        value: the signature; for cosignature/v1 the time (u64 big-endian, seconds) stands before it.

    Raises:
        MalformedNoteError: no line can say this.
    """

    name: str
    key_id: bytes
    value: bytes

    def __post_init__(self) -> None:
        if not _is_key_name(self.name) or len(self.key_id) != KEY_ID_BYTES or not self.value:
            raise MalformedNoteError("a signature needs a key name, a key id of 4 bytes and a value")

    def line(self) -> str:
        """The line with its newline."""
        return f"{_DASH}{self.name} {b64encode(self.key_id + self.value).decode()}\n"

    def is_by(self, key: VerifierKey) -> bool:
        """Whether name and key id are this key's (which says nothing about the value)."""
        return self.name == key.name and self.key_id == key.key_id


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signature lines, none of them checked.

    Attributes:
        text: UTF-8 that ends in a newline.
        signatures: in the order of the lines.

    Raises:
        MalformedNoteError: no note can hold this.
    """

    text: bytes
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        if not self.text.endswith(b"\n"):
            raise MalformedNoteError("a note's text ends in a newline")
        _require_text(self.text)
        if not 1 <= len(self.signatures) <= MAX_NOTE_SIGNATURES:
            raise MalformedNoteError(f"{len(self.signatures)} signatures, where 1 to {MAX_NOTE_SIGNATURES} are allowed")

    def encode(self) -> bytes:
        """The note's bytes.

        Raises:
            MalformedNoteError: larger than a note may be.
        """
        data = self.text + b"\n" + "".join(signature.line() for signature in self.signatures).encode()
        if len(data) > MAX_NOTE_BYTES:
            raise MalformedNoteError(f"a note of {len(data)} bytes; at most {MAX_NOTE_BYTES}")
        return data


def parse_note(data: bytes) -> Note:
    """The note that `data` encodes. No signature is checked.

    Raises:
        MalformedNoteError: too large, not UTF-8, a control character, no signatures, a bad signature line.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise MalformedNoteError(f"a note of {len(data)} bytes; at most {MAX_NOTE_BYTES}")
    _require_text(data)
    text, divider, lines = data.rpartition(b"\n\n")
    if not divider:
        raise MalformedNoteError("a note is a text, an empty line and signature lines")
    return Note(text + b"\n", parse_signatures(lines))


def parse_signatures(lines: bytes) -> tuple[Signature, ...]:
    """Signature lines alone, as a witness answers with them.

    Raises:
        MalformedNoteError: too many, or one is not of the form.
    """
    if lines.count(b"\n") > MAX_NOTE_SIGNATURES:
        raise MalformedNoteError(f"more than {MAX_NOTE_SIGNATURES} signatures")
    _require_text(lines)
    *complete, rest = lines.decode().split("\n")
    if rest:
        raise MalformedNoteError("the last signature line does not end in a newline")
    return tuple(_parse_signature(line) for line in complete)


def verify_signature(key: VerifierKey, text: bytes, signature: Signature) -> None:
    """Checks one signature over a text with the key that it claims.

    Raises:
        BadSignatureError: wrong name, key id, length or signature.
    """
    head, raw = signature.value[:-SIGNATURE_BYTES], signature.value[-SIGNATURE_BYTES:]
    wanted = TIME_BYTES if key.kind is SignatureType.COSIGNATURE else 0
    if not signature.is_by(key) or len(raw) != SIGNATURE_BYTES or len(head) != wanted:
        raise BadSignatureError(f"a signature line that cannot be {key.name}'s")
    message = text
    if key.kind is SignatureType.COSIGNATURE:
        seconds = int.from_bytes(head, "big")
        if seconds > MAX_TIME:
            raise BadSignatureError(f"a cosignature by {key.name} with an impossible time")
        message = cosigned_message(text, seconds)
    try:
        crypto_sign_open(raw + message, key.public)
    except SodiumBadSignatureError as error:
        raise BadSignatureError(f"the signature by {key.name} does not verify") from error


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[tuple[VerifierKey, Signature], ...]:
    """The signatures of a note that are by these keys, every one of them checked, in the order of the lines.

    A repeated line counts once; a key may appear several times with different values (cosignatures of different times).

    Raises:
        AmbiguousKeyError: a line's name and key id belong to two of the keys.
        BadSignatureError: a line of one of the keys does not verify.
        UnverifiedNoteError: no line is by any of the keys.
    """
    known: dict[tuple[str, bytes], list[VerifierKey]] = {}
    for key in keys:
        known.setdefault((key.name, key.key_id), []).append(key)
    verified: list[tuple[VerifierKey, Signature]] = []
    for signature in dict.fromkeys(note.signatures):
        claimed = known.get((signature.name, signature.key_id), ())
        if len(claimed) > 1:
            raise AmbiguousKeyError(f"two trusted keys are named {signature.name} and have the same key id")
        for key in claimed:
            verify_signature(key, note.text, signature)
            verified.append((key, signature))
    if not verified:
        raise UnverifiedNoteError("no signature by any trusted key")
    return tuple(verified)


def cosigned_message(text: bytes, seconds: int) -> bytes:
    """What cosignature/v1 signs: a header, the time (seconds since 1970 UTC) and the checkpoint's text."""
    return b"cosignature/v1\ntime %d\n" % seconds + text


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs notes. It never shows its secret.

    Attributes:
        key: the public side, with name and type.
    """

    key: VerifierKey
    _secret: bytes = field(repr=False)

    @classmethod
    def from_seed(cls, name: str, kind: SignatureType, seed: bytes) -> "Signer":
        """The signer of a 32-byte Ed25519 seed."""
        public, secret = crypto_sign_seed_keypair(seed)
        return cls(VerifierKey(name, kind, public), secret)

    def sign(self, text: bytes, seconds: int = 0) -> Signature:
        """The signature line over a note's text; a cosignature states the time in seconds since 1970 UTC.

        Raises:
            MalformedNoteError: a cosignature without a time that its format can state, or a time for the other type.
        """
        if self.key.kind is SignatureType.ED25519:
            if seconds:
                raise MalformedNoteError("a plain signature states no time")
            return Signature(self.key.name, self.key.key_id, crypto_sign(text, self._secret)[:SIGNATURE_BYTES])
        if not 1 <= seconds <= MAX_TIME:
            raise MalformedNoteError("a cosignature states its time")
        raw = crypto_sign(cosigned_message(text, seconds), self._secret)[:SIGNATURE_BYTES]
        return Signature(self.key.name, self.key.key_id, seconds.to_bytes(TIME_BYTES, "big") + raw)


def _key_id(name: str, material: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + material).digest()[:KEY_ID_BYTES]


def _is_key_name(name: str) -> bool:
    """Not empty, UTF-8, no spaces of any script, no plus sign, no control characters."""
    if not name or "+" in name or any(mark.isspace() or mark < " " for mark in name):
        return False
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _require_text(data: bytes) -> None:
    """UTF-8 without ASCII control characters other than newline."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise MalformedNoteError("a note is UTF-8") from error
    if _CONTROL.search(data):
        raise MalformedNoteError("a note has no control characters but newline")


def _parse_signature(line: str) -> Signature:
    """One signature line without its newline."""
    parts = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(parts) != 2:
        raise MalformedNoteError("a signature line is a dash, a key name and base64")
    data = strict_base64(parts[1])
    if data is None:
        raise MalformedNoteError("a signature line whose base64 is not in its one form")
    return Signature(parts[0], data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])
