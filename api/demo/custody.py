"""Where the carats of a re-export come from: walks the plan in time and lets each re-export cite what its issuer has confirmed.

Rules:
- A source is cited only after its confirmation, and never beyond what arrived (2-records.md, "Custody and the carat balance").
- A mine's goods name their country, and their zone where the country has one suspended; a hub names the countries of its
  sources when they cover the whole parcel and are all known, else the parcel is mixed.
- Goods do not go back to a participant that has issued a certificate for them, but for a few that found no buyer.
- What the hubs held before the plan began is no certificate here: such goods go without sources.
"""

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.demo.network import ZONES
from api.demo.shipments import Goods, Shipment

MAX_CITED = 12
GOES_BACK = "takes unsold goods back"
"""Note of a shipment of which sources went through its destination before."""

_CITING_SHARE = 0.75
_SORTED_SHARE = 0.35
"""Of re-exports whose goods were kept apart by country of mining."""

_UNSOLD_SHARE = 0.002
"""Of re-exports that may take goods back to where they came from."""

_NAMED_SHARE = 0.6
_MAX_ORIGINS = 6


@dataclass(slots=True)
class Lot:
    """What arrived under one certificate and is not re-exported yet; `origin` empty: not known; `hands`: who issued for it."""

    number: str
    free: int
    origin: tuple[str, ...]
    hands: frozenset[str]


def add_custody(shipments: Sequence[Shipment], numbers: Sequence[str], rng: random.Random) -> None:
    """Gives every shipment, in time order, its number (by position), origin and sources."""
    stock: dict[str, list[Lot]] = {}
    hands: dict[str, frozenset[str]] = {}
    coming: list[tuple[int, int, Shipment]] = []
    for position, shipment in enumerate(shipments):
        while coming and coming[0][0] < shipment.at:
            _receive(heapq.heappop(coming)[2], stock, hands)
        shipment.number = numbers[position]
        if shipment.reexport:
            _cite(shipment, stock.setdefault(shipment.issuer, []), rng)
        else:
            _mine(shipment, rng)
        hands[shipment.number] = frozenset({shipment.issuer}).union(*(hands[number] for number, _ in shipment.sources))
        if shipment.arrival and shipment.arrival.outcome != "refused":
            heapq.heappush(coming, (shipment.arrival.at, position, shipment))


def _receive(shipment: Shipment, stock: dict[str, list[Lot]], hands: dict[str, frozenset[str]]) -> None:
    assert shipment.arrival is not None
    known = all(line.origin for line in shipment.goods)
    origin = tuple(sorted({country for line in shipment.goods for country in line.origin})) if known else ()
    free = sum(line.points for line in shipment.arrival.goods)
    stock.setdefault(shipment.destination, []).append(Lot(shipment.number, free, origin, hands[shipment.number]))


def _mine(shipment: Shipment, rng: random.Random) -> None:
    zones = ZONES.get(shipment.issuer, ("",))
    shipment.goods = tuple(replace(line, origin=(shipment.issuer,), zone=rng.choice(zones)) for line in shipment.goods)


def _cite(shipment: Shipment, lots: list[Lot], rng: random.Random) -> None:
    """Takes carats from some of the issuer's lots; often for the whole parcel."""
    if not lots or rng.random() >= _CITING_SHARE:
        return
    offered = lots if rng.random() < _UNSOLD_SHARE else [lot for lot in lots if shipment.destination not in lot.hands]
    sorted_by_mine = [lot for lot in offered if lot.origin] if rng.random() < _SORTED_SHARE else offered
    whole = shipment.points
    wanted = whole if rng.random() < 0.5 else max(1, round(whole * rng.uniform(0.3, 0.95)))
    chosen: list[tuple[Lot, int]] = []
    left = wanted
    for lot in sorted(rng.sample(sorted_by_mine, min(len(sorted_by_mine), MAX_CITED)), key=lambda lot: lot.number):
        if left:
            chosen.append((lot, min(lot.free, left)))
            left -= chosen[-1][1]
    for lot, points in chosen:
        lot.free -= points
    lots[:] = [lot for lot in lots if lot.free]
    if any(shipment.destination in lot.hands for lot, _ in chosen):
        shipment.note = f"{shipment.note}, {GOES_BACK}" if shipment.note else GOES_BACK
    shipment.sources = tuple((lot.number, points) for lot, points in chosen)
    if wanted == whole and not left and rng.random() < _NAMED_SHARE:
        shipment.goods = _named(shipment.goods, [lot.origin for lot, _ in chosen])


def _named(goods: tuple[Goods, ...], origins: list[tuple[str, ...]]) -> tuple[Goods, ...]:
    """The union of the sources' countries on every line; mixed where one is unknown, too many, or from a country with zones."""
    union = tuple(sorted({country for origin in origins for country in origin}))
    if not all(origins) or len(union) > _MAX_ORIGINS or any(country in ZONES for country in union):
        return goods
    return tuple(replace(line, origin=union) for line in goods)
