"""`/v1/certificates/{number}/verdict`: for everyone who holds a printed certificate, and so its verdict code.

A wrong code and a number that is not there get the same answer: nobody learns from here which numbers are in use. Parties and
values are never told; what is, stands on the certificate's face already, but for its state.
"""

import hmac
from urllib.parse import urlencode

from quart import Blueprint, Response, request

from api.answers import JSON, Cache, answer, missing, parameters
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent, ProblemAnswer
from api.schemas.verdicts import CertificateVerdictAnswer, CertificateVerdictQuery
from api.views import certificate_type
from ledger.answers import CertificateView
from ledger.drafts import parse_code, verdict_hash
from ledger.entries import CertificateState
from ledger.errors import Refusal
from ledger.units import block_date, carats

_MAX_NUMBER_CHARACTERS = 12
_SHOWN = 40
_HTML = "text/html"
_NO_HASH = bytes(32)
"""No code's hash: compared with where there is no certificate, so that this takes as long."""


def verdict_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("verdicts", __name__)

    @routes.get("/v1/certificates/<number>/verdict")
    @describe(
        "certificate_verdict",
        "certificates",
        {200: CertificateVerdictAnswer, 303: NoContent, 304: NoContent, 404: ProblemAnswer},
        query=CertificateVerdictQuery,
    )
    async def verdict(number: str) -> Response:
        """What has become of a certificate, with the code that is printed on it.

        A browser, which asks for HTML, is sent to the page: this is the address behind the code on the certificate's face.
        """
        if request.accept_mimetypes.best_match((JSON, _HTML), JSON) == _HTML:
            place = "/verdict?" + urlencode({"number": number[:_SHOWN], "code": request.args.get("code", "")[:_SHOWN]})
            return Response(b"", 303, {"Location": place, "Cache-Control": str(Cache.NO_STORE), "Vary": "Accept"})
        asked = parameters(request, CertificateVerdictQuery)
        height = port.ledger.head.height
        found = find_verdict(port, number, asked.code)
        if found is None:
            raise missing("number", number, height)
        response = answer(request, found, Cache.PUBLIC, height=found.read_at_height)
        response.vary.add("Accept")
        return response

    return routes


def find_verdict(port: NodePort, number: str, code: str) -> CertificateVerdictAnswer | None:
    """What has become of the certificate; None for a code that is not its own, as for a number that is not there."""
    found = port.ledger.certificate(number) if len(number) <= _MAX_NUMBER_CHARACTERS else None
    if not _holds(found, number, code) or found is None:
        return None
    return _verdict(found)


def _holds(found: CertificateView | None, number: str, text: str) -> bool:
    """Whether this is the code that the certificate's issuer printed."""
    try:
        given = verdict_hash(number, parse_code(text))
    except Refusal:
        return False
    return hmac.compare_digest(given, _NO_HASH if found is None or found.issue is None else found.issue.verdict_hash)


def _verdict(found: CertificateView) -> CertificateVerdictAnswer:
    row = found.row
    return CertificateVerdictAnswer(
        read_at_height=found.head.height,
        number=row.number,
        type=certificate_type(row.type),
        issuer=row.issuer,
        destination=row.destination,
        issued=row.issued,
        expires=row.expires,
        parcels=row.parcels,
        carats=carats(row.points),
        state=row.state,
        expired=row.state is CertificateState.OPEN and block_date(found.head.time) > row.expires,
        record=found.records[-1].hex(),
    )
