"""What a node proves to itself at every start: its libraries give the bytes that all nodes must agree on.

A library that was updated, miscompiled or replaced on one machine would make that node judge records differently from all
others, silently. Known answers, a few milliseconds:

1. Ed25519 is libsodium's strict verification: sound signatures pass; unreduced S, small-order keys and R do not, and it is on
   just these that implementations disagree (Chalkias et al., "Taming the many EdDSAs", 2020).
2. Canonical MessagePack: two independent libraries write the same bytes at every boundary of the format.
3. SHA-256, personalised BLAKE2b and the second generator of the value commitments.
"""

import hashlib
from collections.abc import Iterator

import msgpack
from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from ledger import codec
from ledger.commitments import H
from ledger.hashing import labelled_hash
from ledger.merkle import leaf_hash
from node.errors import Exit, FatalError

_MESSAGE = b"kpledger self-test"
_PUBLIC = bytes.fromhex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
_SIGNATURE = bytes.fromhex(
    "d0eef76728015fcac7475561602ef213d7f7e50fb6295de88b1c50f2ea2377d9"
    "131659aa994b1254d0d321f0c22970840b9ab56592ef45d1ca2f3cf67641650d"
)
_ORDER = 2**252 + 27742317777372353535851937790883648493
_SMALL_ORDER = tuple(
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)
_H = "04fa3fbb5f8778a376ef744bf8f588ec3c001dd4b8f7e4cf4a99994e93c75ee7"
_LABELLED = "3e95324be1cd9b2de9947a56f5d85e7713f7d917661b973650273fe48207d590"
_EMPTY_LEAF = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def run() -> None:
    """Runs every check.

    Raises:
        FatalError: one failed; this installation must not judge records.
    """
    failed = [name for name, holds in _checks() if not holds]
    if failed:
        raise FatalError(
            f"The self-test failed: {', '.join(failed)}.",
            "The libraries on this machine do not give the bytes that all nodes agree on.",
            "Install exactly what the lock file pins (make setup), on a supported machine.",
            Exit.FAILED,
        )


def _checks() -> Iterator[tuple[str, bool]]:
    public, secret = crypto_sign_seed_keypair(bytes(range(32)))
    yield "Ed25519 key", public == _PUBLIC
    yield "Ed25519 signature", crypto_sign(_MESSAGE, secret)[:64] == _SIGNATURE
    yield "Ed25519 verification", _verifies(_PUBLIC, _SIGNATURE)
    yield "Ed25519 damaged signature", not _verifies(_PUBLIC, _SIGNATURE[:-1] + b"\x0c")
    unreduced = int.from_bytes(_SIGNATURE[32:], "little") + _ORDER
    yield "Ed25519 unreduced S", not _verifies(_PUBLIC, _SIGNATURE[:32] + unreduced.to_bytes(32, "little"))
    yield "Ed25519 small-order keys", not any(_verifies(key, key + bytes(32)) for key in _SMALL_ORDER)
    yield "Ed25519 small-order R", not any(_verifies(_PUBLIC, point + _SIGNATURE[32:]) for point in _SMALL_ORDER)
    yield "Ed25519 points", not any(map(crypto_core_ed25519_is_valid_point, _SMALL_ORDER))
    yield "canonical MessagePack", all(codec.encode(value) == msgpack.packb(value) for value in _boundaries())
    yield "SHA-256", leaf_hash(b"").hex() == _EMPTY_LEAF and hashlib.sha256(b"\0").hexdigest() == _EMPTY_LEAF
    yield "BLAKE2b", labelled_hash(b"kpl/self-test", b"a", b"").hex() == _LABELLED
    yield "commitment generator", H.hex() == _H


def _verifies(key: bytes, signature: bytes) -> bool:
    try:
        crypto_sign_open(signature + _MESSAGE, key)
    except BadSignatureError:
        return False
    return True


def _boundaries() -> Iterator[object]:
    """Values on both sides of every change of form in MessagePack; maps are in canonical order already."""
    for bits in (5, 7, 8, 15, 16, 31, 32, 63):
        yield from ((1 << bits) - 1, 1 << bits, -(1 << bits), min(1 - (1 << bits), 0))
    for length in (0, 31, 32, 255, 256, 65_535, 65_536):
        yield from ("x" * length, bytes(length))
    for length in (0, 15, 16, 300):
        yield from ([None] * length, {f"{key:04}": True for key in range(length)})
    yield [False, {"a": 1, "z": 2, "\u4e00": [b"", "\u00e9"]}]
