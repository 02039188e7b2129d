"""ledger/status.py, ledger/status_views.py: what a status file says of a real ledger, and whose it must be."""

from dataclasses import replace

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed
from nacl import bindings

from ledger import errors
from ledger.bodies import CERTIFICATE_AMEND, CERTIFICATE_CLOSE, AmendBody, CloseBody
from ledger.custody import finish
from ledger.entries import STATES, CertificateState
from ledger.paper import make_paper, verify_paper
from ledger.policy import PolicyLog, PolicyWitness, ledger_policy
from ledger.status import Run, Standing, Status, judge, list_numbers, read_status, sign_status, state_of
from ledger.units import HOUR_MS
from tests.support.papers import CODES, LOG, NODES, placed, policy
from tests.support.world import START, TODAY, World, public, seed

NOW = START + HOUR_MS
POLICY = policy()


def signed(status, signer="AE"):
    _, secret = bindings.crypto_sign_seed_keypair(seed(f"{signer}/cosign"))
    return sign_status(status, public(f"{signer}/cosign"), lambda message: bindings.crypto_sign(message, secret)[:64])


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path) as made:
        yield made


def status_of(world, signer="AE"):
    return finish(world.ledger.status(signer, NOW))


def amend(world, issue, **changes):
    fields = {name: getattr(issue.body, name) for name in issue.body.__struct_fields__}
    stated = AmendBody(answers=issue.id, **(fields | {"rid": world.rng(16)} | changes))
    return world.sign(CERTIFICATE_AMEND, stated, "BW")


def story(world):
    """BW0000001 to 4: open, confirmed, void, amended; AO0000150 open."""
    issues = [world.issue(number=f"BW000000{n}") for n in range(1, 5)]
    angola = world.issue(number="AO0000150", lines=(world.line(5_000, origin=("AO",)),))
    world.accept(*issues, angola)
    void = world.sign(CERTIFICATE_CLOSE, CloseBody(number="BW0000003", reason="void"), "BW")
    newer = amend(world, issues[3], parcels=5)
    world.accept(world.confirm(issues[1]), void, newer)
    return issues, newer


def proof_of(world, record):
    """The record's proof on paper in this ledger's log."""
    _, index, _ = world.ledger.record(record.id)
    found = verify_paper(make_paper(placed(record.raw).receipt()), POLICY)
    return replace(found, verdict=replace(found.verdict, index=index))


def test_what_each_certificate_is_said_to_be(world):
    issues, newer = story(world)
    status = read_status(signed(status_of(world)), POLICY)
    assert (status.signer, status.size, status.root) == ("AE", world.ledger.head.tree_size, world.ledger.head.root)

    def say(number, record=None, **options):
        proven = None if record is None else proof_of(world, record)
        return judge(status, number, options.get("now", NOW), options.get("today", TODAY), proven)

    assert say("BW0000001", issues[0]).standing is Standing.VALID
    assert say("BW0000002", issues[1]).state is CertificateState.CONFIRMED
    assert say("BW0000002").standing is Standing.CLOSED
    assert say("BW0000003", issues[2]) == judge(status, "BW0000003", NOW, TODAY)
    assert say("BW0000003").reason == "it is void"
    assert say("BW0000004", issues[3]).standing is Standing.AMENDED
    assert say("BW0000004", newer).standing is Standing.VALID
    assert say("BW0000005").standing is Standing.NOT_ON_LEDGER
    assert say("BW00001").standing is Standing.NOT_ON_LEDGER  # another number than BW0000001
    assert say("AO0000150").standing is Standing.VALID
    assert say("AO0000151").standing is Standing.NOT_ON_LEDGER
    assert say("AO0000250").standing is Standing.OUT_OF_RANGE
    assert say("BW0000001", issues[0], today="2026-04-16").standing is Standing.EXPIRED
    assert say("BW0000001", issues[0], today="2026-04-15").standing is Standing.VALID


def test_an_old_file_says_what_is_for_good_and_nothing_else(world):
    story(world)
    status = status_of(world)
    late = NOW + 72 * HOUR_MS + 1
    assert judge(status, "BW0000001", late - 1, TODAY).standing is Standing.VALID
    assert judge(status, "BW0000001", late, TODAY).standing is Standing.TOO_OLD
    assert judge(status, "BW0000001", late, TODAY, hours=100).standing is Standing.VALID
    assert judge(status, "AO0000250", late, TODAY).standing is Standing.TOO_OLD
    assert judge(status, "BW0000002", late, TODAY).standing is Standing.CLOSED
    assert (
        judge(status, "BW0000001", NOW - 11 * 60_000, TODAY).standing is Standing.TOO_OLD
    )  # this clock, or that one, is wrong
    young = world.issue(number="BW0000009")
    world.accept(young)
    assert judge(status, "BW0000009", NOW, TODAY, proof_of(world, young)).standing is Standing.TOO_OLD
    assert judge(status_of(world), "BW0000009", NOW, TODAY, proof_of(world, young)).standing is Standing.VALID


def test_a_proof_that_the_file_contradicts_names_its_signer(world):
    issues, _ = story(world)
    status = status_of(world)
    without = changed(status, numbers=tuple(one for one in status.numbers if one.issuer != "BW"))
    with pytest.raises(errors.StatusConflictError, match="AE"):
        judge(without, "BW0000001", NOW, TODAY, proof_of(world, issues[0]))
    with pytest.raises(errors.StatusSignerError):
        judge(changed(status, origin="another"), "BW0000001", NOW, TODAY, proof_of(world, issues[0]))


def spoilt(**changes):
    def spoil(data):
        return msgpack.packb(msgpack.unpackb(data) | changes)

    return spoil


def inside(**changes):
    def spoil(data):
        outer = msgpack.unpackb(data)
        return msgpack.packb(outer | {"status": msgpack.packb(msgpack.unpackb(outer["status"]) | changes)})

    return spoil


SPOILT = {
    "nothing": (lambda _: b"", errors.MalformedStatusError),
    "cut": (lambda data: data[:-1], errors.MalformedStatusError),
    "more": (lambda data: data + b"\0", errors.MalformedStatusError),
    "another member": (spoilt(x=1), errors.MalformedStatusError),
    "another version": (inside(v=2), errors.MalformedStatusError),
    "a state that is none": (inside(numbers=[["BW", 7, [[1, 1, len(STATES)]], []]]), errors.MalformedStatusError),
    "later": (inside(at=NOW + 1), errors.StatusSignatureError),
    "without certificates": (inside(numbers=[]), errors.StatusSignatureError),
    "another's key": (spoilt(key=public("RU/cosign")), errors.StatusSignerError),
    "another's name": (inside(signer="RU"), errors.StatusSignerError),
    "a stranger": (inside(signer="JP"), errors.StatusSignerError),
    "another log": (inside(origin="kpledger.example/other"), errors.StatusSignerError),
    "another signature": (spoilt(sig=bytes(64)), errors.StatusSignatureError),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_file_is_refused(world, case):
    story(world)
    data = signed(status_of(world))
    spoil, error = SPOILT[case]
    with pytest.raises(errors.ProofError) as raised:
        read_status(spoil(data), POLICY)
    assert type(raised.value) is error, raised.value


def test_a_key_signs_no_checkpoint_with_it(world):
    """The log's key of the same node, or one that the policy does not name, does not do."""
    data = signed(status_of(world))
    keys = [PolicyWitness(code, NODES[code].key) for code in CODES[:3]]
    with pytest.raises(errors.StatusSignerError):
        read_status(data, ledger_policy([PolicyLog(LOG.key)], keys, (), 2))


def test_issuers_out_of_order_are_refused(world):
    story(world)
    status = status_of(world)
    for numbers in (status.numbers[::-1], (*status.numbers, status.numbers[-1])):
        with pytest.raises(errors.MalformedStatusError):
            read_status(signed(changed(status, numbers=numbers)), POLICY)


@given(
    st.dictionaries(st.tuples(st.sampled_from(["BW", "RU"]), st.sampled_from([4, 5]), st.integers(0, 60)), st.integers(0, 2))
)
def test_runs_say_what_was_put_in_and_nothing_else(states):
    named = {f"{code}{serial:0{digits}}": state for (code, digits, serial), state in states.items()}
    status = Status(0, 0, bytes(32), list_numbers(named, {}), "x", (), bytes(32), "BW", TODAY, 0, 1)
    for code in ("BW", "RU", "AE"):
        for digits in (4, 5):
            for serial in range(62):
                number = f"{code}{serial:0{digits}}"
                expected = STATES[named[number]] if number in named else None
                assert state_of(status, number) is expected
    for numbers in status.numbers:
        for left, right in zip(numbers.runs, numbers.runs[1:], strict=False):
            assert right.skip or left.state != right.state


def test_a_year_of_world_trade_is_a_small_file():
    """Sixty thousand certificates, the last sixth still open but for every seventh: figures beside the size."""
    states, open_, closed = {}, 0, STATES.index(CertificateState.CONFIRMED)
    for code in ("BW", "RU", "EU", "AE", "IN", "IL"):
        for serial in range(1, 10_001):
            states[f"{code}{serial:07}"] = closed if serial < 8_300 or serial % 7 == 0 else open_
    status = Status(NOW, 1, bytes(32), list_numbers(states, {}), LOG.key.name, (), bytes(32), "AE", TODAY, 1, 1)
    data = signed(status)
    print(f"{len(states)} certificates in {len(data)} bytes")
    assert read_status(data, POLICY) == status
    assert len(data) < 65_536
    assert status.numbers[0].runs[0] == Run(1, 8_299, closed)
