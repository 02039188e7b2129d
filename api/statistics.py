"""`GET /v1/statistics`: a test network's trade by participant and flow, and the checkpoint that it rests on.

The sums are running sums of the ledger's state, so reading them costs the same at any size. Networks other than `dev` publish
nothing before protected releases exist: a total of one trader is that trader's business (6-statistics.md).
"""

import asyncio
from collections.abc import Iterable, Mapping

from quart import Blueprint, Response, request

from api.answers import Cache, answer
from api.errors import ApiCode, Problem
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent, ProblemAnswer
from api.schemas.statistics import CheckpointAnswer, FlowAnswer, HsAnswer, StatisticsAnswer, TradeAnswer
from ledger.checkpoint import parse_checkpoint
from ledger.entries import HS_CODES
from ledger.note import parse_note
from ledger.totals import ALL_HS
from ledger.units import carats

DEV = "dev"
"""The kind of network whose figures are generated and so need no protection."""

_SETTLE_S = 0.5
_SETTLE_STEP_S = 0.02

Sums = Mapping[str, tuple[int, int]]
"""By HS code, `ALL_HS` being the margin: points and certificates."""


def statistics_routes(port: NodePort, figures: "Figures") -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("statistics", __name__)

    @routes.get("/v1/statistics")
    @describe("statistics", "network", {200: StatisticsAnswer, 304: NoContent, 404: ProblemAnswer})
    async def statistics() -> Response:
        """Trade by participant and flow (test networks only).

        On a network whose genesis does not say `dev` the answer is 404 `not-released`: figures appear with protected releases.
        """
        if port.ledger.genesis.network != DEV:
            raise Problem(404, ApiCode.NOT_RELEASED)
        body = await figures.settled()
        return answer(request, body, Cache.PUBLIC, height=body.height)

    return routes


class Figures:
    """The figures of the newest block, read once a block."""

    def __init__(self, port: NodePort) -> None:
        self._port = port
        self._newest: StatisticsAnswer | None = None

    async def settled(self) -> StatisticsAnswer:
        """The figures now, with the quorum checkpoint of exactly their tree size if it is signed within half a second."""
        figures = self._read()
        waited = 0.0
        while not (figures.checkpoint and figures.checkpoint.covers) and figures.tree_size and waited < _SETTLE_S:
            await asyncio.sleep(_SETTLE_STEP_S)
            waited += _SETTLE_STEP_S
            note = self._port.quorum_checkpoint(figures.tree_size)
            if note is not None:
                figures = figures.model_copy(update={"checkpoint": _checkpoint(note, figures.tree_size)})
                self._newest = figures
        return figures

    def _read(self) -> StatisticsAnswer:
        newest = self._newest
        if (
            newest is None
            or newest.height != self._port.ledger.head.height
            or not (newest.checkpoint and newest.checkpoint.covers)
        ):
            newest = self._newest = read_statistics(self._port)
        return newest


def read_statistics(port: NodePort) -> StatisticsAnswer:
    """The figures at the ledger's head."""
    genesis, figures = port.ledger.genesis, port.ledger.figures()
    head = figures.head
    cells: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for row in figures.totals:
        cells.setdefault((row.participant, row.flow), {})[row.hs] = (row.points, row.certificates)
    traders = sorted({participant for participant, _ in cells})
    note = port.quorum_checkpoint(head.tree_size) or port.quorum_checkpoint()
    return StatisticsAnswer(
        read_at_height=head.height,
        network=genesis.network,
        height=head.height,
        time=head.time,
        tree_size=head.tree_size,
        open_confirmations=figures.open,
        world_imports=_flow(_world(cells, "import")),
        world_exports=_flow(_world(cells, "export")),
        participants=[
            TradeAnswer(
                code=code,
                name=port.ledger.register.participants[code].name,
                imports=_flow(cells.get((code, "import"), {})),
                exports=_flow(cells.get((code, "export"), {})),
            )
            for code in traders
        ],
        checkpoint=None if note is None else _checkpoint(note, head.tree_size),
    )


def _world(cells: Mapping[tuple[str, str], Sums], flow: str) -> Sums:
    sums = dict.fromkeys((ALL_HS, *HS_CODES), (0, 0))
    for (_, of_flow), cell in cells.items():
        if of_flow == flow:
            for hs, (points, certificates) in cell.items():
                sums[hs] = (sums[hs][0] + points, sums[hs][1] + certificates)
    return sums


def _flow(sums: Sums) -> FlowAnswer:
    points, certificates = sums.get(ALL_HS, (0, 0))
    return FlowAnswer(carats=carats(points), certificates=certificates, by_hs=list(_by_hs(sums)))


def _by_hs(sums: Sums) -> Iterable[HsAnswer]:
    for hs in HS_CODES:
        points, certificates = sums.get(hs, (0, 0))
        yield HsAnswer(hs=hs, carats=carats(points), certificates=certificates)


def _checkpoint(text: str, tree_size: int) -> CheckpointAnswer:
    note = parse_note(text.encode())
    checkpoint = parse_checkpoint(note.text)
    return CheckpointAnswer(
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        covers=checkpoint.size >= tree_size,
        cosigners=[signature.name for signature in note.signatures if signature.name != checkpoint.origin],
        note=text,
    )
