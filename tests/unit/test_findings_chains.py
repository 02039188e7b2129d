"""ledger/findings: taints, numbers on paper, goods of compliant zones, complaints about sealed parts."""

import pytest

from ledger.bodies import Source
from ledger.findings import Severity, Status
from ledger.participants import NumberRange
from tests.support import days, reports
from tests.support.changes import amended, closed, corrected, paper, technical
from tests.support.days import found
from tests.support.world import World, _participant, genesis, participants


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def lot(world, number, points, source="", **changes):
    """A certificate that is issued to `to` and confirmed there; its issue and its outcome."""
    sources = (Source(source, points),) if source else ()
    made = days.issue(world, number, points, () if source else ("BW",), sources=sources, **changes)
    world.accept(made)
    stated = days.confirm(world, made)
    world.accept(stated)
    return made, stated


def chain(world):
    """BW to AE, of it AE to EU, of that EU to RU."""
    days.at(world, "2026-03-02")
    _, outcome = lot(world, "BW0000001", 12_000)
    lot(world, "AE0000001", 8_000, "BW0000001", destination="EU")
    lot(world, "EU0000001", 5_000, "AE0000001", destination="RU")
    lot(world, "AE0000002", 1_000, destination="EU")
    return outcome


def fewer(world, points):
    """Lines of an outcome."""
    (line,) = world.confirm_body(days.issue(world, "BW0000009", points)).lines
    return (line,)


# --- tainted ----------------------------------------------------------------------------------------------------------


def test_a_correction_to_a_discrepancy_taints_what_was_made_of_it(world):
    outcome = chain(world)
    worse = corrected(world, outcome, outcome="discrepancy", lines=fewer(world, 10_000))
    world.accept(worse)
    tainted = found(world, "tainted")
    assert tainted.keys() == {"AE0000001", "EU0000001"}
    assert tainted["EU0000001"].subjects == ("EU", "RU", "EU0000001", "BW0000001")
    assert tainted["EU0000001"].inputs == (worse.id,)
    assert tainted["EU0000001"].severity is Severity.MEDIUM
    better = corrected(world, worse, outcome="confirmed", lines=fewer(world, 12_000))
    world.accept(better)
    assert found(world, "tainted", Status.RESOLVED).keys() == {"AE0000001", "EU0000001"}


def test_what_is_taken_later_is_tainted_at_once_and_by_other_sources_no_more(world):
    outcome = chain(world)
    world.accept(corrected(world, outcome, outcome="discrepancy", lines=fewer(world, 10_000)))
    later = days.issue(world, "AE0000003", 1_000, (), destination="EU", sources=(Source("BW0000001", 1_000),))
    world.accept(later)
    assert "AE0000003" in found(world, "tainted")
    days.trade(world, "BW0000002", 2_000)
    world.accept(amended(world, later, sources=(Source("BW0000002", 1_000),)))
    assert found(world, "tainted", Status.RESOLVED).keys() == {"AE0000003"}


def test_a_correction_that_confirms_or_adds_taints_nothing(world):
    outcome = chain(world)
    world.accept(corrected(world, outcome, inspection="risk-selected"))
    days.at(world, "2026-03-03")
    made = days.issue(world, "BW0000002", 12_000)
    world.accept(made)
    differs = days.confirm(world, made, outcome="discrepancy", lines=fewer(world, 11_000))
    world.accept(differs)
    lot(world, "AE0000003", 1_000, "BW0000002", destination="EU")
    more = corrected(world, differs, lines=fewer(world, 11_500))
    world.accept(more)
    assert not found(world, "tainted", None)
    world.accept(corrected(world, more, lines=fewer(world, 11_499)))
    assert found(world, "tainted").keys() == {"AE0000003"}


@pytest.mark.parametrize("reason", ["seized", "returned"])
def test_goods_that_are_seized_taint_gravely(world, reason):
    chain(world)
    taken = technical(world, link="AE0000001", author="EU", number="EU0000900", issued="2026-03-02", reason=reason)
    world.accept(taken)
    tainted = found(world, "tainted")
    assert tainted.keys() == {"EU0000001"}
    assert (tainted["EU0000001"].severity, tainted["EU0000001"].numbers) == (Severity.HIGH, {"cause": reason})


def test_a_sample_for_research_taints_nothing_nor_do_goods_that_never_arrived(world):
    chain(world)
    fields = {"author": "EU", "issued": "2026-03-02"}
    world.accept(technical(world, link="AE0000001", number="EU0000900", reason="research", **fields))
    world.accept(days.issue(world, "AE0000005", 500, (), destination="EU"))
    world.accept(technical(world, link="AE0000005", number="EU0000901", reason="seized", **fields))
    assert not found(world, "tainted", None)


def test_a_closed_certificate_is_tainted_no_more(world):
    outcome = chain(world)
    later = days.issue(world, "AE0000003", 1_000, (), destination="EU", sources=(Source("BW0000001", 1_000),))
    world.accept(later, corrected(world, outcome, outcome="discrepancy", lines=fewer(world, 10_000)))
    assert "AE0000003" in found(world, "tainted")
    world.accept(closed(world, "AE0000003"))
    assert "AE0000003" in found(world, "tainted", Status.RESOLVED)


def test_a_wide_taint_is_passed_on_day_by_day(world, monkeypatch):
    monkeypatch.setattr("ledger.findings.taint.MAX_TAINT_LOOKS", 3)
    days.at(world, "2026-03-02")
    _, outcome = lot(world, "BW0000001", 12_000)
    for place in range(7):
        lot(world, f"AE000000{place}", 1_000, "BW0000001", destination="EU")
        lot(world, f"EU000000{place}", 500, f"AE000000{place}", destination="RU")
    world.accept(corrected(world, outcome, outcome="discrepancy", lines=fewer(world, 10_000)))
    assert len(found(world, "tainted")) == 2
    for day in range(3, 20):
        days.pass_to(world, f"2026-03-{day:02}")
    assert len(found(world, "tainted")) == 14


# --- number-range -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "issued", "outside"), [(199, "2026-02-10", False), (200, "2026-02-10", True), (99, "2024-02-10", False)]
)
def test_numbers_on_paper_lie_in_committed_ranges(tmp_path, number, issued, outside):
    ranged = _participant("SL", issues_from="", ranges=(NumberRange(2026, 100, 199),))
    with World.make(tmp_path / "db", genesis(participants=(*participants(), ranged))) as world:
        about = f"SL{number:07}"
        world.accept(paper(world, about, issued=issued, lines=(world.line(100, origin=("SL",)),)))
        findings = found(world, "number-range")
        assert list(findings) == [about] * outside
        if outside:
            assert findings[about].numbers == {"issued": "2026-02-10", "committed": "100-199"}


# --- post-verification ------------------------------------------------------------------------------------------------


def test_exports_from_compliant_zones_wait_for_their_confirmations(world):
    days.at(world, "2026-03-02")
    made = days.issue(world, "CF0000001", 1_000, ("CF",), zone="Boda")
    world.accept(made)
    waiting = found(world, "post-verification")["CF0000001"]
    assert (waiting.severity, waiting.subjects) == (Severity.LOW, ("CF", "AE", "CF0000001"))
    stated = days.confirm(world, made, outcome="discrepancy", lines=fewer(world, 900))
    world.accept(stated)
    assert found(world, "post-verification")["CF0000001"].numbers == {"state": "discrepancy"}
    world.accept(corrected(world, stated, outcome="confirmed", lines=fewer(world, 1_000)))
    assert found(world, "post-verification", Status.RESOLVED).keys() == {"CF0000001"}
    world.accept(days.issue(world, "BW0000001"))
    assert not found(world, "post-verification")


def test_a_void_export_from_a_compliant_zone_waits_for_nothing(world):
    days.at(world, "2026-03-02")
    world.accept(days.issue(world, "CF0000001", 1_000, ("CF",), zone="Boda"))
    world.accept(closed(world, "CF0000001"))
    assert not found(world, "post-verification")


# --- sealed-fault -----------------------------------------------------------------------------------------------------


def test_a_complaint_about_a_sealed_part(world):
    days.at(world, "2026-03-02")
    made = days.issue(world, "BW0000001")
    complaint = reports.fault(world, made, "AE")
    world.accept(made, complaint)
    (finding,) = found(world, "sealed-fault").values()
    assert finding.about == f"{made.body.rid.hex()}/AE"
    assert (finding.subjects, finding.inputs) == (("BW", "AE"), (made.id, complaint.id))
    assert finding.numbers == {"reader": "AE"}
