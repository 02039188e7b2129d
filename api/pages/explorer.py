"""`/explorer`: the figures as ranked bars, time series, world map and table; the same data as CSV, JSON and SVG.

The address is the view (`api.pages.choice`), so that every view has a permanent link. Charts are drawn here; a script only
filters and saves pictures. (A chart library was weighed: 1 MB of script for what a few hundred lines draw on the server.)
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from markupsafe import Markup
from quart import Blueprint, Response, request
from quart_schema import hide

from api.answers import JSON, Cache, answer
from api.pages import graphs, svg
from api.pages.choice import MOST_LINES, VIEWS, UnknownValue, read_choice
from api.pages.dataset import ALL, FLOWS, WORLD, shown
from api.pages.language import pick_language
from api.pages.names import Names
from api.pages.site import Place, Site
from api.pages.sources import Sources
from api.pages.tidy import csv_text, json_text
from api.pages.view import UNIT, Shown
from api.port import NodePort
from api.strings import page_texts
from ledger.entries import HS_CODES

CSV: Final = "text/csv; charset=utf-8"
SVG: Final = "image/svg+xml"
_WIDE, _NARROW = (1000, 400), (340, 300)
_FILE_BARS: Final = 20
_HERE: Final = Place("/explorer")


def explorer_routes(site: Site, port: NodePort, sources: Sources) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("explorer", __name__)

    async def asked() -> Shown | Response:
        dataset = await sources.get(request.args.get("release", ""))
        if dataset is None:
            return site.problem(request, 404, _HERE, "parameter" if sources.names else "unpublished", "release")
        try:
            choice = read_choice(request.args, dataset, sources.names[0])
        except UnknownValue as unknown:
            return site.problem(request, 400, _HERE, "parameter", str(unknown))
        language = pick_language(request)
        texts = page_texts(language.code, "explorer")
        return Shown(dataset, choice, language, texts, Names(dataset.names, language, texts("world")))

    @routes.get("/explorer")
    @hide
    async def explorer() -> Response:
        """A view as a page."""
        view = await asked()
        if isinstance(view, Response):
            return view
        charts, borders = _charts(view, port)
        return site.page(
            request,
            "explorer",
            Place("/explorer", state=view.choice.state),
            height=view.dataset.height,
            view=view,
            choice=view.choice,
            dataset=view.dataset,
            rows=view.rows() if view.choice.view != "series" else [],
            lines=list(zip(view.choice.who, view.lines(), strict=True)) if view.choice.view == "series" else [],
            charts=charts,
            legend=legend_of(view, borders),
            views=VIEWS,
            sources=sources.names,
            flows=[flow for flow in FLOWS if view.dataset.periods.get(flow)],
            classes=(ALL, *HS_CODES),
            offered=[(WORLD, view.t("world")), *view.names.sorted()],
            most_lines=MOST_LINES,
        )

    @routes.get("/explorer.csv")
    @hide
    async def as_csv() -> Response:
        """The figures in view as a table for programs."""
        view = await asked()
        return view if isinstance(view, Response) else _file(view, csv_text(view.dataset, view.data()), CSV, "csv")

    @routes.get("/explorer.json")
    @hide
    async def as_json() -> Response:
        """The figures in view as a document."""
        view = await asked()
        return (
            view if isinstance(view, Response) else _file(view, json_text(view.dataset, view.data(), view.title), JSON, "json")
        )

    @routes.get("/explorer.svg")
    @hide
    async def as_svg() -> Response:
        """The chart in view as a picture."""
        view = await asked()
        return view if isinstance(view, Response) else _file(view, _picture(view, port), SVG, "svg")

    return routes


def _file(view: Shown, content: str, media_type: str, ending: str) -> Response:
    choice = view.choice
    name = f"{choice.flow}-{choice.measure}-{choice.hs}-{choice.view}-{choice.period}.{ending}"
    response = answer(
        request,
        content,
        Cache.PUBLIC,
        content_type=media_type,
        height=view.dataset.height,
        headers={"Content-Disposition": f'inline; filename="{name}"', "Content-Language": view.language.code},
    )
    response.vary.update(("Accept-Language", "Cookie"))
    return response


def countries_of(port: NodePort) -> dict[str, Sequence[str]]:
    """Which countries each participant stands for, for the map."""
    return {code: one.countries for code, one in port.ledger.register.participants.items()}


def _charts(view: Shown, port: NodePort) -> tuple[list[Markup], tuple[int, ...]]:
    """The drawings of a view, one for wide and one for narrow screens where it matters; bars stand in the table."""
    if view.choice.view == "map":
        areas, borders = view.areas()
        width, height, _, _ = graphs.world()
        return [svg.drawing(width, height, graphs.draw_map(areas, countries_of(port)), class_="map")], borders
    if view.choice.view == "series":
        lines, unit = view.lines(), UNIT[view.choice.measure]
        return [
            svg.drawing(
                width,
                height,
                graphs.draw_series(view.steps, lines, view.language, unit=unit, width=width, height=height),
                class_=name,
            )
            for (width, height), name in ((_WIDE, "series wide-only"), (_NARROW, "series narrow-only"))
        ], ()
    return [], ()


def _picture(view: Shown, port: NodePort) -> str:
    origin = view.dataset.origin("" if view.choice.view == "series" else view.choice.period)
    source = view.t("source", release=origin.release, height=view.language.grouped(origin.height))
    if view.choice.view == "map":
        areas, _ = view.areas()
        width, height, _, _ = graphs.world()
        plain = {code: graphs.Area(area.level, area.text) for code, area in areas.items()}
        return svg.document(width, height, view.title, source, graphs.draw_map(plain, countries_of(port)))
    if view.choice.view == "series":
        width, height = _WIDE
        unit = UNIT[view.choice.measure]
        parts = graphs.draw_series(view.steps, view.lines(), view.language, unit=unit, width=width, height=height)
        return svg.document(width, height, view.title, source, parts)
    measure = view.choice.measure
    bars = [
        graphs.Bar(row.name, row.figure.amount(measure) or 0, shown(row.figure.amount(measure), measure, view.language))
        for row in view.rows()
        if row.figure.amount(measure) is not None
    ][:_FILE_BARS]
    parts, height = graphs.draw_bars(bars, width=_WIDE[0])
    return svg.document(_WIDE[0], height, view.title, source, parts)


def legend_of(view: Shown, borders: Sequence[int]) -> list[tuple[str, str]]:
    """Class and words of each field of the map's legend, the lowest first."""
    if view.choice.view != "map":
        return []
    words = [view.language.grouped(border // UNIT[view.choice.measure]) for border in borders]
    fields = [("1", view.t("below", amount=words[0]))]
    fields += [(str(at + 2), view.t("between", least=least, most=most)) for at, (least, most) in enumerate(pairwise(words))]
    fields.append((str(len(words) + 1), view.t("above", amount=words[-1])))
    confidential = any(one.flag == "c" for one in view.dataset.figures.values())
    return [("0", view.t("no_figure")), *fields, *([("c", view.t("confidential"))] if confidential else [])]
