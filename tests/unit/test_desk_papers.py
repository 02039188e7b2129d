"""At the desk, over a real node: what came on paper or came back on it, and goods that are not traded."""

import hashlib
from datetime import UTC, datetime, timedelta

from ledger.bodies import PaperConfirmBody, PaperImportBody, TechnicalBody
from ledger.participants import Role
from ledger.record import parse_record
from node.desk.drafts import Kind, Standing
from tests.support.desks import ADA, BEN, CANARY, LINE, PARTIES, play
from tests.support.port import on_paper

TODAY = datetime.now(UTC).date()


def newest(desk, kind):
    return next(draft for draft in desk.drafts if draft.kind is kind)


def record_of(scene, draft):
    """The record that the ledger has of a draft, by the id that the desk keeps."""
    return parse_record(scene.port.ledger.record(bytes.fromhex(draft.record))[0])


async def begin(desk, window, kind):
    await window.sign_in(desk, ADA)
    await window.go("/")
    await window.send("/drafts", kind=str(kind))


def test_an_import_on_paper_is_a_source_afterwards(tmp_path):
    async def story(scene):
        desk, window = scene.desk("AE")
        scene.send(desk)
        await begin(desk, window, Kind.PAPER)
        assert window.fields()["received"] == datetime.now().astimezone().date().isoformat()
        paper = {"number": "bw0009001", "reason": "not-issuing", "issued": str(TODAY), "received": str(TODAY), "parcels": "1"}
        await window.fill({**paper, **LINE, **PARTIES}, "hand-on")
        draft = newest(desk, Kind.PAPER)
        assert (draft.standing, draft.number) == (Standing.OPEN, "BW0009001")
        assert 'id="issued-fault"' in window.page, "BW issues on this ledger"
        assert "choose the outage" in window.page
        await window.fill({"reason": "outage", "number": "AE0000001"}, "check")
        assert 'id="number-fault"' in window.page, "the own number is none of a paper that came"
        await window.fill({"number": "XX0000001"}, "check")
        assert 'id="number-fault"' in window.page, "nobody has this code"
        await window.fill({"number": "BW0009001"}, "hand-on")
        assert "outage at its issuer" in window.text()
        await window.release(ADA)
        assert window.status == 403, "who wrote it does not release it"
        await window.go(window.path.removesuffix("/release"))
        await window.release(BEN)
        draft = newest(desk, Kind.PAPER)
        assert (draft.standing, draft.released_by) == (Standing.FINAL, BEN)
        assert isinstance(record_of(scene, draft).body, PaperImportBody)
        assert [line.act for line in desk.journal.of(draft.id)][-4:] == ["handed-on", "approved", "made", "final"]
        await window.go(f"/drafts/{draft.id}/receipt")
        assert window.page.startswith("c2sp.org/tlog-proof@v1\n")
        # it opens again with the office's own key, and is no outcome that could be corrected
        await window.go("/certificates/BW0009001")
        assert CANARY in window.page
        assert "came under a paper certificate" in window.page
        assert 'value="correct"' not in window.page
        # a later certificate takes carats from it, and the number is taken
        await window.go("/")
        await window.send("/drafts", kind="issue")
        assert "BW0009001 from BW: 12.50 of 12.50 ct left" in window.page
        await window.go("/")
        await window.send("/drafts", kind="paper")
        await window.fill({**paper, **LINE, **PARTIES, "reason": "outage"}, "check")
        assert 'id="number-fault"' in window.page

    play(tmp_path, story)


def test_a_technical_certificate_for_goods_that_go_back(tmp_path):
    async def story(scene):
        issuer, window = scene.desk("BW")
        scene.send(issuer)
        await window.sign_in(issuer, ADA)
        await window.certificate(number="BW0000001")
        await window.fill({}, "hand-on")
        await window.release(BEN)
        desk, window = scene.desk("AE")
        scene.send(desk)
        await window.sign_in(desk, ADA)
        await window.go("/certificates/BW0000001")
        await window.send("/drafts", kind="technical")
        filled = window.fields()
        assert (filled["link"], filled["destination"]) == ("BW0000001", "BW")
        goods = {"number": "AE0000007", "reason": "returned", "parcels": "1", "lines[0].hs": "710231"}
        goods |= {"lines[0].carats": "12,50", "lines[0].value": "2500"}
        await window.fill({**goods, "link": "RU0000001"}, "hand-on")
        assert 'id="link-fault"' in window.page, "no such certificate"
        await window.fill({"link": ""}, "hand-on")
        assert 'id="link-fault"' in window.page, "returned goods name one"
        await window.fill({"link": "bw0000001", "number": "RU0000007"}, "hand-on")
        assert 'id="number-fault"' in window.page
        await window.fill({"number": "AE0000007"}, "hand-on")
        await window.release(BEN)
        draft = newest(desk, Kind.TECHNICAL)
        assert draft.standing is Standing.FINAL
        body = record_of(scene, draft).body
        assert isinstance(body, TechnicalBody)
        assert (body.link, body.reason, body.points) == ("BW0000001", "returned", 1250)
        assert "The certificate that it names" in window.page
        assert scene.port.ledger.certificate("BW0000001").beside == (bytes.fromhex(draft.record),)
        # at this desk its number is taken, for certificates too
        await window.certificate(number="AE0000007", destination="EU")
        await window.fill({}, "check")
        assert 'id="number-fault"' in window.page

    play(tmp_path, story)


def test_of_other_peoples_goods_no_technical_certificate_is_begun(tmp_path):
    async def story(scene):
        issuer, window = scene.desk("BW")
        scene.send(issuer)
        await window.sign_in(issuer, ADA)
        await window.certificate(number="BW0000001")
        await window.fill({}, "hand-on")
        await window.release(BEN)
        desk, window = scene.desk("RU")
        await window.sign_in(desk, ADA)
        await window.go("/certificates/BW0000001")
        assert 'value="technical"' not in window.page
        await window.go("/")
        await window.send("/drafts", kind="technical", number="BW0000001")
        assert (window.status, list(desk.drafts)) == (409, [])

    play(tmp_path, story)


def test_a_desk_that_only_confirms_signs_technical_certificates_too(tmp_path):
    async def story(scene):
        scene.desk("AE")
        (tmp_path / "keys-AE" / "issue").unlink()
        desk, window = scene.desk("AE", certificates=0)
        scene.send(desk)
        await begin(desk, window, Kind.TECHNICAL)
        assert 'value="issue"' not in window.page
        goods = {"number": "AE0000007", "reason": "research", "destination": "BW", "parcels": "1", "lines[0].carats": "1"}
        await window.fill({**goods, "lines[0].value": "10"}, "hand-on")
        await window.release(ADA)
        draft = newest(desk, Kind.TECHNICAL)
        assert (draft.standing, draft.released_by) == (Standing.FINAL, ADA)
        keys = scene.port.network.genesis.participants["AE"].keys
        assert Role.CONFIRM in keys[record_of(scene, draft).key].roles

    play(tmp_path, story)


async def sent_to(scene, destination):
    """BW's desk, which has issued a certificate to there."""
    desk, window = scene.desk("BW")
    scene.send(desk)
    await window.sign_in(desk, ADA)
    await window.certificate(number="BW0000001", destination=destination)
    await window.fill({}, "hand-on")
    await window.release(BEN)
    return desk, window


def test_an_outcome_comes_back_on_paper(tmp_path):
    scan = b"%PDF-1.7 from Monrovia"

    async def story(scene):
        desk, window = await sent_to(scene, "LR")
        await window.go("/certificates")
        assert "Whose outcome comes back on paper" in window.page
        await window.go("/certificates/BW0000001")
        await window.send("/drafts", kind="answer")
        draft = newest(desk, Kind.ANSWER)
        assert (draft.number, draft.standing) == ("BW0000001", Standing.OPEN)
        assert CANARY in window.page, "opened with the office's own key"
        await window.fill({}, "check")
        for field in ("received", "parcels", "carats", "digest", "outcome"):
            assert f'id="{field}-fault"' in window.page
        # all that differs is said at its field
        told = {"received": str(TODAY - timedelta(days=1)), "parcels": "many", "carats": "12,5x", "outcome": "confirmed"}
        await window.fill({**told, "digest": "ab" * 31}, "hand-on")
        assert 'id="carats-fault"' in window.page
        await window.fill({"carats": "12,50", "parcels": "many"}, "hand-on")
        assert 'id="parcels-fault"' in window.page
        await window.fill({"parcels": "1"}, "hand-on")
        assert 'id="digest-fault"' in window.page
        await window.send_file("document", b"", act="hand-on")
        assert ('id="digest-fault"' in window.page, window.fields()["digest"]) == (True, "")
        await window.send_file("document", scan, act="hand-on")
        assert window.fields()["digest"] == hashlib.sha256(scan).hexdigest()
        assert 'id="received-fault"' in window.page, "before its issue"
        await window.fill({"received": str(TODAY), "carats": "12.49"}, "hand-on")
        assert 'id="carats-fault"' in window.page, "confirmed needs the same carats"
        assert "The figures suggest: Discrepancy" in window.text()
        await window.fill({"carats": "12.50", "parcels": "2"}, "hand-on")
        assert 'id="parcels-fault"' in window.page
        await window.fill({"parcels": "1"}, "hand-on")
        assert newest(desk, Kind.ANSWER).standing is Standing.WAITING
        where = window.path
        await window.release(ADA)
        assert window.status == 403, "who wrote it does not release it"
        await window.go(where)
        await window.release(BEN)
        draft = newest(desk, Kind.ANSWER)
        assert (draft.standing, draft.released_by) == (Standing.FINAL, BEN)
        body = record_of(scene, draft).body
        assert isinstance(body, PaperConfirmBody)
        assert (body.outcome, body.points, body.parcels, body.digest) == ("confirmed", 1250, 1, hashlib.sha256(scan).digest())
        keys = scene.port.network.genesis.participants["BW"].keys
        assert Role.ISSUE in keys[record_of(scene, draft).key].roles
        await window.go(f"/drafts/{draft.id}/receipt")
        assert window.page.startswith("c2sp.org/tlog-proof@v1\n")
        await window.go("/certificates/BW0000001")
        assert "BW has recorded what came back on paper" in window.text()
        assert hashlib.sha256(scan).hexdigest() in window.page
        assert "No outcome yet" not in window.page
        assert 'value="answer"' not in window.page, "there is one outcome"
        await window.go("/certificates")
        assert "Whose outcome comes back on paper" not in window.page

    play(tmp_path, story, on_paper("LR"))


def test_nothing_arrived_says_the_paper(tmp_path):
    async def story(scene):
        desk, window = await sent_to(scene, "LR")
        await window.go("/certificates/BW0000001")
        await window.send("/drafts", kind="answer")
        told = {"received": str(TODAY), "parcels": "0", "carats": "0", "digest": "AB " * 32}
        await window.fill(told)
        assert "The figures suggest: Refused" in window.text()
        # amended meanwhile: the paper is held against the newest statement
        where = window.path
        await window.go("/certificates/BW0000001")
        await window.send("/drafts", kind="amend")
        await window.fill({"parcels": "3"}, "hand-on")
        await window.release(BEN)
        await window.go(where)
        await window.fill({"outcome": "refused"}, "hand-on")
        assert "Take the newest statement" in window.page
        await window.fill({}, "renew")
        await window.fill({}, "hand-on")
        await window.release(BEN)
        assert newest(desk, Kind.ANSWER).standing is Standing.FINAL
        assert scene.port.ledger.certificate("BW0000001").row.state == "refused"

    play(tmp_path, story, on_paper("LR"))


def test_for_who_confirms_here_no_paper_counts(tmp_path):
    async def story(scene):
        desk, window = await sent_to(scene, "AE")
        await window.go("/certificates/BW0000001")
        assert 'value="answer"' not in window.page
        await window.send("/drafts", kind="answer")
        assert (window.status, [draft.kind for draft in desk.drafts]) == (409, [Kind.ISSUE])
        assert "it states the outcome there itself" in window.page
        desk.reading.client = None
        assert await desk.reading.owed_on_paper() == [], "where all confirm, the node is not asked"
        other, window = scene.desk("RU")
        await window.sign_in(other, ADA)
        await window.go("/")
        await window.send("/drafts", kind="answer", number="BW0000001")
        assert (window.status, list(other.drafts)) == (409, [])

    play(tmp_path, story)


def test_an_issuer_records_paper_until_its_destination_confirms_here(tmp_path):
    """The destination begins to confirm while goods are on their way: each day of receipt has one side that states it."""

    async def story(scene):
        desk, window = await sent_to(scene, "LR")
        await window.go("/certificates/BW0000001")
        await window.send("/drafts", kind="answer")
        register = await desk.reading.participants()
        register["LR"]["confirms_from"] = str(TODAY)
        told = {"parcels": "1", "carats": "12.5", "digest": "ab" * 32, "outcome": "confirmed", "received": str(TODAY)}
        await window.fill(told, "check")
        assert 'id="received-fault"' in window.page
        assert "the destination states the outcome on this ledger itself" in window.page
        register["LR"]["until"] = str(TODAY)
        await window.fill({}, "check")
        assert "Nothing is wrong" in window.page, "it has left since"

    play(tmp_path, story, on_paper("LR"))
