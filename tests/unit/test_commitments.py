"""`ledger.commitments`: what opens, what is no commitment, and the edges where libsodium itself would refuse."""

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings

from ledger.commitments import (
    IDENTITY,
    H,
    L,
    check_blinding,
    check_point,
    commit,
    draw_blinding,
    opens,
    sum_blindings,
    sum_points,
)
from ledger.errors import Code, Refusal

P = 2**255 - 19
amounts = st.integers(0, 10**15)
scalars = st.integers(1, L - 1).map(lambda number: number.to_bytes(32, "little"))

# The eight points of small order, and their other spellings (RFC 8032 test literature).
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
NON_CANONICAL = [
    "0100000000000000000000000000000000000000000000000000000000000080",  # the identity with the sign of x set
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # y = p + 1
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # y = p
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


def scalar(number):
    return (number % L).to_bytes(32, "little")


def refused(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    assert caught.value.code is Code.BAD_COMMITMENT
    return caught.value


def test_the_second_generator_is_the_hash_of_a_sentence():
    assert H.hex() == "04fa3fbb5f8778a376ef744bf8f588ec3c001dd4b8f7e4cf4a99994e93c75ee7"
    assert bindings.crypto_core_ed25519_is_valid_point(H)


@settings(max_examples=50)
@given(amounts, scalars)
def test_a_commitment_opens_to_its_value_and_blinding_alone(cents, blinding):
    point = commit(cents, blinding)
    check_point(point)
    assert opens(point, cents, blinding)
    assert not opens(point, cents + 1, blinding)
    assert not opens(point, cents, scalar(int.from_bytes(blinding, "little") + 1))


@settings(max_examples=30)
@given(st.lists(st.tuples(amounts, scalars), max_size=8))
def test_sums_open_to_sums(pairs):
    total = sum_points(commit(cents, blinding) for cents, blinding in pairs)
    cents, blindings = sum(cents for cents, _ in pairs), sum_blindings(blinding for _, blinding in pairs)
    assert opens(total, cents, blindings)
    assert not opens(total, cents + 1, blindings)


def test_a_sum_of_5000():
    pairs = [(number * 37, draw_blinding(secrets.token_bytes)) for number in range(5_000)]
    total = sum_points(commit(*pair) for pair in pairs)
    cents, blindings = sum(cents for cents, _ in pairs), sum_blindings(blinding for _, blinding in pairs)
    assert opens(total, cents, blindings)
    assert not opens(total, cents - 1, blindings)


def test_a_value_of_zero_is_hidden_like_any_other():
    blinding = draw_blinding(secrets.token_bytes)
    point = commit(0, blinding)
    assert point == bindings.crypto_scalarmult_ed25519_noclamp(blinding, H)
    assert opens(point, 0, blinding)


def test_a_blinding_of_zero_hides_nothing_and_is_refused():
    refused(commit, 5, bytes(32))
    refused(commit, 0, bytes(32))


def test_a_sum_of_blindings_may_be_zero():
    one, other = scalar(7), scalar(-7)
    total = sum_points([commit(3, one), commit(4, other)])
    assert sum_blindings([one, other]) == bytes(32)
    assert opens(total, 7, bytes(32))
    assert total == bindings.crypto_scalarmult_ed25519_base_noclamp(scalar(7))


def test_commitments_that_cancel():
    # 3*G + 7*H and its negative: a valid point, though the commitment of no value in range.
    point = commit(3, scalar(7))
    negative = bindings.crypto_core_ed25519_sub(IDENTITY, point)
    assert sum_points([point, negative]) == IDENTITY == sum_points([])
    assert opens(IDENTITY, 0, bytes(32))
    assert opens(IDENTITY, L, bytes(32))


def test_a_commitment_may_not_be_the_identity():
    refused(check_point, IDENTITY)
    assert commit(L, scalar(1)) == H


def test_a_value_and_blinding_that_cancel_are_refused(monkeypatch):
    # With the true H nobody can find such a pair; with H = G it is at hand.
    monkeypatch.setattr("ledger.commitments.H", bindings.crypto_scalarmult_ed25519_base_noclamp(scalar(1)))
    assert commit(5, scalar(1)) == bindings.crypto_scalarmult_ed25519_base_noclamp(scalar(6))
    refused(commit, L - 1, scalar(1))


@pytest.mark.parametrize("blinding", [L, L + 1, 2**256 - 1, 2**255, 2 * L])
def test_unreduced_blindings_are_refused(blinding):
    data = blinding.to_bytes(32, "little")
    refused(commit, 1, data)
    refused(check_blinding, data)
    refused(sum_blindings, [scalar(1), data])
    assert not opens(commit(1, scalar(1)), 1, data)


def test_an_unreduced_sum_does_not_open():
    point = commit(1, scalar(5))
    assert opens(point, 1, scalar(5))
    assert not opens(point, 1, (L + 5).to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_blindings_of_other_lengths_are_refused(length):
    assert refused(commit, 1, b"\1" * length, "lines[0].value").field == "lines[0].value"
    assert not opens(commit(1, scalar(1)), 1, b"\1" * length)


def test_negative_values_are_refused():
    refused(commit, -1, scalar(1))
    assert not opens(commit(0, scalar(1)), -1, scalar(1))


@pytest.mark.parametrize("point", NON_CANONICAL)
def test_other_spellings_of_a_point_are_refused(point):
    refusal = refused(check_point, bytes.fromhex(point), "lines[3].commitment")
    assert refusal.field == "lines[3].commitment"


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_small_order_alone_is_not_the_identity(point):
    # Torsion does not break the soundness of sums and every reader recomputes C: only the identity is refused.
    data = bytes.fromhex(point)
    if data == IDENTITY:
        refused(check_point, data)
    else:
        check_point(data)


@given(st.binary(min_size=32, max_size=32))
def test_any_32_bytes_are_a_point_or_refused(data):
    y = int.from_bytes(data, "little") % 2**255
    numerator, denominator = (y * y - 1) % P, (-121665 * pow(121666, -1, P) * y * y + 1) % P
    square = numerator * pow(denominator, -1, P) % P
    on_curve = y < P and (square == 0 or pow(square, (P - 1) // 2, P) == 1)
    minus_zero = square == 0 and data[31] & 0x80
    if on_curve and not minus_zero and data != IDENTITY:
        check_point(data)
    else:
        refused(check_point, data)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_points_of_other_lengths_are_refused(length):
    refused(check_point, bytes(length))
    assert refused(sum_points, [H, bytes(length)]).field == "[1]"


def test_blindings_are_drawn_from_all_of_the_group():
    assert draw_blinding(lambda n: bytes(n - 1) + b"\1") == scalar(256**63)
    # A draw that is zero modulo L is drawn again.
    draws = iter([bytes(64), (L * 3).to_bytes(64, "little"), (L + 9).to_bytes(64, "little")])
    assert draw_blinding(lambda n: next(draws)) == scalar(9)


def test_blindings_never_repeat():
    drawn = {draw_blinding(secrets.token_bytes) for _ in range(2_000)}
    assert len(drawn) == 2_000
