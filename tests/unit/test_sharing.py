"""`ledger.unsealing`: keys handed on by `sealed.share`, to a reader, a court, a next importer, and what does not open with them."""

import hashlib

import pytest
from nacl.bindings import crypto_scalarmult_base

from ledger.envelope import WRAP_BYTES
from ledger.errors import Code, Refusal
from ledger.unsealing import open_envelope, open_wrapped, rewrap, wrap_of
from tests.support import sealed
from tests.support.sealed import LEDGER, SECRETS, randomness

ENVELOPE, OTHER = sealed.issue().envelope, sealed.issue(seed=1).envelope
COURT = hashlib.sha256(b"a court's key").digest()
PUBLIC = crypto_scalarmult_base(COURT)


def shared(envelope=ENVELOPE, reader="BW", to=PUBLIC, seed=9):
    return rewrap(LEDGER, envelope, wrap_of(envelope, reader), SECRETS[reader], to, randomness(seed))


def refusal_of(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value


@pytest.mark.parametrize("reader", SECRETS)
def test_whoever_reads_can_share_and_the_other_sees_the_same(reader):
    wrap = shared(reader=reader)
    assert len(wrap) == WRAP_BYTES
    assert open_wrapped(LEDGER, ENVELOPE, wrap, COURT) == open_envelope(LEDGER, ENVELOPE, reader, SECRETS[reader])


def test_the_other_can_share_on():
    wrap = shared()
    onward = rewrap(LEDGER, ENVELOPE, wrap, COURT, crypto_scalarmult_base(SECRETS["AE"]), randomness(2))
    assert open_wrapped(LEDGER, ENVELOPE, onward, SECRETS["AE"]) == open_wrapped(LEDGER, ENVELOPE, wrap, COURT)


def test_no_two_wraps_are_alike():
    wraps = [wrap_of(ENVELOPE, reader) for reader in SECRETS] + [shared(seed=1), shared(seed=2)]
    pieces = [wrap[at : at + 16] for wrap in wraps for at in range(0, WRAP_BYTES, 16)]
    assert len(set(pieces)) == len(pieces)


@pytest.mark.parametrize(
    ("ledger", "envelope", "secret"),
    [(LEDGER, OTHER, COURT), (LEDGER, ENVELOPE, SECRETS["AE"]), (bytes(32), ENVELOPE, COURT)],
    ids=["another envelope", "another's key", "another ledger"],
)
def test_a_wrap_opens_nothing_else(ledger, envelope, secret):
    found = refusal_of(open_wrapped, ledger, envelope, shared(), secret)
    assert (found.code, found.details) == (Code.ENVELOPE_UNREADABLE, {})


def test_a_damaged_wrap_opens_nothing():
    wrap = shared()
    for at in range(WRAP_BYTES):
        broken = bytes((*wrap[:at], wrap[at] ^ 1, *wrap[at + 1 :]))
        assert refusal_of(open_wrapped, LEDGER, ENVELOPE, broken, COURT).code == Code.ENVELOPE_UNREADABLE


def test_what_does_not_open_is_not_handed_on():
    wrap = wrap_of(ENVELOPE, "BW")
    assert refusal_of(rewrap, LEDGER, OTHER, wrap, SECRETS["BW"], PUBLIC, randomness(1)).code == Code.ENVELOPE_UNREADABLE
    assert refusal_of(rewrap, LEDGER, ENVELOPE, wrap, COURT, PUBLIC, randomness(1)).code == Code.ENVELOPE_UNREADABLE


def test_a_key_that_is_none_gets_nothing():
    found = refusal_of(shared, ENVELOPE, "BW", bytes(32))
    assert found.code == Code.BAD_KEY


def test_who_is_no_reader_has_no_wrap():
    found = refusal_of(wrap_of, ENVELOPE, "RU")
    assert (found.code, found.details["given"]) == (Code.ENVELOPE_READERS, "RU")
