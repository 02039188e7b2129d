"""`GET /`: the overview, server-rendered, complete without scripts and without a request to anybody else.

On a test network (`dev`) it shows the figures of `/v1/statistics`, exactly those; on any other it says why it shows none.
"""

from dataclasses import dataclass

from quart import Blueprint, Response, request

from api.openapi import describe
from api.pages.charts import bar, points_of, ranking
from api.pages.language import Language, pick_language
from api.pages.site import Place, Site
from api.port import NodePort
from api.schemas.base import NoContent, PageAnswer
from api.schemas.statistics import FlowAnswer, StatisticsAnswer
from api.statistics import DEV, Figures
from ledger.entries import HS_CODES

SHOWN = 12
"""Participants of each flow that are visible at once; the others unfold."""

_HERE = Place("/")


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One HS class of the whole trade; shares are texts such as `41.3 %`."""

    hs: str
    exports: str
    exports_share: str
    imports: str
    imports_share: str


def overview_routes(site: Site, port: NodePort, figures: Figures) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("overview", __name__)
    cached: dict[str, tuple[StatisticsAnswer, str]] = {}

    @routes.get("/")
    @describe("page", "network", {200: PageAnswer, 304: NoContent})
    async def page() -> Response:
        """The public page."""
        if port.ledger.genesis.network != DEV:
            return site.page(request, "withheld", _HERE)
        newest, language = await figures.settled(), pick_language(request)
        held = cached.get(language.code)
        if held is None or held[0] is not newest:
            held = cached[language.code] = (newest, _overview(site, port, newest, language))
        return site.answer(request, held[1], language, height=newest.height)

    return routes


def _overview(site: Site, port: NodePort, figures: StatisticsAnswer, language: Language) -> str:
    longest = max([1, *(points_of(flow.carats) for trade in figures.participants for flow in (trade.imports, trade.exports))])
    return site.render(
        "overview",
        language,
        _HERE,
        f=figures,
        exports=ranking([(trade.code, trade.name, trade.exports) for trade in figures.participants], longest),
        imports=ranking([(trade.code, trade.name, trade.imports) for trade in figures.participants], longest),
        split=split(figures.world_exports, figures.world_imports, language),
        split_bars={
            "exports": bar(figures.world_exports, points_of(figures.world_exports.carats) or 1),
            "imports": bar(figures.world_imports, points_of(figures.world_imports.carats) or 1),
        },
        cosigners=cosigners(port, figures),
        shown=SHOWN,
        quorum=port.quorum,
        validators=len(port.validators),
    )


def cosigners(port: NodePort, figures: StatisticsAnswer) -> list[tuple[str, str]]:
    """Name of the participant (empty for a witness that is none) and of the key, for each cosignature."""
    participants = port.ledger.register.participants
    keys = figures.checkpoint.cosigners if figures.checkpoint else []
    codes = [key.partition("/")[0] for key in keys]
    return [(participants[code].name if code in participants else "", key) for code, key in zip(codes, keys, strict=True)]


def split(exports: FlowAnswer, imports: FlowAnswer, language: Language) -> list[SplitRow]:
    """The HS classes of the whole trade."""
    return [
        SplitRow(hs, out.carats, _share(out.carats, exports, language), into.carats, _share(into.carats, imports, language))
        for hs, out, into in zip(HS_CODES, exports.by_hs, imports.by_hs, strict=True)
    ]


def _share(carats: str, whole: FlowAnswer, language: Language) -> str:
    return language.percent(points_of(carats), points_of(whole.carats))
