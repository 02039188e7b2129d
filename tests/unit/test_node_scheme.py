"""`node.scheme`: what one key has signed verifies with that key, as it stands, and nothing else does."""

import pytest

from node.keys import SigningKey
from node.scheme import Ed25519Scheme, verify_vote

KEY, OTHER = SigningKey.from_seed(bytes(32)), SigningKey.from_seed(bytes([1]) * 32)
SCHEME = Ed25519Scheme(KEY)
SIGNATURE = SCHEME.sign(b"vote")


def test_the_own_signature() -> None:
    assert SCHEME.verify(KEY.public, b"vote", SIGNATURE)
    assert verify_vote(KEY.public, b"vote", SIGNATURE)


@pytest.mark.parametrize(
    ("key", "message", "signature"),
    [
        (OTHER.public, b"vote", SIGNATURE),
        (KEY.public, b"vote!", SIGNATURE),
        (KEY.public, b"vote", bytes(64)),
        (KEY.public, b"vote", SIGNATURE[:-1]),
        (KEY.public, b"vote", b""),
        (bytes(31), b"vote", SIGNATURE),
    ],
)
def test_nothing_else(key: bytes, message: bytes, signature: bytes) -> None:
    assert not SCHEME.verify(key, message, signature)
    assert not verify_vote(key, message, signature)
