"""`/v1/inquiries` over a real ledger: what anybody sees of a question that waits, and what takes a token."""

import asyncio

from ledger.bodies import INQUIRY_ANSWER, INQUIRY_CLOSE, INQUIRY_OPEN, InquiryAnswerBody, InquiryCloseBody, InquiryOpenBody
from ledger.record import build_statement, record_id, sign_statement
from tests.support.checked import CheckedClient
from tests.support.port import NOW, local_port

DAY_MS = 86_400_000
QUESTION = "Why do Canary's exports exceed production?"


def scenario(tmp_path, story):
    """Runs `story(port, client)` over a new ledger."""

    async def run():
        with local_port(tmp_path) as port:
            return await story(port, CheckedClient(port))

    return asyncio.run(run())


def signed(port, kind, author, role, body):
    statement = build_statement(kind, author, port.clock, body)
    return sign_statement(port.ledger.ledger_id, port.network.keys[author][role], statement)


async def ask(port, client, participant, due="2026-10-01", finding="negative-stock/BW"):
    body = InquiryOpenBody(due=due, finding=finding, participant=participant, question=QUESTION)
    raw = signed(port, INQUIRY_OPEN, "secretariat", "audit", body)
    assert (await client.post("/v1/records", raw)).status == 202
    return record_id(raw)


def test_what_is_unanswered_is_public(tmp_path):
    async def story(port, client):
        assert (await client.get("/v1/inquiries")).json()["items"] == []
        ids = [await ask(port, client, code, finding=f"{code}/{n}") for n, code in enumerate(("BW", "RU", "BW"))]
        reply = await client.get("/v1/inquiries?state=unanswered")
        assert reply.headers["cache-control"] == "public, no-cache"
        shown = reply.json()
        assert shown["read_at_height"] == 3
        assert [row["id"] for row in shown["items"]] == [one.hex() for one in ids]
        assert shown["items"][1] == {
            "id": ids[1].hex(), "participant": "RU", "state": "unanswered", "finding": None, "opened": "2026-09-21",
            "due": "2026-10-01", "overdue": False, "answers": [], "closed": None, "index": 1,
        }  # fmt: skip
        assert b"Canary" not in reply.body
        one = await client.get("/v1/inquiries?limit=1&participant=BW")
        (row,), cursor = one.json()["items"], one.json()["next"]
        following = (await client.get(f"/v1/inquiries?limit=1&participant=BW&cursor={cursor}")).json()
        assert [row["id"], following["items"][0]["id"], following["next"]] == [ids[0].hex(), ids[2].hex(), None]

    scenario(tmp_path, story)


def test_answered_and_closed_ones_take_a_token(tmp_path):
    async def story(port, client):
        token = port.tokens.issue("auditor", NOW)
        answered, closed = await ask(port, client, "BW"), await ask(port, client, "RU")
        answer = signed(port, INQUIRY_ANSWER, "BW", "report", InquiryAnswerBody(inquiry=answered, text="A typing error."))
        close = signed(port, INQUIRY_CLOSE, "secretariat", "audit", InquiryCloseBody(inquiry=closed, outcome="withdrawn"))
        for raw in (answer, close):
            assert (await client.post("/v1/records", raw)).status == 202
        assert (await client.get("/v1/inquiries")).json()["items"] == []
        for state in ("answered", "closed"):
            assert (await client.get(f"/v1/inquiries?state={state}")).status == 401
            assert (await client.get(f"/v1/inquiries?state={state}", "wrong")).status == 401
        reply = await client.get("/v1/inquiries?state=answered", token)
        assert reply.headers["cache-control"] == "private, no-cache"
        (row,) = reply.json()["items"]
        assert (row["id"], row["finding"], row["answers"]) == (answered.hex(), "negative-stock/BW", [record_id(answer).hex()])
        (row,) = (await client.get("/v1/inquiries?state=closed", token)).json()["items"]
        assert (row["id"], row["closed"], row["overdue"]) == (closed.hex(), record_id(close).hex(), False)
        record = (await client.get(f"/v1/records/{answered.hex()}", token)).json()
        assert QUESTION in str(record)
        assert (await client.get(f"/v1/records/{answered.hex()}")).status == 401

    scenario(tmp_path, story)


def test_past_its_due_date_it_is_overdue(tmp_path):
    async def story(port, client):
        await ask(port, client, "BW", due="2026-09-23")
        for days, overdue in ((1, False), (2, False), (3, True)):
            port.clock = NOW + days * DAY_MS
            await ask(port, client, "RU")
            assert (await client.get("/v1/inquiries?participant=BW")).json()["items"][0]["overdue"] is overdue

    scenario(tmp_path, story)


def test_parameters_are_checked(tmp_path):
    async def story(port, client):
        for path, field in (
            ("/v1/inquiries?state=open", "state"),
            ("/v1/inquiries?state=", "state"),
            ("/v1/inquiries?participant=bw", "participant"),
            ("/v1/inquiries?cursor=AAAA", "cursor"),
            ("/v1/inquiries?limit=0", "limit"),
            ("/v1/inquiries?question=1", "question"),
        ):
            reply = await client.get(path)
            assert (reply.status, reply.json()["field"]) == (400, field)
        assert (await client.get("/v1/inquiries?participant=XX")).json()["items"] == []

    scenario(tmp_path, story)
