"""ledger/findings/outcomes.py: discrepancy, discrepancy-drift, no-receipt-code, quick-transit, never-a-discrepancy."""

import pytest

from ledger.bodies import ConfirmLine
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
    with finding_world(tmp_path, drift_outcomes=3, drift_same_way=2, unbroken_confirmations=3) as held:
        yield held


def arrive(world, number, measured=None, *, points=10_000, **changes):
    """Issued today and taken in tomorrow; the issue and its outcome."""
    issued = issue(world, number, points=points, **changes)
    world.accept(issued)
    pass_days(world, 1)
    answer = outcome(world, issued, measured)
    world.accept(answer)
    return issued, answer


# --- discrepancy --------------------------------------------------------------------------------------------------------------

DISCREPANCY = "discrepancy/BW0000001"


@pytest.mark.parametrize(
    ("measured", "parcels", "severity", "difference"),
    [
        (9_999, 2, "medium", -1),
        (10_001, 2, "medium", 1),
        (10_000, 1, "high", 0),
        (9_000, 3, "high", -1_000),
        (10_000, 2, "low", 0),
    ],
)
def test_a_discrepancy_weighs_what_differs(world, measured, parcels, severity, difference):
    first = issue(world)
    world.accept(first)
    lines = (ConfirmLine(world.commitment(), "710231", measured),)
    answer = outcome(world, first, lines=lines, parcels=parcels, outcome="discrepancy")
    world.accept(answer)
    one = finding(world, DISCREPANCY)
    assert (one.severity, one.status) == (severity, "open")
    assert one.numbers == {
        "days_expired": 0, "difference_points": difference, "issued_parcels": 2, "issued_points": 10_000,
        "measured_parcels": parcels, "measured_points": measured,
    }  # fmt: skip
    assert (one.subjects, one.inputs) == (("BW", "AE", "BW0000001"), (first.id, answer.id))


def test_one_that_arrives_past_its_expiry_says_by_how_many_days(world):
    first = issue(world, expires="2026-03-04")
    world.accept(first)
    begin(world, "2026-03-09")
    world.accept(outcome(world, first, outcome="discrepancy"))
    assert finding(world, DISCREPANCY).numbers["days_expired"] == 5
    assert state(world, DISCREPANCY) == ("low", "open")


def test_what_confirms_or_refuses_is_none_and_resolves_one(world):
    first, answer = arrive(world, "BW0000001")
    assert state(world, DISCREPANCY) is None
    worse = correct(world, first, answer, 9_000)
    world.accept(worse)
    assert state(world, DISCREPANCY) == ("medium", "open")
    height = world.ledger.head.height
    refused = correct(world, first, worse, outcome="refused")
    world.accept(refused)
    one = finding(world, DISCREPANCY)
    assert (one.status, one.first_seen, one.height) == ("resolved", height, height + 1)
    again = correct(world, first, refused, 8_000)
    world.accept(again)
    one = finding(world, DISCREPANCY)
    assert (one.status, one.first_seen, one.height, one.numbers["measured_points"]) == ("open", height, height + 2, 8_000)
    world.accept(correct(world, first, again))
    assert state(world, DISCREPANCY) == ("medium", "resolved")
    assert names(world, "discrepancy") == [DISCREPANCY]


def test_one_of_which_the_issuer_heard_on_paper_counts(world):
    first = issue(world, destination="LR")
    world.accept(first)
    world.accept(paper_confirm(world, first, 9_000))
    assert finding(world, DISCREPANCY).subjects == ("BW", "LR", "BW0000001")
    assert names(world) == [DISCREPANCY]


# --- discrepancy-drift --------------------------------------------------------------------------------------------------------

DRIFT = "discrepancy-drift/BW-AE/2026"


@pytest.mark.parametrize(
    ("measured", "found"),
    [
        ((9_990, 9_990, 9_990), False),  # 30 points of 30,000 are one in a thousand, not more
        ((9_990, 9_990, 9_989), True),
        ((10_010, 10_010, 10_010), False),
        ((10_010, 10_010, 10_011), True),
        ((9_000, 11_000, 10_000), False),
        ((10_000, 10_000, 9_000), False),  # a single difference, however large, points no way
        ((11_000, 10_000, 10_000), False),
        ((9_990, 10_000, 9_979), True),
        ((10_010, 10_000, 10_021), True),
        ((9_500, 10_001, 10_001), False),  # two are heavier, and all together lighter
        ((9_000, 9_000), False),
    ],
)
def test_a_pairs_year_drifts_by_more_than_one_in_a_thousand(world, measured, found):
    for serial, points in enumerate(measured):
        _, answer = arrive(world, f"BW000000{serial}", points)
    assert state(world, DRIFT) == (("medium", "open") if found else None)
    if found:
        one, total = finding(world, DRIFT), sum(measured)
        assert one.numbers == {
            "difference_points": total - 30_000, "issued_points": 30_000, "measured_points": total, "outcomes": 3,
            "same_way": sum((points - 10_000) * (total - 30_000) > 0 for points in measured),
        }  # fmt: skip
        assert (one.subjects, one.inputs) == (("BW", "AE"), (answer.id,))


def test_a_corrected_outcome_takes_the_drift_back_and_brings_it_again(world):
    made = [arrive(world, f"BW000000{serial}", 9_900) for serial in range(3)]
    assert state(world, DRIFT) == ("medium", "open")
    head = made[0][1]
    for points, expected in ((10_170, "resolved"), (10_169, "open"), (10_230, "resolved"), (10_231, "resolved")):
        head = correct(world, made[0][0], head, points)
        world.accept(head)
        assert state(world, DRIFT) == ("medium", expected)
        if expected == "open":
            assert finding(world, DRIFT).numbers["measured_points"] == 2 * 9_900 + points
            assert finding(world, DRIFT).numbers["outcomes"] == 3
    head = correct(world, made[0][0], head, outcome="refused")
    world.accept(head)
    assert state(world, DRIFT) == ("medium", "resolved")
    assert names(world, "discrepancy-drift") == [DRIFT]


def test_a_correction_finds_nothing_on_the_way(world):
    """Without the light one the others would drift; with it as corrected, all together are as issued."""
    light, answer = arrive(world, "BW0000009", 29_940, points=30_000)
    for serial in range(3):
        arrive(world, f"BW000000{serial}", 10_020)
    assert names(world, "discrepancy-drift") == []
    same = correct(world, light, answer, 29_940, parcels=1)
    world.accept(same)
    world.accept(correct(world, light, same, 29_950))
    assert names(world, "discrepancy-drift") == []


def test_each_pair_and_each_year_of_issue_stands_for_itself(world):
    for serial, destination in enumerate(("AE", "AE", "EU")):
        arrive(world, f"BW000000{serial}", 9_000, destination=destination)
    arrive(world, "RU0000001", 9_000)
    begin(world, "2026-12-31")
    last, first = issue(world, "BW0000010"), issue(world, "BW0000012")
    world.accept(last)
    begin(world, "2027-01-01")
    later = issue(world, "BW0000011")
    world.accept(later, outcome(world, later, 9_000))
    assert names(world, "discrepancy-drift") == []
    world.accept(outcome(world, last, 9_000))
    assert names(world, "discrepancy-drift") == [DRIFT]
    assert first.body.issued == "2026-12-31"


def test_what_came_on_paper_is_no_outcome_of_the_destination(world):
    for serial in range(3):
        world.accept(paper_import(world, f"BW000000{serial}", "AE"))
        heard = issue(world, f"BW000001{serial}", destination="LR")
        world.accept(heard)
        world.accept(paper_confirm(world, heard, 9_000))
    assert names(world, "discrepancy-drift") == names(world, "never-a-discrepancy") == []


def test_thresholds_of_drift_are_those_of_the_day(world):
    set_parameter(world, "drift-per-mille", 20, days=2)
    set_parameter(world, "drift-outcomes", 4, days=2)
    arrive(world, "BW0000001", 9_890)
    begin(world, "2026-03-05")
    for serial in (2, 3):
        arrive(world, f"BW000000{serial}", 9_890)
    assert names(world, "discrepancy-drift") == []
    arrive(world, "BW0000004", 9_530)
    assert names(world, "discrepancy-drift") == []  # 800 of 40,000 points
    arrive(world, "BW0000005", 9_700)
    assert state(world, DRIFT) == ("medium", "open")  # 1,100 of 50,000


# --- no-receipt-code ----------------------------------------------------------------------------------------------------------

CODELESS = "no-receipt-code/BW0000001"


def test_goods_came_in_and_nobody_states_the_code(world):
    first = issue(world)
    world.accept(first)
    answer = outcome(world, first, receipt_code=None, inspection="not-opened")
    world.accept(answer)
    one = finding(world, CODELESS)
    assert (one.severity, one.status, one.numbers) == ("low", "open", {"inspection": "not-opened"})
    assert (one.subjects, one.inputs) == (("AE", "BW", "BW0000001"), (answer.id,))
    known = correct(world, first, answer)
    world.accept(known)
    assert state(world, CODELESS) == ("low", "resolved")
    again = correct(world, first, known, receipt_code=None)
    world.accept(again)
    assert (state(world, CODELESS), finding(world, CODELESS).inputs) == (("low", "open"), (again.id,))
    world.accept(correct(world, first, again, receipt_code=None, outcome="refused"))
    assert state(world, CODELESS) == ("low", "resolved")


def test_with_the_code_refused_or_on_paper_there_is_nothing_to_find(world):
    plain, refused, heard = issue(world), issue(world, "BW0000002"), issue(world, "BW0000003", destination="LR")
    world.accept(plain, refused, heard)
    world.accept(
        outcome(world, plain), outcome(world, refused, receipt_code=None, outcome="refused"), paper_confirm(world, heard)
    )
    world.accept(paper_import(world, "RU0000001", "AE"))
    assert names(world, "no-receipt-code") == []


# --- quick-transit ------------------------------------------------------------------------------------------------------------

QUICK = "quick-transit/BW0000001"


@pytest.mark.parametrize(("least", "days", "found"), [(1, 0, True), (1, 1, False), (3, 2, True), (3, 3, False), (0, 0, False)])
def test_goods_that_travel_faster_than_they_can(tmp_path, least, days, found):
    with finding_world(tmp_path, quick_transit_days=least) as world:
        first = issue(world)
        world.accept(first)
        pass_days(world, days)
        answer = outcome(world, first)
        world.accept(answer)
        assert state(world, QUICK) == (("medium", "open") if found else None)
        if found:
            one = finding(world, QUICK)
            assert one.numbers == {"days": days, "received": answer.body.received, "validated": first.body.validated}
            assert (one.subjects, one.inputs) == (("AE", "BW", "BW0000001"), (first.id, answer.id))


def test_it_is_the_newest_days_of_validation_and_receipt_that_count(world):
    first = issue(world, days_ago=3)
    world.accept(first)
    later = amend(world, first, validated="2026-03-01")
    world.accept(later)
    answer = outcome(world, first, answers=later.id)
    world.accept(answer)
    assert finding(world, QUICK).numbers["validated"] == "2026-03-01"
    begin(world, "2026-03-02")
    moved = correct(world, first, answer)
    world.accept(moved)
    assert state(world, QUICK) == ("medium", "resolved")
    again = correct(world, first, moved, received="2026-03-01")
    world.accept(again)
    assert state(world, QUICK) == ("medium", "open")
    world.accept(correct(world, first, again, received="2026-03-01", outcome="refused"))
    assert state(world, QUICK) == ("medium", "resolved")


def test_refused_goods_and_those_on_paper_have_not_travelled_quickly(world):
    refused, heard = issue(world), issue(world, "BW0000002", destination="LR")
    world.accept(refused, heard)
    world.accept(
        outcome(world, refused, outcome="refused"), paper_confirm(world, heard), paper_import(world, "RU0000001", "AE")
    )
    assert names(world, "quick-transit") == []


def test_how_fast_is_too_fast_has_a_history(world):
    set_parameter(world, "quick-transit-days", 3, days=2)
    first, second = issue(world), issue(world, "BW0000002")
    world.accept(first, second)
    pass_days(world, 1)
    world.accept(outcome(world, first))
    pass_days(world, 1)
    world.accept(outcome(world, second))
    assert names(world, "quick-transit") == ["quick-transit/BW0000002"]


# --- never-a-discrepancy ------------------------------------------------------------------------------------------------------

NEVER = "never-a-discrepancy/BW-AE"


def test_so_many_confirmations_and_none_differs(world):
    for serial in range(2):
        arrive(world, f"BW000000{serial}")
    arrive(world, "BW0000009", destination="EU")
    arrive(world, "RU0000001")
    assert names(world) == []
    _, answer = arrive(world, "BW0000002")
    one = finding(world, NEVER)
    assert (one.severity, one.subjects, one.inputs, one.numbers) == ("low", ("BW", "AE"), (answer.id,), {"confirmations": 3})
    arrive(world, "BW0000003")
    assert finding(world, NEVER).numbers == {"confirmations": 4}
    arrive(world, "BW0000004", 9_999)
    assert state(world, NEVER) == ("low", "resolved")
    arrive(world, "BW0000005")
    assert state(world, NEVER) == ("low", "resolved")


def test_corrections_count_once(world):
    made = [arrive(world, f"BW000000{serial}") for serial in range(3)]
    first, head = made[0]
    for points, status in ((9_000, "resolved"), (8_000, "resolved"), (10_000, "open"), (10_000, "open")):
        head = correct(world, first, head, points, parcels=2, seals="intact" if points < 10_000 else "broken")
        world.accept(head)
        assert state(world, NEVER) == ("low", status)
    assert finding(world, NEVER).numbers == {"confirmations": 3}
    head = correct(world, first, head, outcome="refused")
    world.accept(head)
    assert state(world, NEVER) == ("low", "resolved")
    world.accept(correct(world, first, head))
    assert (state(world, NEVER), finding(world, NEVER).numbers) == (("low", "open"), {"confirmations": 3})


def test_refusals_are_neither_and_how_many_are_too_good_has_a_history(world):
    set_parameter(world, "unbroken-confirmations", 4, days=3)
    arrive(world, "BW0000000")
    refused = issue(world, "BW0000007")
    world.accept(refused)
    world.accept(outcome(world, refused, outcome="refused"), close(world, "BW0000007", "returned-unused"))
    arrive(world, "BW0000001")
    begin(world, "2026-03-05")
    arrive(world, "BW0000002")
    assert names(world) == []
    arrive(world, "BW0000003")
    assert finding(world, NEVER).numbers == {"confirmations": 4}
