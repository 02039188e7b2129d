"""The outside programs themselves: published vectors, their own round trips, and that they know nothing of the product."""

import ast
import base64
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import shared
from tests.outside import envelopes, log, notes, pedersen, policy, receipts, records, samples, trees
from tests.outside.wire import CheckFailedError, canonical, decode, leaf_hash

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
PRODUCT = {"ledger", "node", "api", "consensus"}


def vectors(name: str) -> dict:
    return json.loads(shared(f"data/tlog/{name}.json").read_text())


def holds(check) -> bool:
    try:
        check()
    except CheckFailedError:
        return False
    return True


def imported(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_the_outside_programs_import_nothing_of_the_product():
    programs = [file for file in sorted(HERE.glob("*.py")) if not file.name.startswith("test_")]
    assert len(programs) > 8
    allowed = set(sys.stdlib_module_names) | {"msgpack", "nacl", "tests"}
    for file in programs:
        names = imported(file.read_text())
        assert names <= allowed, (file.name, names - allowed)
        assert not names & PRODUCT


def test_the_generator_is_the_one_the_design_prints():
    assert pedersen.H.hex() == "04fa3fbb5f8778a376ef744bf8f588ec3c001dd4b8f7e4cf4a99994e93c75ee7"


def test_signed_note_vectors():
    for case in vectors("signed_notes")["open"]:
        if case.get("go_only") or case.get("implementation_differs"):
            continue
        data = base64.b64decode(case["note_b64"]) if "note_b64" in case else case["note"].encode()
        keys = [notes.parse_key(vkey) for vkey in case["vkeys"]]

        def opened(data=data, keys=keys):
            found = notes.verify_known(notes.parse_note(data), keys)
            if not found:
                raise CheckFailedError("nobody")
            return found

        assert holds(opened) == case["ok"], case["desc"]
        if case["ok"]:
            assert sorted(key.name for key in opened()) == sorted(case["verified"]), case["desc"]


def test_verifier_key_vectors():
    keys = vectors("signed_notes")["keys"]
    for vkey in keys["vkey_ok"]:
        assert str(notes.parse_key(vkey)) == vkey
    bad = [case["vkey"] for case in keys["vkey_bad"]]
    good = keys["vkey_ok"][0]
    bad += [good[:end] for end in range(len(good))] + [good[start:] for start in range(1, len(good))]
    bad += [good[:at] + chr(ord(good[at]) + 1) + good[at + 1 :] for at in range(len(good))]
    for vkey in bad:
        assert not holds(lambda vkey=vkey: notes.parse_key(vkey)), vkey


def test_checkpoint_vectors():
    for case in vectors("checkpoints")["cases"]:
        assert holds(lambda case=case: notes.parse_checkpoint(case["text"])) == case["strict"], case["desc"]


def test_cosignature_vectors():
    for case in vectors("cosignatures")["ed25519"]:
        key = notes.parse_key(case["vkey"])
        note = (case["checkpoint_body"] + "\n" + case["line"]).encode()

        def verified(key=key, note=note):
            if key not in notes.verify_known(notes.parse_note(note), [key]):
                raise CheckFailedError("unknown")

        assert holds(verified) == case["ok"], case["desc"]
        if "seed_hex" in case:
            line = notes.cosign(case["name"], bytes.fromhex(case["seed_hex"]), case["checkpoint_body"], case["timestamp"])
            assert notes.encode_line(line) == case["line"]


def test_inclusion_vectors():
    probes = vectors("merkle_probes")["inclusion"]
    assert len(probes) > 40
    for case in probes:
        path = [base64.b64decode(node) for node in case["proof"] or []]
        root, leaf = base64.b64decode(case["root"] or ""), base64.b64decode(case["leafHash"] or "")

        def check(case=case, path=path, root=root, leaf=leaf):
            receipts.check_inclusion(leaf, case["leafIdx"], case["treeSize"], path, root)

        assert holds(check) == (not case["wantErr"]), case["desc"]
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in vectors("merkle_roots")["leaf_inputs_hex"]]
    for case in vectors("merkle_reference_proofs")["inclusion"]:
        path = trees.inclusion_path(leaves[: case["size"]], case["index"])
        assert [node.hex() for node in path] == case["proof_hex"]


def test_proof_vectors():
    file = vectors("tlog_proofs")
    for case in file["verify"]:
        witnesses = {f"w{i}": notes.parse_key(vkey) for i, vkey in enumerate(case["witness_vkeys"])}
        groups = {"g": policy.Group(case["quorum"], tuple(witnesses))} if case["quorum"] else {}
        rules = policy.Policy((notes.parse_key(case["log_vkey"]),), witnesses, groups, "g" if groups else "none")
        head, rest = case["proof"].split("\n", 1)
        extra = base64.b64encode(bytes.fromhex(case["entry_hex"])).decode()
        receipt = f"{head}\nextra {extra}\n{rest}".encode()
        assert holds(lambda receipt=receipt, rules=rules: receipts.verify(receipt, rules)) == case["ok"], case["desc"]
    for case in file["parse_err"]:
        assert not holds(lambda case=case: receipts.parse(case["text"].replace("index", "extra QQ==\nindex", 1).encode())), (
            case["desc"]
        )


def test_tile_path_vectors():
    file = vectors("tile_paths")
    for case in file["tile_path"]:
        path = "tile/" + trees.tile_path(case["level"], case["index"], case["width"] or 256)
        assert path == case["path"]
        assert log.parse_path(path[5:]) == (str(case["level"]), case["index"], case["width"] or 256)
    for case in file["parse_err"]:
        if case["path"] != "x999/x999/x999/x999/x999/x999/999.p/255":  # too large for others' 64-bit integers only
            assert not holds(lambda case=case: log.parse_path(f"{case['level']}/{case['path']}")), case


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["certificate.issue", "import.confirm"])
def test_own_round_trip(seed, kind):
    made = samples.sealed(random.Random(seed), kind)
    posted = records.submission(made.record, made.envelope)
    record, envelope = records.parse_submission(posted)
    assert (record.raw, envelope, record.body) == (made.record, made.envelope, made.body)
    records.verify(samples.LEDGER, record)
    records.consistent(record)
    for code, secret in made.secrets.items():
        opened = envelopes.open_with(samples.LEDGER, made.envelope, code, secret)
        assert opened.values == made.fields
        assert envelopes.check_values(opened, record.body["lines"]) == [value[0] for value in made.fields["values"]]
    header = decode(decode(made.envelope)["header"])
    for name, value in opened.values.items():
        envelopes.check_disclosure(canonical(header), name, opened.salts[name], value)
        assert not holds(lambda name=name: envelopes.check_disclosure(canonical(header), name, opened.salts[name], "another"))
    total = pedersen.add(line["commitment"] for line in record.body["lines"])
    sums = [
        sum(value[0] for value in made.fields["values"]),
        sum(int.from_bytes(value[1], "little") for value in made.fields["values"]),
    ]
    assert pedersen.opens(total, *sums)
    assert not pedersen.opens(total, sums[0] + 1, sums[1])
    assert records.parse_batch(records.batch([posted, made.record])) == [posted, made.record]


def test_signature_binds_ledger_key_and_statement():
    made = samples.sealed(random.Random(1), "certificate.issue")
    record = records.parse(made.record)
    assert not holds(lambda: records.verify(bytes(32), record))
    for at in range(64):
        flipped = bytes(octet ^ (at == i) for i, octet in enumerate(record.sig))
        assert not holds(
            lambda flipped=flipped: records.verify(samples.LEDGER, records.Record(**{**as_dict(record), "sig": flipped}))
        )


def as_dict(record: records.Record) -> dict:
    return {name: getattr(record, name) for name in record.__slots__}


@pytest.mark.parametrize(("size", "index"), [(1, 0), (2, 1), (7, 6), (8, 3), (257, 256)])
def test_own_receipt_and_a_flipped_bit_in_every_byte(size, index):
    made = samples.witnessed(random.Random(size), size, index)
    verdict = receipts.verify(made.receipt, made.policy)
    assert (verdict.record, verdict.index, sorted(verdict.witnesses)) == (made.record, index, ["N0", "N1", "N2"])
    for at in range(len(made.receipt)):
        broken = made.receipt[:at] + bytes([made.receipt[at] ^ 1 << at % 8]) + made.receipt[at + 1 :]
        _, failures = receipts.check(broken, made.policy)
        assert failures, at


def test_a_surplus_cosignature_that_is_renamed_counts_for_nobody():
    made = samples.witnessed(random.Random(4), 5, 2, signers=4)
    assert len(receipts.verify(made.receipt, made.policy).witnesses) == 4
    last = made.receipt.rindex(b"N3/witness")
    renamed = made.receipt[:last] + b"M" + made.receipt[last + 1 :]
    assert sorted(receipts.verify(renamed, made.policy).witnesses) == ["N0", "N1", "N2"]
    first = made.receipt.index(b"N0/witness")
    fewer = renamed[:first] + b"M" + renamed[first + 1 :]
    assert [failure.code for failure in receipts.check(fewer, made.policy)[1]] == ["no-quorum"]


def run(module: str, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", f"tests.outside.{module}", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_line_names_each_failing_check(tmp_path):
    made = samples.witnessed(random.Random(9), 6, 5)
    file, rules = tmp_path / "a.tlog-proof", tmp_path / "policy"
    file.write_bytes(made.receipt)
    rules.write_text(str(made.policy))
    good = run("receipts", "verify", file, "--policy", rules)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("ok certificate.issue ")
    file.write_bytes(made.receipt.replace(b"index 5", b"index 4").replace(b"N2/witness", b"N9/witness"))
    bad = run("receipts", "verify", file, "--policy", rules)
    assert (bad.returncode, bad.stdout) == (1, "")
    assert [line.split(":")[0] for line in bad.stderr.splitlines()] == ["error no-quorum", "error bad-inclusion"]
    rules.write_text(str(made.policy).replace("quorum", "quorun"))
    assert run("receipts", "verify", file, "--policy", rules).stderr.startswith("error bad-policy: line 7:")
    assert run("receipts", "verify", file).returncode == 2


POLICY_FAULTS = {
    "no quorum": ("quorum validators\n", ""),
    "two quorums": ("quorum validators\n", "quorum validators\nquorum none\n"),
    "undefined quorum": ("quorum validators", "quorum others"),
    "threshold 0": ("validators 3", "validators 0"),
    "threshold over n": ("validators 3", "validators 5"),
    "threshold with a zero in front": ("validators 3", "validators 03"),
    "group without members": ("validators 3 N0 N1 N2 N3", "validators 3"),
    "member twice": ("N0 N1 N2 N3", "N0 N0 N2 N3"),
    "undefined member": ("N0 N1 N2 N3", "N0 N1 N2 N4"),
    "none as a member": ("N0 N1 N2 N3", "N0 N1 N2 none"),
    "carriage return": ("quorum validators\n", "quorum validators\r\n"),
    "no last newline": ("quorum validators\n", "quorum validators"),
    "name taken": ("witness N1 ", "witness N0 "),
    "unknown word": ("witness N1 ", "Witness N1 "),
}


@pytest.mark.parametrize("fault", POLICY_FAULTS)
def test_policy_faults(fault):
    good = str(samples.witnessed(random.Random(2), 1, 0).policy)
    assert str(policy.parse(good.encode())) == good
    old, new = POLICY_FAULTS[fault]
    assert old in good
    with pytest.raises(CheckFailedError, match="bad-policy"):
        policy.parse(good.replace(old, new).encode())


def test_a_receipt_over_a_checkpoint_with_extension_lines_is_refused():
    made = samples.witnessed(random.Random(6), 1, 0)
    head, rest = made.receipt.split(b"=\n\n\xe2", 1)
    with pytest.raises(CheckFailedError, match="bad-checkpoint"):
        receipts.verify(head + b"=\nmore\n\n\xe2" + rest, made.policy)


def test_policy_of_two_levels_and_comments():
    made = samples.witnessed(random.Random(3), 1, 0)
    keys = made.policy.witnesses
    text = f"\n# \u00e9\n\tlog {made.policy.logs[0]} https://log.example/ \n" + "".join(
        f"witness {n} {k} https://w.example\n" for n, k in keys.items()
    )
    text += "group x any N0 N1\ngroup y all N2 N3\ngroup z 2 x y\nquorum z\n"
    rules = policy.parse(text.encode())
    assert rules.met({keys["N1"], keys["N2"], keys["N3"]})
    assert not rules.met({keys["N0"], keys["N1"], keys["N2"]})


@pytest.fixture(scope="module")
def entries():
    rng = random.Random(70)
    return [samples.sealed(rng, "certificate.issue").record for _ in range(3)] + [b"entry %d" % i for i in range(700)]


def write(root: Path, entries: list[bytes], note: bytes | None = None) -> notes.Checkpoint:
    point = notes.Checkpoint(samples.ORIGIN, len(entries), trees.mth([leaf_hash(entry) for entry in entries]))
    trees.export(root, entries, note or notes.encode_note(str(point), [notes.sign(point.origin, bytes(32), str(point))]))
    return point


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 513])
def test_own_export(tmp_path, entries, size):
    point = write(tmp_path, entries[:size])
    assert log.audit(tmp_path) == log.Audited(point, tuple(entries[:size]))
    assert run("log", tmp_path).returncode == 0


def flip(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:20] + bytes([data[20] ^ 1]) + data[21:])


EXPORT_FAULTS = {
    "leaf hash": ("bad-tile", lambda root: flip(root / "tile/0/000")),
    "leaf hash on the right edge": ("bad-root", lambda root: flip(root / "tile/0/002.p/1")),
    "upper hash": ("bad-tile", lambda root: flip(root / "tile/1/000.p/2")),
    "entry": ("bad-entry", lambda root: flip(root / "tile/entries/001")),
    "bundle cut short": (
        "bad-bundle",
        lambda root: (root / "tile/entries/000").write_bytes((root / "tile/entries/000").read_bytes()[:-1]),
    ),
    "bundle too long": (
        "bad-bundle",
        lambda root: (root / "tile/entries/000").write_bytes((root / "tile/entries/000").read_bytes() + b"\0\0"),
    ),
    "tile missing": ("missing-tile", lambda root: (root / "tile/0/001").unlink()),
    "tile short": ("bad-tile-length", lambda root: (root / "tile/0/001").write_bytes(bytes(32))),
    "tile as partial": ("missing-tile", lambda root: (root / "tile/0/002.p/1").rename(root / "tile/0/002")),
    "stray file": ("stray-file", lambda root: (root / "tile/0/note.txt").write_text("x")),
    "tile beyond the size": ("stray-file", lambda root: (root / "tile/0/003").write_bytes(bytes(8192))),
    "other older partial tile": (
        "bad-partial",
        lambda root: ((root / "tile/0/000.p").mkdir(), (root / "tile/0/000.p/1").write_bytes(bytes(32))),
    ),
    "no checkpoint": ("missing-checkpoint", lambda root: (root / "checkpoint").unlink()),
    "origin": (
        None,
        lambda root: (root / "checkpoint").write_bytes((root / "checkpoint").read_bytes().replace(b"/outside", b"/inside")),
    ),
    "size": (
        "missing-tile",
        lambda root: (root / "checkpoint").write_bytes((root / "checkpoint").read_bytes().replace(b"\n513\n", b"\n514\n")),
    ),
}


@pytest.mark.parametrize("fault", EXPORT_FAULTS)
def test_export_faults(tmp_path, entries, fault):
    code, damage = EXPORT_FAULTS[fault]
    write(tmp_path, entries[:513])
    (tmp_path / "tile/0/001.p").mkdir()
    (tmp_path / "tile/0/001.p/2").write_bytes((tmp_path / "tile/0/001").read_bytes()[:64])
    log.audit(tmp_path)
    damage(tmp_path)
    if code is None:  # what only a signature covers
        log.audit(tmp_path)
    else:
        with pytest.raises(CheckFailedError, match=code):
            log.audit(tmp_path)


def test_export_with_policy_and_records(tmp_path):
    made = samples.witnessed(random.Random(5), 3, 1)
    trees.export(tmp_path, made.entries, made.note)
    log.audit(tmp_path, made.policy)
    (tmp_path / "checkpoint").write_bytes(made.note.replace(b"/outside\n", b"/inside\n", 1))
    with pytest.raises(CheckFailedError, match="bad-cosignature"):
        log.audit(tmp_path, made.policy)
    assert log.check_records([made.record], samples.LEDGER) == 1
    with pytest.raises(CheckFailedError, match="bad-signature"):
        log.check_records([made.record], bytes(32))
    with pytest.raises(CheckFailedError, match="malformed"):
        log.check_records([made.record + b"\xc1"], samples.LEDGER)
