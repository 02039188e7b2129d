"""Serves an app with Hypercorn's protocol under limits that Hypercorn's own accept loop does not have.

Hypercorn bounds the time for a request's head (its keep-alive timer runs until the head is whole) and the head's bytes; here
are added: an order in which requests come in (`api.gate`), connections in all and per address prefix, a bound on closing
towards a client that does not read, and a stop that ends in bounded time even while streams are open. Bodies are bounded in
`api.bodies`.
"""

import asyncio
import contextlib
import math
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import AsyncioSingleTask, WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import ConnectionState, TaskGroup
from quart import Quart

from api.exchange import LINE, Headers, Interface
from api.gate import BYTES_PASSES, Gate
from api.http11 import Http11
from api.limits import ApiLimits
from api.throttle import prefix

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nCache-Control: no-store\r\n"
    b"Connection: close\r\nContent-Length: 0\r\n\r\n"
)

_SUBMISSION = b"POST /v1/records"
_READ_BYTES = 64 * 1024
_LINGER_S = 1.0
"""For how long a client may still send after its answer before the connection is cut."""

log = structlog.get_logger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening TCP socket; port 0 takes any free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(1024)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


async def serve(app: Quart, sock: socket.socket, limits: ApiLimits, stop: Callable[[], Awaitable[object]]) -> None:
    """Serve until `stop()` returns, then finish what is open within `limits.shutdown_s`; closes the socket."""
    server = _Server(app, limits)
    await app.startup()
    try:
        listener = await asyncio.start_server(server.accept, sock=sock, backlog=1024)
        try:
            await stop()
        finally:
            listener.close()  # not wait_closed(): from Python 3.12 on that waits for every open connection
            await server.close()
    finally:
        await app.shutdown()


class _Server:
    def __init__(self, app: Quart, limits: ApiLimits) -> None:
        self._app = ASGIWrapper(app)
        self._limits = limits
        self._config = _config(limits)
        self._context = WorkerContext(None)
        self._open: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: set[_Connection] = set()
        self._gate = (app.gate if isinstance(app, Interface) else None) or Gate()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from accept to close."""
        peer = writer.get_extra_info("peername")
        address = prefix(peer[0] if peer else "")[0]
        if len(self._tasks) >= self._limits.connections or self._open[address] >= self._limits.connections_per_address:
            await _turn_away(writer)
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open[address] += 1
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            log.info("http.cut")  # by `close`; nobody awaits this task who would have to know
        finally:
            self._tasks.discard(task)
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        connection = _Connection(self._app, loop, self._config, self._context, reader, writer)
        connection.last_s, connection.gate = self._limits.body_s, self._gate
        self._connections.add(connection)
        try:
            await connection
        except* Exception as errors:  # noqa: BLE001 - one connection's trouble must not touch the listener
            log.warning("http.connection", errors=[repr(error) for error in errors.exceptions])
        finally:
            self._connections.discard(connection)

    async def close(self) -> None:
        """Let idle connections go, wait a little for the busy ones, then cut them."""
        await self._context.terminated.set()
        for connection in self._connections:
            connection.idle.end()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=self._limits.shutdown_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=self._limits.shutdown_s)


class _Idle(AsyncioSingleTask):
    """The time between two requests, as Hypercorn asks for it, by a timer: two tasks a request cost a tenth of its answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, context: WorkerContext, seconds: float) -> None:
        super().__init__()
        self._loop = loop
        self._context = context
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._then: Callable[[], None] = lambda: None

    async def restart(self, task_group: TaskGroup, action: Callable[[], Awaitable[None]]) -> None:
        """Waits from now on; `action` follows when nothing has come."""
        await self.stop()
        self._then = partial(task_group.spawn, action)
        self._timer = self._loop.call_later(0 if self._context.terminated.is_set() else self._seconds, self.end)

    async def stop(self) -> None:
        """Something has come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end(self) -> None:
        """It has been long enough, if it waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._then()


class _Connection(TCPServer):
    """Hypercorn's connection with an end of its own.

    It is let go as soon as the client has gone, not when an idle timer ends. It closes in two steps: first only its own
    direction, while what still comes is thrown away, for closing with unread data would reset the connection and could take
    the answer (413, 429) from a client that is still sending.

    It is the `api.exchange.Line` of its requests.

    Attributes:
        last_s: seconds that a client has to take the last part of its answer.
        gate: where what comes waits for its turn, but for submissions.
        idle: the time between two requests.
    """

    last_s = 10.0
    gate: Gate | None = None
    _submitting = False
    _turn = False
    _ending = False
    _reading = False
    _moved = 0.0

    def __init__(
        self,
        app: ASGIWrapper,
        loop: asyncio.AbstractEventLoop,
        config: Config,
        context: WorkerContext,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        super().__init__(app, loop, config, context, ConnectionState({LINE: self}), reader, writer)
        self.idle_task = self.idle = _Idle(loop, context, config.keep_alive_timeout)
        self._quiet_s = config.read_timeout or math.inf
        self._looking: asyncio.TimerHandle

    async def _read_data(self) -> None:
        if type(made := self.protocol.protocol) is H11Protocol:
            self.protocol.protocol = Http11(
                made.app,
                made.config,
                made.context,
                made.task_group,
                made.connection_state,
                made.ssl,
                made.client,
                made.server,
                made.send,
            )
        self._moved = self.loop.time()
        self._look()
        try:
            await self._read_all()
        finally:
            self._looking.cancel()
        self._ending = True
        await self.protocol.handle(Closed())
        await self.idle_task.stop()

    async def _read_all(self) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            while not self.reader.at_eof():
                self._reading = True
                data = await self.reader.read(_READ_BYTES)
                self._reading, self._moved = False, self.loop.time()
                if self.gate is not None:
                    if self._submits(data):
                        self.gate.hurry()
                    else:
                        await self.gate.enter(BYTES_PASSES)
                        self._turn = True
                if not self._ending:
                    await self.protocol.handle(RawData(data))

    def _submits(self, data: bytes) -> bool:
        """Whether this is of a submission: its head, or what follows a head that was one."""
        if data.startswith(_SUBMISSION):
            self._submitting = True
        elif data.startswith((b"GET ", b"HEAD ", b"POST ")):
            self._submitting = False
        return self._submitting

    def _look(self) -> None:
        """Ends the reading from a client that neither sent nor took anything for long."""
        left = self._moved + self._quiet_s - self.loop.time()
        if left <= 0 and self._reading:
            self.reader.set_exception(TimeoutError())
        else:
            self._looking = self.loop.call_later(max(left, _LINGER_S), self._look)

    async def protocol_send(self, event: Event) -> None:
        """Send, or begin the end; a connection at its end starts no idle timer."""
        match event:
            case RawData(data=b""):
                pass  # the end of a body of known length: nothing to write
            case RawData():
                await super().protocol_send(event)
                self._moved = self.loop.time()
            case Closed():
                self._end()
            case Updated() if self._ending:
                pass
            case _:
                await super().protocol_send(event)
                self._moved = self.loop.time()

    def take_turn(self) -> bool:
        """Whether its bytes' turn is this request's; it is the first one's that asks."""
        turn, self._turn = self._turn, False
        return turn

    async def answer(self, status: int, headers: Headers, body: bytes) -> bool:
        """Sends a whole answer; False where it must be sent piece by piece, or its client still takes the one before."""
        protocol, waits = self.protocol.protocol, self.writer.transport.get_write_buffer_size() > 0
        return isinstance(protocol, Http11) and not waits and await protocol.answer(status, headers, body)

    def _end(self) -> None:
        if not self._ending:
            self._ending = True
            with contextlib.suppress(OSError, RuntimeError, NotImplementedError):
                self.writer.write_eof()
            self.loop.call_later(min(_LINGER_S, self.last_s), self._cut, self.last_s)

    def _cut(self, seconds: float) -> None:
        """Cut the connection, unless the answer is still being taken and there are seconds left for that."""
        if seconds > _LINGER_S and self.writer.transport.get_write_buffer_size():
            self.loop.call_later(_LINGER_S, self._cut, seconds - _LINGER_S)
        else:
            self.writer.transport.abort()

    async def _idle_timeout(self) -> None:
        """Nothing has come for long: the end."""
        await self._initiate_server_close()

    async def _close(self) -> None:
        """Close, but wait for a client that does not read only as long as a stop may take."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.graceful_timeout) as deadline:
                await super()._close()
        if deadline.expired():
            self.writer.transport.abort()


def _config(limits: ApiLimits) -> Config:
    config = Config()
    config.graceful_timeout = limits.shutdown_s
    config.keep_alive_timeout = limits.header_s
    config.keep_alive_max_requests = 100_000
    # A client that neither sends nor reads while its answer is due; the longest honest silence is a wait for finality.
    config.read_timeout = math.ceil(limits.final_wait_s + limits.response_s)
    # Unbounded, since a full queue that no app reads any more would hold the connection for ever; what waits in it is little,
    # for Quart takes everything out at once and bounds what it keeps.
    config.max_app_queue_size = 0
    config.h11_max_incomplete_size = limits.head_bytes
    config.h2_max_header_list_size = limits.head_bytes
    config.websocket_max_message_size = limits.head_bytes
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = None
    return config


async def _turn_away(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        writer.write(_BUSY)
        writer.close()
        async with asyncio.timeout(1):
            await writer.wait_closed()
