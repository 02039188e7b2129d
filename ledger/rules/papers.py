"""Trade of which one side is not on the ledger: `paper.import` and `paper.confirm` (2-records.md, table of kinds).

`paper.import` (role confirm) takes an import into the ledger that came under a paper certificate. It stands there like a
confirmed certificate of the issuer to the author, so that later certificates may take carats from it. Checks, in this order:

1. the number is unused, and not the author's own;
2. the author is in force and not suspended on `issued`, and confirms here on the day of receipt; receipt is neither before
   `issued` nor in the future;
3. the issuer is a participant in force on `issued` and not suspended, but for goods of its compliant zones;
4. for the reason `not-issuing`, it does not issue here on that day; `outage` is for one that could not;
5. the lines add up, their origins are such as a certificate may name (`rules.certificate.check_origins`).

`paper.confirm` (role issue) takes an outcome into the ledger that came back otherwise. Checks: the author issued the
certificate, which is open, and answers its newest record; the destination does not confirm here on the day of receipt, which
is neither before `issued` nor in the future; `confirmed` needs the same parcels and carats, and receipt by the expiry. It
counts as nobody's import.
"""

from ledger import units
from ledger.bodies import PaperConfirmBody, PaperImportBody
from ledger.entries import CertificateEntry, CertificateState, issuer_of, points_by_hs
from ledger.errors import Code, Refusal
from ledger.participants import Holder
from ledger.record import Record
from ledger.rules import certificate, imports
from ledger.rules.common import Place, View, check_answers, check_received, check_sums, own_certificate, participant
from ledger.rules.effects import Writer

PAPER = "paper"
"""The kind of a certificate that was issued on paper."""


def check_import(view: View, holder: Holder, record: Record) -> None:
    """Every check of `paper.import`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, PaperImportBody)
    if view.state.certificate(body.number) is not None or view.state.technical(body.number) is not None:
        raise Refusal(Code.NUMBER_USED, "number", given=body.number)
    if issuer_of(body.number) == author.code:
        raise Refusal(Code.DESTINATION_IS_ISSUER, "number", given=body.number)
    if not author.in_force(body.issued) or author.suspended_on(body.issued):
        raise Refusal(Code.DESTINATION_NOT_IN_FORCE, "issued", given=body.issued, limit=author.since, until=author.until)
    imports.check_confirms(author, body.received)
    check_received(view, body.received, body.issued)
    _check_issuer(view, body)
    check_sums(body)
    certificate.check_origins(view, body.issued, body.lines)


def check_alone(body: PaperImportBody) -> None:
    """Of the checks of `paper.import` those that need neither register nor state: what can be said before anything is sent.

    Raises:
        Refusal: the first that fails.
    """
    if body.received < body.issued:
        raise Refusal(Code.RECEIVED_BEFORE_ISSUED, "received", given=body.received, limit=body.issued)
    check_sums(body)
    certificate.check_countries(body.lines)


def _check_issuer(view: View, body: PaperImportBody) -> None:
    issuer = view.register.participant(issuer_of(body.number))
    if issuer is None or not issuer.in_force(body.issued):
        raise Refusal(Code.ISSUER_NOT_IN_FORCE, "issued", given=body.issued, issuer=issuer_of(body.number))
    if issuer.suspended_on(body.issued) and not certificate.compliant(issuer, body.issued, body.lines):
        raise Refusal(Code.ISSUER_SUSPENDED, "issued", given=body.issued, issuer=issuer.code)
    if body.reason == "not-issuing" and issuer.issues_on(body.issued):
        raise Refusal(Code.PAPER_NOT_NEEDED, "issued", given=body.issued, limit=issuer.issues_from)


def enact_import(view: View, writer: Writer, record: Record, place: Place) -> None:  # the checks have looked
    """The goods have arrived under this number."""
    body = record.body
    assert isinstance(body, PaperImportBody)
    entry = CertificateEntry(
        state=CertificateState.CONFIRMED,
        kind=PAPER,
        destination=record.author,
        issued=body.issued,
        expires=body.received,
        parcels=body.parcels,
        points=points_by_hs(body.lines),
        receipt_hash=b"",
        index=place.index,
        records=(record.id,),
        heights=(place.height,),
        late=False,
        measured=body.points,
    )
    writer.open_certificate(body.number, entry)
    partner = issuer_of(body.number)
    writer.count_trade("import", body.number, record.author, body.received, partner, body.lines, record.id)


def check_confirm(view: View, holder: Holder, record: Record) -> None:
    """Every check of `paper.confirm`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, PaperConfirmBody)
    entry = own_certificate(view, author, body.number, CertificateState.OPEN)
    check_answers(entry, body.number, body.answers)
    destination = view.register.participant(entry.destination)
    if destination is not None and destination.confirms_on(body.received):
        raise Refusal(Code.PAPER_NOT_NEEDED, "received", given=body.received, limit=destination.confirms_from)
    check_received(view, body.received, entry.issued)
    if body.outcome == "confirmed":
        _check_confirmed(body, entry)


def _check_confirmed(body: PaperConfirmBody, entry: CertificateEntry) -> None:
    if body.parcels != entry.parcels:
        raise Refusal(Code.CONFIRMED_BUT_DIFFERS, "parcels", given=body.parcels, limit=entry.parcels)
    if body.points != sum(entry.points):
        limit = units.carats(sum(entry.points))
        raise Refusal(Code.CONFIRMED_BUT_DIFFERS, "carats", given=units.carats(body.points), limit=limit)
    if body.received > entry.expires:
        raise Refusal(Code.CONFIRMED_BUT_EXPIRED, "received", given=body.received, limit=entry.expires)


def enact_confirm(view: View, writer: Writer, record: Record, place: Place) -> None:  # the checks have looked
    """Gives the certificate its outcome."""
    body = record.body
    assert isinstance(body, PaperConfirmBody)
    measured = 0 if body.outcome == "refused" else body.points
    writer.settle(body.number, CertificateState(body.outcome), record.id, place.height, measured, mailed=True)
