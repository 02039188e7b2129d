"""ledger/findings/goods.py: circular-custody, origin-balance."""

import pytest

from ledger.bodies import Source
from ledger.limits import MAX_CIRCLE_LOOKS, MAX_SOURCES
from ledger.units import date_of, day_number
from tests.support.findings import (
    amend,
    arrive,
    begin,
    close,
    correct,
    finding,
    finding_world,
    issue,
    names,
    outcome,
    paper_import,
    set_parameter,
    state,
    stock,
)


@pytest.fixture
def world(tmp_path):
    with finding_world(tmp_path) as held:
        yield held


def sources(*numbers, points=100):
    return tuple(Source(number, points) for number in numbers)


# --- circular-custody ---------------------------------------------------------------------------------------------------------

CIRCLE = "circular-custody/EU0000001"


def back(world, number="EU0000001", destination="BW", come_from=("BW0000001",), **changes):
    """A re-export, by default of what BW sent to the European Union, and back to it."""
    return issue(world, number, destination=destination, sources=sources(*come_from), origin=(), **changes)


def test_goods_return_to_who_sent_them(world):
    first = arrive(world, "BW0000001", destination="EU")
    again = back(world)
    world.accept(again)
    one = finding(world, CIRCLE)
    assert (one.severity, one.status, one.numbers) == ("medium", "open", {"certificates": 1, "days": 1})
    assert (one.subjects, one.inputs) == (("BW", "EU", "EU0000001", "BW0000001"), (again.id, first.id))
    assert world.ledger.certificate_findings("BW0000001").rows == (one,)
    assert world.ledger.certificate_findings("EU0000001").rows == (one,)


def test_over_others_and_by_the_nearest_way(world):
    arrive(world, "BW0000001", destination="EU")
    arrive(world, "EU0000001", destination="AE", sources=sources("BW0000001", points=5_000), origin=())
    arrive(world, "BW0000002", destination="AE")
    both = issue(world, "AE0000001", destination="BW", sources=sources("EU0000001", "BW0000002"), origin=())
    world.accept(both)
    assert finding(world, "circular-custody/AE0000001").subjects == ("BW", "AE", "AE0000001", "BW0000002")
    world.accept(issue(world, "AE0000002", destination="BW", sources=sources("EU0000001"), origin=()))
    far = finding(world, "circular-custody/AE0000002")
    assert far.subjects == ("BW", "AE", "AE0000002", "EU0000001", "BW0000001")
    assert far.numbers == {"certificates": 2, "days": 3}
    world.accept(issue(world, "AE0000003", destination="RU", sources=sources("EU0000001"), origin=()))
    assert names(world, "circular-custody") == ["circular-custody/AE0000001", "circular-custody/AE0000002"]


@pytest.mark.parametrize(("days", "found"), [(180, True), (181, False)])
def test_within_half_a_year_of_the_first_issue(world, days, found):
    first = arrive(world, "BW0000001", destination="EU")
    begin(world, date_of(day_number(first.body.issued) + days))
    world.accept(back(world))
    assert (state(world, CIRCLE) == ("medium", "open")) is found
    if found:
        assert finding(world, CIRCLE).numbers["days"] == days


def test_how_long_has_a_history(world):
    first = arrive(world, "BW0000001", destination="EU")
    set_parameter(world, "circular-custody-days", 10, days=20)
    world.accept(back(world))
    begin(world, date_of(day_number(first.body.issued) + 30))
    world.accept(back(world, "EU0000002"))
    assert names(world, "circular-custody") == [CIRCLE]


def test_an_amendment_breaks_the_circle_and_closes_it_again(world):
    arrive(world, "BW0000001", destination="EU")
    arrive(world, "RU0000001", destination="EU")
    head = again = back(world)
    world.accept(again)
    for changes, status in (
        ({"destination": "AE"}, "resolved"),
        ({}, "open"),
        ({"sources": sources("RU0000001")}, "resolved"),
        ({"sources": sources("RU0000001", "BW0000001")}, "open"),
        ({"sources": (), "type": "export"}, "resolved"),
    ):
        head = amend(world, again, head, **changes)
        world.accept(head)
        assert state(world, CIRCLE) == ("medium", status)
    assert names(world, "circular-custody") == [CIRCLE]


@pytest.mark.parametrize(
    ("reason", "left"),
    [("void", "resolved"), ("returned-unused", "resolved"), ("replaced-by", "resolved"), ("lost", "open"), ("stolen", "open")],
)
def test_what_leaves_the_exports_returns_to_nobody(world, reason, left):
    arrive(world, "BW0000001", destination="EU")
    world.accept(back(world))
    world.accept(close(world, "EU0000001", reason))
    assert state(world, CIRCLE) == ("medium", left)


def test_an_outcome_leaves_it_as_it_is(world):
    arrive(world, "BW0000001", destination="EU")
    again = back(world)
    world.accept(again)
    before = finding(world, CIRCLE)
    world.accept(outcome(world, again))
    assert finding(world, CIRCLE) == before


def test_what_came_under_a_paper_certificate_is_followed_too(world):
    world.accept(paper_import(world, "BW0000001", "EU"))
    world.accept(back(world))
    assert state(world, CIRCLE) == ("medium", "open")


def test_no_number_of_other_sources_hides_one(world):
    """As many as a certificate can have, the one of the destination's own last; and behind another one, likewise."""
    arrive(world, "BW0000001", destination="EU")
    decoys = [f"RU{serial:07}" for serial in range(1, MAX_SOURCES)]
    issued = [issue(world, number, destination="EU") for number in decoys]
    world.accept(*issued)
    world.accept(*(outcome(world, one) for one in issued))
    world.accept(back(world, come_from=(*decoys, "BW0000001")))
    assert finding(world, CIRCLE).subjects == ("BW", "EU", "EU0000001", "BW0000001")
    far = back(world, "EU0000002", destination="AE", come_from=(*decoys, "BW0000001"))
    world.accept(far)
    world.accept(outcome(world, far))
    world.accept(issue(world, "AE0000001", destination="BW", sources=sources("EU0000002"), origin=()))
    assert finding(world, "circular-custody/AE0000001").subjects == ("BW", "AE", "AE0000001", "EU0000002", "BW0000001")


@pytest.mark.parametrize(("older", "found"), [(False, True), (True, False)])
def test_so_many_of_the_destinations_own_are_looked_at(world, older, found):
    """All but one too old to be a circle, and a young one behind another certificate, alone or behind one more that is too old."""
    aged = [f"BW{serial:07}" for serial in range(100, 99 + MAX_CIRCLE_LOOKS)]
    issued = [issue(world, number, destination="EU") for number in aged]
    world.accept(*issued)
    world.accept(*(outcome(world, one) for one in issued))
    arrive(world, "BW0000001", destination="RU")
    begin(world, "2026-10-01")
    arrive(world, "BW0000002", destination="RU")
    young = ("BW0000001", "BW0000002") if older else ("BW0000002",)
    arrive(world, "RU0000001", destination="EU", sources=sources(*young), origin=())
    world.accept(back(world, come_from=(*aged, "RU0000001")))
    assert (state(world, CIRCLE) == ("medium", "open")) is found


@pytest.mark.parametrize(("decoys", "found"), [(MAX_CIRCLE_LOOKS - 2, True), (MAX_CIRCLE_LOOKS - 1, False)])
def test_so_many_certificates_are_followed_and_no_more(world, decoys, found):
    """So many that lead nowhere, and beside them one whose source's source came from BW."""
    arrive(world, "BW0000001", destination="AE")
    arrive(world, "AE0000001", destination="RU", sources=sources("BW0000001"), origin=())
    numbers = [f"RU{serial:07}" for serial in range(1, decoys + 1)]
    issued = [issue(world, number, destination="EU") for number in numbers]
    issued.append(issue(world, "RU0000100", destination="EU", sources=sources("AE0000001"), origin=()))
    world.accept(*issued)
    world.accept(*(outcome(world, one) for one in issued))
    world.accept(back(world, come_from=(*numbers, "RU0000100")))
    assert (state(world, CIRCLE) == ("medium", "open")) is found


# --- origin-balance -----------------------------------------------------------------------------------------------------------

BALANCE = "origin-balance/AE/BW"


def export(world, number, points, origin=("BW",), **changes):
    """AE exports goods of BW's."""
    made = issue(world, number, points=points, origin=origin, destination="EU", **changes)
    world.accept(made)
    return made


def missing(world, name=BALANCE):
    return finding(world, name).numbers["missing_points"]


def test_more_was_exported_than_came_in(world):
    arrive(world, "BW0000001", 6_000)
    export(world, "AE0000001", 6_000)
    assert names(world, "origin-balance") == []
    last = export(world, "AE0000002", 1)
    one = finding(world, BALANCE)
    assert (one.severity, one.status, one.subjects, one.inputs) == ("high", "open", ("AE",), (last.id,))
    assert one.numbers == {
        "country": "BW", "exported_points": 6_001, "imported_points": 6_000, "missing_points": 1, "mixed_points": 0,
    }  # fmt: skip
    export(world, "AE0000003", 500)
    assert missing(world) == 501
    arrive(world, "BW0000002", 500)
    assert (missing(world), state(world, BALANCE)) == (1, ("high", "open"))
    arrive(world, "BW0000003", 1)
    assert state(world, BALANCE) == ("high", "resolved")
    export(world, "AE0000004", 1)
    assert (missing(world), state(world, BALANCE)) == (1, ("high", "open"))
    assert names(world, "origin-balance") == [BALANCE]


def test_what_is_open_or_refused_has_not_come_in_and_what_was_corrected_counts_as_corrected(world):
    opened, refused = issue(world, "BW0000001"), issue(world, "BW0000002")
    world.accept(opened, refused)
    answer = outcome(world, refused, outcome="refused")
    world.accept(answer)
    export(world, "AE0000001", 9_000)
    assert missing(world) == 9_000
    head = answer
    for points, left in ((8_999, 1), (9_500, 0), (10_000, 0), (8_000, 1_000)):
        head = correct(world, refused, head, points)
        world.accept(head)
        assert state(world, BALANCE) == ("high", "open" if left else "resolved")
        if left:
            assert missing(world) == left
    world.accept(outcome(world, opened))
    assert state(world, BALANCE) == ("high", "resolved")
    world.accept(correct(world, refused, head, outcome="refused"))
    assert state(world, BALANCE) == ("high", "resolved")  # 100.00 ct have come in under the other


@pytest.mark.parametrize(
    ("reason", "left"),
    [("void", "resolved"), ("returned-unused", "resolved"), ("replaced-by", "resolved"), ("lost", "open"), ("stolen", "open")],
)
def test_what_leaves_the_exports_claims_nothing(world, reason, left):
    export(world, "AE0000001", 100)
    assert state(world, BALANCE) == ("high", "open")
    world.accept(close(world, "AE0000001", reason))
    assert state(world, BALANCE) == ("high", left)


def test_an_amendment_moves_the_claim_to_another_country(world):
    made = export(world, "AE0000001", 100)
    head = amend(world, made, lines=(world.line(70, "710231", ("RU",)), world.line(30, "710221", ("BW",))))
    world.accept(head)
    assert (missing(world), missing(world, "origin-balance/AE/RU")) == (30, 70)
    world.accept(amend(world, made, head, lines=(world.line(100, "710231", ("RU",)),)))
    assert state(world, BALANCE) == ("high", "resolved")
    assert missing(world, "origin-balance/AE/RU") == 100


def test_own_goods_and_lines_of_several_or_no_countries_claim_nothing(world):
    for serial, origin in enumerate((("AE",), ("BW", "RU"), ())):
        export(world, f"AE000000{serial}", 100, origin)
    made = issue(world, "EU0000001", origin=("BE",))
    world.accept(made, issue(world, "EU0000002", origin=("DE",)))
    assert names(world, "origin-balance") == []
    world.accept(issue(world, "EU0000003", origin=("RU",)))
    assert names(world, "origin-balance") == ["origin-balance/EU/RU"]


def test_an_import_of_several_countries_may_be_of_any_and_no_line_brings_more_than_was_measured(world):
    mixed = (world.line(4_000, "710231", ("BW", "RU")), world.line(2_000, "710221", ("BW",)))
    made = issue(world, "BW0000001", lines=mixed)
    world.accept(made)
    world.accept(outcome(world, made, 3_000))
    export(world, "AE0000001", 5_000)
    assert names(world, "origin-balance") == []  # of BW: at most 3,000 and 2,000
    export(world, "AE0000002", 1)
    assert missing(world) == 1
    export(world, "AE0000003", 3_000, ("RU",))
    assert finding(world, "origin-balance/AE/RU") is None
    export(world, "AE0000004", 1, ("RU",))
    assert finding(world, "origin-balance/AE/RU").numbers["imported_points"] == 3_000


def test_imports_on_paper_count(world):
    world.accept(paper_import(world, "BW0000001", "AE", 400))
    export(world, "AE0000001", 401)
    assert (missing(world), finding(world, BALANCE).numbers["imported_points"]) == (1, 400)


def test_carats_without_an_origin_may_make_good_for_it(world):
    export(world, "AE0000001", 100)
    export(world, "AE0000002", 60, ("RU",))
    assert state(world, BALANCE) == ("high", "open")
    arrive(world, "BW0000001", 99, origin=())
    assert (state(world, BALANCE), missing(world)) == (("high", "open"), 100)
    assert state(world, "origin-balance/AE/RU") == ("low", "open")
    assert finding(world, "origin-balance/AE/RU").numbers["mixed_points"] == 99
    arrive(world, "BW0000002", 1, origin=())
    assert state(world, BALANCE) == ("low", "open")
    export(world, "AE0000003", 1)
    assert state(world, BALANCE) == ("high", "open")
    assert names(world, severity="high") == [BALANCE]
    assert names(world, severity="low") == ["origin-balance/AE/RU"]


def test_opening_stock_may_be_of_any_origin(world):
    export(world, "AE0000001", 100)
    export(world, "AE0000002", 101, ("RU",))
    height = world.ledger.head.height
    world.accept(stock(world, "AE", 100))
    assert state(world, BALANCE) == ("high", "resolved")
    russian = finding(world, "origin-balance/AE/RU")
    assert (russian.status, russian.height) == ("open", height)  # nothing of RU's has moved
    export(world, "AE0000003", 1)
    assert (state(world, BALANCE), missing(world)) == (("high", "open"), 1)
