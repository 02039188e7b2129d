"""Merkle trees as RFC 6962 and RFC 9162 define them: hashes, roots, proofs. Pure functions on bytes, SHA-256 throughout.

Rules:
- a leaf hashes as SHA-256(0x00 || entry), an inner node as SHA-256(0x01 || left || right), the empty tree as SHA-256("");
- a tree of n > 1 leaves splits at the largest power of two below n, so a node that has no sibling moves up unchanged;
- a verifier takes exactly as many hashes as index and sizes call for, and compares every root it was given.

What a proof consists of is said as *ranges* of leaves `[start, end)`, in the order of the path. Where their hashes come
from is the caller's matter: from a list here, from tiles in `ledger/tiles.py`.

Reference: RFC 6962 section 2.1, RFC 9162 sections 2.1.3 and 2.1.4.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.errors import MalformedProofError, OutOfRangeError, ProofLengthError, RootMismatchError
from ledger.limits import MAX_TREE_SIZE

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Range = tuple[int, int]
"""Leaves `[start, end)`; in every proof `start` is a multiple of the smallest power of two that is at least `end - start`."""


def leaf_hash(entry: bytes) -> bytes:
    """The 32-byte hash of a leaf; a record's id is this hash of its bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def pyramid(hashes: bytes) -> list[list[bytes]]:
    """All complete subtrees over nodes of one height that stand one behind the other in `hashes` (32 bytes each).

    Element h of the answer holds those of `2**h` nodes, from the left; the last element is the first that has one or none.
    """
    level = [hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)]
    levels = [level]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)  # an odd last node is in no complete pair
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        levels.append(level)
    return levels


@dataclass(frozen=True, slots=True)
class CompactRange:
    """A tree's right edge: all that is needed to append to it and to know its root.

    Attributes:
        size: number of leaves.
        nodes: hashes of the complete subtrees that make up the tree, from the largest (leftmost) to the smallest; one for
            each bit that is set in `size`.

    Raises:
        MalformedProofError: `nodes` does not fit `size`.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_TREE_SIZE or len(self.nodes) != self.size.bit_count():
            raise MalformedProofError(f"{len(self.nodes)} nodes cannot be the edge of a tree of {self.size} leaves")
        _require_hashes(self.nodes)

    def root(self) -> bytes:
        """The root hash of the tree."""
        if not self.nodes:
            return EMPTY_ROOT
        node = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            node = node_hash(left, node)
        return node

    def extended(self, leaves: Iterable[bytes], visit: Callable[[int, bytes], None] | None = None) -> "CompactRange":
        """The edge after `leaves` (leaf hashes, 32 bytes each) were appended.

        `visit(height, hash)` is called for each complete subtree that came into being whose height is a multiple of 8 (the
        heights that tiles store), in the order of their last leaf, lower ones first.

        Raises:
            MalformedProofError: a leaf hash is not 32 bytes, or the tree would grow beyond what the formats can state.
        """
        nodes = list(self.nodes)
        size = self.size
        for leaf in leaves:
            _require_hashes((leaf,))
            node = leaf
            height = 0
            if visit:
                visit(0, node)
            while size >> height & 1:
                node = sha256(b"\x01" + nodes.pop() + node).digest()
                height += 1
                if visit and not height & 7:
                    visit(height, node)
            nodes.append(node)
            size += 1
        return CompactRange(size, tuple(nodes))


def subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that make up the leaves `[start, end)` of a proof's range, as (height, index), largest first.

    Subtree (h, i) holds the leaves `[i * 2**h, (i + 1) * 2**h)`.
    """
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def inclusion_ranges(index: int, size: int) -> tuple[Range, ...]:
    """The siblings on the way from leaf `index` to the root of a tree of `size` leaves: the path, leaf's sibling first.

    Raises:
        OutOfRangeError: the tree has no such leaf.
    """
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise OutOfRangeError(f"a tree of {size} leaves has no leaf {index}")
    path: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_ranges(old: int, new: int) -> tuple[Range, ...]:
    """The path which shows that a tree of `old` leaves is a prefix of one of `new`: empty for `old` 0 and for `old` = `new`.

    Raises:
        OutOfRangeError: `old` is larger than `new`, or one of them is no size.
    """
    if not 0 <= old <= new <= MAX_TREE_SIZE:
        raise OutOfRangeError(f"a tree of {old} leaves is no prefix of one of {new}")
    path: list[Range] = []
    if old in {0, new}:
        return ()
    start, end = 0, new
    while end > old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    # What is left is the last complete part of the old tree; where it is the whole old tree, the verifier has its root.
    if start:
        path.append((start, end))
    return tuple(reversed(path))


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` leaves in which `leaf` (a leaf hash) stands at `index`, if `path` is right.

    Raises:
        OutOfRangeError: the tree has no such leaf.
        ProofLengthError: the path has too many or too few hashes.
        MalformedProofError: a hash is not 32 bytes.
    """
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise OutOfRangeError(f"a tree of {size} leaves has no leaf {index}")
    # Up to `inner` the path has a sibling at each height; above, only where the leaf's subtree is a right child.
    inner = (index ^ (size - 1)).bit_length()
    _require_length(path, inner + (index >> inner).bit_count())
    _require_hashes((leaf, *path))
    node = leaf
    for height, sibling in enumerate(path):
        left_child = height < inner and not index >> height & 1
        node = node_hash(node, sibling) if left_child else node_hash(sibling, node)
    return node


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Checks that `leaf` (a leaf hash) is number `index` of the tree of `size` leaves with this root (RFC 9162, 2.1.3.2).

    Raises:
        OutOfRangeError: the tree has no such leaf.
        ProofLengthError: the path has too many or too few hashes.
        MalformedProofError: a hash is not 32 bytes.
        RootMismatchError: the path leads to another root.
    """
    if root_from_path(leaf, index, size, path) != root:
        raise RootMismatchError(f"the path from leaf {index} does not lead to the root of the tree of {size} leaves")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Checks that the tree of `old` leaves is a prefix of the tree of `new` leaves (RFC 9162, 2.1.4.2).

    Raises:
        OutOfRangeError: `old` is larger than `new`, or one of them is no size.
        ProofLengthError: the path has too many or too few hashes.
        MalformedProofError: a hash is not 32 bytes.
        RootMismatchError: the path leads to another root than one of the two given.
    """
    if not 0 <= old <= new <= MAX_TREE_SIZE:
        raise OutOfRangeError(f"a tree of {old} leaves is no prefix of one of {new}")
    _require_hashes(path)
    if old in {0, new}:
        _require_length(path, 0)
        if old_root != (new_root if old == new else EMPTY_ROOT) or (new == 0 and new_root != EMPTY_ROOT):
            raise RootMismatchError(f"trees of {old} and {new} leaves cannot have these roots")
        return
    # The path starts at the last complete subtree of the old tree; when that is the whole old tree, it is left out.
    height = (old & -old).bit_length() - 1
    index, last = (old - 1) >> height, (new - 1) >> height
    inner = (index ^ last).bit_length()
    whole = index == 0
    _require_length(path, (0 if whole else 1) + inner + (index >> inner).bit_count())
    seed = old_root if whole else path[0]
    old_node = new_node = seed
    for level, sibling in enumerate(path if whole else path[1:]):
        if level < inner and not index >> level & 1:
            new_node = node_hash(new_node, sibling)
        else:
            old_node = node_hash(sibling, old_node)
            new_node = node_hash(sibling, new_node)
    if old_node != old_root or new_node != new_root:
        raise RootMismatchError(f"the tree of {old} leaves is no prefix of the tree of {new}")


def _split(count: int) -> int:
    """The largest power of two below `count` (at least 2)."""
    return 1 << (count - 1).bit_length() - 1


def _require_length(path: Sequence[bytes], wanted: int) -> None:
    if len(path) != wanted:
        raise ProofLengthError(f"a path of {len(path)} hashes, where {wanted} are wanted")


def _require_hashes(hashes: Iterable[bytes]) -> None:
    for item in hashes:
        if len(item) != HASH_BYTES:
            raise MalformedProofError(f"a hash of {len(item)} bytes, where {HASH_BYTES} are wanted")
