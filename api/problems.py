"""Errors as RFC 9457 problem documents (`application/problem+json`).

`type` is a link into the documentation page, `title` the sentence for it, `error` the typed code (one of `ledger.errors.Code`
or `api.errors.ApiCode`), `field` what to look at, further members what was given and what is allowed. An unforeseen exception
becomes a bare 500 that tells nothing about the inside; its traceback goes to the log.
"""

import math
import time
from collections.abc import Mapping

import msgspec
import structlog
from quart import Quart, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from api.errors import ApiCode, NotReady, Overloaded, Problem
from api.strings import ERRORS
from ledger.errors import Code, Refusal

MEDIA_TYPE = "application/problem+json"

_BAD_FORM = {Code.MALFORMED, Code.NOT_CANONICAL, Code.TOO_DEEP}
_BY_STATUS = {404: ApiCode.NOT_FOUND, 405: ApiCode.METHOD_NOT_ALLOWED, 408: ApiCode.BODY_TIMEOUT, 413: ApiCode.BODY_TOO_LARGE}

Document = dict[str, str | int | None]

log = structlog.get_logger(__name__)


class Problems:
    """Turns errors into documents; `base` is the public URL that the links in `type` start with."""

    def __init__(self, base: str) -> None:
        self._base = base

    def document(self, error: Refusal | Problem | Overloaded | NotReady) -> Document:
        """The members of the document, also used for single items of a batch."""
        status, code, field, details = _parts(error)
        return {
            **details,
            "type": f"{self._base}/docs#{code}",
            "title": ERRORS[code],
            "status": status,
            "error": str(code),
            "field": field,
        }

    def answer(self, error: Refusal | Problem | Overloaded | NotReady) -> Response:
        """The whole answer."""
        document = self.document(error)
        headers = {"Cache-Control": "no-store", **_headers(error)}
        return Response(msgspec.json.encode(document), int(document["status"] or 500), headers, content_type=MEDIA_TYPE)

    def install(self, app: Quart) -> None:
        """Register the handlers, for the router's own errors too."""

        async def typed(error: Refusal | Problem | Overloaded | NotReady) -> Response:
            return self.answer(error)

        async def routed(error: HTTPException) -> Response:
            status = error.code or 500
            code = _BY_STATUS.get(status, ApiCode.INTERNAL if status >= 500 else ApiCode.BAD_PARAMETER)
            allow = {"Allow": ", ".join(sorted(error.valid_methods or ()))} if isinstance(error, MethodNotAllowed) else {}
            return self.answer(Problem(status, code, headers=allow))

        async def unforeseen(error: Exception) -> Response:
            log.error("http.unforeseen", error=type(error).__name__, exc_info=error)
            return self.answer(Problem(500, ApiCode.INTERNAL))

        for kind in (Refusal, Problem, Overloaded, NotReady):
            app.register_error_handler(kind, typed)
        app.register_error_handler(HTTPException, routed)
        app.register_error_handler(Exception, unforeseen)


def _parts(error: Refusal | Problem | Overloaded | NotReady) -> tuple[int, Code | ApiCode, str, Mapping[str, str | int | None]]:
    match error:
        case Refusal():
            return _refusal_status(error.code), error.code, error.field, error.details
        case Problem():
            return error.status, error.code, error.field, error.details
        case Overloaded():
            code = ApiCode.TOO_MANY_REQUESTS if error.quota else ApiCode.OVERLOADED
            return 429 if error.quota else 503, code, "", _reason(error)
        case NotReady():
            return 503, ApiCode.NOT_READY, "", _reason(error)


def _refusal_status(code: Code) -> int:
    if code in _BAD_FORM:
        return 400
    return {Code.TOO_LARGE: 413, Code.DAILY_QUOTA: 429}.get(code, 422)


def _reason(error: Overloaded | NotReady) -> Mapping[str, str | int | None]:
    return {"detail": error.reason} if error.reason else {}


def _headers(error: Refusal | Problem | Overloaded | NotReady) -> dict[str, str]:
    match error:
        case Overloaded() | NotReady():
            return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
        case Problem():
            return error.headers
        case Refusal(code=Code.DAILY_QUOTA):
            left = int(error.details["until"] or 0) / 1000 - time.time()
            return {"Retry-After": str(max(1, math.ceil(left)))}
        case _:
            return {}
