"""`/releases`: what was released when, on which block, checked by whom; `/releases/{name}`: one release, what it restates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from quart import Blueprint, Response, request
from quart_schema import hide

from api.answers import decode_position, encode_position
from api.errors import Problem
from api.pages.dataset import ALL, Measure, shown
from api.pages.language import Language, pick_language
from api.pages.names import Names
from api.pages.overview import cosigners
from api.pages.released import Released, name_of
from api.pages.site import Place, Site
from api.port import NodePort
from api.releases import Releases
from api.statistics import read_checkpoint
from api.strings import page_texts
from ledger.release_entries import ReleaseState
from ledger.release_views import ReleaseRow

_HERE: Final = Place("/releases")
_PAGE: Final = 50
_MOST_RESTATED: Final = 500


@dataclass(frozen=True, slots=True)
class Restated:
    """A figure that a revision changed, before and after, as texts."""

    name: str
    code: str
    flow: str
    hs: str
    carats: tuple[str, str]
    value: tuple[str, str]


def release_page_routes(site: Site, port: NodePort, releases: Releases, released: Released) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("release_pages", __name__)

    @routes.get("/releases")
    @hide
    async def listed() -> Response:
        """Releases, those published last at the top, and those that are being judged."""
        try:
            cursor = decode_position(request.args.get("cursor"))
        except Problem:
            return site.problem(request, 400, _HERE, "parameter", "cursor")
        page = port.ledger.releases(ReleaseState.RELEASED, cursor, _PAGE)
        return site.page(
            request,
            "releases",
            _HERE,
            height=page.head.height,
            rows=[(name_of(row), row, releases.row(row)) for row in page.rows],
            pending=[(name_of(row), releases.row(row)) for row in _pending(port)] if cursor is None else [],
            following=encode_position(page.cursor),
            validators=len(port.validators),
            height_now=page.head.height,
        )

    @routes.get("/releases/<name>")
    @hide
    async def one(name: str) -> Response:
        """One release."""
        row = released.row(name)
        if row is None:
            return site.problem(request, 404, _HERE, "missing")
        language = pick_language(request)
        names = Names(
            {code: each.name for code, each in port.ledger.register.participants.items()},
            language,
            page_texts(language.code, "release")("world"),
        )
        content, shown_row = releases.content(row.id), releases.row(row)
        checkpoint = read_checkpoint(port, shown_row.tree_size)
        restated = [] if content is None else read_restated(content["rows"], names, language)
        return site.page(
            request,
            "release",
            Place("/releases", f"/releases/{name}"),
            height=row.entry.height,
            name=name,
            release=shown_row,
            content=content,
            verdicts=[(names.of(one.participant), one.agree) for one in row.entry.verdicts],
            history=[(name_of(other), releases.row(other)) for other in releases.history(row.entry.period)],
            restated=restated[:_MOST_RESTATED],
            left_out=max(0, len(restated) - _MOST_RESTATED),
            checkpoint=checkpoint,
            cosigners=cosigners(port, checkpoint.cosigners if checkpoint else [], language),
            quorum=port.quorum,
            validators=len(port.validators),
        )

    return routes


def read_restated(rows: Sequence[Mapping[str, Any]], names: Names, language: Language) -> list[Restated]:
    """The figures that a release shows otherwise than the one before of its period."""
    return [
        Restated(
            names.of(row["participant"]) + (f" \N{RIGHTWARDS ARROW} {names.of(row['partner'])}" if row["partner"] else ""),
            row["participant"],
            row["flow"],
            row["hs"] if row["hs"] != ALL else "",
            (language.decimal(row["earlier_carats"]), language.decimal(row["carats"])),
            (_value(row["earlier_value"], language), _value(row["value"], language)),
        )
        for row in rows
        if row["earlier_carats"]
    ]


def _value(text: str, language: Language) -> str:
    return shown(int(text.replace(".", "")), Measure.VALUE, language) if text else ""


def _pending(port: NodePort) -> Sequence[ReleaseRow]:
    return port.ledger.releases(ReleaseState.UNDECIDED, None, _PAGE).rows
