"""The order in which what clients send is looked at: one at each pass of the event loop, with the node's own work in between.

Consensus, peers and execution share the loop with every connection. If all that has arrived were handled in one pass, a
thousand readers would hold up a vote for as long as a thousand answers take; so they come in one by one, in the order in which
they came, and a vote waits for the work of one answer at most. While records come in and wait to be final, requests leave most
of the time to the node: after each turn the gate stays closed for some times as long as the turn took. Readers are served all
the same: a turn comes at the latest when each of those before has had its own and the longest rest after it.

Bytes take a turn as they come (`api.server`), which lasts into the pass in which their first request is answered; further
ones in the same piece take their own (`api.app`). So does an answer that has waited for something and goes on, or all that
waited for one block would go on at once (`api.statistics`). Submissions are consensus' own business and do not wait.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

REST: Final = 4
"""How many times as long as a turn took nobody enters while records wait to be final."""

LONGEST_REST_S: Final = 0.05
"""What took longer was not one turn in one go."""

_TICK_S: Final = 0.001
"""The loop's timers are no finer: rests are put together until they are as long."""

BYTES_PASSES: Final = 2
"""Bytes are taken apart in one pass, and the request that they were is answered in the next one."""

_HURRY_S: Final = 0.02
"""For how long after some of its bytes came a submission counts as one that is coming in."""


class Gate:
    """Lets one in at each pass.

    Args:
        rests: whether records wait to be final.
    """

    def __init__(self, rests: Callable[[], bool] = lambda: False) -> None:
        self._rests = rests
        self._since = 0.0
        self._hurried = 0.0
        self._owed = 0.0
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._taken = False

    def __len__(self) -> int:
        return len(self._waiting)

    def hurry(self) -> None:
        """Bytes of a submission have come: until it waits to be final, it goes first."""
        self._hurried = time.perf_counter() + _HURRY_S

    def rest_after(self, since: float) -> float:
        """Seconds to rest after a turn that began at this time of `time.perf_counter`; 0 while no records wait."""
        now = time.perf_counter()
        return min(LONGEST_REST_S, REST * (now - since)) if now < self._hurried or self._rests() else 0.0

    async def enter(self, passes: int = 1) -> None:
        """Returns at once in a pass that has let nobody in yet, else in one of the following ones; the turn lasts so many."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            self._begin(loop, passes)
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, passes))
        await turn

    def _begin(self, loop: asyncio.AbstractEventLoop, passes: int) -> None:
        self._since = time.perf_counter()
        loop.call_soon(self._pass, loop, passes)

    def _pass(self, loop: asyncio.AbstractEventLoop, left: int) -> None:
        if left > 1:
            loop.call_soon(self._pass, loop, left - 1)
        else:
            self._next(loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        rest = self.rest_after(self._since)
        self._owed = self._owed + rest if rest else 0.0
        if self._owed < _TICK_S:
            self._open(loop)
        else:
            loop.call_later(min(LONGEST_REST_S, self._owed), self._open, loop)
            self._owed = 0.0

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            turn, passes = self._waiting.popleft()
            if not turn.done():  # whoever has gone meanwhile takes no turn
                turn.set_result(None)
                self._begin(loop, passes)
                return
        self._taken = False
