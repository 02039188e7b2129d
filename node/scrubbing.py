"""Reads the whole store again and again in the background, so that damage is found before somebody asks for it. Before the
first pass it learns which keys are there (`ledger.sieve`).

It takes at most `SCRUB_SHARE` of one core: after each step of a few milliseconds it waits for the multiple of the processor
time that the step has taken. Damage ends the process; the next start makes the store anew (`node.repair`).
"""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from ledger.state import Ledger
from node.limits import SCRUB_PAUSE_SECONDS, SCRUB_SHARE
from node.logs import get_logger

log = get_logger("scrubbing")


class Scrubber:
    """The passes of one process.

    Attributes:
        passes: whole ones so far.
        read: things read in the one under way.
        spent: seconds of processor time of all steps so far.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.passes = 0
        self.read = 0
        self.spent = 0.0
        self._ledger = ledger
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scrub")

    async def run(self) -> None:
        """Passes without end.

        Raises:
            StoreError: the store is damaged.
        """
        await self._take(self._ledger.learn())
        while True:
            head = self._ledger.head
            await self._take(self._ledger.scrub())
            self.passes += 1
            log.info("the whole store was read", things=self.read, height=head.height, size=head.tree_size)
            await asyncio.sleep(SCRUB_PAUSE_SECONDS)

    async def _take(self, steps: Iterator[int]) -> None:
        loop = asyncio.get_running_loop()
        while (found := await loop.run_in_executor(self._thread, _step, steps)) is not None:
            self.read, spent = found
            self.spent += spent
            await asyncio.sleep(spent / SCRUB_SHARE)

    def close(self) -> None:
        """Waits for the step under way."""
        self._thread.shutdown()


def _step(steps: Iterator[int]) -> tuple[int, float] | None:
    """Things read so far and seconds of processor time that this step took; None at the end of the pass."""
    begun = time.thread_time()
    read = next(steps, None)
    return None if read is None else (read, time.thread_time() - begun)
