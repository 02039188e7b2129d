"""Releases of public statistics: where each stands, who has checked it, and its files."""

from typing import Annotated, ClassVar

from pydantic import Field, RootModel

from api.schemas.base import Answer, Code, Count, Date, Hash, Height, Instant, LedgerAnswer, Page, PositionPageQuery, Query
from ledger.release_entries import ReleaseState

Period = Annotated[
    str,
    Field(
        pattern=r"^2[0-9]{3}(Q[1-4]|H[12])?$", description="A quarter, a half or a year.", examples=["2026Q1", "2026H1", "2026"]
    ),
]


class ReleaseRowAnswer(Answer):
    """A release of one period's statistics. Those that stand are kept for ever, a newer revision beside them."""

    id: Annotated[Hash, Field(description="Of the record that published it.")]
    period: Period
    revision: Annotated[int, Field(ge=0, description="0 for the first release of a period; each further one restates figures.")]
    state: Annotated[ReleaseState, Field(description="`released` once a quorum of the validators has made the same file.")]
    replaced: Annotated[bool, Field(description="Whether a newer revision of the period stands.")]
    author: Annotated[str, Field(description="The secretariat, or the participant that is statistics chair.")]
    published: Annotated[Date, Field(description="The day of its block.")]
    height: Annotated[Height, Field(description="Block after which its figures are read.")]
    tree_size: Annotated[
        Count, Field(description="Entries of the log at that height: a checkpoint of at least that size covers it.")
    ]
    digest: Annotated[Hash, Field(description="SHA-256 of its JSON file, which names that of its CSV file.")]
    agreed: Annotated[Count, Field(description="Nodes that have made it anew and agree.")]
    objected: Annotated[Count, Field(description="Nodes that object.")]
    decided: Annotated[Height | None, Field(description="Block that decided it; null while it is being judged.")]
    json_file: Annotated[str | None, Field(description="Path of its JSON file; null unless it is released.")]
    csv_file: Annotated[str | None, Field(description="Path of its CSV file; null unless it is released.")]
    index: Annotated[Count, Field(description="Place in the log; lists are in this order.")]


class ReleaseVerdictAnswer(Answer):
    """What one participant's node says of a release."""

    participant: Code
    agree: bool
    record: Annotated[Hash, Field(description="Id of its `statistics.verdict`.")]
    code: Annotated[str | None, Field(description="Why it objects; shown with a token, else null.")]
    cell: Annotated[str | None, Field(description="The cell or field that it objects to; shown with a token, else null.")]


class ReleaseAnswer(LedgerAnswer):
    """One release, and who has checked it."""

    release: ReleaseRowAnswer
    published_at: Instant
    verdicts: Annotated[list[ReleaseVerdictAnswer], Field(description="In the log's order.")]


class ReleasesAnswer(Page):
    """A page of releases, those published last at the top."""

    items: list[ReleaseRowAnswer]


class ReleasesQuery(PositionPageQuery):
    """Which releases."""

    state: Annotated[ReleaseState, Field(description="Where they stand.")] = ReleaseState.RELEASED


class PublishedAnswer(LedgerAnswer):
    """The statistics of a network whose figures are protected: the newest release of each period, the latest first."""

    network: str
    releases: list[ReleaseRowAnswer]


class FiguresQuery(Query):
    """Which releases' rows."""

    year: Annotated[str | None, Field(pattern=r"^2[0-9]{3}$", description="Only of this year's periods.")] = None


class BasisQuery(Query):
    """As of when."""

    height: Annotated[int | None, Field(ge=1, description="Block after which the figures are read, else the newest.")] = None


class CsvAnswer(RootModel[str]):
    """Comma-separated values with a header, UTF-8."""

    media_type: ClassVar[str] = "text/csv; charset=utf-8"


class ReleaseFileAnswer(RootModel[dict[str, object]]):
    """The JSON file of a release, byte by byte as its digest names it."""

    media_type: ClassVar[str] = "application/json"
