"""What a release must not give away, by the rules of primary suppression held against the secret truth.

A cell is unsafe when fewer than 3 traders contribute, or when what is left after the two largest is less than `PERCENT` of the largest; then
every estimate of it must be off by at least the difference. A world cell's contributors are participants. A block without a countersigned
return counts as one trader; in the year too, unless the fourth quarter's return is countersigned and states the year. A partner's cell that no
such return states counts as one trader's. Partners' cells (A's exports to B, B's imports from A) are unsafe together.

Cells are `Place`s; which of the attacker's unknowns add up to one is `Place.holds`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from tests.attack.worlds import EXPORT, PERCENT, QUARTERS, YEAR, Block, Held, Side, World

ALL: Final = "all"
EVERYBODY: Final = "world"
NOBODY: Final = "?"
"""Stands for all traders of a block that no countersigned return speaks of."""


class Place(NamedTuple):
    """One cell of a published table."""

    period: str
    flow: str
    participant: str
    hs: str
    partner: str = ""

    def holds(self, side: Side) -> bool:
        """Whether the side is part of the cell's figure."""
        return (
            side.flow == self.flow
            and self.period in (side.quarter, YEAR)
            and self.participant in (side.block.author, EVERYBODY)
            and self.hs in (side.hs, ALL)
            and self.partner in (side.partner, "")
        )

    @property
    def leaf(self) -> bool:
        return self.period != YEAR and self.participant != EVERYBODY and self.hs != ALL


class Secret(NamedTuple):
    """The truth about a cell: figures, contributing traders, and how far estimates must be off, in points and cents."""

    points: int
    cents: int
    traders: tuple[str, ...]
    need: tuple[int, int]
    unsafe: bool


def places(side: Side, period: str) -> Iterable[Place]:
    """The cells of a release of this period that a side is part of."""
    author = side.block.author
    for participant in (author, EVERYBODY):
        for code in (side.hs, ALL):
            yield Place(period, side.flow, participant, code)
    if period == YEAR:
        yield Place(period, side.flow, author, ALL, side.partner)


def need(figures: Iterable[int], percent: int = PERCENT) -> int:
    """How far an estimate must be off, by the largest contributors."""
    ordered = sorted(figures, reverse=True)
    return max(0, -(-percent * ordered[0] // 100) - sum(ordered[2:])) if ordered else 0


def shown(world: World, period: str, vintages: Mapping[Block, int]) -> dict[Side, Held]:
    """The sides that a release is made of; each block as it was known at its vintage."""
    found = {}
    for block, stage in vintages.items():
        if period in (block.quarter, YEAR):
            found.update({side: held for side, held in world.sides(stage).items() if side.block == block})
    return found


def secrets(world: World, period: str, vintages: Mapping[Block, int]) -> dict[Place, Secret]:
    """The truth about every cell of a release."""
    parts: dict[Place, dict[str, list[int]]] = defaultdict(dict)
    for side, held in shown(world, period, vintages).items():
        source = world.sources.get(side.block, "")
        last = world.sources.get(side.block._replace(quarter=QUARTERS[3]), "")
        for place in places(side, period):
            for trader, (points, cents) in held.traders.items():
                who = side.block.author if place.participant == EVERYBODY else trader
                if place.participant != EVERYBODY and ((last and place.partner) or (source and (last or period != YEAR))):
                    who = NOBODY if place.partner else f"{NOBODY} {side.quarter}"
                figure = parts[place].setdefault(who, [0, 0])
                figure[0] += points
                figure[1] += 0 if source == "ledger" else cents
    found = {place: _secret(by) for place, by in parts.items()}
    for place, secret in found.items():
        if place.partner:
            twin = Place(place.period, "import" if place.flow == EXPORT else EXPORT, place.partner, ALL, place.participant)
            if secret.unsafe and twin in found and not found[twin].unsafe:
                found[twin] = found[twin]._replace(unsafe=True)
    return found


def _secret(by: Mapping[str, list[int]]) -> Secret:
    points, cents = (sum(figure[measure] for figure in by.values()) for measure in (0, 1))
    needs = (need(figure[0] for figure in by.values()), need(figure[1] for figure in by.values()))
    return Secret(points, cents, tuple(sorted(by)), needs, len(by) < 3 or max(needs) > 0)
