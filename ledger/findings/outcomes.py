"""What destinations say of what arrived.

`discrepancy`: an outcome says `discrepancy`: grave where parcels differ, medium where carats do, low where only what is sealed
or the day of receipt speaks against the certificate. A corrected outcome that confirms resolves it.

`discrepancy-drift`: of a pair's certificates issued in one calendar year, those that arrived weigh more or less than issued by
more than `drift-per-mille` of what was issued, once there are `drift-outcomes` of them and `drift-same-way` of these differ in
that direction. Single differences look like errors of weighing, and stand as `discrepancy`; that they point the same way all
year does not.

`no-receipt-code`: goods arrived, and the outcome does not state the code that lies in the sealed container.

`quick-transit`: fewer than `quick-transit-days` days lie between the exporter's validation and receipt.

`never-a-discrepancy`: `unbroken-confirmations` outcomes of a pair confirm, and none ever differed.

All but `discrepancy` look at what the destination itself has stated on this ledger, never at `paper.confirm` and
`paper.import`. A refused consignment has not arrived.
"""

from ledger.bodies import ConfirmBody
from ledger.findings.book import DRIFT, PAIR, Book
from ledger.findings.change import Change
from ledger.findings.entries import Outcomes, Severity, Weighed
from ledger.units import date_of, day_number

_YEAR_CHARACTERS = 4


def discrepancy(book: Book, change: Change) -> None:
    """Judges a stated outcome."""
    body, entry = change.outcome, change.entry
    if body is None:
        return
    if body.outcome != "discrepancy":
        book.clear("discrepancy", change.number)
        return
    issued, parcels = sum(entry.points), body.parcels - entry.parcels
    severity = Severity.HIGH if parcels else Severity.MEDIUM if body.points != issued else Severity.LOW
    book.find(
        "discrepancy",
        change.number,
        severity,
        (change.issuer, change.after.destination, change.number),
        entry.records,
        issued_points=issued,
        measured_points=body.points,
        difference_points=body.points - issued,
        issued_parcels=entry.parcels,
        measured_parcels=body.parcels,
        days_expired=max(0, day_number(body.received) - day_number(entry.expires)),
    )


def drift(book: Book, change: Change) -> None:
    """Adds up what arrived of a pair's year; judged is what all of it comes to, never a sum on the way there."""
    if change.outcome is None:
        return
    about = f"{change.issuer}-{change.after.destination}/{date_of(change.after.issued)[:_YEAR_CHARACTERS]}"
    held: Weighed = book.note(DRIFT, about)
    sums = held
    for lot, sign in ((change.before, -1), (change.after, 1)):
        if lot is not None and lot.measured_there:
            sums = sums.plus(sign, lot.points, lot.measured)
    if sums == held:
        return
    book.keep(DRIFT, about, sums)
    difference = sums.measured - sums.points
    same_way = sums.lighter if difference < 0 else sums.heavier
    enough = sums.outcomes >= book.parameter("drift-outcomes") and same_way >= book.parameter("drift-same-way")
    if enough and abs(difference) * 1_000 > sums.points * book.parameter("drift-per-mille"):
        book.find(
            "discrepancy-drift",
            about,
            Severity.MEDIUM,
            (change.issuer, change.after.destination),
            (change.record.id,),
            outcomes=sums.outcomes,
            same_way=same_way,
            issued_points=sums.points,
            measured_points=sums.measured,
            difference_points=difference,
        )
    else:
        book.clear("discrepancy-drift", about)


def no_receipt_code(book: Book, change: Change) -> None:
    """Judges an outcome by whether it knows what lay in the container."""
    body = change.outcome
    if not isinstance(body, ConfirmBody):
        return
    if body.receipt_code is None and change.after.arrived:
        subjects = change.after.destination, change.issuer, change.number
        book.find("no-receipt-code", change.number, Severity.LOW, subjects, (change.record.id,), inspection=body.inspection)
    else:
        book.clear("no-receipt-code", change.number)


def quick_transit(book: Book, change: Change) -> None:
    """Judges an outcome by its day of receipt."""
    body = change.outcome
    if not isinstance(body, ConfirmBody):
        return
    days = day_number(body.received) - change.after.validated
    if change.after.arrived and days < book.parameter("quick-transit-days"):
        book.find(
            "quick-transit",
            change.number,
            Severity.MEDIUM,
            (change.after.destination, change.issuer, change.number),
            change.entry.records,
            days=days,
            received=body.received,
            validated=date_of(change.after.validated),
        )
    else:
        book.clear("quick-transit", change.number)


def never_a_discrepancy(book: Book, change: Change) -> None:
    """Counts a pair's outcomes."""
    if change.outcome is None:
        return
    about = f"{change.issuer}-{change.after.destination}"
    held: Outcomes = book.note(PAIR, about)
    counted = held
    for lot, sign in ((change.before, -1), (change.after, 1)):
        if lot is not None and lot.measured_there:
            same = lot.outcome == "confirmed"
            counted = Outcomes(counted.confirmed + sign * same, counted.differing + sign * (not same))
    if counted == held:
        return
    book.keep(PAIR, about, counted)
    if counted.confirmed >= book.parameter("unbroken-confirmations") and not counted.differing:
        subjects = change.issuer, change.after.destination
        figures = {"confirmations": counted.confirmed}
        book.find("never-a-discrepancy", about, Severity.LOW, subjects, (change.record.id,), **figures)
    else:
        book.clear("never-a-discrepancy", about)
