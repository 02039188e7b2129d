"""ledger/scrub.py: what is stored is read whole, and whatever is not what was written is found; flipped bits on the real disk."""

from itertools import pairwise

import pytest

from ledger import keys
from ledger.errors import DiskError, StoreError
from ledger.log import tile_key
from ledger.scrub import scrub
from ledger.shelf import place_of
from ledger.tiles import TILE_WIDTH
from tests.support import days, flips
from tests.support.world import World

LEAVES = TILE_WIDTH + 20


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World.make(tmp_path_factory.mktemp("scrub") / "db") as held:
        number = 0
        while held.ledger.head.tree_size < LEAVES:
            number += 1
            sealed = held.sealed(days.issue(held, f"BW{number:07}"))
            others = [days.issue(held, f"RU{number * 100 + place:07}") for place in range(99)]
            held.ledger.keep_bodies([sealed])
            held.accept(sealed.record, *others)
        yield held


def whole(world):
    return list(scrub(world.store, world.ledger.head))


def test_a_sound_store_is_read_to_its_end_in_short_steps(world):
    steps = whole(world)
    keys_stored = sum(1 for _ in world.store.iterate(b""))
    assert steps[-1] == world.ledger.head.tree_size + keys_stored
    assert max(after - before for before, after in pairwise(steps)) <= 500
    assert len(steps) > 8


def tamper(world, key, change):
    """Writes another value, as sound as LevelDB can tell, and puts the old one back afterwards."""
    value = world.store.get(key)
    world.store.write({key: change(value)}, sync=False)
    try:
        with pytest.raises(StoreError) as caught:
            whole(world)
    finally:
        world.store.write({key: value}, sync=False)
    assert caught.value.damaged
    return str(caught.value)


def flipped(value):
    return value[:-1] + bytes((value[-1] ^ 1,))


def test_what_is_not_what_was_written_is_found_where_it_stands(world):
    first = world.ledger.tile(0, 0, TILE_WIDTH)[:32]
    other = world.store.get(keys.judgement(place_of(world.store, world.ledger.tile(0, 0, TILE_WIDTH)[32:64])))
    assert f"record {first.hex()} are damaged" in tamper(world, keys.BODY + place_of(world.store, first), flipped)
    assert f"record {first.hex()} are missing" in tamper(world, keys.record(first), lambda _: None)
    assert "has 7 bytes" in tamper(world, keys.record(first), lambda place: place[:-1])
    assert f"record {first.hex()} are damaged" in tamper(
        world, keys.record(first), lambda place: keys.position(int.from_bytes(place, "big") + 1)
    )
    assert "leaf 0 is" in tamper(world, keys.judgement(place_of(world.store, first)), lambda _: other)
    assert "leaf 0 is" in tamper(world, keys.judgement(place_of(world.store, first)), lambda _: None)
    assert "envelope of record" in tamper(world, keys.ENVELOPE + place_of(world.store, first), flipped)
    assert "are missing" in tamper(world, tile_key(keys.TILES, 0, 0), lambda value: flipped(value[:64]) + value[64:])
    assert "too short" in tamper(world, tile_key(keys.TILES, 0, 1), lambda value: value[:-32])
    assert "of level 1" in tamper(world, tile_key(keys.TILES, 1, 0), flipped)


def test_leaves_in_another_order_are_found(world):
    def swapped(value):
        return value[:-64] + value[-32:] + value[-64:-32]

    assert "says otherwise" in tamper(world, tile_key(keys.TILES, 0, 1), swapped)


def test_a_log_that_is_not_the_heads_is_found(world):
    head = world.ledger.head
    shorter = type(head)(head.height, head.time, head.digest, head.tree_size - 1, head.root, head.state)
    with pytest.raises(StoreError, match="make the root"):
        list(scrub(world.store, shorter))


def test_500_flipped_bits_are_found_or_change_nothing():
    found = flips.count(500, 11)
    assert found["missed"] == 0, found
    assert found["found"] + found["harmless"] + found["forgotten"] == 500
    assert found["found"] > 450


def test_a_store_in_use_is_not_damaged(tmp_path):
    with World.make(tmp_path / "db"):
        with pytest.raises(DiskError) as caught:
            World.make(tmp_path / "db")
        assert not caught.value.damaged
