"""`technical.issue` and `transit.notice`: goods that move without being traded (2-records.md, table of kinds).

`technical.issue` (role issue or confirm). Checks, in this order:

1. the number has the author's prefix, and neither a certificate nor a technical certificate has it;
2. the destination is another participant in force on `issued`; `issued` is not in the future; the lines add up;
3. returned and seized goods name the certificate under which they travelled; a certificate that is named exists, and the
   author is its issuer or its destination.

It is kept out of all sums. `transit.notice` (role confirm) of a crossed participant is never refused beyond form and key: what
was seen is told, whatever the ledger knows of the number. Both stand beside the certificate that they name.
"""

from ledger import units
from ledger.bodies import TechnicalBody, TransitBody
from ledger.entries import issuer_of
from ledger.errors import Code, Refusal
from ledger.participants import Holder, Participant
from ledger.record import Record
from ledger.rules.common import Place, View, check_sums, participant
from ledger.rules.effects import Writer

_LINKED = ("returned", "seized")


def check_issue(view: View, holder: Holder, record: Record) -> None:
    """Every check of `technical.issue`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, TechnicalBody)
    if issuer_of(body.number) != author.code:
        raise Refusal(Code.NUMBER_PREFIX, "number", given=body.number, limit=author.code)
    if view.state.certificate(body.number) is not None or view.state.technical(body.number) is not None:
        raise Refusal(Code.NUMBER_USED, "number", given=body.number)
    _check_destination(view, author, body)
    if units.date_is_future(body.issued, view.now):
        raise Refusal(Code.ISSUED_IN_FUTURE, "issued", given=body.issued, limit=view.date)
    check_sums(body)
    _check_link(view, author, body)


def check_alone(body: TechnicalBody) -> None:
    """Of these checks those that need neither register nor state: what can be said before anything is sent.

    Raises:
        Refusal: the first that fails.
    """
    if body.destination == issuer_of(body.number):
        raise Refusal(Code.DESTINATION_IS_ISSUER, "destination", given=body.destination)
    check_sums(body)
    _check_named(body)


def _check_destination(view: View, author: Participant, body: TechnicalBody) -> None:
    destination = view.register.participant(body.destination)
    if destination is None:
        raise Refusal(Code.DESTINATION_UNKNOWN, "destination", given=body.destination)
    if destination.code == author.code:
        raise Refusal(Code.DESTINATION_IS_ISSUER, "destination", given=body.destination)
    if not destination.in_force(body.issued):
        figures = {"given": body.destination, "issued": body.issued, "limit": destination.since, "until": destination.until}
        raise Refusal(Code.DESTINATION_NOT_IN_FORCE, "destination", **figures)


def _check_link(view: View, author: Participant, body: TechnicalBody) -> None:
    _check_named(body)
    if not body.link:
        return
    entry = view.state.certificate(body.link)
    if entry is None:
        raise Refusal(Code.CERTIFICATE_UNKNOWN, "link", given=body.link)
    if author.code not in (issuer_of(body.link), entry.destination):
        raise Refusal(Code.NOT_PARTY, "link", given=author.code, limit=f"{issuer_of(body.link)} {entry.destination}")


def _check_named(body: TechnicalBody) -> None:
    if not body.link and body.reason in _LINKED:
        raise Refusal(Code.LINK_MISSING, "link", given=body.reason)


def enact_issue(view: View, writer: Writer, record: Record, place: Place) -> None:  # the checks have looked
    """Takes the number, and stands beside the certificate that it names."""
    body = record.body
    assert isinstance(body, TechnicalBody)
    writer.keep_technical(body.number, record.id)
    if body.link:
        writer.put_beside(body.link, place.index, record.id)


def check_transit(view: View, holder: Holder, record: Record) -> None:
    """`transit.notice` is not refused."""


def enact_transit(view: View, writer: Writer, record: Record, place: Place) -> None:  # nothing is checked
    """Stands beside the certificate of this number, which may come later."""
    body = record.body
    assert isinstance(body, TransitBody)
    writer.put_beside(body.number, place.index, record.id)
