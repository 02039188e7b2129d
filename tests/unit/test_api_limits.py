"""Every limit of the interface shown at work: body bytes and time, memory of bodies, rates by address and token, requests under way."""

import asyncio
import time

import pytest

import api.app
from api.app import create_app
from api.limits import ApiLimits
from api.throttle import Throttle
from ledger.limits import MAX_BATCH_BYTES, MAX_SUBMISSION_BYTES
from tests.support.checked import MSGPACK, CheckedClient
from tests.support.http import Client, ask, running
from tests.support.port import NOW, local_port
from tests.support.trade import Trader

GEMS = [("710231", "12.50", ["BW"])]


def served(tmp_path, story, **limits):
    """Runs `story(port, number)` with the app behind a real socket."""

    async def run():
        with local_port(tmp_path, limits=ApiLimits(**limits)) as port:
            async with running(create_app(port), port.limits) as number:
                return await story(port, number)

    return asyncio.run(run())


def in_process(tmp_path, story, **limits):
    """Runs `story(port, client)` in process, where the client's address can be chosen."""

    async def run():
        with local_port(tmp_path, limits=ApiLimits(**limits)) as port:
            return await story(port, CheckedClient(port))

    return asyncio.run(run())


@pytest.fixture
def frozen(monkeypatch):
    """The throttle's clock stands still, so that counts do not depend on how fast the machine is."""
    monkeypatch.setattr(api.app, "Throttle", lambda: Throttle(lambda: 0.0))


def head(path: str, length: int | None, media_type: str = MSGPACK) -> bytes:
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return f"POST {path} HTTP/1.1\r\nHost: t\r\nContent-Type: {media_type}\r\n{framing}\r\n\r\n".encode()


BODIES = [("/v1/records", MSGPACK), ("/v1/records/batch", MSGPACK), ("/v1/receipts/verify", "text/plain")]


@pytest.mark.parametrize(("path", "media_type"), BODIES)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_dripping_body_meets_the_deadline(tmp_path, path, media_type, chunked):
    async def story(port, number):
        client = await Client.connect(number)
        await client.send(head(path, None if chunked else 1000, media_type))
        started = time.monotonic()

        async def drip():
            while True:
                await client.send(b"1\r\nx\r\n" if chunked else b"x")
                await asyncio.sleep(0.05)

        task = asyncio.create_task(drip())
        reply = await asyncio.wait_for(client.read(), 5)
        assert (reply.status, reply.json()["error"]) == (408, "body-timeout")
        assert time.monotonic() - started < 3
        assert await asyncio.wait_for(client.closed(), 5)
        task.cancel()
        client.close()
        assert port.submissions == 0

    served(tmp_path, story, body_s=0.4)


@pytest.mark.parametrize(("path", "media_type"), BODIES)
def test_a_body_that_says_it_is_too_large_is_not_waited_for(tmp_path, path, media_type):
    async def story(port, number):
        client = await Client.connect(number)
        await client.send(head(path, 50_000_000, media_type))
        reply = await asyncio.wait_for(client.read(), 5)
        problem = reply.json()
        assert (reply.status, problem["error"], problem["given"]) == (413, "body-too-large", 50_000_000)
        assert problem["limit"] < 50_000_000
        assert await asyncio.wait_for(client.closed(), 5)
        client.close()

    served(tmp_path, story)


@pytest.mark.parametrize("chunk", [10_000, 200_000])
def test_a_client_that_sends_on_still_reads_why_it_was_refused(tmp_path, chunk):
    async def story(port, number):
        client = await Client.connect(number)
        await client.send(head("/v1/records", None))
        for _ in range(2_000_000 // chunk):
            await client.send(f"{chunk:x}\r\n".encode() + b"x" * chunk + b"\r\n")
        reply = await asyncio.wait_for(client.read(), 5)
        assert (reply.status, reply.json()["error"]) == (413, "body-too-large")
        assert await asyncio.wait_for(client.closed(), 5)
        client.close()
        assert port.submissions == 0

    served(tmp_path, story)


def test_refused_uploads_hold_no_connection(tmp_path):
    async def story(port, number):
        clients = []
        for _ in range(4):
            client = await Client.connect(number)
            await client.send(head("/v1/records", 3_000_000) + b"x" * 2_000_000)
            assert (await asyncio.wait_for(client.read(), 5)).status == 413
            clients.append(client)
        await asyncio.sleep(1.5)
        assert (await ask(number, "GET", "/v1/network")).status == 200
        for client in clients:
            client.close()

    served(tmp_path, story, connections_per_address=4)


@pytest.mark.parametrize(("path", "limit"), [("/v1/records", MAX_SUBMISSION_BYTES), ("/v1/records/batch", MAX_BATCH_BYTES)])
def test_the_largest_body_still_enters(tmp_path, path, limit):
    async def story(port, number):
        fits = await ask(number, "POST", path, b"\xc0" * limit, content_type=MSGPACK)
        assert fits.json()["error"] != "body-too-large"
        over = await ask(number, "POST", path, b"\xc0" * (limit + 1), content_type=MSGPACK)
        assert over.status == 413

    served(tmp_path, story)


def test_unfinished_bodies_share_a_budget_and_give_it_back(tmp_path):
    async def story(port, number):
        slow = await Client.connect(number)
        await slow.send(head("/v1/records/batch", 90_000) + b"x" * 80_000)
        await asyncio.sleep(0.2)
        refused = await ask(number, "POST", "/v1/records/batch", b"x" * 50_000, content_type=MSGPACK)
        assert (refused.status, refused.json()["error"], refused.headers["retry-after"]) == (503, "overloaded", "1")
        slow.close()
        await asyncio.sleep(0.2)
        assert (await ask(number, "POST", "/v1/records/batch", b"x" * 50_000, content_type=MSGPACK)).status == 400

    served(tmp_path, story, bodies_bytes=100_000)


def test_requests_of_one_address_are_throttled(tmp_path, frozen):
    async def story(port, client):
        statuses = [(await client.ask("GET", "/v1/network", address="192.0.2.1")).status for _ in range(8)]
        assert statuses == [200] * 5 + [429] * 3
        refused = await client.ask("GET", "/v1/network", address="192.0.2.1")
        assert (refused.json()["error"], refused.headers["retry-after"]) == ("too-many-requests", "1")
        assert (await client.ask("GET", "/v1/network", address="192.0.2.2")).status == 200
        for probe in ("/livez", "/readyz"):
            assert (await client.ask("GET", probe, address="192.0.2.1")).status == 200
        made = Trader(port.network, NOW).issue("BW0000001", "EU", GEMS)
        posted = await client.ask("POST", "/v1/records", data=made.raw, headers={"Content-Type": MSGPACK}, address="192.0.2.1")
        assert posted.status == 429
        assert port.submissions == 0

    in_process(tmp_path, story, requests_per_s=5)


def test_one_ipv6_subscriber_is_one_address(tmp_path, frozen):
    async def story(port, client):
        statuses = [(await client.ask("GET", "/v1/network", address=f"2001:db8::{n:x}")).status for n in range(1, 6)]
        assert statuses == [200, 200, 200, 429, 429]
        assert (await client.ask("GET", "/v1/network", address="2001:db8:0:1::1")).status == 200

    in_process(tmp_path, story, requests_per_s=3)


def test_requests_of_one_token_are_throttled_wherever_they_come_from(tmp_path, frozen):
    async def story(port, client):
        token, other = port.tokens.issue("participant:BW", NOW), port.tokens.issue("participant:RU", NOW)
        statuses = [(await client.ask("GET", "/v1/certificates", token=token, address=f"192.0.2.{n}")).status for n in range(6)]
        assert statuses == [200] * 4 + [429] * 2
        assert (await client.ask("GET", "/v1/certificates", token=other, address="192.0.2.1")).status == 200

    in_process(tmp_path, story, requests_per_key_per_s=4)


def test_loopback_has_its_own_rate(tmp_path, frozen):
    async def story(port, client):
        token = port.tokens.issue("auditor", NOW)
        statuses = [(await client.get("/v1/certificates", token)).status for _ in range(25)]
        assert statuses == [200] * 20 + [429] * 5

    in_process(tmp_path, story, requests_per_s=1, requests_per_key_per_s=1, loopback_per_s=20)


def test_a_thousand_requests_at_once_pass_on_loopback(tmp_path, frozen):
    async def story(port, client):
        statuses = [(await client.get("/v1/participants/BW")).status for _ in range(1001)]
        assert statuses == [200] * 1000 + [429]

    in_process(tmp_path, story)


def test_requests_under_way_are_capped_and_freed_when_a_client_leaves(tmp_path):
    async def story(port, number):
        port.cosigning = False
        trader = Trader(port.network, NOW)
        waiting = []
        for n in (1, 2):
            made = trader.issue(f"BW000000{n}", "EU", GEMS)
            client = await Client.connect(number)
            await client.send(head("/v1/records?wait=final", len(made.raw)) + made.raw)
            waiting.append(client)
        await asyncio.sleep(0.3)
        refused = await ask(number, "GET", "/v1/network")
        assert (refused.status, refused.json()["error"], refused.headers["retry-after"]) == (503, "overloaded", "1")
        assert (await ask(number, "GET", "/livez")).status == 200
        waiting[0].close()
        await asyncio.sleep(0.3)
        assert (await ask(number, "GET", "/v1/network")).status == 200
        port.cosign()
        assert (await asyncio.wait_for(waiting[1].read(), 5)).status == 200
        waiting[1].close()

    served(tmp_path, story, requests=2)


def test_a_refused_request_leaves_nothing_behind(tmp_path):
    async def story(port, client):
        for _ in range(50):
            assert (await client.get("/v1/certificates")).status == 401
            assert (await client.get("/nothing")).status == 404
            assert (await client.post("/v1/records", b"")).status == 400
        assert (await client.get("/v1/network")).status == 200

    in_process(tmp_path, story, requests=2)


def test_a_spoofed_header_does_not_change_the_address(tmp_path, frozen):
    async def story(port, number):
        headers = {"Remote_Addr": "203.0.113.9", "X_Forwarded_For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
        statuses = [(await ask(number, "GET", "/v1/network", **headers)).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]

    served(tmp_path, story, loopback_per_s=3)


def test_the_frameworks_own_timers_are_these_limits(tmp_path):
    limits = ApiLimits(response_s=7.0, body_s=3.0)
    with local_port(tmp_path, limits=limits) as port:
        config = create_app(port).config
        assert (config["RESPONSE_TIMEOUT"], config["BODY_TIMEOUT"]) == (7.0, 3.0)


def test_a_head_request_gets_the_head_alone(tmp_path):
    async def story(port, number):
        for path in ("/v1/network", "/log/policy", "/", "/static/site.css", "/nothing", "/v1/certificates"):
            full = await ask(number, "GET", path)
            client = await Client.connect(number)
            for connection in ("keep-alive", "close"):
                await client.send(f"HEAD {path} HTTP/1.1\r\nHost: t\r\nConnection: {connection}\r\n\r\n".encode())
                lines = (await client.reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
                assert int(lines[0].split()[1]) == full.status, path
                for name in ("content-length", "content-type", "cache-control", *({"etag"} & full.headers.keys())):
                    assert f"{name}: {full.headers[name].lower()}" in lines, path
            assert await client.closed(), path
            client.close()

    served(tmp_path, story)


def test_a_websocket_upgrade_gets_no_further(tmp_path):
    async def story(port, number):
        reply = await ask(number, "GET", "/v1/network", upgrade="websocket", connection_="Upgrade", sec_websocket_version="13",
                          sec_websocket_key="dGhlIHNhbXBsZSBub25jZQ==")  # fmt: skip
        assert reply.status in {200, 400, 403, 404}

    served(tmp_path, story)
