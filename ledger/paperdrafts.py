"""Drafts of what has a sealed part beside certificates and outcomes: imports under paper certificates, technical certificates.

As in `ledger.drafts`: a draft is plain, blindings, commitments and envelope are made here, randomness comes from the caller's
`rng` (rid, a blinding for every line, then as `ledger.envelope.seal` says). An officer's file has the draft's members, and
the confidential ones in `sealed`, as `ledger.jsonform` reads those of a certificate:

    {"number": "TG0001234", "reason": "not-issuing", "issued": "2026-11-02", "received": "2026-11-20", "parcels": 1,
     "lines": [{"hs": "710231", "origin": ["TG"], "carats": "12.34", "value": "2500.00"}], "sealed": {"exporter": {...}}}

    {"number": "BW0012399", "reason": "returned", "link": "RU0000042", "issued": "2026-11-23", "destination": "RU",
     "parcels": 1, "lines": [{"hs": "710231", "carats": "12.34", "value": "2500.00"}], "sealed": {}}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from ledger.bodies import PAPER_IMPORT, TECHNICAL_ISSUE, ConfirmLine, Hs, Line, PaperImportBody, TechnicalBody
from ledger.drafts import RID_BYTES, DraftLine, seal_lines, total
from ledger.envelope import Reader, Rng
from ledger.errors import Code
from ledger.jsonform import check_total, read_line, read_sealed
from ledger.limits import MAX_AMOUNT, MAX_LINES, MAX_OFFICER_FILE_BYTES
from ledger.record import build_statement
from ledger.rules import papers, technical
from ledger.strict_json import load


@dataclass(frozen=True, slots=True)
class PaperDraft:
    """An import under a paper certificate before it is sealed. `sealed`: confidential fields by name, without `values`."""

    number: str
    reason: str
    issued: str
    received: str
    parcels: int
    lines: tuple[DraftLine, ...]
    sealed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TechnicalDraft:
    """A technical certificate before it is sealed. `link`: the certificate under which the goods travelled, empty for none."""

    number: str
    reason: str
    link: str
    issued: str
    destination: str
    parcels: int
    lines: tuple[DraftLine, ...]
    sealed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MadePaper:
    """What is signed and its envelope."""

    body: PaperImportBody
    envelope: bytes


@dataclass(frozen=True, slots=True)
class MadeTechnical:
    """What is signed and its envelope."""

    body: TechnicalBody
    envelope: bytes


def make_paper(ledger_id: bytes, draft: PaperDraft, readers: Sequence[Reader], rng: Rng) -> MadePaper:
    """The body of `paper.import` and its envelope for the paper's issuer, the importer and the secretariat.

    Raises:
        Refusal: as `ledger.envelope.seal`. Fields out of bounds are refused by `ledger.record.build_statement`.
    """
    rid = rng(RID_BYTES)
    sealed, commitments = seal_lines(ledger_id, rid, draft.lines, draft.sealed, readers, rng)
    return MadePaper(_paper_body(draft, rid, sealed.hash, commitments), sealed.envelope)


def make_technical(ledger_id: bytes, draft: TechnicalDraft, readers: Sequence[Reader], rng: Rng) -> MadeTechnical:
    """The body of `technical.issue` and its envelope for issuer, destination and secretariat; errors as `make_paper`."""
    rid = rng(RID_BYTES)
    sealed, commitments = seal_lines(ledger_id, rid, draft.lines, draft.sealed, readers, rng)
    return MadeTechnical(_technical_body(draft, rid, sealed.hash, commitments), sealed.envelope)


def check_paper(draft: PaperDraft) -> None:
    """What an import under a paper certificate must fulfil whatever stands on the ledger.

    Its form is that of a record which says the same, with empty bytes where sealing will put some.

    Raises:
        Refusal: the first that it does not.
    """
    body = _paper_body(draft, bytes(RID_BYTES), bytes(32), [bytes(32)] * len(draft.lines))
    build_statement(PAPER_IMPORT, "XX", 0, body)
    papers.check_alone(body)


def check_technical(draft: TechnicalDraft) -> None:
    """What a technical certificate must fulfil whatever stands on the ledger; form and errors as `check_paper`."""
    body = _technical_body(draft, bytes(RID_BYTES), bytes(32), [bytes(32)] * len(draft.lines))
    build_statement(TECHNICAL_ISSUE, "XX", 0, body)
    technical.check_alone(body)


def _paper_body(draft: PaperDraft, rid: bytes, sealed: bytes, commitments: Sequence[bytes]) -> PaperImportBody:
    return PaperImportBody(
        issued=draft.issued,
        lines=tuple(
            Line(commitment, cast("Hs", line.hs), line.origin, line.points, line.zone)
            for line, commitment in zip(draft.lines, commitments, strict=True)
        ),
        number=draft.number,
        parcels=draft.parcels,
        points=total(draft.lines),
        reason=cast("Literal['not-issuing', 'outage']", draft.reason),
        received=draft.received,
        rid=rid,
        sealed=sealed,
    )


def _technical_body(draft: TechnicalDraft, rid: bytes, sealed: bytes, commitments: Sequence[bytes]) -> TechnicalBody:
    return TechnicalBody(
        destination=draft.destination,
        issued=draft.issued,
        lines=tuple(
            ConfirmLine(commitment, cast("Hs", line.hs), line.points)
            for line, commitment in zip(draft.lines, commitments, strict=True)
        ),
        link=draft.link,
        number=draft.number,
        parcels=draft.parcels,
        points=total(draft.lines),
        reason=cast("Literal['returned', 'seized', 'research', 'other']", draft.reason),
        rid=rid,
        sealed=sealed,
    )


def paper_from_json(data: bytes) -> PaperDraft:
    """The draft of an import under a paper certificate out of an officer's file.

    Raises:
        Refusal: BAD_VALUE with the member; CARATS_DIFFER_FROM_LINES.
    """
    root = load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES)
    draft = PaperDraft(
        number=root.member("number").text(),
        reason=root.member("reason").text(),
        issued=root.member("issued").date(),
        received=root.member("received").date(),
        parcels=root.member("parcels").integer(1, MAX_AMOUNT),
        lines=tuple(read_line(line, issue=True) for line in root.member("lines").items(1, MAX_LINES)),
        sealed=read_sealed(root),
    )
    check_total(root, draft.lines)
    root.close()
    return draft


def technical_from_json(data: bytes) -> TechnicalDraft:
    """The draft of a technical certificate out of an officer's file; errors as `paper_from_json`."""
    root = load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES)
    link = root.optional("link")
    draft = TechnicalDraft(
        number=root.member("number").text(),
        reason=root.member("reason").text(),
        link="" if link is None else link.text(0),
        issued=root.member("issued").date(),
        destination=root.member("destination").text(),
        parcels=root.member("parcels").integer(1, MAX_AMOUNT),
        lines=tuple(read_line(line, issue=False) for line in root.member("lines").items(1, MAX_LINES)),
        sealed=read_sealed(root),
    )
    check_total(root, draft.lines)
    root.close()
    return draft
