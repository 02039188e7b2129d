"""A certificate's proof on paper: a receipt in one QR code, with the cosignatures that its readers look for first.

Rules:
- the text is `KP1:` and the base45 of a raw deflate stream of a `tlog-proof@v1`: the record, its place, its path, a checkpoint;
- the checkpoint keeps the log's own signature and as many cosignatures as one code takes: the destination's first, whose
  officers trust that node, then the issuer's, then the others as the receipt has them;
- it is checked with a policy file and nothing else. Every line by a key that the policy names must verify, and one witness of
  the policy must have cosigned: few fit, so a quorum is not asked for, and the verdict says whose word it rests on and whether
  they are a quorum. The log's own signature is not asked for: which node made the receipt says nothing to who reads it;
- the record must state a certificate. Whether it still stands is no matter of the proof: see `ledger.status`.

Reference: design 5-log.md, "Paper"; c2sp.org/tlog-proof; RFC 9285, RFC 1951.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ledger import base45
from ledger.bodies import StatedBody
from ledger.checkpoint import cosignature_time, parse_checkpoint
from ledger.errors import (
    NotCertificateError,
    OriginMismatchError,
    PaperCompressionError,
    PaperEncodingError,
    PaperPrefixError,
    PaperTooLargeError,
    QuorumNotMetError,
    RecordMissingError,
    Refusal,
    UnverifiedNoteError,
)
from ledger.limits import MAX_PAPER_CHARACTERS, MAX_PROOF_BYTES, MAX_RECORD_BYTES, MAX_SCANNED_CHARACTERS
from ledger.merkle import verify_inclusion
from ledger.note import Note, Signature, SignatureType, parse_note, verify_note
from ledger.policy import Policy
from ledger.proof import TlogProof, parse_proof
from ledger.receipt import Verdict
from ledger.record import Record, parse_record

PREFIX = "KP1:"

_RAW_DEFLATE = -15
_BEST, _MEMORY = 9, 9


@dataclass(frozen=True, slots=True)
class PaperVerdict:
    """What a proof on paper establishes.

    Attributes:
        verdict: as of a receipt; its witnesses are those whose word this rests on.
        quorum: whether they are as many as the policy asks for.
        record: what the issuer signed.
        body: what it states of the certificate.
    """

    verdict: Verdict
    quorum: bool
    record: Record
    body: StatedBody


def cosigner_name(participant: str) -> str:
    """The key name of a participant's node as a witness."""
    return f"{participant}/witness"


def make_paper(receipt: bytes) -> str:
    """The text of the proof QR of a certificate's receipt.

    Raises:
        MalformedProofError, MalformedNoteError, MalformedCheckpointError: no receipt.
        RecordMissingError, NotCertificateError: it is about no certificate.
        PaperTooLargeError: the record and its path leave no room for a cosignature.
    """
    proof = parse_proof(receipt)
    record, body = certificate_of(proof)
    note = parse_note(proof.checkpoint)
    origin = parse_checkpoint(note.text).origin
    by_log = [line for line in note.signatures if line.name == origin]
    wanted = [cosigner_name(body.destination), cosigner_name(record.author)]
    cosigned = _in_order([line for line in note.signatures if line.name != origin], wanted)
    for count in range(len(cosigned), 0, -1):
        kept = Note(note.text, (*by_log, *cosigned[:count]))
        text = encode_paper(replace(proof, checkpoint=kept.encode()))
        if len(text) <= MAX_PAPER_CHARACTERS:
            return text
    raise PaperTooLargeError(
        f"{body.number} and its proof do not fit into a code of {MAX_PAPER_CHARACTERS} characters with a cosignature"
    )


def encode_paper(proof: TlogProof) -> str:
    """The text of a proof as it is, however long."""
    packer = zlib.compressobj(_BEST, zlib.DEFLATED, _RAW_DEFLATE, _MEMORY)
    return PREFIX + base45.encode(packer.compress(proof.encode()) + packer.flush())


def decode_paper(text: str) -> bytes:
    """The tlog-proof in a scanned text, not looked at.

    Raises:
        PaperPrefixError: another text.
        PaperEncodingError: longer than any code, or no base45.
        PaperCompressionError: not one whole stream, or one of more than a proof may be.
    """
    if not text.startswith(PREFIX):
        raise PaperPrefixError(f"a proof begins with {PREFIX}")
    if len(text) > MAX_SCANNED_CHARACTERS:
        raise PaperEncodingError(f"{len(text)} characters; no code holds more than {MAX_SCANNED_CHARACTERS}")
    unpacker = zlib.decompressobj(_RAW_DEFLATE)
    try:
        data = unpacker.decompress(base45.decode(text.removeprefix(PREFIX)), MAX_PROOF_BYTES + 1)
    except zlib.error as error:
        raise PaperCompressionError("not a deflate stream") from error
    if len(data) > MAX_PROOF_BYTES:
        raise PaperCompressionError(f"a proof of more than {MAX_PROOF_BYTES} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise PaperCompressionError("a deflate stream that ends too soon, or goes on after its end")
    return data


def verify_paper(text: str, policy: Policy) -> PaperVerdict:
    """Checks a scanned proof and says what it establishes. The record's own signature is not looked at: the log has it.

    Raises:
        PaperPrefixError, PaperEncodingError, PaperCompressionError: as `decode_paper`.
        MalformedProofError, RecordMissingError, NotCertificateError: no proof of a certificate.
        MalformedNoteError, MalformedCheckpointError: the checkpoint is not of the form.
        OriginMismatchError: a log that the policy does not know.
        BadSignatureError, AmbiguousKeyError: a signature of a known key does not verify, or two known keys look alike.
        QuorumNotMetError: no witness of the policy has cosigned.
        OutOfRangeError, ProofLengthError, RootMismatchError: the record is not at this place of the log.
    """
    proof = parse_proof(decode_paper(text))
    record, body = certificate_of(proof)
    note = parse_note(proof.checkpoint)
    checkpoint = parse_checkpoint(note.text)
    if all(log.key.name != checkpoint.origin for log in policy.logs):
        raise OriginMismatchError(f"the policy knows no log {checkpoint.origin}")
    keys = [*(log.key for log in policy.logs), *(witness.key for witness in policy.witnesses)]
    try:
        verified = verify_note(note, keys)
    except UnverifiedNoteError:
        verified = ()
    signers = [key for key, _ in verified]
    witnesses = [witness for witness in policy.witnesses if witness.key in signers]
    if not witnesses:
        raise QuorumNotMetError("cosigned by no witness that the policy names")
    verify_inclusion(record.id, proof.index, checkpoint.size, proof.path, checkpoint.root)
    times = [cosignature_time(line) for key, line in verified if key.kind is SignatureType.COSIGNATURE]
    verdict = Verdict(
        record=record.raw,
        record_id=record.id,
        index=proof.index,
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root,
        witnesses=tuple(witness.key.name for witness in witnesses),
        newest=max(times),
    )
    return PaperVerdict(verdict, policy.is_quorum(frozenset(witness.name for witness in witnesses)), record, body)


def certificate_of(proof: TlogProof) -> tuple[Record, StatedBody]:
    """The record that a proof carries, and what it states.

    Raises:
        RecordMissingError, NotCertificateError: it carries none that states a certificate.
    """
    if not 1 <= len(proof.extra) <= MAX_RECORD_BYTES:
        raise RecordMissingError("the proof does not carry the record that it is about")
    try:
        record = parse_record(proof.extra)
    except Refusal as refusal:
        raise NotCertificateError(f"what the proof carries is no record: {refusal}") from refusal
    if not isinstance(record.body, StatedBody):
        raise NotCertificateError(f"the record is a {record.kind}, which states no certificate")
    return record, record.body


def _in_order(lines: Sequence[Signature], wanted: Sequence[str]) -> list[Signature]:
    """One line a name, those of the wanted names first."""
    by_name: dict[str, Signature] = {}
    for line in lines:
        by_name.setdefault(line.name, line)
    names = [*(name for name in wanted if name in by_name), *(name for name in by_name if name not in wanted)]
    return [by_name[name] for name in names]
