"""The desk's law, over a real node in this process: four eyes, nothing lost, nothing twice, refusals at their fields."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from ledger.record import parse_submission
from node.desk.drafts import Drafts, Kind, Standing
from node.desk.journal import Journal
from node.desk.making import make
from node.desk.pages import releasing
from node.errors import FatalError
from node.office import SUBMISSION
from tests.support.desks import ADA, BEN, CANARY, EVE, LINE, PARTIES, phrase, play


@pytest.fixture
def _without_courier(monkeypatch):
    """Nobody sends what is released: a page need not wait for it."""
    monkeypatch.setattr(releasing, "_PATIENCE_S", 0.05)


def only(desk):
    (draft,) = desk.drafts
    return draft


async def issued(scene, code="BW", **more):
    """A desk that has issued a certificate; its draft."""
    desk, window = scene.desk(code)
    scene.send(desk)
    await window.sign_in(desk, ADA)
    await window.certificate(number=f"{code}0000001", **more)
    await window.fill({}, "hand-on")
    await window.release(BEN)
    return desk, window


def test_a_second_officer_releases_and_the_certificate_is_on_the_ledger(tmp_path):
    async def story(scene):
        desk, window = await issued(scene)
        draft = only(desk)
        assert (draft.standing, draft.writers, draft.released_by) == (Standing.FINAL, (ADA,), BEN)
        assert scene.port.ledger.certificate("BW0000001").row.parcels == 1
        codes = json.loads((desk.made / draft.id / "BW0000001.codes.json").read_bytes())
        assert codes["receipt_code"] in window.page
        await window.go(f"/drafts/{draft.id}/receipt")
        assert window.page.startswith("c2sp.org/tlog-proof@v1\n")
        await window.go(f"/drafts/{draft.id}/certificate?beside=fr")
        assert (window.raw[:5], window.headers["Content-Type"]) == (b"%PDF-", "application/pdf")
        acts = [(line.act, line.officer) for line in desk.journal.of(draft.id)]
        assert acts == [("written", ADA), ("written", ADA), ("handed-on", ADA), ("approved", BEN), ("made", ""), ("final", "")]

    play(tmp_path, story)


@pytest.mark.usefixtures("_without_courier")
def test_who_wrote_it_may_not_release_it(tmp_path):
    async def story(scene):
        desk, window = scene.desk(officers=(ADA, BEN, EVE))
        await window.sign_in(desk, ADA)
        await window.certificate(number="BW0000001")
        await window.fill({}, "hand-on")
        where = window.path
        await window.release(ADA)
        assert (window.status, only(desk).standing) == (403, Standing.WAITING)
        assert "Who wrote a draft may not release it." in window.page
        # it is returned, another one mends it, and has written in it then
        await window.go(where)
        await window.send_fields(f"{where}/give-back", {"remark": "two parcels"})
        await window.ask("POST", "/sign-out", b"", Origin="http://127.0.0.1:8590")
        assert window.status == 403, "a form without its token is none of ours"
        await window.go("/")
        await window.send("/sign-out")
        await window.send("/sign-in", officer=BEN, passphrase=phrase(BEN))
        await window.go(where)
        assert "two parcels" in window.page
        await window.fill({"parcels": "2"}, "hand-on")
        assert only(desk).writers == (ADA, BEN)
        for officer in (ADA, BEN):
            await window.go(where)
            await window.release(officer)
            assert window.status == 403
        assert scene.port.submissions == 0
        await window.go(where)
        await window.release(EVE)
        assert only(desk).standing is Standing.RELEASED

    play(tmp_path, story)


@pytest.mark.usefixtures("_without_courier")
def test_a_policy_without_a_second_officer(tmp_path):
    async def story(scene):
        desk, window = scene.desk(certificates=0)
        await window.sign_in(desk, ADA)
        await window.certificate(number="BW0000001")
        await window.fill({}, "hand-on")
        await window.release(ADA)
        assert (only(desk).standing, only(desk).released_by) == (Standing.RELEASED, ADA)

    play(tmp_path, story)


def test_what_was_not_seen_is_not_released(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        await window.sign_in(desk, ADA)
        await window.certificate(number="BW0000001")
        await window.fill({}, "hand-on")
        where, seen = window.path, window.fields(f"{window.path}/release")["digest"]
        await window.send_fields(f"{where}/give-back", {})
        await window.fill({"parcels": "9"}, "hand-on")
        await window.release(BEN, digest=seen)
        assert (window.status, only(desk).standing) == (409, Standing.WAITING)
        assert "changed since" in window.page
        await window.go(where)
        await window.release(BEN, passphrase="something else")
        assert (window.status, only(desk).standing) == (403, Standing.WAITING)
        assert scene.port.submissions == 0

    play(tmp_path, story)


def test_drafts_outlive_a_crash(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        await window.sign_in(desk, ADA)
        where = await window.certificate(number="BW0000001", **{"lines[0].carats": "not a number"})
        folder = desk.settings.drafts
        # what a write leaves that was cut off by the crash is no draft, and harms none
        (folder / f".{only(desk).id}.json.new").write_bytes(b'{"id": "')
        again, other = scene.desk()
        await other.sign_in(again, ADA)
        await other.go(where)
        assert only(again) == only(desk)
        assert other.fields()["lines[0].carats"] == "not a number"
        await other.fill({"lines[0].carats": "3,5"})
        assert only(again).fields["lines[0].carats"] == "3.50"
        for file in (*folder.iterdir(), *desk.settings.home.glob("*.*")):
            assert file.name.endswith(".new") or file.stat().st_mode & 0o777 == 0o600, file

    play(tmp_path, story)


def test_a_refused_record_is_set_aside_and_its_reason_stands_at_the_field(tmp_path):
    async def story(scene):
        desk, window = await issued(scene)
        await window.certificate(number="BW0000002")
        await window.fill({}, "hand-on")
        where = window.path
        # the destination leaves between the check and the release: the ledger alone knows
        draft = desk.drafts.get(where.rpartition("/")[2])
        broken = {**draft.fields, "sources[0].number": "RU0000001", "sources[0].carats": "1.00"}
        desk.drafts.keep(replace(draft, fields=broken))
        await window.go(where)
        await window.release(BEN)
        draft = desk.drafts.get(draft.id)
        assert (draft.standing, draft.problem["error"], draft.released_by) == (Standing.OPEN, "source-unknown", "")
        assert 'id="sources-0-number-fault"' in window.page
        assert 'aria-describedby=" sources-0-number-fault"' in window.page
        made = desk.made / draft.id
        assert sorted(file.name for file in made.iterdir()) == [
            "BW0000002.codes.json.refused", "BW0000002.draft.json.refused", "BW0000002.submission.refused",
        ]  # fmt: skip
        await window.fill({"sources[0].number": "", "sources[0].carats": ""}, "hand-on")
        await window.release(BEN)
        assert desk.drafts.get(draft.id).standing is Standing.FINAL
        assert scene.port.ledger.certificate("BW0000002") is not None

    play(tmp_path, story)


class Cutting:
    """Between a desk and its node: hands on what comes, and cuts the connection instead of answering so many submissions."""

    def __init__(self, number, cuts):
        self.number, self.cuts, self.bodies = number, cuts, []

    async def serve(self, reader, writer):
        onward = back = None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
            )
            body = await reader.readexactly(length)
            back, onward = await asyncio.open_connection("127.0.0.1", self.number)
            onward.write(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1) + body)
            answer = await back.read()
            if head.startswith(b"POST"):
                self.bodies.append(body)
                if self.cuts:
                    self.cuts -= 1
                    return
            writer.write(answer)
            await writer.drain()
        finally:
            writer.close()
            if onward is not None:
                onward.close()


def test_a_lost_answer_is_asked_for_again_with_the_same_bytes(tmp_path):
    async def story(scene):
        cutting = Cutting(scene.number, cuts=3)
        server = await asyncio.start_server(cutting.serve, "127.0.0.1", 0)
        async with server:
            desk, window = scene.desk(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            scene.send(desk)
            await window.sign_in(desk, ADA)
            await window.certificate(number="BW0000001")
            await window.fill({}, "hand-on")
            await window.release(BEN)
            await desk.courier.settled(20)
            draft = only(desk)
            assert draft.standing is Standing.FINAL
            assert len(cutting.bodies) == 4
            assert len(set(cutting.bodies)) == 1
        assert scene.port.ledger.head.tree_size == 1
        kept = (desk.made / draft.id / f"BW0000001{SUBMISSION}").read_bytes()
        assert parse_submission(kept).record.id.hex() == draft.record

    play(tmp_path, story)


@pytest.mark.usefixtures("_without_courier")
def test_a_desk_that_was_stopped_sends_the_same_bytes_when_it_is_started_again(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        await window.sign_in(desk, ADA)
        await window.certificate(number="BW0000001")
        await window.fill({}, "hand-on")
        await window.release(BEN)
        draft = only(desk)
        assert draft.standing is Standing.RELEASED
        # made and sent, and then the machine stops before the answer is kept
        raw = await asyncio.to_thread(make, draft, desk.store, desk.made)
        await scene.port.submit(raw, True)
        again, _ = scene.desk()
        scene.send(again)
        await again.courier.settled(20)
        assert only(again).standing is Standing.FINAL
        assert only(again).record == parse_submission(raw).record.id.hex()
        assert scene.port.ledger.head.tree_size == 1

    play(tmp_path, story)


def test_one_release_however_often_it_is_pressed(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        scene.send(desk)
        await window.sign_in(desk, ADA)
        await window.certificate(number="BW0000001")
        await window.fill({}, "hand-on")
        where, form = window.path, window.fields(f"{window.path}/release")
        body = urlencode({**form, "officer": BEN, "passphrase": phrase(BEN)}).encode()
        headers = {"Host": window.host, "Origin": f"http://{window.host}", "Content-Type": "application/x-www-form-urlencoded"}
        replies = await asyncio.gather(*(window.client.post(f"{where}/release", data=body, headers=headers) for _ in range(4)))
        assert [reply.status_code for reply in replies] == [303] * 4, "who presses twice is shown what became of it"
        assert scene.port.ledger.head.tree_size == 1
        assert [line.act for line in desk.journal.of(only(desk).id)].count("approved") == 1

    play(tmp_path, story)


def test_an_import_is_confirmed_against_what_was_announced(tmp_path):
    async def story(scene):
        bw, _ = await issued(scene)
        code = json.loads((bw.made / only(bw).id / "BW0000001.codes.json").read_bytes())["receipt_code"]
        desk, window = scene.desk("AE")
        scene.send(desk)
        await window.sign_in(desk, ADA)
        await window.go("/inbox")
        assert "BW0000001" in window.page
        await window.go("/inbox/BW0000001")
        assert CANARY in window.page
        assert "2,500.00" in window.page
        await window.send("/drafts", kind="confirm")
        today = only(bw).fields["issued"]
        measured = {"received": today, "parcels": "1", "inspection": "opened", "seals": "intact"}
        line = {"lines[0].hs": "710231", "lines[0].carats": "12.40", "lines[0].value": "2480"}
        await window.fill({**measured, **line})
        assert "The figures suggest: Discrepancy" in window.text()
        assert "-0.10" in window.page
        await window.fill({"outcome": "confirmed", "receipt_code": "AAAA AAAA AAAA AAAA"}, "hand-on")
        assert only(desk).standing is Standing.OPEN
        assert 'id="outcome-fault"' in window.page
        assert 'id="receipt-code-fault"' in window.page
        await window.fill({"lines[0].carats": "12.50", "receipt_code": f"{code[:4]} {code[4:].lower()}"}, "check")
        assert "The figures suggest: Confirmed" in window.text()
        assert "Nothing is wrong" in window.page
        await window.fill({}, "hand-on")
        await window.release(BEN)
        assert only(desk).standing is Standing.FINAL
        assert str(scene.port.ledger.certificate("BW0000001").row.state) == "confirmed"
        assert scene.port.ledger.certificate("BW0000001").outcome.receipt_code is not None
        # what it now has stands among the sources of its own certificates, and a typing error is corrected
        await window.go("/certificates/BW0000001")
        await window.send("/drafts", kind="correct")
        await window.fill({"lines[0].value": "2499.00", "sealed.remarks": "typed wrong"}, "hand-on")
        assert "before: " not in window.page or "typed wrong" in window.page
        await window.release(BEN)
        view = scene.port.ledger.certificate("BW0000001")
        assert len(view.records) == 3
        await window.go("/certificates/BW0000001")
        assert window.page.index("Outcome") < window.page.index("Corrected outcome")
        await window.go("/")
        await window.send("/drafts", kind="issue")
        assert "BW0000001 from BW: 12.50 of 12.50 ct left" in window.page
        more = {"number": "AE0000001", "type": "re-export", "destination": "EU", "parcels": "1", **LINE, **PARTIES}
        await window.fill(
            {**more, "sources[0].number": "BW0000001", "sources[0].carats": "12.60", "lines[0].carats": "20"}, "hand-on"
        )
        assert 'id="sources-0-carats-fault"' in window.page
        await window.fill({"sources[0].carats": "12.00"}, "hand-on")
        await window.release(BEN)
        assert scene.port.ledger.certificate("BW0000001").claims[0].points == 1200

    play(tmp_path, story)


def test_an_amended_certificate_is_answered_as_it_now_stands(tmp_path):
    async def story(scene):
        bw, bw_window = await issued(scene)
        desk, window = scene.desk("AE")
        scene.send(desk)
        await window.sign_in(desk, ADA)
        await window.go("/inbox/BW0000001")
        await window.send("/drafts", kind="confirm")
        where = window.path
        today = only(bw).fields["issued"]
        await window.fill(
            {
                "received": today, "parcels": "1", "inspection": "opened", "seals": "intact", "outcome": "confirmed",
                "lines[0].hs": "710231", "lines[0].carats": "12.50", "lines[0].value": "2500",
            }
        )  # fmt: skip
        # meanwhile its issuer corrects a typing error
        await bw_window.go("/certificates/BW0000001")
        await bw_window.send("/drafts", kind="amend")
        await bw_window.fill({"lines[0].carats": "12.05", "number": "BW0000009"}, "hand-on")
        assert "before" in bw_window.page
        await bw_window.release(BEN)
        (amend,) = [draft for draft in bw.drafts if draft.kind is Kind.AMEND]
        assert (amend.standing, amend.number) == (Standing.FINAL, "BW0000001")
        await bw_window.go(f"/drafts/{amend.id}/certificate")
        assert bw_window.raw[:5] == b"%PDF-", "printed codes stay, so the amended certificate prints"
        await window.go(where)
        await window.fill({}, "hand-on")
        assert "stale" not in window.page
        assert "newest" in window.page
        assert only(desk).standing is Standing.OPEN
        await window.send_fields("", {"act": "renew"})
        assert "12.05" in window.page
        await window.fill({"lines[0].carats": "12.05"}, "hand-on")
        await window.release(BEN)
        assert str(scene.port.ledger.certificate("BW0000001").row.state) == "confirmed"

    play(tmp_path, story)


def test_a_certificate_is_closed(tmp_path):
    async def story(scene):
        _, window = await issued(scene)
        await window.go("/certificates/BW0000001")
        await window.send("/drafts", kind="close")
        await window.fill({"reason": "replaced-by", "replacement": "AE0000001"}, "hand-on")
        await window.release(BEN)
        assert 'id="replacement-fault"' in window.page
        await window.fill({"reason": "void", "replacement": ""}, "hand-on")
        await window.release(BEN)
        assert str(scene.port.ledger.certificate("BW0000001").row.state) == "void"
        await window.go("/certificates/BW0000001")
        assert "/drafts" not in window.page or 'value="close"' not in window.page

    play(tmp_path, story)


SHEET = """number,type,issued,validated,expires,destination,parcels,hs,origin,carats,value,exporter_name,importer_name
{first},export,{day},{day},{day},AE,1,710231,BW,1.50,10.00,{canary},Importer
{first},,,,,,,710221,BW,2.00,20.00,,
{second},export,{day},{day},{day},EU,1,710231,,3.00,30.00,{canary},Importer
"""


async def give(window, text):
    await window.go("/table")
    token = window.fields("/table")["form_token"]
    edge = "XedgeX"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n{token}\r\n',
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\nContent-Type: text/csv\r\n\r\n{text}\r\n',
        f"--{edge}--\r\n",
    ]
    body = "".join(parts).encode()
    return await window.ask(
        "POST", "/table", body, Origin=f"http://{window.host}", Content_Type=f"multipart/form-data; boundary={edge}"
    )


def test_a_table_becomes_drafts_all_or_none(tmp_path):
    async def story(scene):
        desk, window = await issued(scene)
        day = only(desk).fields["issued"]
        sheet = SHEET.format(first="BW0000002", second="BW0000003", day=day, canary=CANARY)
        for broken, row, column in (
            (sheet.replace("3.00", "3,00x"), 4, None),
            (sheet.replace("2.00", "-2"), 3, "carats"),
            (sheet.replace("BW0000003", "RU0000003"), 4, "number"),
            (sheet.replace("BW0000003", "BW0000001"), 4, "number"),
            (sheet.replace(f"{CANARY},Importer\n", ",\n"), 2, "exporter_name"),
            ("nothing", 1, "nothing"),
        ):
            await give(window, broken)
            assert window.status == 422
            assert f'<th scope="row">{row}</th>' in window.page
            assert column is None or f"<td>{column}</td>" in window.page
            assert len(list(desk.drafts)) == 1
        many = sheet + "".join(f"BW{n:07},export,x,,,AE,1,710231,BW,1,1,A,B\n" for n in range(1000, 1200))
        await give(window, many)
        assert "The first 100 stand here." in window.text()
        await give(window, "PK\x03\x04 the spreadsheet itself")
        assert "save the table as CSV UTF-8, and give that file" in window.page
        french = sheet.replace(",", ";").replace("1.50", "1,5").replace("3.00", '"3,00"').replace("\n", "\r\n")
        await give(window, "\ufeff" + french)
        await give(window, sheet)
        assert len(list(desk.drafts)) == 3, "the same table again makes nothing twice"
        assert window.path.startswith("/tables/")
        await window.release(ADA)
        assert window.status == 403
        await window.go(window.path.removesuffix("/release"))
        await window.release(BEN)
        await desk.courier.settled(20)
        assert {draft.standing for draft in desk.drafts} == {Standing.FINAL}
        assert scene.port.ledger.certificate("BW0000003") is not None
        assert scene.port.ledger.head.tree_size == 3

    play(tmp_path, story)


def test_a_wrong_table_is_discarded_as_a_whole_and_a_long_one_is_one_line(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        await window.sign_in(desk, ADA)
        day = datetime.now(UTC).date()
        head = SHEET.partition("\n")[0]
        rows = [f"BW{n:07},export,{day},{day},{day},AE,1,710231,BW,1,1,{CANARY},B\n" for n in range(1, 24)]
        await give(window, head + "\n" + "".join(rows[:2]))
        small = window.path
        await give(window, head + "\n" + "".join(rows[2:]))
        long = window.path
        await window.go("/")
        assert "23" in re.search(r'id="waiting".*?</h2>', window.page)[0], "all are counted"
        assert (window.page.count('href="/drafts/'), f'href="{long}"' in window.page) == (2, True)
        assert f'href="{small}"' not in window.page
        await window.go(long)
        await window.send(f"{long}/discard")
        assert "Discarded certificates of the table: 21" in window.page
        assert sorted(draft.standing for draft in desk.drafts) == [Standing.DISCARDED] * 21 + [Standing.WAITING] * 2
        assert [line.act for line in desk.journal.lines].count("discarded") == 21
        await give(window, head + "\n" + "".join(rows[2:]))
        assert window.path.startswith("/tables/"), "the numbers are free again"
        await window.send(f"{window.path}/discard")
        await window.go(long)
        assert f"{long}/discard" not in window.page, "there is nothing left to discard"

    play(tmp_path, story)


def test_names_and_values_stand_in_drafts_alone(tmp_path):
    async def story(scene):
        desk, window = await issued(scene)
        await window.certificate(number="BW0000002")
        scene.port.trouble = RuntimeError(CANARY)
        desk.drafts.keep = None  # whatever breaks inside
        with capture_logs() as told:
            await window.fill({"parcels": "3"})
        assert window.status == 500
        assert CANARY not in window.page
        journal = (desk.settings.home / "journal.ndjson").read_text()
        assert CANARY not in journal
        assert "2500" not in re.sub(r"[0-9a-f]{16,}", "", journal), "hashes have all digits"
        assert Journal(desk.settings.home).lines == desk.journal.lines
        assert [line["event"] for line in told] == ["desk.unforeseen"]
        assert CANARY not in repr(told)

    play(tmp_path, story)


def test_a_broken_draft_file_is_named(tmp_path):
    folder = tmp_path / "drafts"
    Drafts(folder).begin(Kind.ISSUE, {"number": "BW0000001"}, ADA, 1)
    (file,) = folder.glob("*.json")
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(FatalError, match=r"is no draft"):
        Drafts(folder)


def test_what_another_page_has_changed_meanwhile_is_not_lost_without_a_word(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        await window.sign_in(desk, ADA)
        where = await window.certificate(number="BW0000001")
        older = window.page
        await window.fill({"sealed.route": "by sea", "parcels": "2"})
        newer = window.page
        # the page of before, another tab's or the back button's, would take both changes back
        window.page = older
        await window.fill({"parcels": "3"}, "hand-on")
        assert (window.status, only(desk).fields["parcels"], only(desk).standing) == (409, "2", Standing.OPEN)
        assert window.fields(where)["parcels"] == "3", "what was typed stands there still"
        assert "in the draft now: 2" in window.text()
        assert "in the draft now: by sea" in window.text()
        window.path = where
        await window.fill({"sealed.route": "by sea"})
        assert only(desk).fields["parcels"] == "3", "pressed once more, it counts"
        window.page, window.path = older, where
        await window.send(act="discard")
        assert (window.status, only(desk).standing) == (409, Standing.OPEN)
        # a page that says the same as the draft may be old
        window.page, window.path = newer, where
        await window.fill({"parcels": "3"})
        assert window.status == 200

    play(tmp_path, story)


def test_who_presses_twice_is_shown_the_draft(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        await window.sign_in(desk, ADA)
        where = await window.certificate(number="BW0000001")
        form = window.page
        for _ in range(2):
            window.page, window.path = form, where
            await window.fill({}, "hand-on")
            assert (window.status, window.path, only(desk).standing) == (200, where, Standing.WAITING)
        window.page, window.path = form, where
        await window.fill({"parcels": "9"}, "hand-on")
        assert (window.status, only(desk).fields["parcels"]) == (409, "1")
        assert f'href="{where}"' in window.page, "the way back to it"
        assert [line.act for line in desk.journal.of(only(desk).id)].count("handed-on") == 1

    play(tmp_path, story)


def test_days_that_the_ledger_would_refuse_are_said_before_a_second_officer_comes(tmp_path):
    async def story(scene):
        _, window = await issued(scene)
        today = datetime.now(UTC).date()
        there, far, long_ago = (str(today + timedelta(days=days)) for days in (3, 20, -40))
        await window.certificate(number="BW0000002", issued=there, validated=there, expires=far)
        await window.fill({}, "hand-on")
        assert 'id="issued-fault"' in window.page
        assert 'id="validated-fault"' in window.page
        await window.fill({"issued": long_ago, "validated": long_ago}, "hand-on")
        assert 'id="issued-fault"' in window.page
        assert "today&#39;s date" in window.page
        await window.fill({"issued": str(today), "validated": str(today)}, "check")
        assert "Nothing is wrong" in window.page
        assert scene.port.submissions == 1

    play(tmp_path, story)


def test_numbers_and_amounts_are_taken_as_people_write_them(tmp_path):
    async def story(scene):
        _, window = await issued(scene)
        for typed in ("bw 000 0001", "BW-0000001", "BW\N{NO-BREAK SPACE}0000001"):
            await window.go(f"/certificates?{urlencode({'number': typed})}")
            assert window.path == "/certificates/BW0000001"
        await window.certificate(number="bw 000-0002", **{"lines[0].carats": "1,200.50", "lines[0].value": "2.500,5"})
        shown = window.fields()
        assert [shown[name] for name in ("number", "lines[0].carats", "lines[0].value")] == ["BW0000002", "1200.50", "2500.50"]
        await window.fill({"lines[0].carats": "1,200", "parcels": "two", "lines[0].value": "$5"}, "check")
        assert window.fields()["lines[0].carats"] == "1,200", "this might be either"
        assert "with at most two behind a point or a comma" in window.page
        await window.fill({"lines[0].carats": "1", "lines[0].value": "5"}, "check")
        assert "Write a whole number" in window.page
        await window.fill({"parcels": "2", "lines[0].origin": "Botswana"}, "check")
        assert "country codes of two letters" in window.page
        assert "[A-Z]" not in window.page, "no officer reads patterns"

    play(tmp_path, story)
