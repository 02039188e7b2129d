"""The write-ahead log: what this node must not forget (its votes above all), durable before anything is sent.

Rules:
1. `append` collects records, `sync` writes them as one frame and fsyncs: after a crash all records of one `sync` are there,
   or none, and all if it returned.
2. A frame that a later frame follows was durable, because one `sync` ends before the next begins. So damage with an intact
   frame behind it is loss (`WalDamagedError`), damage at the very end is a torn write and is cut off.
3. A segment gets its name `wal-<number>.log` only when it is complete and durable under another one: its header and first frame
   (the snapshot that makes all older segments superfluous) are never torn, only damaged. The highest number is the log.
4. `open` rewrites what it found into a new segment. It never appends to bytes of unknown durability: what a process before
   wrote, or failed to fsync, may be in memory only.
5. After any OSError the object refuses everything: the outcome of a failed fsync is unknown, and a retry can report success for
   bytes that are lost.

Segment: header = magic 8, version u32, ledger id 32, mark 8, CRC-32C u32; then frames.
Frame: mark 8, length u32, CRC-32C u32 over length and payload, payload = records, each as length u32 and its bytes.
The mark is drawn for each segment: intact frames are found behind damage with one search, and neither a recycled disk block nor
bytes that a peer chose can pass for one. Integers are big-endian.

Reference: Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014); Rebello et al., "Can Applications Recover from
fsync Failures?" (ATC 2020).
"""

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import google_crc32c

from node.disk import AppendFile, Disk, OsDisk
from node.errors import WalDamagedError, WalExistsError, WalFailedError, WalForeignError, WalMissingError

_MAGIC = b"kplwal\r\n"
_VERSION = 1
_HEADER = struct.Struct(">8sI32s8s")
_FRAME = struct.Struct(">8sII")
_U32 = struct.Struct(">I")
_HEADER_BYTES = _HEADER.size + _U32.size
_SEGMENT = re.compile(r"wal-(\d{10})\.log")
_UNFINISHED = re.compile(r"wal-\d{10}\.new")

_T = TypeVar("_T")


class Wal:
    """One directory's log, open for appending. Not for use by two threads at once.

    Attributes:
        records: what was found when the log was opened, oldest first; empty for a new one. The owner may empty it after use.
        size: bytes of the present segment, by which the driver decides when to `rotate`.
    """

    __slots__ = ("_directory", "_disk", "_failed", "_file", "_ledger_id", "_mark", "_number", "_pending", "records", "size")

    def __init__(self, directory: Path, ledger_id: bytes, disk: Disk, records: list[bytes], number: int) -> None:
        """Use `open` or `create`."""
        self._directory = directory
        self._ledger_id = ledger_id
        self._disk = disk
        self._failed = False
        self._file: AppendFile | None = None
        self._mark = b""
        self._number = number
        self._pending: list[bytes] = []
        self.records = records
        self.size = 0

    @classmethod
    def create(cls, directory: Path, ledger_id: bytes, disk: Disk | None = None) -> Self:
        """A new, empty log; for a node whose key has never voted.

        Raises:
            WalExistsError: there is a log.
            WalFailedError: it could not be written.
        """
        disk = disk or OsDisk()
        wal = cls(directory, ledger_id, disk, [], 0)
        wal._guard(lambda: disk.make_directory(directory))
        if _segments(wal._guard(lambda: disk.names(directory))):
            raise WalExistsError(f"{directory} holds a write-ahead log")
        wal._start_segment(())
        return wal

    @classmethod
    def open(cls, directory: Path, ledger_id: bytes, disk: Disk | None = None) -> Self:
        """The log in `directory`, its records in `records`, ready for more.

        Raises:
            WalMissingError: there is none.
            WalForeignError: it is another ledger's.
            WalDamagedError: durable bytes have changed.
            WalFailedError: it could not be read or written.
        """
        disk = disk or OsDisk()
        wal = cls(directory, ledger_id, disk, [], 0)
        segments = _segments(wal._guard(lambda: disk.names(directory)))
        if not segments:
            raise WalMissingError(f"{directory} holds no write-ahead log")
        wal._number = segments[-1]
        path = wal._path(wal._number, "log")
        wal.records = _parse(wal._guard(lambda: disk.read(path)), ledger_id, path)
        wal._start_segment(wal.records)
        return wal

    def append(self, records: Sequence[bytes]) -> None:
        """Takes records for the next `sync`; nothing is written yet.

        Raises:
            WalFailedError: an earlier operation failed, or the log is closed.
        """
        self._check()
        self._pending.extend(records)

    def sync(self) -> None:
        """Makes all appended records durable, together.

        Raises:
            WalFailedError: they may or may not be; the process must end.
        """
        file = self._check()
        if self._pending:
            frame = self._frame(self._pending)
            self._pending = []
            self._guard(lambda: file.write(frame))
            self._guard(file.sync)
            self.size += len(frame)

    def rotate(self, snapshot: Iterable[bytes]) -> None:
        """Starts a new segment with `snapshot`, which stands for all records so far (also those not synced); deletes the older.

        A crash at any point leaves the old log or the new one.

        Raises:
            WalFailedError: either may be there; the process must end.
        """
        file = self._check()
        self._pending = []
        self._start_segment(tuple(snapshot))
        self._guard(file.close)

    def close(self) -> None:
        """Gives the file back; appended records that were not synced are lost. Further calls raise `WalFailedError`."""
        if self._file is not None:
            self._failed = True
            self._file.close()
            self._file = None

    def _check(self) -> AppendFile:
        if self._failed or self._file is None:
            raise WalFailedError("the write-ahead log failed earlier or is closed")
        return self._file

    def _guard(self, operation: Callable[[], _T]) -> _T:
        try:
            return operation()
        except OSError as error:
            self._failed = True
            raise WalFailedError(f"write-ahead log in {self._directory}: {error}") from error

    def _path(self, number: int, suffix: str) -> Path:
        return self._directory / f"wal-{number:010d}.{suffix}"

    def _frame(self, records: Sequence[bytes]) -> bytes:
        payload = b"".join(part for record in records for part in (_U32.pack(len(record)), record))
        return _FRAME.pack(self._mark, len(payload), _frame_crc(payload)) + payload

    def _start_segment(self, snapshot: Sequence[bytes]) -> None:
        """The one way in which a segment comes to be (rule 3)."""
        disk, directory = self._disk, self._directory
        number = self._number + 1
        self._mark = self._guard(disk.nonce)
        header = _HEADER.pack(_MAGIC, _VERSION, self._ledger_id, self._mark)
        content = header + _U32.pack(google_crc32c.value(header)) + self._frame(snapshot)
        unfinished = self._path(number, "new")
        file = self._guard(lambda: disk.create(unfinished))
        self._guard(lambda: file.write(content))
        self._guard(file.sync)
        self._guard(lambda: disk.rename(unfinished, self._path(number, "log")))
        self._guard(lambda: disk.sync_directory(directory))
        self._file, self._number, self.size = file, number, len(content)
        for name in self._guard(lambda: disk.names(directory)):
            segment = _SEGMENT.fullmatch(name)
            if _UNFINISHED.fullmatch(name) or (segment and int(segment[1]) < number):
                self._guard(partial(disk.remove, directory / name))


def _segments(names: Iterable[str]) -> list[int]:
    return sorted(int(match[1]) for match in map(_SEGMENT.fullmatch, names) if match)


def _frame_crc(payload: bytes) -> int:
    return int(google_crc32c.extend(google_crc32c.value(_U32.pack(len(payload))), payload))


def _parse(data: bytes, ledger_id: bytes, path: Path) -> list[bytes]:
    """The records of one segment, without a torn last frame (rules 2 and 3)."""
    mark = _parse_header(data, ledger_id, path)
    records: list[bytes] = []
    offset = _HEADER_BYTES
    while offset < len(data):
        payload = _payload_at(data, offset, mark)
        if payload is None:
            break
        records.extend(_split(payload, path))
        offset += _FRAME.size + len(payload)
    if offset == _HEADER_BYTES:
        raise WalDamagedError(f"{path}: the first frame is damaged")
    behind = data.find(mark, offset)
    while behind >= 0:
        if _payload_at(data, behind, mark) is not None:
            raise WalDamagedError(f"{path}: damaged at byte {offset}, intact again at byte {behind}")
        behind = data.find(mark, behind + 1)
    return records


def _parse_header(data: bytes, ledger_id: bytes, path: Path) -> bytes:
    if len(data) < _HEADER_BYTES or google_crc32c.value(data[: _HEADER.size]) != _U32.unpack_from(data, _HEADER.size)[0]:
        raise WalDamagedError(f"{path}: the header is damaged")
    magic, version, found_id, mark = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != _VERSION or found_id != ledger_id:
        raise WalForeignError(f"{path}: version {version} of ledger {found_id.hex()}, not {_VERSION} of {ledger_id.hex()}")
    return bytes(mark)


def _payload_at(data: bytes, offset: int, mark: bytes) -> bytes | None:
    """The payload of the frame at `offset`, None when there is no intact one."""
    if len(data) - offset < _FRAME.size:
        return None
    found_mark, length, crc = _FRAME.unpack_from(data, offset)
    start = offset + _FRAME.size
    if found_mark != mark or length > len(data) - start:
        return None
    payload = data[start : start + length]
    return payload if _frame_crc(payload) == crc else None


def _split(payload: bytes, path: Path) -> Iterable[bytes]:
    offset = 0
    while offset < len(payload):
        start = offset + _U32.size
        if start > len(payload):
            raise WalDamagedError(f"{path}: a frame ends inside a record")
        offset = start + _U32.unpack_from(payload, offset)[0]
        if offset > len(payload):
            raise WalDamagedError(f"{path}: a frame ends inside a record")
        yield payload[start:offset]
