"""`mission.report` and `bilateral.accept`: what one or two participants state beside the Plenary (2-records.md, "Kinds").

`mission.report` is signed by the secretariat, or by the participant that the Plenary has appointed as lead of missions (role
audit). Checks: the subject is a participant, or an applicant that an open proposal names; the mission began no later than it
ended, and has ended.

`bilateral.accept` (role govern): the partner is another participant; the day lies in the future; something changes. It holds
between the two when each has said so for itself, in the weaker of both forms.
"""

from ledger import units
from ledger.bodies import BilateralBody, MissionReportBody
from ledger.errors import Code, Refusal
from ledger.participants import Holder, Participant
from ledger.record import Record
from ledger.rules.common import Place, View, participant
from ledger.rules.decisions import office
from ledger.rules.effects import Writer


def check_report(view: View, holder: Holder, record: Record) -> None:
    """Every check of `mission.report`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, MissionReportBody)
    if isinstance(holder, Participant):
        lead = view.register.appointed(office("mission-lead"), view.date)
        if lead != holder.code:
            raise Refusal(Code.NOT_MISSION_LEAD, "author", given=holder.code, limit=lead)
    if view.register.participant(body.subject) is None and not _applies(view, body.subject):
        raise Refusal(Code.SUBJECT_UNKNOWN, "subject", given=body.subject)
    if body.ended < body.began:
        raise Refusal(Code.DATES_ORDER, "ended", given=body.ended, limit=body.began)
    if units.date_is_future(body.ended, view.now):
        raise Refusal(Code.DATES_ORDER, "ended", given=body.ended, limit=view.date)


def _applies(view: View, subject: str) -> bool:
    """Whether an open proposal would admit the subject."""
    return any(
        entry.body.decision == "admit" and entry.body.subject == subject for entry in view.state.rolls.plenary.open.values()
    )


def enact_report(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Keeps the report by its subject."""
    body = record.body
    assert isinstance(body, MissionReportBody)
    writer.keep_mission(body.subject, record.id)


def check_bilateral(view: View, holder: Holder, record: Record) -> None:
    """Every check of `bilateral.accept`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, BilateralBody)
    if body.partner == author.code:
        raise Refusal(Code.PARTNER_IS_SELF, "partner", given=body.partner)
    if view.register.participant(body.partner) is None:
        raise Refusal(Code.SUBJECT_UNKNOWN, "partner", given=body.partner)
    if not units.date_is_future(body.effective, view.now):
        raise Refusal(Code.DATE_NOT_FUTURE, "effective", given=body.effective, limit=view.date)
    held = view.state.bilateral(author.code, body.partner)
    if held and held[-1].holder == body.form and held[-1].since <= body.effective:
        raise Refusal(Code.NOTHING_CHANGES, "form", given=body.form, limit=held[-1].since)


def enact_bilateral(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Notes the form, from that day on."""
    body = record.body
    assert isinstance(body, BilateralBody)
    writer.accept_form(record.author, body.partner, body.form, body.effective)
