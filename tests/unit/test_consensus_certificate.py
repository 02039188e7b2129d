"""Certificates: built right, and refused when they prove nothing."""

import msgspec
import pytest

from consensus.certificate import Verifier, build, signers, votes, well_formed
from consensus.errors import BadCertificateError
from consensus.messages import VoteKind
from consensus.quorum import Committee, quorum
from tests.support.consensus import Scheme, block, certificate, config, keys, vote

NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE


def verifier(n, scheme=None):
    return Verifier(config(n), Committee(config(n)), scheme or Scheme(keys(1)[0]))


@pytest.mark.parametrize("n", range(1, 14))
@pytest.mark.parametrize("kind", list(VoteKind))
def test_a_quorum_of_votes_makes_a_certificate_that_holds(n, kind):
    one = None if kind == NULLIFY else block(1)
    cast = [vote(kind, signer, 1, one) for signer in range(n)][-quorum(n) :]
    made = build(cast[::-1], n)
    assert verifier(n).check(made) == cast == votes(made, n)
    assert signers(made, n) == list(range(n - quorum(n), n))
    assert len(made.signers) == (n + 7) // 8


@pytest.mark.parametrize("n", range(2, 14))
def test_one_vote_less_is_no_certificate(n):
    with pytest.raises(BadCertificateError, match="a quorum is"):
        verifier(n).check(certificate(NULLIFY, n, list(range(quorum(n) - 1)), 1))


def test_all_validators_may_sign():
    assert len(verifier(4).check(certificate(NULLIFY, 4, [0, 1, 2, 3], 1))) == 4


def changed(**fields):
    return msgspec.structs.replace(certificate(NULLIFY, 4, [0, 1, 2], 1), **fields)


good = certificate(NULLIFY, 4, [0, 1, 2], 1)
BAD = {
    "bitmap too short": ({"signers": b""}, "bitmap of 0 bytes"),
    "bitmap too long": ({"signers": b"\x07\x00"}, "bitmap of 2 bytes"),
    "a validator that does not exist": ({"signers": b"\x13"}, "signer 4 of 4"),
    "more signatures than signers": ({"signatures": (*good.signatures, good.signatures[0])}, "3 signers, 4 signatures"),
    "fewer signatures than signers": ({"signatures": good.signatures[:2]}, "3 signers, 2 signatures"),
    "another signer's signature": ({"signers": b"\x0b"}, "validator 3"),
    "a repeated signature": ({"signatures": (good.signatures[0], good.signatures[0], good.signatures[2])}, "validator 1"),
    "signatures in another order": ({"signatures": good.signatures[::-1]}, "validator 0"),
    "signatures for another view": ({"view": 2}, "validator 0"),
    "signatures for another kind": ({"kind": NOTARIZE, "digest": bytes(32)}, "validator 0"),
    "signatures for another epoch": ({"epoch": 1}, "validator 0"),
    "a nullification of a block": ({"digest": bytes(32)}, "no such subject"),
    "a nullification with a parent": ({"parent": 1}, "no such subject"),
    "a notarization of nothing": ({"kind": NOTARIZE}, "no such subject"),
    "nobody": ({"signers": b"\x00", "signatures": ()}, "0 signers; a quorum"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name):
    fields, reason = BAD[name]
    with pytest.raises(BadCertificateError, match=reason):
        verifier(4).check(changed(**fields))


def test_votes_that_were_verified_are_not_verified_again():
    scheme = Scheme(keys(1)[0])
    made = certificate(NULLIFY, 4, [0, 1, 2], 1)
    verifier(4, scheme).check(made, votes(made, 4)[:2])
    assert scheme.verified == 1
    other = certificate(FINALIZE, 4, [0, 1, 2], 1, block(1))
    verifier(4, scheme).check(other, votes(made, 4))
    assert scheme.verified == 4, "another subject's votes say nothing"


def test_a_forgery_costs_one_check_however_many_it_names():
    scheme = Scheme(keys(1)[0])
    made = certificate(NULLIFY, 100, list(range(67)), 1)
    forged = msgspec.structs.replace(made, signatures=(made.signatures[0], *made.signatures[:66]))
    with pytest.raises(BadCertificateError, match="validator 1 "):
        verifier(100, scheme).check(forged)
    assert scheme.verified == 2


def test_votes_of_a_batch_are_judged_one_by_one():
    bad = msgspec.structs.replace(vote(NULLIFY, 1, 1), signature=bytes(64))
    assert verifier(4).verify([vote(NULLIFY, 0, 1), bad, vote(NULLIFY, 2, 1)]) == [True, False, True]
    assert verifier(4).verify([]) == []


def test_shape_of_subjects():
    assert well_formed(NULLIFY, 0, b"")
    assert not well_formed(NULLIFY, 1, b"")
    assert not well_formed(NULLIFY, 0, bytes(32))
    assert well_formed(NOTARIZE, 3, bytes(32))
    assert not well_formed(FINALIZE, 3, bytes(31))
