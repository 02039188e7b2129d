"""Whether goods of a suspended country can be in a mix.

A *footprint* says for every origin (a country, or a zone of it) how many points of a certificate are of it: at least, at
most, and in proportion. Sources are believed over what an issuer states: what was taken from a source has that one's
footprint, the rest that of the certificate's own lines. Points of no stated origin are kept apart as unstated, and are no
exposure. Bounds hold step by step and need not be the closest: `ledger.composition` finds those, for one certificate.

`origin-exposure` of a certificate: through its sources, at least `exposure-per-mille` of its points can be of an origin that
may not be traded on its day of issue: of medium weight where some certainly are, else low. They may have left before the
suspension began, which is no breach; it is what an auditor wants to look at. What its own lines name is refused before it
comes to this (`origin-suspended`).

Of a participant (`AE/CF`): from the day on which a suspension counts, how much of that country's goods it imported and has not
exported as such (lowest), and with what it holds of no stated origin (highest). The readmission resolves it.

Cost: sources times origins for a certificate with sources; all participants once, on the day of a suspension.
"""

from collections.abc import Mapping
from typing import Final

from ledger.bodies import ProposeBody, WithdrawBody
from ledger.findings.book import FOOTPRINT, LOT, ORIGINS, Book
from ledger.findings.change import ZONE, Change
from ledger.findings.entries import Balance, Footprint, Lot, Origins, Severity, Share
from ledger.limits import MAX_FOOTPRINT
from ledger.record import Record
from ledger.units import date_of, day_number

LETTER: Final = "x"

_PER_MILLE: Final = 1_000


# --- of a certificate -------------------------------------------------------------------------------------------------


def of_certificate(book: Book, change: Change) -> None:
    """Judges what a certificate states of its sources."""
    body = change.stated
    if body is None:
        if not change.after.exported:
            book.clear("origin-exposure", change.number)
        return
    if not change.after.sources:
        if change.before is not None and change.before.sources:
            book.keep(FOOTPRINT, change.number, FOOTPRINT.none)
            book.clear("origin-exposure", change.number)
        return
    footprint = _mixed(book, change.after)
    book.keep(FOOTPRINT, change.number, footprint)
    suspended = {origin: share for origin, share in footprint.shares.items() if _is_suspended(book, origin, body.issued)}
    lowest, highest, pro_rata = (
        min(change.after.points, sum(getattr(share, name) for share in suspended.values())) for name in Share.__struct_fields__
    )
    if highest * _PER_MILLE < change.after.points * book.parameter("exposure-per-mille") or not highest:
        book.clear("origin-exposure", change.number)
        return
    book.find(
        "origin-exposure",
        change.number,
        Severity.MEDIUM if lowest else Severity.LOW,
        (change.issuer, change.after.destination, change.number, *(number for number, _ in change.after.sources)),
        (change.record.id,),
        origins=" ".join(suspended),
        lowest_points=lowest,
        highest_points=highest,
        pro_rata_points=pro_rata,
        unstated_points=footprint.unstated,
    )


def _mixed(book: Book, lot: Lot) -> Footprint:
    """Sources' footprints, and for the rest that of the lines."""
    shares: dict[str, Share] = {}
    unstated = 0
    for number, points in lot.sources:
        source: Lot | None = book.note(LOT, number)
        if source is not None:
            held: Footprint = book.note(FOOTPRINT, number)
            if held == FOOTPRINT.none:
                held = _of_lines(source.origins)
            unstated += _draw(shares, held, max(source.measured, source.points), points)
    rest = lot.points - sum(points for _, points in lot.sources)
    if rest:
        unstated += _draw(shares, _of_lines(lot.origins), lot.points, rest)
    return _bounded(shares, unstated)


def _draw(shares: dict[str, Share], held: Footprint, whole: int, points: int) -> int:
    """Adds what so many points out of a whole can be to the shares; those of them that can be anything."""
    for origin, share in held.shares.items():
        mine = shares.get(origin, Share())
        shares[origin] = Share(
            mine.lowest + max(0, points - (whole - share.lowest)),
            mine.highest + min(points, share.highest),
            mine.pro_rata + points * share.pro_rata // max(1, whole),
        )
    return min(points, held.unstated)


def _of_lines(lines: tuple[tuple[tuple[str, ...], int], ...]) -> Footprint:
    shares: dict[str, Share] = {}
    unstated = 0
    for origin, points in lines:
        for one in origin:
            mine = shares.get(one, Share())
            certain = points if len(origin) == 1 else 0
            shares[one] = Share(mine.lowest + certain, mine.highest + points, mine.pro_rata + points // len(origin))
        unstated += 0 if origin else points
    return _bounded(shares, unstated)


def _bounded(shares: Mapping[str, Share], unstated: int) -> Footprint:
    """The greatest shares; the others count as unstated."""
    greatest = sorted(shares, key=lambda origin: (-shares[origin].highest, origin))
    unstated += sum(shares[origin].highest for origin in greatest[MAX_FOOTPRINT:])
    return Footprint({origin: shares[origin] for origin in sorted(greatest[:MAX_FOOTPRINT])}, unstated)


def _is_suspended(book: Book, origin: str, issued: str) -> bool:
    country, _, zone = origin.partition(ZONE)
    home = book.view.register.participant_of(country)
    return home is not None and home.goods_suspended_on(issued, zone)


# --- of a participant -------------------------------------------------------------------------------------------------


def proposed(book: Book, record: Record) -> None:
    """A suspension, or its end, is proposed: looked at again on the day from which it would count."""
    body = record.body
    if isinstance(body, ProposeBody) and body.decision in {"suspend", "readmit"}:
        book.remind(day_number(body.effective), LETTER, body.subject)


def withdrawn(book: Book, record: Record) -> None:
    """A participant suspends its own trade."""
    if isinstance(record.body, WithdrawBody):
        book.remind(day_number(record.body.effective), LETTER, record.author)


def look_again(book: Book, code: str) -> None:
    """A suspension of a participant may have begun or ended."""
    home = book.view.register.participant(code)
    if home is None:
        return
    today = date_of(book.today)
    for country in home.countries:
        suspended = home.goods_suspended_on(today)
        for holder in sorted(book.view.register.participants):
            _hold(book, holder, country, suspended=suspended and holder != code)


def _hold(book: Book, holder: str, country: str, *, suspended: bool) -> None:
    about = f"{holder}/{country}"
    origins: Origins = book.note(ORIGINS, holder)
    balance = origins.balances.get(country, Balance())
    lowest = max(0, balance.imported - balance.exported)
    if not suspended or not balance.imported:
        book.clear("origin-exposure", about)
        return
    book.find(
        "origin-exposure",
        about,
        Severity.LOW,
        (holder,),
        (),
        country=country,
        imported_points=balance.imported,
        exported_points=balance.exported,
        lowest_points=lowest,
        highest_points=lowest + origins.mixed,
    )
