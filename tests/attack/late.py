"""What the differences of releases tell of late records.

Here an unknown is one side's figure in one vintage, and nothing is known of how vintages or sides differ. A change of a published cell, or of
a year against its quarters, that fewer than `LEAST_CHANGE` certificates made must not follow from the sums of everything published.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tests.attack.attacker import Files, Vector, eliminate, reduce
from tests.attack.history import Release
from tests.attack.truth import Place, shown
from tests.attack.worlds import LEAST_CHANGE, YEAR, Held, Side, World


class Told(NamedTuple):
    """A change that is known exactly: between which releases (the later one first), of which cell, of how many certificates."""

    late: int
    early: tuple[int, ...]
    place: Place
    certificates: int


def told(world: World, releases: Sequence[Release], files: Files) -> list[Told]:
    """All changes of one or two certificates that an attacker can compute, in cents."""
    sides = [shown(world, one.period, one.vintages) for one in releases]
    columns: dict[tuple[Side, int], int] = {}
    for one in sides:
        for side, held in one.items():
            columns.setdefault((side, _cents(held)), len(columns))

    def vector(release: int, place: Place) -> Vector:
        found = np.zeros(len(columns), dtype=np.int64)
        for side in files.cell(release, place):
            found[columns[side, _cents(sides[release][side])]] += files.priors[release][side][1] > 0
        return found

    echelon = eliminate(
        vector(release, place)
        for release, rows in enumerate(files.rows)
        for place, row in rows.items()
        if row.cents is not None
    )
    found = []
    for late, early, place in _pairs(releases, files):
        change = vector(late, place)
        for one in early:
            change -= vector(one, place._replace(period=releases[one].period))
        if not change.any():
            continue
        certificates = _changed(place, sides[late], [sides[one] for one in early])
        if certificates < LEAST_CHANGE and not reduce(change, echelon).any():
            found.append(Told(late, early, place, certificates))
    return found


def _cents(held: Held) -> int:
    return sum(cents for _, cents in held.traders.values())


def _pairs(releases: Sequence[Release], files: Files) -> Iterator[tuple[int, tuple[int, ...], Place]]:
    """Releases of the same cells: of the same period, or a year and the newest of its quarters before it."""
    for late, release in enumerate(releases):
        earlier = [(early,) for early in range(late) if releases[early].period == release.period]
        if release.period == YEAR:
            quarters = {releases[early].period: early for early in range(late) if releases[early].period != YEAR}
            earlier.append(tuple(quarters.values()))
        for place in files.rows[late]:
            for early in earlier:
                if early and not (place.partner and releases[early[0]].period != YEAR):
                    yield late, early, place


def _changed(place: Place, new: dict[Side, Held], old: Sequence[dict[Side, Held]]) -> int:
    """By how many certificates the sides of a cell differ."""
    before = {side: held.certificates for one in old for side, held in one.items() if place.holds(side)}
    after = {side: held.certificates for side, held in new.items() if place.holds(side)}
    return sum(abs(after.get(side, 0) - before.get(side, 0)) for side in before.keys() | after.keys())
