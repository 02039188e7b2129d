"""A network that has released: the trade of `tests.support.week`, production of two, 2026Q3, and 2026H1 with a revision.

    await publish(port)    # the clock of the port stands in December 2026 afterwards

What is confidential the proposer's linear programs find; nodes agree, and the files are kept as a node keeps them.
"""

from ledger.bodies import ProductionBody
from ledger.bodies.reports import ProductionLine
from node.disclosure.propose import propose
from tests.support.port import NOW, SEATS, LocalPort
from tests.support.publishing import Made, Publisher
from tests.support.trade import Trader
from tests.support.week import trade

DECEMBER = NOW + 80 * 86_400_000
"""10 December 2026: the third quarter has been over for more than 60 days."""

FIRST, CORRECTED = 1_234_567_00, 1_300_000_00
"""Botswana's production of the first half of 2026 in points, as reported first and then."""


async def publish(port: LocalPort) -> dict[str, Made]:
    """The releases by name."""
    await close(port)
    made = {"2026Q3": await _release(port, "2026Q3"), "2026H1": await _release(port, "2026H1")}
    await _report(port, "BW", CORRECTED, 2)
    return {**made, "2026H1-r1": await _release(port, "2026H1")}


async def close(port: LocalPort) -> None:
    """The trade, and a block in December: the quarter has closed."""
    await trade(port)
    port.clock = DECEMBER
    for code, points in (("BW", FIRST), ("CA", 777_000_00)):
        await _report(port, code, points, 1)


async def _report(port: LocalPort, code: str, points: int, revision: int) -> None:
    body = ProductionBody("2026H1", (ProductionLine(points * 80, "710231", points),), revision)
    await port.submit(Trader(port.network, port.clock).statement("production.report", body, code, "report").raw, wait=False)


async def _release(port: LocalPort, period: str) -> Made:
    signed = Publisher(port.ledger, port.network.keys, lambda: port.clock)
    made = signed.draft(signed.propose(period, propose))
    for record in (*made.records, *(signed.verdict(made.id, code) for code in SEATS[: port.quorum])):
        await port.submit(record, wait=False)
    port.ledger.keep_release(made.id, {"json": made.json, "csv": made.csv})
    return made
