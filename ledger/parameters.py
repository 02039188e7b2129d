"""The network's parameters: what the Plenary may set, its default and its bounds (2-records.md, "Kinds").

A parameter's value has a history (`ledger.register`): what a rule reads is the one of the block's day.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from ledger.limits import DEFAULT_DAILY_RECORDS, DEFAULT_VALIDITY_DAYS, MAX_PARTICIPANTS, MAX_VALIDITY_DAYS

PROTOCOL: Final = "protocol"
"""The register keeps under this name which version of the protocol is in force from when on; a decision of its own sets it."""


class Parameter(NamedTuple):
    """Default, least and most of a parameter, and what it is."""

    default: int
    least: int
    most: int
    meaning: str


PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "daily-records": Parameter(DEFAULT_DAILY_RECORDS, 1, 10**9, "records of one author a day, see `ledger.quota`"),
        "validity-days": Parameter(
            DEFAULT_VALIDITY_DAYS,
            1,
            MAX_VALIDITY_DAYS,
            "from validation to expiry, where a participant has no limit of its own",
        ),
        "plenary-days": Parameter(0, 0, 366, "days that a proposal of a Plenary is open at least"),
        "plenary-support": Parameter(20, 1, MAX_PARTICIPANTS, "participants that must support it"),
        "written-days": Parameter(14, 0, 366, "days that a proposal of a written procedure is open at least"),
        "written-support": Parameter(20, 1, MAX_PARTICIPANTS, "participants that must support it"),
    }
)
"""Every parameter by its name."""
