"""ledger/rules/evidence.py: every refusal of `evidence.equivocation`, and what is kept of an accepted one."""

import pytest

from ledger.answers import Evidence
from ledger.errors import Code, Refusal
from ledger.limits import MAX_VOTE_BYTES
from ledger.state import Ledger
from tests.support import cases
from tests.support.story import tell_of_nodes
from tests.support.told import Told
from tests.support.world import World, genesis, public
from tests.unit.refusals import expect_acceptance, expect_refusal

TABLE = cases.load("evidence-equivocation.json")
AE = 3


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("story"), tell_of_nodes)


@pytest.fixture
def world(told):
    with told.copy() as held:
        yield held


def evidence(world):
    return world.evidence("ZA", AE, epoch=0)


@pytest.mark.parametrize("case", TABLE["refused"], ids=lambda case: case["case"])
def test_refused(world, told, case):
    expect_refusal(world, evidence(world), case, told.records)


@pytest.mark.parametrize("case", TABLE["accepted"], ids=lambda case: case["case"])
def test_accepted(world, told, case):
    before = world.ledger.evidence()
    good = expect_acceptance(world, evidence(world), case, told.records)
    (added,) = set(world.ledger.evidence()) - set(before)
    code = case["against"]
    assert added == Evidence(code, good.body.epoch, public(f"{code}/consensus"), good.id, world.ledger.head.height)


def test_every_code_of_the_kind_has_a_case():
    codes = list(Code)
    of_kind = set(codes[codes.index(Code.EPOCH_UNKNOWN) : codes.index(Code.EVIDENCE_KNOWN) + 1])
    assert of_kind == {Code(case["refused"]["error"]) for case in TABLE["refused"]} & of_kind


def test_evidence_is_told_by_epoch_and_key(world, told):
    first = told.records["evidence"]
    assert world.ledger.evidence() == [Evidence("RU", 0, public("RU/consensus"), first.id, 1)]
    world.accept(world.evidence("ZA", 4, epoch=1), world.evidence("ZA", AE, epoch=0))
    found = [(held.epoch, held.participant) for held in world.ledger.evidence()]
    assert sorted(found) == [(0, "AE"), (0, "RU"), (1, "RU")]
    assert [epoch for epoch, _ in found] == [0, 0, 1]


def test_a_second_proof_in_the_same_block_is_refused(world):
    one, other = world.evidence("ZA", AE, epoch=0), world.evidence("BW", AE, epoch=0)
    refusals = [judgement.refusal for judgement in world.block(one, other).judgements]
    assert refusals[0] is None
    assert refusals[1].code == Code.EVIDENCE_KNOWN


def test_a_program_without_a_verifier_refuses_all_evidence_and_says_so(tmp_path):
    with World.make(tmp_path / "db") as world:
        world.ledger = Ledger.open(world.store, genesis())
        with pytest.raises(Refusal) as caught:
            world.ledger.check(world.evidence("BW", AE), world.now)
    assert caught.value.problem() == {
        "error": "evidence-invalid",
        "field": "second",
        "reason": "this program was opened without a verifier of votes",
    }


def test_a_long_reason_is_cut(tmp_path):
    def refuses(*_):
        raise ValueError("x" * 10_000)

    with World.make(tmp_path / "db") as world:
        world.ledger = Ledger.open(world.store, genesis(), refuses)
        (judgement,) = world.block(world.evidence("BW", AE)).judgements
    assert len(judgement.refusal.details["reason"]) == 120


@pytest.mark.parametrize("name", ["first", "second"])
@pytest.mark.parametrize("size", [0, MAX_VOTE_BYTES + 1])
def test_a_vote_has_one_to_512_bytes(world, name, size):
    world.accept(world.evidence("ZA", AE, epoch=0, **{name: bytes([AE]) * MAX_VOTE_BYTES}))
    with pytest.raises(Refusal) as caught:
        world.evidence("ZA", AE, **{name: bytes(size)})
    assert (caught.value.code, caught.value.field) == (Code.BAD_VALUE, name)
