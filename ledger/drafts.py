"""From what an officer writes down to what an authority signs: blindings, commitments, codes and envelope are made here.

A draft is plain: carats and values by line, names, dates. `make_issue` and `make_confirm` turn it into a body and its
envelope. What has no sealed part becomes the statement to sign at once: `make_node_set`, `make_node_ready`,
`make_equivocation`, `make_verdict`.

Randomness comes from the caller's `rng`, in this order: rid (16), for an issue receipt code (10) and verdict code (10), a
blinding (64 each) for every line, then as `ledger.envelope.seal` says.
Reference: design 3-confidentiality.md and 10-formats.md.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from msgspec.structs import asdict, replace

from ledger.bodies import (
    EVIDENCE_EQUIVOCATION,
    NODE_READY,
    NODE_SET,
    STATISTICS_VERDICT,
    AmendBody,
    ConfirmBody,
    ConfirmLine,
    EquivocationBody,
    Hs,
    IssueBody,
    Line,
    NodeReadyBody,
    NodeSetBody,
    Source,
    VerdictBody,
)
from ledger.commitments import commit, draw_blinding
from ledger.envelope import Reader, Rng, Sealed, seal
from ledger.errors import Code, Refusal
from ledger.hashing import labelled_hash
from ledger.participants import Node
from ledger.record import build_statement
from ledger.units import Cents, Points

RID_BYTES = 16
CODE_BYTES = 10


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line with its value in clear. `origin` empty: mixed, not stated; a confirmation has neither origin nor zone."""

    hs: str
    points: Points
    cents: Cents
    origin: tuple[str, ...] = ()
    zone: str = ""


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """A certificate before it is sealed. `sealed`: confidential fields by name (`ledger.envelope.NAMES`) without `values`."""

    number: str
    type: str
    issued: str
    validated: str
    expires: str
    destination: str
    parcels: int
    lines: tuple[DraftLine, ...]
    sources: tuple[Source, ...] = ()
    sealed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConfirmDraft:
    """An outcome before it is sealed. `answers`: id of the certificate's newest record, None while it is to be looked up."""

    number: str
    outcome: str
    received: str
    parcels: int
    lines: tuple[DraftLine, ...]
    inspection: str
    seals: str
    receipt_code: bytes | None = None
    answers: bytes | None = None
    sealed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MadeIssue:
    """What is signed, its envelope, and the codes to print: inside the container, and on the certificate (10 bytes each)."""

    body: IssueBody
    envelope: bytes
    receipt_code: bytes
    verdict_code: bytes


@dataclass(frozen=True, slots=True)
class MadeAmend:
    """What is signed and its envelope."""

    body: AmendBody
    envelope: bytes


@dataclass(frozen=True, slots=True)
class MadeConfirm:
    """What is signed and its envelope."""

    body: ConfirmBody
    envelope: bytes


def receipt_hash(number: str, code: bytes) -> bytes:
    """What a certificate says of the receipt code inside its container, 32 bytes."""
    return labelled_hash(b"kpl/receipt", number.encode(), code)


def verdict_hash(number: str, code: bytes) -> bytes:
    """What a certificate says of the verdict code on its face, 32 bytes."""
    return labelled_hash(b"kpl/verdict", number.encode(), code)


def code_text(code: bytes) -> str:
    """A code of 10 bytes as it is printed: 16 letters and digits of base32."""
    return base64.b32encode(code).decode()


def parse_code(text: str, field: str = "receipt_code") -> bytes:
    """The code of a text as printed (any case, spaces and hyphens aside) or of 20 hex digits.

    Raises:
        Refusal: BAD_VALUE.
    """
    plain = text.replace(" ", "").replace("-", "")
    try:
        code = bytes.fromhex(plain) if len(plain) == 2 * CODE_BYTES else base64.b32decode(plain.upper())
    except (ValueError, binascii.Error):
        code = b""
    if len(code) != CODE_BYTES:
        raise Refusal(Code.BAD_VALUE, field, given=text[:40], expected="16 letters and digits of base32 as printed")
    return code


def make_issue(ledger_id: bytes, draft: IssueDraft, readers: Sequence[Reader], rng: Rng) -> MadeIssue:
    """The body of `certificate.issue` and its envelope for issuer, destination and secretariat.

    Raises:
        Refusal: as `ledger.envelope.seal`. Fields out of bounds are refused by `ledger.record.build_statement`.
    """
    rid, receipt_code, verdict_code = rng(RID_BYTES), rng(CODE_BYTES), rng(CODE_BYTES)
    sealed, commitments = seal_lines(ledger_id, rid, draft.lines, draft.sealed, readers, rng)
    body = IssueBody(
        destination=draft.destination,
        expires=draft.expires,
        issued=draft.issued,
        lines=tuple(
            Line(commitment, cast("Hs", line.hs), line.origin, line.points, line.zone)
            for line, commitment in zip(draft.lines, commitments, strict=True)
        ),
        number=draft.number,
        parcels=draft.parcels,
        points=total(draft.lines),
        receipt_hash=receipt_hash(draft.number, receipt_code),
        rid=rid,
        sealed=sealed.hash,
        sources=draft.sources,
        type=cast("Literal['export', 're-export']", draft.type),
        validated=draft.validated,
        verdict_hash=verdict_hash(draft.number, verdict_code),
    )
    return MadeIssue(body, sealed.envelope, receipt_code, verdict_code)


def make_amend(
    ledger_id: bytes, draft: IssueDraft, printed: tuple[bytes, bytes], answers: bytes, readers: Sequence[Reader], rng: Rng
) -> MadeAmend:
    """The body of `certificate.amend` and its envelope; the codes that are printed already stay as they are.

    Args:
        ledger_id: 32 bytes.
        draft: all of the certificate as it is to be.
        printed: hashes of the receipt code and of the verdict code.
        answers: id of its newest record.
        readers: issuer, the draft's destination, secretariat.
        rng: source of random bytes.

    Raises:
        Refusal: as `make_issue`.
    """
    made = make_issue(ledger_id, draft, readers, rng)
    stated = replace(made.body, receipt_hash=printed[0], verdict_hash=printed[1])
    return MadeAmend(AmendBody(answers=answers, **asdict(stated)), made.envelope)


def make_confirm(ledger_id: bytes, draft: ConfirmDraft, readers: Sequence[Reader], rng: Rng) -> MadeConfirm:
    """The body of `import.confirm` and its envelope for issuer, destination and secretariat.

    Raises:
        Refusal: BAD_VALUE, `answers` was not filled in; as `ledger.envelope.seal`.
    """
    if draft.answers is None:
        raise Refusal(Code.BAD_VALUE, "answers", given=None, expected="id of the certificate's newest record")
    rid = rng(RID_BYTES)
    sealed, commitments = seal_lines(ledger_id, rid, draft.lines, draft.sealed, readers, rng)
    body = ConfirmBody(
        answers=draft.answers,
        inspection=cast("Literal['opened', 'risk-selected', 'not-opened']", draft.inspection),
        lines=tuple(
            ConfirmLine(commitment, cast("Hs", line.hs), line.points)
            for line, commitment in zip(draft.lines, commitments, strict=True)
        ),
        number=draft.number,
        outcome=cast("Literal['confirmed', 'discrepancy', 'refused']", draft.outcome),
        parcels=draft.parcels,
        points=total(draft.lines),
        receipt_code=draft.receipt_code,
        received=draft.received,
        rid=rid,
        sealed=sealed.hash,
        seals=cast("Literal['intact', 'broken', 'none']", draft.seals),
    )
    return MadeConfirm(body, sealed.envelope)


def make_node_set(author: str, at: int, node: Node) -> bytes:
    """The statement of `node.set`, for the author's root key; `at` in milliseconds. The node's participant is the author.

    Raises:
        Refusal: the first field that is out of its bounds.
    """
    body = NodeSetBody(node.address, node.consensus, node.cosign, node.log, node.tls, node.validator)
    return build_statement(NODE_SET, author, at, body)


def make_node_ready(author: str, at: int, epoch: int, validators: bytes) -> bytes:
    """The statement of `node.ready`, for the consensus key of the author's node.

    Args:
        author: whose node is ready.
        at: milliseconds.
        epoch: the next one.
        validators: hash of the pending list (`Network.pending`).

    Raises:
        Refusal: the first field that is out of its bounds.
    """
    return build_statement(NODE_READY, author, at, NodeReadyBody(epoch, validators))


def make_equivocation(author: str, at: int, epoch: int, first: bytes, second: bytes) -> bytes:
    """The statement of `evidence.equivocation`, for the consensus key of the author's node.

    Args:
        author: whose node files it.
        at: milliseconds.
        epoch: of the votes.
        first: a vote, as consensus encodes it.
        second: a vote of the same validator that contradicts it.

    Raises:
        Refusal: the first field that is out of its bounds.
    """
    return build_statement(EVIDENCE_EQUIVOCATION, author, at, EquivocationBody(epoch, first, second))


def make_verdict(author: str, at: int, release: bytes, code: str = "", cell: str = "") -> bytes:
    """The statement of `statistics.verdict`, for the consensus key of the author's node.

    Args:
        author: whose node it is.
        at: milliseconds.
        release: id of the `statistics.publish`.
        code: why it objects; empty: it agrees.
        cell: the cell or field that it objects to.

    Raises:
        Refusal: the first field that is out of its bounds.
    """
    return build_statement(STATISTICS_VERDICT, author, at, VerdictBody(agree=not code, cell=cell, code=code, release=release))


def total(lines: Sequence[DraftLine]) -> Points:
    """The carats of all lines."""
    return Points(sum(line.points for line in lines))


def seal_lines(
    ledger_id: bytes, rid: bytes, lines: Sequence[DraftLine], fields: Mapping[str, Any], readers: Sequence[Reader], rng: Rng
) -> tuple[Sealed, list[bytes]]:
    """The envelope of a draft's confidential fields with its lines' values, and the commitment of each line.

    Raises:
        Refusal: as `ledger.envelope.seal`; BAD_COMMITMENT.
    """
    blindings = [draw_blinding(rng) for _ in lines]
    commitments = [
        commit(line.cents, blinding, f"lines[{position}].value")
        for position, (line, blinding) in enumerate(zip(lines, blindings, strict=True))
    ]
    values = [[line.cents, blinding] for line, blinding in zip(lines, blindings, strict=True)]
    return seal(ledger_id, rid, {**fields, "values": values}, readers, rng), commitments
