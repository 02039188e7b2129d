"""`/countries/{code}`: what the register says of a participant, its trade and production, its partners, how it answers."""

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from quart import Blueprint, Response, request
from quart_schema import hide

from api.answers import JSON, Cache, answer
from api.pages import graphs, svg
from api.pages.dataset import ALL, FLOWS, Cell, Dataset, Figure, Measure, shown
from api.pages.explorer import CSV, SVG
from api.pages.language import Language, pick_language
from api.pages.names import Names
from api.pages.participants import read_answering, read_member
from api.pages.site import Place, Site
from api.pages.sources import Sources
from api.pages.tidy import csv_text, json_text
from api.pages.view import UNIT
from api.port import NodePort
from api.strings import page_texts
from ledger.units import Ms, block_date

_WIDE, _NARROW = (1000, 360), (340, 280)
_PARTNERS: Final = 8
_MEASURES: Final = (Measure.CARATS, Measure.VALUE, Measure.PRICE, Measure.CERTIFICATES)


@dataclass(frozen=True, slots=True)
class FlowTable:
    """One flow by period, the newest first; each figure with its texts, None where nothing was traded."""

    flow: str
    measures: tuple[Measure, ...]
    rows: tuple[tuple[str, Figure | None, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Partner:
    """Trade with one partner in a year."""

    code: str
    name: str
    figure: Figure
    carats: str
    width: int


def country_routes(site: Site, port: NodePort, sources: Sources) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("country", __name__)

    def known(code: str) -> bool:
        return port.ledger.register.participant(code) is not None

    def place(code: str) -> Place:
        return Place("/participants", f"/countries/{code}")

    @routes.get("/countries/<code>")
    @hide
    async def country(code: str) -> Response:
        """The page."""
        found, language = port.ledger.register.participant(code), pick_language(request)
        if found is None:
            return site.problem(request, 404, Place("/participants"), "missing")
        dataset = await sources.get()
        texts, today = page_texts(language.code, "country"), block_date(Ms(port.ledger.head.time))
        names = Names({each: one.name for each, one in port.ledger.register.participants.items()}, language, texts("world"))
        _, _, answering = read_answering(port.ledger, language, code)
        return site.page(
            request,
            "country",
            place(code),
            height=port.ledger.head.height,
            member=read_member(port.ledger, found, names, today),
            entry=found,
            dataset=dataset,
            tables=[] if dataset is None else flow_tables(dataset, code, language),
            charts=[] if dataset is None else _charts(dataset, code, language),
            partners=[] if dataset is None else partners(dataset, code, names, language),
            answering=answering[0] if answering else None,
            suspensions=sorted(found.suspensions, key=lambda span: span.since, reverse=True),
            offices=[office.name for office in found.authorities if not office.until],
            address=lambda path: path,
        )

    @routes.get("/countries/<code>.csv")
    @hide
    async def as_csv(code: str) -> Response:
        """Its figures as a table for programs."""
        dataset = await sources.get()
        if dataset is None or not known(code):
            return site.problem(request, 404, Place("/participants"), "missing")
        content = csv_text(dataset, figures_of(dataset, code))
        return answer(request, content, Cache.PUBLIC, content_type=CSV, height=dataset.height)

    @routes.get("/countries/<code>.json")
    @hide
    async def as_json(code: str) -> Response:
        """Its figures as a document."""
        dataset = await sources.get()
        if dataset is None or not known(code):
            return site.problem(request, 404, Place("/participants"), "missing")
        content = json_text(dataset, figures_of(dataset, code), dataset.names.get(code, code))
        return answer(request, content, Cache.PUBLIC, content_type=JSON, height=dataset.height)

    @routes.get("/countries/<code>.svg")
    @hide
    async def as_svg(code: str) -> Response:
        """Its series as a picture."""
        dataset, language = await sources.get(), pick_language(request)
        if dataset is None or not known(code):
            return site.problem(request, 404, Place("/participants"), "missing")
        texts, names = page_texts(language.code, "country"), Names(dataset.names, language)
        source = texts("source", release=dataset.name, height=language.grouped(dataset.height))
        content = svg.document(
            *_WIDE, texts("chart_title", name=names.of(code)), source, _series(dataset, code, language, *_WIDE)
        )
        response = answer(request, content, Cache.PUBLIC, content_type=SVG, height=dataset.height)
        response.vary.update(("Accept-Language", "Cookie"))
        return response

    return routes


def figures_of(dataset: Dataset, code: str) -> list[tuple[Cell, Figure]]:
    """Everything of one participant, by flow, period and class."""
    return [
        (cell, figure)
        for flow in FLOWS
        for period in dataset.periods.get(flow, ())
        for cell, figure in ((cell, dataset.figures.get(cell)) for cell in (Cell(period, flow, code, hs) for hs in _CLASSES))
        if figure is not None
    ]


_CLASSES: Final = (ALL, "710210", "710221", "710231")


def flow_tables(dataset: Dataset, code: str, language: Language) -> list[FlowTable]:
    """The flows that it has any figure of."""
    tables = []
    for flow in FLOWS:
        measures = tuple(one for one in _MEASURES if flow != "production" or one is not Measure.CERTIFICATES)
        found = [(period, dataset.figures.get(Cell(period, flow, code, ALL))) for period in dataset.periods.get(flow, ())]
        if any(figure is not None for _, figure in found):
            rows = tuple(
                (period, figure, tuple("" if figure is None else shown(figure.amount(one), one, language) for one in measures))
                for period, figure in reversed(found)
            )
            tables.append(FlowTable(flow, measures, rows))
    return tables


def partners(dataset: Dataset, code: str, names: Names, language: Language) -> list[tuple[str, str, list[Partner]]]:
    """Year, flow and the largest partners of the newest year that has any."""
    found = []
    for flow in FLOWS:
        years = sorted(year for year, of_flow, who in dataset.partners if (of_flow, who) == (flow, code))
        if not years:
            continue
        rows = dataset.partners[years[-1], flow, code]
        largest = max([1, *(figure.points or 0 for figure in rows.values())])
        ordered = sorted(rows.items(), key=lambda row: (-(row[1].points or 0), row[0]))[:_PARTNERS]
        found.append(
            (
                years[-1],
                flow,
                [
                    Partner(
                        partner,
                        names.of(partner),
                        figure,
                        shown(figure.points, Measure.CARATS, language),
                        (figure.points or 0) * 1000 // largest,
                    )
                    for partner, figure in ordered
                ],
            )
        )
    return found


def _series(dataset: Dataset, code: str, language: Language, width: int, height: int) -> list[Markup]:
    """Exports and imports by quarter."""
    texts = page_texts(language.code, "country")
    periods = sorted({*dataset.steps("export"), *dataset.steps("import")})
    lines = []
    for flow in ("export", "import"):
        figures = [dataset.figures.get(Cell(period, flow, code, ALL)) for period in periods]
        amounts = tuple(0 if figure is None else figure.points for figure in figures)
        said = tuple(shown(amount, Measure.CARATS, language) for amount in amounts)
        lines.append(graphs.Line(texts(f"flow_{flow}"), amounts, said))
    return graphs.draw_series(periods, lines, language, unit=UNIT[Measure.CARATS], width=width, height=height)


def _charts(dataset: Dataset, code: str, language: Language) -> list[Markup]:
    return [
        svg.drawing(width, height, _series(dataset, code, language, width, height), class_=f"series {name}")
        for (width, height), name in ((_WIDE, "wide-only"), (_NARROW, "narrow-only"))
    ]
