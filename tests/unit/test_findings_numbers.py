"""ledger/findings/numbers.py: number-gap."""

import pytest

from tests.support.findings import (
    begin,
    close,
    finding,
    finding_world,
    issue,
    names,
    paper_import,
    pass_days,
    set_parameter,
    state,
    technical,
)

GAP = "number-gap/BW0000014"


@pytest.fixture
def world(tmp_path):
    """BW has used number 10; gaps have five days, and three numbers at most."""
    with finding_world(tmp_path, number_gap_days=5, number_gap_most=3) as held:
        held.accept(issue(held, "BW0000010"))
        yield held


def skip(world, *serials):
    world.accept(*(issue(world, f"BW{serial:07}") for serial in serials))


@pytest.mark.parametrize(
    ("above", "missing"),
    [(11, 0), (12, 1), (14, 3), (15, 0)],  # a step of four numbers begins another series
)
def test_numbers_that_were_skipped_and_did_not_come_in(world, above, missing):
    upper = issue(world, f"BW{above:07}")
    world.accept(upper)
    pass_days(world, 4)
    assert names(world) == []
    pass_days(world, 1)
    assert names(world) == [f"number-gap/{upper.body.number}"] * bool(missing)
    if missing:
        one = finding(world, f"number-gap/{upper.body.number}")
        assert one.numbers == {"first": "BW0000011", "last": f"BW{above - 1:07}", "missing": missing}
        assert (one.severity, one.subjects, one.inputs) == ("low", ("BW", upper.body.number), (upper.id,))
    pass_days(world, 50)
    assert len(names(world, "number-gap")) == bool(missing)


@pytest.mark.parametrize("order", [(11, 12, 13), (13, 11, 12)])
def test_what_comes_in_in_time_leaves_none(world, order):
    skip(world, 14)
    for serial in order:
        pass_days(world, 1)
        skip(world, serial)
    pass_days(world, 30)
    assert names(world, "number-gap") == []


def test_a_part_that_comes_in_in_time_is_not_missing(world):
    skip(world, 14)
    pass_days(world, 4)
    skip(world, 12)
    pass_days(world, 1)
    assert finding(world, GAP).numbers == {"first": "BW0000013", "last": "BW0000013", "missing": 1}
    pass_days(world, 3)
    assert names(world, "number-gap") == [GAP]
    pass_days(world, 1)
    assert names(world, "number-gap") == [GAP, "number-gap/BW0000012"]
    assert finding(world, "number-gap/BW0000012").numbers["missing"] == 1


def test_what_comes_in_later_makes_it_smaller_and_then_resolves_it(world):
    skip(world, 14)
    pass_days(world, 5)
    height = world.ledger.head.height
    for serial, missing, status in ((12, 2, "open"), (11, 1, "open"), (13, 0, "resolved")):
        skip(world, serial)
        one = finding(world, GAP)
        assert (one.status, one.numbers) == (status, {"first": "BW0000011", "last": "BW0000013", "missing": missing})
    assert (one.first_seen, one.height) == (height, height + 3)
    pass_days(world, 50)
    assert names(world, "number-gap") == [GAP]
    assert state(world, GAP) == ("low", "resolved")


def test_each_missing_number_belongs_to_one_finding(world):
    skip(world, 14)
    pass_days(world, 5)
    skip(world, 13)
    pass_days(world, 5)
    assert names(world, "number-gap") == [GAP]
    assert finding(world, GAP).numbers["missing"] == 2


def test_technical_certificates_and_imports_on_paper_use_numbers(world):
    skip(world, 14)
    world.accept(technical(world, "BW0000013"), paper_import(world, "BW0000012", "AE"))
    pass_days(world, 5)
    assert finding(world, "number-gap/BW0000012") is None  # of numbers on paper, nobody here sees all
    assert names(world, "number-gap") == []
    world.accept(issue(world, "BW0000011"), technical(world, "BW0000017"))
    pass_days(world, 5)
    one = finding(world, "number-gap/BW0000017")
    assert (one.numbers["first"], one.numbers["last"]) == ("BW0000015", "BW0000016")
    world.accept(technical(world, "BW0000015"), paper_import(world, "BW0000016", "AE"))
    assert state(world, "number-gap/BW0000017") == ("low", "resolved")


def test_an_import_on_paper_looks_for_no_gap_below(world):
    world.accept(paper_import(world, "BW0000012", "AE"))
    pass_days(world, 50)
    assert names(world, "number-gap") == []


def test_a_void_number_is_a_used_one(world):
    skip(world, 11, 13)
    world.accept(close(world, "BW0000011"), close(world, "BW0000013"))
    pass_days(world, 5)
    assert names(world) == ["number-gap/BW0000013"]


def test_a_series_is_told_by_how_many_digits_it_has_and_by_its_issuer(world):
    world.accept(issue(world, "BW00000012"), issue(world, "RU0000012"))
    pass_days(world, 5)
    assert names(world) == []


def test_below_the_first_number_of_all_nothing_is_missing(world):
    world.accept(issue(world, "RU0000002"), issue(world, "RU0000000"))
    pass_days(world, 5)
    assert names(world) == ["number-gap/RU0000002"]
    world.accept(issue(world, "EU0002", origin=("BE",)), issue(world, "AE0000", destination="EU"))
    pass_days(world, 5)
    assert names(world) == ["number-gap/RU0000002"]


def test_the_time_is_that_of_the_day_it_was_used_and_the_width_that_of_the_day_it_is_judged(world):
    set_parameter(world, "number-gap-days", 2, days=1)
    set_parameter(world, "number-gap-most", 5, days=6)
    skip(world, 12)
    pass_days(world, 1)
    skip(world, 14)
    skip(world, 18)
    pass_days(world, 2)
    assert names(world) == ["number-gap/BW0000014", "number-gap/BW0000018"]
    pass_days(world, 1)
    skip(world, 23)
    pass_days(world, 1)
    assert names(world) == ["number-gap/BW0000014", "number-gap/BW0000018", "number-gap/BW0000012"]
    pass_days(world, 1)
    assert finding(world, "number-gap/BW0000023").numbers["missing"] == 4


def test_gaps_of_days_without_a_block_are_found_with_the_next(world):
    skip(world, 14)
    begin(world, "2027-01-01")
    world.block()
    assert names(world, "number-gap") == [GAP]
