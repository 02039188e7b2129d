"""`/v1/records/{id}/shares` and the envelope for later readers: from a `sealed.share` to the opened fields, over HTTP alone."""

import asyncio

from nacl.bindings import crypto_scalarmult_base

from ledger.bodies import SEALED_SHARE, ShareBody
from ledger.record import build_statement, record_id, sign_statement
from ledger.unsealing import open_envelope, open_wrapped, rewrap, wrap_of
from tests.support.checked import CheckedClient
from tests.support.port import NOW, local_port
from tests.support.trade import Trader


def test_a_later_reader_gets_the_envelope_and_its_key(tmp_path):
    async def run():
        with local_port(tmp_path) as port:
            await story(port, CheckedClient(port), Trader(port.network, NOW))

    async def story(port, client, trader):
        keys, ledger_id = port.network.keys, port.ledger.ledger_id
        made = trader.issue("BW0000001", "EU", [("710231", "10.00", ["BW"])])
        await client.post("/v1/records", made.raw)
        path, token = f"/v1/records/{made.id.hex()}", port.tokens.issue("participant:AE", NOW)
        assert (await client.get(f"{path}/envelope", token)).status == 403
        assert (await client.get(f"{path}/shares", token)).json()["items"] == []
        epoch, public = port.ledger.register.epochs("AE", NOW)[0], crypto_scalarmult_base(keys["AE"]["seal"])
        own = wrap_of(made.envelope, "BW")
        wrap = rewrap(ledger_id, made.envelope, own, keys["BW"]["seal"], public, trader.random)
        statement = build_statement(SEALED_SHARE, "BW", NOW, ShareBody(epoch, "AE", made.body.rid, wrap))
        raw = sign_statement(ledger_id, keys["BW"]["audit"], statement)
        assert (await client.post("/v1/records", raw)).status in {200, 202}
        envelope = (await client.get(f"{path}/envelope", token)).body
        (row,) = (await client.get(f"{path}/shares", token)).json()["items"]
        assert row == {"reader": "AE", "epoch": epoch, "id": record_id(raw).hex()}
        given = bytes.fromhex((await client.get(f"/v1/records/{row['id']}", token)).json()["body"]["wrap"])
        fields = open_wrapped(ledger_id, envelope, given, keys["AE"]["seal"])
        assert fields == open_envelope(ledger_id, made.envelope, "EU", keys["EU"]["seal"])
        other = port.tokens.issue("participant:RU", NOW)
        assert (await client.get(f"{path}/envelope", other)).status == 403
        assert (await client.get(f"{path}/shares", other)).json()["items"] == [row]
        assert (await client.get(f"{path}/shares")).status == 401
        assert (await client.get(f"/v1/records/{row['id']}/shares", token)).json()["items"] == []
        assert (await client.get(f"/v1/records/{'00' * 32}/shares", token)).status == 404
        assert (await client.get("/v1/records/xyz/shares", token)).status in {400, 404}

    asyncio.run(run())
