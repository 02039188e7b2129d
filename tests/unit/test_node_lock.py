"""One process a home, whatever LevelDB's own lock does (traps, 1)."""

import os
import subprocess
import sys
from pathlib import Path

import plyvel
import pytest

from node.errors import FatalError
from node.lock import HomeLock, holder

OTHER = "import sys, pathlib; from node.lock import HomeLock; HomeLock(pathlib.Path(sys.argv[1])); print('taken', flush=True)"


def in_another_process(home: Path) -> str:
    done = subprocess.run([sys.executable, "-c", OTHER, str(home)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_second_process_is_refused_and_told_whose(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path)
    assert holder(tmp_path) == os.getpid()
    assert f"({os.getpid()})" in in_another_process(tmp_path)
    lock.release()
    assert holder(tmp_path) is None
    assert "taken" in in_another_process(tmp_path)


def test_it_holds_after_a_failed_second_open_of_the_store(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path)
    store = plyvel.DB(str(tmp_path / "data"), create_if_missing=True)
    with pytest.raises(plyvel.IOError):
        plyvel.DB(str(tmp_path / "data"))
    assert "Another process" in in_another_process(tmp_path)
    store.close()
    lock.release()


def test_refused_in_the_same_process_too(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path)
    with pytest.raises(FatalError):
        HomeLock(tmp_path)
    lock.release()


def test_nobody_where_there_is_no_home(tmp_path: Path) -> None:
    assert holder(tmp_path / "none") is None
