"""Records: what submitting one answers, and how one reads back."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, RootModel

from api.schemas.base import (
    Answer,
    Carats,
    Code,
    Count,
    Date,
    Hash,
    Height,
    Hex,
    HsCode,
    Instant,
    LedgerAnswer,
    Number,
    ProblemAnswer,
    Query,
)
from api.schemas.bodies import BodyAnswer


class FinalAnswer(Answer):
    """The record is final: executed, and a quorum checkpoint covers its leaf."""

    id: Hash
    index: Annotated[int, Field(ge=0, description="Place in the log.")]
    height: Height
    receipt: Annotated[str, Field(description="The receipt's text, `tlog-proof@v1`.")]


class TakenAnswer(Answer):
    """The record was taken and is not final yet; sending the same bytes again is safe."""

    id: Hash


class BatchAnswer(RootModel[list[FinalAnswer | TakenAnswer | ProblemAnswer]]):
    """An answer for each submission, in the order given: what each alone would have been answered."""

    media_type: ClassVar[str] = "application/json"


class SubmitQuery(Query):
    """Whether to wait."""

    wait: Annotated[Literal["final"] | None, Field(description="Wait up to 30 s for finality.")] = None


class LineAnswer(Answer):
    """One line of a certificate."""

    hs: HsCode
    origin: Annotated[list[Code], Field(description="Countries of mining; empty: mixed, not stated.")]
    carats: Carats
    commitment: Annotated[Hash, Field(description="Commitment to the line's value.")]
    zone: str | None


class SourceAnswer(Answer):
    """Carats taken from an earlier import."""

    number: Number
    carats: Carats


class IssueAnswer(Answer):
    """Body of `certificate.issue`."""

    number: Number
    type: Literal["export", "re-export"]
    issued: Date
    validated: Date
    expires: Date
    destination: Code
    parcels: Count
    carats: Carats
    lines: list[LineAnswer]
    sources: list[SourceAnswer]
    rid: Hex
    sealed: Hash
    receipt_hash: Hash
    verdict_hash: Hash


class MeasuredLineAnswer(Answer):
    """One line as the importer measured it."""

    hs: HsCode
    carats: Carats
    commitment: Hash


class ConfirmAnswer(Answer):
    """Body of `import.confirm`."""

    number: Number
    answers: Annotated[Hash, Field(description="Id of the certificate's record that this answers.")]
    outcome: Literal["confirmed", "discrepancy", "refused"]
    received: Date
    parcels: Count
    carats: Carats
    lines: list[MeasuredLineAnswer]
    inspection: Literal["opened", "risk-selected", "not-opened"]
    seals: Literal["intact", "broken", "none"]
    receipt_code: Annotated[Hex | None, Field(description="Code that was sealed inside the container.")]
    rid: Hex
    sealed: Hash


class RecordAnswer(LedgerAnswer):
    """An accepted record."""

    id: Hash
    index: Count
    height: Height
    kind: Annotated[str, Field(description="Says which form `body` has.", examples=["certificate.issue", "node.set"])]
    author: str
    at: Annotated[Instant, Field(description="The author's own instant.")]
    key: Annotated[Hash, Field(description="Public key that signed it.")]
    body: IssueAnswer | ConfirmAnswer | BodyAnswer
    envelope: Annotated[bool, Field(description="Whether this node holds the sealed envelope.")]
    record: Annotated[Hex, Field(description="The record's bytes: the leaf of the log.")]


class LaterReaderAnswer(Answer):
    """A later reader of a sealed part."""

    reader: str
    epoch: Annotated[Count, Field(description="Of the reader's sealing key.")]
    id: Annotated[Hash, Field(description="Of the `sealed.share`, whose body holds the wrapped key.")]


class SharesAnswer(LedgerAnswer):
    """The later readers of a sealed part, by code."""

    items: list[LaterReaderAnswer]
