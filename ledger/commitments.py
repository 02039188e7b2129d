"""Value commitments: Pedersen commitments C = v*G + r*H on edwards25519, whose sums open to the sum of the values.

- `v` in cents, `r` a *blinding*, 32 bytes little-endian of a scalar in 1..L-1; C as the canonical 32 bytes of its point.
- libsodium refuses to multiply by zero: a zero scalar stands for the identity here.
- A node admits C when adding the identity gives the same bytes (canonical and on the curve) and C is not the identity.
  A torsion component does not break the soundness of sums, and every reader recomputes its C.

Nothing here is random: blindings come from the caller's source. Reference: design 3-confidentiality.md, "Values".
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError

from ledger.errors import Code, Refusal

L: Final = 2**252 + 27742317777372353535851937790883648493
"""Order of the group that G generates."""

IDENTITY: Final = b"\1" + bytes(31)
H: Final[bytes] = bindings.crypto_core_ed25519_from_uniform(hashlib.blake2b(b"kpledger/pedersen/H/v1", digest_size=32).digest())
"""The second generator; nobody knows its logarithm to the base G, for it is the hash of a sentence."""


def _scalar(number: int) -> bytes:
    return (number % L).to_bytes(32, "little")


def _times_base(number: int) -> bytes:
    scalar = _scalar(number)
    return IDENTITY if not any(scalar) else bindings.crypto_scalarmult_ed25519_base_noclamp(scalar)


def _times_h(number: int) -> bytes:
    scalar = _scalar(number)
    return IDENTITY if not any(scalar) else bindings.crypto_scalarmult_ed25519_noclamp(scalar, H)


def _add(left: bytes, right: bytes, field: str) -> bytes:
    try:
        return bindings.crypto_core_ed25519_add(left, right)
    except (CryptoError, ValueError, TypeError):
        raise Refusal(Code.BAD_COMMITMENT, field, reason="not a point of edwards25519") from None


def draw_blinding(rng: Callable[[int], bytes]) -> bytes:
    """A blinding for `commit`: 32 bytes, uniform in 1..L-1 (64 random bytes reduced), from `rng(n)` that gives n bytes."""
    while True:
        number = int.from_bytes(rng(64), "little") % L
        if number:
            return _scalar(number)


def check_blinding(blinding: bytes, field: str = "") -> int:
    """The scalar of a blinding.

    Raises:
        Refusal: BAD_COMMITMENT, not 32 bytes or not reduced to 1..L-1.
    """
    number = int.from_bytes(blinding, "little") if len(blinding) == 32 else 0
    if not 0 < number < L:
        raise Refusal(Code.BAD_COMMITMENT, field, reason="blinding is not a scalar in 1..L-1")
    return number


def commit(cents: int, blinding: bytes, field: str = "") -> bytes:
    """The commitment to a value of `cents` >= 0, 32 bytes.

    Raises:
        Refusal: BAD_COMMITMENT, negative value, blinding out of range, or the identity as result.
    """
    if cents < 0:
        raise Refusal(Code.BAD_COMMITMENT, field, reason="negative value")
    point = _add(_times_base(cents), _times_h(check_blinding(blinding, field)), field)
    if point == IDENTITY:
        raise Refusal(Code.BAD_COMMITMENT, field, reason="commitment is the identity")
    return point


def check_point(commitment: bytes, field: str = "") -> None:
    """Whether 32 bytes may stand as a commitment: the canonical form of a curve point, not the identity.

    Raises:
        Refusal: BAD_COMMITMENT.
    """
    if _add(commitment, IDENTITY, field) != commitment:
        raise Refusal(Code.BAD_COMMITMENT, field, reason="not the canonical form of a point")
    if commitment == IDENTITY:
        raise Refusal(Code.BAD_COMMITMENT, field, reason="commitment is the identity")


def add_points(left: bytes, right: bytes) -> bytes:
    """The sum of two points, 32 bytes each.

    Raises:
        Refusal: BAD_COMMITMENT, one of them is no point.
    """
    return right if left == IDENTITY else _add(left, right, "")


def subtract_points(left: bytes, right: bytes) -> bytes:
    """The point that gives `left` when `right` is added to it.

    Raises:
        Refusal: BAD_COMMITMENT, one of them is no point.
    """
    try:
        return bindings.crypto_core_ed25519_sub(left, right)
    except (CryptoError, ValueError, TypeError):
        raise Refusal(Code.BAD_COMMITMENT, reason="not a point of edwards25519") from None


def sum_points(commitments: Iterable[bytes]) -> bytes:
    """The sum of commitments, 32 bytes; of none or of cancelling ones the identity.

    Raises:
        Refusal: BAD_COMMITMENT, one of them is no point.
    """
    total = IDENTITY
    for position, commitment in enumerate(commitments):
        total = _add(total, commitment, f"[{position}]")
    return total


def sum_blindings(blindings: Iterable[bytes]) -> bytes:
    """The sum of blindings modulo L, 32 bytes; it may be zero.

    Raises:
        Refusal: BAD_COMMITMENT, one of them is out of range.
    """
    return _scalar(sum(check_blinding(blinding, f"[{position}]") for position, blinding in enumerate(blindings)))


def is_sum_of_blindings(blindings: bytes) -> bool:
    """Whether 32 bytes are a reduced scalar; zero is one."""
    return len(blindings) == 32 and int.from_bytes(blindings, "little") < L


def opens(total: bytes, cents: int, blindings: bytes) -> bool:
    """Whether summed commitments are those of values that sum to `cents`, with this sum of blindings (reduced, may be zero)."""
    if not is_sum_of_blindings(blindings) or cents < 0:
        return False
    return _add(_times_base(cents), _times_h(int.from_bytes(blindings, "little")), "") == total
