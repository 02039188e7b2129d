"""The known attacks on naive releases, by hand and without a solver: additions, subtractions, and reading the other side's row.

Each gives what it claims to know; a test holds the claims against the truth.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from tests.attack.files import Row
from tests.attack.truth import ALL, EVERYBODY, Place
from tests.attack.worlds import EXPORT, IMPORT, QUARTERS, YEAR, Side

HS, WORLD, QUARTER, PARTNER = "hs", "world", "quarter", "partner"
CENTS: Final = 1


class Sum(NamedTuple):
    """A cell and those that add up to it."""

    total: Place
    parts: tuple[Place, ...]


class Range(NamedTuple):
    """What an estimate says of a cell."""

    low: float
    high: float


def sums(rows: Mapping[Place, Row], *kinds: str) -> Iterator[Sum]:
    """The sums along these directions that the tables show."""
    for total in rows:
        if total.hs == ALL and not total.partner and HS in kinds:
            yield from _sum(rows, total, (one for one in rows if one.hs != ALL and one == total._replace(hs=one.hs)))
        if total.participant == EVERYBODY and WORLD in kinds:
            others = (
                one for one in rows if one.participant != EVERYBODY and one == total._replace(participant=one.participant)
            )
            yield from _sum(rows, total, others)
        if total.period == YEAR and not total.partner and QUARTER in kinds:
            yield from _sum(rows, total, (total._replace(period=quarter) for quarter in QUARTERS))
        if total.period == YEAR and total.hs == ALL and not total.partner and PARTNER in kinds:
            yield from _sum(rows, total, (one for one in rows if one.partner and one == total._replace(partner=one.partner)))


def _sum(rows: Mapping[Place, Row], total: Place, parts: Iterable[Place]) -> Iterator[Sum]:
    found = tuple(part for part in parts if part in rows)
    if found:
        yield Sum(total, found)


def subtract(rows: Mapping[Place, Row], own: Mapping[Place, int], *kinds: str) -> dict[Place, int]:
    """Hidden cells by subtraction wherever a sum has only one unknown, again and again; `own` is what an insider knows."""
    known = {place: row.cents for place, row in rows.items() if row.cents is not None} | dict(own)
    equations = list(sums(rows, *kinds))
    found: dict[Place, int] = {}
    while True:
        before = len(found)
        for total, parts in equations:
            unknown = [place for place in (total, *parts) if place not in known]
            if len(unknown) == 1:
                others = sum(known[place] for place in parts if place in known)
                known[unknown[0]] = found[unknown[0]] = others if unknown[0] == total else known[total] - others
        if len(found) == before:
            return found


def mirror(rows: Mapping[Place, Row], sides: Iterable[Side]) -> dict[Place, int]:
    """Hidden cells of trade between two participants alone, read from the other's row."""
    found = {}
    known = set(sides)
    for side in known:
        here, there = Place(side.quarter, EXPORT, side.exporter, side.hs), Place(side.quarter, IMPORT, side.importer, side.hs)
        alone = sum(here.holds(one) for one in known) == 1 == sum(there.holds(one) for one in known)
        for hidden, open_ in ((here, there), (there, here)):
            if alone and hidden in rows and open_ in rows and rows[hidden].cents is None and rows[open_].cents is not None:
                found[hidden] = rows[open_].cents
    return found


def differences(releases: Sequence[Mapping[Place, Row]]) -> dict[tuple[int, int, Place], int]:
    """By how much a cell that two releases show has changed."""
    found = {}
    for late, new in enumerate(releases):
        for early, old in enumerate(releases[:late]):
            for place in new.keys() & old.keys():
                figures = (old[place].cents, new[place].cents)
                if None not in figures and figures[0] != figures[1]:
                    found[early, late, place] = figures[1] - figures[0]
    return found


def estimate(rows: Mapping[Place, Row], prior: Mapping[Place, int], *kinds: str) -> dict[Place, Range]:
    """Hidden cells as what their sum leaves after the others, each of which is known to 50 %."""
    found = {}
    for total, parts in sums(rows, *kinds):
        hidden = [place for place in parts if rows[place].cents is None]
        if rows[total].cents is None or len(hidden) < 2:
            continue
        rest = rows[total].cents - sum(rows[place].cents for place in parts if rows[place].cents is not None)
        for target in hidden:
            others = sum(prior[place] for place in hidden if place != target)
            found[target] = Range(rest - 1.5 * others, rest - 0.5 * others)
    return found
