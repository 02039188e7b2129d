"""The bodies of the kinds of records, as schemas: field, type, bound. What needs another field or the state: `rules`.

Fields stand in canonical order, so that a schema encodes canonically as it is. Reference: design 10-formats.md, "Record".
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from ledger.limits import (
    MAX_ADDRESS_CHARACTERS,
    MAX_AMOUNT,
    MAX_EPOCH,
    MAX_LINES,
    MAX_ORIGINS,
    MAX_SOURCES,
    MAX_TLS_BYTES,
    MAX_VOTE_BYTES,
    MAX_ZONE_CHARACTERS,
    MIN_TLS_BYTES,
)
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
Vote = Annotated[bytes, Meta(min_length=1, max_length=MAX_VOTE_BYTES)]


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


class NodeSetBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`node.set`: the author's node from now on; its consensus key and `validator` say who votes from the next epoch on."""

    address: Annotated[str, Meta(min_length=1, max_length=MAX_ADDRESS_CHARACTERS)]
    consensus: Bin32
    cosign: Bin32
    log: Bin32
    tls: Annotated[bytes, Meta(min_length=MIN_TLS_BYTES, max_length=MAX_TLS_BYTES)]
    validator: bool


class NodeReadyBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`node.ready`: the author's node is ready to vote in this epoch among these validators (`ledger.network.list_hash`)."""

    epoch: Annotated[int, Meta(ge=1, le=MAX_EPOCH)]
    validators: Bin32


class EquivocationBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`evidence.equivocation`: two votes of a validator of this epoch that it may not both sign, as consensus encodes them."""

    epoch: Annotated[int, Meta(ge=0, le=MAX_EPOCH)]
    first: Vote
    second: Vote


SealedBody = IssueBody | ConfirmBody
"""Bodies with lines, a rid and the hash of an envelope."""

Body = SealedBody | NodeSetBody | NodeReadyBody | EquivocationBody


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: the schema of its body, and whether an envelope belongs to it."""

    body: type[Body]
    sealed: bool


CERTIFICATE_ISSUE: Final = "certificate.issue"
IMPORT_CONFIRM: Final = "import.confirm"
NODE_SET: Final = "node.set"
NODE_READY: Final = "node.ready"
EVIDENCE_EQUIVOCATION: Final = "evidence.equivocation"

KINDS: Final = {
    CERTIFICATE_ISSUE: Kind(IssueBody, sealed=True),
    IMPORT_CONFIRM: Kind(ConfirmBody, sealed=True),
    NODE_SET: Kind(NodeSetBody, sealed=False),
    NODE_READY: Kind(NodeReadyBody, sealed=False),
    EVIDENCE_EQUIVOCATION: Kind(EquivocationBody, sealed=False),
}
