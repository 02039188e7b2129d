"""One authenticated connection to one peer: a WebSocket with two bounded queues towards it.

Votes and cosignatures (urgent) go before records (bulk), and everything that waits goes out in one frame. A slow peer loses
records, which it pulls later; when even its urgent queue is full the link is closed, so that it is made anew and both sides
tell each other where they stand.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable

from aiohttp import ClientWebSocketResponse, WSMessage, WSMsgType
from aiohttp.web import WebSocketResponse

from ledger.participants import Node as NodeEntry
from node.errors import HandshakeEndedError, HandshakeOrderError, WebSocketRefusedError
from node.limits import (
    BULK_FRAME_BYTES,
    CLOSE_SECONDS,
    HANDSHAKE_SECONDS,
    MAX_ERROR_TEXT,
    MAX_FRAME_ITEMS,
    SEND_QUEUE_BYTES,
    SEND_QUEUE_URGENT,
)
from node.refusals import SEND_RECORDS, SEND_URGENT
from node.wire import Item, decode_frame, encode_frame, encode_item

Socket = WebSocketResponse | ClientWebSocketResponse


class Link:
    """A channel to `peer`; reads by `items`, writes by `send` and `send_bulk` without waiting.

    Attributes:
        peer: whose node it is, as the ledger says.
        dropped: records frames not sent because the peer was too slow.
        on_drop: told the queue, for each item that found no room in it.
    """

    def __init__(self, peer: NodeEntry, socket: Socket) -> None:
        self.peer = peer
        self.dropped = 0
        self.on_drop: Callable[[str], None] = lambda _queue: None
        self._socket = socket
        self._urgent: deque[bytes] = deque()
        self._bulk: deque[bytes] = deque()
        self._urgent_bytes = 0
        self._bulk_bytes = 0
        self._wake = asyncio.Event()
        self._sending: asyncio.Timeout | None = None
        self._closed = False

    def send(self, item: bytes) -> None:
        """Queues one urgent item."""
        if len(self._urgent) >= SEND_QUEUE_URGENT or self._urgent_bytes > SEND_QUEUE_BYTES:
            self.on_drop(SEND_URGENT)
            self.close()
            return
        self._urgent.append(item)
        self._urgent_bytes += len(item)
        self._wake.set()

    def has_room(self, size: int) -> bool:
        """Whether `send_bulk` would take so many bytes now."""
        return self._bulk_bytes + size <= SEND_QUEUE_BYTES

    def send_bulk(self, item: bytes) -> None:
        """Queues records, or drops them when the peer is too slow."""
        if self._bulk_bytes + len(item) > SEND_QUEUE_BYTES:
            self.dropped += 1
            self.on_drop(SEND_RECORDS)
            return
        self._bulk.append(item)
        self._bulk_bytes += len(item)
        self._wake.set()

    def close(self) -> None:
        """Ends the link; `write` returns and closes the socket, which ends `items` too.

        Whoever does not read keeps `write` waiting for as long as it likes: that wait is broken off.
        """
        self._closed = True
        self._wake.set()
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.reschedule(0)

    async def write(self) -> None:
        """Sends what is queued until the link is closed or breaks."""
        try:
            while not self._closed:
                await self._wake.wait()
                self._wake.clear()
                while (self._urgent or self._bulk) and not self._closed:
                    await self._send(encode_frame(self._next_items()))
        except (OSError, RuntimeError):
            pass  # the reader sees the end of the connection and reports it
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2 * CLOSE_SECONDS):  # for what is to be flushed, and for the peer's own close
                    await self._socket.close()

    async def _send(self, frame: bytes) -> None:
        """Sends a frame; TimeoutError where the link is closed meanwhile."""
        try:
            async with asyncio.timeout(None) as self._sending:
                await self._socket.send_bytes(frame)
        finally:
            self._sending = None

    def _next_items(self) -> list[bytes]:
        items: list[bytes] = []
        size = 0
        while self._urgent and len(items) < MAX_FRAME_ITEMS and size < BULK_FRAME_BYTES:
            items.append(self._urgent.popleft())
            size += len(items[-1])
            self._urgent_bytes -= len(items[-1])
        while self._bulk and len(items) < MAX_FRAME_ITEMS and size < BULK_FRAME_BYTES:
            items.append(self._bulk.popleft())
            size += len(items[-1])
            self._bulk_bytes -= len(items[-1])
        return items

    async def items(self) -> AsyncIterator[Item]:
        """What the peer sends, until the connection ends.

        Raises:
            FrameError: a frame that is none; the link must be closed.
        """
        while (message := await self._next()) is not None:
            if message.type is WSMsgType.BINARY:
                for item in decode_frame(message.data):
                    yield item
            elif message.type is WSMsgType.TEXT:
                raise WebSocketRefusedError("text where a binary frame belongs")
            elif message.type is WSMsgType.ERROR:
                raise WebSocketRefusedError(str(message.data)[:MAX_ERROR_TEXT])

    async def _next(self) -> WSMessage | None:
        """The next message, None when the connection has ended: also where that shows in a ping that cannot be answered."""
        try:
            return await anext(aiter(self._socket), None)
        except ConnectionError:
            return None

    async def send_first(self, item: Item) -> None:
        """Sends one item at once; for the handshake, before `write` runs."""
        await self._socket.send_bytes(encode_frame([encode_item(item)]))

    async def receive_first(self) -> Item:
        """Receives one frame of one item; for the handshake, before `items` runs.

        Raises:
            HandshakeEndedError: nothing came, or the connection ended.
            FrameError, HandshakeOrderError: the frame is none, or holds more.
        """
        try:
            message = await self._socket.receive(timeout=HANDSHAKE_SECONDS)
        except TimeoutError as error:
            raise HandshakeEndedError("no answer in the handshake") from error
        if message.type is not WSMsgType.BINARY:
            raise HandshakeEndedError("the connection ended in the handshake")
        items = decode_frame(message.data)
        if len(items) != 1:
            raise HandshakeOrderError("more than one item in a handshake frame")
        return items[0]
