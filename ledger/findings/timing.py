"""Certificates that come late, and outcomes that do not come.

`late-issue`: the day of issue that an issue or an amendment states lies more than `late-issue-days` before the day on which
that record reached the ledger. It is a fact of the past and is not resolved.

`unconfirmed`: a certificate is open on a day behind its deadline (medium), or behind its expiry (high). The deadline counts
from the day on which the certificate reached the ledger for this destination, not from `issued`: nobody owes an outcome for
what he could not see. It is `confirmation-days` for most. The United States have `confirmation-days-us`. The European Union has
`confirmation-working-days-eu`: Monday to Friday, counted from the day after, without holidays, which differ from member state
to member state. An outcome on the day of the deadline is in time. The limit is the one of the day from which it counts. An
outcome or a closing resolves it, also one that comes in the first block of the day after: it is found, and resolved at once.

`post-verification`: a participant that was suspended on the day of issue exports from its compliant zones, and the destination
has not confirmed that yet. It is the work list of those who match such exports with confirmations: found with the issue, and
resolved by an outcome `confirmed`, or when the certificate leaves the exports.
"""

from typing import Final

from ledger.entries import CertificateEntry, CertificateState, issuer_of
from ledger.findings.book import LOT, Book
from ledger.findings.change import Change
from ledger.findings.entries import Lot, Severity
from ledger.units import date_of, day_number

LETTER: Final = "u"

_DAYS: Final = {"US": "confirmation-days-us"}
_WORKING_DAYS: Final = {"EU": "confirmation-working-days-eu"}
_WEEK: Final = 7
_WORKING: Final = 5
_FIRST_MONDAY: Final = 4
"""1970-01-05."""


def late_issue(book: Book, change: Change) -> None:
    """Judges the day of issue that a record states."""
    days = book.today - change.after.issued
    if change.stated is None or (change.before is not None and change.before.issued == change.after.issued):
        return
    if days > book.parameter("late-issue-days"):
        subjects = change.issuer, change.number
        book.find("late-issue", change.number, Severity.LOW, subjects, (change.record.id,), days=days)


def unconfirmed(book: Book, change: Change) -> None:
    """Judges an open certificate, and one that has just ceased to be open."""
    if change.after.paper:
        return
    if change.entry.state is CertificateState.OPEN:
        _judge(book, change.number, change.after, change.entry)
        return
    if change.before is not None and not change.before.outcome:
        _judge(book, change.number, change.before, change.entry, wait=False)
    book.clear("unconfirmed", change.number)


def post_verification(book: Book, change: Change) -> None:
    """Judges a certificate of a suspended issuer."""
    after, issuer = change.after, book.view.register.participant(change.issuer)
    waits = after.exported and after.outcome != "confirmed" and not after.paper
    if waits and issuer is not None and issuer.suspended_on(date_of(after.issued)):
        subjects = change.issuer, after.destination, change.number
        state = str(change.entry.state)
        book.find("post-verification", change.number, Severity.LOW, subjects, (change.entry.records[0],), state=state)
    else:
        book.clear("post-verification", change.number)


def look_again(book: Book, number: str) -> None:
    """The day of a deadline or expiry has passed."""
    lot, entry = book.note(LOT, number), book.view.state.certificate(number)
    if lot is not None and entry is not None and entry.state is CertificateState.OPEN:
        _judge(book, number, lot, entry)


def deadline(book: Book, destination: str, since: int) -> int:
    """The last day on which an outcome is in time."""
    register, day = book.view.register, date_of(since)
    if destination in _WORKING_DAYS:
        return after_working_days(since, register.parameter(_WORKING_DAYS[destination], day))
    return since + register.parameter(_DAYS.get(destination, "confirmation-days"), day)


def after_working_days(day: int, count: int) -> int:
    """The day on which the last of so many working days (Monday to Friday) after a day falls."""
    weekday = (day - _FIRST_MONDAY) % _WEEK
    begun = min(weekday, _WORKING - 1)
    weeks, rest = divmod(begun + count, _WORKING)
    return day - weekday + weeks * _WEEK + rest


def _judge(book: Book, number: str, lot: Lot, entry: CertificateEntry, *, wait: bool = True) -> None:
    """Finds what is late by now; `wait`: and looks again when the next day comes that matters."""
    last, expires = deadline(book, lot.destination, lot.since), day_number(entry.expires)
    if book.today > min(last, expires):
        book.find(
            "unconfirmed",
            number,
            Severity.HIGH if book.today > expires else Severity.MEDIUM,
            (lot.destination, issuer_of(number), number),
            (entry.records[0],),
            deadline=date_of(last),
            expires=entry.expires,
        )
    else:
        book.clear("unconfirmed", number)
    coming = [day + 1 for day in (last, expires) if day >= book.today]
    if wait and coming:
        book.remind(min(coming), LETTER, number)
