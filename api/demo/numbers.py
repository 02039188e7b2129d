"""Certificate numbers for generated trade: each end day has its own, inside the issuer's committed range where there is one."""

from ledger.genesis import Genesis
from ledger.units import Ms, block_date, day_number

_PER_DAY = 10_000
_PER_DAY_IN_RANGE = 27
_FIRST_DAY = day_number("2020-01-01")


class Numbers:
    """Gives every number once."""

    def __init__(self, genesis: Genesis, end: Ms) -> None:
        self._genesis = genesis
        self._today = day_number(block_date(end))
        self._used: dict[str, int] = {}

    def next(self, code: str, issued: str) -> str:
        """The issuer's next number for a certificate of this date."""
        serial = self._used.get(code, 0)
        self._used[code] = serial + 1
        participant = self._genesis.participants.get(code)
        ranges = participant.range_of(int(issued[:4])) if participant else ()
        if ranges:
            first, size = ranges[0].first, ranges[0].last - ranges[0].first + 1
            day_of_year = self._today - day_number(f"{block_date(Ms(self._today * 86_400_000))[:4]}-01-01")
            return f"{code}{first + (day_of_year * _PER_DAY_IN_RANGE + serial) % size:04}"
        return f"{code}{(self._today - _FIRST_DAY) * _PER_DAY + serial:08}"
