"""What a hostile sender can submit: envelopes, submissions and batches that are wrong in one thing, or damaged at random."""

import random
from typing import Any

import msgpack
import pytest

from ledger.envelope import check_envelope
from ledger.errors import Code
from ledger.limits import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_ENVELOPE_BYTES, MAX_SUBMISSION_BYTES
from ledger.record import (
    encode_submission,
    parse_batch,
    parse_record,
    parse_submission,
    verify_records,
)
from ledger.unsealing import open_envelope
from tests.unit.hostile import (
    ANY_FORM,
    EITHER,
    ENVELOPE,
    ENVELOPE_BYTES,
    FORM,
    HASH,
    LEDGER,
    MEGABYTE,
    RECORD,
    RID,
    SECRET,
    SPELLING,
    Pairs,
    Spelled,
    code_of,
    measured,
    spell,
)

ENVELOPES = ENVELOPE_BYTES
OUTER: dict[str, Any] = msgpack.unpackb(ENVELOPES)
SUBMISSIONS: dict[str, tuple[bytes, set[Code]]] = {
    "no envelope": (RECORD, {Code.ENVELOPE_MISSING}),
    "envelope nil": (spell({"envelope": None, "record": RECORD}), FORM),
    "envelope empty": (spell({"envelope": b"", "record": RECORD}), FORM),
    "envelope as a map": (spell({"envelope": Spelled(ENVELOPES), "record": RECORD}), FORM),
    "record as a map": (spell({"envelope": ENVELOPES, "record": Spelled(RECORD)}), FORM),
    "keys in reverse": (spell({"record": RECORD, "envelope": ENVELOPES}), SPELLING),
    "a further key": (spell({"envelope": ENVELOPES, "record": RECORD, "z": 1}), EITHER),
    "record twice": (spell(Pairs([("envelope", ENVELOPES), ("record", RECORD), ("record", RECORD)])), EITHER),
    "a submission as its own record": (
        spell({"envelope": ENVELOPES, "record": spell({"envelope": ENVELOPES, "record": RECORD})}),
        ANY_FORM,
    ),
    "envelope of another record": (
        spell({"envelope": spell({**OUTER, "nonce": bytes(24)}), "record": RECORD}),
        {Code.ENVELOPE_HASH},
    ),
    "wraps in reverse": (
        spell({"envelope": spell({**OUTER, "wraps": OUTER["wraps"][::-1]}), "record": RECORD}),
        {Code.ENVELOPE_READERS},
    ),
    "wrap of 111 bytes": (
        spell({"envelope": spell({**OUTER, "wraps": [{**OUTER["wraps"][0], "wrap": bytes(111)}]}), "record": RECORD}),
        {Code.BAD_VALUE, Code.MALFORMED},
    ),
    "ciphertext of another length": (
        spell({"envelope": spell({**OUTER, "ciphertext": OUTER["ciphertext"] + b"\0"}), "record": RECORD}),
        {Code.BAD_VALUE, Code.MALFORMED},
    ),
    "ciphertext of 4 GiB promised": (
        spell({"envelope": spell({**OUTER, "ciphertext": Spelled(b"\xc6\xff\xff\xff\xff")}), "record": RECORD}),
        FORM,
    ),
    "a thousand wraps": (
        spell({"envelope": spell({**OUTER, "wraps": Spelled(b"\xdc\x4e\x20" + b"\x80" * 20_000)}), "record": RECORD}),
        ANY_FORM,
    ),
    "header of nested arrays": (spell({"envelope": spell({**OUTER, "header": b"\x91" * 20_000}), "record": RECORD}), ANY_FORM),
    "envelope of nested arrays": (spell({"envelope": b"\x91" * MAX_ENVELOPE_BYTES, "record": RECORD}), ANY_FORM),
    "envelope over the limit": (
        spell({"envelope": bytes(MAX_ENVELOPE_BYTES + 1), "record": RECORD}),
        {Code.TOO_LARGE, Code.BAD_VALUE},
    ),
    "submission over the limit": (spell({"envelope": ENVELOPES, "record": bytes(MAX_SUBMISSION_BYTES)}), {Code.TOO_LARGE}),
    "nested arrays": (b"\x91" * MAX_SUBMISSION_BYTES, {Code.TOO_DEEP, Code.MALFORMED, Code.TOO_LARGE}),
}


@pytest.mark.parametrize("case", SUBMISSIONS)
def test_a_hostile_submission_is_one_typed_refusal(case: str) -> None:
    raw, codes = SUBMISSIONS[case]
    assert code_of(parse_submission, raw) in codes


BATCHES: dict[str, tuple[bytes, set[Code]]] = {
    "a map": (b"\x80", FORM),
    "a million empty maps": (b"\xdd\x00\x10\x00\x00" + b"\x80" * MEGABYTE, ANY_FORM),
    "a million empty arrays": (b"\xdd\x00\x10\x00\x00" + b"\x90" * MEGABYTE, ANY_FORM),
    "a million empty byte strings": (b"\xdd\x00\x10\x00\x00" + b"\xc4\x00" * MEGABYTE, ANY_FORM),
    "four million numbers": (b"\xdd\x00\x3f\xff\x00" + b"\x00" * 0x3FFF00, ANY_FORM),
    "one too many": (spell([b"x"] * (MAX_BATCH_RECORDS + 1)), {Code.BAD_VALUE, Code.TOO_LARGE}),
    "one large one": (spell([bytes(MAX_BATCH_BYTES)]), {Code.TOO_LARGE}),
    "nested arrays": (b"\x91" * MAX_BATCH_BYTES, {Code.TOO_DEEP, Code.MALFORMED}),
    "length as array32": (b"\xdd\x00\x00\x00\x01\xc4\x01x", SPELLING),
    "promises of 4 G in one another": (b"\xdd\xff\xff\xff\xff" * 100_000, ANY_FORM),
    "text": (spell(["x"]), FORM),
    "ext": (b"\x91\xd4\x01x", EITHER),
}


@pytest.mark.parametrize("case", BATCHES)
def test_a_hostile_batch_is_one_typed_refusal_and_costs_little(case: str) -> None:
    raw, codes = BATCHES[case]
    code, peak, spent = measured(parse_batch, raw)
    assert code in codes
    assert peak < 3 * len(raw) + 2 * MEGABYTE, f"{peak} bytes for {len(raw)}"
    assert spent < 5, f"{spent} s"


@pytest.mark.parametrize("seed", range(3))
def test_random_damage_is_taken_or_refused_and_nothing_else(seed: int) -> None:
    rng = random.Random(seed)
    whole = encode_submission(RECORD, ENVELOPE_BYTES)
    pool = [
        (parse_record, RECORD, ANY_FORM),
        (parse_submission, whole, ENVELOPE),
        (parse_batch, spell([RECORD, whole]), ANY_FORM),
    ]
    refused = 0
    for _ in range(4000):
        parse, data, codes = rng.choice(pool)
        for _ in range(rng.choice([1, 1, 2, 4])):
            at = rng.randrange(len(data))
            data = (
                data[:at] + rng.choice([b"", rng.randbytes(1), data[at : at + 1] * 2, b"\xdd\xff\xff\xff\xff"]) + data[at + 1 :]
            )
        code = code_of(parse, data)
        assert code is None or code in codes
        refused += code is not None
        if parse is parse_record and code is None:
            assert all(refusal is not None for refusal in verify_records(LEDGER, [parse_record(data)])) or data == RECORD
    assert refused > 2000


def test_damaged_envelopes_open_for_nobody_and_raise_nothing_else() -> None:
    rng, opened = random.Random(9), 0
    for _ in range(2500):
        at = rng.randrange(len(ENVELOPE_BYTES))
        data = ENVELOPE_BYTES[:at] + bytes([ENVELOPE_BYTES[at] ^ 1 << rng.randrange(8)]) + ENVELOPE_BYTES[at + 1 :]
        assert code_of(check_envelope, data, HASH, RID) in ENVELOPE
        code = code_of(open_envelope, LEDGER, data, "BW", SECRET)
        assert code is None or code in ENVELOPE | {Code.ENVELOPE_UNREADABLE}
        opened += code is None  # the other reader's wrap was hit: the statement's hash covers it, opening does not need it
    assert opened < 500
