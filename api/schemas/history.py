"""The history of accepted records: as a stream of events, and whole, as lines of JSON or CSV."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, RootModel

from api.schemas.base import Answer, Code, Count, Day, Hash, Height, Hex, Instant, Query
from api.schemas.bodies import BodyAnswer
from api.schemas.records import ConfirmAnswer, IssueAnswer

_MAX_POSITION = 2**53 - 1
Position = Annotated[int, Field(ge=-1, le=_MAX_POSITION, description="Place in the log of the last record held; -1: none.")]
Kind = Annotated[str | None, Field(pattern=r"^[a-z]+\.[a-z]+$", max_length=40, description="Only records of this kind.")]
Party = Annotated[Code | None, Field(description="Only records by or about this participant.")]


class LoggedAnswer(Answer):
    """An accepted record at its place in the log."""

    index: Count
    height: Height
    id: Hash
    kind: str
    author: str
    at: Instant
    key: Hash
    body: IssueAnswer | ConfirmAnswer | BodyAnswer
    record: Hex


class EventsAnswer(Answer):
    """Server-sent events.

    `record`: `id` is the place in the log, `data` the record as a line of `/v1/export` has it. `head`: nothing further now;
    `id` is the place that the stream has come to, `data` names the log's `height` and `tree_size`.
    """

    media_type: ClassVar[str] = "text/event-stream"

    event: Literal["record", "head"]
    id: Annotated[str, Field(pattern=r"^[0-9]+$")] = ""
    data: str


class LinesAnswer(RootModel[str]):
    """A line of JSON for each record.

    Members: `index`, `height`, `id`, `kind`, `author`, `at`, `key`, `body` and `record`, as `/v1/records/{id}` has them.
    """

    media_type: ClassVar[str] = "application/x-ndjson"


class TableAnswer(RootModel[str]):
    """A header and a row for each record.

    Columns: `index`, `height`, `id`, `kind`, `author`, `at`; where the kind has them `number`, `partner`, `date`, `parcels`
    and `carats`; and `body` as JSON.
    """

    media_type: ClassVar[str] = "text/csv; charset=utf-8"


class StreamQuery(Query):
    """Where a stream begins, and what of the history is in it."""

    after: Annotated[
        Position | None,
        Field(description="Begin behind this place in the log; -1: with the first record. Without: with what comes now."),
    ] = None
    participant: Party = None
    kind: Kind = None


class ExportQuery(Query):
    """Which part of the history."""

    after: Position = -1
    participant: Party = None
    kind: Kind = None
    since: Annotated[Day | None, Field(description="Only records whose own instant is of this day (UTC) or later.")] = None
    until: Annotated[Day | None, Field(description="Only records whose own instant is of this day (UTC) or earlier.")] = None
