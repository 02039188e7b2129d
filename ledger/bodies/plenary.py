"""Bodies of decisions: proposals, positions, mission reports, agreements of two (2-records.md, "Kinds")."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import fields

from ledger.bodies.fields import Bin32, Date, OptionalText, ParticipantCode, Text
from ledger.limits import MAX_INSTANT_MS, MAX_PARAMETER, MAX_ZONE_CHARACTERS, MAX_ZONES
from ledger.units import day_number

Decision = Literal[
    "admit",
    "suspend",
    "readmit",
    "remove",
    "compliant-zones",
    "appoint",
    "endorse",
    "set-parameter",
    "activate-protocol",
    "replace-root",
]
Office = Literal["", "chair", "vice-chair", "secretariat-host", "statistics-chair", "mission-lead"]
OptionalBin32 = Annotated[bytes, Meta(max_length=32)]
ZoneName = Annotated[str, Meta(min_length=1, max_length=MAX_ZONE_CHARACTERS)]


class ProposeBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`plenary.propose`: what is to be decided, by when positions are taken, from which day it holds.

    Which of the optional fields a decision needs, and which it may not have, `ledger.rules.plenary` says.

    Attributes:
        closes: instant, milliseconds: decided by the first block at or after it.
        countries: of an applicant, ascending; its own code when empty.
        decision: what is proposed.
        digest: SHA-256 of the text of a declaration.
        effective: the first day on which it holds.
        name: of an applicant or a declaration.
        office: to which `subject` is appointed.
        parameter: that is set.
        procedure: parameters say how long it is open and how many must support it.
        root: the root key of an applicant, or the one in a lost one's place.
        status: of an applicant.
        subject: the participant, or `secretariat`, that it concerns.
        value: of the parameter, or the protocol's version.
        zones: that are suspended, readmitted or compliant; none: the whole participant.
    """

    closes: Annotated[int, Meta(ge=0, le=MAX_INSTANT_MS)]
    countries: Annotated[tuple[ParticipantCode, ...], Meta(max_length=60)] = ()
    decision: Decision
    digest: OptionalBin32 = b""
    effective: Date
    name: OptionalText = ""
    office: Office = ""
    parameter: OptionalText = ""
    procedure: Literal["plenary", "written"]
    root: OptionalBin32 = b""
    status: Literal["", "applicant", "provisional", "admitted"] = ""
    subject: OptionalText = ""
    title: Text
    value: Annotated[int, Meta(ge=0, le=MAX_PARAMETER)] = 0
    zones: Annotated[tuple[ZoneName, ...], Meta(max_length=MAX_ZONES)] = ()

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.effective, "effective")


OPTIONAL_FIELDS: Final[Mapping[str, object]] = MappingProxyType(
    {info.name: info.default for info in fields(ProposeBody) if not info.required}
)
"""The fields that not every decision has, with what stands for "not given"."""


class PositionBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`plenary.position`: where the author stands on a proposal (the id of its record); its newest one counts."""

    position: Literal["support", "object", "abstain"]
    proposal: Bin32


class MissionReportBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`mission.report`: what a review or expert mission found at a participant or an applicant, and its document's hash."""

    began: Date
    digest: Bin32
    ended: Date
    finding: Literal["meets", "meets-with-conditions", "does-not-meet"]
    subject: ParticipantCode

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.began, "began")
        day_number(self.ended, "ended")


class BilateralBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`bilateral.accept`: certificates between the author and a partner are electronic from a day on; both must say so."""

    effective: Date
    form: Literal["electronic", "beside-paper"]
    partner: ParticipantCode

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.effective, "effective")
