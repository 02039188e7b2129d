"""What the store holds of returns, reports, inquiries and sealed parts, each a canonical MessagePack array.

Decoding is strict: an entry that does not fit is damage, since only this program wrote it, and raises StoreError.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from ledger.entries import decode_with
from ledger.units import Points

PRODUCTION: Final = "p"
STOCK: Final = "s"
"""How keys write a sort of figures; a return's is its flow's letter (`keys.FLOW_LETTERS`)."""

COUNTERSIGNED: Final = {"export": "E", "import": "I"}
"""The same of those returns that are countersigned: an index of revisions of its own, by flow."""


class CountedSum(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A certificate's lines of one HS code together: what `ledger.quarterly` adds to a cell, and can take back."""

    hs: str
    points: Points
    commitment: bytes


class CountedEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """What of a certificate counts as somebody's trade: whose, under which date and partner, how much by HS code."""

    author: str
    date: str
    partner: str
    sums: tuple[CountedSum, ...]


class FilingEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """The newest figures of a sort for a period: their revision, from 1, and the record that filed them."""

    revision: int
    record: bytes


class ReturnEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A quarterly return.

    Attributes:
        author, flow, quarter, revision: of what it is.
        counts: by cell of the return, certificates with such lines when it was filed.
        year: of a fourth quarter's return, the records that counted last in the quarters of its year when it was filed (empty
            where none had): what it states of the year is of figures up to these.
        countersigned: id of the `return.countersign`, empty while there is none.
    """

    author: str
    flow: str
    quarter: str
    revision: int
    counts: tuple[int, ...]
    year: tuple[bytes, ...]
    countersigned: bytes = b""


class InquiryState(StrEnum):
    """Where an inquiry stands; only `closed` is final."""

    UNANSWERED = "unanswered"
    ANSWERED = "answered"
    CLOSED = "closed"


INQUIRY_STATES: Final = tuple(InquiryState)
"""In the order that numbers them in keys."""

INQUIRY_STATE_NUMBER: Final = {state: number for number, state in enumerate(INQUIRY_STATES)}


class InquiryEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A question of the secretariat to a participant.

    Attributes:
        state: where it stands.
        participant: who is asked.
        finding: key of the finding that it follows from, empty for none.
        opened: the day of its block.
        due: the day by which an answer is asked for.
        index: leaf of its record, which orders lists.
        answers: ids of the answers so far.
        closed: id of the `inquiry.close`, empty while it is open.
    """

    state: InquiryState
    participant: str
    finding: str
    opened: str
    due: str
    index: int
    answers: tuple[bytes, ...] = ()
    closed: bytes = b""


class RidEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A sealed part: the record to which it belongs, and who reads it beside the secretariat, as that one's content says."""

    record: bytes
    issuer: str
    destination: str


Shares = tuple[tuple[int, bytes], ...]
"""Key epoch and id of the `sealed.share`, for each key that a reader was given."""

_counted = msgspec.msgpack.Decoder(CountedEntry)
_filing = msgspec.msgpack.Decoder(FilingEntry)
_return = msgspec.msgpack.Decoder(ReturnEntry)
_inquiry = msgspec.msgpack.Decoder(InquiryEntry)
_rid = msgspec.msgpack.Decoder(RidEntry)
_shares = msgspec.msgpack.Decoder(Shares)


def decode_counted(data: bytes) -> CountedEntry:
    """Raises StoreError for anything else."""
    return decode_with(_counted, data)


def decode_filing(data: bytes) -> FilingEntry:
    """Raises StoreError for anything else."""
    return decode_with(_filing, data)


def decode_return(data: bytes) -> ReturnEntry:
    """Raises StoreError for anything else."""
    return decode_with(_return, data)


def decode_inquiry(data: bytes) -> InquiryEntry:
    """Raises StoreError for anything else."""
    return decode_with(_inquiry, data)


def decode_rid(data: bytes) -> RidEntry:
    """Raises StoreError for anything else."""
    return decode_with(_rid, data)


def decode_shares(data: bytes) -> Shares:
    """Raises StoreError for anything else."""
    return decode_with(_shares, data)
