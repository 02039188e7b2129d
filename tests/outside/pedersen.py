"""Value commitments C = v*G + r*H on edwards25519, and their sums, with nothing but libsodium's group operations.

Scalars are 32 bytes little-endian, as libsodium reads them. A zero scalar stands for the identity, because libsodium
refuses to multiply by it.
"""

import hashlib
from collections.abc import Iterable

from nacl import bindings, exceptions

from tests.outside.wire import CheckFailedError, need

L = 2**252 + 27742317777372353535851937790883648493
IDENTITY = b"\1" + bytes(31)
H = bindings.crypto_core_ed25519_from_uniform(hashlib.blake2b(b"kpledger/pedersen/H/v1", digest_size=32).digest())


def _scalar(value: int) -> bytes:
    return (value % L).to_bytes(32, "little")


def _times_base(value: int) -> bytes:
    return IDENTITY if value % L == 0 else bindings.crypto_scalarmult_ed25519_base_noclamp(_scalar(value))


def _times(value: int, point: bytes) -> bytes:
    return IDENTITY if value % L == 0 else bindings.crypto_scalarmult_ed25519_noclamp(_scalar(value), point)


def commit(cents: int, blinding: bytes) -> bytes:
    """The commitment to an amount in cents under a 32-byte little-endian blinding in 1..L-1."""
    r = int.from_bytes(blinding, "little")
    need(len(blinding) == 32 and 0 < r < L, "blinding", "1 to L-1, little-endian")
    need(cents >= 0, "negative-value", str(cents))
    result = bindings.crypto_core_ed25519_add(_times_base(cents), _times(r, H))
    need(result != IDENTITY, "identity-commitment")
    return result


def check_point(point: bytes) -> None:
    """Fail unless the 32 bytes are the canonical encoding of a curve point other than the identity."""
    try:
        same = bindings.crypto_core_ed25519_add(point, IDENTITY)
    except (exceptions.CryptoError, ValueError) as error:
        raise CheckFailedError("bad-point", point.hex()) from error
    need(same == point and point != IDENTITY, "bad-point", point.hex())


def add(points: Iterable[bytes]) -> bytes:
    """The sum of commitments; of none, the identity."""
    total = IDENTITY
    for point in points:
        total = bindings.crypto_core_ed25519_add(total, point)
    return total


def opens(total: bytes, cents: int, blinding_sum: int) -> bool:
    """Whether summed commitments open to that value and that sum of blindings."""
    return bindings.crypto_core_ed25519_add(_times_base(cents), _times(blinding_sum, H)) == total
