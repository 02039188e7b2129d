"""Bodies of what goes by paper, of technical certificates, of passages (2-records.md, "Kinds")."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.bodies.fields import AnyPoints, Bin16, Bin32, Date, Number, ParticipantCode, SomePoints
from ledger.bodies.trade import ConfirmLine, Line
from ledger.limits import MAX_AMOUNT, MAX_LINES
from ledger.units import day_number

OptionalNumber = Annotated[str, Meta(pattern=r"^([A-Z]{2}[0-9]{4,10})?\Z")]
SealState = Literal["intact", "broken", "none"]


class PaperImportBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`paper.import`: an import under a paper certificate of a participant that does not issue here, or could not."""

    issued: Date
    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=MAX_LINES)]
    number: Number
    parcels: Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]
    points: SomePoints
    reason: Literal["not-issuing", "outage"]
    received: Date
    rid: Bin16
    sealed: Bin32

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.issued, "issued")
        day_number(self.received, "received")


class PaperConfirmBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`paper.confirm`: an outcome that came back on paper or by mail; `digest` is the SHA-256 of that document."""

    answers: Bin32
    digest: Bin32
    number: Number
    outcome: Literal["confirmed", "discrepancy", "refused"]
    parcels: Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
    points: AnyPoints
    received: Date

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.received, "received")


class TechnicalBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`technical.issue`: a technical certificate; `link` is the certificate under which the goods travelled before."""

    destination: ParticipantCode
    issued: Date
    lines: Annotated[tuple[ConfirmLine, ...], Meta(min_length=1, max_length=MAX_LINES)]
    link: OptionalNumber = ""
    number: Number
    parcels: Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]
    points: SomePoints
    reason: Literal["returned", "seized", "research", "other"]
    rid: Bin16
    sealed: Bin32

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.issued, "issued")


class TransitBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`transit.notice`: goods under a certificate crossed the author's territory, opened or not."""

    entered: Date
    number: Number
    opened: bool
    seals: SealState

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.entered, "entered")
