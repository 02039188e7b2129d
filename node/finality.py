"""Who waits for what: a submitter for its record's judgement, then for a quorum checkpoint that covers its leaf."""

import asyncio
from collections.abc import Iterable

from ledger.errors import Refusal
from ledger.state import Judgement


class Finality:
    """Futures of waiting submitters by record id, resolved when the record is final or refused."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self._uncovered: dict[int, list[bytes]] = {}

    def watch(self, record_id: bytes) -> "asyncio.Future[None]":
        """A future that is done when the record is final; it raises the Refusal when a block refused the record.

        Many may wait for one record: they share it, so shield it when waiting with a deadline.
        """
        future = self._waiting.get(record_id)
        if future is None:
            future = self._waiting[record_id] = asyncio.get_running_loop().create_future()
            future.add_done_callback(_retrieved)
        return future

    def accepted(self, record_id: bytes, index: int) -> None:
        """The record is in the log at `index`: it becomes final with the next checkpoint that covers it."""
        if record_id in self._waiting:
            self._uncovered.setdefault(index, []).append(record_id)

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
            for record_id in self._uncovered.pop(index):
                self._settle(record_id, None)

    def _settle(self, record_id: bytes, refusal: Refusal | None) -> None:
        future = self._waiting.pop(record_id, None)
        if future is None or future.done():
            return
        if refusal is None:
            future.set_result(None)
        else:
            future.set_exception(refusal)


def _retrieved(future: "asyncio.Future[None]") -> None:
    """Marks an exception as seen: the submitter may have stopped waiting."""
    if not future.cancelled():
        future.exception()
