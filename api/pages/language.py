"""Which language a page is in, and how that language writes numbers, dates and shares.

Rules: `?lang=` wins and is kept in a cookie; then the cookie, then `Accept-Language`, then English. Figures keep their
digits: a language changes only what stands between them. Times are UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from quart import Request

PARAMETER: Final = "lang"
"""Of the address, and the name of the cookie."""

_NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
_SPACE: Final = "\N{NO-BREAK SPACE}"
_NO_SHARE: Final = "\N{EN DASH}"

_ENGLISH_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_FRENCH_MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Language:
    """One language's way with figures.

    Attributes:
        code: as `html lang` has it.
        name: in the language itself.
        group: between thousands.
        point: before decimal places.
        months: January first.
        first: the first of a month, where it is not `1`.
        at: between a date and a time.
    """

    code: str
    name: str
    group: str
    point: str
    months: tuple[str, ...]
    first: str
    at: str

    def grouped(self, number: int) -> str:
        """`1,234,567`."""
        return f"{number:,}".replace(",", self.group)

    def figure(self, decimal: str) -> tuple[str, str]:
        """A decimal string as its grouped whole and its places with their point, such as `("1,234", ".56")`."""
        sign, digits = ("\N{MINUS SIGN}", decimal[1:]) if decimal.startswith("-") else ("", decimal)
        whole, point, places = digits.partition(".")
        return sign + self.grouped(int(whole)), self.point + places if point else ""

    def decimal(self, decimal: str) -> str:
        """A decimal string as one text."""
        return "".join(self.figure(decimal))

    def percent(self, part: int, whole: int) -> str:
        """One decimal place, rounded half up, in integers; a dash where there is no whole."""
        if whole == 0:
            return _NO_SHARE
        permille = (part * 2000 + whole) // (2 * whole)
        return f"{self.grouped(permille // 10)}{self.point}{permille % 10}{_SPACE}%"

    def day(self, iso: str) -> str:
        """`12 March 2026`, of `2026-03-12`."""
        at = date.fromisoformat(iso)
        return f"{self.first if at.day == 1 else at.day} {self.months[at.month - 1]} {at.year}"

    def moment(self, ms: int) -> str:
        """`12 March 2026, 14:03`, in UTC."""
        at = datetime.fromtimestamp(ms // 1000, UTC)
        return f"{self.day(at.date().isoformat())}{self.at}{at:%H:%M}"


ENGLISH: Final = Language("en", "English", ",", ".", _ENGLISH_MONTHS, "1", ", ")
FRENCH: Final = Language("fr", "Français", _NARROW, ",", _FRENCH_MONTHS, "1er", " à ")
LANGUAGES: Final[Mapping[str, Language]] = {language.code: language for language in (ENGLISH, FRENCH)}


def pick_language(request: Request) -> Language:
    """The language to answer in; what is no language of ours counts as not said."""
    for said in (request.args.get(PARAMETER), request.cookies.get(PARAMETER)):
        if said is not None and said in LANGUAGES:
            return LANGUAGES[said]
    return LANGUAGES[request.accept_languages.best_match(list(LANGUAGES), ENGLISH.code)]


def iso(ms: int) -> str:
    """For `<time datetime>`."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
