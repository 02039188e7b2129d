"""One small interface over LevelDB (plyvel), so that nothing else knows which database it is.

Rules, each from a trap that was measured:
1. LevelDB drops its lock on the directory when the same process opens it a second time: a second open is refused here before
   LevelDB sees it. Other processes are kept out by the node's own lock, which is taken before.
2. Flipped bits can open and read without an error: checks are paranoid, every read verifies checksums, nothing is ever
   repaired, and a directory with tables but no `CURRENT` is damaged, not new. plyvel's own iterator passes over damaged
   blocks in silence, its raw one asks LevelDB after every step: only that one is used.
3. A batch is one transaction: an exception while it is filled writes nothing. After a failed write its outcome is unknown,
   so the store refuses everything from then on.
4. A synced write makes everything that was written before it durable, too. LevelDB alone does not promise that: it syncs the
   newest log file only, and an unsynced write may stand in the one before. So log files are synced by name first when
   something is unsynced. (That a new file's name is durable with its content holds on ext4, XFS and btrfs.)

5. A look-up that a table does not answer counts against that table, which LevelDB then merges early. So what is mostly asked
   for in vain (`ledger.keys.MOSTLY_ABSENT`), and whether a list that is mostly empty has anything (`MOSTLY_EMPTY`), is asked
   of a filter in memory first (`ledger.sieve`), once it is complete.

Whatever goes wrong is a `StoreError`. Reference: leveldb 1.22, `doc/index.md` and `doc/impl.md`.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Self, TypeVar

import plyvel

from ledger.errors import DiskError, StoreError
from ledger.keys import MOSTLY_ABSENT, MOSTLY_EMPTY, list_of
from ledger.sieve import Sieve

WRITE_BUFFER_BYTES = 64 * 1024 * 1024
"""Each flush is merged into what lies below it, at every level at once: a look-up that a table does not answer counts against
it, and LevelDB merges such tables early. So what is rewritten falls with the size of a flush. It costs as much memory, for a
moment twice."""

BLOCK_CACHE_BYTES = 16 * 1024 * 1024
BLOOM_BITS = 10
"""LevelDB's own, a table each; about 1 % false positives."""

_KEYS_A_STEP = 256

T = TypeVar("T")

_open_here: set[str] = set()


class Reads:
    """The reading half: of the store as it is at each call, or of one state of it, as `Store.snapshot` gives it."""

    __slots__ = ("_db", "_path", "_sieve")

    def __init__(self, path: Path, db: Any, sieve: Sieve) -> None:  # a plyvel.DB or one of its snapshots
        self._path = path
        self._db = db
        self._sieve = sieve

    def get(self, key: bytes) -> bytes | None:
        """The value under a key, None where there is none; raises StoreError when what is read is damaged."""
        if key.startswith(MOSTLY_ABSENT) and self._sieve.lacks(key):
            return None
        return self.get_likely(key)

    def get_likely(self, key: bytes) -> bytes | None:
        """The same, sooner for a key that is most likely there: the filter is not asked."""
        try:
            value: bytes | None = self._db.get(key, verify_checksums=True)
        except (plyvel.Error, RuntimeError) as error:
            raise _failure(f"{self._path}: reading failed", error) from error
        return value

    def iterate(
        self, prefix: bytes, *, after: bytes = b"", limit: int | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Keys under a prefix with their values, in order; sees the store as it is at the first step.

        Args:
            prefix: what every key begins with; it is cut off the keys that are given back.
            after: begin behind this key (without the prefix); in reverse, before it. Empty: at the end that comes first.
            limit: at most so many.
            reverse: descending.

        Raises:
            StoreError: what is read is damaged.
        """
        left = -1 if limit is None else limit
        cut = len(prefix)
        try:
            with self._db.raw_iterator(verify_checksums=True) as steps:
                _begin(steps, prefix, after, reverse=reverse)
                advance = steps.prev if reverse else steps.next
                while left and steps.valid():
                    left -= 1
                    key, value = steps.item()
                    if not key.startswith(prefix):
                        return
                    yield key[cut:], value
                    advance()
        except (plyvel.Error, RuntimeError) as error:
            raise _failure(f"{self._path}: reading failed", error) from error

    def holds(self, prefix: bytes) -> bool:
        """Whether there is any key under a prefix: sooner than beginning at their end; raises StoreError."""
        if prefix.startswith(MOSTLY_EMPTY) and list_of(prefix) == prefix and self._sieve.lacks(prefix):
            return False
        return next(self.iterate(prefix, limit=1), None) is not None

    @property
    def path(self) -> Path:
        """The directory."""
        return self._path


class Store(Reads):
    """An ordered map from bytes to bytes on disk. Safe to read from several threads; one thread at a time writes blocks."""

    __slots__ = ("_counting", "_failed", "_synced", "_syncing", "_unsynced")

    def __init__(self, path: Path, db: plyvel.DB, *, new: bool = False) -> None:
        super().__init__(path, db, Sieve(complete=new))
        self._failed = False
        self._counting = Lock()
        self._syncing = Lock()
        self._unsynced = 0  # unsynced writes so far, and how many of them were synced since
        self._synced = 0

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the store in this directory, or make it when there is nothing.

        Raises:
            StoreError: damaged, or open already.
        """
        path = path.resolve()
        if str(path) in _open_here:
            raise DiskError(f"{path} is already open in this process")
        new = not (path / "CURRENT").exists()
        if new and path.exists() and any(path.iterdir()):
            raise StoreError(f"{path} holds files but no CURRENT: damaged, rebuild it from peers")
        try:
            path.mkdir(parents=True, exist_ok=True)
            db = plyvel.DB(
                str(path),
                create_if_missing=True,
                paranoid_checks=True,
                write_buffer_size=WRITE_BUFFER_BYTES,
                lru_cache_size=BLOCK_CACHE_BYTES,
                bloom_filter_bits=BLOOM_BITS,
                compression=None,
            )
        except (plyvel.Error, OSError) as error:
            raise _failure(f"{path} does not open", error) from error
        _open_here.add(str(path))
        return cls(path, db, new=new)

    @contextmanager
    def snapshot(self) -> Iterator[Reads]:
        """One state of the store to read from: what is written meanwhile is not in it. Raises StoreError once it is closed."""
        taken = self._taken()
        try:
            yield Reads(self._path, taken, self._sieve)
        finally:
            taken.close()

    def held(self) -> Reads:
        """The same for several readers, as long as one of them has it."""
        return Reads(self._path, self._taken(), self._sieve)

    def _taken(self) -> Any:
        try:
            return self._db.snapshot()
        except (plyvel.Error, RuntimeError) as error:
            raise _failure(f"{self._path}: reading failed", error) from error

    def write(self, writes: Mapping[bytes, bytes | None] | Iterable[tuple[bytes, bytes | None]], *, sync: bool) -> None:
        """Write all of it or nothing; None deletes. With `sync` it, and all that was written before, is durable on return.

        Raises:
            StoreError: the outcome is unknown (disk full, damage); the store takes nothing from then on.
        """
        items = writes.items() if isinstance(writes, Mapping) else writes
        if sync:
            self.sync()
        self._guarded(lambda: self._write(items, sync))
        if not sync:
            with self._counting:
                self._unsynced += 1

    def sync(self) -> None:
        """Make everything durable that was written so far; raises StoreError when that fails."""
        with self._syncing:
            upto = self._unsynced
            if self._synced < upto:
                self._guarded(self._sync_logs)
                self._synced = upto

    def learn(self) -> Iterator[int]:
        """Completes the filter of a store that held something when it was opened, in short steps; yields keys read so far.

        Raises:
            StoreError: what is read is damaged.
        """
        done = 0
        for prefix in () if self._sieve.complete else MOSTLY_ABSENT:
            after = b""
            while found := [key for key, _ in self.iterate(prefix, after=after, limit=_KEYS_A_STEP)]:
                self._sieve.add(prefix + key for key in found)
                after = found[-1]
                done += len(found)
                yield done
        for prefix in () if self._sieve.complete else MOSTLY_EMPTY:
            after = b""
            while found := [key for key, _ in self.iterate(prefix, after=after, limit=_KEYS_A_STEP)]:
                self._sieve.add(dict.fromkeys(list_of(prefix + key) for key in found))
                after = found[-1]
                done += len(found)
                yield done
        self._sieve.complete = True

    def close(self) -> None:
        """Close; may be called twice."""
        self._db.close()
        _open_here.discard(str(self._path))

    def _write(self, items: Iterable[tuple[bytes, bytes | None]], sync: bool) -> None:
        with self._db.write_batch(transaction=True, sync=sync) as batch:
            put, delete = batch.put, batch.delete
            sifted = []
            for key, value in items:
                if value is None:
                    delete(key)
                else:
                    put(key, value)
                    if key.startswith(MOSTLY_ABSENT):
                        sifted.append(key)
                    elif key.startswith(MOSTLY_EMPTY):
                        sifted.append(list_of(key))
            self._sieve.add(sifted)

    def _sync_logs(self) -> None:
        for file in sorted(self._path.glob("*.log")):
            try:
                handle = os.open(file, os.O_RDONLY)
            except FileNotFoundError:
                continue  # its content went into a table meanwhile, which LevelDB has synced
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _guarded(self, action: Callable[[], T]) -> T:
        if self._failed:
            raise DiskError(f"{self._path}: an earlier write failed; its outcome is unknown until the node starts again")
        try:
            return action()
        except (plyvel.Error, RuntimeError, OSError) as error:
            self._failed = True
            raise _failure(f"{self._path}: writing failed", error) from error


def _failure(what: str, error: Exception) -> StoreError:
    """What LevelDB calls corruption is damage; all else (full, busy, closed, unreadable) says nothing of what is stored."""
    kind = StoreError if isinstance(error, plyvel.CorruptionError) else DiskError
    return kind(f"{what}: {error}")


def _begin(steps: Any, prefix: bytes, after: bytes, *, reverse: bool) -> None:
    """Moves a raw iterator (plyvel exports no type for it) to the first key that `Store.iterate` gives."""
    if not reverse:
        steps.seek(prefix + after)
        if after and steps.valid() and steps.key() == prefix + after:
            steps.next()
        return
    stop = prefix + after if after else _behind(prefix)
    if stop is None:
        steps.seek_to_last()
        return
    steps.seek(stop)
    if steps.valid():
        steps.prev()
    else:
        steps.seek_to_last()


def _behind(prefix: bytes) -> bytes | None:
    """The first key behind all that begin with the prefix; None where there is no such key."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,)) if stem else None
