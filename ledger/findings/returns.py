"""What participants report, and when.

`return-late`: `return-days` after a quarter a participant has not filed its return of exports, or of imports; or after a
half-year its production report. Exports are due from who issues on this ledger since before the period began, imports from who
confirms here, production from who issues; by who still takes part on its last day. It is asked of every whole quarter since the
genesis. Filing resolves it.

`return-mismatch`: something counted in a quarter after its return was filed: an outcome came late, a certificate was corrected.
The return was right when it was filed (`ledger.rules.returns`) and is not any more. Nor is the return of the year's fourth
quarter, which states how the year's figures must be protected. A new revision of either resolves it.

`period-change`: a participant's exports, or imports, of a quarter, in certificates or carats, are `change-factor` times more or
less than the mean of the four quarters before, with `change-certificates` or more in one of both; or a half-year's production
than the mean of the two before. Judged when a return is due, of what the ledger then holds (production: when it is reported, by
what it says). It is a fact of the past and is not resolved.

Cost: one look a block; two a certificate that counts in a past quarter; some ten sums a participant in one block a quarter.
"""

from collections.abc import Sequence
from typing import Final

from ledger import keys
from ledger.bodies import ProductionBody, ReturnBody
from ledger.findings.book import CALENDAR, COMING, STOCK, Book
from ledger.findings.change import Change
from ledger.findings.entries import Half, Lot, Severity, Stocks
from ledger.participants import Participant
from ledger.periods import day_after, first_day, half_of, period_before, quarter_of
from ledger.record import Record
from ledger.report_entries import PRODUCTION
from ledger.units import date_of, day_number

_QUARTERS: Final = 4
_HALVES: Final = 2
_PRODUCTION: Final = "production"


# --- the calendar -----------------------------------------------------------------------------------------------------


def look(book: Book) -> None:
    """Asked once a block: the returns of a quarter have had their time, or those of several, if there were no blocks meanwhile.

    It stands on no agenda, for what is late must not depend on how much else a day brings.
    """
    quarter = book.note(COMING, "") or _first(book)
    coming = quarter
    while book.today >= _due(book, coming):
        _judge(book, coming)
        coming = quarter_of(day_after(coming))
    if coming != quarter:
        book.keep(COMING, "", coming)


def _first(book: Book) -> str:
    """The first whole quarter of the ledger, by the first block: the one before that is the genesis."""
    today = date_of(book.day_before)
    whole = first_day(quarter_of(today)) == today
    quarter = quarter_of(today if whole else day_after(quarter_of(today)))
    book.keep(CALENDAR, "", quarter)
    book.keep(COMING, "", quarter)
    return quarter


def _due(book: Book, quarter: str) -> int:
    """The day after the last on which returns of a quarter are in time."""
    return day_number(day_after(quarter)) + book.parameter("return-days")


def _judge(book: Book, quarter: str) -> None:
    half = _half_ended(quarter, book.note(CALENDAR, ""))
    for code, holder in sorted(book.view.register.participants.items()):
        for flow, since in (("export", holder.issues_from), ("import", holder.confirms_from)):
            if _owes(holder, since, quarter) and book.view.state.filing(keys.FLOW_LETTERS[flow], code, quarter) is None:
                _late(book, code, flow, quarter)
            _change(book, code, flow, quarter)
        if half and _owes(holder, holder.issues_from, half) and book.view.state.filing(PRODUCTION, code, half) is None:
            _late(book, code, _PRODUCTION, half)


def _half_ended(quarter: str, first: str) -> str:
    """The half-year that ended with a quarter, when it began no earlier than the first whole quarter; else empty."""
    half = half_of(first_day(quarter))
    return half if day_after(half) == day_after(quarter) and first_day(half) >= first_day(first) else ""


def _owes(holder: Participant, since: str, period: str) -> bool:
    """Whether it took part throughout a period, doing so on this ledger since before it."""
    last = date_of(day_number(day_after(period)) - 1)
    return since != "" and since <= first_day(period) and holder.in_force(first_day(period)) and holder.in_force(last)


# --- returns ----------------------------------------------------------------------------------------------------------


def filed(book: Book, record: Record) -> None:
    """Figures are filed, at first or anew."""
    body = record.body
    if isinstance(body, ReturnBody):
        about = f"{record.author}/{body.flow}/{body.quarter}"
        book.clear("return-late", about)
        book.clear("return-mismatch", about)
    elif isinstance(body, ProductionBody):
        book.clear("return-late", f"{record.author}/{_PRODUCTION}/{body.half}")
        _production_change(book, record, body)


def mismatch(book: Book, change: Change) -> None:
    """A certificate counts in quarters, or does no more."""
    touched: dict[tuple[str, str, str], None] = {}
    for lot in (change.before, change.after):
        if lot is not None:
            for code, flow, quarter in _counted(change, lot):
                touched.update(dict.fromkeys(((code, flow, quarter), (code, flow, f"{quarter[:4]}Q4"))))
    present = quarter_of(date_of(book.today))
    for code, flow, quarter in touched:
        if quarter < present:  # no other is over, and none can be filed before
            held = book.view.state.filing(keys.FLOW_LETTERS[flow], code, quarter)
            if held is not None:
                inputs = held.record, change.record.id
                book.find("return-mismatch", f"{code}/{flow}/{quarter}", Severity.LOW, (code,), inputs, revision=held.revision)


def _counted(change: Change, lot: Lot) -> list[tuple[str, str, str]]:
    """Of whom, in which flow and quarter a certificate counts that this record states, takes off or gives an outcome."""
    places = []
    if lot.exported and (change.stated is not None or not change.after.exported):
        places.append((change.issuer, "export", quarter_of(date_of(lot.issued))))
    if lot.arrived and not lot.heard and change.after.arrived | (change.outcome is not None):
        places.append((lot.destination, "import", quarter_of(date_of(lot.received))))
    return places


def _late(book: Book, code: str, flow: str, period: str) -> None:
    book.find("return-late", f"{code}/{flow}/{period}", Severity.MEDIUM, (code,), (), period=period)


# --- changes from period to period ------------------------------------------------------------------------------------


def _change(book: Book, code: str, flow: str, quarter: str) -> None:
    periods = [quarter]
    while len(periods) <= _QUARTERS:
        periods.append(period_before(periods[-1]))
    if periods[-1] < book.note(CALENDAR, ""):
        return
    sums = [book.quarter(code, flow, period) for period in periods]
    means = [sum(before[at] for before in sums[1:]) // _QUARTERS for at in range(2)]
    if max(sums[0][0], means[0]) >= book.parameter("change-certificates"):
        figures = dict(zip(("certificates", "points", "mean_certificates", "mean_points"), (*sums[0], *means), strict=True))
        if any(_differs(book, now, mean) for now, mean in zip(sums[0], means, strict=True)):
            book.find("period-change", f"{code}/{flow}/{quarter}", Severity.LOW, (code,), (), period=quarter, **figures)


def _production_change(book: Book, record: Record, body: ProductionBody) -> None:
    stocks: Stocks = book.note(STOCK, record.author)
    before = _halves_before(stocks, body.half)
    points = sum(line.points for line in body.lines)
    mean = sum(before) // _HALVES
    about = f"{record.author}/{_PRODUCTION}/{body.half}"
    if len(before) == _HALVES and _differs(book, points, mean):
        figures = {"points": points, "mean_points": mean}
        book.find("period-change", about, Severity.LOW, (record.author,), (record.id,), period=body.half, **figures)
    else:
        book.clear("period-change", about)


def _halves_before(stocks: Stocks, half: str) -> Sequence[int]:
    """Production of the two half-years before, as far as it is known."""
    one = period_before(half)
    known = (stocks.halves.get(period, Half()).production for period in (one, period_before(one)))
    return [points for points in known if points]


def _differs(book: Book, now: int, mean: int) -> bool:
    factor = book.parameter("change-factor")
    return now > factor * mean or now * factor < mean
