"""At the desk, over a real node: what came on paper, and goods that are not traded."""

from datetime import UTC, datetime

from ledger.bodies import PaperImportBody, TechnicalBody
from ledger.participants import Role
from ledger.record import parse_record
from node.desk.drafts import Kind, Standing
from tests.support.desks import ADA, BEN, CANARY, LINE, PARTIES, play

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
