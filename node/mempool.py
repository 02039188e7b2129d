"""Records that were checked and wait for a block, bounded altogether and by author.

A record enters once its form, signature and envelope were checked (`node.intake`) and leaves when a block that holds it has
been executed. Leaders take records round robin over the authors, so that one author's flood delays the others by one turn.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from ledger.record import Record, Submission
from node.limits import AUTHOR_BYTES, AUTHOR_RECORDS, MEMPOOL_BYTES, MEMPOOL_RECORDS

_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One pending submission (record with its envelope): parsed, and as bytes."""

    parsed: Submission
    submission: bytes

    @property
    def record(self) -> Record:
        """The record in it."""
        return self.parsed.record


@dataclass(slots=True)
class _Author:
    entries: OrderedDict[bytes, Entry]
    size: int = 0


@dataclass(slots=True)
class Room:
    """Records and bytes held altogether, and by author, with those that are about to be added."""

    _records: int
    _size: int
    _authors: dict[str, tuple[int, int]]

    def take(self, author: str, size: int) -> str:
        """Takes the room of a record of so many bytes; why there is none: `author`, `node`, or empty when it is taken."""
        records, own = self._authors.get(author, (0, 0))
        if self._records >= MEMPOOL_RECORDS or self._size + size > MEMPOOL_BYTES:
            return "node"
        if records >= AUTHOR_RECORDS or own + size > AUTHOR_BYTES:
            return "author"
        self._records += 1
        self._size += size
        self._authors[author] = (records + 1, own + size)
        return ""


class Mempool:
    """Pending records by id.

    Attributes:
        size: bytes of all submissions held.
        on_arrival: called with each new entry; set by whoever waits for bodies.
    """

    def __init__(self) -> None:
        self.size = 0
        self.on_arrival: Callable[[Entry], None] = lambda _entry: None
        self._entries: dict[bytes, Entry] = {}
        self._authors: OrderedDict[str, _Author] = OrderedDict()
        self._judged: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, record_id: bytes) -> bool:
        return record_id in self._entries

    def get(self, record_id: bytes) -> Entry | None:
        """The pending record of this id."""
        return self._entries.get(record_id)

    def room(self) -> "Room":
        """What there is room for now; for records that are looked at together and then added."""
        return Room(len(self._entries), self.size, {name: (len(own.entries), own.size) for name, own in self._authors.items()})

    def add(self, entry: Entry) -> None:
        """Takes a checked record; the caller has taken `room` for it, unless a block needs this very record."""
        record = entry.record
        if record.id in self._entries:
            return
        self._entries[record.id] = entry
        author = self._authors.setdefault(record.author, _Author(OrderedDict()))
        author.entries[record.id] = entry
        author.size += len(entry.submission)
        self.size += len(entry.submission)
        self.on_arrival(entry)

    def judged(self, ids: Iterable[bytes]) -> None:
        """Drops records that a block has settled, and remembers them for a while: echoes from peers are not taken again."""
        for record_id in ids:
            self._judged[record_id] = None
            entry = self._entries.pop(record_id, None)
            if entry is None:
                continue
            author = self._authors[entry.record.author]
            del author.entries[record_id]
            author.size -= len(entry.submission)
            self.size -= len(entry.submission)
            if not author.entries:
                del self._authors[entry.record.author]
        while len(self._judged) > _REMEMBERED:
            self._judged.popitem(last=False)

    def was_judged(self, record_id: bytes) -> bool:
        """Whether a block settled this record lately."""
        return record_id in self._judged

    def oldest(self, count: int) -> list[bytes]:
        """Ids of the records that wait longest."""
        return [record_id for record_id, _ in zip(self._entries, range(count), strict=False)]

    def take(self, without: Collection[bytes], records: int, size: int) -> list[bytes]:
        """Ids for a block: at most `records`, together at most `size` bytes, one author after the other, oldest first.

        The records stay until `judged`. The next call begins with another author.
        """
        queues = [iter(author.entries.items()) for author in self._authors.values()]
        if self._authors:
            self._authors.move_to_end(next(iter(self._authors)))
        chosen: list[bytes] = []
        while queues and len(chosen) < records:
            alive = []
            for queue in queues:
                found = next(((key, entry) for key, entry in queue if key not in without), None)
                if found is None or len(chosen) >= records:
                    continue
                size -= len(found[1].submission)
                if size < 0:
                    return chosen
                chosen.append(found[0])
                alive.append(queue)
            queues = alive
        return chosen
