"""`node.disk` on the real disk: what is called durable was fsynced, the file and the directory that names it; no byte is left out."""

import os
import stat
from pathlib import Path

import pytest

from node.disk import OsDisk


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was fsynced, in order."""
    found: list[Path] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        found.append(Path(f"/proc/self/fd/{fd}").readlink())
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def test_a_file_is_synced_itself(tmp_path: Path, synced: list[Path]) -> None:
    file = OsDisk().create(tmp_path / "f")
    file.write(b"some")
    assert synced == []
    file.sync()
    assert synced == [tmp_path / "f"]
    file.close()


def test_names_are_durable_with_their_directory(tmp_path: Path, synced: list[Path]) -> None:
    OsDisk().sync_directory(tmp_path)
    assert synced == [tmp_path]


def test_each_new_directory_is_named_durably(tmp_path: Path, synced: list[Path]) -> None:
    OsDisk().make_directory(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    OsDisk().make_directory(tmp_path / "a" / "b")
    assert len(synced) == 2


def test_a_short_write_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data)[:3]))
    file = OsDisk().create(tmp_path / "f")
    file.write(b"more than three")
    file.close()
    assert (tmp_path / "f").read_bytes() == b"more than three"
