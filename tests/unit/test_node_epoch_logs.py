"""`node.epoch_logs`: one log an epoch and key, bound to both; old ones go, lost ones stay lost."""

from pathlib import Path

import pytest

from node.epoch_logs import EpochLogs
from node.errors import WalDamagedError, WalForeignError, WalMissingError

LEDGER, KEY, OTHER = b"l" * 32, b"k" * 32, b"o" * 32


def write(logs: EpochLogs, epoch: int, key: bytes, record: bytes) -> None:
    wal = logs.open(epoch, key)
    wal.append([record])
    wal.sync()
    wal.close()


def read(logs: EpochLogs, epoch: int, key: bytes) -> list[bytes]:
    wal = logs.open(epoch, key)
    wal.close()
    return wal.records


def test_made_once_and_never_again(tmp_path: Path) -> None:
    logs = EpochLogs(tmp_path / "wal", LEDGER)
    with pytest.raises(WalMissingError):
        logs.open(0, KEY)
    assert logs.make(0, KEY)
    write(logs, 0, KEY, b"vote")
    assert not logs.make(0, KEY)
    assert read(logs, 0, KEY) == [b"vote"]


def test_epochs_and_keys_have_logs_of_their_own(tmp_path: Path) -> None:
    logs = EpochLogs(tmp_path / "wal", LEDGER)
    for epoch, key in ((0, KEY), (1, KEY), (1, OTHER)):
        logs.make(epoch, key)
        write(logs, epoch, key, bytes([epoch]) + key)
    assert read(logs, 0, KEY) == [b"\0" + KEY]
    assert read(logs, 1, KEY) == [b"\1" + KEY]
    assert read(logs, 1, OTHER) == [b"\1" + OTHER]


@pytest.mark.parametrize(("epoch", "key", "ledger"), [(1, KEY, LEDGER), (0, OTHER, LEDGER), (0, KEY, b"m" * 32)])
def test_a_log_in_anothers_place_is_foreign(tmp_path: Path, epoch: int, key: bytes, ledger: bytes) -> None:
    """P16: an old epoch's log in the new one's place, another key's, another ledger's."""
    logs, other = EpochLogs(tmp_path / "wal", LEDGER), EpochLogs(tmp_path / "wal", ledger)
    logs.make(0, KEY)
    if logs.path(0, KEY) != other.path(epoch, key):
        logs.path(0, KEY).rename(other.path(epoch, key))
    with pytest.raises(WalForeignError):
        other.open(epoch, key)


def test_a_damaged_log_is_not_made_anew(tmp_path: Path) -> None:
    logs = EpochLogs(tmp_path / "wal", LEDGER)
    logs.make(0, KEY)
    (segment,) = logs.path(0, KEY).glob("*.log")
    segment.write_bytes(bytes(100))
    with pytest.raises(WalDamagedError):
        logs.make(0, KEY)
    assert segment.read_bytes() == bytes(100)


def test_logs_of_epochs_long_gone_are_deleted(tmp_path: Path) -> None:
    logs = EpochLogs(tmp_path / "wal", LEDGER)
    for epoch in range(5):
        logs.make(epoch, KEY)
    (logs.root / "note.txt").write_text("the operator's")
    logs.prune(4)
    left = sorted(place.name for place in logs.root.iterdir())
    assert left == [logs.path(3, KEY).name, logs.path(4, KEY).name, "note.txt"]


def test_a_key_that_has_come_further_gets_no_new_log_of_an_old_epoch(tmp_path: Path) -> None:
    """The store was lost, the logs were not: in epochs before its newest log the key may have voted."""
    logs = EpochLogs(tmp_path / "wal", LEDGER)
    assert not logs.has_later(-1, KEY)
    logs.make(5, KEY)
    assert logs.has_later(4, KEY)
    assert not logs.has_later(5, KEY)
    assert not logs.has_later(4, OTHER)
    for epoch in (3, 4, 5, 6):
        logs.begin(epoch, KEY)
    assert [logs.path(epoch, KEY).exists() for epoch in (3, 4, 5, 6)] == [False, False, True, True]
    wal = logs.follow(3)
    wal.append([b"certificate"])
    wal.sync()
    wal.close()
    again = logs.follow(3)
    again.close()
    assert again.records == [b"certificate"]
    logs.prune(7)
    assert sorted(place.name for place in logs.root.iterdir()) == [logs.path(6, KEY).name]


def test_a_retired_key_gets_no_further_log(tmp_path: Path) -> None:
    logs = EpochLogs(tmp_path / "wal", LEDGER)
    logs.make(0, KEY)
    assert not logs.retired(KEY)
    logs.retire(KEY)
    logs.retire(KEY)
    assert logs.retired(KEY)
    assert not logs.retired(OTHER)
    for key in (KEY, OTHER):
        logs.begin(1, key)
    assert [logs.path(1, key).exists() for key in (KEY, OTHER)] == [False, True]
    logs.prune(9)
    assert logs.retired(KEY)
