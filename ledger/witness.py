"""C2SP tlog-witness: what to answer to `add-checkpoint`. A pure function of the request and the newest checkpoint cosigned.

Rules, in the order in which they are checked:
- 400: the request is not of the form (old size, at most 63 proof hashes, an empty line, a checkpoint);
- 404: the checkpoint is of a log that this witness does not know;
- 403: no signature by a key of that log, or one that does not verify;
- 400: the old size is beyond the checkpoint's;
- 409: the old size is not that of the newest checkpoint cosigned; the body says which size is;
- 422: a tree of no leaves with a root of its own, a proof where none is wanted, a proof that does not hold, or another root
  for the size that was cosigned;
- 200: the caller stores the checkpoint durably and only then answers with a cosignature over its text.

The caller holds one lock per origin from reading the newest checkpoint to storing the next: otherwise two requests at once
could roll the witness back.

Reference: c2sp.org/tlog-witness.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from ledger.checkpoint import Checkpoint, parse_checkpoint, parse_size
from ledger.errors import ProofError
from ledger.limits import MAX_PATH_HASHES, MAX_WITNESS_REQUEST_BYTES
from ledger.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from ledger.note import Note, Signature, VerifierKey, parse_note, strict_base64, verify_note

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
"""Content types of the answers."""

_OLD = "old "

Latest = Callable[[str], Checkpoint | None]
"""The newest checkpoint that this witness cosigned for an origin."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a request.

    Attributes:
        status: HTTP status.
        body: what to answer; empty for 200, where it is the cosignature's line (`answer`).
        content_type: of the body.
        checkpoint: with 200 what is to be stored, then cosigned.
    """

    status: HTTPStatus
    body: bytes = b""
    content_type: str = TEXT
    checkpoint: Checkpoint | None = None


def answer(cosignature: Signature) -> bytes:
    """The body of a 200: the line of a cosignature over the outcome's checkpoint."""
    return cosignature.line().encode()


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is of the form; nothing in it is checked."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


def encode_request(old: int, proof: Sequence[bytes], checkpoint_note: bytes) -> bytes:
    """The body that asks a witness to cosign: size that it cosigned last, consistency proof from there, signed checkpoint."""
    return "".join((f"{_OLD}{old}\n", *(f"{_encode(item)}\n" for item in proof), "\n")).encode() + checkpoint_note


def parse_request(body: bytes) -> Request | Outcome:
    """The request that a body states, or the 400 that it deserves."""
    if len(body) > MAX_WITNESS_REQUEST_BYTES:
        return _refuse(HTTPStatus.BAD_REQUEST, f"invalid input: more than {MAX_WITNESS_REQUEST_BYTES} bytes")
    head, divider, data = body.partition(b"\n\n")
    if not divider or not head.isascii():
        return _refuse(HTTPStatus.BAD_REQUEST, "invalid input: no empty line before the checkpoint")
    first, *lines = head.decode().split("\n")
    old = parse_size(first.removeprefix(_OLD)) if first.startswith(_OLD) else None
    proof = tuple(item for line in lines if (item := strict_base64(line)) is not None and len(item) == HASH_BYTES)
    if old is None or len(proof) != len(lines) or len(proof) > MAX_PATH_HASHES:
        return _refuse(HTTPStatus.BAD_REQUEST, "invalid input: an old size and at most 63 hashes are wanted")
    try:
        note = parse_note(data)
    except ProofError as error:
        return _refuse(HTTPStatus.BAD_REQUEST, f"invalid input: {error}")
    try:
        return Request(old, proof, note, parse_checkpoint(note.text))
    except ProofError as error:
        return _refuse(HTTPStatus.BAD_REQUEST, f"invalid checkpoint: {error}")


def add_checkpoint(body: bytes, logs: Mapping[str, Sequence[VerifierKey]], latest: Latest) -> Outcome:
    """What this witness answers.

    Args:
        body: the request.
        logs: the keys of each log that is known, by origin.
        latest: the newest checkpoint cosigned for an origin, None when there is none yet.
    """
    request = parse_request(body)
    if isinstance(request, Outcome):
        return request
    checkpoint = request.checkpoint
    keys = logs.get(checkpoint.origin)
    if keys is None:
        return _refuse(HTTPStatus.NOT_FOUND, "unknown log")
    try:
        verify_note(request.note, keys)
    except ProofError as error:
        return _refuse(HTTPStatus.FORBIDDEN, f"invalid signature: {error}")
    if request.old > checkpoint.size:
        return _refuse(HTTPStatus.BAD_REQUEST, "invalid input: the old size is beyond the checkpoint's")
    known = latest(checkpoint.origin)
    size = known.size if known else 0
    if request.old != size:
        return Outcome(HTTPStatus.CONFLICT, b"%d\n" % size, SIZE)
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        return _refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "an empty tree has the empty root")
    try:
        verify_consistency(size, checkpoint.size, known.root if known else EMPTY_ROOT, checkpoint.root, request.proof)
    except ProofError as error:
        return _refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"the consistency proof does not hold: {error}")
    return Outcome(HTTPStatus.OK, checkpoint=checkpoint)


def _refuse(status: HTTPStatus, reason: str) -> Outcome:
    return Outcome(status, f"{reason}\n".encode())


def _encode(item: bytes) -> str:
    return b64encode(item).decode()
