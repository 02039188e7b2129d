"""Quarters and halves of a year, as texts that sort by time: `2026Q1`, `2026H2`. Years 2000 to 2999.

A record belongs to the period of its own document date; no date is ever moved between time zones.
"""

from ledger import units
from ledger.units import Ms


def quarter_of(date: str) -> str:
    """The quarter of a date `YYYY-MM-DD`."""
    return f"{date[:4]}Q{(int(date[5:7]) + 2) // 3}"


def half_of(date: str) -> str:
    """The half-year of a date `YYYY-MM-DD`."""
    return f"{date[:4]}H{(int(date[5:7]) + 5) // 6}"


def day_after(period: str) -> str:
    """The first day after a quarter or half: `2026-04-01` for `2026Q1`."""
    year, months = int(period[:4]), (3 if period[4] == "Q" else 6) * int(period[5])
    return f"{year + months // 12:04}-{months % 12 + 1:02}-01"


def first_day(period: str) -> str:
    """The first day of a quarter or half: `2026-04-01` for `2026Q2`."""
    return f"{period[:4]}-{(3 if period[4] == 'Q' else 6) * (int(period[5]) - 1) + 1:02}-01"


def period_before(period: str) -> str:
    """The quarter or half before: `2025Q4` for `2026Q1`."""
    year, sort, place = int(period[:4]), period[4], int(period[5])
    return f"{year}{sort}{place - 1}" if place > 1 else f"{year - 1}{sort}{4 if sort == 'Q' else 2}"


def quarters_of(year: str) -> tuple[str, ...]:
    """The quarters of a year, ascending."""
    return tuple(f"{year}Q{place}" for place in (1, 2, 3, 4))


def halves_of(year: str) -> tuple[str, ...]:
    """The halves of a year, ascending."""
    return tuple(f"{year}H{place}" for place in (1, 2))


def is_fourth(quarter: str) -> bool:
    """Whether a quarter ends its year."""
    return quarter.endswith("Q4")


def is_over(period: str, now: Ms) -> bool:
    """Whether its last day has ended somewhere on earth at an instant."""
    return not units.date_is_future(day_after(period), now)
