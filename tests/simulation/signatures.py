"""Signature schemes for the simulation: one that costs a microsecond, and the real one. Both tell what was signed by whom."""

import hashlib
from collections.abc import Callable

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

Signed = Callable[[bytes, bytes], None]
"""Called with message and signature whenever a node signs."""


class FastScheme:
    """Keyed BLAKE2b: the "public key" is the hash of the secret, which the scheme knows for every node."""

    def __init__(self, key: bytes, secrets: dict[bytes, bytes], signed: Signed) -> None:
        self._secret = secrets[key]
        self._secrets = secrets
        self._signed = signed

    def sign(self, message: bytes) -> bytes:
        signature = hashlib.blake2b(message, key=self._secret).digest()
        self._signed(message, signature)
        return signature

    def verify(self, key: bytes, message: bytes, signature: bytes) -> bool:
        return hashlib.blake2b(message, key=self._secrets[key]).digest() == signature


class Ed25519Scheme:
    """libsodium's Ed25519."""

    def __init__(self, key: bytes, secrets: dict[bytes, bytes], signed: Signed) -> None:
        self._secret = secrets[key]
        self._signed = signed

    def sign(self, message: bytes) -> bytes:
        signature = crypto_sign(message, self._secret)[:64]
        self._signed(message, signature)
        return signature

    def verify(self, key: bytes, message: bytes, signature: bytes) -> bool:
        try:
            crypto_sign_open(signature + message, key)
        except BadSignatureError:
            return False
        return True


SimulatedScheme = FastScheme | Ed25519Scheme


def make_keys(kind: str, count: int, seed: int) -> dict[bytes, bytes]:
    """Secrets by public key, in the nodes' order."""
    seeds = [hashlib.sha256(f"key {seed} {index}".encode()).digest() for index in range(count)]
    if kind == "ed25519":
        return dict(crypto_sign_seed_keypair(one) for one in seeds)
    return {hashlib.sha256(one).digest(): one for one in seeds}


def scheme(kind: str, key: bytes, secrets: dict[bytes, bytes], signed: Signed) -> SimulatedScheme:
    """A node's scheme."""
    return (Ed25519Scheme if kind == "ed25519" else FastScheme)(key, secrets, signed)
