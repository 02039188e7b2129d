"""A node's home directory: what is in it, how it is made, what must be there before the node may start.

    kpledger.toml   settings                     keys/          consensus, log, cosign, tls.key; tls.crt (public)
    genesis.json    the ledger this node is of   tokens.json    hashes of reading tokens
    data/           the store (LevelDB)          wal/           the consensus logs: the guard against voting twice
    node.lock       held by the running process  cosign/        the last checkpoint this node signed, likewise a guard
    workbook.db     what the readers of its pages note for themselves (SQLite); no part of the ledger
    damaged         a note that a process left when it found damage: the next start reads all of data/ first

A home of a development network may have a `clock` as well (`node.clock`).

`init` may be repeated: it makes what is missing and never replaces anything. Keys are made only until the home has joined a
ledger, which knows them from then on. The two guards are made only together with the place they guard: a home that once voted
and has lost its log is refused, never given a new one.
"""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from api.auth import TokenBook
from api.errors import TokenFileError
from api.reading.workbook import WorkBook
from ledger.errors import Refusal
from ledger.genesis import Genesis
from node.config import config_file, differing, make_config, write_config
from node.epoch_logs import EpochLogs
from node.errors import Exit, FatalError, WalDamagedError, WalFailedError, WalForeignError, WalMissingError, command
from node.files import write_atomic
from node.keys import NAMES, new_seed, read_key, write_secret
from node.lock import HomeLock
from node.tls import certificate_for, from_pem, make_certificate, to_pem
from node.wal import Wal


@dataclass(frozen=True, slots=True)
class Found:
    """One thing of a home: where it is and whether `init` found or generated it."""

    what: str
    path: Path
    generated: bool


class Home:
    """Paths of one home."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.keys = self.path / "keys"
        self.data = self.path / "data"
        self.wal = self.path / "wal"
        self.guard = self.path / "cosign"
        self.genesis = self.path / "genesis.json"
        self.tokens = self.path / "tokens.json"
        self.workbook = self.path / "workbook.db"
        self.clock = self.path / "clock"
        self.damage = self.path / "damaged"
        self.tls_key = self.keys / "tls.key"
        self.tls_certificate = self.keys / "tls.crt"

    def read_genesis(self) -> Genesis:
        """The ledger this home belongs to.

        Raises:
            FatalError: there is none, or it is not valid.
        """
        try:
            return Genesis.from_json(self.genesis.read_bytes())
        except OSError as error:
            raise FatalError(
                f"There is no genesis at {self.genesis}.",
                "Without it the node does not know which ledger it is of.",
                f"Put it there: {command('init', '--home', self.path, '--genesis', 'FILE')}",
                Exit.BAD_CONFIGURATION,
            ) from error
        except Refusal as error:
            raise FatalError(
                f"The genesis at {self.genesis} is not valid: {error}.",
                "All nodes of a ledger must have the same, valid genesis.",
                "Get the file again from whoever convened the ledger.",
                Exit.BAD_CONFIGURATION,
            ) from error

    def read_certificate(self) -> bytes:
        """This node's own TLS certificate (DER).

        Raises:
            FatalError: it cannot be read.
        """
        try:
            return from_pem(self.tls_certificate.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise FatalError(
                f"The TLS certificate {self.tls_certificate} cannot be read: {getattr(error, 'strerror', None) or error}.",
                "Other nodes would not know this one.",
                f"If the file is lost, make it from its key: {command('init', '--home', self.path)}",
                Exit.BAD_CONFIGURATION,
            ) from error

    def read_tokens(self) -> TokenBook:
        """The reading tokens that this node has issued.

        Raises:
            FatalError: the file cannot be read.
        """
        try:
            return TokenBook.load(self.tokens)
        except TokenFileError as error:
            raise FatalError(
                f"{error}.",
                "Nobody can be let in with it.",
                "Restore the file, or remove it and issue tokens anew.",
                Exit.BAD_CONFIGURATION,
            ) from error

    def open_workbook(self) -> WorkBook:
        """What the readers of this node's pages have noted, made empty where there is nothing yet.

        Raises:
            FatalError: the file cannot be opened.
        """
        try:
            return WorkBook(self.workbook)
        except (OSError, sqlite3.Error) as error:
            raise FatalError(
                f"The workbook {self.workbook} cannot be opened: {error}.",
                "It holds assignments, notes and saved filters of this node's readers; nothing of the ledger is in it.",
                "Restore the file, or move it away to begin an empty one.",
                Exit.BAD_CONFIGURATION,
            ) from error

    def require_guards(self) -> None:
        """Refuses a home that has lost one of its guards; they stay closed, the node may be running.

        Raises:
            FatalError: one is lost.
        """
        for what, guard in self.guards.items():
            if not any(guard.rglob("wal-*.log")):
                raise guard_lost(self, what, guard, "there is none")

    def logs(self, ledger_id: bytes) -> EpochLogs:
        """The consensus logs of this home on its ledger."""
        return EpochLogs(self.wal, ledger_id)

    @property
    def guards(self) -> dict[str, Path]:
        """The two guards by what they are called."""
        return {"consensus log": self.wal, "cosigning log": self.guard}


def init(home: Home, phrase: bytes | None, settings: dict[tuple[str, str], str | int], genesis: bytes | None) -> list[Found]:
    """Makes what a home lacks; says for each thing whether it was found or generated.

    Args:
        home: where.
        phrase: seals the keys at rest; None keeps raw files, which only a development network accepts.
        settings: values for a new configuration file.
        genesis: the ledger's genesis file; None leaves the home without (its keys are needed to make one).

    Raises:
        FatalError: the genesis is another than the home's, or not valid; what must be there is lost; the disk fails.
    """
    try:
        return _init(home, phrase, settings, genesis)
    except (OSError, WalFailedError) as error:
        raise FatalError(
            f"The home {home.path} cannot be made: {error}.",
            "What is there already is whole; the rest is missing.",
            f"See to the disk and the folder's owner, then again: {command('init', '--home', home.path)}",
            Exit.DISK,
        ) from error


def _init(home: Home, phrase: bytes | None, settings: dict[tuple[str, str], str | int], genesis: bytes | None) -> list[Found]:
    _check_settings(home, settings)
    home.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.keys.mkdir(exist_ok=True, mode=0o700)
    found = []
    for name in NAMES:
        file = home.keys / name
        _not_lost(home, file)
        found.append(Found(f"{name} key", file, not file.exists()))
        if not file.exists():
            write_secret(file, new_seed(), phrase)
    found += _tls(home, phrase, str(settings.get(("node", "participant"), "")) or "kpledger")
    file = config_file(home.path)
    found.append(Found("configuration", file, not file.exists()))
    if not file.exists():
        write_config(home.path, settings)
    if genesis is not None:
        found += _join(home, genesis, phrase)
    return found


def _check_settings(home: Home, settings: Mapping[tuple[str, str], str | int]) -> None:
    """Settings that cannot be, or that the home's file does not have, are refused before anything is made."""
    file = config_file(home.path)
    if file.exists():
        if differences := differing(home.path, settings):
            raise FatalError(
                f"The configuration {file} says otherwise: {'; '.join(differences)}.",
                "What is there is never replaced.",
                f"Edit {file}, or leave the options away.",
                Exit.REFUSED,
            )
        return
    try:
        make_config(settings)
    except ValueError as error:
        raise FatalError(
            f"No home was made: {error}.",
            "A node does not start with such a setting.",
            f"Run the command again with another value; see {command('init', '--help')}",
            Exit.USAGE,
        ) from error


def _not_lost(home: Home, key: Path) -> None:
    """A key that a ledger knows is never made anew."""
    if home.genesis.exists() and not key.exists():
        raise FatalError(
            f"The key {key} is lost.",
            "The ledger knows this node by it; what is signed with another would be refused.",
            "Restore it from where your office keeps it. Otherwise this node needs a new key on the ledger.",
            Exit.BAD_CONFIGURATION,
        )


def _tls(home: Home, phrase: bytes | None, name: str) -> list[Found]:
    """The TLS key, then its certificate, so that an interrupted run leaves a key without one and never the reverse."""
    _not_lost(home, home.tls_key)
    has_key, has_certificate = home.tls_key.exists(), home.tls_certificate.exists()
    if has_certificate and not has_key:
        raise FatalError(
            f"The TLS certificate {home.tls_certificate} is there, its key {home.tls_key} is not.",
            "A new key would need a new certificate, which the ledger does not know.",
            "Restore the key from where your office keeps it, or move the certificate away to make both anew.",
            Exit.BAD_CONFIGURATION,
        )
    if not has_key:
        key, certificate = make_certificate(name, phrase)
        write_secret(home.tls_key, key, None)
    elif not has_certificate:
        pinned = [node.tls for node in home.read_genesis().nodes] if home.genesis.exists() else []
        certificate = certificate_for(home.tls_key, phrase, name, pinned)
    if not has_certificate:
        write_atomic(home.tls_certificate, to_pem(certificate).encode())
    return [
        Found("TLS key", home.tls_key, not has_key),
        Found("TLS certificate", home.tls_certificate, not has_certificate),
    ]


def _join(home: Home, data: bytes, phrase: bytes | None) -> list[Found]:
    """Puts the genesis into the home and, the first time only, makes the two guards of its keys."""
    try:
        ledger_id = Genesis.from_json(data).ledger_id
    except Refusal as error:
        raise FatalError(
            f"The given genesis is not valid: {error}.",
            "All nodes of a ledger must have the same, valid genesis.",
            "Get the file again from whoever convened the ledger.",
            Exit.BAD_DATA,
        ) from error
    there = home.genesis.exists()
    if there:
        own = home.read_genesis().ledger_id
        if ledger_id != own:
            raise FatalError(
                f"{home.path} is the home of another ledger ({own.hex()[:16]}...).",
                "A node's keys and votes belong to one ledger.",
                "Use another --home for the other ledger.",
                Exit.REFUSED,
            )
    guards = home.guards
    if there:
        home.require_guards()
        made = dict.fromkeys(guards, False)
    else:
        lock = HomeLock(home.path)
        try:
            used = home.data.exists()
            logs, key = home.logs(ledger_id), read_key(home.keys / NAMES[0], phrase).public
            made = {
                "consensus log": _make_guard(home, "consensus log", logs.path(0, key), lambda: logs.make(0, key), used=used),
                "cosigning log": _make_guard(
                    home, "cosigning log", home.guard, lambda: _make_cosigning_log(home.guard, ledger_id), used=used
                ),
            }
            write_atomic(home.genesis, data)
        finally:
            lock.release()
    found = [Found("genesis", home.genesis, not there)]
    return found + [Found(what, guard, made[what]) for what, guard in guards.items()]


def _make_guard(home: Home, what: str, place: Path, make: Callable[[], bool], *, used: bool) -> bool:
    """Makes a guard, or finds the one that an interrupted run has made; where there is a store already, it must be there."""
    if used and not any(place.glob("wal-*.log")):
        raise guard_lost(home, what, place, "there is none")
    try:
        return make()
    except (WalDamagedError, WalForeignError) as error:
        raise guard_lost(home, what, place, str(error)) from error


def _make_cosigning_log(place: Path, ledger_id: bytes) -> bool:
    try:
        Wal.open(place, ledger_id).close()
    except WalMissingError:
        Wal.create(place, ledger_id).close()
        return True
    return False


def guard_lost(home: Home, what: str, directory: Path, reason: str) -> FatalError:
    """The refusal to go on without the log that guards a key against signing twice."""
    return FatalError(
        f"The {what} at {directory} cannot be used: {reason}.",
        "It guards against signing twice; without it this node's key must not sign again.",
        "Never restore it from a backup. Put back the original disk; else give the node a new key, and tell the ledger: "
        + command("key", "retire", "--home", home.path),
        Exit.REFUSED,
    )
