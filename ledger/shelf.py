"""Records' bytes and envelopes, in the order in which they came to this node.

They are most of what a node stores, and their ids are random. LevelDB merges what it holds level by level, and whatever is
spread over all keys is rewritten at each level, the more often the larger the ledger. What stands in the order of arrival is
not: its tables never overlap, and move down as they are. So under the id stands only a place of 8 bytes, and the bytes stand at
the place.

Places are this node's own: no state, digest or proof depends on them. A record that came twice keeps its first place.
"""

from collections.abc import Callable
from itertools import count

from ledger import keys
from ledger.errors import StoreError
from ledger.store import Reads

_PLACE_BYTES = keys.INDEX_BYTES

Put = Callable[[bytes, bytes], None]


class Shelf:
    """Where the next record goes."""

    __slots__ = ("_next", "_store")

    def __init__(self, store: Reads) -> None:
        """Goes on behind the last place that is taken."""
        last = next(store.iterate(keys.BODY, limit=1, reverse=True), None)
        self._store = store
        self._next = count(0 if last is None else int.from_bytes(last[0], "big") + 1)

    def keep(self, put: Put, record_id: bytes, raw: bytes, envelope: bytes | None = None) -> None:
        """Writes a record, and its envelope, at its place; the bytes that are there already are not written again."""
        place = self._store.get(keys.record(record_id))
        if place is None:
            place = keys.position(next(self._next))
            put(keys.record(record_id), place)
            put(keys.BODY + place, raw)
        if envelope is not None:
            put(keys.ENVELOPE + place, envelope)

    def drop(self, record_id: bytes) -> tuple[bytes, ...]:
        """The keys under which anything of a record stands."""
        place = self._store.get(keys.record(record_id))
        return () if place is None else (keys.record(record_id), keys.BODY + place, keys.ENVELOPE + place)


def body_place(at: Reads, record_id: bytes) -> bytes | None:
    """Where a record's bytes stand, None for a record that is not here; raises StoreError for what is no place."""
    place = at.get(keys.record(record_id))
    if place is not None and len(place) != _PLACE_BYTES:
        raise StoreError(f"the place of record {record_id.hex()} has {len(place)} bytes")
    return place


def read_body(at: Reads, record_id: bytes) -> bytes | None:
    """A record's bytes, None where they are not."""
    place = body_place(at, record_id)
    return None if place is None else at.get(keys.BODY + place)


def read_envelope(at: Reads, record_id: bytes) -> bytes | None:
    """A record's envelope, None where it is not."""
    place = body_place(at, record_id)
    return None if place is None else at.get(keys.ENVELOPE + place)
