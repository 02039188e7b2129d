"""The signing desk as its officers use it, in Debian's Chromium: on a real network of processes, by keyboard alone, on a phone.

Screenshots land in pytest's temporary folder (`--basetemp`), for people to look at.
"""

import asyncio
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect

from api.limits import ApiLimits
from node.desk.app import Desk, create_app
from node.desk.drafts import Standing
from node.desk.strings import french
from tests.support.browser import ARGUMENTS, CHROMIUM, NARROW, WAIT_MS, WIDE, Visit, need_chromium
from tests.support.cluster import Devnet
from tests.support.desks import ADA, BEN, CANARY, phrase, play, write_officers
from tests.support.http import running
from tests.support.port import on_paper
from tests.web.test_page import OUTSIDE

TODAY = datetime.now(UTC).date()
READY_SECONDS = 40


@pytest.fixture(autouse=True)
def chromium():
    need_chromium()


class DeskProcess:
    """`kpledger desk` in a process of its own."""

    def __init__(self, home: Path, net: dict, code: str, genesis: Path) -> None:
        write_officers(home, ADA, BEN)
        self.home, self.log = home, home.with_name(home.name + ".out")
        command = [sys.executable, "-m", "node.cli", "desk", "--home", str(home), "--listen", "127.0.0.1:0"]
        command += ["--keys", net["keys"][code], "--genesis", str(genesis), "--url", net["nodes"][0]["api"]]
        environment = {**os.environ, "KPLEDGER_TOKEN": net["tokens"]["participant"][code]}
        with self.log.open("w") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment)

    def addresses(self) -> list[str]:
        """The one-time addresses that it has shown so far."""
        return re.findall(r"http://127\.0\.0\.1:\d+/open\?key=\S+", self.log.read_text())

    async def address(self) -> str:
        deadline = time.monotonic() + READY_SECONDS
        while not self.addresses():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            await asyncio.sleep(0.05)
        return self.addresses()[-1]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


@asynccontextmanager
async def browser():
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)

        @asynccontextmanager
        async def window(address: str, officer: str = ADA, **options):
            context = await found.new_context(**{"viewport": WIDE, "locale": "en-GB", **options})
            one = Visit(await context.new_page(), address.partition("/open")[0])
            page = one.page
            await page.goto(address)
            await page.locator("#officer").select_option(officer)
            await page.locator("#passphrase").fill(phrase(officer))
            await page.get_by_role("main").get_by_role("button").click()
            await page.wait_for_url(f"{one.base}/")
            yield one
            await context.close()

        try:
            yield window
        finally:
            await found.close()


async def look(one: Visit, folder: Path, name: str) -> None:
    """The page breaks no rule of accessibility, fits, and leaves a picture."""
    page = one.page
    result = await Axe().run(page)
    assert [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in result.response["violations"]] == [], name
    assert await page.evaluate(OUTSIDE) == [], name
    scroll, inner = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert scroll <= inner, name
    await page.screenshot(path=str(folder / f"{name}.png"), full_page=True)


async def fill(page, fields: dict[str, str]) -> None:
    for name, value in fields.items():
        box = page.locator(f'[name="{name}"]')
        if await box.evaluate("e => e.tagName") == "SELECT":
            await box.select_option(value)
        else:
            await box.fill(value)


async def release(page, officer: str = BEN) -> None:
    await page.locator("#officer").select_option(officer)
    await page.locator("#passphrase").fill(phrase(officer))
    await page.get_by_role("button", name="Release, sign and send").click()


CERTIFICATE = {
    "destination": "AE", "parcels": "2", "lines[0].origin": "BW", "lines[0].carats": "1 200,50", "lines[0].value": "240100",
    "sealed.exporter.name": CANARY, "sealed.importer.name": "Zephyr Trading of Deira", "sealed.seals": "S-101 S-102",
}  # fmt: skip
SHEET = """number,type,issued,validated,expires,destination,parcels,hs,origin,carats,value,exporter_name,importer_name
BW0000011,export,{day},{day},{until},AE,1,710231,BW,1.50,10.00,Kgalagadi Stones,Importer
BW0000011,,,,,,,710221,BW,2.00,20.00,,
BW0000012,export,{day},{day},{until},EU,1,710231,,3.00,30.00,Kgalagadi Stones,Importer
"""


@pytest.mark.timeout(240)
def test_a_day_at_two_desks(tmp_path):
    net = Devnet(tmp_path / "net")
    desks = []

    async def day(described):
        for code in ("BW", "AE"):
            desks.append(DeskProcess(tmp_path / f"desk-{code}", described, code, tmp_path / "net" / "genesis.json"))
        async with browser() as window:
            async with window(await desks[0].address()) as one:
                code = await issue(one)
                await table(one)
                await amend(one)
            async with window(await desks[1].address()) as one:
                await confirm(one, code)
                await correct(one)
                await send_back(one)
                await look_around(one)

    async def issue(one):
        page = one.page
        await look(one, tmp_path, "drafts-empty")
        await page.get_by_role("button", name="New certificate").click()
        await fill(page, {"number": "BW0000001", **CERTIFICATE, "sealed.exporter.name": ""})
        await page.get_by_role("button", name="Add a line").click()
        await fill(page, {"lines[1].hs": "710221", "lines[1].carats": "300", "lines[1].value": "x"})
        await page.get_by_role("button", name="Hand on for release").click()
        await look(one, tmp_path, "certificate-faults")
        await page.get_by_role("link", name="Exporter, Name").click()
        assert await page.evaluate("document.activeElement.id || location.hash") in (
            "sealed-exporter-name",
            "#sealed-exporter-name",
        )
        await fill(page, {"sealed.exporter.name": CANARY, "lines[1].value": "1500"})
        await page.get_by_role("button", name="Hand on for release").click()
        await look(one, tmp_path, "waiting")
        assert await page.locator("#officer option").all_text_contents() == [BEN], "who wrote it is not offered"
        await release(page)
        await page.get_by_role("heading", name="On the ledger").wait_for()
        await look(one, tmp_path, "final")
        for link, start in (("English and French", b"%PDF-"), ("Receipt, to be kept", b"c2sp.org/tlog-proof@v1")):
            async with page.expect_download() as download:
                await page.get_by_role("link", name=link).click()
            assert (await (await download.value).path()).read_bytes().startswith(start)
        return await page.locator("#receipt-code-value").text_content()

    async def table(one):
        page = one.page
        await page.get_by_role("link", name="From a spreadsheet").click()
        sheet = SHEET.format(day=TODAY, until=TODAY + timedelta(days=30))
        file = tmp_path / "certificates.csv"
        file.write_text(sheet.replace("2.00", "2,00x"))
        await page.locator("#file").set_input_files(file)
        await page.get_by_role("button", name="Read the table").click()
        await page.get_by_text("To be mended in the table").wait_for()
        await look(one, tmp_path, "table-faults")
        one.complaints.clear()  # the browser notes the 422 of the faulty table
        file.write_text(sheet)
        await page.locator("#file").set_input_files(file)
        await page.get_by_role("button", name="Read the table").click()
        await page.get_by_text("Waiting: 2 certificates").wait_for()
        await look(one, tmp_path, "table")
        await release(page)
        await expect(page.locator(".standing.final")).to_have_count(2, timeout=WAIT_MS)

    async def amend(one):
        page = one.page
        await page.get_by_role("link", name="Certificates", exact=True).click()
        await look(one, tmp_path, "certificates")
        await page.locator("#number").fill("bw0000011")
        await page.get_by_role("button", name="Find").click()
        await page.get_by_role("button", name="Amend").click()
        await fill(page, {"lines[0].carats": "1.05"})
        await page.get_by_role("button", name="Hand on for release").click()
        assert "Lines before" in await page.locator("main").inner_text()
        await look(one, tmp_path, "amendment")
        await release(page)
        await page.get_by_role("heading", name="On the ledger").wait_for()
        await page.get_by_role("link", name="The certificate on the ledger").click()
        await page.get_by_role("cell", name="303.05").or_(page.get_by_role("cell", name="3.05")).first.wait_for()
        await look(one, tmp_path, "certificate-amended")
        one.check_quiet()

    async def confirm(one, code):
        page = one.page
        await page.get_by_role("link", name="Announced shipments").click()
        await look(one, tmp_path, "inbox")
        await page.get_by_role("link", name="BW0000001").click()
        assert CANARY in await page.locator("main").inner_text(), "opened with the office's sealing key"
        await look(one, tmp_path, "announced")
        await page.get_by_role("button", name="State the outcome").click()
        figures = {"received": str(TODAY), "parcels": "2", "receipt_code": code, "inspection": "opened", "seals": "intact"}
        lines = {
            "lines[0].carats": "1200.50",
            "lines[0].value": "240100",
            "lines[1].carats": "299.00",
            "lines[1].value": "1500",
        }
        await fill(page, {**figures, **lines})
        await page.get_by_role("button", name="Compare").click()
        assert "The figures suggest: Discrepancy" in await page.locator("main").inner_text()
        await look(one, tmp_path, "compared")
        await fill(page, {"lines[1].carats": "300.00"})
        await page.get_by_role("button", name="Compare").click()
        assert "The figures suggest: Confirmed" in await page.locator("main").inner_text()
        await fill(page, {"outcome": "confirmed"})
        await page.get_by_role("button", name="Hand on for release").click()
        await look(one, tmp_path, "outcome-waiting")
        await release(page)
        await page.get_by_role("heading", name="On the ledger").wait_for()

    async def correct(one):
        page = one.page
        await page.get_by_role("link", name="The certificate on the ledger").click()
        await page.get_by_role("button", name="Correct the outcome").click()
        await fill(page, {"lines[1].carats": "299.00", "outcome": "discrepancy", "sealed.remarks": "typing error"})
        await page.get_by_role("button", name="Hand on for release").click()
        await look(one, tmp_path, "correction-waiting")
        await release(page)
        await page.get_by_role("heading", name="On the ledger").wait_for()
        await page.get_by_role("link", name="The certificate on the ledger").click()
        said = await page.locator("section", has_text="All statements, in order").inner_text()
        assert [word for word in ("Issue", "Outcome", "Corrected outcome") if word in said] == [
            "Issue",
            "Outcome",
            "Corrected outcome",
        ]
        assert "1,500.50" in said
        assert "1,499.50" in said, "both stay visible"
        await look(one, tmp_path, "certificate-corrected")

    async def send_back(one):
        page = one.page
        await page.get_by_role("button", name="Technical certificate").click()
        goods = {"number": "AE0000001", "reason": "returned", "parcels": "1", "lines[0].carats": "1", "lines[0].value": "200"}
        await fill(page, goods)
        await page.get_by_role("button", name="Hand on for release").click()
        await look(one, tmp_path, "technical-waiting")
        await release(page)
        await page.get_by_role("heading", name="On the ledger").wait_for()
        await look(one, tmp_path, "technical-final")

    async def look_around(one):
        page = one.page
        await one.open("/journal")
        await look(one, tmp_path, "journal")
        await page.set_viewport_size(NARROW)
        for path in ("/", "/inbox", "/certificates", "/certificates/BW0000001", "/table", "/journal"):
            await one.open(path)
            await look(one, tmp_path, f"phone{path.replace('/', '-')}")
        one.check_quiet()

    try:
        described = net.start()
        asyncio.run(day(described))
        tokens = described["tokens"]["participant"]
        shown = {
            number: net.get(1, f"/v1/certificates/{number}", tokens["BW"]) for number in ("BW0000001", "BW0000011", "BW0000012")
        }
        assert (shown["BW0000001"]["certificate"]["state"], len(shown["BW0000001"]["records"])) == ("discrepancy", 3)
        assert shown["BW0000011"]["certificate"]["carats"] == "3.05"
        assert len(shown["BW0000001"]["beside"]) == 1
        assert [desk.stop() for desk in desks] == [0, 0]
        for desk in desks:
            assert CANARY not in desk.log.read_text()
            assert CANARY not in (desk.home / "journal.ndjson").read_text()
            files = [file for file in desk.home.rglob("*") if file.is_file()]
            assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    finally:
        for desk in desks:
            if desk.process.poll() is None:
                desk.process.kill()
                desk.process.wait(timeout=30)
        net.stop()


async def press_to(page, wanted: str, most: int = 80) -> None:
    """Tab until the focus is on what this selector names, and is seen there."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        if await page.evaluate("s => document.activeElement.matches(s)", wanted):
            assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"the keyboard does not reach {wanted}")


def test_by_keyboard_alone_without_scripts(tmp_path):
    async def story(scene):
        desk, _ = scene.desk()
        async with served(desk) as address, browser() as window:
            scene.send(desk)
            async with window(address, java_script_enabled=False) as one:
                page, keys = one.page, one.page.keyboard
                await press_to(page, ".skip")
                await keys.press("Enter")
                await press_to(page, 'button[value="issue"]')
                await keys.press("Enter")
                await page.locator("#parcels").wait_for()
                typed = {
                    "number": "BW0000001", "destination": "United A", "parcels": "1", "lines[0].carats": "12.50",
                    "lines[0].value": "2500", "sealed.exporter.name": CANARY, "sealed.importer.name": "Zephyr Trading",
                }  # fmt: skip
                for name, text in typed.items():
                    await press_to(page, f'[name="{name}"]')
                    if name == "number":
                        await keys.press("Control+a")
                    await keys.type(text)
                await keys.press("Enter")  # saves, and does nothing else
                await page.get_by_text("Saved.").wait_for()
                assert [draft.standing for draft in desk.drafts] == [Standing.OPEN]
                await press_to(page, 'button[value="hand-on"]')
                await keys.press("Space")
                await page.locator("#release").wait_for()
                await press_to(page, "#passphrase")
                await keys.type(phrase(BEN))
                await keys.press("Enter")
                await page.get_by_role("heading", name="On the ledger").wait_for()
                assert [draft.standing for draft in desk.drafts] == [Standing.FINAL]
                one.check_quiet()

    play(tmp_path, story)


def test_an_outcome_from_paper_by_keyboard_alone_and_on_a_phone(tmp_path):
    scan = tmp_path / "answer.pdf"
    scan.write_bytes(b"%PDF-1.7 from Monrovia")

    async def story(scene):
        desk, other = scene.desk()
        scene.send(desk)
        await other.sign_in(desk, ADA)
        for number in ("BW0000001", "BW0000002"):
            await other.certificate(number=number, destination="LR")
            await other.fill({}, "hand-on")
            await other.release(BEN)
        async with served(desk), browser() as window:
            async with window(desk.address, java_script_enabled=False) as one:
                await by_keyboard(one, desk)
            async with window(desk.address, locale="fr-FR", viewport=NARROW) as one:
                await in_french(one, desk)

    async def picture(page, name):
        await page.screenshot(path=str(tmp_path / f"{name}.png"), full_page=True)

    async def by_keyboard(one, desk):
        page, keys = one.page, one.page.keyboard
        await one.open("/certificates")
        await press_to(page, 'a[href="/certificates/BW0000001"]')
        await keys.press("Enter")
        await page.locator("#statements").wait_for()
        await press_to(page, 'button[value="answer"]')
        await keys.press("Enter")
        typed = {"parcels": "1", "carats": "12,50", "digest": "0F " * 32, "outcome": "Conf"}
        await page.locator("#digest").wait_for()
        await fill(page, {"received": str(TODAY)})  # how a day is typed depends on the browser's language
        for name, text in typed.items():
            await press_to(page, f'[name="{name}"]')
            await (keys.insert_text if name == "digest" else keys.type)(text)
        await page.locator("#parcels").focus()
        await keys.press("Enter")  # saves, and does nothing else
        await page.get_by_text("Saved.").wait_for()
        await picture(page, "answer")
        await press_to(page, 'button[value="hand-on"]')
        await keys.press("Space")
        await page.locator("#release").wait_for()
        await press_to(page, "#passphrase")
        await keys.type(phrase(BEN))
        await keys.press("Enter")
        await page.get_by_role("heading", name="On the ledger").wait_for()
        await one.open("/certificates/BW0000001")
        await picture(page, "answered")
        one.check_quiet()

    async def in_french(one, desk):
        page = one.page
        await one.open("/certificates/BW0000002")
        await page.get_by_role("button", name=french.TEXTS["begin_answer"]).click()
        await page.get_by_role("button", name="Vérifier").first.click()
        assert "Remplissez ce champ." in await page.locator("main").inner_text()
        await look(one, tmp_path, "french-phone-answer-faults")
        for wrong in ("#parcels", "#outcome"):
            assert await page.locator(wrong).evaluate("e => getComputedStyle(e).borderTopWidth") == "2px", (
                "what is wrong is seen"
            )
        await page.locator("#document").set_input_files(scan)
        await fill(page, {"received": str(TODAY), "parcels": "0", "carats": "0", "outcome": "refused"})
        await page.get_by_role("button", name="Comparer").click()
        assert await page.locator("#digest").input_value() == hashlib.sha256(scan.read_bytes()).hexdigest()
        await page.get_by_role("button", name="Transmettre pour libération").click()
        await picture(page, "french-phone-answer-waiting")
        await page.locator("#passphrase").fill(phrase(BEN))
        await page.get_by_role("button", name="Libérer, signer et envoyer").click()
        await page.get_by_role("heading", name="Sur le registre").wait_for()
        await one.open("/certificates/BW0000002")
        await picture(page, "french-phone-answered")
        one.check_quiet()

    play(tmp_path, story, on_paper("LR"))


def test_in_french_and_in_the_dark(tmp_path):
    async def story(scene):
        desk, _ = scene.desk()
        async with served(desk), browser() as window:
            for kind, options in (("french", {}), ("french-dark-phone", {"viewport": NARROW, "color_scheme": "dark"})):
                async with window(desk.address, locale="fr-FR", **options) as one:
                    page = one.page
                    assert await page.evaluate("document.documentElement.lang") == "fr"
                    await look(one, tmp_path, f"{kind}-drafts")
                    await page.get_by_role("button", name="Nouveau certificat").click()
                    await page.get_by_role("button", name="Vérifier").first.click()
                    assert "Remplissez ce champ." in await page.locator("main").inner_text()
                    await look(one, tmp_path, f"{kind}-certificate")
                    for button in ("Importation sur papier", "Certificat technique"):
                        await one.open("/")
                        await page.get_by_role("button", name=button).click()
                        await page.get_by_role("button", name="Vérifier").first.click()
                        assert "Remplissez ce champ." in await page.locator("main").inner_text()
                        if kind != "french":  # what fits and is read there, fits and is read on a wide screen
                            await look(one, tmp_path, f"{kind}-{button.split()[-1]}")
                    await page.get_by_role("link", name="English").click()
                    assert await page.evaluate("document.documentElement.lang") == "en"
                    one.check_quiet()

    play(tmp_path, story)


@asynccontextmanager
async def served(desk: Desk):
    """The desk on a free loopback port; its one-time address."""
    app = create_app(desk)
    async with running(app, ApiLimits()) as number:
        desk.port = number
        yield desk.address
