"""One request's way through Quart, without what nobody here uses of it.

Quart serves a request in four tasks, opens and saves a session, sends six signals and asks each blueprint for hooks, which is
a quarter of what reading a certificate costs. Here:

- a GET without a body is answered in the task that it came in. Whether its client has gone meanwhile is looked at once that
  takes longer than an answer made in one go, as a stream does: then whatever is under way is cancelled;
- its rule is mostly found by a look-up (`api.routing`);
- there are no sessions, signals or hooks of Quart's; `Interface.admit` and `Interface.finish` stand in their place, and
  `startup` refuses hooks that would never be called;
- an answer that is whole is given to the server as such, where that takes it (`Line`);
- each answer has the headers of `_ALWAYS`, added as bytes on the way out, since each one that Quart sets costs a scan of all
  others. What an answer says itself stands: a page that takes forms says more of its referrer. Public data, and why there is
  none, may be read by the pages of any origin (`share`); never with credentials, and nothing that a token gives.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import Any, Final, Protocol, cast

from quart import Quart, Request, Response
from quart.asgi import ASGIHTTPConnection
from quart.ctx import RequestContext
from quart.globals import request_ctx
from quart.sessions import NullSession
from quart.wrappers.base import BaseRequestWebsocket
from quart.wrappers.response import DataBody
from werkzeug.routing import MapAdapter

from api.answers import SECURITY_HEADERS
from api.gate import Gate
from api.routing import Address, Routes
from api.schemas.base import HEIGHT_HEADER

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Headers = Sequence[tuple[bytes, bytes]]

LINE: Final = "kpledger.line"
"""Where the state of a request's scope has its `Line`."""

_SHARED_KEY: Final = "kpledger.shared"
_READING: Final = frozenset({"GET", "HEAD"})
_BODIES: Final = frozenset({b"content-length", b"transfer-encoding"})

_NO_SESSION: Final = NullSession()

_LONG_S: Final = 0.25
"""Longer than answers take that are made in one go, with their wait for a turn while some hundred others ask."""


def _encoded(headers: tuple[tuple[str, str], ...]) -> Headers:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers)


_ALWAYS: Final = _encoded(SECURITY_HEADERS)
_SHARED: Final = _encoded(
    (
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", f"ETag, Retry-After, {HEIGHT_HEADER}"),
    )
)


class Line(Protocol):
    """A request's connection, as far as the app has to do with it."""

    def take_turn(self) -> bool:
        """Whether the turn at the gate that its bytes have had is this request's, too (`api.gate`)."""

    async def answer(self, status: int, headers: Headers, body: bytes) -> bool:
        """Sends a whole answer, at once; False where it must be sent piece by piece, as in HTTP/2, or has to wait."""


def line_of(scope: Any) -> Line | None:
    """The connection of a request, None where the server lends none."""
    return cast("Line | None", scope.get("state", {}).get(LINE))


def share(scope: Any) -> None:
    """The answer to this request may be read by the pages of any origin."""
    scope[_SHARED_KEY] = True


class Exchange(ASGIHTTPConnection):
    """A request and its answer."""

    _watch: "_Watch | None" = None

    async def __call__(self, receive: Any, send: Any) -> None:
        """From the head that has come to the answer's last byte."""
        if self.scope["method"] not in _READING or any(name in _BODIES for name, _ in self.scope["headers"]):
            await super().__call__(receive, send)
            return
        request = self._create_request_from_scope(send)
        request.body.set_complete()
        self._watch = watch = _Watch(receive)
        try:
            await self.handle_request(request, send)
        finally:
            watch.end()

    async def handle_request(self, request: Request, send: Any) -> None:
        """Answers; a client that takes longer over it than the answer's time is left."""
        response = cast("Response", await self.app.handle_request(request))
        headers, body, line = self._headers(response), response.response, line_of(self.scope)
        if line is not None and type(body) is DataBody and await line.answer(response.status_code, headers, body.data):
            return
        if self._watch is not None and type(body) is not DataBody:
            self._watch.begin()
        own = response.timeout
        seconds: float | None = self.app.config["RESPONSE_TIMEOUT"] if own is Ellipsis else own
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._send(send, response.status_code, headers, body)

    def _headers(self, response: Response) -> Headers:
        headers = [(name.lower().encode(), value.encode()) for name, value in response.headers]
        said = {name for name, _ in headers}
        added = (*_ALWAYS, *_SHARED) if self.scope.get(_SHARED_KEY) else _ALWAYS
        headers += [header for header in added if header[0] not in said]
        return headers

    async def _send(self, send: Send, status: int, headers: Headers, body: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if type(body) is DataBody:
            await send({"type": "http.response.body", "body": body.data, "more_body": False})
            return
        async with body as pieces:
            async for piece in pieces:
                data = piece.encode() if isinstance(piece, str) else piece
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Watch:
    """Cancels the task that made it when its client goes, if the task is not done soon."""

    def __init__(self, receive: Receive) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None, "answers are made by tasks"
        self._receive, self._task = receive, task
        self._watching: asyncio.Task[None] | None = None
        self._timer = loop.call_later(_LONG_S, self.begin)

    def begin(self) -> None:
        """The task is not done soon."""
        self._timer.cancel()
        if self._watching is None:
            self._watching = asyncio.ensure_future(self._look())

    def end(self) -> None:
        """The task is done."""
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None  # it will hold the error that ends it, and so this: a cycle

    async def _look(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass  # the end of a body that is not there
        self._task.cancel()


async def _admit(_request: Request) -> None:
    """Everybody."""


def _finish(_request: Request, _response: Response | None) -> None:
    """Nothing."""


class Interface(Quart):
    """Quart with that way.

    Attributes:
        admit: called with each request before its handler; what it raises is answered as what a handler raises.
        finish: called with each request that `admit` was called with, and its answer, None when there will be none.
        gate: where the bytes of requests wait for their turn, in a queue with whatever else of this app does.
    """

    asgi_http_class = Exchange
    admit: Callable[[Request], Awaitable[None]] = staticmethod(_admit)
    finish: Callable[[Request, Response | None], None] = staticmethod(_finish)
    gate: Gate | None = None

    async def startup(self) -> None:
        """As Quart's, and all requests to this task's listener share one context of the app, where nothing is kept.

        Raises:
            RuntimeError: something waits for a hook.
        """
        for hooks in (self.before_request_funcs, self.after_request_funcs, self.teardown_request_funcs):
            if any(hooks.values()):
                raise RuntimeError("a hook of Quart's, which is not called here: see Interface.admit and Interface.finish")
        await super().startup()
        await self.app_context().push()

    @cached_property
    def routes(self) -> Routes:
        """The app's rules; none is added once there was a request."""
        return Routes(self.url_map.iter_rules())

    def create_url_adapter(self, request: BaseRequestWebsocket | None) -> MapAdapter | None:
        """What finds a request's rule (`api.routing`)."""
        if not isinstance(request, Request):
            return super().create_url_adapter(request)  # a websocket has no rule, whatever its path
        theirs = cast("Callable[[], MapAdapter]", partial(super().create_url_adapter, request))
        return cast("MapAdapter", Address(self.routes, request.path, request.method, theirs))

    def request_context(self, request: Request) -> RequestContext:
        """A request's context, with the session that there is not."""
        return RequestContext(self, request, _NO_SESSION)

    async def full_dispatch_request(self, request_context: RequestContext | None = None) -> Response:
        """The answer to a request."""
        asked = (request_context or request_ctx).request
        response: Response | None = None
        try:
            try:
                await self.admit(asked)
                if asked.routing_exception is not None:
                    self.raise_routing_exception(asked)
                assert asked.url_rule is not None, "routed, or there would be an exception"
                handler = cast("Callable[..., Awaitable[Any]]", self.view_functions[asked.url_rule.endpoint])
                result = await handler(**(asked.view_args or {}))
            except Exception as error:  # noqa: BLE001 - the registered handlers tell them apart
                result = await self.handle_user_exception(error)
            response = result if isinstance(result, Response) else await self._made(result)
        finally:
            self.finish(asked, response)
        return response

    async def _made(self, result: Any) -> Response:
        """What a handler gives that is no answer yet; the router's own errors come as Werkzeug's."""
        made = await self.make_response(result)
        return made if isinstance(made, Response) else Response(made.get_data(), made.status_code, made.headers)

    async def do_teardown_request(self, exc: BaseException | None, request_context: RequestContext | None = None) -> None:
        """Nothing is torn down."""
