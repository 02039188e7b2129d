"""`kpledger log status-file`, `receipt show --qr`: real processes; what an officer is told of a code, and the exit code."""

import asyncio
import json
import time

from api.app import create_app
from api.port import ReadyCheck
from ledger.policy import parse_policy
from ledger.status import read_status
from tests.support.checked import CheckedClient
from tests.support.http import running
from tests.support.pages import Pages
from tests.support.port import local_port
from tests.support.printed import PrintingOffice, draft


def desk(tmp_path, story):
    async def run():
        with local_port(tmp_path, clock=time.time_ns() // 1_000_000) as port:
            async with running(create_app(port), port.limits) as at:
                await story(PrintingOffice(tmp_path, port, f"http://127.0.0.1:{at}"), port)

    asyncio.run(run())


async def fetch(office, port, name="status"):
    token = port.tokens.issue("participant:AE", port.clock)
    where = ("--url", office.url, "--token", token, "--policy", "policy")
    return json.loads(await office.run("log", "status-file", "--out", name, *where, "--json"))


async def scan(office, text, *words, code=0, given=None):
    out = await office.run("receipt", "show", "--qr", text, "--policy", "policy", "--json", *words, code=code, given=given)
    return json.loads(out) if code != 65 else out


async def printed(office, number):
    """The texts of both codes, as a reader finds them on the printed pages."""
    await office.print(number)
    pages = Pages((office.folder / "out.pdf").read_bytes())
    try:
        ((link, _),), ((proof, _),) = pages.codes(0), pages.codes(1)
    finally:
        pages.close()
    return link, proof


def test_from_paper_to_the_officers_answer(tmp_path):
    async def story(office, port):
        number = await office.issue()
        link, proof = await printed(office, number)
        alone = await scan(office, proof, code=75)
        assert (alone["standing"], alone["number"]) == ("too-old-to-say", number)
        assert alone["record"]["body"]["carats"] == "242.00"
        assert "closed since" in alone["not_shown"]

        made = await fetch(office, port)
        assert (made["signer"], made["certificates"], made["log_size"]) == ("BW", 1, 1)
        valid = await scan(office, "-", "--status", "status", given=proof + "\n")
        assert valid["standing"] == "valid"
        assert valid["proof_rests_on"] == "BW/witness, RU/witness, EU/witness (a quorum)"
        assert valid["status_rests_on"] == "BW"
        by_link = await scan(office, link, "--status", "status")
        assert (by_link["standing"], by_link["record"]) == ("valid", None)
        assert "its code is checked by a node alone" in by_link["not_shown"]
        client = CheckedClient(type(port)(port.ledger, port.network, port.tokens))
        path = link.removeprefix("https://ledger.example")
        shown = (await client.get(path)).json()
        assert (shown["number"], shown["state"], shown["carats"], shown["parcels"]) == (number, "open", "242.00", 3)
        assert not {"lines", "value", "exporter", "importer"} & shown.keys()
        wrong = [
            await client.get(at) for at in (path[:-16] + "A" * 16, path[:-16] + "short", path.replace(number, "BW0099999"))
        ]
        assert {reply.status for reply in wrong} == {404}
        assert len({tuple(sorted(set(reply.json()) - {"given"})) for reply in wrong}) == 1
        assert (await client.get(path.partition("?")[0])).status == 400

        assert (await scan(office, "BW0099999", "--status", "status", code=77))["standing"] == "not-on-the-ledger"
        late = await scan(office, proof, "--status", "status", "--received", "2031-01-01", code=77)
        assert late["standing"] == "expired"
        old = await scan(office, proof, "--status", "status", "--max-age", "-1", code=75)
        assert old["standing"] == "too-old-to-say"
        words = await office.run("receipt", "show", "--qr", proof, "--policy", "policy", "--status", "status")
        assert words.startswith(f"valid: {number}\n")
        assert "710231 BW 120.50 ct" in words

        signing = ("--keys", office.keys / "BW", "--genesis", office.genesis, "--url", office.url, "--out", tmp_path)
        await office.run("certificate", "close", number, "stolen", *signing)
        assert (await scan(office, proof, "--status", "status"))["standing"] == "valid"  # what was not fetched is not known
        await fetch(office, port)
        closed = await scan(office, proof, "--status", "status", code=77)
        assert (closed["standing"], closed["state"]) == ("closed", "stolen")

    desk(tmp_path, story)


def test_an_amended_certificate_is_printed_anew_and_the_old_paper_is_found_out(tmp_path):
    async def story(office, port):
        number = await office.issue()
        _, old = await printed(office, number)
        (tmp_path / "amended.json").write_text(json.dumps(draft(parcels=4)))
        token = port.tokens.issue("participant:BW", port.clock)
        signing = ("--keys", office.keys / "BW", "--genesis", office.genesis, "--url", office.url, "--out", tmp_path)
        await office.run("certificate", "amend", tmp_path / "amended.json", *signing, "--token", token)
        link, new = await printed(office, number)
        await fetch(office, port)
        assert (await scan(office, old, "--status", "status", code=77))["standing"] == "amended"
        valid = await scan(office, new, "--status", "status")
        assert (valid["standing"], valid["record"]["body"]["parcels"]) == ("valid", 4)
        assert number in link

    desk(tmp_path, story)


def test_what_proves_nothing_says_why(tmp_path):
    async def story(office, port):
        _, proof = await printed(office, await office.issue())
        await fetch(office, port)
        for text, error in {
            "hello": "PaperPrefixError",
            proof[:1204]: "PaperCompressionError",
            proof[:9] + "?" + proof[10:]: "PaperEncodingError",
            "": "Neither a receipt nor a scanned text",
        }.items():
            out = await office.run("receipt", "show", "--qr", text, "--policy", "policy", code=65 if text else 2)
            assert error in out
            assert len(out.strip().splitlines()) == 3
        spoilt = bytearray((tmp_path / "status").read_bytes())
        spoilt[-3] ^= 1
        (tmp_path / "spoilt").write_bytes(spoilt)
        out = await scan(office, proof, "--status", "spoilt", code=65)
        assert "Status" in out
        assert "No policy" in await office.run("receipt", "show", "--qr", proof, code=2)
        assert "alone proves nothing" in await office.run("receipt", "show", "--qr", "BW0012345", "--policy", "policy", code=2)

    desk(tmp_path, story)


def test_a_node_signs_no_status_while_it_is_behind_and_shows_it_to_readers_only(tmp_path):
    async def story():
        with local_port(tmp_path) as port:
            client = CheckedClient(port)
            token = port.tokens.issue("participant:AE", port.clock)
            assert (await client.get("/log/status")).status == 401
            first = await client.get("/log/status", token)
            assert first.status == 200
            assert first.headers["cache-control"].startswith("private")
            port.clock += 59_000
            assert (await client.get("/log/status", token)).body == first.body
            port.clock += 1_000
            assert (await client.get("/log/status", token)).body != first.body
            port.checks = (ReadyCheck("synced", False, "catching up"),)
            assert (await client.get("/log/status", token)).status == 503
            assert read_status(first.body, parse_policy(port.policy().encode())).at == port.clock - 60_000

    asyncio.run(story())
