"""A test network: the 60 real participants (and `TW`, not counted) with generated keys, the secretariat and a Chair.

Rules:
- Names, countries and authorities are real (`data/participants.csv`); keys, committed ranges and the suspensions in `NOTES` are
  made up for testing and say nothing about anybody's present standing in the KP.
- The same seed gives the same bytes; without one, keys come from the operating system.
- Nothing here belongs on a real network: whoever makes this genesis holds every key of it.

Reference: 10-formats.md (devnet), `ledger.genesis`.
"""

import csv
import hashlib
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from nacl.bindings import crypto_scalarmult_base, crypto_sign_seed_keypair

from ledger.genesis import Genesis, make_genesis
from ledger.participants import (
    SECRETARIAT,
    Authority,
    CompliantZone,
    Node,
    NumberRange,
    Participant,
    Role,
    RoleKey,
    SealKey,
    Secretariat,
    Suspension,
)
from ledger.units import Ms, block_date

NOTES = (
    "A test network: every key on it was made by this program, and nothing on it binds anybody.",
    "Suspensions are examples, no findings about today: VE with all trade, as when it withdrew by itself; CF in the zone Bria.",
    "SL has committed to a range of certificate numbers for each year, so that a number outside it is refused.",
)
"""What devnet and the pages must say of such a network."""

CHAIR = "BW"
NODE_KEYS = ("consensus", "log", "cosign")
VALIDITY_DAYS = 60
DAILY_RECORDS = 1_000_000
"""Far above the default: a year of trade is loaded in minutes here, and benchmarks go on for as long as they last."""
ZONES = {"CF": ("Berberati", "Boda", "Carnot", "Nola")}
"""Zones from which CF's goods come in generated trade: those found compliant in 2016 and after."""

_FIRST_DAY = "2003-01-01"
_SUSPENSIONS = {
    "CF": (Suspension("2013-05-23", "2024-11-15", ""), Suspension("2024-11-15", "", "Bria")),
    "VE": (Suspension("2008-11-05", "", ""),),
}
_RANGED = {"SL": (10_000, 10_000)}
"""Committed numbers of a year: the first one in the base year 2000, and how many each year takes."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One node of the network to make.

    Attributes:
        participant: code.
        address: `host:port` of its peer listener.
        tls: its TLS certificate, DER.
        publics: Ed25519 public keys for consensus, log, cosigning; None: generated, the seeds stand in `Network.keys`.
        validator: whether it votes.
    """

    participant: str
    address: str
    tls: bytes
    publics: tuple[bytes, bytes, bytes] | None = None
    validator: bool = True


@dataclass(frozen=True, slots=True)
class Network:
    """A made genesis with all its secrets.

    Attributes:
        genesis_json: text of `genesis.json`.
        genesis: the same, checked.
        keys: by participant's code (and `secretariat`): name -> 32 secret bytes; names `root issue confirm report govern audit
            seal`, of further authorities `issue-2`, `confirm-2`, ..., of nodes `consensus log cosign`.
    """

    genesis_json: bytes
    genesis: Genesis
    keys: Mapping[str, Mapping[str, bytes]]


def make_network(seats: Sequence[Seat], time: Ms, *, name: str = "dev", seed: bytes | None = None) -> Network:
    """The 60 participants, TW, the secretariat and these nodes, beginning at `time` (milliseconds).

    Raises:
        Refusal: BAD_GENESIS, for instance a seat of no participant.
    """
    maker = _Maker(time, seed)
    nodes = [maker.node(seat) for seat in seats]
    text = make_genesis(
        network=name,
        origin=f"kpledger.example/{name}",
        time=time,
        parameters={"daily-records": DAILY_RECORDS, "validity-days": VALIDITY_DAYS},
        participants=[maker.participant(row) for row in participant_rows()],
        nodes=nodes,
        secretariat=maker.secretariat(),
        chair=CHAIR,
    )
    return Network(text, Genesis.from_json(text), maker.keys)


def participant_rows() -> list[dict[str, str]]:
    """The rows of `data/participants.csv`: code, name, counted, from, countries, authorities."""
    text = resources.files("api.demo").joinpath("data/participants.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def write_keys(folder: Path, keys: Mapping[str, Mapping[str, bytes]]) -> dict[str, Path]:
    """Writes `folder/CODE/NAME` raw and 0600 for every key but the nodes' own; gives the folder of each code.

    A file that is there already is never replaced (FileExistsError).
    """
    folders = {}
    for code, seeds in keys.items():
        place = folder / code
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, secret in seeds.items():
            if name not in NODE_KEYS:
                _write(place / name, secret)
        folders[code] = place
    return folders


def read_keys(folder: Path) -> dict[str, dict[str, bytes]]:
    """The seeds that `write_keys` wrote, by code and name."""
    return {
        place.name: {file.name: file.read_bytes() for file in sorted(place.iterdir())}
        for place in sorted(folder.iterdir())
        if place.is_dir()
    }


def _write(file: Path, secret: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(secret)


class _Maker:
    """Draws the keys and remembers their secrets."""

    def __init__(self, time: Ms, seed: bytes | None) -> None:
        self.keys: dict[str, dict[str, bytes]] = {}
        self._draw: Callable[[str], bytes] = (lambda _: secrets.token_bytes(32)) if seed is None else _from_seed(seed)
        self._year = int(block_date(time)[:4])
        self._start = f"{self._year - 1}-01-01"

    def participant(self, row: Mapping[str, str]) -> Participant:
        code, since = row["code"], row["from"]
        first, count = _RANGED.get(code, (0, 0))
        years = range(self._year - 1, self._year + 2)
        return Participant(
            code=code,
            name=row["name"],
            countries=tuple(row["countries"].split()),
            root=self._ed25519(code, "root"),
            since=since,
            until="",
            issues_from=max(since, self._start),
            confirms_from=max(since, self._start),
            suspensions=_SUSPENSIONS.get(code, ()),
            compliant_zones=tuple(CompliantZone(zone) for zone in ZONES.get(code, ())),
            validity_days=VALIDITY_DAYS,
            authorities=tuple(self._authority(code, name, n) for n, name in enumerate(row["authorities"].split(";"), 1)),
            seals=(self._seal(code),),
            ranges=tuple(NumberRange(y, first + (y - 2000) * count, first + (y - 1999) * count - 1) for y in years if count),
            counted=row["counted"] == "yes",
        )

    def secretariat(self) -> Secretariat:
        roles = (Role.REPORT, Role.GOVERN, Role.AUDIT)
        entries = tuple(RoleKey(self._ed25519(SECRETARIAT, role), (role,), self._start) for role in roles)
        return Secretariat(self._ed25519(SECRETARIAT, "root"), entries, (self._seal(SECRETARIAT),))

    def node(self, seat: Seat) -> Node:
        publics = seat.publics or tuple(self._ed25519(seat.participant, name) for name in NODE_KEYS)
        return Node(seat.participant, seat.address, publics[0], publics[1], publics[2], seat.tls, seat.validator)

    def _authority(self, code: str, name: str, number: int) -> Authority:
        """The first one has a key for each role; further ones issue and confirm."""
        roles = tuple(Role) if number == 1 else (Role.ISSUE, Role.CONFIRM)
        ending = "" if number == 1 else f"-{number}"
        return Authority(name, tuple(RoleKey(self._ed25519(code, role + ending), (role,), self._start) for role in roles))

    def _ed25519(self, code: str, name: str) -> bytes:
        return crypto_sign_seed_keypair(self._secret(code, name))[0]

    def _seal(self, code: str) -> SealKey:
        return SealKey(self._year, crypto_scalarmult_base(self._secret(code, "seal")))

    def _secret(self, code: str, name: str) -> bytes:
        secret = self._draw(f"{code}/{name}")
        self.keys.setdefault(code, {})[name] = secret
        return secret


def _from_seed(seed: bytes) -> Callable[[str], bytes]:
    return lambda name: hashlib.blake2b(name.encode(), key=seed[:64], digest_size=32, person=b"kpl/demo-key").digest()
