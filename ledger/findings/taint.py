"""Certificates whose goods come from one that was undone or called in question after its confirmation.

`tainted`: a certificate took carats, itself or through others between, from one of which, after its confirmation,

- the goods were seized or sent back: a technical certificate with that reason names it; or
- the outcome was corrected to a discrepancy, or from one discrepancy to fewer carats.

What was already taken is not lost by that, rules see to it; but what was said of the goods when they were taken is not so any
more. Grave for seized goods, else of medium weight. A correction back to `confirmed` resolves it downstream, as does an
amendment to other sources. A taint is passed on to `MAX_TAINT_LOOKS` certificates at once, and to the next ones on the days
after.
"""

from collections import deque
from typing import Final

from ledger.bodies import ConfirmBody, TechnicalBody
from ledger.entries import issuer_of
from ledger.findings.book import LOT, OWN_TAINT, TAINT, Book
from ledger.findings.change import Change
from ledger.findings.entries import Lot, Severity, Taint
from ledger.limits import MAX_TAINT_LOOKS
from ledger.record import Record

LETTER: Final = "t"

_UNDONE: Final = ("returned", "seized")
_CORRECTED: Final = "corrected"


def tainted(book: Book, change: Change) -> None:
    """A certificate has other sources, or another outcome."""
    before, after = change.before, change.after
    former = () if before is None else before.sources
    if former != after.sources:
        _judge(book, change.number)  # nobody has taken from it: it has no outcome
    if isinstance(change.record.body, ConfirmBody) and before is not None and before.outcome:
        _corrected(book, change, before)


def _corrected(book: Book, change: Change, before: Lot) -> None:
    """An outcome was stated anew."""
    own: Taint | None = book.note(OWN_TAINT, change.number)
    worse = change.after.outcome == "discrepancy" and (before.outcome == "confirmed" or change.after.measured < before.measured)
    if worse and own is None:
        book.keep(OWN_TAINT, change.number, Taint(_CORRECTED, change.number, change.record.id))
    elif change.after.outcome == "confirmed" and own is not None and own.cause == _CORRECTED:
        book.keep(OWN_TAINT, change.number, None)
    else:
        return
    _pass_on(book, change.number)


def technical(book: Book, record: Record) -> None:
    """Goods were seized or returned that had come under another certificate."""
    body = record.body
    if isinstance(body, TechnicalBody) and body.link and body.reason in _UNDONE:
        lot: Lot | None = book.note(LOT, body.link)
        if lot is not None and lot.arrived:
            book.keep(OWN_TAINT, body.link, Taint(body.reason, body.link, record.id))
            _pass_on(book, body.link)


def look_again(book: Book, number: str) -> None:
    """There was more to pass on than one look may."""
    _pass_on(book, number)


def _pass_on(book: Book, number: str) -> None:
    """Judges a certificate, and those that took from it as far as something changes."""
    coming = deque((number,))
    for _ in range(MAX_TAINT_LOOKS):
        if not coming:
            return
        one = coming.popleft()
        if _judge(book, one) or one == number:
            coming.extend(taker for taker in book.takers(one) if taker not in coming)
    for one in coming:
        book.remind(book.today + 1, LETTER, one)


def _judge(book: Book, number: str) -> bool:
    """Finds a certificate tainted by its sources, or not any more; whether that is new."""
    lot: Lot = book.note(LOT, number)
    inherited: Taint | None = None
    for source, _ in lot.sources:
        inherited = inherited or book.note(OWN_TAINT, source) or book.note(TAINT, source)
    if inherited == book.note(TAINT, number):
        return False
    book.keep(TAINT, number, inherited)
    if inherited is None:
        book.clear("tainted", number)
        return True
    book.find(
        "tainted",
        number,
        Severity.MEDIUM if inherited.cause == _CORRECTED else Severity.HIGH,
        (issuer_of(number), lot.destination, number, inherited.number),
        (inherited.record,),
        cause=inherited.cause,
    )
    return True
