"""Where the format pages leave room: sentences that two honest programs can read differently, and the reading that holds.

Each test is one such sentence. A change of reading on either side turns one of them red, since it would split a network
of two programs: a block is valid by its records' form, so form must be the same everywhere.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nacl import bindings

from ledger import commitments, envelope, note, policy, receipt, record, unsealing
from ledger.codec import decode as their_decode
from ledger.errors import Code, LogSignatureMissingError, MalformedNoteError, OriginMismatchError, Refusal
from ledger.genesis import Genesis
from tests.outside import envelopes, log, notes, pedersen, receipts, records, samples, trees
from tests.outside import policy as policies
from tests.outside.wire import CheckFailedError, canonical, decode, leaf_hash

RID = bytes(16)
SECRET = bytes(range(32))
PUBLIC = bindings.crypto_scalarmult_base(SECRET)


def form(kind: str, change: Callable[[dict[str, Any]], Any]) -> tuple[bool, Code | None]:
    """What both say to a record whose body was changed: whether its form holds, and the product's code."""
    made = next(one for one in (samples.sealed(random.Random(n), kind) for n in range(99)) if len(one.body["lines"]) == 1)
    statement = decode(made.statement)
    change(statement["body"])
    raw = canonical({"key": b"k" * 32, "sig": b"s" * 64, "statement": canonical(statement)})
    mine = other = None
    try:
        records.parse(raw)
    except CheckFailedError as failure:
        mine = failure
    try:
        record.parse_record(raw)
    except Refusal as refusal:
        other = refusal
    assert (mine is None) == (other is None), (mine, other)
    return other is None, other and other.code


def sealed(readers: list[tuple[str, int, bytes | None]], **fields: Any) -> tuple[bytes, bytes]:
    return envelopes.make(samples.LEDGER, RID, fields, readers, random.Random(1).randbytes)


def line(body: dict[str, Any], **values: Any) -> None:
    body["lines"][0].update(values)


AGREES_IN_FORM = {
    # "points: sum of the lines", "issued <= validated <= expires", "number: issuer's code", "origin: ascending":
    # rules, judged by `apply`, and no part of the form that makes a block valid
    "points that are not the lines' sum": ("certificate.issue", lambda body: body.update(points=body["points"] + 1)),
    "validated before issued": ("certificate.issue", lambda body: body.update(validated="2025-12-31")),
    "another participant's number": ("certificate.issue", lambda body: body.update(number="ZZ0000001")),
    "origin descending": ("certificate.issue", lambda body: line(body, origin=["BW", "AO"])),
    "origin twice": ("certificate.issue", lambda body: line(body, origin=["AO", "AO"])),
    "unknown country": ("certificate.issue", lambda body: line(body, origin=["QQ"])),
    "the same source twice": (
        "certificate.issue",
        lambda body: body.update(sources=[{"number": "RU0000001", "points": 1}] * 2),
    ),
    "an export with sources": (
        "certificate.issue",
        lambda body: body.update(type="export", sources=[{"number": "RU0000001", "points": 1}]),
    ),
    # a confirmation that measured nothing ("lines", "parcels", "points" without a bound)
    "nothing measured": ("import.confirm", lambda body: body.update(lines=[], points=0, parcels=0)),
}


@pytest.mark.parametrize("case", AGREES_IN_FORM)
def test_of_the_right_form_whatever_the_rules_say(case: str) -> None:
    assert form(*AGREES_IN_FORM[case]) == (True, None)


DIFFERS_IN_FORM = {
    # upper bounds that the pages do not state
    "points over 10^15": ("certificate.issue", lambda body: body.update(points=10**15 + 1), Code.BAD_VALUE),
    "parcels over 10^15": ("import.confirm", lambda body: body.update(parcels=10**15 + 1), Code.BAD_VALUE),
    "zone of 61 characters": ("certificate.issue", lambda body: line(body, zone="z" * 61), Code.BAD_VALUE),
    # "optionally zone": none is no key, not an empty text
    "empty zone": ("certificate.issue", lambda body: line(body, zone=""), Code.NOT_CANONICAL),
    # lower bounds of an issue
    "no parcels": ("certificate.issue", lambda body: body.update(parcels=0), Code.BAD_VALUE),
    "no lines": ("certificate.issue", lambda body: body.update(lines=[], points=0), Code.BAD_VALUE),
    "a confirmed line of nothing": ("import.confirm", lambda body: line(body, points=0), Code.BAD_VALUE),
    # "date": of the calendar, and judged by form
    "30 February": ("certificate.issue", lambda body: body.update(issued="2026-02-30"), Code.BAD_VALUE),
    "year 0": ("certificate.issue", lambda body: body.update(issued="0000-01-01"), Code.BAD_VALUE),
    # "sources: number": of the same shape as a certificate's own
    "a source's paper number": (
        "certificate.issue",
        lambda body: body.update(sources=[{"number": "CG-17/a", "points": 1}]),
        Code.BAD_VALUE,
    ),
    # three-letter, lower-case and long codes
    "secretariat as destination": ("certificate.issue", lambda body: body.update(destination="secretariat"), Code.BAD_VALUE),
}


@pytest.mark.parametrize("case", DIFFERS_IN_FORM)
def test_not_of_the_form(case: str) -> None:
    kind, change, code = DIFFERS_IN_FORM[case]
    assert form(kind, change) == (False, code)


def test_depth_counts_arrays_and_maps_and_sixteen_may_stand_in_one_another() -> None:
    deepest, deeper = b"\x91" * 16 + b"\x01", b"\x91" * 17 + b"\x01"
    assert their_decode(deepest) == decode(deepest)
    for reader, failure in ((their_decode, Refusal), (decode, CheckFailedError)):
        with pytest.raises(failure, match="too-deep"):
            reader(deeper)


def test_a_batch_holds_the_bytes_of_its_submissions_and_not_their_maps() -> None:
    nested = canonical([{"envelope": b"e", "record": b"r"}])
    with pytest.raises(CheckFailedError):
        records.parse_batch(nested)
    with pytest.raises(Refusal) as caught:
        record.parse_batch(nested)
    assert caught.value.code is Code.MALFORMED
    assert record.encode_batch([b"x"]) == canonical([b"x"]) == b"\x91\xc4\x01x"


def test_a_batch_may_be_empty_and_has_at_most_500_submissions() -> None:
    assert record.parse_batch(canonical([])) == records.parse_batch(canonical([])) == []
    assert len(record.parse_batch(canonical([b"x"] * 500))) == 500
    with pytest.raises(Refusal):
        record.parse_batch(canonical([b"x"] * 501))
    with pytest.raises(CheckFailedError):
        records.parse_batch(canonical([b"x"] * 501))


READERS: dict[str, tuple[list[tuple[str, int, bytes | None]], Code | None]] = {
    "any order": ([("secretariat", 1, PUBLIC), ("BW", 1, PUBLIC), ("AE", 1, PUBLIC)], None),
    "epoch 0": ([("BW", 0, PUBLIC)], None),
    "nobody": ([], Code.BAD_VALUE),
    "one reader in two epochs": ([("BW", 1, PUBLIC), ("BW", 2, PUBLIC)], Code.ENVELOPE_READERS),
    "nine readers": ([(f"A{letter}", 1, PUBLIC) for letter in "ABCDEFGHI"], Code.BAD_VALUE),
    "epoch of 32 bits": ([("BW", 2**31, PUBLIC)], Code.BAD_VALUE),
    "a code that is none": ([("bw", 1, PUBLIC)], Code.BAD_VALUE),
}


@pytest.mark.parametrize("case", READERS)
def test_readers_of_an_envelope(case: str) -> None:
    readers, code = READERS[case]
    made = sealed(readers, values=[])
    if code is None:
        assert envelopes.check(*made, RID).readers == envelope.check_envelope(*made, RID).readers
        return
    with pytest.raises(CheckFailedError):
        envelopes.check(*made, RID)
    with pytest.raises(Refusal) as caught:
        envelope.check_envelope(*made, RID)
    assert caught.value.code is code


def test_a_decoy_wrap_begins_with_an_x25519_key_as_every_wrap_does() -> None:
    drawn = random.Random(5).randbytes(112)
    made = envelope.seal(samples.LEDGER, RID, {}, [("ZZ", 0, None)], lambda length: drawn[:length])
    (wrap,) = decode(made.envelope)["wraps"]
    assert wrap["wrap"] == bindings.crypto_scalarmult_base(drawn[:32]) + drawn[32:] == envelopes.decoy(drawn)


def test_more_padding_than_needed_is_read() -> None:
    """ "Padded to 2, 8 or 16 KiB": which of the three is the writer's choice; the next larger one only when it must be."""
    assert [len(envelopes.pad(bytes(length))) for length in (0, 2047, 2048, 8191, 8192, 16383)] == [
        2048,
        2048,
        8192,
        8192,
        16384,
        16384,
    ]
    for name, length in (("remarks", 2000), ("remarks", 2100), ("remarks", 8100), ("remarks", 8300)):
        draws = random.Random(length)
        state = draws.getstate()
        theirs = envelope.seal(samples.LEDGER, RID, {name: "x" * length}, [("BW", 1, PUBLIC)], draws.randbytes)
        draws.setstate(state)
        mine = envelopes.make(samples.LEDGER, RID, {name: "x" * length}, [("BW", 1, PUBLIC)], draws.randbytes)
        assert (theirs.envelope, theirs.hash) == mine
    pad = envelopes.pad
    try:
        envelopes.pad = lambda plain: plain + b"\x80" + bytes(16384 - len(plain) - 1)
        raw, _ = sealed([("BW", 1, PUBLIC)], invoice="i")
    finally:
        envelopes.pad = pad
    assert envelopes.open_with(samples.LEDGER, raw, "BW", SECRET).values == {"invoice": "i"}
    assert unsealing.open_envelope(samples.LEDGER, raw, "BW", SECRET) == {"invoice": "i"}


@pytest.mark.parametrize(
    "fields", [{}, {"invoice": 5}, {"exporter": {"name": "n"}}, {"seals": "one text"}, {"remarks": None}, {"values": "v"}]
)
def test_what_a_sealed_field_holds_is_nobodys_form(fields: dict[str, Any]) -> None:
    """The pages give no type for `invoice`, `remarks`, `route` and `seals`: opening takes any value, `values` are checked apart."""
    raw, _ = sealed([("BW", 1, PUBLIC)], **fields)
    assert envelopes.open_with(samples.LEDGER, raw, "BW", SECRET).values == fields
    assert unsealing.open_envelope(samples.LEDGER, raw, "BW", SECRET) == fields


def test_a_blinding_is_little_endian() -> None:
    small = b"\x7f" + bytes(31)
    assert commitments.commit(7, small) == pedersen.commit(7, small)
    with pytest.raises(Refusal):
        commitments.commit(7, small[::-1])
    drawn = (pedersen.L + 5).to_bytes(64, "little")
    assert commitments.draw_blinding(lambda _: drawn) == (5).to_bytes(32, "little")


def test_the_ledger_id_is_of_the_content_as_written() -> None:
    """White space and the order of keys do not matter; a default that is written out does."""
    vectors = json.loads((Path(__file__).resolve().parents[1] / "data" / "formats.json").read_text("utf-8"))
    content = vectors["genesis"]["content"]
    written = json.dumps(content, ensure_ascii=False).encode()
    assert Genesis.from_json(written).ledger_id.hex() == log.ledger_id(written).hex() == vectors["genesis"]["ledger_id"]
    counted = {**content, "participants": [{**content["participants"][0], "counted": True}, *content["participants"][1:]]}
    other = json.dumps(counted, indent=1, sort_keys=True).encode()
    assert Genesis.from_json(other).ledger_id == log.ledger_id(other) != log.ledger_id(written)


def checkpointed(text: str, more: list[notes.Line], wanted: str = "N0") -> tuple[bytes, policies.Policy]:
    """A receipt over one record whose checkpoint has this text, signed by the log and N0 and carrying further lines."""
    made = samples.witnessed(random.Random(5), 1, 0)
    seed, cosigning = bytes(range(32)), bytes(range(1, 33))
    public = [bindings.crypto_sign_seed_keypair(one)[0] for one in (seed, cosigning)]
    text = text.format(root=str(notes.Checkpoint(samples.ORIGIN, 1, leaf_hash(made.record))))
    rules = policies.Policy(
        (notes.Key(samples.ORIGIN, notes.LOG, public[0]),),
        {"N0": notes.Key("N0/witness", notes.COSIGNER, public[1])},
        {},
        wanted,
    )
    lines = [notes.sign(samples.ORIGIN, seed, text), notes.cosign("N0/witness", cosigning, text, 5), *more]
    return receipts.make(made.record, 0, [], notes.encode_note(text, lines)), rules


def test_extension_lines_of_a_checkpoint() -> None:
    """ "No extension lines": the product writes none and reads them, the outside program reads none."""
    raw, rules = checkpointed("{root}more\n", [])
    assert receipt.verify_receipt(raw, policy.parse_policy(str(rules).encode())).index == 0
    with pytest.raises(CheckFailedError, match="bad-checkpoint"):
        receipts.verify(raw, rules)


def test_a_note_has_at_most_100_lines() -> None:
    """Fewer than the validators a genesis may have, which is 128: a quorum of those would fit, all of them would not."""
    strangers = [notes.Line(f"stranger{n}.example", b"abcd", bytes(72)) for n in range(99)]
    raw, rules = checkpointed("{root}", strangers[:98])
    assert receipts.verify(raw, rules).index == receipt.verify_receipt(raw, policy.parse_policy(str(rules).encode())).index == 0
    raw, rules = checkpointed("{root}", strangers)
    with pytest.raises(MalformedNoteError):
        receipt.verify_receipt(raw, policy.parse_policy(str(rules).encode()))
    with pytest.raises(CheckFailedError, match="bad-note"):
        receipts.verify(raw, rules)


def test_a_policy_names_one_log_key_so_another_nodes_receipt_is_refused() -> None:
    """Every node signs with a log key of its own, all named by the origin, and prints a policy with its own alone."""
    raw, rules = checkpointed("{root}", [])
    other_key = notes.Key(samples.ORIGIN, notes.LOG, bindings.crypto_sign_seed_keypair(bytes(32))[0])
    others = policies.Policy((other_key,), rules.witnesses, {}, "N0")
    with pytest.raises(CheckFailedError, match="no-log-signature"):
        receipts.verify(raw, others)
    with pytest.raises(LogSignatureMissingError):
        receipt.verify_receipt(raw, policy.parse_policy(str(others).encode()))
    both = policies.Policy((other_key, *rules.logs), rules.witnesses, {}, "N0")
    assert receipts.verify(raw, both).index == receipt.verify_receipt(raw, policy.parse_policy(str(both).encode())).index


def test_a_log_of_another_name_is_unknown_whoever_signed_it() -> None:
    raw, rules = checkpointed("{root}", [])
    renamed = policies.Policy(
        (notes.Key("kpledger.example/other", notes.LOG, rules.logs[0].public),), rules.witnesses, {}, "N0"
    )
    with pytest.raises(CheckFailedError, match="unknown-log"):
        receipts.verify(raw, renamed)
    with pytest.raises(OriginMismatchError):
        receipt.verify_receipt(raw, policy.parse_policy(str(renamed).encode()))


def test_a_receipt_vouches_for_bytes_and_not_for_what_they_say() -> None:
    """`extra` must hold what hashes to the leaf; whether it is a record is not the receipt's matter."""
    seed, cosigning = bytes(range(32)), bytes(range(1, 33))
    text = str(notes.Checkpoint(samples.ORIGIN, 2, trees.mth([leaf_hash(b"x"), leaf_hash(b"y")])))
    lines = [notes.sign(samples.ORIGIN, seed, text), notes.cosign("N0/witness", cosigning, text, 5)]
    raw = receipts.make(b"x", 0, [leaf_hash(b"y")], notes.encode_note(text, lines))
    _, rules = checkpointed("{root}", [])
    assert (
        receipts.verify(raw, rules).record
        == receipt.verify_receipt(raw, policy.parse_policy(str(rules).encode())).record
        == b"x"
    )


def test_a_cosignature_given_twice_counts_once_and_its_newest_time_is_told() -> None:
    cosigning = bytes(range(1, 33))
    made = samples.witnessed(random.Random(5), 1, 0)
    text = str(notes.Checkpoint(samples.ORIGIN, 1, leaf_hash(made.record)))
    raw, rules = checkpointed(
        "{root}", [notes.cosign("N0/witness", cosigning, text, 9), notes.cosign("N0/witness", cosigning, text, 2)]
    )
    assert receipts.verify(raw, rules).witnesses == {"N0": 9}
    verdict = receipt.verify_receipt(raw, policy.parse_policy(str(rules).encode()))
    assert (verdict.witnesses, verdict.newest) == (("N0/witness",), 9)
    assert len(note.parse_note(receipts.parse(raw).note).signatures) == 4
