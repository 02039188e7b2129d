"""What the ledger answers about releases of statistics, read from one state of the store."""

from dataclasses import dataclass
from heapq import merge
from itertools import islice

from ledger import keys
from ledger.entries import Head
from ledger.errors import StoreError
from ledger.limits import MAX_PAGE
from ledger.release_entries import (
    RELEASE_STATE_NUMBER,
    ReleaseEntry,
    ReleaseState,
    YearEntry,
    decode_release,
    decode_year,
)
from ledger.store import Reads

FORMS = ("json", "csv")
"""The files of a release."""


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release: the id of its `statistics.publish`, where it stands, and whether a newer one of its period stands."""

    id: bytes
    entry: ReleaseEntry
    replaced: bool


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """Releases at one head, and the `cursor` that asks for what follows; None at the end."""

    head: Head
    rows: tuple[ReleaseRow, ...]
    cursor: int | None


def read_page(
    at: Reads, head: Head, state: ReleaseState | None, cursor: int | None, limit: int, *, newest_first: bool = True
) -> ReleasePage:
    """A page of the releases in one state, or in any, in the log's order."""
    limit = max(1, min(limit, MAX_PAGE))
    after = b"" if cursor is None else keys.position(cursor)
    states = (state,) if state else tuple(ReleaseState)
    lists = [at.iterate(keys.releases(RELEASE_STATE_NUMBER[one]), after=after, reverse=newest_first) for one in states]
    found = list(islice(merge(*lists, reverse=newest_first), limit + 1))
    rows = tuple(_listed(at, record_id) for _, record_id in found[:limit])
    return ReleasePage(head, rows, rows[-1].entry.index if len(found) > limit else None)


def read_newest(at: Reads, head: Head) -> ReleasePage:
    """The newest release that stands of every period, the latest periods first; seven a year."""
    rows: list[ReleaseRow] = []
    for _, data in at.iterate(keys.YEARS, reverse=True):
        newest = {entry.period: entry.record for entry in decode_year(data).released}
        rows += (_listed(at, record_id) for record_id in dict(sorted(newest.items(), reverse=True)).values())
    return ReleasePage(head, tuple(rows), None)


def read_one(at: Reads, record_id: bytes) -> ReleaseRow | None:
    """The release of this id; None where there is none."""
    data = at.get(keys.release(record_id))
    if data is None:
        return None
    entry = decode_release(data)
    replaced = entry.state == ReleaseState.RELEASED and read_year(at, entry.year).revisions(entry.period) > entry.revision + 1
    return ReleaseRow(record_id, entry, replaced)


def read_year(at: Reads, year: str) -> YearEntry:
    """The releases of a year's periods."""
    data = at.get(keys.release_year(year))
    return YearEntry() if data is None else decode_year(data)


def _listed(at: Reads, record_id: bytes) -> ReleaseRow:
    row = read_one(at, record_id)
    if row is None:
        raise StoreError(f"{record_id.hex()} is on a list of releases and has no entry")
    return row
