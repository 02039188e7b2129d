"""`GET /`: the overview, server-rendered, complete without scripts and without a request to anybody else.

On a test network (`dev`) it shows the live figures of `/v1/statistics`, exactly those; on any other the newest releases, or why
there are none. The map is of the newest whole quarter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from quart import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from api.openapi import describe
from api.pages import graphs, svg
from api.pages.charts import bar, points_of, ranking
from api.pages.choice import read_choice
from api.pages.dataset import ALL, WORLD, Cell, Dataset, Measure, shown
from api.pages.explorer import countries_of, legend_of
from api.pages.language import Language, pick_language
from api.pages.names import Names
from api.pages.site import Place, Site
from api.pages.sources import Sources
from api.pages.view import Row, Shown
from api.port import NodePort
from api.schemas.base import NoContent, PageAnswer
from api.schemas.statistics import FlowAnswer, StatisticsAnswer
from api.statistics import DEV, Figures, read_checkpoint
from api.strings import page_texts
from ledger.entries import HS_CODES

SHOWN = 12
"""Participants of each flow that are visible at once; the others unfold."""

_HERE = Place("/")


@dataclass(frozen=True, slots=True)
class Map:
    """The map of the newest whole quarter's exports: the view that it is, the drawing, and its legend."""

    view: Shown
    drawing: Markup
    legend: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One HS class of the whole trade; shares are texts such as `41.3 %`."""

    hs: str
    exports: str
    exports_share: str
    imports: str
    imports_share: str


def overview_routes(site: Site, port: NodePort, figures: Figures, sources: Sources) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("overview", __name__)
    maps: dict[str, tuple[Dataset, Map | None]] = {}
    cached: dict[str, tuple[StatisticsAnswer, Dataset | None, str]] = {}

    @routes.get("/")
    @describe("page", "network", {200: PageAnswer, 304: NoContent})
    async def page() -> Response:
        """The public page."""
        language, dataset = pick_language(request), await sources.get()
        if port.ledger.genesis.network != DEV:
            if dataset is None:
                return site.page(request, "withheld", _HERE)
            return site.answer(request, _released(site, port, dataset, language), language, height=dataset.height)
        newest = await figures.settled()
        held = cached.get(language.code)
        if held is None or held[0] is not newest or held[1] is not dataset:
            drawn = None if dataset is None else mapped(dataset, language)
            held = cached[language.code] = (newest, dataset, _live(site, port, newest, drawn, language))
        return site.answer(request, held[2], language, height=newest.height)

    def mapped(dataset: Dataset, language: Language) -> Map | None:
        """The map, drawn once for a data set, while the figures beside it change with each block."""
        held = maps.get(language.code)
        if held is None or held[0] is not dataset:
            held = maps[language.code] = (dataset, draw(port, dataset, language))
        return held[1]

    return routes


def _live(site: Site, port: NodePort, figures: StatisticsAnswer, drawn: Map | None, language: Language) -> str:
    longest = max([1, *(points_of(flow.carats) for trade in figures.participants for flow in (trade.imports, trade.exports))])
    names = Names({trade.code: trade.name for trade in figures.participants}, language)
    return site.render(
        "overview",
        language,
        _HERE,
        f=figures,
        exports=ranking([(trade.code, names.of(trade.code), trade.exports) for trade in figures.participants], longest),
        imports=ranking([(trade.code, names.of(trade.code), trade.imports) for trade in figures.participants], longest),
        split=split(figures.world_exports, figures.world_imports, language),
        split_bars={
            "exports": bar(figures.world_exports, points_of(figures.world_exports.carats) or 1),
            "imports": bar(figures.world_imports, points_of(figures.world_imports.carats) or 1),
        },
        cosigners=cosigners(port, figures.checkpoint.cosigners if figures.checkpoint else [], language),
        shown=SHOWN,
        quorum=port.quorum,
        validators=len(port.validators),
        map=drawn,
    )


def _released(site: Site, port: NodePort, dataset: Dataset, language: Language) -> str:
    period = dataset.newest("export")
    note = read_checkpoint(port, dataset.tree_size)
    return site.render(
        "released",
        language,
        _HERE,
        dataset=dataset,
        period=period,
        keys={
            flow: {
                measure: None if figure is None else shown(figure.amount(measure), measure, language) or None
                for measure in Measure
            }
            for flow in ("export", "import")
            for figure in (dataset.figures.get(Cell(period, flow, WORLD, ALL)),)
        },
        rankings={flow: _ranking(dataset, flow, period, language)[:SHOWN] for flow in ("export", "import")},
        map=draw(port, dataset, language),
        checkpoint=note,
        cosigners=cosigners(port, note.cosigners if note else [], language),
        quorum=port.quorum,
        validators=len(port.validators),
    )


def _ranking(dataset: Dataset, flow: str, period: str, language: Language) -> Sequence[Row]:
    return _view(dataset, language, flow=flow, period=period).rows()


def draw(port: NodePort, dataset: Dataset, language: Language) -> Map | None:
    """The map; None while nothing was exported."""
    if not dataset.newest("export"):
        return None
    view = _view(dataset, language, view="map")
    areas, borders = view.areas()
    width, height, _, _ = graphs.world()
    drawing = svg.drawing(width, height, graphs.draw_map(areas, countries_of(port)), class_="map")
    return Map(view, drawing, legend_of(view, borders))


def _view(dataset: Dataset, language: Language, **said: str) -> Shown:
    texts = page_texts(language.code, "explorer")
    return Shown(
        dataset, read_choice(MultiDict(said), dataset), language, texts, Names(dataset.names, language, texts("world"))
    )


def cosigners(port: NodePort, keys: Sequence[str], language: Language) -> list[tuple[str, str]]:
    """Name of the participant (empty for a witness that is none) and of the key, for each cosignature."""
    names = Names({code: one.name for code, one in port.ledger.register.participants.items()}, language)
    codes = [key.partition("/")[0] for key in keys]
    return [(names.of(code) if code in names.register else "", key) for code, key in zip(codes, keys, strict=True)]


def split(exports: FlowAnswer, imports: FlowAnswer, language: Language) -> list[SplitRow]:
    """The HS classes of the whole trade."""
    return [
        SplitRow(hs, out.carats, _share(out.carats, exports, language), into.carats, _share(into.carats, imports, language))
        for hs, out, into in zip(HS_CODES, exports.by_hs, imports.by_hs, strict=True)
    ]


def _share(carats: str, whole: FlowAnswer, language: Language) -> str:
    return language.percent(points_of(carats), points_of(whole.carats))
