"""Records' bytes, envelopes and judgements, in the order in which the records came to this node.

They are most of what a node stores, and records' ids are random. LevelDB merges what it holds level by level, and whatever is
spread over all keys is rewritten at each level, the more often the larger the ledger. What stands in the order of arrival is
not: its tables never overlap, and move down as they are. So under the id stands only a place of 8 bytes, and all else stands
at the place.

Rules:
1. A record gets its place when its bytes are kept, or when a block names it that came without, and keeps it once it is judged:
   what is judged is known by its judgement, though its bytes are dropped. A place is given to one record only.
2. A record that had no place before has never been judged, so nobody looks for its judgement in the store.
3. Places are this node's own: no state, digest or proof depends on them.

Bytes are kept and dropped on one thread while another one applies a block that names the same records.
"""

from collections.abc import Callable, Iterable
from itertools import count
from threading import Lock

from ledger import keys
from ledger.errors import StoreError
from ledger.store import Reads

_PLACE_BYTES = keys.INDEX_BYTES

Put = Callable[[bytes, bytes], None]


class Shelf:
    """Which places are given, and to whom."""

    __slots__ = ("_giving", "_new", "_next", "_store", "_written")

    def __init__(self, store: Reads) -> None:
        """Goes on behind the last place that is taken."""
        taken = (next(store.iterate(prefix, limit=1, reverse=True), None) for prefix in (keys.BODY, keys.JUDGEMENT))
        self._store = store
        self._next = count(max((int.from_bytes(last[0], "big") + 1 for last in taken if last is not None), default=0))
        self._giving = Lock()
        self._new: dict[bytes, bytes] = {}
        self._written: set[bytes] = set()

    def place(self, record_id: bytes) -> tuple[bytes, bool]:
        """A record's place, given now if it has none; and whether it is a new one: no block in the store names the record."""
        with self._giving:
            place = self._new.get(record_id)
            if place is not None:
                return place, True
            place = place_of(self._store, record_id)
            if place is not None:
                return place, False
            place = self._new[record_id] = keys.position(next(self._next))
            return place, True

    def keep(self, put: Put, record_id: bytes, raw: bytes, envelope: bytes | None = None) -> None:
        """Writes a record, and its envelope, at its place; the bytes that are there already are not written again."""
        place, new = self.place(record_id)
        if record_id not in self._written if new else self._store.get(keys.BODY + place) is None:
            put(keys.record(record_id), place)
            put(keys.BODY + place, raw)
        if envelope is not None:
            put(keys.ENVELOPE + place, envelope)

    def keep_place(self, put: Put, record_id: bytes) -> None:
        """Writes a record's place alone: it is judged, and its bytes are not here."""
        place, new = self.place(record_id)
        if new and record_id not in self._written:
            put(keys.record(record_id), place)

    def written(self, ids: Iterable[bytes]) -> None:
        """What `keep` was called for is in the store."""
        self._written.update(record_id for record_id in ids if record_id in self._new)

    def judged(self, ids: Iterable[bytes]) -> None:
        """A block that names these records is in the store: none of their places is new any more."""
        with self._giving:
            for record_id in ids:
                self._forget(record_id)

    def drop(self, record_id: bytes, *, judged: bool) -> tuple[bytes, ...]:
        """The keys under which anything of a record stands that nobody needs; what is judged keeps its place."""
        with self._giving:
            place = self._new.get(record_id) or place_of(self._store, record_id)
            self._forget(record_id)
        if place is None:
            return ()
        bytes_of_it = (keys.BODY + place, keys.ENVELOPE + place)
        return bytes_of_it if judged else (keys.record(record_id), *bytes_of_it)

    def _forget(self, record_id: bytes) -> None:
        self._new.pop(record_id, None)
        self._written.discard(record_id)


def place_of(at: Reads, record_id: bytes) -> bytes | None:
    """A record's place, None for a record that has none here; raises StoreError for what is no place."""
    return _checked(record_id, at.get(keys.record(record_id)))


def read_body(at: Reads, record_id: bytes) -> bytes | None:
    """A record's bytes, None where they are not."""
    return _read(at, keys.BODY, record_id)


def read_logged(at: Reads, record_id: bytes) -> bytes | None:
    """The same of a record that should be here."""
    place = _checked(record_id, at.get_likely(keys.record(record_id)))
    return None if place is None else at.get_likely(keys.BODY + place)


def read_envelope(at: Reads, record_id: bytes) -> bytes | None:
    """A record's envelope, None where it is not."""
    return _read(at, keys.ENVELOPE, record_id)


def read_judgement(at: Reads, record_id: bytes) -> bytes | None:
    """A record's judgement as it is stored, None where no block has named it."""
    return _read(at, keys.JUDGEMENT, record_id)


def _checked(record_id: bytes, place: bytes | None) -> bytes | None:
    if place is not None and len(place) != _PLACE_BYTES:
        raise StoreError(f"the place of record {record_id.hex()} has {len(place)} bytes")
    return place


def _read(at: Reads, prefix: bytes, record_id: bytes) -> bytes | None:
    place = place_of(at, record_id)
    return None if place is None else at.get(prefix + place)
