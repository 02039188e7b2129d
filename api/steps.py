"""Answers that take some ten milliseconds of work: in steps on the event loop, one such answer at a time.

Consensus and every other request have the loop between two steps, so they wait a few milliseconds whatever is asked here. A
thread would not serve them better, as the interpreter runs one at a time, and could outlive the store it reads. With a gate
(`api.gate`), they have longer between two steps while records wait to be final, as after a reader's turn.
"""

import asyncio
import time
from collections.abc import Generator
from typing import TypeVar

from api.errors import Overloaded
from api.gate import Gate
from api.limits import MAX_WAITING_CHAINS

T = TypeVar("T")

_RETRY_S = 1.0


class Turns:
    """One at a time, and a bounded number who wait."""

    def __init__(self, what: str = "chains of custody", gate: Gate | None = None) -> None:
        self._what = what
        self._gate = gate
        self._lock = asyncio.Lock()
        self._waiting = 0

    async def run(self, steps: Generator[None, None, T]) -> T:
        """The work's result; whoever goes away before leaves nothing open. Raises Overloaded when too many wait."""
        try:
            if self._waiting >= MAX_WAITING_CHAINS:
                raise Overloaded(_RETRY_S, f"too many {self._what} are being asked for")
            self._waiting += 1
            try:
                async with self._lock:
                    while True:
                        begun = time.perf_counter()
                        try:
                            next(steps)
                        except StopIteration as done:
                            result: T = done.value
                            return result
                        await asyncio.sleep(0 if self._gate is None else self._gate.rest_after(begun))
            finally:
                self._waiting -= 1
        finally:
            steps.close()
