"""ledger/appraisal: each rule at its threshold and just below it, what a reader has not opened, integers only."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.appraisal import RULES, Consignment, Gathering, Produced, appraise
from ledger.appraisal.opened import Priced, Worth
from ledger.appraisal.worth import logarithm, median
from ledger.bodies import AmendBody, CloseBody, ConfirmLine
from ledger.parameters import PARAMETERS
from tests.support.reports import production
from tests.support.world import World

DEFAULTS = {name: parameter.default for name, parameter in PARAMETERS.items()}


def consignment(number, cents, points=10_000, destination="AE", issued="2026-02-02", **changes):
    """A certificate of so many points that is worth so many cents."""
    fields = {
        "number": number,
        "issuer": number[:2],
        "destination": destination,
        "reexport": False,
        "issued": issued,
        "exported": True,
        "sources": (),
        "lines": (Priced("710231", points, cents, (number[:2],)),),
        "trader": "",
        "seals": (),
        "received": "",
        "arrived": None,
        "records": (number.encode(),),
    }
    return Consignment(**(fields | changes))


def arrived(one, received="2026-02-10", cents=None):
    """It came in, at the value of its certificate unless said otherwise."""
    points = sum(line.points for line in one.lines)
    value = sum(line.cents for line in one.lines) if cents is None else cents
    records = (*one.records, one.records[0] + b" in")
    return replace(one, received=received, arrived=(Priced("710231", points, value),), records=records)


def reexport(number, cents, sources=(), points=10_000, **changes):
    return consignment(
        number, cents, points, **({"destination": "EU", "issued": "2026-03-02", "reexport": True, "sources": sources} | changes)
    )


def found(*consignments, mined=None, **parameters):
    judged = appraise(
        consignments, mined or {}, DEFAULTS | {name.replace("_", "-"): value for name, value in parameters.items()}
    )
    for one in judged:
        assert one.rule in RULES
        assert list(one.numbers) == sorted(one.numbers)
        assert all(type(figure) in (int, str) for figure in one.numbers.values())
    return {(one.rule, one.about): one for one in judged}


# --- value-uplift -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cents", "rise"), [(1_201_000, 201), (1_200_999, None), (1_200_000, None), (900_000, None)])
def test_a_hub_that_sells_for_more_than_a_fifth_above_what_it_bought_for(cents, rise):
    bought = arrived(consignment("BW0000001", 1_000_000))
    got = found(bought, reexport("AE0000001", cents)).get(("value-uplift", "AE/2026Q1"))
    assert (got and got.numbers["rise_per_mille"]) == rise
    if got:
        assert got.subjects == ("AE",)
        assert got.inputs == (b"BW0000001 in", b"AE0000001")


def test_a_hub_is_judged_by_quarter_and_by_what_counts():
    bought, sold = arrived(consignment("BW0000001", 1_000_000)), reexport("AE0000001", 2_000_000)
    key = "value-uplift", "AE/2026Q1"
    assert key in found(bought, sold)
    assert key not in found(bought, replace(sold, issued="2026-04-01"))
    assert key not in found(replace(bought, received="2025-12-31"), sold)
    assert key not in found(bought, replace(sold, exported=False))
    assert key not in found(bought, replace(sold, reexport=False))
    assert key not in found(bought, replace(sold, lines=None))
    assert key not in found(replace(bought, arrived=None), sold)
    assert key not in found(arrived(consignment("BW0000001", 0)), sold)
    assert key not in found(bought, arrived(consignment("BW0000002", 3_100_000)), sold)


@pytest.mark.parametrize(("cents", "is_found"), [(1_501_000, True), (1_500_999, False), (1_000_000, False)])
def test_a_lot_that_leaves_at_half_as_much_again(cents, is_found):
    bought = arrived(consignment("BW0000001", 1_000_000))
    got = found(bought, reexport("AE0000001", cents, (("BW0000001", 10_000),)))
    assert (("value-uplift", "AE0000001") in got) == is_found


def test_a_lot_is_judged_by_its_own_sources_and_days():
    cheap, dear = arrived(consignment("BW0000001", 1_000_000)), arrived(consignment("BW0000002", 9_000_000), "2026-02-20")
    both = ("BW0000001", 5_000), ("BW0000002", 5_000)
    key = "value-uplift", "AE0000001"
    assert key not in found(cheap, dear, reexport("AE0000001", 5_000_000, both))
    got = found(cheap, dear, reexport("AE0000001", 8_000_000, both))[key]
    assert got.numbers == {
        "bought_cents": 5_000_000,
        "bought_points": 10_000,
        "days": 10,
        "rise_per_mille": 600,
        "sold_cents": 8_000_000,
        "sold_points": 10_000,
    }
    assert got.subjects == ("AE", "AE0000001", "BW0000001", "BW0000002")
    assert got.inputs == (b"AE0000001", b"BW0000001 in", b"BW0000002 in")
    most = reexport("AE0000001", 8_000_000, (("BW0000001", 9_000),))
    assert key in found(cheap, most)
    assert key not in found(cheap, replace(most, sources=(("BW0000001", 8_999),)))
    assert key in found(cheap, replace(most, issued="2026-05-11"))
    assert key not in found(cheap, replace(most, issued="2026-05-12"))
    assert key not in found(most)
    assert key not in found(replace(cheap, arrived=None), most)


# --- unit-value -------------------------------------------------------------------------------------------------------


def mined(cents, points=100_000):
    return {("BW", "2026H1"): Produced(1, b"mined", Worth(points, cents))}


@pytest.mark.parametrize(("cents", "is_found"), [(2_000_000, False), (2_000_001, True), (500_000, False), (499_999, True)])
def test_exports_at_twice_or_half_the_price_of_production(cents, is_found):
    got = found(consignment("BW0000001", cents), mined=mined(10_000_000))
    assert (("unit-value", "BW/2026H1") in got) == is_found
    assert not found(reexport("BW0000001", cents), mined=mined(10_000_000))
    assert not found(consignment("BW0000001", cents, exported=False), mined=mined(10_000_000))
    assert not found(consignment("BW0000001", cents, issued="2026-07-01"), mined=mined(10_000_000))


def peers(count):
    return [consignment(f"BW{number:07}", 1_000_000 + 20_000 * (number % 5)) for number in range(count)]


def test_a_price_far_from_those_of_like_goods():
    got = found(*peers(12), consignment("BW0000099", 100_000), consignment("BW0000098", 1_090_000))
    assert set(got) == {("unit-value", "BW0000099/710231/BW")}
    one = got["unit-value", "BW0000099/710231/BW"]
    assert (one.numbers["peers"], one.numbers["year"], one.numbers["z_tenths"] > 35) == (14, "2026", True)
    assert not found(*peers(8), consignment("BW0000099", 100_000))
    assert found(*peers(9), consignment("BW0000099", 100_000))
    other = consignment("BW0000099", 100_000, lines=(Priced("710221", 10_000, 100_000, ("BW",)),))
    assert not found(*peers(12), other)
    assert not found(*peers(12), consignment("BW0000099", 100_000, issued="2025-12-31"))
    assert not found(*peers(12), consignment("BW0000099", 100_000, lines=None))


def test_among_equal_prices_a_small_difference_is_none():
    same = [consignment(f"BW{number:07}", 1_000_000) for number in range(12)]
    assert not found(*same, consignment("BW0000099", 1_100_000))
    assert found(*same, consignment("BW0000099", 2_000_000))
    assert found(*same, consignment("BW0000099", 0))


@given(st.integers(0, 10**15))
def test_logarithms_are_those_of_floats_and_need_none(number):
    assert abs(logarithm(number) - 128 * math.log2(max(number, 1))) < 1.001


@given(st.lists(st.integers(-100, 100), min_size=1))
def test_the_median_has_as_many_above_as_below(numbers):
    middle = median(numbers)
    assert sum(one < middle for one in numbers) <= len(numbers) // 2
    assert sum(one > middle for one in numbers) <= len(numbers) // 2


# --- value-discrepancy ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cents", "is_found"), [(1_200_000, False), (1_200_001, True), (800_000, False), (799_999, True)])
def test_an_importer_that_values_the_same_carats_otherwise(cents, is_found):
    got = found(arrived(consignment("BW0000001", 1_000_000), cents=cents))
    assert (("value-discrepancy", "BW0000001") in got) == is_found


def test_where_carats_differ_it_is_an_open_discrepancy():
    one = arrived(consignment("BW0000001", 1_000_000))
    assert not found(replace(one, arrived=(Priced("710231", 9_999, 10),)))
    paper = replace(one, arrived=(Priced("710231", 10_000, 10),), records=(b"paper",))
    assert not found(paper)


# --- duplicate-parcel -------------------------------------------------------------------------------------------------


def test_the_same_parcel_of_the_same_trader():
    first = consignment("BW0000001", 1_000_000, trader="L-1")
    again = replace(first, number="BW0000002", issued="2026-03-02", destination="EU", records=(b"again",))
    key = "duplicate-parcel", "BW0000002"
    got = found(first, again)[key]
    assert got.numbers == {"days": 28, "points": 10_000, "twin": "BW0000001"}
    assert got.subjects == ("BW", "BW0000002", "BW0000001")
    assert key in found(first, replace(again, issued="2026-05-03"))
    for other in (
        replace(again, issued="2026-05-04"),
        replace(again, trader="L-2"),
        replace(again, trader=""),
        replace(again, exported=False),
        replace(again, lines=None),
        replace(again, sources=(("BW0000001", 1),)),
        replace(again, lines=(Priced("710231", 10_000, 1_000_001, ("BW",)),)),
    ):
        assert not found(first, other)
    assert not found(replace(first, exported=False), again)


def test_the_same_bag_under_way_twice():
    first = consignment("BW0000001", 1_000_000, seals=("S1", "S2"))
    second = consignment("RU0000001", 5_000_000, seals=("S2",), issued="2026-02-09")
    got = found(first, second)["duplicate-parcel", "RU0000001"]
    assert (got.severity, got.numbers["bag"], got.numbers["twin"]) == ("high", "S2", "BW0000001")
    assert not found(arrived(first, "2026-02-09"), second)
    assert found(arrived(first, "2026-02-10"), second)
    assert not found(first, replace(second, sources=(("BW0000001", 5),)))


# --- gathering --------------------------------------------------------------------------------------------------------


def test_what_counts_of_a_certificate(tmp_path):
    with World.make(tmp_path / "db") as world:
        gathering = Gathering()
        issue = world.issue()
        gathering.take(issue, {"exporter": {"licence": "", "name": "A"}, "seals": ["S1"]}, [100, 200])
        held = gathering.consignments["BW0000001"]
        assert (held.trader, held.seals, held.exported) == ("A", ("S1",), True)
        assert [(line.points, line.cents) for line in held.lines] == [(9_000, 100), (3_000, 200)]
        body = world.issue_body(parcels=3)
        amended = world.sign(
            "certificate.amend",
            AmendBody(answers=issue.id, **{name: getattr(body, name) for name in body.__struct_fields__}),
            "BW",
        )
        gathering.take(amended, None, None)
        held = gathering.consignments["BW0000001"]
        assert (held.lines, held.records, held.trader) == (None, (amended.id,), "")
        outcome = world.confirm(issue)
        gathering.take(outcome, {}, [1, 2])
        held = gathering.consignments["BW0000001"]
        assert (held.received, [line.cents for line in held.arrived]) == ("2026-03-01", [1, 2])
        assert held.records == (amended.id, outcome.id)
        refused = world.confirm(issue, outcome="refused", lines=(ConfirmLine(world.commitment(), "710231", 5),))
        gathering.take(refused, {}, [1])
        held = gathering.consignments["BW0000001"]
        assert (held.received, held.arrived) == ("", None)
        for reason, exported in (("stolen", True), ("void", False)):
            gathering.take(world.sign("certificate.close", CloseBody(number="BW0000001", reason=reason), "BW"), None, None)
            assert gathering.consignments["BW0000001"].exported is exported
        gathering.take(world.sign("certificate.close", CloseBody(number="BW0000077", reason="void"), "BW"), None, None)
        gathering.take(world.confirm(world.issue(number="BW0000078")), {}, [1, 2])
        assert set(gathering.consignments) == {"BW0000001"}
        for revision in (2, 1):
            gathering.take(production(world, revision=revision), None, None)
        assert gathering.production["BW", "2025H2"].revision == 2
