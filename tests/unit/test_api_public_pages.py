"""What public pages answer to addresses, without a browser: verdicts, languages, what is not offered, files beside the charts."""

import asyncio
import csv
import io
import json
import re

import pytest

from api.strings.countries import NAMES
from ledger.countries import COUNTRIES, EU
from ledger.drafts import code_text
from tests.support.checked import CheckedClient
from tests.support.port import NOW, local_port
from tests.support.trade import Trader
from tests.support.week import trade

NUMBER = "NA0000777"


def browse(tmp_path, story, *, traded=False, name="dev"):
    """Runs `story(port, client, code)`; `code` is the verdict code of `NUMBER`, once that is traded."""

    async def run():
        with local_port(tmp_path, name=name) as port:
            code = ""
            if traded:
                await trade(port)
                made = Trader(port.network, NOW, drawn=10_000).issue(NUMBER, "EU", [("710231", "812.40", ["NA"])])
                await port.submit(made.raw, wait=False)
                code = code_text(made.verdict_code)
            await story(port, CheckedClient(port), code)

    asyncio.run(run())


def words(reply) -> list[str]:
    """Headings and paragraphs of a page's main part."""
    return re.findall(r"<(?:h1|h2|p)(?: [^>]*)?>([^<]+)", reply.body.decode().partition("<main")[2])


def test_a_wrong_code_and_an_unknown_number_look_alike(tmp_path):
    async def story(port, client, code):
        wrong = await client.get(f"/verdict?number={NUMBER}&code={'A' * 16}")
        unknown = await client.get(f"/verdict?number=NA0000778&code={code}")
        assert words(wrong) == words(unknown)
        assert "No certificate with this number and code" in words(wrong)
        right = await client.get(f"/verdict?number={NUMBER.lower()}&code={code[:8]}-{code[8:].lower()}")
        assert "Genuine, and still open" in words(right)
        assert {reply.headers["cache-control"] for reply in (wrong, unknown, right)} == {"no-store"}
        half = await client.get(f"/verdict?number={NUMBER}")
        assert "One thing is missing" in words(half)

    browse(tmp_path, story, traded=True)


def test_a_browser_that_follows_the_printed_code_is_sent_to_the_page(tmp_path):
    async def story(port, client, code):
        path = f"/v1/certificates/{NUMBER}/verdict?code={code}"
        sent = await client.get(path, Accept="text/html,application/xhtml+xml,*/*;q=0.8")
        assert (sent.status, sent.headers["location"]) == (303, f"/verdict?number={NUMBER}&code={code}")
        for accept in ("*/*", "application/json", "application/json, text/html;q=0.5"):
            plain = await client.get(path, Accept=accept)
            assert (plain.status, plain.json()["state"]) == (200, "open")
            assert "Accept" in plain.headers["vary"]

    browse(tmp_path, story, traded=True)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_files_hold_what_the_page_shows(tmp_path, form):
    async def story(port, client, code):
        reply = await client.get(f"/explorer.{form}?flow=export&period=2026")
        rows = list(csv.DictReader(io.StringIO(reply.body.decode()))) if form == "csv" else json.loads(reply.body)["rows"]
        figures = (await client.get("/v1/statistics")).json()
        wanted = {one["code"]: one["exports"]["carats"] for one in figures["participants"] if one["exports"]["certificates"]}
        assert {row["participant"]: row["carats"] for row in rows} == wanted
        assert {(row["release"], row["height"]) for row in rows} == {("live", str(figures["height"]))}
        assert {(row["status"], row["value"] or "") for row in rows} == {("m", "")}

    browse(tmp_path, story, traded=True)


def test_pictures_are_whole_documents_with_their_source(tmp_path):
    async def story(port, client, code):
        for view in ("bars", "series", "map"):
            reply = await client.get(f"/explorer.svg?view={view}")
            assert reply.headers["content-type"].startswith("image/svg+xml")
            text = reply.body.decode()
            assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<svg ')
            assert "style=" not in text
            assert "<script" not in text
            assert "Kimberley Process Certificate Ledger, live, block" in text

    browse(tmp_path, story, traded=True)


CASES = (
    ("/explorer?flow=smuggled", 400),
    ("/explorer?period=1999Q1", 400),
    ("/explorer?who=RU,XX", 400),
    ("/explorer?sort=colour", 400),
    ("/explorer?view=pie", 400),
    ("/explorer?release=2019Q1", 404),
    ("/explorer.csv?measure=mood", 400),
    ("/explorer.svg?hs=1", 400),
    ("/countries/XX", 404),
    ("/countries/XX.csv", 404),
    ("/countries/XX.svg", 404),
    ("/releases/2019Q1", 404),
    ("/releases/-r", 404),
    ("/releases/2026Q1-r%20", 404),
    ("/inquiries?cursor=zz", 400),
    ("/releases?cursor=zz", 400),
)


def test_what_is_not_offered_gets_a_page_that_says_so(tmp_path):
    async def story(port, client, code):
        for path, status in CASES:
            reply = await client.get(path)
            assert (reply.status, reply.headers["content-type"]) == (status, "text/html; charset=utf-8"), path
            assert '<html lang="en">' in reply.body.decode()

    browse(tmp_path, story)


def test_a_network_without_releases_shows_registers_and_no_figures(tmp_path):
    async def story(port, client, code):
        for path in ("/participants", "/confirmations", "/inquiries", "/releases", "/method", "/verdict", "/countries/RU"):
            assert (await client.get(path)).status == 200, path
        for path in (
            "/explorer",
            "/explorer.csv",
            "/explorer.json",
            "/explorer.svg",
            "/countries/RU.csv",
            "/countries/RU.json",
        ):
            reply = await client.get(path)
            assert reply.status == 404, path
            assert "carats" not in reply.body.decode().partition("<main")[2], path
        country = (await client.get("/countries/RU")).body.decode()
        assert "No figures are published yet." in country
        assert "data-figure" not in country

    browse(tmp_path, story, traded=True, name="pilot")


def test_names_are_known_in_every_language():
    for language, names in NAMES.items():
        assert set(names) == {*COUNTRIES, EU}, language
        assert all(names.values())
