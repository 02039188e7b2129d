"""`GET /`: the public page, server-rendered, without scripts and without a request to anybody else.

On a test network (`dev`) it shows the figures of `/v1/statistics`, exactly those; on any other it says why it shows none. Bars
are SVG made of integers; the texts come from `api.strings`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from quart import Blueprint, Response, request

from api.answers import HTML, Cache, answer
from api.assets import Assets
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent, PageAnswer
from api.schemas.statistics import FlowAnswer, StatisticsAnswer
from api.statistics import DEV, Figures
from api.strings import page_texts
from ledger.entries import HS_CODES

PAGES = Path(__file__).parent / "pages"
LINKS = (("/", "nav_figures"), ("/#verify", "nav_verify"), ("/docs", "nav_documentation"))
SHOWN = 12
"""Participants of each flow that are visible at once; the others unfold."""

_BAR = 1000
_LEAST = 3
"""Width below which a part is not seen."""


@dataclass(frozen=True, slots=True)
class BarPart:
    """One HS class of a bar, in thousandths of the longest bar."""

    hs: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a ranking."""

    rank: int
    code: str
    name: str
    carats: str
    certificates: int
    parts: tuple[BarPart, ...]


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One HS class of the whole trade; shares are texts such as `41.3 %`."""

    hs: str
    exports: str
    exports_share: str
    imports: str
    imports_share: str


class Pages:
    """Renders the templates of this node."""

    def __init__(self, port: NodePort, assets: Assets) -> None:
        self._port = port
        self._assets = assets
        self._environment = Environment(
            loader=FileSystemLoader(PAGES / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(grouped=grouped, figure=figure, moment=moment, iso=iso, ticks=ticks)

    def render(self, template: str, here: str, **values: object) -> str:
        """The page as text."""
        port = self._port
        return self._environment.get_template(template).render(
            t=page_texts("en"),
            version=self._assets.version,
            links=LINKS,
            here=here,
            operator=port.status().participant,
            origin=port.ledger.genesis.origin,
            ledger_id=port.ledger.genesis.ledger_id.hex(),
            url=port.public_url,
            **values,
        )

    def figures(self, figures: StatisticsAnswer) -> str:
        """The page of a test network."""
        longest = max([1, *(_points(flow.carats) for trade in figures.participants for flow in (trade.imports, trade.exports))])
        return self.render(
            "figures.html",
            "/",
            f=figures,
            exports=ranking([(trade.code, trade.name, trade.exports) for trade in figures.participants], longest),
            imports=ranking([(trade.code, trade.name, trade.imports) for trade in figures.participants], longest),
            split=split(figures.world_exports, figures.world_imports),
            split_bars={
                "exports": _bar(figures.world_exports, _points(figures.world_exports.carats) or 1),
                "imports": _bar(figures.world_imports, _points(figures.world_imports.carats) or 1),
            },
            cosigners=self._cosigners(figures),
            shown=SHOWN,
            quorum=self._port.quorum,
            validators=len(self._port.validators),
        )

    def _cosigners(self, figures: StatisticsAnswer) -> list[tuple[str, str]]:
        """Name of the participant (empty for a witness that is none) and of the key, for each cosignature."""
        participants = self._port.ledger.register.participants
        keys = figures.checkpoint.cosigners if figures.checkpoint else []
        codes = [key.partition("/")[0] for key in keys]
        return [(participants[code].name if code in participants else "", key) for code, key in zip(codes, keys, strict=True)]


def page_routes(port: NodePort, figures: Figures, assets: Assets) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("page", __name__)
    pages = Pages(port, assets)
    cached: tuple[StatisticsAnswer, str] | None = None

    @routes.get("/")
    @describe("page", "network", {200: PageAnswer, 304: NoContent})
    async def page() -> Response:
        """The public page."""
        nonlocal cached
        if port.ledger.genesis.network != DEV:
            return answer(request, pages.render("withheld.html", "/"), Cache.PUBLIC, content_type=HTML)
        newest = await figures.settled()
        if cached is None or cached[0] is not newest:
            cached = (newest, pages.figures(newest))
        return answer(request, cached[1], Cache.PUBLIC, content_type=HTML, height=newest.height)

    return routes


def ranking(trade: Sequence[tuple[str, str, FlowAnswer]], longest: int) -> list[Row]:
    """Those with any trade, most carats first, equal ones by code."""
    some = [(_points(flow.carats), code, name, flow) for code, name, flow in trade if flow.certificates]
    some.sort(key=lambda entry: (-entry[0], entry[1]))
    return [
        Row(rank, code, name, flow.carats, flow.certificates, _bar(flow, longest))
        for rank, (_, code, name, flow) in enumerate(some, start=1)
    ]


def _bar(flow: FlowAnswer, longest: int) -> tuple[BarPart, ...]:
    """The classes one after the other; the one with most carats is always seen."""
    parts, x, points = [], 0, 0
    largest = max(flow.by_hs, key=lambda row: _points(row.carats))
    for row in flow.by_hs:
        points += _points(row.carats)
        end = max(points * _BAR // longest, x + _LEAST if points and row is largest else x)
        if end > x:
            parts.append(BarPart(row.hs, x, end - x))
        x = end
    return tuple(parts)


def split(exports: FlowAnswer, imports: FlowAnswer) -> list[SplitRow]:
    """The HS classes of the whole trade."""
    rows = []
    for hs, out, into in zip(HS_CODES, exports.by_hs, imports.by_hs, strict=True):
        rows.append(
            SplitRow(hs, out.carats, _percent(out.carats, exports.carats), into.carats, _percent(into.carats, imports.carats))
        )
    return rows


def _points(carats: str) -> int:
    """Points of a sum; sums may be larger than any weight that a record can state."""
    return int(carats.replace(".", ""))


def _percent(part: str, whole: str) -> str:
    """One decimal place, rounded half up, in integers."""
    total = _points(whole)
    if total == 0:
        return "\N{EN DASH}"
    permille = (_points(part) * 2000 + total) // (2 * total)
    return f"{permille // 10}.{permille % 10}\N{NO-BREAK SPACE}%"


def grouped(number: int) -> str:
    """`1,234,567`."""
    return f"{number:,}"


def figure(carats: str) -> tuple[str, str]:
    """A decimal string as its grouped whole and its two places."""
    whole, _, places = carats.partition(".")
    return grouped(int(whole)), places


def moment(ms: int) -> str:
    """`12 March 2026, 14:03`, in UTC."""
    at = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{at.day} {at:%B %Y, %H:%M}"


def ticks(text: str) -> Markup:
    """Words between backticks as code, everything escaped."""
    pieces = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(piece) if at % 2 else escape(piece) for at, piece in enumerate(pieces)
    )


def iso(ms: int) -> str:
    """For `<time datetime>`."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
