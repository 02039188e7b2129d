"""Finding the bodies of a block's records: mempool, body store, peers.

Blocks carry ids. A validator votes, and a node executes, only with every body at hand; what is missing is asked of the node
that most likely has it, then of the others in turn, every `BODY_RETRY_SECONDS` until it is there or known to be unusable.
"""

import asyncio
from collections.abc import Callable, Sequence

from ledger.record import Record, parse_record
from ledger.state import Ledger
from node.limits import BODY_REQUEST_IDS, BODY_RETRY_SECONDS
from node.mempool import Entry, Mempool


class UnusableBodyError(Exception):
    """A record named by a block exists and can never be valid: the block is invalid."""


class Bodies:
    """Obtains records by id; knows what is still wanted."""

    def __init__(
        self,
        ledger: Ledger,
        mempool: Mempool,
        ask: Callable[[bytes, list[bytes]], None],
        peers: Callable[[], list[bytes]],
    ) -> None:
        """Wires the search.

        Args:
            ledger: its body store holds what was ever admitted here.
            mempool: tells of arrivals.
            ask: sends a peer (by consensus key) a request for ids.
            peers: keys of the connected peers.
        """
        self._ledger = ledger
        self._mempool = mempool
        self._ask = ask
        self._peers = peers
        self._waiting: dict[bytes, list[asyncio.Future[Record]]] = {}
        mempool.on_arrival = self._arrived

    def wanted(self, record_id: bytes) -> bool:
        """Whether a block waits for this record."""
        return record_id in self._waiting

    def unusable(self, record_id: bytes) -> None:
        """Tells all who wait for this record that it can never be valid."""
        for future in self._waiting.pop(record_id, ()):
            if not future.done():
                future.set_exception(UnusableBodyError(record_id.hex()))

    async def obtain(self, ids: Sequence[bytes], first: bytes | None) -> list[Record]:
        """The records of these ids in order, however long it takes; `first` is asked before the other peers.

        Raises:
            UnusableBodyError: one of them can never be valid.
        """
        found: dict[bytes, Record] = {}
        futures: dict[bytes, asyncio.Future[Record]] = {}
        loop = asyncio.get_running_loop()
        for record_id in ids:
            record = self._at_hand(record_id)
            if record is not None:
                found[record_id] = record
            else:
                futures[record_id] = loop.create_future()
                self._waiting.setdefault(record_id, []).append(futures[record_id])
        if futures:
            try:
                await self._fetch(futures, first)
                found.update({record_id: future.result() for record_id, future in futures.items()})
            finally:
                self._forget(futures)
        return [found[record_id] for record_id in ids]

    async def _fetch(self, futures: dict[bytes, asyncio.Future[Record]], first: bytes | None) -> None:
        """Asks one peer after the other for what is still missing; an exception of any future ends the search."""
        turn = 0
        while missing := [record_id for record_id, future in futures.items() if not future.done()]:
            peers = self._peers()
            if first in peers:
                peers.remove(first)
                peers.insert(0, first)
            if peers:
                for start in range(0, len(missing), BODY_REQUEST_IDS):
                    self._ask(peers[turn % len(peers)], missing[start : start + BODY_REQUEST_IDS])
            turn += 1
            waiting = [futures[record_id] for record_id in missing]
            done, _ = await asyncio.wait(waiting, timeout=BODY_RETRY_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
            for future in done:
                future.result()

    def _at_hand(self, record_id: bytes) -> Record | None:
        if entry := self._mempool.get(record_id):
            return entry.record
        raw = self._ledger.body(record_id)
        return parse_record(raw) if raw is not None else None

    def _arrived(self, entry: Entry) -> None:
        for future in self._waiting.pop(entry.record.id, ()):
            if not future.done():
                future.set_result(entry.record)

    def _forget(self, futures: dict[bytes, asyncio.Future[Record]]) -> None:
        for record_id, future in futures.items():
            others = [other for other in self._waiting.get(record_id, ()) if other is not future]
            if others:
                self._waiting[record_id] = others
            else:
                self._waiting.pop(record_id, None)
            if future.done() and not future.cancelled():
                future.exception()
