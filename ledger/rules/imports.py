"""`import.confirm`: the destination's importing authority states one outcome (2-records.md, kinds; 10-formats.md, body).

Checks, in this order (the column "refused when" of the table):

1. the certificate exists, is addressed to the author, and is open (a second outcome is refused);
2. the answer is to its newest record, so that nothing that changed in between goes unnoticed;
3. the author confirms here on the day of receipt; receipt is neither before `issued` nor in the future;
4. the lines add up;
5. `confirmed` needs the same parcels, the same points by HS code, and receipt by the expiry; anything else is a `discrepancy`;
6. a receipt code, when one is given, is the one that the issuer printed.
"""

from ledger import units
from ledger.bodies import ConfirmBody
from ledger.entries import HS_CODES, CertificateEntry, CertificateState, issuer_of, points_by_hs
from ledger.errors import Code, Refusal
from ledger.hashing import labelled_hash
from ledger.participants import Holder, Participant
from ledger.record import Record
from ledger.rules.common import Place, View, check_answers, check_received, check_sums, participant
from ledger.rules.effects import Writer


def check(view: View, holder: Holder, record: Record) -> None:
    """Every check of the kind; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, ConfirmBody)
    entry = check_addressed(view, author, body)
    if entry.state != CertificateState.OPEN:
        raise Refusal(Code.CERTIFICATE_CLOSED, "number", certificate=body.number, state=str(entry.state))
    check_stated(view, author, body, entry)


def check_stated(view: View, author: Participant, body: ConfirmBody, entry: CertificateEntry) -> None:
    """The checks of what a destination states, at first or anew; raises the first Refusal."""
    check_answers(entry, body.number, body.answers)
    check_confirms(author, body.received)
    check_received(view, body.received, entry.issued)
    check_sums(body)
    if body.outcome == "confirmed":
        _check_confirmed(body, entry)
    _check_receipt_code(body, entry)


def enact(view: View, writer: Writer, record: Record, place: Place) -> None:  # the checks have looked
    """Gives the certificate its outcome and, unless it is refused, adds what arrived to the author's imports."""
    assert isinstance(record.body, ConfirmBody)
    settle(writer, record.body, record, place)


def settle(writer: Writer, body: ConfirmBody, record: Record, place: Place) -> None:
    """Writes an outcome; a former one of the same certificate was taken back before."""
    arrived = body.outcome != "refused"
    writer.settle(body.number, CertificateState(body.outcome), record.id, place.height, body.points if arrived else 0)
    if arrived:
        partner = issuer_of(body.number)
        writer.count_trade("import", body.number, record.author, body.received, partner, body.lines, record.id)


def check_addressed(view: View, author: Participant, body: ConfirmBody) -> CertificateEntry:
    """The certificate, when there is one and it is addressed to the author."""
    entry = view.state.certificate(body.number)
    if entry is None:
        raise Refusal(Code.CERTIFICATE_UNKNOWN, "number", given=body.number)
    if entry.destination != author.code:
        raise Refusal(Code.WRONG_DESTINATION, "number", given=author.code, limit=entry.destination, certificate=body.number)
    return entry


def check_confirms(author: Participant, received: str) -> None:
    """Whether the author confirms here on the day of receipt; raises Refusal DESTINATION_NOT_IN_FORCE."""
    if not author.confirms_from or received < author.confirms_from:
        raise Refusal(Code.DESTINATION_NOT_IN_FORCE, "received", given=received, limit=author.confirms_from)


def _check_confirmed(body: ConfirmBody, entry: CertificateEntry) -> None:
    if body.parcels != entry.parcels:
        raise Refusal(Code.CONFIRMED_BUT_DIFFERS, "parcels", given=body.parcels, limit=entry.parcels)
    for hs, given, issued in zip(HS_CODES, points_by_hs(body.lines), entry.points, strict=True):
        if given != issued:
            raise Refusal(Code.CONFIRMED_BUT_DIFFERS, "lines", hs=hs, given=units.carats(given), limit=units.carats(issued))
    if body.received > entry.expires:
        raise Refusal(Code.CONFIRMED_BUT_EXPIRED, "received", given=body.received, limit=entry.expires)


def _check_receipt_code(body: ConfirmBody, entry: CertificateEntry) -> None:
    if body.receipt_code is None:
        return
    if labelled_hash(b"kpl/receipt", body.number.encode(), body.receipt_code) != entry.receipt_hash:
        raise Refusal(Code.RECEIPT_CODE, "receipt_code", certificate=body.number)
