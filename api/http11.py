"""Hypercorn's HTTP/1.1, with a short way for an answer that is whole: one write, and headers that were checked once.

In ASGI's messages an answer passes four events and two writes, and each header two patterns, every time. An answer that is
there as a whole needs none of that, and what is sent is the same.
"""

from collections.abc import Iterable
from functools import lru_cache
from time import time
from typing import Final

import h11
from h11._headers import Headers, normalize_and_validate
from hypercorn.events import RawData
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.http_stream import ASGIHTTPState, HTTPStream
from hypercorn.utils import suppress_body

_KEPT_HEADERS: Final = 512
_MOST_BYTES: Final = 64 * 1024
"""Longer bodies would be copied for long."""

Pairs = Iterable[tuple[bytes, bytes]]


class Http11(H11Protocol):
    """A connection's requests."""

    _second = 0
    _added: Pairs = ()

    async def answer(self, status: int, headers: Pairs, body: bytes) -> bool:
        """Answers the request under way; False, and nothing is sent, when none waits for the beginning of its answer, or
        it is a long one.

        Raises:
            LocalProtocolError: headers that may not be sent.
        """
        stream = self.stream
        if not isinstance(stream, HTTPStream) or stream.closed or stream.state is not ASGIHTTPState.REQUEST:
            return False
        if len(body) > _MOST_BYTES:
            return False
        sent = [*headers, *self._own()]
        if self.keep_alive_requests >= self.config.keep_alive_max_requests:
            sent.append((b"connection", b"close"))
        start, send = h11.Response(headers=_headers(sent), status_code=status), self.connection.send
        try:
            pieces = [send(start)]
            if body and not suppress_body(stream.scope["method"], status):
                pieces.append(send(h11.Data(data=body)))
            pieces.append(send(h11.EndOfMessage()))
        except h11.LocalProtocolError:
            if self.connection.their_state is not h11.ERROR:
                raise
        else:
            await self.send(RawData(b"".join(pieces)))
        stream.state = ASGIHTTPState.CLOSED
        await self._maybe_recycle()
        return True

    def _own(self) -> Pairs:
        """What Hypercorn adds to each answer: the date above all, which is another one a second later."""
        now = int(time())
        if now != self._second:
            self._second, self._added = now, tuple(self.config.response_headers("h11"))
        return self._added


def _headers(pairs: Pairs) -> Headers:
    return Headers([_checked(name, value) for name, value in pairs])


@lru_cache(_KEPT_HEADERS)
def _checked(name: bytes, value: bytes) -> tuple[bytes, bytes, bytes]:
    """A header as h11 has it once it was checked; most are the same in each answer."""
    ((lower, checked),) = normalize_and_validate([(name, value)])
    return name, lower, checked
