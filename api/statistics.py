"""`GET /v1/statistics`: the newest releases; of a test network its trade by participant and flow, and the checkpoint under it.

The live sums are running sums of the ledger's state, so reading them costs the same at any size. Networks other than `dev` show
protected releases and nothing else: a total of one trader is that trader's business (6-statistics.md).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from quart import Blueprint, Response, request

from api.answers import Cache, answer, parameters
from api.errors import ApiCode, NotReady, Problem
from api.gate import Gate
from api.limits import MAX_HELD_TABLES
from api.openapi import describe
from api.port import NodePort
from api.releases import CORS, CSV, ReleaseFile, Releases, serve_file
from api.schemas.base import HEIGHT_HEADER, NoContent, ProblemAnswer
from api.schemas.releases import CsvAnswer, FiguresQuery, PublishedAnswer
from api.schemas.statistics import (
    AnyStatisticsAnswer,
    CheckpointAnswer,
    FlowAnswer,
    HsAnswer,
    StatisticsAnswer,
    TradeAnswer,
)
from ledger.checkpoint import parse_checkpoint
from ledger.entries import HS_CODES
from ledger.note import parse_note
from ledger.release_views import ReleaseRow
from ledger.totals import ALL_HS
from ledger.units import carats

DEV = "dev"
"""The kind of network whose figures are generated and so need no protection."""

_SETTLE_S = 0.5
_SETTLE_STEP_S = 0.02

Sums = Mapping[str, tuple[int, int]]
"""By HS code, `ALL_HS` being the margin: points and certificates."""


def statistics_routes(port: NodePort, figures: "Figures", releases: Releases) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("statistics", __name__)
    tables = _Tables(releases)

    @routes.get("/v1/statistics")
    @describe("statistics", "network", {200: AnyStatisticsAnswer, 304: NoContent, 404: ProblemAnswer}, query=FiguresQuery)
    async def statistics() -> Response:
        """The newest release of each period; on test networks beside live figures of trade by participant and flow.

        Without a release, a network whose genesis does not say `dev` answers 404 `not-released`.
        """
        year = parameters(request, FiguresQuery).year
        height, rows = releases.newest(year)
        shown = [releases.row(row) for row in rows]
        network = port.ledger.genesis.network
        if network == DEV:
            live = (await figures.settled()).model_copy(update={"releases": shown})
            return answer(request, live, Cache.PUBLIC, height=live.height, headers=CORS)
        if not rows:
            raise Problem(404, ApiCode.NOT_RELEASED)
        body = PublishedAnswer(read_at_height=height, network=network, releases=shown)
        return answer(request, body, Cache.PUBLIC, height=height, headers=CORS)

    @routes.get("/v1/statistics.csv")
    @describe("statistics_csv", "network", {200: CsvAnswer, 304: NoContent, 404: ProblemAnswer}, query=FiguresQuery)
    async def statistics_csv() -> Response:
        """The rows of the newest release of each period, one table. 404 `not-released` while there is none."""
        height, rows = releases.newest(parameters(request, FiguresQuery).year)
        if not rows:
            raise Problem(404, ApiCode.NOT_RELEASED)
        return serve_file(tables.of(rows), Cache.PUBLIC, headers={HEIGHT_HEADER: str(height)})

    return routes


class _Tables:
    """Tables of several releases, the newest ones held."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases
        self._held: OrderedDict[tuple[bytes, ...], ReleaseFile] = OrderedDict()

    def of(self, rows: Sequence[ReleaseRow]) -> ReleaseFile:
        """Their rows under one header; raises NotReady while this node has not made all of them."""
        key = tuple(row.id for row in rows)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = ReleaseFile(b"".join(self._parts(rows)), CSV)
            while len(self._held) > MAX_HELD_TABLES:
                self._held.popitem(last=False)
        return held

    def _parts(self, rows: Sequence[ReleaseRow]) -> Iterator[bytes]:
        for place, row in enumerate(rows):
            file = self._releases.file(row.id, "csv")
            if file is None:
                raise NotReady(reason="this node has not made the file of every release yet")
            header, _, rest = file.data.partition(b"\n")
            if place == 0:
                yield header + b"\n"
            yield rest


class Figures:
    """The figures of the newest block, read once a block: the same answer for all who ask."""

    def __init__(self, port: NodePort, gate: Gate) -> None:
        self._port = port
        self._gate = gate
        self._settled: StatisticsAnswer | None = None

    async def settled(self) -> StatisticsAnswer:
        """The figures now, with the quorum checkpoint of exactly their tree size if it is signed within half a second."""
        if (held := self._held(self._port.ledger.head.height)) is not None:
            return held
        figures = read_statistics(self._port)
        if not _covered(figures) and figures.tree_size:
            await self._signed(figures)
            if (held := self._held(figures.height)) is not None:
                return held
            if (note := self._port.quorum_checkpoint(figures.tree_size)) is not None:
                figures = figures.model_copy(update={"checkpoint": _checkpoint(note, figures.tree_size)})
        if _covered(figures):
            self._settled = figures
        return figures

    async def _signed(self, figures: StatisticsAnswer) -> None:
        """Waits for their checkpoint, half a second at most; whoever waited goes on in turn."""
        waited = 0.0
        while waited < _SETTLE_S and self._held(figures.height) is None:
            await asyncio.sleep(_SETTLE_STEP_S)
            waited += _SETTLE_STEP_S
            if self._port.quorum_checkpoint(figures.tree_size) is not None:
                break
        await self._gate.enter()

    def _held(self, height: int) -> StatisticsAnswer | None:
        """What others have waited for, if it is of this height or a later one."""
        held = self._settled
        return held if held is not None and held.height >= height else None


def _covered(figures: StatisticsAnswer) -> bool:
    return figures.checkpoint is not None and figures.checkpoint.covers


def read_statistics(port: NodePort) -> StatisticsAnswer:
    """The figures at the ledger's head."""
    genesis, figures = port.ledger.genesis, port.ledger.figures()
    head = figures.head
    cells: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for row in figures.totals:
        cells.setdefault((row.participant, row.flow), {})[row.hs] = (row.points, row.certificates)
    traders = sorted({participant for participant, _ in cells})
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
        checkpoint=read_checkpoint(port, head.tree_size),
        releases=[],
    )


def read_checkpoint(port: NodePort, tree_size: int) -> CheckpointAnswer | None:
    """The quorum checkpoint of exactly this tree size, else the newest one; None before the first."""
    note = port.quorum_checkpoint(tree_size) or port.quorum_checkpoint()
    return None if note is None else _checkpoint(note, tree_size)


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
