"""The desk's folder and its one file of settings, `DESK/desk.toml`: every setting written out with its default and explained.

The folder holds `officers.json`, `journal.ndjson`, `drafts/` and `made/`; it is its user's alone (0700, files 0600), for it
holds in clear what goes sealed onto the ledger. One process runs a desk at a time (`desk.lock`).
"""

import fcntl
import ipaddress
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.config import Address, Setting
from node.errors import Exit, FatalError, command
from node.files import write_atomic

FILE = "desk.toml"
SETTINGS = (
    Setting(
        "desk",
        "listen",
        "127.0.0.90:8590",
        "Where the officers' browser finds the desk. Loopback only; on an address of its own no other program gets its cookie.",
    ),
    Setting("desk", "idle_minutes", 10, "Minutes without use after which it locks."),
    Setting("ledger", "genesis", "genesis.json", "The ledger's genesis file."),
    Setting("ledger", "keys", "keys", "Folder with the office's keys: issue, confirm, seal (and former ones: seal-2025)."),
    Setting("ledger", "url", "http://127.0.0.1:8600", "The node it talks to: your participant's own."),
    Setting("ledger", "token", "", "A reading token of your participant; the node's operator makes it: kpledger token new"),
    Setting("print", "url", "", "Address of a node that the public reaches, for the link on certificates; empty: the node's."),
    Setting("print", "authority", "", "The authority's name on certificates; empty: as the genesis names the key's holder."),
    Setting(
        "approval",
        "certificates",
        1,
        "Issuing (also technical), 1: a second officer releases what another wrote; 0: its writer may.",
    ),
    Setting(
        "approval", "outcomes", 1, "Outcomes of imports (also those on paper) and what came back on paper of exports, likewise."
    ),
    Setting("approval", "corrections", 1, "Correcting and closing, likewise."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The checked settings of one desk.

    `second` is what a second officer must release: of certificates, outcomes, corrections.
    """

    home: Path
    listen: Address
    idle_minutes: int
    genesis: Path
    keys: Path
    url: str
    token: str
    print_url: str
    authority: str
    second: frozenset[str]

    def __post_init__(self) -> None:
        if not is_loopback(self.listen.host):
            raise ValueError("desk.listen must be a loopback address such as 127.0.0.90")
        if not 1 <= self.idle_minutes <= 480:
            raise ValueError("desk.idle_minutes must be 1 to 480")
        if not self.url.startswith(("http://", "https://")):
            raise ValueError("ledger.url must begin with http:// or https://")

    @property
    def drafts(self) -> Path:
        """Where drafts are kept."""
        return self.home / "drafts"

    @property
    def made(self) -> Path:
        """Where submissions, codes and receipts are kept, a folder for each draft."""
        return self.home / "made"


def is_loopback(host: str) -> bool:
    """Whether this names this machine alone: an address, never a name that might resolve to another."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_folder(home: Path) -> None:
    """Makes the desk's folder where there is none.

    Raises:
        FatalError: others can look into it, or it cannot be made.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = home.stat().st_mode
    except OSError as error:
        raise _bad(home, str(error.strerror)) from error
    if mode & 0o077:
        raise FatalError(
            f"The desk's folder {home} is open to others on this machine.",
            "It holds in clear what goes sealed onto the ledger.",
            f"See who read it, then: chmod 700 {home}",
            Exit.BAD_CONFIGURATION,
        )


def open_settings(home: Path, given: Mapping[tuple[str, str], str | int]) -> Settings:
    """The settings of a desk's folder; what is `given` is written into a new file, or replaces the file's for this run.

    Raises:
        FatalError: the folder or file cannot be used.
    """
    open_folder(home)
    file = home / FILE
    try:
        if not file.exists():
            write_atomic(file, _text(given).encode(), 0o600)
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(file, str(error)) from error
    values = {(one.table, one.name): one.default for one in SETTINGS}
    for table, members in content.items():
        for name, value in _members(file, table, members).items():
            if (table, name) not in values:
                raise _bad(file, f"unknown setting {table}.{name}")
            values[table, name] = value
    for place, default in {(one.table, one.name): one.default for one in SETTINGS}.items():
        value = given.get(place, values[place])
        if type(value) is not type(default):
            raise _bad(file, f"{'.'.join(place)} must be {'a number' if isinstance(default, int) else 'text'}")
        values[place] = value
    try:
        return _settings(home, values)
    except ValueError as error:
        raise _bad(file, str(error)) from error


def _members(file: Path, table: str, members: object) -> dict[str, Any]:
    if not isinstance(members, dict):
        raise _bad(file, f"unknown setting {table}")
    return members


def _settings(home: Path, values: Mapping[tuple[str, str], str | int]) -> Settings:
    def text(table: str, name: str) -> str:
        return str(values[table, name])

    def path(name: str) -> Path:
        return home / Path(text("ledger", name)).expanduser()

    url = text("ledger", "url").rstrip("/")
    return Settings(
        home=home,
        listen=Address.parse(text("desk", "listen")),
        idle_minutes=int(values["desk", "idle_minutes"]),
        genesis=path("genesis"),
        keys=path("keys"),
        url=url,
        token=text("ledger", "token"),
        print_url=text("print", "url").rstrip("/") or url,
        authority=text("print", "authority"),
        second=frozenset(name for name in ("certificates", "outcomes", "corrections") if _flag(name, values["approval", name])),
    )


def _flag(name: str, value: object) -> bool:
    if value not in (0, 1):
        raise ValueError(f"approval.{name} must be 0 or 1")
    return value == 1


def _text(given: Mapping[tuple[str, str], str | int]) -> str:
    lines = ["# Configuration of one signing desk (kpledger desk). Paths are relative to this folder."]
    table = ""
    for one in SETTINGS:
        if one.table != table:
            table = one.table
            lines += ["", f"[{table}]"]
        value = given.get((one.table, one.name), one.default)
        lines += [f"# {one.help}", f"{one.name} = {value if isinstance(value, int) else json.dumps(value, ensure_ascii=False)}"]
    return "\n".join(lines) + "\n"


def _bad(file: Path, what: str) -> FatalError:
    return FatalError(
        f"{file}: {what}.",
        "The desk does not start with settings that it does not understand.",
        "Mend the named setting; the comments in the file say what each means.",
        Exit.BAD_CONFIGURATION,
    )


class DeskLock:
    """Holds `DESK/desk.lock` until released or the process ends: two processes would send one draft twice."""

    def __init__(self, home: Path) -> None:
        """Takes the lock.

        Raises:
            FatalError: another process has it.
        """
        self._handle = os.open(home / "desk.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._handle)
            raise FatalError(
                f"Another process runs the desk of {home}.",
                "Two of them would overwrite each other's drafts.",
                f"Use that one, or end it and run again: {command('desk', '--home', home)}",
            ) from error

    def release(self) -> None:
        """Gives the folder free."""
        os.close(self._handle)
