"""The order in which what clients send is looked at: one at each pass of the event loop, with the node's own work in between.

Consensus, peers and execution share the loop with every connection. If all that has arrived were handled in one pass, a
thousand readers would hold up a vote for as long as a thousand answers take; so they come in one by one, in the order in which
they came, and a vote waits for the work of one answer at most. While records wait to be final, requests leave most of the time
to the node: after each answer the gate stays closed for some times as long as the answer took.

Bytes pass a gate as they come (`api.server`), and requests another one, since one piece of bytes may hold many (`api.app`).
Submissions are consensus' own business and do not wait.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

REST: Final = 4
"""How many times as long as an answer took nobody enters while records wait to be final."""

_LONGEST_REST_S: Final = 0.05
"""What took longer was not one answer in one go."""


class Gate:
    """Lets one in at each pass.

    Args:
        rests: whether records wait to be final.
    """

    def __init__(self, rests: Callable[[], bool] = lambda: False) -> None:
        self._rests = rests
        self._since = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False

    def __len__(self) -> int:
        return len(self._waiting)

    async def enter(self) -> None:
        """Returns at once in a pass that has let nobody in yet, else in one of the following ones."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            self._since = time.perf_counter()
            loop.call_soon(self._next, loop)
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._rests():
            loop.call_later(min(_LONGEST_REST_S, REST * (time.perf_counter() - self._since)), self._open, loop)
        else:
            self._open(loop)

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # whoever has gone meanwhile takes no turn
                turn.set_result(None)
                self._since = time.perf_counter()
                loop.call_soon(self._next, loop)
                return
        self._taken = False
