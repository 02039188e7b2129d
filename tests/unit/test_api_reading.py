"""Lists, certificates, register, log, statistics, health: read over a real ledger, each answer held against the OpenAPI document."""

import asyncio
import base64
import hashlib
import re

import pytest
from structlog.testing import capture_logs

from api.answers import Kept
from api.port import ReadyCheck
from ledger import merkle
from ledger.note import parse_note
from ledger.policy import accept, parse_policy
from ledger.record import parse_submission
from ledger.state import Block
from ledger.tiles import decode_bundle
from tests.support.checked import CheckedClient
from tests.support.port import NOW, local_port
from tests.support.trade import Trader
from tests.support.week import trade
from tests.unit.naive_merkle import root_of

GEMS = [("710231", "1200.50", ["BW"]), ("710221", "300.00", ["BW"])]


def scenario(tmp_path, story, **options):
    """Runs `story(port, client, trader)` over a new ledger."""

    async def run():
        with local_port(tmp_path, **options) as port:
            return await story(port, CheckedClient(port), Trader(port.network, NOW))

    return asyncio.run(run())


async def pages(client, path, token):
    """All items of a list, page by page."""
    items, cursor = [], None
    while True:
        reply = await client.get(path + (f"&cursor={cursor}" if cursor else ""), token)
        assert reply.status == 200
        items += reply.json()["items"]
        cursor = reply.json()["next"]
        if cursor is None:
            return items


# --- certificates


def test_a_certificate_shows_both_sides(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("auditor", NOW)
        made = trader.issue("BW0000001", "EU", GEMS, parcels=2)
        await client.post("/v1/records", made.raw)
        before = (await client.get("/v1/certificates/BW0000001", token)).json()
        assert (before["certificate"]["state"], before["outcome"]) == ("open", None)
        answer = trader.confirm(made, outcome="discrepancy", lines=[("710231", "1199.00")], parcels=2)
        await client.post("/v1/records", answer.raw)
        onward = trader.issue("EU0000001", "IN", [("710231", "10.00", [])], sources=[("BW0000001", "10.00")])
        await client.post("/v1/records", onward.raw)
        shown = (await client.get("/v1/certificates/BW0000001", token)).json()
        assert shown["certificate"] == {
            "number": "BW0000001", "issuer": "BW", "destination": "EU", "state": "discrepancy", "type": "export",
            "issued": made.body.issued, "expires": made.body.expires, "parcels": 2, "carats": "1500.50", "measured": "1199.00",
            "claimed": "10.00", "late": False, "index": 0,
        }  # fmt: skip
        assert (shown["issue"]["carats"], shown["outcome"]["carats"]) == ("1500.50", "1199.00")
        assert [record["id"] for record in shown["records"]] == [made.id.hex(), answer.id.hex()]
        assert [record["height"] for record in shown["records"]] == [1, 2]
        assert shown["claims"] == [{"number": "EU0000001", "carats": "10.00"}]
        assert shown["read_at_height"] == 3
        for unknown in ("BW0000002", "bw0000001", "x" * 500, "BW000000%FF"):
            missing = await client.get(f"/v1/certificates/{unknown}", token)
            assert (missing.status, missing.json()["field"]) == (404, "number")
            assert (missing.headers["kpledger-height"], missing.json()["read_at_height"]) == ("3", 3)

    scenario(tmp_path, story)


def test_an_answer_is_kept_until_the_next_block_and_for_its_reader_alone(tmp_path):
    """The store is read once a height and reader; every block makes the answer anew, also one that does not touch it."""

    async def story(port, client, trader):
        tokens = [port.tokens.issue(scope, NOW) for scope in ("auditor", "participant:BW", "participant:BW", "participant:EU")]
        made = trader.issue("BW0000001", "EU", GEMS)
        await client.post("/v1/records", made.raw)
        reads = []
        whole = port.ledger.certificate
        port.ledger.certificate = lambda number: reads.append(number) or whole(number)
        seen = [await client.get("/v1/certificates/BW0000001", token) for token in tokens * 2]
        assert len(reads) == 3
        assert len({reply.body for reply in seen}) == 1
        assert all(reply.headers["etag"] == seen[0].headers["etag"] for reply in seen)
        same = await client.get("/v1/certificates/BW0000001", tokens[0], If_None_Match=seen[0].headers["etag"])
        assert (same.status, same.body, same.headers["kpledger-height"]) == (304, b"", "1")
        assert (await client.get("/v1/certificates/BW0000001", None)).status == 401
        await client.post("/v1/records", trader.issue("BW0000002", "EU", GEMS).raw)
        reply = await client.get("/v1/certificates/BW0000001", tokens[0], If_None_Match=seen[0].headers["etag"])
        assert (reply.status, reply.headers["kpledger-height"], reply.json()["read_at_height"]) == (200, "2", 2)
        await client.post("/v1/records", trader.confirm(made).raw)
        shown = (await client.get("/v1/certificates/BW0000001", tokens[0])).json()
        assert (shown["certificate"]["state"], shown["read_at_height"]) == ("confirmed", 3)
        assert len(reads) == 5

    scenario(tmp_path, story)


def test_what_is_kept_of_one_height_is_bounded():
    kept = Kept(size=100)
    for at in range(9):
        assert kept.keep(7, at, b"x" * 30).data == b"x" * 30
    assert len(kept) == 3
    assert kept.find(7, 0) is not None
    assert kept.find(7, 8) is None
    assert kept.find(8, 0) is None
    kept.keep(8, 8, b"y")
    assert len(kept) == 1
    assert kept.find(7, 0) is None


def test_lists_page_without_gap_or_repetition(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("participant:BW", NOW)
        await trade(port)
        every = await pages(client, "/v1/certificates?limit=500", token)
        assert len(every) == 34
        assert [row["index"] for row in every] == sorted(row["index"] for row in every)
        assert await pages(client, "/v1/certificates?limit=3", token) == every
        newest = await pages(client, "/v1/certificates?limit=5&order=newest", token)
        assert newest == every[::-1]
        for name, value in (("issuer", "RU"), ("destination", "AE"), ("state", "confirmed"), ("state", "refused")):
            chosen = await pages(client, f"/v1/certificates?limit=2&{name}={value}", token)
            assert chosen == [row for row in every if row[name] == value]
            assert chosen
        both = await pages(client, "/v1/certificates?limit=2&issuer=EU&state=confirmed", token)
        assert both == [row for row in every if row["issuer"] == "EU" and row["state"] == "confirmed"]
        assert await pages(client, "/v1/certificates?issuer=XX", token) == []

    scenario(tmp_path, story)


def test_open_confirmations_with_their_age(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("participant:EU", NOW)
        old = trader.issue("BW0000001", "EU", GEMS, days_ago=20, valid_days=10)
        fresh = trader.issue("BW0000002", "EU", GEMS, days_ago=1)
        other = trader.issue("BW0000003", "AE", GEMS)
        for made in (old, fresh, other):
            await client.post("/v1/records", made.raw)
        rows = await pages(client, "/v1/confirmations/open?limit=1", token)
        assert [(row["number"], row["age_days"], row["expired"]) for row in rows] == [
            ("BW0000001", 20, True),
            ("BW0000002", 1, False),
            ("BW0000003", 3, False),
        ]
        await client.post("/v1/records", trader.confirm(fresh).raw)
        rows = await pages(client, "/v1/confirmations/open?limit=2&destination=EU", token)
        assert [row["number"] for row in rows] == ["BW0000001"]

    scenario(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/certificates?limit=0", "limit"),
        ("/v1/certificates?limit=501", "limit"),
        ("/v1/certificates?limit=1e2", "limit"),
        ("/v1/certificates?limit=", "limit"),
        ("/v1/certificates?limit=2&limit=2", "limit"),
        ("/v1/certificates?cursor=", "cursor"),
        ("/v1/certificates?cursor=AAAA", "cursor"),
        ("/v1/certificates?cursor=AAAAAAAAAAA=", "cursor"),
        ("/v1/certificates?cursor=!!!!", "cursor"),
        ("/v1/certificates?cursor=" + "A" * 300, "cursor"),
        ("/v1/certificates?state=lively", "state"),
        ("/v1/certificates?issuer=bw", "issuer"),
        ("/v1/certificates?issuer=BW%0A", "issuer"),
        ("/v1/certificates?order=random", "order"),
        ("/v1/certificates?page=2", "page"),
        ("/v1/confirmations/open?state=open", "state"),
        ("/v1/participants?limit=-1", "limit"),
        ("/v1/participants?cursor=%00", "cursor"),
        ("/readyz?verbose=yesyes", "verbose"),
    ],
)
def test_bad_parameters_are_named(tmp_path, path, field):
    async def story(port, client, trader):
        reply = await client.get(path, port.tokens.issue("auditor", NOW))
        assert (reply.status, reply.json()["error"], reply.json()["field"]) == (400, "bad-parameter", field)

    scenario(tmp_path, story)


# --- network and register


def test_the_network(tmp_path):
    async def story(port, client, trader):
        await client.post("/v1/records", trader.issue("BW0000001", "EU", GEMS).raw)
        reply = await client.get("/v1/network")
        shown, head = reply.json(), port.ledger.head
        assert (shown["height"], shown["tree_size"], shown["root"]) == (1, 1, head.root.hex())
        assert (shown["ledger_id"], shown["origin"]) == (port.ledger.ledger_id.hex(), "kpledger.example/dev")
        assert (shown["epoch"], shown["quorum"]) == (0, 3)
        assert [entry["participant"] for entry in shown["validators"]] == ["BW", "RU", "EU", "AE"]
        policy = (await client.get("/log/policy")).body.decode()
        assert all(entry["witness_vkey"] in policy for entry in shown["validators"])
        assert shown["validators"][0]["log_vkey"] in policy

    scenario(tmp_path, story)


def test_the_register_of_participants(tmp_path):
    async def story(port, client, trader):
        rows = await pages(client, "/v1/participants?limit=7", "")
        assert [row["code"] for row in rows] == sorted(port.ledger.genesis.participants)
        assert rows == await pages(client, "/v1/participants?limit=500", "")
        one = (await client.get("/v1/participants/BW")).json()["participant"]
        assert (one["name"], one["node"], one["validator"]) == ("Botswana", True, True)
        assert not next(row for row in rows if row["code"] == "TW")["counted"]
        assert next(row for row in rows if row["code"] == "CF")["suspensions"][-1]["zone"] == "Bria"
        for unknown in ("XX", "bw", "B%00"):
            assert (await client.get(f"/v1/participants/{unknown}")).status == 404

    scenario(tmp_path, story)


# --- the log


def test_the_log_can_be_rebuilt_from_what_is_served(tmp_path):
    async def story(port, client, trader):
        made = [trader.issue(f"BW{n:07}", "EU", GEMS) for n in range(1, 6)]
        for one in made:
            await client.post("/v1/records", one.raw)
        token = port.tokens.issue("auditor", NOW)
        policy = parse_policy((await client.get("/log/policy")).body)
        checkpoint = accept(policy, (await client.get("/log/checkpoint")).body).checkpoint
        tile = await client.get("/log/tile/0/000.p/5")
        entries = decode_bundle((await client.get("/log/tile/entries/000.p/5", token)).body, 5)
        assert list(entries) == [one.record for one in made]
        assert tile.body == b"".join(hashlib.sha256(b"\0" + entry).digest() for entry in entries)
        assert (checkpoint.size, checkpoint.root) == (5, root_of([merkle.leaf_hash(entry) for entry in entries]))
        assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert tile.headers["content-type"] == "application/octet-stream"
        older = await client.get("/log/checkpoint/2")
        assert parse_note(older.body).text.startswith(b"kpledger.example/dev\n2\n")
        assert older.headers["cache-control"] == "no-store"
        assert older.headers["content-type"] == "text/plain; charset=utf-8"

    scenario(tmp_path, story)


@pytest.mark.parametrize(
    "path",
    [
        "/log/checkpoint/9", "/log/checkpoint/02", "/log/checkpoint/-1", "/log/checkpoint/+1", "/log/checkpoint/1e0",
        "/log/checkpoint/99999999999999999999", "/log/checkpoint/\N{ARABIC-INDIC DIGIT ONE}", "/log/tile/0/000",
        "/log/tile/0/000.p/2", "/log/tile/0/000.p/0", "/log/tile/0/000.p/01", "/log/tile/1/000.p/1", "/log/tile/0/001.p/1",
        "/log/tile/0/0", "/log/tile/00/000.p/1", "/log/tile/64/000", "/log/tile/-1/000.p/1", "/log/tile/0/x000/000.p/1",
        "/log/tile/0/000.p/256", "/log/tile/0/000.p/1/", "/log/tile/0/../0/000.p/1", "/log/tile/0", "/log/tile/", "/log/",
        "/log/tile/entries/000", "/log/tile/entries/000.p/2", "/log/tile/entries/0", "/log/tile/data/000.p/1",
    ],
)  # fmt: skip
def test_what_the_log_does_not_have_is_a_plain_404(tmp_path, path):
    async def story(port, client, trader):
        await client.post("/v1/records", trader.issue("BW0000001", "EU", GEMS).raw)
        assert (await client.get("/log/tile/0/000.p/1")).status == 200
        reply = await client.get(path, port.tokens.issue("auditor", NOW))
        assert reply.status == 404
        assert reply.headers["cache-control"] == "no-store"

    scenario(tmp_path, story)


def test_a_full_tile_stands_under_its_own_path_and_its_earlier_widths(tmp_path):
    async def story(port, client, trader):
        raws = [trader.issue(f"BW{n:07}", "EU", [("710231", "1.00", ["BW"])]).raw for n in range(257)]
        records = [parse_submission(raw).record for raw in raws]
        port.ledger.apply(Block(1, NOW, bytes(32), records[:255]))
        assert (await client.get("/log/tile/0/000")).status == 404
        port.ledger.apply(Block(2, NOW + 1, bytes(32), records[255:]))
        ids = b"".join(record.id for record in records)
        for path, data in (
            ("0/000", ids[: 256 * 32]),
            ("0/000.p/255", ids[: 255 * 32]),
            ("0/001.p/1", ids[256 * 32 :]),
            ("1/000.p/1", root_of([record.id for record in records[:256]])),
        ):
            tile = await client.get(f"/log/tile/{path}")
            assert (tile.status, tile.body) == (200, data), path
            assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
        token = port.tokens.issue("auditor", NOW)
        for path, some in (("000", records[:256]), ("000.p/3", records[:3]), ("001.p/1", records[256:])):
            bundle = await client.get(f"/log/tile/entries/{path}", token)
            assert decode_bundle(bundle.body, len(some)) == [record.raw for record in some], path
            assert bundle.headers["cache-control"] == "private, max-age=31536000, immutable"

    scenario(tmp_path, story)


# --- receipts


def test_verifying_a_receipt(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        text = (await client.post("/v1/records?wait=final", made.raw)).json()["receipt"]
        good = (await client.post("/v1/receipts/verify", text.encode(), "text/plain; charset=utf-8")).json()
        assert (good["valid"], good["id"], good["index"], good["size"]) == (True, made.id.hex(), 0, 1)
        assert good["cosigners"] == ["BW/witness", "RU/witness", "EU/witness"]
        assert bytes.fromhex(good["record"]) == made.record
        lines = text.split("\n")
        record = bytearray(base64.b64decode(lines[1].removeprefix("extra ")))
        record[-1] ^= 1
        lines[1] = "extra " + base64.b64encode(record).decode()
        for damaged, failure in (
            ("\n".join(lines), "root-mismatch"),
            (text.replace("kpledger.example/dev\n", "kpledger.example/other\n"), "origin-mismatch"),
            (text[:-2], "malformed-note"),
            ("", "malformed-proof"),
            ("\n".join(text.split("\n")[:-3]) + "\n", "quorum-not-met"),
        ):
            bad = (await client.post("/v1/receipts/verify", damaged.encode(), "text/plain")).json()
            assert (bad["valid"], bad["failure"], bad["record"]) == (False, failure, None)
            assert bad["detail"]
        assert (await client.post("/v1/receipts/verify", b"\xff\xfe", "text/plain")).json()["valid"] is False
        assert (await client.post("/v1/receipts/verify", b"x" * 300_000, "text/plain")).status == 413
        assert (await client.post("/v1/receipts/verify", text.encode(), "application/json")).status == 415

    scenario(tmp_path, story)


# --- statistics


def test_statistics_are_the_sums_of_the_certificates(tmp_path):
    async def story(port, client, trader):
        await trade(port)
        token = port.tokens.issue("auditor", NOW)
        shown = (await client.get("/v1/statistics")).json()
        rows = await pages(client, "/v1/certificates", token)
        arrived = [row for row in rows if row["state"] in {"confirmed", "discrepancy"}]
        assert cents(shown["world_exports"]["carats"]) == sum(cents(row["carats"]) for row in rows)
        assert shown["world_exports"]["certificates"] == len(rows)
        assert cents(shown["world_imports"]["carats"]) == sum(cents(row["measured"]) for row in arrived)
        assert shown["world_imports"]["certificates"] == len(arrived)
        assert shown["open_confirmations"] == sum(row["state"] == "open" for row in rows) > 0
        for one in shown["participants"]:
            own = [row for row in rows if row["issuer"] == one["code"]]
            into = [row for row in arrived if row["destination"] == one["code"]]
            assert (cents(one["exports"]["carats"]), one["exports"]["certificates"]) == (
                sum(cents(r["carats"]) for r in own),
                len(own),
            )
            assert (cents(one["imports"]["carats"]), one["imports"]["certificates"]) == (
                sum(cents(r["measured"]) for r in into),
                len(into),
            )
            for flow in ("imports", "exports"):
                assert [part["hs"] for part in one[flow]["by_hs"]] == ["710210", "710221", "710231"]
                assert sum(cents(part["carats"]) for part in one[flow]["by_hs"]) == cents(one[flow]["carats"])
        checkpoint = shown["checkpoint"]
        assert checkpoint["covers"]
        assert (checkpoint["size"], checkpoint["root"]) == (shown["tree_size"], port.ledger.head.root.hex())
        assert checkpoint["note"].encode() == (await client.get(f"/log/checkpoint/{checkpoint['size']}")).body

    scenario(tmp_path, story)


def cents(carats: str) -> int:
    return int(carats.replace(".", ""))


def test_statistics_wait_a_moment_for_their_checkpoint(tmp_path):
    async def story(port, client, trader):
        await client.post("/v1/records", trader.issue("BW0000001", "EU", GEMS).raw)
        port.cosign()
        await client.post("/v1/records", trader.issue("BW0000002", "EU", GEMS).raw)
        asked = asyncio.create_task(client.get("/v1/statistics"))
        await asyncio.sleep(0.1)
        port.cosign()
        shown = (await asked).json()
        assert (shown["tree_size"], shown["checkpoint"]["size"], shown["checkpoint"]["covers"]) == (2, 2, True)
        await client.post("/v1/records", trader.issue("BW0000003", "EU", GEMS).raw)
        shown = (await client.get("/v1/statistics")).json()
        assert (shown["tree_size"], shown["checkpoint"]["size"], shown["checkpoint"]["covers"]) == (3, 2, False)

    scenario(tmp_path, story, cosigning=False)


def test_other_networks_publish_no_figures(tmp_path):
    async def story(port, client, trader):
        await client.post("/v1/records", trader.issue("BW0000001", "EU", GEMS).raw)
        reply = await client.get("/v1/statistics")
        assert (reply.status, reply.json()["error"]) == (404, "not-released")
        page = await client.get("/")
        assert page.status == 200
        assert b"No figures are published yet" in page.body
        assert b"1,500" not in page.body
        assert b"1500" not in page.body

    scenario(tmp_path, story, name="pilot")


def test_an_empty_ledger_has_a_page(tmp_path):
    async def story(port, client, trader):
        page = (await client.get("/")).body.decode()
        assert "No exports yet." in page
        assert "No imports confirmed yet." in page
        shown = (await client.get("/v1/statistics")).json()
        assert (shown["participants"], shown["world_exports"]["carats"]) == ([], "0.00")

    scenario(tmp_path, story)


# --- health


def test_probes(tmp_path):
    async def story(port, client, trader):
        assert (await client.get("/livez")).body == b"ok\n"
        assert (await client.get("/readyz")).json() == {"ready": True, "checks": []}
        assert len((await client.get("/readyz?verbose")).json()["checks"]) == 2
        port.checks = (ReadyCheck("store", True, "open"), ReadyCheck("synced", False, "12 blocks behind"))
        for path in ("/readyz", "/readyz?verbose=1"):
            reply = await client.get(path)
            assert (reply.status, reply.headers["retry-after"]) == (503, "2")
            assert {"name": "synced", "ok": False, "detail": "12 blocks behind"} in reply.json()["checks"]
        assert (await client.get("/livez")).status == 200

    scenario(tmp_path, story)


# --- caching, headers, routing


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/network", "/v1/participants", "/v1/statistics", "/v1/openapi.json", "/log/policy",
                                  "/v1/certificates", "/v1/certificates/BW0000001", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"])  # fmt: skip
def test_what_the_client_holds_is_not_sent_again(tmp_path, path):
    async def story(port, client, trader):
        await client.post("/v1/records", trader.issue("BW0000001", "EU", GEMS).raw)
        token = port.tokens.issue("auditor", NOW)
        first = await client.get(path, token)
        again = await client.get(path, token, If_None_Match=first.headers["etag"])
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert (await client.get(path, token, If_None_Match='"other", W/"none"')).status == 200
        if first.headers["cache-control"].startswith("private"):
            assert (await client.get(path, If_None_Match=first.headers["etag"])).status == 401

    scenario(tmp_path, story)


def test_every_answer_has_the_security_headers(tmp_path):
    async def story(port, client, trader):
        for path in ("/", "/docs", "/v1/network", "/nothing", "/v1/certificates", "/static/site.css", "/livez"):
            headers = (await client.get(path)).headers
            policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
            assert policy.pop("default-src") == policy.pop("base-uri") == policy.pop("frame-ancestors") == "'none'", path
            assert set(policy.values()) == {"'self'"}, path
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "set-cookie" not in headers

    scenario(tmp_path, story)


def test_what_pages_name_with_its_version_never_changes(tmp_path):
    async def story(port, client, trader):
        named = set(re.findall(r"/static/[a-z.]+\?v=[0-9a-f]+", (await client.get("/")).body.decode()))
        assert {path.partition("?")[0] for path in named} == {"/static/site.css", "/static/mark.svg"}
        for path in named:
            reply = await client.get(path)
            assert (reply.status, reply.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
            for other in (path.partition("?")[0], f"{path}0"):
                plain = await client.get(other)
                assert (plain.body, plain.headers["cache-control"]) == (reply.body, "public, no-cache")
                assert (await client.get(other, If_None_Match=plain.headers["etag"])).status == 304

    scenario(tmp_path, story)


def test_routing_errors_are_problem_documents(tmp_path):
    async def story(port, client, trader):
        missing = await client.get("/v1/nothing")
        assert (missing.status, missing.json()["error"]) == (404, "not-found")
        wrong = await client.ask("DELETE", "/v1/network")
        assert (wrong.status, wrong.json()["error"], wrong.headers["allow"]) == (405, "method-not-allowed", "GET, HEAD")
        assert (await client.post("/v1/network", b"")).status == 405
        for path in ("/v1//network", "/log//tile/0/000", "/log/tile//0/000", "/v1/network/"):
            doubled = await client.get(path)
            assert (doubled.status, doubled.json()["error"]) == (404, "not-found"), path
            assert "location" not in doubled.headers
        for path in (
            "/static/../app.py",
            "/static/%2e%2e/app.py",
            "/static/nothing.css",
            "/redocs",
            "/scalar",
            "/openapi.json",
        ):
            assert (await client.get(path)).status == 404, path

    scenario(tmp_path, story)


def test_an_unforeseen_failure_tells_nothing(tmp_path):
    async def story(port, client, trader):
        def broken():
            raise RuntimeError("secret path /home/kpledger")

        port.status = broken
        with capture_logs() as logged:
            reply = await client.get("/v1/network")
        assert (reply.status, reply.json()["error"]) == (500, "internal")
        assert b"secret" not in reply.body
        assert [(line["event"], line["error"]) for line in logged] == [("http.unforeseen", "RuntimeError")]

    scenario(tmp_path, story)


# --- the document


def test_the_document_is_sound(tmp_path):
    async def story(port, client, trader):
        document = (await client.get("/v1/openapi.json")).json()
        assert document["openapi"] == "3.1.0"
        names = set(document["components"]["schemas"])
        for reference in re.findall(r'"\$ref": "([^"]+)"', (await client.get("/v1/openapi.json")).body.decode()):
            assert reference.removeprefix("#/components/schemas/") in names
        operations = [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]
        assert len({one["operationId"] for _, _, one in operations}) == len(operations) >= 22
        for path, _, one in operations:
            assert {entry["name"] for entry in one["parameters"] if entry["in"] == "path"} == set(
                re.findall(r"\{(\w+)\}", path)
            )
            assert one["summary"]
            assert one["tags"]
            assert {"429", "500", "503"} <= set(one["responses"])
            assert ("401" in one["responses"]) is ("security" in one)
        documented = {(re.sub(r"\{\w+\}", "*", path), method.upper()) for path, method, _ in operations}
        served = {
            (re.sub(r"<[^>]+>", "*", rule.rule), method)
            for rule in client.app.url_map.iter_rules()
            for method in rule.methods - {"HEAD", "OPTIONS"}
        }
        assert documented <= served
        pages = {path for path, _ in served - documented}
        assert [path for path in pages if path.startswith(("/v1", "/log", "/livez", "/readyz"))] == []

    scenario(tmp_path, story)
