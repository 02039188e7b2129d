"""Submitting records and reading them back, over a real ledger; every answer is held against the OpenAPI document."""

import asyncio
import json

import pytest
from nacl.bindings import crypto_sign_seed_keypair

from api.errors import NotReady, Overloaded
from api.limits import ApiLimits
from ledger.drafts import make_equivocation, make_node_ready, make_node_set
from ledger.limits import AT_PAST_MS
from ledger.note import parse_note
from ledger.participants import Node
from ledger.policy import parse_policy
from ledger.receipt import verify_receipt
from ledger.record import encode_batch, encode_submission, parse_submission, sign_statement
from ledger.state import Block
from ledger.units import DAY_MS
from ledger.unsealing import open_envelope
from tests.support.checked import CheckedClient
from tests.support.port import NOW, local_port
from tests.support.trade import Trader

GEMS = [("710231", "1200.50", ["BW"]), ("710221", "300.00", ["BW", "ZA"])]


def scenario(tmp_path, story, **options):
    """Runs `story(port, client, trader)` over a new ledger."""

    async def run():
        with local_port(tmp_path, **options) as port:
            return await story(port, CheckedClient(port), Trader(port.network, NOW))

    return asyncio.run(run())


def test_a_record_becomes_final_and_its_receipt_verifies(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        reply = await client.post("/v1/records?wait=final", made.raw)
        assert reply.status == 200
        answer = reply.json()
        assert (answer["id"], answer["index"], answer["height"]) == (made.id.hex(), 0, 1)
        assert set(answer) == {"id", "index", "height", "receipt"}
        assert reply.headers["location"] == f"/v1/records/{made.id.hex()}"
        assert reply.headers["cache-control"] == "no-store"
        verdict = verify_receipt(answer["receipt"], parse_policy(port.policy().encode()))
        assert (verdict.record, verdict.index) == (made.record, 0)

    scenario(tmp_path, story)


def test_without_waiting_the_answer_is_the_id(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        reply = await client.post("/v1/records", made.raw)
        assert (reply.status, reply.json()) == (202, {"id": made.id.hex()})

    scenario(tmp_path, story)


def test_waiting_ends_with_202_and_asking_again_gets_the_receipt(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        reply = await client.post("/v1/records?wait=final", made.raw)
        assert (reply.status, reply.json()) == (202, {"id": made.id.hex()})
        waiting = asyncio.create_task(client.post("/v1/records?wait=final", made.raw))
        await asyncio.sleep(0.02)
        port.cosign()
        assert (await waiting).status == 200
        again = await client.post("/v1/records", made.raw)
        assert (again.status, again.body) == (200, (await waiting).body)
        assert port.ledger.head.tree_size == 1

    scenario(tmp_path, story, cosigning=False, limits=ApiLimits(final_wait_s=0.1))


def changed(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


@pytest.mark.parametrize(
    ("damage", "status", "error"),
    [
        (lambda made: b"", 400, "malformed"),
        (lambda made: b"\xc1", 400, "malformed"),
        (lambda made: made.raw[:-1], 400, "malformed"),
        (lambda made: made.raw + b"\0", 400, None),
        (lambda made: made.record, 422, "envelope-missing"),
        (
            lambda made: encode_submission(changed(made.record, made.record.index(b"\xc4\x40") + 7), made.envelope),
            422,
            "bad-signature",
        ),
    ],
)
def test_refusals_name_the_rule(tmp_path, damage, status, error):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        reply = await client.post("/v1/records", damage(made))
        assert reply.status == status
        problem = reply.json()
        assert problem["status"] == status
        assert error is None or problem["error"] == error
        assert problem["type"] == f"http://node.test/docs#{problem['error']}"
        assert reply.headers["content-type"] == "application/problem+json"
        assert port.ledger.head.tree_size == 0

    scenario(tmp_path, story)


def test_a_refusal_gives_field_figure_and_limit(tmp_path):
    async def story(port, client, trader):
        first = trader.issue("BW0000001", "EU", GEMS)
        assert (await client.post("/v1/records?wait=final", first.raw)).status == 200
        assert (await client.post("/v1/records?wait=final", trader.confirm(first).raw)).status == 200
        taken = trader.issue("EU0000001", "IN", [("710231", "1600.00", [])], sources=[("BW0000001", "1600.00")])
        reply = await client.post("/v1/records", taken.raw)
        problem = reply.json()
        assert (reply.status, problem["error"]) == (422, "carats-exceed-source")
        assert (problem["given"], problem["limit"]) == ("1600.00", "1500.50")
        assert problem["field"].startswith("sources[0]")
        double = await client.post("/v1/records", trader.issue("BW0000001", "IN", GEMS).raw)
        assert (double.status, double.json()["error"]) == (422, "number-used")

    scenario(tmp_path, story)


def test_a_batch_answers_each_by_itself(tmp_path):
    async def story(port, client, trader):
        good, other = trader.issue("BW0000001", "EU", GEMS), trader.issue("RU0000001", "AE", [("710231", "5.00", ["RU"])])
        again = trader.issue("BW0000001", "AE", GEMS)
        reply = await client.post(
            "/v1/records/batch?wait=final", encode_batch([good.raw, again.raw, b"\xc0", other.raw, good.raw])
        )
        assert reply.status == 200
        first, second, third, fourth, fifth = reply.json()
        assert (first["id"], first["index"]) == (good.id.hex(), 0)
        assert (second["status"], second["error"]) == (422, "number-used")
        assert third["status"] == 400
        assert (fourth["id"], fourth["index"]) == (other.id.hex(), 1)
        assert (fifth["id"], fifth["index"]) == (good.id.hex(), 0)
        later = await client.post("/v1/records/batch", encode_batch([trader.issue("BW0000002", "EU", GEMS).raw]))
        assert [set(item) for item in later.json()] == [{"id"}]
        assert (await client.post("/v1/records/batch", encode_batch([]))).json() == []
        assert (await client.post("/v1/records/batch", b"\x91")).status == 400
        assert (await client.post("/v1/records/batch", good.raw)).status in {400, 422}

    scenario(tmp_path, story)


@pytest.mark.parametrize(
    ("trouble", "status", "error", "retry"),
    [
        (Overloaded(0.2), 503, "overloaded", "1"),
        (Overloaded(2.4, "the mempool is full"), 503, "overloaded", "3"),
        (Overloaded(5, "quota", quota=True), 429, "too-many-requests", "5"),
        (NotReady(7, "catching up"), 503, "not-ready", "7"),
    ],
)
def test_a_node_that_cannot_take_more_says_when_to_ask_again(tmp_path, trouble, status, error, retry):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        port.trouble = trouble
        for path, body in (("/v1/records", made.raw), ("/v1/records/batch", encode_batch([made.raw]))):
            reply = await client.post(path, body)
            assert (reply.status, reply.json()["error"], reply.headers["retry-after"]) == (status, error, retry)

    scenario(tmp_path, story)


def test_single_items_of_a_batch_may_meet_a_full_node(tmp_path):
    async def story(port, client, trader):
        async def full(raws, wait):
            return [Overloaded(3, "full"), NotReady(3, "stopping")]

        port.submit_many = full
        reply = await client.post("/v1/records/batch", encode_batch([b"\x80", b"\x80"]))
        assert [(item["status"], item["error"]) for item in reply.json()] == [(503, "overloaded"), (503, "not-ready")]

    scenario(tmp_path, story)


@pytest.mark.parametrize("query", ["wait=", "wait=yes", "wait=final&wait=final", "what=1", "wait=FINAL"])
def test_other_parameters_are_refused(tmp_path, query):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        reply = await client.post(f"/v1/records?{query}", made.raw)
        assert (reply.status, reply.json()["error"]) == (400, "bad-parameter")
        assert reply.json()["field"] == query.partition("=")[0]
        assert port.submissions == 0

    scenario(tmp_path, story)


@pytest.mark.parametrize("content_type", ["", "application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_other_media_types_are_refused(tmp_path, content_type):
    async def story(port, client, trader):
        reply = await client.post("/v1/records", b"\x80", content_type=content_type)
        assert (reply.status, reply.json()["limit"]) == (415, "application/msgpack")

    scenario(tmp_path, story)


def test_a_record_reads_back(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        await client.post("/v1/records", made.raw)
        answer = trader.confirm(made)
        await client.post("/v1/records", answer.raw)
        token = port.tokens.issue("participant:LS", NOW)
        reply = await client.get(f"/v1/records/{made.id.hex()}", token)
        shown = reply.json()
        assert (shown["kind"], shown["author"], shown["index"], shown["height"]) == ("certificate.issue", "BW", 0, 1)
        assert (shown["read_at_height"], reply.headers["kpledger-height"]) == (2, "2")
        assert shown["body"]["carats"] == "1500.50"
        assert [line["origin"] for line in shown["body"]["lines"]] == [["BW"], ["BW", "ZA"]]
        assert bytes.fromhex(shown["record"]) == made.record
        assert reply.headers["cache-control"] == "private, no-cache"
        assert reply.headers["vary"] == "Authorization"
        confirmed = (await client.get(f"/v1/records/{answer.id.hex()}", token)).json()
        assert (confirmed["body"]["outcome"], confirmed["body"]["answers"]) == ("confirmed", made.id.hex())
        receipt = await client.get(f"/v1/records/{made.id.hex()}/receipt", token)
        assert verify_receipt(receipt.body, parse_policy(port.policy().encode())).record == made.record
        assert "attachment" in receipt.headers["content-disposition"]

    scenario(tmp_path, story)


@pytest.mark.parametrize("ending", ["", "/receipt", "/envelope"])
@pytest.mark.parametrize("record_id", ["00" * 32, "zz" * 32, "0" * 63, "AB" * 32, "x", "%00", "a" * 3000])
def test_what_is_not_there_is_404(tmp_path, ending, record_id):
    async def story(port, client, trader):
        token = port.tokens.issue("auditor", NOW)
        assert (await client.get(f"/v1/records/{record_id}{ending}", token)).status == 404

    scenario(tmp_path, story)


def test_records_without_a_sealed_part_are_submitted_and_read_like_others(tmp_path):
    """`node.set`, `node.ready` and evidence: the answer is their body, there is no envelope, and the receipt verifies."""

    async def story(port, client, trader):
        keys, network = port.network.keys["CF"], port.ledger.network
        seeds = {name: bytes([place]) * 32 for place, name in enumerate(("consensus", "cosign", "log"), 1)}
        publics = {name: crypto_sign_seed_keypair(seed)[0] for name, seed in seeds.items()}
        node = Node(
            "CF", "cf.example:8700", publics["consensus"], publics["log"], publics["cosign"], b"\x30\x02CF", validator=True
        )
        made = [sign_statement(port.ledger.ledger_id, keys["root"], make_node_set("CF", NOW, node))]
        assert (await client.post("/v1/records?wait=final", made[0])).status == 200
        pending = port.ledger.network.pending
        made.append(sign_statement(port.ledger.ledger_id, seeds["consensus"], make_node_ready("CF", NOW, 1, pending)))
        made.append(
            sign_statement(port.ledger.ledger_id, seeds["consensus"], make_equivocation("CF", NOW, 0, b"\0yes", b"\0no"))
        )
        bodies = [
            {name: key.hex() for name, key in publics.items()}
            | {"address": "cf.example:8700", "tls": "30024346", "validator": True},
            {"epoch": 1, "validators": pending.hex()},
            {"epoch": 0, "first": "00796573", "second": "006e6f"},
        ]
        token = port.tokens.issue("participant:BW", NOW)
        for place, (raw, body) in enumerate(zip(made, bodies, strict=True)):
            final = await client.post("/v1/records?wait=final", raw)
            path = f"/v1/records/{final.json()['id']}"
            shown = (await client.get(path, token)).json()
            assert (shown["kind"], shown["body"]) == (("node.set", "node.ready", "evidence.equivocation")[place], body)
            assert (shown["author"], shown["index"], shown["envelope"], shown["record"]) == ("CF", place, False, raw.hex())
            assert (await client.get(f"{path}/envelope", token)).status == 404
            receipt = (await client.get(f"{path}/receipt", token)).body
            assert verify_receipt(receipt, parse_policy(port.policy().encode())).record == raw
        (found,) = port.ledger.evidence()
        assert (found.participant, found.key, found.epoch) == (*network.epoch.validators[0], 0)
        elsewhere = sign_statement(bytes(32), keys["root"], make_node_set("CF", NOW, node))
        refused = await client.post("/v1/records", elsewhere)
        assert (refused.status, refused.json()["error"]) == (422, "bad-signature")

    scenario(tmp_path, story)


def test_beyond_the_daily_quota_the_answer_says_when_to_come_again(tmp_path, monkeypatch):
    monkeypatch.setattr("api.demo.network.DAILY_RECORDS", 1)
    monkeypatch.setattr("api.problems.time.time", lambda: NOW / 1000)

    async def story(port, client, trader):
        assert (await client.post("/v1/records", trader.issue("BW0000001", "EU", GEMS).raw)).status == 202
        reply = await client.post("/v1/records", trader.issue("BW0000002", "EU", GEMS).raw)
        until = (NOW // DAY_MS + 1) * DAY_MS
        assert (reply.status, reply.json()["error"], reply.json()["until"]) == (429, "daily-quota", until)
        assert (reply.json()["limit"], reply.json()["given"], reply.json()["field"]) == (1, 2, "author")
        assert reply.headers["retry-after"] == str(-(-(until - NOW) // 1000))
        port.clock = until
        assert (await client.post("/v1/records", trader.issue("BW0000002", "EU", GEMS).raw)).status == 202

    scenario(tmp_path, story)


def test_no_receipt_before_a_quorum_has_signed(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        await client.post("/v1/records", made.raw)
        token = port.tokens.issue("participant:BW", NOW)
        assert (await client.get(f"/v1/records/{made.id.hex()}/receipt", token)).status == 404
        assert (await client.get("/log/checkpoint")).status == 404
        port.cosign()
        assert (await client.get(f"/v1/records/{made.id.hex()}/receipt", token)).status == 200

    scenario(tmp_path, story, cosigning=False)


def test_an_envelope_goes_to_its_readers_only(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        await client.post("/v1/records", made.raw)
        path = f"/v1/records/{made.id.hex()}/envelope"
        for scope, status in (("participant:BW", 200), ("participant:EU", 200), ("auditor", 200), ("participant:RU", 403)):
            reply = await client.get(path, port.tokens.issue(scope, NOW))
            assert reply.status == status, scope
            assert (made.envelope in reply.body) is (status == 200), scope
            if status == 200:
                assert reply.headers["content-type"] == "application/octet-stream"
        assert (await client.get(path)).status == 401
        genesis = port.network.genesis
        fields = open_envelope(genesis.ledger_id, made.envelope, "EU", port.network.keys["EU"]["seal"])
        assert fields["invoice"] == "INV-CANARY-BW0000001"

    scenario(tmp_path, story)


def test_a_kept_but_never_accepted_envelope_is_not_served(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        port.ledger.keep_bodies([parse_submission(made.raw)])
        token = port.tokens.issue("auditor", NOW)
        for ending in ("", "/envelope", "/receipt"):
            assert (await client.get(f"/v1/records/{made.id.hex()}{ending}", token)).status == 404
        port.ledger.apply(Block(1, NOW + 1, made.id, [parse_submission(trader.confirm(made).raw).record]))
        refused = parse_submission(trader.confirm(made).raw)
        port.ledger.keep_bodies([refused])
        (judgement,) = port.ledger.apply(Block(2, NOW + 2, made.id, [refused.record])).judgements
        assert judgement.refusal is not None
        for ending in ("", "/envelope", "/receipt"):
            reply = await client.get(f"/v1/records/{refused.record.id.hex()}{ending}", token)
            assert reply.status == 404
            assert (reply.headers["kpledger-height"], reply.json()["read_at_height"]) == ("2", 2)

    scenario(tmp_path, story)


def test_a_refused_record_is_judged_again_as_long_as_it_is_fresh(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        early, late = trader.confirm(made), trader.confirm(made, outcome="refused")
        for outcome in (early, late):
            reply = await client.post("/v1/records?wait=final", outcome.raw)
            assert (reply.status, reply.json()["error"]) == (422, "certificate-unknown")
        port.clock += AT_PAST_MS - 1_000
        assert (await client.post("/v1/records?wait=final", made.raw)).status == 200
        again = await client.post("/v1/records?wait=final", early.raw)
        assert (again.status, again.json()["id"]) == (200, early.id.hex())
        port.clock += 2_000
        stale = (await client.post("/v1/records", late.raw)).json()
        figures = {"error": "too-old", "field": "at", "given": NOW, "limit": NOW + 1_000}
        assert {name: stale[name] for name in figures} == figures
        same = await client.post("/v1/records", early.raw)
        assert (same.status, same.json()) == (200, again.json())

    scenario(tmp_path, story)


READING = ("/v1/records/{id}", "/v1/records/{id}/receipt", "/v1/records/{id}/envelope", "/v1/certificates", "/v1/certificates/BW0000001",
           "/v1/certificates/BW0000001/custody", "/v1/confirmations/open", "/v1/confirmations/ageing", "/v1/findings", "/v1/findings/rules",
           "/log/status", "/log/tile/entries/000.p/1")  # fmt: skip


def test_reading_needs_a_valid_token(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        await client.post("/v1/records", made.raw)
        good = port.tokens.issue("participant:BW", NOW, days=1)
        expired = port.tokens.issue("participant:BW", NOW - 2 * 86_400_000, days=1)
        for template in READING:
            path = template.format(id=made.id.hex())
            assert (await client.get(path, good)).status == 200, path
            for token in ("", expired, "kpl_nonsense", good[:-1], good + "x"):
                reply = await client.get(path, token)
                assert reply.status == 401, path
                assert made.record not in reply.body
                assert reply.headers["www-authenticate"].startswith('Bearer realm="kpledger"')
                assert ("invalid_token" in reply.headers["www-authenticate"]) is bool(token)
            assert (await client.get(path, Authorization=f"Basic {good}")).status == 401
            assert (await client.get(path, Authorization=f"bearer   {good} ")).status == 200

    scenario(tmp_path, story)


def test_sealed_names_and_prices_are_in_no_answer(tmp_path):
    async def story(port, client, trader):
        made = trader.issue("BW0000001", "EU", GEMS)
        bodies = [(await client.post("/v1/records?wait=final", made.raw)).body]
        bodies.append((await client.post("/v1/records", trader.issue("BW0000001", "IN", GEMS).raw)).body)
        token = port.tokens.issue("participant:RU", NOW)
        paths = [
            *(path.format(id=made.id.hex()) for path in READING),
            "/",
            "/v1/statistics",
            "/v1/network",
            "/docs",
            "/log/tile/0/000.p/1",
        ]
        bodies += [(await client.get(path, token)).body for path in paths]
        for body in bodies:
            assert b"Canary" not in body
            assert b"CANARY" not in body
            assert json.dumps(port.network.keys["BW"]["seal"].hex()).encode() not in body

    scenario(tmp_path, story)


def test_the_checkpoint_of_a_receipt_is_the_one_served(tmp_path):
    async def story(port, client, trader):
        for n in range(1, 4):
            await client.post("/v1/records", trader.issue(f"BW000000{n}", "EU", GEMS).raw)
        newest = await client.get("/log/checkpoint")
        assert newest.body == (await client.get("/log/checkpoint/3")).body
        assert parse_note(newest.body).text.split(b"\n")[1] == b"3"

    scenario(tmp_path, story)
