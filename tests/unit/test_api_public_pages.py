"""What public pages answer to addresses, without a browser: verdicts, languages, what is not offered, files beside the charts."""

import asyncio
import csv
import gzip
import hashlib
import io
import json
import re

import pytest

from api.gate import Gate
from api.pages.live import Live
from api.strings.countries import NAMES
from ledger.countries import COUNTRIES, EU
from ledger.drafts import code_text
from ledger.statistics.cells import all_figures
from ledger.statistics.tables import Cell
from ledger.units import carats
from node.disclosure.propose import propose
from tests.support.checked import CheckedClient
from tests.support.port import NOW, local_port
from tests.support.published import close, publish
from tests.support.publishing import Publisher
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
        spaced = await client.get(f"/verdict?number=na%20000-0777%C2%A0&code={code[:4]}%20{code[4:]}%09")
        assert "Genuine, and still open" in words(spaced)
        for number, typed, said in (
            ("0000777", code, "This is no number of a certificate"),
            (NUMBER, code[:15], "This is no verdict code"),
            (NUMBER, "0" * 16, "This is no verdict code"),
        ):
            mistyped = await client.get(f"/verdict?number={number}&code={typed}")
            assert said in words(mistyped)
            assert "No certificate with this number and code" not in words(mistyped), "nobody need keep the parcel for that"
        half = await client.get(f"/verdict?number={NUMBER}")
        assert "One thing is missing" in words(half)

    browse(tmp_path, story, traded=True)


def test_a_mistyped_address_leads_on_in_a_browser_and_stays_a_document_for_programs(tmp_path):
    async def story(port, client, code):
        browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
        page = await client.get("/participant", **browser)
        assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "There is no page under this address. The sections above lead to everything that is public." in words(page)
        assert "Accept" in page.headers["vary"]
        french = await client.get("/nul?lang=fr", **browser)
        assert "Rien ici" in words(french)
        for path, headers in (("/participant", {}), ("/v1/nothing", browser), ("/log/nothing", browser)):
            reply = await client.get(path, **headers)
            assert (reply.status, reply.headers["content-type"]) == (404, "application/problem+json")

    browse(tmp_path, story)


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


def test_public_pages_are_packed_for_who_takes_it_and_verdicts_never(tmp_path):
    async def story(port, client, code):
        for path in ("/method", "/static/site.css"):
            plain, packed = await client.get(path), await client.get(path, Accept_Encoding="gzip")
            assert gzip.decompress(packed.body) == plain.body
            assert packed.headers["content-encoding"] == "gzip"
            assert len(packed.body) < len(plain.body) / 2
            assert packed.headers["etag"] != plain.headers["etag"]
            for reply, encoding in ((plain, "identity"), (packed, "gzip")):
                assert "Accept-Encoding" in reply.headers["vary"]
                again = await client.get(path, Accept_Encoding=encoding, If_None_Match=reply.headers["etag"])
                assert (again.status, again.body) == (304, b"")
        verdict = await client.get(f"/verdict?number={NUMBER}&code={code}", Accept_Encoding="gzip")
        assert "content-encoding" not in verdict.headers

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


def test_a_choice_that_others_do_not_go_with_gives_way(tmp_path):
    async def story(port, client, code):
        await close(port)
        for asked, wanted in (
            (
                "flow=production&period=2026Q3&measure=certificates&sort=-certificates",
                "Production, carats, all classes, 2026H1",
            ),
            ("flow=export&period=2026H1", "Exports, carats, all classes, 2026Q3"),
            ("flow=import&period=2031Q4&measure=price", "Imports, US$ per carat, all classes, 2026Q3"),
        ):
            reply = await client.get(f"/explorer?{asked}")
            assert reply.status == 200
            assert f'<h2 id="chart">{wanted}</h2>' in reply.body.decode()

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


# --- a network that has released ------------------------------------------------------------------------------------------

LONG = 1_000_000
"""Points: a figure this long stands in no page by chance."""

RELEASED = (
    "/", "/explorer", "/explorer?view=map", "/explorer?view=series", "/explorer?release=2026H1", "/countries/RU", "/countries/BW",
    "/releases", "/releases/2026Q3", "/releases/2026H1", "/releases/2026H1-r1", "/participants", "/confirmations",
    "/explorer.csv", "/explorer.json", "/explorer.svg", "/explorer.svg?view=series", "/explorer.svg?view=map", "/countries/RU.csv",
    "/countries/RU.json", "/countries/RU.svg", "/explorer?flow=production", "/explorer.csv?flow=import&hs=710231",
)  # fmt: skip


def test_a_network_that_has_released(tmp_path):
    async def story(port, client, code):
        made = await publish(port)
        pages = {path: (await client.get(path)).body.decode() for path in RELEASED}

        # what is confidential stands nowhere
        cube = port.ledger.live_cube("2026Q3")
        figures = all_figures(cube)
        released = rows_of(made["2026Q3"])
        hidden = [cell for cell in figures if released[cell]["status"] == "c" and figures[cell].points >= LONG]
        assert len(hidden) > 30
        for cell in hidden:
            whole, _, places = carats(figures[cell].points).partition(".")
            for text in (f"{whole}.{places}", f"{int(whole):,}.{places}", str(figures[cell].points)):
                for path, body in pages.items():
                    assert not re.search(rf"(?<![\d,.]){re.escape(text)}(?![\d,.])", body), (cell, path)

        # files of the explorer say what the release says
        shown = {row["participant"]: row for row in csv.DictReader(io.StringIO(pages["/explorer.csv"]))}
        wanted = {
            cell.participant: row
            for cell, row in released.items()
            if cell.flow == "export" and cell.hs == "all" and cell.participant != "world" and row["certificates"] != "0"
        }
        same = ("carats", "value", "unit_value", "certificates", "status", "release")
        assert {who: [row[name] for name in same] for who, row in shown.items()} == {
            who: [row[name] for name in same] for who, row in wanted.items()
        }
        assert {row["height"] for row in shown.values()} == {json.loads(made["2026Q3"].json)["height"]}

        # the overview, and each release's page
        assert "5,103,890.17" in pages["/"]
        assert "Newest release" not in pages["/"].partition("<dl")[0]
        assert "Release 2026Q3, as of block" in pages["/"]
        assert hashlib.sha256(made["2026Q3"].json).hexdigest() in pages["/releases/2026Q3"]
        assert re.findall(r'href="/releases/([^"#]+)"', pages["/releases"]) == ["2026H1-r1", "2026H1", "2026Q3"]
        assert "A newer revision of this period stands:" in pages["/releases/2026H1"]
        assert "<del>1,234,567.00</del> <ins>1,300,000.00</ins>" in pages["/releases/2026H1-r1"]
        assert "1,300,000.00" in pages["/explorer?flow=production"]
        assert "1,234,567.00" in pages["/explorer?release=2026H1"]
        assert "1,300,000.00" not in pages["/explorer?release=2026H1"]
        assert "live" not in pages["/countries/RU.csv"]

    browse(tmp_path, story, name="pilot")


def rows_of(made) -> dict[Cell, dict]:
    """The rows of a release by their cell."""
    return {
        Cell(row["period"], row["flow"], row["participant"], row["hs"], row["partner"]): row
        for row in json.loads(made.json)["rows"]
    }


def test_figures_that_are_being_judged_are_named_and_not_shown(tmp_path):
    async def story(port, client, code):
        await close(port)
        signed = Publisher(port.ledger, port.network.keys, lambda: port.clock)
        made = signed.draft(signed.propose("2026Q3", propose))
        for record in (*made.records, signed.verdict(made.id, "BW")):
            await port.submit(record, wait=False)
        listed = (await client.get("/releases")).body.decode()
        assert "2026Q3: 1 of 4 nodes agree, 0 object" in listed
        assert "Nothing has been released yet." in listed
        for path in ("/explorer", "/releases/2026Q3", "/explorer?release=2026Q3"):
            assert (await client.get(path)).status == 404, path

    browse(tmp_path, story, name="pilot")


# --- live figures


def test_while_the_live_figures_are_read_anew_everybody_else_gets_those_before(tmp_path):
    """Read in short steps, in which the loop goes on: one reader waits for all of them, the others for none."""

    async def run():
        with local_port(tmp_path) as port:
            trader, live = Trader(port.network, NOW), Live(port, Gate())
            first = await live.dataset()
            await port.submit(trader.issue("BW0000001", "EU", [("710231", "1.00", ["BW"])]).raw, wait=True)
            assert await live.dataset() is first, "no older than some seconds"
            port.clock += 6_000
            reading = asyncio.ensure_future(live.dataset())
            passes = 0
            while not reading.done():
                await asyncio.sleep(0)
                passes += 1
                if not reading.done():
                    assert await live.dataset() is first
            second = await reading
            assert (first.height, second.height) == (0, 1)
            assert passes > 2 * len(port.ledger.register.participants)
            assert await live.dataset() is second

            port.clock += 6_000
            await port.submit(trader.issue("BW0000002", "EU", [("710231", "1.00", ["BW"])]).raw, wait=True)
            gone = asyncio.ensure_future(live.dataset())
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.wait([gone])
            assert (await live.dataset()).height == 2, "whoever comes next reads on where somebody went away"

    asyncio.run(run())
