"""How much is issued at once.

`splitting`: `splitting-certificates` or more certificates of one issuer to one destination bear the same day of issue. What is
void, returned or replaced does not count.

`rush`: between the proposal to suspend a participant, or a zone of it, and the day from which that counts, it enters in one
week more than `rush-factor` times the certificates, or the carats, of its median week before. Weeks count from the day of the
proposal. The median is that of the 13 weeks before, or of those since the participant first issued here, at least 4; without so
many there is nothing to compare with. A week with fewer than `rush-certificates` is none. A proposal that is rejected or void
ends the watch, one more proposal prolongs it. What counts is the day on which a certificate reached the ledger, and its carats
as first stated: dates of issue can be chosen.

Cost: a few looks a certificate; about a hundred when a suspension is proposed.
"""

from typing import Final

from msgspec.structs import replace

from ledger.bodies import ProposeBody
from ledger.findings.book import FIRST_DAY, ISSUED, SAME_DAY, WATCH, Book
from ledger.findings.change import Change
from ledger.findings.entries import Lot, Severity, Sums, Watch
from ledger.record import Record
from ledger.units import date_of, day_number

_WEEK: Final = 7
_WEEKS: Final = 13
_LEAST_WEEKS: Final = 4


# --- splitting --------------------------------------------------------------------------------------------------------


def splitting(book: Book, change: Change) -> None:
    """Counts a pair's certificates by day of issue."""
    before, after = change.before, change.after
    if before is not None and (before.points, _place(change.issuer, before)) == (after.points, _place(change.issuer, after)):
        return
    for lot, sign in ((before, -1), (after, 1)):
        about = _place(change.issuer, lot)
        if about and lot is not None:
            held: Sums = book.note(SAME_DAY, about)
            sums = held.plus(sign, lot.points)
            book.keep(SAME_DAY, about, sums)
            if sums.certificates >= book.parameter("splitting-certificates"):
                figures = {"certificates": sums.certificates, "points": sums.points}
                subjects = change.issuer, lot.destination
                book.find("splitting", about, Severity.MEDIUM, subjects, (change.record.id,), **figures)
            else:
                book.clear("splitting", about)


def _place(issuer: str, lot: Lot | None) -> str:
    """Pair and day under which a certificate counts, empty when it does not."""
    return f"{issuer}-{lot.destination}/{date_of(lot.issued)}" if lot is not None and lot.exported else ""


# --- rush -------------------------------------------------------------------------------------------------------------


def proposed(book: Book, record: Record) -> None:
    """A suspension is proposed: from now on its subject is watched."""
    body = record.body
    if not isinstance(body, ProposeBody) or body.decision != "suspend":
        return
    proposal = record.id, day_number(body.effective)
    watch = _watch(book, body.subject)
    if watch is not None:
        book.keep(WATCH, body.subject, replace(watch, proposals=(*watch.proposals, proposal)))
        return
    weeks = _weeks_before(book, body.subject)
    if len(weeks) >= _LEAST_WEEKS:
        certificates, points = (_median([getattr(sums, name) for sums in weeks]) for name in ("certificates", "points"))
        book.keep(WATCH, body.subject, Watch(book.today, (proposal,), certificates, points))


def rush(book: Book, change: Change) -> None:
    """Counts what a participant enters by day, and by week while it is watched."""
    if not change.opened:
        return
    issuer, points = change.issuer, change.after.points
    day = f"{issuer}{date_of(book.today)}"
    held: Sums = book.note(ISSUED, day)
    book.keep(ISSUED, day, held.plus(1, points))
    if book.note(FIRST_DAY, issuer) == FIRST_DAY.none:
        book.keep(FIRST_DAY, issuer, book.today)
    watch = _watch(book, issuer)
    if watch is not None:
        week = (book.today - watch.start) // _WEEK
        sums = (watch.sums if watch.week == week else Sums()).plus(1, points)
        watch = replace(watch, week=week, sums=sums)
        book.keep(WATCH, issuer, watch)
        _judge(book, change, watch)


def _judge(book: Book, change: Change, watch: Watch) -> None:
    sums, factor = watch.sums, book.parameter("rush-factor")
    more = sums.certificates > factor * watch.median_certificates or sums.points > factor * watch.median_points
    if more and sums.certificates >= book.parameter("rush-certificates"):
        proposal = watch.proposals[0][0]
        book.find(
            "rush",
            f"{change.issuer}/{proposal.hex()}/{watch.week}",
            Severity.HIGH,
            (change.issuer,),
            (proposal, change.record.id),
            week=watch.week,
            certificates=sums.certificates,
            points=sums.points,
            median_certificates=watch.median_certificates,
            median_points=watch.median_points,
        )


def _watch(book: Book, issuer: str) -> Watch | None:
    """The watch over an issuer, while a proposal of it is neither turned down nor in effect."""
    watch: Watch | None = book.note(WATCH, issuer)
    if watch is None:
        return None
    for proposal, effect in watch.proposals:
        held = book.view.state.proposal(proposal)
        if book.today < effect and held is not None and held.outcome not in {"rejected", "void"}:
            return watch
    book.keep(WATCH, issuer, None)
    return None


def _weeks_before(book: Book, issuer: str) -> list[Sums]:
    """What an issuer entered in each whole week before today, since it first did; the newest first."""
    first = book.note(FIRST_DAY, issuer)
    if first == FIRST_DAY.none:
        return []
    weeks: list[Sums] = []
    while len(weeks) < _WEEKS and book.today - _WEEK * (len(weeks) + 1) >= first:
        begin = book.today - _WEEK * (len(weeks) + 1)
        days: list[Sums] = [book.note(ISSUED, f"{issuer}{date_of(day)}") for day in range(begin, begin + _WEEK)]
        weeks.append(Sums(sum(day.certificates for day in days), sum(day.points for day in days)))
    return weeks


def _median(figures: list[int]) -> int:
    """The middle one; of two, the lower, rounded down."""
    ordered = sorted(figures)
    return ordered[(len(ordered) - 1) // 2]
