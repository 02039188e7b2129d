"""C2SP tlog-proof: that an entry is in a log, as a text that anybody can check offline. Encode, parse, verify.

Rules:
- the lines are `c2sp.org/tlog-proof@v1`, at most one `extra <base64>`, `index <n>`, one hash of the inclusion path a line, an
  empty line, and the checkpoint as the log issued it;
- numbers and base64 have one form only; an `extra` line without data is left out;
- verifying takes the entry's hash and a policy: the checkpoint must be accepted by the policy, the path must lead from the
  entry to its root. Nothing else in the text is vouched for, `extra` least of all.

Reference: c2sp.org/tlog-proof.
"""

from base64 import b64encode
from dataclasses import dataclass

from ledger.checkpoint import parse_size
from ledger.errors import MalformedProofError
from ledger.limits import MAX_NOTE_BYTES, MAX_PATH_HASHES, MAX_PROOF_BYTES, MAX_TREE_SIZE
from ledger.merkle import HASH_BYTES, verify_inclusion
from ledger.note import strict_base64
from ledger.policy import Accepted, Policy, accept

HEADER = "c2sp.org/tlog-proof@v1"

_EXTRA = "extra "
_INDEX = "index "


@dataclass(frozen=True, slots=True)
class TlogProof:
    """One entry's proof.

    Attributes:
        index: the entry's place in the log, from 0.
        path: inclusion path, the sibling of the leaf first; at most 63 hashes of 32 bytes.
        checkpoint: the signed note, unparsed.
        extra: what the application put beside it; empty when there is none.

    Raises:
        MalformedProofError: no proof can say this.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.index <= MAX_TREE_SIZE:
            raise MalformedProofError("an index is a number from 0 to 2**63 - 1")
        if len(self.path) > MAX_PATH_HASHES or any(len(item) != HASH_BYTES for item in self.path):
            raise MalformedProofError(f"a path is at most {MAX_PATH_HASHES} hashes of {HASH_BYTES} bytes")
        if not 1 <= len(self.checkpoint) <= MAX_NOTE_BYTES:
            raise MalformedProofError(f"a checkpoint of {len(self.checkpoint)} bytes; 1 to {MAX_NOTE_BYTES} are allowed")

    def encode(self) -> bytes:
        """The proof's text in UTF-8.

        Raises:
            MalformedProofError: larger than a proof may be.
        """
        lines = [HEADER, f"{_INDEX}{self.index}", *(b64encode(item).decode() for item in self.path), ""]
        if self.extra:
            lines.insert(1, _EXTRA + b64encode(self.extra).decode())
        data = "".join(f"{line}\n" for line in lines).encode() + self.checkpoint
        if len(data) > MAX_PROOF_BYTES:
            raise MalformedProofError(f"a proof of {len(data)} bytes; at most {MAX_PROOF_BYTES}")
        return data


def parse_proof(data: bytes) -> TlogProof:
    """The proof that a text states. The checkpoint in it is not looked at.

    Raises:
        MalformedProofError: not of the form.
    """
    if len(data) > MAX_PROOF_BYTES:
        raise MalformedProofError(f"a proof of {len(data)} bytes; at most {MAX_PROOF_BYTES}")
    head, divider, checkpoint = data.partition(b"\n\n")
    if not divider or not head.isascii():
        raise MalformedProofError("a proof is a head of ASCII lines, an empty line and a checkpoint")
    first, *lines = head.decode().split("\n")
    if first != HEADER:
        raise MalformedProofError(f"a proof begins with {HEADER}")
    extra: bytes | None = b""
    if lines and lines[0].startswith(_EXTRA):
        extra = strict_base64(lines.pop(0).removeprefix(_EXTRA)) or None
    index = parse_size(lines[0].removeprefix(_INDEX)) if lines and lines[0].startswith(_INDEX) else None
    path = [item for line in lines[1:] if (item := strict_base64(line)) is not None]
    if extra is None or index is None or len(path) != len(lines) - 1:
        raise MalformedProofError("a proof has one index line and base64 in its one form")
    return TlogProof(index, tuple(path), checkpoint, extra)


def verify_proof(proof: TlogProof, leaf: bytes, policy: Policy) -> Accepted:
    """Checks that `leaf` (a leaf hash) stands at the proof's index of a log that the policy accepts.

    Raises:
        ProofError: what `ledger.policy.accept` and `ledger.merkle.verify_inclusion` raise.
    """
    accepted = accept(policy, proof.checkpoint)
    verify_inclusion(leaf, proof.index, accepted.checkpoint.size, proof.path, accepted.checkpoint.root)
    return accepted
