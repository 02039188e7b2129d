"""`kpledger findings` and the findings of `certificate show`: real processes against a node's interface."""

import asyncio
import json

from api.app import create_app
from tests.support.checked import CheckedClient
from tests.support.http import running
from tests.support.port import NOW, local_port
from tests.support.trade import Trader
from tests.unit.test_api_findings import NAMES, told
from tests.unit.test_cli_custody import Desk, port_of_its_own


def desk(tmp_path, story):
    """Runs `story(desk, records)` on a ledger with the findings of the interface's tests."""

    async def run():
        with local_port(tmp_path) as port:
            made = await told(CheckedClient(port), Trader(port.network, NOW))
            async with running(create_app(port_of_its_own(port)), port.limits) as at:
                await story(Desk(f"http://127.0.0.1:{at}", port.tokens, port.policy()), made)

    asyncio.run(run())


def rows(text):
    return [line.split() for line in text.splitlines()]


def test_lists(tmp_path):
    async def story(desk, made):
        every, chosen, own, as_json, resolved, first, named = await asyncio.gather(
            desk.run("findings", "list"),
            desk.run("findings", "list", "--rule", "discrepancy", "--participant", "EU", "--severity", "medium"),
            desk.run("findings", "list", scope="participant:AE"),
            desk.run("findings", "list", "--all", "--json"),
            desk.run("findings", "list", "--status", "resolved"),
            desk.run("findings", "list", "--limit", "1"),
            desk.run("findings", "list", "--certificate", "BW0000001"),
        )
        assert [row[2] for row in rows(every) if row[:1] in (["low"], ["medium"])] == NAMES
        assert "4 open at height 5" in every
        (found,) = [line for line in chosen.splitlines() if line.startswith("medium")]
        assert found.split()[:6] == ["medium", "open", "discrepancy/RU0000001", "RU", "EU", "5"]
        assert "measured carats 99.50" in found
        assert "difference carats -0.50" in found
        assert [row[2] for row in rows(own) if row[:1] == ["low"]] == ["no-receipt-code/BW0000002"]
        assert [item["name"] for item in json.loads(as_json)["items"]] == NAMES
        assert "0 resolved at height 5" in resolved
        assert "1 open at height 5; there are more: raise --limit" in first
        assert "late-issue/BW0000001" in named
        assert "1 open and resolved at height 5" in named

    desk(tmp_path, story)


def test_one_and_the_rules(tmp_path):
    async def story(desk, made):
        *_, russian, _, outcome = made
        one, as_json, missing, forbidden, listed, rules_json, shown, not_shown = await asyncio.gather(
            desk.run("findings", "show", "discrepancy/RU0000001"),
            desk.run("findings", "show", "discrepancy/RU0000001", "--json"),
            desk.run("findings", "show", "discrepancy/RU0000002", code=1),
            desk.run("findings", "list", "--participant", "BW", scope="participant:AE", code=77),
            desk.run("findings", "rules", scope="participant:BW"),
            desk.run("findings", "rules", "--json"),
            desk.run("certificate", "show", "RU0000001"),
            desk.run("certificate", "show", "RU0000001", scope="participant:AE"),
        )
        assert one.startswith("discrepancy/RU0000001\nWhat arrived differs from what was issued.\n")
        fields = rows(one)
        for line in (["severity", "medium"], ["issued", "carats", "100.00"], ["difference", "carats", "-0.50"]):
            assert line in fields
        assert ["participants", "RU,", "EU"] in fields
        assert "certificate show RU0000001" in one
        for record in (russian, outcome):
            assert f"{desk.url}/v1/records/{record.id.hex()}" in one.splitlines()
        assert json.loads(as_json)["finding"]["figures"]["measured_carats"] == "99.50"
        assert "finding" in missing
        assert "auditor" in forbidden
        assert "late-issue-days 7" in listed
        assert "drift-outcomes 20, drift-per-mille 1" in listed
        assert {"rule", "version", "meaning", "thresholds"} == set(json.loads(rules_json)["rules"][0])
        assert "discrepancy/RU0000001" in shown
        assert "discrepancy/RU0000001" not in not_shown

    desk(tmp_path, story)
