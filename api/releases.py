"""`/v1/statistics/releases`: the releases of public statistics, and their files; what pages about them read, too.

A release's files are made by each node for itself (`node.releases`) and never change: they are answered from memory, with the
bytes' own hash as `ETag`, as they are or compressed once. Everything here is public but why a node objects to a release.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from quart import Blueprint, Response, request

from api.access import find_reader, require_reader
from api.answers import BINARY, JSON, Cache, answer, decode_position, encode_position, hex_id, missing, pack, parameters
from api.errors import ApiCode, NotReady, Overloaded, Problem
from api.limits import MAX_HELD_RELEASES, MAX_WAITING_BASES
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import BinaryAnswer, NoContent, ProblemAnswer
from api.schemas.releases import (
    BasisQuery,
    CsvAnswer,
    ReleaseAnswer,
    ReleaseFileAnswer,
    ReleaseRowAnswer,
    ReleasesAnswer,
    ReleasesQuery,
    ReleaseVerdictAnswer,
)
from ledger.bodies import VerdictBody
from ledger.errors import StatisticsError
from ledger.record import parse_record
from ledger.release_entries import ReleaseState, Verdict
from ledger.release_views import ReleaseRow
from ledger.units import block_date

CSV: Final = "text/csv; charset=utf-8"
TYPES: Final = {"json": JSON, "csv": CSV}
CORS: Final = {"Access-Control-Allow-Origin": "*"}
"""Public figures may be read by the pages of others."""

_RETRY_S: Final = 2.0


@dataclass(frozen=True)
class ReleaseFile:
    """A file of a release: its bytes, and the same compressed, each with its `ETag`."""

    data: bytes
    content_type: str

    @cached_property
    def tag(self) -> str:
        """SHA-256 of the bytes: of a JSON file the digest by which the ledger names the release."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def packed(self) -> bytes:
        """Compressed, the same whenever it is done."""
        return pack(self.data)


class Releases:
    """The releases as a node shows them: rows, files, and files read."""

    def __init__(self, port: NodePort) -> None:
        self._port = port
        self._files: OrderedDict[tuple[bytes, str], ReleaseFile] = OrderedDict()
        self._read: OrderedDict[bytes, dict[str, Any]] = OrderedDict()

    def newest(self, year: str | None = None) -> tuple[int, list[ReleaseRow]]:
        """The newest release of every period that stands, the latest periods first, and the height of that."""
        page = self._port.ledger.newest_releases()
        return page.head.height, [row for row in page.rows if year is None or row.entry.year == year]

    def history(self, period: str) -> list[ReleaseRow]:
        """All releases of a period that stand, the first one first."""
        ids = [one.record for one in self._port.ledger.release_year(period[:4]).released if one.period == period]
        return [row for row in (self._port.ledger.release(record_id)[1] for record_id in ids) if row is not None]

    def row(self, row: ReleaseRow) -> ReleaseRowAnswer:
        """A release as the interface shows it."""
        entry, agreed = row.entry, sum(verdict.agree for verdict in row.entry.verdicts)
        path = f"/v1/statistics/releases/{row.id.hex()}" if entry.state == ReleaseState.RELEASED else None
        return ReleaseRowAnswer(
            id=row.id.hex(),
            period=entry.period,
            revision=entry.revision,
            state=entry.state,
            replaced=row.replaced,
            author=entry.author,
            published=block_date(entry.opened),
            height=entry.height,
            tree_size=self._port.ledger.moment(entry.height).tree_size,
            digest=entry.digest.hex(),
            agreed=agreed,
            objected=len(entry.verdicts) - agreed,
            decided=entry.decided or None,
            json_file=path and f"{path}.json",
            csv_file=path and f"{path}.csv",
            index=entry.index,
        )

    def file(self, release: bytes, form: str) -> ReleaseFile | None:
        """A file (`json`, `csv`) of a release that stands; None where this node has not made it yet."""
        key = release, form
        held = self._files.get(key)
        if held is None:
            ledger = self._port.ledger
            _, row = ledger.release(release)
            stands = row is not None and row.entry.state == ReleaseState.RELEASED
            data = ledger.release_file(release, form) if stands else None
            if data is None:
                return None
            held = self._files[key] = ReleaseFile(data, TYPES[form])
            while len(self._files) > MAX_HELD_RELEASES:
                self._files.popitem(last=False)
        else:
            self._files.move_to_end(key)
        return held

    def content(self, release: bytes) -> dict[str, Any] | None:
        """The JSON file of a release, read; not to be changed. None where this node has not made it yet."""
        held = self._read.get(release)
        if held is None:
            file = self.file(release, "json")
            if file is None:
                return None
            held = self._read[release] = json.loads(file.data)
            while len(self._read) > MAX_HELD_RELEASES // 2:
                self._read.popitem(last=False)
        else:
            self._read.move_to_end(release)
        return held


def release_routes(port: NodePort, releases: Releases) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("releases", __name__)
    turns = _Turns()

    @routes.get("/v1/statistics/releases")
    @describe("releases", "network", {200: ReleasesAnswer, 304: NoContent}, query=ReleasesQuery)
    async def listed() -> Response:
        """Releases of statistics, those published last at the top; without a parameter those that stand, replaced ones too."""
        asked = parameters(request, ReleasesQuery)
        page = port.ledger.releases(asked.state, decode_position(asked.cursor), asked.limit)
        height = page.head.height
        items = [releases.row(row) for row in page.rows]
        body = ReleasesAnswer(read_at_height=height, items=items, next=encode_position(page.cursor))
        return answer(request, body, Cache.PUBLIC, height=height, headers=CORS)

    @routes.get("/v1/statistics/releases/<release>")
    @describe("release", "network", {200: ReleaseAnswer, 304: NoContent, 404: ProblemAnswer}, token_for_more=True)
    async def one(release: str) -> Response:
        """A release, and what each node says of it. Why a node objects takes a token."""
        head, row = port.ledger.release(hex_id(release))
        if row is None:
            raise missing("id", release, head.height)
        reader = find_reader(port, request)
        body = ReleaseAnswer(
            read_at_height=head.height,
            release=releases.row(row),
            published_at=row.entry.opened,
            verdicts=[_verdict(port, verdict, told=reader is not None) for verdict in row.entry.verdicts],
        )
        cache = Cache.PUBLIC if reader is None else Cache.PRIVATE
        return answer(request, body, cache, height=head.height, headers={} if reader else {"Vary": "Authorization", **CORS})

    @routes.get("/v1/statistics/basis/<period>")
    @describe("release_basis", "network", {200: BinaryAnswer, 304: NoContent, 404: ProblemAnswer}, query=BasisQuery, token=True)
    async def basis(period: str) -> Response:
        """What a proposer needs for a closed period's next release: the figures and the year's earlier releases.

        MessagePack, for `kpledger statistics propose`. 404 for what is no period or has not closed.
        """
        require_reader(port, request)
        head = port.ledger.head.height
        height = parameters(request, BasisQuery).height or head
        try:
            data = await turns.run(port.release_basis(period, height))
        except StatisticsError as error:
            raise Problem(404, ApiCode.NOT_FOUND, "period", given=period[:20], height=height, reason=str(error)) from None
        return answer(request, data, Cache.PRIVATE, content_type=BINARY, height=height)

    @routes.get("/v1/statistics/releases/<release>.json")
    @describe("release_json", "network", {200: ReleaseFileAnswer, 304: NoContent, 404: ProblemAnswer})
    async def json_file(release: str) -> Response:
        """The JSON file of a release that stands. It never changes."""
        return _file(port, releases, release, "json")

    @routes.get("/v1/statistics/releases/<release>.csv")
    @describe("release_csv", "network", {200: CsvAnswer, 304: NoContent, 404: ProblemAnswer})
    async def csv_file(release: str) -> Response:
        """The CSV file of a release that stands. It never changes."""
        return _file(port, releases, release, "csv")

    return routes


class _Turns:
    """A bounded number of answers that take a node some work."""

    def __init__(self) -> None:
        self._waiting = 0

    async def run(self, work: Coroutine[Any, Any, bytes]) -> bytes:
        """Its outcome; raises Overloaded when too many wait."""
        if self._waiting >= MAX_WAITING_BASES:
            work.close()
            raise Overloaded(_RETRY_S, "too many proposers are asking")
        self._waiting += 1
        try:
            return await work
        finally:
            self._waiting -= 1


def serve_file(file: ReleaseFile, cache: Cache, name: str = "", headers: dict[str, str] | None = None) -> Response:
    """A file, compressed for clients that take it, or 304 where the client holds it already; `name`: under which to save it."""
    packed = request.accept_encodings.quality("gzip") > 0
    tag = f"{file.tag}-gzip" if packed else file.tag
    fields = {"Cache-Control": str(cache), "ETag": f'"{tag}"', "Vary": "Accept-Encoding", **CORS, **(headers or {})}
    if request.if_none_match.contains_weak(tag):
        return Response(b"", 304, fields)
    if packed:
        fields["Content-Encoding"] = "gzip"
    if name:
        fields["Content-Disposition"] = f'inline; filename="{name}"'
    return Response(file.packed if packed else file.data, 200, fields, content_type=file.content_type)


def _file(port: NodePort, releases: Releases, text: str, form: str) -> Response:
    release = hex_id(text)
    file = releases.file(release, form)
    head, row = (None, None) if file is not None else port.ledger.release(release)
    if file is None:
        if head is not None and (row is None or row.entry.state != ReleaseState.RELEASED):
            raise missing("id", text, head.height)
        raise NotReady(reason="this node has not made the file of this release yet")
    return serve_file(file, Cache.IMMUTABLE, f"kp-statistics-{text[:16]}.{form}")


def _verdict(port: NodePort, verdict: Verdict, *, told: bool) -> ReleaseVerdictAnswer:
    found = port.ledger.record(verdict.record) if told and not verdict.agree else None
    body = None if found is None else parse_record(found[0]).body
    why = body if isinstance(body, VerdictBody) else None
    return ReleaseVerdictAnswer(
        participant=verdict.participant,
        agree=verdict.agree,
        record=verdict.record.hex(),
        code=None if why is None else why.code,
        cell=None if why is None else why.cell,
    )
