"""Questions that the secretariat asks in a generated year, their answers, and what became of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.demo.governance import Act
from api.demo.office import Office
from ledger.bodies import INQUIRY_ANSWER, INQUIRY_CLOSE, INQUIRY_OPEN, InquiryAnswerBody, InquiryCloseBody, InquiryOpenBody
from ledger.participants import SECRETARIAT
from ledger.units import DAY_MS, HOUR_MS, Ms, date_of

DUE_DAYS = 30
_CLOSED_DAYS = 6
"""After the answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """One inquiry.

    Attributes:
        day: on which it is asked.
        participant: to whom.
        finding: the name of what it follows from.
        text: the question.
        answered: days until the answer, None: there is none.
        closed: whether the secretariat closes it then.
    """

    day: int
    participant: str
    finding: str
    text: str
    answered: int | None
    closed: bool = True


def ask(office: Office, questions: Sequence[Question]) -> Iterator[Act]:
    """All that is said about them."""
    for question in questions:
        at = Ms(question.day * DAY_MS + 14 * HOUR_MS)
        opened = InquiryOpenBody(
            due=date_of(question.day + DUE_DAYS),
            finding=question.finding,
            participant=question.participant,
            question=question.text,
        )
        asked = office.statement(INQUIRY_OPEN, SECRETARIAT, at, opened, "audit")
        yield Act(at, INQUIRY_OPEN, SECRETARIAT, asked, "an inquiry about a finding")
        if question.answered is None:
            continue
        at = Ms(at + question.answered * DAY_MS)
        body = InquiryAnswerBody(inquiry=asked.id, text="We have looked into it; the papers are with the secretariat.")
        answer = office.statement(INQUIRY_ANSWER, question.participant, at, body, "report")
        yield Act(at, INQUIRY_ANSWER, question.participant, answer, "an inquiry answered")
        if question.closed:
            at = Ms(at + _CLOSED_DAYS * DAY_MS)
            closing = InquiryCloseBody(inquiry=asked.id, outcome="resolved")
            yield Act(at, INQUIRY_CLOSE, SECRETARIAT, office.statement(INQUIRY_CLOSE, SECRETARIAT, at, closing, "audit"))
