"""`/v1/proposals`: what the participants are asked to decide, and what they decided."""

from quart import Blueprint, Response, request

from api.access import require_reader
from api.answers import Cache, answer, decode_cursor, encode_cursor, parameters
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent
from api.schemas.plenary import PositionAnswer, ProposalAnswer, ProposalsAnswer, ProposalsQuery
from ledger.plenary import ProposalEntry
from ledger.register import Register
from ledger.units import Ms, block_date


def plenary_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("plenary", __name__)

    @routes.get("/v1/proposals")
    @describe("proposals", "network", {200: ProposalsAnswer, 304: NoContent}, query=ProposalsQuery, token=True)
    async def proposals() -> Response:
        """Proposals to the Plenary, by the id of their record."""
        require_reader(port, request)
        query = parameters(request, ProposalsQuery)
        page = port.ledger.proposals(decode_cursor(query.cursor) or b"", query.limit, open_only=query.state == "open")
        register, today = port.ledger.register, block_date(Ms(page.head.time))
        body = ProposalsAnswer(
            read_at_height=page.head.height,
            items=[_proposal(register, today, key, entry) for key, entry in page.rows],
            next=encode_cursor(page.rows[-1][0]) if page.more else None,
        )
        return answer(request, body, Cache.PRIVATE, height=page.head.height)

    return routes


def _proposal(register: Register, today: str, key: bytes, entry: ProposalEntry) -> ProposalAnswer:
    body = entry.body
    return ProposalAnswer(
        id=key.hex(),
        author=entry.author,
        title=body.title,
        decision=body.decision,
        subject=body.subject,
        procedure=body.procedure,
        effective=body.effective,
        closes=body.closes,
        closes_on=block_date(Ms(body.closes)),
        positions=[PositionAnswer(participant=code, position=stand) for code, stand in entry.positions],
        tally=f"{entry.count('support')}/{entry.count('object')}/{entry.count('abstain')}",
        outcome=entry.outcome,
        height=entry.height,
        support_needed=register.parameter(f"{body.procedure}-support", today),
    )
