"""What the ledger answers about figures and inquiries, read from one state of the store.

Lists are read off one ordered index, as `ledger.views` says; a quarter's cells are at most partners times HS codes.
"""

from dataclasses import dataclass
from itertools import islice

from ledger import keys, quarterly
from ledger.entries import Head
from ledger.errors import StoreError
from ledger.limits import MAX_PAGE
from ledger.quarterly import Cell, Quarter, Quarterly
from ledger.report_entries import INQUIRY_STATE_NUMBER, InquiryEntry, InquiryState, decode_inquiry, decode_shares
from ledger.store import Reads


@dataclass(frozen=True, slots=True)
class InquiryRow:
    """An inquiry: the id of the record that opened it, and where it stands."""

    id: bytes
    entry: InquiryEntry


@dataclass(frozen=True, slots=True)
class InquiryPage:
    """Inquiries of a list at one head, and the `cursor` that asks for what follows; None at the end."""

    head: Head
    rows: tuple[InquiryRow, ...]
    cursor: int | None


@dataclass(frozen=True, slots=True)
class QuarterView:
    """What a return for this author, flow and quarter must say of points and certificates, and what its values open.

    Attributes:
        head: where the ledger stood.
        counts: certificates, cells, and the author's record that counted last.
        cells: (partner, HS code, sums), ascending.
        revisions: ids of the returns filed for it, the first one first.
    """

    head: Head
    counts: Quarter
    cells: tuple[tuple[str, str, Cell], ...]
    revisions: tuple[bytes, ...]


def read_inquiries(at: Reads, head: Head, state: InquiryState, participant: str, cursor: int | None, limit: int) -> InquiryPage:
    """A page of the inquiries in one state, in the log's order; `participant` empty for all."""
    limit = max(1, min(limit, MAX_PAGE))
    after = b"" if cursor is None else keys.position(cursor)
    prefix = keys.inquiries(INQUIRY_STATE_NUMBER[state], participant)
    found = list(islice(at.iterate(prefix, after=after), limit + 1))
    rows = tuple(InquiryRow(record_id, _inquiry(at, record_id)) for _, record_id in found[:limit])
    return InquiryPage(head, rows, rows[-1].entry.index if len(found) > limit else None)


def read_quarter(at: Reads, head: Head, author: str, flow: str, quarter: str) -> QuarterView:
    """The sums of a quarter, and the returns filed for it.

    Raises:
        StoreError: what is stored is damaged.
    """
    letter = keys.FLOW_LETTERS[flow]
    return QuarterView(
        head,
        Quarterly(at.get).quarter(author, flow, quarter),
        tuple(quarterly.read(at.iterate(keys.quarter(author, letter, quarter)))),
        read_revisions(at, letter, author, quarter),
    )


def read_revisions(at: Reads, sort: str, author: str, period: str) -> tuple[bytes, ...]:
    """Ids of the records that filed figures of a sort for a period, the first one first; at most `MAX_PAGE`."""
    return tuple(record_id for _, record_id in at.iterate(keys.revisions(sort, author, period), limit=MAX_PAGE))


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A later reader of a sealed part: its code, its key epoch, and the id of the `sealed.share` that holds its wrap."""

    reader: str
    epoch: int
    record: bytes


def read_shares(at: Reads, rid: bytes) -> tuple[ShareRow, ...]:
    """Who was given a key to a sealed part later, by reader; at most one row a reader and key epoch."""
    return tuple(
        ShareRow(reader.decode(), epoch, record_id)
        for reader, data in at.iterate(keys.shares(rid, ""))
        for epoch, record_id in decode_shares(data)
    )


def _inquiry(at: Reads, record_id: bytes) -> InquiryEntry:
    data = at.get(keys.inquiry(record_id))
    if data is None:
        raise StoreError(f"{record_id.hex()} is on a list of inquiries and has no entry")
    return decode_inquiry(data)
