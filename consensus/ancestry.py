"""Blocks that are not yet executed, how they hang together, and which parent a proposal may have.

`parent_ok(v, p, d)`: floor <= p < v; (p, d) is the floor's view and digest, or NOTAR(p, d) or FINAL(p, d) is held; NULL(u) is
held for every view u between p and v (P1). What is not held yet may come: that is MISSING, never wrong (P19).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from consensus.events import Tip
from consensus.messages import Block


class Verdict(Enum):
    """What is known of a block. There is no "not yet" among them: that is the absence of an answer."""

    UNKNOWN = "unknown"
    CHECKING = "checking"
    VALID = "valid"
    LATE = "late"
    INVALID = "invalid"


@dataclass(slots=True, eq=False)
class Entry:
    """A block in memory, hashed once.

    Attributes:
        verdict: the application's and our own; LATE is valid but too late for a vote of ours (R6).
        durable: whether the log holds it.
        linked: whether all its ancestors down to the delivered block were here once; they stay until they are executed.
    """

    block: Block
    digest: bytes
    verdict: Verdict = Verdict.UNKNOWN
    durable: bool = False
    linked: bool = False

    @property
    def tip(self) -> Tip:
        """This block by name, as a parent."""
        return tip_of(self.block, self.digest)


def tip_of(block: Block, digest: bytes) -> Tip:
    """A block of the present epoch by name."""
    payload = block.payload
    return Tip(block.view, block.height, digest, payload.time, payload.mark.height, closes=bool(payload.next))


class Blocks:
    """Blocks by digest, above what the application has executed."""

    __slots__ = ("_entries", "delivered")

    def __init__(self, delivered: Tip) -> None:
        self.delivered = delivered
        self._entries: dict[bytes, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        """All entries, in the order in which they came."""
        return iter(self._entries.values())

    def get(self, digest: bytes) -> Entry | None:
        """The block with this digest."""
        return self._entries.get(digest)

    def add(self, block: Block, digest: bytes) -> Entry:
        """Keeps a block; the same one again is the same entry."""
        return self._entries.setdefault(digest, Entry(block, digest))

    def tip(self, digest: bytes) -> Tip | None:
        """The block with this digest as a parent: the last delivered one, or one that is here."""
        if digest == self.delivered.digest:
            return self.delivered
        entry = self._entries.get(digest)
        return entry.tip if entry else None

    def chain(self, digest: bytes) -> tuple[list[Entry], bytes | None]:
        """Blocks above the last delivered one up to `digest`, ascending.

        Returns:
            The blocks, and None when they reach down to the delivered one, else the digest of the first that is not here or
            that stands at or below the delivered height without being it.
        """
        found: list[Entry] = []
        while digest != self.delivered.digest:
            entry = self._entries.get(digest)
            if entry is None or entry.block.height <= self.delivered.height:
                return found[::-1], digest
            found.append(entry)
            digest = entry.block.parent
        return found[::-1], None

    def prune(self, height: int) -> None:
        """Forgets what can be nobody's ancestor any more: blocks of views up to the delivered one's, unless they stand between
        this height, executed, and the delivered one. A block says itself how high it stands, so that alone keeps none.
        """
        view, delivered = self.delivered.view, self.delivered.height
        self._entries = {
            digest: entry
            for digest, entry in self._entries.items()
            if entry.block.view > view or height < entry.block.height <= delivered
        }
