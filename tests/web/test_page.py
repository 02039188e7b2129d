"""The public page in a real browser: its figures are the API's, nothing is asked of others, it works narrow, dark and without scripts.

Screenshots land in pytest's temporary folder (`--basetemp`), for people to look at.
"""

import re
from itertools import pairwise

import pytest

from tests.support.browser import NARROW, browse, need_chromium
from tests.support.http import ask


@pytest.fixture(autouse=True)
def chromium():
    need_chromium()


def plain(text: str) -> str:
    """A figure as the API writes it."""
    return text.replace(",", "").strip()


async def rows(page, flow):
    """(code, carats, certificates) of each line of a ranking, in the page's order, folded ones included."""
    found = []
    for row in await page.locator(f"section.flow.{flow} tr[data-code]").all():
        carats = await row.locator('[data-figure="carats"]').text_content()
        count = await row.locator('[data-figure="certificates"]').text_content()
        found.append((await row.get_attribute("data-code"), plain(carats), int(plain(count))))
    return found


def test_the_figures_are_those_of_the_api(tmp_path):
    async def story(visit, port, number):
        figures = (await ask(number, "GET", "/v1/statistics")).json()
        async with visit() as one:
            page = await one.open("/")
            for flow, key in (("exports", "world_exports"), ("imports", "world_imports")):
                shown = await page.locator(f'.keys [data-figure="{flow}"]').text_content()
                assert plain(shown) == figures[key]["carats"] != "0.00"
                note = await page.locator(f".key.{flow} .note").text_content()
                assert re.findall(r"\d+", note) == [str(figures[key]["certificates"])]
                wanted = [(t["code"], t[flow]["carats"], t[flow]["certificates"]) for t in figures["participants"]]
                ranked = sorted((t for t in wanted if t[2]), key=lambda t: (-int(t[1].replace(".", "")), t[0]))
                assert await rows(page, flow) == ranked
                for part in figures[key]["by_hs"]:
                    cell = page.locator(f'tr[data-hs="{part["hs"]}"] [data-figure="{flow}"]')
                    assert plain(await cell.text_content()) == part["carats"]
            assert plain(await page.locator('.keys [data-figure="open"]').text_content()) == str(figures["open_confirmations"])
            assert plain(await page.locator('.keys [data-figure="records"]').text_content()) == str(figures["tree_size"])
            checkpoint = figures["checkpoint"]
            assert await page.locator('[data-figure="root"]').text_content() == checkpoint["root"]
            assert plain(await page.locator('[data-figure="size"]').text_content()) == str(checkpoint["size"])
            assert plain(await page.locator('[data-figure="height"]').text_content()) == str(figures["height"])
            assert await page.locator(".cosigners code").all_text_contents() == checkpoint["cosigners"]
            assert await page.locator(".sheet pre").text_content() == checkpoint["note"]
            one.check_quiet()

    browse(tmp_path, story)


def test_bars_are_as_long_as_their_figures(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            page = await one.open("/")
            lengths = {}
            for flow in ("exports", "imports"):
                for row in await page.locator(f"section.flow.{flow} tr[data-code]").all():
                    parts = await row.locator("svg rect:not(.track)").all()
                    width = sum([int(await part.get_attribute("width")) for part in parts])
                    points = int(plain(await row.locator('[data-figure="carats"]').text_content()).replace(".", ""))
                    lengths[flow, await row.get_attribute("data-code")] = (points, width)
            longest = max(points for points, _ in lengths.values())
            for points, width in lengths.values():
                assert width == max(points * 1000 // longest, 3) or abs(width - points * 1000 / longest) <= 3
            assert max(width for _, width in lengths.values()) == 1000

    browse(tmp_path, story)


OUTSIDE = """() => [...document.querySelectorAll('main :is(table, p, dl, svg, pre)')].filter(
    e => !e.closest('.scroll') && e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 80))"""

CONTRAST = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const light = ([r, g, b]) => { const f = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; }
    return null; };
  const poor = [];
  let seen = 0;
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    if (e.closest('.quiet')) continue;
    seen++;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 7) poor.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
  }
  return [seen, poor];
}"""


KINDS = {
    "phone": {"viewport": NARROW},
    "desktop": {},
    "dark": {"color_scheme": "dark"},
    "dark-phone": {"viewport": NARROW, "color_scheme": "dark"},
}


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_it_fits_and_reads_well(tmp_path, path):
    async def story(visit, port, number):
        for kind, options in KINDS.items():
            async with visit(**options) as one:
                page = await one.open(path)
                scroll, inner = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
                assert scroll <= inner, kind
                assert await page.evaluate(OUTSIDE) == [], kind
                seen, poor = await page.evaluate(CONTRAST)
                assert seen > 100
                assert poor == [], kind
                picture = tmp_path / f"{kind}{path.replace('/', '-')}.png"
                await page.screenshot(path=str(picture), full_page=path == "/")
                assert picture.stat().st_size > 20_000
                one.check_quiet()

    browse(tmp_path, story)


def test_structure_for_who_does_not_see_it(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            for path in ("/", "/docs"):
                page = await one.open(path)
                for landmark in ("banner", "navigation", "main", "contentinfo"):
                    assert await page.get_by_role(landmark).count() >= 1, landmark
                assert await page.get_by_role("heading", level=1).count() == 1
                levels = await page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
                assert all(after - before <= 1 for before, after in pairwise(levels))
                bare = await page.evaluate(
                    """() => [...document.querySelectorAll('table')].filter(t => !t.querySelector('thead th[scope=col]') ||
                        [...t.querySelectorAll('tbody tr')].some(r => !r.querySelector('th[scope=row]'))).length"""
                )
                assert bare == 0
                for row in await page.locator("svg").all():
                    assert await row.get_attribute("aria-hidden") == "true", "every figure in a picture also stands in a table"
                assert await page.evaluate("document.documentElement.lang") == "en"
            unnamed = await page.evaluate(
                "[...document.querySelectorAll('section')].filter(s => !s.hasAttribute('aria-labelledby')).length"
            )
            assert unnamed == 0

    browse(tmp_path, story)


def test_by_keyboard_alone(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            page = await one.open("/")
            await page.keyboard.press("Tab")
            skip = page.locator(".skip")
            assert await page.evaluate("document.activeElement.className") == "skip"
            assert (await skip.bounding_box())["y"] >= 0
            await page.keyboard.press("Enter")
            assert await page.evaluate("document.activeElement.id") == "content"
            folded = page.locator(".flow.exports details")
            hidden = folded.locator("tr[data-code]").first
            assert not await hidden.is_visible()
            for _ in range(30):
                await page.keyboard.press("Tab")
                if await page.evaluate("document.activeElement.tagName") == "SUMMARY":
                    break
            outline = await page.evaluate(
                "getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth"
            )
            assert outline == "solid3px"
            await page.keyboard.press("Enter")
            assert await hidden.is_visible()

    browse(tmp_path, story)


def test_without_scripts_it_is_the_same_page(tmp_path):
    async def story(visit, port, number):
        texts = []
        for enabled in (True, False):
            async with visit(java_script_enabled=enabled) as one:
                page = await one.open("/")
                assert await page.locator("script").count() == 0
                texts.append(await page.locator("body").inner_text())
                one.check_quiet()
        assert texts[0] == texts[1]

    browse(tmp_path, story)


def test_the_links_lead_somewhere(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            for path in ("/", "/docs"):
                page = await one.open(path)
                links = set(await page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))"))
                for link in links:
                    target, _, anchor = link.partition("#")
                    reply = await ask(number, "GET", target or path)
                    assert reply.status == 200, link
                    assert not anchor or f'id="{anchor}"' in reply.body.decode(), link

    browse(tmp_path, story)


def test_another_network_says_why_it_shows_no_figures(tmp_path):
    async def story(visit, port, number):
        async with visit(viewport=NARROW) as one:
            page = await one.open("/")
            assert await page.get_by_role("heading", level=1).text_content() == "No figures are published yet"
            assert await page.locator("[data-figure], table, .notice").count() == 0
            digits = re.findall(r"\d{2,}", await page.locator("main").inner_text())
            assert digits == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            await page.screenshot(path=str(tmp_path / "withheld.png"), full_page=True)
            one.check_quiet()

    browse(tmp_path, story, name="pilot")


def test_an_empty_network(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            page = await one.open("/")
            assert await page.locator(".empty").all_text_contents() == ["No exports yet.", "No imports confirmed yet."]
            await page.screenshot(path=str(tmp_path / "empty.png"), full_page=True)
            one.check_quiet()

    browse(tmp_path, story, traded=False)
