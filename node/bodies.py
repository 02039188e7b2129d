"""Finding the bodies of a block's records: mempool, body store, peers.

Blocks carry ids. A validator votes, and a node executes, only with every body at hand. A proposal often overtakes the records
that it names, so what is missing is first waited for a moment, and what has arrived and waits for its check longer; then it is
asked of the node that most likely has it, and of the others in turn, every `BODY_RETRY_SECONDS` until it is there or known to
be unusable. Who answered last is asked first, so that a silent peer costs one search a second, not each.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.record import Record, parse_record
from ledger.state import Ledger
from node.limits import BODY_GRACE_SECONDS, BODY_PATIENCE_SECONDS, BODY_REQUEST_IDS, BODY_RETRY_SECONDS
from node.mempool import Entry, Mempool


class UnusableBodyError(Exception):
    """A record named by a block exists and can never be valid: the block is invalid."""


@dataclass(slots=True, eq=False)
class _Search:
    """One caller's search: what is there, what is missing, and a future that is done when nothing is."""

    found: dict[bytes, Record]
    missing: set[bytes]
    done: "asyncio.Future[None]"


class Bodies:
    """Obtains records by id; knows what is still wanted."""

    def __init__(
        self,
        ledger: Ledger,
        mempool: Mempool,
        ask: Callable[[str, list[bytes]], None],
        peers: Callable[[], list[str]],
        arriving: Callable[[bytes], bool],
    ) -> None:
        """Wires the search.

        Args:
            ledger: its body store holds what was ever admitted here.
            mempool: tells of arrivals.
            ask: sends a peer, by participant, a request for ids.
            peers: participants of the connected peers.
            arriving: whether a record of this id has come and waits for its check.
        """
        self._ledger = ledger
        self._mempool = mempool
        self._ask = ask
        self._peers = peers
        self._arriving = arriving
        self._searches: dict[bytes, list[_Search]] = {}
        self._answered: str | None = None
        mempool.on_arrival = self._arrived

    def wanted(self, record_id: bytes) -> bool:
        """Whether a block waits for this record."""
        return record_id in self._searches

    def unusable(self, record_id: bytes) -> None:
        """Tells all who wait for this record that it can never be valid."""
        for search in self._searches.pop(record_id, ()):
            if not search.done.done():
                search.done.set_exception(UnusableBodyError(record_id.hex()))

    async def obtain(self, ids: Sequence[bytes], first: str | None) -> list[Record]:
        """The records of these ids in order, however long it takes; `first` is asked before the other peers.

        Raises:
            UnusableBodyError: one of them can never be valid.
        """
        found: dict[bytes, Record] = {}
        missing: set[bytes] = set()
        for record_id in ids:
            record = self._at_hand(record_id)
            if record is not None:
                found[record_id] = record
            else:
                missing.add(record_id)
        if missing:
            search = _Search(found, missing, asyncio.get_running_loop().create_future())
            for record_id in missing:
                self._searches.setdefault(record_id, []).append(search)
            try:
                await self._fetch(search, ids, first)
            finally:
                self._forget(search)
        return [found[record_id] for record_id in ids]

    async def _fetch(self, search: _Search, ids: Sequence[bytes], first: str | None) -> None:
        """Asks one peer after the other for what is still missing, until nothing is; raises what ends the search."""
        loop = asyncio.get_running_loop()
        asked: list[str] = []
        ask_at = loop.time() + BODY_GRACE_SECONDS
        patient_until = loop.time() + BODY_PATIENCE_SECONDS
        while not search.done.done():
            await asyncio.wait([search.done], timeout=BODY_GRACE_SECONDS)
            now = loop.time()
            lost = [key for key in ids if key in search.missing and (now >= patient_until or not self._arriving(key))]
            if lost and now >= ask_at:
                self._ask_next(lost, first, asked)
                ask_at = now + BODY_RETRY_SECONDS
        search.done.result()
        if asked:
            self._answered = asked[-1]

    def _ask_next(self, ids: list[bytes], first: str | None, asked: list[str]) -> None:
        """Asks the next peer and notes it: `first`, then who answered last, then the others; and again when all were asked."""
        connected = self._peers()
        peers = sorted(connected, key=lambda peer: (peer != first, peer != self._answered))
        if not peers:
            return
        fresh = [peer for peer in peers if peer not in asked]
        if not fresh:
            asked.clear()
            fresh = peers
        asked.append(fresh[0])
        for start in range(0, len(ids), BODY_REQUEST_IDS):
            self._ask(fresh[0], ids[start : start + BODY_REQUEST_IDS])

    def _at_hand(self, record_id: bytes) -> Record | None:
        if entry := self._mempool.get(record_id):
            return entry.record
        raw = self._ledger.body(record_id)
        return parse_record(raw) if raw is not None else None

    def _arrived(self, entry: Entry) -> None:
        record = entry.record
        for search in self._searches.pop(record.id, ()):
            search.found[record.id] = record
            search.missing.discard(record.id)
            if not search.missing and not search.done.done():
                search.done.set_result(None)

    def _forget(self, search: _Search) -> None:
        for record_id in search.missing:
            others = [other for other in self._searches.get(record_id, ()) if other is not search]
            if others:
                self._searches[record_id] = others
            else:
                self._searches.pop(record_id, None)
        if search.done.done() and not search.done.cancelled():
            search.done.exception()
