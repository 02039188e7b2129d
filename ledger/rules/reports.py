"""`production.report`, `stock.declare`: what a participant says that it has (2-records.md, "Kinds"). Role report.

Checks of `production.report`, in this order: the half-year is over; the revision is the next one; HS codes and zones ascend,
each once. Values are clear: production is published by participant.

Checks of `stock.declare`: none was declared before; the day is over; HS codes ascend, each once.
"""

from collections.abc import Sequence

from ledger import units
from ledger.bodies import ProductionBody, StockBody
from ledger.errors import Code, Refusal
from ledger.participants import Holder
from ledger.periods import is_over
from ledger.record import Record
from ledger.report_entries import PRODUCTION, STOCK
from ledger.rules.common import Place, View
from ledger.rules.effects import Writer

_NO_PERIOD = ""


def check_production(view: View, holder: Holder, record: Record) -> None:
    """Every check of `production.report`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, ProductionBody)
    check_period(view, body.half, "half")
    check_revision(view, PRODUCTION, holder.code, body.half, body.revision)
    check_order([(line.hs, line.zone) for line in body.lines], "lines")


def enact_production(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Files the figures."""
    body = record.body
    assert isinstance(body, ProductionBody)
    writer.file(PRODUCTION, record.author, body.half, body.revision, record.id)


def check_stock(view: View, holder: Holder, record: Record) -> None:
    """Every check of `stock.declare`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, StockBody)
    held = view.state.filing(STOCK, holder.code, _NO_PERIOD)
    if held is not None:
        raise Refusal(Code.STOCK_DECLARED, "date", given=body.date, record=held.record.hex())
    if units.date_is_future(body.date, view.now):
        raise Refusal(Code.PERIOD_NOT_OVER, "date", given=body.date, limit=view.date)
    check_order([(line.hs,) for line in body.lines], "lines")


def enact_stock(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Files the declaration; there is no second one."""
    writer.file(STOCK, record.author, _NO_PERIOD, 1, record.id)


def check_period(view: View, period: str, field: str) -> None:
    """Whether a quarter or half is over; raises Refusal PERIOD_NOT_OVER."""
    if not is_over(period, view.now):
        raise Refusal(Code.PERIOD_NOT_OVER, field, given=period, limit=view.date)


def check_revision(view: View, sort: str, author: str, period: str, revision: int) -> None:
    """Whether figures follow the newest ones filed for their period; raises Refusal REVISION_NOT_NEXT."""
    held = view.state.filing(sort, author, period)
    following = 1 if held is None else held.revision + 1
    if revision != following:
        raise Refusal(Code.REVISION_NOT_NEXT, "revision", given=revision, limit=following)


def check_order(names: Sequence[tuple[str, ...]], field: str) -> None:
    """Whether rows ascend by what they are of, each once; raises Refusal FIGURES_ORDER."""
    for place in range(1, len(names)):
        if names[place] <= names[place - 1]:
            given, limit = " ".join(names[place]), " ".join(names[place - 1])
            raise Refusal(Code.FIGURES_ORDER, f"{field}[{place}]", given=given.strip(), limit=limit.strip())
