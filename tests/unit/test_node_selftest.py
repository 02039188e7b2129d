"""The start-up self-test passes here, and each of its checks notices a library that answers otherwise."""

import time

import pytest
from nacl.exceptions import BadSignatureError

from node import selftest
from node.errors import FatalError


def test_this_installation_passes_quickly() -> None:
    began = time.process_time()
    selftest.run()
    assert time.process_time() - began < 0.5, "it runs at every start"


def accepts_everything(signed: bytes, _key: bytes) -> bytes:
    return signed[64:]


def refuses_everything(_signed: bytes, _key: bytes) -> bytes:
    raise BadSignatureError


@pytest.mark.parametrize(
    ("name", "broken", "told"),
    [
        ("crypto_sign_open", accepts_everything, "unreduced S"),
        ("crypto_sign_open", accepts_everything, "small-order keys"),
        ("crypto_sign_open", refuses_everything, "Ed25519 verification"),
        ("crypto_sign", lambda message, _key: bytes(64) + message, "Ed25519 signature"),
        ("crypto_core_ed25519_is_valid_point", lambda _point: True, "Ed25519 points"),
        ("labelled_hash", lambda *_parts: bytes(32), "BLAKE2b"),
        ("leaf_hash", lambda _leaf: bytes(32), "SHA-256"),
        ("H", bytes(32), "commitment generator"),
    ],
)
def test_a_library_that_answers_otherwise(monkeypatch: pytest.MonkeyPatch, name: str, broken: object, told: str) -> None:
    monkeypatch.setattr(selftest, name, broken)
    with pytest.raises(FatalError) as error:
        selftest.run()
    assert told in error.value.happened


def test_an_encoder_with_longer_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = selftest.codec.encode
    monkeypatch.setattr(selftest.codec, "encode", lambda value: b"\xcc\x01" if value == 1 else encode(value))
    monkeypatch.setattr(selftest, "_boundaries", lambda: iter([1]))
    with pytest.raises(FatalError, match="MessagePack"):
        selftest.run()
