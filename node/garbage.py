"""When Python searches for the garbage that counting references does not free: hardly ever while a record waits to be final.

A search through everything takes ten milliseconds and more, in which no vote is heard. By itself Python makes one whenever a
quarter more has come, which is often where little counts, as here: what a node keeps as long as it runs is left out. So
searches through the youngest stay as they are, and one through everything waits for a moment in which no record does, if one
comes in time. Reference: Python's `gc`, generations and `gc.freeze`.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Final

SETTLED_SECONDS: Final = 5.0
"""By then a node has made what it keeps as long as it runs."""

NEVER: Final = 1_000_000_000
"""Python's own bound for a search through everything: that is for `Garbage` to say."""

FULL_SECONDS: Final = (60.0, 600.0)
"""Between two searches through everything: at least, and at most however many records wait."""

LOOK_SECONDS: Final = 0.25


class Garbage:
    """The searches of a process that runs a node.

    Args:
        busy: whether records wait to be final.
    """

    def __init__(self, busy: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._busy = busy
        self._clock = clock
        self._searched = clock()

    async def run(self) -> None:
        """Until it is cancelled; the process has Python's own bounds before and after."""
        before = gc.get_threshold()
        await asyncio.sleep(SETTLED_SECONDS)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*before[:2], NEVER)
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                self.look()
        finally:
            gc.set_threshold(*before)
            gc.unfreeze()

    def look(self) -> bool:
        """Searches through everything if it is time; whether it was."""
        least, most = FULL_SECONDS
        waited = self._clock() - self._searched
        due = waited >= most or (waited >= least and not self._busy())
        if due:
            gc.collect()
            self._searched = self._clock()
        return due
