"""Worlds of trade with their traders, and the cubes that every node would read of them.

A world is a function of its size and seed: participants from the very large, where hundreds trade, to those with one exporter; parcels
with a seller and a buyer; imports that differ a little from what was sent, fall in the next quarter, or are missing. What becomes
known late (`stage` above 0) is in cubes of that stage and later ones.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property

from ledger.statistics.tables import ALL, Block, BlockKey, Cube, Entry, Need, Production, Source
from ledger.statistics.unsafe import largest_need

YEAR = "2026"
QUARTERS = tuple(f"{YEAR}Q{number}" for number in range(1, 5))
CODES = ("710210", "710221", "710231")
PERCENT = 15
LEAST_CHANGE = 3

HUBS = {
    "EU": 240,
    "AE": 300,
    "IN": 400,
    "IL": 150,
    "CN": 120,
    "US": 80,
    "GB": 40,
    "CH": 25,
    "HK": 60,
    "SG": 30,
    "TH": 20,
    "CA": 12,
}
"""Traders of those with many."""
PRODUCERS = {"BW": 22, "RU": 14, "ZA": 60, "AO": 12, "NA": 9, "CD": 45, "LS": 5, "SL": 15, "ZW": 10, "AU": 4, "TZ": 7, "BR": 9}
"""Exporters of those that mine."""
PARTNERS = 12
OTHERS = ["AM", "BD", "BY", "CF", "CG", "CI", "CM", "CZ", "GH", "GN", "GY", "ID", "JP", "KR", "KZ", "KH", "LA", "LB", "LK", "LR", "MO", "MX", "MY", "MU", "ML", "MZ", "NO", "NZ", "PA", "PH", "QA", "SZ", "TG", "TR", "UA", "VE", "VN"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parcel:
    """One certificate; `received` is empty where no import was confirmed within the year."""

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


@dataclass(frozen=True)
class World:
    """Who trades, what was traded, and which blocks have no countersigned return."""

    names: tuple[str, ...]
    parcels: tuple[Parcel, ...]
    sources: dict[BlockKey, Source]

    @cached_property
    def _cached(self) -> dict:
        return {}

    def cube(self, period: str, stage: int = 0) -> Cube:
        """The figures of a period as they are known at a stage."""
        if stage not in self._cached:
            self._cached[stage] = _blocks(self, stage)
        blocks = {key: block for key, block in self._cached[stage].items() if period in {key.quarter, YEAR}}
        halves = [half for half in (f"{YEAR}H1", f"{YEAR}H2") if period in {half, YEAR}]
        return Cube(
            period=period,
            height=1_000 + 100 * stage,
            tree_size=10_000 + 1_000 * stage,
            names={name: f"Country {name}" for name in self.names},
            blocks=blocks,
            production={
                (name, half): Production(name, half, b"r", (("710210", 500, 9_000),))
                for name in self.names[:2]
                for half in halves
            },
            percent=PERCENT,
            least_change=LEAST_CHANGE,
        )

    def late(self, seed: int, stage: int, blocks: int, parcels: int) -> "World":
        """The same world, where some parcels of some exporters' quarters become known at this stage only."""
        draw = random.Random(f"late/{seed}")
        by = defaultdict(list)
        for place, parcel in enumerate(self.parcels):
            if not parcel.stage:
                by[parcel.exporter, parcel.sent, parcel.hs].append(place)
        result = list(self.parcels)
        for key in draw.sample(sorted(by), min(blocks, len(by))):
            for place in by[key][:parcels]:
                result[place] = replace(result[place], stage=stage)
        return replace(self, parcels=tuple(result))


def calibrated(
    seed: int,
    parcels: int = 40_000,
    participants: int = 60,
    unreturned: int = 0,
    *,
    partners: int = PARTNERS,
    dense: int = 25,
    want: float = 0.15,
) -> World:
    """A year of world trade: 60 participants, about 8,000 entries of 40,000 parcels.

    Those that are no hub export to at most `partners` others, `dense` parcels to each at least, and import `want` as much for
    their size as they export.
    """
    draw = random.Random(f"calibrated/{seed}")
    names = tuple(
        sorted(
            [*HUBS, *PRODUCERS, *OTHERS][:participants]
            if participants >= 24
            else [*HUBS][: participants // 2 + participants % 2] + [*PRODUCERS][: participants // 2]
        )
    )
    sizes = {name: _size(draw, name) for name in names}
    traders = {name: HUBS.get(name) or PRODUCERS.get(name) or draw.randint(1, 6) for name in names}
    codes = {name: CODES if name in HUBS else tuple(draw.sample(CODES, 1 + (draw.random() < 0.7))) for name in names}
    wants = {name: sizes[name] * (3 if name in HUBS else want) for name in names}
    found = []
    for exporter in names:
        others = [name for name in names if name != exporter]
        count = max(4, round(parcels * sizes[exporter] / sum(sizes.values())))
        known = others if exporter in HUBS else draw.sample(others, min(len(others), max(1, min(partners, count // dense))))
        weights = [wants[name] for name in known]
        for _ in range(count):
            found.append(_parcel(draw, exporter, draw.choices(known, weights)[0], codes, traders))
    keys = [BlockKey(name, flow, quarter) for name in names for flow in ("export", "import") for quarter in QUARTERS]
    lacking = draw.sample(keys, unreturned)
    return World(names, tuple(found), {key: draw.choice((Source.RETURN, Source.LEDGER)) for key in lacking})


def _size(draw: random.Random, name: str) -> float:
    place = [*HUBS].index(name) if name in HUBS else [*PRODUCERS].index(name) if name in PRODUCERS else None
    if place is None:
        return 0.004 * draw.lognormvariate(0, 1.0)
    return (1.0 if name in HUBS else 0.5) / (place + 1.0)


def _parcel(draw: random.Random, exporter: str, importer: str, codes: dict, traders: dict) -> Parcel:
    points = max(1, round(draw.lognormvariate(11 if exporter in HUBS or exporter in PRODUCERS else 8, 1.0)))
    cents = max(1, round(points * draw.lognormvariate(4.5, 0.5)))
    place = draw.randrange(4)
    received = place + (draw.random() < 0.1)
    seller, buyer = (f"{name}:{_trader(draw, traders[name])}" for name in (exporter, importer))
    near = draw.choice((1.0, 1.0, 0.99, 1.02))
    return Parcel(
        exporter, importer, seller, buyer, draw.choice(codes[exporter]), QUARTERS[place],
        "" if received > 3 or draw.random() < 0.02 else QUARTERS[received],
        points, cents, max(1, round(points * near)), max(1, round(cents * near)),
    )  # fmt: skip


def _trader(draw: random.Random, count: int) -> int:
    return min(count - 1, int(draw.paretovariate(1.0)) - 1) if draw.random() < 0.3 else draw.randrange(count)


def _blocks(world: World, stage: int) -> dict[BlockKey, Block]:
    sides = defaultdict(lambda: defaultdict(lambda: defaultdict(lambda: [0, 0])))
    counts = defaultdict(lambda: defaultdict(int))
    for one in world.parcels:
        if one.stage > stage:
            continue
        told = [(BlockKey(one.exporter, "export", one.sent), one.importer, one.seller, one.points, one.cents)]
        if one.received:
            told.append((BlockKey(one.importer, "import", one.received), one.exporter, one.buyer, one.measured, one.valued))
        for key, partner, trader, points, cents in told:
            had = sides[key][partner, one.hs][trader]
            had[0] += points
            had[1] += cents
            counts[key][partner, one.hs] += 1
    return {key: _block(world, key, sides, counts[key]) for key in sorted(sides)}


def _block(world: World, key: BlockKey, sides: dict, counts: dict) -> Block:
    source = world.sources.get(key, Source.COUNTERSIGNED)
    entries = tuple(
        Entry(
            partner,
            hs,
            sum(one[0] for one in by.values()),
            0 if source == Source.LEDGER else sum(one[1] for one in by.values()),
            counts[partner, hs],
        )
        for (partner, hs), by in sorted(sides[key].items())
    )
    needs = _needs([(hs, by) for (_, hs), by in sides[key].items()])
    annual = {}
    if key.quarter == QUARTERS[3]:
        year = [item for quarter in QUARTERS for item in sides.get(key._replace(quarter=quarter), {}).items()]
        annual = _needs([(hs, by) for (_, hs), by in year]) | _needs([(partner, by) for (partner, _), by in year])
    stated = source == Source.COUNTERSIGNED
    return Block(
        key=key,
        source=source,
        record=b"" if source == Source.LEDGER else repr(key).encode(),
        certificates=sum(counts.values()),
        entries=entries,
        needs=needs if stated else {},
        annual=annual if stated else {},
    )


def _needs(parts: list) -> dict[str, Need]:
    by = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for name, traders in parts:
        for trader, (points, cents) in traders.items():
            for row in (name, ALL):
                by[row][trader][0] += points
                by[row][trader][1] += cents
    return {
        row: Need(
            min(3, len(traders)), *(largest_need([one[measure] for one in traders.values()], PERCENT) for measure in (0, 1))
        )
        for row, traders in sorted(by.items())
    }
