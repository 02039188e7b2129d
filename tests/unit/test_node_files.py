"""`node.files`: whole or not at all, whatever the disk does in between."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from node.files import write_atomic, write_new


class FailingDisk:
    """Makes the n-th call of the system's file operations fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.left = number
        self.done: list[str] = []
        for owner, name in ((os, "open"), (os, "fsync"), (os, "link"), (Path, "replace")):
            monkeypatch.setattr(owner, name, self._wrap(name, getattr(owner, name)))

    def _wrap(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            self.left -= 1
            if self.left == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.done.append(name)
            return real(*args, **options)

        return call


def test_new_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "f"
    write_atomic(file, b"one", 0o600)
    write_atomic(file, b"two", 0o600)
    assert file.read_bytes() == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_the_new_content_is_durable_before_it_has_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FailingDisk(monkeypatch, 0)
    write_atomic(tmp_path / "a", b"x")
    assert disk.done == ["open", "fsync", "replace", "open", "fsync"]
    disk.done.clear()
    write_new(tmp_path / "b", b"x", 0o600)
    assert disk.done == ["open", "fsync", "link", "open", "fsync"]


@pytest.mark.parametrize("number", range(1, 6))
def test_a_failure_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    file = tmp_path / "f"
    write_atomic(file, b"old")
    with monkeypatch.context() as patch:
        FailingDisk(patch, number)
        with pytest.raises(OSError, match="No space"):
            write_atomic(file, b"new")
    assert file.read_bytes() == (b"old" if number <= 3 else b"new")
    write_atomic(file, b"newest")
    assert file.read_bytes() == b"newest"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("number", range(1, 6))
def test_a_new_file_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    file = tmp_path / "f"
    with monkeypatch.context() as patch:
        FailingDisk(patch, number)
        with pytest.raises(OSError, match="No space"):
            write_new(file, b"secret", 0o600)
    if number <= 3:
        assert not file.exists()
        write_new(file, b"secret", 0o600)
    assert file.read_bytes() == b"secret"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_new_replaces_nothing(tmp_path: Path) -> None:
    file = tmp_path / "f"
    write_new(file, b"one", 0o600)
    with pytest.raises(FileExistsError):
        write_new(file, b"two", 0o600)
    assert file.read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_what_an_interrupted_run_left_lends_neither_content_nor_mode(tmp_path: Path) -> None:
    left = tmp_path / ".f.new"
    left.write_bytes(b"a much longer rest of before")
    left.chmod(0o644)
    write_atomic(tmp_path / "f", b"x", 0o600)
    assert (tmp_path / "f").read_bytes() == b"x"
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
