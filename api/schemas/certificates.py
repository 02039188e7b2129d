"""Certificates as lists show them and as one reads in full."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import (
    Answer,
    Carats,
    CertificateType,
    Code,
    Count,
    Date,
    Hash,
    Height,
    LedgerAnswer,
    Number,
    Page,
    PositionPageQuery,
)
from api.schemas.bodies import PaperAnswer
from api.schemas.findings import FindingAnswer
from api.schemas.records import ConfirmAnswer, IssueAnswer
from ledger.entries import CertificateState


class CertificateRowAnswer(Answer):
    """One certificate in a list."""

    number: Number
    issuer: Code
    destination: Code
    state: CertificateState
    type: CertificateType
    issued: Date
    expires: Date
    parcels: Count
    carats: Annotated[Carats, Field(description="As issued.")]
    measured: Annotated[Carats | None, Field(description="As the destination measured; null without an outcome that counts.")]
    claimed: Annotated[Carats, Field(description="Taken by later certificates.")]
    late: Annotated[bool, Field(description="Reached the ledger more than 7 days after its date of issue.")]
    index: Annotated[int, Field(ge=0, description="Place of its issue in the log; lists are in this order.")]


class CertificatesAnswer(Page):
    """A page of certificates."""

    items: list[CertificateRowAnswer]


class OpenRowAnswer(Answer):
    """A certificate that waits for its destination's outcome."""

    number: Number
    issuer: Code
    destination: Code
    type: CertificateType
    issued: Date
    expires: Date
    parcels: Count
    carats: Carats
    age_days: Annotated[int, Field(description="Days from the date of issue to the date of the newest block.")]
    expired: Annotated[bool, Field(description="Whether it is past its expiry at the date of the newest block.")]
    index: Count


class OpenAnswer(Page):
    """A page of the register of open confirmations, those that entered the ledger first at the top."""

    items: list[OpenRowAnswer]


class RecordReference(Answer):
    """One record of a certificate."""

    id: Hash
    height: Height


class ClaimAnswer(Answer):
    """A later certificate that took carats from this one."""

    number: Number
    carats: Carats


class CertificateAnswer(LedgerAnswer):
    """One certificate: what the issuer says, what the destination says, and the records that say it."""

    certificate: CertificateRowAnswer
    issue: Annotated[IssueAnswer | None, Field(description="As amended; null for an import on paper.")]
    paper: Annotated[PaperAnswer | None, Field(description="An import on paper, null for others.")]
    outcome: Annotated[ConfirmAnswer | None, Field(description="Null while it is open.")]
    records: Annotated[list[RecordReference], Field(description="The issue first; an outcome answers the last.")]
    claims: Annotated[list[ClaimAnswer], Field(description="By number, at most the first 500.")]
    beside: Annotated[list[Hash], Field(description="Ids of technical certificates and transit notices that name it.")]
    findings: Annotated[list[FindingAnswer], Field(description="That name it and that the token may see, the newest first.")]
    more_findings: Annotated[bool, Field(description="Whether there are more than the newest 50; `/v1/findings` has all.")]


class CertificatesQuery(PositionPageQuery):
    """Which certificates."""

    issuer: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$", description="Only this participant's.")] = None
    destination: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$", description="Only to this participant.")] = None
    state: Annotated[CertificateState | None, Field(description="Only in this state.")] = None
    order: Annotated[Literal["oldest", "newest"], Field(description="Which comes first.")] = "oldest"


class OpenQuery(PositionPageQuery):
    """Which open confirmations."""

    issuer: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$", description="Only this participant's.")] = None
    destination: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$", description="Only those to this participant.")] = None
