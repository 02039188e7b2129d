"""`/v1/inquiries`: what the secretariat has asked. That a question waits for its answer is public; what it says is not."""

from quart import Blueprint, Response, request

from api.access import require_reader
from api.answers import Cache, answer, decode_position, encode_position, parameters
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent
from api.schemas.inquiries import InquiriesAnswer, InquiriesQuery, InquiryRowAnswer
from ledger.report_entries import InquiryState
from ledger.report_views import InquiryRow
from ledger.units import block_date


def inquiry_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("inquiries", __name__)

    @routes.get("/v1/inquiries")
    @describe("inquiries", "network", {200: InquiriesAnswer, 304: NoContent}, query=InquiriesQuery, token_for_more=True)
    async def inquiries() -> Response:
        """Inquiries in the order in which they were opened.

        The list of unanswered ones is public; answered and closed ones take a token.
        """
        asked = parameters(request, InquiriesQuery)
        public = asked.state == InquiryState.UNANSWERED
        if not public:
            require_reader(port, request)
        cursor = decode_position(asked.cursor)
        page = port.ledger.inquiries(asked.state, cursor, asked.limit, participant=asked.participant)
        height, today = page.head.height, block_date(page.head.time)
        items = [inquiry_answer(row, today, public=public) for row in page.rows]
        body = InquiriesAnswer(read_at_height=height, items=items, next=encode_position(page.cursor))
        return answer(request, body, Cache.PUBLIC if public else Cache.PRIVATE, height=height)

    return routes


def inquiry_answer(row: InquiryRow, today: str, *, public: bool) -> InquiryRowAnswer:
    """An inquiry as it stands on a day; its finding is not told to the public."""
    entry = row.entry
    return InquiryRowAnswer(
        id=row.id.hex(),
        participant=entry.participant,
        state=entry.state,
        finding=None if public else entry.finding,
        opened=entry.opened,
        due=entry.due,
        overdue=entry.state == InquiryState.UNANSWERED and entry.due < today,
        answers=[record_id.hex() for record_id in entry.answers],
        closed=entry.closed.hex() or None,
        index=entry.index,
    )
