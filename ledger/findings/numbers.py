"""Numbers that were skipped, and numbers that cannot be.

`number-range`: an import on paper bears a number outside the ranges that its issuer has committed for the year of issue, where
it has committed any. An issue on the ledger under such a number is refused (`number-out-of-range`).

`number-gap`: an issuer used a number, but not the one below it, and `number-gap-days` later the numbers directly below it, as
far as the next used one, are still unused. More than `number-gap-most` of them are no gap but the beginning of another series:
of another authority, another year, another book of forms. Series are told apart by how many digits their numbers have, and
need not be declared.

Certificates come in out of order within a day, or up to thirty days late: so nothing is found before that time has passed, and
what order they came in does not matter. A number is used by a certificate, a technical certificate, or an import on paper under
it; voiding a certificate does not make it unused. Only what the issuer itself enters makes it look for a gap: of its numbers
on paper, nobody here sees all. Each missing number belongs to one finding; when the last one of a finding comes in after all,
it is resolved.

Cost: two looks when a number is used; at most `number-gap-most` and one when the time has passed.
"""

from typing import Final

from ledger import keys
from ledger.bodies import PaperImportBody, TechnicalBody
from ledger.entries import PREFIX_CHARACTERS, issuer_of
from ledger.findings.book import MISSING, Book
from ledger.findings.change import Change
from ledger.findings.entries import Severity
from ledger.record import Record

LETTER: Final = "n"

_YEAR_CHARACTERS: Final = 4


def number_gap(book: Book, change: Change) -> None:
    """A certificate uses a number."""
    if change.before is None:
        _used(book, change.number, own=change.opened)


def number_range(book: Book, change: Change) -> None:
    """An import on paper states its certificate's number."""
    body = change.record.body
    issuer = book.view.register.participant(change.issuer)
    if isinstance(body, PaperImportBody) and issuer is not None:
        ranges = issuer.range_of(int(body.issued[:_YEAR_CHARACTERS]))
        serial = int(body.number[PREFIX_CHARACTERS:])
        if ranges and not any(one.first <= serial <= one.last for one in ranges):
            committed = " ".join(f"{one.first}-{one.last}" for one in ranges)
            subjects = change.issuer, change.record.author, body.number
            figures: dict[str, int | str] = {"issued": body.issued, "committed": committed}
            book.find("number-range", body.number, Severity.HIGH, subjects, (change.record.id,), **figures)


def technical(book: Book, record: Record) -> None:
    """A technical certificate uses a number."""
    if isinstance(record.body, TechnicalBody):
        _used(book, record.body.number, own=True)


def look_again(book: Book, number: str) -> None:
    """The numbers below this one have had their time."""
    most, gap = book.parameter("number-gap-most"), [_below(number, 1)]
    while gap[-1] and not _is_used(book, gap[-1]):
        if len(gap) > most:
            return
        gap.append(_below(number, len(gap) + 1))
    if not gap.pop():  # what stopped the search: the used number, or none
        return
    missing = [one for one in gap if not book.note(MISSING, one)]
    if missing:
        for one in missing:
            book.keep(MISSING, one, number)
        figures: dict[str, int | str] = {"missing": len(missing), "first": missing[-1], "last": missing[0]}
        book.find("number-gap", number, Severity.LOW, (issuer_of(number), number), (_record(book, number),), **figures)


def _used(book: Book, number: str, *, own: bool) -> None:
    above = book.note(MISSING, number)
    if above:
        book.keep(MISSING, number, "")
        _came_in(book, above)
    below = _below(number, 1)
    if own and below and not _is_used(book, below):
        book.remind(book.today + book.parameter("number-gap-days"), LETTER, number)


def _came_in(book: Book, above: str) -> None:
    held = book.finding("number-gap", above)
    assert held is not None, "a note names it"
    left = int(held.numbers["missing"]) - 1
    figures: dict[str, int | str] = {**held.numbers, "missing": left}
    if left:
        book.find("number-gap", above, held.severity, held.subjects, held.inputs, **figures)
    else:
        book.clear("number-gap", above, missing=0)


def _below(number: str, steps: int) -> str:
    """The number so many below, with as many digits; empty where there is none."""
    digits = number[PREFIX_CHARACTERS:]
    serial = int(digits) - steps
    return "" if serial < 0 else f"{issuer_of(number)}{serial:0{len(digits)}}"


def _is_used(book: Book, number: str) -> bool:
    state = book.view.state
    return state.holds(keys.certificate(number)) or state.holds(keys.technical(number))


def _record(book: Book, number: str) -> bytes:
    """The record that used a number."""
    entry = book.view.state.certificate(number)
    found = entry.records[0] if entry is not None else book.view.state.technical(number)
    assert found is not None, "it is used"
    return found
