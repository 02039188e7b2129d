"""Receipts: a record, its place in the ledger's log, and a checkpoint that a quorum of the validators vouches for.

Rules:
- a receipt is a tlog-proof whose `extra` is the record's bytes; the leaf is the hash of exactly these bytes;
- it is checked with a policy file and nothing else: no network, no clock, no ledger;
- what it establishes is that these bytes are in the log. It does not say that the record still stands (it may have been
  amended, answered or closed since), and how old the word is shows in the newest cosignature's time only.

Reference: c2sp.org/tlog-proof; the design's page on the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import MalformedProofError, RecordMissingError
from ledger.limits import MAX_RECORD_BYTES
from ledger.merkle import leaf_hash
from ledger.policy import Policy
from ledger.proof import TlogProof, parse_proof, verify_proof


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt establishes.

    Attributes:
        record: the record's bytes, as they are in the log.
        record_id: their leaf hash, 32 bytes: the record's id.
        index: place in the log, from 0.
        origin: the log's name.
        size: leaves of the tree that the checkpoint is about.
        root: that tree's root, 32 bytes.
        witnesses: key names of those whose cosignatures count, in the policy's order.
        newest: the newest time that a cosignature states, in seconds since 1970 UTC; None where the policy asks for none and
            there is none.
    """

    record: bytes
    record_id: bytes
    index: int
    origin: str
    size: int
    root: bytes
    witnesses: tuple[str, ...]
    newest: int | None


def make_receipt(record: bytes, index: int, path: Sequence[bytes], checkpoint_note: bytes) -> str:
    """The receipt's text for a record (its bytes), its place, the path of 32-byte hashes and the quorum checkpoint.

    Raises:
        MalformedProofError: an index, path or note that no proof can hold, a record that is empty or too large, or a note that
            is not UTF-8.
    """
    if not 1 <= len(record) <= MAX_RECORD_BYTES:
        raise MalformedProofError(f"a record of {len(record)} bytes; 1 to {MAX_RECORD_BYTES} are allowed")
    data = TlogProof(index, tuple(path), checkpoint_note, record).encode()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MalformedProofError("a checkpoint is UTF-8") from error


def verify_receipt(text: str | bytes, policy: Policy) -> Verdict:
    """Checks a receipt and says what it establishes. The record's own signature and meaning are not looked at.

    Raises:
        MalformedProofError: no tlog-proof.
        RecordMissingError: a proof without a record, or with more than a record can be.
        MalformedNoteError, MalformedCheckpointError: the checkpoint is not of the form.
        OriginMismatchError: a log that the policy does not know.
        LogSignatureMissingError, QuorumNotMetError: a checkpoint without the signatures that the policy asks for.
        BadSignatureError, AmbiguousKeyError: a signature of a known key does not verify, or two known keys look alike.
        OutOfRangeError, ProofLengthError, RootMismatchError: the record is not at this place of the log.
    """
    try:
        data = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        raise MalformedProofError("a receipt is UTF-8") from error
    proof = parse_proof(data)
    if not 1 <= len(proof.extra) <= MAX_RECORD_BYTES:
        raise RecordMissingError("the proof does not carry the record that it is about")
    record_id = leaf_hash(proof.extra)
    accepted = verify_proof(proof, record_id, policy)
    return Verdict(
        record=proof.extra,
        record_id=record_id,
        index=proof.index,
        origin=accepted.checkpoint.origin,
        size=accepted.checkpoint.size,
        root=accepted.checkpoint.root,
        witnesses=tuple(witness.key.name for witness in accepted.witnesses),
        newest=accepted.newest,
    )
