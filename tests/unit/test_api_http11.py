"""The short way of a whole answer: the bytes of the long one, and never where something is left to be negotiated."""

import asyncio
import re

import pytest
from quart import Response

from api.exchange import Interface
from api.http11 import Http11
from api.limits import ApiLimits
from tests.support.http import Client, running

DATE = re.compile(rb"date: [^\r]*", re.IGNORECASE)


def app():
    made = Interface("short", static_folder=None)

    @made.route("/whole", methods=["GET", "POST"])
    async def whole():
        return Response(b"hello", headers={"ETag": '"tag"', "X-Odd": "a: b,  c"})

    @made.get("/unchanged")
    async def unchanged():
        return Response(b"", 304, {"ETag": '"tag"'})

    @made.get("/lies")
    async def lies():
        answer = Response(b"hello")
        answer.headers["Content-Length"] = "4"
        return answer

    return made


async def talk(requests):
    """All that the server, which runs in this very loop, sends to these bytes in many passes, and whether it closed."""
    async with running(app(), ApiLimits()) as port:
        client = await Client.connect(port)
        heard, ended = b"", False
        for request in requests:
            await client.send(request)
            for _ in range(PASSES):
                await asyncio.sleep(0)
            try:
                while piece := await asyncio.wait_for(client.reader.read(1 << 16), 0.05):
                    heard += piece
                ended = True
            except TimeoutError:
                pass
        client.close()
        return DATE.sub(b"date: now", heard), ended


PASSES = 500
GET = b"GET /whole HTTP/1.1\r\nHost: t\r\n\r\n"
ONE = b"GET %s HTTP/1.1\r\nHost: t\r\n%s\r\n"


@pytest.mark.parametrize(
    ("requests", "short"),
    [
        pytest.param([GET], 1, id="a whole answer"),
        pytest.param([GET, GET], 2, id="one after the other"),
        pytest.param([GET * 3], 3, id="in one piece"),
        pytest.param([GET + GET[:20], GET[20:]], 2, id="the second one in two pieces"),
        pytest.param([b"HEAD /whole HTTP/1.1\r\nHost: t\r\n\r\n" + GET], 2, id="only the head"),
        pytest.param([ONE % (b"/unchanged", b"") + GET], 2, id="unchanged"),
        pytest.param([ONE % (b"/absent", b"") + GET], 2, id="absent"),
        pytest.param([b"POST /whole HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc" + GET], 2, id="with a body"),
        pytest.param([ONE % (b"/whole", b"Connection: close\r\n") + GET], 0, id="the last one"),
        pytest.param([ONE % (b"/whole", b"Connection: keep-alive\r\n") + GET], 1, id="said to go on"),
        pytest.param([b"GET /whole HTTP/1.0\r\nHost: t\r\n\r\n"], 0, id="HTTP/1.0"),
        pytest.param([ONE % (b"/lies", b"")], 0, id="a length that is not the body's"),
        pytest.param([GET + b"rubbish\r\n\r\n"], 1, id="rubbish behind it"),
    ],
)
def test_what_is_sent_is_the_same_the_long_way(monkeypatch, requests, short):
    gone, go_on = [], Http11._go_on

    async def noted(connection):
        gone.append(1)
        await go_on(connection)

    monkeypatch.setattr(Http11, "_go_on", noted)
    heard = asyncio.run(talk(requests))
    assert len(gone) == short
    monkeypatch.setattr(Http11, "_is_plain", lambda *_: False)
    assert heard == asyncio.run(talk(requests))
    assert len(gone) == short
    assert heard[0].startswith(b"HTTP/1.1 ") is (b"/lies" not in requests[0])


def test_a_stopping_server_says_so_with_its_last_answer():
    """What is answered while the server stops ends its connection, as the long way has it."""

    async def scenario():
        made = app()
        begun, go = asyncio.Event(), asyncio.Event()

        @made.get("/slow")
        async def slow():
            begun.set()
            await go.wait()
            return Response(b"late")

        async with running(made, ApiLimits()) as port:
            client = await Client.connect(port)
            await client.send(b"GET /slow HTTP/1.1\r\nHost: t\r\n\r\n")
            await begun.wait()
            asyncio.get_running_loop().call_later(0.2, go.set)
        answer = await client.read()
        assert answer.body == b"late"
        assert await asyncio.wait_for(client.closed(), 5)

    asyncio.run(scenario())
