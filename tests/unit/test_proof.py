import json
from base64 import b64decode, b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle
from ledger.errors import (
    LogSignatureMissingError,
    MalformedProofError,
    OutOfRangeError,
    ProofError,
    QuorumNotMetError,
    RootMismatchError,
)
from ledger.limits import MAX_PROOF_BYTES
from ledger.note import parse_vkey
from ledger.policy import NONE, Policy, PolicyLog, PolicyWitness, ledger_policy
from ledger.proof import HEADER, TlogProof, parse_proof, verify_proof
from tests.conftest import shared

HASH = b64encode(bytes(range(32))).decode()


def vectors(name):
    return json.loads(shared("data/tlog/tlog_proofs.json").read_text())[name]


def policy_of(case):
    log = PolicyLog(parse_vkey(case["log_vkey"]))
    witnesses = [PolicyWitness(f"w{i}", parse_vkey(text)) for i, text in enumerate(case["witness_vkeys"])]
    if not case["quorum"]:
        return Policy((log,), tuple(witnesses), (), NONE)
    return ledger_policy([log], witnesses, (), case["quorum"])


class TestVectors:
    def test_parsing(self):
        for case in vectors("parse_ok"):
            proof = parse_proof(case["text"].encode())
            assert (proof.index, proof.extra) == (case["index"], b64decode(case["extra_b64"]))
            assert proof.encode() == case["text"].encode()
        for case in vectors("parse_err"):
            with pytest.raises(MalformedProofError):
                parse_proof(case["text"].encode())

    def test_verifying(self):
        verdicts = {}
        for case in vectors("verify"):
            data = case["proof"].encode()
            proof, leaf = parse_proof(data), merkle.leaf_hash(bytes.fromhex(case["entry_hex"]))
            assert proof.encode() == data
            if case["ok"]:
                accepted = verify_proof(proof, leaf, policy_of(case))
                assert accepted.checkpoint.origin == case["origin"]
                assert len(accepted.witnesses) == len(case["witness_vkeys"])
                assert accepted.newest == (1767139200 if case["witness_vkeys"] else None)
                verdicts[case["desc"]] = None
            else:
                with pytest.raises(ProofError) as caught:
                    verify_proof(proof, leaf, policy_of(case))
                verdicts[case["desc"]] = caught.type
        assert verdicts["other size checkpoint"] is RootMismatchError
        assert verdicts["wrong index"] is RootMismatchError
        assert verdicts["same cosignature twice does not count twice"] is QuorumNotMetError
        assert verdicts["log signature missing, witnesses present"] is LogSignatureMissingError
        assert verdicts["index = size"] is OutOfRangeError
        assert list(verdicts.values()).count(None) == sum(case["ok"] for case in vectors("verify")) > 5


class TestForm:
    def text(self, *lines, checkpoint="checkpoint\n"):
        return "".join(f"{line}\n" for line in (*lines, "")).encode() + checkpoint.encode()

    def test_bytes(self):
        proof = TlogProof(5, (bytes(range(32)),), b"checkpoint\n", b"ab")
        assert proof.encode() == self.text(HEADER, "extra YWI=", "index 5", HASH)
        assert TlogProof(0, (), b"c").encode() == b"c2sp.org/tlog-proof@v1\nindex 0\n\nc"

    @pytest.mark.parametrize(
        "lines",
        [
            (), ("index 0",), (HEADER,), (HEADER + " ", "index 0"), ("c2sp.org/tlog-proof@v2", "index 0"), (HEADER, "index"), (HEADER, "index "), (HEADER, "index 00"),
            (HEADER, "index -1"), (HEADER, "index +1"), (HEADER, "index 9223372036854775808"), (HEADER, "Index 0"), (HEADER, "index 0 "), (HEADER, " index 0"),
            (HEADER, "extra YWI="), (HEADER, "index 0", "extra YWI="), (HEADER, "extra YWI=", "extra YWI=", "index 0"), (HEADER, "extra ", "index 0"), (HEADER, "extra", "index 0"),
            (HEADER, "extra YWJ=", "index 0"), (HEADER, "extra YWI", "index 0"), (HEADER, "extra  YWI=", "index 0"), (HEADER, "index 0", "YWI="), (HEADER, "index 0", HASH + "\r"),
            (HEADER, "index 0", " " + HASH), (HEADER, "index 0", HASH[:-2] + "9="), (HEADER, "index 0", HASH, "index 0"), (HEADER, "index \u0661"), (HEADER, "index 0", *[HASH] * 64),
        ],
    )  # fmt: skip
    def test_malformed(self, lines):
        with pytest.raises(MalformedProofError):
            parse_proof(self.text(*lines))

    @pytest.mark.parametrize(
        "data",
        [b"", b"\n", b"\n\n", b"c2sp.org/tlog-proof@v1\nindex 0\n", b"c2sp.org/tlog-proof@v1\nindex 0\n\n", b"\xff\n\nx"],
    )
    def test_parts_missing(self, data):
        with pytest.raises(MalformedProofError):
            parse_proof(data)

    @pytest.mark.parametrize(
        "arguments",
        [
            (-1, (), b"c"),
            (2**63, (), b"c"),
            (0, (b"short",), b"c"),
            (0, (bytes(32),) * 64, b"c"),
            (0, (), b""),
            (0, (), bytes(64 * 1024 + 1)),
        ],
    )
    def test_impossible_proofs_are_never_built(self, arguments):
        with pytest.raises(MalformedProofError):
            TlogProof(*arguments)

    def test_size(self):
        largest = TlogProof(2**63 - 1, (bytes(32),) * 63, bytes(64 * 1024), bytes(32 * 1024))
        assert parse_proof(largest.encode()) == largest
        extra = bytes(34_000)
        room = MAX_PROOF_BYTES - len(TlogProof(0, (bytes(32),) * 63, b"c", extra).encode())
        exact = TlogProof(0, (bytes(32),) * 63, bytes(room + 1), extra)
        assert parse_proof(exact.encode()) == exact
        with pytest.raises(MalformedProofError):
            TlogProof(0, (bytes(32),) * 63, bytes(room + 2), extra).encode()
        with pytest.raises(MalformedProofError, match="bytes; at most"):
            parse_proof(self.text(HEADER, "extra " + "AAAA" * 50_000, "index 0"))

    @given(
        st.integers(0, 2**63 - 1),
        st.lists(st.binary(min_size=32, max_size=32), max_size=63),
        st.binary(min_size=1, max_size=50),
        st.binary(max_size=50),
    )
    def test_round_trip(self, index, path, checkpoint, extra):
        proof = TlogProof(index, tuple(path), checkpoint, extra)
        assert parse_proof(proof.encode()) == proof

    @given(st.integers(0, 300), st.binary(max_size=3))
    def test_any_change_is_another_proof_or_the_typed_error(self, where, junk):
        data = self.text(HEADER, "extra YWI=", "index 5", HASH, HASH)
        changed = data[:where] + junk + data[where + 1 :]
        with suppress(MalformedProofError):
            assert parse_proof(changed).encode() == changed
