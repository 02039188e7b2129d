"""The words that all answers share.

Weights are `carats`, decimal strings of two places (1 carat = 100 points); bytes and ids are lower-case hex; dates
`YYYY-MM-DD`; instants integer milliseconds since 1970 UTC. Nothing is ever a float.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel

from api.limits import DEFAULT_PAGE, MAX_CURSOR_CHARS
from ledger.errors import Refusal
from ledger.limits import MAX_PAGE
from ledger.units import day_number


def _of_the_calendar(text: str) -> str:
    """Raises ValueError, which pydantic expects, for a day that there is not."""
    try:
        day_number(text)
    except Refusal:
        raise ValueError("a date of the calendar") from None
    return text


Carats = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2}$", description="Carats with two places.", examples=["12.34"])]
Value = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2}$", description="US$ with two places.", examples=["1234.56"])]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="32 bytes as lower-case hex.")]
Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$", description="Bytes as lower-case hex.")]
Date = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-03-31"])]
Day = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-03-31"], json_schema_extra={"format": "date"}),
    AfterValidator(_of_the_calendar),
]
"""A parameter that must be a day of the calendar."""
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

    model_config = ConfigDict(defer_build=True, strict=True, frozen=True, extra="forbid")

    media_type: ClassVar[str] = "application/json"


class LedgerAnswer(Answer):
    """A JSON answer about the ledger."""

    read_at_height: Annotated[int, Field(ge=0, description="Height of the ledger at which this was read.")]


class Page(LedgerAnswer):
    """One page of a list. `next` is the `cursor` of the following page, null on the last one."""

    next: str | None


class Query(BaseModel):
    """Parameters of a request; unknown and repeated ones are refused."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True)


_LAST_OF_TWO, _LAST_OF_THREE = "[AQgw]", "[AEIMQUYcgkosw048]"
"""The last letter of base64 that stands for one byte or two: the bits that are left over are zero."""

CURSOR = f"^([A-Za-z0-9_-]{{4}})*([A-Za-z0-9_-]{_LAST_OF_TWO}|[A-Za-z0-9_-]{{2}}{_LAST_OF_THREE})?$"
"""Bytes in base64url without padding, in their one form."""

POSITION_CURSOR = f"^[A-Za-z0-9_-]{{10}}{_LAST_OF_THREE}$"
"""A place in the log, eight bytes, in the same."""


class PageQuery(Query):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="Items a page.")] = DEFAULT_PAGE
    cursor: Annotated[
        str | None, Field(max_length=MAX_CURSOR_CHARS, pattern=CURSOR, description="`next` of the page before.")
    ] = None


class PositionPageQuery(PageQuery):
    """Which page of a list in the order of the log."""

    cursor: Annotated[str | None, Field(pattern=POSITION_CURSOR, description="`next` of the page before.")] = None


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

    model_config = ConfigDict(defer_build=True, strict=True, frozen=True, extra="allow")

    media_type: ClassVar[str] = "application/problem+json"

    type: Annotated[str, Field(description="Link to the error's explanation.")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    error: Annotated[str, Field(description="Stable code of the error.", examples=["number-used"])]
    field: Annotated[str, Field(description="Where to look: header, parameter or path inside the record; empty for the whole.")]
