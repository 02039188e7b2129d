"""ledger/store.py: order, atomicity, durability, damage. Traps 1 to 3 of 9-craft.md each have their test here."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.errors import StoreError
from ledger.store import Store


@pytest.fixture
def store(tmp_path):
    held = Store.open(tmp_path / "db")
    yield held
    held.close()


def fill(store, *keys):
    store.write({key: b"=" + key for key in keys}, sync=True)


def found(store, *args, **kwargs):
    return [key for key, _ in store.iterate(*args, **kwargs)]


def test_what_was_written_is_read_also_after_reopening(tmp_path):
    store = Store.open(tmp_path / "db")
    store.write({b"a": b"1", b"b": b"", b"c": b"3"}, sync=True)
    store.write([(b"a", b"2"), (b"c", None)], sync=False)
    assert (store.get(b"a"), store.get(b"b"), store.get(b"c")) == (b"2", b"", None)
    store.close()
    store.close()
    store = Store.open(tmp_path / "db")
    assert (store.get(b"a"), store.get(b"b"), store.get(b"c")) == (b"2", b"", None)
    assert store.path == tmp_path / "db"
    store.close()


def test_iterating(store):
    fill(store, b"a/1", b"a/2", b"a/3", b"a/4", b"b/1", b"a0", b"\xff\xff1", b"\xff\xff2", b"a.")
    assert list(store.iterate(b"a/", limit=1)) == [(b"1", b"=a/1")]
    assert found(store, b"a/") == [b"1", b"2", b"3", b"4"]
    assert found(store, b"a/", reverse=True) == [b"4", b"3", b"2", b"1"]
    assert found(store, b"a/", after=b"2") == [b"3", b"4"]
    assert found(store, b"a/", after=b"25") == [b"3", b"4"]
    assert found(store, b"a/", after=b"3", reverse=True) == [b"2", b"1"]
    assert found(store, b"a/", after=b"1", limit=2) == [b"2", b"3"]
    assert found(store, b"a/", after=b"4") == []
    assert found(store, b"a/", limit=0) == []
    assert found(store, b"\xff\xff", after=b"1") == [b"2"]
    assert found(store, b"\xff\xff", reverse=True) == [b"2", b"1"]
    assert len(found(store, b"")) == 9
    assert found(store, b"nothing") == []


def test_an_iterator_sees_one_state(store):
    fill(store, b"a", b"b", b"c")
    steps = store.iterate(b"")
    assert next(steps)[0] == b"a"
    store.write({b"b": None, b"d": b""}, sync=False)
    assert [key for key, _ in steps] == [b"b", b"c"]


def test_a_snapshot_is_one_state_for_all_that_is_read(store):
    fill(store, b"a", b"b")
    with store.snapshot() as at:
        store.write({b"a": b"other", b"b": None, b"c": b""}, sync=False)
        assert (at.get(b"a"), at.get(b"b"), at.get(b"c")) == (b"=a", b"=b", None)
        assert found(at, b"") == [b"a", b"b"]
        assert found(at, b"", reverse=True) == [b"b", b"a"]
        assert at.path == store.path
    assert found(store, b"") == [b"a", b"c"]


def test_an_exception_in_the_middle_of_a_batch_writes_nothing(store):
    """Trap 3."""

    def half():
        yield b"x", b"1"
        raise KeyError("the program has a bug")

    with pytest.raises(KeyError):
        store.write(half(), sync=True)
    with pytest.raises(TypeError):
        store.write({b"y": b"1", b"z": "no bytes"}, sync=True)
    assert found(store, b"") == []


def test_a_second_open_in_this_process_is_refused_before_leveldb_sees_it(store):
    """Trap 1: after LevelDB itself refused, its lock would be gone, and another process could open the directory."""
    for path in (store.path, store.path / ".." / "db"):
        with pytest.raises(StoreError, match="already open"):
            Store.open(path)
    code = (
        f"import plyvel\ntry:\n    plyvel.DB({str(store.path)!r})\nexcept plyvel.IOError as error:\n    print('locked', error)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.startswith("locked")


def test_it_can_be_opened_again_after_closing_and_after_a_failed_open(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError):
        Store.open(tmp_path / "file" / "db")
    Store.open(tmp_path / "db").close()
    Store.open(tmp_path / "db").close()


def test_tables_without_current_are_damage_not_a_new_store(tmp_path):
    store = Store.open(tmp_path / "db")
    fill(store, b"a")
    store.close()
    (tmp_path / "db" / "CURRENT").unlink()
    with pytest.raises(StoreError, match="damaged"):
        Store.open(tmp_path / "db")


def test_a_closed_store_raises_its_own_error(tmp_path):
    store = Store.open(tmp_path / "db")
    fill(store, b"a")
    steps = store.iterate(b"")
    store.close()
    for action in (
        lambda: store.get(b"a"),
        lambda: next(steps),
        lambda: store.write({b"a": b""}, sync=True),
        lambda: store.snapshot().__enter__(),
    ):
        with pytest.raises(StoreError):
            action()


class FailingDb:
    """Stands for LevelDB on a full disk."""

    def __init__(self, error):
        self.error = error
        self.calls = 0

    def write_batch(self, **_):
        self.calls += 1
        raise self.error


def test_after_a_failed_write_nothing_is_taken_any_more(tmp_path):
    db = FailingDb(OSError(28, "No space left on device"))
    store = Store(tmp_path, db)
    for _ in range(2):
        with pytest.raises(StoreError):
            store.write({b"a": b"1"}, sync=True)
    assert db.calls == 1


class WatchedDb:
    """LevelDB, and what its batches were asked for."""

    def __init__(self, db):
        self.db = db
        self.asked = []

    def write_batch(self, **options):
        self.asked.append(options)
        return self.db.write_batch(**options)

    def close(self):
        self.db.close()


@pytest.mark.parametrize("sync", [False, True])
def test_leveldb_is_told_to_sync(store, sync):
    """Nothing outside LevelDB shows whether it has: its own fsync is not Python's."""
    watched = store._db = WatchedDb(store._db)
    store.write({b"a": b"1"}, sync=sync)
    assert watched.asked == [{"transaction": True, "sync": sync}]


def test_unsynced_writes_are_synced_before_a_synced_one(store, monkeypatch):
    """LevelDB syncs its newest log file only; an unsynced write may stand in an older one."""
    synced = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(str(Path(f"/proc/self/fd/{handle}").readlink())), real(handle))
    )
    store.write({b"a": b"1"}, sync=True)
    assert synced == []
    store.write({b"b": b"1"}, sync=False)
    store.write({b"c": b"1"}, sync=True)
    logs = {str(file) for file in store.path.glob("*.log")}
    assert logs
    assert set(synced) == logs
    synced.clear()
    store.sync()
    store.write({b"d": b"1"}, sync=True)
    assert synced == []
    store.write({b"e": b"1"}, sync=False)
    store.sync()
    assert set(synced) == logs


def test_a_log_file_that_went_into_a_table_meanwhile_needs_no_sync(store, monkeypatch):
    store.write({b"a": b"1"}, sync=False)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter([self / "000000.log"]))
    store.sync()
    assert store.get(b"a") == b"1"


def test_a_failed_sync_is_fatal(store, monkeypatch):
    store.write({b"a": b"1"}, sync=False)

    def failing(handle):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StoreError):
        store.sync()
    monkeypatch.undo()
    with pytest.raises(StoreError, match="earlier write"):
        store.write({b"b": b"1"}, sync=True)


def build(path, *, tables):
    """A store of 40 batches of 20 pairs, a counter in each; in the log file, or compacted into tables."""
    store = Store.open(path)
    for batch in range(40):
        pairs = {b"k%03d/%02d" % (batch, place): random.Random(f"{batch}/{place}").randbytes(150) for place in range(20)}
        store.write({**pairs, b"count": b"%d" % (batch + 1)}, sync=True)
    if tables:
        store._db.compact_range()
    store.close()


def read_all(path):
    """(count, pairs) as a reader gets them, each pair also by `get`."""
    store = Store.open(path)
    try:
        pairs = dict(store.iterate(b"k"))
        assert all(store.get(b"k" + key) == value for key, value in pairs.items())
        return int(store.get(b"count") or b"0"), pairs
    finally:
        store.close()


@pytest.mark.parametrize("tables", [False, True])
def test_flipped_bits_are_noticed_or_cost_whole_batches_at_the_end(tmp_path, tables):
    """Trap 2: never a wrong value, never a part of a batch, never one from the middle missing."""
    build(tmp_path / "good", tables=tables)
    shutil.copytree(tmp_path / "good", tmp_path / "read")  # opening a store turns its log file into a table
    count, good = read_all(tmp_path / "read")
    assert (count, len(good)) == (40, 800)
    rng = random.Random(7)
    files = [
        file
        for file in sorted((tmp_path / "good").iterdir())
        if file.name not in {"LOCK", "LOG", "LOG.old"} and file.stat().st_size
    ]
    assert {file.suffix for file in files if file.suffix} == {".ldb" if tables else ".log"}
    outcomes = {"noticed": 0, "shorter": 0, "same": 0}
    for turn in range(60):
        path = tmp_path / "bad"
        shutil.copytree(tmp_path / "good", path)
        file = path / files[turn % len(files)].name
        data = bytearray(file.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        file.write_bytes(data)
        try:
            held, pairs = read_all(path)
        except StoreError:
            outcomes["noticed"] += 1
        else:
            assert pairs == {key: value for key, value in good.items() if int(key[:3]) < held}, f"turn {turn}: {file.name}"
            outcomes["same" if held == 40 else "shorter"] += 1
        shutil.rmtree(path)
    assert outcomes["noticed"] >= 30, outcomes


def test_a_damaged_value_is_never_read(tmp_path):
    """LevelDB gives it back as it stands there unless a read asks for the checksum."""
    build(tmp_path / "db", tables=True)
    table = max((tmp_path / "db").glob("*.ldb"), key=lambda file: file.stat().st_size)
    data = bytearray(table.read_bytes())
    value = random.Random("20/10").randbytes(150)
    data[data.index(value) + 75] ^= 1
    table.write_bytes(data)
    store = Store.open(tmp_path / "db")
    assert store.get(b"k000/00") == random.Random("0/0").randbytes(150)
    with pytest.raises(StoreError, match="Corruption"):
        store.get(b"k020/10")
    store.close()


@pytest.mark.parametrize("reverse", [False, True])
def test_iterating_never_passes_over_a_damaged_block_in_silence(tmp_path, reverse):
    """plyvel's own iterator does: it leaves out what stands in the block and raises nothing."""
    build(tmp_path / "db", tables=True)
    table = max((tmp_path / "db").glob("*.ldb"), key=lambda file: file.stat().st_size)
    data = bytearray(table.read_bytes())
    data[len(data) // 2] ^= 1
    table.write_bytes(data)
    store = Store.open(tmp_path / "db")
    with pytest.raises(StoreError, match="Corruption"):
        list(store.iterate(b"k", reverse=reverse))
    store.close()


def test_what_is_most_likely_there_is_not_asked_of_the_filter(store):
    store._db.put(b"s/c/BW0000001", b"there")  # behind the filter's back, which is complete: the store began empty
    assert store.get(b"s/c/BW0000001") is None
    assert store.get_likely(b"s/c/BW0000001") == b"there"
    assert store.get_likely(b"s/c/BW0000002") is None
