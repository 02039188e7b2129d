"""The periods that releases are of: trade by quarter (`2026Q1`), production by half (`2026H1`), both by year (`2026`)."""

import re
from typing import Final

from ledger import periods
from ledger.errors import PeriodError

_PERIOD: Final = re.compile(r"2[0-9]{3}(?:Q[1-4]|H[12])?")
_YEAR_CHARACTERS: Final = 4


def check_period(period: str) -> None:
    """Raises PeriodError for what is neither a quarter, a half nor a year."""
    if not _PERIOD.fullmatch(period):
        raise PeriodError(f"{period[:20]!r} is no period; write 2026Q1, 2026H1 or 2026")


def is_year(period: str) -> bool:
    """Whether it is a whole year."""
    return len(period) == _YEAR_CHARACTERS


def quarters_covered(period: str) -> tuple[str, ...]:
    """The quarters whose trade a release of this period shows, ascending; none for a half."""
    if is_year(period):
        return periods.quarters_of(period)
    return (period,) if "Q" in period else ()


def halves_covered(period: str) -> tuple[str, ...]:
    """The halves whose production a release of this period shows, ascending; none for a quarter."""
    if is_year(period):
        return periods.halves_of(period)
    return (period,) if "H" in period else ()


def day_after(period: str) -> str:
    """The first day after a period: `2027-01-01` for `2026`."""
    return periods.day_after(f"{period}Q4" if is_year(period) else period)
