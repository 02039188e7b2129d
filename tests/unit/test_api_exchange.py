"""A request's way through Quart: who is told of it, what ends it, what every answer has."""

import asyncio

import pytest
from quart import Response

from api.answers import SECURITY_HEADERS
from api.app import create_app
from api.exchange import Interface, share
from api.limits import ApiLimits
from tests.support.http import Client, ask, running
from tests.support.port import NOW, local_port

LIMITS = ApiLimits()


class Told:
    """An app that notes who came in and what became of them; `/wait` answers when `done` is set."""

    def __init__(self):
        self.app = app = Interface("told", static_folder=None)
        app.config.update(RESPONSE_TIMEOUT=0.3, BODY_TIMEOUT=1.0, MAX_CONTENT_LENGTH=1000)
        self.admitted, self.finished = [], []
        self.sent = 0
        self.done, self.cancelled = asyncio.Event(), asyncio.Event()
        app.admit, app.finish = self.admit, self.finish
        app.get("/now")(self.now)
        app.get("/wait")(self.wait)
        app.get("/shared")(self.shared)
        app.get("/fails")(self.fails)
        app.get("/large")(self.large)

    async def admit(self, asked):
        self.admitted.append(asked.path)

    def finish(self, asked, response):
        self.finished.append((asked.path, None if response is None else response.status_code))
        if asked.path == "/shared":
            share(asked.scope)

    async def now(self):
        return Response("now", headers={"Referrer-Policy": "same-origin"})

    async def shared(self):
        return "shared"

    async def fails(self):
        raise LookupError("no")

    async def large(self):
        async def pieces():
            for self.sent in range(1_000):
                yield bytes(64 * 1024)

        return Response(pieces())

    async def wait(self):
        try:
            await self.done.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return "waited"


def test_an_answer_has_the_headers_of_all_and_what_it_says_itself_stands():
    async def told():
        told = Told()
        async with running(told.app, LIMITS) as port:
            now, shared = await ask(port, "GET", "/now"), await ask(port, "GET", "/shared")
        assert now.body == b"now"
        assert now.headers["referrer-policy"] == "same-origin"
        for name, value in SECURITY_HEADERS:
            assert shared.headers[name.lower()] == value
            assert name == "Referrer-Policy" or now.headers[name.lower()] == value
        assert "access-control-allow-origin" not in now.headers
        assert shared.headers["access-control-allow-origin"] == "*"

    asyncio.run(told())


def test_each_request_is_admitted_and_finished_once_whatever_becomes_of_it():
    async def told():
        told = Told()
        async with running(told.app, LIMITS) as port:
            assert (await ask(port, "GET", "/fails")).status == 500
            assert (await ask(port, "GET", "/nowhere")).status == 404
            assert (await ask(port, "POST", "/now", b"x")).status == 405
            assert (await ask(port, "GET", "/now")).status == 200
        assert told.admitted == ["/fails", "/nowhere", "/now", "/now"]
        assert told.finished == [("/fails", None), ("/nowhere", 404), ("/now", 405), ("/now", 200)]

    asyncio.run(told())


def test_what_takes_long_is_cancelled_when_its_client_goes():
    async def told():
        told = Told()
        async with running(told.app, LIMITS) as port:
            client = await Client.connect(port)
            await client.send(b"GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")
            await asyncio.sleep(0.1)
            assert told.admitted == ["/wait"]
            client.close()
            await asyncio.wait_for(told.cancelled.wait(), 5)
            assert told.finished == [("/wait", None)]

    asyncio.run(told())


def test_what_takes_long_is_answered_to_a_client_that_waits():
    async def told():
        told = Told()
        async with running(told.app, LIMITS) as port:
            asking = asyncio.ensure_future(ask(port, "GET", "/wait"))
            await asyncio.sleep(0.1)
            told.done.set()
            assert (await asking).body == b"waited"
        assert not told.cancelled.is_set()

    asyncio.run(told())


def test_a_body_that_comes_with_a_get_is_passed_over():
    async def told():
        told = Told()
        async with running(told.app, LIMITS) as port:
            assert (await ask(port, "GET", "/now", b"x" * 500)).body == b"now"
            client = await Client.connect(port)
            await client.send(b"GET /now HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            assert (await client.read()).body == b"now"
            await client.send(b"GET /shared HTTP/1.1\r\nHost: test\r\n\r\n")
            assert (await client.read()).body == b"shared"

    asyncio.run(told())


def test_a_client_that_does_not_take_its_answer_in_time_is_left():
    async def told():
        told = Told()
        async with running(told.app, LIMITS) as port:
            client = await Client.connect(port)
            client.reader._transport.pause_reading()
            await client.send(b"GET /large HTTP/1.1\r\nHost: test\r\n\r\n")
            await asyncio.sleep(0.6)
            sent = told.sent
            await asyncio.sleep(0.2)
            assert 0 < sent == told.sent < 1_000

    asyncio.run(told())


@pytest.mark.parametrize("hook", ["before_request", "after_request", "teardown_request"])
def test_a_hook_that_would_never_be_called_is_refused(hook):
    async def told():
        told = Told()

        async def never(*_):
            pass

        getattr(told.app, hook)(never)
        with pytest.raises(RuntimeError, match="hook"):
            await told.app.startup()

    asyncio.run(told())


def test_what_no_look_up_finds_is_answered_as_ever(tmp_path):
    async def story():
        with local_port(tmp_path) as port:
            app, token = create_app(port), port.tokens.issue("auditor", NOW)
            async with running(app, ApiLimits()) as number:
                for method, path, status, allow in (
                    ("GET", "/v1/network", 200, []),
                    ("HEAD", "/v1/network", 200, []),
                    ("POST", "/v1/network", 405, ["GET, HEAD"]),
                    ("OPTIONS", "/v1/network", 405, ["GET, HEAD"]),
                    ("GET", "/v1/network/", 404, []),
                    ("GET", "//v1/network", 404, []),
                    ("GET", "/v1//network", 404, []),
                    ("GET", "/v1/records", 405, ["POST"]),
                    ("GET", "/v1/records/batch", 405, ["POST"]),
                    ("GET", "/v1/participants/BW", 200, []),
                    ("GET", "/v1/participants/B%57", 200, []),
                    ("GET", "/v1/participants/", 404, []),
                    ("GET", "/v1/participants/BW%0A", 404, []),
                    ("GET", "/v1/participants/BW%2F", 404, []),
                    ("PUT", "/v1/participants/BW", 405, ["GET, HEAD"]),
                    ("GET", "/countries/BW", 200, []),
                    ("GET", "/countries/BW.csv", 200, []),
                    ("GET", "/countries/BW.json", 200, []),
                    ("GET", "/v1/certificates/BW0000001", 404, []),
                    ("GET", "/nowhere", 404, []),
                ):
                    assert await answered(number, method, path, token) == (status, *allow), (method, path)

    asyncio.run(story())


async def answered(number, method, path, token):
    """Status and allowed methods."""
    client = await Client.connect(number)
    await client.send(f"{method} {path} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    first, *lines = (await client.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    allowed = [line.partition(": ")[2] for line in lines if line.lower().startswith("allow: ")]
    return int(first.split(" ")[1]), *allowed


UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def test_no_handler_is_asked_by_a_websocket(tmp_path):
    """It would not pass what each request passes."""

    async def story():
        with local_port(tmp_path) as port:
            app = create_app(port)
            async with running(app, ApiLimits()) as number:
                for path, status in (("/", 400), ("/livez", 400), ("/v1/participants/BW", 400), ("/nowhere", 404)):
                    client = await Client.connect(number)
                    await client.send(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: t\r\n" + UPGRADE + b"\r\n")
                    assert (await client.read()).status == status, path

    asyncio.run(story())


def test_an_odd_host_is_no_matter_where_a_look_up_says_and_refused_where_not(tmp_path):
    async def story():
        with local_port(tmp_path) as port:
            async with running(create_app(port), ApiLimits()) as number:
                for path, status in (("/v1/network", 200), ("/nowhere", 400)):
                    client = await Client.connect(number)
                    await client.send(f"GET {path} HTTP/1.1\r\nHost: {'a' * 70}\r\n\r\n".encode())
                    assert (await client.read()).status == status
                assert (await ask(number, "GET", "/v1/network")).status == 200

    asyncio.run(story())
