"""The write-ahead log against torn writes, damage, failing disks and crashes at every step."""

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from node.disk import OsDisk
from node.errors import WalDamagedError, WalError, WalExistsError, WalFailedError, WalForeignError, WalMissingError
from node.wal import Wal
from tests.simulation.disk import CrashError, MemoryDisk

LEDGER = bytes(range(32))
DIRECTORY = Path("/log")
HEADER_BYTES = 56


class StopAt:
    """A hook that raises at the n-th operation, counted over those whose name is in `names` (all when empty)."""

    def __init__(self, number: int, error: BaseException, names: tuple[str, ...] = ()) -> None:
        self.left = number
        self.error = error
        self.names = names
        self.seen: list[str] = []

    def __call__(self, name: str) -> None:
        if not self.names or name in self.names:
            self.seen.append(name)
            if self.left == 0:
                self.left -= 1
                raise self.error
            self.left -= 1


def memory(seed: int = 1) -> MemoryDisk:
    return MemoryDisk(Random(seed))


def written(batches: list[list[bytes]]) -> MemoryDisk:
    """A disk with a log to which each batch was synced, none rewritten."""
    disk = memory()
    wal = Wal.create(DIRECTORY, LEDGER, disk)
    for batch in batches:
        wal.append(batch)
        wal.sync()
    return disk


def only_segment(disk: MemoryDisk) -> tuple[Path, bytes]:
    [(name, data)] = disk.content().items()
    return DIRECTORY / name, data


def reopened(path: Path, data: bytes) -> list[bytes]:
    disk = memory(7)
    disk.put(path, data)
    wal = Wal.open(DIRECTORY, LEDGER, disk)
    again = Wal.open(DIRECTORY, LEDGER, disk)
    assert again.records == wal.records
    return wal.records


def test_records_come_back_in_order_on_real_files(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "wal"
    wal = Wal.create(directory, LEDGER)
    wal.append([b"one", b""])
    wal.append([b"three"])
    wal.sync()
    wal.append([b"never synced"])
    wal.close()
    wal = Wal.open(directory, LEDGER)
    assert wal.records == [b"one", b"", b"three"]
    wal.append([b"four"])
    wal.sync()
    wal.rotate([b"all of it"])
    wal.append([b"five"])
    wal.sync()
    size = wal.size
    wal.close()
    [segment] = list(directory.iterdir())
    assert segment.name == "wal-0000000003.log"
    assert segment.stat().st_size == size
    assert stat.S_IMODE(segment.stat().st_mode) == 0o600
    assert Wal.open(directory, LEDGER).records == [b"all of it", b"five"]


def test_sync_without_records_writes_nothing() -> None:
    disk = memory()
    wal = Wal.create(DIRECTORY, LEDGER, disk)
    disk.before = StopAt(0, AssertionError("touched the disk"))
    wal.sync()


def test_new_log_refused_where_one_is_and_missing_one_named() -> None:
    disk = memory()
    with pytest.raises(WalMissingError):
        Wal.open(DIRECTORY, LEDGER, disk)
    Wal.create(DIRECTORY, LEDGER, disk)
    with pytest.raises(WalExistsError):
        Wal.create(DIRECTORY, LEDGER, disk)


def test_another_ledgers_log_is_refused() -> None:
    with pytest.raises(WalForeignError):
        Wal.open(DIRECTORY, bytes(32), written([]))


def test_torn_at_each_byte_of_the_last_batch() -> None:
    before, last = [[b"first"], [b"second", b"third"]], [b"fourth", b"fifth"]
    _, whole_before = only_segment(written(before))
    path, data = only_segment(written([*before, last]))
    assert data.startswith(whole_before)
    for end in range(len(whole_before), len(data)):
        assert reopened(path, data[:end]) == [b"first", b"second", b"third"]
        assert reopened(path, data[:end] + bytes(len(data) - end)) == [b"first", b"second", b"third"]
    assert reopened(path, data) == [b"first", b"second", b"third", b"fourth", b"fifth"]


def test_cut_before_the_first_batch_is_damage() -> None:
    path, data = only_segment(written([]))
    for end in range(len(data)):
        with pytest.raises(WalDamagedError):
            reopened(path, data[:end])


def test_bit_flip_at_each_byte_of_a_middle_batch_is_damage() -> None:
    before, middle = [[b"first"]], [b"second", b"third"]
    start = len(only_segment(written(before))[1])
    end = len(only_segment(written([*before, middle]))[1])
    path, data = only_segment(written([*before, middle, [b"last"]]))
    for position in range(start, end):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            with pytest.raises(WalDamagedError):
                reopened(path, bytes(damaged))


def test_bit_flip_in_header_or_first_frame_is_damage() -> None:
    path, data = only_segment(written([[b"vote"]]))
    first_frame_end = len(only_segment(written([]))[1])
    for position in range(first_frame_end):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        with pytest.raises(WalDamagedError):
            reopened(path, bytes(damaged))


def test_bit_flip_in_the_last_batch_is_taken_for_torn_and_never_for_other_records() -> None:
    start = len(only_segment(written([[b"first"]]))[1])
    path, data = only_segment(written([[b"first"], [b"second"]]))
    for position in range(start, len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x01
        assert reopened(path, bytes(damaged)) == [b"first"]


def test_a_payload_cannot_pass_for_a_frame_behind_a_torn_one() -> None:
    """A peer's bytes inside a torn frame look like a frame of another segment at most."""
    path, foreign = only_segment(written([[b"x"]]))
    disk = memory(99)
    wal = Wal.create(DIRECTORY, LEDGER, disk)
    wal.append([foreign])
    wal.sync()
    _, data = only_segment(disk)
    assert reopened(path, data[:-1]) == []


def test_frame_that_ends_inside_a_record_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a fault of the writer makes one: the frame's checksum is right."""
    for cut in (1, 5):
        disk = memory()
        wal = Wal.create(DIRECTORY, LEDGER, disk)
        pack = Wal._frame

        def short(self: Wal, records: list[bytes], cut: int = cut, pack: Callable[..., bytes] = pack) -> bytes:
            monkeypatch.undo()
            import struct  # noqa: PLC0415 - beside its only use

            import google_crc32c  # noqa: PLC0415 - likewise

            payload = pack(self, records)[16:-cut]
            crc = google_crc32c.extend(google_crc32c.value(struct.pack(">I", len(payload))), payload)
            return struct.pack(">8sII", self._mark, len(payload), crc) + payload

        monkeypatch.setattr(Wal, "_frame", short)
        wal.append([b"abcd"])
        wal.sync()
        with pytest.raises(WalDamagedError):
            Wal.open(DIRECTORY, LEDGER, disk)


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_after_a_failed_operation_everything_is_refused(code: int) -> None:
    for operation in ("write", "sync"):
        disk = written([[b"kept"]])
        wal = Wal.open(DIRECTORY, LEDGER, disk)
        disk.before = StopAt(0, OSError(code, os.strerror(code)), (operation,))
        wal.append([b"lost", b"perhaps"])
        with pytest.raises(WalFailedError):
            wal.sync()
        for refused in (wal.sync, lambda wal=wal: wal.append([b"x"]), lambda wal=wal: wal.rotate([])):
            with pytest.raises(WalFailedError):
                refused()
        disk.before = lambda _name: None
        disk.crash()
        assert Wal.open(DIRECTORY, LEDGER, disk).records in ([b"kept"], [b"kept", b"lost", b"perhaps"])


def test_a_failure_at_each_step_of_open_create_and_rotate_is_typed_and_final() -> None:
    actions: dict[str, Callable[[Path, bytes, MemoryDisk], Wal]] = {"create": Wal.create, "open": Wal.open}
    for name, action in actions.items():
        step = 0
        while True:
            disk = memory() if name == "create" else written([[b"kept"]])
            disk.before = hook = StopAt(step, OSError(errno.EIO, "injected"))
            try:
                action(DIRECTORY, LEDGER, disk)
            except WalFailedError:
                step += 1
                continue
            assert hook.left >= 0
            break
        assert step >= 7
    steps = count_rotate_steps()
    for step in range(steps):
        disk = written([[b"kept"]])
        wal = Wal.open(DIRECTORY, LEDGER, disk)
        disk.before = StopAt(step, OSError(errno.EIO, "injected"))
        with pytest.raises(WalFailedError):
            wal.rotate([b"new"])
        with pytest.raises(WalFailedError):
            wal.sync()


def count_rotate_steps() -> int:
    disk = written([[b"kept"]])
    wal = Wal.open(DIRECTORY, LEDGER, disk)
    disk.before = hook = StopAt(10**6, OSError())
    wal.rotate([b"new"])
    assert hook.seen == ["create", "write", "sync", "rename", "sync_directory", "names", "remove", "close"]
    return len(hook.seen)


def test_a_crash_at_each_step_of_rotate_leaves_the_old_or_the_new_log() -> None:
    outcomes = set()
    for step in range(count_rotate_steps() + 1):
        for seed in range(40):
            disk = written([[b"old"]])
            wal = Wal.open(DIRECTORY, LEDGER, disk)
            disk.random = Random(seed)
            disk.before = StopAt(step, CrashError())
            try:
                wal.rotate([b"new", b"log"])
                done = True
            except CrashError:
                done = False
            disk.before = lambda _name: None
            disk.crash()
            records = Wal.open(DIRECTORY, LEDGER, disk).records
            assert records == [b"new", b"log"] if done else records in ([b"old"], [b"new", b"log"])
            assert len(disk.content()) == 1
            outcomes.add((step, tuple(records)))
    assert {records for _, records in outcomes} == {(b"old",), (b"new", b"log")}


def test_a_crash_at_each_step_of_open_loses_nothing() -> None:
    for step in range(12):
        for seed in range(40):
            disk = written([[b"one"], [b"two"]])
            disk.random = Random(seed)
            disk.before = StopAt(step, CrashError())
            with contextlib.suppress(CrashError):
                Wal.open(DIRECTORY, LEDGER, disk)
            disk.before = lambda _name: None
            disk.crash()
            assert Wal.open(DIRECTORY, LEDGER, disk).records == [b"one", b"two"]


def test_a_crash_during_create_leaves_none_or_an_empty_log() -> None:
    outcomes = set()
    for step in range(9):
        for seed in range(40):
            disk = MemoryDisk(Random(seed), StopAt(step, CrashError()))
            try:
                Wal.create(DIRECTORY, LEDGER, disk)
                done = True
            except CrashError:
                done = False
            disk.before = lambda _name: None
            disk.crash()
            try:
                records = Wal.open(DIRECTORY, LEDGER, disk).records
                assert records == []
                outcomes.add("empty")
            except WalMissingError:
                assert not done
                Wal.create(DIRECTORY, LEDGER, disk)
                outcomes.add("none")
    assert outcomes == {"none", "empty"}


def test_the_directory_is_synced_before_the_log_is_handed_out() -> None:
    """Without it the file of a log that already holds votes could vanish in a power loss."""
    for seed in range(60):
        disk = MemoryDisk(Random(seed))
        wal = Wal.create(DIRECTORY, LEDGER, disk)
        wal.append([b"vote"])
        wal.sync()
        disk.crash()
        assert Wal.open(DIRECTORY, LEDGER, disk).records == [b"vote"]


def test_batches_survive_crashes_whole_or_not_at_all() -> None:
    """Random histories: what was synced is there, the last batch whole or absent, nothing else."""
    for seed in range(150):
        random = Random(seed)
        disk = MemoryDisk(random)
        wal = Wal.create(DIRECTORY, LEDGER, disk)
        durable: list[bytes] = []
        for _ in range(random.randrange(1, 12)):
            batch = [random.randbytes(random.choice((0, 3, 700))) for _ in range(random.randrange(1, 4))]
            match random.choice(("sync", "sync", "rotate", "crash", "reopen")):
                case "sync":
                    wal.append(batch)
                    wal.sync()
                    durable += batch
                case "rotate":
                    wal.append(batch)
                    wal.rotate(durable := durable[-2:])
                case "reopen":
                    wal.append(batch)
                    wal.close()
                    wal = Wal.open(DIRECTORY, LEDGER, disk)
                    assert wal.records == durable
                case _:
                    wal.append(batch)
                    disk.before = StopAt(random.randrange(3), CrashError())
                    with contextlib.suppress(CrashError):
                        wal.sync()
                    disk.before = lambda _name: None
                    disk.crash()
                    wal = Wal.open(DIRECTORY, LEDGER, disk)
                    assert wal.records in (durable, durable + batch)
                    durable = list(wal.records)


def test_random_bytes_raise_only_this_modules_errors() -> None:
    random = Random(5)
    path, data = only_segment(written([[b"a" * 40], [b"b" * 40]]))
    for _ in range(300):
        noise = bytearray(data)
        for _ in range(random.randrange(1, 9)):
            noise[random.randrange(len(noise))] = random.randrange(256)
        with contextlib.suppress(WalError):
            reopened(path, bytes(noise))


def test_real_disk_lists_nothing_where_nothing_is(tmp_path: Path) -> None:
    assert OsDisk().names(tmp_path / "absent") == []
    with pytest.raises(WalFailedError):
        Wal.open(unreadable(tmp_path), LEDGER)


def unreadable(tmp_path: Path) -> Path:
    """A directory whose segment is a directory: reading it fails even for root."""
    (tmp_path / "wal-0000000001.log").mkdir()
    return tmp_path
