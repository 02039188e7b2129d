"""ledger/findings: stocks and exposure, through the real ledger: what is found, what is not by one point or one day, what ends it."""

import pytest

from ledger.bodies import PositionBody, ProductionBody, ProposeBody, Source, StockBody, WithdrawBody
from ledger.bodies.reports import ProductionLine, StockLine
from ledger.findings import Severity, Status
from ledger.participants import CompliantZone, Suspension
from ledger.units import DAY_MS, day_number
from tests.support import days
from tests.support.changes import amended, closed
from tests.support.days import found
from tests.support.world import World, _participant, genesis, participants


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db", genesis(parameters={"plenary-support": 1})) as held:
        yield held


def produce(world, code, half, points, revision=1):
    lines = (ProductionLine(0, "710210", points),)
    return world.sign("production.report", ProductionBody(half, lines, revision), code)


def declare(world, code, points):
    return world.sign("stock.declare", StockBody("2026-02-28", (StockLine("710210", points),)), code)


def decide(world, decision, subject, effective, **changes):
    """Proposes it for the first moment of the day before it counts, supports it and lets it be decided."""
    closes = (day_number(effective) - 1) * DAY_MS
    fields = {"closes": closes, "decision": decision, "effective": effective, "procedure": "plenary", "subject": subject}
    proposal = world.sign("plenary.propose", ProposeBody(**(fields | {"title": decision} | changes)), "BW")
    world.accept(proposal, world.sign("plenary.position", PositionBody("support", proposal.id), "AE"))
    days.pass_to(world, effective)


# --- negative-stock ---------------------------------------------------------------------------------------------------


def test_nobody_exports_more_than_there_was(world):
    days.at(world, "2026-05-10")
    world.accept(days.issue(world, "BW0000001", 12_000))
    days.at(world, "2026-08-30")
    world.accept(world.sign("production.report", ProductionBody("2026H1", (), 1), "BW"))
    assert not found(world, "negative-stock")
    days.pass_to(world, "2026-08-31")
    (finding,) = found(world, "negative-stock").values()
    assert (finding.about, finding.severity, finding.subjects) == ("BW", Severity.MEDIUM, ("BW",))
    assert finding.numbers == {
        "exported_points": 12_000,
        "imported_points": 0,
        "missing_points": 12_000,
        "opening_points": 0,
        "produced_points": 0,
        "until": "2026H1",
    }
    world.accept(declare(world, "BW", 2_000))
    (finding,) = found(world, "negative-stock").values()
    assert (finding.severity, finding.numbers["missing_points"]) == (Severity.HIGH, 10_000)
    world.accept(produce(world, "BW", "2026H1", 9_999, revision=2))
    assert found(world, "negative-stock")["BW"].numbers["missing_points"] == 1
    world.accept(produce(world, "BW", "2026H1", 10_000, revision=3))
    assert not found(world, "negative-stock")
    world.accept(produce(world, "BW", "2026H1", 9_000, revision=4))
    assert found(world, "negative-stock")["BW"].numbers["missing_points"] == 1_000


def test_imports_count_as_measured_and_what_left_the_exports_does_not(world):
    days.at(world, "2026-05-10")
    first = days.issue(world, "BW0000001", 10_000)
    world.accept(first)
    line = world.confirm_body(first).lines[0]
    less = type(line)(line.commitment, line.hs, 9_000)
    world.accept(days.confirm(world, first, outcome="discrepancy", lines=(less,), points=9_000))
    second = days.issue(world, "AE0000001", 9_001, (), destination="EU")
    world.accept(second)
    days.pass_to(world, "2026-08-31")
    assert found(world, "negative-stock")["AE"].numbers["missing_points"] == 1
    world.accept(closed(world, second.body.number))
    assert "AE" not in found(world, "negative-stock")


def test_production_of_a_later_half_bears_out_no_earlier_export(world):
    days.at(world, "2026-05-10")
    world.accept(days.issue(world, "BW0000001", 12_000))
    days.pass_to(world, "2026-08-31")
    days.at(world, "2027-01-05")
    world.accept(produce(world, "BW", "2026H2", 50_000))
    assert found(world, "negative-stock")["BW"].numbers["until"] == "2026H1"
    days.pass_to(world, "2027-03-02")  # 61 days after the half: judged from the day after
    assert found(world, "negative-stock")["BW"].status is Status.OPEN
    days.pass_to(world, "2027-03-03")
    assert not found(world, "negative-stock")


# --- origin-exposure of a certificate ---------------------------------------------------------------------------------


def chain(world, origin=("AO",), taken=6_000):
    """AO's goods and BW's at AE, mixed, then AO is suspended; what AE then sends on."""
    days.trade(world, "AO0000100", 10_000, origin)
    days.trade(world, "BW0000001", 10_000)
    decide(world, "suspend", "AO", "2026-03-20")
    sources = (Source("AO0000100", taken), Source("BW0000001", 2_000))
    return days.issue(world, "AE0000001", 10_000, (), destination="EU", sources=sources)


def test_suspended_goods_in_a_mix(world):
    days.at(world, "2026-03-02")
    world.accept(chain(world))
    (finding,) = [one for about, one in found(world, "origin-exposure").items() if about == "AE0000001"]
    assert finding.severity is Severity.MEDIUM
    assert finding.numbers == {
        "origins": "AO",
        "lowest_points": 6_000,
        "highest_points": 6_000,
        "pro_rata_points": 6_000,
        "unstated_points": 2_000,
    }
    assert finding.subjects == ("AE", "EU", "AE0000001", "AO0000100", "BW0000001")


def test_suspended_goods_that_may_be_in_a_mix(world):
    days.at(world, "2026-03-02")
    world.accept(chain(world, ("AO", "BW")))
    finding = found(world, "origin-exposure")["AE0000001"]
    assert finding.severity is Severity.LOW
    assert [finding.numbers[name] for name in ("lowest_points", "pro_rata_points", "highest_points")] == [0, 3_000, 6_000]


def test_bounds_pass_through_a_mix(world):
    days.at(world, "2026-03-02")
    days.trade(world, "AO0000100", 10_000, ("AO",))
    days.trade(world, "BW0000001", 10_000)
    sources = (Source("AO0000100", 6_000), Source("BW0000001", 4_000))
    days.trade(world, "AE0000001", 10_000, (), destination="EU", sources=sources)
    decide(world, "suspend", "AO", "2026-03-20")
    world.accept(days.issue(world, "EU0000001", 7_000, (), destination="RU", sources=(Source("AE0000001", 7_000),)))
    finding = found(world, "origin-exposure")["EU0000001"]
    figures = [finding.numbers[name] for name in ("lowest_points", "pro_rata_points", "highest_points")]
    assert figures == [3_000, 4_200, 6_000]  # at most 4,000 of the seven can be others


def test_no_exposure_before_the_suspension_without_sources_or_from_others(world):
    days.at(world, "2026-03-02")
    days.trade(world, "AO0000100", 10_000, ("AO",))
    days.trade(world, "BW0000001", 10_000)
    sources = (Source("AO0000100", 1_000),)
    world.accept(days.issue(world, "AE0000001", 1_000, (), destination="EU", sources=sources))
    decide(world, "suspend", "AO", "2026-03-20")
    world.accept(days.issue(world, "AE0000002", 1_000, (), destination="EU", sources=(Source("BW0000001", 1_000),)))
    world.accept(days.issue(world, "AE0000003", 1_000, (), destination="EU"))
    assert found(world, "origin-exposure", None).keys() <= {"AE/AO"}


def test_a_share_below_the_threshold_is_none_and_an_amendment_resolves(world):
    days.at(world, "2026-03-02")
    days.trade(world, "AO0000100", 10_000, ("AO",))
    days.trade(world, "BW0000001", 100_000)
    decide(world, "suspend", "AO", "2026-03-20")
    little = (Source("AO0000100", 9), Source("BW0000001", 9_991))
    world.accept(days.issue(world, "AE0000001", 10_000, (), destination="EU", sources=little))
    assert "AE0000001" not in found(world, "origin-exposure", None)
    enough = (Source("AO0000100", 10), Source("BW0000001", 9_990))
    second = days.issue(world, "AE0000002", 10_000, (), destination="EU", sources=enough)
    world.accept(second)
    assert "AE0000002" in found(world, "origin-exposure")
    world.accept(amended(world, second, sources=(Source("BW0000001", 10_000),)))
    assert found(world, "origin-exposure", Status.RESOLVED).keys() == {"AE0000002"}


def test_goods_of_a_compliant_zone_are_no_exposure(tmp_path):
    """The zone travels with the goods, however they are mixed."""
    spared = _participant("SL", suspensions=(Suspension("2026-03-10", "", ""),), compliant_zones=(CompliantZone("Kono"),))
    with World.make(tmp_path / "db", genesis(participants=(*participants(), spared))) as world:
        days.at(world, "2026-03-12")
        days.trade(world, "SL0000001", 10_000, ("SL",), zone="Kono")
        world.accept(days.issue(world, "AE0000001", 5_000, (), destination="EU", sources=(Source("SL0000001", 5_000),)))
        assert not found(world, "origin-exposure")


# --- origin-exposure of a participant ---------------------------------------------------------------------------------


def test_what_a_hub_holds_of_a_country_when_it_is_suspended(world):
    days.at(world, "2026-03-02")
    days.trade(world, "AO0000100", 10_000, ("AO",))
    days.trade(world, "AO0000101", 2_000, ())
    days.trade(world, "AE0000001", 3_000, ("AO",), destination="EU", sources=(Source("AO0000100", 3_000),))
    decide(world, "suspend", "AO", "2026-03-20")
    hubs = found(world, "origin-exposure")
    assert hubs.keys() == {"AE/AO", "EU/AO"}
    assert hubs["AE/AO"].numbers == {
        "country": "AO",
        "exported_points": 3_000,
        "imported_points": 10_000,
        "lowest_points": 7_000,
        "highest_points": 9_000,
    }
    decide(world, "readmit", "AO", "2026-04-20")
    assert not found(world, "origin-exposure")


def test_a_participant_that_withdraws_is_as_good_as_suspended(world):
    days.at(world, "2026-03-02")
    days.trade(world, "AO0000100", 10_000, ("AO",))
    world.accept(world.sign("participant.withdraw", WithdrawBody("2026-03-10"), "AO"))
    days.pass_to(world, "2026-03-09")
    assert not found(world, "origin-exposure")
    days.pass_to(world, "2026-03-10")
    assert found(world, "origin-exposure").keys() == {"AE/AO"}
