"""node/repair.py: which errors leave a note, what the next start does with it, and who cannot be helped."""

import pytest

from ledger.errors import DiskError, ForeignStoreError, StoreError
from ledger.store import Store
from node.errors import Exit, FatalError
from node.home import Home
from node.repair import note_damage, open_sound
from tests.support.parts import node_of, with_nodes

GENESIS = with_nodes(node_of("BW"), node_of("RU"))
ALONE = with_nodes(node_of("BW"))


@pytest.fixture
def home(tmp_path):
    held = Home(tmp_path)
    close(open_sound(held, GENESIS))
    return held


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


def test_a_note_makes_the_next_start_begin_anew_once(home):
    note_damage(home, StoreError("a tile is gone"))
    assert home.damage.read_text() == "a tile is gone\n"
    mark = home.data / "mark"
    mark.touch()
    assert close(open_sound(home, GENESIS))[1]
    assert (home.data.with_name("data.damaged") / "mark").exists()
    assert not home.damage.exists()
    assert not close(open_sound(home, GENESIS))[1]


def test_only_the_newest_damaged_store_is_kept(home):
    for name in ("first", "second"):
        (home.data / name).touch()
        note_damage(home, StoreError("x"))
        close(open_sound(home, GENESIS))
    aside = home.data.with_name("data.damaged")
    assert (aside / "second").exists()
    assert not (aside / "first").exists()


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
    assert not home.data.with_name("data.damaged").exists()


def test_the_only_node_has_nobody_to_ask(tmp_path):
    home = Home(tmp_path)
    close(open_sound(home, ALONE))
    note_damage(home, StoreError("a tile is gone"))
    for _ in range(2):
        with pytest.raises(FatalError) as caught:
            open_sound(home, ALONE)
        assert caught.value.code is Exit.DISK
        assert "only one" in caught.value.means
    assert home.data.exists()
