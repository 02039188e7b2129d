"""The log's Merkle tree in a key-value store: hash tiles that grow, the right edge in memory.

Rules:
- a tile is one value, its hashes one behind the other, under `prefix || level (1 byte) || n (8 bytes, big-endian)`; a
  partial tile grows in place, so every earlier width of it stays readable as a prefix of the value;
- `append` computes what must be written and changes nothing; the caller writes `puts` in one batch with all else that
  belongs to the block and then calls `commit`. After a crash the store holds either all of it or nothing;
- on opening, the right edge is computed from the tiles again, and each level's newest hash from the full tile below it. The
  caller compares the root with the one that it has signed.

Reference: c2sp.org/tlog-tiles.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.errors import BadTileError, StoreError
from ledger.merkle import HASH_BYTES, CompactRange
from ledger.tiles import MAX_LEVEL, TILE_HEIGHT, TILE_WIDTH, TileCache, TileTree, count_at, width_of

PREFIX = b"t/"
"""Where tiles stand in the store unless the caller says otherwise."""

_FULL = TILE_WIDTH * HASH_BYTES


@dataclass(frozen=True, slots=True)
class Edge:
    """All that is kept in memory of a log.

    Attributes:
        nodes: the right edge as complete subtrees.
        root: root hash of the tree.
        tails: each level's partial tile, empty where there is none; level 0 first.
    """

    nodes: CompactRange
    root: bytes
    tails: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self.nodes.size


@dataclass(frozen=True, slots=True)
class LogWrites:
    """What one append changes.

    Attributes:
        puts: keys and their new values, for the store's batch.
        before: the edge that it was computed from; the writes fit no other.
        after: the edge afterwards.
    """

    puts: dict[bytes, bytes]
    before: Edge
    after: Edge

    @property
    def size(self) -> int:
        """Leaves after the append."""
        return self.after.size

    @property
    def root(self) -> bytes:
        """Root hash after the append."""
        return self.after.root


class Log:
    """The tree of `size` leaves that a store holds. Readers on other threads see the state before a commit or after it."""

    __slots__ = ("_cache", "_edge", "_get", "_prefix")

    def __init__(self, get: Callable[[bytes], bytes | None], size: int, prefix: bytes = PREFIX) -> None:
        """Opens the log: reads and checks its right edge.

        Raises:
            StoreError: a tile of the right edge is missing, has the wrong length or does not agree with the tile below it.
        """
        self._get = get
        self._prefix = prefix
        self._cache: TileCache = {}
        # Whole values are read here: a tile that holds more than `size` calls for was not written in one batch with it.
        tree = TileTree(lambda level, n, _: get(self._key(level, n)), size)
        try:
            nodes = tree.edge()
            self._edge = Edge(nodes, nodes.root(), _tails(tree))
        except BadTileError as error:
            raise StoreError(f"the log's right edge is damaged: {error}") from error

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._edge.size

    @property
    def root(self) -> bytes:
        """Root hash of the whole tree."""
        return self._edge.root

    def append(self, leaf_hashes: Sequence[bytes]) -> LogWrites:
        """The writes that append these leaves (hashes of 32 bytes), in their order. The log itself stays as it is.

        Raises:
            MalformedProofError: a leaf hash is not 32 bytes.
        """
        grown: dict[int, list[bytes]] = {}

        def visit(height: int, node: bytes) -> None:
            grown.setdefault(height // TILE_HEIGHT, []).append(node)

        before = self._edge
        nodes = before.nodes.extended(leaf_hashes, visit)
        tails = list(before.tails)
        puts: dict[bytes, bytes] = {}
        for level, hashes in sorted(grown.items()):
            if level == len(tails):
                tails.append(b"")
            data = tails[level] + b"".join(hashes)
            for n, start in enumerate(range(0, len(data), _FULL), count_at(level, before.size) // TILE_WIDTH):
                puts[self._key(level, n)] = data[start : start + _FULL]
            tails[level] = data[len(data) - len(data) % _FULL :]
        return LogWrites(puts, before, Edge(nodes, nodes.root(), tuple(tails)))

    def commit(self, writes: LogWrites) -> None:
        """Takes over what `append` computed, now that the store has it durably.

        Raises:
            StoreError: the writes were computed from another state; the store and this object no longer agree.
        """
        if writes.before != self._edge:
            raise StoreError(f"writes for a log of {writes.before.size} leaves, committed to one of {self.size}")
        self._edge = writes.after

    def tile(self, level: int, n: int, width: int) -> bytes | None:
        """A hash tile's bytes, `width` being 256 for a full tile; None for what tlog-tiles has no such path for.

        A full tile is there once it is full. A partial one is there from the size that has it on, and stays.

        Raises:
            StoreError: the tile should be in the store and is not.
        """
        if not (0 <= level <= MAX_LEVEL and n >= 0 and 1 <= width <= width_of(level, n, self.size)):
            return None
        return self._read(level, n, width)

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` leaves.

        Raises:
            OutOfRangeError: the log is smaller.
            StoreError: a tile is damaged.
        """
        edge = self._edge
        return edge.root if size == edge.size else self._tree().root(size)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The path from leaf `index` to the root of the first `size` leaves, leaf's sibling first.

        Raises:
            OutOfRangeError: the log is smaller than `size`, or `index` is not below it.
            StoreError: a tile is damaged.
        """
        return self._tree().inclusion_proof(index, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The path which shows that the first `old` leaves are a prefix of the first `new`.

        Raises:
            OutOfRangeError: not `0 <= old <= new`, or the log is smaller than `new`.
            StoreError: a tile is damaged.
        """
        return self._tree().consistency_proof(old, new)

    def _tree(self) -> TileTree:
        return TileTree(self._read, self.size, self._cache)

    def _key(self, level: int, n: int) -> bytes:
        return tile_key(self._prefix, level, n)

    def _read(self, level: int, n: int, width: int) -> bytes:
        """The first `width` hashes of a tile that the log must have."""
        data = self._get(self._key(level, n))
        if data is None or len(data) < width * HASH_BYTES:
            raise StoreError(f"tile {n} at level {level} has fewer than {width} hashes in the store")
        return data[: width * HASH_BYTES]


def tile_key(prefix: bytes, level: int, n: int) -> bytes:
    """Where a tile stands in a store."""
    return prefix + level.to_bytes(1, "big") + n.to_bytes(8, "big")


def _tails(tree: TileTree) -> tuple[bytes, ...]:
    """Each level's partial tile; on the way each level's newest hash is compared with the full tile that it stands for.

    Raises:
        BadTileError: a tile is missing, has the wrong length, or its root is not what the level above says.
    """
    tails: list[bytes] = []
    level = 0
    while count := count_at(level, tree.size):
        n, partial = divmod(count, TILE_WIDTH)
        tails.append(b"".join(tree.pyramid(level, n)[0]) if partial else b"")
        if level:
            last = count - 1
            held = tree.pyramid(level, last // TILE_WIDTH)[0][last % TILE_WIDTH]
            if tree.pyramid(level - 1, last)[-1][0] != held:
                raise BadTileError(f"tile {last} at level {level - 1} does not hash to what level {level} holds")
        level += 1
    return tuple(tails)
