import json
from base64 import b64encode
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle, witness
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.limits import MAX_WITNESS_REQUEST_BYTES
from ledger.note import Note, Signature, SignatureType, Signer, parse_signatures, parse_vkey, verify_signature
from tests.conftest import shared
from tests.unit import naive_merkle

SELF = Signer.from_seed("example.com/witness", SignatureType.COSIGNATURE, bytes(32))
LOG = Signer.from_seed("log.example", SignatureType.ED25519, bytes([5]) * 32)
ENTRIES = [bytes([i]) for i in range(20)]


def vectors(name):
    return json.loads(shared("data/tlog/witness_add_checkpoint.json").read_text())[name]


class Witness:
    """What a node does with the outcome: store, then cosign."""

    def __init__(self, *keys):
        self.logs = {key.name: [key] for key in keys}
        self.stored = {}

    def post(self, body):
        outcome = witness.add_checkpoint(body, self.logs, self.stored.get)
        if outcome.status is not HTTPStatus.OK:
            assert outcome.checkpoint is None
            return outcome.status, outcome.body, outcome.content_type
        assert outcome.body == b""
        self.stored[outcome.checkpoint.origin] = outcome.checkpoint
        return outcome.status, witness.answer(SELF.sign(outcome.checkpoint.text(), 1_700_000_000)), outcome.content_type


def point(size, root=None):
    return Checkpoint("log.example", size, root or naive_merkle.mth(ENTRIES[:size]))


def body(old, new, proof=None, signer=LOG):
    proof = naive_merkle.proof(0, old, ENTRIES[: new.size]) if proof is None else proof
    return witness.encode_request(old, proof, Note(new.text(), (signer.sign(new.text()),)).encode())


def at(size):
    """A witness that cosigned this size."""
    fresh = Witness(LOG.key)
    assert fresh.post(body(0, point(size), []))[0] == 200
    return fresh


class TestVectors:
    def test_sequence(self):
        data = vectors("sequence")
        here = Witness(parse_vkey(data["log_vkey"]))
        for case in data["cases"]:
            status, answer, content_type = here.post(case["body"].encode())
            # Where a signature's base64 is not canonical, a strict reader sees no note at all.
            wanted = case.get("status_alt", case["status"])
            assert status == wanted, case["name"]
            if wanted == case["status"]:
                assert case["body_contains"] in answer.decode(), case["name"]
            assert content_type == (witness.SIZE if status == 409 else witness.TEXT)
            if status == 409:
                assert answer == case["body_contains"].encode()
            if status == 200:
                (line,) = parse_signatures(answer)
                verify_signature(SELF.key, here.stored[data["origin"]].text(), line)
        assert here.stored[data["origin"]].size == 5

    def test_two_checkpoints_of_another_log(self):
        data = vectors("monkeys")
        here = Witness(parse_vkey(data["log_vkey"]))
        proof = [bytes.fromhex(text) for text in data["consistency_5_8_hex"]]
        assert here.post(witness.encode_request(0, [], data["checkpoint_5"].encode()))[0] == 200
        assert here.post(witness.encode_request(5, proof[::-1], data["checkpoint_8"].encode()))[0] == 422
        assert here.post(witness.encode_request(5, proof, data["checkpoint_8"].encode()))[0] == 200
        assert here.post(witness.encode_request(5, proof, data["checkpoint_8"].encode()))[:2] == (409, b"8\n")
        assert here.stored["monkeys"].size == 8

    def test_status_table_is_covered(self):
        assert {int(status) for status in vectors("status_table")} - {429} == {200, 400, 403, 404, 409, 422}


class TestDecisions:
    @given(st.integers(0, 20), st.integers(0, 20))
    def test_growth(self, one, other):
        old, new = sorted((one, other))
        here = at(old)
        assert here.post(body(old, point(new), None if old else []))[0] == 200
        assert here.stored["log.example"] == point(new)

    def test_same_size_again_is_cosigned_again(self):
        here = at(7)
        assert here.post(body(7, point(7), []))[0] == 200

    def test_other_root_for_the_same_size(self):
        here = at(7)
        assert here.post(body(7, point(7, bytes(32)), []))[0] == 422
        assert here.stored["log.example"] == point(7)

    def test_empty_tree_has_one_root(self):
        here = Witness(LOG.key)
        assert here.post(body(0, point(0, bytes(32)), []))[0] == 422
        assert here.post(body(0, point(0), []))[0] == 200
        assert here.post(body(0, point(0), []))[0] == 200

    def test_proof_where_none_is_wanted(self):
        assert Witness(LOG.key).post(body(0, point(3), [bytes(32)]))[0] == 422
        assert at(3).post(body(3, point(3), [bytes(32)]))[0] == 422

    def test_old_size_beyond_the_checkpoint_comes_before_conflict(self):
        assert at(3).post(body(9, point(5), []))[0] == 400

    def test_conflict_names_the_size_only(self):
        assert at(12).post(body(3, point(15))) == (409, b"12\n", "text/x.tlog.size")
        assert Witness(LOG.key).post(body(3, point(15)))[1] == b"0\n"

    def test_signatures(self):
        stranger = Signer.from_seed("log.example", SignatureType.ED25519, bytes([6]) * 32)
        new = point(3)
        good = LOG.sign(new.text())
        bad = Signature(good.name, good.key_id, bytes(64))
        here = Witness(LOG.key)
        assert here.post(body(0, new, [], stranger))[0] == 403
        assert here.post(witness.encode_request(0, [], Note(new.text(), (good, bad)).encode()))[0] == 403
        assert here.post(witness.encode_request(0, [], Note(new.text(), (stranger.sign(new.text()), good)).encode()))[0] == 200

    def test_signature_comes_before_sizes(self):
        stranger = Signer.from_seed("log.example", SignatureType.ED25519, bytes([6]) * 32)
        assert at(3).post(body(9, point(5), [], stranger))[0] == 403

    def test_unknown_log_comes_before_signature(self):
        other = Signer.from_seed("other.example", SignatureType.ED25519, bytes(32))
        new = Checkpoint("other.example", 1, bytes(32))
        assert Witness(LOG.key).post(witness.encode_request(0, [], sign_checkpoint(new, other).encode()))[0] == 404

    def test_extension_lines_are_cosigned_as_they_are(self):
        new = Checkpoint("log.example", 1, merkle.leaf_hash(b""), ("extension",))
        here = Witness(LOG.key)
        status, answer, _ = here.post(body(0, new, []))
        assert status == 200
        verify_signature(SELF.key, new.text(), parse_signatures(answer)[0])


class TestForm:
    GOOD = body(3, point(5))

    @pytest.mark.parametrize(
        "bad",
        [
            b"", b"old 3\n", GOOD.replace(b"old 3", b"old 03"), GOOD.replace(b"old 3", b"old -3"), GOOD.replace(b"old 3", b"old  3"), GOOD.replace(b"old 3", b"Old 3"),
            GOOD.replace(b"old 3", b"old"), GOOD.replace(b"old 3", b"old \xd9\xa3"), GOOD.replace(b"old 3", b"old 9223372036854775808"), GOOD.replace(b"old 3\n", b"old 3\r\n"),
            GOOD.replace(b"old 3\n", b"old 3\nAAAA\n"), GOOD.replace(b"old 3\n", b"old 3\n!\n"), GOOD[:-1], GOOD.replace(b"\n5\n", b"\nfive\n"), GOOD.replace(b"\n5\n", b"\n05\n"),
            GOOD.replace(b"old 3\n", b"old 3\n" + (b64encode(bytes(32)) + b"\n") * 63), GOOD + b"x" * 80_000,
        ],
    )  # fmt: skip
    def test_malformed(self, bad):
        assert at(3).post(bad)[0] == 400

    def test_size(self):
        for extra, reason in ((0, b"no empty line"), (1, b"more than")):
            outcome = witness.parse_request(b"x" * (MAX_WITNESS_REQUEST_BYTES + extra))
            assert outcome.status == 400
            assert reason in outcome.body

    def test_sixty_three_hashes_are_of_the_form(self):
        assert at(3).post(body(3, point(5), [bytes(32)] * 63))[0] == 422

    def test_round_trip(self):
        request = witness.parse_request(self.GOOD)
        assert (request.old, request.checkpoint) == (3, point(5))
        assert witness.encode_request(request.old, request.proof, request.note.encode()) == self.GOOD

    @given(st.integers(0, 400), st.binary(max_size=3))
    def test_a_changed_request_is_never_cosigned_wrongly(self, where, junk):
        here = at(3)
        here.post(self.GOOD[:where] + junk + self.GOOD[where + 1 :])
        assert here.stored["log.example"] in (point(3), point(5))
