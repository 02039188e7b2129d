"""Readers never hold up consensus: what clients ask for comes in one by one, and whatever else runs on the loop comes in between."""

import asyncio
import time

import pytest
import uvloop

import api.pages.overview
import api.server
import api.statistics
from api.app import create_app
from api.gate import LONGEST_REST_S, REST, Gate
from api.limits import ApiLimits
from tests.support.http import Client, ask, running
from tests.support.port import NOW, local_port
from tests.support.trade import Trader
from tests.unit.test_api_history import grown

READERS = 60
LIMITS = ApiLimits(loopback_per_s=1e6, streams_per_key=99, exports=99, exports_per_key=99)


def test_one_enters_at_each_pass_in_the_order_in_which_they_came():
    async def run():
        gate, entered, passes = Gate(), [], []

        async def one(name):
            await gate.enter()
            entered.append(name)

        async def watch():
            while len(entered) < 20:
                before = len(entered)
                await asyncio.sleep(0)
                passes.append(len(entered) - before)

        await asyncio.gather(watch(), *(one(name) for name in range(20)))
        assert entered == list(range(20))
        assert max(passes) == 1

    asyncio.run(run())


def test_who_goes_away_takes_no_turn():
    async def run():
        gate = Gate()
        await gate.enter()
        waiting = [asyncio.ensure_future(gate.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        assert len(gate) <= 3
        waiting[0].cancel()
        await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
        assert len(gate) == 0
        await asyncio.wait_for(gate.enter(), 1)

    asyncio.run(run())


def test_while_records_wait_to_be_final_most_of_the_time_is_theirs():
    """The gate stays closed for a multiple of what an answer took, and opens at once when nothing waits any more."""
    answer_s, answers = 0.002, 8

    async def run():
        waiting = True
        gate = Gate(lambda: waiting)

        async def read():
            await gate.enter()
            spent = time.perf_counter() + answer_s
            while time.perf_counter() < spent:
                pass

        begun = time.perf_counter()
        await asyncio.gather(*(read() for _ in range(answers)))
        assert time.perf_counter() - begun > (REST - 1) * answer_s * (answers - 1)
        await asyncio.sleep(REST * answer_s * 4)
        waiting = False
        passes = 0

        async def count():
            nonlocal passes
            while True:
                await asyncio.sleep(0)
                passes += 1

        counting = asyncio.ensure_future(count())
        await asyncio.gather(*(gate.enter() for _ in range(answers)))
        counting.cancel()
        assert passes < 4 * answers

    asyncio.run(run())


def most_in_one_pass(tmp_path, runner):
    """How many answers are begun in one pass of the loop, at most, while many clients ask at once; and how many in all."""

    async def run():
        with local_port(tmp_path, limits=LIMITS) as port:
            grown(port, 50)
            token = port.tokens.issue("auditor", NOW)
            app = create_app(port)
            whole, begun = app.view_functions["certificates.certificates"], []

            async def counted():
                begun.append(1)
                return await whole()

            counted.__dict__.update(whole.__dict__)
            app.view_functions["certificates.certificates"] = counted
            async with running(app, port.limits) as number:
                clients = [await Client.connect(number) for _ in range(READERS)]
                for client in clients:
                    client.writer.write(
                        f"GET /v1/certificates?limit=50 HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
                    )
                most = 0
                async with asyncio.timeout(30):
                    while len(begun) < READERS:
                        before = len(begun)
                        await asyncio.sleep(0)
                        most = max(most, len(begun) - before)
                    for client in clients:
                        assert (await client.read()).status == 200
                return most

    return runner(run())


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_many_readers_are_answered_one_by_one(tmp_path, runner):
    assert most_in_one_pass(tmp_path, runner) == 1


def test_without_the_gate_they_would_come_all_at_once(tmp_path, monkeypatch):
    async def enter(gate, passes=1):
        return None

    monkeypatch.setattr(Gate, "enter", enter)
    assert most_in_one_pass(tmp_path, asyncio.run) > READERS // 4


def test_requests_in_one_piece_are_taken_one_by_one_too(tmp_path):
    """Pipelined: the bytes pass their gate at once, the requests do not."""

    async def run():
        with local_port(tmp_path, limits=LIMITS) as port:
            app = create_app(port)
            whole, begun = app.view_functions["network.network"], []

            async def counted():
                begun.append(1)
                return await whole()

            counted.__dict__.update(whole.__dict__)
            app.view_functions["network.network"] = counted
            async with running(app, port.limits) as number:
                clients = [await Client.connect(number) for _ in range(20)]
                for client in clients:
                    client.writer.write(b"GET /v1/network HTTP/1.1\r\nHost: t\r\n\r\n" * 10)
                most = 0
                async with asyncio.timeout(30):
                    while len(begun) < 200:
                        before = len(begun)
                        await asyncio.sleep(0)
                        most = max(most, len(begun) - before)
                    for client in clients:
                        for _ in range(10):
                            assert (await client.read()).status == 200
                assert most < 4  # an answer may need a pass more than the one that follows it

    asyncio.run(run())


def test_a_submission_does_not_wait_for_readers(tmp_path, monkeypatch):
    """Readers are held at the gate for good; submissions are taken, in one piece or several."""
    held = []

    async def enter(gate, passes=1):
        held.append(1)
        await asyncio.sleep(60)

    monkeypatch.setattr(api.server.Gate, "enter", enter)

    async def run():
        with local_port(tmp_path) as port:
            trader = Trader(port.network, NOW)
            async with running(create_app(port), port.limits) as number:
                reader = await Client.connect(number)
                await reader.send(b"GET /v1/network HTTP/1.1\r\nHost: t\r\n\r\n")
                writer = await Client.connect(number)
                for serial in (1, 2):
                    raw = trader.issue(f"BW000000{serial}", "EU", [("710231", "1.00", ["BW"])]).raw
                    head = f"POST /v1/records HTTP/1.1\r\nHost: t\r\nContent-Type: application/msgpack\r\nContent-Length: {len(raw)}\r\n\r\n"
                    await writer.send(head.encode() + raw[:100])
                    await asyncio.sleep(0.05)
                    await writer.send(raw[100:])
                    assert (await asyncio.wait_for(writer.read(), 5)).status == 202
                assert held == [1]
                reader.close()
                writer.close()

    asyncio.run(run())


def test_exports_and_streams_read_one_piece_at_each_pass(tmp_path):
    async def run():
        with local_port(tmp_path, limits=LIMITS) as port:
            grown(port, 600)
            token = port.tokens.issue("auditor", NOW)
            reads = []
            history = port.ledger.history
            port.ledger.history = lambda first, limit: reads.append(1) or history(first, limit)
            async with running(create_app(port), port.limits) as number:
                clients = [await Client.connect(number) for _ in range(16)]
                for at, client in enumerate(clients):
                    path = "/v1/export" if at % 2 else "/v1/stream?after=-1"
                    client.writer.write(f"GET {path} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
                most = 0
                async with asyncio.timeout(60):
                    while len(reads) < 16 * (600 // 32):
                        before = len(reads)
                        await asyncio.sleep(0)
                        most = max(most, len(reads) - before)
                for client in clients:
                    client.close()
                assert most < 4  # an answer may need a pass more than the one that follows it

    asyncio.run(run())


def test_readers_are_served_while_records_wait_for_good():
    """A turn comes when each of those before has had its own and the longest rest: the bound that `api.gate` states."""
    answers = 12

    async def run():
        gate = Gate(lambda: True)
        spent = 0.0

        async def read():
            nonlocal spent
            await gate.enter()
            begun = time.perf_counter()
            while time.perf_counter() < begun + 0.001:
                pass
            spent += time.perf_counter() - begun

        begun = time.perf_counter()
        async with asyncio.timeout(10):
            await asyncio.gather(*(read() for _ in range(answers)))
        assert time.perf_counter() - begun < spent + answers * (LONGEST_REST_S + 0.05)

    asyncio.run(run())


def test_a_submission_that_comes_in_goes_first():
    """From its first bytes on, readers leave most of the time to it, as while it waits to be final."""
    gate = Gate()
    assert gate.rest_after(time.perf_counter() - 0.001) == 0
    gate.hurry()
    assert REST * 0.001 <= gate.rest_after(time.perf_counter() - 0.001) <= LONGEST_REST_S
    assert gate.rest_after(time.perf_counter() - 10) == LONGEST_REST_S
    time.sleep(0.03)
    assert gate.rest_after(time.perf_counter() - 0.001) == 0


def test_short_turns_rest_together_what_a_timer_cannot_tell_apart():
    async def run():
        gate = Gate(lambda: True)

        async def read():
            await gate.enter()
            begun = time.perf_counter()
            while time.perf_counter() < begun + 0.0001:
                pass

        begun = time.perf_counter()
        await asyncio.gather(*(read() for _ in range(50)))
        assert time.perf_counter() - begun > 49 * 0.0001 * REST

    uvloop.run(run())


def test_the_bytes_of_a_submission_hurry_the_gate(tmp_path, monkeypatch):
    hurried = []
    monkeypatch.setattr(Gate, "hurry", lambda _gate: hurried.append(1))

    async def run():
        with local_port(tmp_path) as port:
            raw = Trader(port.network, NOW).issue("BW0000001", "EU", [("710231", "1.00", ["BW"])]).raw
            async with running(create_app(port), port.limits) as number:
                client = await Client.connect(number)
                await client.send(b"GET /v1/network HTTP/1.1\r\nHost: t\r\n\r\n")
                assert (await client.read()).status == 200
                assert not hurried
                head = f"POST /v1/records HTTP/1.1\r\nHost: t\r\nContent-Type: application/msgpack\r\nContent-Length: {len(raw)}\r\n\r\n"
                await client.send(head.encode() + raw)
                assert (await client.read()).status == 202
                assert hurried
                client.close()

    asyncio.run(run())


@pytest.mark.parametrize("path", ["/", "/v1/statistics"])
def test_who_waited_for_the_same_checkpoint_goes_on_one_by_one(tmp_path, monkeypatch, path):
    """All wait for the newest block's checkpoint: the figures are read and the page is made once, and answers are sent in turn."""
    made = []
    read = api.statistics.read_statistics
    monkeypatch.setattr(api.statistics, "read_statistics", lambda port: made.append(1) or read(port))
    live = api.pages.overview._live
    pages = []
    monkeypatch.setattr(api.pages.overview, "_live", lambda *given: pages.append(1) or live(*given))

    async def run():
        with local_port(tmp_path, limits=LIMITS) as port:
            grown(port, 3)
            app = create_app(port)
            endpoint = "overview.page" if path == "/" else "statistics.statistics"
            whole, ended = app.view_functions[endpoint], []

            async def counted():
                answer = await whole()
                ended.append(1)
                return answer

            counted.__dict__.update(whole.__dict__)
            app.view_functions[endpoint] = counted
            async with running(app, port.limits) as number:
                assert (await ask(number, "GET", path)).status == 200  # reads what does not change with each block
                ended.clear()
                pages.clear()
                clients = [await Client.connect(number) for _ in range(20)]
                for client in clients:
                    client.writer.write(f"GET {path} HTTP/1.1\r\nHost: t\r\n\r\n".encode())
                await asyncio.sleep(0.2)
                assert not ended
                asked = len(made)
                port.cosign()
                most = 0
                async with asyncio.timeout(30):
                    while len(ended) < 20:
                        before = len(ended)
                        await asyncio.sleep(0)
                        most = max(most, len(ended) - before)
                    for client in clients:
                        assert (await client.read()).status == 200
                assert most < 4  # an answer may need a pass more than the one that follows it
                assert len(made) == asked
                assert len(pages) == (path == "/")

    asyncio.run(run())
