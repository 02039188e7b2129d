"""ledger/rules/imports.py: every refusal of `import.confirm`, as tests/data/refusals/import-confirm.json lists them."""

import pytest

from ledger.errors import Code
from ledger.units import parse_carats
from tests.support import cases
from tests.support.told import Told
from tests.unit.refusals import expect_acceptance, expect_refusal

TABLE = cases.load("import-confirm.json")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("story"))


@pytest.fixture
def world(told):
    with told.copy() as held:
        yield held


@pytest.mark.parametrize("case", TABLE["refused"], ids=lambda case: case["case"])
def test_refused(world, told, case):
    expect_refusal(world, world.confirm(told.records["RU0000045"]), case, told.records)


@pytest.mark.parametrize("case", TABLE["accepted"], ids=lambda case: case["case"])
def test_accepted(world, told, case):
    good = expect_acceptance(world, world.confirm(told.records["RU0000045"]), case, told.records)
    view = world.ledger.certificate(good.body.number)
    assert view.row.state == case["state"]
    assert view.row.measured == (None if case["measured"] is None else parse_carats(case["measured"]))
    assert view.outcome.outcome == case["state"]


def test_every_code_of_the_kind_has_a_case():
    codes = list(Code)
    of_kind = set(codes[codes.index(Code.CERTIFICATE_UNKNOWN) : codes.index(Code.RECEIPT_CODE) + 1])
    assert of_kind == {Code(case["refused"]["error"]) for case in TABLE["refused"]} & of_kind


def test_certificate_and_outcome_in_one_block(world):
    issue = world.issue(number="BW0000777")
    first, second = world.confirm(issue), world.confirm(issue, outcome="refused")
    refusals = [judgement.refusal for judgement in world.block(issue, first, second).judgements]
    assert refusals[:2] == [None, None]
    assert refusals[2].code == Code.CERTIFICATE_CLOSED


def test_an_outcomes_rid_is_taken_too(world):
    issue, other = world.issue(number="BW0000777"), world.issue(number="BW0000778")
    outcome = world.confirm(issue)
    again = world.confirm(other, rid=outcome.body.rid)
    refusals = [judgement.refusal for judgement in world.block(issue, other, outcome, again).judgements]
    assert refusals[:3] == [None, None, None]
    assert (refusals[3].code, refusals[3].details) == (Code.RID_USED, {"given": outcome.body.rid.hex()})


def test_an_outcome_before_its_certificate_is_refused_and_may_come_again(world):
    issue = world.issue(number="BW0000777")
    outcome = world.confirm(issue)
    early = world.block(outcome, issue).judgements
    assert early[0].refusal.code == Code.CERTIFICATE_UNKNOWN
    assert early[1].refusal is None
    again = world.block(outcome).judgements[0]
    assert (again.refusal, again.index) == (None, early[1].index + 1)
    assert world.ledger.judgement(outcome.id).refusal is None
