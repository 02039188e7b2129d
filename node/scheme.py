"""Consensus signatures: Ed25519 with libsodium's strict verification."""

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from node.keys import SigningKey


class Ed25519Scheme:
    """Signs with this node's consensus key (`consensus.events.Scheme`)."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def sign(self, message: bytes) -> bytes:
        """64 bytes of signature."""
        return self._key.sign(message)

    def verify(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether `signature` over `message` is `key`'s."""
        return verify_vote(key, message, signature)


def verify_vote(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` is `key`'s."""
    try:
        crypto_sign_open(signature + message, key)
    except (BadSignatureError, ValueError):
        return False
    return True
