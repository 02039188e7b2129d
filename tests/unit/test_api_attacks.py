"""Clients that mean harm, over a real socket: each is refused or closed within its limit, and others are answered meanwhile."""

import asyncio
import gzip
import time
import tracemalloc

import pytest

from api.app import create_app
from api.limits import ApiLimits
from tests.support.http import Client, ask, running
from tests.support.port import NOW, local_port
from tests.unit.test_api_limits import served

MSGPACK = "application/msgpack"


def nested(depth, map_=False):
    """Arrays, or maps, in each other: a byte or two a level."""
    return (b"\x81\xa1a" if map_ else b"\x91") * depth + b"\xc0"


BOMBS = {
    "an array in an array, 700,000 times": nested(700_000),
    "a map in a map, 200,000 times": nested(200_000, map_=True),
    "an array that says it has 4 thousand million items": b"\xdd\xff\xff\xff\xff" + b"\x00" * 1_000,
    "a map that says so": b"\xdf\xff\xff\xff\xff" + b"\x00" * 1_000,
    "bytes that say so": b"\xc6\xff\xff\xff\xff" + b"\x00" * 1_000,
    "a million nothings": b"\xdd\x00\x0f\x42\x40" + b"\xc0" * 1_000_000,
    "200 MB of zeros, compressed": gzip.compress(bytes(200_000_000), compresslevel=1, mtime=0)[:1_000_000],
}


@pytest.mark.parametrize("path", ["/v1/records", "/v1/records/batch"])
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_and_costs_little(tmp_path, path, bomb):
    async def story(port, number):
        tracemalloc.start()
        started = time.process_time()
        for encoding in ({}, {"content_encoding": "gzip"}):
            reply = await asyncio.wait_for(ask(number, "POST", path, bomb, content_type=MSGPACK, **encoding), 20)
            assert reply.status in {400, 413, 415, 422}, reply
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert held < 12 * len(bomb) + 4_000_000
        assert time.process_time() - started < 5
        assert port.submissions <= 2 * (path == "/v1/records")
        assert (await ask(number, "GET", "/v1/network")).status == 200

    served(tmp_path, story)


PATHS = [
    "/../../etc/passwd", "/static/../../../etc/passwd", "/static/..%2f..%2f..%2fetc%2fpasswd", "/static/%2e%2e/%2e%2e/etc/passwd",
    "/static/....//....//etc/passwd", "/static//etc/passwd", "/static/%00", "/static/site.css%00.png", "/log/tile/../../v1/export",
    "/log/tile/0/..%2f..%2fstatus", "/log/tile/entries/..%2f..%2fcheckpoint", "//v1/network", "/v1//network", "/v1/network/",
    "/v1/network;a=b", "/V1/network", "/v1/records/%2e%2e%2f%2e%2e%2fv1%2fexport", "/v1/certificates/..%2f..%2fadmin%2fstatus",
    "/admin/status", "/metrics", "/v1/participants/%ff%fe", "/%c0%ae%c0%ae/etc/passwd", "/" + "a" * 12_000, "/" + "../" * 3_000,
    "http://elsewhere.test/v1/export", "http://elsewhere.test/static/../../etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_a_path_leads_nowhere_else(tmp_path, path):
    async def story(port, number):
        reply = await asyncio.wait_for(ask(number, "GET", path), 5)
        assert reply is not None
        assert reply.status in {400, 401, 404, 405, 414, 431}, (path, reply.status, reply.body[:200])
        assert b"root:" not in reply.body
        assert "location" not in reply.headers

    served(tmp_path, story)


SMUGGLED = {
    "two lengths": b"POST /v1/records HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nContent-Length: 40\r\n\r\n",
    "length and chunks": b"POST /v1/records HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an odd encoding": b"POST /v1/records HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
    "a length that is none": b"POST /v1/records HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n",
    "a bare line end in a header": b"GET /v1/network HTTP/1.1\r\nHost: t\r\nX: a\rb\r\n\r\n",
    "a header that goes on": b"GET /v1/network HTTP/1.1\r\nHost: t\r\nX: a\x00b\r\n\r\n",
    "two hosts": b"GET /v1/network HTTP/1.1\r\nHost: t\r\nHost: u\r\n\r\n",
    "no host": b"GET /v1/network HTTP/1.1\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
}


@pytest.mark.parametrize("head", SMUGGLED.values(), ids=SMUGGLED)
def test_a_head_of_two_meanings_reaches_nothing(tmp_path, head):
    async def story(port, number):
        client = await Client.connect(number)
        await client.send(head + b"GET /v1/export HTTP/1.1\r\nHost: t\r\n\r\n")
        answered = await asyncio.wait_for(client.reader.read(), 8)  # to the end: the connection is closed in time
        assert b" 200 " not in answered
        assert answered.count(b"HTTP/1.1 ") <= 2
        assert port.submissions == 0

    served(tmp_path, story, header_s=1.0, body_s=1.0)


@pytest.mark.parametrize("idle", [b"", b"GET /v1/network HTTP/1.1\r\nX: "], ids=["silent", "half a head"])
def test_a_thousand_connections_leave_room_for_others(tmp_path, idle):
    """So many of an address are let in and closed when their time for a head is over; the others are turned away at once."""

    async def run():
        with local_port(tmp_path, limits=ApiLimits(header_s=5.0, connections_per_address=200)) as port:
            async with running(create_app(port), port.limits) as number:
                clients = []
                for _ in range(1_000):
                    client = await Client.connect(number)
                    client.writer.write(idle)
                    clients.append(client)
                await asyncio.sleep(0.2)
                refused = [await asyncio.wait_for(ask(number, "GET", "/livez"), 5) for _ in range(5)]
                told = [reply for reply in refused if reply is not None]  # a reset may take the answer from who still sends
                assert {(reply.status, reply.headers["retry-after"]) for reply in told} <= {(503, "1")}
                closed = [asyncio.ensure_future(client.closed()) for client in clients]
                done, late = await asyncio.wait(closed, timeout=30)
                assert not late
                assert (await asyncio.wait_for(ask(number, "GET", "/v1/network"), 5)).status == 200
                assert done

    asyncio.run(run())


def test_headers_that_drip_do_not_keep_a_connection(tmp_path):
    async def story(port, number):
        client = await Client.connect(number)
        await client.send(b"GET /v1/network HTTP/1.1\r\nHost: t\r\n")
        started = time.monotonic()

        async def drip():
            at = 0
            while True:
                at += 1
                await client.send(f"X-{at}: a\r\n".encode())
                await asyncio.sleep(0.05)

        task = asyncio.create_task(drip())
        assert await asyncio.wait_for(client.closed(), 10)
        assert time.monotonic() - started < 8
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    served(tmp_path, story, header_s=0.5)


def test_a_token_is_not_guessed_by_time_or_form(tmp_path):
    async def story(port, number):
        good = port.tokens.issue("auditor", NOW)
        wrong = [good[:-1], good + "x", good.upper(), "Bearer " + good, good.encode().hex(), "x" * 4_000, "kpl_", "\u00e9"]
        for token in wrong:
            reply = await ask(number, "GET", "/v1/export", authorization=f"Bearer {token}".encode().decode("latin1"))
            assert reply.status == 401, token
        for header in (good, f"Basic {good}", f"bearer{good}", ""):
            assert (await ask(number, "GET", "/v1/export", authorization=header)).status == 401, header
        assert (await ask(number, "GET", "/v1/export", authorization=f"bearer {good}")).status == 200

    served(tmp_path, story)
