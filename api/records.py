"""`/v1/records...`: submitting signed records, and reading them back.

Submitting needs no token: a record is signed. Reading needs one: records are for participants. The sealed envelope goes only to
those that it is sealed for or was shared with, and to the secretariat.
"""

import msgspec
from quart import Blueprint, Response, request

from api.access import forbid, require_reader
from api.answers import BINARY, JSON, TEXT, Cache, answer, hex_id, missing, parameters
from api.bodies import MSGPACK, BodyReader, require_media_type
from api.errors import NotReady, Overloaded
from api.openapi import BodySpec, describe
from api.port import NodePort, Submitted
from api.problems import Document, Problems
from api.schemas.base import BinaryAnswer, NoContent, ProblemAnswer, TextAnswer
from api.schemas.records import (
    BatchAnswer,
    FinalAnswer,
    LaterReaderAnswer,
    RecordAnswer,
    SharesAnswer,
    SubmitQuery,
    TakenAnswer,
)
from api.views import record_answer
from ledger.envelope import readers_of
from ledger.errors import Refusal
from ledger.record import parse_batch
from ledger.state import Ledger

SUBMISSIONS = frozenset({"/v1/records", "/v1/records/batch"})
"""Paths that take records."""

_SUBMISSION = BodySpec(MSGPACK, "The record, or `{envelope, record}`, as canonical MessagePack.")
_BATCH = BodySpec(MSGPACK, "A canonical MessagePack array of submissions, at most 500.")
_BODY_PROBLEMS = {400: ProblemAnswer, 408: ProblemAnswer, 413: ProblemAnswer, 415: ProblemAnswer}


def submission_routes(port: NodePort, problems: Problems, bodies: BodyReader) -> Blueprint:
    """`POST /v1/records` and `/v1/records/batch`."""
    routes = Blueprint("submission", __name__)

    @routes.post("/v1/records")
    @describe(
        "submit",
        "records",
        {200: FinalAnswer, 202: TakenAnswer, 422: ProblemAnswer, **_BODY_PROBLEMS},
        query=SubmitQuery,
        body=_SUBMISSION,
    )
    async def submit() -> Response:
        """Submit a signed record.

        With `wait=final` the answer is 200 with the receipt as soon as the record is final; without it, or when that takes
        longer than 30 s, 202. The same bytes may be sent again at any time: an accepted record gets its receipt. A refusal
        names the rule (`error`), the place (`field`), what was given and what is allowed.
        """
        wait = parameters(request, SubmitQuery).wait is not None
        require_media_type(request, MSGPACK)
        taken = await port.submit(await bodies.read(request, port.limits.submission_bytes), wait)
        status = 202 if taken.receipt is None else 200
        location = {"Location": f"/v1/records/{taken.id.hex()}"}
        return _answer(msgspec.json.encode(_taken(taken)), status, location)

    @routes.post("/v1/records/batch")
    @describe("submit_batch", "records", {200: BatchAnswer, **_BODY_PROBLEMS}, query=SubmitQuery, body=_BATCH)
    async def submit_batch() -> Response:
        """Submit many records at once.

        Answers a list with one item for each submission, in order: what it alone would have been answered; problems carry their
        `status`. One that is refused does not touch the others.
        """
        wait = parameters(request, SubmitQuery).wait is not None
        require_media_type(request, MSGPACK)
        batch = parse_batch(await bodies.read(request, port.limits.batch_bytes))
        outcomes = await port.submit_many(batch, wait)
        items = [
            problems.document(outcome) if isinstance(outcome, Refusal | Overloaded | NotReady) else _taken(outcome)
            for outcome in outcomes
        ]
        return _answer(msgspec.json.encode(items), 200, {})

    return routes


def record_routes(port: NodePort) -> Blueprint:
    """`GET /v1/records/{id}`, `/receipt`, `/envelope`."""
    routes = Blueprint("records", __name__)

    @routes.get("/v1/records/<string(length=64):id>")
    @describe("record", "records", {200: RecordAnswer, 304: NoContent, 404: ProblemAnswer}, token=True)
    async def record(id: str) -> Response:  # noqa: A002 - the name of the path's parameter in the document
        """An accepted record: its clear fields, its bytes and its place."""
        require_reader(port, request)
        height = port.ledger.head.height
        body = record_answer(port.ledger, hex_id(id))
        if body is None:
            raise missing("id", id, height)
        return answer(request, body, Cache.PRIVATE, height=body.read_at_height)

    @routes.get("/v1/records/<string(length=64):id>/receipt")
    @describe("receipt", "records", {200: TextAnswer, 304: NoContent, 404: ProblemAnswer}, token=True)
    async def receipt(id: str) -> Response:  # noqa: A002 - the path's word
        """The record's receipt, `tlog-proof@v1`, under the newest quorum checkpoint. 404 until one covers it."""
        require_reader(port, request)
        height = port.ledger.head.height
        text = port.receipt(hex_id(id))
        if text is None:
            raise missing("id", id, height)
        name = {"Content-Disposition": f'attachment; filename="{id[:16]}.tlog-proof"'}
        return answer(request, text, Cache.PRIVATE, content_type=TEXT, headers=name, height=height)

    @routes.get("/v1/records/<string(length=64):id>/envelope")
    @describe("envelope", "records", {200: BinaryAnswer, 304: NoContent, 404: ProblemAnswer}, token=True)
    async def envelope(id: str) -> Response:  # noqa: A002 - the path's word
        """The record's sealed envelope, for its readers, those to whom one of them gave a key later, and the secretariat."""
        reader = require_reader(port, request)
        record_id, height = hex_id(id), port.ledger.head.height
        data = port.ledger.envelope(record_id)
        if data is None or port.ledger.record(record_id) is None:
            raise missing("id", id, height)
        if not (reader.auditor or reader.participant in readers_of(data) or _given(port.ledger, record_id, reader.participant)):
            raise forbid("a reader of the envelope, or the secretariat")
        return answer(request, data, Cache.PRIVATE, content_type=BINARY, height=height)

    @routes.get("/v1/records/<string(length=64):id>/shares")
    @describe("shares", "records", {200: SharesAnswer, 304: NoContent, 404: ProblemAnswer}, token=True)
    async def shares(id: str) -> Response:  # noqa: A002 - the path's word
        """Who was given a key to the record's envelope later, and the record that holds it."""
        require_reader(port, request)
        record_id, height = hex_id(id), port.ledger.head.height
        if port.ledger.record(record_id) is None:
            raise missing("id", id, height)
        rows = port.ledger.shares(record_id)
        items = [LaterReaderAnswer(reader=row.reader, epoch=row.epoch, id=row.record.hex()) for row in rows]
        return answer(request, SharesAnswer(read_at_height=height, items=items), Cache.PRIVATE, height=height)

    return routes


def _given(ledger: Ledger, record_id: bytes, participant: str) -> bool:
    """Whether a participant was given a key to a record's envelope by a `sealed.share`."""
    return any(row.reader == participant for row in ledger.shares(record_id))


def _taken(taken: Submitted) -> Document:
    if taken.receipt is None:
        return {"id": taken.id.hex()}
    return {"id": taken.id.hex(), "index": taken.index, "height": taken.height, "receipt": taken.receipt}


def _answer(body: bytes, status: int, headers: dict[str, str]) -> Response:
    return Response(body, status, {"Cache-Control": str(Cache.NO_STORE), **headers}, content_type=JSON)
