"""Headers that every answer has: added as bytes on the way out, since each one that Quart sets costs a scan of all others.

What an answer says itself stands: a page that takes forms says more of its referrer. Public data, and why there is none, may be
read by the pages of any origin (`Shield.share`); never with credentials, and nothing that a token gives.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from api.answers import SECURITY_HEADERS
from api.schemas.base import HEIGHT_HEADER

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

_SHARED_KEY: Final = "kpledger.shared"


def _encoded(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers)


_ALWAYS: Final = _encoded(SECURITY_HEADERS)
_SHARED: Final = _encoded(
    (
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", f"ETag, Retry-After, {HEIGHT_HEADER}"),
    )
)


class Shield:
    """An ASGI application with these headers on each of its answers."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """One connection's request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                added = (*_ALWAYS, *_SHARED) if scope.get(_SHARED_KEY) else _ALWAYS
                message["headers"] = [*message["headers"], *(header for header in added if header[0] not in said)]
            await send(message)

        await self._app(scope, receive, sending)

    @staticmethod
    def share(scope: Any) -> None:
        """The answer to this request may be read by the pages of any origin."""
        scope[_SHARED_KEY] = True
