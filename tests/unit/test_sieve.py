"""ledger/sieve.py, and what the store asks of it: what is there is never denied, whatever is written, dropped or opened again."""

import random
from contextlib import closing

import pytest

from ledger import keys
from ledger.sieve import Sieve
from ledger.store import Store

_MANY = 400_000
"""Into the third layer."""


def of(number: int) -> bytes:
    return b"s/r/%d" % number


def test_what_was_added_passes_and_hardly_anything_else():
    sieve = Sieve(complete=True)
    assert sieve.lacks(of(0))
    assert sieve.size == 0
    sieve.add(of(number) for number in range(_MANY))
    assert not any(sieve.lacks(of(number)) for number in range(_MANY))
    strangers = range(_MANY, _MANY + 20_000)
    assert sum(not sieve.lacks(of(number)) for number in strangers) < 0.03 * len(strangers)
    assert sieve.size < 8 * _MANY


def test_before_it_is_complete_it_denies_nothing():
    sieve = Sieve(complete=False)
    sieve.add([of(1)])
    assert not sieve.lacks(of(2))
    sieve.complete = True
    assert sieve.lacks(of(2))


class Watched:
    """LevelDB, and for how many keys it was asked, and how often where some begin."""

    def __init__(self, db):
        self.db = db
        self.gets = self.looks = 0

    def get(self, key, **options):
        self.gets += 1
        return self.db.get(key, **options)

    def raw_iterator(self, **options):
        self.looks += 1
        return self.db.raw_iterator(**options)

    def __getattr__(self, name):
        return getattr(self.db, name)


@pytest.mark.parametrize("prefix", keys.MOSTLY_ABSENT)
def test_leveldb_is_not_asked_for_what_was_never_written(tmp_path, prefix):
    with closing(Store.open(tmp_path / "db")) as store:
        watched = store._db = Watched(store._db)
        store.write({prefix + b"there": b"1"}, sync=False)
        assert store.get(prefix + b"not") is None
        assert watched.gets == 0
        assert store.get(prefix + b"there") == b"1"
        with store.snapshot() as before:
            store.write({prefix + b"later": b"2", prefix + b"there": None}, sync=False)
            assert (before.get(prefix + b"there"), before.get(prefix + b"later")) == (b"1", None)
        assert (store.get(prefix + b"there"), store.get(prefix + b"later")) == (None, b"2")


def number_of(at: int) -> str:
    return f"BW{at:07}"


@pytest.mark.parametrize("listed", [keys.beside, keys.certificate_findings])
def test_leveldb_is_not_asked_for_what_a_list_holds_that_was_never_written_to(tmp_path, listed):
    row, places = b"of the list", range(600)
    with closing(Store.open(tmp_path / "db")) as store:
        watched = store._db = Watched(store._db)
        store.write({listed(number_of(at)) + row: b"1" for at in places if not at % 3}, sync=True)
        assert [store.holds(listed(number_of(at))) for at in places] == [not at % 3 for at in places]
        assert watched.looks < 1.1 * len(places) / 3
        with store.snapshot() as before:
            store.write({listed(number_of(1)) + row: b"1", listed(number_of(0)) + row: None}, sync=False)
            assert (before.holds(listed(number_of(0))), before.holds(listed(number_of(1)))) == (True, False)
        assert (store.holds(listed(number_of(0))), store.holds(listed(number_of(1)))) == (False, True)
        assert store.holds(listed("")[:-1]), "a part of a list's name is none"
    with closing(Store.open(tmp_path / "db")) as store:
        watched = store._db = Watched(store._db)
        assert not store.holds(listed(number_of(2)))
        assert watched.looks == 1
        assert [*store.learn()][-1] == 200
        watched.looks = 0
        assert [store.holds(listed(number_of(at))) for at in places[2:]] == [not at % 3 for at in places[2:]]
        assert watched.looks < 1.1 * len(places) / 3


def test_a_number_with_a_slash_is_never_denied(tmp_path):
    with closing(Store.open(tmp_path / "db")) as store:
        store.write({keys.beside("BW/1") + b"row": b"1"}, sync=False)
        assert store.holds(keys.beside("BW/1"))
        assert store.holds(keys.beside("BW"))
        assert not store.holds(keys.beside("BW/2"))


def test_other_keys_are_asked_for_always(tmp_path):
    with closing(Store.open(tmp_path / "db")) as store:
        watched = store._db = Watched(store._db)
        assert store.get(keys.HEAD) is None
        assert watched.gets == 1


def test_a_store_that_is_opened_again_learns_first(tmp_path):
    with closing(Store.open(tmp_path / "db")) as store:
        store.write({of(number): b"1" for number in range(1_000)}, sync=True)
    with closing(Store.open(tmp_path / "db")) as store:
        watched = store._db = Watched(store._db)
        assert (store.get(of(5)), store.get(of(1_000))) == (b"1", None)
        assert watched.gets == 2
        steps = store.learn()
        assert next(steps) < 1_000
        store.write({of(0) + b"/while it learns": b"2"}, sync=False)
        assert store.get(of(1_000)) is None
        assert watched.gets == 3
        assert [*steps][-1] >= 1_000
        watched.gets = 0
        assert all(store.get(of(number)) == b"1" for number in range(1_000))
        assert store.get(of(0) + b"/while it learns") == b"2"
        assert watched.gets == 1_001
        assert sum(store.get(of(number)) is not None for number in range(1_000, 2_000)) == 0
        assert watched.gets < 1_100
        assert [*store.learn()] == []


def test_a_store_with_a_filter_answers_like_a_dictionary(tmp_path):
    """Random writes, drops, looks, openings and learning by steps."""
    draw, model = random.Random(3), {}
    store, steps = Store.open(tmp_path / "db"), iter(())
    for _ in range(3_000):
        key = draw.choice((*keys.MOSTLY_ABSENT, keys.TOTAL)) + b"%d" % draw.randrange(60)
        match draw.randrange(100):
            case 0:
                store.close()
                store = Store.open(tmp_path / "db")
                steps = store.learn()
            case sort if sort < 20:
                next(steps, None)
            case sort if sort < 35:
                model.pop(key, None)
                store.write({key: None}, sync=False)
            case sort if sort < 60:
                model[key] = b"%d" % draw.randrange(9)
                store.write({key: model[key]}, sync=False)
            case _:
                assert store.get(key) == model.get(key)
    assert dict(store.iterate(b"")) == model
    store.close()
