"""`ledger.envelope` and `ledger.unsealing`: what an outsider sees, what a reader can open, and what happens to everything that was moved or damaged."""

import secrets

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from ledger import codec
from ledger.bodies import ConfirmLine
from ledger.commitments import commit
from ledger.drafts import make_issue
from ledger.envelope import check_envelope, readers_of, seal
from ledger.errors import Code, LedgerError, Refusal
from ledger.hashing import labelled_hash
from ledger.limits import MAX_ENVELOPE_BYTES, MAX_READERS, PADDED_BYTES
from ledger.unsealing import Disclosure, check_values, disclose, open_envelope, verify_disclosure
from tests.outside import envelopes as outside
from tests.support import sealed
from tests.support.sealed import ISSUE, LEDGER, PARTY, READERS, SECRETS, randomness
from tests.unit.test_commitments import SMALL_ORDER

SAMPLE = sealed.issue()
RID = SAMPLE.record.body.rid
HASH = SAMPLE.record.body.sealed
ENVELOPE = SAMPLE.envelope
OTHER = sealed.issue(seed=1)

fields = st.fixed_dictionaries(
    {},
    optional={
        "exporter": st.just(PARTY),
        "invoice": st.text("abcé", max_size=60),
        "remarks": st.text("ä ", max_size=5_000),
        "seals": st.lists(st.text("0123", max_size=5), max_size=20),
        "values": st.lists(st.tuples(st.integers(0, 10**15), st.binary(min_size=32, max_size=32)).map(list), max_size=32),
    },
)


def refusal_of(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value


def opened(envelope, reader="AE", secret=None, ledger=LEDGER):
    return open_envelope(ledger, envelope, reader, secret or SECRETS[reader])


def parts(envelope=ENVELOPE):
    return codec.decode(envelope)


def rebuilt(**changes):
    return codec.encode(parts() | changes)


def header_with(**changes):
    return codec.encode(codec.decode(parts()["header"]) | changes)


def unreadable(envelope, reader="AE", secret=None, ledger=LEDGER):
    refusal = refusal_of(opened, envelope, reader, secret, ledger)
    return refusal.problem() == {"error": "envelope-unreadable", "field": "envelope"}


# --- sealing and opening


@pytest.mark.parametrize("reader", list(SECRETS))
def test_every_reader_sees_the_same(reader):
    found = opened(ENVELOPE, reader)
    assert found.pop("values") == [
        [line.cents, found_line[1]] for line, found_line in zip(ISSUE.lines, opened(ENVELOPE)["values"], strict=True)
    ]
    assert found == dict(ISSUE.sealed)


@settings(max_examples=40)
@given(fields, st.integers(0, 2**32))
def test_round_trip_and_agreement_with_the_second_program(content, seed):
    made = seal(LEDGER, RID, content, READERS, randomness(seed))
    envelope, digest = outside.make(LEDGER, RID, content, READERS, randomness(seed))
    assert (made.envelope, made.hash) == (envelope, digest)
    assert check_envelope(envelope, digest, RID).readers == tuple((code, epoch) for code, epoch, _ in READERS)
    assert opened(envelope) == content
    assert outside.open_with(LEDGER, envelope, "BW", SECRETS["BW"]).values == content
    assert readers_of(envelope) == ("BW", "AE", "secretariat")
    assert len(envelope) <= MAX_ENVELOPE_BYTES


@pytest.mark.parametrize("reader", list(SECRETS))
def test_a_wrap_is_libsodiums_sealed_box(reader):
    wrap = next(wrap["wrap"] for wrap in parts()["wraps"] if wrap["reader"] == reader)
    message = SealedBox(PrivateKey(SECRETS[reader])).decrypt(wrap)
    assert (len(wrap), len(message), message[32:48]) == (112, 64, RID)


def test_a_reader_without_a_key_gets_a_decoy_that_nobody_opens():
    readers = [*READERS[:2], ("secretariat", 0, None)]
    made = seal(LEDGER, RID, {}, readers, secrets.token_bytes)
    assert readers_of(made.envelope) == ("BW", "AE", "secretariat")
    wraps = {wrap["reader"]: wrap["wrap"] for wrap in parts(made.envelope)["wraps"]}
    assert {len(wrap) for wrap in wraps.values()} == {112}
    # Like a true ephemeral key, the decoy's front is a point of the curve with the high bit clear.
    assert wraps["secretariat"][31] < 128
    for secret in SECRETS.values():
        with pytest.raises(CryptoError):
            SealedBox(PrivateKey(secret)).decrypt(wraps["secretariat"])
    assert unreadable(made.envelope, "secretariat")
    assert opened(made.envelope) == {}


@pytest.mark.parametrize(
    ("content", "readers", "code", "field"),
    [
        ({"price": 1}, READERS, Code.BAD_VALUE, "fields"),
        ({"remarks": 1.5}, READERS, Code.MALFORMED, ""),
        ({"remarks": "a" * 16_384}, READERS, Code.TOO_LARGE, "fields"),
        ({}, [], Code.BAD_VALUE, "readers"),
        ({}, READERS * 3, Code.BAD_VALUE, "readers"),
        ({}, [READERS[0], READERS[0]], Code.ENVELOPE_READERS, "envelope.header.readers"),
        ({}, [("bw", 1, READERS[0][2])], Code.BAD_VALUE, "readers[0][0]"),
        ({}, [("BW", -1, READERS[0][2])], Code.BAD_VALUE, "readers[0][1]"),
        ({}, [("BW", 1, bytes(31))], Code.BAD_KEY, "readers[0]"),
        ({}, [("BW", 1, bytes(32))], Code.BAD_KEY, "readers[0]"),
        ({}, [READERS[0], ("AE", 1, bytes.fromhex(SMALL_ORDER[0]))], Code.BAD_KEY, "readers[1]"),
    ],
)
def test_what_cannot_be_sealed(content, readers, code, field):
    refusal = refusal_of(seal, LEDGER, RID, content, readers, secrets.token_bytes)
    assert (refusal.code, refusal.field) == (code, field)


def test_too_much_content_is_refused_with_figures():
    details = refusal_of(seal, LEDGER, RID, {"remarks": "a" * 20_000}, READERS, secrets.token_bytes).details
    assert details["limit"] == 16_383
    assert details["given"] > 20_000


# --- what an outsider may learn


def test_salts_keys_and_decoys_are_random_and_never_repeat():
    seen = []
    for _ in range(200):
        made = seal(LEDGER, RID, {"invoice": "INV-1"}, READERS, secrets.token_bytes)
        outer = parts(made.envelope)
        header = codec.decode(outer["header"])
        seen += [outer["nonce"], header["kc"], *header["commitments"].values(), *(wrap["wrap"][:32] for wrap in outer["wraps"])]
        seen.append(disclose(LEDGER, made.envelope, "AE", SECRETS["AE"], "invoice").salt)
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"invoice": "x"},
        ISSUE.sealed,
        {"exporter": {**PARTY, "name": "N" * 500}},
        {"seals": ["S-1"] * 20, "route": "GBE-DXB"},
    ],
)
def test_lengths_do_not_tell_names(content):
    made = seal(LEDGER, RID, content, READERS, secrets.token_bytes)
    assert len(parts(made.envelope)["ciphertext"]) == PADDED_BYTES[0] + 16
    assert len(made.envelope) == len(ENVELOPE)
    assert len(parts(made.envelope)["header"]) == len(parts()["header"])


@pytest.mark.parametrize(
    ("length", "padded"),
    [(0, 2048), (2016, 2048), (2017, 8192), (8160, 8192), (8161, 16384), (16352, 16384)],
)
def test_padding_has_three_sizes(length, padded):
    # 31 bytes stand around the text of a long remark; at least one byte of padding follows.
    made = seal(LEDGER, RID, {"remarks": "a" * length}, READERS, secrets.token_bytes)
    assert len(parts(made.envelope)["ciphertext"]) - 16 == padded
    assert opened(made.envelope)["remarks"] == "a" * length
    assert refusal_of(seal, LEDGER, RID, {"remarks": "a" * 16353}, READERS, secrets.token_bytes).details["given"] == 16384


def opaque(made):
    """Everything of a made certificate that is neither a word of the format nor said in clear."""
    outer = parts(made.envelope)
    header = codec.decode(outer["header"])
    found = [outer["ciphertext"], outer["nonce"], header["kc"], header["rid"], *header["commitments"].values()]
    found += [wrap["wrap"] for wrap in outer["wraps"]]
    found += [made.body.sealed, made.body.receipt_hash, made.body.verdict_hash, made.receipt_code, made.verdict_code]
    return found + [line.commitment for line in made.body.lines]


def test_two_shipments_share_nothing_outside_fixed_headers():
    # The same goods, parties and prices, sealed twice.
    one, other = (make_issue(LEDGER, ISSUE, READERS, secrets.token_bytes) for _ in range(2))
    windows = [
        {data[place : place + 16] for data in opaque(made) for place in range(max(1, len(data) - 15))} for made in (one, other)
    ]
    assert not windows[0] & windows[1]
    # What is left of the envelopes is the fixed part alone: the same bytes in both.
    rests = []
    for made in (one, other):
        rest = made.envelope
        for data in opaque(made):
            rest = rest.replace(data, bytes(len(data)))
        rests.append(rest)
    assert rests[0] == rests[1]


def test_names_and_prices_are_nowhere_in_the_clear():
    canary = {"exporter": {**PARTY, "name": "CANARYNAME"}, "invoice": "CANARYINVOICE", "remarks": "CANARYREMARK"}
    sample = sealed.issue(sealed=canary)
    for word in (b"CANARY", b"Gaborone", codec.encode(ISSUE.lines[0].cents)):
        assert word not in sample.submission
    # A reader who opens it does see them: the check above can fail.
    assert b"CANARYNAME" in codec.encode(opened(sample.envelope))


# --- moved and damaged


def test_wrong_key_and_damage_look_alike():
    assert unreadable(ENVELOPE, "AE", SECRETS["BW"])
    assert unreadable(ENVELOPE, "AE", bytes(32))
    assert unreadable(ENVELOPE, "AE", secrets.token_bytes(31))
    damaged = bytearray(parts()["ciphertext"])
    damaged[100] ^= 1
    assert unreadable(rebuilt(ciphertext=bytes(damaged)))
    assert unreadable(rebuilt(nonce=bytes(24)))
    wraps = [wrap | {"wrap": bytes(112)} for wrap in parts()["wraps"]]
    assert unreadable(rebuilt(wraps=wraps))
    assert unreadable(ENVELOPE, ledger=bytes(32))


def test_nobody_else_is_a_reader():
    refusal = refusal_of(opened, ENVELOPE, "RU", SECRETS["AE"])
    assert refusal.problem() == {
        "error": "envelope-readers",
        "field": "readers",
        "given": "RU",
        "expected": "BW AE secretariat",
    }


@pytest.mark.parametrize("part", ["ciphertext", "nonce", "wraps", "header"])
def test_a_part_of_another_record_does_not_fit(part):
    moved = rebuilt(**{part: parts(OTHER.envelope)[part]})
    assert unreadable(moved)
    code = Code.ENVELOPE_HASH
    assert refusal_of(check_envelope, moved, HASH, RID).code is code


def test_wrap_and_ciphertext_together_do_not_fit_another_record():
    other = parts(OTHER.envelope)
    assert unreadable(rebuilt(ciphertext=other["ciphertext"], nonce=other["nonce"], wraps=other["wraps"]))
    # Not even with the rid and the key's commitment taken over: the AEAD is bound to the whole header.
    theirs = codec.decode(other["header"])
    header = header_with(rid=theirs["rid"], kc=theirs["kc"])
    assert unreadable(rebuilt(ciphertext=other["ciphertext"], nonce=other["nonce"], wraps=other["wraps"], header=header))


def test_a_wrap_of_another_reader_does_not_open():
    wraps = parts()["wraps"]
    swapped = [wraps[0] | {"wrap": wraps[1]["wrap"]}, wraps[1] | {"wrap": wraps[0]["wrap"]}, wraps[2]]
    assert unreadable(rebuilt(wraps=swapped))
    assert opened(rebuilt(wraps=swapped), "BW", SECRETS["AE"]) == opened(ENVELOPE)


def test_another_record_or_ledger_does_not_name_this_envelope():
    refusal = refusal_of(check_envelope, ENVELOPE, HASH, OTHER.record.body.rid)
    assert (refusal.code, refusal.field) == (Code.ENVELOPE_HASH, "rid")
    refusal = refusal_of(check_envelope, ENVELOPE, OTHER.record.body.sealed, RID)
    assert (refusal.code, refusal.field) == (Code.ENVELOPE_HASH, "sealed")
    assert refusal.details == {"given": HASH.hex(), "expected": OTHER.record.body.sealed.hex()}


def forged(content, padding=b"\x80", wrapped=None, **header_changes):
    """An envelope whose maker knows every key and breaks one promise; `wrapped`: what wraps say that they belong to."""
    rng, key, nonce = randomness(5), bytes(range(32)), bytes(24)
    header = header_with(**({"kc": labelled_hash(b"kpl/kc", key, RID)} | header_changes))
    padded = (content + padding).ljust(2048, b"\0")
    ciphertext = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        padded, b"kpledger/envelope/v1\0" + LEDGER + RID + labelled_hash(b"kpl/header", header), nonce, key
    )
    message = key + (wrapped or RID + labelled_hash(b"kpl/ct", nonce, ciphertext)[:16])
    wraps = [
        {"epoch": epoch, "reader": code, "wrap": outside.sealed_box(message, public, rng(32))}
        for code, epoch, public in READERS
    ]
    return codec.encode({"ciphertext": ciphertext, "header": header, "nonce": nonce, "wraps": wraps})


SALT = bytes(16)
GOOD = {"invoice": [SALT, "INV-9"]}
COMMITTED = outside.field_commitment(RID, "invoice", SALT, "INV-9")


def commitments(**changes):
    return codec.decode(parts()["header"])["commitments"] | changes


def test_the_forger_can_make_a_good_one():
    assert opened(forged(codec.encode(GOOD), commitments=commitments(invoice=COMMITTED))) == {"invoice": "INV-9"}


@pytest.mark.parametrize(
    "content",
    [
        codec.encode({"invoice": [SALT, "INV-8"]}),
        codec.encode({"invoice": [bytes(15), "INV-9"]}),
        codec.encode({"invoice": ["s" * 16, "INV-9"]}),
        codec.encode({"invoice": [SALT, "INV-9", 1]}),
        codec.encode({"invoice": None}),
        codec.encode({"route": [SALT, "INV-9"]}),
        codec.encode({"price": [SALT, "INV-9"]}),
        codec.encode([SALT]),
        b"\x81\xd9\x07invoice" + codec.encode([SALT, "INV-9"]),
        codec.encode(GOOD) + b"\0\0\x01",
        b"\x91" * 1000,
        b"",
    ],
)
def test_content_that_breaks_its_commitments_is_unreadable(content):
    assert unreadable(forged(content, commitments=commitments(invoice=COMMITTED, route=COMMITTED)))


def test_padding_must_end_in_its_mark():
    envelope = forged(codec.encode(GOOD), commitments=commitments(invoice=COMMITTED))
    assert opened(envelope)
    for padding in (b"", b"\x80\x80", b"\x80\x01", b"\x40"):
        assert unreadable(forged(codec.encode(GOOD), padding, commitments=commitments(invoice=COMMITTED)))
    assert unreadable(forged(b"", b"", commitments=commitments(invoice=COMMITTED)))


def test_another_content_key_than_the_committed_one_is_refused():
    envelope = forged(codec.encode(GOOD), commitments=commitments(invoice=COMMITTED))
    header = codec.encode(codec.decode(parts(envelope)["header"]) | {"kc": bytes(32)})
    assert unreadable(codec.encode(parts(envelope) | {"header": header}))
    # Nor when everything else agrees with the wrong commitment: a ciphertext can be made that two keys open to two contents.
    assert unreadable(forged(codec.encode(GOOD), kc=bytes(32), commitments=commitments(invoice=COMMITTED)))


@pytest.mark.parametrize("wrapped", [OTHER.record.body.rid + bytes(16), RID + bytes(16), b""])
def test_a_wrap_that_belongs_to_another_envelope_is_refused(wrapped):
    envelope = forged(codec.encode(GOOD), wrapped=wrapped, commitments=commitments(invoice=COMMITTED))
    assert unreadable(envelope) if wrapped else opened(envelope)


# --- form


@pytest.mark.parametrize(
    ("envelope", "code", "field"),
    [
        (b"", Code.MALFORMED, "envelope"),
        (bytes(MAX_ENVELOPE_BYTES + 1), Code.TOO_LARGE, "envelope"),
        (rebuilt(extra=1), Code.MALFORMED, "envelope.extra"),
        (rebuilt(nonce=bytes(23)), Code.BAD_VALUE, "envelope.nonce"),
        (rebuilt(ciphertext=bytes(2047 + 16)), Code.BAD_VALUE, "envelope.ciphertext"),
        (rebuilt(ciphertext=b""), Code.BAD_VALUE, "envelope.ciphertext"),
        (rebuilt(wraps=[]), Code.BAD_VALUE, "envelope.wraps"),
        (rebuilt(wraps=parts()["wraps"] * 3), Code.BAD_VALUE, "envelope.wraps"),
        (rebuilt(wraps=parts()["wraps"][:2]), Code.ENVELOPE_READERS, "envelope.wraps"),
        (rebuilt(wraps=parts()["wraps"][::-1]), Code.ENVELOPE_READERS, "envelope.wraps"),
        (rebuilt(wraps=[wrap | {"epoch": 2} for wrap in parts()["wraps"]]), Code.ENVELOPE_READERS, "envelope.wraps"),
        (rebuilt(wraps=[wrap | {"wrap": bytes(111)} for wrap in parts()["wraps"]]), Code.BAD_VALUE, "envelope.wraps[0].wrap"),
        (rebuilt(header=b"\xc0"), Code.MALFORMED, "envelope.header"),
        (rebuilt(header=bytes(2049)), Code.BAD_VALUE, "envelope.header"),
        (
            rebuilt(header=header_with(commitments=commitments(price=bytes(32)))),
            Code.MALFORMED,
            "envelope.header.commitments.price",
        ),
        (rebuilt(header=header_with(commitments={})), Code.MALFORMED, "envelope.header.commitments.exporter"),
        (rebuilt(header=header_with(readers=[["BW", 1]] * 2)), Code.ENVELOPE_READERS, "envelope.header.readers"),
        (rebuilt(header=header_with(readers=[["BW", 1]] * (MAX_READERS + 1))), Code.BAD_VALUE, "envelope.header.readers"),
        (rebuilt(header=header_with(readers=[["Botswana", 1]])), Code.BAD_VALUE, "envelope.header.readers[0][0]"),
        (rebuilt(header=header_with(rid=bytes(15))), Code.BAD_VALUE, "envelope.header.rid"),
    ],
)
def test_envelopes_that_are_none(envelope, code, field):
    for call in (lambda: check_envelope(envelope, HASH, RID), lambda: readers_of(envelope), lambda: opened(envelope)):
        refusal = refusal_of(call)
        assert (refusal.code, refusal.field) == (code, field)


def test_every_truncation_and_every_flipped_bit_is_noticed():
    for length in range(len(ENVELOPE)):
        assert isinstance(refusal_of(check_envelope, ENVELOPE[:length], HASH, RID), LedgerError)
    for place in range(len(ENVELOPE)):
        flipped = bytearray(ENVELOPE)
        flipped[place] ^= 1 << place % 8
        refusal_of(check_envelope, bytes(flipped), HASH, RID)


def test_a_reader_gets_the_true_fields_of_a_damaged_envelope_or_none():
    true, unread = opened(ENVELOPE), 0
    for place in range(0, len(ENVELOPE), 3):
        flipped = bytearray(ENVELOPE)
        flipped[place] ^= 1 << place % 8
        try:
            found = opened(bytes(flipped))
        except LedgerError:
            unread += 1
            continue
        # What this reader does not use was hit: the wrap of another one.
        assert found == true
    assert len(ENVELOPE) / 3 * 0.9 < unread + 2 * 112 / 3 < len(ENVELOPE) / 3 * 1.1


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_refusal(data):
    refusal_of(readers_of, data)
    refusal_of(check_envelope, data, HASH, RID)


# --- disclosure and values


def test_one_field_is_disclosed_and_no_other():
    header = check_envelope(ENVELOPE, HASH, RID)
    one = disclose(LEDGER, ENVELOPE, "BW", SECRETS["BW"], "importer")
    assert one.value["name"] == "Ünïted Gems"
    assert verify_disclosure(header, one)
    outside.check_disclosure(parts()["header"], one.name, one.salt, one.value)
    false = [
        {"value": {**one.value, "name": "United Gems"}},
        {"salt": bytes(16)},
        {"salt": one.salt + b"\0"},
        {"name": "exporter"},
        {"name": "price"},
        {"rid": OTHER.record.body.rid},
        {"value": 1.5},
    ]
    for change in false:
        assert not verify_disclosure(header, msgspec.structs.replace(one, **change)), change
    assert not verify_disclosure(check_envelope(OTHER.envelope, OTHER.record.body.sealed, OTHER.record.body.rid), one)


def test_an_absent_field_cannot_be_disclosed():
    refusal = refusal_of(disclose, LEDGER, ENVELOPE, "BW", SECRETS["BW"], "remarks")
    assert (refusal.code, refusal.details["given"]) == (Code.BAD_VALUE, "remarks")
    header = check_envelope(ENVELOPE, HASH, RID)
    assert not verify_disclosure(header, Disclosure(RID, "remarks", bytes(16), None))


def test_values_open_the_lines_commitments():
    lines = SAMPLE.record.body.lines
    assert check_values(opened(ENVELOPE), lines) == [line.cents for line in ISSUE.lines]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (None, "values"),
        ([], "values"),
        ([[1, bytes(31) + b"\1"]] * 3, "values"),
        ([[0, None], [1, None]], "lines[0].commitment"),
        ([[True, b"\1" + bytes(31)], None], "lines[0].commitment"),
        ([[65_000_001, ...], ...], "lines[0].commitment"),
        ([..., [1, ...]], "lines[1].commitment"),
        ([..., [0, bytes(32)]], "lines[1].commitment"),
        ([..., [-1, ...]], "lines[1].commitment"),
        ([..., [0, b"\xff" * 32]], "lines[1].commitment"),
        ([..., [0]], "lines[1].commitment"),
    ],
)
def test_values_that_do_not_open(values, field):
    content = opened(ENVELOPE)
    true = content["values"]
    if isinstance(values, list) and ... in [one for value in values for one in (value if isinstance(value, list) else [value])]:
        values = [
            true[place] if value is ... else [true[place][1] if one is ... else one for one in value]
            for place, value in enumerate(values)
        ]
    refusal = refusal_of(check_values, content | {"values": values}, SAMPLE.record.body.lines)
    assert (refusal.code, refusal.field) == (Code.BAD_COMMITMENT, field)


def test_the_commitment_of_another_line_or_record_does_not_open():
    lines = SAMPLE.record.body.lines
    assert refusal_of(check_values, opened(ENVELOPE), lines[::-1]).field == "lines[0].commitment"
    assert refusal_of(check_values, opened(ENVELOPE), OTHER.record.body.lines).code is Code.BAD_COMMITMENT


def test_lines_of_a_confirmation_open_too():
    blinding = b"\5" + bytes(31)
    line = ConfirmLine(commit(99, blinding), "710231", 1)
    assert check_values({"values": [[99, blinding]]}, [line]) == [99]
