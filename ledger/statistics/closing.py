"""When a period closes: at the first block at or after its end and `statistics-days` more.

The days are the parameter's on the first day after the period, so the instant is known once the period is over, and no later
decision moves it. A half closes with its second quarter, a year with its fourth.

Reference: design 6-statistics.md, "Tables".
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ledger import keys
from ledger.errors import HeightNotExecutedError, StoreError
from ledger.register import Register
from ledger.statistics.periods import check_period, day_after
from ledger.store import Reads
from ledger.units import DAY_MS, Ms, day_number

PARAMETER = "statistics-days"
_TIME_BYTES = 8
_SIZE_BYTES = 8


class Moment(NamedTuple):
    """A block that was executed: its height and time (ms), and how long the log is after it."""

    height: int
    time: int
    tree_size: int


class Looks(Protocol):
    """What answers single look-ups: a store, or state as rules read it."""

    @property
    def get(self) -> Callable[[bytes], bytes | None]:
        """The value under a key, None where there is none."""


def closes_at(register: Register, period: str) -> Ms:
    """The instant from which a block closes the period; it may still move while the period is not over.

    Raises:
        PeriodError: no period.
    """
    check_period(period)
    return instant(register, period)


def instant(register: Register, period: str) -> Ms:
    """As `closes_at`, of a quarter that a date has given, in whatever year."""
    after = day_after(period)
    return Ms((day_number(after) + register.parameter(PARAMETER, after)) * DAY_MS)


def closing(at: Reads, register: Register, period: str, head: int) -> Moment | None:
    """The block that closed a period; None while none has, up to the height `head`.

    Raises:
        PeriodError: no period.
    """
    closes = closes_at(register, period)
    low, high = 0, head + 1
    while low < high:
        middle = (low + high) // 2
        if moment(at, middle).time >= closes:
            high = middle
        else:
            low = middle + 1
    return moment(at, low) if low <= head else None


def moment(at: Looks, height: int) -> Moment:
    """A block by its height.

    Raises:
        HeightNotExecutedError: there is none yet.
        StoreError: what is stored is damaged.
    """
    value = at.get(keys.block(height)) if 0 <= height < 1 << (8 * keys.HEIGHT_BYTES) else None
    if value is None:
        raise HeightNotExecutedError(f"height {height} has not been executed here")
    if len(value) != _TIME_BYTES + _SIZE_BYTES:
        raise StoreError(f"a block of {len(value)} bytes")
    return Moment(height, int.from_bytes(value[:_TIME_BYTES], "big"), int.from_bytes(value[_TIME_BYTES:], "big"))


def encode_moment(time: int, tree_size: int) -> bytes:
    """What stands under `keys.block`."""
    return time.to_bytes(_TIME_BYTES, "big") + tree_size.to_bytes(_SIZE_BYTES, "big")
