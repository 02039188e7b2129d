"""An office's keys: made once in a folder of its own, described by their public halves for the ledger's genesis.

A participant's folder holds `root` (kept offline), one signing key for each role (`issue`, `confirm`, `report`, `govern`,
`audit`) and `seal`, to which confidential parts are sealed; the secretariat's holds no `issue` and no `confirm`. Each file is
32 secret bytes, sealed under the passphrase as a node's own keys are (`node.keys`).
"""

from pathlib import Path
from typing import Any

from nacl.bindings import crypto_scalarmult_base

from ledger.limits import DEFAULT_VALIDITY_DAYS
from ledger.participants import SECRETARIAT, Role
from node.home import Found
from node.keys import SEED_BYTES, SigningKey, damaged, new_seed, passphrase, read_secret, write_secret

ROOT, SEAL = "root", "seal"


def sealing_keys(folder: Path) -> list[bytes]:
    """The secret halves of an office's sealing keys: `seal`, and whatever else begins so (`seal-2025`), the newest first.

    Raises:
        FatalError: one cannot be read.
    """
    return [_seed(file, passphrase()) for file in (folder / SEAL, *sorted(folder.glob(f"{SEAL}-*"), reverse=True))]


def roles_of(who: str) -> tuple[Role, ...]:
    """The roles that a participant's office, or the secretariat, has keys for."""
    return (Role.REPORT, Role.GOVERN, Role.AUDIT) if who == SECRETARIAT else tuple(Role)


def make_keys(folder: Path, who: str, phrase: bytes | None) -> list[Found]:
    """Makes the keys that the folder lacks; says for each whether it was found or generated.

    Raises:
        OSError: the folder or a file cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = []
    for name in (ROOT, *roles_of(who), SEAL):
        file = folder / name
        found.append(Found(f"{name} key", file, not file.exists()))
        if not file.exists():
            write_secret(file, new_seed(), phrase)
    return found


def secretariat_entry(folder: Path, since: str) -> dict[str, Any]:
    """The genesis's `secretariat` for these keys; errors as `participant_entry`."""
    phrase = passphrase()
    return {
        "root": _public(folder / ROOT, phrase),
        "keys": _role_keys(folder, SECRETARIAT, since, phrase),
        "seals": _seals(folder, since, phrase),
    }


def participant_entry(folder: Path, code: str, name: str, countries: list[str], authority: str, since: str) -> dict[str, Any]:
    """One entry of the genesis's `participants`: it issues and confirms from the day `since` on, and nothing is suspended.

    Raises:
        FatalError: a key cannot be read.
    """
    phrase = passphrase()
    return {
        "code": code,
        "name": name,
        "countries": countries,
        "root": _public(folder / ROOT, phrase),
        "issues_from": since,
        "confirms_from": since,
        "from": since,
        "until": "",
        "suspended": [],
        "compliant_zones": [],
        "validity_days": DEFAULT_VALIDITY_DAYS,
        "authorities": [{"name": authority, "keys": _role_keys(folder, code, since, phrase)}],
        "seals": _seals(folder, since, phrase),
        "ranges": [],
    }


def _role_keys(folder: Path, who: str, since: str, phrase: bytes | None) -> list[dict[str, Any]]:
    return [{"key": _public(folder / role, phrase), "roles": [str(role)], "from": since, "until": ""} for role in roles_of(who)]


def _seals(folder: Path, since: str, phrase: bytes | None) -> list[dict[str, Any]]:
    """The sealing key, its epoch the year from which it serves."""
    return [{"epoch": int(since[:4]), "key": crypto_scalarmult_base(_seed(folder / SEAL, phrase)).hex()}]


def _public(file: Path, phrase: bytes | None) -> str:
    return SigningKey.from_seed(_seed(file, phrase)).public.hex()


def _seed(file: Path, phrase: bytes | None) -> bytes:
    seed = read_secret(file, phrase)
    if len(seed) != SEED_BYTES:
        raise damaged(file)
    return seed
