"""ledger/findings/pace.py: splitting, rush."""

import pytest

from tests.support.findings import (
    amend,
    begin,
    close,
    finding,
    finding_world,
    issue,
    names,
    outcome,
    paper_import,
    propose,
    set_parameter,
    state,
    support,
)


@pytest.fixture
def world(tmp_path):
    with finding_world(tmp_path, splitting_certificates=3, rush_certificates=3) as held:
        yield held


# --- splitting ----------------------------------------------------------------------------------------------------------------

SPLIT = "splitting/BW-AE/2026-03-01"


def test_so_many_certificates_of_a_pair_bear_one_day(world):
    one, two = issue(world), issue(world, "BW0000002", points=500)
    world.accept(one, two, issue(world, "BW0000008", destination="EU"), issue(world, "RU0000001"))
    world.accept(issue(world, "BW0000009", days_ago=1))
    assert names(world) == []
    three = issue(world, "BW0000003")
    world.accept(three)
    found = finding(world, SPLIT)
    assert (found.severity, found.subjects, found.inputs) == ("medium", ("BW", "AE"), (three.id,))
    assert found.numbers == {"certificates": 3, "points": 20_500}
    world.accept(issue(world, "BW0000004"))
    assert finding(world, SPLIT).numbers == {"certificates": 4, "points": 30_500}
    assert names(world) == [SPLIT]


def test_fifty_is_the_default(tmp_path):
    with finding_world(tmp_path) as world:
        world.accept(*(issue(world, f"BW{serial:07}") for serial in range(49)))
        assert names(world) == []
        world.accept(issue(world, "BW0000049"))
        assert finding(world, SPLIT).numbers["certificates"] == 50


@pytest.mark.parametrize(
    ("reason", "left"),
    [("void", "resolved"), ("returned-unused", "resolved"), ("replaced-by", "resolved"), ("lost", "open"), ("stolen", "open")],
)
def test_what_leaves_the_exports_does_not_count(world, reason, left):
    world.accept(*(issue(world, f"BW000000{serial}") for serial in range(3)))
    world.accept(close(world, "BW0000001", reason))
    assert state(world, SPLIT) == ("medium", left)
    world.accept(issue(world, "BW0000005"))
    assert finding(world, SPLIT).numbers["certificates"] == (3 if left == "resolved" else 4)
    assert state(world, SPLIT) == ("medium", "open")


def test_an_amendment_counts_where_it_says(world):
    made = [issue(world, f"BW000000{serial}") for serial in range(3)]
    world.accept(*made)
    begin(world, "2026-03-02")
    lighter = amend(world, made[0], lines=(world.line(100),))
    world.accept(lighter)
    assert finding(world, SPLIT).numbers == {"certificates": 3, "points": 20_100}
    away = amend(world, made[0], lighter, destination="EU")
    world.accept(away)
    assert state(world, SPLIT) == ("medium", "resolved")
    back = amend(world, made[0], away)
    world.accept(back)
    assert state(world, SPLIT) == ("medium", "open")
    world.accept(amend(world, made[0], back, issued="2026-03-02", validated="2026-03-02"))
    assert state(world, SPLIT) == ("medium", "resolved")
    assert names(world) == [SPLIT]


def test_outcomes_and_paper_change_nothing(world):
    made = [issue(world, f"BW000000{serial}") for serial in range(2)]
    world.accept(*made, paper_import(world, "BW0000009", "AE"))
    world.accept(*(outcome(world, one) for one in made))
    assert names(world, "splitting") == []


def test_how_many_has_a_history(world):
    set_parameter(world, "splitting-certificates", 2, days=1)
    world.accept(issue(world), issue(world, "BW0000002"))
    assert names(world) == []
    begin(world, "2026-03-02")
    world.accept(issue(world, "BW0000003"), issue(world, "BW0000004"))
    assert names(world) == ["splitting/BW-AE/2026-03-02"]


# --- rush ---------------------------------------------------------------------------------------------------------------------


def weeks(world, *counts, first="2026-03-01"):
    """Certificates of these many of BW's in weeks that begin on `first`; then it is the day after the last week."""
    for week, count in enumerate(counts):
        begin(world, f"2026-03-{int(first[-2:]) + 7 * week:02}")
        world.accept(*(issue(world, f"BW{week:04}{serial:04}", destination="AE", points=1_000) for serial in range(count)))
    begin(world, "2026-03-29")


def suspend(world, days=30, **changes):
    """Proposed today, to hold so many days later; open for two weeks."""
    proposal = propose(world, "suspend", days, **({"subject": "BW", "closes_in": 14} | changes))
    world.accept(proposal)
    return proposal


def hurry(world, count, begins=0, **changes):
    """So many certificates today."""
    world.accept(*(issue(world, f"BW9{begins + at:07}", **({"points": 1_000} | changes)) for at in range(count)))


def rush(world):
    return names(world, "rush")


def test_more_than_three_times_the_median_week_before_a_suspension(world):
    weeks(world, 1, 2, 2, 9)
    proposal = suspend(world)
    hurry(world, 6)
    assert rush(world) == []
    hurry(world, 1, 6)
    name = f"rush/BW/{proposal.id.hex()}/0"
    assert rush(world) == [name]
    found = finding(world, name)
    assert (found.severity, found.status, found.subjects) == ("high", "open", ("BW",))
    assert found.numbers == {"certificates": 7, "median_certificates": 2, "median_points": 2_000, "points": 7_000, "week": 0}
    assert found.inputs[0] == proposal.id
    begin(world, "2026-04-04")
    hurry(world, 1, 7)
    assert finding(world, name).numbers["certificates"] == 8
    begin(world, "2026-04-05")
    hurry(world, 6, 8)
    assert rush(world) == [name]
    hurry(world, 1, 14)
    assert rush(world) == [name, f"rush/BW/{proposal.id.hex()}/1"]


@pytest.mark.parametrize(("points", "found"), [(2_000, False), (2_001, True)])
def test_or_of_its_carats(world, points, found):
    weeks(world, 2, 2, 2, 2)
    suspend(world)
    hurry(world, 3, points=points)  # 6,000 points are three times the median
    assert bool(rush(world)) is found


def test_a_week_with_few_certificates_is_none(world):
    weeks(world, 1, 1, 1, 1)
    suspend(world)
    hurry(world, 2, points=90_000)
    assert rush(world) == []
    hurry(world, 1, 2)
    assert len(rush(world)) == 1


def test_with_less_than_four_weeks_there_is_nothing_to_compare_with(world):
    weeks(world, 1, 1, 1, 1)
    begin(world, "2026-03-28")
    suspend(world)
    hurry(world, 9)
    assert rush(world) == []


def test_a_week_without_any_is_one_of_the_weeks(world):
    weeks(world, 4, 0, 0, 0)
    suspend(world)
    hurry(world, 3)
    assert len(rush(world)) == 1


def test_the_median_is_that_of_the_thirteen_weeks_before(world):
    for week in range(20):
        begin(world, f"2026-{3 + week // 4:02}-{1 + 7 * (week % 4):02}")
        count = 9 if week < 7 else 1
        world.accept(*(issue(world, f"BW{week:04}{serial:04}", points=1_000) for serial in range(count)))
    begin(world, "2026-08-01")
    suspend(world)
    hurry(world, 4)
    (name,) = rush(world)
    assert finding(world, name).numbers["median_certificates"] == 1


def test_carats_are_those_first_stated_and_other_issuers_do_not_matter(world):
    weeks(world, 2, 2, 2, 2)
    suspend(world)
    made = [issue(world, f"BW900000{at}", points=2_000) for at in range(3)]
    world.accept(*made, issue(world, "RU0000001", points=90_000))
    world.accept(amend(world, made[0], lines=(world.line(90_000),)))
    assert rush(world) == []


def test_a_proposal_that_is_turned_down_or_void_ends_the_watch(world):
    weeks(world, 1, 1, 1, 1)
    proposal = suspend(world)
    begin(world, "2026-04-12")
    world.block()
    begin(world, "2026-04-13")
    hurry(world, 9)
    assert rush(world) == []
    again = suspend(world)
    hurry(world, 3, 9)
    assert rush(world) == [f"rush/BW/{again.id.hex()}/0"]
    assert again.id != proposal.id


def test_it_lasts_until_the_suspension_counts(world):
    weeks(world, 1, 1, 1, 1)
    proposal = suspend(world, days=17, zones=("Jwaneng",), closes_in=1)
    world.accept(*support(world, proposal, "RU", "AE"))
    begin(world, "2026-04-01")
    world.block()
    begin(world, "2026-04-14")
    hurry(world, 4)
    assert rush(world) == [f"rush/BW/{proposal.id.hex()}/2"]
    begin(world, "2026-04-15")
    hurry(world, 9, 4, origin=("RU",))
    assert finding(world, rush(world)[0]).numbers["certificates"] == 4
    assert len(rush(world)) == 1


def test_one_more_proposal_prolongs_it(world):
    weeks(world, 1, 1, 1, 1)
    first = suspend(world, days=5, closes_in=1)
    begin(world, "2026-03-30")
    suspend(world, days=40, closes_in=20)
    begin(world, "2026-04-10")
    hurry(world, 4)
    (name,) = rush(world)
    assert name == f"rush/BW/{first.id.hex()}/1"


def test_other_decisions_and_the_suspension_of_another_are_no_reason(world):
    weeks(world, 1, 1, 1, 1)
    suspend(world, subject="RU")
    world.accept(propose(world, "readmit", 30, subject="CF", closes_in=14))
    hurry(world, 9)
    assert rush(world) == []


def test_factor_and_least_have_a_history(world):
    weeks(world, 1, 1, 1, 1)
    set_parameter(world, "rush-factor", 5, days=1)
    set_parameter(world, "rush-certificates", 7, days=2)
    suspend(world)
    begin(world, "2026-03-30")
    hurry(world, 5)
    assert rush(world) == []
    hurry(world, 1, 5)
    assert len(rush(world)) == 1
    begin(world, "2026-04-06")
    hurry(world, 6, 6)
    assert len(rush(world)) == 1
    hurry(world, 1, 12)
    assert len(rush(world)) == 2
