"""api/dossier and `kpledger custody --dossier`: the PDF opened again, its receipts verified; who sees what; what it may cost."""

import asyncio
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from api.app import create_app
from api.dossier import contents, making, sources
from api.dossier.document import make_pdf
from api.errors import Overloaded
from api.limits import MAX_DOSSIER_ROWS
from api.strings import dossier as words
from ledger.bodies import INQUIRY_OPEN, InquiryOpenBody
from ledger.policy import parse_policy
from ledger.receipt import verify_receipt
from node.client import Client
from node.dossier import fetch_dossier
from node.errors import FatalError
from tests.support.http import running
from tests.support.pages import Pages
from tests.support.port import NOW, local_port
from tests.support.trade import Trader
from tests.unit.test_reading_pages import Browser, sign_in

NUMBER = "EU0000001"
PATH = f"/reading/certificates/{NUMBER}/dossier"
QUESTION = "Canary question"
SECRETS = ("Canary", "CANARY", "kpl_")


async def world(port) -> str:
    """BW and RU to EU, which mixes for AE; there carats are missing, which the secretariat asks about. The finding's name."""
    trader = Trader(port.network, NOW)
    made = [trader.issue(f"{code}0000001", "EU", [("710231", "1000.00", [code])]) for code in ("BW", "RU")]
    taken = [("BW0000001", "1000.00"), ("RU0000001", "250.00")]
    mixed = trader.issue(NUMBER, "AE", [("710231", "1300.00", [])], sources=taken)
    for one in (*made, *map(trader.confirm, made), mixed):
        await port.submit(one.raw, wait=False)
    short = trader.confirm(mixed, outcome="discrepancy", lines=[("710231", "1290.00")], parcels=1)
    await port.submit(short.raw, wait=False)
    (finding,) = [one for one in port.ledger.certificate(NUMBER).findings.rows if one.rule == "discrepancy"]
    question = InquiryOpenBody(due="2026-10-01", finding=finding.name, participant="AE", question=QUESTION)
    await port.submit(trader.statement(INQUIRY_OPEN, question, "secretariat", "audit").raw, wait=False)
    return finding.name


def told(data: bytes) -> str:
    pages = Pages(data)
    try:
        return " ".join(pages.text(at) for at in range(len(pages)))
    finally:
        pages.close()


def node(tmp_path, story):
    """Runs `story(port, number, finding)` beside a node with that world."""

    async def run():
        with local_port(tmp_path) as port:
            finding = await world(port)
            async with running(create_app(port), port.limits) as number:
                await story(port, number, finding)

    asyncio.run(run())


async def enter(port, number, scope):
    reply = await sign_in(number, port.tokens.issue(scope, NOW))
    return Browser(number, reply.headers["set-cookie"].split(";")[0])


def test_a_page_and_the_command_line_give_the_same_bytes_and_the_receipts_hold(tmp_path):
    async def story(port, number, finding):
        browser = await enter(port, number, "auditor")
        assert f'href="{PATH}?lang=fr"'.encode() in (await browser.get(f"/reading/certificates/{NUMBER}")).body
        reply = await browser.get(f"{PATH}?lang=fr")
        assert (reply.status, reply.headers["content-type"]) == (200, "application/pdf")
        assert reply.headers["content-disposition"] == f'attachment; filename="{NUMBER}-dossier-fr.pdf"'
        assert reply.headers["cache-control"] == "no-store"
        policy = parse_policy(port.policy().encode())
        async with Client(f"http://127.0.0.1:{number}", port.tokens.issue("auditor", NOW)) as client:
            assert await fetch_dossier(client, NUMBER, "fr", policy) == reply.body
            english = await fetch_dossier(client, NUMBER, "en", policy)
        for mark in (b"<pdfaid:part>3<", b"<pdfaid:conformance>A<", b"<pdfuaid:part>1<"):
            assert mark in reply.body
        pages = Pages(reply.body)
        try:
            assert pages.tagged()
            attached = pages.attachments()
        finally:
            pages.close()
        records = [record.hex() for record in port.ledger.certificate(NUMBER).records]
        found = [verify_receipt(attached[f"{NUMBER}-{at}.tlog-proof"], policy) for at in (1, 2)]
        assert [verdict.record_id.hex() for verdict in found] == records
        said = told(english)
        for part in (
            f"Dossier of certificate {NUMBER}",
            "European Union (EU) to United Arab Emirates (AE)",
            "1,300.00 1,290.00 \N{MINUS SIGN}10.00",
            "BW0000001 1 BW",
            "BW0000001 EU0000001 1,000.00",
            "Botswana 1,000.00 1,000.00 1,050.00 0.00",
            "Pro rata of no origin that any record names: 50.00",
            finding,
            "unanswered",
            "1 October 2026",
            *records,
            found[0].root.hex(),
            f"Certificate and findings at block {port.ledger.head.height}",
        ):
            assert part in said, part
        assert not [secret for secret in SECRETS if secret in said]
        assert "Dossier du certificat" in told(reply.body)
        assert "1 300,00" in told(reply.body)

    node(tmp_path, story)


def test_a_dossier_tells_each_reader_what_the_page_tells(tmp_path):
    async def story(port, number, finding):
        for scope, seen in (("participant:AE", True), ("participant:BW", False)):
            data = (await (await enter(port, number, scope)).get(PATH)).body
            assert (finding in told(data), "unanswered" in told(data)) == (seen, seen), scope
        browser = await enter(port, number, "auditor")
        for other in ("EU9999999", "x" * 40, "%2e%2e"):
            assert (await browser.get(f"/reading/certificates/{other}/dossier")).status == 404

    node(tmp_path, story)


def test_what_takes_too_long_is_ended_and_too_many_do_not_wait(tmp_path, monkeypatch):
    async def story(port, number, finding):
        reader = port.tokens.find(port.tokens.issue("auditor", NOW), NOW)
        dossiers = making.Dossiers(port)
        monkeypatch.setattr(making, "DOSSIER_S", 0.01)
        with pytest.raises(Overloaded, match="too long"):
            await dossiers.make(NUMBER, reader, "en")
        children = Path("/proc/self/task").glob("*/children")
        assert not [child for file in children for child in file.read_text().split() if b"api.dossier" in cmdline(child)]
        monkeypatch.setattr(making, "MAX_WAITING_DOSSIERS", 0)
        with pytest.raises(Overloaded, match="too many"):
            await dossiers.make(NUMBER, reader, "en")
        assert (await (await enter(port, number, "auditor")).get(PATH)).status == 503

    node(tmp_path, story)


def cmdline(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_receipt_of_another_record_is_noticed(tmp_path):
    async def story(port, number, finding):
        app = create_app(type(port)(port.ledger, port.network, port.tokens))
        other = port.receipt(port.ledger.certificate("BW0000001").records[0])

        async def receipt(**_):
            return app.response_class(other, content_type="text/plain")

        app.view_functions["records.receipt"] = receipt
        async with (
            running(app, port.limits) as lying,
            Client(f"http://127.0.0.1:{lying}", port.tokens.issue("auditor", NOW)) as client,
        ):
            with pytest.raises(FatalError, match="of another record"):
                await fetch_dossier(client, NUMBER, "en")

    node(tmp_path, story)


def long_one(zone: str = "") -> sources.Sources:
    """A certificate that took from as many others as a chain can follow."""
    row = sources.Row(NUMBER, "EU", "AE", "open", "re-export", "2026-09-18", "2026-10-18", 1, "999.00", None, "0.00")
    first = sources.Link(NUMBER, "EU", "AE", "open", "2026-09-18", "999.00", None, "0.00", "0.00", 0)
    links = [
        sources.Link(f"BW{at:07}", "BW", "EU", "confirmed", "2026-09-01", "1.00", "1.00", "1.00", "0.00", 1)
        for at in range(1, 1000)
    ]
    takings = [sources.Taking(link.number, NUMBER, "1.00") for link in links]
    stated = sources.Stated([sources.Line("710231", "999.00", ["BW"], zone)], "2026-09-18")
    return sources.Sources(
        sources.Network("kpledger.example/test", "0" * 64, 9, NOW),
        sources.Certificate(9, row, stated, None, None, [], [], [], [], more_findings=True),
        sources.Custody(9, sources.Chain([first, *links], takings, cut=True), None, None),
        [],
        9,
        [],
        {},
        {"BW": "Botswana"},
    )


def test_a_long_chain_is_cut_and_any_text_can_be_set():
    every = "".join(chr(sign) for first, last in contents.SET for sign in range(first, last + 1))
    assert make_pdf(long_one(every), "fr"), "the fonts have all of it"
    zone = "Œ 鑽 \N{RIGHT-TO-LEFT OVERRIDE}#import"
    found = long_one(zone)
    chain = contents.contents(found, "en")["up"]
    assert (len(chain["links"]), len(chain["takings"])) == (MAX_DOSSIER_ROWS, MAX_DOSSIER_ROWS)
    assert "699 certificates" in chain["left"]
    data = make_pdf(found, "en")
    assert data == make_pdf(found, "en")
    said = told(data)
    assert "[U+947D]" in said
    assert "[U+202E]#import" in said
    assert f"BW{MAX_DOSSIER_ROWS:07}" in said
    assert f"BW{MAX_DOSSIER_ROWS + 1:07}" not in said


@pytest.mark.parametrize(
    ("state", "measured", "by_class", "total"),
    [
        ("open", None, "no outcome yet", "no outcome yet"),
        ("discrepancy", "998.00", "not by class", "998.00"),
        ("void", None, "none", "none"),
    ],
)
def test_without_a_destinations_word_the_figures_say_why(state, measured, by_class, total):
    found = long_one()
    row = replace(found.certificate.certificate, state=state, measured=measured)
    found = replace(found, certificate=replace(found.certificate, certificate=row))
    assert [line[2] for line in contents.contents(found, "en")["both"]] == [by_class, total]


def test_languages_have_the_same_texts_and_the_template_has_all_of_them():
    assert words.ENGLISH.keys() == words.FRENCH.keys()
    holes = re.compile(r"\{(\w+)\}")
    for key, text in words.ENGLISH.items():
        assert sorted(holes.findall(text)) == sorted(holes.findall(words.FRENCH[key])), key
    template = (Path(contents.__file__).parent / "dossier.typ").read_text()
    named = set(re.findall(r"words\.(d_\w+)", template))
    assert named <= words.ENGLISH.keys()
    code = Path(contents.__file__).read_text()
    built = {key for key in words.ENGLISH if key.startswith("d_inquiry_")} | {"d_overdue"}
    assert {key for key in words.ENGLISH if f'"{key}"' not in code} - built - named == set()
