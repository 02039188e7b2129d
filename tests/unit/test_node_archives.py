"""`node.archives`: what travels holds no guard, is what it says, and replaces nothing."""

import asyncio
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from node.archives import MANIFEST, Manifest, create, inspect, restore
from node.errors import Exit, FatalError
from node.home import Home
from node.process import NodeProcess
from tests.support.homes import Single, running_node, single


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Single:
    """A home with two blocks."""
    alone = single(tmp_path_factory.mktemp("archived") / "home")

    async def play() -> None:
        async with running_node(alone.home) as (_, client):
            for number in ("BW0000001", "BW0000002"):
                await client.submit(alone.submission(number), wait=True)

    asyncio.run(play())
    return alone


def names(file: Path) -> list[str]:
    with tarfile.open(file) as archive:
        return archive.getnames()


def refused(act: Callable[[], object]) -> FatalError:
    with pytest.raises(FatalError) as caught:
        act()
    assert str(caught.value).count("\n") == 2
    return caught.value


@pytest.mark.parametrize("kind", ["snapshot", "backup"])
def test_no_archive_holds_a_guard(made: Single, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "archive.tar"
    manifest = create(made.home, file, kind)
    assert (manifest.kind, manifest.height, manifest.tree_size, manifest.epoch) == (kind, 2, 2, 0)
    assert inspect(file) == manifest
    found = {name.split("/")[0] for name in names(file)}
    assert found == {MANIFEST, "data"} | (
        {"keys", "genesis.json", "kpledger.toml", "workbook.db"} if kind == "backup" else set()
    )
    assert file.stat().st_mode & 0o077 == 0
    assert refused(lambda: create(made.home, file, kind)).code is Exit.REFUSED


def test_a_snapshot_begins_another_home(made: Single, tmp_path: Path) -> None:
    file = tmp_path / "snapshot.tar"
    manifest = create(made.home, file, "snapshot")
    home = Home(tmp_path / "other")
    shutil.copytree(made.home.path, home.path, ignore=shutil.ignore_patterns("data"))
    assert restore(home, file) == manifest
    process = NodeProcess.open(home)
    assert (process.ledger.head.height, process.ledger.head.root.hex()) == (2, manifest.root)
    process.close()
    assert refused(lambda: restore(home, file)).code is Exit.REFUSED, "a store is never replaced"


def test_a_restored_backup_does_not_vote(made: Single, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    create(made.home, file, "backup")
    home = Home(tmp_path / "other")
    restore(home, file)
    error = refused(lambda: NodeProcess.open(home))
    assert error.code is Exit.REFUSED
    assert "key retire" in error.next_step
    assert refused(lambda: restore(home, file)).code is Exit.REFUSED


def test_a_backup_has_what_readers_noted(made: Single, tmp_path: Path) -> None:
    book = made.home.open_workbook()
    book.save_filter("auditor", "grave", "severity=high")
    book.close()
    file = tmp_path / "backup.tar"
    create(made.home, file, "backup")
    made.home.workbook.unlink()
    home = Home(tmp_path / "again")
    restore(home, file)
    again = home.open_workbook()
    assert [one.name for one in again.filters("auditor")] == ["grave"]
    again.close()


def test_a_running_node_is_not_copied(made: Single, tmp_path: Path) -> None:
    process = NodeProcess.open(made.home)
    try:
        assert "runs the node" in refused(lambda: create(made.home, tmp_path / "archive.tar", "snapshot")).happened
    finally:
        process.close()
    assert list(tmp_path.iterdir()) == []


def doctored(file: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The archive with some of its files changed."""
    with tarfile.open(file) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive.getmembers()}
    change(files)
    with tarfile.open(target, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target


def other_manifest(**fields: object) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[MANIFEST] = json.dumps(json.loads(files[MANIFEST]) | fields).encode()

    return change


DAMAGE: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "a consensus log": (lambda files: files.update({"wal/epoch-0/wal-0000000001.log": b"x"}), "guard"),
    "a cosigning log": (lambda files: files.update({"cosign/wal-0000000001.log": b"x"}), "guard"),
    "a way out": (lambda files: files.update({"../escaped": b"x"}), "belongs in no archive"),
    "a program": (lambda files: files.update({"data/run.sh": b"x"}), "belongs in no archive"),
    "no manifest": (lambda files: files.pop(MANIFEST), "manifest"),
    "a torn manifest": (lambda files: files.update({MANIFEST: b"{"}), "manifest"),
    "a manifest without fields": (lambda files: files.update({MANIFEST: b"{}"}), "manifest"),
    "another ledger": (other_manifest(ledger_id="00" * 32), "of ledger"),
    "another height": (other_manifest(height=1), "not what its manifest says"),
    "another root": (other_manifest(root="00" * 32), "not what its manifest says"),
    "no store": (lambda files: [files.pop(name) for name in list(files) if name.startswith("data/")], "store in the archive"),
    "half a store": (lambda files: files.pop("data/CURRENT"), "store in the archive"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_not_what_it_says_is_refused_and_leaves_nothing(made: Single, tmp_path: Path, name: str) -> None:
    change, reason = DAMAGE[name]
    create(made.home, tmp_path / "good.tar", "snapshot")
    bad = doctored(tmp_path / "good.tar", tmp_path / "bad.tar", change)
    home = Home(tmp_path / "other")
    shutil.copytree(made.home.path, home.path, ignore=shutil.ignore_patterns("data"))
    assert reason in refused(lambda: restore(home, bad)).happened
    assert not home.data.exists()
    assert not (home.path / ".restoring").exists()
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_an_archive_holds_files_alone(made: Single, tmp_path: Path, kind: bytes) -> None:
    create(made.home, tmp_path / "bad.tar", "snapshot")
    with tarfile.open(tmp_path / "bad.tar", "a") as archive:
        info = tarfile.TarInfo("data/000099.log")
        info.type, info.linkname = kind, MANIFEST
        archive.addfile(info)
    assert "belongs in no archive" in refused(lambda: inspect(tmp_path / "bad.tar")).happened


def test_rubbish_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"rubbish" * 1000)
    assert refused(lambda: inspect(tmp_path / "file")).code is Exit.BAD_DATA
    assert refused(lambda: inspect(tmp_path / "absent")).code is Exit.BAD_DATA


def test_unsealed_keys_do_not_travel(made: Single, tmp_path: Path) -> None:
    """Only a development network keeps its keys in the open."""
    alone = single(tmp_path / "home", name="live")
    assert "not sealed" in refused(lambda: create(alone.home, tmp_path / "backup.tar", "backup")).happened
    assert isinstance(create(alone.home, tmp_path / "snapshot.tar", "snapshot"), Manifest)
