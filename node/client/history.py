"""The history of accepted records as a program takes it: followed without an end, or exported whole.

Both go on where they were cut. Each record comes once and in order: what is asked for again is what follows the last place that
was told.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import aiohttp

from node.client.answers import Logged
from node.client.connection import PASSING, Connection, unreachable
from node.errors import ProblemError

_SILENCE_S: Final = 60.0
"""A node says that it lives every 15 s: whoever hears nothing for so long has lost it."""

_PAUSE_S: Final = 1.0
_MAX_EVENT_BYTES: Final = 1 << 20
"""A record and its body as JSON: far more than any has."""

_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, connect=5, sock_read=_SILENCE_S)


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event; `place` is its id, None without one."""

    name: str
    place: int | None
    data: bytes


async def follow(node: Connection, after: int | None, *, participant: str, kind: str) -> AsyncIterator[Logged]:
    """Records as they come, without an end: see `Client.follow`.

    Raises:
        ProblemError: the node says no, and not for a while only.
        FatalError: it cannot be reached at the very first, or answers something else.
    """
    place, begun = after, False
    filters = {"participant": participant, "kind": kind}
    while True:
        try:
            async for event in _events(node, place, filters):
                begun = True
                if event.name == "record":
                    yield node.typed("/v1/stream", event.data, Logged)
                    place = event.place
                elif event.place is not None or place is None:
                    place = -1 if event.place is None else event.place  # a log that is empty has no place
        except ProblemError as error:
            if error.status not in PASSING:
                raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if not begun:
                raise unreachable(node.url, error) from error
        await asyncio.sleep(_PAUSE_S)


async def export(node: Connection, after: int, filters: Mapping[str, str]) -> AsyncIterator[Logged]:
    """The history behind a place: see `Client.export`.

    Raises:
        ProblemError: the node says no.
        FatalError: it was lost, and nothing more has come since it was asked again; or it answers something else.
    """
    place = after
    while True:
        before = place
        try:
            async with node.opened(f"/v1/export?{_query({**filters, 'after': str(place)})}", _TIMEOUT) as answer:
                async for line in _lines(answer):
                    record = node.typed("/v1/export", line, Logged)
                    place = record.index
                    yield record
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if place == before:
                raise unreachable(node.url, error) from error
            await asyncio.sleep(_PAUSE_S)
        else:
            return


async def _events(node: Connection, place: int | None, filters: Mapping[str, str]) -> AsyncIterator[Event]:
    asked = filters if place is None else {**filters, "after": str(place)}
    async with node.opened(f"/v1/stream?{_query(asked)}", _TIMEOUT) as answer:
        name, at, data = "", None, b""
        async for line in _lines(answer):
            field, _, value = line.partition(b": ")
            match field:
                case b"":
                    if data:
                        yield Event(name, at, data)
                    name, at, data = "", None, b""
                case b"event":
                    name = value.decode(errors="replace")
                case b"id":
                    at = node.typed("/v1/stream", value, int)
                case b"data":
                    data += value
                    if len(data) > _MAX_EVENT_BYTES:
                        raise aiohttp.ClientPayloadError("an event is longer than any record")
                case _:
                    pass  # how long to wait before coming back, comments, and what there may be later


async def _lines(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Lines without their ends; raises ClientError for one that is longer than any record."""
    rest = b""
    async for piece in answer.content.iter_any():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > _MAX_EVENT_BYTES:
            raise aiohttp.ClientPayloadError("a line is longer than any record")


def _query(fields: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in fields.items() if value})
