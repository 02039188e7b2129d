"""What one peer's messages may take while they wait for the consensus core: so many of them, and so many bytes."""

import asyncio
from collections import deque

from node.limits import PEER_EVENT_BYTES, PEER_EVENTS


class Waiting:
    """The messages of one peer that wait, by their size, in order. One that is larger than all may be waits alone."""

    def __init__(self) -> None:
        self._sizes: deque[int] = deque()
        self._size = 0
        self._left = asyncio.Event()

    async def enter(self, size: int) -> None:
        """Takes the room of a message of so many bytes; waits until there is some."""
        while self._sizes and (len(self._sizes) >= PEER_EVENTS or self._size + size > PEER_EVENT_BYTES):
            self._left.clear()
            await self._left.wait()
        self._sizes.append(size)
        self._size += size

    def leave(self) -> None:
        """Gives back the room of the message that has waited longest."""
        self._size -= self._sizes.popleft()
        self._left.set()
