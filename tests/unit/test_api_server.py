"""The listener's own limits, on a real socket: time for a head, its size, connections, slow readers, stopping."""

import asyncio
import contextlib
import time

import pytest
from quart import Quart, Response

from api import server
from api.exchange import Interface
from api.limits import ApiLimits
from api.server import listen
from tests.support.http import Client, ask, running


def tiny_app():
    app = Quart("tiny")

    @app.get("/")
    async def root():
        return "hello"

    @app.get("/slow")
    async def slow():
        await asyncio.sleep(60)
        return "late"

    @app.get("/large")
    async def large():
        return b"x" * 32_000_000

    return app


REQUEST = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"


def test_a_request_is_answered_and_the_connection_kept():
    async def scenario():
        async with running(tiny_app(), ApiLimits()) as port:
            client = await Client.connect(port)
            for _ in range(3):
                await client.send(REQUEST)
                reply = await client.read()
                assert (reply.status, reply.body) == (200, b"hello")
                assert "server" not in reply.headers
            client.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("first", [b"", b"GET / HTTP/1.1\r\n", REQUEST])
def test_a_head_that_does_not_come_in_time_closes_the_connection(first):
    async def scenario():
        async with running(tiny_app(), ApiLimits(header_s=0.4)) as port:
            client = await Client.connect(port)
            await client.send(first)
            if first == REQUEST:
                assert (await client.read()).status == 200
                await client.send(b"GET / HT")
            started = time.monotonic()
            drip = asyncio.create_task(drips(client))
            assert await asyncio.wait_for(client.closed(), 5)
            assert time.monotonic() - started < 3
            drip.cancel()
            client.close()

    async def drips(client):
        while True:
            await asyncio.sleep(0.1)
            await client.send(b"X")

    asyncio.run(scenario())


def test_a_head_that_grows_too_large_is_refused():
    async def scenario():
        async with running(tiny_app(), ApiLimits(head_bytes=4096)) as port:
            client = await Client.connect(port)
            await client.send(b"GET / HTTP/1.1\r\nHost: t\r\n")
            for _ in range(3):
                await client.send(b"X-More: " + b"y" * 2000 + b"\r\n")
                await asyncio.sleep(0.05)
            assert (await client.read()).status == 431
            assert await asyncio.wait_for(client.closed(), 5)
            client.close()

    asyncio.run(scenario())


def test_short_limits_leave_time_for_a_request():
    async def scenario():
        async with running(tiny_app(), ApiLimits(final_wait_s=0.2, response_s=0.2)) as port:
            client = await Client.connect(port)
            await asyncio.sleep(0.1)
            await client.send(REQUEST)
            assert (await client.read()).status == 200
            client.close()

    asyncio.run(scenario())


def test_connections_of_one_address_are_capped_and_freed():
    async def scenario():
        async with running(tiny_app(), ApiLimits(connections_per_address=3)) as port:
            clients = [await Client.connect(port) for _ in range(3)]
            await asyncio.sleep(0.1)
            refused = await ask(port, "GET", "/")
            assert (refused.status, refused.headers["retry-after"], refused.headers["cache-control"]) == (503, "1", "no-store")
            for client in clients:
                await client.send(REQUEST)
                assert (await client.read()).status == 200
            clients.pop().close()
            await asyncio.sleep(0.1)
            assert (await ask(port, "GET", "/")).status == 200
            for client in clients:
                client.close()

    asyncio.run(scenario())


def test_connections_in_all_are_capped():
    async def scenario():
        async with running(tiny_app(), ApiLimits(connections=2)) as port:
            clients = [await Client.connect(port) for _ in range(2)]
            await asyncio.sleep(0.1)
            assert (await ask(port, "GET", "/")).status == 503
            for client in clients:
                client.close()
            await asyncio.sleep(0.1)
            assert (await ask(port, "GET", "/")).status == 200

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ["/slow", "/large"])
def test_a_stop_ends_in_bounded_time_though_answers_are_open(path):
    async def scenario():
        clients = []
        async with running(tiny_app(), ApiLimits(shutdown_s=0.3)) as port:
            for _ in range(3):
                client = await Client.connect(port)
                await client.send(f"GET {path} HTTP/1.1\r\nHost: t\r\n\r\n".encode())
                clients.append(client)
            idle = await Client.connect(port)
            await asyncio.sleep(0.3)
            started = time.monotonic()
        assert time.monotonic() - started < 4
        assert await asyncio.wait_for(idle.closed(), 1)
        for client in clients:
            client.close()
        idle.close()

    asyncio.run(scenario())


def test_a_client_that_does_not_read_its_answer_is_let_go():
    async def scenario():
        app = tiny_app()
        app.config["RESPONSE_TIMEOUT"] = 0.3
        async with running(app, ApiLimits(connections=1, body_s=0.5, shutdown_s=0.3)) as port:
            client = await Client.connect(port)
            client.writer.transport.pause_reading()
            await client.send(b"GET /large HTTP/1.1\r\nHost: t\r\n\r\n")
            await asyncio.sleep(2)
            assert (await ask(port, "GET", "/")).status == 200
            client.close()

    asyncio.run(scenario())


def test_a_port_that_is_taken_is_an_oserror():
    sock = listen("127.0.0.1", 0)
    try:
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", sock.getsockname()[1])
    finally:
        sock.close()


def test_limits_must_be_above_zero():
    for name in ApiLimits.__slots__:
        for bad in (0, -1, True, "5", None):
            with pytest.raises(ValueError, match=name):
                ApiLimits(**{name: bad})


def test_a_client_that_neither_sends_nor_takes_anything_is_let_go(monkeypatch):
    """Its answer is due, so that no time for a head runs; what it is sent, or sends, begins the silence anew."""
    monkeypatch.setattr(server, "_LINGER_S", 0.05)

    async def scenario():
        app = Quart("told")
        gone = asyncio.Event()

        @app.get("/never")
        async def never():
            try:
                await asyncio.sleep(60)
            finally:
                gone.set()

        @app.get("/drips")
        async def drips():
            async def pieces():
                for _ in range(6):
                    yield b"x"
                    await asyncio.sleep(0.25)

            return Response(pieces())

        async with running(app, ApiLimits(final_wait_s=0.4, response_s=0.6)) as port:
            silent, taking = await Client.connect(port), await Client.connect(port)
            started = time.monotonic()
            await silent.send(b"GET /never HTTP/1.1\r\nHost: t\r\n\r\n")
            await taking.send(b"GET /drips HTTP/1.1\r\nHost: t\r\n\r\n")
            assert await asyncio.wait_for(silent.closed(), 5)
            assert time.monotonic() - started > 0.9
            await asyncio.wait_for(gone.wait(), 1)
            assert not taking.reader.at_eof()
            assert (await asyncio.wait_for(taking.read(), 10)).status == 200
            silent.close()
            taking.close()

    asyncio.run(scenario())


def whole_app():
    app = Interface("whole", static_folder=None)

    @app.get("/whole")
    async def whole():
        return Response(b"hello", headers={"ETag": '"tag"'})

    @app.get("/long")
    async def long():
        return Response(bytes(LONG))

    @app.get("/wide")
    async def wide():
        return Response(bytes(WIDE))

    @app.get("/unchanged")
    async def unchanged():
        return Response(b"", 304)

    @app.get("/bad")
    async def bad():
        answer = Response(b"hello")
        answer.headers._list.append(("X-Bad", "a\r\nSet-Cookie: b"))  # Werkzeug would refuse it
        return answer

    return app


LONG, WIDE = 100_000, 60_000


@pytest.mark.parametrize(
    ("method", "path", "status", "length", "writes"),
    [
        ("GET", "/whole", 200, 5, 1),
        ("GET", "/long", 200, LONG, 2),
        ("GET", "/unchanged", 304, 0, 1),
        ("GET", "/absent", 404, None, 1),
        ("HEAD", "/whole", 200, 0, 1),
    ],
)
def test_a_whole_answer_is_one_write(monkeypatch, method, path, status, length, writes):
    written, send = [], server.TCPServer.protocol_send

    async def noted(connection, event):
        if isinstance(event, server.RawData):
            written.append(event.data)
        await send(connection, event)

    monkeypatch.setattr(server.TCPServer, "protocol_send", noted)

    async def scenario():
        async with running(whole_app(), ApiLimits()) as port:
            client = await Client.connect(port)
            for _ in range(2):  # and the connection is kept
                await client.send(f"{method} {path} HTTP/1.1\r\nHost: t\r\n\r\n".encode())
                head = (await client.reader.readuntil(b"\r\n\r\n")).decode().lower()
                assert head.startswith(f"http/1.1 {status} ")
                assert head.count("\r\ndate: ") == head.count("\r\nreferrer-policy: ") == 1
                told = int(head.partition("content-length: ")[2].partition("\r")[0] or 0)
                body = b"" if method == "HEAD" else await client.reader.readexactly(told)
                assert length is None or len(body) == length
            assert len(written) == 2 * writes
            client.close()

    asyncio.run(scenario())


def test_a_header_that_would_be_two_is_never_sent():
    async def scenario():
        async with running(whole_app(), ApiLimits()) as port:
            for _ in range(2):
                reply = await ask(port, "GET", "/bad")
                assert reply is None or (reply.status, "set-cookie" in reply.headers) == (500, False)
            assert (await ask(port, "GET", "/whole")).headers["connection"] == "close"

    asyncio.run(scenario())


def test_the_last_request_that_a_connection_takes_is_told_so(monkeypatch):
    made = server._config

    def config(limits):
        config = made(limits)
        config.keep_alive_max_requests = 1
        return config

    monkeypatch.setattr(server, "_config", config)

    async def scenario():
        async with running(whole_app(), ApiLimits()) as port:
            client = await Client.connect(port)
            await client.send(b"GET /whole HTTP/1.1\r\nHost: t\r\n\r\n")
            assert (await client.read()).headers["connection"] == "close"
            assert await asyncio.wait_for(client.closed(), 5)
            client.close()

    asyncio.run(scenario())


def test_a_client_that_does_not_take_its_whole_answers_is_left():
    async def scenario():
        asked = 500  # more than all buffers in between hold
        app = whole_app()
        app.config["RESPONSE_TIMEOUT"] = 0.3
        async with running(app, ApiLimits()) as port:
            client = await Client.connect(port)
            await client.send(b"GET /wide HTTP/1.1\r\nHost: t\r\n\r\n" * asked)
            await asyncio.sleep(0.8)
            taken = 0
            with contextlib.suppress(ConnectionError):
                while piece := await asyncio.wait_for(client.reader.read(1 << 20), 5):
                    taken += len(piece)
            assert WIDE < taken < asked * WIDE
            client.close()

    asyncio.run(scenario())
