"""`/v1/audit/...`: what an auditor exports to judge the ledger again (`kpledger audit export`).

Frames of bytes, for the secretariat: blocks name refused records, too, which are nobody else's business. Answers are bounded;
they are made in steps, one at a time, so that neither consensus nor other readers wait for them.
"""

from quart import Blueprint, Response, request

from api.access import require_auditor
from api.answers import BINARY, Cache, answer, missing, parameters
from api.openapi import describe
from api.port import NodePort
from api.schemas.audit import FindingsQuery
from api.schemas.base import BinaryAnswer, NoContent, ProblemAnswer
from api.steps import Turns

_MAX_DIGITS = 18


def audit_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("audit", __name__)
    turns = Turns("exports")

    @routes.get("/v1/audit/blocks/<height>")
    @describe("audit_blocks", "audit", {200: BinaryAnswer, 304: NoContent, 404: ProblemAnswer}, token=True)
    async def blocks(height: str) -> Response:
        """Final blocks from this height on, with what was judged of each record, and its bytes. 404 where none is final yet."""
        require_auditor(port, request)
        first = int(height) if height.isascii() and height.isdecimal() and len(height) <= _MAX_DIGITS else 0
        at = port.ledger.head.height
        data = await turns.run(port.final_blocks(first))
        if data is None:
            raise missing("height", height, at)
        return answer(request, data, Cache.PRIVATE, content_type=BINARY)

    @routes.get("/v1/audit/findings")
    @describe("audit_findings", "audit", {200: BinaryAnswer, 304: NoContent}, query=FindingsQuery, token=True)
    async def findings() -> Response:
        """Findings whose names follow `after`, in the order of their names; nothing at the end."""
        require_auditor(port, request)
        after = parameters(request, FindingsQuery).after
        height = port.ledger.head.height
        return answer(request, port.findings(after), Cache.PRIVATE, content_type=BINARY, height=height)

    return routes
