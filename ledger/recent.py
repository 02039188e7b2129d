"""What blocks wrote last, kept in memory for the blocks that follow.

Most of what a rule reads and finds is the newest of something: the sums of a quarter, a participant's totals, the count of a
day, and certificates on their way, whose outcome comes some days later. LevelDB has it in memory, too, among all else that was
written lately, and takes ten times as long to find it.

Rules:
1. It holds what the store holds: filled with a block's writes once they are in the store, and by nothing else.
2. What was written longest ago goes first; what it does not hold, the store is asked for.

Only the thread that applies blocks reads it.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from ledger import keys
from ledger.limits import MAX_RECENT

Get = Callable[[bytes], bytes | None]

_FAMILIES: Final = (
    keys.CERTIFICATE,
    keys.TOTAL,
    keys.QUARTERS,
    keys.QUOTA,
    keys.OPEN_SINCE,
    keys.FINDING_NOTES + b"c",
)
"""What is read soon after it was written."""

_ABSENT: Final = b"\0absent"
"""Stands for "not held"; compared by identity."""


class Recent:
    """The newest values of keys that were written last, over a store."""

    __slots__ = ("_below", "_held")

    def __init__(self, below: Get) -> None:
        self._below = below
        self._held: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value under a key, None where there is none; raises StoreError."""
        value = self._held.get(key, _ABSENT)
        return self._below(key) if value is _ABSENT else value

    def take(self, writes: Iterable[tuple[bytes, bytes | None]]) -> None:
        """What a block wrote; None deletes."""
        held = self._held
        for key, value in writes:
            if key.startswith(_FAMILIES):
                held.pop(key, None)
                held[key] = value
        for key in [*islice(held, max(0, len(held) - MAX_RECENT))]:
            del held[key]

    def __len__(self) -> int:
        return len(self._held)
