"""ledger/findings: what quarters and halves bring: late returns, returns overtaken, changes, gaps between two participants."""

import pytest

from ledger.bodies import ProductionBody
from ledger.bodies.reports import ProductionLine
from ledger.findings import Severity, Status
from tests.support import days
from tests.support.changes import closed, corrected, mailed
from tests.support.days import found
from tests.support.reports import annual_of, file_return, opened, return_body
from tests.support.world import World, _participant, genesis, participants


@pytest.fixture
def world(tmp_path):
    parameters = {"gap-certificates": 2, "change-certificates": 4, "drift-outcomes": 10**6}
    with World.make(tmp_path / "db", genesis(parameters=parameters)) as held:
        yield held


def nothing(world, code, flow, quarter):
    """A return of no trade."""
    return file_return(world, code, return_body(flow, (), 0, None, quarter))


# --- return-late ------------------------------------------------------------------------------------------------------


def test_a_return_is_late_the_day_after_its_time(world):
    days.at(world, "2026-07-02")
    world.accept(nothing(world, "BW", "export", "2026Q2"))
    days.pass_to(world, "2026-08-30")
    assert not found(world, "return-late")
    days.pass_to(world, "2026-08-31")
    late = found(world, "return-late")
    assert "BW/export/2026Q2" not in late
    assert late["BW/import/2026Q2"].subjects == ("BW",)
    assert late["BW/import/2026Q2"].severity is Severity.MEDIUM
    days.at(world, "2026-09-15")
    world.accept(nothing(world, "BW", "import", "2026Q2"))
    assert found(world, "return-late", Status.RESOLVED).keys() == {"BW/import/2026Q2"}


def test_who_owes_returns(tmp_path):
    """Not who does not take part here, or is gone, or began within the quarter; nor for the quarter in which the ledger began."""
    begins = _participant("SL", issues_from="2026-04-02", confirms_from="2026-04-02")
    with World.make(tmp_path / "db", genesis(participants=(*participants(), begins))) as world:
        days.pass_to(world, "2026-08-31")
        late = found(world, "return-late")
    assert {about.partition("/")[2] for about in late} == {"export/2026Q2", "import/2026Q2"}  # H1 had begun before
    codes = {about[:2] for about in late}
    assert {"BW", "CF", "MZ"} <= codes
    assert not {"LR", "VE", "SL"} & codes


def test_production_reports_are_owed_for_whole_halves(world):
    for day in ("2026-08-31", "2026-12-01", "2027-03-02"):
        days.pass_to(world, day)
    assert "BW/production/2026H2" not in found(world, "return-late")
    days.pass_to(world, "2027-03-03")
    assert "BW/production/2026H2" in found(world, "return-late")
    world.accept(world.sign("production.report", ProductionBody("2026H2", (), 1), "BW"))
    assert "BW/production/2026H2" in found(world, "return-late", Status.RESOLVED)


def test_quarters_without_a_block_are_made_up_for(world):
    days.pass_to(world, "2027-09-10")
    late = {about for about in found(world, "return-late") if about.startswith("BW/export")}
    assert late == {"BW/export/2026Q2", "BW/export/2026Q3", "BW/export/2026Q4", "BW/export/2027Q1", "BW/export/2027Q2"}


# --- return-mismatch --------------------------------------------------------------------------------------------------


def exports(world, issues, last, revision=1):
    lines = [line for issue in issues for line in opened(issue.body.destination, issue.body.lines)]
    return file_return(world, "BW", return_body("export", lines, len(issues), last, "2026Q2", revision))


def test_a_return_is_overtaken_by_what_counts_later(world):
    days.at(world, "2026-06-29")
    first = days.issue(world, "BW0000001")
    second = days.issue(world, "BW0000002")
    world.accept(first)
    days.at(world, "2026-07-05")
    world.accept(exports(world, [first], first.id))
    assert not found(world, "return-mismatch")
    late = world.issue(
        number="BW0000002", **{name: getattr(second.body, name) for name in second.body.__struct_fields__ if name != "number"}
    )
    world.accept(late)
    overtaken = found(world, "return-mismatch")["BW/export/2026Q2"]
    assert overtaken.inputs[1] == late.id
    assert overtaken.numbers == {"revision": 1}
    world.accept(exports(world, [first, late], late.id, revision=2))
    assert found(world, "return-mismatch", Status.RESOLVED).keys() == {"BW/export/2026Q2"}
    world.accept(closed(world, "BW0000001"))
    assert found(world, "return-mismatch").keys() == {"BW/export/2026Q2"}


def test_an_outcome_overtakes_the_return_of_imports_alone(world):
    days.at(world, "2026-06-29")
    first = days.issue(world, "BW0000001")
    world.accept(first)
    days.at(world, "2026-07-05")
    world.accept(exports(world, [first], first.id), nothing(world, "AE", "import", "2026Q2"))
    stated = days.confirm(world, first, received="2026-06-30")
    world.accept(stated)
    assert found(world, "return-mismatch").keys() == {"AE/import/2026Q2"}
    world.accept(corrected(world, stated, outcome="refused", receipt_code=None))
    assert found(world, "return-mismatch").keys() == {"AE/import/2026Q2"}


def test_what_a_fourth_quarters_return_states_of_its_year_is_overtaken(world):
    """In January a certificate of June is voided: June's return, and that of the year, say something else than the ledger."""
    days.at(world, "2026-06-29")
    first = days.issue(world, "BW0000001")
    world.accept(first)
    days.at(world, "2026-07-05")
    world.accept(exports(world, [first], first.id))
    days.at(world, "2027-01-05")
    year = return_body("export", (), 0, None, "2026Q4", annual=annual_of(world, "BW", "export", "2026Q4"))
    world.accept(file_return(world, "BW", year))
    gone = closed(world, "BW0000001")
    world.accept(gone)
    assert found(world, "return-mismatch").keys() == {"BW/export/2026Q2", "BW/export/2026Q4"}
    world.accept(file_return(world, "BW", return_body("export", (), 0, None, "2026Q4", 2)))
    assert found(world, "return-mismatch").keys() == {"BW/export/2026Q2"}


def test_what_counts_in_the_present_quarter_overtakes_nothing(world):
    days.at(world, "2026-07-05")
    world.accept(nothing(world, "BW", "export", "2026Q2"), nothing(world, "AE", "import", "2026Q2"))
    days.trade(world, "BW0000001")
    assert not found(world, "return-mismatch")


# --- period-change ----------------------------------------------------------------------------------------------------


def quarters(world, *counts):
    """So many certificates of 100.00 ct in each quarter from 2026Q2 on, then the day on which the last is judged."""
    number = 0
    for place, count in enumerate(counts):
        year, quarter = divmod(place + 1, 4)
        days.pass_to(world, f"{2026 + year}-{3 * quarter + 2:02}-10")
        for _ in range(count):
            number += 1
            world.accept(days.issue(world, f"BW{number:07}", 10_000))
    year, quarter = divmod(len(counts) + 1, 4)
    days.pass_to(world, f"{2026 + year}-{3 * quarter + 3:02}-15")
    return found(world, "period-change")


def test_a_quarter_unlike_the_four_before(world):
    changed = quarters(world, 2, 2, 2, 2, 7)
    assert changed.keys() == {"BW/export/2027Q2"}
    assert changed["BW/export/2027Q2"].numbers == {
        "certificates": 7,
        "mean_certificates": 2,
        "mean_points": 20_000,
        "period": "2027Q2",
        "points": 70_000,
    }


@pytest.mark.parametrize("counts", [(2, 2, 2, 2, 6), (6, 6, 6, 6, 2), (0, 0, 0, 0, 3), (2, 2, 2, 7), (0, 0, 0, 0, 0)])
def test_a_quarter_like_the_four_before_or_with_too_little_to_compare(world, counts):
    assert not quarters(world, *counts)


def test_a_quarter_that_falls_away(world):
    assert quarters(world, 7, 7, 7, 7, 2).keys() == {"BW/export/2027Q2"}


def test_production_unlike_the_two_halves_before(world):
    def report(half, points, revision=1):
        return world.sign("production.report", ProductionBody(half, (ProductionLine(0, "710210", points),), revision), "BW")

    days.at(world, "2027-07-05")
    world.accept(report("2026H1", 1_000), report("2026H2", 1_000), report("2027H1", 3_001))
    assert found(world, "period-change")["BW/production/2027H1"].numbers["mean_points"] == 1_000
    world.accept(report("2027H1", 3_000, 2))
    assert found(world, "period-change", Status.RESOLVED).keys() == {"BW/production/2027H1"}


# --- bilateral-gap ----------------------------------------------------------------------------------------------------


def pair(world, arrived):
    """Two certificates of 100.00 ct in 2026Q2, of the second of which so much arrives; then a day after its time."""
    days.at(world, "2026-04-10")
    days.trade(world, "BW0000001", 10_000)
    second = days.issue(world, "BW0000002", 10_000)
    world.accept(second)
    if arrived:
        (line,) = world.confirm_body(second).lines
        less = (type(line)(line.commitment, line.hs, arrived),)
        outcome = "confirmed" if arrived == 10_000 else "discrepancy"
        world.accept(days.confirm(world, second, outcome=outcome, lines=less))
    days.pass_to(world, "2026-08-30")
    assert not found(world, "bilateral-gap")
    days.pass_to(world, "2026-08-31")
    return second


@pytest.mark.parametrize("arrived", [10_000, 9_000, 11_000])
def test_pairs_that_tell_the_same(world, arrived):
    pair(world, arrived)
    assert not found(world, "bilateral-gap", None)


@pytest.mark.parametrize("arrived", [8_999, 11_001, 0])
def test_pairs_that_do_not(world, arrived):
    pair(world, arrived)
    gap = found(world, "bilateral-gap")["BW-AE/2026Q2"]
    assert gap.subjects == ("BW", "AE")
    assert gap.numbers == {
        "certificates": 2,
        "exported_points": 20_000,
        "imported_points": 10_000 + arrived,
        "missing_points": 10_000 - arrived,
    }


def test_a_late_outcome_closes_the_gap_also_one_by_mail(world):
    second = pair(world, 0)
    world.accept(days.confirm(world, second, outcome="discrepancy"))
    assert found(world, "bilateral-gap", Status.RESOLVED).keys() == {"BW-AE/2026Q2"}


def test_one_certificate_is_no_gap_and_a_void_one_does_not_count(world):
    days.at(world, "2026-04-10")
    world.accept(days.issue(world, "BW0000001"), days.issue(world, "BW0000002"))
    days.pass_to(world, "2026-08-31")
    assert found(world, "bilateral-gap").keys() == {"BW-AE/2026Q2"}
    world.accept(closed(world, "BW0000002"))
    assert not found(world, "bilateral-gap")


def test_an_outcome_that_came_by_mail_has_arrived(world):
    days.at(world, "2026-04-10")
    issues = [days.issue(world, f"BW000000{place}", destination="LR") for place in (1, 2)]
    world.accept(*issues)
    world.accept(*(mailed(world, one, received=days.today(world)) for one in issues))
    days.pass_to(world, "2026-08-31")
    assert not found(world, "bilateral-gap", None)
