"""Keys at rest: sealed, 0600, never replaced; every fault told in three lines."""

from pathlib import Path

import pytest

from node import keys
from node.errors import Exit, FatalError


def test_sealed_and_raw_round_trip(tmp_path: Path) -> None:
    secret = keys.new_seed()
    keys.write_secret(tmp_path / "sealed", secret, b"correct horse")
    keys.write_secret(tmp_path / "raw", secret, None)
    assert keys.read_secret(tmp_path / "sealed", b"correct horse") == secret
    assert keys.read_secret(tmp_path / "raw", None) == secret
    assert secret not in (tmp_path / "sealed").read_bytes()
    assert (tmp_path / "sealed").stat().st_mode & 0o777 == 0o600
    assert keys.is_sealed(tmp_path / "sealed")
    assert not keys.is_sealed(tmp_path / "raw")


def test_two_seals_of_one_secret_differ(tmp_path: Path) -> None:
    keys.write_secret(tmp_path / "a", bytes(32), b"x")
    keys.write_secret(tmp_path / "b", bytes(32), b"x")
    assert (tmp_path / "a").read_bytes()[:40] != (tmp_path / "b").read_bytes()[:40]


def test_never_replaced(tmp_path: Path) -> None:
    keys.write_secret(tmp_path / "k", b"1" * 32, None)
    with pytest.raises(FileExistsError):
        keys.write_secret(tmp_path / "k", b"2" * 32, None)
    assert keys.read_secret(tmp_path / "k", None) == b"1" * 32


@pytest.mark.parametrize(
    ("spoil", "phrase", "word"),
    [
        (lambda file: file.chmod(0o640), b"p", "others on this machine"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), b"p", "damaged"),
        (lambda file: file.write_bytes(file.read_bytes()[:20]), b"p", "damaged"),
        (lambda file: file.unlink(), b"p", "cannot be read"),
        (lambda file: None, b"wrong", "passphrase is wrong or"),
        (lambda file: None, None, "no passphrase"),
    ],
)
def test_faults(tmp_path: Path, spoil, phrase: bytes | None, word: str) -> None:
    file = tmp_path / "k"
    keys.write_secret(file, bytes(32), b"p")
    spoil(file)
    with pytest.raises(FatalError) as error:
        keys.read_secret(file, phrase)
    assert word in str(error.value)
    assert len(str(error.value).splitlines()) == 3
    assert error.value.code is Exit.BAD_CONFIGURATION


def test_unsealed_keys_only_where_allowed(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name in keys.NAMES:
        keys.write_secret(tmp_path / "keys" / name, keys.new_seed(), None)
    assert keys.load_keys(tmp_path, raw_allowed=True).consensus.public
    with pytest.raises(FatalError, match="not sealed"):
        keys.load_keys(tmp_path, raw_allowed=False)


def test_a_key_shows_only_its_public_half() -> None:
    seed = keys.new_seed()
    assert seed.hex() not in repr(keys.SigningKey.from_seed(seed))


def test_passphrase_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.delenv("KPLEDGER_PASSPHRASE_FILE", raising=False)
    assert keys.passphrase() is None
    (tmp_path / "file").write_bytes(b"from file\n")
    monkeypatch.setenv("KPLEDGER_PASSPHRASE_FILE", str(tmp_path / "file"))
    assert keys.passphrase() == b"from file"
    (tmp_path / "kpledger-passphrase").write_bytes(b"credential\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert keys.passphrase() == b"credential"
