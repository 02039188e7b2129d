"""Who takes part: the real participants, each with the keys of `tests.support.world`, and fourteen validators."""

from nacl import bindings

from api.demo.network import participant_rows
from ledger.genesis import Genesis
from ledger.participants import (
    Authority,
    CompliantZone,
    NumberRange,
    Participant,
    Role,
    RoleKey,
    SealKey,
    Suspension,
)
from ledger.units import DAY_MS, date_of
from tests.support.world import EPOCH, ROLES, genesis, public, seal_secret, validators

FIRST_DAY = 20_454
"""2026-01-01."""

SINCE = "2025-01-01"
"""Everybody issues and confirms from then on, so that certificates of the weeks before the first day are sound."""

VALIDITY_DAYS = 60
YEARS = range(2025, 2031)
RANGED = "SL"
"""Has committed 10,000 numbers a year."""

SUSPENDED, SUSPENDED_ZONE, ZONES = "VE", "Bria", ("Berberati", "Boda", "Carnot", "Nola")
"""VE as a whole; of CF one zone, and the zones from which its goods come."""

VALIDATORS = ("BW", "RU", "EU", "AE", "IN", "ZA", "AO", "CA", "IL", "NA", "GB", "CN", "US", "SG")
MINORS = ("AU", "BD", "ID", "KG", "KH", "KR", "KZ", "LA", "MX", "MY", "MZ")
"""Issue nothing in the honest world, so that pairs with them are a planter's own."""

SPARED, SPARED_ZONE = "ML", "Kenieba"
"""Suspended as a whole, and one of its zones may export; it has no honest trade."""

WITHDRAWN, WITHDRAWN_ON = "GA", 700
"""Withdraws from a day on (counted from the first one); before, only planters let it export."""

RUSHED = ("NO", "NZ", "PA", "QA", "SZ", "TG", "UA", "UZ")
"""The same; only `rush` lets them issue."""


def first_number(year: int) -> int:
    """The first one of `RANGED`'s committed numbers of a year."""
    return (year - 2000) * 10_000


def world_genesis() -> Genesis:
    """The genesis, on the first day."""
    members = tuple(_member(row) for row in participant_rows())
    parameters = {"daily-records": 1_000_000, "validity-days": VALIDITY_DAYS}
    return genesis(time=FIRST_DAY * DAY_MS, participants=members, nodes=validators(VALIDATORS), parameters=parameters)


def _member(row: dict[str, str]) -> Participant:
    code = row["code"]
    keys = tuple(RoleKey(public(f"{code}/{role}"), (Role(role),), SINCE) for role in ROLES)
    suspensions = {
        SUSPENDED: (Suspension("2008-11-05", "", ""),),
        "CF": (Suspension("2024-11-15", "", SUSPENDED_ZONE),),
        SPARED: (Suspension("2020-01-01", "", ""),),
    }
    ranges = tuple(NumberRange(year, first_number(year), first_number(year) + 9_999) for year in YEARS)
    return Participant(
        code=code,
        name=row["name"],
        countries=tuple(row["countries"].split()),
        root=public(f"{code}/root"),
        since="2003-01-01",
        until="",
        issues_from=SINCE,
        confirms_from=SINCE,
        suspensions=suspensions.get(code, ()),
        compliant_zones=tuple(CompliantZone(zone) for zone in {"CF": ZONES, SPARED: (SPARED_ZONE,)}.get(code, ())),
        validity_days=0,
        authorities=(Authority(row["authorities"].split(";")[0], keys),),
        seals=(SealKey(EPOCH, bindings.crypto_scalarmult_base(seal_secret(code))),),
        ranges=ranges if code == RANGED else (),
        counted=row["counted"] == "yes",
    )


def today(day: int) -> str:
    """The date of a day counted from the first one."""
    return date_of(FIRST_DAY + day)
