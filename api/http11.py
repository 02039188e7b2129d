"""Hypercorn's HTTP/1.1, with a short way for an answer that is whole: one write, and headers that were checked once.

In ASGI's messages an answer passes four events and two writes, and each header two patterns, every time. An answer that is
there as a whole needs none of that, and what is sent is the same. Where nothing is left to be negotiated either (the request
was read to its end, and both sides keep the connection by HTTP/1.1's own rule) h11 need not follow it: the next request is a
new h11 connection's first one.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from time import time
from typing import Final

import h11
from h11._headers import Headers, normalize_and_validate
from hypercorn.events import RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.http_stream import ASGIHTTPState, HTTPStream
from hypercorn.utils import suppress_body

_KEPT_HEADERS: Final = 512
_MOST_BYTES: Final = 64 * 1024
"""Longer bodies would be copied for long."""

_STATUS: Final = b"HTTP/1.1 %d \r\n"
_NEGOTIATED: Final = frozenset({b"connection", b"transfer-encoding", b"upgrade"})

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
        shown = b"" if suppress_body(stream.scope["method"], status) else body
        if self._is_plain(stream, sent, shown):
            await self.send(
                RawData(b"".join((_STATUS % status, *(_line(name, value) for name, value in sent), b"\r\n", shown)))
            )
            stream.state = ASGIHTTPState.CLOSED
            await self._go_on()
            return True
        if self.keep_alive_requests >= self.config.keep_alive_max_requests:
            sent.append((b"connection", b"close"))
        start, send = h11.Response(headers=_headers(sent), status_code=status), self.connection.send
        try:
            pieces = [send(start)]
            if shown:
                pieces.append(send(h11.Data(data=shown)))
            pieces.append(send(h11.EndOfMessage()))
        except h11.LocalProtocolError:
            if self.connection.their_state is not h11.ERROR:
                raise
        else:
            await self.send(RawData(b"".join(pieces)))
        stream.state = ASGIHTTPState.CLOSED
        await self._maybe_recycle()
        return True

    def _is_plain(self, stream: HTTPStream, sent: Pairs, shown: bytes) -> bool:
        """Whether the connection goes on after this answer, and its end is told by its length."""
        theirs = self.connection
        read = theirs.their_state is h11.DONE and theirs.our_state is h11.SEND_RESPONSE and theirs.their_http_version == b"1.1"
        if not read or self.keep_alive_requests >= self.config.keep_alive_max_requests or self.context.terminated.is_set():
            return False
        lengths = [value for name, value in sent if name == b"content-length"]
        if len(lengths) != 1 or (shown and lengths[0] != b"%d" % len(shown)):
            return False
        return all(name not in _NEGOTIATED for name, _ in chain(stream.scope["headers"], sent))

    async def _go_on(self) -> None:
        """To the next request, which may have come already."""
        await self._close_stream()
        come, _ = self.connection.trailing_data
        self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=self.config.h11_max_incomplete_size)
        if come:
            self.connection.receive_data(come)
        await self.can_read.set()
        await self.send(Updated(idle=True))

    def _own(self) -> Pairs:
        """What Hypercorn adds to each answer: the date above all, which is another one a second later."""
        now = int(time())
        if now != self._second:
            self._second, self._added = now, tuple(self.config.response_headers("h11"))
        return self._added


@lru_cache(_KEPT_HEADERS)
def _line(name: bytes, value: bytes) -> bytes:
    """A header as it is sent, checked."""
    raw, _, checked = _checked(name, value)
    return b"%s: %s\r\n" % (raw, checked)


def _headers(pairs: Pairs) -> Headers:
    return Headers([_checked(name, value) for name, value in pairs])


@lru_cache(_KEPT_HEADERS)
def _checked(name: bytes, value: bytes) -> tuple[bytes, bytes, bytes]:
    """A header as h11 has it once it was checked; most are the same in each answer."""
    ((lower, checked),) = normalize_and_validate([(name, value)])
    return name, lower, checked
