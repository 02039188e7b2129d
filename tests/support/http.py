"""A listener on a free loopback port, and an HTTP/1.1 client that speaks raw bytes, so that a test can drip, stall and break off."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.server import listen, serve

_clients: list["Client"] = []
"""Closed by `running`, so that a failing test leaves no socket behind."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


@asynccontextmanager
async def running(app, limits) -> AsyncIterator[int]:
    """Serves the app until the block ends; gives the port."""
    sock = listen("127.0.0.1", 0)
    stop = asyncio.Event()
    task = asyncio.create_task(serve(app, sock, limits, stop.wait))
    try:
        yield sock.getsockname()[1]
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)
        while _clients:
            _clients.pop().close()
        await asyncio.sleep(0)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        _clients.append(client)
        return client

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read(self) -> Reply | None:
        """The next answer; None when the connection closed instead."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        first, *lines = head.decode("latin1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int((await self.reader.readuntil(b"\r\n")).strip(), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readexactly(2)
        else:
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Reply(int(first.split(" ")[1]), headers, body)

    async def closed(self) -> bool:
        """Waits for the other side to close."""
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.writer.transport.abort()


async def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> Reply | None:
    """One request on its own connection. Header names: `content_type` for `Content-Type`."""
    client = await Client.connect(port)
    try:
        lines = [f"{method} {path} HTTP/1.1", "Host: test", "Connection: close"]
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await client.send("\r\n".join([*lines, "", ""]).encode() + body)
        return await client.read()
    finally:
        client.close()
