"""Who waits for what: a submitter for its record's judgement, then for a quorum checkpoint that covers its leaf.

Whoever stops waiting says so (`forget`), so that nothing is kept for those who have gone: without a quorum no record becomes
final, however many are asked for.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.errors import Refusal
from ledger.state import Judgement


@dataclass(slots=True)
class _Watched:
    """One record: its leaf once it has one, and a future for each that waits."""

    index: int | None = None
    futures: list["asyncio.Future[None]"] = field(default_factory=list)


class Finality:
    """Futures of waiting submitters by record id, resolved when the record is final or refused."""

    def __init__(self) -> None:
        self._watched: dict[bytes, _Watched] = {}
        self._uncovered: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._watched)

    def watch(self, record_id: bytes) -> "asyncio.Future[None]":
        """A future of the caller's own that is done when the record is final; it raises the Refusal when a block refused it."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_retrieved)
        self._watched.setdefault(record_id, _Watched()).futures.append(future)
        return future

    def forget(self, record_id: bytes, future: "asyncio.Future[None]") -> None:
        """The caller of `watch` no longer waits; also after the future is done, when it does nothing."""
        watched = self._watched.get(record_id)
        if watched is None or future not in watched.futures:
            return
        watched.futures.remove(future)
        if not watched.futures:
            del self._watched[record_id]
            if watched.index is not None:
                self._uncovered.pop(watched.index, None)

    def accepted(self, record_id: bytes, index: int) -> None:
        """The record is in the log at `index`: it becomes final with the next checkpoint that covers it."""
        watched = self._watched.get(record_id)
        if watched is not None:
            watched.index = index
            self._uncovered[index] = record_id

    def judged(self, judgements: Iterable[Judgement]) -> None:
        """Takes the judgements of an executed block."""
        for judgement in judgements:
            if judgement.refusal is not None:
                self._settle(judgement.id, judgement.refusal)
            elif judgement.index is not None:
                self.accepted(judgement.id, judgement.index)

    def covered(self, size: int) -> None:
        """A quorum checkpoint of this size exists: every leaf below it is final."""
        for index in [index for index in self._uncovered if index < size]:
            self._settle(self._uncovered.pop(index), None)

    def _settle(self, record_id: bytes, refusal: Refusal | None) -> None:
        watched = self._watched.pop(record_id, None)
        for future in watched.futures if watched else ():
            if future.done():
                continue
            if refusal is None:
                future.set_result(None)
            else:
                future.set_exception(refusal)


def _retrieved(future: "asyncio.Future[None]") -> None:
    """Marks an exception as seen: the submitter may have stopped waiting."""
    if not future.cancelled():
        future.exception()
