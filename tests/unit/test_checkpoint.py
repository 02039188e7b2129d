import hashlib
import json
from base64 import b64decode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import checkpoint as cp
from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import (
    AmbiguousKeyError,
    BadSignatureError,
    CheckpointConflictError,
    LogSignatureMissingError,
    MalformedCheckpointError,
    MalformedNoteError,
    OriginMismatchError,
    ProofError,
    QuorumNotMetError,
    UnsupportedKeyError,
)
from ledger.note import (
    Note,
    Signature,
    SignatureType,
    Signer,
    VerifierKey,
    parse_note,
    parse_signatures,
    parse_vkey,
    verify_signature,
)
from tests.conftest import shared

ORIGIN = "kpledger.example/test"
LOG = Signer.from_seed(ORIGIN, SignatureType.ED25519, bytes(32))
NODES = [
    Signer.from_seed(f"{code}/witness", SignatureType.COSIGNATURE, bytes([i]) * 32)
    for i, code in enumerate(("BW", "RU", "EU", "AE"), 1)
]
KEYS = [node.key for node in NODES]
POINT = Checkpoint(ORIGIN, 7, bytes(range(32)))
TEXT = POINT.text()
ROOT_LINE = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def vectors(name):
    return json.loads(shared(f"data/tlog/{name}").read_text())


class TestVectors:
    def test_texts(self):
        verdicts = set()
        for case in vectors("checkpoints.json")["cases"]:
            verdicts.add(case["strict"])
            if case["strict"]:
                assert parse_checkpoint(case["text"].encode()).text() == case["text"].encode()
            else:
                with pytest.raises(MalformedCheckpointError):
                    parse_checkpoint(case["text"].encode())
        assert verdicts == {True, False}

    def test_cosignatures(self):
        verdicts = set()
        for case in vectors("cosignatures.json")["ed25519"]:
            verdicts.add(case["ok"])
            key = parse_vkey(case["vkey"])
            text = case["checkpoint_body"].encode()
            (line,) = parse_signatures(case["line"].encode())
            if not case["ok"]:
                with pytest.raises(BadSignatureError):
                    verify_signature(key, text, line)
                continue
            verify_signature(key, text, line)
            assert cp.cosignature_time(line) == case["timestamp"]
            assert parse_checkpoint(text).text() == text
            if "seed_hex" in case:
                seed = bytes.fromhex(case["seed_hex"])
            else:
                seed = hashlib.sha256(case["seed"].removeprefix('SHA-256("').removesuffix('")').encode()).digest()
            signer = Signer.from_seed(key.name, SignatureType.COSIGNATURE, seed)
            assert signer.key == key
            assert signer.sign(text, case["timestamp"]).line() == case["line"]
        assert verdicts == {True, False}

    def test_time_alone(self):
        for case in vectors("cosignatures.json")["timestamp_only"]:
            data = b64decode(case["sig_b64"])
            assert cp.cosignature_time(Signature("w", data[:4], data[4:])) == case["timestamp"]

    def test_example_of_the_specification(self):
        for case in vectors("cosignatures.json")["examples_no_key"]:
            note = parse_note(case["text"].encode())
            assert note.encode() == case["text"].encode()
            assert parse_checkpoint(note.text).size == 20852163
            assert cp.cosignature_time(note.signatures[1]) == case["w1_timestamp"]

    def test_post_quantum_cosigners_are_named_unsupported(self):
        for case in vectors("cosignatures.json")["mldsa44"]:
            with pytest.raises(UnsupportedKeyError):
                parse_vkey(case["vkey"])
            (line,) = parse_signatures(case["line"].encode())
            note = Note(case["checkpoint_body"].encode(), (line,))
            assert cp.newest_times(note, KEYS) == {}

    def test_cosigned_notes_of_the_proof_vectors(self):
        cases = [case for case in vectors("tlog_proofs.json")["verify"] if case["witness_vkeys"] and case["ok"]]
        assert cases
        for case in cases:
            data = case["proof"].encode().partition(b"\n\n")[2]
            log, keys = parse_vkey(case["log_vkey"]), [parse_vkey(text) for text in case["witness_vkeys"]]
            checkpoint, note = cp.open_quorum_checkpoint(data, log, keys, case["quorum"])
            assert checkpoint.origin == case["origin"]
            assert cp.newest_times(note, keys) == dict.fromkeys(keys, 1767139200)
            assert cp.merge_notes([note, note], log, keys).encode() == data


class TestText:
    @given(
        st.text(min_size=1, max_size=20),
        st.integers(0, 2**63 - 1),
        st.binary(min_size=32, max_size=32),
        st.lists(st.text(max_size=5), max_size=3),
    )
    def test_round_trip(self, origin, size, root, extensions):
        with suppress(MalformedCheckpointError):
            point = Checkpoint(origin, size, root, tuple(extensions))
            assert parse_checkpoint(point.text()) == point

    def test_bytes(self):
        assert TEXT == b"kpledger.example/test\n7\n" + ROOT_LINE + b"\n"
        assert parse_checkpoint(TEXT) == POINT

    @pytest.mark.parametrize(
        "text",
        [
            b"", b"\n", b"\n\n\n", b"a\n1\n" + ROOT_LINE, b"a\n1\n" + ROOT_LINE + b"\n\n", b"a\n1\n" + ROOT_LINE + b"\nx\n\n", b"a\n1\n" + ROOT_LINE + b"\nx",
            b"a\n 1\n" + ROOT_LINE + b"\n", b"a\n+1\n" + ROOT_LINE + b"\n", b"a\n1_0\n" + ROOT_LINE + b"\n", b"a\n00\n" + ROOT_LINE + b"\n", b"a\n\n" + ROOT_LINE + b"\n",
            b"a\n9223372036854775808\n" + ROOT_LINE + b"\n", b"a\n\xd9\xa1\n" + ROOT_LINE + b"\n", b"a\n1\n" + ROOT_LINE[:-2] + b"9=\n", b"a\n1\n" + ROOT_LINE[:-1] + b"\n",
            b"a\n1\n \n", b"a\n1\n\n", b"a\r\n1\n" + ROOT_LINE + b"\n", b"\xff\n1\n" + ROOT_LINE + b"\n", b"a\n1\n" + ROOT_LINE + b"\nx\0\n",
        ],
    )  # fmt: skip
    def test_malformed(self, text):
        with pytest.raises(MalformedCheckpointError):
            parse_checkpoint(text)

    @pytest.mark.parametrize(
        "arguments",
        [("", 1, bytes(32)), ("a\nb", 1, bytes(32)), ("a" * 256, 1, bytes(32)), ("\u00e9" * 128, 1, bytes(32)), ("\ud800", 1, bytes(32)),
         ("a", -1, bytes(32)), ("a", 2**63, bytes(32)), ("a", 1, bytes(31)), ("a", 1, bytes(32), ("",)), ("a", 1, bytes(32), ("x\ny",)), ("a", 1, bytes(32), ("\udfff",))],
    )  # fmt: skip
    def test_impossible_checkpoints_are_never_built(self, arguments):
        with pytest.raises(MalformedCheckpointError):
            Checkpoint(*arguments)

    def test_bounds(self):
        assert parse_checkpoint(Checkpoint("a" * 255, 2**63 - 1, bytes(32)).text()).size == 2**63 - 1
        assert parse_checkpoint(Checkpoint("a", 0, bytes(32)).text()).size == 0
        assert Checkpoint("a", 1, bytes(32), ("e" * 256,)).extensions == ("e" * 256,)

    @pytest.mark.parametrize(
        ("text", "size"),
        [
            ("0", 0),
            ("12", 12),
            ("9223372036854775807", 2**63 - 1),
            ("9223372036854775808", None),
            ("01", None),
            ("", None),
            ("1\n", None),
            ("-1", None),
            ("\u0661", None),
            ("9" * 5000, None),
        ],
    )
    def test_sizes(self, text, size):
        assert cp.parse_size(text) == size


class TestLogSignature:
    def test_sign_and_open(self):
        data = cp.sign_checkpoint(POINT, LOG).encode()
        assert cp.open_checkpoint(data, LOG.key) == (POINT, parse_note(data))

    def test_key_is_named_by_the_origin(self):
        other = Signer.from_seed("other", SignatureType.ED25519, bytes(32))
        with pytest.raises(OriginMismatchError):
            cp.sign_checkpoint(POINT, other)
        with pytest.raises(OriginMismatchError):
            cp.open_checkpoint(cp.sign_checkpoint(POINT, LOG).encode(), other.key)

    def test_missing_and_bad(self):
        cosigned = Note(TEXT, (NODES[0].sign(TEXT, 5),))
        with pytest.raises(LogSignatureMissingError):
            cp.open_checkpoint(cosigned.encode(), LOG.key)
        line = LOG.sign(TEXT)
        bad = Signature(line.name, line.key_id, bytes(64))
        for lines in ((bad,), (line, bad)):
            with pytest.raises(BadSignatureError):
                cp.open_checkpoint(Note(TEXT, lines).encode(), LOG.key)
        with pytest.raises(MalformedNoteError):
            cp.open_checkpoint(TEXT, LOG.key)
        with pytest.raises(MalformedCheckpointError):
            cp.open_checkpoint(Note(b"x\n", (line,)).encode(), LOG.key)


class TestMerge:
    def test_one_note_out_of_many(self):
        notes = [Note(TEXT, (LOG.sign(TEXT), node.sign(TEXT, 10 + i))) for i, node in enumerate(reversed(NODES))]
        merged = cp.merge_notes(notes, LOG.key, KEYS)
        assert [line.name for line in merged.signatures] == [ORIGIN, *(key.name for key in KEYS)]
        assert cp.newest_times(merged, KEYS) == dict(zip(KEYS, (13, 12, 11, 10), strict=True))
        assert cp.merge_notes(notes[::-1], LOG.key, KEYS) == merged

    def test_newest_of_each_key_and_known_keys_only(self):
        stranger = Signer.from_seed("stranger", SignatureType.COSIGNATURE, bytes([9]) * 32)
        lines = [NODES[0].sign(TEXT, 5), NODES[0].sign(TEXT, 300), NODES[0].sign(TEXT, 7), stranger.sign(TEXT, 8)]
        merged = cp.merge(POINT, LOG.sign(TEXT), LOG.key, lines, KEYS)
        assert merged.signatures == (LOG.sign(TEXT), lines[1])
        assert cp.merge(POINT, LOG.sign(TEXT), LOG.key, [], KEYS).signatures == (LOG.sign(TEXT),)

    def test_nothing_enters_unchecked(self):
        other = Checkpoint(ORIGIN, 8, bytes(32))
        good = [NODES[0].sign(TEXT, 5)]
        with pytest.raises(BadSignatureError):
            cp.merge(POINT, LOG.sign(other.text()), LOG.key, good, KEYS)
        with pytest.raises(BadSignatureError):
            cp.merge(POINT, LOG.sign(TEXT), LOG.key, [*good, NODES[1].sign(other.text(), 5)], KEYS)
        with pytest.raises(OriginMismatchError):
            cp.merge(Checkpoint("x", 7, bytes(32)), LOG.sign(TEXT), LOG.key, good, KEYS)
        with pytest.raises(AmbiguousKeyError):
            cp.merge(POINT, LOG.sign(TEXT), LOG.key, good, [*KEYS, KEYS[0]])

    def test_different_checkpoints_and_no_log_signature(self):
        one, other = Note(TEXT, (LOG.sign(TEXT),)), cp.sign_checkpoint(Checkpoint(ORIGIN, 8, bytes(32)), LOG)
        with pytest.raises(CheckpointConflictError):
            cp.merge_notes([one, other], LOG.key, KEYS)
        with pytest.raises(CheckpointConflictError):
            cp.merge_notes([], LOG.key, KEYS)
        with pytest.raises(LogSignatureMissingError):
            cp.merge_notes([Note(TEXT, (NODES[0].sign(TEXT, 5),))], LOG.key, KEYS)

    def test_a_note_never_overflows(self):
        many = [Signer.from_seed(f"w{i}", SignatureType.COSIGNATURE, i.to_bytes(32, "big")) for i in range(120)]
        merged = cp.merge(POINT, LOG.sign(TEXT), LOG.key, [w.sign(TEXT, 5) for w in many], [w.key for w in many])
        assert [line.name for line in merged.signatures] == [ORIGIN, *(f"w{i}" for i in range(99))]
        assert parse_note(merged.encode()) == merged


class TestQuorum:
    def test_counts_validators_once(self):
        twice = (LOG.sign(TEXT), NODES[0].sign(TEXT, 5), NODES[0].sign(TEXT, 6), NODES[0].sign(TEXT, 5))
        data = Note(TEXT, twice).encode()
        assert cp.open_quorum_checkpoint(data, LOG.key, KEYS, 1)[0] == POINT
        assert cp.newest_times(parse_note(data), KEYS) == {KEYS[0]: 6}
        with pytest.raises(QuorumNotMetError):
            cp.open_quorum_checkpoint(data, LOG.key, KEYS, 2)

    def test_others_do_not_count_and_are_not_looked_at(self):
        bad = Signature(KEYS[3].name, KEYS[3].key_id, bytes(72))
        data = Note(TEXT, (LOG.sign(TEXT), *(node.sign(TEXT, 5) for node in NODES[:3]), bad)).encode()
        assert cp.open_quorum_checkpoint(data, LOG.key, KEYS[:3], 3)[0] == POINT
        with pytest.raises(QuorumNotMetError):
            cp.open_quorum_checkpoint(data, LOG.key, KEYS[:2], 3)
        with pytest.raises(BadSignatureError):
            cp.open_quorum_checkpoint(data, LOG.key, KEYS, 3)

    def test_nobody(self):
        data = cp.sign_checkpoint(POINT, LOG).encode()
        assert cp.newest_times(parse_note(data), KEYS) == {}
        with pytest.raises(QuorumNotMetError):
            cp.open_quorum_checkpoint(data, LOG.key, KEYS, 1)

    def test_a_plain_signature_has_no_time(self):
        with pytest.raises(BadSignatureError):
            cp.cosignature_time(LOG.sign(TEXT))
        plain = VerifierKey("p", SignatureType.ED25519, LOG.key.public)
        line = Signer.from_seed("p", SignatureType.ED25519, bytes(32)).sign(TEXT)
        with pytest.raises(BadSignatureError):
            cp.newest_times(Note(TEXT, (line,)), [plain])

    def test_reduced_for_paper(self):
        merged = cp.merge(POINT, LOG.sign(TEXT), LOG.key, [node.sign(TEXT, 5) for node in NODES], KEYS)
        small = cp.reduced(merged, [LOG.key, KEYS[3], KEYS[1]])
        assert [line.name for line in small.signatures] == [ORIGIN, "AE/witness", "RU/witness"]
        assert cp.open_quorum_checkpoint(small.encode(), LOG.key, KEYS, 2)[0] == POINT
        with pytest.raises(ProofError):
            cp.reduced(merged, [])
