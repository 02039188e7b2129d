"""Generated worlds of trade with their secret truth: every shipment, who sold it, who bought it, and when it came to be known.

A world is a function of its kind and its seed, and small where the seed is even. `calibrated` worlds have the shape of real trade: a few participants with most of it, and
many traders in each of those. The *odd* kinds are each made of one thing that statistical disclosure control is known to fail on.

Points and cents are whole numbers. A shipment's two sides differ a little, as in life, and its import may fall in the next quarter or not
be there. What becomes known late (`stage`) is in the figures from the release of that number on.
"""

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

EXPORT: Final = "export"
IMPORT: Final = "import"
FLOWS: Final = (EXPORT, IMPORT)
CODES: Final = ("710210", "710221", "710231")
YEAR: Final = "2026"
QUARTERS: Final = tuple(f"{YEAR}Q{number}" for number in (1, 2, 3, 4))
PERCENT: Final = 15
LEAST_CHANGE: Final = 3
NAMES: Final = (
    "AE", "AM", "AO", "AU", "BD", "BR", "BW", "BY", "CA", "CD", "CF", "CG", "CH", "CI", "CM", "CN", "EU", "GA",
    "GB", "GH", "GN", "GY", "ID", "IL", "IN", "JP", "KG", "KH", "KR", "KZ", "LA", "LB", "LK", "LR", "LS", "ML",
    "MU", "MX", "MY", "MZ", "NA", "NO", "NZ", "PA", "QA", "RU", "SG", "SL", "SZ", "TG", "TH", "TR", "TW", "TZ",
    "UA", "US", "UZ", "VE", "VN", "ZA", "ZW",
)  # fmt: skip


class Block(NamedTuple):
    """One participant's trade in one flow and quarter."""

    author: str
    flow: str
    quarter: str


class Side(NamedTuple):
    """What one participant reports of the trade with another in an HS code and quarter."""

    flow: str
    exporter: str
    importer: str
    hs: str
    quarter: str

    @property
    def block(self) -> Block:
        return Block(self.exporter if self.flow == EXPORT else self.importer, self.flow, self.quarter)

    @property
    def partner(self) -> str:
        return self.importer if self.flow == EXPORT else self.exporter


@dataclass(frozen=True, slots=True)
class Shipment:
    """One parcel under one certificate; `received` is empty where no import was confirmed within the year."""

    exporter: str
    importer: str
    seller: str
    buyer: str
    hs: str
    sent: str
    received: str
    points: int
    cents: int
    measured: int
    valued: int
    stage: int = 0


class Held(NamedTuple):
    """What a side is made of: points and cents by trader, and how many certificates."""

    traders: dict[str, tuple[int, int]]
    certificates: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a kind of world is drawn from.

    Attributes:
        participants: how many, at least and at most.
        shipments: how many in the year, at least and at most, for each participant.
        traders: how many a participant has, at least and at most.
        busy: share of the participants, the largest, that have the most traders.
        sizes, skew: of participants' and of traders' sizes; 0 makes all alike.
        codes: how many HS codes a participant trades, at most.
        partners: how many a participant exports to, at most.
        points, price: logarithmic means of a parcel's points and of cents a point.
        spread: of parcels about these.
        next_quarter, unconfirmed: percent of imports that fall in the next quarter, or are missing.
        quiet: percent of blocks without trade.
        uncertain: percent of blocks without a countersigned return.
        late: percent of blocks of whose shipments one to five become known late.
        releases: the periods that are published, in order; the same again is a revision.
    """

    participants: tuple[int, int] = (5, 8)
    shipments: tuple[int, int] = (20, 40)
    traders: tuple[int, int] = (1, 6)
    busy: float = 0.4
    sizes: float = 1.0
    skew: float = 1.0
    codes: int = 3
    partners: int = 9
    points: float = 9.0
    price: float = 5.0
    spread: float = 0.8
    next_quarter: int = 10
    unconfirmed: int = 3
    quiet: int = 0
    uncertain: int = 0
    late: int = 0
    releases: tuple[str, ...] = (*QUARTERS, YEAR)


REVISED: Final = (QUARTERS[0], QUARTERS[1], QUARTERS[0], QUARTERS[2], QUARTERS[1], QUARTERS[3], YEAR, YEAR)

RECIPES: Final[Mapping[str, Recipe]] = {
    "calibrated": Recipe((14, 16), (300, 350), (6, 30), 0.9, 1.3, 0.2),
    "revised": Recipe((12, 14), (200, 250), (6, 30), 0.9, 1.3, 0.2, late=15, releases=REVISED),
    "few": Recipe((3, 4), (6, 20), (1, 4)),
    "sole-exporter": Recipe((5, 7), (20, 40), (3, 7)),
    "single-partner": Recipe((5, 8), (15, 30), (2, 6), partners=1),
    "singletons": Recipe((5, 7), (8, 20), (1, 1)),
    "equal": Recipe((4, 7), (15, 30), (2, 5), sizes=0.0, skew=0.0, spread=0.0, next_quarter=0, unconfirmed=0),
    "tiny": Recipe((4, 6), (10, 20), (1, 4), points=0.5, price=0.3, spread=0.6),
    "zero-quarters": Recipe((5, 7), (15, 30), (2, 6), quiet=40),
    "unsafe-first": Recipe((5, 8), (30, 50), (4, 8)),
    "sole-pair": Recipe((5, 7), (20, 40), (3, 7), next_quarter=0, unconfirmed=0),
    "dominant": Recipe((5, 8), (30, 50), (4, 8), sizes=3.5, skew=3.5),
    "late": Recipe((5, 7), (20, 40), (3, 7), late=60, releases=REVISED),
    "late-quarter": Recipe((5, 7), (15, 30), (3, 7), late=80, releases=(QUARTERS[0],) * 3),
    "one-sided": Recipe((5, 7), (15, 30), (2, 6), next_quarter=40, unconfirmed=30),
    "unreturned": Recipe((6, 8), (30, 50), (4, 8), uncertain=15),
}
ODD: Final = tuple(kind for kind in RECIPES if kind not in {"calibrated", "revised"})


@dataclass(frozen=True)
class World:
    """Participants, everything that was shipped between them, and which blocks have no countersigned return and why."""

    kind: str
    seed: int
    participants: tuple[str, ...]
    shipments: tuple[Shipment, ...]
    sources: Mapping[Block, str]
    releases: tuple[str, ...]

    @cached_property
    def _stages(self) -> dict[int, dict[Side, Held]]:
        return {}

    def sides(self, stage: int) -> dict[Side, Held]:
        """All sides as known when the release of this number is made."""
        if stage not in self._stages:
            self._stages[stage] = _sides([one for one in self.shipments if one.stage <= stage])
        return self._stages[stage]

    def blocks(self) -> list[Block]:
        """Every participant files a return for every flow and quarter, an empty one if need be."""
        return [Block(author, flow, quarter) for author in self.participants for flow in FLOWS for quarter in QUARTERS]


def _sides(shipments: list[Shipment]) -> dict[Side, Held]:
    traders: dict[Side, dict[str, tuple[int, int]]] = defaultdict(dict)
    certificates: dict[Side, int] = defaultdict(int)
    for one in shipments:
        told = [(EXPORT, one.sent, one.seller, one.points, one.cents)]
        if one.received:
            told.append((IMPORT, one.received, one.buyer, one.measured, one.valued))
        for flow, quarter, trader, points, cents in told:
            side = Side(flow, one.exporter, one.importer, one.hs, quarter)
            had = traders[side].get(trader, (0, 0))
            traders[side][trader] = (had[0] + points, had[1] + cents)
            certificates[side] += 1
    return {side: Held(by, certificates[side]) for side, by in traders.items()}


def make(kind: str, seed: int) -> World:
    """The world of this kind and seed."""
    recipe = RECIPES[kind]
    draw = random.Random(f"{kind}/{seed}")
    count = draw.randint(*recipe.participants)
    if seed % 2 == 0:
        count = max(4, count * 3 // 4)
    names = tuple(sorted(draw.sample(NAMES, count)))
    shipments = _shipments(draw, recipe, names)
    shipments = _twist(kind, draw, shipments, names)
    quiet = {block for block in _blocks(names) if draw.randrange(100) < recipe.quiet}
    shipments = [one for one in (_silence(one, quiet) for one in shipments) if one]
    shipments = _delay(draw, recipe, shipments)
    sources = {block: draw.choice(("return", "ledger")) for block in _blocks(names) if draw.randrange(100) < recipe.uncertain}
    return World(kind, seed, names, tuple(shipments), sources, recipe.releases)


def _blocks(names: tuple[str, ...]) -> list[Block]:
    return [Block(author, flow, quarter) for author in names for flow in FLOWS for quarter in QUARTERS]


def _shipments(draw: random.Random, recipe: Recipe, names: tuple[str, ...]) -> list[Shipment]:
    order = draw.sample(names, len(names))
    sizes = {name: (place + 1.0) ** -recipe.sizes for place, name in enumerate(order)}
    codes = {name: draw.sample(CODES, draw.randint(1, recipe.codes)) for name in names}
    partners = {}
    for name in names:
        others = [other for other in names if other != name]
        partners[name] = draw.sample(others, min(len(others), draw.randint(1, recipe.partners)))
    low, high = recipe.traders
    traders = {
        name: high if place < recipe.busy * len(order) else draw.randint(low, max(low, high // 3))
        for place, name in enumerate(order)
    }
    found = []
    for _ in range(len(names) * draw.randint(*recipe.shipments)):
        exporter = draw.choices(names, [sizes[name] for name in names])[0]
        importer = draw.choices(partners[exporter], [sizes[name] for name in partners[exporter]])[0]
        points = max(1, round(draw.lognormvariate(recipe.points, recipe.spread)))
        cents = max(1, round(points * draw.lognormvariate(recipe.price, recipe.spread / 2)))
        place = draw.randrange(4)
        received = _received(draw, recipe, place)
        seller, buyer = (f"{name}:{_trader(draw, recipe, traders[name])}" for name in (exporter, importer))
        found.append(
            Shipment(
                exporter, importer, seller, buyer, draw.choice(codes[exporter]), QUARTERS[place], received, points, cents,
                _near(draw, recipe, points), _near(draw, recipe, cents),
            )
        )  # fmt: skip
    return found


def _received(draw: random.Random, recipe: Recipe, place: int) -> str:
    if draw.randrange(100) < recipe.unconfirmed:
        return ""
    place += draw.randrange(100) < recipe.next_quarter
    return QUARTERS[place] if place < 4 else ""


def _trader(draw: random.Random, recipe: Recipe, count: int) -> int:
    return draw.choices(range(count), [(place + 1.0) ** -recipe.skew for place in range(count)])[0]


def _near(draw: random.Random, recipe: Recipe, figure: int) -> int:
    return max(1, round(figure * draw.gauss(1, 0.015))) if recipe.spread and draw.randrange(3) == 0 else figure


def _silence(one: Shipment, quiet: set[Block]) -> Shipment | None:
    if Block(one.exporter, EXPORT, one.sent) in quiet:
        return None
    return replace(one, received="") if Block(one.importer, IMPORT, one.received) in quiet else one


def _twist(kind: str, draw: random.Random, shipments: list[Shipment], names: tuple[str, ...]) -> list[Shipment]:
    """What one kind of world has that none of the others need have."""
    chosen, other = draw.sample(names, 2)
    if kind == "sole-exporter":
        return [
            replace(one, hs=CODES[0]) if one.exporter == chosen else replace(one, hs=one.hs if one.hs != CODES[0] else CODES[1])
            for one in shipments
        ]
    if kind == "unsafe-first":
        return [
            replace(one, seller=f"{one.exporter}:0") if one.sent == QUARTERS[0] and one.exporter in (chosen, other) else one
            for one in shipments
        ]
    if kind == "sole-pair":
        kept = [one for one in shipments if one.exporter != chosen or one.importer == other]
        kept = [replace(one, hs=CODES[2]) if one.exporter == chosen else one for one in kept]
        return [replace(one, hs=CODES[0]) if one.importer == other and one.exporter != chosen else one for one in kept]
    return shipments


def _delay(draw: random.Random, recipe: Recipe, shipments: list[Shipment]) -> list[Shipment]:
    """One to five shipments of some blocks become known only for a later release that shows them."""
    blocks: dict[Block, list[int]] = defaultdict(list)
    for place, one in enumerate(shipments):
        blocks[Block(one.exporter, EXPORT, one.sent)].append(place)
    result = list(shipments)
    for block in sorted(blocks):
        shown = [place for place, period in enumerate(recipe.releases) if period in (block.quarter, YEAR)]
        if draw.randrange(100) >= recipe.late or len(shown) < 2:
            continue
        stage = draw.choice(shown[1:])
        code = draw.choice([shipments[place].hs for place in blocks[block]])
        late = [place for place in blocks[block] if shipments[place].hs == code or draw.randrange(4) == 0]
        for place in late[: draw.randint(1, 5)]:
            result[place] = replace(result[place], stage=stage)
    return result
