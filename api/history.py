"""`/v1/stream` and `/v1/export[.csv]`: the history of accepted records, as it grows and whole.

Both go by the place in the log. A stream says which place it has come to with every event, so a reader that was cut, or whose
token's stream has lived its time, goes on where it was (`Last-Event-ID`, or `after`). An export is of the log as it stands when
it begins; it ends regularly only when it is whole, and otherwise goes on with `after`, too.
"""

import re
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import msgspec
from quart import Blueprint, Response, request

from api.access import bearer, require_auditor, require_reader
from api.answers import Cache, parameters
from api.auth import Reader
from api.errors import ApiCode, Problem
from api.flows import Flow, Place, Places, Shifts, cut
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import HEIGHT_HEADER
from api.schemas.history import EventsAnswer, ExportQuery, LinesAnswer, StreamQuery, TableAnswer
from api.schemas.plain import to_json
from api.views import body_answer, logged_answer
from ledger.history import Logged, bounds, parties
from ledger.units import DAY_MS, carats, day_number

_BATCH = 32
"""Records of one piece: two milliseconds' work at most."""

_RETRY_MS = 2_000
_COLUMNS = ("index", "height", "id", "kind", "author", "at", "number", "partner", "date", "parcels", "carats", "body")
_PARTNERS, _DATES = ("destination", "partner", "participant"), ("issued", "received", "date")
_MAX_DIGITS = 16
_SIMPLE = re.compile(r"[\w.:-]*").fullmatch
"""What needs no quotes in a table."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: those in a range of the log (leaves from `first` up to `stop`) that pass every filter given.

    Attributes:
        since, before: own instants, milliseconds: from when, until when.
    """

    first: int
    stop: int | None = None
    participant: str | None = None
    kind: str | None = None
    since: int | None = None
    before: int | None = None

    def passes(self, one: Logged) -> bool:
        """Whether this one is wanted."""
        record = one.record
        return (
            (self.kind is None or record.kind == self.kind)
            and (self.since is None or record.at >= self.since)
            and (self.before is None or record.at < self.before)
            and (self.participant is None or self.participant in parties(record))
        )


def history_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("history", __name__)
    limits, shifts = port.limits, Shifts()
    streams = Places(limits.streams, limits.streams_per_key, "streams")
    exports = Places(limits.exports, limits.exports_per_key, "exports")

    def flow(pieces: AsyncGenerator[bytes, None], place: Place, seconds: float, media_type: str, name: str = "") -> Response:
        fields = {"Cache-Control": str(Cache.NO_STORE), HEIGHT_HEADER: str(port.ledger.head.height)}
        if name:
            fields["Content-Disposition"] = f'attachment; filename="{name}"'
        if request.method == "HEAD":
            place.leave()
            return Response(b"", 200, fields, content_type=media_type)
        response = Response(Flow(pieces, place, limits.stall_s), 200, fields, content_type=media_type)
        response.timeout = seconds
        return response

    @routes.get("/v1/stream")
    @describe("stream", "records", {200: EventsAnswer}, query=StreamQuery, token=True)
    async def stream() -> Response:
        """Accepted records as they come, as server-sent events.

        A `head` event comes when there is nothing further, and again every 15 s.

        `Last-Event-ID`, which browsers send by themselves, or else `after` says behind which place in the log it begins;
        without either it begins with what comes now. A stream ends after 15 minutes, or when its reader does not take what it
        is sent.
        """
        require_reader(port, request)
        asked = parameters(request, StreamQuery)
        after = _last_event(request.headers.get("Last-Event-ID"), asked.after)
        size = port.ledger.head.tree_size
        wanted = Wanted(size if after is None else min(after + 1, size), participant=asked.participant, kind=asked.kind)
        token = bearer(request)
        place = streams.take(require_reader(port, request).token_id)
        return flow(_events(port, shifts, wanted, token), place, limits.stream_s + limits.stall_s, EventsAnswer.media_type)

    @routes.get("/v1/export")
    @describe("export", "audit", {200: LinesAnswer}, query=ExportQuery, token=True)
    async def export() -> Response:
        """The history of accepted records as JSON lines, all of it or what passes every filter given (for auditors)."""
        reader = require_auditor(port, request)
        wanted = _part(port, parameters(request, ExportQuery))
        return exported(reader, wanted, b"", _lines, LinesAnswer.media_type, "ndjson")

    @routes.get("/v1/export.csv")
    @describe("export_csv", "audit", {200: TableAnswer}, query=ExportQuery, token=True)
    async def export_csv() -> Response:
        """The same as a table, a row for each record."""
        reader = require_auditor(port, request)
        wanted = _part(port, parameters(request, ExportQuery))
        return exported(reader, wanted, ",".join(_COLUMNS).encode() + b"\r\n", _rows, TableAnswer.media_type, "csv")

    def exported(
        reader: Reader, wanted: Wanted, head: bytes, form: Callable[[list[Logged]], bytes], media_type: str, ending: str
    ) -> Response:
        pieces = _pieces(port, shifts, wanted, bearer(request), head, form)
        name = f"{port.ledger.origin.replace('/', '-')}-{port.ledger.head.tree_size}.{ending}"
        return flow(pieces, exports.take(reader.token_id), limits.export_s, media_type, name)

    return routes


# --- what is wanted ---------------------------------------------------------------------------------------------------------


def _last_event(header: str | None, after: int | None) -> int | None:
    if header is None:
        return after
    if not (header.isascii() and header.isdecimal() and len(header) <= _MAX_DIGITS):
        raise Problem(400, ApiCode.BAD_PARAMETER, "Last-Event-ID", given=header[:100], limit="the id of an earlier event")
    return int(header)


def _part(port: NodePort, asked: ExportQuery) -> Wanted:
    since = None if asked.since is None else day_number(asked.since) * DAY_MS
    before = None if asked.until is None else (day_number(asked.until) + 1) * DAY_MS
    first, stop = 0, port.ledger.head.tree_size
    if since is not None or before is not None:
        first, stop = bounds(stop, lambda index: port.ledger.history(index, 1)[0].record.at, since or 0, before or 2**63)
    return Wanted(max(first, asked.after + 1), stop, asked.participant, asked.kind, since, before)


# --- pieces -----------------------------------------------------------------------------------------------------------------


async def _pieces(
    port: NodePort, shifts: Shifts, wanted: Wanted, token: str, head: bytes, form: Callable[[list[Logged]], bytes]
) -> AsyncGenerator[bytes, None]:
    """An export, piece by piece; cut when its token is no longer good."""
    if head:
        yield head
    at, stop = wanted.first, wanted.stop or 0
    while at < stop:
        if port.tokens.find(token, port.now_ms()) is None:
            await cut()
        at, piece = await shifts.run(lambda first=at: _read(port, wanted, first, stop, form))  # type: ignore[misc]  # a lambda's default
        if piece:
            yield piece


async def _events(port: NodePort, shifts: Shifts, wanted: Wanted, token: str) -> AsyncGenerator[bytes, None]:
    """A stream, event by event, until its time is up, its token no longer good, or the node stops."""
    at, ends = wanted.first, time.monotonic() + port.limits.stream_s
    yield f"retry: {_RETRY_MS}\n\n".encode()
    if at >= port.ledger.head.tree_size:
        yield _head(port, at - 1)  # so that a reader knows from the beginning where to go on
    while not port.growth.ended and time.monotonic() < ends and port.tokens.find(token, port.now_ms()) is not None:
        size = port.ledger.head.tree_size
        if at < size:
            at, piece = await shifts.run(lambda first=at, stop=size: _read(port, wanted, first, stop, _told))  # type: ignore[misc]  # a lambda's default
            if piece:
                yield piece
            continue
        await port.growth.wait(min(port.limits.heartbeat_s, ends - time.monotonic()))
        if port.ledger.head.tree_size == size and not port.growth.ended:
            yield _head(port, at - 1)


def _read(port: NodePort, wanted: Wanted, first: int, stop: int, form: Callable[[list[Logged]], bytes]) -> tuple[int, bytes]:
    """The piece that begins at a leaf, and where the next one does."""
    rows = port.ledger.history(first, min(_BATCH, stop - first))
    return first + len(rows), form([row for row in rows if wanted.passes(row)])


def _told(rows: list[Logged]) -> bytes:
    return b"".join(b"id: %d\nevent: record\ndata: %b\n\n" % (row.index, _line(row)) for row in rows)


def _head(port: NodePort, place: int) -> bytes:
    head = port.ledger.head
    data = msgspec.json.encode({"height": head.height, "tree_size": head.tree_size})
    return (b"id: %d\n" % place if place >= 0 else b"") + b"event: head\ndata: %b\n\n" % data


def _lines(rows: list[Logged]) -> bytes:
    return b"".join(_line(row) + b"\n" for row in rows)


def _line(row: Logged) -> bytes:
    return to_json(logged_answer(row))


def _rows(rows: list[Logged]) -> bytes:
    return "".join(map(_row, rows)).encode()


def _row(row: Logged) -> str:
    """A line of the table; `csv.writer` would take twice the time over it, for the quotes that the body is full of."""
    record, body = row.record, row.record.body
    points = getattr(body, "points", None)
    texts = (
        record.kind, record.author, str(record.at), getattr(body, "number", ""), _first(body, _PARTNERS), _first(body, _DATES),
        str(getattr(body, "parcels", "")), carats(points) if isinstance(points, int) else "",
    )  # fmt: skip
    cells = ",".join([text if _SIMPLE(text) else _quoted(text) for text in texts])
    return f"{row.index},{row.height},{record.id.hex()},{cells},{_quoted(to_json(body_answer(body)).decode())}\r\n"


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _first(body: object, names: tuple[str, ...]) -> str:
    return next((value for name in names if isinstance(value := getattr(body, name, None), str)), "")
