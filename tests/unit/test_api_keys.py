"""`/v1/keys/{holder}`: a real ledger, each answer held against the OpenAPI document."""

from nacl.bindings import crypto_scalarmult_base, crypto_sign_seed_keypair

from ledger.bodies import KeyAddBody, KeyRevokeBody
from ledger.units import block_date
from tests.unit.test_api_reading import scenario

NEW = crypto_sign_seed_keypair(b"n" * 32)[0]
SEAL = crypto_scalarmult_base(b"s" * 32)


def test_keys_are_those_that_are_registered_now(tmp_path):
    async def story(port, client, trader):
        before = (await client.get("/v1/keys/BW")).json()
        office = before["keys"][0]["authority"]
        known = before["keys"][0]["key"]
        epoch = before["seals"][-1]["epoch"] + 1
        filed = [
            trader.statement("key.add", KeyAddBody(key=NEW, roles=("issue", "confirm"), authority=office), "BW", "root"),
            trader.statement("key.add", KeyAddBody(key=SEAL, roles=("seal",), epoch=epoch), "BW", "root"),
            trader.statement("key.revoke", KeyRevokeBody(bytes.fromhex(known)), "BW", "root"),
        ]
        assert (await client.get(f"/v1/keys/{NEW.hex()}")).status == 404
        for one in filed:
            assert (await client.post("/v1/records", one.raw)).status == 202
        after = (await client.get("/v1/keys/BW")).json()
        today = block_date(port.ledger.head.time)
        keys = {one["key"]: one for one in after["keys"]}
        assert keys[NEW.hex()] == {
            "key": NEW.hex(),
            "authority": office,
            "roles": ["issue", "confirm"],
            "since": today,
            "until": "",
        }
        assert keys[known]["until"] == today
        assert after["seals"] == [*before["seals"], {"epoch": epoch, "key": SEAL.hex(), "since": today, "until": ""}]
        assert (await client.get(f"/v1/keys/{NEW.hex()}")).json() == after
        assert (await client.get(f"/v1/keys/{known}")).json()["holder"] == "BW"
        secretariat = (await client.get("/v1/keys/secretariat")).json()
        assert (secretariat["holder"], secretariat["keys"][0]["authority"]) == ("secretariat", "")
        for nobody in ("ZZ", "0" * 64, "a" * 63):
            assert (await client.get(f"/v1/keys/{nobody}")).status == 404

    scenario(tmp_path, story)
