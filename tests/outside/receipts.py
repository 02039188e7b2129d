"""A second program for receipts: makes and verifies `tlog-proof@v1` texts against a C2SP policy, and nothing else.

    python -m tests.outside.receipts verify FILE --policy POLICY

Exit code 0 and one line that says what was established, or 1 and one line `error CODE: detail` per failing check, or 2
for wrong usage. The record in `extra` is trusted for nothing but its hash. Lines of keys the policy does not name are
ignored, as c2sp.org/signed-note demands: whoever strips or renames a cosignature only makes the quorum smaller.
"""

import argparse
import base64
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.outside import policy as policies
from tests.outside import records
from tests.outside.notes import Checkpoint, Key, Note, parse_note, plain_checkpoint, strict_base64, strict_decimal, verify_line
from tests.outside.wire import MAX_RECORD, CheckFailedError, leaf_hash, need, node_hash

HEAD = "c2sp.org/tlog-proof@v1"
MAX_FILE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof's parts; form only."""

    record: bytes
    index: int
    path: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a good receipt establishes, and on whose word."""

    record: bytes
    index: int
    checkpoint: Checkpoint
    log: Key
    witnesses: dict[str, int]


def make(record: bytes, index: int, path: Sequence[bytes], note: bytes) -> bytes:
    """The receipt's text."""
    lines = [HEAD, f"extra {base64.b64encode(record).decode()}", f"index {index}"]
    lines += [base64.b64encode(node).decode() for node in path]
    return ("\n".join(lines) + "\n\n").encode() + note


def parse(data: bytes) -> Proof:
    """Read a receipt; form only."""
    need(len(data) <= MAX_FILE, "bad-receipt", "too large")
    above, gap, note = data.partition(b"\n\n")
    need(gap != b"", "bad-receipt", "no empty line before the checkpoint")
    try:
        lines = above.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise CheckFailedError("bad-receipt", "not ASCII above the checkpoint") from error
    need(lines[0] == HEAD, "bad-receipt", "first line")
    need(len(lines) > 2 and lines[1].startswith("extra "), "bad-receipt", "no record in extra")
    record = strict_base64(lines[1].removeprefix("extra "), "bad-receipt")
    need(0 < len(record) <= MAX_RECORD, "bad-receipt", "record's length")
    need(lines[2].startswith("index "), "bad-receipt", "no index")
    index = strict_decimal(lines[2].removeprefix("index "), "bad-receipt")
    need(len(lines) - 3 <= 63, "bad-receipt", "path too long")
    path = tuple(strict_base64(line, "bad-receipt") for line in lines[3:])
    need(all(len(node) == 32 for node in path), "bad-receipt", "path of 32-byte hashes")
    return Proof(record, index, path, note)


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """RFC 9162, 2.1.3.2."""
    need(index < size, "bad-inclusion", f"index {index} in a tree of {size}")
    fn, sn, node = index, size - 1, leaf
    for sibling in path:
        need(sn > 0, "bad-inclusion", "path too long")
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "bad-inclusion", "path too short")
    need(node == root, "bad-inclusion", "another root")


def check(data: bytes, policy: policies.Policy) -> tuple[Verdict | None, list[CheckFailedError]]:
    """Run every check; either a verdict, or all failures (those of form hide the later ones)."""
    failures: list[CheckFailedError] = []
    try:
        proof = parse(data)
        note = parse_note(proof.note)
        point = plain_checkpoint(note.text)
    except CheckFailedError as error:
        return None, [error]
    log = _log(note, point, policy, failures)
    signed: dict[Key, int] = {}
    names = {key: name for name, key in policy.witnesses.items()}
    for line in note.lines:
        for key in names:
            if (key.name, key.id) == (line.name, line.id):
                try:
                    signed[key] = max(signed.get(key, 0), verify_line(key, line, note.text) or 0)
                except CheckFailedError as error:
                    failures.append(error)
    if not policy.met(signed):
        failures.append(CheckFailedError("no-quorum", f"{policy.quorum} not met by {sorted(names[key] for key in signed)}"))
    try:
        check_inclusion(leaf_hash(proof.record), proof.index, point.size, proof.path, point.root)
    except CheckFailedError as error:
        failures.append(error)
    if failures or log is None:
        return None, failures
    return Verdict(proof.record, proof.index, point, log, {names[key]: at for key, at in signed.items()}), []


def _log(note: Note, point: Checkpoint, policy: policies.Policy, failures: list[CheckFailedError]) -> Key | None:
    named = [key for key in policy.logs if key.name == point.origin]
    if not named:
        failures.append(CheckFailedError("unknown-log", point.origin))
        return None
    found = None
    for line in note.lines:
        for key in named:
            if (key.name, key.id) == (line.name, line.id):
                try:
                    verify_line(key, line, note.text)
                    found = key
                except CheckFailedError as error:
                    failures.append(error)
                    return None
    if found is None:
        failures.append(CheckFailedError("no-log-signature", point.origin))
    return found


def verify(data: bytes, policy: policies.Policy) -> Verdict:
    """The verdict, or the first failure."""
    verdict, failures = check(data, policy)
    if verdict is None:
        raise failures[0]
    return verdict


def _describe(verdict: Verdict) -> str:
    try:
        record = records.parse(verdict.record)
        what = f"{record.kind} {record.body['number']} by {record.author}"
    except CheckFailedError:
        what = "a record of another kind"
    words = ", ".join(f"{name} at {at}" for name, at in sorted(verdict.witnesses.items())) or "nobody"
    return (
        f"ok {what}, id {leaf_hash(verdict.record).hex()}, entry {verdict.index} of {verdict.checkpoint.size} in "
        f"{verdict.checkpoint.origin}, cosigned by {words}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.outside.receipts")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("verify")
    command.add_argument("file", type=Path)
    command.add_argument("--policy", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        data, policy = options.file.read_bytes(), policies.parse(options.policy.read_bytes())
    except (OSError, CheckFailedError) as error:
        print(f"error {error}" if isinstance(error, CheckFailedError) else f"error unreadable: {error}", file=sys.stderr)
        return 1
    verdict, failures = check(data, policy)
    for failure in failures:
        print(f"error {failure}", file=sys.stderr)
    if verdict is None:
        return 1
    print(_describe(verdict))
    return 0


if __name__ == "__main__":
    sys.exit(main())
