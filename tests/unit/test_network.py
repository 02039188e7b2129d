"""ledger/network.py: who votes, and how one epoch follows another; a node's keys change under `node.set` at once or with the epoch."""

import pytest

from ledger import keys
from ledger.errors import BlockOrderError, Code, StoreError
from ledger.network import Epoch, list_hash
from ledger.state import Block
from tests.support.world import VALIDATORS, World, certificate, genesis, public


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def key(code, version=""):
    return public(f"{code}/consensus" + f"/{version}" * bool(version))


FIRST = tuple((code, key(code)) for code in VALIDATORS)


def schedule(world, *codes):
    """These file their readiness; the hash that is scheduled then."""
    world.accept(*(world.node_ready(code) for code in codes))
    return world.ledger.scheduled


def test_epoch_0_is_the_genesis(world):
    network = world.ledger.network
    assert network.epoch == Epoch(0, FIRST, 1, 0)
    assert network.epoch.quorum == network.quorum == genesis().quorum == 3
    assert network.validator_keys == tuple(key(code) for code in VALIDATORS)
    assert (network.pending, network.scheduled, world.ledger.scheduled, network.ready) == (b"", b"", b"", frozenset())
    assert tuple(network.nodes) == tuple(sorted(VALIDATORS))
    assert network.node("BW") == network.node_of_consensus(key("BW")) == genesis().node("BW")
    assert (network.node("CF"), network.node_of_consensus(key("CF"))) == (None, None)
    assert (world.ledger.epoch(0), world.ledger.epoch(1), world.ledger.epoch(-1)) == (network.epoch, None, None)


def test_a_new_validator_votes_from_the_next_epoch_on(world):
    world.accept(world.node_set("CF"))
    wanted = tuple(sorted((*FIRST, ("CF", key("CF")))))
    network = world.ledger.network
    assert network.node("CF").address == "cf.example:8700"
    assert (network.pending, network.scheduled) == (list_hash(wanted), b"")
    assert network.validator_keys == tuple(key(code) for code in VALIDATORS)
    assert schedule(world, "CF", "BW", "RU") == b""
    assert schedule(world, "AE") == list_hash(wanted)
    world.accept(world.issue())
    applied = world.block(ends_for=world.ledger.scheduled)
    height = applied.head.height
    epoch = world.ledger.network.epoch
    assert epoch == Epoch(1, wanted, height + 1, 6)
    assert world.ledger.epoch(0) == Epoch(0, FIRST, 1, 0, height)
    assert (world.ledger.epoch(1), world.ledger.epoch(2)) == (epoch, None)
    assert (world.ledger.network.pending, world.ledger.scheduled, world.ledger.network.quorum) == (b"", b"", 4)
    world.accept(world.issue(number="BW0000002"))


def test_blocks_of_another_epoch_and_ends_that_nothing_scheduled_do_not_follow(world):
    world.accept(world.node_set("CF"))
    pending = world.ledger.network.pending
    head = world.ledger.head
    record = world.issue()
    for epoch, records, ends_for in ((1, (), b""), (0, (), pending), (0, (), b"x" * 32), (0, (), b"x")):
        with pytest.raises(BlockOrderError):
            world.ledger.apply(Block(head.height + 1, world.now, b"d" * 32, records, epoch, ends_for))
    scheduled = schedule(world, "CF", "BW", "RU", "AE")
    assert scheduled == pending
    head = world.ledger.head
    for epoch, records in ((0, (record,)), (1, ())):
        with pytest.raises(BlockOrderError):
            world.ledger.apply(Block(head.height + 1, world.now, b"d" * 32, records, epoch, scheduled))
    assert world.ledger.head == head
    world.block(ends_for=scheduled)
    with pytest.raises(BlockOrderError, match="of epoch 0; 1 is in force"):
        world.ledger.apply(Block(head.height + 2, world.now, b"d" * 32, ()))


def test_what_a_mark_scheduled_is_activated_although_another_list_is_pending_by_then(world):
    world.accept(world.node_set("CF"))
    scheduled = schedule(world, "CF", "BW", "RU", "AE")
    world.accept(world.node_set("RU", "2"))
    network = world.ledger.network
    assert network.pending not in (b"", scheduled)
    assert network.scheduled == b""
    world.accept(world.node_ready("BW"))
    later = world.ledger.network.pending
    world.block(ends_for=scheduled)
    network = world.ledger.network
    assert ("RU", key("RU")) in network.epoch.validators
    assert network.node("RU").consensus == key("RU", "2")
    assert network.node_of_consensus(key("RU")) == network.node_of_consensus(key("RU", "2")) == network.node("RU")
    assert (network.pending, network.scheduled, network.ready) == (later, b"", frozenset())
    assert schedule(world, "CF", "BW", "RU", "AE") == later
    world.block(ends_for=later)
    network = world.ledger.network
    assert (network.epoch.number, network.pending) == (2, b"")
    assert ("RU", key("RU", "2")) in network.epoch.validators
    assert network.node_of_consensus(key("RU")) is None


def test_a_list_that_changes_and_comes_back_needs_new_readiness(world):
    world.accept(world.node_set("CF"))
    scheduled = schedule(world, "CF", "BW", "RU", "AE")
    early = world.node_ready("EU")
    world.accept(world.node_set("RU", validator=False))
    assert world.ledger.scheduled == b""
    assert world.block(early).judgements[0].refusal.code == Code.LIST_NOT_PENDING
    world.accept(world.node_set("RU", validator=True))
    network = world.ledger.network
    assert (network.pending, network.scheduled, network.ready) == (scheduled, b"", frozenset())


def test_back_to_the_epochs_own_validators_nothing_is_pending(world):
    """Not even because the genesis has them in another order."""
    world.accept(world.node_set("CF"))
    world.accept(world.node_set("CF", validator=False))
    assert world.ledger.network.pending == b""


def test_a_store_that_has_lost_the_epoch_in_force_does_not_open(tmp_path):
    with World.make(tmp_path / "db") as world:
        world.accept(world.node_set("CF"))
        world.block(ends_for=schedule(world, "CF", "BW", "RU", "AE"))
        world.store.write({keys.epoch(1): None}, sync=True)
    with pytest.raises(StoreError, match="epoch 1 is in force and missing"):
        World.make(tmp_path / "db")


def test_it_is_all_there_after_reopening(tmp_path):
    with World.make(tmp_path / "db") as world:
        world.accept(world.node_set("CF"))
        world.block(ends_for=schedule(world, "CF", "BW", "RU", "AE"))
        world.accept(world.node_set("BW", "2"))
        world.accept(world.node_ready("BW"), world.node_ready("CF"))
        network, epochs = world.ledger.network, [world.ledger.epoch(number) for number in range(3)]
        assert network.ready == {"BW", "CF"}
    with World.make(tmp_path / "db") as world:
        assert world.ledger.network == network
        assert [world.ledger.epoch(number) for number in range(3)] == epochs
        assert world.ledger.network.node_of_consensus(key("BW")) == network.node("BW")


def test_a_store_without_the_epoch_in_force_stops_the_node(tmp_path):
    with World.make(tmp_path / "db") as world:
        world.accept(world.node_set("CF"))
        world.block(ends_for=schedule(world, "CF", "BW", "RU", "AE"))
        world.store.write({keys.epoch(1): None}, sync=True)
    with pytest.raises(StoreError, match="epoch 1 is in force and missing"):
        World.make(tmp_path / "db")


def test_an_address_changes_at_once_and_nothing_waits_for_an_epoch(world):
    before = world.ledger.network
    world.accept(world.node_set("BW", address="bw.example:8701", tls=certificate("BW/2"), log=public("BW/log/2")))
    network = world.ledger.network
    assert (network.pending, network.epoch) == (b"", before.epoch)
    assert network.node("BW") == network.node_of_consensus(key("BW")) != before.node("BW")
    assert network.node("BW").address == "bw.example:8701"
    assert before.node("BW").address == "127.0.0.1:8700", "who holds what was read before is not disturbed"


def test_a_block_that_changes_no_node_leaves_the_same_network(world):
    before = world.ledger.network
    world.accept(world.issue())
    assert world.ledger.network is before


def test_a_list_may_be_activated_again(world):
    """What was scheduled once stays known by its hash, also in later epochs."""
    world.accept(world.node_set("CF"))
    first = schedule(world, "CF", "BW", "RU", "AE")
    world.block(ends_for=first)
    world.accept(world.node_set("CF", validator=False))
    world.block(ends_for=schedule(world, "AE", "BW", "EU"))
    assert [code for code, _ in world.ledger.network.epoch.validators] == sorted(VALIDATORS)
    world.block(ends_for=first)
    network = world.ledger.network
    assert (network.epoch.number, list_hash(network.epoch.validators)) == (3, first)
    assert network.pending == list_hash(world.ledger.epoch(2).validators)


def test_a_list_of_one(world):
    """A quorum of one validator is that one."""
    world.accept(*(world.node_set(code, validator=False) for code in ("RU", "EU", "AE")))
    assert schedule(world, "BW") == list_hash((("BW", key("BW")),))
    world.block(ends_for=world.ledger.scheduled)
    assert (world.ledger.network.quorum, world.ledger.network.validator_keys) == (1, (key("BW"),))
