"""What the ledger holds of its log: records by id and by place, tiles, proofs. `ledger.views` adds what records mean.

Rules:
- what is read of one state is of the head that `head` names, never of a newer one: who has seen a height sees no lower one;
- a single look at what never changes, such as a record's bytes, is of that head or of a newer one;
- what was looked at last stays decoded only where it can never change: what a record says;
- nothing here writes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeVar

from ledger import entries, history, keys
from ledger.answers import Judgement, Standing
from ledger.bodies import Body
from ledger.entries import Head
from ledger.errors import StoreError
from ledger.genesis import Genesis
from ledger.history import Logged
from ledger.leaves import read_accepted, read_head, read_leaf
from ledger.limits import MAX_HELD_BODIES
from ledger.merkle import HASH_BYTES
from ledger.shelf import read_body, read_envelope, read_judgement
from ledger.store import Reads, Store
from ledger.tiles import encode_bundle

T = TypeVar("T")


class LogQueries:
    """A ledger's log, as whoever reads it asks.

    Attributes:
        said_by: the body of an accepted record, by its id; raises StoreError as `ledger.leaves.read_accepted`.
    """

    def __init__(self, store: Store, genesis: Genesis, standing: Standing) -> None:
        self._store = store
        self._standing = standing
        self._before: Reads | None = None
        self.said_by = lru_cache(MAX_HELD_BODIES)(self._said_by)
        self.genesis = genesis

    @property
    def head(self) -> Head:
        """Where the ledger stands."""
        return self._standing.head

    def _of_one_state(self, read: Callable[[Reads, Head], T]) -> T:
        """What is read of one state of the store and its head: without a snapshot of it, if no block was written meanwhile.

        A snapshot costs as much as two look-ups.
        """
        standing = self._standing
        if self._before is None:
            try:
                found = read(self._store, standing.head)
            except StoreError:
                if self._before is None and self._standing is standing:
                    raise
            else:
                if self._before is None and self._standing is standing:
                    return found
        with self._state() as at:
            return read(at, read_head(at))

    @contextmanager
    def _state(self) -> Iterator[Reads]:
        """One state of the store to read from: while a block is being written the one before it, as `head` has it."""
        held = self._before
        if held is not None:
            yield held
            return
        with self._store.snapshot() as at:
            if read_head(at).height > self._standing.head.height:
                held = self._before  # None: `head` is that of the block by now
            yield held or at

    @property
    def ledger_id(self) -> bytes:
        """32 bytes: the hash of the genesis."""
        return self.genesis.ledger_id

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.genesis.origin

    # --- records ----------------------------------------------------------------------------------------------------

    def body(self, record_id: bytes) -> bytes | None:
        """The bytes of a record that this node holds, judged or not."""
        return read_body(self._store, record_id)

    def envelope(self, record_id: bytes) -> bytes | None:
        """The envelope of a record that this node holds."""
        return read_envelope(self._store, record_id)

    def judgement(self, record_id: bytes) -> Judgement | None:
        """What a block made of this record; None when none has named it."""
        data = self._of_one_state(lambda at, _: read_judgement(at, record_id))
        return None if data is None else judgement_of(record_id, data)

    def record(self, record_id: bytes) -> tuple[bytes, int, int] | None:
        """Bytes, index and height of a record in the log; None for any other."""
        judgement = self.judgement(record_id)
        if judgement is None or judgement.index is None:
            return None
        return read_leaf(self._store, record_id), judgement.index, judgement.height

    def _said_by(self, record_id: bytes) -> Body:
        """What an accepted record says. It is the same in every state that has the record, so it is read from any."""
        return read_accepted(self._store, record_id).body

    def history(self, first: int, limit: int) -> list[Logged]:
        """Accepted records from the leaf `first` on, at most `limit`, up to the end of their hash tile (`ledger.history`)."""
        return history.read(self._store, self._standing.log, first, limit)

    # --- the log ----------------------------------------------------------------------------------------------------

    def tile(self, level: int, n: int, width: int) -> bytes | None:
        """A hash tile, exactly as tlog-tiles has it; None where that has none."""
        return self._standing.log.tile(level, n, width)

    def entries(self, n: int, width: int) -> bytes | None:
        """An entry bundle; None where tlog-tiles has none."""
        ids = self.tile(0, n, width)
        if ids is None:
            return None
        return encode_bundle(read_leaf(self._store, ids[at : at + HASH_BYTES]) for at in range(0, len(ids), HASH_BYTES))

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` leaves; raises OutOfRangeError where the log is shorter."""
        return self._standing.log.root_at(size)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The path from a leaf to the root of the first `size` leaves; raises OutOfRangeError."""
        return self._standing.log.inclusion_proof(index, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The path from the first `old` leaves to the first `new`; raises OutOfRangeError."""
        return self._standing.log.consistency_proof(old, new)

    # --- the node's own values --------------------------------------------------------------------------------------

    def node_value(self, key: bytes) -> bytes | None:
        """What the node stored under its own key with a block."""
        return self._store.get(keys.node(key))


def judgement_of(record_id: bytes, data: bytes) -> Judgement:
    """A stored judgement; raises StoreError for anything else."""
    entry = entries.decode_judgement(data)
    if (entry.index is None) != (entry.code is not None):
        raise StoreError(f"the judgement of {record_id.hex()} is damaged: neither accepted nor refused")
    return Judgement(record_id, entry.height, entry.index, entry.refusal())
