"""ledger/rules/papers.py and technical.py: trade on paper, technical certificates, passages; each refusal, and what follows."""

import pytest
from msgspec.structs import asdict

from ledger.bodies import (
    CorrectBody,
    ParticipationSetBody,
)
from ledger.custody import finish
from ledger.errors import Code, Refusal
from tests.support.changes import DIGEST, mailed, paper, passage, technical
from tests.support.world import DAY_MS, World


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def refused(world, record):
    with pytest.raises(Refusal) as caught:
        world.ledger.check(record, world.now)
    (judgement,) = world.block(record).judgements
    assert judgement.refusal.problem() == caught.value.problem()
    return caught.value.code, caught.value.field


def sums(world):
    return {(row.participant, row.flow): (row.points, row.certificates) for row in world.ledger.totals() if not row.hs}


# --- paper.import -----------------------------------------------------------------------------------------------------


def test_an_import_on_paper_is_a_source(world):
    record = paper(world)
    world.accept(record)
    found = world.ledger.certificate("LR0000001")
    assert (found.issue, found.paper, found.outcome) == (None, record.body, None)
    assert (found.row.state, found.row.type, found.row.destination, found.row.measured) == ("confirmed", "paper", "AE", 5_000)
    assert sums(world) == {("AE", "import"): (5_000, 1)}
    too_much = {"lines": (world.line(5_001, origin=("LR",)),)}
    assert refused(world, world.reexport("AE0000001", {"LR0000001": 5_001}, **too_much))[0] == Code.CARATS_EXCEED_SOURCE
    world.accept(world.reexport("AE0000001", {"LR0000001": 5_000}))
    up = finish(world.ledger.custody("AE0000001")).up.links
    assert [(one.number, one.type) for one in up] == [("AE0000001", "re-export"), ("LR0000001", "paper")]
    assert up[1].lines == record.body.lines
    page = world.ledger.certificates(destination="AE", issuer="LR")
    assert [row.number for row in page.rows] == ["LR0000001"]


IMPORTS = [
    ("its own number", {"number": "AE0000001"}, Code.DESTINATION_IS_ISSUER, "number"),
    ("received before it was issued", {"received": "2026-02-09"}, Code.RECEIVED_BEFORE_ISSUED, "received"),
    ("received tomorrow", {"received": "2026-03-03"}, Code.RECEIVED_IN_FUTURE, "received"),
    ("nobody's number", {"number": "TW0000001"}, Code.ISSUER_NOT_IN_FORCE, "issued"),
    ("a participant no more", {"number": "VE0000001"}, Code.ISSUER_NOT_IN_FORCE, "issued"),
    ("who issues here", {"number": "BW0000001"}, Code.PAPER_NOT_NEEDED, "issued"),
    ("a suspended issuer", {"number": "CF0000001", "reason": "outage"}, Code.ISSUER_SUSPENDED, "issued"),
    ("lines that do not add up", {"points": 1}, Code.CARATS_DIFFER_FROM_LINES, "carats"),
]


@pytest.mark.parametrize(("case", "changes", "code", "field"), IMPORTS, ids=[case[0] for case in IMPORTS])
def test_an_import_on_paper_is_refused(world, case, changes, code, field):
    assert refused(world, paper(world, **changes)) == (code, field), case
    assert sums(world) == {}


def test_a_number_stands_once(world):
    world.accept(paper(world))
    assert refused(world, paper(world, author="EU")) == (Code.NUMBER_USED, "number")
    world.accept(technical(world))
    assert refused(world, paper(world, number="AE0000900", author="EU")) == (Code.NUMBER_USED, "number")


def test_who_does_not_confirm_here_imports_nothing_on_paper(world):
    assert refused(world, paper(world, number="RU0000001", author="LR", reason="outage"))[0] == Code.DESTINATION_NOT_IN_FORCE


@pytest.mark.parametrize("author", ["CF", "VE"])
def test_who_is_suspended_or_gone_imports_nothing_on_paper(world, author):
    changes = {"issued": "2026-02-12", "author": author}
    assert refused(world, paper(world, **changes)) == (Code.DESTINATION_NOT_IN_FORCE, "issued")


def test_suspended_origins_do_not_come_on_paper_either(world):
    lines = (world.line(100, origin=("CF",)),)
    assert refused(world, paper(world, lines=lines)) == (Code.ORIGIN_SUSPENDED, "lines[0].origin[0]")


def test_an_outage_and_a_compliant_zone(world):
    world.accept(paper(world, number="BW0000001", reason="outage"))
    goods = (world.line(100, origin=("CF",), zone="Boda"),)
    world.accept(paper(world, number="CF0000001", reason="outage", lines=goods))
    assert refused(world, world.issue()) == (Code.NUMBER_USED, "number")


# --- paper.confirm ----------------------------------------------------------------------------------------------------


def test_an_outcome_by_mail(world):
    issue = world.issue(number="RU0000001", destination="LR")
    world.accept(issue)
    world.accept(mailed(world, issue))
    found = world.ledger.certificate("RU0000001")
    assert (found.row.state, found.row.measured, found.outcome) == ("confirmed", 12_000, None)
    assert sums(world) == {("RU", "export"): (12_000, 1)}
    assert refused(world, mailed(world, issue)) == (Code.CERTIFICATE_CLOSED, "number")


@pytest.mark.parametrize("outcome", ["confirmed", "discrepancy", "refused"])
def test_what_the_issuer_has_stated_the_destination_does_not_correct(world, outcome):
    issue = world.issue(number="RU0000001", destination="LR")
    world.accept(issue)
    by_mail = mailed(world, issue, outcome=outcome, points=0 if outcome == "refused" else 12_000)
    world.accept(by_mail)
    world.accept(world.sign("participation.set", ParticipationSetBody("2026-03-03", ""), "LR"))
    world.now += 3 * DAY_MS
    body = world.confirm_body(issue, answers=by_mail.id, received="2026-03-04")
    correction = world.sign("import.correct", CorrectBody(**asdict(body)), "LR")
    assert refused(world, correction) == (Code.NO_OUTCOME, "number")
    assert sums(world) == {("RU", "export"): (12_000, 1)}


def test_an_outcome_comes_by_mail_from_who_has_left(world):
    issue = world.issue(number="RU0000001", destination="VE", issued="2026-02-09", validated="2026-02-09", expires="2026-03-30")
    world.accept(issue)
    assert refused(world, mailed(world, issue, received="2026-02-09")) == (Code.PAPER_NOT_NEEDED, "received")
    world.accept(mailed(world, issue))


def test_what_an_outcome_by_mail_is_refused_for(world):
    issue, there = world.issue(number="RU0000001", destination="LR"), world.issue(number="RU0000002")
    world.accept(issue, there)
    assert refused(world, mailed(world, there)) == (Code.PAPER_NOT_NEEDED, "received")
    assert refused(world, mailed(world, issue, author="BW")) == (Code.NOT_ISSUER, "number")
    assert refused(world, mailed(world, issue, number="RU0000009")) == (Code.CERTIFICATE_UNKNOWN, "number")
    assert refused(world, mailed(world, issue, answers=DIGEST)) == (Code.STALE_HEAD, "answers")
    assert refused(world, mailed(world, issue, parcels=1)) == (Code.CONFIRMED_BUT_DIFFERS, "parcels")
    assert refused(world, mailed(world, issue, points=1)) == (Code.CONFIRMED_BUT_DIFFERS, "carats")
    assert refused(world, mailed(world, issue, received="2026-02-26")) == (Code.RECEIVED_BEFORE_ISSUED, "received")
    assert refused(world, mailed(world, issue, received="2026-03-03")) == (Code.RECEIVED_IN_FUTURE, "received")
    late = world.issue(number="RU0000003", destination="LR", expires="2026-02-28")
    world.accept(late)
    assert refused(world, mailed(world, late)) == (Code.CONFIRMED_BUT_EXPIRED, "received")
    world.accept(mailed(world, late, outcome="refused", points=0, parcels=0))
    assert world.ledger.certificate("RU0000003").row.measured is None


# --- technical.issue, transit.notice ----------------------------------------------------------------------------------


def story(world):
    issue = world.issue()
    world.accept(issue)
    return issue


TECHNICAL = [
    ("another one's number", {"number": "RU0000900", "author": "AE"}, Code.NUMBER_PREFIX, "number"),
    ("a certificate's number", {"number": "BW0000001", "destination": "AE"}, Code.NUMBER_USED, "number"),
    ("nowhere", {"destination": "TW"}, Code.DESTINATION_UNKNOWN, "destination"),
    ("to itself", {"destination": "AE"}, Code.DESTINATION_IS_ISSUER, "destination"),
    ("a participant no more", {"destination": "VE"}, Code.DESTINATION_NOT_IN_FORCE, "destination"),
    ("tomorrow", {"issued": "2026-03-03"}, Code.ISSUED_IN_FUTURE, "issued"),
    ("lines that do not add up", {"points": 1}, Code.CARATS_DIFFER_FROM_LINES, "carats"),
    ("returned, from where", {"reason": "returned"}, Code.LINK_MISSING, "link"),
    ("seized, from where", {"reason": "seized"}, Code.LINK_MISSING, "link"),
    ("a certificate that is none", {"link": "BW0000009"}, Code.CERTIFICATE_UNKNOWN, "link"),
    ("others' certificate", {"number": "RU0000900", "link": "BW0000001"}, Code.NOT_PARTY, "link"),
]


@pytest.mark.parametrize(("case", "changes", "code", "field"), TECHNICAL, ids=[case[0] for case in TECHNICAL])
def test_a_technical_certificate_is_refused(world, case, changes, code, field):
    story(world)
    assert refused(world, technical(world, **changes)) == (code, field), case


def test_technical_certificates_and_passages_stand_beside_a_certificate_and_count_nowhere(world):
    story(world)
    before = sums(world)
    returned = technical(world, reason="returned", link="BW0000001")
    noticed = passage(world, "BW0000001")
    world.accept(returned, noticed)
    assert sums(world) == before
    assert world.ledger.certificate("BW0000001").beside == (returned.id, noticed.id)
    assert refused(world, technical(world)) == (Code.NUMBER_USED, "number")
    assert refused(world, world.issue(number="AE0000900", destination="BW")) == (Code.NUMBER_USED, "number")


def test_either_authority_issues_technical_certificates(world):
    world.accept(technical(world, key="AE/issue"), technical(world, "AE0000901", key="AE/confirm"))
    assert refused(world, technical(world, "AE0000902", key="AE/report")) == (Code.KEY_ROLE, "key")


def test_the_newest_records_beside_a_certificate_are_shown(world, monkeypatch):
    story(world)
    monkeypatch.setattr("ledger.certificate_views.MAX_PAGE", 2)
    seen = [passage(world, "BW0000001", author) for author in ("EU", "AE", "RU")]
    world.accept(*seen)
    assert world.ledger.certificate("BW0000001").beside == (seen[1].id, seen[2].id)


def test_a_passage_may_be_seen_before_the_certificate(world):
    noticed = passage(world, "BW0000001")
    world.accept(noticed)
    story(world)
    assert world.ledger.certificate("BW0000001").beside == (noticed.id,)
