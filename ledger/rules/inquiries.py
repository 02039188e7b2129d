"""`inquiry.open`, `inquiry.answer`, `inquiry.close`: questions to participants, what became of them (2-records.md, "Kinds").

Checks, kind by kind, in this order:

`inquiry.open` (the secretariat, role audit): the participant is known; the answer is due on a future day.
`inquiry.answer` (role report): there is such an inquiry, it is put to the author, it is not closed, there is room. More than
    one answer may follow until the secretariat closes it; late ones are taken, the due day stays visible.
`inquiry.close` (the secretariat, role audit): there is such an inquiry; it is not closed.

Answers are clear. What must stay confidential goes to the secretariat elsewhere, and its digest stands in the answer.
"""

from msgspec.structs import replace

from ledger import units
from ledger.bodies import InquiryAnswerBody, InquiryCloseBody, InquiryOpenBody
from ledger.errors import Code, Refusal
from ledger.limits import MAX_ANSWERS
from ledger.participants import Holder
from ledger.record import Record
from ledger.report_entries import InquiryEntry, InquiryState
from ledger.rules.common import Place, View
from ledger.rules.effects import Writer


def check_open(view: View, holder: Holder, record: Record) -> None:  # its signer has looked
    """Every check of `inquiry.open`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, InquiryOpenBody)
    if view.register.participant(body.participant) is None:
        raise Refusal(Code.SUBJECT_UNKNOWN, "participant", given=body.participant)
    if not units.date_is_future(body.due, view.now):
        raise Refusal(Code.DATE_NOT_FUTURE, "due", given=body.due, limit=view.date)


def enact_open(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Opens the inquiry."""
    body = record.body
    assert isinstance(body, InquiryOpenBody)
    entry = InquiryEntry(InquiryState.UNANSWERED, body.participant, body.finding, place.date, body.due, place.index)
    writer.put_inquiry(record.id, entry)


def check_answer(view: View, holder: Holder, record: Record) -> None:
    """Every check of `inquiry.answer`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, InquiryAnswerBody)
    entry = _entry(view, body.inquiry)
    if entry.participant != holder.code:
        raise Refusal(Code.INQUIRY_OF_ANOTHER, "author", given=holder.code, limit=entry.participant)
    _check_not_closed(entry)
    if len(entry.answers) >= MAX_ANSWERS:
        raise Refusal(Code.TOO_MANY, "inquiry", given=len(entry.answers) + 1, limit=MAX_ANSWERS)


def enact_answer(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Adds the answer."""
    body = record.body
    assert isinstance(body, InquiryAnswerBody)
    entry = _entry(view, body.inquiry)
    writer.put_inquiry(body.inquiry, replace(entry, state=InquiryState.ANSWERED, answers=(*entry.answers, record.id)))


def check_close(view: View, holder: Holder, record: Record) -> None:  # its signer has looked
    """Every check of `inquiry.close`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, InquiryCloseBody)
    _check_not_closed(_entry(view, body.inquiry))


def enact_close(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Closes the inquiry."""
    body = record.body
    assert isinstance(body, InquiryCloseBody)
    writer.put_inquiry(body.inquiry, replace(_entry(view, body.inquiry), state=InquiryState.CLOSED, closed=record.id))


def _entry(view: View, inquiry: bytes) -> InquiryEntry:
    entry = view.state.inquiry(inquiry)
    if entry is None:
        raise Refusal(Code.INQUIRY_UNKNOWN, "inquiry", given=inquiry.hex())
    return entry


def _check_not_closed(entry: InquiryEntry) -> None:
    if entry.state == InquiryState.CLOSED:
        raise Refusal(Code.INQUIRY_CLOSED, "inquiry", record=entry.closed.hex())
