"""One TOML file an operator edits: `HOME/kpledger.toml`, every setting written out with its default and explained.

Environment variables override (`KPLEDGER_API_LISTEN` for `[api] listen`); an unknown key is an error, in the file and in the
environment. What all nodes must agree on is not here but in `genesis.json`.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ledger.countries import is_participant_code
from node.errors import Exit, FatalError, command
from node.files import write_atomic

PREFIX = "KPLEDGER_"
_RESERVED = {
    "KPLEDGER_PASSPHRASE_FILE",
    "KPLEDGER_HOME",
    "KPLEDGER_URL",
    "KPLEDGER_TOKEN",
    "KPLEDGER_KEYS",
    "KPLEDGER_GENESIS",
}
"""Variables of the command line, which are no settings of a node."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: a host name or address, and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """From `host:port` (IPv6 in brackets).

        Raises:
            ValueError: not of that form.
        """
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise ValueError(f"{text!r} is not host:port")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its place in the file, its default, and what it is for."""

    table: str
    name: str
    default: str | int
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return f"{PREFIX}{self.table}_{self.name}".upper()


SETTINGS = (
    Setting("node", "participant", "", "Code of the participant that operates this node (as in genesis.json)."),
    Setting("api", "listen", "127.0.0.1:8600", "Public HTTP interface. Put a TLS proxy in front of it."),
    Setting("api", "url", "", "URL under which others reach that interface; empty: http:// and the address above."),
    Setting("api", "requests_per_second", 50, "Requests a second of one address or token."),
    Setting("api", "loopback_per_second", 1000, "The same for loopback, where load tools and local proxies come from."),
    Setting("peers", "listen", "127.0.0.1:8700", "For the other nodes (TLS 1.3, pinned on the ledger)."),
    Setting("peers", "address", "", "Where they reach it, as `kpledger id` states it; empty: the address above."),
    Setting("admin", "listen", "127.0.0.1:8800", "Metrics and administration. Loopback only."),
    Setting(
        "witness",
        "policy",
        "",
        "C2SP policy file: its logs are cosigned for others, its witnesses (with URLs) are asked to cosign this one.",
    ),
    Setting("log", "level", "info", "debug, info, warning or error."),
)


@dataclass(frozen=True, slots=True)
class Config:
    """The checked settings of one node."""

    participant: str
    api_listen: Address
    api_url: str
    requests_per_second: int
    loopback_per_second: int
    peers_listen: Address
    peers_address: str
    admin_listen: Address
    log_level: str
    witness_policy: str = ""

    def __post_init__(self) -> None:
        if self.participant and not is_participant_code(self.participant):
            raise ValueError(f"node.participant {self.participant!r} is no ISO 3166-1 alpha-2 code and not EU")
        if self.admin_listen.host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("admin.listen must be a loopback address")
        if self.log_level not in {"debug", "info", "warning", "error"}:
            raise ValueError(f"log.level {self.log_level!r} is none of debug, info, warning, error")
        if min(self.requests_per_second, self.loopback_per_second) < 1:
            raise ValueError("api.requests_per_second and api.loopback_per_second must be at least 1")
        if len({self.api_listen, self.peers_listen, self.admin_listen}) < 3:
            raise ValueError("api.listen, peers.listen and admin.listen must be three addresses")
        if Address.parse(self.reached_at).host in {"0.0.0.0", "::"}:  # noqa: S104 - refused, not listened on
            raise ValueError("peers.address must say where others reach this node, since peers.listen does not")

    @property
    def reached_at(self) -> str:
        """Where the other nodes reach this one, `host:port`."""
        return str(Address.parse(self.peers_address)) if self.peers_address else str(self.peers_listen)

    @property
    def public_url(self) -> str:
        """The interface's URL, no trailing slash."""
        return (self.api_url or f"http://{self.api_listen}").rstrip("/")


def config_file(home: Path) -> Path:
    """Where a home's configuration is."""
    return home / "kpledger.toml"


def write_config(home: Path, values: Mapping[tuple[str, str], str | int]) -> None:
    """Writes a new file with every setting; `values` replace defaults by (table, name)."""
    lines = ["# Configuration of one kpledger node. Environment variables override: see each setting."]
    table = ""
    for setting in SETTINGS:
        if setting.table != table:
            table = setting.table
            lines += ["", f"[{table}]"]
        value = values.get((setting.table, setting.name), setting.default)
        text = str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)
        lines += [f"# {setting.help} ({setting.variable})", f"{setting.name} = {text}"]
    write_atomic(config_file(home), ("\n".join(lines) + "\n").encode())


def load_config(home: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The settings of a home.

    Raises:
        FatalError: no file, no TOML, an unknown key, a wrong type or value.
    """
    file = config_file(home)
    values = _values(file, _content(file), environment)
    try:
        return make_config(values)
    except ValueError as error:
        overriding = ", ".join(setting.variable for setting in SETTINGS if setting.variable in environment)
        raise _bad(file, f"{error}{f' (overridden by {overriding})' if overriding else ''}") from error


def differing(home: Path, given: Mapping[tuple[str, str], str | int]) -> list[str]:
    """Where a home's file has another value than the given one; errors as `load_config`."""
    file = config_file(home)
    has = _values(file, _content(file), {})
    return [
        f"{table}.{name} is {has[table, name]!r}, not {value!r}"
        for (table, name), value in given.items()
        if has[table, name] != value
    ]


def _content(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FatalError(
            f"There is no configuration at {file}.",
            "This is not the home of a node yet.",
            f"Make it: {command('init', '--home', file.parent, '--participant', 'CODE')}",
            Exit.BAD_CONFIGURATION,
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise _bad(file, f"cannot be read: {error}") from error


def make_config(values: Mapping[tuple[str, str], str | int]) -> Config:
    """Checked settings out of values by (table, name); what is not given has its default.

    Raises:
        ValueError: a value that cannot be.
    """
    given = {(setting.table, setting.name): setting.default for setting in SETTINGS} | dict(values)
    return Config(
        participant=str(given["node", "participant"]),
        api_listen=Address.parse(str(given["api", "listen"])),
        api_url=str(given["api", "url"]),
        requests_per_second=int(given["api", "requests_per_second"]),
        loopback_per_second=int(given["api", "loopback_per_second"]),
        peers_listen=Address.parse(str(given["peers", "listen"])),
        peers_address=str(given["peers", "address"]),
        admin_listen=Address.parse(str(given["admin", "listen"])),
        log_level=str(given["log", "level"]),
        witness_policy=str(given["witness", "policy"]),
    )


def describe(config: Config) -> dict[str, str | int]:
    """The settings in force, for `config show`."""
    shown: dict[str, str | int] = {}
    for item in fields(config):
        value = getattr(config, item.name)
        shown[item.name] = str(value) if isinstance(value, Address) else value
    return shown


def _values(file: Path, content: dict[str, Any], environment: Mapping[str, str]) -> dict[tuple[str, str], str | int]:
    known = {(setting.table, setting.name): setting for setting in SETTINGS}
    for table, members in content.items():
        if not isinstance(members, dict) or table not in {setting.table for setting in SETTINGS}:
            raise _bad(file, f"unknown table or key {table!r}")
        for name in members:
            if (table, name) not in known:
                raise _bad(file, f"unknown key {table}.{name}")
    variables = {setting.variable for setting in SETTINGS} | _RESERVED
    for variable in environment:
        if variable.startswith(PREFIX) and variable not in variables:
            raise _bad(file, f"unknown environment variable {variable}", f"unset {variable}")
    values: dict[tuple[str, str], str | int] = {}
    for place, setting in known.items():
        given = environment.get(setting.variable, content.get(place[0], {}).get(place[1], setting.default))
        if isinstance(setting.default, int) and isinstance(given, str) and given.isascii() and given.isdigit():
            given = int(given)
        if type(given) is not type(setting.default):
            raise _bad(file, f"{place[0]}.{place[1]} must be a {'number' if isinstance(setting.default, int) else 'text'}")
        values[place] = given
    return values


def _bad(file: Path, reason: str, mend: str = "mend the file") -> FatalError:
    shown = command("config", "show", "--home", file.parent)
    return FatalError(
        f"Configuration {file}: {reason}.",
        "The node does not start with settings that it may have misunderstood.",
        f"{mend[0].upper()}{mend[1:]}, then see what is in force: {shown}",
        Exit.BAD_CONFIGURATION,
    )
