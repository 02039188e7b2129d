"""Bodies of certificates and of their outcomes (2-records.md, "Kinds"; 10-formats.md, "Record")."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.bodies.fields import AnyPoints, Bin10, Bin16, Bin32, Date, Hs, Number, ParticipantCode, SomePoints, Zone
from ledger.limits import MAX_AMOUNT, MAX_LINES, MAX_ORIGINS, MAX_SOURCES
from ledger.units import day_number


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


class AmendBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`certificate.amend`: all that the issuer states of an open certificate, anew; `answers`: id of its newest record.

    The fields of `IssueBody`, restated because fields stand in canonical order and `answers` comes first.
    """

    answers: Bin32
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


class CloseBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`certificate.close`: why a certificate without an outcome that counts is none any more, and which one took its place."""

    number: Number
    reason: Literal["void", "lost", "stolen", "returned-unused", "replaced-by"]
    replacement: Annotated[str, Meta(pattern=r"^([A-Z]{2}[0-9]{4,10})?\Z")] = ""


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


class CorrectBody(ConfirmBody, frozen=True, gc=False, forbid_unknown_fields=True):
    """`import.correct`: the outcome anew, by who stated it; `answers` is the id of the certificate's newest record."""
