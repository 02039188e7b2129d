"""ledger/paper.py, ledger/base45.py: proofs that fit on paper, what they establish, and each way of spoiling one."""

import zlib
from dataclasses import replace

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from ledger import base45, errors
from ledger.bodies import CERTIFICATE_CLOSE, CloseBody
from ledger.checkpoint import Checkpoint
from ledger.limits import MAX_PAPER_CHARACTERS, MAX_SCANNED_CHARACTERS
from ledger.note import Note, Signature
from ledger.paper import PREFIX, decode_paper, encode_paper, make_paper, verify_paper
from ledger.proof import parse_proof
from tests.support.papers import CODES, LOG, NODES, ORIGIN, WHEN, body, placed, policy, record_of

PLACED = placed(record_of(body()))
RECEIPT = PLACED.receipt()
TEXT = make_paper(RECEIPT)
PROOF = parse_proof(RECEIPT)


@given(st.binary(max_size=400))
def test_base45_and_back(data):
    text = base45.encode(data)
    assert base45.decode(text) == data
    assert segno.make_qr(text or "0").mode in {"alphanumeric", "numeric"}


@pytest.mark.parametrize(
    ("data", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"", "")]
)
def test_base45_as_its_rfc_has_it(data, text):
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@pytest.mark.parametrize("text", ["GGW", "::", "ABCD", "A", "abc", "AB\n", "AB\u0660"])
def test_base45_refuses(text):
    with pytest.raises(errors.PaperEncodingError):
        base45.decode(text)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=30))
def test_base45_has_one_text_for_what_it_reads(text):
    try:
        data = base45.decode(text)
    except errors.PaperEncodingError:
        return
    assert base45.encode(data) == text


def test_what_a_proof_on_paper_says():
    found = verify_paper(TEXT, policy())
    assert found.quorum
    assert found.record.raw == PLACED.record
    assert found.body == body()
    assert found.verdict.index == 41
    assert found.verdict.size == 300
    assert found.verdict.origin == ORIGIN
    assert set(found.verdict.witnesses) == {f"{code}/witness" for code in CODES[:4]}
    assert found.verdict.newest == WHEN + 3
    assert parse_proof(decode_paper(TEXT)).extra == PLACED.record


def test_the_destination_comes_first_then_the_issuer_and_only_what_fits():
    many = PLACED.receipt(CODES)
    note = decode_paper(make_paper(many)).decode().partition("\n\n")[2]
    names = [line.split(" ")[1] for line in note.split("\n\n")[1].splitlines()]
    assert names[:3] == [ORIGIN, "AE/witness", "BW/witness"]
    assert 6 <= len(names) < len(CODES) + 1
    assert len(make_paper(many)) <= MAX_PAPER_CHARACTERS
    found = verify_paper(make_paper(many), policy(CODES, 13))
    assert not found.quorum
    assert {"AE/witness", "BW/witness"} < set(found.verdict.witnesses)


def test_two_lines_and_three_cosigners_fit_into_65_mm_in_a_log_of_a_million():
    in_large = placed(record_of(body(lines=2)), 1_000_000, 654_321)
    text = make_paper(in_large.receipt(("RU", "BW", "AE")))
    code = segno.make_qr(text, error="m", boost_error=False)
    millimetres = code.symbol_size(border=0)[0] * 0.4
    assert len(verify_paper(text, policy()).verdict.witnesses) == 3
    assert code.mode == "alphanumeric"
    assert millimetres <= 65
    print(f"version {code.designator}, {millimetres:.1f} mm, {len(text)} characters, a path of {len(in_large.path())}")


def test_a_record_that_leaves_no_room_is_refused():
    with pytest.raises(errors.PaperTooLargeError):
        make_paper(placed(record_of(body(lines=32))).receipt())


def test_a_receipt_about_no_certificate_is_refused():
    closed = record_of(CloseBody(number="BW0012345", reason="void"), CERTIFICATE_CLOSE)
    with pytest.raises(errors.NotCertificateError):
        make_paper(placed(closed).receipt())


def spoilt(**changes):
    return encode_paper(replace(PROOF, **changes))


def noted(text=None, lines=None):
    note = PLACED.note()
    return Note(text or note.text, lines or note.signatures).encode()


def broken(signature):
    return Signature(signature.name, signature.key_id, signature.value[:-1] + bytes([signature.value[-1] ^ 1]))


def packed(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return PREFIX + base45.encode(packer.compress(data) + packer.flush())


SIGNED = PLACED.note().signatures
FORGED = Checkpoint(ORIGIN, 300, bytes(32)).text()
OTHER = Checkpoint("kpledger.example/other", 300, PLACED.log.root_at(300)).text()
SHORT = Checkpoint(ORIGIN, 40, PLACED.log.root_at(40)).text()

SPOILT = {
    "another prefix": ("KP2:" + TEXT[4:], errors.PaperPrefixError),
    "lower case": (TEXT.lower(), errors.PaperPrefixError),
    "a space before it": (" " + TEXT, errors.PaperPrefixError),
    "a character outside the alphabet": (TEXT[:50] + "?" + TEXT[51:], errors.PaperEncodingError),
    "a group out of range": (TEXT[:4] + ":::" + TEXT[7:], errors.PaperEncodingError),
    "longer than any code": (PREFIX + "0" * MAX_SCANNED_CHARACTERS, errors.PaperEncodingError),
    "cut short": (TEXT[: 4 + 3 * 200], errors.PaperCompressionError),
    "bytes after its end": (TEXT + "000", errors.PaperCompressionError),
    "no deflate": (PREFIX + base45.encode(b"\xff" * 60), errors.PaperCompressionError),
    "a bomb": (packed(bytes(1_000_000)), errors.PaperCompressionError),
    "another header": (packed(RECEIPT.replace(b"proof@v1", b"proof@v2")), errors.MalformedProofError),
    "an index with a zero in front": (packed(RECEIPT.replace(b"index 41", b"index 041")), errors.MalformedProofError),
    "without the record": (spoilt(extra=b""), errors.RecordMissingError),
    "no record in it": (spoilt(extra=b"\xc1"), errors.NotCertificateError),
    "other parcels": (spoilt(extra=record_of(body(parcels=3))), errors.RootMismatchError),
    "another record's byte": (spoilt(extra=PROOF.extra[:-1] + bytes([PROOF.extra[-1] ^ 1])), errors.NotCertificateError),
    "another place": (spoilt(index=40), errors.RootMismatchError),
    "a place beyond the tree": (spoilt(index=300), errors.OutOfRangeError),
    "a hash left out": (spoilt(path=PROOF.path[:-1]), errors.ProofLengthError),
    "a hash changed": (spoilt(path=(bytes(32), *PROOF.path[1:])), errors.RootMismatchError),
    "no note": (spoilt(checkpoint=b"hello\n"), errors.MalformedNoteError),
    "no checkpoint": (spoilt(checkpoint=noted(b"hello\n")), errors.MalformedCheckpointError),
    "another root under old signatures": (spoilt(checkpoint=noted(FORGED)), errors.BadSignatureError),
    "another log": (spoilt(checkpoint=noted(OTHER)), errors.OriginMismatchError),
    "a spoilt signature of the log": (
        spoilt(checkpoint=noted(lines=(broken(SIGNED[0]), *SIGNED[1:]))),
        errors.BadSignatureError,
    ),
    "one spoilt cosignature": (spoilt(checkpoint=noted(lines=(*SIGNED[:3], broken(SIGNED[3])))), errors.BadSignatureError),
    "nobody but the log": (spoilt(checkpoint=noted(lines=SIGNED[:1])), errors.QuorumNotMetError),
    "strangers alone": (spoilt(checkpoint=PLACED.note(("JP",), by_log=False).encode()), errors.QuorumNotMetError),
    "an older tree": (
        spoilt(checkpoint=Note(SHORT, (LOG.sign(SHORT), NODES["AE"].sign(SHORT, WHEN))).encode()),
        errors.OutOfRangeError,
    ),
}


@pytest.mark.parametrize("case", SPOILT)
def test_each_way_of_spoiling_has_its_own_error(case):
    text, error = SPOILT[case]
    with pytest.raises(errors.ProofError) as raised:
        verify_paper(text, policy())
    assert type(raised.value) is error, raised.value


@given(st.integers(4, len(TEXT) - 1), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"))
def test_no_changed_character_goes_unnoticed(place, letter):
    text = TEXT[:place] + letter + TEXT[place + 1 :]
    if text != TEXT:
        try:
            found = verify_paper(text, policy())
        except errors.ProofError:
            return
        # a deflate stream has bits that mean nothing, and the name of a cosigner may become a stranger's, who counts for nothing
        assert found.record.raw == PLACED.record
        assert set(found.verdict.witnesses) <= {f"{code}/witness" for code in CODES[:4]}
