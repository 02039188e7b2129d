"""Whether two participants tell the same of their trade.

`bilateral-gap`: of what one participant exported to another in a quarter (by the day of issue), the carats that arrived differ
by more than `gap-per-mille` from those that were issued, once goods have had time to arrive and to be confirmed
(`return-days` after the quarter) and there are `gap-certificates` of them. What is not confirmed has not arrived. It is judged
again whenever something of the quarter changes after that. World-wide, imports and exports differ by about three percent.
"""

from typing import Final

from ledger.findings.book import GAP, Book
from ledger.findings.change import Change
from ledger.findings.entries import Lot, Severity, Sums
from ledger.periods import day_after, quarter_of
from ledger.units import date_of, day_number

LETTER: Final = "b"

_PER_MILLE: Final = 1_000
_CODE: Final = 2
_DASH: Final = 3


def bilateral_gap(book: Book, change: Change) -> None:
    """Adds up a pair's quarter."""
    before, after = _place(change.issuer, change.before), _place(change.issuer, change.after)
    for (about, points, measured), sign in ((before, -1), (after, 1)):
        if about and before != after:
            held: Sums = book.note(GAP, about)
            if held == GAP.none:
                book.remind(_due(book, about), LETTER, about)
            book.keep(GAP, about, held.plus(sign, points, measured))
    if before != after:
        for about in dict.fromkeys((before[0], after[0])):
            if about and book.today >= _due(book, about):
                _judge(book, about, change.record.id)


def look_again(book: Book, about: str) -> None:
    """A quarter's goods have had their time."""
    _judge(book, about, b"")


def _place(issuer: str, lot: Lot | None) -> tuple[str, int, int]:
    """Pair and quarter under which a certificate counts, its points as issued and as arrived; empty when it does not count."""
    if lot is None or not lot.exported:
        return "", 0, 0
    arrived = lot.measured if lot.arrived else 0
    return f"{issuer}-{lot.destination}/{quarter_of(date_of(lot.issued))}", lot.points, arrived


def _due(book: Book, about: str) -> int:
    return day_number(day_after(about.partition("/")[2])) + book.parameter("return-days")


def _judge(book: Book, about: str, cause: bytes) -> None:
    sums: Sums = book.note(GAP, about)
    gap = sums.points - sums.measured
    if sums.certificates < book.parameter("gap-certificates") or abs(gap) * _PER_MILLE <= sums.points * book.parameter(
        "gap-per-mille"
    ):
        book.clear("bilateral-gap", about)
        return
    former = book.finding("bilateral-gap", about)
    book.find(
        "bilateral-gap",
        about,
        Severity.MEDIUM,
        (about[:_CODE], about[_DASH : _DASH + _CODE]),
        (cause,) if cause else () if former is None else former.inputs,
        certificates=sums.certificates,
        exported_points=sums.points,
        imported_points=sums.measured,
        missing_points=gap,
    )
