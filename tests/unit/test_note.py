import base64
import hashlib
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import note
from ledger.errors import (
    AmbiguousKeyError,
    BadSignatureError,
    MalformedKeyError,
    MalformedNoteError,
    ProofError,
    UnsupportedKeyError,
    UnverifiedNoteError,
)
from ledger.note import Note, Signature, SignatureType, Signer, VerifierKey, parse_note, parse_vkey, verify_note
from tests.conftest import shared

TEXT = b"one line\n"
ALICE = Signer.from_seed("alice", SignatureType.ED25519, bytes(32))
BOB = Signer.from_seed("bob.example/w", SignatureType.COSIGNATURE, bytes([1]) * 32)


def signed(text, signer):
    return Note(text, (signer.sign(text),))


def vectors():
    return json.loads(shared("data/tlog/signed_notes.json").read_text())


def skey(text):
    _, _, name, key_id, material = text.split("+", 4)
    data = base64.b64decode(material)
    return Signer.from_seed(name, SignatureType(data[0]), data[1:]), key_id


class TestVectors:
    def test_open(self):
        seen = {True: 0, False: 0}
        for case in vectors()["open"]:
            data = base64.b64decode(case["note_b64"]) if "note_b64" in case else case["note"].encode()
            # Signatures are 4 bytes of key id and something: the specification, and Go, refuse 3 bytes in a foreign line.
            expected = case.get("ok_go_note", case["ok"])
            seen[expected] += 1
            if not expected:
                with pytest.raises(ProofError):
                    verify_note(parse_note(data), [parse_vkey(key) for key in case["vkeys"]])
                continue
            parsed = parse_note(data)
            verified = verify_note(parsed, [parse_vkey(key) for key in case["vkeys"]])
            assert [key.name for key, _ in verified] == case["verified"]
            good = {signature for _, signature in verified}
            assert [s.name for s in dict.fromkeys(parsed.signatures) if s not in good] == case["unverified"]
            assert parsed.encode() == data
        assert min(seen.values()) > 5

    def test_each_refused_note_for_its_own_reason(self):
        errors = {}
        for case in vectors()["open"]:
            data = base64.b64decode(case["note_b64"]) if "note_b64" in case else case["note"].encode()
            try:
                verify_note(parse_note(data), [parse_vkey(key) for key in case["vkeys"]])
            except ProofError as error:
                errors[case["desc"].split(":")[0].split(" (")[0]] = type(error)
        assert errors["no known key"] is UnverifiedNoteError
        assert errors["used ambiguous"] is AmbiguousKeyError
        assert errors["invalid signature by known key"] is BadSignatureError
        assert errors["malformed"] is MalformedNoteError
        assert errors["101 signature lines"] is MalformedNoteError
        assert errors["right key hash but other name"] is UnverifiedNoteError

    def test_verifier_keys(self):
        keys = vectors()["keys"]
        for text in keys["vkey_ok"]:
            assert str(parse_vkey(text)) == text
        for case in keys["vkey_bad"]:
            with pytest.raises((MalformedKeyError, UnsupportedKeyError)):
                parse_vkey(case["vkey"])

    def test_no_part_and_no_neighbour_of_a_key_is_a_key(self):
        text = vectors()["keys"]["vkey_ok"][0]
        for start in range(len(text)):
            for end in range(start, len(text) + 1):
                if end - start < len(text):
                    with pytest.raises(ProofError):
                        parse_vkey(text[start:end])
        for i in range(len(text)):
            with pytest.raises(ProofError):
                parse_vkey(text[:i] + chr(ord(text[i]) + 1) + text[i + 1 :])

    def test_signing_keys(self):
        for case in vectors()["keys"]["skey_pairs"]:
            signer, key_id = skey(case["skey"])
            assert str(signer.key) == case["vkey"]
            assert signer.key.key_id.hex() == key_id

    def test_signing(self):
        for case in vectors()["keys"]["sign"]:
            signer, _ = skey(case["skey"])
            assert signed(case["text"].encode(), signer).encode() == case["want"].encode()

    def test_key_id_of_others(self):
        case = vectors()["keys"]["key_ids"][0]
        signer = Signer.from_seed(case["name"], SignatureType.ED25519, base64.b64decode(case["seed_b64"]))
        assert signer.key.key_id.hex() == case["key_id_hex"]

    @pytest.mark.parametrize("kind", ["ecdsa", "static_ct"])
    def test_other_types_of_keys_are_named_and_their_lines_passed_over(self, kind):
        for case in vectors()[kind]:
            with pytest.raises(UnsupportedKeyError):
                parse_vkey(case["vkey"])
            parsed = parse_note(case["note"].encode())
            assert parsed.encode() == case["note"].encode()
            with pytest.raises(UnverifiedNoteError):
                verify_note(parsed, [ALICE.key])


class TestKeys:
    def test_the_id_is_the_keys(self):
        name, key_id, material = str(ALICE.key).split("+")
        other = f"{int(key_id, 16) ^ 1:08x}"
        assert parse_vkey(f"{name}+{key_id}+{material}") == ALICE.key
        with pytest.raises(MalformedKeyError, match="does not match"):
            parse_vkey(f"{name}+{other}+{material}")

    @given(st.text(min_size=1, max_size=30), st.sampled_from(SignatureType), st.binary(min_size=32, max_size=32))
    def test_round_trip(self, name, kind, public):
        try:
            key = VerifierKey(name, kind, public)
        except MalformedKeyError:
            assert "+" in name or any(c.isspace() or c < " " for c in name)
            return
        assert parse_vkey(str(key)) == key

    @pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\u3000", "a\nb", "a\tb", "a\0", "\ud800"])
    def test_impossible_names(self, name):
        with pytest.raises(MalformedKeyError):
            VerifierKey(name, SignatureType.ED25519, bytes(32))
        with pytest.raises(MalformedKeyError):
            parse_vkey(f"{name}+00000000+AQ==")

    @pytest.mark.parametrize("length", [0, 31, 33])
    def test_length(self, length):
        with pytest.raises(MalformedKeyError):
            VerifierKey("a", SignatureType.ED25519, bytes(length))
        material = b"\1" + bytes(length)
        key_id = hashlib.sha256(b"a\n" + material).hexdigest()[:8]
        with pytest.raises(MalformedKeyError):
            parse_vkey(f"a+{key_id}+{base64.b64encode(material).decode()}")

    def test_upper_case_and_stray_bits(self):
        good = str(ALICE.key)
        name, key_id, material = good.split("+", 2)
        for bad in (
            f"{name}+{key_id.upper()}+{material}",
            f"{good}=",
            f"{good}\n",
            f" {good}",
            f"{name}+{key_id}+{material[:-1]}",
            f"{name}+{key_id}+==",
        ):
            assert bad != good
            with pytest.raises(MalformedKeyError):
                parse_vkey(bad)

    def test_same_key_under_two_types_has_two_ids(self):
        assert (
            VerifierKey("a", SignatureType.ED25519, bytes(32)).key_id
            != VerifierKey("a", SignatureType.COSIGNATURE, bytes(32)).key_id
        )

    def test_secret_is_not_shown(self):
        seed = bytes(range(32))
        assert seed.hex() not in repr(Signer.from_seed("a", SignatureType.ED25519, seed))
        assert "_secret" not in repr(Signer.from_seed("a", SignatureType.ED25519, seed))


class TestForm:
    GOOD = signed(TEXT, ALICE).encode()

    def test_texts_with_empty_lines(self):
        for text in (b"\n", b"\n\n", b"a\n\n", b"a\n\nb\n", b"a\n\n\xe2\x80\x94 alice AAAAAAA=\n"):
            made = signed(text, ALICE)
            assert parse_note(made.encode()) == made
            assert verify_note(made, [ALICE.key])

    @pytest.mark.parametrize(
        "bad",
        [
            b"", b"\n", b"\n\n", GOOD[:-1], GOOD + b"\n", GOOD + b"x\n", GOOD.replace(b"\xe2\x80\x94", b"-"), GOOD.replace(b"alice ", b"alice  "),
            GOOD.replace(b"alice ", b""), GOOD.replace(b"alice ", b" "), GOOD.replace(b"alice", b"al+ice"), GOOD.replace(b"alice", "al\u2003ice".encode()),
            GOOD.replace(b"\n\n", b"\n"), GOOD.replace(b"one", b"o\re"), GOOD.replace(b"one", b"o\0e"), GOOD.replace(b"one", b"o\xffe"),
            GOOD.replace(b"one", b"\xed\xa0\x80"), TEXT + b"\n\xe2\x80\x94 alice AAAA\n", TEXT + b"\n\xe2\x80\x94 alice AAAAAA==\n", TEXT + b"\n\xe2\x80\x94 alice \n",
            TEXT + b"\n\xe2\x80\x94 alice AAAAAAB=\n", TEXT + b"\n\xe2\x80\x94 alice AAAAAAA\n", TEXT + b"\n\xe2\x80\x94 alice AAAA AAA=\n",
            TEXT + b"\n\xe2\x80\x94 alice AAAA_AA=\n", TEXT + b"\n\xe2\x80\x94 alice AAAA\xc3\xa9AA=\n", TEXT + b"\n\xe2\x80\x94 alice\n",
        ],
    )  # fmt: skip
    def test_malformed(self, bad):
        with pytest.raises(MalformedNoteError):
            parse_note(bad)

    def test_signature_lines_alone_are_no_note(self):
        lines = b"".join(signature.line().encode() for signature in parse_note(self.GOOD).signatures)
        for data in (lines, b"\n" + lines):
            with pytest.raises(MalformedNoteError):
                parse_note(data)

    def test_shortest_signature(self):
        parsed = parse_note(TEXT + b"\n\xe2\x80\x94 alice AAAAAAA=\n")
        assert parsed.signatures == (Signature("alice", bytes(4), b"\0"),)

    def test_hundred_signatures_and_no_more(self):
        line = parse_note(self.GOOD).signatures[0]
        assert parse_note(Note(TEXT, (line,) * 100).encode()).signatures == (line,) * 100
        with pytest.raises(MalformedNoteError):
            Note(TEXT, (line,) * 101)
        with pytest.raises(MalformedNoteError):
            note.parse_signatures(line.line().encode() * 101)
        with pytest.raises(MalformedNoteError):
            Note(TEXT, ())

    def test_size(self):
        signature = parse_note(self.GOOD).signatures[0]
        room = 64 * 1024 - len(self.GOOD)
        data = Note(b"x" * room + TEXT, (signature,)).encode()
        assert len(data) == 64 * 1024
        assert parse_note(data).text.endswith(TEXT)
        with pytest.raises(MalformedNoteError):
            Note(b"x" * (room + 1) + TEXT, (signature,)).encode()
        with pytest.raises(MalformedNoteError):
            parse_note(b"x" + data)

    @pytest.mark.parametrize("text", [b"", b"no newline", b"\x01\n", b"\xff\n"])
    def test_no_text(self, text):
        with pytest.raises(MalformedNoteError):
            Note(text, parse_note(self.GOOD).signatures)

    @pytest.mark.parametrize(
        "arguments",
        [("", bytes(4), b"x"), ("a", bytes(3), b"x"), ("a", bytes(5), b"x"), ("a", bytes(4), b""), ("a b", bytes(4), b"x")],
    )
    def test_impossible_lines(self, arguments):
        with pytest.raises(MalformedNoteError):
            Signature(*arguments)

    def test_lines_alone(self):
        line = parse_note(self.GOOD).signatures[0]
        assert note.parse_signatures(line.line().encode() * 2) == (line, line)
        for bad in (b"\xff\n", line.line().encode()[:-1], line.line().encode() + b"\n"):
            with pytest.raises(MalformedNoteError):
                note.parse_signatures(bad)
        assert note.parse_signatures(b"") == ()

    @given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 255))
    def test_any_bytes_are_a_note_or_the_typed_error(self, junk, where, byte):
        changed = bytearray(self.GOOD)
        changed[where % len(changed)] = byte
        for data in (junk, bytes(changed), self.GOOD[:where], TEXT + b"\n" + junk):
            with suppress(MalformedNoteError):
                assert parse_note(data).encode() == data


class TestSignatures:
    def test_a_line_is_checked_with_the_key_that_it_names(self):
        line = ALICE.sign(TEXT)
        note.verify_signature(ALICE.key, TEXT, line)
        for other in (Signature("alicia", line.key_id, line.value), Signature("alice", bytes(4), line.value)):
            with pytest.raises(BadSignatureError, match="cannot be alice's"):
                note.verify_signature(ALICE.key, TEXT, other)

    def test_two_keys_that_look_alike_tell_nobody_apart(self):
        with pytest.raises(AmbiguousKeyError):
            verify_note(signed(TEXT, ALICE), [ALICE.key, ALICE.key])

    def test_any_change_of_a_verified_note_is_noticed(self):
        data = signed(TEXT, ALICE).encode()
        for i in range(len(data)):
            for bit in range(8):
                changed = data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :]
                with pytest.raises(ProofError):
                    verify_note(parse_note(changed), [ALICE.key])

    def test_kinds_do_not_mix(self):
        plain = ALICE.sign(TEXT)
        timed = BOB.sign(TEXT, 7)
        alice_as_witness = VerifierKey("alice", SignatureType.COSIGNATURE, ALICE.key.public)
        for key, line in ((ALICE.key, timed), (BOB.key, plain), (alice_as_witness, plain)):
            with pytest.raises(BadSignatureError):
                note.verify_signature(key, TEXT, line)
            with pytest.raises(BadSignatureError):
                note.verify_signature(key, TEXT, Signature(key.name, key.key_id, line.value))
        note.verify_signature(ALICE.key, TEXT, plain)
        note.verify_signature(BOB.key, TEXT, timed)

    def test_a_plain_signature_over_a_cosigned_message_is_no_cosignature(self):
        trick = Signer.from_seed("m", SignatureType.ED25519, bytes(32)).sign(note.cosigned_message(TEXT, 5))
        key = VerifierKey("m", SignatureType.COSIGNATURE, ALICE.key.public)
        with pytest.raises(BadSignatureError):
            note.verify_signature(key, TEXT, trick)

    @pytest.mark.parametrize("length", [0, 1, 63, 65, 71, 73])
    def test_lengths(self, length):
        for signer in (ALICE, BOB):
            if length:
                with pytest.raises(BadSignatureError):
                    note.verify_signature(signer.key, TEXT, Signature(signer.key.name, signer.key.key_id, bytes(length)))

    def test_time_is_signed_and_bounded(self):
        line = BOB.sign(TEXT, 1_700_000_000)
        other = Signature(line.name, line.key_id, (1_700_000_001).to_bytes(8, "big") + line.value[8:])
        with pytest.raises(BadSignatureError):
            note.verify_signature(BOB.key, TEXT, other)
        beyond = Signature(line.name, line.key_id, (2**63).to_bytes(8, "big") + line.value[8:])
        with pytest.raises(BadSignatureError, match="impossible time"):
            note.verify_signature(BOB.key, TEXT, beyond)
        for seconds in (1, 2**63 - 1):
            note.verify_signature(BOB.key, TEXT, BOB.sign(TEXT, seconds))
        for seconds in (0, -1, 2**63):
            with pytest.raises(MalformedNoteError):
                BOB.sign(TEXT, seconds)
        with pytest.raises(MalformedNoteError):
            ALICE.sign(TEXT, 5)

    def test_keys_of_small_order_and_unreduced_values_are_refused(self):
        """The identity as key and R, s = 0: verifies under the plain equation for every message."""
        identity = b"\1" + bytes(31)
        key = VerifierKey("weak", SignatureType.ED25519, identity)
        with pytest.raises(BadSignatureError):
            note.verify_signature(key, TEXT, Signature("weak", key.key_id, identity + bytes(32)))
        order = 2**252 + 27742317777372353535851937790883648493
        line = ALICE.sign(TEXT)
        unreduced = (int.from_bytes(line.value[32:], "little") + order).to_bytes(32, "little")
        with pytest.raises(BadSignatureError):
            note.verify_signature(ALICE.key, TEXT, Signature(line.name, line.key_id, line.value[:32] + unreduced))

    def test_a_later_bad_line_of_a_known_key_spoils_the_note(self):
        good = BOB.sign(TEXT, 5)
        bad = Signature(good.name, good.key_id, bytes(72))
        assert len(verify_note(Note(TEXT, (good, good, BOB.sign(TEXT, 6))), [BOB.key])) == 2
        with pytest.raises(BadSignatureError):
            verify_note(Note(TEXT, (good, bad)), [BOB.key])

    def test_no_keys(self):
        with pytest.raises(UnverifiedNoteError):
            verify_note(signed(TEXT, ALICE), [])

    def test_signing_wants_plain_signers(self):
        with pytest.raises(MalformedNoteError):
            BOB.sign(TEXT)
