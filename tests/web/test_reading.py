"""The signed-in pages in a real browser: each page's task done as its user would, by keyboard alone, narrow, in print, without scripts."""

import re
from itertools import pairwise
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from ledger.bodies import PAPER_CONFIRM, PaperConfirmBody
from tests.support.accessible import violations
from tests.support.browser import NARROW, WAIT_MS, browse, need_chromium
from tests.support.port import NOW, on_paper
from tests.support.trade import Trader
from tests.web.test_page import CONTRAST, OUTSIDE

GEMS = "710231"


@pytest.fixture(autouse=True)
def chromium():
    need_chromium()


async def chain(port):
    """BW and RU to EU, mixed to AE, some of it on to IN: EU0000200 in the middle."""
    trader = Trader(port.network, NOW, drawn=10_000)
    made = [
        trader.issue("BW0000100", "EU", [(GEMS, "1000.00", ["BW"])]),
        trader.issue("RU0000100", "EU", [(GEMS, "500.50", ["RU"])]),
        trader.issue("EU0000200", "AE", [(GEMS, "1300.00", [])], sources=[("BW0000100", "1000.00"), ("RU0000100", "250.00")]),
        trader.issue("AE0000300", "IN", [(GEMS, "300.00", [])], sources=[("EU0000200", "300.00")]),
    ]
    for one in made:
        await port.submit(one.raw, wait=False)
        if one.body.destination != "IN":
            await port.submit(trader.confirm(one).raw, wait=False)


async def sign_in(one, port, scope="auditor", back=""):
    """By keyboard, as every test here: the token is all that is typed."""
    page = await one.open(f"/reading/sign-in?next={quote(back)}" if back else "/reading/sign-in")
    await reach(page, "#token")
    await page.keyboard.type(port.tokens.issue(scope, NOW, label="Ana"))
    await page.keyboard.press("Enter")
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


async def reach(page, selector, most=120):
    """Tabs until an element has the focus, and sees that it shows it."""
    for _ in range(most):
        if await page.evaluate("wanted => document.activeElement?.matches(wanted)", selector):
            outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", selector
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"{selector} is not reached by Tab")


# --- tasks, by keyboard alone


def test_from_a_number_to_what_its_receipts_prove(tmp_path):
    async def story(visit, port, number):
        await chain(port)
        async with visit() as one:
            page = await sign_in(one, port)
            await reach(page, "#q")
            await page.keyboard.type("eu 0000200")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/reading/certificates/EU0000200")
            assert "confirmed" in await page.get_by_role("heading", level=1).inner_text()
            await page.wait_for_selector("#verification[data-ready]")
            await reach(page, "#policy")
            await page.keyboard.insert_text(port.policy())
            await reach(page, "#pin button[type=submit]")
            await page.keyboard.press("Enter")
            await expect(page.locator("#pinned")).to_have_text(re.compile("^Pinned on"), timeout=WAIT_MS)
            await reach(page, "#check")
            asked = len(one.requests)
            await page.keyboard.press("Enter")
            await page.wait_for_selector("#verdict.right")
            assert await page.locator("#verdict").inner_text() == "2 of 2 receipts hold under the pinned policy."
            assert len(one.requests) == asked, "nobody was asked"
            shown = await page.locator(".result").first.inner_text()
            for words in (
                "log kpledger.example/dev",
                "BW/witness, RU/witness, EU/witness",
                "The figures on this page",
                "21 September 2026",
            ):
                assert words in shown
            for words in ("whether the record still stands", "that the key is the author's", "is true"):
                assert words in shown
            await reach(page, ".result summary")
            await page.keyboard.press("Enter")
            assert await page.locator(".result").first.get_by_role("row", name="carats 1300.00").is_visible()
            await page.reload()
            await expect(page.locator("#pinned")).to_have_text(re.compile("^Pinned on"), timeout=WAIT_MS)
            one.check_quiet()

    browse(tmp_path, story, traded=False)


def test_a_finding_is_filtered_assigned_and_kept(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            page = await sign_in(one, port, back="/reading/findings")
            await reach(page, "#by-rule")
            await page.keyboard.type("discrepancy")
            await reach(page, ".filters button")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/reading/findings?rule=discrepancy**")
            rows = page.locator("tr[data-finding]")
            assert await rows.count() >= 2
            first = await rows.first.get_attribute("data-finding")
            await reach(page, "tr[data-finding] a")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/reading/findings/discrepancy/*")
            await reach(page, "#status")
            await page.keyboard.type("in progress")
            await reach(page, "#assignee")
            await page.keyboard.type("Ben <b>")
            await reach(page, "#note")
            await page.keyboard.type("Asked the issuer.")
            await reach(page, "form.sheet button")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**#work")
            assert await page.locator(".written").all_inner_texts() == ["Asked the issuer."]
            assert await page.input_value("#assignee") == "Ben <b>"
            await page.goto(one.base + "/reading/findings?" + "assignee=" + quote("Ben <b>"))
            assert [await row.get_attribute("data-finding") for row in await rows.all()] == [first]
            await reach(page, "#name")
            await page.keyboard.type("Ben's work")
            async with page.expect_navigation():
                await page.keyboard.press("Enter")
            await page.goto(one.base + "/reading")
            await reach(page, ".saved a")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/reading/findings?assignee=*")
            assert await rows.count() == 1
            async with page.expect_download() as saved:
                await page.get_by_role("link", name="This list as CSV").click()
            assert first in (await (await saved.value).path()).read_text("utf-8-sig")
            one.check_quiet()

    browse(tmp_path, story)


def test_who_owes_outcomes_and_a_participants_year(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            page = await sign_in(one, port, back="/reading/open")
            ageing = {owed.destination: owed for owed in port.ledger.ageing().owed}
            table = page.locator("table.ageing tr[data-code]")
            assert await table.count() == len(ageing)
            for row in await table.all():
                owed = ageing[await row.get_attribute("data-code")]
                cells = await row.locator("td").all_inner_texts()
                assert [int(cell) for cell in cells[:5]] == [
                    *(part.certificates for part in owed.by_age),
                    owed.all.certificates,
                ]
            await reach(page, "table.ageing a[href*='=EU']")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**destination=EU#each")
            await page.get_by_role("link", name="European Union").first.click()
            await page.goto(one.base + "/reading/participants/EU")
            stock = port.ledger.stock("EU").total
            shown = await page.locator("#stock ~ .scroll tfoot td").all_inner_texts()
            assert [text.replace(",", "").replace("\N{MINUS SIGN}", "-") for text in shown][2:4] == [
                f"{stock.imports // 100}.{stock.imports % 100:02}", f"{stock.exports // 100}.{stock.exports % 100:02}",
            ]  # fmt: skip
            await reach(page, "a[href$='/years/2026']")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/years/2026")
            await page.emulate_media(media="print")
            assert not await page.locator(".inside").is_visible()
            assert await page.locator(".figure[data-figure=exports]").is_visible()
            assert len(await page.pdf()) > 10_000
            one.check_quiet()

    browse(tmp_path, story)


def test_signing_out_and_the_way_back(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            page = await sign_in(one, port, "participant:BW", "/reading/participants/BW")
            assert page.url.endswith("/reading/participants/BW")
            await reach(page, ".out button")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/reading/sign-in")
            await page.go_back()
            assert "/reading/sign-in" in page.url, "no page is kept after signing out"
            await page.fill("#token", "kpl_wrong")
            await page.keyboard.press("Enter")
            await page.wait_for_selector("[role=alert]")
            assert await page.get_attribute("#token", "aria-invalid") == "true"

    browse(tmp_path, story, traded=False)


# --- the check in the browser


async def pin_and_check(page):
    await page.wait_for_selector("#verification[data-ready]")
    await page.locator("#policy-of-node").locator("xpath=ancestor::details").locator("summary").click()
    await page.click("#take")
    await page.click("#check")
    await page.wait_for_selector(".result:nth-of-type(2)")


def test_a_page_that_lies_is_found_out(tmp_path):
    async def story(visit, port, number):
        await chain(port)
        async with visit() as one:
            page = await sign_in(one, port)
            receipts = "[...document.querySelectorAll('[data-receipt]')]"
            for lie, words in (
                ("document.querySelector('tfoot td').textContent = '1,301.00'", "The page shows 1,301.00 for carats; the record says 1300.00."),
                (f"{{ const [a, b] = {receipts}; a.textContent = b.textContent; }}", "The receipt is of another record than this page says."),
                (f"{receipts}[0].textContent = {receipts}[0].textContent.replace('index ', 'index 1')", "It names a place that the log does not have."),
                (f"{receipts}[1].textContent = {receipts}[1].textContent.replace(/\\u2014 RU.witness .*\\n/, '')", "Too few of the nodes that count have signed."),
                (f"{receipts}[1].textContent = {receipts}[1].textContent.replace(/extra .{{9}}/, 'extra AAAAAAAAA')", "The record is not at this place of the log"),
                ("document.querySelector('#verification').dataset.ledger = '00'.repeat(32)", "A signature is forged or damaged."),
            ):  # fmt: skip
                await page.goto(one.base + "/reading/certificates/EU0000200")
                await page.evaluate("localStorage.clear()")
                if "dataset.ledger" in lie:
                    await page.route("**/reading/certificates/EU0000200", other_ledger)
                    await page.reload()
                else:
                    await page.wait_for_selector("#verification[data-ready]")
                    await page.evaluate(lie)
                await pin_and_check(page)
                assert await page.locator("#verdict").get_attribute("class") == "wrong"
                assert "Do not rely on what this page says." in await page.locator("#verdict").inner_text()
                assert words in await page.locator("#results").inner_text()
            one.check_quiet()

    browse(tmp_path, story, traded=False)


def test_an_outcome_on_paper_is_held_against_its_record_too(tmp_path):
    async def story(visit, port, number):
        trader = Trader(port.network, NOW, drawn=10_000)
        made = trader.issue("BW0000100", "LR", [(GEMS, "12.50", ["BW"])])
        await port.submit(made.raw, wait=False)
        body = PaperConfirmBody(made.id, b"\xab" * 32, "BW0000100", "discrepancy", 1, 1200, trader.today)
        await port.submit(trader.statement(PAPER_CONFIRM, body, "BW", "issue").raw, wait=False)
        async with visit() as one:
            page = await sign_in(one, port, back="/reading/certificates/BW0000100")
            for lie, verdict, words in (
                ("0", "right", "The figures on this page are those of the record."),
                ("document.querySelector('tfoot td:nth-of-type(2)').textContent = '12.50'", "wrong", "shows 12.50 for carats; the record says 12.00."),
            ):  # fmt: skip
                await page.goto(one.base + "/reading/certificates/BW0000100")
                await page.evaluate("localStorage.clear()")
                await page.wait_for_selector("#verification[data-ready]")
                await page.evaluate(lie)
                await pin_and_check(page)
                assert await page.locator("#verdict").get_attribute("class") == verdict
                assert words in await page.locator("#results").inner_text()
            one.check_quiet()

    browse(tmp_path, story, traded=False, network=on_paper("LR"))


async def other_ledger(route):
    reply = await route.fetch()
    body = re.sub(r'data-ledger="[0-9a-f]{64}"', 'data-ledger="' + "0" * 64 + '"', await reply.text())
    await route.fulfill(response=reply, body=body)


def test_a_policy_that_changes_is_noticed(tmp_path):
    async def story(visit, port, number):
        await chain(port)
        async with visit() as one:
            page = await sign_in(one, port)
            await page.goto(one.base + "/reading/certificates/EU0000200")
            await pin_and_check(page)
            assert "another policy" not in await page.locator("#pinned").inner_text()
            honest = port.policy()
            port.policy = lambda: honest.replace("group validators 3", "group validators 1")
            await page.reload()
            await page.wait_for_selector("#pinned.wrong")
            assert "This node now tells another policy" in await page.locator("#pinned").inner_text()
            assert await page.input_value("#policy") == honest
            await page.fill("#policy", "quorum none")
            await page.click("#pin button[type=submit]")
            assert "This is no policy" in await page.locator("#pinned").inner_text()
            await page.set_input_files(
                "#policy-file", {"name": "p.txt", "mimeType": "text/plain", "buffer": port.policy().encode()}
            )
            await expect(page.locator("#pinned")).not_to_have_class(re.compile("wrong"), timeout=WAIT_MS)
            await page.click("#forget")
            assert await page.locator("#pinned").inner_text() == "No policy is pinned yet."
            await page.click("#check")
            assert await page.locator("#verdict.wrong").inner_text() == "No policy is pinned yet."
            one.check_quiet()

    browse(tmp_path, story, traded=False)


@pytest.mark.parametrize(
    "spoil",
    [
        "Object.defineProperty(crypto, 'subtle', {value: undefined})",
        "crypto.subtle.importKey = () => Promise.reject(new DOMException('x', 'NotSupportedError'))",
        "crypto.subtle.verify = () => Promise.resolve(true)",
    ],
    ids=["insecure", "too-old", "always-yes"],
)
def test_a_browser_that_cannot_check_says_so(tmp_path, spoil):
    async def story(visit, port, number):
        await chain(port)
        async with visit() as one:
            await one.page.add_init_script(spoil)
            page = await sign_in(one, port, back="/reading/certificates/EU0000200")
            await page.wait_for_selector("#verification[data-ready]")
            assert "Nothing was checked" in await page.locator("#verification .notice-box").inner_text()
            assert not await page.locator("#check").is_visible()
            one.check_quiet()

    browse(tmp_path, story, traded=False)


# --- how the pages are made


PAGES = (
    "/reading", "/reading/findings", "/reading/open", "/reading/certificates", "/reading/certificates/EU0000200",
    "/reading/participants", "/reading/participants/EU", "/reading/participants/EU/years/2026", "/reading/search?q=un",
)  # fmt: skip

KINDS = {"phone": {"viewport": NARROW}, "desktop": {}, "dark": {"color_scheme": "dark"}}

SOUND = """() => {
  const named = (e) => e.hasAttribute('aria-label') || e.hasAttribute('aria-labelledby') || e.labels?.length || e.textContent.trim();
  const wrong = [];
  for (const e of document.querySelectorAll('input:not([type=hidden],[hidden]), select, textarea, button, a[href], [role=group]'))
    if (!named(e)) wrong.push('no name: ' + e.outerHTML.slice(0, 80));
  for (const t of document.querySelectorAll('table'))
    if (!t.querySelector('thead th[scope=col]') || [...t.querySelectorAll('tbody tr')].some(r => !r.querySelector('th[scope=row]')))
      wrong.push('table: ' + t.outerHTML.slice(0, 80));
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  wrong.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map(id => 'id twice: ' + id));
  for (const e of document.querySelectorAll('[aria-labelledby], [aria-describedby]'))
    for (const id of (e.getAttribute('aria-labelledby') ?? e.getAttribute('aria-describedby')).split(' '))
      if (!document.getElementById(id)) wrong.push('nothing has the id ' + id);
  for (const e of document.querySelectorAll('svg')) if (e.getAttribute('aria-hidden') !== 'true') wrong.push('svg');
  for (const e of document.querySelectorAll('svg a')) if (e.getAttribute('tabindex') !== '-1') wrong.push('focus inside a picture');
  for (const e of document.querySelectorAll('button, select, input:not([type=hidden],[hidden])')) {
    const {width, height} = e.getBoundingClientRect();
    if (width && (width < 24 || height < 24)) wrong.push('too small: ' + e.outerHTML.slice(0, 80));
  }
  return wrong;
}"""


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_fits_and_reads_well(tmp_path, kind):
    async def story(visit, port, number):
        await chain(port)
        name = port.ledger.findings(None, 1).rows[0].name
        record = port.ledger.certificate("EU0000200").records[0].hex()
        async with visit(**KINDS[kind]) as one:
            page = await sign_in(one, port)
            for path in (*PAGES, f"/reading/findings/{quote(name)}", f"/reading/records/{record}", "/reading/sign-in"):
                await page.goto(one.base + path)
                scroll, inner = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
                assert scroll <= inner, path
                assert await page.evaluate(OUTSIDE) == [], path
                assert await page.evaluate(SOUND) == [], path
                if kind != "dark":  # the same page in other colours, whose contrast is looked at below
                    assert await violations(page) == [], path
                seen, poor = await page.evaluate(CONTRAST)
                assert seen > 10
                assert poor == [], path
                levels = await page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
                assert levels.count(1) == 1
                assert all(after - before <= 1 for before, after in pairwise(levels)), path
                await page.screenshot(path=str(tmp_path / f"{kind}{re.sub(r'[^a-z0-9]+', '-', path)}.png"), full_page=True)
            one.check_quiet()

    browse(tmp_path, story)


def test_without_scripts_everything_but_the_check_works_and_in_french(tmp_path):
    async def story(visit, port, number):
        await chain(port)
        async with visit(java_script_enabled=False, locale="fr-FR") as one:
            page = await one.open("/reading")
            await page.fill("#token", port.tokens.issue("auditor", NOW, label="Ana"))
            await page.click("form.sheet button")
            await page.wait_for_url("**/reading")
            assert await page.get_by_role("heading", level=1).inner_text() == "Bureau"
            await page.fill("#q", "botswana")
            await page.click("[role=search] button")
            await page.wait_for_url("**/reading/participants/BW")
            await page.fill("#q", "Émirats")
            await page.click("[role=search] button")
            await page.wait_for_url("**/reading/participants/AE")
            assert await page.get_by_role("heading", level=1).inner_text() == "Émirats arabes unis"
            await page.goto(one.base + "/reading/certificates/EU0000200")
            assert "Il y faut un script" in await page.locator("#verification").inner_text()
            assert "data-receipt" in await page.content()
            assert "1\N{NARROW NO-BREAK SPACE}300,00" in await page.locator("table.both tfoot").inner_text()
            await page.goto(one.base + "/reading/findings")
            await page.select_option("#by-severity", "high")
            await page.click(".filters button >> nth=0")
            await page.wait_for_url("**severity=high**")
            one.check_quiet()

    browse(tmp_path, story)


def test_the_drawing_and_its_tables_say_the_same(tmp_path):
    async def story(visit, port, number):
        await chain(port)
        async with visit() as one:
            page = await sign_in(one, port, back="/reading/certificates/EU0000200")
            drawn = await page.locator("svg.custody .box-number").all_text_contents()
            assert sorted(drawn) == ["AE0000300", "BW0000100", "EU0000200", "RU0000100"]
            listed = [await page.locator(f"#chain-{way} + .scroll tbody a").all_inner_texts() for way in ("up", "down")]
            assert listed == [["BW0000100", "RU0000100"], ["AE0000300"]]
            assert sorted(await page.locator("svg.custody .flow-weight").all_text_contents()) == [
                "1,000.00",
                "250.00",
                "300.00",
            ]
            places = await page.evaluate(
                "Object.fromEntries([...document.querySelectorAll('svg.custody a')].map(a => [a.getAttribute('href').slice(-9), +a.querySelector('rect').getAttribute('x')]))"
            )
            assert places["BW0000100"] == places["RU0000100"] < places["EU0000200"] < places["AE0000300"]
            origins = await page.locator("table.origins tbody tr").all_inner_texts()
            assert [re.sub(r"\s+", " ", row) for row in origins] == [
                "Botswana 1,000.00 1,000.00 1,050.00 0.00",
                "Russia 250.00 250.00 300.00 0.00",
            ]
            await page.locator("svg.custody a[href$=BW0000100]").click()
            await page.wait_for_url("**/BW0000100")
            one.check_quiet()

    browse(tmp_path, story, traded=False)
