"""What the store holds of statistical releases, each a canonical MessagePack array.

A release is *undecided* until the validators have judged it: *released* once a quorum of them agrees, *withdrawn* once so many
object that no quorum can, or when it was replaced after nobody had decided it for long. Decoding is strict: an entry that does
not fit is damage, since only this program wrote it, and raises StoreError.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from ledger.entries import decode_with


class PartEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A part of an attachment: whose, of which one (its SHA-256), in which place, of how many bytes."""

    author: str
    digest: bytes
    place: int
    length: int


class ReleaseState(StrEnum):
    """Where a release stands; all but `undecided` are final."""

    UNDECIDED = "undecided"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


RELEASE_STATES: Final = tuple(ReleaseState)
"""In the order that numbers them in keys."""

RELEASE_STATE_NUMBER: Final = {state: number for number, state in enumerate(RELEASE_STATES)}


class Verdict(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """What one participant's node says of a release: whether it agrees, and the id of its record."""

    participant: str
    agree: bool
    record: bytes


class ReleaseEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A release of a period's statistics.

    Attributes:
        state: where it stands.
        author: a participant or the secretariat.
        period, revision: of what it is.
        height: block after which its figures are read.
        digest: SHA-256 of its JSON file.
        opened: instant of its own block, ms.
        index: leaf of its record, which orders lists.
        verdicts: in the log's order.
        decided: height of the block that decided it, 0 while none has.
    """

    state: ReleaseState
    author: str
    period: str
    revision: int
    height: int
    digest: bytes
    opened: int
    index: int
    verdicts: tuple[Verdict, ...] = ()
    decided: int = 0

    @property
    def year(self) -> str:
        """The year whose figures it is of."""
        return self.period[:4]


class Released(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A release that stands: period, revision, the block after which its figures are read, id of its record."""

    period: str
    revision: int
    height: int
    record: bytes


class YearEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The releases of a year's quarters, halves and of the year itself: each is held against all before it.

    Attributes:
        released: those that stand, in the order in which they were decided.
        undecided: id of the one that is being judged, empty for none: there is one at a time.
    """

    released: tuple[Released, ...] = ()
    undecided: bytes = b""

    def revisions(self, period: str) -> int:
        """How many releases of a period stand, and so which revision is the next one: the first is 0."""
        return sum(entry.period == period for entry in self.released)

    @property
    def height(self) -> int:
        """The newest height that a release of it is as of, 0 for none."""
        return max((entry.height for entry in self.released), default=0)


_part = msgspec.msgpack.Decoder(PartEntry)
_release = msgspec.msgpack.Decoder(ReleaseEntry)
_year = msgspec.msgpack.Decoder(YearEntry)


def decode_part(data: bytes) -> PartEntry:
    """Raises StoreError for anything else."""
    return decode_with(_part, data)


def decode_release(data: bytes) -> ReleaseEntry:
    """Raises StoreError for anything else."""
    return decode_with(_release, data)


def decode_year(data: bytes) -> YearEntry:
    """Raises StoreError for anything else."""
    return decode_with(_year, data)
