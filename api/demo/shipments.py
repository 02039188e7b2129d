"""The plan of a stretch of world trade: shipments with their lines, dates and arrivals, before anything is signed.

Rules:
- Seeded: the same world, end and seed give the same plan.
- Every exporter ships exactly its share of the world's carats and value; destinations are drawn systematically from its
  flows, so that importers come near theirs.
- Instants lie in the `days` before `end`, less two hours, so that a replay begun at `end` stays within the ledger's seven days.
- A few certificates were issued weeks before they reach the ledger, some of those confirmed late, some overdue.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from api.demo.world import HS_PRICE, MEAN_CARATS, Trader, World
from ledger.bodies import Hs
from ledger.units import DAY_MS, HOUR_MS, Ms, block_date, date_of, day_number

Outcome = Literal["confirmed", "discrepancy", "refused"]
Inspection = Literal["opened", "risk-selected", "not-opened"]
SealState = Literal["intact", "broken", "none"]

HS: tuple[Hs, ...] = tuple(HS_PRICE)
MARGIN_MS = 2 * HOUR_MS
VALIDITY_DAYS = 60
SHORT_VALIDITY_DAYS = 10

DISCREPANCY_SHARE = 0.008
REFUSED_SHARE = 0.003
LATE_SHARE = 0.014
LOST_SHARE = 0.015
"""Shares of confirmations that differ or are refused, of certificates that reach the ledger late, that stay unanswered."""

_INSPECTIONS: tuple[Inspection, ...] = ("opened", "risk-selected", "not-opened")
_SEALS: tuple[SealState, ...] = ("intact", "none")
_WEEKDAY_WEIGHT = (1.0, 1.0, 1.0, 1.0, 0.9, 0.12, 0.08)
_SIZE_SIGMA = 1.1
_PRICE_SIGMA = 0.35
_TRANSIT_HOURS = 40
_TRANSIT_SIGMA = 0.5


@dataclass(frozen=True, slots=True)
class Goods:
    """One line: points and cents of one HS code; `origin` empty is mixed, `zone` empty is none stated."""

    hs: Hs
    points: int
    cents: int
    origin: tuple[str, ...] = ()
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the destination states, and when; `note` says what is unusual."""

    at: Ms
    received: str
    outcome: Outcome
    parcels: int
    goods: tuple[Goods, ...]
    inspection: Inspection
    seals: SealState
    with_code: bool
    note: str = ""


@dataclass(slots=True)
class Shipment:
    """One certificate to be issued, and its arrival (None: open to the end). Number, sources and origin come later."""

    issuer: str
    destination: str
    reexport: bool
    at: Ms
    issued: str
    validated: str
    expires: str
    parcels: int
    goods: tuple[Goods, ...]
    arrival: Arrival | None = None
    note: str = ""
    number: str = ""
    sources: tuple[tuple[str, int], ...] = field(default=())

    @property
    def points(self) -> int:
        """Weight of all lines."""
        return sum(line.points for line in self.goods)

    @property
    def cents(self) -> int:
        """Value of all lines."""
        return sum(line.cents for line in self.goods)


def plan(world: World, rng: random.Random, end: Ms, days: int, certificates: int) -> list[Shipment]:
    """About `certificates` shipments in the order of their instants; `end` in milliseconds."""
    calendar = Calendar(rng, end, days)
    counts = _counts(world.exporters, certificates)
    carats = certificates * MEAN_CARATS / sum(trader.exports for trader in world.exporters)
    shipments: list[Shipment] = []
    for trader, count in zip(world.exporters, counts, strict=True):
        weight = trader.exports * carats
        goods = _goods(trader, rng, count, round(100 * weight), round(100 * weight * trader.price * world.price_level))
        places = _destinations(world, trader, rng, count)
        shipments += [_shipment(trader, place, lines, calendar) for place, lines in zip(places, goods, strict=True)]
    shipments.sort(key=lambda shipment: (shipment.at, shipment.issuer, shipment.points))
    _make_late(shipments, calendar)
    for shipment in shipments:
        shipment.arrival = _arrival(shipment, calendar)
    _make_unusual([shipment for shipment in shipments if shipment.arrival], rng)
    return sorted(shipments, key=lambda shipment: (shipment.at, shipment.issuer, shipment.points))


class Calendar:
    """Draws instants and dates within the plan's days; trade sleeps at weekends and at night (UTC)."""

    def __init__(self, rng: random.Random, end: Ms, days: int) -> None:
        self.rng = rng
        self.end = end
        self.start = Ms(end - days * DAY_MS + MARGIN_MS)
        self.today = day_number(block_date(end))

    def instant(self, start: int | None = None, end: int | None = None) -> Ms:
        """A moment of trade between two instants, by default anywhere in the plan."""
        start, end = start or self.start, end or self.end - 60_000
        for _ in range(60):
            moment = self.rng.randrange(start, end)
            if self.rng.random() < self._weight(moment):
                break
        return Ms(moment)

    def working(self, moment: int) -> Ms:
        """This moment, moved on by some hours while offices are likely closed."""
        for _ in range(12):
            if self.rng.random() < 2 * self._weight(moment):
                break
            moment += 5 * HOUR_MS
        return Ms(moment)

    def day_of(self, moment: int) -> int:
        """Day number of an instant."""
        return day_number(block_date(Ms(moment)))

    def _weight(self, moment: int) -> float:
        hour = moment % DAY_MS // HOUR_MS
        return _WEEKDAY_WEIGHT[(moment // DAY_MS + 3) % 7] * (1.0 if 6 <= hour < 18 else 0.25)


def _counts(exporters: Sequence[Trader], total: int) -> list[int]:
    """Certificates of each exporter by largest remainder, at least one each."""
    world = sum(trader.certificates for trader in exporters)
    exact = [trader.certificates * total / world for trader in exporters]
    counts = [max(1, int(share)) for share in exact]
    order = sorted(range(len(exact)), key=lambda n: exact[n] - counts[n], reverse=True)
    for n in order[: max(0, total - sum(counts))]:
        counts[n] += 1
    return counts


def _destinations(world: World, trader: Trader, rng: random.Random, count: int) -> list[str]:
    """Systematic sampling: equally spaced draws along the row of flows, in random order."""
    row = world.flows[trader.code]
    offset, whole, passed = rng.random(), sum(row.values()), 0.0
    found: list[str] = []
    for code, flow in row.items():
        passed += flow
        while len(found) < count and (len(found) + offset) / count * whole <= passed:
            found.append(code)
    found += [code] * (count - len(found))
    rng.shuffle(found)
    return found


def _goods(trader: Trader, rng: random.Random, count: int, points: int, cents: int) -> list[tuple[Goods, ...]]:
    """Lines of `count` shipments that together weigh `points` and are worth `cents`, within rounding."""
    weights = [_weights(rng) for _ in range(count)]
    scale = points / sum(sum(lines) for lines in weights)
    raw: list[list[tuple[Hs, int, float]]] = []
    for lines in weights:
        codes = rng.choices(HS, trader.hs, k=len(lines))
        sized = [(code, max(1, round(line * scale))) for code, line in zip(codes, lines, strict=True)]
        raw.append([(code, size, size * HS_PRICE[code] * rng.lognormvariate(0, _PRICE_SIGMA)) for code, size in sized])
    level = cents / sum(value for lines in raw for _, _, value in lines)
    return [tuple(Goods(code, size, max(1, round(value * level))) for code, size, value in lines) for lines in raw]


def _weights(rng: random.Random) -> list[float]:
    size = rng.lognormvariate(0, _SIZE_SIGMA)
    cuts = [rng.random() + 0.1 for _ in range(rng.choices((1, 2, 3, 4, 6), (60, 25, 9, 4, 2))[0])]
    return [size * cut / sum(cuts) for cut in cuts]


def _shipment(trader: Trader, destination: str, goods: tuple[Goods, ...], calendar: Calendar) -> Shipment:
    rng = calendar.rng
    at = calendar.instant()
    issued = max(calendar.day_of(at) - rng.choices((0, 1, 2), (80, 15, 5))[0], calendar.day_of(calendar.start))
    validated = min(issued + rng.choices((0, 1), (85, 15))[0], calendar.day_of(at))
    return Shipment(
        issuer=trader.code,
        destination=destination,
        reexport=rng.random() * 100 >= trader.mined,
        at=at,
        issued=date_of(issued),
        validated=date_of(validated),
        expires=date_of(validated + VALIDITY_DAYS),
        parcels=min(12, 1 + int(rng.expovariate(0.8))),
        goods=goods,
    )


def _make_late(shipments: list[Shipment], calendar: Calendar) -> None:
    """Some certificates are weeks old when they reach the ledger; two in five of those were valid for ten days only."""
    rng = calendar.rng
    for n, shipment in enumerate(rng.sample(shipments, max(5, round(LATE_SHARE * len(shipments))))):
        shipment.at = calendar.instant(calendar.start, calendar.start + (calendar.end - calendar.start) // 2)
        age = rng.randint(SHORT_VALIDITY_DAYS + 1, 21)
        issued = calendar.day_of(shipment.at) - age
        short = n % 5 in (0, 3)
        shipment.issued = shipment.validated = date_of(issued)
        shipment.expires = date_of(issued + (SHORT_VALIDITY_DAYS if short else VALIDITY_DAYS))
        shipment.note = f"recorded {age} days after it was issued" + (", expired on the way" if short else "")


def _arrival(shipment: Shipment, calendar: Calendar) -> Arrival | None:
    """When and as what it is confirmed, a day after validation or later; None when that lies beyond the end, or never."""
    rng = calendar.rng
    hours = max(7.0, rng.lognormvariate(0, _TRANSIT_SIGMA) * _TRANSIT_HOURS)
    at = calendar.working(max(shipment.at + round(hours * HOUR_MS), (day_number(shipment.validated) + 1) * DAY_MS + 1))
    never = rng.random() < (0.5 if shipment.note else LOST_SHARE)
    if at >= calendar.end or never:
        return None
    received = max(calendar.day_of(at) - rng.choices((0, 1), (75, 25))[0], day_number(shipment.validated) + 1)
    expired = date_of(received) > shipment.expires
    return Arrival(
        at=at,
        received=date_of(received),
        outcome="discrepancy" if expired else "confirmed",
        parcels=shipment.parcels,
        goods=tuple(_valued(line, rng) for line in shipment.goods),
        inspection=rng.choices(_INSPECTIONS, (60, 25, 15))[0],
        seals=rng.choices(_SEALS, (97, 3))[0],
        with_code=rng.random() < 0.97,
        note="arrived after expiry" if expired else "confirmed late" if shipment.note else "",
    )


def _valued(line: Goods, rng: random.Random) -> Goods:
    """The importer's own valuation: mostly the invoice's."""
    if rng.random() < 0.8:
        return line
    return replace(line, cents=max(1, round(line.cents * rng.uniform(0.98, 1.02))))


def _make_unusual(arrived: list[Shipment], rng: random.Random) -> None:
    """Turns a few clean arrivals into discrepancies and refusals."""
    clean = [shipment for shipment in arrived if shipment.arrival and not shipment.arrival.note]
    differing = max(3, round(DISCREPANCY_SHARE * len(arrived)))
    refused = max(2, round(REFUSED_SHARE * len(arrived)))
    for n, shipment in enumerate(rng.sample(clean, min(len(clean), differing + refused))):
        assert shipment.arrival is not None
        shipment.arrival = _differing(shipment.arrival, n, rng) if n < differing else _sent_back(shipment.arrival)


def _differing(arrival: Arrival, n: int, rng: random.Random) -> Arrival:
    first, *rest = arrival.goods
    if n % 4 == 3:
        return replace(arrival, outcome="discrepancy", parcels=arrival.parcels + 1, note="one parcel more than certified")
    missing = max(1, round(first.points * rng.uniform(0.002, 0.03)))
    short = first.points > missing
    points = first.points - missing if short else first.points + missing
    note = f"{missing / 100:.2f} ct {'short' if short else 'over'}"
    return replace(arrival, outcome="discrepancy", goods=(replace(first, points=points), *rest), note=note)


def _sent_back(arrival: Arrival) -> Arrival:
    return replace(arrival, outcome="refused", seals="broken", inspection="opened", note="seals broken, sent back")
