"""Who takes part, with which keys, from when to when: the genesis' entries, and what records made of them (2-records.md).

Rules:
- Dates are texts `YYYY-MM-DD` and compare as such. A span `[since, until)` begins on its first day and ends *before* `until`;
  an empty `until` never ends. In JSON the two are called `from` and `until`.
- Which date counts (a document's or the block's) is the caller's matter (2-records.md, "The date that counts").
- Nothing here checks anything: `ledger.genesis` builds these from text that it has checked, `ledger.rules` changes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

SECRETARIAT = "secretariat"
"""The one author that is no participant, and the reader's name of its sealing keys."""


class Role(StrEnum):
    """What a signing key may do (2-records.md, `key.add`)."""

    ISSUE = "issue"
    CONFIRM = "confirm"
    REPORT = "report"
    GOVERN = "govern"
    AUDIT = "audit"


def in_span(date: str, since: str, until: str) -> bool:
    """Whether `since` <= `date` < `until`; an empty `until` never ends."""
    return since <= date and (until == "" or date < until)


@dataclass(frozen=True, slots=True)
class RoleKey:
    """An Ed25519 public key (32 bytes), what it may sign and when."""

    key: bytes
    roles: tuple[Role, ...]
    since: str
    until: str = ""

    def in_force(self, date: str) -> bool:
        """Whether the key may be used on this date (of the block, never of the statement)."""
        return in_span(date, self.since, self.until)


@dataclass(frozen=True, slots=True)
class Authority:
    """An office that signs for a participant; the EU has several. `until` is the day on which it ended, empty before."""

    name: str
    keys: tuple[RoleKey, ...]
    until: str = ""


@dataclass(frozen=True, slots=True)
class SealKey:
    """An X25519 public key (32 bytes) to which envelopes are sealed, by yearly epoch.

    `since` is the day on which it was registered, empty in the genesis, whose own day counts then; `until` the day on which it
    was revoked, empty while it was not.
    """

    epoch: int
    key: bytes
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Certificate numbers committed for a year: the digits behind the prefix as integers, both ends included."""

    year: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Suspension:
    """A participant's trade, or that of one sub-national zone, is suspended; `zone` empty means the whole participant."""

    since: str
    until: str
    zone: str


@dataclass(frozen=True, slots=True)
class CompliantZone:
    """A zone from which a participant may export although it is suspended as a whole, on the days of a span."""

    zone: str
    since: str = ""
    until: str = ""


class Admission(StrEnum):
    """How far the Plenary has let somebody in: an applicant does not trade yet, a provisional participant does."""

    APPLICANT = "applicant"
    PROVISIONAL = "provisional"
    ADMITTED = "admitted"


@dataclass(frozen=True, slots=True)
class Participant:
    """One KP participant (or a trading entity that meets the requirements and is not `counted`, as `TW`).

    Attributes:
        code: ISO alpha-2, or `EU`.
        countries: ISO codes of the countries and customs territories it stands for.
        root: Ed25519 public key, offline; no record of the two first kinds is signed with it.
        since, until: span of participation.
        issues_from, confirms_from: first day on which it issues and confirms on this ledger; empty: it does not yet.
        suspensions: of the whole or of zones, past ones included.
        compliant_zones: from which it may export although it is suspended as a whole, past ones included.
        validity_days: limit from a certificate's validation to its expiry; 0: the network's parameter `validity-days` is.
        ranges: committed certificate numbers; a year without one admits any unused number.
        counted: whether it has a voice in the Plenary.
        admission: how far it is admitted.
        keys: every authority's keys by public key (derived).
    """

    code: str
    name: str
    countries: tuple[str, ...]
    root: bytes
    since: str
    until: str
    issues_from: str
    confirms_from: str
    suspensions: tuple[Suspension, ...]
    compliant_zones: tuple[CompliantZone, ...]
    validity_days: int
    authorities: tuple[Authority, ...]
    seals: tuple[SealKey, ...]
    ranges: tuple[NumberRange, ...]
    counted: bool = True
    admission: Admission = Admission.ADMITTED
    keys: Mapping[bytes, RoleKey] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        keys = {entry.key: entry for authority in self.authorities for entry in authority.keys}
        object.__setattr__(self, "keys", MappingProxyType(keys))

    def in_force(self, date: str) -> bool:
        """Whether it takes part in the KP on this date."""
        return self.admission != Admission.APPLICANT and in_span(date, self.since, self.until)

    def issues_on(self, date: str) -> bool:
        """Whether its certificates of this date stand on this ledger."""
        return self.in_force(date) and self.issues_from != "" and self.issues_from <= date

    def confirms_on(self, date: str) -> bool:
        """Whether it confirms on this ledger what it receives on this date."""
        return self.in_force(date) and self.confirms_from != "" and self.confirms_from <= date

    def suspended_on(self, date: str) -> bool:
        """Whether its trade as a whole is suspended on this date, compliant zones notwithstanding."""
        return any(span.zone == "" and in_span(date, span.since, span.until) for span in self.suspensions)

    def zones_compliant_on(self, date: str) -> tuple[str, ...]:
        """The zones from which goods of this date may leave although the whole is suspended."""
        return tuple(span.zone for span in self.compliant_zones if in_span(date, span.since, span.until))

    def goods_suspended_on(self, date: str, zone: str = "") -> bool:
        """Whether goods mined here, in this zone (empty: none stated), may not be traded on this date.

        A suspension of the whole spares the compliant zones only. A suspension of a zone concerns that zone and goods whose
        zone is not stated, since they might come from it.
        """
        spans = [span for span in self.suspensions if in_span(date, span.since, span.until)]
        whole = any(span.zone == "" for span in spans) and zone not in self.zones_compliant_on(date)
        return whole or any(span.zone != "" and zone in ("", span.zone) for span in spans)

    def seal(self, epoch: int) -> bytes | None:
        """The X25519 public key of this epoch, None where there is none."""
        return next((seal.key for seal in self.seals if seal.epoch == epoch), None)

    def range_of(self, year: int) -> tuple[NumberRange, ...]:
        """The ranges committed for a year; empty means that any unused number passes."""
        return tuple(entry for entry in self.ranges if entry.year == year)


@dataclass(frozen=True, slots=True)
class Secretariat:
    """The KP secretariat: reads every envelope, audits, countersigns returns. `keys` as a participant's (derived)."""

    root: bytes
    entries: tuple[RoleKey, ...]
    seals: tuple[SealKey, ...]
    keys: Mapping[bytes, RoleKey] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", MappingProxyType({entry.key: entry for entry in self.entries}))

    @property
    def code(self) -> str:
        """As which it signs."""
        return SECRETARIAT

    def seal(self, epoch: int) -> bytes | None:
        """The X25519 public key of this epoch, None where there is none."""
        return next((seal.key for seal in self.seals if seal.epoch == epoch), None)


Holder: TypeAlias = Participant | Secretariat
"""Who signs records and holds keys."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What the one purpose of a key or certificate is: whose it is (a code or `secretariat`), and for what.

    Purposes: `root`, `role` (whichever roles it has), `seal`, and of a node `consensus`, `cosign`, `log`, `tls`.
    """

    holder: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.purpose} of {self.holder}"


@dataclass(frozen=True, slots=True)
class Node:
    """A participant's node: `host:port` of its peer listener, Ed25519 public keys, TLS certificate (DER), whether it votes."""

    participant: str
    address: str
    consensus: bytes
    log: bytes
    cosign: bytes
    tls: bytes
    validator: bool

    def purposes(self) -> tuple[tuple[str, bytes], ...]:
        """Its keys and its certificate by purpose."""
        return ("consensus", self.consensus), ("cosign", self.cosign), ("log", self.log), ("tls", self.tls)
