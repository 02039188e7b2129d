"""What participants of a plan of trade must have had and mined for it to be honest: opening stocks, production by half year.

Mines report what they produced `REPORT_DAYS` after the half year: a fiftieth more than they exported of it. Whoever exports
more than it has imported, or reported, by then had that much in stock when the plan began, and a twentieth more.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from api.demo.shipments import Goods, Shipment
from ledger.bodies.reports import ProductionLine
from ledger.periods import day_after
from ledger.units import DAY_MS, Cents, Points, day_number

REPORT_DAYS = 30
_MORE_MINED = (51, 50)
_MORE_HELD = (21, 20)

Production = Mapping[str, Mapping[str, Sequence[ProductionLine]]]
"""Lines by participant and half year."""


def reported(half: str) -> int:
    """The day (number) on which production of a half year is reported."""
    return day_number(day_after(half)) + REPORT_DAYS


def production(shipments: Sequence[Shipment]) -> Production:
    """What mines produced."""
    sums: dict[tuple[str, str, str], list[Goods]] = defaultdict(list)
    for shipment in shipments:
        if not shipment.reexport:
            for goods in shipment.goods:
                sums[shipment.issuer, _half(shipment.issued), goods.hs].append(goods)
    more, of = _MORE_MINED
    found: dict[str, dict[str, list[ProductionLine]]] = {}
    for (code, half, hs), lines in sorted(sums.items()):
        points, cents = sum(line.points for line in lines), sum(line.cents for line in lines)
        made = ProductionLine(Cents(cents * more // of), lines[0].hs, Points(points * more // of))
        assert made.hs == hs, "it is what they are summed by"
        found.setdefault(code, {}).setdefault(half, []).append(made)
    return found


def opening(shipments: Sequence[Shipment], produced: Production) -> dict[str, int]:
    """Points by participant, of those that need any."""
    moves: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for shipment in shipments:
        moves[shipment.issuer].append((shipment.at, -shipment.points))
        if shipment.arrival and shipment.arrival.outcome != "refused":
            moves[shipment.destination].append((shipment.arrival.at, sum(line.points for line in shipment.arrival.goods)))
    for code, halves in produced.items():
        for half, lines in halves.items():
            moves[code].append((reported(half) * DAY_MS, sum(line.points for line in lines)))
    more, of = _MORE_HELD
    needed: dict[str, int] = {}
    for code, rows in sorted(moves.items()):
        held = least = 0
        for _, points in sorted(rows):
            held += points
            least = min(least, held)
        if least:
            needed[code] = -least * more // of
    return needed


def _half(date: str) -> str:
    return f"{date[:4]}H{1 if date[5:7] <= '06' else 2}"
