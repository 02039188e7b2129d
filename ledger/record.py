"""Records: what an authority signs, as bytes. Form and signature only; what a record may do is decided by `rules`.

- statement = canonical map {at, author, body, kind, v}; record = canonical map {key, sig, statement}; id = RFC 6962 leaf hash.
- `sig` = Ed25519 over tag, ledger id and statement, so that nothing signed for one ledger or purpose is valid for another.
- Strict: libsodium's crypto_sign_open (no small-order key or R, no unreduced S); keys are registered only when they
  pass `valid_public_key`, so that every node judges alike.
- A submission is the record alone or {envelope, record}; a batch is an array of submissions.
- What is read here holds values only, never itself: the garbage collector need not look at it (`gc=False`).

Reference: design 2-records.md and 10-formats.md, "Record".
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from msgspec import Meta, Struct
from nacl import bindings
from nacl.exceptions import CryptoError

from ledger import codec
from ledger.bodies import KINDS, Author, Bin32, Bin64, Body, SealedBody
from ledger.commitments import check_point
from ledger.envelope import Header, check_envelope
from ledger.errors import Code, Refusal
from ledger.limits import (
    MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS,
    MAX_ENVELOPE_BYTES,
    MAX_INSTANT_MS,
    MAX_SUBMISSION_BYTES,
)
from ledger.schema import shorten
from ledger.units import Ms

SIGNATURE_TAG: Final = b"kpledger/record/v1\0"
SECRETARIAT: Final = "secretariat"

B = TypeVar("B")


class _Raw(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    key: Bin32
    sig: Bin64
    statement: bytes


class _Statement(Struct, Generic[B], frozen=True, gc=False, forbid_unknown_fields=True):
    at: Annotated[Ms, Meta(ge=0, le=MAX_INSTANT_MS)]
    author: Author
    body: B
    kind: str
    v: Literal[1]


class _Sealed(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    envelope: bytes
    record: bytes


_Batch = Annotated[tuple[bytes, ...], Meta(max_length=MAX_BATCH_RECORDS)]


class Record(Struct, frozen=True, gc=False, eq=False):
    """A record of the right form, not yet verified.

    Attributes:
        raw: its bytes, the log's leaf.
        id: RFC 6962 leaf hash of `raw`, 32 bytes.
        key: Ed25519 public key, 32 bytes.
        sig: signature, 64 bytes.
        statement: the canonical bytes that are signed.
        author: participant code or `secretariat`.
        at: the author's instant, milliseconds.
        kind: a key of `KINDS`.
        body: what is said, of the kind's type.
    """

    raw: bytes
    id: bytes
    key: bytes
    sig: bytes
    statement: bytes
    author: str
    at: int
    kind: str
    body: Body


class Submission(Struct, frozen=True, gc=False, eq=False):
    """A record with its envelope and that one's header; both None for a kind without a sealed part, or when pruned."""

    record: Record
    envelope: bytes | None = None
    header: Header | None = None


_raw: Final = codec.typed(_Raw)
_sealed: Final = codec.typed(_Sealed, MAX_SUBMISSION_BYTES)
_batch: Final = codec.Typed[tuple[bytes, ...]](_Batch, MAX_BATCH_BYTES)
_statement_of: Final[Any] = _Statement
"""The same, for a body that is known at run time only."""
_bodies: Final[dict[str, codec.Typed[_Statement[Body]]]] = {
    name: codec.typed(_statement_of[kind.body]) for name, kind in KINDS.items()
}
_KIND_KEY: Final = codec.encode("kind")
_suffixes: Final = {_KIND_KEY + codec.encode(kind) + codec.encode("v") + codec.encode(1): kind for kind in KINDS}
"""How a canonical statement of each kind ends: its last two fields. No other text ends so, for the key's first byte and the
kind's are none that UTF-8 allows at these places."""


def record_id(raw: bytes) -> bytes:
    """The id of a record: its RFC 6962 leaf hash, 32 bytes."""
    return hashlib.sha256(b"\0" + raw).digest()


def parse_record(raw: bytes) -> Record:
    """A record out of its bytes: canonical form and schema; neither signature nor state.

    Raises:
        Refusal: TOO_LARGE, TOO_DEEP, MALFORMED, NOT_CANONICAL, UNKNOWN_KIND or BAD_VALUE, with the field in the body.
    """
    outer = _raw.decode(raw)
    kind, statement = _parse_statement(outer.statement)
    return Record(
        raw=raw,
        id=hashlib.sha256(b"\0" + raw).digest(),
        key=outer.key,
        sig=outer.sig,
        statement=outer.statement,
        author=statement.author,
        at=statement.at,
        kind=kind,
        body=statement.body,
    )


def read_record(raw: bytes, record_id: bytes) -> Record:
    """The record of this id out of its bytes, which must hash to it; for an id that the ledger has accepted.

    Form and schema were checked then, of these very bytes, so nothing is checked again: a third of what `parse_record` takes.

    Raises:
        ValueError: no record.
    """
    outer = _raw.read(raw)
    kind = _suffixes.get(outer.statement[outer.statement.rfind(_KIND_KEY) :])
    if kind is None:
        raise ValueError("a statement that ends with no kind")
    statement = _bodies[kind].read(outer.statement)
    return Record(
        raw=raw,
        id=record_id,
        key=outer.key,
        sig=outer.sig,
        statement=outer.statement,
        author=statement.author,
        at=statement.at,
        kind=kind,
        body=statement.body,
    )


def _parse_statement(statement: bytes) -> tuple[str, _Statement[Body]]:
    """The kind and the statement out of its bytes; the kind is read from the end, where canonical form puts it."""
    kind = _suffixes.get(statement[statement.rfind(_KIND_KEY) :])
    try:
        if kind is None:
            kind = _kind_by_value(codec.decode(statement))
        parsed = _bodies[kind].decode(statement)
    except Refusal as refusal:
        # A path starts in the body, where nearly every field is; the statement's own fields have names that no body has.
        field = refusal.field.removeprefix("body.") or "statement"
        raise Refusal(refusal.code, field, **refusal.details) from None
    return kind, parsed


def _kind_by_value(statement: Any) -> str:
    kind = statement.get("kind") if isinstance(statement, dict) else None
    if not isinstance(kind, str):
        raise Refusal(Code.MALFORMED, "kind", reason="missing" if kind is None else "not text")
    if kind not in KINDS:
        raise Refusal(Code.UNKNOWN_KIND, "kind", given=shorten(kind), expected=" ".join(KINDS))
    return kind


def build_statement(kind: str, author: str, at: int, body: Body) -> bytes:
    """The canonical bytes that an authority signs; `at` in milliseconds. They are checked like bytes from outside.

    Raises:
        Refusal: UNKNOWN_KIND, or the first field that is out of its bounds.
    """
    if kind not in KINDS:
        raise Refusal(Code.UNKNOWN_KIND, "kind", given=shorten(kind), expected=" ".join(KINDS))
    statement = codec.encode_plain(_Statement(at=Ms(at), author=author, body=body, kind=kind, v=1))
    _parse_statement(statement)
    return statement


def signing_input(ledger_id: bytes, statement: bytes) -> bytes:
    """The bytes under the signature: tag, ledger id (32 bytes), statement."""
    return SIGNATURE_TAG + ledger_id + statement


def sign_statement(ledger_id: bytes, seed: bytes, statement: bytes) -> bytes:
    """The record's bytes: the statement signed with the Ed25519 key of a 32-byte seed.

    Raises:
        Refusal: TOO_LARGE, the record would be.
    """
    public, secret = bindings.crypto_sign_seed_keypair(seed)
    signature = bindings.crypto_sign(signing_input(ledger_id, statement), secret)[: bindings.crypto_sign_BYTES]
    return assemble(public, signature, statement)


def assemble(key: bytes, signature: bytes, statement: bytes) -> bytes:
    """The record's bytes out of public key (32 bytes), signature (64 bytes, not looked at) and the statement signed.

    Raises:
        Refusal: TOO_LARGE, the record would be.
    """
    return _raw.encode(_Raw(key, signature, statement))


def valid_public_key(key: bytes) -> bool:
    """Whether a key may be registered: 32 bytes, canonical, on the curve, of prime order."""
    return len(key) == bindings.crypto_sign_PUBLICKEYBYTES and bindings.crypto_core_ed25519_is_valid_point(key)


def verify_records(ledger_id: bytes, records: Sequence[Record]) -> list[Refusal | None]:
    """For each record what is wrong with its signature or a line's commitment, if it has lines; None when nothing is.

    About 60 us a signature and 20 us a line, made for a worker thread: libsodium runs without the interpreter's lock.
    """
    return [_verify(SIGNATURE_TAG + ledger_id, record) for record in records]


def _verify(prefix: bytes, record: Record) -> Refusal | None:
    try:
        bindings.crypto_sign_open(record.sig + prefix + record.statement, record.key)
    except CryptoError:
        return Refusal(Code.BAD_SIGNATURE, "sig", key=record.key.hex())
    if not isinstance(record.body, SealedBody):
        return None
    try:
        for position, commitment in enumerate([line.commitment for line in record.body.lines]):
            check_point(commitment, f"lines[{position}].commitment")
    except Refusal as refusal:
        return refusal
    return None


def parse_submission(raw: bytes, *, envelope_required: bool = True) -> Submission:
    """What was submitted, a record or {envelope, record}; the envelope is checked as far as it can be without a key.

    Args:
        raw: the bytes.
        envelope_required: False for a node that catches up, where a record's envelope may have been pruned.

    Raises:
        Refusal: as `parse_record` and `check_envelope`; ENVELOPE_MISSING, ENVELOPE_UNEXPECTED for the record's kind.
    """
    if raw[:1] != b"\x82":
        record = parse_record(raw)
        if envelope_required and KINDS[record.kind].sealed:
            raise Refusal(Code.ENVELOPE_MISSING, "envelope", kind=record.kind)
        return Submission(record)
    outer = _sealed.decode(raw)
    if len(outer.envelope) > MAX_ENVELOPE_BYTES:
        raise Refusal(Code.TOO_LARGE, "envelope", given=len(outer.envelope), limit=MAX_ENVELOPE_BYTES)
    record = parse_record(outer.record)
    body = record.body
    if not (KINDS[record.kind].sealed and isinstance(body, SealedBody)):
        raise Refusal(Code.ENVELOPE_UNEXPECTED, "envelope", kind=record.kind)
    return Submission(record, outer.envelope, check_envelope(outer.envelope, body.sealed, body.rid))


def submitted_record(raw: bytes) -> bytes:
    """The record's bytes in a submission of which nothing is known; whatever is no {envelope, record} stands for itself."""
    try:
        return _sealed.read(raw).record if raw[:1] == b"\x82" else raw
    except ValueError:
        return raw


def encode_submission(record: bytes, envelope: bytes | None = None) -> bytes:
    """The bytes to submit: the record alone, or with its envelope.

    Raises:
        Refusal: TOO_LARGE.
    """
    return record if envelope is None else _sealed.encode(_Sealed(envelope, record))


def parse_batch(raw: bytes) -> list[bytes]:
    """The submissions of a batch, not yet looked into: each is refused for itself.

    Raises:
        Refusal: TOO_LARGE (bytes, or more than `MAX_BATCH_RECORDS`), MALFORMED, NOT_CANONICAL.
    """
    count = int.from_bytes(raw[1:3]) if raw[:1] == b"\xdc" else int.from_bytes(raw[1:5]) if raw[:1] == b"\xdd" else 0
    if count > MAX_BATCH_RECORDS:
        raise Refusal(Code.TOO_LARGE, given=count, limit=MAX_BATCH_RECORDS)
    return list(_batch.decode(raw))


def encode_batch(submissions: Sequence[bytes]) -> bytes:
    """The bytes of a batch.

    Raises:
        Refusal: TOO_LARGE (bytes, or more than `MAX_BATCH_RECORDS`).
    """
    if len(submissions) > MAX_BATCH_RECORDS:
        raise Refusal(Code.TOO_LARGE, given=len(submissions), limit=MAX_BATCH_RECORDS)
    return _batch.encode(tuple(submissions))
