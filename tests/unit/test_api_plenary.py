"""`/v1/proposals`: a real ledger, each answer held against the OpenAPI document."""

from ledger.bodies import PositionBody, ProposeBody
from tests.support.port import NOW
from tests.unit.test_api_reading import pages, scenario

DAY_MS = 86_400_000


def proposal(trader, title, days=1, **changes):
    fields = {
        "closes": NOW + days * DAY_MS,
        "decision": "suspend",
        "effective": "2030-01-01",
        "procedure": "plenary",
        "subject": "RU",
        "title": title,
    }
    return trader.statement("plenary.propose", ProposeBody(**(fields | changes)), "BW", "govern")


def test_proposals_are_listed_with_their_positions(tmp_path):
    async def story(port, client, trader):
        token = port.tokens.issue("participant:BW", NOW)
        assert (await client.get("/v1/proposals")).status == 401
        made = [proposal(trader, f"Proposal {number}", number + 1) for number in range(5)]
        for one in made:
            assert (await client.post("/v1/records", one.raw)).status == 202
        stand = trader.statement("plenary.position", PositionBody("support", made[0].id), "AE", "govern")
        assert (await client.post("/v1/records", stand.raw)).status == 202
        reply = (await client.get("/v1/proposals?state=open", token)).json()
        shown = {one["id"]: one for one in reply["items"]}
        assert list(shown) == sorted(one.id.hex() for one in made)
        first = shown[made[0].id.hex()]
        assert first["positions"] == [{"participant": "AE", "position": "support"}]
        assert (first["tally"], first["outcome"], first["title"], first["support_needed"]) == ("1/0/0", "", "Proposal 0", 20)
        found = await pages(client, "/v1/proposals?limit=2", token)
        assert [one["id"] for one in found] == list(shown)
        record = (await client.get(f"/v1/records/{made[0].id.hex()}", token)).json()
        assert record["body"]["decision"] == "suspend"
        assert (record["body"]["zones"], record["body"]["root"]) == ([], "")

    scenario(tmp_path, story)
