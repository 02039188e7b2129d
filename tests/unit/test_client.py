"""The client that programs use: what it answers is what the document says, it loses nothing when it is cut, and it is no server."""

import asyncio
import json
import re
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
import pytest

from api.app import create_app
from api.limits import ApiLimits
from ledger.drafts import ConfirmDraft, DraftLine, IssueDraft, parse_code
from ledger.errors import ProofError, Refusal
from ledger.policy import parse_policy
from ledger.receipt import verify_receipt
from ledger.units import block_date, date_of, day_number
from node.client import Author, Client, ProblemError, answers, history
from node.errors import FatalError
from tests.support.checked import CheckedClient
from tests.support.http import running
from tests.support.port import NOW, local_port
from tests.support.week import trade
from tests.unit.test_api_history import grown

ROOT = Path(__file__).resolve().parents[2]
MODELS = {
    "Validator": "ValidatorAnswer", "Network": "NetworkAnswer", "Suspension": "SuspensionAnswer",
    "Participant": "ParticipantAnswer", "CertificateRow": "CertificateRowAnswer", "OpenConfirmation": "OpenRowAnswer",
    "Line": "LineAnswer", "Source": "SourceAnswer", "Issue": "IssueAnswer",
    "MeasuredLine": "MeasuredLineAnswer", "Outcome": "ConfirmAnswer", "Reference": "RecordReference", "Claim": "ClaimAnswer",
    "Finding": "FindingAnswer", "Certificate": "CertificateAnswer", "Record": "RecordAnswer", "Inquiry": "InquiryRowAnswer",
    "Balance": "BalanceAnswer", "HsBalance": "HsBalanceAnswer", "Stock": "StockAnswer",
    "PaperImport": "PaperImportBody", "Share": "LaterReaderAnswer", "Shares": "SharesAnswer", "RoleKey": "RoleKeyAnswer",
    "SealKey": "SealKeyAnswer", "HolderKeys": "HolderKeysAnswer", "Cell": "CellAnswer", "Quarter": "QuarterAnswer",
    "OneParticipant": "OneParticipantAnswer", "Shown": "CertificateVerdictAnswer", "Page": "CertificatesAnswer",
}  # fmt: skip


@asynccontextmanager
async def node(tmp_path, clock=NOW, **limits):
    """A node behind a socket; gives its port and its URL."""
    with local_port(tmp_path, clock=clock, limits=ApiLimits(**limits)) as port:
        async with running(create_app(port), port.limits) as number:
            yield port, f"http://127.0.0.1:{number}"


def run(story):
    return asyncio.run(story())


def test_the_types_have_the_members_that_the_document_promises(tmp_path):
    async def story():
        with local_port(tmp_path) as port:
            client = CheckedClient(port)
            await client.get("/livez")
            return client.document["components"]["schemas"]

    models = run(story)
    structs = {name: one for name, one in vars(answers).items() if isinstance(one, type) and issubclass(one, msgspec.Struct)}
    assert set(structs) - {"Struct", "Logged"} == set(MODELS)
    for name, model in MODELS.items():
        assert {field.name for field in msgspec.structs.fields(structs[name])} == set(models[model]["properties"]), name


def test_reading_gives_typed_objects(tmp_path):
    async def story():
        async with node(tmp_path) as (port, url):
            await trade(port)
            async with Client(url, port.tokens.issue("auditor", NOW)) as client:
                network = await client.network()
                assert (network.height, network.tree_size) == (port.ledger.head.height, port.ledger.head.tree_size)
                assert len(network.validators) == 4
                rows = [row async for row in client.certificates(issuer="BW")]
                assert {row.issuer for row in rows} == {"BW"}
                one = await client.certificate(rows[0].number)
                assert one.certificate == rows[0]
                assert one.issue is not None
                assert one.issue.lines[0].hs == "710231"
                record = await client.record(one.records[0].id)
                assert (record.kind, record.body["number"]) == ("certificate.issue", rows[0].number)
                assert (
                    verify_receipt(await client.receipt(record.id), parse_policy((await client.policy()).encode())).index
                    == record.index
                )
                assert len([one async for one in client.participants()]) == len(port.ledger.register.participants)
                assert (await client.participant("BW")).name
                still_open = [row async for row in client.open_confirmations()]
                assert still_open == sorted(still_open, key=lambda row: row.index)
                assert len(still_open) == len([row async for row in client.certificates(state="open")])
                assert (await client.stock("EU")).participant == "EU"
                assert [finding.name async for finding in client.findings()] == [
                    one.name for one in port.ledger.findings().rows
                ]
                assert [one async for one in client.inquiries()] == []
                with pytest.raises(ProblemError) as missing:
                    await client.certificate("BW9999999")
                assert missing.value.status == 404

    run(story)


def test_lists_are_read_to_their_end(tmp_path):
    async def story():
        async with node(tmp_path) as (port, url):
            grown(port, 1_100)
            async with Client(url, port.tokens.issue("auditor", NOW)) as client:
                places = [row.index async for row in client.certificates()]
                assert places == list(range(1_100))

    run(story)


def test_an_author_issues_and_confirms_and_the_receipt_holds_offline(tmp_path):
    now = time.time_ns() // 1_000_000
    today = block_date(now)
    lines = (DraftLine("710231", 120_050, 24_010_000, origin=("BW",)),)
    draft = IssueDraft(
        number="BW0000001", type="export", issued=today, validated=today, expires=date_of(day_number(today) + 50),
        destination="AE", parcels=1, lines=lines, sources=(), sealed={"invoice": "INV-7"},
    )  # fmt: skip

    async def story():
        async with node(tmp_path, clock=now) as (port, url):
            genesis, keys = port.network.genesis, port.network.keys
            async with Client(url, port.tokens.issue("participant:AE", now)) as client:
                issuer, importer = Author(genesis, "BW", keys["BW"]["issue"]), Author(genesis, "AE", keys["AE"]["confirm"])
                issued = await issuer.issue(client, draft)
                policy = parse_policy(port.policy().encode())
                assert verify_receipt(issued.taken.receipt, policy).index == issued.taken.index == 0
                spoilt = issued.taken.receipt.replace("index 0", "index 1")
                with pytest.raises(ProofError):
                    verify_receipt(spoilt, policy)
                shown = await client.certificate("BW0000001")
                outcome = ConfirmDraft(
                    number="BW0000001", outcome="confirmed", received=today, parcels=1, lines=lines, inspection="opened",
                    seals="intact", receipt_code=parse_code(issued.codes["receipt_code"]),
                    answers=bytes.fromhex(shown.records[-1].id), sealed={},
                )  # fmt: skip
                taken = await importer.confirm(client, outcome)
                assert taken.receipt is not None
                after = await client.certificate("BW0000001")
                assert (after.certificate.state, after.outcome.outcome) == ("confirmed", "confirmed")
                assert (await client.verdict("BW0000001", issued.codes["verdict_code"])).state == "confirmed"
                with pytest.raises(Refusal, match="number-prefix"):
                    await importer.issue(client, draft)
                with pytest.raises(ProblemError) as used:
                    await issuer.issue(client, draft)
                assert used.value.problem["error"] == "number-used"

    run(story)


def test_a_follower_that_is_cut_again_and_again_misses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "_PAUSE_S", 0.01)

    async def story():
        async with node(tmp_path, stream_s=0.1, heartbeat_s=0.05) as (port, url):
            grown(port, 40)
            token = port.tokens.issue("participant:BW", NOW)
            async with Client(url, token) as client:

                async def grow():
                    for first in range(40, 100, 4):
                        grown(port, 4, first=first)
                        await asyncio.sleep(0.03)

                growing = asyncio.ensure_future(grow())
                places = []
                async with asyncio.timeout(20):
                    async for record in client.follow(after=-1):
                        places.append(record.index)
                        if len(places) == 100:
                            break
                await growing
                assert places == list(range(100))

    run(story)


def test_who_follows_from_now_on_gets_what_comes_while_it_is_away(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "_PAUSE_S", 0.3)

    async def story():
        async with (
            node(tmp_path, stream_s=0.1, heartbeat_s=0.05) as (port, url),
            Client(url, port.tokens.issue("participant:BW", NOW)) as client,
        ):
            places = []

            async def follow():
                async for record in client.follow():
                    places.append(record.index)
                    if len(places) == 5:
                        break

            following = asyncio.ensure_future(follow())
            await asyncio.sleep(0.25)  # the first stream has ended by itself, the second one has not begun
            grown(port, 5)
            await asyncio.wait_for(following, 10)
            assert places == list(range(5))

    run(story)


def test_following_ends_with_what_the_node_says_for_good(tmp_path):
    async def story():
        async with node(tmp_path) as (_port, url):
            async with Client(url, "kpl_unknown") as client:
                with pytest.raises(ProblemError) as refused:
                    async for _ in client.follow():
                        pass
                assert refused.value.status == 401
            async with Client("http://127.0.0.1:1", "") as client:
                with pytest.raises(FatalError, match="does not answer"):
                    async for _ in client.follow():
                        pass

    run(story)


def test_an_export_goes_on_where_it_was_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "_PAUSE_S", 0.01)
    cuts = [70, 130]

    async def story():
        async with node(tmp_path) as (port, url):
            grown(port, 200)
            async with Client(url, port.tokens.issue("auditor", NOW)) as client:
                lines = history._lines

                async def cut(answer):
                    left = cuts.pop(0) if cuts else None
                    async for line in lines(answer):
                        if left == 0:
                            raise aiohttp.ClientPayloadError("cut")
                        left = left and left - 1
                        yield line

                monkeypatch.setattr(history, "_lines", cut)
                assert [record.index async for record in client.export()] == list(range(200))
                assert not cuts
                assert [record.index async for record in client.export(after=190)] == list(range(191, 200))
            async with Client(url, port.tokens.issue("participant:BW", NOW)) as client:
                with pytest.raises(ProblemError) as refused:
                    [record async for record in client.export()]
                assert refused.value.status == 403

    run(story)


def test_an_answer_of_another_form_is_said_to_be_one(tmp_path):
    async def story():
        async with node(tmp_path) as (_port, url), Client(url) as client:
            with pytest.raises(FatalError, match="does not answer /livez as this program expects"):
                await client.get("/livez", answers.Network)

    run(story)


def test_no_server_is_imported():
    probe = "import sys, node.client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"api", "consensus", "quart", "hypercorn", "plyvel", "pydantic", "uvloop"} & set(done.stdout.split())


def test_the_guides_example_runs_as_it_is_written(tmp_path):
    text = (ROOT / "deploy/guides/developer.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    now = time.time_ns() // 1_000_000

    async def story():
        folder = tmp_path / "net"
        async with node(tmp_path, clock=now) as (port, url):
            for code in ("BW", "AE"):
                (folder / "keys" / code).mkdir(parents=True)
                for name in ("issue", "confirm"):
                    (folder / "keys" / code / name).write_bytes(port.network.keys[code][name])
            (folder / "genesis.json").write_bytes(port.network.genesis_json)
            (folder / "policy").write_text(port.policy())
            (folder / "example.py").write_text(example)
            description = {
                "nodes": [{"api": url}], "policy": str(folder / "policy"),
                "tokens": {"participant": {"AE": port.tokens.issue("participant:AE", now)}},
                "keys": {code: str(folder / "keys" / code) for code in ("BW", "AE")},
            }  # fmt: skip
            (folder / "devnet.json").write_text(json.dumps(description))
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(folder / "example.py"),
                str(folder),
                stdout=-1,
                stderr=-2,
                cwd=ROOT,
                env={"PYTHONPATH": str(ROOT)},
            )
            printed = (await asyncio.wait_for(process.communicate(), 60))[0].decode()
            assert process.returncode == 0, printed
            return printed

    lines = run(story).splitlines()
    assert [line.split()[0] for line in lines] == ["issued", "verified:", "state", "record", "record", "open"]
    assert lines[2] == "state confirmed"
    assert lines[-1] == "open to AE: []"
