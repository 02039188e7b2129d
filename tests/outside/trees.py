"""Trees the slow and obvious way: RFC 6962's recursive definitions over all leaves, and a log's directory written from them."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from tests.outside.wire import leaf_hash, node_hash

WIDTH = 256


def mth(hashes: Sequence[bytes]) -> bytes:
    """RFC 6962 tree hash over leaf (or subtree) hashes."""
    if not hashes:
        return sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(mth(hashes[:split]), mth(hashes[split:]))


def inclusion_path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """RFC 6962, 2.1.1: the leaf's sibling first, the root's child last."""
    if len(hashes) == 1:
        return []
    split = 1 << (len(hashes) - 1).bit_length() - 1
    if index < split:
        return [*inclusion_path(hashes[:split], index), mth(hashes[split:])]
    return [*inclusion_path(hashes[split:], index - split), mth(hashes[:split])]


def tile_path(level: int | str, n: int, width: int) -> str:
    """The path of a tile below `tile/`; width 256 is a full one."""
    groups = [f"{n % 1000:03}"]
    while n >= 1000:
        n //= 1000
        groups.insert(0, f"x{n % 1000:03}")
    return f"{level}/{'/'.join(groups)}" + ("" if width == WIDTH else f".p/{width}")


def widths(count: int) -> Iterator[tuple[int, int]]:
    """Index and width of the tiles that `count` hashes (or entries) of one level fill."""
    yield from ((n, WIDTH) for n in range(count // WIDTH))
    if count % WIDTH:
        yield count // WIDTH, count % WIDTH


def export(root: Path, entries: Sequence[bytes], checkpoint: bytes) -> None:
    """Write the directory that `audit` reads."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "checkpoint").write_bytes(checkpoint)

    def write(path: str, data: bytes) -> None:
        file = root / "tile" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    for n, width in widths(len(entries)):
        bundle = entries[n * WIDTH : n * WIDTH + width]
        write(tile_path("entries", n, width), b"".join(len(entry).to_bytes(2, "big") + entry for entry in bundle))
    level, hashes = 0, [leaf_hash(entry) for entry in entries]
    while hashes:
        for n, width in widths(len(hashes)):
            write(tile_path(level, n, width), b"".join(hashes[n * WIDTH : n * WIDTH + width]))
        full = len(hashes) // WIDTH
        level, hashes = level + 1, [mth(hashes[n * WIDTH : (n + 1) * WIDTH]) for n in range(full)]
