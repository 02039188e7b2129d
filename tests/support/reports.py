"""Figures, inquiries and sealed parts on the ledger of `tests.support.world`, and the story that is told before their refusals.

The story: BW issues BW0000001 and BW0000002 to AE and BW0000003 to EU on 27 February, each of 90.00 ct of 710231 and 30.00 ct of
710221; AE confirms the first as it is, and 100.00 ct (70.00 and 30.00) of the second. Then it is 5 April 2026, noon UTC.

| record | what |
|---|---|
| production | BW's production of 2025H2, revision 1 |
| stock | RU's opening stock |
| import 1, import 2 | AE's imports of 2026Q1, revisions 1 and 2 |
| export 1 | AE's exports of 2026Q1, of which there are none; countersigned by the secretariat in `countersign` |
| asked, answered, closed | inquiries to BW: without answer, answered in `answer`, closed in `close` |
| share | BW gave RU a key to the envelope of BW0000001 |
| fault | AE says that it cannot open the envelope of BW0000002 |

Every line's commitment is to 1 dollar with the blinding 7, see `World.commitment`.
"""

from collections.abc import Iterable, Sequence

from ledger.bodies import (
    INQUIRY_ANSWER,
    INQUIRY_CLOSE,
    INQUIRY_OPEN,
    PRODUCTION_REPORT,
    RETURN_COUNTERSIGN,
    RETURN_FILE,
    SEALED_FAULT,
    SEALED_SHARE,
    STOCK_DECLARE,
    AnnualProtection,
    ConfirmLine,
    CountersignBody,
    FaultBody,
    InquiryAnswerBody,
    InquiryCloseBody,
    InquiryOpenBody,
    ProductionBody,
    Protection,
    ReturnBody,
    ReturnCell,
    ShareBody,
    StockBody,
)
from ledger.bodies.reports import ProductionLine, StockLine
from ledger.commitments import L
from ledger.participants import SECRETARIAT
from ledger.record import Record
from tests.support.story import Records
from tests.support.world import EPOCH, START, World

APRIL = START + 35 * 86_400_000
"""5 April 2026, 12:00 UTC."""

CENTS, BLINDING = 100, 7
"""What `World.commitment` is of."""

Opened = tuple[str, str, int, int, int]
"""Partner, HS code, points, cents and blinding of one line."""


def opened(partner: str, lines: Iterable) -> list[Opened]:
    """Lines of a record of the world, as their author knows them."""
    return [(partner, line.hs, line.points, CENTS, BLINDING) for line in lines]


def return_body(
    flow: str,
    lines: Sequence[Opened],
    certificates: int,
    last: bytes | None,
    quarter: str = "2026Q1",
    revision: int = 1,
    **changes: object,
) -> ReturnBody:
    """A return that states the sums of these lines."""
    sums: dict[tuple[str, str], list[int]] = {}
    for partner, hs, points, cents, blinding in lines:
        cell = sums.setdefault((partner, hs), [0, 0, 0])
        for place, figure in enumerate((points, cents, blinding)):
            cell[place] += figure
    cells = tuple(
        ReturnCell(partner, hs, points, cents, (blinding % L).to_bytes(32, "little"))
        for (partner, hs), (points, cents, blinding) in sorted(sums.items())
    )
    protection = tuple(Protection(hs, 1, 100, 100) for hs in _with_all({cell.hs for cell in cells}))
    fields = {
        "cells": cells,
        "certificates": certificates,
        "flow": flow,
        "last": last,
        "protection": protection,
        "quarter": quarter,
        "revision": revision,
    }
    return ReturnBody(**(fields | changes))


def annual(lines: Iterable[Opened]) -> tuple[AnnualProtection, ...]:
    """What a return of a fourth quarter states of a year that has these lines."""
    named = _with_all({name for partner, hs, *_ in lines for name in (partner, hs)})
    return tuple(AnnualProtection(name, 2, 50, 60) for name in named)


def annual_of(world: World, author: str, flow: str, quarter: str) -> tuple[AnnualProtection, ...]:
    """The same of what the ledger counts in the year, for the return of this quarter: nothing unless it is the fourth."""
    if not quarter.endswith("Q4"):
        return ()
    views = [world.ledger.quarter(author, flow, f"{quarter[:4]}Q{place}") for place in range(1, 5)]
    return annual([(partner, hs, 0, 0, 0) for view in views for partner, hs, _ in view.cells])


def _with_all(names: set[str]) -> list[str]:
    return [*sorted(names), *(["all"] if names else [])]


def file_return(world: World, author: str, body: ReturnBody) -> Record:
    return world.sign(RETURN_FILE, body, author)


def production(world: World, author: str = "BW", half: str = "2025H2", revision: int = 1) -> Record:
    """70.00 ct of 710210 without a zone, 20.00 ct of 710231 from each of two."""
    lines = (
        ProductionLine(700_000, "710210", 7_000),
        ProductionLine(900_000, "710231", 2_000, "Jwaneng"),
        ProductionLine(0, "710231", 2_000, "Orapa"),
    )
    return world.sign(PRODUCTION_REPORT, ProductionBody(half, lines, revision), author)


def stock(world: World, author: str = "BW") -> Record:
    """10.00 ct of 710221 and 50.00 ct of 710231 at the end of February."""
    lines = (StockLine("710221", 1_000), StockLine("710231", 5_000))
    return world.sign(STOCK_DECLARE, StockBody("2026-02-28", lines), author)


def countersign(world: World, filed: Record) -> Record:
    return world.sign(RETURN_COUNTERSIGN, CountersignBody(filed.id), SECRETARIAT)


def ask(world: World, participant: str = "BW", question: str = "Why?", finding: str = "negative-stock/BW") -> Record:
    body = InquiryOpenBody(due="2026-05-01", finding=finding, participant=participant, question=question)
    return world.sign(INQUIRY_OPEN, body, SECRETARIAT)


def answer(world: World, asked: Record, text: str = "A typing error.") -> Record:
    return world.sign(INQUIRY_ANSWER, InquiryAnswerBody(inquiry=asked.id, text=text), asked.body.participant)


def close(world: World, asked: Record) -> Record:
    return world.sign(INQUIRY_CLOSE, InquiryCloseBody(inquiry=asked.id, outcome="resolved"), SECRETARIAT)


def share(world: World, of: Record, author: str, reader: str, epoch: int = EPOCH) -> Record:
    """With a wrap that only a reader could tell from a good one."""
    return world.sign(SEALED_SHARE, ShareBody(epoch, reader, of.body.rid, world.rng(112)), author)


def fault(world: World, of: Record, author: str) -> Record:
    return world.sign(SEALED_FAULT, FaultBody("unreadable", of.body.rid), author)


def tell_of_reports(world: World) -> Records:
    """Writes the story; what it names, and the certificates by their numbers."""
    made: Records = {number: world.issue(number=number) for number in ("BW0000001", "BW0000002")}
    made["BW0000003"] = world.issue(number="BW0000003", destination="EU")
    world.accept(*made.values())
    fewer = tuple(ConfirmLine(world.commitment(), hs, points) for hs, points in (("710231", 7_000), ("710221", 3_000)))
    whole, less = world.confirm(made["BW0000001"]), world.confirm(made["BW0000002"], outcome="discrepancy", lines=fewer)
    world.accept(whole, less)
    world.now = APRIL
    lines = opened("BW", (*whole.body.lines, *less.body.lines))
    made |= {
        "whole": whole,
        "less": less,
        "production": production(world),
        "stock": stock(world, "RU"),
        "import 1": file_return(world, "AE", return_body("import", lines, 2, less.id)),
        "import 2": file_return(world, "AE", return_body("import", lines, 2, less.id, revision=2)),
        "export 1": file_return(world, "AE", return_body("export", (), 0, None)),
        "asked": ask(world),
        "answered": ask(world, question="How?"),
        "closed": ask(world, question="When?"),
        "share": share(world, made["BW0000001"], "BW", "RU"),
        "fault": fault(world, made["BW0000002"], "AE"),
    }
    names = ("production", "stock", "import 1", "import 2", "export 1", "asked", "answered", "closed", "share", "fault")
    world.accept(*(made[name] for name in names))
    made |= {
        "countersign": countersign(world, made["export 1"]),
        "answer": answer(world, made["answered"]),
        "close": close(world, made["closed"]),
    }
    world.accept(made["countersign"], made["answer"], made["close"])
    return made
