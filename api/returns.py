"""`/v1/participants/{code}/quarters/{quarter}`: what a return must say, for participants and auditors."""

import re

from quart import Blueprint, Response, request

from api.access import require_reader
from api.answers import Cache, answer, missing, parameters
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent, ProblemAnswer
from api.schemas.returns import CellAnswer, QuarterAnswer, QuarterQuery
from ledger.units import Ms, block_date, carats

_QUARTER = re.compile(r"2[0-9]{3}Q[1-4]")


def return_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("returns", __name__)

    @routes.get("/v1/participants/<code>/quarters/<quarter>")
    @describe("quarter", "network", {200: QuarterAnswer, 304: NoContent, 404: ProblemAnswer}, query=QuarterQuery, token=True)
    async def one_quarter(code: str, quarter: str) -> Response:
        """A participant's trade of a quarter as the ledger sums it, and the returns filed for it.

        A return is accepted when its points are these, and its values and sums of blindings open these commitments.
        """
        require_reader(port, request)
        asked = parameters(request, QuarterQuery)
        if port.ledger.register.participant(code) is None:
            raise missing("code", code, port.ledger.head.height)
        if _QUARTER.fullmatch(quarter) is None:
            raise missing("quarter", quarter, port.ledger.head.height)
        view = port.ledger.quarter(code, asked.flow, quarter)
        height = view.head.height
        body = QuarterAnswer(
            read_at_height=height,
            participant=code,
            flow=asked.flow,
            quarter=quarter,
            certificates=view.counts.certificates,
            last=view.counts.last.hex() or None,
            cells=[
                CellAnswer(
                    partner=partner,
                    hs=hs,
                    carats=carats(sums.points),
                    certificates=sums.certificates,
                    commitment=sums.commitment.hex(),
                )
                for partner, hs, sums in view.cells
            ],
            p_percent=port.ledger.register.parameter("p-percent", block_date(Ms(view.head.time))),
            returns=[record_id.hex() for record_id in view.revisions],
        )
        return answer(request, body, Cache.PRIVATE, height=height)

    return routes
