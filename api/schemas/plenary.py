"""Proposals and what became of them."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Answer, Code, Count, Date, Hash, Height, Instant, Page, PageQuery


class PositionAnswer(Answer):
    """Where one participant stands."""

    participant: Code
    position: Literal["support", "object", "abstain"]


class ProposalAnswer(Answer):
    """One proposal; the record of this id says all of it."""

    id: Hash
    author: Code
    title: str
    decision: str
    subject: Annotated[str, Field(description="Whom it concerns, or who is appointed; empty for others.")]
    procedure: Literal["plenary", "written"]
    effective: Annotated[Date, Field(description="First day on which it holds.")]
    closes: Annotated[Instant, Field(description="Decided by the first block at or after this.")]
    closes_on: Annotated[Date, Field(description="The day of that in UTC.")]
    positions: list[PositionAnswer]
    tally: Annotated[str, Field(description="How many support it, object to it, abstain.", examples=["21/0/3"])]
    outcome: Annotated[
        Literal["", "adopted", "rejected", "void"], Field(description="Empty while open; void: adopted and no longer possible.")
    ]
    height: Annotated[Height, Field(description="Block that decided it, 0 while open.")]
    support_needed: Annotated[Count, Field(description="How many must support it, as the parameter stands now.")]


class ProposalsAnswer(Page):
    """A page of proposals, by id."""

    items: list[ProposalAnswer]


class ProposalsQuery(PageQuery):
    """Which proposals."""

    state: Annotated[Literal["open", "any"], Field(description="Only open ones, or all.")] = "any"
