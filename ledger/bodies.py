"""The clear bodies of the kinds of records, as schemas: field, type, bound. What needs another field or the state: `rules`.

Fields stand in canonical order, so that a schema encodes canonically as it is. Reference: design 10-formats.md, "Record".
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from ledger.limits import MAX_AMOUNT, MAX_LINES, MAX_ORIGINS, MAX_SOURCES, MAX_ZONE_CHARACTERS
from ledger.schema import ASCII
from ledger.units import Points, day_number

Bin10 = Annotated[bytes, Meta(min_length=10, max_length=10)]
Bin16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bin32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bin64 = Annotated[bytes, Meta(min_length=64, max_length=64)]

SomePoints = Annotated[Points, Meta(ge=1, le=MAX_AMOUNT)]
AnyPoints = Annotated[Points, Meta(ge=0, le=MAX_AMOUNT)]
Number = Annotated[str, Meta(pattern=r"^[A-Z]{2}[0-9]{4,10}\Z")]
"""A certificate number: the issuer's code and 4 to 10 digits."""

ParticipantCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
Author = Annotated[str, Meta(pattern=r"^([A-Z]{2}|secretariat)\Z")]
Date = Annotated[str, Meta(min_length=10, max_length=10, extra=ASCII)]
"""`YYYY-MM-DD`; that the calendar knows it is checked when the body is built."""

Hs = Literal["710210", "710221", "710231"]
"""Rough diamonds: unsorted, industrial, non-industrial."""

Zone = Annotated[str, Meta(max_length=MAX_ZONE_CHARACTERS)]


class Line(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Carats of one HS code and origin on a certificate. `origin` empty: mixed, not stated; `zone` empty: none named."""

    commitment: Bin32
    hs: Hs
    origin: Annotated[tuple[ParticipantCode, ...], Meta(max_length=MAX_ORIGINS)]
    points: SomePoints
    zone: Zone = ""


class Source(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Points that a certificate takes from an earlier one, which its issuer confirmed as an import."""

    number: Number
    points: SomePoints


class IssueBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`certificate.issue`: opens a certificate."""

    destination: ParticipantCode
    expires: Date
    issued: Date
    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=MAX_LINES)]
    number: Number
    parcels: Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]
    points: SomePoints
    receipt_hash: Bin32
    rid: Bin16
    sealed: Bin32
    sources: Annotated[tuple[Source, ...], Meta(max_length=MAX_SOURCES)]
    type: Literal["export", "re-export"]
    validated: Date
    verdict_hash: Bin32

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.issued, "issued")
        day_number(self.validated, "validated")
        day_number(self.expires, "expires")


class ConfirmLine(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Carats of one HS code as measured by the importer."""

    commitment: Bin32
    hs: Hs
    points: SomePoints


class ConfirmBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`import.confirm`: the destination's outcome for a certificate; a refused or missing parcel may measure nothing."""

    answers: Bin32
    inspection: Literal["opened", "risk-selected", "not-opened"]
    lines: Annotated[tuple[ConfirmLine, ...], Meta(max_length=MAX_LINES)]
    number: Number
    outcome: Literal["confirmed", "discrepancy", "refused"]
    parcels: Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
    points: AnyPoints
    receipt_code: Bin10 | None
    received: Date
    rid: Bin16
    sealed: Bin32
    seals: Literal["intact", "broken", "none"]

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.received, "received")


Body = IssueBody | ConfirmBody


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: the schema of its body, and whether an envelope belongs to it."""

    body: type[IssueBody | ConfirmBody]
    sealed: bool


CERTIFICATE_ISSUE: Final = "certificate.issue"
IMPORT_CONFIRM: Final = "import.confirm"

KINDS: Final = {
    CERTIFICATE_ISSUE: Kind(IssueBody, sealed=True),
    IMPORT_CONFIRM: Kind(ConfirmBody, sealed=True),
}
