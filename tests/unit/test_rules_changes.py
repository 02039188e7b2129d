"""ledger/rules/changes.py: amendments, closings and corrections; each refusal, and what lists, sums and claims show after them."""

import pytest

from ledger.bodies import ConfirmLine, RangeCommitBody, Source
from ledger.custody import finish
from ledger.entries import CertificateState
from ledger.errors import Code, Refusal
from tests.support.changes import amended, closed, corrected
from tests.support.world import DAY_MS, World


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def refused(world, record):
    with pytest.raises(Refusal) as caught:
        world.ledger.check(record, world.now)
    before = world.ledger.totals()
    (judgement,) = world.block(record).judgements
    assert judgement.refusal.problem() == caught.value.problem()
    assert world.ledger.totals() == before
    return caught.value.code, caught.value.field


def weighed(world, points):
    return (ConfirmLine(world.commitment(), "710231", points),)


def sums(world):
    return {(row.participant, row.flow): (row.points, row.certificates) for row in world.ledger.totals() if not row.hs}


def row(world, number):
    return world.ledger.certificate(number).row


def lists(world, number):
    """The filters of lists on which the certificate stands."""
    found = []
    for issuer in (None, "BW", "AE"):
        for destination in (None, "AE", "EU"):
            for state in CertificateState:
                page = world.ledger.certificates(issuer=issuer, destination=destination, state=state)
                if number in [one.number for one in page.rows]:
                    found.append((issuer, destination, str(state)))
    return found


# --- certificate.amend ------------------------------------------------------------------------------------------------


def test_an_amendment_is_what_the_certificate_says_from_then_on(world):
    issue = world.issue()
    world.accept(issue)
    amend = amended(world, issue, destination="EU", lines=(world.line(5_000),), parcels=1, expires="2026-04-20")
    world.accept(amend)
    found = world.ledger.certificate("BW0000001")
    assert found.issue == amend.body
    assert (found.row.destination, found.row.points, found.row.parcels, found.row.expires) == ("EU", 5_000, 1, "2026-04-20")
    assert found.records == (issue.id, amend.id)
    assert (found.row.index, found.row.state) == (0, "open")
    assert lists(world, "BW0000001") == [(None, None, "open"), (None, "EU", "open"), ("BW", None, "open"), ("BW", "EU", "open")]
    assert sums(world) == {("BW", "export"): (5_000, 1)}
    assert refused(world, world.confirm(issue, author="EU")) == (Code.STALE_HEAD, "answers")
    assert refused(world, world.confirm(issue)) == (Code.WRONG_DESTINATION, "number")
    arrived = world.confirm(issue, author="EU", answers=amend.id, lines=weighed(world, 5_000), parcels=1)
    world.accept(arrived)
    assert refused(world, amended(world, issue, arrived.id)) == (Code.CERTIFICATE_CLOSED, "number")


def test_what_an_amendment_is_refused_for(world):
    issue = world.issue()
    world.accept(issue)
    assert refused(world, amended(world, world.issue(number="BW0000009"))) == (Code.CERTIFICATE_UNKNOWN, "number")
    assert refused(world, amended(world, issue, author="RU")) == (Code.NOT_ISSUER, "number")
    assert refused(world, amended(world, issue, world.rng(32))) == (Code.STALE_HEAD, "answers")
    assert refused(world, amended(world, issue, destination="BW")) == (Code.DESTINATION_IS_ISSUER, "destination")
    assert refused(world, amended(world, issue, points=1)) == (Code.CARATS_DIFFER_FROM_LINES, "carats")
    assert refused(world, amended(world, issue, expires="2026-05-01")) == (Code.EXPIRY_OVER_LIMIT, "expires")
    assert refused(world, amended(world, issue, lines=(world.line(1, origin=("ZZ",)),)))[0] == Code.UNKNOWN_ORIGIN
    assert refused(world, amended(world, issue, validated="2026-03-03"))[0] == Code.VALIDATED_IN_FUTURE
    early = {"issued": "2026-01-20", "validated": "2026-02-28"}
    assert refused(world, amended(world, issue, **early)) == (Code.ISSUED_TOO_LATE, "issued")
    world.accept(amended(world, issue, destination="RU"))


def test_a_day_of_issue_that_stays_may_be_long_ago(world):
    issue = world.issue(expires="2026-04-29")
    world.accept(issue)
    world.now += 40 * DAY_MS
    amend = amended(world, issue, parcels=3)
    world.accept(amend)
    assert refused(world, amended(world, issue, amend.id, issued="2026-02-26")) == (Code.ISSUED_TOO_LATE, "issued")


def test_a_number_is_held_against_a_range_only_when_the_day_of_issue_moves(world):
    issue = world.issue(number="BW0009000")
    world.accept(issue, world.sign("range.commit", RangeCommitBody(1, 99, 2026), "BW"))
    assert refused(world, amended(world, issue, issued="2026-02-26")) == (Code.NUMBER_OUT_OF_RANGE, "number")
    world.accept(amended(world, issue, parcels=3))


def story(world):
    """BW to AE, confirmed with 120.00 ct; AE sends 100.00 ct on to EU, 80.00 of them out of that."""
    issue = world.issue()
    world.accept(issue)
    outcome = world.confirm(issue)
    world.accept(outcome)
    reexport = world.reexport("AE0000001", {"BW0000001": 8_000})
    world.accept(reexport)
    return issue, outcome, reexport


def test_claims_follow_an_amendment(world):
    _, _, reexport = story(world)
    too_much = (Source("BW0000001", 12_001),)
    more = {"lines": (world.line(12_001, origin=()),)}
    assert refused(world, amended(world, reexport, sources=too_much, **more)) == (
        Code.CARATS_EXCEED_SOURCE,
        "sources[0].carats",
    )
    all_of_it = amended(world, reexport, sources=(Source("BW0000001", 10_000),))
    world.accept(all_of_it)
    assert row(world, "BW0000001").claimed == 10_000
    assert world.ledger.certificate("BW0000001").claims[0].points == 10_000
    world.accept(amended(world, reexport, all_of_it.id, sources=()))
    assert row(world, "BW0000001").claimed == 0
    assert world.ledger.certificate("BW0000001").claims == ()
    assert [one.number for one in finish(world.ledger.custody("AE0000001")).up.links] == ["AE0000001"]


def test_a_day_of_issue_that_moves_back_makes_it_late(world):
    issue = world.issue()
    world.accept(issue)
    amend = amended(world, issue, issued="2026-02-22")
    world.accept(amend)
    assert not row(world, "BW0000001").late
    amend = amended(world, issue, amend.id, issued="2026-02-21")
    world.accept(amend)
    assert row(world, "BW0000001").late
    world.accept(amended(world, issue, amend.id))
    assert row(world, "BW0000001").late


def test_a_certificate_has_so_many_records_and_is_closed_all_the_same(world, monkeypatch):
    monkeypatch.setattr("ledger.rules.changes.MAX_CERTIFICATE_RECORDS", 2)
    issue = world.issue()
    world.accept(issue)
    amend = amended(world, issue)
    world.accept(amend)
    assert refused(world, amended(world, issue, amend.id)) == (Code.TOO_MANY, "number")
    outcome = world.confirm(issue, answers=amend.id)
    world.accept(outcome)
    assert refused(world, corrected(world, outcome)) == (Code.TOO_MANY, "number")
    second = world.issue(number="BW0000002")
    world.accept(second)
    world.accept(amended(world, second), closed(world, "BW0000002"))


# --- certificate.close ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "replacement", "state", "gone"),
    [
        ("void", "", "void", False),
        ("returned-unused", "", "returned", False),
        ("replaced-by", "AE0000002", "replaced", False),
        ("lost", "", "lost", True),
        ("stolen", "", "stolen", True),
    ],
)
def test_a_closed_certificate_counts_and_claims_only_when_the_goods_are_gone(world, reason, replacement, state, gone):
    _, _, reexport = story(world)
    world.accept(closed(world, "AE0000001", reason, replacement))
    assert row(world, "AE0000001").state == state
    assert row(world, "BW0000001").claimed == (8_000 if gone else 0)
    assert len(world.ledger.certificate("BW0000001").claims) == (1 if gone else 0)
    assert sums(world).get(("AE", "export")) == ((10_000, 1) if gone else None)
    assert lists(world, "AE0000001") == [
        (None, None, state),
        (None, "EU", state),
        ("AE", None, state),
        ("AE", "EU", state),
    ]
    down = finish(world.ledger.custody("BW0000001")).down.links
    assert [one.number for one in down] == (["BW0000001", "AE0000001"] if gone else ["BW0000001"])
    assert refused(world, world.confirm(reexport, author="EU")) == (Code.CERTIFICATE_CLOSED, "number")
    assert refused(world, closed(world, "AE0000001")) == (Code.CERTIFICATE_CLOSED, "number")
    assert refused(world, amended(world, reexport)) == (Code.CERTIFICATE_CLOSED, "number")
    again = world.reexport("AE0000002", {"BW0000001": 12_000}, lines=(world.line(12_000, origin=()),))
    if gone:
        assert refused(world, again)[0] == Code.CARATS_EXCEED_SOURCE
    else:
        world.accept(again)


def test_what_a_closing_is_refused_for(world):
    issue, outcome, _ = story(world)
    assert refused(world, closed(world, "BW0000009")) == (Code.CERTIFICATE_UNKNOWN, "number")
    assert refused(world, closed(world, "AE0000001", author="RU")) == (Code.NOT_ISSUER, "number")
    assert refused(world, closed(world, "BW0000001")) == (Code.CERTIFICATE_CLOSED, "number")
    assert refused(world, closed(world, "AE0000001", "void", "AE0000002")) == (Code.REPLACEMENT, "replacement")
    for replacement in ("", "AE0000001", "BW0000001"):
        assert refused(world, closed(world, "AE0000001", "replaced-by", replacement)) == (Code.REPLACEMENT, "replacement")
    assert outcome.body.number == issue.body.number


def test_refused_goods_come_back(world):
    issue = world.issue()
    world.accept(issue)
    world.accept(world.confirm(issue, outcome="refused", lines=(), parcels=0))
    assert sums(world) == {("BW", "export"): (12_000, 1)}
    world.accept(closed(world, "BW0000001", "returned-unused"))
    assert sums(world) == {}
    assert row(world, "BW0000001").state == "returned"


# --- import.correct ---------------------------------------------------------------------------------------------------


def test_a_correction_takes_the_place_of_the_outcome(world):
    issue, outcome, _ = story(world)
    correct = corrected(world, outcome, outcome="discrepancy", lines=weighed(world, 9_000))
    world.accept(correct)
    found = world.ledger.certificate("BW0000001")
    assert (found.row.state, found.row.measured, found.row.claimed) == ("discrepancy", 9_000, 8_000)
    assert found.outcome == correct.body
    assert found.records == (issue.id, outcome.id, correct.id)
    assert sums(world)["AE", "import"] == (9_000, 1)
    assert lists(world, "BW0000001")[0] == (None, None, "discrepancy")
    assert refused(world, world.reexport("AE0000003", {"BW0000001": 1_001}))[0] == Code.CARATS_EXCEED_SOURCE
    world.accept(world.reexport("AE0000003", {"BW0000001": 1_000}))


def test_what_a_correction_is_refused_for(world):
    issue, outcome, reexport = story(world)
    other = world.confirm(reexport)
    less = {"outcome": "discrepancy", "lines": weighed(world, 7_999)}
    assert refused(world, corrected(world, outcome, number="BW0000009")) == (Code.CERTIFICATE_UNKNOWN, "number")
    assert refused(world, corrected(world, outcome, author="EU")) == (Code.WRONG_DESTINATION, "number")
    assert refused(world, corrected(world, other, author="EU", answers=reexport.id)) == (Code.NO_OUTCOME, "number")
    assert refused(world, corrected(world, outcome, answers=issue.id)) == (Code.STALE_HEAD, "answers")
    assert refused(world, corrected(world, outcome, lines=weighed(world, 9_000))) == (Code.CONFIRMED_BUT_DIFFERS, "lines")
    assert refused(world, corrected(world, outcome, parcels=9)) == (Code.CONFIRMED_BUT_DIFFERS, "parcels")
    assert refused(world, corrected(world, outcome, **less)) == (Code.CORRECTED_BELOW_CLAIMED, "carats")
    nothing = {"outcome": "refused", "lines": (), "parcels": 0}
    assert refused(world, corrected(world, outcome, **nothing)) == (Code.CORRECTED_BELOW_CLAIMED, "carats")
    world.accept(corrected(world, outcome, outcome="discrepancy", lines=weighed(world, 8_000)))


def test_a_refusal_by_mistake_is_corrected(world):
    issue = world.issue()
    world.accept(issue)
    outcome = world.confirm(issue, outcome="refused", lines=(), parcels=0)
    world.accept(outcome)
    assert sums(world) == {("BW", "export"): (12_000, 1)}
    world.accept(corrected(world, world.confirm(issue), answers=outcome.id))
    assert sums(world) == {("BW", "export"): (12_000, 1), ("AE", "import"): (12_000, 1)}
    assert row(world, "BW0000001").state == "confirmed"
