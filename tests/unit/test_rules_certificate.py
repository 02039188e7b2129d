"""ledger/rules/certificate.py: every refusal of `certificate.issue`, as tests/data/refusals/certificate-issue.json lists them."""

import pytest

from ledger.errors import Code
from tests.support import cases
from tests.support.told import Told
from tests.support.world import DAY_MS
from tests.unit.refusals import expect_acceptance, expect_refusal

TABLE = cases.load("certificate-issue.json")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("story"))


@pytest.fixture
def world(told):
    with told.copy() as held:
        yield held


@pytest.mark.parametrize("case", TABLE["refused"], ids=lambda case: case["case"])
def test_refused(world, told, case):
    expect_refusal(world, world.issue(number="BW0000777"), case, told.records)


@pytest.mark.parametrize("case", TABLE["accepted"], ids=lambda case: case["case"])
def test_accepted(world, told, case):
    good = expect_acceptance(world, world.issue(number="BW0000777"), case, told.records)
    view = world.ledger.certificate(good.body.number)
    assert view.row.late is case["late"]
    assert view.row.state == "open"


def test_every_code_of_the_kind_has_a_case():
    codes = list(Code)
    of_kind = set(codes[codes.index(Code.NUMBER_PREFIX) : codes.index(Code.CERTIFICATE_UNKNOWN)])
    assert of_kind == {Code(case["refused"]["error"]) for case in TABLE["refused"]} & of_kind


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"number": "BW0000001", "destination": "TW"}, "number-used"),
        ({"destination": "TW", "validated": "2026-02-01"}, "destination-unknown"),
        ({"validated": "2026-02-01", "carats": "1.00"}, "validated-before-issued"),
        ({"carats": "1.00", "lines[0].origin": ["ZZ"]}, "carats-differ-from-lines"),
        ({"lines[0].origin": ["ZZ"], "sources": [{"number": "RU0009999", "carats": "1.00"}]}, "unknown-origin"),
        ({"issued": "2026-01-02", "sources": [{"number": "RU0009999", "carats": "1.00"}]}, "source-unknown"),
    ],
)
def test_of_two_faults_the_first_of_the_table_is_named(world, told, first, second):
    bad = cases.signed(world, world.issue(number="BW0000777"), first, told.records)
    assert world.block(bad).judgements[0].refusal.problem()["error"] == second


@pytest.mark.parametrize(("off", "code", "limit"), [(-8 * DAY_MS, "too-old", -7 * DAY_MS), (601_000, "in-future", 600_000)])
def test_an_instant_out_of_bounds_is_told_the_bound(world, off, code, limit):
    bad = world.issue(number="BW0000777", at=world.now + off)
    figures = {"error": code, "field": "at", "given": bad.at, "limit": world.now + limit}
    assert world.block(bad).judgements[0].refusal.problem() == figures


def test_claims_of_one_block_add_up(world, told):
    """Records that are valid alone exclude each other: 100.00 ct are left of RU0000042."""
    first = world.reexport("AE0000010", {"RU0000042": 6_000})
    second = world.reexport("AE0000011", {"RU0000042": 6_000})
    third = world.reexport("AE0000012", {"RU0000042": 4_000})
    for record in (first, second, third):
        world.ledger.check(record, world.now)
    judgements = world.block(first, second, third).judgements
    assert [judgement.refusal is None for judgement in judgements] == [True, False, True]
    assert judgements[1].refusal.problem()["limit"] == "40.00"
    assert world.ledger.certificate("RU0000042").row.claimed == 12_000


def test_one_number_in_one_block(world, told):
    one, other = world.issue(number="BW0000778"), world.issue(number="BW0000778")
    refusals = [judgement.refusal for judgement in world.block(one, other).judgements]
    assert refusals[0] is None
    assert refusals[1].code == Code.NUMBER_USED
