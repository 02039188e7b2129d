import hashlib
import json
from base64 import b64decode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import Checkpoint, cosignature_time, parse_checkpoint, parse_size
from ledger.errors import BadSignatureError, MalformedCheckpointError, UnsupportedKeyError, UnverifiedNoteError
from ledger.note import (
    Note,
    Signature,
    SignatureType,
    Signer,
    parse_note,
    parse_signatures,
    parse_vkey,
    verify_note,
    verify_signature,
)
from ledger.policy import PolicyLog, PolicyWitness, accept, ledger_policy
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
            assert cosignature_time(line) == case["timestamp"]
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
            assert cosignature_time(Signature("w", data[:4], data[4:])) == case["timestamp"]

    def test_example_of_the_specification(self):
        for case in vectors("cosignatures.json")["examples_no_key"]:
            note = parse_note(case["text"].encode())
            assert note.encode() == case["text"].encode()
            assert parse_checkpoint(note.text).size == 20852163
            assert cosignature_time(note.signatures[1]) == case["w1_timestamp"]

    def test_post_quantum_cosigners_are_named_unsupported(self):
        for case in vectors("cosignatures.json")["mldsa44"]:
            with pytest.raises(UnsupportedKeyError):
                parse_vkey(case["vkey"])
            (line,) = parse_signatures(case["line"].encode())
            note = Note(case["checkpoint_body"].encode(), (line,))
            with pytest.raises(UnverifiedNoteError):
                verify_note(note, KEYS)

    def test_cosigned_notes_of_the_proof_vectors(self):
        cases = [case for case in vectors("tlog_proofs.json")["verify"] if case["witness_vkeys"] and case["ok"]]
        assert cases
        for case in cases:
            data = case["proof"].encode().partition(b"\n\n")[2]
            log, keys = parse_vkey(case["log_vkey"]), [parse_vkey(text) for text in case["witness_vkeys"]]
            witnesses = [PolicyWitness(key.name, key) for key in keys]
            accepted = accept(ledger_policy([PolicyLog(log)], witnesses, [], case["quorum"]), data)
            assert (accepted.checkpoint.origin, accepted.newest) == (case["origin"], 1767139200)
            assert accepted.witnesses == tuple(witnesses)
            assert parse_note(data).encode() == data


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
        assert parse_size(text) == size


def test_a_plain_signature_has_no_time():
    with pytest.raises(BadSignatureError):
        cosignature_time(LOG.sign(TEXT))
