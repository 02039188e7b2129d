"""`/v1/certificates[/{number}]`, `/v1/confirmations/open`: for participants and auditors, off the ledger's ordered indexes."""

from quart import Blueprint, Response, request

from api.access import concerns, require_reader
from api.answers import Cache, Kept, answer, decode_position, encode_position, missing, parameters
from api.auth import Reader
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent, ProblemAnswer
from api.schemas.certificates import (
    CertificateAnswer,
    CertificateRowAnswer,
    CertificatesAnswer,
    CertificatesQuery,
    ClaimAnswer,
    OpenAnswer,
    OpenQuery,
    OpenRowAnswer,
    RecordReference,
)
from api.schemas.plain import plain
from api.views import body_answer, certificate_type, confirm_answer, finding_answer, issue_answer
from ledger.answers import CertificateRow, CertificateView
from ledger.units import block_date, carats, day_number

_Certificate, _Record, _Claim = plain(CertificateAnswer), plain(RecordReference), plain(ClaimAnswer)
_Certificates, _Row, _Open, _OpenRow = (
    plain(CertificatesAnswer),
    plain(CertificateRowAnswer),
    plain(OpenAnswer),
    plain(OpenRowAnswer),
)


def certificate_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes, kept = Blueprint("certificates", __name__), Kept()

    @routes.get("/v1/certificates")
    @describe("certificates", "certificates", {200: CertificatesAnswer, 304: NoContent}, query=CertificatesQuery, token=True)
    async def certificates() -> Response:
        """Certificates in the order in which they entered the log."""
        require_reader(port, request)
        asked = parameters(request, CertificatesQuery)
        page = port.ledger.certificates(
            decode_position(asked.cursor),
            asked.limit,
            issuer=asked.issuer,
            destination=asked.destination,
            state=asked.state,
            newest_first=asked.order == "newest",
        )
        height = page.head.height
        body = _Certificates(read_at_height=height, items=[_row(row) for row in page.rows], next=encode_position(page.cursor))
        return answer(request, body, Cache.PRIVATE, height=height)

    @routes.get("/v1/certificates/<number>")
    @describe("certificate", "certificates", {200: CertificateAnswer, 304: NoContent, 404: ProblemAnswer}, token=True)
    async def certificate(number: str) -> Response:
        """One certificate with both sides' figures.

        `issue` is what the issuer signed, `outcome` what the destination measured and signed; both stand for themselves.
        """
        reader = require_reader(port, request)
        height, key = port.ledger.head.height, (number, None if reader.auditor else reader.participant)
        made = kept.find(height, key)
        if made is None:
            found = port.ledger.certificate(number) if len(number) <= 12 else None
            if found is None:
                raise missing("number", number, height)
            height = found.head.height  # a block may have come meanwhile
            made = kept.keep(height, key, certificate_answer(found, reader))
        return answer(request, made, Cache.PRIVATE, height=height)

    @routes.get("/v1/confirmations/open")
    @describe("open_confirmations", "certificates", {200: OpenAnswer, 304: NoContent}, query=OpenQuery, token=True)
    async def open_confirmations() -> Response:
        """The register of open confirmations: certificates that no destination has given an outcome."""
        require_reader(port, request)
        asked = parameters(request, OpenQuery)
        page = port.ledger.open_confirmations(
            asked.destination, decode_position(asked.cursor), asked.limit, issuer=asked.issuer
        )
        height, today = page.head.height, block_date(page.head.time)
        body = _Open(
            read_at_height=height, items=[_open_row(row, today) for row in page.rows], next=encode_position(page.cursor)
        )
        return answer(request, body, Cache.PRIVATE, height=height)

    return routes


def _row(row: CertificateRow) -> CertificateRowAnswer:
    return _Row(
        number=row.number,
        issuer=row.issuer,
        destination=row.destination,
        state=row.state,
        type=certificate_type(row.type),
        issued=row.issued,
        expires=row.expires,
        parcels=row.parcels,
        carats=carats(row.points),
        measured=None if row.measured is None else carats(row.measured),
        claimed=carats(row.claimed),
        late=row.late,
        index=row.index,
    )


def _open_row(row: CertificateRow, today: str) -> OpenRowAnswer:
    return _OpenRow(
        number=row.number,
        issuer=row.issuer,
        destination=row.destination,
        type=certificate_type(row.type),
        issued=row.issued,
        expires=row.expires,
        parcels=row.parcels,
        carats=carats(row.points),
        age_days=day_number(today) - day_number(row.issued),
        expired=today > row.expires,
        index=row.index,
    )


def certificate_answer(found: CertificateView, reader: Reader) -> CertificateAnswer:
    """All about a certificate, with the findings that this reader may see."""
    return _Certificate(
        read_at_height=found.head.height,
        certificate=_row(found.row),
        issue=None if found.issue is None else issue_answer(found.issue),
        paper=None if found.paper is None else body_answer(found.paper),
        outcome=None if found.outcome is None else confirm_answer(found.outcome),
        records=[_Record(id=record_id.hex(), height=at) for record_id, at in zip(found.records, found.heights, strict=True)],
        claims=[_Claim(number=claim.number, carats=carats(claim.points)) for claim in found.claims],
        beside=[record_id.hex() for record_id in found.beside],
        findings=[finding_answer(one) for one in found.findings.rows if concerns(reader, one)],
        more_findings=found.findings.cursor is not None,
    )
