"""C2SP tlog-witness: a log asks a witness to cosign its growth. The request, and what must hold before anybody signs. Pure.

Rules, in this order, each with its own error:
1. the request is a line `old <size>`, at most 63 lines of a consistency proof in base64, an empty line and the checkpoint
   (`MalformedRequestError`, `MalformedNoteError`, `MalformedCheckpointError`: 400);
2. its origin is one that the witness cosigns (`UnknownLogError`: 404);
3. a key of that log signed it, and no line by such a key fails (`LogSignatureMissingError`, `BadSignatureError`: 403);
4. the old size is not beyond the checkpoint's (`MalformedRequestError`: 400);
5. the old size is the one that the witness cosigned last, 0 before the first (`StaleSizeError`: 409 with that size);
6. an empty tree has the root of the empty tree, the proof leads from the old root to the new one, and one size has one root
   (`InconsistentError`, `TwoRootsError`: 422).

Who cosigns must keep size and root durably before the cosignature is given; that, and one request at a time, is the caller's.

Reference: c2sp.org/tlog-witness.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, parse_checkpoint, parse_size
from ledger.errors import (
    InconsistentError,
    LogSignatureMissingError,
    MalformedRequestError,
    ProofError,
    StaleSizeError,
    TwoRootsError,
    UnknownLogError,
    UnverifiedNoteError,
)
from ledger.limits import MAX_NOTE_BYTES, MAX_PATH_HASHES, MAX_TREE_SIZE
from ledger.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from ledger.note import Note, VerifierKey, parse_note, strict_base64, verify_note

MAX_REQUEST_BYTES = 64 + (4 * (HASH_BYTES // 3 + 1) + 1) * MAX_PATH_HASHES + MAX_NOTE_BYTES
"""The largest request: an old size, the longest proof, the largest note."""

_OLD = "old "

LogKeys = Callable[[str], Sequence[VerifierKey]]
"""The keys that sign checkpoints of a log, by origin; none for a log that is not cosigned."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """One request.

    Attributes:
        old: the size that the witness is believed to have cosigned last.
        path: the consistency proof from there to the checkpoint; at most 63 hashes of 32 bytes.
        note: the checkpoint as a signed note.

    Raises:
        MalformedRequestError: no request can say this.
    """

    old: int
    path: tuple[bytes, ...]
    note: Note

    def __post_init__(self) -> None:
        if not 0 <= self.old <= MAX_TREE_SIZE:
            raise MalformedRequestError("an old size is a number from 0 to 2**63 - 1")
        if len(self.path) > MAX_PATH_HASHES or any(len(item) != HASH_BYTES for item in self.path):
            raise MalformedRequestError(f"a proof is at most {MAX_PATH_HASHES} hashes of {HASH_BYTES} bytes")

    def encode(self) -> bytes:
        """The request's body."""
        lines = [f"{_OLD}{self.old}", *(b64encode(item).decode() for item in self.path), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.note.encode()


def parse_add_checkpoint(data: bytes) -> AddCheckpoint:
    """The request that a body states. No signature is checked.

    Raises:
        MalformedRequestError: not of the form.
        MalformedNoteError: what stands behind the empty line is no signed note.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise MalformedRequestError(f"a request of {len(data)} bytes; at most {MAX_REQUEST_BYTES}")
    head, divider, note = data.partition(b"\n\n")
    if not divider or not head.isascii():
        raise MalformedRequestError("a request is an old size, a proof, an empty line and a checkpoint")
    first, *lines = head.decode().split("\n")
    old = parse_size(first.removeprefix(_OLD)) if first.startswith(_OLD) else None
    path = [item for line in lines if (item := strict_base64(line)) is not None]
    if old is None or len(path) != len(lines):
        raise MalformedRequestError("a request begins with a line `old <size>`, then base64 in its one form")
    return AddCheckpoint(old, tuple(path), parse_note(note))


def check_signatures(request: AddCheckpoint, keys_of: LogKeys) -> Checkpoint:
    """Rules 2 to 4: the checkpoint that a known log's key signed.

    Raises:
        MalformedCheckpointError: the note's text is no checkpoint.
        UnknownLogError: a log that is not cosigned here.
        LogSignatureMissingError, BadSignatureError, AmbiguousKeyError: not signed by the log, or badly.
        MalformedRequestError: the old size is beyond the checkpoint's.
    """
    checkpoint = parse_checkpoint(request.note.text)
    keys = keys_of(checkpoint.origin)
    if not keys:
        raise UnknownLogError(f"this witness does not cosign the log {checkpoint.origin}")
    try:
        verify_note(request.note, keys)
    except UnverifiedNoteError as error:
        raise LogSignatureMissingError(f"no signature by the log {checkpoint.origin}") from error
    if request.old > checkpoint.size:
        raise MalformedRequestError(f"an old size of {request.old}, beyond the checkpoint's {checkpoint.size}")
    return checkpoint


def check_growth(request: AddCheckpoint, checkpoint: Checkpoint, size: int, root: bytes) -> None:
    """Rules 5 and 6: the checkpoint continues what was cosigned last.

    Args:
        request: as it came.
        checkpoint: what `check_signatures` found in it.
        size: of the newest checkpoint that was cosigned for this log, 0 before the first.
        root: its root; before the first that of the empty tree.

    Raises:
        StaleSizeError: the request begins at another size.
        InconsistentError: the proof does not lead there, or the empty tree has another root.
        TwoRootsError: another root for the same size.
    """
    if request.old != size:
        raise StaleSizeError(size)
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise InconsistentError("an empty tree with another root than that of the empty tree")
    if checkpoint.size == size and checkpoint.root != root:
        raise TwoRootsError(f"another root for size {size} than the one that was cosigned")
    try:
        verify_consistency(request.old, checkpoint.size, root, checkpoint.root, request.path)
    except ProofError as error:
        raise InconsistentError(f"the proof from {request.old} to {checkpoint.size} leaves does not hold: {error}") from error
