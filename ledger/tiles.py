"""C2SP tlog-tiles: the Merkle tree as files of at most 256 hashes, their paths, and proofs out of them. Pure functions.

Rules:
- hash i of tile n at level l is the root of the 256**l leaves from `(n * 256 + i) * 256**l` on; it exists once they all do;
- a full tile is 256 hashes wide; the rightmost tile of a level may be partial (1 to 255), an empty one does not exist;
- a path has one form only: `tile/<L>/<N>` for a full tile, `.p/<W>` behind it for a partial one, `<L>` being `entries` for a
  bundle of log entries, `<N>` in groups of three digits of which all but the last begin with `x`;
- nothing is read that a tree of the stated size does not have.

Tiles that come from elsewhere are as trustworthy as the root that is computed out of them: compare it with a checkpoint's.

Reference: c2sp.org/tlog-tiles.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ledger import merkle
from ledger.errors import BadTileError, MalformedTilePathError, OutOfRangeError
from ledger.limits import MAX_TREE_SIZE
from ledger.merkle import HASH_BYTES

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_LEVEL = 63
ENTRIES = -1
"""In a `Tile` the level that stands for a bundle of entries."""

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
_LENGTH_BYTES = 2
_CACHED_TILES = 64

TileReader = Callable[[int, int, int], bytes | None]
"""(level, n, width) to the tile's concatenated hashes, None when it is not there."""


@dataclass(frozen=True, slots=True)
class Tile:
    """The name of one hash tile or entry bundle.

    Attributes:
        level: 0 to 63, or `ENTRIES`.
        n: index within the level, from the left.
        width: hashes (or entries) in it, 1 to 256; 256 is a full tile.

    Raises:
        MalformedTilePathError: no tile can have this name.
    """

    level: int
    n: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not (ENTRIES <= self.level <= MAX_LEVEL and 0 <= self.n <= MAX_TREE_SIZE and 1 <= self.width <= TILE_WIDTH):
            raise MalformedTilePathError(f"no tile {self.n} of width {self.width} at level {self.level}")

    def path(self) -> str:
        """`tile/<L>/<N>[.p/<W>]`, without a slash in front."""
        digits = str(self.n)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = "".join(f"x{digits[i : i + 3]}/" for i in range(0, len(digits) - 3, 3)) + digits[-3:]
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{groups}{partial}"


def parse_path(path: str) -> Tile:
    """The tile that `path` names; whatever is not the one way to write it is refused.

    Raises:
        MalformedTilePathError: no tile path, or another way of writing one.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise MalformedTilePathError("not of the form tile/<L>/<N>[.p/<W>]")
    level, groups, width = match.groups()
    tile = Tile(
        ENTRIES if level == "entries" else int(level),
        int(groups.replace("x", "").replace("/", "")),
        int(width) if width else TILE_WIDTH,
    )
    if tile.path() != path:
        raise MalformedTilePathError(f"the path is written {tile.path()}")
    return tile


def count_at(level: int, size: int) -> int:
    """How many hashes a tree of `size` leaves has at a level of tiles."""
    return size >> (TILE_HEIGHT * level)


def width_of(level: int, n: int, size: int) -> int:
    """How wide tile n of a level is in a tree of `size` leaves: 0 (not there) to 256 (full)."""
    return min(max(count_at(level, size) - n * TILE_WIDTH, 0), TILE_WIDTH)


def new_tiles(old: int, new: int) -> Iterator[Tile]:
    """The hash tiles of a tree of `new` leaves that one of `old` does not have in this width, level by level, from the left.

    With `old` 0 these are all tiles of the tree.
    """
    level = 0
    while count := count_at(level, new):
        before = count_at(level, old)
        if count > before:
            for n in range(before // TILE_WIDTH, -(-count // TILE_WIDTH)):
                yield Tile(level, n, width_of(level, n, new))
        level += 1


def new_bundles(old: int, new: int) -> Iterator[Tile]:
    """The entry bundles of a log of `new` entries that one of `old` does not have in this width, from the left."""
    for tile in new_tiles(old, new):
        if tile.level:
            return
        yield Tile(ENTRIES, tile.n, tile.width)


Pyramid = list[list[bytes]]
"""A tile's hashes, below the hashes of their pairs, of the pairs' pairs and so on, as far as they are complete."""

TileCache = dict[tuple[int, int, int], Pyramid]
"""(level, n, width) to the tile's pyramid; what stands in it never changes, so it may serve trees of any size."""


class TileTree:
    """A tree of `size` leaves that is read out of tiles.

    One is made for one answer. The cache may be shared by many: then proofs for neighbours cost next to nothing.
    """

    __slots__ = ("_cache", "_read", "size")

    def __init__(self, read: TileReader, size: int, cache: TileCache | None = None) -> None:
        self.size = size
        self._read = read
        self._cache = {} if cache is None else cache

    def root(self, size: int) -> bytes:
        """The root of the tree as it was with its first `size` leaves.

        Raises:
            OutOfRangeError: the tree is smaller.
            BadTileError: a tile is missing or has the wrong length.
        """
        if not 0 <= size <= self.size:
            raise OutOfRangeError(f"a tree of {self.size} leaves had no size {size}")
        return self._hash(0, size)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The path from leaf `index` to the root of the first `size` leaves, leaf's sibling first.

        Raises:
            OutOfRangeError: the tree is smaller than `size`, or `index` is not below it.
            BadTileError: a tile is missing or has the wrong length.
        """
        return [self._hash(*part) for part in merkle.inclusion_ranges(index, self._within(size))]

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The path which shows that the first `old` leaves are a prefix of the first `new`.

        Raises:
            OutOfRangeError: not `0 <= old <= new`, or the tree is smaller than `new`.
            BadTileError: a tile is missing or has the wrong length.
        """
        return [self._hash(*part) for part in merkle.consistency_ranges(old, self._within(new))]

    def edge(self) -> merkle.CompactRange:
        """The right edge of the whole tree.

        Raises:
            BadTileError: a tile is missing or has the wrong length.
        """
        return merkle.CompactRange(self.size, tuple(self._subtree(*part) for part in merkle.subtrees(0, self.size)))

    def pyramid(self, level: int, n: int) -> Pyramid:
        """A tile in the width that it has in this tree, with the hashes that follow from it.

        Raises:
            BadTileError: the tile is missing or has the wrong length.
        """
        width = width_of(level, n, self.size)
        pyramid = self._cache.get((level, n, width))
        if pyramid is None:
            data = self._read(level, n, width)
            if data is None or len(data) != width * HASH_BYTES:
                held = "missing" if data is None else f"{len(data)} bytes"
                raise BadTileError(f"tile {n} at level {level}: {held}, where {width} hashes are wanted")
            if len(self._cache) >= _CACHED_TILES:
                self._cache.clear()
            pyramid = self._cache[level, n, width] = merkle.pyramid(data)
        return pyramid

    def _within(self, size: int) -> int:
        if size > self.size:
            raise OutOfRangeError(f"a tree of {self.size} leaves had no size {size}")
        return size

    def _hash(self, start: int, end: int) -> bytes:
        """The hash of a proof's range: its complete subtrees, folded from the right."""
        height = (end - start).bit_length() - 1
        if height >= 0 and end - start == 1 << height:  # nearly every range of a proof is one complete subtree
            return self._subtree(height, start >> height)
        parts = [self._subtree(*part) for part in merkle.subtrees(start, end)]
        if not parts:
            return merkle.EMPTY_ROOT
        node = parts.pop()
        while parts:
            node = merkle.node_hash(parts.pop(), node)
        return node

    def _subtree(self, height: int, index: int) -> bytes:
        """The root of a complete subtree: it lies within one tile, `height % 8` above that tile's hashes."""
        level, inner = divmod(height, TILE_HEIGHT)
        n, offset = divmod(index, TILE_WIDTH >> inner)
        return self.pyramid(level, n)[inner][offset]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry behind its length (u16 big-endian). Entries are at most 65,535 bytes."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle.

    Raises:
        BadTileError: there are more or fewer, or the last one is cut off.
    """
    entries: list[bytes] = []
    position = 0
    while position < len(data):
        start = position + _LENGTH_BYTES
        position = start + int.from_bytes(data[start - _LENGTH_BYTES : start], "big")
        entries.append(data[start:position])
    if len(entries) != width or position != len(data):
        raise BadTileError(f"a bundle of {len(data)} bytes does not hold exactly {width} entries")
    return entries
