"""What is planted in a generated year, to be found or refused, before its shipments have numbers and sources.

| what | finding |
|---|---|
| a participant hurries goods out between the proposal to suspend it and the day from which that counts | `rush` |
| fifty small certificates of one pair on one day | `splitting` |
| a mine's goods arrive light by a fifth of a percent, week after week | `discrepancy-drift` |
| goods are received on the day on which they were validated | `quick-transit` |
| three numbers are skipped | `number-gap` (`SKIPPING`; `api.demo.year` skips them) |
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.demo.governance import SUSPENDED, Span
from api.demo.shipments import VALIDITY_DAYS, Arrival, Goods, Shipment
from ledger.units import DAY_MS, HOUR_MS, Ms, date_of, day_number

SPLITTING, SPLIT_ON, SPLIT_INTO = ("TR", "AE"), 200, 50
LIGHT, LIGHT_CERTIFICATES, LIGHT_PER_MILLE = ("TZ", "EU"), 22, 2
RUSHED_TO, RUSHED_CERTIFICATES = "AE", 6
QUICK = 3
SKIPPING, SKIPPED, SKIPPED_BY = "ZA", 3, 300
"""Who skips how many numbers, before which day."""

_LIGHT_EVERY = 7
_HALF_YEAR = 190
"""A year that ends on such a day, or a later one, has room for the light goods before that."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Planted shipments, and those of the plan that were changed; `usual`: what went before the rush."""

    splitting: tuple[Shipment, ...]
    light: tuple[Shipment, ...]
    usual: tuple[Shipment, ...]
    rush: tuple[Shipment, ...]
    quick: tuple[Shipment, ...]

    @property
    def added(self) -> tuple[Shipment, ...]:
        """Those that the plan did not have."""
        return self.splitting + self.light + self.usual + self.rush


def without_suspended(shipments: Sequence[Shipment], span: Span) -> list[Shipment]:
    """The plan without what its suspended participant can issue no more."""
    return [
        shipment
        for shipment in shipments
        if shipment.issuer != SUSPENDED or not (span.holds(day_number(shipment.issued)) or span.holds(shipment.at // DAY_MS))
    ]


def plant(shipments: Sequence[Shipment], first_day: int, proposed: int, rng: random.Random) -> Cases:
    """Plants the cases of a year that begins on a day; `proposed`: the day on which the suspension is proposed."""
    small = [_shipment(SPLITTING, first_day + SPLIT_ON, 300_000 + 40 * n, reexport=True) for n in range(SPLIT_INTO)]
    for n, shipment in enumerate(small):
        shipment.arrival = _arrival(shipment, 3 + n % 5)
    first = small[0]
    first.arrival = replace(_arrival(first, 2), outcome="discrepancy", parcels=2, note="one parcel more than certified")
    light = [_shipment(LIGHT, day, rng.randrange(40_000, 90_000)) for day in _light_days(first_day)]
    for shipment in light:
        whole = shipment.goods[0]
        less = replace(whole, points=whole.points - max(1, whole.points * LIGHT_PER_MILLE // 1_000))
        missing = f"{(whole.points - less.points) / 100:.2f} ct short"
        shipment.arrival = replace(_arrival(shipment, 3), outcome="discrepancy", goods=(less,), note=missing)
    rush = [
        _shipment((SUSPENDED, RUSHED_TO), proposed + 1 + n // 2, rng.randrange(50_000, 90_000))
        for n in range(RUSHED_CERTIFICATES)
    ]
    usual = [_shipment((SUSPENDED, RUSHED_TO), proposed - 10 * n, rng.randrange(30_000, 60_000)) for n in range(1, 9)]
    for shipment in (*usual, *rush):
        shipment.arrival = _arrival(shipment, 4)
    return Cases(tuple(small), tuple(light), tuple(usual), tuple(rush), _make_quick(shipments, rng))


def _light_days(first_day: int) -> list[int]:
    """A day each week, all in one calendar year."""
    last = date_of(first_day + 364)
    new_year = day_number(f"{last[:4]}-01-01")
    begin = max(first_day, new_year) if first_day + 364 - new_year >= _HALF_YEAR else first_day
    return [begin + 5 + _LIGHT_EVERY * n for n in range(LIGHT_CERTIFICATES)]


def _make_quick(shipments: Sequence[Shipment], rng: random.Random) -> tuple[Shipment, ...]:
    """Some confirmed goods have arrived within the day."""
    fit = [
        shipment
        for shipment in shipments
        if shipment.arrival
        and (shipment.arrival.outcome, shipment.note, shipment.arrival.note) == ("confirmed", "", "")
        and shipment.at % DAY_MS < DAY_MS - 8 * HOUR_MS
    ]
    chosen = rng.sample(fit, min(QUICK, len(fit)))
    for shipment in chosen:
        assert shipment.arrival is not None
        day = date_of(shipment.at // DAY_MS)
        shipment.validated = day
        shipment.expires = date_of(day_number(day) + VALIDITY_DAYS)
        shipment.arrival = replace(
            shipment.arrival, at=Ms(shipment.at + 6 * HOUR_MS), received=day, note="received on the day of validation"
        )
    return tuple(chosen)


def _shipment(pair: tuple[str, str], day: int, points: int, *, reexport: bool = False) -> Shipment:
    """One line of gems that leaves on a day, at ten in the morning."""
    issued = date_of(day)
    return Shipment(
        issuer=pair[0],
        destination=pair[1],
        reexport=reexport,
        at=Ms(day * DAY_MS + 10 * HOUR_MS + points % HOUR_MS),
        issued=issued,
        validated=issued,
        expires=date_of(day + VALIDITY_DAYS),
        parcels=1,
        goods=(Goods("710231", points, points * 130),),
    )


def _arrival(shipment: Shipment, days: int) -> Arrival:
    """It arrives as certified, so many days later."""
    return Arrival(
        at=Ms(shipment.at + days * DAY_MS),
        received=date_of(day_number(shipment.issued) + days),
        outcome="confirmed",
        parcels=shipment.parcels,
        goods=shipment.goods,
        inspection="opened",
        seals="intact",
        with_code=True,
    )
