"""The daily quota: so many records of one author a UTC day of block time, or one participant could fill the ledger for all.

Rules:
1. The genesis' parameter `daily-records` is the limit. Beyond it a record is refused, and may come again another day.
2. A record counts only when its key is its author's for its kind (`rules.check_key`): anybody can sign in anybody's name, and a
   leader could put what all mempools refuse into its block.
3. Each counts once, on the day of the first block that holds it, accepted or refused; only the quota's own refusals do not
   count. A refused record that is judged again does not count again, or a leader could use up an author's quota by naming one
   such record in block after block.
4. What role keys, the root key and the node's consensus key sign is counted apart, each up to the limit: who has got hold of an
   authority's key must not be able to stop the participant from changing its node's keys, nor its node from getting ready.

One counter an author and purpose is kept in state, with the day that it is of; a block touches each once.
"""

from typing import Final

from ledger import entries, keys
from ledger.answers import Judgement
from ledger.entries import QuotaEntry
from ledger.errors import Code, Refusal
from ledger.overlay import Overlay
from ledger.record import Record
from ledger.rules import View, check_key
from ledger.units import DAY_MS

PARAMETER: Final = "daily-records"

_UNCOUNTED: Final = frozenset(
    {Code.DAILY_QUOTA, Code.UNKNOWN_AUTHOR, Code.UNKNOWN_KEY, Code.NOT_ROOT_KEY, Code.NOT_CONSENSUS_KEY}
)
"""Refusals of records that have not counted and may yet be in order, beyond the quota or for a key not yet registered."""


class Quotas:
    """Counts the records of one block."""

    __slots__ = ("_counts", "_day", "_limit", "_view")

    def __init__(self, view: View, limit: int) -> None:
        self._view = view
        self._limit = limit
        self._day = view.now // DAY_MS
        self._counts: dict[tuple[str, str], int] = {}

    def count(self, record: Record, earlier: Judgement | None) -> None:
        """Counts a record that is about to be judged, unless its key is not its author's at all.

        Args:
            record: not accepted before.
            earlier: what was made of it before, None when nothing was.

        Raises:
            Refusal: DAILY_QUOTA; as `rules.check_key`.
        """
        purpose = check_key(self._view.register, self._view.state.network, record)
        if earlier is not None and earlier.refusal is not None and earlier.refusal.code not in _UNCOUNTED:
            return
        counter = record.author, purpose
        used = self._counts.get(counter)
        if used is None:
            used = self._stored(*counter)
        if used >= self._limit:
            raise Refusal(Code.DAILY_QUOTA, "author", given=used + 1, limit=self._limit, until=(self._day + 1) * DAY_MS)
        self._counts[counter] = used + 1

    def write(self, overlay: Overlay) -> None:
        """Writes the counts to state."""
        for counter, used in sorted(self._counts.items()):
            overlay.put(keys.quota(*counter), entries.encode(QuotaEntry(self._day, used)))

    def _stored(self, author: str, purpose: str) -> int:
        """How many the blocks before have counted on this day."""
        data = self._view.state.get(keys.quota(author, purpose))
        if data is None:
            return 0
        entry = entries.decode_quota(data)
        return entry.records if entry.day == self._day else 0
