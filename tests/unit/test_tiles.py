import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle, tiles
from ledger.errors import BadTileError, MalformedTilePathError, OutOfRangeError
from ledger.tiles import ENTRIES, TILE_WIDTH, Tile, TileTree, parse_path
from tests.conftest import shared
from tests.unit import naive_merkle
from tests.unit.naive_merkle import root_of

LEAVES = [merkle.leaf_hash(n.to_bytes(4, "big")) for n in range(70_000)]


def vectors():
    return json.loads(shared("data/tlog/tile_paths.json").read_text())


def levels_of(leaves):
    """All hashes that the tiles of a tree store, level by level, by the definition."""
    levels = [leaves]
    while len(levels[-1]) >= TILE_WIDTH:
        below = levels[-1]
        levels.append([root_of(below[i : i + TILE_WIDTH]) for i in range(0, len(below) - TILE_WIDTH + 1, TILE_WIDTH)])
    return levels


LEVELS = levels_of(LEAVES)


def reader(size, asked=None):
    """Serves the tiles of a tree of `size` leaves, in the widths that such a tree has and no other."""

    def read(level, n, width):
        if asked is not None:
            asked.append((level, n, width))
        if width != tiles.width_of(level, n, size) or width == 0:
            return None
        return b"".join(LEVELS[level][n * TILE_WIDTH : n * TILE_WIDTH + width])

    return read


class TestPaths:
    def test_tile_paths_of_others(self):
        for case in vectors()["tile_path"]:
            tile = Tile(case["level"], case["index"], case["width"] or TILE_WIDTH)
            assert tile.path() == case["path"]
            assert parse_path(case["path"]) == tile

    def test_entry_paths_of_others(self):
        for case in vectors()["entries_path"]:
            tile = Tile(ENTRIES, case["index"], case["width"] or TILE_WIDTH)
            assert tile.path() == case["path"]
            assert parse_path(case["path"]) == tile
        for case in vectors()["entries_path_for_log_index"]:
            n = case["seq"] // TILE_WIDTH
            assert Tile(ENTRIES, n, tiles.width_of(0, n, case["log_size"])).path() == case["path"]

    def test_parsing_of_others(self):
        for case in vectors()["parse_ok"]:
            level, n, width = case["want"]
            assert parse_path(f"tile/{case['level']}/{case['path']}") == Tile(level, n, width or TILE_WIDTH)
        for case in vectors()["parse_err"]:
            with pytest.raises(MalformedTilePathError):
                parse_path(f"tile/{case['level']}/{case['path']}")

    @pytest.mark.parametrize(
        "path",
        [
            "", "tile", "tile/0", "tile/0/", "/tile/0/000", "tile/00/000", "tile/01/000", "tile/0/00", "tile/0/0000", "tile/0/x000",
            "tile/0/x000/000", "tile/0/x000/001", "tile/0/000.p/0", "tile/0/000.p/01", "tile/0/000.p/999", "tile/0/000/", "tile/0/000\n",
            "tile/0/000.p/256", "tile/0/000.p/1\n", "tile/0/\u0661\u0661\u0661", "tile/data/000", "tile/entries/x001/002/x003", "tile/0/X001/000",
            "tile/64/000", "tile/0/x009/x223/x372/x036/x854/x775/808", "tile/0/" + "x999/" * 50 + "999",
        ],
    )  # fmt: skip
    def test_other_ways_of_writing_are_refused(self, path):
        with pytest.raises(MalformedTilePathError):
            parse_path(path)

    @given(st.integers(-1, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
    def test_round_trip(self, level, n, width):
        assert parse_path(Tile(level, n, width).path()) == Tile(level, n, width)

    def test_last_tile_name(self):
        assert parse_path("tile/63/x009/x223/x372/x036/x854/x775/807") == Tile(63, 2**63 - 1)

    @pytest.mark.parametrize("arguments", [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257)])
    def test_impossible_names_are_never_built(self, arguments):
        with pytest.raises(MalformedTilePathError):
            Tile(*arguments)

    @given(st.text(max_size=40))
    def test_any_text_is_a_tile_or_the_typed_error(self, text):
        with suppress(MalformedTilePathError):
            assert parse_path("tile/" + text).path() == "tile/" + text


class TestWhichTiles:
    @pytest.mark.parametrize("size", [70_000, 256])
    def test_tiles_of_the_specification(self, size):
        wanted = vectors()[f"spec_size_{size}"]
        full, partial = {}, {}
        for tile in tiles.new_tiles(0, size):
            if tile.width == TILE_WIDTH:
                full[str(tile.level)] = full.get(str(tile.level), 0) + 1
            else:
                partial[str(tile.level)] = tile.width
        assert (full, partial) == (wanted["full"], wanted["partial"])

    @given(st.integers(0, 70_000), st.integers(0, 3_000))
    def test_growth_names_exactly_the_changed_tiles(self, old, more):
        new = min(old + more, 70_000)
        before, after = set(tiles.new_tiles(0, old)), set(tiles.new_tiles(0, new))
        assert sorted(after - before, key=lambda t: (t.level, t.n)) == list(tiles.new_tiles(old, new))

    def test_empty_log_and_no_growth(self):
        assert list(tiles.new_tiles(0, 0)) == []
        assert list(tiles.new_tiles(300, 300)) == []
        assert list(tiles.new_bundles(300, 300)) == []

    def test_bundles_follow_the_lowest_level(self):
        assert [tile.path() for tile in tiles.new_bundles(250, 600)] == [
            "tile/entries/000",
            "tile/entries/001",
            "tile/entries/002.p/88",
        ]


class TestTree:
    @pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000])
    def test_root(self, size):
        assert TileTree(reader(size), size).root(size) == root_of(LEAVES[:size])
        assert TileTree(reader(size), size).edge().root() == root_of(LEAVES[:size])

    @given(st.integers(1, 70_000), st.data())
    def test_proofs_verify(self, size, data):
        earlier = data.draw(st.integers(1, size))
        index = data.draw(st.integers(0, earlier - 1))
        tree = TileTree(reader(size), size)
        root = root_of(LEAVES[:earlier])
        assert tree.root(earlier) == root
        merkle.verify_inclusion(LEAVES[index], index, earlier, tree.inclusion_proof(index, earlier), root)
        merkle.verify_consistency(earlier, size, root, root_of(LEAVES[:size]), tree.consistency_proof(earlier, size))

    @given(st.integers(1, 600), st.data())
    def test_proofs_are_those_of_the_definition(self, size, data):
        entries = [n.to_bytes(4, "big") for n in range(size)]
        index = data.draw(st.integers(0, size - 1))
        tree = TileTree(reader(600), 600)
        assert tree.inclusion_proof(index, size) == naive_merkle.path(index, entries)
        assert tree.consistency_proof(index + 1, size) == naive_merkle.proof(0, index + 1, entries)

    def test_a_tile_is_read_once(self):
        asked = []
        tree = TileTree(reader(70_000, asked), 70_000)
        tree.inclusion_proof(1, 70_000)
        tree.inclusion_proof(2, 70_000)
        assert len(asked) == len(set(asked))
        assert asked

    def test_a_shared_cache_serves_trees_of_other_sizes_and_stays_bounded(self):
        cache, asked = {}, []
        for size in (700, 70_000, 699, *range(1, 70_000, 331)):
            tree = TileTree(reader(size, asked), size, cache)
            assert tree.root(size) == root_of(LEAVES[:size])
            merkle.verify_inclusion(LEAVES[0], 0, size, tree.inclusion_proof(0, size), tree.root(size))
            assert len(cache) <= 64
        before = len(asked)
        tree.inclusion_proof(0, size)
        assert len(asked) == before

    @pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (0, 11), (-1, 10)])
    def test_no_such_leaf(self, index, size):
        with pytest.raises(OutOfRangeError):
            TileTree(reader(10), 10).inclusion_proof(index, size)

    @pytest.mark.parametrize(("old", "new"), [(3, 2), (0, 11), (-1, 10)])
    def test_no_such_history(self, old, new):
        with pytest.raises(OutOfRangeError):
            TileTree(reader(10), 10).consistency_proof(old, new)

    @pytest.mark.parametrize("size", [-1, 11])
    def test_no_such_size(self, size):
        with pytest.raises(OutOfRangeError):
            TileTree(reader(10), 10).root(size)

    @pytest.mark.parametrize("data", [None, b"", bytes(32 * 9), bytes(32 * 11), bytes(32 * 10 - 1)])
    def test_missing_short_or_long_tile(self, data):
        with pytest.raises(BadTileError):
            TileTree(lambda _level, _n, _width: data, 10).root(10)


class TestBundles:
    @given(st.lists(st.binary(max_size=300), max_size=256))
    def test_round_trip(self, entries):
        assert tiles.decode_bundle(tiles.encode_bundle(entries), len(entries)) == entries

    def test_bytes(self):
        assert tiles.encode_bundle([b"", b"ab"]) == b"\0\0\0\2ab"

    @pytest.mark.parametrize(
        ("data", "width"), [(b"", 1), (b"\0\0", 0), (b"\0\0\0\0", 1), (b"\0\2a", 1), (b"\0", 1), (b"\1", 1), (b"\0\1ab", 1)]
    )
    def test_other_counts_and_cut_bundles(self, data, width):
        with pytest.raises(BadTileError):
            tiles.decode_bundle(data, width)

    @given(st.binary(max_size=40), st.integers(0, 5))
    def test_any_bytes(self, data, width):
        with suppress(BadTileError):
            assert tiles.encode_bundle(tiles.decode_bundle(data, width)) == data
