"""Weights, values, dates and instants, and the texts that people and JSON use for them.

Integers only: a weight is *points* (1 carat = 100 points), a value is US *cents*, an instant is milliseconds since 1970 UTC,
a date is the text `YYYY-MM-DD` and is never moved between time zones. Reference: design 2-records.md, "Units and words".
"""

import re
from datetime import date
from functools import lru_cache
from typing import Final, NewType

from ledger.errors import Code, Refusal
from ledger.limits import EARLIEST_ZONE_HOURS, MAX_AMOUNT

Points = NewType("Points", int)
"""Weight, hundredths of a carat."""

Cents = NewType("Cents", int)
"""Value, hundredths of a US dollar."""

Height = NewType("Height", int)
"""Number of a block, from 0 (the genesis)."""

Ms = NewType("Ms", int)
"""Instant, milliseconds since 1970 UTC."""

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,2}))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = date(1970, 1, 1).toordinal()


def _hundredths(text: object, field: str) -> int:
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        given = text[:40] if isinstance(text, str) else type(text).__name__
        raise Refusal(Code.BAD_VALUE, field, given=given, expected="decimal text with at most two decimals, like 12.34")
    amount = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
    if amount > MAX_AMOUNT:
        raise Refusal(Code.BAD_VALUE, field, given=match[0], limit=_decimal(MAX_AMOUNT))
    return amount


def _decimal(hundredths: int) -> str:
    whole, rest = divmod(abs(hundredths), 100)
    return f"{'-' if hundredths < 0 else ''}{whole}.{rest:02}"


def parse_carats(text: object, field: str = "carats") -> Points:
    """Points of a decimal text of carats: `"12.34"` is 1234, `"12"` is 1200.

    Raises:
        Refusal: BAD_VALUE, not such a text, or above `MAX_AMOUNT`.
    """
    return Points(_hundredths(text, field))


def carats(points: int) -> str:
    """The decimal text of a weight: 1234 points are `"12.34"`; negative stock keeps its sign."""
    return _decimal(points)


def parse_value(text: object, field: str = "value") -> Cents:
    """Cents of a decimal text of US dollars.

    Raises:
        Refusal: BAD_VALUE, not such a text, or above `MAX_AMOUNT`.
    """
    return Cents(_hundredths(text, field))


def value(cents: int) -> str:
    """The decimal text of a value: 250000 cents are `"2500.00"`."""
    return _decimal(cents)


@lru_cache(maxsize=4096)  # the dates of a trade repeat: a hit costs a twentieth of the check
def _day(text: str) -> int:
    if _DATE.fullmatch(text) is None:
        raise ValueError(text)
    return date.fromisoformat(text).toordinal() - _EPOCH


def day_number(text: str, field: str = "") -> int:
    """Days from 1970-01-01 to a date `YYYY-MM-DD`.

    Raises:
        Refusal: BAD_VALUE, not a date of the calendar in this form.
    """
    try:
        return _day(text)
    except (ValueError, TypeError):
        given = text[:40] if isinstance(text, str) else type(text).__name__
        raise Refusal(Code.BAD_VALUE, field, given=given, expected="date YYYY-MM-DD") from None


@lru_cache(maxsize=4096)
def date_of(day: int) -> str:
    """The date of a day number, inverse of `day_number`.

    Raises:
        Refusal: BAD_VALUE, outside the years 1 to 9999.
    """
    try:
        return date.fromordinal(day + _EPOCH).isoformat()
    except (ValueError, OverflowError):
        raise Refusal(Code.BAD_VALUE, given=day, expected="a day of the years 1 to 9999") from None


def block_date(ms: int) -> str:
    """The UTC date of an instant in milliseconds.

    Raises:
        Refusal: BAD_VALUE, outside the years 1 to 9999.
    """
    return date_of(ms // DAY_MS)


def date_is_future(text: str, now_ms: int) -> bool:
    """Whether a date has begun nowhere on earth at an instant: only before its 00:00 UTC minus 14 h.

    Raises:
        Refusal: BAD_VALUE, not a date.
    """
    return now_ms < day_number(text) * DAY_MS - EARLIEST_ZONE_HOURS * HOUR_MS
