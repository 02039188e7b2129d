"""`/log/...`: the transparency log as C2SP tlog-tiles (5-log.md).

Checkpoints, policy and hash tiles are public; entry bundles hold whole records and need a token. Paths, content types and
caching are the specification's: a checkpoint is never stored, a tile never changes, a missing tile is a plain 404.
"""

import asyncio

from quart import Blueprint, Response, request

from api.access import require_reader
from api.answers import BINARY, TEXT, Cache, answer
from api.errors import ApiCode, NotReady, Problem
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import BinaryAnswer, NoContent, ProblemAnswer, TextAnswer
from api.steps import Turns
from ledger.checkpoint import parse_size
from ledger.errors import ProofError
from ledger.tiles import ENTRIES, Tile, parse_path

_STATUS_FRESH_MS = 60_000


def log_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("log", __name__)
    files = _StatusFiles(port)

    @routes.get("/log/checkpoint")
    @describe("checkpoint", "log", {200: TextAnswer, 404: ProblemAnswer})
    async def checkpoint() -> Response:
        """The newest quorum checkpoint, a signed note."""
        return _note(port.quorum_checkpoint())

    @routes.get("/log/checkpoint/<size>")
    @describe("checkpoint_at", "log", {200: TextAnswer, 404: ProblemAnswer})
    async def checkpoint_at(size: str) -> Response:
        """The quorum checkpoint of exactly this tree size."""
        number = parse_size(size)
        if number is None:
            raise Problem(404, ApiCode.NOT_FOUND, "size", given=size[:100])
        return _note(port.quorum_checkpoint(number))

    @routes.get("/log/policy")
    @describe("policy", "log", {200: TextAnswer, 304: NoContent})
    async def policy() -> Response:
        """The C2SP policy: this node's log key, every node's cosigning key, the quorum of validators."""
        return answer(request, port.policy(), Cache.PUBLIC, content_type=TEXT)

    @routes.get("/log/tile/<path:path>")
    @describe("tile", "log", {200: BinaryAnswer, 304: NoContent, 404: ProblemAnswer})
    async def tile(path: str) -> Response:
        """A hash tile: `<L>/<N>` when it is full, `<L>/<N>.p/<W>` before."""
        name = _parse(path)
        return _bytes(port.ledger.tile(name.level, name.n, name.width), Cache.IMMUTABLE)

    @routes.get("/log/tile/entries/<path:path>")
    @describe("entries", "log", {200: BinaryAnswer, 304: NoContent, 404: ProblemAnswer}, token=True)
    async def entries(path: str) -> Response:
        """A bundle of log entries, each a record behind its length in two bytes: `<N>` or `<N>.p/<W>`."""
        require_reader(port, request)
        name = _parse(f"entries/{path}", entries=True)
        return _bytes(port.ledger.entries(name.n, name.width), Cache.PRIVATE_IMMUTABLE)

    @routes.get("/log/status")
    @describe("status_file", "log", {200: BinaryAnswer, 304: NoContent}, token=True)
    async def status() -> Response:
        """Which certificates stand, signed by this node: what an officer takes along to check them without a network."""
        require_reader(port, request)
        return answer(request, await files.newest(), Cache.PRIVATE, content_type=BINARY)

    return routes


class _StatusFiles:
    """The newest status file, made at most once a minute for as long as no block has changed anything."""

    def __init__(self, port: NodePort) -> None:
        self._port = port
        self._turns = Turns()
        self._making = asyncio.Lock()
        self._made: tuple[int, int, bytes] | None = None

    async def newest(self) -> bytes:
        """The file, made once for all who ask meanwhile; raises NotReady while this node is behind."""
        status = self._port.status()
        if not status.ready:
            raise NotReady(reason="this node is not ready: what it would sign may be old")
        asked = self._port.ledger.head.height
        async with self._making:
            now = self._port.now_ms()
            if self._made is None or self._made[0] < asked or not 0 <= now - self._made[1] < _STATUS_FRESH_MS:
                lists = await self._turns.run(self._port.ledger.status(status.participant, now))
                self._made = (lists.height, now, self._port.sign_status(lists))
            return self._made[2]


def _note(text: str | None) -> Response:
    if text is None:
        raise Problem(404, ApiCode.NOT_FOUND)
    return answer(request, text, Cache.NO_STORE, content_type=TEXT)


def _parse(path: str, *, entries: bool = False) -> Tile:
    try:
        name = parse_path(f"tile/{path}")
    except ProofError:
        raise Problem(404, ApiCode.NOT_FOUND, "path", given=path[:100]) from None
    if (name.level == ENTRIES) is not entries:
        raise Problem(404, ApiCode.NOT_FOUND, "path", given=path[:100])
    return name


def _bytes(data: bytes | None, cache: Cache) -> Response:
    if data is None:
        raise Problem(404, ApiCode.NOT_FOUND)
    return answer(request, data, cache, content_type=BINARY)
