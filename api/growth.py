"""Who waits for the log to grow: one future for all of them, so that telling costs a block nothing, however many wait."""

import asyncio
import contextlib


class Growth:
    """Told by the node after each block that added records, and when it stops; waited for by open streams."""

    def __init__(self) -> None:
        self.ended = False
        """The node is stopping: whoever waits ends."""
        self._next: asyncio.Future[None] | None = None

    def tell(self) -> None:
        """The log has grown."""
        told, self._next = self._next, None
        if told is not None and not told.done():
            told.set_result(None)

    def end(self) -> None:
        """Nothing more will come."""
        self.ended = True
        self.tell()

    async def wait(self, seconds: float) -> None:
        """Returns when the log has grown or the node stops, and after `seconds` at the latest."""
        if self.ended:
            return
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._next)
