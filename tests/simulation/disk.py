"""A disk in memory that forgets what was not synced, as badly as POSIX allows.

On a crash each file keeps its synced bytes and any prefix of the rest, in which blocks may be zero or garbage; each change of a
name since the last directory sync happened or did not, independently. `before` is called ahead of every operation with its name
and may raise OSError (a failing disk) or `CrashError` (the machine stops there).
"""

from collections.abc import Callable
from pathlib import Path
from random import Random


class CrashError(BaseException):
    """The machine stops. Not an `Exception`: no code under test may handle it."""


class MemoryFile:
    """An open file; also the inode."""

    __slots__ = ("_disk", "data", "durable")

    def __init__(self, disk: "MemoryDisk") -> None:
        self._disk = disk
        self.data = bytearray()
        self.durable = 0

    def write(self, data: bytes) -> None:
        before = self._disk.before
        try:
            before("write")
        except OSError:
            self.data += data[: self._disk.random.randrange(len(data))]
            raise
        self.data += data

    def sync(self) -> None:
        self._disk.before("sync")
        self.durable = len(self.data)

    def close(self) -> None:
        self._disk.before("close")

    def crash(self, random: Random, keep: int | None = None) -> None:
        """Loses or damages what was not synced; or keeps exactly the first `keep` bytes of it."""
        unsynced = len(self.data) - self.durable
        if unsynced and keep is not None:
            del self.data[self.durable + keep :]
            self.durable = len(self.data)
        elif unsynced:
            kept = random.choice((0, unsynced, random.randrange(unsynced + 1)))
            del self.data[self.durable + kept :]
            if kept and random.random() < 0.3:
                start = self.durable + random.randrange(kept)
                end = min(len(self.data), start + random.choice((1, 16, 512)))
                self.data[start:end] = bytes(end - start) if random.random() < 0.5 else random.randbytes(end - start)
            self.durable = len(self.data)


Changes = tuple[tuple[Path, MemoryFile | None], ...]


class MemoryDisk:
    """See the module's docstring.

    Attributes:
        random: decides what a crash keeps.
        before: hook called ahead of every operation.
    """

    def __init__(self, random: Random, before: Callable[[str], None] | None = None) -> None:
        self.random = random
        self.before = before or (lambda _name: None)
        self._files: dict[Path, MemoryFile] = {}
        self._durable: dict[Path, MemoryFile] = {}
        self._changes: list[Changes] = []

    def make_directory(self, directory: Path) -> None:
        self.before("make_directory")

    def names(self, directory: Path) -> list[str]:
        self.before("names")
        return sorted(path.name for path in self._files if path.parent == directory)

    def read(self, path: Path) -> bytes:
        self.before("read")
        if path not in self._files:
            raise FileNotFoundError(path)
        return bytes(self._files[path].data)

    def create(self, path: Path) -> MemoryFile:
        self.before("create")
        file = MemoryFile(self)
        self._change((path, file))
        return file

    def rename(self, old: Path, new: Path) -> None:
        self.before("rename")
        self._change((old, None), (new, self._files[old]))

    def remove(self, path: Path) -> None:
        self.before("remove")
        self._change((path, None))

    def sync_directory(self, directory: Path) -> None:
        self.before("sync_directory")
        self._durable = dict(self._files)
        self._changes.clear()

    def nonce(self) -> bytes:
        return self.random.randbytes(8)

    def unsynced(self) -> int:
        """Bytes that no fsync has covered yet."""
        return sum(len(file.data) - file.durable for file in dict.fromkeys(self._files.values()))

    def crash(self, keep: int | None = None) -> None:
        """Power is lost and comes back. `keep`: this many bytes of what was not synced survive, instead of what chance leaves."""
        for changes in self._changes:
            if self.random.random() < 0.5:
                _apply(self._durable, changes)
        self._changes.clear()
        self._files = dict(self._durable)
        for file in dict.fromkeys(self._files.values()):
            file.crash(self.random, keep)

    def clear(self) -> None:
        """All files are gone, durably."""
        self._files.clear()
        self._durable.clear()
        self._changes.clear()

    def content(self) -> dict[str, bytes]:
        """Every file's bytes by name, for tests."""
        return {path.name: bytes(file.data) for path, file in sorted(self._files.items())}

    def put(self, path: Path, data: bytes) -> None:
        """Places a durable file, for tests."""
        file = MemoryFile(self)
        file.data += data
        file.durable = len(data)
        self._files[path] = self._durable[path] = file

    def _change(self, *changes: tuple[Path, MemoryFile | None]) -> None:
        """One atomic change of names: all pairs or none."""
        _apply(self._files, changes)
        self._changes.append(changes)


def _apply(names: dict[Path, MemoryFile], changes: Changes) -> None:
    for path, file in changes:
        if file is None:
            names.pop(path, None)
        else:
            names[path] = file
