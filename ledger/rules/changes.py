"""What is said of a certificate after its issue: `certificate.amend`, `certificate.close`, `import.correct` (2-records.md).

`certificate.amend` (role issue) states all of an open certificate anew; number and history stay. Checks, in this order:

1. the author issued it, it has no outcome and is not closed, the amendment answers its newest record, there is room for more;
2. everything that an issue must fulfil (`rules.certificate.check_stated`), what it has taken from its sources standing free;
3. where the day of issue moves: the number is in a range of that year, and the day not too far back.

`certificate.close` (role issue). Checks: the author issued it; it has no outcome, or was refused (an outcome that counts is
never undone); `replaced-by` names another number of the same issuer, issued before or after, and no other reason names one.
Void, returned and replaced certificates leave the exports, and what they took from sources comes back; lost and stolen goods
did leave the country, so both stay.

`import.correct` (role confirm) states an outcome anew, by who stated it. Checks: the author is the destination; there is an
outcome, and it did not come by the issuer's `paper.confirm`; everything that an outcome must fulfil, the newest record
answered; what later certificates have taken from it is still covered. Both stay visible; balances follow.
"""

from typing import Final

from msgspec.structs import replace

from ledger import units
from ledger.bodies import AmendBody, CloseBody, CorrectBody
from ledger.entries import CertificateEntry, CertificateState, issuer_of, points_by_hs
from ledger.errors import Code, Refusal
from ledger.limits import MAX_CERTIFICATE_RECORDS
from ledger.participants import Holder
from ledger.record import Record
from ledger.rules import certificate, imports
from ledger.rules.common import Place, View, check_answers, own_certificate, participant
from ledger.rules.effects import Writer

_STATES: Final = {
    "void": CertificateState.VOID,
    "lost": CertificateState.LOST,
    "stolen": CertificateState.STOLEN,
    "returned-unused": CertificateState.RETURNED,
    "replaced-by": CertificateState.REPLACED,
}

_OUTCOMES: Final = (CertificateState.CONFIRMED, CertificateState.DISCREPANCY, CertificateState.REFUSED)


def check_amend(view: View, holder: Holder, record: Record) -> None:
    """Every check of `certificate.amend`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, AmendBody)
    entry = own_certificate(view, author, body.number, CertificateState.OPEN)
    check_answers(entry, body.number, body.answers)
    _check_room(entry, body.number)
    certificate.check_stated(view, author, body)
    if body.issued != entry.issued:
        certificate.check_range(author, body)
        certificate.check_age(view, body)
    elif units.date_is_future(body.validated, view.now):
        raise Refusal(Code.VALIDATED_IN_FUTURE, "validated", given=body.validated, limit=view.date)


def enact_amend(view: View, writer: Writer, record: Record, place: Place) -> None:
    """The certificate is as stated now, in the register, in the lists and in the sums."""
    body = record.body
    assert isinstance(body, AmendBody)
    before = _entry(view, body.number)
    after = replace(
        before,
        kind=body.type,
        destination=body.destination,
        issued=body.issued,
        expires=body.expires,
        parcels=body.parcels,
        points=points_by_hs(body.lines),
        receipt_hash=body.receipt_hash,
        records=(*before.records, record.id),
        heights=(*before.heights, place.height),
        late=before.late or (body.issued != before.issued and certificate.is_late(view, place.date, body.issued)),
        sources=tuple((source.number, source.points) for source in body.sources),
    )
    writer.amend(body.number, after)
    writer.discount_trade("export", body.number, record.id)
    writer.count_trade("export", body.number, record.author, body.issued, body.destination, body.lines, record.id)


def check_close(view: View, holder: Holder, record: Record) -> None:
    """Every check of `certificate.close`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, CloseBody)
    own_certificate(view, author, body.number, CertificateState.OPEN, CertificateState.REFUSED)
    if body.reason != "replaced-by":
        if body.replacement:
            raise Refusal(Code.REPLACEMENT, "replacement", given=body.replacement, limit="nothing")
    elif issuer_of(body.replacement) != author.code or body.replacement == body.number:
        raise Refusal(Code.REPLACEMENT, "replacement", given=body.replacement, limit=f"another number of {author.code}")


def enact_close(view: View, writer: Writer, record: Record, place: Place) -> None:  # the checks have looked
    """Closes it."""
    body = record.body
    assert isinstance(body, CloseBody)
    writer.close(body.number, _STATES[body.reason], record.id, place.height)


def check_correct(view: View, holder: Holder, record: Record) -> None:
    """Every check of `import.correct`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, CorrectBody)
    entry = imports.check_addressed(view, author, body)
    if entry.state not in _OUTCOMES or entry.mailed:
        raise Refusal(Code.NO_OUTCOME, "number", certificate=body.number, state=str(entry.state))
    imports.check_stated(view, author, body, entry)
    _check_room(entry, body.number)
    left = 0 if body.outcome == "refused" else body.points
    if left < entry.claimed:
        figures = {"given": units.carats(left), "limit": units.carats(entry.claimed)}
        raise Refusal(Code.CORRECTED_BELOW_CLAIMED, "carats", **figures, certificate=body.number)


def enact_correct(view: View, writer: Writer, record: Record, place: Place) -> None:  # the checks have looked
    """Puts the outcome in the place of the one before."""
    body = record.body
    assert isinstance(body, CorrectBody)
    writer.discount_trade("import", body.number, record.id)
    imports.settle(writer, body, record, place)


def _entry(view: View, number: str) -> CertificateEntry:
    entry = view.state.certificate(number)
    assert entry is not None, "the checks have found it"
    return entry


def _check_room(entry: CertificateEntry, number: str) -> None:
    """Whether the certificate may have one more record that changes it: its entry is state, and must stay small."""
    if len(entry.records) >= MAX_CERTIFICATE_RECORDS:
        raise Refusal(Code.TOO_MANY, "number", given=len(entry.records) + 1, limit=MAX_CERTIFICATE_RECORDS, certificate=number)
