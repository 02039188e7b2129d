"""The public pages in a real browser: each one's task done as its user does it, by keyboard alone, without scripts, in two languages.

Screenshots of every page land in pytest's temporary folder (`--basetemp`), for people to look at.
"""

import csv
import io
import re

import pytest
import segno

from ledger.drafts import code_text
from tests.support.accessible import violations
from tests.support.browser import NARROW, browse, need_chromium
from tests.support.http import ask
from tests.support.port import NOW
from tests.support.published import publish
from tests.support.trade import Trader

PATHS = (
    "/", "/explorer", "/explorer?view=series&who=RU,AE,world", "/explorer?view=map&measure=price&flow=import", "/participants",
    "/participants?q=zzz", "/confirmations", "/inquiries", "/countries/EU", "/countries/JP", "/releases", "/verdict",
    "/verdict?number=RU0000001&code=ABC", "/method",
)  # fmt: skip
NUMBER = "NA0000777"
_LIMIT = 300_000
"""Bytes that the overview may weigh, style sheet and mark included (issue of its own: a phone on a slow network)."""


@pytest.fixture(autouse=True)
def chromium():
    need_chromium()


async def printed(port) -> str:
    """A certificate that is on the ledger and on paper: its verdict code."""
    made = Trader(port.network, NOW, drawn=10_000).issue(NUMBER, "EU", [("710231", "812.40", ["NA"])])
    await port.submit(made.raw, wait=False)
    return code_text(made.verdict_code)


async def focused(page) -> str:
    return await page.evaluate("(e => e.name || e.textContent.trim())(document.activeElement)")


async def tab_to(page, wanted: str) -> None:
    """Presses Tab until the element of this name or text has the focus."""
    seen = []
    for _ in range(60):
        await page.keyboard.press("Tab")
        seen.append(await focused(page))
        if seen[-1] == wanted:
            return
    pytest.fail(f"{wanted!r} is not reached by Tab: {seen}")


async def table(page) -> dict[str, list[str]]:
    """Code and texts of the shown rows of the ranking."""
    rows = await page.locator("#ranking tbody tr:visible").all()
    return {await row.get_attribute("data-code"): await row.locator("td").all_text_contents() for row in rows}


def test_every_page_is_accessible_fits_and_asks_nobody_else(tmp_path):
    async def story(visit, port, number):
        kinds = {
            "phone": {"viewport": NARROW, "locale": "fr-FR"},
            "desktop": {"locale": "en-GB"},
            "dark": {"color_scheme": "dark"},
        }
        found = []
        for kind, options in kinds.items():
            async with visit(**options) as one:
                for path in PATHS[:2] if kind == "dark" else PATHS:
                    page = await one.open(path)
                    if kind != "desktop":
                        found += [(kind, path, violation) for violation in await violations(page)]
                    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (kind, path)
                    assert await page.evaluate("document.documentElement.lang") == ("fr" if kind == "phone" else "en")
                    assert await page.get_by_role("heading", level=1).count() == 1, path
                    name = re.sub(r"\W+", "-", path).strip("-") or "overview"
                    await page.screenshot(path=str(tmp_path / f"{name}.{kind}.png"), full_page=True)
                one.check_quiet()
        assert found == []

    browse(tmp_path, story)


def test_the_overview_is_light(tmp_path):
    async def story(visit, port, number):
        async with visit(viewport=NARROW) as one:
            sizes = []
            one.page.on("response", lambda response: sizes.append(response))  # noqa: PLW0108 -- Playwright marks handlers
            await one.open("/")
            assert sum([len(await response.body()) for response in sizes]) < _LIMIT
            assert len(sizes) <= 3

    browse(tmp_path, story)


def test_the_explorer_by_keyboard(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            page = await one.open("/explorer")
            await tab_to(page, "flow")
            await page.keyboard.press("ArrowDown")
            await tab_to(page, "hs")
            await page.keyboard.press("End")
            await tab_to(page, "Show")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/explorer?*flow=import*")
            assert await page.locator("#chart").text_content() == "Imports, carats, Gem quality, 2026Q3"
            shown = await table(page)
            address = await page.evaluate("location.pathname.replace('explorer', 'explorer.csv') + location.search")
            reply = await ask(number, "GET", address)
            rows = list(csv.DictReader(io.StringIO(reply.body.decode())))
            assert len(rows) > 3
            assert [(row["participant"], row["carats"]) for row in rows] == [
                (code, texts[0].replace(",", "")) for code, texts in shown.items()
            ]
            assert {(row["flow"], row["hs"], row["period"]) for row in rows} == {("import", "710231", "2026Q3")}
            await tab_to(page, "Participant")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**sort=name**")
            names = await page.locator("#ranking tbody th a").all_text_contents()
            assert names == sorted(names)
            await tab_to(page, "Time series")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**view=series**")
            assert await page.locator("svg.wide-only polyline, svg.wide-only circle").count() >= 4
            await page.go_back()
            assert await page.locator("#ranking tbody th a").all_text_contents() == names
            one.check_quiet()

    browse(tmp_path, story)


def test_a_script_filters_while_typing_and_saves_pictures(tmp_path):
    async def story(visit, port, number):
        async with visit(accept_downloads=True) as one:
            page = await one.open("/explorer?view=bars")
            await page.get_by_label("Name contains").press_sequentially("uni")
            assert set(await table(page)) == {"EU", "AE"} & set(await table(page)) != set()
            async with page.expect_download() as waiting:
                await page.get_by_role("button", name="PNG").click()
            saved = await (await waiting.value).path()
            assert saved.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
            assert saved.stat().st_size > 5_000
            one.check_quiet()

    browse(tmp_path, story)


def test_without_scripts_forms_and_links_do_the_same(tmp_path):
    async def story(visit, port, number):
        code = await printed(port)
        async with visit(java_script_enabled=False) as one:
            page = await one.open("/explorer?view=map")
            assert await page.locator("svg.map a").count() > 40
            await page.get_by_label("Name contains").fill("russ")
            await page.get_by_role("button", name="Show").click()
            assert set(await table(page)) == {"RU"}
            await page.get_by_role("link", name="Russian Federation").click()
            assert await page.get_by_role("heading", level=1).text_content() == "Russian Federation"
            assert await page.get_by_role("button", name="PNG").count() == 0
            await page.get_by_role("link", name="Check a certificate").click()
            await page.get_by_label("Certificate number").fill(NUMBER.lower())
            await page.get_by_label("Verdict code").fill(f"{code[:4]} {code[4:8]}-{code[8:].lower()}")
            await page.get_by_role("button", name="Check").click()
            assert await page.locator(".verdict h2").text_content() == "Genuine, and still open"
            assert await page.locator('.verdict [data-figure="carats"]').text_content() == "812.40"
            one.check_quiet()

    browse(tmp_path, story)


def link_code(port, code) -> segno.QRCode:
    """The code on the certificate's face."""
    return segno.make(f"https://node.example/v1/certificates/{NUMBER}/verdict?code={code}", error="m")


def test_a_picture_of_the_code_is_read_on_the_device(tmp_path):
    async def story(visit, port, number):
        code = await printed(port)
        link_code(port, code).save(str(tmp_path / "face.png"), scale=6)
        segno.make("https://node.example/something/else/that/is/as/long/as/a/link").save(str(tmp_path / "other.png"), scale=6)
        async with visit() as one:
            page = await one.open("/verdict")
            field = page.locator("#scanner input[type=file]")
            await field.set_input_files(tmp_path / "other.png")
            await page.get_by_text("This is another code.").wait_for()
            await field.set_input_files(tmp_path / "face.png")
            await page.wait_for_url("**/verdict?number=*")
            assert await page.locator(".verdict h2").text_content() == "Genuine, and still open"
            assert [url for url in one.requests if "/static/" not in url and "/verdict" not in url] == []
            one.check_quiet()

    browse(tmp_path, story)


def film(path, symbol: segno.QRCode) -> None:
    """A still film of 640 x 480 for Chromium's pretended camera: YUV4MPEG2, luma alone has a picture."""
    rows = [list(row) for row in symbol.matrix]
    scale, width, height = 400 // len(rows), 640, 480
    left, top = (width - scale * len(rows)) // 2, (height - scale * len(rows)) // 2
    luma = bytearray(b"\xeb" * (width * height))
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                for line in range(scale):
                    start = (top + y * scale + line) * width + left + x * scale
                    luma[start : start + scale] = b"\x10" * scale
    frame = b"FRAME\n" + bytes(luma) + b"\x80" * (width * height // 2)
    path.write_bytes(f"YUV4MPEG2 W{width} H{height} F5:1 Ip A1:1 C420mpeg2\n".encode() + frame * 3)


def test_the_camera_reads_the_code(tmp_path):
    camera = [
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={tmp_path / 'face.y4m'}",
    ]  # fmt: skip

    async def story(visit, port, number):
        film(tmp_path / "face.y4m", link_code(port, await printed(port)))
        async with visit(permissions=["camera"]) as one:
            page = await one.open("/verdict")
            await tab_to(page, "Scan with the camera")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/verdict?number=*")
            assert await page.locator('.verdict [data-figure="number"]').text_content() == NUMBER
            one.check_quiet()

    (tmp_path / "face.y4m").touch()
    browse(tmp_path, story, more=camera)


def test_languages(tmp_path):
    async def story(visit, port, number):
        async with visit(locale="fr-CA") as one:
            page = await one.open("/explorer?view=bars&measure=carats")
            assert await page.locator("#chart").text_content() == "Exportations, carats, toutes les classes, 2026Q3"
            assert "Émirats arabes unis" in await page.locator("#ranking").inner_text()
            assert "\N{NARROW NO-BREAK SPACE}" in await page.locator("#ranking").inner_text()
            await page.get_by_role("link", name="English").click()
            assert await page.locator("#chart").text_content() == "Exports, carats, all classes, 2026Q3"
            await page.get_by_role("link", name="Method").click()
            assert await page.evaluate("document.documentElement.lang") == "en", "the choice is remembered"
            await page.get_by_role("link", name="Français").click()
            assert await page.get_by_role("heading", level=1).text_content() == "Méthode"
        async with visit(locale="de-DE") as one:
            assert await (await one.open("/method")).evaluate("document.documentElement.lang") == "en"
        reply = await ask(number, "GET", "/method?lang=xx")
        assert reply.status == 200
        assert {"Accept-Language", "Cookie"} <= set(re.split(r", ?", reply.headers["vary"]))

    browse(tmp_path, story)


def test_releases_in_the_browser(tmp_path):
    async def story(visit, port, number):
        await publish(port)
        async with visit(viewport=NARROW) as one:
            found = []
            for path in ("/", "/explorer?view=series&flow=export", "/releases", "/releases/2026H1-r1", "/countries/BW"):
                page = await one.open(path)
                found += [(path, violation) for violation in await violations(page)]
                assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
                name = re.sub(r"\W+", "-", path).strip("-") or "overview"
                await page.screenshot(path=str(tmp_path / f"released-{name}.png"), full_page=True)
            assert found == []
            await one.open("/releases")
            await page.get_by_role("link", name="2026H1-r1", exact=True).click()
            assert await page.locator("del").first.text_content() == "1,234,567.00"
            await page.get_by_role("link", name="Explore these figures").click()
            assert await page.locator("#chart").text_content() == "Production, carats, all classes, 2026H1"
            assert (await table(page))["BW"][0] == "1,300,000.00"
            await page.locator("select[name=release]").select_option("2026Q3")
            await page.get_by_role("button", name="Show").click()
            assert await page.locator("#chart").text_content() == "Exports, carats, all classes, 2026Q3"
            one.check_quiet()

    browse(tmp_path, story, name="pilot", traded=False)
