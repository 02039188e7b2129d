"""A second program for an exported log: verifies a directory of C2SP tlog-tiles from its bytes alone.

    python -m tests.outside.log DIR [--policy POLICY] [--genesis GENESIS]

Checked: the checkpoint's form (with a policy also its signatures and quorum); that every tile and bundle the size asks for
is there with its exact path and length; that every entry hashes to its place, every tile
to its place in the tile above, and all to the root; that every further partial tile is a prefix of what it grew into, and
that no other file lies under `tile/`; with the genesis file also every record's signature (of kinds known here). Exit code
0, or 1 with one line `error CODE: detail`.
"""

import argparse
import json
import re
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.outside import policy as policies
from tests.outside import records
from tests.outside.notes import Checkpoint, Key, parse_note, plain_checkpoint, verify_known
from tests.outside.trees import WIDTH, mth, tile_path, widths
from tests.outside.wire import CheckFailedError, canonical, decode, leaf_hash, need

PATH = re.compile(
    r"(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<n>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Audited:
    """What a good directory holds."""

    checkpoint: Checkpoint
    entries: tuple[bytes, ...]


def parse_path(path: str) -> tuple[str, int, int]:
    """Level (or `entries`), index and width of a path below `tile/`."""
    found = PATH.fullmatch(path)
    need(found is not None, "stray-file", path)
    assert found is not None
    n = int(found["n"].replace("x", "").replace("/", ""))
    width = int(found["width"] or WIDTH)
    need(width < WIDTH or found["width"] is None, "stray-file", path)
    need(tile_path(found["level"], n, width) == path, "stray-file", path)
    return found["level"], n, width


def split_bundle(bundle: bytes, where: str) -> list[bytes]:
    """The entries of a bundle, each behind its u16 big-endian length."""
    entries, at = [], 0
    while at < len(bundle):
        need(at + 2 <= len(bundle), "bad-bundle", where)
        end = at + 2 + struct.unpack_from(">H", bundle, at)[0]
        need(end <= len(bundle), "bad-bundle", where)
        entries.append(bundle[at + 2 : end])
        at = end
    return entries


def _read(root: Path, path: str) -> bytes:
    file = root / "tile" / path
    need(file.is_file(), "missing-tile", path)
    return file.read_bytes()


def _level(root: Path, level: int, count: int) -> list[bytes]:
    hashes: list[bytes] = []
    for n, width in widths(count):
        path = tile_path(level, n, width)
        data = _read(root, path)
        need(len(data) == 32 * width, "bad-tile-length", path)
        hashes += [data[at : at + 32] for at in range(0, len(data), 32)]
    return hashes


def _entries(root: Path, leaves: Sequence[bytes]) -> list[bytes]:
    entries: list[bytes] = []
    for n, width in widths(len(leaves)):
        path = tile_path("entries", n, width)
        bundle = split_bundle(_read(root, path), path)
        need(len(bundle) == width, "bad-bundle", f"{path} holds {len(bundle)}")
        for entry in bundle:
            need(leaf_hash(entry) == leaves[len(entries)], "bad-entry", f"entry {len(entries)}")
            entries.append(entry)
    return entries


def _strays(root: Path, levels: Sequence[Sequence[bytes]], entries: Sequence[bytes]) -> None:
    for file in sorted((root / "tile").rglob("*")):
        if file.is_dir():
            continue
        path = file.relative_to(root / "tile").as_posix()
        level, n, width = parse_path(path)
        below = n * WIDTH
        if level == "entries":
            whole = list(entries[below : below + width])
            same = split_bundle(file.read_bytes(), path) == whole
        else:
            whole = list(levels[int(level)][below : below + width]) if int(level) < len(levels) else []
            same = file.read_bytes() == b"".join(whole)
        need(len(whole) == width, "stray-file", f"{path} is beyond the checkpoint")
        need(same, "bad-partial", path)


def audit(root: Path, policy: policies.Policy | None = None) -> Audited:
    """Verify the whole directory; returns its checkpoint and entries."""
    file = root / "checkpoint"
    need(file.is_file(), "missing-checkpoint", str(file))
    note = parse_note(file.read_bytes())
    point = plain_checkpoint(note.text)
    if policy is not None:
        logs = [key for key in policy.logs if key.name == point.origin]
        signed: dict[Key, int | None] = verify_known(note, [*logs, *policy.witnesses.values()])
        need(any(key in signed for key in logs), "no-log-signature", point.origin)
        need(policy.met(signed), "no-quorum", policy.quorum)
    levels: list[list[bytes]] = []
    count = point.size
    while count:
        levels.append(_level(root, len(levels), count))
        if len(levels) > 1:
            for n, parent in enumerate(levels[-1]):
                need(mth(levels[-2][n * WIDTH : (n + 1) * WIDTH]) == parent, "bad-tile", f"level {len(levels) - 1}, hash {n}")
        count //= WIDTH
    leaves = levels[0] if levels else []
    need(mth(leaves) == point.root, "bad-root", f"size {point.size}")
    entries = _entries(root, leaves)
    if (root / "tile").is_dir():
        _strays(root, levels, entries)
    return Audited(point, tuple(entries))


def ledger_id(genesis: bytes) -> bytes:
    """SHA-256 of the canonical MessagePack of the genesis file's content."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        need(len({key for key, _ in pairs}) == len(pairs), "bad-genesis", "duplicate key")
        return dict(pairs)

    try:
        content = json.loads(genesis, object_pairs_hook=once)
    except ValueError as error:
        raise CheckFailedError("bad-genesis", "not JSON") from error
    return sha256(canonical(content)).digest()


def check_records(entries: Sequence[bytes], ledger: bytes) -> int:
    """Verify every record of a kind known here, and the canonical form of all; returns how many were known."""
    known = 0
    for index, entry in enumerate(entries):
        try:
            record = records.parse(entry)
        except CheckFailedError as error:
            need(error.code == "unknown-kind", error.code, f"entry {index}: {error.detail}")
            decode(entry)
            continue
        records.verify(ledger, record)
        known += 1
    return known


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.outside.log")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--policy", type=Path)
    parser.add_argument("--genesis", type=Path)
    options = parser.parse_args(arguments)
    try:
        policy = None if options.policy is None else policies.parse(options.policy.read_bytes())
        audited = audit(options.directory, policy)
        if options.genesis is not None:
            check_records(audited.entries, ledger_id(options.genesis.read_bytes()))
    except OSError as error:
        print(f"error unreadable: {error}", file=sys.stderr)
        return 1
    except CheckFailedError as error:
        print(f"error {error}", file=sys.stderr)
        return 1
    print(f"ok {audited.checkpoint.origin}: {audited.checkpoint.size} entries, root {audited.checkpoint.root.hex()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
