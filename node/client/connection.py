"""The connection to a node: requests and their errors, submitting and waiting. What is read becomes typed objects in `client`.

Submitting is safe to repeat: the same bytes get the same answer. So a lost answer, an overloaded or a restarting node is asked
again until the deadline; a refusal is final and says why.

A node is not believed, nor trusted with this program: an answer has a bounded size, also when it comes compressed, nobody is
followed to another address, and what is no answer of a node is said to be none.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import aiohttp
import msgspec

from ledger.limits import MAX_PAGE
from ledger.record import encode_batch
from node.errors import Exit, FatalError, ProblemError
from node.limits import CLIENT_ANSWER_BYTES, CLIENT_PROBLEM_BYTES

Answer = TypeVar("Answer")

_MSGPACK = {"Content-Type": "application/msgpack"}
_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=5)
_PAUSE_SECONDS = 0.2
_ELSEWHERE = 300
"""From here on a status is no answer: a node sends nobody to another address."""

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""What a node answers that is stopping, starting or overloaded: asking again makes sense."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A submission that the node took; `receipt` is there once the record is final.

    Attributes:
        id: the record's id, lower-case hex.
        index: its place in the log.
        height: its block.
        receipt: text of its `tlog-proof@v1`.
    """

    id: str
    index: int | None = None
    height: int | None = None
    receipt: str | None = None


class Connection:
    """One node's interface; use as an asynchronous context manager."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, form: type[Answer]) -> Answer:
        """A JSON answer as a typed object.

        Raises:
            ProblemError: the node said no.
            FatalError: it cannot be reached, or answers something else.
        """
        return self.typed(path, await self.get_bytes(path), form)

    def typed(self, path: str, data: bytes, form: type[Answer]) -> Answer:
        """What was answered, or a piece of it, as a typed object; raises FatalError where it is none."""
        try:
            return msgspec.json.decode(data, type=form)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise unexpected(self.url, path, str(error)) from error

    @contextlib.asynccontextmanager
    async def opened(self, path: str, limits: aiohttp.ClientTimeout) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is read as it comes.

        Raises:
            ProblemError: the node said no.
            ClientError, TimeoutError, OSError: it cannot be reached, or was lost.
        """
        async with self._open().get(self._address(path), timeout=limits, allow_redirects=False) as answer:
            if answer.status >= _ELSEWHERE:
                raise ProblemError(answer.status, await _problem(answer))
            yield answer

    async def get_json(self, path: str) -> dict[str, Any]:
        """A JSON answer.

        Raises:
            ProblemError: the node said no.
            FatalError: it cannot be reached, or answers something else.
        """
        return await self.get(path, dict[str, Any])

    async def get_list(self, path: str, filters: Mapping[str, str], limit: int | None = None) -> dict[str, Any]:
        """A list page by page as one answer: the first `limit` of it, or all; the rest is that of the last page.

        Errors as `get_json`.
        """
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            most = MAX_PAGE if limit is None else min(MAX_PAGE, limit - len(items))
            page = await self.get_json(f"{path}?{urlencode({**filters, **cursor, 'limit': str(most)})}")
            new, next_ = page.get("items"), page.get("next")
            if not isinstance(new, list) or not isinstance(next_, str | None):
                raise unexpected(self.url, path, "it is no page of a list")
            items += new
            if next_ is None or len(items) == limit:
                return {**page, "items": items}
            cursor = {"cursor": next_}

    async def get_bytes(self, path: str) -> bytes:
        """An answer as it is; errors as `get_json`."""
        return await self._request("GET", path)

    async def submit(self, raw: bytes, *, wait: bool) -> Taken:
        """Submits one record (with its envelope); errors as `get_json`."""
        path = f"/v1/records{_query(wait)}"
        return self.typed(path, await self._request("POST", path, raw), Taken)

    async def submit_many(self, raws: Sequence[bytes], *, wait: bool) -> list[Taken | ProblemError]:
        """Submits many at once, an answer for each; errors of the whole as `get_json`."""
        path = f"/v1/records/batch{_query(wait)}"
        answers = self.typed(path, await self._request("POST", path, encode_batch(list(raws))), list[dict[str, Any]])
        if len(answers) != len(raws):
            raise unexpected(self.url, path, f"{len(answers)} answers to {len(raws)} records")
        try:
            return [msgspec.convert(one, Taken) if "id" in one else _problem_of(one) for one in answers]
        except msgspec.ValidationError as error:
            raise unexpected(self.url, path, str(error)) from error

    async def submit_until_final(self, raw: bytes, seconds: float) -> Taken:
        """Submits one record again and again until it is final, through restarts and overload of the node.

        Raises:
            ProblemError: it was refused.
            FatalError: it is not final within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while True:
            trouble: Exception | None = None
            try:
                taken = await self.submit(raw, wait=True)
                if taken.receipt is not None:
                    return taken
            except ProblemError as error:
                if error.status not in PASSING:
                    raise
                trouble = error
            except FatalError as error:
                trouble = error
            if time.monotonic() > deadline:
                raise FatalError(
                    f"The record is not final within {seconds:.0f} seconds{f' ({trouble})' if trouble else ''}.",
                    "It may still become final: the node keeps what it took.",
                    "Run the same command again: submitting the same record twice is safe.",
                    Exit.UNREACHABLE,
                ) from trouble
            await asyncio.sleep(_PAUSE_SECONDS)

    async def submit_many_until_final(self, raws: Sequence[bytes], seconds: float) -> list[Taken | ProblemError | None]:
        """Submits many until each is final or refused, as `submit_until_final`; None for those that are not after `seconds`.

        What the node answers is what counts: when it cannot be reached at all, that is no answer for any of them.
        """
        outcomes: list[Taken | ProblemError | None] = [None] * len(raws)
        deadline = time.monotonic() + seconds
        while waiting := [place for place, outcome in enumerate(outcomes) if outcome is None]:
            try:
                answers = await self.submit_many([raws[place] for place in waiting], wait=True)
            except ProblemError as error:
                if error.status not in PASSING:
                    raise
                answers = []
            except FatalError:
                answers = []
            for place, answer in zip(waiting, answers, strict=False):
                if (answer.status not in PASSING) if isinstance(answer, ProblemError) else (answer.receipt is not None):
                    outcomes[place] = answer
            if time.monotonic() > deadline:
                break
            if None in outcomes:
                await asyncio.sleep(_PAUSE_SECONDS)
        return outcomes

    async def _request(self, method: str, path: str, data: bytes | None = None) -> bytes:
        headers, address = _MSGPACK if data is not None else None, self._address(path)
        try:
            async with self._open().request(method, address, data=data, headers=headers, allow_redirects=False) as answer:
                if answer.status >= _ELSEWHERE:
                    raise ProblemError(answer.status, await _problem(answer))
                content = await _read(answer, CLIENT_ANSWER_BYTES)
                if content is None:
                    raise unexpected(self.url, path, f"it is longer than {CLIENT_ANSWER_BYTES} bytes")
                return content
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(self.url, error) from error

    def _address(self, path: str) -> str:
        """A path may come out of an answer: it stays one of this node's."""
        if not path.startswith("/"):
            raise unexpected(self.url, path[:100], "it is no path")
        return self.url + path

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use the client as an asynchronous context manager")
        return self._session


def unreachable(url: str, error: Exception) -> FatalError:
    """The node cannot be reached."""
    return FatalError(
        f"The node at {url} does not answer: {error or type(error).__name__}.",
        "It may be stopped, starting, or elsewhere.",
        "Check the address (--url) and the node: kpledger status --home HOME",
        Exit.UNREACHABLE,
    )


def unexpected(url: str, path: str, why: str) -> FatalError:
    """The node answers something else than nodes do."""
    return FatalError(
        f"The node at {url} does not answer {path} as this program expects: {why}.",
        "It is of another version, or no node.",
        "Check the address; take the program of the node's version.",
        Exit.BAD_DATA,
    )


async def _read(answer: aiohttp.ClientResponse, most: int) -> bytes | None:
    """A whole body; None for one that is longer, which is not read to its end."""
    pieces, size = [], 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > most:
            return None
        pieces.append(piece)
    return b"".join(pieces)


async def _problem(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    data = await _read(answer, CLIENT_PROBLEM_BYTES)
    try:
        content = msgspec.json.decode(data or b"")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        content = None
    return content if isinstance(content, dict) else {"error": f"status {answer.status}", "field": ""}


def _problem_of(item: dict[str, Any]) -> ProblemError:
    status = item.get("status", 422)
    return ProblemError(status if isinstance(status, int) else 422, item)


def _query(wait: bool) -> str:
    return "?wait=final" if wait else ""
