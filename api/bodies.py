"""Reading a request's body: bounded in bytes, in time and in what all requests together hold in memory.

The deadline is for the *whole* body, so one that drips a byte a second does not stay open; the server below would let it.
"""

import asyncio

from quart import Request

from api.errors import ApiCode, Overloaded, Problem
from api.limits import ApiLimits

MSGPACK = "application/msgpack"


class BodyReader:
    """Reads bodies under the limits of one listener."""

    def __init__(self, limits: ApiLimits) -> None:
        self._limits = limits
        self.held = 0
        """Bytes of bodies that are still arriving, over all requests."""

    async def read(self, request: Request, limit: int) -> bytes:
        """The whole body.

        Raises Problem 413 above `limit` bytes, 408 after the deadline; Overloaded when unfinished bodies fill their budget.
        """
        if (request.content_length or 0) > limit:
            raise _too_large(request.content_length or 0, limit)
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.body_s):
                async for chunk in request.body:
                    chunks.append(chunk)
                    size += len(chunk)
                    self.held += len(chunk)
                    if size > limit:
                        raise _too_large(size, limit)
                    if self.held > self._limits.bodies_bytes:
                        raise Overloaded(1.0, "too many unfinished request bodies")
        except TimeoutError:
            limit_ms = int(self._limits.body_s * 1000)
            raise Problem(
                408, ApiCode.BODY_TIMEOUT, "body", {"Connection": "close"}, given=size, limit=f"{limit_ms} ms"
            ) from None
        finally:
            self.held -= size
        return b"".join(chunks)


def require_media_type(request: Request, allowed: str) -> None:
    """Raise Problem 415 unless the body is declared as `allowed` (parameters do not matter)."""
    if request.mimetype != allowed:
        raise Problem(415, ApiCode.UNSUPPORTED_MEDIA_TYPE, "Content-Type", given=request.mimetype or None, limit=allowed)


def _too_large(given: int, limit: int) -> Problem:
    return Problem(413, ApiCode.BODY_TOO_LARGE, "body", {"Connection": "close"}, given=given, limit=limit)
