"""Signature checks in chunks on a few worker threads: libsodium releases the interpreter lock, the event loop stays free.

Records that arrive one by one are checked together with whatever else waits: while all threads are busy a chunk grows, up to
`VERIFY_CHUNK`. A few records that find everything idle are checked on the spot: a thread would take as long to wake.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from ledger.errors import Refusal
from ledger.record import Record, verify_records
from node.limits import VERIFY_AT_ONCE, VERIFY_CHUNK, VERIFY_THREADS

Results = list[Refusal | None]


@dataclass(slots=True, eq=False)
class _Job:
    """Records of one caller; `missing` of their results are still to come."""

    results: Results
    missing: int
    done: "asyncio.Future[Results]"


@dataclass(frozen=True, slots=True)
class _Part:
    """Records of one job that stay together, and the place of the first of them."""

    job: _Job
    first: int
    records: Sequence[Record]


class Verifier:
    """Checks records' signatures and commitments (`ledger.record.verify_records`)."""

    def __init__(self, ledger_id: bytes) -> None:
        self._ledger_id = ledger_id
        self._threads = ThreadPoolExecutor(VERIFY_THREADS, thread_name_prefix="verify")
        self._waiting: deque[_Part] = deque()
        self._busy = 0
        self._closed = False

    async def verify(self, records: Sequence[Record]) -> Results:
        """For each record what is wrong with its signature, key or commitments; None when nothing is."""
        if not records or (len(records) <= VERIFY_AT_ONCE and not self._busy):
            return verify_records(self._ledger_id, records)
        job = _Job([None] * len(records), len(records), asyncio.get_running_loop().create_future())
        for first in range(0, len(records), VERIFY_CHUNK):
            self._waiting.append(_Part(job, first, records[first : first + VERIFY_CHUNK]))
        self._dispatch()
        return await job.done

    def close(self) -> None:
        """Ends the threads once they are idle; what still waits is given up."""
        self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _dispatch(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._busy < VERIFY_THREADS:
            parts = [self._waiting.popleft()]
            room = VERIFY_CHUNK - len(parts[0].records)
            while self._waiting and len(self._waiting[0].records) <= room:
                parts.append(self._waiting.popleft())
                room -= len(parts[-1].records)
            records = [record for part in parts for record in part.records]
            self._busy += 1
            work = loop.run_in_executor(self._threads, verify_records, self._ledger_id, records)
            work.add_done_callback(partial(self._take, parts))

    def _take(self, parts: Sequence[_Part], work: "asyncio.Future[Results]") -> None:
        """Hands a chunk's results to the callers whose records it held."""
        self._busy -= 1
        if self._closed:  # the node stops, and this chunk may have been cancelled
            for part in (*parts, *self._waiting):
                part.job.done.cancel()
            return
        self._dispatch()
        error = work.exception()
        start = 0
        for part in parts:
            job, end = part.job, start + len(part.records)
            if not job.done.done():  # else its caller has gone, or an earlier part has failed
                if error is not None:
                    job.done.set_exception(error)
                else:
                    job.results[part.first : part.first + len(part.records)] = work.result()[start:end]
                    job.missing -= len(part.records)
                    if not job.missing:
                        job.done.set_result(job.results)
            start = end
