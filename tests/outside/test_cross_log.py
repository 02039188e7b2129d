"""Two programs for the log: notes, policies, receipts, tiles and the genesis, each way and under damage.

A receipt has no bit that is not covered: flipping any one makes both programs refuse it with a named check.
"""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger import checkpoint, errors, note, policy, receipt, tiles
from ledger.log import Log
from tests.outside import log, notes, receipts, samples, trees
from tests.outside import policy as policies
from tests.outside.wire import CheckFailedError, leaf_hash

SIZES = [(1, 0), (2, 1), (7, 6), (8, 3), (70, 69), (300, 255)]


def ours(check: Callable[..., Any], *arguments: Any) -> tuple[bool, Any]:
    """Whether the outside program takes it, and its answer or failure."""
    try:
        return True, check(*arguments)
    except CheckFailedError as failure:
        return False, failure


def theirs(check: Callable[..., Any], *arguments: Any) -> tuple[bool, Any]:
    """Whether the product takes it, and its answer or typed error; any other exception fails the test."""
    try:
        return True, check(*arguments)
    except errors.ProofError as failure:
        return False, failure


def product_policy(rules: policies.Policy) -> policy.Policy:
    return policy.parse_policy(str(rules).encode())


def test_keys_and_notes_are_the_same_text() -> None:
    rng = random.Random(1)
    for kind, name in ((note.SignatureType.ED25519, samples.ORIGIN), (note.SignatureType.COSIGNATURE, "BW/witness")):
        seed = rng.randbytes(32)
        signer = note.Signer.from_seed(name, kind, seed)
        key = notes.parse_key(vkey_of(signer.key))
        assert (key.name, key.kind, key.public, key.id) == (name, int(kind), signer.key.public, signer.key.key_id)
        assert note.parse_vkey(str(key)) == signer.key
    point = checkpoint.Checkpoint(samples.ORIGIN, 12, rng.randbytes(32))
    mine = notes.Checkpoint(point.origin, point.size, point.root)
    assert point.text() == str(mine).encode()
    assert notes.parse_checkpoint(point.text().decode()) == mine
    assert checkpoint.parse_checkpoint(str(mine).encode()) == point
    log_seed, seed = rng.randbytes(32), rng.randbytes(32)
    log_signer = note.Signer.from_seed(samples.ORIGIN, note.SignatureType.ED25519, log_seed)
    cosigner = note.Signer.from_seed("BW/witness", note.SignatureType.COSIGNATURE, seed)
    whole = note.Note(point.text(), (log_signer.sign(point.text()), cosigner.sign(point.text(), 1_767_225_600)))
    text = str(mine)
    lines = [notes.sign(samples.ORIGIN, log_seed, text), notes.cosign("BW/witness", seed, text, 1_767_225_600)]
    assert whole.encode() == notes.encode_note(text, lines)


def vkey_of(key: note.VerifierKey) -> str:
    """A key as the policy that a node prints shows it."""
    prefix = "log " if key.kind is note.SignatureType.ED25519 else "witness w "
    if key.kind is note.SignatureType.ED25519:
        rules = policy.Policy((policy.PolicyLog(key),), (), (), policy.NONE)
    else:
        rules = policy.Policy((), (policy.PolicyWitness("w", key),), (), "w")
    (line,) = [line for line in rules.format().splitlines() if line.startswith(prefix)]
    return line.removeprefix(prefix)


@pytest.mark.parametrize(("size", "index"), SIZES)
def test_both_make_and_take_the_same_receipt(size: int, index: int) -> None:
    made = samples.witnessed(random.Random(size), size, index)
    leaves = [leaf_hash(entry) for entry in made.entries]
    path = trees.inclusion_path(leaves, index)
    text = receipt.make_receipt(made.record, index, path, made.note)
    assert text.encode() == made.receipt
    verdict = receipt.verify_receipt(text, product_policy(made.policy))
    mine = receipts.verify(made.receipt, made.policy)
    assert (verdict.record, verdict.index, verdict.origin, verdict.size, verdict.root) == (
        mine.record,
        mine.index,
        mine.checkpoint.origin,
        mine.checkpoint.size,
        mine.checkpoint.root,
    )
    assert verdict.record_id == leaf_hash(made.record)
    assert set(verdict.witnesses) == {made.policy.witnesses[name].name for name in mine.witnesses}
    assert verdict.newest == max(mine.witnesses.values())


def test_both_read_the_policy_that_a_node_prints() -> None:
    made = samples.witnessed(random.Random(4), 3, 2)
    log_key = policy.PolicyLog(note.parse_vkey(str(made.policy.logs[0])), "http://127.0.0.1:8600/log")
    witnesses = [
        policy.PolicyWitness(name, note.parse_vkey(str(key)), "http://127.0.0.1:8601/log")
        for name, key in made.policy.witnesses.items()
    ]
    printed = policy.ledger_policy([log_key], witnesses[:4], [], 3).format()
    rules = policies.parse(printed.encode())
    assert rules.logs == made.policy.logs
    assert rules.witnesses == made.policy.witnesses
    assert [(group.k, group.members) for group in rules.groups.values()] == [(3, tuple(made.policy.witnesses))]
    assert sorted(receipts.verify(made.receipt, rules).witnesses) == ["N0", "N1", "N2"]


@pytest.mark.parametrize(("size", "index"), [(1, 0), (7, 6), (8, 3)])
def test_a_flipped_bit_in_any_byte_of_a_receipt_is_refused_by_both_with_a_named_check(size: int, index: int) -> None:
    made = samples.witnessed(random.Random(size), size, index)
    rules = product_policy(made.policy)
    named: Counter[str] = Counter()
    for at in range(len(made.receipt)):
        ends_base64 = made.receipt[at + 1 : at + 2] in {b"=", b"\n"} or made.receipt[at : at + 1] == b"="
        for mask in [1 << bit for bit in range(8)] if ends_base64 else [1 << at % 8]:  # spare bits can only be at an end
            broken = made.receipt[:at] + bytes([made.receipt[at] ^ mask]) + made.receipt[at + 1 :]
            _, failures = receipts.check(broken, made.policy)
            assert failures, (at, mask)
            taken, failure = theirs(receipt.verify_receipt, broken, rules)
            assert not taken, (at, mask)
            named[failures[0].code] += 1
            named[type(failure).__name__] += 1
    assert {
        "bad-receipt",
        "bad-note",
        "no-quorum",
        "no-log-signature",
        "bad-inclusion",
        "bad-log-signature",
        "bad-cosignature",
    } <= named.keys()
    assert {"MalformedProofError", "QuorumNotMetError", "RootMismatchError", "BadSignatureError"} <= named.keys()
    assert "ProofError" not in named


def test_a_renamed_surplus_cosignature_counts_for_nobody() -> None:
    made = samples.witnessed(random.Random(6), 4, 1, signers=4)
    at = made.receipt.index(b"N3/witness")
    renamed = made.receipt[:at] + b"M" + made.receipt[at + 1 :]
    verdict = receipt.verify_receipt(renamed, product_policy(made.policy))
    assert verdict.witnesses == ("N0/witness", "N1/witness", "N2/witness")
    assert sorted(receipts.verify(renamed, made.policy).witnesses) == ["N0", "N1", "N2"]


# Damage by lines, words and bytes.

BITS = [
    "\n",
    "\n\n",
    " ",
    "\t",
    "\u2014 ",
    "+",
    "=",
    "A",
    "/",
    "\u00a0",
    "\u2028",
    "0",
    "#",
    "none",
    "any",
    "all",
    "N0",
    "\r",
    "\x7f",
    "\u00e9",
    "\0",
    "\x85",
]


def damaged(rng: random.Random, data: bytes) -> bytes:
    """One to three changes of bytes, words or lines."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        at, choice = rng.randrange(len(data) + 1), rng.random()
        if choice < 0.3 and data:
            at %= len(data)
            data = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        elif choice < 0.45:
            data = data[:at] + data[at + 1 :]
        elif choice < 0.65:
            data = data[:at] + rng.choice(BITS).encode() + data[at:]
        elif choice < 0.7:
            data = data[:at] + rng.randbytes(1) + data[at:]
        else:
            data = b"\n".join(damaged_lines(rng, data.split(b"\n")))
    return data


def damaged_lines(rng: random.Random, lines: list[bytes]) -> list[bytes]:
    """A line dropped, repeated elsewhere, or with its words shuffled or one more."""
    at, choice = rng.randrange(len(lines)), rng.random()
    if choice < 0.3:
        del lines[at]
    elif choice < 0.6:
        lines.insert(at, rng.choice(lines))
    else:
        words = lines[at].split(b" ")
        words.insert(rng.randrange(len(words) + 1), rng.choice([b"", b"N1", b"0", b"3", b"validators", rng.choice(words)]))
        if choice < 0.8:
            rng.shuffle(words)
        lines[at] = b" ".join(words)
    return lines


def agree(verdicts: Counter[tuple[str, bool]], what: str, mine: tuple[bool, Any], other: tuple[bool, Any], data: bytes) -> bool:
    """Both take it or both refuse it; counted, so that a test can see that both verdicts occurred."""
    assert mine[0] == other[0], (what, mine[1], other[1], data)
    verdicts[what, mine[0]] += 1
    return mine[0]


@pytest.mark.parametrize("seed", range(3))
def test_damaged_receipts_and_policies_are_judged_alike(seed: int) -> None:
    rng, verdicts = random.Random(seed), Counter[tuple[str, bool]]()
    made = [samples.witnessed(rng, size, index, signers) for size, index, signers in ((1, 0, 3), (7, 6, 3), (8, 3, 4))]
    for _ in range(1500):
        one = rng.choice(made)
        data = damaged(rng, one.receipt)
        agree(
            verdicts,
            "receipt",
            ours(receipts.verify, data, one.policy),
            theirs(receipt.verify_receipt, data, product_policy(one.policy)),
            data,
        )
        data = damaged(rng, str(one.policy).encode())
        mine, other = ours(policies.parse, data), theirs(policy.parse_policy, data)
        if agree(verdicts, "policy", mine, other, data):
            names = list(mine[1].witnesses)
            for mask in range(1 << len(names)):
                chosen = [name for bit, name in enumerate(names) if mask >> bit & 1]
                assert mine[1].met({mine[1].witnesses[name] for name in chosen}) == other[1].is_quorum(frozenset(chosen)), data
    assert min(verdicts.values()) > 5
    assert len(verdicts) == 4


@pytest.mark.parametrize("seed", range(3))
def test_damaged_notes_keys_and_checkpoints_are_judged_alike(seed: int) -> None:
    rng, verdicts = random.Random(seed), Counter[tuple[str, bool]]()
    made = samples.witnessed(rng, 5, 2, signers=4)
    keys = [*made.policy.logs, *made.policy.witnesses.values()]
    point = notes.parse_note(made.note).text.encode() + b"extension\n"
    for _ in range(2500):
        data = damaged(rng, made.note)
        mine, other = ours(notes.parse_note, data), theirs(note.parse_note, data)
        if agree(verdicts, "note", mine, other, data):
            assert mine[1].text.encode() == other[1].text
            spelled = [(line.name, line.id, line.signature) for line in mine[1].lines]
            assert spelled == [(line.name, line.key_id, line.value) for line in other[1].signatures]
            assert other[1].encode() == data
        try:
            text = damaged(rng, str(rng.choice(keys)).encode()).decode()
            body = damaged(rng, point).decode()
        except UnicodeDecodeError:
            continue
        agree(verdicts, "key", ours(notes.parse_key, text), theirs(note.parse_vkey, text), text.encode())
        if all(mark >= " " or mark == "\n" for mark in body):  # a note's own rule keeps control characters out of the text
            agree(
                verdicts,
                "checkpoint",
                ours(notes.parse_checkpoint, body),
                theirs(checkpoint.parse_checkpoint, body.encode()),
                body.encode(),
            )
    assert min(verdicts.values()) > 5
    assert len(verdicts) == 6


# Tiles.


def product_log(entries: list[bytes]) -> tuple[Log, dict[bytes, bytes]]:
    """The product's log over a dictionary, grown in steps of uneven size."""
    store: dict[bytes, bytes] = {}
    grown, at = Log(store.get, 0), 0
    for step in (1, 2, 50, 203, 1, 300, 10_000):
        writes = grown.append([leaf_hash(entry) for entry in entries[at : at + step]])
        store.update(writes.puts)
        grown.commit(writes)
        at += step
    return grown, store


def product_export(root: Path, grown: Log, entries: list[bytes]) -> None:
    """The product's tiles as files, each under the path that the product gives it."""

    def write(tile: tiles.Tile, data: bytes | None) -> None:
        assert data is not None
        file = root / tile.path()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    for tile in tiles.new_tiles(0, grown.size):
        write(tile, grown.tile(tile.level, tile.n, tile.width))
    for tile in tiles.new_bundles(0, grown.size):
        write(tile, tiles.encode_bundle(entries[tile.n * 256 : tile.n * 256 + tile.width]))
    signer = note.Signer.from_seed(samples.ORIGIN, note.SignatureType.ED25519, bytes(32))
    point = checkpoint.Checkpoint(samples.ORIGIN, grown.size, grown.root)
    (root / "checkpoint").write_bytes(note.Note(point.text(), (signer.sign(point.text()),)).encode())


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 512, 1100])
def test_the_products_tiles_are_the_outside_programs_files(tmp_path: Path, size: int) -> None:
    rng = random.Random(size)
    entries = [rng.randbytes(rng.randrange(1, 60)) for _ in range(size)]
    grown, _ = product_log(entries)
    product_export(tmp_path / "theirs", grown, entries)
    audited = log.audit(tmp_path / "theirs")
    assert list(audited.entries) == entries
    trees.export(tmp_path / "ours", entries, (tmp_path / "theirs" / "checkpoint").read_bytes())
    assert files(tmp_path / "ours") == files(tmp_path / "theirs")
    leaves = [leaf_hash(entry) for entry in entries]
    for index in {0, size - 1, size // 2, rng.randrange(size)}:
        for within in {size, rng.randrange(index + 1, size + 1)}:
            path = grown.inclusion_proof(index, within)
            assert path == trees.inclusion_path(leaves[:within], index)
            receipts.check_inclusion(leaves[index], index, within, path, grown.root_at(within))


def files(root: Path) -> dict[str, bytes]:
    return {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_tile_paths_are_judged_alike() -> None:
    rng, verdicts = random.Random(3), Counter[tuple[str, bool]]()
    pool = ["0/000", "1/x001/x234/067.p/89", "entries/x123/456", "63/000.p/255", "entries/000.p/1"]
    for _ in range(4000):
        path = rng.choice(pool)
        for _ in range(rng.choice([0, 1, 2])):
            at = rng.randrange(len(path))
            path = path[:at] + rng.choice(["", "x", "0", "1", "9", "/", ".p/", "-", "\u0661"]) + path[at + rng.randrange(2) :]
        mine, other = ours(log.parse_path, path), theirs(tiles.parse_path, f"tile/{path}")
        if agree(verdicts, "path", mine, other, path.encode()):
            level = "entries" if other[1].level == tiles.ENTRIES else str(other[1].level)
            assert mine[1] == (level, other[1].n, other[1].width)
    assert min(verdicts.values()) > 300
