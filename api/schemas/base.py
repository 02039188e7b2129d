"""The words that all answers share.

Weights are `carats`, decimal strings of two places (1 carat = 100 points); bytes and ids are lower-case hex; dates
`YYYY-MM-DD`; instants integer milliseconds since 1970 UTC. Nothing is ever a float.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from api.limits import DEFAULT_PAGE, MAX_CURSOR_CHARS
from ledger.limits import MAX_PAGE

Carats = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2}$", description="Carats with two places.", examples=["12.34"])]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="32 bytes as lower-case hex.")]
Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$", description="Bytes as lower-case hex.")]
Date = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-03-31"])]
OptionalDate = Annotated[str, Field(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="A date, or empty: not set.")]
Code = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="Participant: ISO 3166-1 alpha-2, or EU.", examples=["BW"])]
Number = Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9]{4,10}$", description="Certificate number.", examples=["BW0012345"])]
HsCode = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="710210 unsorted, 710221 industrial, 710231 non-industrial.")]
CertificateType = Literal["export", "re-export", "paper"]
Instant = Annotated[int, Field(ge=0, description="Milliseconds since 1970 UTC.")]
Height = Annotated[int, Field(ge=0, description="Number of a block.")]
Count = Annotated[int, Field(ge=0)]

HEIGHT_HEADER = "Kpledger-Height"
"""Names, on every answer about the ledger, the height at which it was read."""


class Answer(BaseModel):
    """A JSON answer: strict, frozen, without surprises."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    media_type: ClassVar[str] = "application/json"


class LedgerAnswer(Answer):
    """A JSON answer about the ledger."""

    read_at_height: Annotated[int, Field(ge=0, description="Height of the ledger at which this was read.")]


class Page(LedgerAnswer):
    """One page of a list. `next` is the `cursor` of the following page, null on the last one."""

    next: str | None


class Query(BaseModel):
    """Parameters of a request; unknown and repeated ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PageQuery(Query):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="Items a page.")] = DEFAULT_PAGE
    cursor: Annotated[str | None, Field(max_length=MAX_CURSOR_CHARS, description="`next` of the page before.")] = None


class TextAnswer(RootModel[str]):
    """Plain text."""

    media_type: ClassVar[str] = "text/plain; charset=utf-8"


class SizeAnswer(RootModel[str]):
    """A tree size in decimal and a newline."""

    media_type: ClassVar[str] = "text/x.tlog.size"


class DocumentAnswer(RootModel[dict[str, object]]):
    """An OpenAPI 3.1 document."""

    media_type: ClassVar[str] = "application/json"


class PageAnswer(RootModel[str]):
    """A web page."""

    media_type: ClassVar[str] = "text/html; charset=utf-8"


class BinaryAnswer(RootModel[bytes]):
    """Bytes."""

    media_type: ClassVar[str] = "application/octet-stream"


class NoContent(RootModel[None]):
    """No body: what the client holds under this `ETag` is still right."""

    media_type: ClassVar[str] = ""


class ProblemAnswer(BaseModel):
    """RFC 9457 problem document. Further members give figures: `given`, `limit`, `certificate`, ..."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")

    media_type: ClassVar[str] = "application/problem+json"

    type: Annotated[str, Field(description="Link to the error's explanation.")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    error: Annotated[str, Field(description="Stable code of the error.", examples=["number-used"])]
    field: Annotated[str, Field(description="Where to look: header, parameter or path inside the record; empty for the whole.")]
