"""Answers that go on for long: event streams and exports of the whole history. They are what must never slow a node down.

Rules:
- nothing is queued for a reader: it has a position in the log, and its next piece is made when the last one was taken;
- all of them together have one turn at the ledger at a time, of a few milliseconds, and the event loop is others' in between:
  for one pass when nobody wants it, and for as long as the piece took when somebody does (`Shifts`);
- a reader that does not take a piece within `stall_s` is cut, and every flow ends after its lifetime: a position resumes it;
- there are so many at most, in all and of one token (`Places`).
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from types import TracebackType
from typing import Self, TypeVar

from quart.wrappers.response import ResponseBody

from api.errors import Overloaded

T = TypeVar("T")

_QUIET_S = 0.0002
"""A pass of the event loop that takes no longer had nothing else to do."""

_RETRY_S = 5.0


class Shifts:
    """Turns at the ledger of all flows of one kind or several."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """The result of a few milliseconds' work; the turn ends when others have had the loop."""
        async with self._lock:
            started = time.monotonic()
            result = work()
            done = time.monotonic()
            until = done + (done - started)
            while done < until:
                await asyncio.sleep(0)
                now = time.monotonic()
                if now - done < _QUIET_S:
                    break
                done = now
            return result


class Places:
    """How many flows may be open."""

    def __init__(self, most: int, most_per_key: int, what: str) -> None:
        self._most = most
        self._most_per_key = most_per_key
        self._what = what
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._open.total()

    def take(self, key: str) -> "Place":
        """A place for the reader behind a token; raises Overloaded when there is none."""
        if self._open[key] >= self._most_per_key:
            raise Overloaded(_RETRY_S, f"too many {self._what} of this token", quota=True)
        if len(self) >= self._most:
            raise Overloaded(_RETRY_S, f"too many {self._what}")
        self._open[key] += 1
        return Place(self._open, key)


class Place:
    """One of them; given back by `leave`, or when nobody holds it any more: an answer may never begin to be sent."""

    __slots__ = ("_key", "_open")

    def __init__(self, held: Counter[str], key: str) -> None:
        self._open: Counter[str] | None = held
        self._key = key

    def leave(self) -> None:
        """Give it back; a second time does nothing."""
        held, self._open = self._open, None
        if held is not None:
            held[self._key] -= 1
            if not held[self._key]:
                del held[self._key]

    def __del__(self) -> None:
        self.leave()


async def cut() -> None:
    """End the answer under way without its regular end, so that its reader knows that it is not whole."""
    task = asyncio.current_task()
    assert task is not None, "answers are sent by tasks"
    task.cancel()
    await asyncio.sleep(0)


class Flow(ResponseBody):
    """The body of such an answer: its pieces, each taken in time or the reader is cut."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], place: Place, stall_s: float) -> None:
        self._pieces = pieces
        self._place = place
        self._stall_s = stall_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._place.leave()
        await self._pieces.aclose()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces; while one is being sent a timer runs that cancels the sending."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None, "answers are sent by tasks"
        async for piece in self._pieces:
            timer = loop.call_later(self._stall_s, task.cancel)
            try:
                yield piece
            finally:
                timer.cancel()
