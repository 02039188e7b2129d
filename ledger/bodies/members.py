"""Bodies about participants themselves: their authorities, keys, numbers, and from when they take part here.

All are signed by the participant and need no Plenary: a deadlock there never stops a change of keys (2-records.md, "Kinds").
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.bodies.fields import Bin32, Date, OptionalDate, OptionalText, Text
from ledger.limits import MAX_EPOCH, MAX_SERIAL, MAX_YEAR, MIN_YEAR
from ledger.units import day_number

Serial = Annotated[int, Meta(ge=0, le=MAX_SERIAL)]
Year = Annotated[int, Meta(ge=MIN_YEAR, le=MAX_YEAR)]
KeyRole = Literal["issue", "confirm", "report", "govern", "audit", "seal"]


class AuthoritySetBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`authority.set`: the author has an office of this name, or has it no more, and with it none of its keys."""

    ended: bool
    name: Text


class KeyAddBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`key.add`: a key of an authority with its roles and its days, or (`seal`) the author's sealing key of an epoch.

    `since` empty: from the block's day on; `until` empty: until it is revoked.
    """

    authority: OptionalText = ""
    epoch: Annotated[int, Meta(ge=0, le=MAX_EPOCH)] = 0
    key: Bin32
    roles: Annotated[tuple[KeyRole, ...], Meta(min_length=1, max_length=6)]
    since: OptionalDate = ""
    until: OptionalDate = ""

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        if self.since:
            day_number(self.since, "since")
        if self.until:
            day_number(self.until, "until")


class KeyRevokeBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`key.revoke`: a signing or sealing key of the author's, from now on for nothing."""

    key: Bin32


class ParticipationSetBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`participation.set`: from which days the author issues and confirms on this ledger; empty leaves it as it is."""

    confirms: OptionalDate
    issues: OptionalDate

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        if self.confirms:
            day_number(self.confirms, "confirms")
        if self.issues:
            day_number(self.issues, "issues")


class WithdrawBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`participant.withdraw`: the author suspends its own trade from a day on, until the Plenary readmits it."""

    effective: Date

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.effective, "effective")


class RangeCommitBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`range.commit`: certificate numbers, the digits behind the prefix, that the author will use in a year."""

    first: Serial
    last: Serial
    year: Year
