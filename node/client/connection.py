"""The connection to a node: requests and their errors, submitting and waiting. What is read becomes typed objects in `client`.

Submitting is safe to repeat: the same bytes get the same answer. So a lost answer, an overloaded or a restarting node is asked
again until the deadline; a refusal is final and says why.
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

Answer = TypeVar("Answer")

_MSGPACK = {"Content-Type": "application/msgpack"}
_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=5)
_PAUSE_SECONDS = 0.2
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

    @classmethod
    def of(cls, answer: dict[str, Any]) -> "Taken":
        """From the node's JSON."""
        return cls(answer["id"], answer.get("index"), answer.get("height"), answer.get("receipt"))


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
        data = await self.get_bytes(path)
        try:
            return msgspec.json.decode(data, type=form)
        except msgspec.MsgspecError as error:
            raise FatalError(
                f"The node at {self.url} does not answer {path} as this program expects: {error}.",
                "It is of another version, or no node.",
                "Check the address; take the program of the node's version.",
                Exit.BAD_DATA,
            ) from error

    @contextlib.asynccontextmanager
    async def opened(self, path: str, limits: aiohttp.ClientTimeout) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is read as it comes.

        Raises:
            ProblemError: the node said no.
            ClientError, TimeoutError, OSError: it cannot be reached, or was lost.
        """
        async with self._open().get(self.url + path, timeout=limits) as answer:
            if answer.status >= 400:
                raise ProblemError(answer.status, await _problem(answer))
            yield answer

    async def get_json(self, path: str) -> dict[str, Any]:
        """A JSON answer.

        Raises:
            ProblemError: the node said no.
            FatalError: it cannot be reached.
        """
        answer: dict[str, Any] = await self._request("GET", path, as_json=True)
        return answer

    async def get_list(self, path: str, filters: Mapping[str, str], limit: int | None = None) -> dict[str, Any]:
        """A list page by page as one answer: the first `limit` of it, or all; the rest is that of the last page.

        Errors as `get_json`.
        """
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            most = MAX_PAGE if limit is None else min(MAX_PAGE, limit - len(items))
            page = await self.get_json(f"{path}?{urlencode({**filters, **cursor, 'limit': str(most)})}")
            items += page["items"]
            if page["next"] is None or len(items) == limit:
                return {**page, "items": items}
            cursor = {"cursor": page["next"]}

    async def get_bytes(self, path: str) -> bytes:
        """An answer as it is; errors as `get_json`."""
        data: bytes = await self._request("GET", path, as_json=False)
        return data

    async def submit(self, raw: bytes, *, wait: bool) -> Taken:
        """Submits one record (with its envelope); errors as `get_json`."""
        return Taken.of(await self._request("POST", f"/v1/records{_query(wait)}", as_json=True, data=raw))

    async def submit_many(self, raws: Sequence[bytes], *, wait: bool) -> list[Taken | ProblemError]:
        """Submits many at once, an answer for each; errors of the whole as `get_json`."""
        answers = await self._request("POST", f"/v1/records/batch{_query(wait)}", as_json=True, data=encode_batch(list(raws)))
        return [Taken.of(item) if "id" in item else ProblemError(item.get("status", 422), item) for item in answers]

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

    async def _request(self, method: str, path: str, *, as_json: bool, data: bytes | None = None) -> Any:
        headers = _MSGPACK if data is not None else None
        try:
            async with self._open().request(method, self.url + path, data=data, headers=headers) as answer:
                if answer.status >= 400:
                    raise ProblemError(answer.status, await _problem(answer))
                return await answer.json(content_type=None) if as_json else await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(self.url, error) from error

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


async def _problem(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    try:
        content = await answer.json(content_type=None)
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {"error": f"status {answer.status}", "field": ""}


def _query(wait: bool) -> str:
    return "?wait=final" if wait else ""
