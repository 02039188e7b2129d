"""ledger/findings/timing.py: late-issue, unconfirmed."""

import pytest

from ledger.findings.timing import after_working_days
from ledger.units import date_of, day_number
from tests.support import world as worlds
from tests.support.findings import (
    amend,
    begin,
    close,
    correct,
    finding,
    finding_world,
    issue,
    names,
    outcome,
    paper_confirm,
    paper_import,
    pass_days,
    set_parameter,
    state,
)


@pytest.fixture
def world(tmp_path):
    """The second of March 2026, a Monday."""
    everybody = (*worlds.participants(), worlds._participant("US"))
    with finding_world(tmp_path, everybody) as held:
        begin(held, "2026-03-02")
        yield held


# --- late-issue ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "found"), [(0, False), (7, False), (8, True), (30, True)])
def test_issued_more_than_seven_days_before_it_came(world, days, found):
    late = issue(world, days_ago=days)
    world.accept(late)
    assert (state(world, "late-issue/BW0000001") == ("low", "open")) is found
    assert names(world) == ["late-issue/BW0000001"] * found
    if found:
        one = finding(world, "late-issue/BW0000001")
        assert (one.subjects, one.inputs, one.numbers) == (("BW", "BW0000001"), (late.id,), {"days": days})
        assert (one.first_seen, one.height, one.version, one.serial) == (1, 1, 1, 0)


def test_an_amendment_that_moves_the_day_back_is_late_and_one_that_does_not_is_none(world):
    first = issue(world)
    world.accept(first)
    begin(world, "2026-03-20")
    same = amend(world, first, parcels=3)
    world.accept(same)
    assert names(world) == []
    back = amend(world, first, same, issued="2026-03-01")
    world.accept(back)
    assert finding(world, "late-issue/BW0000001").numbers == {"days": 19}
    again = amend(world, first, back, issued="2026-03-02")
    world.accept(again)
    one = finding(world, "late-issue/BW0000001")
    assert (one.numbers, one.inputs, one.first_seen, one.height) == ({"days": 18}, (again.id,), 3, 4)
    world.accept(amend(world, first, again, issued="2026-03-20", validated="2026-03-20"))
    world.accept(close(world, "BW0000001"))
    assert finding(world, "late-issue/BW0000001") == one


def test_lateness_is_that_of_the_days_threshold(world):
    set_parameter(world, "late-issue-days", 3, days=2)
    world.accept(issue(world, "BW0000001", days_ago=4))
    assert names(world) == []
    begin(world, "2026-03-04")
    world.accept(issue(world, "BW0000002", days_ago=3), issue(world, "BW0000003", days_ago=4))
    assert names(world) == ["late-issue/BW0000003"]


# --- unconfirmed --------------------------------------------------------------------------------------------------------------

NAME = "unconfirmed/BW0000001"


@pytest.mark.parametrize(("destination", "deadline"), [("AE", "2026-04-01"), ("US", "2026-03-17"), ("EU", "2026-03-16")])
def test_open_past_the_destinations_limit_and_past_expiry(world, destination, deadline):
    first = issue(world, destination=destination)
    world.accept(first)
    last, expiry = day_number(deadline), day_number(first.body.expires)
    for day, expected in ((last, None), (last + 1, "medium"), (expiry, "medium"), (expiry + 1, "high"), (expiry + 90, "high")):
        begin(world, date_of(day))
        world.block()
        assert state(world, NAME) == (None if expected is None else (expected, "open")), date_of(day)
    one = finding(world, NAME)
    assert one.numbers == {"deadline": deadline, "expires": first.body.expires}
    assert (one.subjects, one.inputs) == ((destination, "BW", "BW0000001"), (first.id,))
    assert (one.first_seen, one.height) == (3, 5)
    world.accept(outcome(world, first, received=deadline))
    assert state(world, NAME) == ("high", "resolved")
    assert names(world, status="resolved") == names(world) == [NAME]


@pytest.mark.parametrize("late", [0, 1])
def test_an_outcome_on_the_day_of_the_deadline_is_in_time(world, late):
    first = issue(world)
    world.accept(first)
    begin(world, date_of(day_number("2026-04-01") + late))
    world.accept(outcome(world, first))
    assert state(world, NAME) == (("medium", "resolved") if late else None)
    pass_days(world, 60)
    assert state(world, NAME) == (("medium", "resolved") if late else None)


def test_it_counts_from_the_day_on_which_it_came_not_from_its_issue(world):
    world.accept(issue(world, days_ago=5))
    begin(world, "2026-04-01")
    world.block()
    assert names(world, "unconfirmed") == []
    pass_days(world, 1)
    assert state(world, NAME) == ("medium", "open")


def test_expiry_before_the_deadline_is_grave_at_once(world):
    world.accept(issue(world, expires="2026-03-10"))
    begin(world, "2026-03-10")
    world.block()
    assert state(world, NAME) is None
    pass_days(world, 1)
    assert state(world, NAME) == ("high", "open")


def test_another_destination_has_its_own_time_and_another_expiry_counts(world):
    first = issue(world)
    world.accept(first)
    begin(world, "2026-04-02")
    world.block()
    assert state(world, NAME) == ("medium", "open")
    moved = amend(world, first, destination="EU", expires="2026-05-01")
    world.accept(moved)
    assert state(world, NAME) == ("medium", "resolved")
    begin(world, "2026-04-16")
    world.block()
    assert state(world, NAME) == ("medium", "resolved")
    begin(world, "2026-04-17")
    world.block()
    assert state(world, NAME) == ("medium", "open")
    one = finding(world, NAME)
    assert (one.first_seen, one.numbers["deadline"], one.subjects[0]) == (2, "2026-04-16", "EU")
    begin(world, "2026-04-20")
    world.accept(amend(world, first, moved, destination="EU", expires="2026-04-18"))
    assert state(world, NAME) == ("high", "open")


@pytest.mark.parametrize("reason", ["void", "lost", "stolen", "returned-unused", "replaced-by"])
def test_what_is_closed_is_owed_no_more(world, reason):
    world.accept(issue(world), issue(world, "BW0000002"))
    begin(world, "2026-04-01")
    world.accept(close(world, "BW0000002", reason))
    begin(world, "2026-04-02")
    world.block()
    world.accept(close(world, "BW0000001", reason))
    assert names(world, "unconfirmed") == [NAME]
    assert state(world, NAME) == ("medium", "resolved")


def test_refused_heard_of_and_corrected_ones_are_not_open(world):
    refused, heard = issue(world), issue(world, "BW0000002", destination="LR")
    world.accept(refused, heard)
    answer = outcome(world, refused, outcome="refused")
    world.accept(answer, paper_confirm(world, heard))
    world.accept(paper_import(world, "RU0000001", "AE"))
    begin(world, "2026-06-01")
    world.accept(correct(world, refused, answer, outcome="refused", parcels=1))
    assert names(world, "unconfirmed") == []


def test_the_limit_is_that_of_the_day_from_which_it_counts(world):
    set_parameter(world, "confirmation-days", 10, days=3)
    world.accept(issue(world, "BW0000001"))
    begin(world, "2026-03-05")
    world.accept(issue(world, "BW0000002"))
    begin(world, "2026-03-15")
    world.block()
    assert names(world) == []
    pass_days(world, 1)
    assert names(world) == ["unconfirmed/BW0000002"]
    set_parameter(world, "confirmation-days", 300)
    begin(world, "2026-04-02")
    world.block()
    assert names(world, status="open") == ["unconfirmed/BW0000002", "unconfirmed/BW0000001"]


def test_days_without_a_block_are_made_up_for(world):
    world.accept(issue(world))
    pass_days(world, 300)
    assert state(world, NAME) == ("high", "open")


@pytest.mark.parametrize("weekday", range(7))
@pytest.mark.parametrize("count", [1, 4, 5, 6, 10, 23])
def test_working_days_are_counted_one_by_one(weekday, count):
    monday = day_number("2026-03-02")
    day, left = monday + weekday, count
    while left:
        day += 1
        left -= (day - monday) % 7 < 5
    assert after_working_days(monday + weekday, count) == day
