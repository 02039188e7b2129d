"""node/repair.py: which errors leave a note, what the next start does with it, and who cannot be helped."""

from contextlib import closing

import pytest

from ledger import keys
from ledger.errors import DiskError, ForeignStoreError, StoreError
from ledger.shelf import place_of
from ledger.state import Ledger
from ledger.store import Store
from ledger.tiles import TILE_WIDTH
from node.errors import Exit, FatalError
from node.home import Home
from node.repair import note_damage, open_sound
from tests.support import days
from tests.support.parts import node_of, with_nodes
from tests.support.world import World

GENESIS = with_nodes(node_of("BW"), node_of("RU"))
ALONE = with_nodes(node_of("BW"))


@pytest.fixture
def home(tmp_path):
    held = Home(tmp_path)
    close(open_sound(held, GENESIS))
    return held


def aside(home):
    return home.data.with_name("data.damaged")


def close(opened):
    store, ledger, anew = opened
    store.close()
    return ledger, anew


def test_a_sound_store_is_opened_as_it_is(home):
    ledger, anew = close(open_sound(home, GENESIS))
    assert (ledger.head.height, anew) == (0, False)


@pytest.mark.parametrize("error", [None, ValueError("x"), DiskError("full"), ForeignStoreError("another")])
def test_what_is_no_damage_leaves_no_note(home, error):
    note_damage(home, error)
    assert not home.damage.exists()


def spoil(home):
    """Another byte in a record of the log, as sound as LevelDB can tell: opening does not see it, reading everything does."""
    with World.make(home.data, GENESIS) as world:
        world.accept(*(days.issue(world, f"BW{number:07}") for number in range(TILE_WIDTH + 1)))
        first = world.ledger.tile(0, 0, 1)
        world.store.write({keys.BODY + place_of(world.store, first): b"nonsense"}, sync=True)


def test_a_note_makes_the_next_start_read_everything_and_begin_anew(home):
    spoil(home)
    ledger, anew = close(open_sound(home, GENESIS))
    assert (ledger.head.tree_size, anew) == (TILE_WIDTH + 1, False)
    note_damage(home, StoreError("a tile is gone"))
    assert home.damage.read_text() == "a tile is gone\n"
    ledger, anew = close(open_sound(home, GENESIS))
    assert (ledger.head.tree_size, anew) == (0, True)
    with closing(Store.open(aside(home))) as held:
        assert Ledger.open(held, GENESIS).head.tree_size == TILE_WIDTH + 1
    assert not home.damage.exists()
    assert not close(open_sound(home, GENESIS))[1]


def test_what_every_node_would_meet_makes_none_of_them_begin_anew(home):
    """A fault of the program looks like damage; the store is whole, and stays."""
    with World.make(home.data, GENESIS) as world:
        world.accept(days.issue(world, "BW0000001"))
    note_damage(home, StoreError("a running sum fell below nothing"))
    ledger, anew = close(open_sound(home, GENESIS))
    assert (ledger.head.tree_size, anew) == (1, False)
    assert not home.damage.exists()
    assert not aside(home).exists()


def test_a_second_damage_wants_somebody_to_look_and_deletes_nothing(home):
    spoil(home)
    note_damage(home, StoreError("x"))
    assert close(open_sound(home, GENESIS))[1]
    spoil(home)
    note_damage(home, StoreError("x"))
    for _ in range(2):
        with pytest.raises(FatalError) as caught:
            open_sound(home, GENESIS)
        assert caught.value.code is Exit.DISK
        assert "damaged again" in caught.value.happened
    assert home.data.exists()
    aside(home).rename(home.path / "looked-at")
    assert close(open_sound(home, GENESIS))[1]


def test_what_does_not_open_is_begun_anew(home):
    (home.data / "CURRENT").write_bytes(b"MANIFEST-777777\n")
    assert close(open_sound(home, GENESIS))[1]


def test_another_ledgers_store_and_one_in_use_are_left_alone(home):
    with pytest.raises(FatalError) as caught:
        open_sound(home, ALONE)
    assert caught.value.code is Exit.BAD_CONFIGURATION
    held = Store.open(home.data)
    with pytest.raises(FatalError) as caught:
        open_sound(home, GENESIS)
    assert "already open" in caught.value.happened
    held.close()
    assert not aside(home).exists()


def test_the_only_node_has_nobody_to_ask(tmp_path):
    home = Home(tmp_path)
    close(open_sound(home, ALONE))
    (home.data / "CURRENT").write_bytes(b"MANIFEST-777777\n")
    for _ in range(2):
        with pytest.raises(FatalError) as caught:
            open_sound(home, ALONE)
        assert caught.value.code is Exit.DISK
        assert "only one" in caught.value.means
    assert home.data.exists()
