"""Signed notes, checkpoints and cosignatures (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature), strict.

Strict means: one spelling for every value. Base64 must re-encode to itself, numbers have no leading zero, key ids are the
ones the specifications compute, and a line of a known key must verify or the whole note fails.
"""

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from nacl import bindings, exceptions

from tests.outside.wire import CheckFailedError, need

LOG, COSIGNER = 0x01, 0x04
DASH = "\u2014 "
MAX_SIGNATURES = 100
MAX_NOTE = 1 << 20
MAX_INT = 2**63 - 1
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Key:
    """A verifier key: its name, the type of its signatures, the Ed25519 public key."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """First four bytes of SHA-256(name, newline, type, key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Line:
    """One signature line, not yet verified."""

    name: str
    id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """The text with its final newline, and the lines below the last empty one."""

    text: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: whose log, how many leaves, which root; extension lines are legal in others' logs, never in this one."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(line + "\n" for line in lines)


def strict_base64(value: str, code: str) -> bytes:
    """Standard base64 in its one canonical spelling."""
    try:
        result = base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise CheckFailedError(code, "not base64") from error
    need(base64.b64encode(result).decode() == value, code, "not canonical base64")
    return result


def strict_decimal(value: str, code: str) -> int:
    """An ASCII decimal without leading zeros, below 2^63."""
    need(DECIMAL.fullmatch(value) is not None, code, "not a canonical decimal")
    need(int(value) <= MAX_INT, code, "too large")
    return int(value)


def key_name(name: str, code: str) -> str:
    """The name itself when it is non-empty and has neither space nor plus."""
    fit = name != "" and "+" not in name and not any(mark.isspace() or "\ud800" <= mark <= "\udfff" for mark in name)
    need(fit, code, f"key name {name!r}")
    return name


def parse_key(vkey: str) -> Key:
    """Read a vkey of one of the two types used here; its id must be the computed one."""
    parts = vkey.split("+", 2)
    need(len(parts) == 3, "bad-vkey", "three parts")
    need(re.fullmatch(r"[0-9a-f]{8}", parts[1]) is not None, "bad-vkey", "id is 8 hex digits")
    material = strict_base64(parts[2], "bad-vkey")
    need(len(material) == 33 and material[0] in {LOG, COSIGNER}, "bad-vkey", "Ed25519 of type 1 or 4")
    key = Key(key_name(parts[0], "bad-vkey"), material[0], material[1:])
    need(key.id.hex() == parts[1], "bad-vkey", "id is not the key's")
    return key


def parse_note(data: bytes) -> Note:
    """Split a note; form only."""
    need(len(data) <= MAX_NOTE, "bad-note", "too large")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise CheckFailedError("bad-note", "not UTF-8") from error
    need(all(mark >= " " or mark == "\n" for mark in whole), "bad-note", "control character")
    text, gap, below = whole.rpartition("\n\n")
    need(gap != "" and below.endswith("\n"), "bad-note", "text, empty line, signature lines")
    spelled = below[:-1].split("\n")
    need(len(spelled) <= MAX_SIGNATURES, "bad-note", "too many signatures")
    return Note(text + "\n", tuple(_line(line) for line in spelled))


def _line(spelled: str) -> Line:
    need(spelled.startswith(DASH), "bad-note", "not a signature line")
    parts = spelled[len(DASH) :].split(" ")
    need(len(parts) == 2, "bad-note", "name and signature")
    blob = strict_base64(parts[1], "bad-note")
    need(len(blob) > 4, "bad-note", "signature too short")
    return Line(key_name(parts[0], "bad-note"), blob[:4], blob[4:])


def encode_line(line: Line) -> str:
    """A signature line with its newline."""
    return f"{DASH}{line.name} {base64.b64encode(line.id + line.signature).decode()}\n"


def encode_note(text: str, lines: Iterable[Line]) -> bytes:
    """The note's bytes."""
    return (text + "\n" + "".join(map(encode_line, lines))).encode()


def parse_checkpoint(text: str) -> Checkpoint:
    """Origin, size, root, and extension lines where a log has them."""
    need(text.endswith("\n"), "bad-checkpoint", "last line has no newline")
    parts = text[:-1].split("\n")
    need(len(parts) >= 3 and all(parts), "bad-checkpoint", "three lines, none empty")
    need(1 <= len(parts[0].encode()) <= 255, "bad-checkpoint", "origin")
    root = strict_base64(parts[2], "bad-checkpoint")
    need(len(root) == 32, "bad-checkpoint", "root of 32 bytes")
    size = strict_decimal(parts[1], "bad-checkpoint")
    return Checkpoint(parts[0], size, root, tuple(parts[3:]))


def plain_checkpoint(text: str) -> Checkpoint:
    """A checkpoint of this log: three lines and nothing more."""
    point = parse_checkpoint(text)
    need(not point.extensions, "bad-checkpoint", "extension lines")
    return point


def _cosigned(text: str, timestamp: int) -> bytes:
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def sign(name: str, seed: bytes, text: str) -> Line:
    """The log's own signature (type 0x01)."""
    public, secret = bindings.crypto_sign_seed_keypair(seed)
    return Line(name, Key(name, LOG, public).id, bindings.crypto_sign(text.encode(), secret)[:64])


def cosign(name: str, seed: bytes, text: str, timestamp: int) -> Line:
    """A witness's cosignature (type 0x04) at a POSIX time in seconds."""
    public, secret = bindings.crypto_sign_seed_keypair(seed)
    signature = bindings.crypto_sign(_cosigned(text, timestamp), secret)[:64]
    return Line(name, Key(name, COSIGNER, public).id, struct.pack(">Q", timestamp) + signature)


def verify_line(key: Key, line: Line, text: str) -> int | None:
    """Fail unless the line is the key's signature on the text; a cosignature's time is the answer."""
    signature, signed, timestamp = line.signature, text.encode(), None
    if key.kind == COSIGNER:
        need(len(signature) == 72, "bad-cosignature", key.name)
        timestamp = struct.unpack(">Q", signature[:8])[0]
        need(timestamp <= MAX_INT, "bad-cosignature", "time")
        signature, signed = signature[8:], _cosigned(text, timestamp)
    code = "bad-cosignature" if key.kind == COSIGNER else "bad-log-signature"
    need(len(signature) == 64, code, key.name)
    try:
        bindings.crypto_sign_open(signature + signed, key.public)
    except exceptions.BadSignatureError as error:
        raise CheckFailedError(code, key.name) from error
    return timestamp


def verify_known(note: Note, keys: Iterable[Key]) -> dict[Key, int | None]:
    """Every line of a known key must verify, the others are ignored; returns the keys that signed, with their times."""
    known = {(key.name, key.id): key for key in keys}
    found: dict[Key, int | None] = {}
    for line in note.lines:
        key = known.get((line.name, line.id))
        if key is not None:
            found[key] = verify_line(key, line, note.text)
    return found
