"""ledger/rules/nodes.py: every refusal of `node.set` and `node.ready`, as tests/data/refusals lists them."""

import pytest

from ledger.errors import Code, Refusal
from ledger.limits import MAX_VALIDATORS
from ledger.network import list_hash
from tests.support import cases
from tests.support.story import tell_of_nodes
from tests.support.told import Told
from tests.support.world import VALIDATORS, World, certificate, public
from tests.unit.refusals import expect_acceptance, expect_refusal

SET, READY = cases.load("node-set.json"), cases.load("node-ready.json")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("story"), tell_of_nodes)


@pytest.fixture
def world(told):
    with told.copy() as held:
        yield held


@pytest.fixture
def fresh(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def code_of(world, record):
    """The refusal of a record that is checked, not applied; None when it would be accepted."""
    try:
        world.ledger.check(record, world.now)
    except Refusal as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize("case", SET["refused"], ids=lambda case: case["case"])
def test_set_is_refused(world, told, case):
    expect_refusal(world, world.node_set("MZ"), case, told.records)


@pytest.mark.parametrize("case", SET["accepted"], ids=lambda case: case["case"])
def test_set_is_accepted(world, told, case):
    before = world.ledger.network
    good = expect_acceptance(world, world.node_set("MZ"), case, told.records)
    node, network = world.ledger.network.node(good.author), world.ledger.network
    for name in ("address", "consensus", "cosign", "log", "tls", "validator"):
        assert getattr(node, name) == getattr(good.body, name)
    assert network.epoch == before.epoch
    members = {code for code, _ in network.candidates}
    assert (good.author in members) is good.body.validator
    assert (network.pending == before.pending) is (network.candidates == before.candidates)


@pytest.mark.parametrize("case", READY["refused"], ids=lambda case: case["case"])
def test_ready_is_refused(world, told, case):
    expect_refusal(world, world.node_ready(case["change"].get("author", "CF"), "CF/root"), case, told.records)


@pytest.mark.parametrize("case", READY["accepted"], ids=lambda case: case["case"])
def test_ready_is_accepted(world, told, case):
    good = expect_acceptance(world, world.node_ready("CF"), case, told.records)
    assert world.ledger.network.ready == {"BW", good.author}


def test_every_code_of_the_kinds_has_a_case():
    codes = list(Code)
    of_kinds = set(codes[codes.index(Code.NOT_ROOT_KEY) : codes.index(Code.DATE_NOT_FUTURE)])
    shown_below = {Code.NODE_UNCHANGED, Code.TOO_MANY_VALIDATORS, Code.NO_VALIDATOR_LEFT}
    assert of_kinds == shown_below | {Code(case["refused"]["error"]) for case in SET["refused"] + READY["refused"]} & of_kinds


def test_a_node_as_it_is_already_is_refused(world, told):
    for code in ("BW", "CF", "ZA"):
        refused = {"error": "node-unchanged", "field": "", "given": code}
        expect_refusal(world, world.node_set(code), {"change": {}, "refused": refused}, told.records)


def test_somebody_has_to_vote(world, told):
    for code in ("AE", "AO", "BW", "CF", "EU"):
        world.accept(world.node_set(code, validator=False))
    refused = {"error": "no-validator-left", "field": "validator", "given": 0, "limit": 1}
    expect_refusal(world, world.node_set("RU", validator=False), {"change": {}, "refused": refused}, told.records)
    world.accept(world.node_set("RU", address="ru.example:1"))


def test_no_more_vote_than_the_protocol_allows(world, told, monkeypatch):
    assert MAX_VALIDATORS == 128
    monkeypatch.setattr("ledger.rules.nodes.MAX_VALIDATORS", 6)
    refused = {"error": "too-many-validators", "field": "validator", "given": 7, "limit": 6}
    expect_refusal(world, world.node_set("MZ"), {"change": {}, "refused": refused}, told.records)
    world.accept(world.node_set("MZ", validator=False))
    world.accept(world.node_set("AO", validator=False))
    world.accept(world.node_set("MZ", validator=True))


def test_within_one_block_each_record_sees_the_one_before(fresh):
    one, same_key = fresh.node_set("CF"), fresh.node_set("CD", log=public("CF/log"))
    same_address = fresh.node_set("CI", address="cf.example:8700")
    back = fresh.node_set("CF", "2", consensus=public("CF/consensus/2"))
    former = fresh.node_set("CF", log=public("CF/log/3"), cosign=public("CF/cosign/3"), tls=certificate("CF/3"))
    refusals = [judgement.refusal for judgement in fresh.block(one, same_key, same_address, back, former).judgements]
    assert [refusal and refusal.code for refusal in refusals] == [
        None,
        Code.KEY_IN_USE,
        Code.NODE_ADDRESS_USED,
        None,
        Code.KEY_RETIRED,
    ]


def test_a_list_and_its_readiness_in_one_block(fresh):
    """All six records of a change of validators, in one block: each judged by what the one before left."""
    joins = fresh.node_set("CF")
    members = sorted((code, public(f"{code}/consensus")) for code in (*VALIDATORS, "CF"))
    pending = list_hash(tuple(members))
    ready = [fresh.node_ready(code, f"{code}/consensus", validators=pending) for code in ("AE", "BW", "CF", "EU", "RU")]
    fresh.accept(joins, *ready)
    assert fresh.ledger.scheduled == pending
    assert fresh.ledger.network.ready == {"AE", "BW", "CF", "EU", "RU"}


def test_keys_of_one_kind_sign_no_other(world):
    """A root or consensus key issues nothing; see the tables for role keys."""
    for key in ("BW/root", "BW/consensus", "BW/consensus/2"):
        record = world.issue(key=key)
        with pytest.raises(Refusal) as caught:
            world.ledger.check_key(record)
        assert (caught.value.code, code_of(world, record)) == (Code.UNKNOWN_KEY, Code.UNKNOWN_KEY)


def test_a_mempool_takes_what_is_signed_with_the_authors_own_keys(world):
    """And no more: `check_key` leaves everything else to the rules."""
    own = [world.node_set("BW"), world.node_ready("BW", epoch=9), world.node_ready("CF"), world.evidence("BW", 9)]
    own.append(world.evidence("BW", 9, key="BW/consensus"))
    for record in own:
        world.ledger.check_key(record)
    strange = {
        world.node_set("BW", key="BW/consensus/2"): Code.NOT_ROOT_KEY,
        world.node_set("BW", key="RU/root"): Code.NOT_ROOT_KEY,
        world.node_ready("BW", "BW/consensus"): Code.NOT_CONSENSUS_KEY,
        world.node_ready("BW", "BW/issue"): Code.NOT_CONSENSUS_KEY,
        world.evidence("RU", 1, "BW/consensus/2"): Code.NOT_CONSENSUS_KEY,
        world.evidence("CF", 1, "CF/consensus"): Code.NOT_CONSENSUS_KEY,
        world.evidence("TW", 1): Code.UNKNOWN_AUTHOR,
    }
    for record, code in strange.items():
        with pytest.raises(Refusal) as caught:
            world.ledger.check_key(record)
        assert caught.value.code == code
