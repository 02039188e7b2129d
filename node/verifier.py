"""Signature checks in chunks on a few worker threads: libsodium releases the interpreter lock, the event loop stays free.

Records that arrive one by one are checked together with whatever else waits: while all threads are busy a chunk grows, up to
`VERIFY_CHUNK`.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ledger.errors import Refusal
from ledger.record import Record, verify_records
from node.limits import VERIFY_CHUNK, VERIFY_THREADS

_Job = tuple[Record, "asyncio.Future[Refusal | None]"]


class Verifier:
    """Checks records' signatures and commitments (`ledger.record.verify_records`)."""

    def __init__(self, ledger_id: bytes) -> None:
        self._ledger_id = ledger_id
        self._threads = ThreadPoolExecutor(VERIFY_THREADS, thread_name_prefix="verify")
        self._waiting: deque[_Job] = deque()
        self._busy = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def verify(self, records: Sequence[Record]) -> list[Refusal | None]:
        """For each record what is wrong with its signature, key or commitments; None when nothing is."""
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Refusal | None]] = [loop.create_future() for _ in records]
        self._waiting.extend(zip(records, futures, strict=True))
        self._dispatch()
        return await asyncio.gather(*futures)

    def close(self) -> None:
        """Ends the threads once they are idle."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _dispatch(self) -> None:
        while self._waiting and self._busy < VERIFY_THREADS:
            chunk = [self._waiting.popleft() for _ in range(min(VERIFY_CHUNK, len(self._waiting)))]
            self._busy += 1
            task = asyncio.ensure_future(self._check(chunk))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _check(self, chunk: list[_Job]) -> None:
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(
                self._threads, verify_records, self._ledger_id, [record for record, _ in chunk]
            )
        except BaseException as error:
            for _, future in chunk:
                if not future.done():
                    future.set_exception(error)
            raise
        finally:
            self._busy -= 1
            self._dispatch()
        for (_, future), result in zip(chunk, results, strict=True):
            if not future.done():
                future.set_result(result)
