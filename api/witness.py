"""`POST /log/add-checkpoint`: this node as a C2SP witness; `/log/<origin hash>/checkpoint`: what it cosigned last of a log.

The statuses are the specification's. Problems are RFC 9457 documents but for 409, whose body is the size alone.
"""

from quart import Blueprint, Response, request

from api.answers import SIZE, TEXT, Cache, answer, hex_id
from api.bodies import BodyReader
from api.errors import ApiCode, Problem
from api.openapi import BodySpec, describe
from api.port import NodePort
from api.schemas.base import ProblemAnswer, SizeAnswer, TextAnswer
from ledger.errors import (
    AmbiguousKeyError,
    BadSignatureError,
    InconsistentError,
    LogSignatureMissingError,
    ProofError,
    StaleSizeError,
    TwoRootsError,
    UnknownLogError,
)
from ledger.witness import MAX_REQUEST_BYTES

_BODY = BodySpec("text/plain", "An old size, a consistency proof, an empty line, a checkpoint (C2SP tlog-witness).")
_STATUSES: tuple[tuple[type[ProofError], int, ApiCode], ...] = (
    (UnknownLogError, 404, ApiCode.LOG_UNKNOWN),
    (LogSignatureMissingError, 403, ApiCode.LOG_SIGNATURE),
    (BadSignatureError, 403, ApiCode.LOG_SIGNATURE),
    (AmbiguousKeyError, 403, ApiCode.LOG_SIGNATURE),
    (InconsistentError, 422, ApiCode.NOT_CONSISTENT),
    (TwoRootsError, 422, ApiCode.TWO_ROOTS),
)


def witness_routes(port: NodePort, bodies: BodyReader) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("witness", __name__)

    @routes.post("/log/add-checkpoint")
    @describe(
        "add_checkpoint",
        "log",
        {
            200: TextAnswer,
            409: SizeAnswer,
            **dict.fromkeys((400, 403, 404, 408, 413, 422), ProblemAnswer),
        },
        body=_BODY,
    )
    async def add_checkpoint() -> Response:
        """Cosign a checkpoint that continues what was cosigned before.

        Answers signature lines; 409 with the size that was cosigned last when the request begins at another.
        """
        body = await bodies.read(request, MAX_REQUEST_BYTES)
        try:
            lines = await port.add_checkpoint(body)
        except StaleSizeError as stale:
            return answer(request, f"{stale.size}\n", Cache.NO_STORE, content_type=SIZE, status=409)
        except ProofError as error:
            status, code = next(
                ((status, code) for kind, status, code in _STATUSES if isinstance(error, kind)), (400, ApiCode.WITNESS_REQUEST)
            )
            raise Problem(status, code, "body", detail=str(error)) from error
        return answer(request, lines, Cache.NO_STORE, content_type=TEXT)

    @routes.get("/log/<origin_hash>/checkpoint")
    @describe("witnessed_checkpoint", "log", {200: TextAnswer, 404: ProblemAnswer})
    async def witnessed_checkpoint(origin_hash: str) -> Response:
        """The newest checkpoint that this node cosigned for the log with this SHA-256 of its origin."""
        note = port.witnessed(hex_id(origin_hash))
        if note is None:
            raise Problem(404, ApiCode.NOT_FOUND)
        return answer(request, note, Cache.NO_STORE, content_type=TEXT)

    return routes
