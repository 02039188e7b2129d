"""Chains of custody, ageing and stock over HTTP: a real ledger, each answer held against the OpenAPI document."""

import asyncio

import pytest

from api.limits import MAX_WAITING_CHAINS
from api.steps import Turns
from ledger.custody import Direction, finish
from ledger.units import carats, date_of, day_number, parse_carats
from tests.support.port import NOW
from tests.support.week import trade
from tests.unit.test_api_reading import GEMS, pages, scenario


async def mixed(client, trader):
    """BW and RU to EU; EU mixes to AE, which sends some of it on to IN."""
    made = [trader.issue("BW0000001", "EU", GEMS), trader.issue("RU0000001", "EU", [("710231", "500.50", ["RU"])])]
    taken = [("BW0000001", "1000.00"), ("RU0000001", "250.00")]
    made.append(trader.issue("EU0000001", "AE", [("710231", "1300.00", [])], sources=taken))
    made.append(trader.issue("AE0000001", "IN", [("710231", "300.00", [])], sources=[("EU0000001", "300.00")]))
    for one in made:
        assert (await client.post("/v1/records", one.raw)).status == 202
        if one.body.destination != "IN":
            assert (await client.post("/v1/records", trader.confirm(one).raw)).status == 202


def test_a_paper_certificate_is_named_as_one(tmp_path):
    async def story(port, client, trader):
        assert (await client.post("/v1/records", trader.paper("LR0000001", "AE", "50.00").raw)).status == 202
        onward = trader.issue("AE0000001", "IN", [("710231", "50.00", [])], sources=[("LR0000001", "50.00")])
        assert (await client.post("/v1/records", onward.raw)).status == 202
        token = port.tokens.issue("participant:BW", NOW)
        shown = (await client.get("/v1/certificates/AE0000001/custody?direction=up", token)).json()
        assert [(one["number"], one["type"]) for one in shown["up"]["certificates"]] == [
            ("AE0000001", "re-export"),
            ("LR0000001", "paper"),
        ]
        paper = (await client.get("/v1/certificates/LR0000001", token)).json()
        assert (paper["certificate"]["type"], paper["issue"], paper["outcome"]) == ("paper", None, None)
        assert (paper["paper"]["number"], paper["paper"]["carats"]) == ("LR0000001", "50.00")

    scenario(tmp_path, story)


def test_a_chain_in_both_directions_with_its_origins(tmp_path):
    async def story(port, client, trader):
        await mixed(client, trader)
        token = port.tokens.issue("participant:BW", NOW)
        reply = await client.get("/v1/certificates/EU0000001/custody", token)
        shown = reply.json()
        assert (reply.status, shown["number"], shown["read_at_height"]) == (200, "EU0000001", 7)
        assert [(one["number"], one["level"]) for one in shown["up"]["certificates"]] == [
            ("EU0000001", 0),
            ("BW0000001", 1),
            ("RU0000001", 1),
        ]
        assert shown["up"]["certificates"][0] == {
            "number": "EU0000001", "issuer": "EU", "destination": "AE", "state": "confirmed", "type": "re-export",
            "issued": trader_date(trader, 3), "carats": "1300.00", "measured": "1300.00", "claimed": "300.00",
            "unattributed": "50.00", "beyond": "0.00", "level": 0,
        }  # fmt: skip
        assert shown["up"]["takings"] == [
            {"source": "BW0000001", "number": "EU0000001", "carats": "1000.00"},
            {"source": "RU0000001", "number": "EU0000001", "carats": "250.00"},
        ]
        assert [one["number"] for one in shown["down"]["certificates"]] == ["EU0000001", "AE0000001"]
        assert (shown["up"]["cut"], shown["down"]["cut"]) == (False, False)
        assert shown["composition"] == {
            "carats": "1300.00",
            "origins": [
                {
                    "country": "BW",
                    "zone": "",
                    "lowest": "1000.00",
                    "highest": "1050.00",
                    "pro_rata": "1000.00",
                    "stated": "0.00",
                },
                {"country": "RU", "zone": "", "lowest": "250.00", "highest": "300.00", "pro_rata": "250.00", "stated": "0.00"},
            ],
            "mixed": [{"countries": [], "pro_rata": "50.00"}],
            "exact": False,
            "closest": True,
        }
        onward = (await client.get("/v1/certificates/AE0000001/custody?direction=up", token)).json()
        assert onward["down"] is None
        assert {one["country"]: (one["lowest"], one["highest"]) for one in onward["composition"]["origins"]} == {
            "BW": ("0.00", "300.00"),
            "RU": ("0.00", "300.00"),
        }
        away = (await client.get("/v1/certificates/BW0000001/custody?direction=down", token)).json()
        assert (away["up"], away["composition"]) == (None, None)
        assert [one["number"] for one in away["down"]["certificates"]] == ["BW0000001", "EU0000001", "AE0000001"]

    scenario(tmp_path, story)


def trader_date(trader, days_ago):
    return date_of(day_number(trader.today) - days_ago)


def test_a_chain_that_is_cut_says_so(tmp_path, monkeypatch):
    async def story(port, client, trader):
        await mixed(client, trader)
        monkeypatch.setattr("ledger.custody.MAX_CHAIN_CERTIFICATES", 2)
        shown = (await client.get("/v1/certificates/AE0000001/custody", port.tokens.issue("auditor", NOW))).json()
        assert [(one["number"], one["beyond"]) for one in shown["up"]["certificates"]] == [
            ("AE0000001", "0.00"),
            ("EU0000001", "1250.00"),
        ]
        assert (shown["up"]["cut"], shown["down"]["cut"], shown["composition"]["closest"]) == (True, False, False)

    scenario(tmp_path, story)


@pytest.mark.parametrize("path", ["/v1/certificates/BW0000001/custody", "/v1/confirmations/ageing", "/v1/confirmations/open"])
def test_participants_and_auditors_read_and_nobody_else(tmp_path, path):
    async def story(port, client, trader):
        await mixed(client, trader)
        refused = await client.get(path)
        assert (refused.status, refused.json()["error"]) == (401, "unauthorized")
        assert (await client.get(path, "kpl_" + "A" * 43)).status == 401
        for scope in ("participant:BW", "participant:ZW", "auditor"):
            reply = await client.get(path, port.tokens.issue(scope, NOW))
            assert reply.status == 200
            assert reply.headers["kpledger-height"] == "7"
            assert reply.headers["cache-control"] == "private, no-cache"
            assert reply.headers["vary"] == "Authorization"

    scenario(tmp_path, story)


def test_stock_is_for_auditors(tmp_path):
    async def story(port, client, trader):
        await mixed(client, trader)
        assert (await client.get("/v1/participants/EU/stock")).status == 401
        for scope in ("participant:BW", "participant:EU"):
            refused = await client.get("/v1/participants/EU/stock", port.tokens.issue(scope, NOW))
            assert (refused.status, refused.json()["error"], refused.json()["limit"]) == (403, "forbidden", "auditor")
        token = port.tokens.issue("auditor", NOW)
        shown = (await client.get("/v1/participants/EU/stock", token)).json()
        assert shown["total"] == {
            "opening": "0.00", "production": "0.00", "imports": "2001.00", "exports": "1300.00", "stock": "701.00", "uncovered": "0.00",
            "uncovered_percent": "0.00", "import_certificates": 2, "export_certificates": 1,
        }  # fmt: skip
        assert [(one["hs"], one["stock"]) for one in shown["by_hs"]] == [
            ("710210", "0.00"),
            ("710221", "300.00"),
            ("710231", "401.00"),
        ]
        short = (await client.get("/v1/participants/BW/stock", token)).json()["total"]
        assert (short["stock"], short["uncovered"], short["uncovered_percent"]) == (
            "-1500.50",
            "1500.50",
            "100.00",
        )
        for unknown in ("XX", "bw", "secretariat", "B%00"):
            missing = await client.get(f"/v1/participants/{unknown}/stock", token)
            assert (missing.status, missing.json()["field"], missing.json()["read_at_height"]) == (404, "code", 7)

    scenario(tmp_path, story)


def test_what_is_not_there_or_not_allowed(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("auditor", NOW)
        for unknown in ("BW0000002", "bw0000001", "x" * 500, "BW000000%FF"):
            missing = await client.get(f"/v1/certificates/{unknown}/custody", token)
            assert (missing.status, missing.json()["field"]) == (404, "number")
            assert (missing.headers["kpledger-height"], missing.json()["read_at_height"]) == ("0", 0)
        for path, field in (
            ("/v1/certificates/BW0000001/custody?direction=left", "direction"),
            ("/v1/certificates/BW0000001/custody?direction=up&direction=up", "direction"),
            ("/v1/certificates/BW0000001/custody?depth=2", "depth"),
            ("/v1/confirmations/open?issuer=bw", "issuer"),
        ):
            bad = await client.get(path, token)
            assert (bad.status, bad.json()["error"], bad.json()["field"]) == (400, "bad-parameter", field), path

    scenario(tmp_path, story)


@pytest.mark.parametrize(
    "path", ["/v1/certificates/BW0000001/custody", "/v1/confirmations/ageing", "/v1/participants/EU/stock"]
)
def test_an_answer_is_asked_for_again_by_its_tag(tmp_path, path):
    async def story(port, client, trader):
        await mixed(client, trader)
        token = port.tokens.issue("auditor", NOW)
        first = await client.get(path, token)
        again = await client.get(path, token, If_None_Match=first.headers["etag"])
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
        await client.post("/v1/records", trader.issue("RU0000009", "EU", GEMS).raw)
        assert (await client.get(path, token, If_None_Match=first.headers["etag"])).status == 200

    scenario(tmp_path, story)


def test_ageing_is_by_destination(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("participant:EU", NOW)
        for number, destination, days in (("BW0000001", "EU", 20), ("BW0000002", "EU", 1), ("BW0000003", "AE", 3)):
            await client.post("/v1/records", trader.issue(number, destination, GEMS, days_ago=days).raw)
        shown = (await client.get("/v1/confirmations/ageing", token)).json()
        assert shown["today"] == trader.today
        assert [(one["destination"], one["certificates"], one["carats"]) for one in shown["destinations"]] == [
            ("AE", 1, "1500.50"),
            ("EU", 2, "3001.00"),
        ]
        owed = shown["destinations"][1]
        assert owed["oldest"] == trader_date(trader, 20)
        assert [(one["from_days"], one["to_days"], one["certificates"]) for one in owed["by_age"]] == [
            (0, 30, 2),
            (31, 60, 0),
            (61, 90, 0),
            (91, None, 0),
        ]

    scenario(tmp_path, story)


def test_open_confirmations_by_issuer(tmp_path):
    async def story(port, client, trader):
        await trade(port)
        token = port.tokens.issue("auditor", NOW)
        every = await pages(client, "/v1/confirmations/open?limit=500", token)
        issuers = sorted({row["issuer"] for row in every})
        assert len(issuers) > 1
        for issuer in issuers:
            rows = await pages(client, f"/v1/confirmations/open?limit=1&issuer={issuer}", token)
            assert rows == [row for row in every if row["issuer"] == issuer]
        owed = (await client.get("/v1/confirmations/ageing", token)).json()["destinations"]
        assert {one["destination"]: one["certificates"] for one in owed} == {
            code: sum(row["destination"] == code for row in every) for code in {row["destination"] for row in every}
        }
        one = every[0]
        both = f"/v1/confirmations/open?limit=2&issuer={one['issuer']}&destination={one['destination']}"
        assert one in await pages(client, both, token)

    scenario(tmp_path, story)


def test_every_chain_of_a_week_adds_up(tmp_path):
    async def story(port, client, trader):
        await trade(port)
        token = port.tokens.issue("auditor", NOW)
        for row in await pages(client, "/v1/certificates?limit=500", token):
            shown = (await client.get(f"/v1/certificates/{row['number']}/custody", token)).json()
            assert shown["up"]["certificates"][0]["carats"] == row["carats"] == shown["composition"]["carats"]
            parts = [one["pro_rata"] for one in shown["composition"]["origins"] if not one["zone"]]
            parts += [one["pro_rata"] for one in shown["composition"]["mixed"]]
            assert carats(sum(parse_carats(part) for part in parts)) == row["carats"]
            found = finish(port.ledger.custody(row["number"]))
            assert found.up.direction is Direction.UP
            assert len(found.down.links) == len(shown["down"]["certificates"])

    scenario(tmp_path, story)


def test_chains_are_made_one_at_a_time_and_never_too_many_wait(tmp_path):
    async def story(port, client, trader):
        await mixed(client, trader)
        token = port.tokens.issue("auditor", NOW)
        path = "/v1/certificates/EU0000001/custody"
        replies = await asyncio.gather(*(client.get(path, token) for _ in range(4 * MAX_WAITING_CHAINS)))
        statuses = [reply.status for reply in replies]
        assert MAX_WAITING_CHAINS <= statuses.count(200) < 2 * MAX_WAITING_CHAINS, (
            "they come in one by one while others are made"
        )
        assert statuses.count(200) + statuses.count(503) == len(statuses)
        (refused, *_) = (reply for reply in replies if reply.status == 503)
        assert refused.json()["error"] == "overloaded"
        assert int(refused.headers["retry-after"]) >= 1
        assert (await client.get(path, token)).status == 200

    scenario(tmp_path, story)


def test_work_that_nobody_waits_for_any_more_ends():
    async def run():
        turns, ended = Turns(), []

        def endless():
            try:
                while True:
                    yield
            finally:
                ended.append(True)

        def short():
            yield
            return "done"

        task = asyncio.create_task(turns.run(endless()))
        waiting = asyncio.create_task(turns.run(short()))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        task.cancel()
        assert await waiting == "done"
        assert ended == [True]

    asyncio.run(run())


def test_a_failure_between_steps_is_told_and_gives_the_turn_on():
    async def run():
        turns = Turns()

        def broken():
            yield
            raise ValueError("damaged")

        def short():
            yield
            return 1

        with pytest.raises(ValueError, match="damaged"):
            await turns.run(broken())
        assert await turns.run(short()) == 1

    asyncio.run(run())
