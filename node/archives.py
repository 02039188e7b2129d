"""Snapshots and backups of a node that does not run: one tar file each, with a manifest.

A snapshot is the store alone: another home of the ledger begins with it instead of executing every block again. A backup is
settings, genesis, tokens, readers' notes, sealed keys and the store. Neither ever holds the guards against signing twice
(`wal/`, `cosign/`): a guard that is older than its key's last signature is worse than none. So a restored home must be given
new keys (`kpledger key retire`), and an archive that holds a guard is refused whole.

What a snapshot says is trusted as its maker is. The node finds out by itself that it was given a wrong one: its results differ
from what the other nodes agree on, and it does not vote.
"""

import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from ledger.errors import StoreError
from ledger.genesis import Genesis
from ledger.state import Ledger
from ledger.store import Store
from node.errors import Exit, FatalError
from node.home import Home
from node.keys import is_sealed
from node.lock import HomeLock
from node.opening import open_ledger, open_store

MANIFEST = "manifest.json"
_MAX_MANIFEST = 1024 * 1024
_STORE = re.compile(r"data/(CURRENT|LOG|LOG\.old|MANIFEST-[0-9]{6}|[0-9]{6}\.(ldb|log|sst))")
_REST = re.compile(r"genesis\.json|kpledger\.toml|tokens\.json|workbook\.db|keys/[a-z.-]{1,40}")
_SKIPPED = frozenset({"LOCK", "LOG", "LOG.old"})


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive is of: `kind` is snapshot or backup, sizes in leaves, hashes in hex."""

    kind: str
    ledger_id: str
    origin: str
    epoch: int
    height: int
    time: int
    tree_size: int
    root: str
    state: str


def create(home: Home, file: Path, kind: str) -> Manifest:
    """Writes a snapshot or backup of a home whose node does not run.

    Raises:
        FatalError: the node runs, the store is damaged, a key lies there unsealed, or the file is there already.
    """
    genesis = home.read_genesis()
    if file.exists():
        raise _bad(f"{file} is there already", "Choose another name: an archive is never replaced.", Exit.REFUSED)
    lock = HomeLock(home.path)
    try:
        manifest = _describe(home, genesis, kind)
        names = [name for name in sorted(home.data.iterdir()) if name.name not in _SKIPPED]
        if kind == "backup":
            names += _private(home, genesis)
        unfinished = file.with_name(f".{file.name}.new")
        with tarfile.open(unfinished, "w") as archive:
            text = json.dumps(asdict(manifest), indent=1).encode()
            info = tarfile.TarInfo(MANIFEST)
            info.size, info.mode = len(text), 0o600
            archive.addfile(info, io.BytesIO(text))
            for name in names:
                archive.add(name, arcname=str(name.relative_to(home.path)), recursive=False)
        unfinished.chmod(0o600)
        unfinished.rename(file)
    finally:
        lock.release()
    return manifest


def inspect(file: Path) -> Manifest:
    """What an archive says that it is.

    Raises:
        FatalError: it is none, or holds what no archive may.
    """
    with _opened(file) as archive:
        return _check(file, archive)


def restore(home: Home, file: Path) -> Manifest:
    """Puts a snapshot into a home that has joined its ledger and has no store yet, or a backup into an empty directory.

    Raises:
        FatalError: the archive is none, another ledger's, holds a guard, or is not what it says; something is there already.
    """
    with _opened(file) as archive:
        manifest = _check(file, archive)
        backup = manifest.kind == "backup"
        if backup and home.path.exists() and any(home.path.iterdir()):
            raise _bad(f"{home.path} is not empty", "Restore a backup into a new directory.", Exit.REFUSED)
        home.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = HomeLock(home.path)
        try:
            if home.data.exists():
                raise _bad(f"{home.data} is there already", "A store is never replaced: move it away first.", Exit.REFUSED)
            making = home.path / ".restoring"
            with ExitStack() as stack:
                stack.callback(shutil.rmtree, making, ignore_errors=True)
                archive.extractall(making, filter="data")
                genesis = Home(making).read_genesis() if backup else home.read_genesis()
                _compare(making, genesis, manifest)
                (making / MANIFEST).unlink()
                for entry in sorted(making.iterdir()):
                    entry.rename(home.path / entry.name)
        finally:
            lock.release()
    return manifest


def _describe(home: Home, genesis: Genesis, kind: str) -> Manifest:
    store = open_store(home)
    try:
        return _manifest(open_ledger(home, store, genesis), kind)
    finally:
        store.close()


def _manifest(ledger: Ledger, kind: str) -> Manifest:
    head, genesis = ledger.head, ledger.genesis
    return Manifest(
        kind,
        genesis.ledger_id.hex(),
        genesis.origin,
        ledger.network.epoch.number,
        head.height,
        head.time,
        head.tree_size,
        head.root.hex(),
        head.state.hex(),
    )


def _private(home: Home, genesis: Genesis) -> Iterator[Path]:
    yield from (file for file in (home.genesis, home.path / "kpledger.toml", home.tokens, home.workbook) if file.exists())
    for key in sorted(home.keys.iterdir()):
        secret = key.suffix != ".crt"
        if secret and key != home.tls_key and genesis.network != "dev" and not is_sealed(key):
            raise _bad(f"the key {key} is not sealed", "A backup travels: seal the key, or move it away.", Exit.REFUSED)
        yield key


def _opened(file: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(file, "r:")
    except (OSError, tarfile.TarError) as error:
        raise _bad(f"{file} is no archive of a node: {error}", "Check the file.") from error


def _check(file: Path, archive: tarfile.TarFile) -> Manifest:
    """The manifest; every name is one that an archive may hold, and none leads out of it."""
    members = archive.getmembers()
    for member in members[1:]:
        if member.name.split("/")[0] in {"wal", "cosign"}:
            raise _bad(
                f"{file} holds {member.name}, a guard against signing twice",
                "No backup may hold one: make the archive with kpledger snapshot or kpledger backup.",
                Exit.REFUSED,
            )
        if not member.isreg() or not (_STORE.fullmatch(member.name) or _REST.fullmatch(member.name)):
            raise _bad(f"{file} holds {member.name!r}, which belongs in no archive", "Get the file again from whoever made it.")
    if not members or members[0].name != MANIFEST or not members[0].isreg() or members[0].size > _MAX_MANIFEST:
        raise _bad(f"{file} has no manifest", "Get the file again from whoever made it.")
    text = archive.extractfile(members[0])
    try:
        content = json.loads(text.read() if text is not None else b"")
        return Manifest(**{name: kind(content[name]) for name, kind in _FIELDS.items()})
    except (ValueError, TypeError, KeyError) as error:
        raise _bad(f"{file} has a damaged manifest", "Get the file again from whoever made it.") from error


_FIELDS = {
    "kind": str,
    "ledger_id": str,
    "origin": str,
    "epoch": int,
    "height": int,
    "time": int,
    "tree_size": int,
    "root": str,
    "state": str,
}


def _compare(making: Path, genesis: Genesis, manifest: Manifest) -> None:
    """The store opens, is of this ledger, and stands where the manifest says."""
    if genesis.ledger_id.hex() != manifest.ledger_id:
        raise _bad(f"the archive is of ledger {manifest.ledger_id[:16]}...", "Use one of this home's ledger.")
    try:
        store = Store.open(making / "data")
        try:
            found = _manifest(Ledger.open(store, genesis), manifest.kind)
        finally:
            store.close()
    except StoreError as error:
        raise _bad(f"the store in the archive is damaged: {error}", "Get the file again from whoever made it.") from error
    if found != manifest:
        raise _bad("the store in the archive is not what its manifest says", "Get the file again from whoever made it.")


def _bad(happened: str, next_step: str, code: Exit = Exit.BAD_DATA) -> FatalError:
    return FatalError(f"{happened[0].upper()}{happened[1:]}.", "Nothing was changed.", next_step, code)
