"""Announced shipments: what is open and destined here, and one of them opened with the office's sealing key."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from quart import Blueprint, Response, request

from node.client import ProblemError
from node.desk.drafts import ENDED, Kind
from node.desk.errors import DeskError, Fault
from node.desk.filling import from_issue
from node.desk.forms import rows_of
from node.desk.pages.common import see, session

if TYPE_CHECKING:
    from node.desk.app import Desk


def routes(desk: "Desk") -> Blueprint:
    """The routes of this file."""
    blueprint = Blueprint("arrivals", __name__)

    @blueprint.get("/inbox")
    async def inbox() -> Response:
        """Open certificates destined here, the oldest first."""
        after = request.args.get("after", "")
        try:
            page = await desk.reading.announced(after)
        except ProblemError as error:
            if after and error.status == HTTPStatus.BAD_REQUEST:
                return see("/inbox")  # no place in the list: an address that was typed or cut off
            raise
        register = await desk.reading.participants()
        return desk.frame.page(
            request,
            "inbox",
            "/inbox",
            session(),
            rows=page["items"],
            after=page["next"],
            height=page["read_at_height"],
            names={code: row["name"] for code, row in register.items()},
            begun={
                draft.number: draft.id for draft in desk.drafts if draft.kind is Kind.CONFIRM and draft.standing not in ENDED
            },
        )

    @blueprint.get("/inbox/<number>")
    async def announced(number: str) -> Response:
        """One of them, opened."""
        told = await desk.reading.certificate(number)
        row = told["certificate"]
        if row["destination"] != desk.store.participant or told["issue"] is None:
            raise DeskError(Fault.NOT_OURS, status=409)
        statement = await desk.reading.statement(number)
        fields = from_issue(statement.as_issue())
        register = await desk.reading.participants()
        return desk.frame.page(
            request,
            "announced",
            "/inbox",
            session(),
            row=row,
            fields=fields,
            lines=rows_of(fields, "lines"),
            taken=rows_of(fields, "sources"),
            names={code: one["name"] for code, one in register.items()},
            amended=len(told["records"]) > 1 and told["outcome"] is None,
            findings=told["findings"],
            record=statement.record.id.hex(),
        )

    return blueprint
