"""The few file operations that the write-ahead log needs, as a protocol, so that tests can crash and fail between any two.

Rules of the protocol (POSIX's, in their weakest reading):
1. written bytes are durable only after `AppendFile.sync`;
2. a file's name (after `create`, `rename`, `remove`) is durable only after `sync_directory`; `rename` is atomic;
3. every operation may raise OSError; after a failed `sync` nothing may be assumed about the file.
"""

import os
from pathlib import Path
from typing import Protocol


class AppendFile(Protocol):
    """A file open for appending."""

    def write(self, data: bytes) -> None:
        """Appends all of `data`; raises OSError when not all could be written."""
        ...

    def sync(self) -> None:
        """Makes everything written so far durable (fsync)."""
        ...

    def close(self) -> None:
        """Gives the handle back; says nothing about durability."""
        ...


class Disk(Protocol):
    """A directory's files."""

    def make_directory(self, directory: Path) -> None:
        """Makes the directory (and its parents), durably; nothing happens when it is there."""
        ...

    def names(self, directory: Path) -> list[str]:
        """The names in a directory, sorted; empty when there is no such directory."""
        ...

    def read(self, path: Path) -> bytes:
        """A file's whole content."""
        ...

    def create(self, path: Path) -> AppendFile:
        """A new file for appending, empty even when there was one; readable by its owner only."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Gives a file another name, replacing what had it."""
        ...

    def remove(self, path: Path) -> None:
        """Takes a file away."""
        ...

    def sync_directory(self, directory: Path) -> None:
        """Makes the names in a directory durable."""
        ...

    def nonce(self) -> bytes:
        """8 bytes that nobody can foresee."""
        ...


class OsFile:
    """`AppendFile` over a file descriptor."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, data: bytes) -> None:
        """Appends all of `data`; a short write goes on with the rest until the system refuses."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def sync(self) -> None:
        """Calls fsync."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Closes the descriptor."""
        os.close(self._fd)


class OsDisk:
    """`Disk` over the operating system's files."""

    __slots__ = ()

    def make_directory(self, directory: Path) -> None:
        """Makes each missing directory with mode 0700 and syncs its parent."""
        if not directory.is_dir():
            self.make_directory(directory.parent)
            directory.mkdir(mode=0o700, exist_ok=True)
            self.sync_directory(directory.parent)

    def names(self, directory: Path) -> list[str]:
        """The sorted names in a directory."""
        return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []

    def read(self, path: Path) -> bytes:
        """A file's whole content."""
        return path.read_bytes()

    def create(self, path: Path) -> OsFile:
        """An empty file with mode 0600."""
        return OsFile(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600))

    def rename(self, old: Path, new: Path) -> None:
        """Calls rename."""
        old.replace(new)

    def remove(self, path: Path) -> None:
        """Calls unlink."""
        path.unlink()

    def sync_directory(self, directory: Path) -> None:
        """Calls fsync on the directory."""
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def nonce(self) -> bytes:
        """8 bytes of the system's randomness."""
        return os.urandom(8)
