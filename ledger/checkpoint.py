"""C2SP tlog-checkpoint: what a log states about itself, who signs it, and many cosignatures put into one note.

Rules:
- the text is `origin`, tree size and root, a line each, then extension lines (read, never written by this ledger);
- the log signs it plainly under the origin as key name; every node cosigns the same text under its own name with a time;
- so the cosignatures of all nodes fit into one note: the log's signature first, then one cosignature a key, its newest, in
  the order of the keys that the caller gives;
- a *quorum checkpoint* carries the log's signature and the cosignatures of at least q of the validators;
- nobody's signature enters a note unchecked.

Reference: c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.errors import (
    BadSignatureError,
    CheckpointConflictError,
    LogSignatureMissingError,
    MalformedCheckpointError,
    OriginMismatchError,
    QuorumNotMetError,
)
from ledger.limits import MAX_NOTE_SIGNATURES, MAX_TREE_SIZE
from ledger.merkle import HASH_BYTES
from ledger.note import (
    SIGNATURE_BYTES,
    TIME_BYTES,
    Note,
    Signature,
    Signer,
    VerifierKey,
    parse_note,
    strict_base64,
    verify_note,
    verify_signature,
)

MAX_ORIGIN_BYTES = 255
"""Longer origins could not be cosigned by all types of keys."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CONTROL = re.compile(rb"[\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log at one size.

    Attributes:
        origin: the log's name, 1 to 255 bytes of UTF-8 in one line.
        size: number of leaves.
        root: 32 bytes.
        extensions: further lines, none of them empty.

    Raises:
        MalformedCheckpointError: no checkpoint can say this.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            lines = [line.encode() for line in (self.origin, *self.extensions)]
        except UnicodeEncodeError as error:
            raise MalformedCheckpointError("a checkpoint is UTF-8") from error
        if not all(lines) or any(_CONTROL.search(line) for line in lines):
            raise MalformedCheckpointError("a checkpoint has an empty line or a control character")
        if len(lines[0]) > MAX_ORIGIN_BYTES:
            raise MalformedCheckpointError(f"an origin of {len(lines[0])} bytes; at most {MAX_ORIGIN_BYTES}")
        if not 0 <= self.size <= MAX_TREE_SIZE:
            raise MalformedCheckpointError("a tree size is a number from 0 to 2**63 - 1")
        if len(self.root) != HASH_BYTES:
            raise MalformedCheckpointError(f"a root of {len(self.root)} bytes, where {HASH_BYTES} are wanted")

    def text(self) -> bytes:
        """The note's text: what is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode()


def parse_size(text: str) -> int | None:
    """A decimal number from 0 to 2**63 - 1 without leading zeros; None when `text` is none."""
    if _SIZE.fullmatch(text) is None or int(text) > MAX_TREE_SIZE:
        return None
    return int(text)


def parse_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint that a note's text states.

    Raises:
        MalformedCheckpointError: not of the form.
    """
    try:
        origin, size_line, root_line, *extensions, rest = text.decode().split("\n")
    except ValueError as error:  # fewer lines, or not UTF-8
        raise MalformedCheckpointError("a checkpoint is origin, size and root, a line each") from error
    size, root = parse_size(size_line), strict_base64(root_line)
    if rest or size is None or root is None:
        raise MalformedCheckpointError("a checkpoint is origin, size and root, a line each, in their one form")
    return Checkpoint(origin, size, root, tuple(extensions))


def cosignature_time(signature: Signature) -> int:
    """The time that a cosignature states, in seconds since 1970 UTC. It means nothing before the cosignature is verified.

    Raises:
        BadSignatureError: not as long as a cosignature.
    """
    if len(signature.value) != TIME_BYTES + SIGNATURE_BYTES:
        raise BadSignatureError(f"a signature line by {signature.name} that is no cosignature")
    return int.from_bytes(signature.value[:TIME_BYTES], "big")


def sign_checkpoint(checkpoint: Checkpoint, log: Signer) -> Note:
    """The checkpoint as the log signs it.

    Raises:
        OriginMismatchError: the signer is not named by the origin.
    """
    _require_origin(checkpoint, log.key)
    text = checkpoint.text()
    return Note(text, (log.sign(text),))


def open_checkpoint(data: bytes, log: VerifierKey) -> tuple[Checkpoint, Note]:
    """A checkpoint that is signed by the log's key; other lines are not looked at.

    Raises:
        MalformedNoteError, MalformedCheckpointError: not of the form.
        OriginMismatchError: another log's.
        LogSignatureMissingError: not signed by the key.
        BadSignatureError: the signature by the key does not verify.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    _require_origin(checkpoint, log)
    _require_log(note, log)
    return checkpoint, note


def newest_times(note: Note, keys: Iterable[VerifierKey]) -> dict[VerifierKey, int]:
    """Which of the keys cosigned, each with the newest time that it states (seconds since 1970 UTC), in the keys' order.

    Raises:
        AmbiguousKeyError: two keys share name and key id.
        BadSignatureError: a line of one of the keys does not verify.
    """
    keys = tuple(keys)
    if not any(signature.is_by(key) for signature in note.signatures for key in keys):
        return {}
    times: dict[VerifierKey, int] = {}
    for key, signature in verify_note(note, keys):
        times[key] = max(cosignature_time(signature), times.get(key, 0))
    return {key: times[key] for key in keys if key in times}


def merge(
    checkpoint: Checkpoint,
    log_signature: Signature,
    log: VerifierKey,
    cosignatures: Iterable[Signature],
    keys: Sequence[VerifierKey],
) -> Note:
    """One note of the log's signature and the newest cosignature of each key. Lines by others than `keys` are left out.

    Keys beyond what a note may carry are left out too, so those that count for a quorum come first.

    Raises:
        OriginMismatchError: the log's key is not named by the origin.
        AmbiguousKeyError: two keys share name and key id.
        BadSignatureError: the log's signature, or a cosignature by one of the keys, is not over this checkpoint.
    """
    _require_origin(checkpoint, log)
    text = checkpoint.text()
    verify_signature(log, text, log_signature)
    newest: dict[tuple[str, bytes], Signature] = {}
    for signature in cosignatures:
        name = (signature.name, signature.key_id)
        if name not in newest or signature.value > newest[name].value:
            newest[name] = signature
    lines = [newest[name] for key in keys if (name := (key.name, key.key_id)) in newest][: MAX_NOTE_SIGNATURES - 1]
    if lines:
        verify_note(Note(text, tuple(lines)), keys)
    return Note(text, (log_signature, *lines))


def merge_notes(notes: Sequence[Note], log: VerifierKey, keys: Sequence[VerifierKey]) -> Note:
    """One note out of several over the same checkpoint: the log's signature and the newest cosignature of each key.

    Raises:
        CheckpointConflictError: no notes, or they are not all over the same text.
        LogSignatureMissingError: none of them is signed by the log's key.
        AmbiguousKeyError, BadSignatureError, MalformedCheckpointError, OriginMismatchError: as `merge`.
    """
    if not notes or any(note.text != notes[0].text for note in notes):
        raise CheckpointConflictError("only signatures over one and the same checkpoint go into one note")
    lines = [signature for note in notes for signature in note.signatures]
    by_log = [signature for signature in lines if signature.is_by(log)]
    if not by_log:
        raise LogSignatureMissingError(f"no signature by the log {log.name}")
    return merge(parse_checkpoint(notes[0].text), by_log[0], log, lines, keys)


def open_quorum_checkpoint(
    data: bytes, log: VerifierKey, validators: Sequence[VerifierKey], quorum: int
) -> tuple[Checkpoint, Note]:
    """A checkpoint that is signed by the log and cosigned by at least `quorum` of the validators.

    Raises:
        QuorumNotMetError: fewer validators.
        MalformedNoteError, MalformedCheckpointError, OriginMismatchError, LogSignatureMissingError, AmbiguousKeyError,
        BadSignatureError: as `open_checkpoint` and `newest_times`.
    """
    checkpoint, note = open_checkpoint(data, log)
    cosigned = len(newest_times(note, validators))
    if cosigned < quorum:
        raise QuorumNotMetError(f"cosigned by {cosigned} validators, where {quorum} are wanted")
    return checkpoint, note


def reduced(note: Note, keys: Sequence[VerifierKey]) -> Note:
    """The note with the lines of these keys only, in the order of the keys: as small as paper wants it.

    Raises:
        MalformedNoteError: nothing is left.
    """
    return Note(note.text, tuple(signature for key in keys for signature in note.signatures if signature.is_by(key)))


def _require_origin(checkpoint: Checkpoint, log: VerifierKey) -> None:
    if checkpoint.origin != log.name:
        raise OriginMismatchError(f"a checkpoint of {checkpoint.origin}, where one of {log.name} is wanted")


def _require_log(note: Note, log: VerifierKey) -> None:
    lines = [signature for signature in note.signatures if signature.is_by(log)]
    if not lines:
        raise LogSignatureMissingError(f"no signature by the log {log.name}")
    for signature in lines:
        verify_signature(log, note.text, signature)
