"""Whether a participant had what it sent.

`negative-stock`: by the end of a half-year a participant exported more than its opening stock, its production and its imports
up to then, over all HS codes together: sorting moves carats between codes. Exports count by the day of issue, imports as
measured by the day of receipt, production by its half-year. A half-year is judged once its production report has had its time
(`return-days`), and again whenever something of it, or of one before, changes after that; before, what was mined is not known.
It is of medium weight as long as no opening stock was declared, else grave. Figures are of the newest half-year that is judged.

Cost: one entry by participant, with two sums a year.
"""

from typing import Final

from msgspec.structs import replace

from ledger.bodies import ProductionBody, StockBody
from ledger.findings.book import STOCK, Book
from ledger.findings.change import Change
from ledger.findings.entries import Half, Lot, Severity, Stocks
from ledger.periods import day_after, half_of, period_before
from ledger.record import Record
from ledger.units import date_of, day_number

LETTER: Final = "h"


def negative_stock(book: Book, change: Change) -> None:
    """A certificate adds to exports or imports, or leaves them."""
    before, after = change.before, change.after
    _move(book, change.issuer, (_sent(before), _sent(after)), change.record.id)
    _move(book, after.destination, (_brought(before), _brought(after)), change.record.id)


def opening(book: Book, record: Record) -> None:
    """A participant declares what it had when it joined."""
    if isinstance(record.body, StockBody):
        held: Stocks = book.note(STOCK, record.author)
        book.keep(STOCK, record.author, Stocks(sum(line.points for line in record.body.lines), held.halves))
        _judge(book, record.author, record.id)


def produced(book: Book, record: Record) -> None:
    """A participant reports what was mined in a half-year, at first or anew."""
    body = record.body
    if isinstance(body, ProductionBody):
        held: Stocks = book.note(STOCK, record.author)
        former = held.halves.get(body.half, Half()).production
        _add(book, record.author, body.half, Half(production=sum(line.points for line in body.lines) - former))
        _judge(book, record.author, record.id)


def look_again(book: Book, subject: str) -> None:
    """A half-year's report has had its time."""
    _judge(book, subject, b"")


def _move(book: Book, code: str, counts: tuple[tuple[str, Half], tuple[str, Half]], cause: bytes) -> None:
    """What counted of a certificate counts no more, and what counts of it does."""
    (former, less), (half, more) = counts
    if (former, less) == (half, more):
        return
    if former:
        _add(book, code, former, Half(-less.imports, -less.exports, -less.production))
    if half:
        _add(book, code, half, more)
    ended = _ended(book)
    if (former and former <= ended) or (half and half <= ended):
        _judge(book, code, cause)


def _sent(lot: Lot | None) -> tuple[str, Half]:
    """In which half-year a certificate counts as exported; empty: in none."""
    return (half_of(date_of(lot.issued)), Half(exports=lot.points)) if lot is not None and lot.exported else ("", Half())


def _brought(lot: Lot | None) -> tuple[str, Half]:
    """In which half-year it counts as imported: an outcome that the issuer has heard of counts as nobody's."""
    if lot is None or not lot.arrived or lot.heard:
        return "", Half()
    return half_of(date_of(lot.received)), Half(imports=lot.measured)


def _add(book: Book, code: str, half: str, more: Half) -> None:
    held: Stocks = book.note(STOCK, code)
    known = held.halves.get(half)
    sums = known or Half()
    sums = Half(sums.imports + more.imports, sums.exports + more.exports, sums.production + more.production)
    if known is None:
        book.remind(_due(book, half) + 1, LETTER, code)
    book.keep(STOCK, code, replace(held, halves=dict(sorted({**held.halves, half: sums}.items()))))


def _due(book: Book, half: str) -> int:
    """The last day on which a half-year's report is in time."""
    return day_number(day_after(half)) + book.parameter("return-days") - 1


def _ended(book: Book) -> str:
    """The newest half-year that has had its time."""
    half = half_of(date_of(book.today))
    while book.today <= _due(book, half):
        half = period_before(half)
    return half


def _judge(book: Book, code: str, cause: bytes) -> None:
    """Judges all half-years that have had their time; `cause`: the record that changed one of them, if one did."""
    stocks: Stocks = book.note(STOCK, code)
    ended = _ended(book)
    judged = {half: sums for half, sums in stocks.halves.items() if half <= ended}
    imports, exports, production = (sum(getattr(sums, name) for sums in judged.values()) for name in Half.__struct_fields__)
    opening = stocks.opening or 0
    short = exports - imports - production - opening
    if short <= 0:
        book.clear("negative-stock", code)
        return
    former = book.finding("negative-stock", code)
    book.find(
        "negative-stock",
        code,
        Severity.MEDIUM if stocks.opening is None else Severity.HIGH,
        (code,),
        (cause,) if cause else () if former is None else former.inputs,
        until=max(judged),
        exported_points=exports,
        imported_points=imports,
        produced_points=production,
        opening_points=opening,
        missing_points=short,
    )
