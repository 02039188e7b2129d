"""node/appraisal.py and `kpledger findings sealed`: the log read and opened over the HTTP interface, by offices with other keys."""

import asyncio
import json

from api.app import create_app
from node.appraisal import examine
from node.client import ProblemError
from node.returns import Desk
from tests.support.checked import CheckedClient
from tests.support.http import running
from tests.support.port import NOW, local_port
from tests.support.trade import Trader
from tests.unit.test_cli_custody import Desk as CommandLine
from tests.unit.test_cli_custody import port_of_its_own

GEMS = [("710231", "1200.50", ["BW"])]
SECRETARIAT = "secretariat"


class Reading:
    """The interface as `node.client.Client` reads it, with one reader's token."""

    def __init__(self, client, token):
        self.client, self.token = client, token

    async def get_bytes(self, path):
        reply = await self.client.get(path, self.token)
        if reply.status != 200:
            raise ProblemError(reply.status, reply.json())
        return reply.body


def traded(tmp_path, story):
    """Runs `story(port, client)` where BW has exported the same parcel twice: AE has confirmed one, EU does not answer."""

    async def run():
        with local_port(tmp_path) as port:
            client, trader = CheckedClient(port), Trader(port.network, NOW)
            made = [trader.issue("BW0000001", "AE", GEMS), trader.issue("BW0000002", "EU", GEMS)]
            made += [trader.confirm(made[0]), trader.paper("ZA0000001", "EU", "10.00")]
            for one in made:
                assert (await client.post("/v1/records", one.raw)).status in {200, 202}
            return await story(port, client, made)

    return asyncio.run(run())


def desk(port, code, secrets=None):
    return Desk(port.ledger.ledger_id, code, secrets or [port.network.keys[code]["seal"]])


def examined(port, client, code, secrets=None):
    scope = "auditor" if code == SECRETARIAT else f"participant:{code}"
    return examine(Reading(client, port.tokens.issue(scope, NOW)), port.network.genesis, desk(port, code, secrets))


def test_each_office_finds_in_what_is_sealed_to_it(tmp_path):
    async def story(port, client, made):
        for code, opened, names in (
            (SECRETARIAT, 4, ["duplicate-parcel/BW0000002"]),
            ("BW", 3, ["duplicate-parcel/BW0000002"]),
            ("AE", 2, []),
            ("EU", 2, []),
            ("RU", 0, []),
        ):
            got = await examined(port, client, code)
            assert [f"{one.rule}/{one.about}" for one in got.found] == names, code
            assert (got.records, got.opened, got.unread) == (4, opened, ())
        (double,) = (await examined(port, client, SECRETARIAT)).found
        assert double.inputs == (made[0].id, made[1].id)
        assert double.numbers == {"days": 0, "points": 120_050, "twin": "BW0000001"}

    traded(tmp_path, story)


def test_what_does_not_open_is_counted(tmp_path):
    async def story(port, client, made):
        got = await examined(port, client, "BW", [bytes(range(32))])
        assert (got.found, got.opened, got.unread) == ((), 0, (made[0].id, made[1].id, made[2].id))
        former = [bytes(range(32)), port.network.keys["BW"]["seal"]]
        assert (await examined(port, client, "BW", former)).opened == 3

    traded(tmp_path, story)


def test_the_verb_prints_what_is_found(tmp_path):
    async def story(port, client, made):
        genesis, keys = tmp_path / "genesis.json", tmp_path / "keys"
        genesis.write_bytes(port.network.genesis_json)
        keys.mkdir(mode=0o700)
        for name in ("report", "seal"):
            (keys / name).touch(0o600)
            (keys / name).write_bytes(port.network.keys["BW"][name])
        async with running(create_app(port_of_its_own(port)), port.limits) as at:
            line = CommandLine(f"http://127.0.0.1:{at}", port.tokens, port.policy())
            words = "findings", "sealed", "--keys", str(keys), "--genesis", str(genesis)
            shown = json.loads(await line.run(*words, "--json", scope="participant:BW"))
            text = await line.run(*words, scope="participant:BW")
        (item,) = shown.pop("items")
        assert shown == {"records": 4, "opened": 3, "unread": []}
        assert (item["rule"], item["about"], item["inputs"]) == (
            "duplicate-parcel",
            "BW0000002",
            [one.id.hex() for one in made[:2]],
        )
        assert "duplicate-parcel" in text
        assert "twin BW0000001" in text
        assert text.splitlines()[-1] == "4 records, 3 sealed parts opened, 0 not readable"

    traded(tmp_path, story)


def test_values_that_break_their_commitments_are_not_judged(tmp_path, monkeypatch):
    """An issuer seals other values than those it commits to: nothing is made of them."""
    true = Trader._values

    def lying(self, cents):
        values, commitments = true(self, cents)
        return [[cents + 1, blinding] for cents, blinding in values], commitments

    monkeypatch.setattr(Trader, "_values", lying)

    async def story(port, client, made):
        got = await examined(port, client, SECRETARIAT)
        assert (got.found, got.opened, len(got.unread)) == ((), 0, 4)

    traded(tmp_path, story)
