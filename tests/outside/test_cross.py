"""Two programs, one format: whatever the outside program makes the product reads, and the other way round, byte for byte.

The last part damages records, envelopes, notes, policies and receipts at random and asks both for their verdict: neither
may take what the other refuses. Everything is seeded, so a failure repeats itself.
"""

import copy
import hashlib
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings

from ledger import commitments, envelope, record, unsealing
from ledger.bodies import ConfirmBody, ConfirmLine, IssueBody, Line, Source
from ledger.codec import decode as their_decode
from ledger.codec import encode as their_encode
from ledger.errors import Code, ProofError, Refusal
from ledger.network import list_hash
from tests.outside import envelopes, pedersen, records, samples
from tests.outside.wire import CheckFailedError, canonical, decode, hashed

KINDS = sorted(records.BODIES)
UNSEALED = sorted(records.UNSEALED)
SEED = st.integers(0, 2**32)
SCALARS = st.one_of(st.sampled_from([1, 2, pedersen.L - 1]), st.integers(1, pedersen.L - 1))
BLINDINGS = SCALARS.map(lambda scalar: scalar.to_bytes(32, "little"))


def ours(check: Callable[..., Any], *arguments: Any) -> tuple[bool, Any]:
    """Whether the outside program takes it, and its answer or failure."""
    try:
        return True, check(*arguments)
    except CheckFailedError as failure:
        return False, failure


def theirs(check: Callable[..., Any], *arguments: Any) -> tuple[bool, Any]:
    """Whether the product takes it, and its answer or typed refusal; any other exception fails the test."""
    try:
        return True, check(*arguments)
    except (Refusal, ProofError) as refusal:
        return False, refusal


def plain(body: IssueBody | ConfirmBody) -> dict[str, Any]:
    """A body of the product as the format's map."""
    return their_decode(their_encode(as_map(body)))


def as_map(value: Any) -> Any:
    if isinstance(value, (IssueBody, ConfirmBody, Line, ConfirmLine, Source)):
        return {
            name: as_map(getattr(value, name)) for name in value.__struct_fields__ if name != "zone" or getattr(value, name)
        }
    return [as_map(item) for item in value] if isinstance(value, (list, tuple)) else value


@settings(max_examples=40)
@given(SEED, st.sampled_from(KINDS))
def test_the_product_reads_what_the_outside_program_makes(seed: int, kind: str) -> None:
    made = samples.sealed(random.Random(seed), kind)
    posted = records.submission(made.record, made.envelope)
    submission = record.parse_submission(posted)
    mine = records.parse(made.record)
    assert (submission.record.id, submission.record.key, submission.record.sig) == (mine.id, mine.key, mine.sig)
    assert (submission.record.author, submission.record.at, submission.record.kind) == (mine.author, mine.at, kind)
    assert plain(submission.record.body) == made.body
    assert submission.envelope == made.envelope
    assert record.verify_records(samples.LEDGER, [submission.record]) == [None]
    for code, secret in made.secrets.items():
        assert unsealing.open_envelope(samples.LEDGER, made.envelope, code, secret) == made.fields
    assert unsealing.check_values(made.fields, submission.record.body.lines) == [value[0] for value in made.fields["values"]]


@settings(max_examples=40)
@given(SEED, st.sampled_from(KINDS))
def test_both_make_the_same_bytes(seed: int, kind: str) -> None:
    made = samples.sealed(random.Random(seed), kind)
    parsed = record.parse_submission(records.submission(made.record, made.envelope))
    again = record.build_statement(kind, parsed.record.author, parsed.record.at, parsed.record.body)
    assert again == made.statement
    assert record.signing_input(samples.LEDGER, again) == records.TAG + samples.LEDGER + made.statement
    assert record.sign_statement(samples.LEDGER, made.seed, again) == made.record
    assert record.record_id(made.record) == records.parse(made.record).id
    posted = record.encode_submission(made.record, made.envelope)
    assert posted == records.submission(made.record, made.envelope)
    assert record.encode_batch([posted, made.record]) == records.batch([posted, made.record])
    assert record.parse_batch(records.batch([posted, made.record])) == [posted, made.record]
    for value in made.fields["values"]:
        assert commitments.commit(*value) == pedersen.commit(*value)


@settings(max_examples=40)
@given(SEED, st.sampled_from(KINDS))
def test_the_outside_program_reads_what_the_product_seals(seed: int, kind: str) -> None:
    rng = random.Random(seed)
    made = samples.sealed(rng, kind)
    readers = [(code, rng.choice([1, 7]), bindings.crypto_scalarmult_base(secret)) for code, secret in made.secrets.items()]
    if seed % 3 == 0:
        readers.append(("ZZ", 0, None))
    draws = rng.randbytes(8)
    theirs_sealed = envelope.seal(samples.LEDGER, made.body["rid"], made.fields, readers, random.Random(draws).randbytes)
    ours_sealed = envelopes.make(samples.LEDGER, made.body["rid"], made.fields, readers, random.Random(draws).randbytes)
    assert (theirs_sealed.envelope, theirs_sealed.hash) == ours_sealed
    header = envelopes.check(theirs_sealed.envelope, theirs_sealed.hash, made.body["rid"])
    assert header.readers == tuple((code, epoch) for code, epoch, _ in readers)
    for code, secret in made.secrets.items():
        opened = envelopes.open_with(samples.LEDGER, theirs_sealed.envelope, code, secret)
        assert opened.values == made.fields
        for name in made.fields:
            told = unsealing.disclose(samples.LEDGER, theirs_sealed.envelope, code, secret, name)
            envelopes.check_disclosure(header.raw, told.name, told.salt, told.value)
            assert (told.rid, told.salt) == (header.rid, opened.salts[name])


@pytest.mark.parametrize("kind", UNSEALED)
@given(SEED)
@settings(max_examples=25)
def test_records_without_a_sealed_part_cross_over(kind: str, seed: int) -> None:
    rng = random.Random(seed)
    body, author = samples.unsealed_body(rng, kind), rng.choice(samples.COUNTRIES)
    signed = records.statement(kind, author, samples.DAY, body)
    raw = records.sign(samples.LEDGER, rng.randbytes(32), signed)
    read = record.parse_submission(raw)
    assert (read.envelope, read.record.kind, read.record.author) == (None, kind, author)
    assert {name: getattr(read.record.body, name) for name in read.record.body.__struct_fields__} == body
    assert record.build_statement(kind, author, samples.DAY, read.record.body) == signed
    assert record.verify_records(samples.LEDGER, [read.record]) == [None]
    mine, envelope_bytes = records.parse_submission(raw)
    records.verify(samples.LEDGER, mine)
    assert (mine.id, mine.body, envelope_bytes) == (read.record.id, body, b"")
    with_envelope = records.submission(raw, samples.sealed(rng, KINDS[0]).envelope)
    assert not ours(records.parse_submission, with_envelope)[0]
    assert not theirs(record.parse_submission, with_envelope)[0]


def test_lists_of_validators_have_the_same_hash() -> None:
    for count in range(20):
        members = tuple((code, hashlib.sha256(code.encode()).digest()) for code in samples.COUNTRIES[:count])
        assert list_hash(members) == records.list_hash(members)


def test_disclosures_cross_over() -> None:
    made = samples.sealed(random.Random(8), "certificate.issue")
    header = envelope.check_envelope(made.envelope, made.body["sealed"], made.body["rid"])
    code, secret = next(iter(made.secrets.items()))
    opened = envelopes.open_with(samples.LEDGER, made.envelope, code, secret)
    for name, value in opened.values.items():
        told = unsealing.Disclosure(rid=made.body["rid"], name=name, salt=opened.salts[name], value=value)
        assert unsealing.verify_disclosure(header, told)
        assert not unsealing.verify_disclosure(header, unsealing.Disclosure(told.rid, name, bytes(16), value))
        assert not unsealing.verify_disclosure(header, unsealing.Disclosure(bytes(16), name, told.salt, value))


@given(st.one_of(st.sampled_from([0, 1, 2**32, 10**15, 2**64, pedersen.L]), st.integers(0, 2**70)), BLINDINGS)
def test_commitments_agree(cents: int, blinding: bytes) -> None:
    assert ours(pedersen.commit, cents, blinding)[1] == theirs(commitments.commit, cents, blinding)[1]


@given(
    st.one_of(
        st.binary(min_size=31, max_size=33), st.integers(0, 40).map(lambda n: ((1 << 255) - 20 + n).to_bytes(33, "little")[:32])
    )
)
def test_points_are_judged_alike(point: bytes) -> None:
    assert ours(pedersen.check_point, point)[0] == theirs(commitments.check_point, point)[0]


def test_scalars_out_of_range_are_refused_by_both() -> None:
    for scalar in (0, pedersen.L, pedersen.L + 1, 2**256 - 1):
        blinding = scalar.to_bytes(32, "little")
        assert not ours(pedersen.commit, 1, blinding)[0]
        assert not theirs(commitments.commit, 1, blinding)[0]
    for blinding in (b"", bytes(31), b"\1" * 33):
        assert not ours(pedersen.commit, 1, blinding)[0]
        assert not theirs(commitments.commit, 1, blinding)[0]


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 10**12), BLINDINGS), max_size=6))
def test_sums_agree(pairs: list[tuple[int, bytes]]) -> None:
    points = [pedersen.commit(*pair) for pair in pairs]
    total, cents = pedersen.add(points), sum(pair[0] for pair in pairs)
    assert commitments.sum_points(points) == total
    blinding_sum = commitments.sum_blindings([pair[1] for pair in pairs])
    assert commitments.opens(total, cents, blinding_sum)
    assert pedersen.opens(total, cents, int.from_bytes(blinding_sum, "little"))
    assert not commitments.opens(total, cents + 1, blinding_sum)


def test_a_signature_holds_for_one_ledger_one_key_and_one_statement() -> None:
    made = samples.sealed(random.Random(2), "import.confirm")
    outer = decode(made.record)
    small = [bytes(32), b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"]  # points of order 4, 1 and 2
    s = int.from_bytes(outer["sig"][32:], "little")
    beyond = (s + pedersen.L).to_bytes(32, "little")
    bad = [{**outer, "key": key} for key in small] + [{**outer, "sig": outer["sig"][:32] + beyond}]
    bad += [{**outer, "sig": point + outer["sig"][32:]} for point in small] + [
        {**outer, "sig": point + bytes(32), "key": point} for point in small
    ]
    bad += [{**outer, "key": bindings.crypto_sign_seed_keypair(bytes(32))[0]}]
    for value in bad:
        raw = canonical(value)
        assert not ours(records.verify, samples.LEDGER, records.parse(raw))[0]
        (refusal,) = record.verify_records(samples.LEDGER, [record.parse_record(raw)])
        assert refusal is not None
        assert refusal.code in {Code.BAD_SIGNATURE, Code.BAD_KEY}
    (refusal,) = record.verify_records(bytes(32), [record.parse_record(made.record)])
    assert refusal is not None


# Damage: both judge alike.

SCALAR_VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2**31 - 1,
        2**31,
        2**53,
        2**63,
        -(2**63),
        10**15,
        10**15 + 1,
        253_402_300_799_999,
        253_402_300_800_000,
    ),
    *("", "x", "BW", "bw", "BW\n", "secretariat", "export", "confirmed", "710210", "710299", "z" * 60, "z" * 61, "\u00e9" * 61),
    *("2026-01-01", "2026-02-30", "2026-1-01", "0000-01-01", "9999-12-31", "2026-01-01\n", "\uff12026-01-01", "2024-02-29"),
    *("BW0000001", "BW123", "BW1234567890", "BW12345678901", "BW0000001\n", "\u00c9W12345", "BW\u0661\u0662\u0663\u0664"),
    *(
        b"",
        b"x" * 10,
        b"x" * 16,
        b"x" * 24,
        b"x" * 31,
        b"x" * 32,
        b"x" * 111,
        b"x" * 112,
        b"x" * 2063,
        b"x" * 2064,
        b"x" * 8208,
        b"x" * 16400,
    ),
]
VALUES: list[Any] = [
    *SCALAR_VALUES,
    [],
    {},
    ["BW"],
    ["BW", "AO"],
    ["AO", "BW"],
    ["AO", "AO"],
    ["BW", 1],
    ["BW", 1, 1],
    [["BW", 1]],
]
NEW_KEYS = ["zone", "extra", "at", "lines", "kc", "readers", "origin"]


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something can be changed inside a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(further for key, item in items for further in places(item, (*place, key)))]


def damaged(rng: random.Random, value: Any) -> Any:
    """The value with one part replaced, removed, added, reordered or off by one."""
    value = copy.deepcopy(value)
    place = rng.choice([place for place in places(value) if place])
    holder = value
    for key in place[:-1]:
        holder = holder[key]
    old, choice = holder[place[-1]], rng.random()
    if choice < 0.15:
        del holder[place[-1]]
    elif choice < 0.25 and isinstance(holder, dict):
        holder[rng.choice(NEW_KEYS)] = copy.deepcopy(rng.choice(VALUES))
    elif choice < 0.35 and isinstance(holder, list):
        holder.append(copy.deepcopy(rng.choice([holder[0], *VALUES])))
    elif choice < 0.42 and isinstance(holder, list):
        rng.shuffle(holder)
    elif choice < 0.6 and isinstance(old, int):
        holder[place[-1]] = old + rng.choice([-1, 1])
    elif choice < 0.6 and isinstance(old, bytes) and old:
        at = rng.randrange(len(old))
        holder[place[-1]] = old[:at] + bytes([old[at] ^ 1 << rng.randrange(8)]) + old[at + 1 :]
    else:
        holder[place[-1]] = copy.deepcopy(rng.choice(VALUES))
    return value


def flipped(rng: random.Random, data: bytes) -> bytes:
    """The bytes with one to three of them changed, removed or added."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        at, choice = rng.randrange(len(data)), rng.random()
        if choice < 0.6:
            data = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        elif choice < 0.8:
            data = data[:at] + data[at + 1 :]
        else:
            data = data[:at] + rng.randbytes(1) + data[at:]
    return data


def agree(verdicts: Counter[tuple[str, bool]], what: str, mine: tuple[bool, Any], other: tuple[bool, Any], data: bytes) -> None:
    """Both take it or both refuse it; counted, so that a test can see that both verdicts occurred."""
    assert mine[0] == other[0], (what, mine[1], other[1], data.hex())
    verdicts[what, mine[0]] += 1


@pytest.mark.parametrize("seed", range(4))
def test_damaged_bytes_are_the_same_value_to_both_or_none(seed: int) -> None:
    rng, verdicts = random.Random(seed), Counter[tuple[str, bool]]()
    made = [samples.sealed(rng, kind) for kind in KINDS]
    pool = (
        [one.record for one in made]
        + [one.statement for one in made]
        + [canonical({"a": [1, -1, None, True, "\u00e9", {"x": b"1"}], "b": 2**63})]
    )
    for _ in range(3000):
        data = flipped(rng, rng.choice(pool)) if rng.random() < 0.7 else rng.randbytes(rng.randrange(1, 12))
        mine, other = ours(decode, data), theirs(their_decode, data)
        agree(verdicts, "decode", mine, other, data)
        if mine[0]:
            assert mine[1] == other[1]
            assert their_encode(mine[1]) == canonical(other[1]) == data
    assert min(verdicts["decode", True], verdicts["decode", False]) > 300


@pytest.mark.parametrize("seed", range(4))
def test_damaged_statements_are_judged_alike(seed: int) -> None:
    rng, verdicts = random.Random(seed), Counter[tuple[str, bool]]()
    made = [decode(samples.sealed(rng, kind).statement) for kind in KINDS * 4]
    for kind in UNSEALED * 3:
        made.append(decode(records.statement(kind, "BW", samples.DAY, samples.unsealed_body(rng, kind))))
    for _ in range(2000):
        outer = {"key": b"k" * 32, "sig": b"s" * 64, "statement": canonical(damaged(rng, rng.choice(made)))}
        raw = canonical(outer if rng.random() < 0.9 else damaged(rng, outer))
        agree(verdicts, "parse", ours(records.parse, raw), theirs(record.parse_record, raw), raw)
    assert min(verdicts["parse", True], verdicts["parse", False]) > 60


@pytest.mark.parametrize("seed", range(4))
def test_damaged_envelopes_are_judged_alike(seed: int) -> None:
    rng, verdicts = random.Random(seed), Counter[tuple[str, bool]]()
    made = [samples.sealed(rng, kind) for kind in KINDS * 3]
    for _ in range(900):
        one = rng.choice(made)
        outer = decode(one.envelope)
        if rng.random() < 0.5:
            outer["header"] = canonical(damaged(rng, decode(outer["header"])))
        else:
            outer = damaged(rng, outer)
        raw, sealed, rid = canonical(outer), one.body["sealed"], one.body["rid"]
        if rng.random() < 0.7 and outer.keys() == {
            "ciphertext",
            "header",
            "nonce",
            "wraps",
        }:  # the statement names the damaged one
            parts = (outer["header"], outer["nonce"], outer["ciphertext"])
            if all(isinstance(part, bytes) for part in parts):
                blob = hashed("kpl/blob", parts[1], parts[2], canonical(outer["wraps"]))
                sealed = hashed("kpl/sealed", hashed("kpl/header", parts[0]), blob)
        agree(
            verdicts, "check", ours(envelopes.check, raw, sealed, rid), theirs(envelope.check_envelope, raw, sealed, rid), raw
        )
        code, secret = rng.choice(sorted(one.secrets.items()))
        mine = ours(envelopes.open_with, samples.LEDGER, raw, code, secret)
        other = theirs(unsealing.open_envelope, samples.LEDGER, raw, code, secret)
        agree(verdicts, "open", mine, other, raw)
        if mine[0]:
            assert mine[1].values == other[1]
    assert min(verdicts.values()) > 20
    assert len(verdicts) == 4


@pytest.mark.parametrize("seed", range(2))
def test_damaged_submissions_and_batches_are_judged_alike(seed: int) -> None:
    rng, verdicts = random.Random(seed), Counter[tuple[str, bool]]()
    made = [samples.sealed(rng, kind) for kind in KINDS * 2]
    other_record = made[1].record
    for _ in range(600):
        one = rng.choice(made)
        whole = {"envelope": one.envelope, "record": rng.choice([one.record, other_record])}
        raw = canonical(whole if rng.random() < 0.5 else damaged(rng, whole))
        agree(verdicts, "submission", ours(records.parse_submission, raw), theirs(record.parse_submission, raw), raw)
        raw = canonical(damaged(rng, [b"a", b"bc", one.record]))
        agree(verdicts, "batch", ours(records.parse_batch, raw), theirs(record.parse_batch, raw), raw)
    assert min(verdicts.values()) > 20
    assert len(verdicts) == 4
