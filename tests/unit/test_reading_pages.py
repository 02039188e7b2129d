"""The signed-in pages over HTTP: who may see what, forms of others refused, cookies, lists page by page, both languages."""

import asyncio
import csv
import io
import re
from urllib.parse import quote, urlencode

import pytest
from structlog.testing import capture_logs

from api.app import create_app
from ledger.bodies import PAPER_CONFIRM, PaperConfirmBody
from ledger.findings import Severity, Status
from tests.support.http import ask, running
from tests.support.port import NOW, local_port, on_paper
from tests.support.trade import Trader
from tests.support.week import trade

FORM = "application/x-www-form-urlencoded"
ORIGIN = "http://test"
SECRETS = (b"Canary", b"CANARY", b"kpl_")
"""What the traded records' sealed parts hold, and how tokens begin."""


class Browser:
    """Asks as a browser that was signed in does."""

    def __init__(self, number, cookie):
        self.number, self.cookie = number, cookie

    async def get(self, path, **headers):
        return await ask(self.number, "GET", path, **{"cookie": self.cookie, **headers})

    async def post(self, path, fields, **headers):
        sent = {"cookie": self.cookie, "content_type": FORM, "origin": ORIGIN, **headers}
        return await ask(
            self.number, "POST", path, urlencode(fields).encode(), **{k: v for k, v in sent.items() if v is not None}
        )

    async def form_token(self):
        return re.search(rb'name="form" value="([^"]+)"', (await self.get("/reading")).body)[1].decode()


async def sign_in(number, token, back="", **headers):
    sent = {"content_type": FORM, "origin": ORIGIN, **headers}
    fields = urlencode({"token": token, "next": back}).encode()
    return await ask(number, "POST", "/reading/sign-in", fields, **{k: v for k, v in sent.items() if v is not None})


def pages(tmp_path, story, traded=True, network=None):
    """Runs `story(port, number, enter)`; `enter(scope)` gives a browser that is signed in."""

    async def run():
        with local_port(tmp_path, network=network) as port:
            if traded:
                await trade(port)
            async with running(create_app(port), port.limits) as number:

                async def enter(scope="auditor", label="Ana"):
                    reply = await sign_in(number, port.tokens.issue(scope, NOW, label=label))
                    assert reply.status == 303
                    return Browser(number, reply.headers["set-cookie"].split(";")[0])

                await story(port, number, enter)

    asyncio.run(run())


# --- signing in


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_do_not_have(tmp_path):
    async def story(port, number, enter):
        token = port.tokens.issue("auditor", NOW)
        reply = await sign_in(number, token, "/reading/findings?severity=high")
        assert (reply.status, reply.headers["location"]) == (303, "/reading/findings?severity=high")
        cookie = reply.headers["set-cookie"]
        assert re.fullmatch(r"kpl_session=[\w-]{43}; HttpOnly; Path=/; SameSite=Strict", cookie)
        port.public_url = "https://node.example:8443"
        cookie = (await sign_in(number, token)).headers["set-cookie"]
        assert re.fullmatch(r"__Host-kpl_session_8443=[\w-]{43}; Secure; HttpOnly; Path=/; SameSite=Strict", cookie)

    pages(tmp_path, story, traded=False)


def test_who_is_not_signed_in_is_sent_to_and_back(tmp_path):
    async def story(port, number, enter):
        for path in ("/reading", "/reading/findings?rule=discrepancy", "/reading/certificates/BW0000001", "/reading/records/x"):
            reply = await ask(number, "GET", path)
            assert (reply.status, reply.body) == (303, b"")
            assert reply.headers["location"] == f"/reading/sign-in?{urlencode({'next': path})}"
        token = port.tokens.issue("auditor", NOW)
        for elsewhere in ("//evil.example", "https://evil.example/reading", "/\\evil.example", "/v1/records"):
            assert (await sign_in(number, token, elsewhere)).headers["location"] == "/reading"
            asked = await ask(number, "GET", f"/reading/sign-in?next={quote(elsewhere, safe='')}")
            assert b"evil" not in asked.body

    pages(tmp_path, story, traded=False)


def test_wrong_expired_and_revoked_tokens_look_alike(tmp_path):
    async def story(port, number, enter):
        expired = port.tokens.issue("auditor", NOW - 2 * 86_400_000, days=1)
        revoked = port.tokens.issue("auditor", NOW)
        port.tokens.revoke(next(entry.id for entry in port.tokens.entries if entry.expires_ms > NOW))
        bodies = set()
        for token in ("kpl_" + "x" * 43, expired, revoked, "x" * 5000, ""):
            reply = await sign_in(number, token)
            assert (reply.status, "set-cookie" in reply.headers) == (403, False)
            bodies.add(reply.body)
        assert len(bodies) == 1
        assert b"This token is not valid here" in bodies.pop()

    pages(tmp_path, story, traded=False)


def test_a_session_ends_when_its_token_does(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        assert (await browser.get("/reading")).status == 200
        port.tokens.revoke(port.tokens.entries[0].id)
        assert (await browser.get("/reading")).status == 303
        again = await enter("participant:BW")
        port.clock = NOW + 366 * 86_400_000
        assert (await again.get("/reading")).status == 303

    pages(tmp_path, story, traded=False)


def test_a_planted_session_id_is_not_taken_on(tmp_path):
    async def story(port, number, enter):
        planted = "kpl_session=" + "A" * 43
        token = port.tokens.issue("auditor", NOW)
        reply = await sign_in(number, token, cookie=planted)
        assert reply.headers["set-cookie"].split(";")[0] != planted
        assert (await Browser(number, planted).get("/reading")).status == 303
        first = reply.headers["set-cookie"].split(";")[0]
        second = (await sign_in(number, token, cookie=first)).headers["set-cookie"].split(";")[0]
        assert (await Browser(number, first).get("/reading")).status == 303
        assert (await Browser(number, second).get("/reading")).status == 200

    pages(tmp_path, story, traded=False)


def test_signing_out_ends_the_session(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        reply = await browser.post("/reading/sign-out", {"form": await browser.form_token()})
        assert (reply.status, reply.headers["location"]) == (303, "/reading/sign-in")
        assert reply.headers["set-cookie"].startswith("kpl_session=; Expires=Thu, 01 Jan 1970")
        assert (await browser.get("/reading")).status == 303

    pages(tmp_path, story, traded=False)


def test_the_interface_takes_no_cookie_and_the_pages_no_bearer(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        assert (await browser.get("/v1/findings")).status == 401
        assert (await browser.get("/v1/certificates")).status == 401
        token = port.tokens.issue("auditor", NOW)
        assert (await ask(number, "GET", "/reading", authorization=f"Bearer {token}")).status == 303

    pages(tmp_path, story, traded=False)


# --- forms


async def finding_of(browser):
    listed = (await browser.get("/reading/findings")).body
    return re.search(rb'href="(/reading/findings/[^"?.]+)"', listed)[1].decode()


ORIGINS = [
    ({}, True),
    ({"sec_fetch_site": "same-origin", "origin": "null"}, True),
    ({"origin": "http://evil.example"}, False),
    ({"origin": "null"}, False),
    ({"origin": None}, False),
    ({"origin": "https://test.evil.example"}, False),
    ({"sec_fetch_site": "cross-site"}, False),
    ({"sec_fetch_site": "same-site"}, False),
    ({"sec_fetch_site": "none"}, False),
]


def test_forms_of_other_origins_are_refused(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        token = await browser.form_token()
        for at, (headers, taken) in enumerate(ORIGINS):
            reply = await browser.post(
                "/reading/filters", {"form": token, "name": f"n{at}", "query": "severity=high"}, **headers
            )
            assert reply.status == (303 if taken else 403), headers
            assert any(one.name == f"n{at}" for one in port.workbook.filters("auditor")) is taken, headers
            reply = await sign_in(number, port.tokens.issue("auditor", NOW), **headers)
            assert (reply.status, "set-cookie" in reply.headers) == ((303, True) if taken else (403, False)), headers

    pages(tmp_path, story, traded=False)


def test_forms_need_their_own_sessions_token(tmp_path):
    async def story(port, number, enter):
        browser, other = await enter(), await enter()
        address = await finding_of(browser)
        for token in ("", "x", await other.form_token()):
            for path in (address, "/reading/filters", "/reading/filters/1/remove", "/reading/sign-out"):
                reply = await browser.post(path, {"form": token, "work": "done", "assignee": "Eve", "name": "n", "query": ""})
                assert reply.status == 403, path
                assert b"This form was not taken" in reply.body
        assert (await browser.get("/reading")).status == 200
        assert port.workbook.filters("auditor") == port.workbook.assignees("auditor") == []

    pages(tmp_path, story)


BODIES = [
    (b"form=%FF", FORM, 400),
    (b"form=a&form=b", FORM, 400),
    (b"form=a%00b", FORM, 400),
    (b"&".join(b"a%d=1" % at for at in range(30)), FORM, 400),
    ("form=é".encode(), FORM, 400),
    (b"form=" + b"x" * 20_000, FORM, 413),
    (b'{"form": "x"}', "application/json", 415),
    (b"", FORM, 403),
]


def test_bodies_that_are_no_form_of_ours(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        for body, kind, status in BODIES:
            sent = {"cookie": browser.cookie, "content_type": kind, "origin": ORIGIN}
            reply = await ask(number, "POST", "/reading/filters", body, **sent)
            assert (reply.status, reply.headers["content-type"]) == (status, "text/html; charset=utf-8"), body[:20]

    pages(tmp_path, story, traded=False)


# --- who sees what


PATHS = (
    "/reading", "/reading/findings", "/reading/findings.csv", "/reading/open", "/reading/certificates", "/reading/participants",
    "/reading/search?q=Exporter", "/reading/search?q=an",
)  # fmt: skip


@pytest.mark.parametrize("scope", ["auditor", "participant:EU", "participant:LR"])
def test_no_page_has_anything_sealed_and_a_participant_no_others_findings(tmp_path, scope):
    async def story(port, number, enter):
        browser = await enter(scope)
        code = scope.removeprefix("participant:")
        ledger = port.ledger
        numbers = [row.number for row in ledger.certificates().rows]
        records = [record.hex() for one in numbers for record in ledger.certificate(one).records]
        findings = ledger.findings_by_name()
        paths = [*PATHS, *(f"/reading/certificates/{one}" for one in numbers)]
        paths += [f"/reading/records/{one}{tail}" for one in records for tail in ("", "/receipt")]
        paths += [f"/reading/participants/{one}{tail}" for one in ("BW", "EU", "LR", "AE") for tail in ("", "/years/2026")]
        seen = {}
        for path in paths:
            reply = await browser.get(path)
            assert reply.status in ((200, 404) if "search" in path else (200, 403) if "years" in path else (200,)), path
            assert [secret for secret in SECRETS if secret in reply.body] == [], path
            assert reply.headers["cache-control"] == "no-store"
            seen[path] = reply
        assert findings
        concerned = {one.name for one in findings if code in {"auditor", *one.participants}}
        for one in findings:
            shown = await browser.get(f"/reading/findings/{quote(one.name)}")
            mine = scope == "auditor" or one.name in concerned
            assert shown.status == (200 if mine else 404), one.name
            if not mine:
                assert not any(f'data-finding="{one.name}"'.encode() in reply.body for reply in seen.values()), one.name
                reply = await browser.post(
                    f"/reading/findings/{quote(one.name)}",
                    {"form": await browser.form_token(), "work": "done", "assignee": "E"},
                )
                assert reply.status == 404
        asked = await browser.get("/reading/findings?participant=AE")
        assert asked.status == (200 if scope == "auditor" else 403)
        csv_asked = await browser.get("/reading/findings.csv?participant=AE")
        assert csv_asked.status == (200 if scope == "auditor" else 403)
        for one in ("BW", "EU", "LR", "AE"):
            own = scope == "auditor" or one == code
            assert seen[f"/reading/participants/{one}/years/2026"].status == (200 if own else 403)
            hidden = b"are for the secretariat, auditors and itself" in seen[f"/reading/participants/{one}"].body
            assert hidden is not own
            assert (b"Opening stock" in seen[f"/reading/participants/{one}"].body) is (scope == "auditor")

    pages(tmp_path, story)


def test_an_offices_notes_are_for_it_alone(tmp_path):
    async def story(port, number, enter):
        secretariat = await enter(label="Ana")
        found = next(one for one in port.ledger.findings_by_name() if one.participants)
        address = f"/reading/findings/{quote(found.name)}"
        fields = {
            "form": await secretariat.form_token(),
            "work": "in-progress",
            "assignee": "Ana",
            "note": "Ask <the> issuer\r\nfirst",
        }
        reply = await secretariat.post(address, fields)
        assert (reply.status, reply.headers["location"]) == (303, f"{address}#work")
        shown = (await secretariat.get(address)).body.decode()
        assert "Ask &lt;the&gt; issuer\nfirst" in shown
        assert 'value="Ana"' in shown
        colleague = await enter(label="")
        assert "first" in (await colleague.get(address)).body.decode()
        participant = await enter(f"participant:{found.participants[0]}")
        for path in (address, "/reading/findings", "/reading/findings.csv", "/reading"):
            body = (await participant.get(path)).body.decode()
            assert "Ask" not in body
            assert "Ana" not in re.sub(r"kpl_\w+", "", body).replace("Analysis", "")
        rows = list(
            csv.DictReader(io.StringIO((await secretariat.get("/reading/findings.csv?assignee=Ana")).body.decode("utf-8-sig")))
        )
        assert [(row["finding"], row["work"], row["assignee"]) for row in rows] == [(found.name, "in-progress", "Ana")]

    pages(tmp_path, story)


def test_nothing_of_a_token_or_a_session_is_logged(tmp_path, capfd):
    async def story(port, number, enter):
        token = port.tokens.issue("auditor", NOW)
        with capture_logs() as logs:
            reply = await sign_in(number, token)
            cookie = reply.headers["set-cookie"].split(";")[0]
            browser = Browser(number, cookie)
            form = await browser.form_token()
            await browser.post("/reading/filters", {"form": form, "name": "x" * 500, "query": ""})
            await sign_in(number, token + "x")
            await browser.get("/reading/search?q=" + "x" * 300)
        said = str(logs) + "".join(capfd.readouterr()) + (await ask(number, "GET", "/v1/network")).body.decode()
        metrics = str([sample for metric in port.registry.collect() for sample in metric.samples])
        for secret in (token, cookie.partition("=")[2], form):
            assert secret not in said + metrics

    pages(tmp_path, story, traded=False)


# --- what the pages find


def test_the_work_list_by_every_filter_is_the_ledgers(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        findings = port.ledger.findings_by_name()
        names = re.compile(r'data-finding="([^"]+)"')

        async def shown(**query):
            found, path = [], f"/reading/findings?{urlencode(query)}"
            while path:
                body = (await browser.get(path)).body.decode()
                found += names.findall(body)
                following = re.search(r'rel="next" href="([^"]+)"', body)
                path = following[1].replace("&amp;", "&") if following else ""
            return found

        newest = [one.name for one in sorted(findings, key=lambda one: -one.serial)]
        assert await shown() == newest
        for severity in Severity:
            assert await shown(severity=severity.value) == [n for n in newest if by(findings, n).severity is severity]
        assert await shown(status=Status.OPEN.value, rule="discrepancy") == [n for n in newest if n.startswith("discrepancy/")]
        assert await shown(participant="EU") == [n for n in newest if "EU" in by(findings, n).participants]
        form = await browser.form_token()
        for name, work, assignee in ((newest[0], "done", ""), (newest[2], "in-progress", "Ben"), (newest[3], "new", "Ben")):
            await browser.post(f"/reading/findings/{quote(name)}", {"form": form, "work": work, "assignee": assignee})
        assert await shown(assignee="Ben") == [newest[2], newest[3]]
        assert await shown(assignee="Ben", work="new") == [newest[3]]
        assert await shown(assignee="-") == [n for n in newest if n not in newest[2:4]]
        assert await shown(work="done") == [newest[0]]
        assert await shown(work="new") == [newest[1], *newest[3:]]
        assert await shown(assignee="Nobody at all") == []

    pages(tmp_path, story)


def by(findings, name):
    return next(one for one in findings if one.name == name)


def test_the_export_has_every_row_and_no_formula(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        found = port.ledger.findings_by_name()
        form = await browser.form_token()
        await browser.post(f"/reading/findings/{quote(found[0].name)}", {"form": form, "work": "new", "assignee": '=1+1,"x"'})
        reply = await browser.get("/reading/findings.csv")
        assert reply.headers["content-type"] == "text/csv; charset=utf-8"
        assert reply.headers["content-disposition"] == 'attachment; filename="findings.csv"'
        rows = list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"))))
        assert sorted(row["finding"] for row in rows) == [one.name for one in found]
        assert next(row for row in rows if row["finding"] == found[0].name)["assignee"] == '\'=1+1,"x"'

    pages(tmp_path, story)


def test_lists_of_certificates_page_without_gap_or_repetition(tmp_path):
    async def story(port, number, enter):
        browser, trader = await enter(), Trader(port.network, NOW, drawn=10_000)
        for at in range(1, 113):
            await port.submit(trader.issue(f"IN{at:07}", "EU", [("710231", "1.00", [])], kind="re-export").raw, wait=False)
        every = [row.number for row in port.ledger.certificates(newest_first=True).rows]
        for path, wanted in (
            ("/reading/certificates", every),
            ("/reading/certificates?order=oldest&issuer=IN", [n for n in reversed(every) if n.startswith("IN")]),
            ("/reading/open?destination=EU", [row.number for row in port.ledger.open_confirmations("EU").rows]),
        ):
            found, asked = [], path
            while asked:
                body = (await browser.get(asked)).body.decode()
                found += re.findall(r'<th scope="row"><a href="/reading/certificates/(\w+)"', body)
                following = re.search(r'rel="next" href="([^"]+)"', body)
                asked = following[1].replace("&amp;", "&") if following else ""
            assert found == wanted, path

    pages(tmp_path, story)


def test_an_outcome_on_paper_stands_where_its_destination_states_none(tmp_path):
    async def story(port, number, enter):
        trader = Trader(port.network, NOW, drawn=10_000)
        made = {at: trader.issue(f"BW000000{at}", "LR", [("710231", "12.50", ["BW"])]) for at in (1, 2)}
        for one in made.values():
            await port.submit(one.raw, wait=False)
        body = PaperConfirmBody(made[1].id, b"\xab" * 32, "BW0000001", "discrepancy", 1, 1200, trader.today)
        await port.submit(trader.statement(PAPER_CONFIRM, body, "BW", "issue").raw, wait=False)
        browser = await enter()
        told = (await browser.get("/reading/certificates/BW0000001")).body.decode()
        assert "its issuer has recorded what came back on paper" in told
        assert "no outcome yet" not in told
        assert "not by class" in told
        assert "ab" * 32 in told
        assert "no outcome yet" in (await browser.get("/reading/certificates/BW0000002")).body.decode()
        french = (await browser.get("/reading/certificates/BW0000001?lang=fr")).body.decode()
        assert "pas par classe" in french

    pages(tmp_path, story, traded=False, network=on_paper("LR"))


SEARCHES = [
    ("RU0000001", "/reading/certificates/RU0000001"), (" ru 000-0001 ", "/reading/certificates/RU0000001"),
    ("BW", "/reading/participants/BW"), ("fr", "/reading/participants/EU"), ("botswana", "/reading/participants/BW"),
    ("cote d'ivoire", "/reading/participants/CI"), ("Côte d\N{RIGHT SINGLE QUOTATION MARK}Ivoire", "/reading/participants/CI"),
    ("RU9999999", None), ("f" * 64, None), ("atlantis", None), ("", None), ("un", None), ("../../etc", None), ("\x00", None),
]  # fmt: skip


def test_the_search_box(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        for text, where in SEARCHES:
            reply = await browser.get(f"/reading/search?q={quote(text)}")
            if where:
                assert (reply.status, reply.headers["location"]) == (303, where), text
                continue
            shown = reply.body.decode()
            assert reply.status == (200 if text in {"", "un"} else 404), text
            if text == "un":
                assert shown.count("/reading/participants/") > 2
            elif text:
                assert "What can be found:" in shown
                assert ("form of a certificate" in shown) is (text == "RU9999999")
                assert ("form of a record" in shown) is (len(text) == 64)

    pages(tmp_path, story)


def test_a_record_is_found_by_its_id(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        record = port.ledger.certificate("RU0000001").records[0].hex()
        reply = await browser.get(f"/reading/search?q={record.upper()}")
        assert reply.headers["location"] == f"/reading/records/{record}"
        receipt = await browser.get(f"/reading/records/{record}/receipt")
        assert receipt.body.decode() == port.receipt(bytes.fromhex(record))

    pages(tmp_path, story)


NOT_THERE = [
    ("/reading/certificates/BW9999999", 404), ("/reading/certificates/" + "x" * 300, 404), ("/reading/records/xyz", 404),
    ("/reading/records/" + "0" * 64, 404), ("/reading/records/" + "0" * 64 + "/receipt", 404),
    ("/reading/participants/QQ", 404), ("/reading/participants/BW/years/2099", 404), ("/reading/participants/BW/years/x", 404),
    ("/reading/findings/discrepancy/none", 404), ("/reading/findings/nothing/none", 404),
    ("/reading/findings/discrepancy/" + "x" * 300, 404), ("/reading/findings?rule=x", 400), ("/reading/findings?severity=x", 400),
    ("/reading/findings?cursor=x", 400), ("/reading/findings?other=1", 400), ("/reading/findings?rule=rush&rule=rush", 400),
    ("/reading/certificates?state=x", 400), ("/reading/open?destination=xx", 400), ("/reading/findings.csv?work=x", 400),
]  # fmt: skip


def test_what_is_not_there_is_a_page_that_helps(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        for path, status in NOT_THERE:
            for language, words in (("en", b"To the desk"), ("fr", b"Vers le bureau")):
                reply = await browser.get(path, accept_language=language)
                assert (reply.status, reply.headers["content-type"]) == (status, "text/html; charset=utf-8"), path
                assert words in reply.body
                assert b'name="q"' in reply.body

    pages(tmp_path, story, traded=False)


def test_saved_filters(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        form = await browser.form_token()
        reply = await browser.post("/reading/filters", {"form": form, "name": "  grave   ones ", "query": "severity=high"})
        assert reply.headers["location"] == "/reading/findings?severity=high"
        shown = (await browser.get("/reading")).body.decode()
        assert '<a href="/reading/findings?severity=high">grave ones</a>' in shown
        removal = re.search(r'action="(/reading/filters/\d+/remove)"', shown)[1]
        for name, query in (("", ""), ("x" * 81, ""), ("n", "x" * 600), ("n", "a\nb"), ("n", "é")):
            assert (await browser.post("/reading/filters", {"form": form, "name": name, "query": query})).status == 400
        assert (await browser.post(removal, {"form": form})).headers["location"] == "/reading"
        assert port.workbook.filters("auditor") == []
        for _ in range(50):
            await browser.post("/reading/filters", {"form": form, "name": f"n{_}", "query": ""})
        assert (await browser.post("/reading/filters", {"form": form, "name": "one more", "query": ""})).status == 409

    pages(tmp_path, story, traded=False)


OUT_OF_BOUNDS = [
    {"work": "x"},
    {"work": ""},
    {"work": "new", "assignee": "x" * 81},
    {"work": "new", "assignee": "-"},
    {"work": "new", "note": "x" * 2001},
]


def test_notes_out_of_bounds(tmp_path):
    async def story(port, number, enter):
        browser = await enter()
        address, form = await finding_of(browser), await browser.form_token()
        for fields in OUT_OF_BOUNDS:
            assert (await browser.post(address, {"form": form, **fields})).status == 400, fields
        assert port.workbook.assignees("auditor") == []

    pages(tmp_path, story)
