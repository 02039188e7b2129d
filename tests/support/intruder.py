"""A registered node gone bad: its keys and certificate, a raw TLS socket, and WebSocket frames made by hand.

Nothing here keeps a rule that it is not asked to keep: frames may be half, endless, compressed, huge, and answers stay unread.
"""

import asyncio
import base64
import contextlib
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

from ledger.genesis import Genesis
from ledger.network import of_genesis
from node.handshake import Identity, Side, shake
from node.home import Home
from node.keys import NodeKeys, load_keys
from node.peers import PATH
from node.tls import contexts
from node.wire import Item, decode_frame, encode_frame, encode_item

BINARY, TEXT, CONTINUED, CLOSE, PING, PONG = 2, 1, 0, 8, 9, 10
_READ_AHEAD = 1 << 16


class Thief:
    """The keys of a node's home."""

    def __init__(self, home: Path, genesis: Genesis, participant: str) -> None:
        place = Home(home)
        entry = genesis.node(participant)
        if entry is None:
            raise LookupError(f"{participant} has no node")
        self.genesis, self.entry = genesis, entry
        self.keys: NodeKeys = load_keys(home, raw_allowed=True)
        self.identity = Identity(genesis.ledger_id, self.keys.consensus, place.read_certificate())
        pins = [node.tls for node in genesis.nodes]
        self.tls: ssl.SSLContext = contexts(place.tls_key, place.tls_certificate, None, pins)[1]

    @contextlib.asynccontextmanager
    async def connected(self, victim: str, *, shaken: bool = True, upgrade: str = "") -> AsyncIterator["Intruder"]:
        """A connection to this participant's node, after the handshake unless it is not wanted."""
        entry = self.genesis.node(victim)
        if entry is None:
            raise LookupError(f"{victim} has no node")
        host, port = entry.address.rsplit(":", 1)
        reader, writer = await asyncio.open_connection(host, int(port), ssl=self.tls, limit=_READ_AHEAD)
        intruder = Intruder(reader, writer)
        try:
            await intruder.upgrade(entry.address, upgrade)
            if shaken:
                await shake(self.identity, of_genesis(self.genesis), entry, Side.DIAL, intruder.say_item, intruder.hear_item)
            yield intruder
        finally:
            writer.transport.abort()


class Intruder:
    """One connection.

    Attributes:
        head: the answer to the request for a WebSocket.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.head = b""

    async def upgrade(self, host: str, extra: str) -> None:
        """Asks for a WebSocket; `extra` are further header lines."""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        lines += f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{extra}\r\n"
        self.writer.write(lines.encode())
        self.head = await self.reader.readuntil(b"\r\n\r\n")

    def deaf(self) -> None:
        """Reads no more: what the other end says piles up there."""
        self.reader._transport.pause_reading()

    @property
    def open(self) -> bool:
        """Whether the other end has not closed yet; known once what it sent before was read."""
        return not (self.reader.at_eof() or self.writer.transport.is_closing())

    def put(self, data: bytes) -> None:
        """Raw bytes, not waited for."""
        self.writer.write(data)

    async def say(self, opcode: int, payload: bytes, *, final: bool = True, reserved: int = 0, length: int = -1) -> None:
        """One WebSocket frame (masked with zeros); `length` is what its head announces, the payload's own by default."""
        self.put(head(opcode, len(payload) if length < 0 else length, final=final, reserved=reserved) + payload)
        await self.writer.drain()
        await asyncio.sleep(0)  # who writes without end would else never learn that the connection is gone

    async def say_frame(self, *items: bytes) -> None:
        """A frame of encoded items."""
        await self.say(BINARY, encode_frame(list(items)))

    async def say_item(self, item: Item) -> None:
        """A frame of one item."""
        await self.say_frame(encode_item(item))

    async def hear(self) -> tuple[int, bytes]:
        """The next WebSocket frame, opcode and payload.

        Raises:
            EOFError, ConnectionError: there is none, the connection has ended.
        """
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
        return first & 0x0F, await self.reader.readexactly(size)

    async def hear_item(self) -> Item:
        """The one item of the next frame."""
        while True:
            opcode, payload = await self.hear()
            if opcode == BINARY:
                return decode_frame(payload)[0]

    async def ended(self, seconds: float = 30.0) -> bool:
        """Whether the other end closes within this time, whatever it says before."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(_READ_AHEAD):
                    pass
        except TimeoutError:
            return False
        except (OSError, EOFError):  # ssl.SSLError is an OSError
            return True
        return True


def head(opcode: int, length: int, *, final: bool = True, reserved: int = 0) -> bytes:
    """The head of a masked WebSocket frame; the mask is zero, so that the payload stands as it is."""
    first = bytes([final << 7 | reserved << 4 | opcode])
    if length < 126:
        size = bytes([0x80 | length])
    elif length < 1 << 16:
        size = b"\xfe" + length.to_bytes(2)
    else:
        size = b"\xff" + length.to_bytes(8)
    return first + size + bytes(4)


def resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)
