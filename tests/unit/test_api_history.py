"""Streams and exports of the history: complete, resumed at a place, filtered, cut when they must be, and never in others' way."""

import asyncio
import csv
import io
import json
import time

import pytest

from api.app import create_app
from api.demo.burst import burst
from api.errors import Overloaded
from api.flows import Places, Shifts
from api.limits import ApiLimits
from api.schemas.history import LoggedAnswer
from ledger.record import parse_submission
from ledger.state import Block
from tests.support.checked import CheckedClient
from tests.support.http import Client, running
from tests.support.port import NOW, local_port
from tests.support.trade import Trader
from tests.support.week import trade

GEMS = [("710231", "12.50", ["BW"])]
DAY = 86_400_000


def scenario(tmp_path, story, **limits):
    """Runs `story(port, client, trader)` over a new ledger, in process."""

    async def run():
        with local_port(tmp_path, limits=ApiLimits(**limits)) as port:
            return await story(port, CheckedClient(port), Trader(port.network, NOW))

    return asyncio.run(run())


def served(tmp_path, story, **limits):
    """Runs `story(port, number, trader)` with the app behind a real socket."""

    async def run():
        with local_port(tmp_path, limits=ApiLimits(**limits)) as port:
            async with running(create_app(port), port.limits) as number:
                return await story(port, number, Trader(port.network, NOW))

    return asyncio.run(run())


def grown(port, count, first=0):
    """Adds so many certificates, by blocks of 200."""
    made = [parse_submission(raw) for raw in burst(port.network.genesis, port.network.keys, NOW, count, first=first)]
    for start in range(0, count, 200):
        part = made[start : start + 200]
        head = port.ledger.head
        port.ledger.keep_bodies(part)
        applied = port.ledger.apply(Block(head.height + 1, max(NOW, head.time + 1), bytes(32), [one.record for one in part]))
        assert all(judgement.refusal is None for judgement in applied.judgements)
    port.growth.tell()


class Events:
    """A client of the stream over a raw connection."""

    def __init__(self, client):
        self.client = client
        self.buffer = b""

    @classmethod
    async def open(cls, number, token, query="", **headers):
        client = await Client.connect(number)
        lines = [f"GET /v1/stream{query} HTTP/1.1", "Host: t", f"Authorization: Bearer {token}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await client.send("\r\n".join([*lines, "", ""]).encode())
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n")[0], head
        assert b"text/event-stream" in head.lower()
        return cls(client)

    async def next(self):
        """The next record as (event, id, data); None at the regular end."""
        while (event := await self.any()) is not None and event[0] == "head":
            pass
        return event

    async def any(self):
        """The next event."""
        while b"\n\n" not in self.buffer:
            size = int((await self.client.reader.readuntil(b"\r\n")).strip(), 16)
            self.buffer += (await self.client.reader.readexactly(size + 2))[:-2]
            if size == 0:
                return None
        block, _, self.buffer = self.buffer.partition(b"\n\n")
        fields = dict(line.split(": ", 1) for line in block.decode().split("\n"))
        if "retry" in fields:
            return await self.any()
        return fields["event"], int(fields["id"]) if "id" in fields else None, json.loads(fields["data"])


# --- streams


def test_a_stream_tells_what_comes_and_resumes_where_it_was(tmp_path):
    async def story(port, number, trader):
        token = port.tokens.issue("participant:BW", NOW)
        events = await Events.open(number, token)
        assert (await asyncio.wait_for(events.any(), 5))[0] == "head"
        first = trader.issue("BW0000001", "EU", GEMS)
        await port.submit(first.raw, wait=False)
        event, place, data = await asyncio.wait_for(events.next(), 5)
        assert (event, place, data["id"], data["kind"]) == ("record", 0, first.id.hex(), "certificate.issue")
        assert LoggedAnswer.model_validate_json(json.dumps(data)).body.number == "BW0000001"
        events.client.close()
        others = [trader.confirm(first), trader.issue("BW0000002", "EU", GEMS)]
        for one in others:
            await port.submit(one.raw, wait=False)
        for query, headers in (("?after=0", {}), ("", {"Last_Event_ID": "0"}), ("?after=-1", {"Last_Event_ID": "0"})):
            again = await Events.open(number, token, query, **headers)
            got = [await asyncio.wait_for(again.next(), 5) for _ in others]
            assert [(place, data["id"]) for _, place, data in got] == [(n + 1, one.id.hex()) for n, one in enumerate(others)]
            again.client.close()

    served(tmp_path, story)


def test_a_stream_goes_through_all_of_the_history_and_on(tmp_path):
    async def story(port, number, trader):
        grown(port, 300)
        token = port.tokens.issue("auditor", NOW)
        events = await Events.open(number, token, "?after=-1")
        for place in range(300):
            assert (await asyncio.wait_for(events.next(), 5))[1] == place
        grown(port, 5, first=300)
        for place in range(300, 305):
            assert (await asyncio.wait_for(events.next(), 5))[1] == place
        events.client.close()

    served(tmp_path, story)


def test_a_quiet_stream_says_that_it_lives_and_ends_in_time(tmp_path):
    async def story(port, number, trader):
        await port.submit(trader.issue("BW0000001", "EU", GEMS).raw, wait=False)
        token = port.tokens.issue("participant:BW", NOW)
        events = await Events.open(number, token, "?after=0")
        event, place, data = await asyncio.wait_for(events.any(), 5)
        assert (event, place, data) == ("head", 0, {"height": 1, "tree_size": 1})
        while (last := await asyncio.wait_for(events.any(), 5)) is not None:
            assert last[0] == "head"

    served(tmp_path, story, heartbeat_s=0.05, stream_s=0.3)


def test_what_is_filtered_out_still_moves_the_place(tmp_path):
    async def story(port, number, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        for one in (made, trader.confirm(made), trader.issue("RU0000001", "AE", GEMS)):
            await port.submit(one.raw, wait=False)
        token = port.tokens.issue("participant:AE", NOW)
        events = await Events.open(number, token, "?after=-1&kind=import.confirm")
        assert (await asyncio.wait_for(events.any(), 5))[1] == 1
        assert (await asyncio.wait_for(events.any(), 5))[:2] == ("head", 2)
        events.client.close()
        events = await Events.open(number, token, "?after=-1&participant=AE")
        assert (await asyncio.wait_for(events.any(), 5))[1] == 2
        events.client.close()

    served(tmp_path, story, heartbeat_s=0.05)


def test_a_stream_ends_with_its_token(tmp_path):
    async def story(port, number, trader):
        token = port.tokens.issue("participant:BW", NOW)
        events = await Events.open(number, token)
        (entry,) = port.tokens.entries
        port.tokens.revoke(entry.id)
        while await asyncio.wait_for(events.next(), 5) is not None:
            pass

    served(tmp_path, story, heartbeat_s=0.05)


def test_a_reader_that_does_not_read_is_cut_and_its_place_given_back(tmp_path):
    async def story(port, number, trader):
        grown(port, 4_000)
        token = port.tokens.issue("auditor", NOW)
        slow = await Events.open(number, token, "?after=-1")
        slow.client.reader._transport.pause_reading()
        refused = await ask_status(number, token, "/v1/stream")
        assert refused == 429
        deadline = time.monotonic() + 10
        while await ask_status(number, token, "/v1/stream?after=9999") == 429:
            assert time.monotonic() < deadline, "the reader that does not read still holds its place"
            await asyncio.sleep(0.1)
        slow.client.close()

    served(tmp_path, story, streams_per_key=1, stall_s=0.3, body_s=0.5)


async def ask_status(number, token, path):
    client = await Client.connect(number)
    await client.send(f"GET {path} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    head = await asyncio.wait_for(client.reader.readuntil(b"\r\n\r\n"), 5)
    client.close()
    await asyncio.sleep(0.02)
    return int(head.split(b" ")[1])


def test_streams_are_bounded_and_a_reader_that_leaves_makes_room(tmp_path):
    async def story(port, number, trader):
        token, other = port.tokens.issue("participant:BW", NOW), port.tokens.issue("participant:RU", NOW)
        first = await Events.open(number, token)
        second = await Events.open(number, token)
        assert await ask_status(number, token, "/v1/stream") == 429
        third = await Events.open(number, other)
        assert await ask_status(number, other, "/v1/stream") == 503
        first.client.close()
        await asyncio.sleep(0.1)
        assert await ask_status(number, token, "/v1/stream") == 200
        second.client.close()
        third.client.close()

    served(tmp_path, story, streams=3, streams_per_key=2)


def test_a_stop_ends_streams_at_once(tmp_path):
    async def run():
        with local_port(tmp_path) as port:
            token = port.tokens.issue("participant:BW", NOW)
            async with running(create_app(port), port.limits) as number:
                events = await Events.open(number, token)
                port.growth.end()
                assert await asyncio.wait_for(events.next(), 2) is None
                started = time.monotonic()
            assert time.monotonic() - started < 2.5

    asyncio.run(run())


def test_a_stream_outlives_the_time_that_a_silent_client_has(tmp_path):
    async def story(port, number, trader):
        token = port.tokens.issue("participant:BW", NOW)
        events = await Events.open(number, token)
        started = time.monotonic()
        while time.monotonic() - started < 2.2:
            assert (await asyncio.wait_for(events.any(), 5))[0] == "head"
        events.client.close()

    served(tmp_path, story, heartbeat_s=0.2, final_wait_s=0.5, response_s=0.5, header_s=0.5)


@pytest.mark.parametrize("header", ["x", "-1", "1" * 30, ""])
def test_a_bad_place_is_refused(tmp_path, header):
    async def story(port, client, trader):
        token = port.tokens.issue("participant:BW", NOW)
        reply = await client.get("/v1/stream", token, Last_Event_ID=header)
        assert (reply.status, reply.json()["field"]) == (400, "Last-Event-ID")

    scenario(tmp_path, story)


# --- exports


def test_an_export_is_the_whole_history_as_records_are_shown(tmp_path):
    async def story(port, client, trader):
        await trade(port)
        token = port.tokens.issue("auditor", NOW)
        reply = await client.get("/v1/export", token)
        lines = [json.loads(line) for line in reply.body.splitlines()]
        assert [line["index"] for line in lines] == list(range(port.ledger.head.tree_size))
        assert reply.headers["kpledger-height"] == str(port.ledger.head.height)
        for line in lines[:: len(lines) // 7]:
            shown = (await client.get(f"/v1/records/{line['id']}", token)).json()
            assert {name: shown[name] for name in line} == line
        table = list(csv.DictReader(io.StringIO((await client.get("/v1/export.csv", token)).body.decode())))
        assert [int(row["index"]) for row in table] == list(range(len(lines)))
        for row, line in zip(table, lines, strict=True):
            assert json.loads(row["body"]) == line["body"]
            assert (row["number"], row["carats"]) == (line["body"]["number"], line["body"]["carats"])

    scenario(tmp_path, story)


def test_an_export_passes_its_filters_and_goes_on_behind_a_place(tmp_path):
    async def story(port, client, trader):
        await trade(port)
        token = port.tokens.issue("auditor", NOW)

        async def lines(query):
            return [json.loads(line) for line in (await client.get(f"/v1/export?{query}", token)).body.splitlines()]

        everything = await lines("")
        assert await lines("after=10") == everything[11:]
        assert await lines("kind=import.confirm") == [one for one in everything if one["kind"] == "import.confirm"] != []
        bw = [one for one in everything if one["author"] == "BW" or one["body"]["number"].startswith("BW")
              or one["body"].get("destination") == "BW"]  # fmt: skip
        assert await lines("participant=BW") == bw != []
        assert await lines("after=99999") == []
        for bad in ("since=2026-02-31", "until=today", "kind=x", "after=-2", "participant=bw", "x=1"):
            assert (await client.get(f"/v1/export?{bad}", token)).status == 400

    scenario(tmp_path, story)


def test_an_export_of_a_range_of_days_reads_little_more_than_that(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("auditor", NOW)
        for day in range(40):
            today = Trader(port.network, NOW + day * DAY, drawn=1000 * day)
            made = [today.issue(f"BW{day:05}{n:02}", "EU", GEMS) for n in range(20)]
            part = [parse_submission(one.raw) for one in made]
            port.ledger.keep_bodies(part)
            head = port.ledger.head
            port.ledger.apply(Block(head.height + 1, NOW + day * DAY + 1, bytes(32), [one.record for one in part]))
        reads = []
        history = type(port.ledger).history

        def counted(ledger, first, limit):
            rows = history(ledger, first, limit)
            reads.append(len(rows))
            return rows

        type(port.ledger).history = counted
        try:
            reply = await client.get("/v1/export?since=2026-10-10&until=2026-10-11", token)
        finally:
            type(port.ledger).history = history
        lines = [json.loads(line) for line in reply.body.splitlines()]
        assert {one["body"]["number"][2:7] for one in lines} == {"00019", "00020"}
        assert len(lines) == 40
        assert sum(reads) < 400, "a week on either side and a few looks are enough of 800 records"

    scenario(tmp_path, story)


def test_an_export_is_for_auditors(tmp_path):
    async def story(port, client, trader):
        participant = port.tokens.issue("participant:BW", NOW)
        for path in ("/v1/export", "/v1/export.csv"):
            assert (await client.get(path)).status == 401
            assert (await client.get(path, participant)).status == 403
        assert (await client.get("/v1/stream")).status == 401

    scenario(tmp_path, story)


def test_an_export_whose_token_is_revoked_does_not_end_regularly(tmp_path):
    async def story(port, number, trader):
        grown(port, 1_000)
        token = port.tokens.issue("auditor", NOW)
        client = await Client.connect(number)
        await client.send(f"GET /v1/export HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        await client.reader.readuntil(b"\r\n\r\n")
        port.tokens.revoke(port.tokens.entries[0].id)
        rest = await asyncio.wait_for(client.reader.read(), 10)
        assert not rest.endswith(b"0\r\n\r\n")
        assert rest.count(b'"certificate.issue"') < 1_000

    served(tmp_path, story)


def test_exports_are_bounded(tmp_path):
    async def story(port, number, trader):
        grown(port, 4_000)
        token, other = port.tokens.issue("auditor", NOW), port.tokens.issue("auditor", NOW)
        stuck = await Client.connect(number)
        await stuck.send(f"GET /v1/export HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        await stuck.reader.readuntil(b"\r\n\r\n")
        stuck.reader._transport.pause_reading()
        assert await ask_status(number, token, "/v1/export") == 429
        assert await ask_status(number, other, "/v1/export") == 503
        stuck.close()
        await asyncio.sleep(0.1)
        assert await ask_status(number, token, "/v1/export") == 200

    served(tmp_path, story, exports=1, exports_per_key=1)


# --- what all of them share


def test_places_come_back_once_and_also_when_an_answer_never_begins():
    places = Places(2, 1, "things")
    place = places.take("a")
    with pytest.raises(Overloaded) as own:
        places.take("a")
    assert own.value.quota
    other = places.take("b")
    with pytest.raises(Overloaded) as full:
        places.take("c")
    assert not full.value.quota
    place.leave()
    place.leave()
    assert len(places) == 1
    del other
    assert len(places) == 0


def test_flows_have_one_turn_at_a_time_and_whoever_else_wants_the_loop_gets_it_in_between():
    async def run():
        shifts, order = Shifts(), []

        def piece(name):
            order.append(name)
            until = time.monotonic() + 0.003
            while time.monotonic() < until:
                pass

        async def reader(name):
            for _ in range(10):
                await shifts.run(lambda: piece(name))

        async def consensus():
            while True:
                order.append("event")
                await asyncio.sleep(0)

        others = asyncio.ensure_future(consensus())
        await asyncio.gather(*(reader(name) for name in "abcd"))
        others.cancel()
        between, longest = 0, 0
        for one in order:
            between = 0 if one == "event" else between + 1
            longest = max(longest, between)
        assert longest == 1, "two pieces were made without anything in between"

    asyncio.run(run())
