"""The listener's own limits, on a real socket: time for a head, its size, connections, slow readers, stopping."""

import asyncio
import time

import pytest
from quart import Quart, Response

from api import server
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
