import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import merkle, tiles
from ledger.errors import MalformedProofError, OutOfRangeError, StoreError
from ledger.log import Log
from ledger.tiles import TILE_WIDTH
from tests.unit.naive_merkle import root_of

LEAVES = [merkle.leaf_hash(n.to_bytes(4, "big")) for n in range(70_000)]


def grow(store, log, count):
    writes = log.append(LEAVES[log.size : log.size + count])
    store.update(writes.puts)
    log.commit(writes)
    return writes


def filled(size, step=5_000):
    store = {}
    log = Log(store.get, 0)
    while log.size < size:
        grow(store, log, min(step, size - log.size))
    return store, log


@pytest.fixture(scope="module")
def large():
    return filled(70_000)


class TestAppend:
    @given(st.lists(st.integers(0, 700), max_size=8))
    @settings(max_examples=50)
    def test_any_steps_give_the_same_store_and_root(self, steps):
        store = {}
        log = Log(store.get, 0)
        for step in steps:
            writes = grow(store, log, step)
            assert (writes.size, writes.root) == (log.size, log.root)
        size = sum(steps)
        assert log.size == size
        assert log.root == root_of(LEAVES[:size])
        assert store == filled(size)[0]
        assert Log(store.get, size).root == log.root

    def test_nothing_changes_before_commit(self):
        store, log = filled(300)
        root, tile = log.root, log.tile(0, 1, 44)
        first = log.append(LEAVES[300:310])
        second = log.append(LEAVES[300:310])
        assert (log.size, log.root, log.tile(0, 1, 44), log.tile(0, 1, 45)) == (300, root, tile, None)
        assert first == second
        assert not first.puts.items() <= store.items()

    def test_writes_fit_only_the_state_they_were_made_from(self):
        store, log = filled(10)
        late = log.append(LEAVES[10:12])
        grow(store, log, 1)
        with pytest.raises(StoreError):
            log.commit(late)
        assert log.size == 11

    def test_only_changed_tiles_are_written(self):
        _, log = filled(70_000)
        assert len(log.append(LEAVES[:1]).puts) == 1
        assert len(log.append(LEAVES[:TILE_WIDTH]).puts) == 3
        assert log.append([]).puts == {}

    def test_prefix(self):
        store = {}
        log = Log(store.get, 0, b"other/")
        store.update(log.append(LEAVES[:2]).puts)
        assert store == {b"other/" + bytes(9): LEAVES[0] + LEAVES[1]}

    def test_leaf_hashes_are_32_bytes(self):
        with pytest.raises(MalformedProofError):
            Log({}.get, 0).append([LEAVES[0], b"short"])

    def test_crossing_two_levels(self):
        store, log = filled(65_535, step=65_535)
        grow(store, log, 1)
        assert log.tile(0, 255, 256) == b"".join(LEAVES[65_280:65_536])
        assert len(log.tile(1, 0, 256)) == 8_192
        assert log.tile(2, 0, 1) == log.root == root_of(LEAVES[:65_536])
        assert log.tile(2, 0, 2) is None
        assert Log(store.get, 65_536).root == log.root


class TestTiles:
    def test_exactly_the_tiles_that_some_size_had(self, large):
        _, log = large
        for level in range(4):
            count = tiles.count_at(level, log.size)
            for n in range(count // TILE_WIDTH + 2):
                for width in (1, 17, 112, 113, 255, 256):
                    data = log.tile(level, n, width)
                    assert (data is not None) == (n * TILE_WIDTH + width <= count)
                    assert data is None or len(data) == 32 * width
        assert log.tile(0, 3, 256) == b"".join(LEAVES[768:1024])
        assert log.tile(1, 0, 1) == root_of(LEAVES[:256])

    def test_full_tile_is_absent_until_full(self):
        store, log = filled(255)
        assert log.tile(0, 0, 256) is None
        assert log.tile(1, 0, 1) is None
        grow(store, log, 1)
        assert log.tile(0, 0, 256) == b"".join(LEAVES[:256])
        assert log.tile(0, 0, 255) == b"".join(LEAVES[:255])
        assert log.tile(1, 0, 1) == log.root

    @pytest.mark.parametrize("name", [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (0, 2**70, 1), (0, 0, -1)])
    def test_impossible_names(self, large, name):
        assert large[1].tile(*name) is None


class TestProofs:
    @given(st.integers(1, 70_000), st.integers(0, 70_000), st.data())
    def test_verify_against_the_roots(self, large, size, index, data):
        log = large[1]
        index %= size
        old = data.draw(st.integers(0, size))
        root = root_of(LEAVES[:size])
        assert log.root_at(size) == root
        merkle.verify_inclusion(LEAVES[index], index, size, log.inclusion_proof(index, size), root)
        merkle.verify_consistency(old, size, log.root_at(old), root, log.consistency_proof(old, size))

    def test_root_now_and_at_the_start(self, large):
        log = large[1]
        assert log.root_at(70_000) == log.root == root_of(LEAVES)
        assert log.root_at(0) == merkle.EMPTY_ROOT

    def test_beyond_the_log(self, large):
        log = large[1]
        for call in (
            lambda: log.root_at(70_001),
            lambda: log.inclusion_proof(0, 70_001),
            lambda: log.consistency_proof(1, 70_001),
        ):
            with pytest.raises(OutOfRangeError):
                call()
        with pytest.raises(OutOfRangeError):
            log.inclusion_proof(70_000, 70_000)
        with pytest.raises(OutOfRangeError):
            log.consistency_proof(3, 2)


class TestDamage:
    """What the right edge rests on is checked on opening; other tiles are the audit's matter."""

    @pytest.mark.parametrize("size", [1, 255, 256, 257, 65_536, 70_000])
    def test_open_refuses_a_changed_edge(self, size):
        store, log = filled(size)
        for level in range(3):
            count = tiles.count_at(level, size)
            if not count:
                continue
            key = b"t/" + bytes([level]) + ((count - 1) // TILE_WIDTH).to_bytes(8, "big")
            good = store[key]
            for bad in (good[:-1], good + bytes(32), b""):
                store[key] = bad
                with pytest.raises(StoreError):
                    Log(store.get, size)
            del store[key]
            with pytest.raises(StoreError):
                Log(store.get, size)
            store[key] = good
        assert Log(store.get, size).root == log.root

    def test_open_refuses_a_full_tile_that_its_parent_does_not_know(self):
        store, _ = filled(600)
        key = b"t/\0" + (1).to_bytes(8, "big")
        store[key] = bytes([store[key][0] ^ 1]) + store[key][1:]
        with pytest.raises(StoreError, match="does not hash"):
            Log(store.get, 600)

    def test_a_changed_partial_tile_changes_the_root(self):
        store, log = filled(300)
        key = b"t/\0" + (1).to_bytes(8, "big")
        store[key] = bytes([store[key][0] ^ 1]) + store[key][1:]
        assert Log(store.get, 300).root != log.root

    def test_a_tile_ahead_of_the_size_is_damage(self):
        store, _ = filled(301)
        with pytest.raises(StoreError):
            Log(store.get, 300)

    def test_a_missing_tile_is_an_error_not_an_absence(self):
        store, log = filled(600)
        del store[b"t/\0" + bytes(8)]
        with pytest.raises(StoreError):
            log.tile(0, 0, 256)
        with pytest.raises(StoreError):
            log.inclusion_proof(0, 600)
        store[b"t/\0" + bytes(8)] = bytes(32 * 255)
        with pytest.raises(StoreError):
            log.tile(0, 0, 256)
