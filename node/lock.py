"""One process a home: an own `flock`, taken before anything is opened.

LevelDB's own lock is lost after a failed second open in one process, and a second process then damages acknowledged writes;
this lock does not depend on it.
"""

import fcntl
import os
from pathlib import Path

from node.errors import Exit, FatalError, command


class HomeLock:
    """Holds `HOME/node.lock` until released or the process ends, however it ends."""

    def __init__(self, home: Path) -> None:
        """Takes the lock.

        Raises:
            FatalError: another process has it.
        """
        self._handle = os.open(home / "node.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._handle, 32, 0).decode("ascii", "replace").strip()
            os.close(self._handle)
            raise FatalError(
                f"Another process{f' ({holder})' if holder else ''} runs the node of {home}.",
                "Two processes on one home would damage its store and could vote twice.",
                f"See it: {command('status', '--home', home)}; stop it: {command('stop', '--home', home)}",
                Exit.FAILED,
            ) from error
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Gives the home free."""
        os.ftruncate(self._handle, 0)
        os.close(self._handle)


def holder(home: Path) -> int | None:
    """The process id that holds the lock of this home now, None when nobody does."""
    try:
        handle = os.open(home / "node.lock", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        text = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
        return int(text) if text.isdigit() else None
    else:
        return None
    finally:
        os.close(handle)
