"""For how long certificates have been open, by destination: counts by date of issue, kept in every block.

A destination's counts stand under the days of issue of its open certificates, and once in a margin over all of them. An age is
the days from there to the date of the head. Reading a destination looks at the margin, at the oldest day, and at the days of
the last three months: what is older is the margin less those, however long a backlog is. An index; rules do not read it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger import keys
from ledger.entries import Head
from ledger.errors import StoreError
from ledger.overlay import Overlay
from ledger.store import Reads
from ledger.units import Ms, Points, block_date, date_of, day_number

AGES: Final = (30, 60, 90)
"""The oldest age, in days, of each bucket but the last: 0 to 30, 31 to 60, 61 to 90, more."""

_COUNT_BYTES: Final = 8
_POINTS_BYTES: Final = 16
_MARGIN: Final = -1


@dataclass(frozen=True, slots=True)
class Backlog:
    """Open certificates and their weight as issued."""

    certificates: int
    points: Points


@dataclass(frozen=True, slots=True)
class Owed:
    """The confirmations that one destination owes.

    Attributes:
        all: every open certificate to it.
        by_age: those of each bucket of `AGES`, then the older ones.
        oldest: date of issue of the oldest.
    """

    destination: str
    all: Backlog
    by_age: tuple[Backlog, ...]
    oldest: str


@dataclass(frozen=True, slots=True)
class Ageing:
    """What is owed at one head, by destination; only those that owe any. Ages are at the date `today`."""

    head: Head
    today: str
    owed: tuple[Owed, ...]


class OpenByDay:
    """What one block changes, kept apart until its end: many records touch the same few counts."""

    __slots__ = ("_changes",)

    def __init__(self) -> None:
        self._changes: dict[tuple[str, int], list[int]] = {}

    def add(self, destination: str, issued: str, points: int, change: int) -> None:
        """A certificate is open from now on (1), or no longer (-1)."""
        for day in (_MARGIN, max(0, day_number(issued))):
            sums = self._changes.setdefault((destination, day), [0, 0])
            sums[0] += change
            sums[1] += change * points

    def write(self, overlay: Overlay) -> None:
        """Adds them to the counts that stand; a count of none does not. Raises StoreError when more settle than were open."""
        for (destination, day), (certificates, points) in sorted(self._changes.items()):
            key = keys.open_since(destination, None if day == _MARGIN else day)
            held = _decode(overlay.get(key))
            after = Backlog(held.certificates + certificates, Points(held.points + points))
            if after.certificates < 0:
                raise StoreError(f"more certificates to {destination} settle than were counted as open")
            if after.certificates:
                overlay.put(key, after.certificates.to_bytes(_COUNT_BYTES, "big") + after.points.to_bytes(_POINTS_BYTES, "big"))
            else:
                overlay.delete(key)


def read(at: Reads, head: Head, destinations: Iterable[str]) -> Ageing:
    """What these destinations owe; raises StoreError for damaged counts."""
    today = block_date(Ms(head.time))
    rows = (_owed(at, destination, day_number(today)) for destination in destinations)
    return Ageing(head, today, tuple(row for row in rows if row is not None))


def _owed(at: Reads, destination: str, today: int) -> Owed | None:
    prefix = keys.open_since(destination)
    first = list(at.iterate(prefix, limit=2))
    if not first:
        return None
    if len(first) != 2 or first[0][0]:
        raise StoreError(f"the counts of certificates open for {destination} are damaged")
    margin = _decode(first[0][1])
    by_age = [[0, 0] for _ in AGES]
    for day, value in at.iterate(prefix, after=keys.day(max(0, today - AGES[-1] - 1))):
        age, held = today - int.from_bytes(day, "big"), _decode(value)
        place = next(place for place, most in enumerate(AGES) if age <= most)
        by_age[place][0] += held.certificates
        by_age[place][1] += held.points
    counted = [Backlog(certificates, Points(points)) for certificates, points in by_age]
    older = Backlog(
        margin.certificates - sum(one.certificates for one in counted),
        Points(margin.points - sum(one.points for one in counted)),
    )
    return Owed(destination, margin, (*counted, older), date_of(int.from_bytes(first[1][0], "big")))


def _decode(value: bytes | None) -> Backlog:
    if value is None:
        return Backlog(0, Points(0))
    if len(value) != _COUNT_BYTES + _POINTS_BYTES:
        raise StoreError(f"a count of open certificates of {len(value)} bytes")
    return Backlog(int.from_bytes(value[:_COUNT_BYTES], "big"), Points(int.from_bytes(value[_COUNT_BYTES:], "big")))
