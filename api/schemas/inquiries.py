"""Inquiries: which questions were put to participants, and where they stand."""

from typing import Annotated

from pydantic import Field

from api.schemas.base import Answer, Code, Count, Date, Hash, Page, PositionPageQuery
from ledger.report_entries import InquiryState


class InquiryRowAnswer(Answer):
    """An inquiry of the secretariat. The question is in its record, which takes a token to read."""

    id: Annotated[Hash, Field(description="Of the record that opened it.")]
    participant: Code
    state: InquiryState
    finding: Annotated[str | None, Field(description="Key of the finding that it follows from; null in the public list.")]
    opened: Date
    due: Date
    overdue: Annotated[bool, Field(description="Unanswered, and the due date lies before that of the newest block.")]
    answers: Annotated[list[Hash], Field(description="Ids of the answers so far.")]
    closed: Annotated[Hash | None, Field(description="Id of the record that closed it; null while it is open.")]
    index: Annotated[Count, Field(description="Place in the log; lists are in this order.")]


class InquiriesAnswer(Page):
    """A page of inquiries in one state, those opened first at the top."""

    items: list[InquiryRowAnswer]


class InquiriesQuery(PositionPageQuery):
    """Which inquiries."""

    state: Annotated[InquiryState, Field(description="Anybody may read `unanswered`; the others take a token.")] = (
        InquiryState.UNANSWERED
    )
    participant: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$", description="Only those to this participant.")] = None
