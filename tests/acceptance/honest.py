"""The clean world: what honest participants do in three years.

Trade is that of `api.demo.shipments`, calibrated on the real world, with its sources (`api.demo.custody`). Each issuer numbers
in the order of issue. What honest trade brings along and an auditor is to see is stated as such: certificates that reach the
ledger weeks late, answers that never come, differences in weight or parcels, confirmations without the sealed code, goods that
found no buyer and go back. Scales differ: of the answers of which the plan says nothing, `differing` in a thousand weigh up to
a two-thousandth more or less than certified, either way alike.

On the first day everybody declares what it has in stock; mines report what they produced (`api.demo.holdings`).
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from api.demo.custody import GOES_BACK, add_custody
from api.demo.holdings import opening, production, reported
from api.demo.shipments import Arrival, Shipment, plan
from api.demo.world import load_world
from ledger.bodies import PRODUCTION_REPORT, STOCK_DECLARE, ConfirmLine, ProductionBody, Source, StockBody
from ledger.bodies.reports import ProductionLine, StockLine
from ledger.record import Record
from ledger.units import DAY_MS, Cents, Ms, Points, date_of, day_number
from tests.acceptance.members import FIRST_DAY, MINORS, RANGED, RUSHED, first_number, today
from tests.acceptance.stage import Stage

DIFFERING = 42
"""In a thousand; with the plan's own differences of about eight in a thousand, one answer in twenty differs."""

LATE_DAYS = 7
ANSWER_DAYS = 45
"""An answer that has not come this long before the end may, or may not yet, be owed."""

MINOR_PRODUCTION = 10**9
"""Points that each of those whose trade is planted has produced before the first day."""


def shipments_of(seed: int, days: int, certificates: int, differing: int = DIFFERING) -> list[Shipment]:
    """The trade, in time order, with numbers and sources; `differing`: answers in a thousand that weigh otherwise."""
    rng = random.Random(seed)
    shipments = plan(load_world(), rng, Ms((FIRST_DAY + days) * DAY_MS), days, certificates)
    for shipment in shipments:
        if shipment.arrival and shipment.arrival.outcome == "confirmed" and rng.random() * 1_000 < differing:
            shipment.arrival = _weighed(shipment.arrival, rng)
    numbers = dict(_numbered(shipments))
    add_custody(shipments, [numbers[place] for place in range(len(shipments))], rng)
    return shipments


def _weighed(arrival: Arrival, rng: random.Random) -> Arrival:
    first, *rest = arrival.goods
    points = first.points + rng.choice((-1, 1)) * max(1, rng.randrange(1 + first.points // 2_000))
    return replace(
        arrival, outcome="discrepancy", goods=(replace(first, points=max(1, points)), *rest), note="weighed otherwise"
    )


def _numbered(shipments: list[Shipment]) -> Iterator[tuple[int, str]]:
    """By place in the plan: the issuer's next number in order of issue, in eight digits or in the range of its year."""
    used: Counter[str] = Counter()
    for place in sorted(range(len(shipments)), key=lambda place: (shipments[place].issued, place)):
        issuer, year = shipments[place].issuer, int(shipments[place].issued[:4])
        series = f"{issuer}{year}" if issuer == RANGED else issuer
        digits = first_number(year) + used[series] if issuer == RANGED else used[series]
        used[series] += 1
        yield place, f"{issuer}{digits:06}" if issuer == RANGED else f"{issuer}{digits:08}"


def populate(stage: Stage, shipments: list[Shipment]) -> None:
    """Puts all of it on the stage."""
    _declare(stage, shipments)
    issued: dict[str, Record] = {}
    for shipment in shipments:
        stage.on(_day(shipment.at), lambda shipment=shipment: _issue(stage, shipment, issued), shipment.at % DAY_MS)
        if shipment.arrival:
            arrived = shipment.arrival.at
            stage.on(_day(arrived), lambda shipment=shipment: _answer(stage, shipment, issued), arrived % DAY_MS)


def _day(at: int) -> int:
    return at // DAY_MS - FIRST_DAY


def _issue(stage: Stage, shipment: Shipment, issued: dict[str, Record]) -> None:
    line = stage.world.line
    stage.certificates += 1
    issued[shipment.number] = stage.put(
        stage.world.issue(
            number=shipment.number,
            destination=shipment.destination,
            type="re-export" if shipment.reexport else "export",
            issued=shipment.issued,
            validated=shipment.validated,
            expires=shipment.expires,
            parcels=shipment.parcels,
            lines=tuple(line(goods.points, goods.hs, goods.origin, goods.zone) for goods in shipment.goods),
            sources=tuple(Source(number, Points(points)) for number, points in shipment.sources),
        )
    )
    if FIRST_DAY + stage.day - day_number(shipment.issued) > LATE_DAYS:
        stage.truth.honest["late-issue"].add(shipment.number)
    if GOES_BACK in shipment.note:
        stage.truth.possible["circular-custody"].add(shipment.number)
    if shipment.arrival is None:
        known = stage.truth.honest if stage.day < stage.days - ANSWER_DAYS else stage.truth.possible
        known["unconfirmed"].add(shipment.number)
    elif shipment.expires < today(_day(shipment.arrival.at)):
        stage.truth.honest["unconfirmed"].add(shipment.number)


def _answer(stage: Stage, shipment: Shipment, issued: dict[str, Record]) -> None:
    arrival, made = shipment.arrival, issued[shipment.number]
    assert arrival is not None
    commitment = stage.world.commitment()
    refused = arrival.outcome == "refused"
    stage.confirm(
        made,
        outcome=arrival.outcome,
        received=arrival.received,
        parcels=arrival.parcels,
        lines=tuple(ConfirmLine(commitment, goods.hs, Points(goods.points)) for goods in arrival.goods),
        inspection=arrival.inspection,
        seals=arrival.seals,
        **({} if arrival.with_code else {"receipt_code": None}),
    )
    if arrival.outcome == "discrepancy":
        stage.truth.honest["discrepancy"].add(shipment.number)
    if not arrival.with_code and not refused:
        stage.truth.honest["no-receipt-code"].add(shipment.number)


# --- stock and production ---------------------------------------------------------------------------------------------


def _declare(stage: Stage, shipments: list[Shipment]) -> None:
    """Opening stocks on the first day, production a month after each half year, that of the half before at once."""
    sign = stage.world.sign
    produced = production(shipments)
    for code, halves in produced.items():
        for half, lines in halves.items():
            body = ProductionBody(half, tuple(lines), 1)
            if (day := max(0, reported(half) - FIRST_DAY)) < stage.days:
                stage.on(day, lambda body=body, code=code: stage.put(sign(PRODUCTION_REPORT, body, code)), 0)
    for code in (*MINORS, *RUSHED):
        before = ProductionBody("2025H2", (ProductionLine(Cents(1), "710231", Points(MINOR_PRODUCTION)),), 1)
        stage.on(0, lambda body=before, code=code: stage.put(sign(PRODUCTION_REPORT, body, code)), 0)
    for code, points in sorted(opening(shipments, produced).items()):
        stock = StockBody(date_of(FIRST_DAY - 1), (StockLine("710231", Points(points)),))
        stage.on(0, lambda body=stock, code=code: stage.put(sign(STOCK_DECLARE, body, code)), 0)
