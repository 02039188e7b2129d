"""A request leaves nothing that only Python's search for cycles frees: that search would hold up votes (`node.garbage`)."""

import asyncio
import gc
from contextlib import contextmanager

import pytest
import uvloop

import api.exchange
from api.app import create_app
from api.exchange import Interface
from api.limits import ApiLimits
from tests.support.checked import MSGPACK
from tests.support.http import Client, running
from tests.support.port import NOW, local_port
from tests.support.trade import Trader

REQUESTS = 50
NUMBER = "BW0000001"


@contextmanager
def no_search():
    """Python does not search by itself."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def left_by(number, path, token=""):
    """Objects that a request for this path leaves in cycles, of many over one connection, when each has been warmed."""
    client = await Client.connect(number)
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    request = f"GET {path} HTTP/1.1\r\nHost: test\r\n{bearer}\r\n".encode()

    async def get():
        await client.send(request)
        assert (await client.read()).status == 200

    with no_search():
        for _ in range(5):
            await get()
        gc.collect()
        for _ in range(REQUESTS):
            await get()
        await asyncio.sleep(0)
        return gc.collect() / REQUESTS


@pytest.mark.parametrize(
    "path", ["/v1/network", "/log/checkpoint", "/v1/participants/BW", f"/v1/certificates/{NUMBER}", "/", "/v1/statistics"]
)
def test_what_is_read_most_leaves_nothing(tmp_path, path):
    async def story():
        with local_port(tmp_path) as port:
            made = Trader(port.network, NOW).issue(NUMBER, "EU", [("710231", "12.50", ["BW"])])
            await port.submit(made.raw, wait=False)
            async with running(create_app(port), ApiLimits()) as number:
                return await left_by(number, path, port.tokens.issue("auditor", NOW))

    assert uvloop.run(story()) < 1


def test_a_record_and_its_block_leave_nothing(tmp_path):
    async def story():
        with local_port(tmp_path) as port:
            trader = Trader(port.network, NOW)
            made = [trader.issue(f"BW{n:07}", "EU", [("710231", "12.50", ["BW"])]).raw for n in range(1, 31)]
            async with running(create_app(port), ApiLimits()) as number:
                client = await Client.connect(number)

                async def post(raw):
                    head = f"POST /v1/records HTTP/1.1\r\nHost: test\r\nContent-Type: {MSGPACK}\r\nContent-Length: {len(raw)}\r\n\r\n"
                    await client.send(head.encode() + raw)
                    assert (await client.read()).status == 202

                with no_search():
                    for raw in made[:5]:
                        await post(raw)
                    gc.collect()
                    for raw in made[5:]:
                        await post(raw)
                    return gc.collect() / len(made[5:])

    assert uvloop.run(story()) < 1


def test_an_answer_that_takes_so_long_that_its_client_is_watched_leaves_nothing(monkeypatch):
    monkeypatch.setattr(api.exchange, "_LONG_S", 0.001)
    watched = []

    async def look(self):
        watched.append(self._receive)
        await looking(self)

    looking = api.exchange._Watch._look
    monkeypatch.setattr(api.exchange._Watch, "_look", look)
    app = Interface("slow", static_folder=None)

    @app.get("/slow")
    async def slow():
        await asyncio.sleep(0.004)
        return "slow"

    async def story():
        async with running(app, ApiLimits()) as number:
            return await left_by(number, "/slow")

    left = uvloop.run(story())
    assert len(watched) >= REQUESTS
    assert left < 1
