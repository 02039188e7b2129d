"""Accepted records in the order of the log, a stretch at a time: what streams and exports of the whole history are made of.

Rules:
- a stretch ends with a hash tile of level 0, which holds the ids: one look for 256 of them;
- a record's own instant lies in a window around its block's time (`AT_PAST_MS`, `AT_FUTURE_MS`), and blocks' times ascend: so
  a range of dates begins and ends at places that are found by halving, and nothing outside them is read.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ledger import entries
from ledger.entries import issuer_of
from ledger.errors import StoreError
from ledger.leaves import read_accepted
from ledger.limits import AT_FUTURE_MS, AT_PAST_MS
from ledger.log import Log
from ledger.merkle import HASH_BYTES
from ledger.record import Record
from ledger.shelf import read_judgement
from ledger.store import Reads
from ledger.tiles import TILE_WIDTH

_WINDOW_MS = AT_PAST_MS + AT_FUTURE_MS
_NAMED = ("destination", "partner", "participant", "reader", "subject")
"""Members of bodies that name a participant beside the author; a certificate's number names its issuer."""


@dataclass(frozen=True, slots=True)
class Logged:
    """An accepted record at its place.

    Attributes:
        index: its leaf.
        height: its block.
        record: itself.
    """

    index: int
    height: int
    record: Record


def read(at: Reads, log: Log, first: int, limit: int) -> list[Logged]:
    """Records from the leaf `first` on, at most `limit`, up to the end of their tile; none behind the end of the log."""
    if not 0 <= first < log.size:
        return []
    n, start = divmod(first, TILE_WIDTH)
    width = min(TILE_WIDTH, log.size - n * TILE_WIDTH)
    ids = log.tile(0, n, width) or b""
    stop = min(width, start + limit) * HASH_BYTES
    return [
        _logged(at, first + place, ids[cut : cut + HASH_BYTES])
        for place, cut in enumerate(range(start * HASH_BYTES, stop, HASH_BYTES))
    ]


def _logged(at: Reads, index: int, record_id: bytes) -> Logged:
    stored = read_judgement(at, record_id)
    if stored is None:
        raise StoreError(f"record {record_id.hex()} is in the log and has no judgement")
    return Logged(index, entries.decode_judgement(stored).height, read_accepted(at, record_id))


def bounds(size: int, instant: Callable[[int], int], since: int, before: int) -> tuple[int, int]:
    """Leaves outside of which no record's own instant lies in `since <= at < before` (milliseconds).

    Args:
        size: of the log.
        instant: the own instant of the record at a leaf.
        since: from when.
        before: until when.
    """
    first = _halve(size, lambda index: instant(index) + _WINDOW_MS < since)
    return first, max(first, _halve(size, lambda index: instant(index) - _WINDOW_MS < before))


def _halve(size: int, lies_before: Callable[[int], bool]) -> int:
    """A place with all leaves before it on one side; of those in the window, which are in any order, it may leave some over."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if lies_before(middle):
            low = middle + 1
        else:
            high = middle
    return low


def parties(record: Record) -> frozenset[str]:
    """The participants that a record is by or about: author, issuer, destination, partner."""
    body = record.body
    found = {record.author, *(name for field in _NAMED if isinstance(name := getattr(body, field, None), str))}
    if isinstance(number := getattr(body, "number", None), str):
        found.add(issuer_of(number))
    return frozenset(found)
