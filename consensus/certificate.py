"""Certificates: q votes of distinct validators for one subject, and the only place where signatures are verified.

A certificate that came from outside counts after `Verifier.check` alone: bitmap exactly as long as the validators need, no bit
beyond them, at least q signers, as many signatures, every signature valid (P17). Votes are verified in batches, and each is
judged by itself, so that a bad one is attributed to its sender (R10).
"""

from collections.abc import Sequence

from consensus.errors import BadCertificateError
from consensus.events import Config, Scheme
from consensus.messages import Certificate, Vote, VoteKind, vote_input
from consensus.quorum import Committee


def build(votes: Sequence[Vote], validators: int) -> Certificate:
    """The certificate that verified votes of distinct signers for one subject make, in the order of their signers."""
    ordered = sorted(votes, key=lambda vote: vote.signer)
    first = ordered[0]
    bitmap = bytearray((validators + 7) // 8)
    for vote in ordered:
        bitmap[vote.signer // 8] |= 1 << vote.signer % 8
    signatures = tuple(vote.signature for vote in ordered)
    return Certificate(first.kind, first.epoch, first.view, first.parent, first.digest, bytes(bitmap), signatures)


def signers(certificate: Certificate, validators: int) -> list[int]:
    """The validators whose bits are set, ascending.

    Raises:
        BadCertificateError: the bitmap has another length than the validators need, or names one that does not exist.
    """
    bitmap = certificate.signers
    if len(bitmap) != (validators + 7) // 8:
        raise BadCertificateError(f"bitmap of {len(bitmap)} bytes for {validators} validators")
    found = [index for index in range(8 * len(bitmap)) if bitmap[index // 8] >> index % 8 & 1]
    if found and found[-1] >= validators:
        raise BadCertificateError(f"signer {found[-1]} of {validators} validators")
    return found


def votes(certificate: Certificate, validators: int) -> list[Vote]:
    """The votes that a certificate consists of.

    Raises:
        BadCertificateError: bitmap and signatures do not fit together or to the validators.
    """
    who = signers(certificate, validators)
    if len(who) != len(certificate.signatures):
        raise BadCertificateError(f"{len(who)} signers, {len(certificate.signatures)} signatures")
    c = certificate
    return [
        Vote(c.kind, c.epoch, c.view, c.parent, c.digest, signer, signature)
        for signer, signature in zip(who, c.signatures, strict=True)
    ]


def vote_in(certificate: Certificate, signer: int) -> Vote | None:
    """This validator's vote out of a certificate that was verified or built here, None where it has none in it."""
    byte, bit = divmod(signer, 8)
    bitmap = certificate.signers
    if byte >= len(bitmap) or not bitmap[byte] >> bit & 1:
        return None
    before = int.from_bytes(bitmap, "little") & ((1 << signer) - 1)
    c = certificate
    return Vote(c.kind, c.epoch, c.view, c.parent, c.digest, signer, c.signatures[before.bit_count()])


def well_formed(kind: VoteKind, parent: int, digest: bytes) -> bool:
    """Whether a subject has the shape of its kind: a nullification names no block, the others one of 32 bytes."""
    if kind == VoteKind.NULLIFY:
        return parent == 0 and not digest
    return len(digest) == 32


class Verifier:
    """Checks signatures against one epoch's validators. A failed check is never remembered as anything (P18)."""

    __slots__ = ("_committee", "_ledger_id", "_scheme")

    def __init__(self, config: Config, committee: Committee, scheme: Scheme) -> None:
        self._ledger_id = config.ledger_id
        self._committee = committee
        self._scheme = scheme

    def verify(self, batch: Sequence[Vote]) -> list[bool]:
        """Whether each vote's signature is its signer's. All votes of a batch have the same subject."""
        if not batch:
            return []
        first = batch[0]
        signed = vote_input(self._ledger_id, first.kind, first.epoch, first.view, first.parent, first.digest)
        keys = self._committee.keys
        return [self._scheme.verify(keys[vote.signer], signed, vote.signature) for vote in batch]

    def check(self, certificate: Certificate, verified: Sequence[Vote] = ()) -> list[Vote]:
        """The votes of a certificate that proves what it says; those equal to one in `verified` are not checked again.

        Raises:
            BadCertificateError: it does not.
        """
        if not well_formed(certificate.kind, certificate.parent, certificate.digest):
            raise BadCertificateError("no such subject")
        content = votes(certificate, self._committee.n)
        if len(content) < self._committee.quorum:
            raise BadCertificateError(f"{len(content)} signers; a quorum is {self._committee.quorum}")
        known = {vote.signer: vote for vote in verified}
        for vote in content:  # the first bad one ends it: a forgery of many costs one check
            if known.get(vote.signer) != vote and self.verify([vote]) != [True]:
                raise BadCertificateError(f"the signature of validator {vote.signer} is not valid")
        return content
