"""C2SP tlog-checkpoint: what a log states about itself, and what its cosigners sign.

Rules:
- the text is `origin`, tree size and root, a line each, then extension lines (read, never written by this ledger);
- the log signs it plainly under the origin as key name; every node cosigns the same text under its own name with a time, so the
  cosignatures of all nodes fit into one note;
- whose signatures make a checkpoint valid is said by a policy (`ledger.policy`).

Reference: c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

import re
from base64 import b64encode
from dataclasses import dataclass

from ledger.errors import BadSignatureError, MalformedCheckpointError
from ledger.limits import MAX_TREE_SIZE
from ledger.merkle import HASH_BYTES
from ledger.note import SIGNATURE_BYTES, TIME_BYTES, Signature, strict_base64

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
