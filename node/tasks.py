"""Tasks that run beside the main road. One that fails must end the node: what it was for would silently no longer be done."""

import asyncio
from collections.abc import Coroutine


class Tasks:
    """Tasks of one part of the node; may be made before there is an event loop."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._failed = asyncio.Event()
        self._error: BaseException | None = None

    def __len__(self) -> int:
        return len(self._running)

    def spawn(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        """Starts a task; it may be cancelled, but must not raise."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def fail(self, error: BaseException) -> None:
        """What a task, or a callback that no task awaits, could not cope with; the first one counts."""
        if self._error is None:
            self._error = error
            self._failed.set()

    async def watch(self) -> None:
        """Waits for the first failure and raises it."""
        await self._failed.wait()
        assert self._error is not None
        raise self._error

    async def stop(self) -> None:
        """Cancels all tasks and waits for their ends."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)
