"""`/v1/findings` over a real ledger: who sees which, filters, pages, names with slashes, rules with their thresholds."""

import pytest

from ledger.bodies import CloseBody
from ledger.findings import RULES
from ledger.limits import MAX_FINDING_CHARACTERS, MAX_SHOWN_FINDINGS
from ledger.parameters import PARAMETERS
from tests.support.port import NOW
from tests.unit.test_api_plenary import proposal
from tests.unit.test_api_reading import pages, scenario

GEMS = [("710231", "1200.50", ["BW"]), ("710221", "300.00", ["BW"])]
NAMES = [
    "quick-transit/RU0000001", "discrepancy/RU0000001", "no-receipt-code/BW0000002", "late-issue/BW0000001",
]  # fmt: skip


async def told(client, trader):
    """BW0000001 comes ten days late; of BW0000002 no code is stated; RU0000001 arrives on the day it left, and lighter."""
    late, plain = trader.issue("BW0000001", "EU", GEMS, days_ago=10), trader.issue("BW0000002", "AE", GEMS)
    russian = trader.issue("RU0000001", "EU", [("710231", "100.00", ["RU"])])
    outcome = trader.confirm(russian, outcome="discrepancy", lines=[("710231", "99.50")], days_ago=3)
    for made in (late, plain, russian):
        assert (await client.post("/v1/records", made.raw)).status == 202
    codeless = trader.confirm(plain, without_code=True)
    for made in (codeless, outcome):
        assert (await client.post("/v1/records", made.raw)).status == 202
    return late, plain, russian, codeless, outcome


def names(items):
    return [item["name"] for item in items]


def test_an_auditor_sees_all_of_them(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("auditor", NOW)
        assert (await client.get("/v1/findings", token)).json() == {"read_at_height": 0, "next": None, "items": []}
        *_, russian, _, outcome = await told(client, trader)
        reply = await client.get("/v1/findings", token)
        assert (reply.headers["cache-control"], reply.headers["kpledger-height"]) == ("private, no-cache", "5")
        shown = reply.json()
        assert (shown["read_at_height"], shown["next"], names(shown["items"])) == (5, None, NAMES)
        assert shown["items"][1] == {
            "name": "discrepancy/RU0000001", "rule": "discrepancy", "about": "RU0000001", "version": 1, "severity": "medium",
            "status": "open", "participants": ["RU", "EU"], "certificates": ["RU0000001"],
            "records": [russian.id.hex(), outcome.id.hex()], "first_seen": 5, "height": 5, "serial": 2,
            "figures": {
                "issued_carats": "100.00", "measured_carats": "99.50", "difference_carats": "-0.50", "issued_parcels": 1,
                "measured_parcels": 1, "days_expired": 0,
            },
        }  # fmt: skip
        assert shown["items"][3]["figures"] == {"days": 10}
        assert (await client.get("/v1/findings", token, If_None_Match=reply.headers["etag"])).status == 304

    scenario(tmp_path, story)


def test_filters_and_pages(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("auditor", NOW)
        await told(client, trader)
        for limit in (1, 2, 3):
            assert names(await pages(client, f"/v1/findings?limit={limit}", token)) == NAMES
        for filters, left in (
            ("rule=discrepancy", [1]),
            ("rule=splitting", []),
            ("participant=BW", [2, 3]),
            ("participant=EU", [0, 1]),
            ("participant=XX", []),
            ("severity=medium", [0, 1]),
            ("severity=low", [2, 3]),
            ("severity=high", []),
            ("status=open", [0, 1, 2, 3]),
            ("status=resolved", []),
            ("participant=RU&severity=medium&status=open&rule=quick-transit", [0]),
            ("certificate=RU0000001", [0, 1]),
            ("certificate=BW0000002", [2]),
            ("certificate=RU000000", []),
            ("certificate=RU0000001&rule=quick-transit", [0]),
            ("certificate=RU0000001&severity=medium&participant=EU", [0, 1]),
            ("certificate=RU0000001&severity=low", []),
            ("certificate=RU0000001&status=resolved", []),
            ("certificate=RU0000001&participant=BW", []),
        ):
            found = await pages(client, f"/v1/findings?limit=1&{filters}", token)
            assert names(found) == [NAMES[place] for place in left], filters

    scenario(tmp_path, story)


def test_a_participant_sees_those_that_concern_it(tmp_path):
    async def story(port, client, trader):
        await told(client, trader)
        for code, left in (("BW", [2, 3]), ("EU", [0, 1]), ("RU", [0, 1]), ("AE", [2]), ("IN", [])):
            token = port.tokens.issue(f"participant:{code}", NOW)
            own = [NAMES[place] for place in left]
            assert names(await pages(client, "/v1/findings?limit=1", token)) == own
            assert names(await pages(client, f"/v1/findings?participant={code}", token)) == own
            other = "AE" if code != "AE" else "BW"
            refused = await client.get(f"/v1/findings?participant={other}", token)
            assert (refused.status, refused.json()["limit"]) == (403, "auditor")
            for name in NAMES:
                one = await client.get(f"/v1/findings/{name}", token)
                assert one.status == (200 if name in own else 404)
            for number in ("BW0000001", "BW0000002", "RU0000001"):
                about = [name for name in own if name.endswith(number)]
                assert names(await pages(client, f"/v1/findings?limit=1&certificate={number}", token)) == about
                certificate = (await client.get(f"/v1/certificates/{number}", token)).json()
                assert (names(certificate["findings"]), certificate["more_findings"]) == (about, False)

    scenario(tmp_path, story)


def test_the_public_sees_none(tmp_path):
    async def story(port, client, trader):
        await told(client, trader)
        expired = port.tokens.issue("auditor", NOW - 2 * 86_400_000, days=1)
        for path in ("/v1/findings", "/v1/findings?status=open", "/v1/findings/rules", f"/v1/findings/{NAMES[0]}"):
            for token in ("", "wrong", expired):
                reply = await client.get(path, token)
                assert reply.status == 401
                assert b"RU0000001" not in reply.body

    scenario(tmp_path, story)


def test_one_by_its_name(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("auditor", NOW)
        await told(client, trader)
        reply = await client.get("/v1/findings/quick-transit/RU0000001", token)
        shown = reply.json()
        assert shown["read_at_height"] == 5
        assert shown["finding"]["figures"] == {"days": 0, "received": "2026-09-18", "validated": "2026-09-18"}
        assert shown["meaning"] == RULES["quick-transit"].meaning
        same = await client.get("/v1/findings/quick-transit/RU0000001", token, If_None_Match=reply.headers["etag"])
        assert same.status == 304
        for absent in ("quick-transit/RU0000002", "quick/RU0000001", "quick-transit/" + "x" * MAX_FINDING_CHARACTERS, "a/b/c"):
            missing = await client.get(f"/v1/findings/{absent}", token)
            assert (missing.status, missing.json()["field"], missing.headers["kpledger-height"]) == (404, "finding", "5")

    scenario(tmp_path, story)


def test_a_subject_may_hold_slashes(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("auditor", NOW)
        for day in range(32, 3, -7):  # five weeks with one certificate each, then six of them in a week under a proposal
            port.clock = trader.now_ms = NOW - day * 86_400_000 + 3 * 86_400_000
            made = trader.issue(f"RU000{day:04}", "EU", [("710231", "1.00", ["RU"])])
            assert (await client.post("/v1/records", made.raw)).status == 202
        port.clock = trader.now_ms = NOW + 5 * 86_400_000
        asked = proposal(trader, "Suspend", 9)
        assert (await client.post("/v1/records", asked.raw)).status == 202
        for serial in range(6):
            made = trader.issue(f"RU000{serial + 500:04}", "EU", [("710231", "1.00", ["RU"])])
            assert (await client.post("/v1/records", made.raw)).status == 202
        (found,) = (await client.get("/v1/findings?rule=rush", token)).json()["items"]
        assert found["name"] == f"rush/RU/{asked.id.hex()}/0"
        for about in (found["about"], found["about"].replace("/", "%2F")):
            assert (await client.get(f"/v1/findings/rush/{about}", token)).json()["finding"] == found

    scenario(tmp_path, story)


def test_a_certificate_shows_the_newest_and_says_whether_there_are_more(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("auditor", NOW)
        lines = [("710231", "100.00", [])]
        first = trader.issue("BW0000001", "EU", lines, days_ago=5)
        await client.post("/v1/records", first.raw)
        await client.post("/v1/records", trader.confirm(first).raw)
        back = [
            trader.issue(f"EU{serial:07}", "BW", [("710231", "1.00", [])], sources=[("BW0000001", "1.00")])
            for serial in range(MAX_SHOWN_FINDINGS + 1)
        ]
        for count, made in enumerate(back):
            assert (await client.post("/v1/records", made.raw)).status == 202
            if count in {0, MAX_SHOWN_FINDINGS - 1, MAX_SHOWN_FINDINGS}:
                shown = (await client.get("/v1/certificates/BW0000001", token)).json()
                assert shown["more_findings"] is (count == MAX_SHOWN_FINDINGS)
                newest = [f"circular-custody/{one.body.number}" for one in reversed(back[: count + 1])][:MAX_SHOWN_FINDINGS]
                assert names(shown["findings"]) == newest
        every = await pages(client, "/v1/findings?certificate=BW0000001&limit=20", token)
        assert names(every) == [f"circular-custody/{one.body.number}" for one in reversed(back)]
        assert every[0]["certificates"] == [back[-1].body.number, "BW0000001"]
        last = back[-1].body.number
        close = trader.statement("certificate.close", CloseBody(number=last, reason="void"), "EU", "issue")
        assert (await client.post("/v1/records", close.raw)).status == 202
        (resolved,) = await pages(client, "/v1/findings?status=resolved&rule=circular-custody", token)
        assert (resolved["about"], resolved["status"]) == (last, "resolved")
        assert (resolved["first_seen"], resolved["height"]) == (every[0]["first_seen"], every[0]["first_seen"] + 1)
        still = await pages(client, "/v1/findings?status=open&rule=circular-custody&limit=7", token)
        assert names(still) == names(every[1:])
        assert names(await pages(client, "/v1/findings?certificate=BW0000001&limit=20", token)) == names(every)

    scenario(tmp_path, story)


def test_rules_with_the_thresholds_in_force(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("participant:BW", NOW)
        reply = await client.get("/v1/findings/rules", token)
        shown = {rule["rule"]: rule for rule in reply.json()["rules"]}
        assert list(shown) == sorted(RULES)
        assert (await client.get("/v1/findings/rules", token, If_None_Match=reply.headers["etag"])).status == 304
        drift = {one["parameter"]: one for one in shown["discrepancy-drift"]["thresholds"]}
        assert drift["drift-per-mille"] == {
            "parameter": "drift-per-mille", "value": 1, "least": 1, "most": 1_000,
            "meaning": PARAMETERS["drift-per-mille"].meaning,
        }  # fmt: skip
        assert shown["discrepancy"] == {
            "rule": "discrepancy", "version": 1, "meaning": RULES["discrepancy"].meaning, "thresholds": [],
        }  # fmt: skip

    scenario(tmp_path, story)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("rule=sloth", "rule"),
        ("rule=", "rule"),
        ("participant=bw", "participant"),
        ("status=closed", "status"),
        ("severity=grave", "severity"),
        ("certificate=BW1", "certificate"),
        ("cursor=AAAA", "cursor"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("about=BW0000001", "about"),
    ],
)
def test_parameters_are_checked(tmp_path, query, field):
    async def story(port, client, trader):
        for scope in ("auditor", "participant:BW"):
            reply = await client.get(f"/v1/findings?{query}", port.tokens.issue(scope, NOW))
            assert (reply.status, reply.json()["field"]) == (400, field)
        if query.startswith("rule=sloth"):
            assert "unconfirmed" in reply.json()["limit"]

    scenario(tmp_path, story)
