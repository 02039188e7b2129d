"""What the ledger answers: look-ups and lists over the store, at the head.

Rules:
- lists are paged by position and read off one ordered index: a page costs the same at any size of the ledger, and however
  many certificates a filter leaves out (keys that an outcome just removed are stepped over until LevelDB compacts them);
- an answer is of the head that `head` names, or a newer one when a block is being applied meanwhile; what is in the log
  never changes;
- nothing here writes.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ledger import entries, keys, totals
from ledger.bodies import ConfirmBody, IssueBody
from ledger.entries import STATE_NUMBER, STATES, CertificateEntry, CertificateState, Head, issuer_of
from ledger.errors import Refusal, StoreError
from ledger.genesis import Genesis
from ledger.log import Log
from ledger.merkle import HASH_BYTES, leaf_hash
from ledger.record import parse_record
from ledger.store import Store
from ledger.tiles import encode_bundle
from ledger.totals import Total
from ledger.units import Points

MAX_PAGE: Final = 500
"""Rows of one page at most (8-interfaces.md)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a block made of a record.

    Attributes:
        id: the record's id.
        height: the block; for a record that was accepted before, the block that accepted it.
        index: its leaf, None when it was refused.
        refusal: why, None when it was accepted.
    """

    id: bytes
    height: int
    index: int | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate as lists show it; weights in points.

    Attributes:
        index: leaf of its issue; lists are in this order.
        points: weight as issued.
        measured: weight as the destination measured it, None without an outcome that counts.
        claimed: weight that later certificates took from it.
        late: it reached the ledger more than 7 days after `issued`.
    """

    number: str
    issuer: str
    destination: str
    state: CertificateState
    type: str
    issued: str
    expires: str
    parcels: int
    points: Points
    measured: Points | None
    claimed: Points
    late: bool
    index: int


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list, and the `cursor` that asks for what follows; None at the end."""

    rows: tuple[CertificateRow, ...]
    cursor: int | None


@dataclass(frozen=True, slots=True)
class CertificateView:
    """All about one certificate.

    Attributes:
        row: what lists show.
        issue: what the issuer says.
        outcome: what the destination says, None while it is open.
        records: ids of all its records, the issue first; the last is what an outcome must answer.
        heights: their blocks, in the same order.
    """

    row: CertificateRow
    issue: IssueBody
    outcome: ConfirmBody | None
    records: tuple[bytes, ...]
    heights: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A later certificate that took points from an earlier one."""

    number: str
    points: Points


@dataclass(frozen=True, slots=True)
class Figures:
    """What the ledger adds up to at one head: running sums, and how many certificates are open."""

    head: Head
    totals: tuple[Total, ...]
    open: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Head and log as one value, so that a reader in another thread never sees one without the other."""

    head: Head
    log: Log


class Queries:
    """The reading half of the ledger."""

    def __init__(self, store: Store, genesis: Genesis, standing: Standing) -> None:
        self._store = store
        self._standing = standing
        self.genesis = genesis

    @property
    def head(self) -> Head:
        """Where the ledger stands."""
        return self._standing.head

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
        return self._store.get(keys.record(record_id))

    def envelope(self, record_id: bytes) -> bytes | None:
        """The envelope of a record that this node holds."""
        return self._store.get(keys.envelope(record_id))

    def judgement(self, record_id: bytes) -> Judgement | None:
        """What a block made of this record; None when none has named it."""
        data = self._store.get(keys.judgement(record_id))
        return None if data is None else judgement_of(record_id, data)

    def record(self, record_id: bytes) -> tuple[bytes, int, int] | None:
        """Bytes, index and height of a record in the log; None for any other."""
        judgement = self.judgement(record_id)
        if judgement is None or judgement.index is None:
            return None
        return self._leaf(record_id), judgement.index, judgement.height

    # --- certificates -----------------------------------------------------------------------------------------------

    def certificate(self, number: str) -> CertificateView | None:
        """Everything about the certificate of this number."""
        data = self._store.get(keys.certificate(number))
        if data is None:
            return None
        entry = entries.decode_certificate(data)
        records = [parse_record(self._leaf(record_id)).body for record_id in entry.records]
        issue = next(body for body in records if isinstance(body, IssueBody))
        outcome = next((body for body in reversed(records) if isinstance(body, ConfirmBody)), None)
        return CertificateView(_row(number, entry), issue, outcome, entry.records, entry.heights)

    def certificates(
        self,
        cursor: int | None = None,
        limit: int = MAX_PAGE,
        *,
        issuer: str | None = None,
        destination: str | None = None,
        state: CertificateState | None = None,
        newest_first: bool = False,
    ) -> Page:
        """A page of certificates in the log's order, those that pass every filter given.

        Args:
            cursor: that of the page before; None begins.
            limit: rows at most, 1 to `MAX_PAGE`.
            issuer: only this participant's.
            destination: only to this participant.
            state: only in this state.
            newest_first: descending.
        """
        known = self.genesis.participants
        if any(code and code not in known for code in (issuer, destination)):
            return Page((), None)
        limit = max(1, min(limit, MAX_PAGE))
        after = b"" if cursor is None else keys.position(cursor)
        lists = [
            self._store.iterate(keys.listing(issuer or "", destination or "", number), after=after, reverse=newest_first)
            for number in ((STATE_NUMBER[state],) if state else range(len(STATES)))
        ]
        merged = list(islice(heapq.merge(*lists, reverse=newest_first), limit + 1))
        rows = tuple(self._listed(number.decode()) for _, number in merged[:limit])
        return Page(rows, rows[-1].index if len(merged) > limit else None)

    def open_confirmations(self, destination: str | None = None, cursor: int | None = None, limit: int = MAX_PAGE) -> Page:
        """The register of open confirmations, those that entered the ledger first at the top."""
        return self.certificates(cursor, limit, destination=destination, state=CertificateState.OPEN)

    def claims(self, number: str, cursor: str = "", limit: int = MAX_PAGE) -> tuple[Claim, ...]:
        """Who took carats from this certificate, by number; `cursor` is the last number of the page before."""
        found = self._store.iterate(keys.claims(number), after=cursor.encode(), limit=max(1, min(limit, MAX_PAGE)))
        return tuple(Claim(key.decode(), Points(int.from_bytes(value, "big"))) for key, value in found)

    def totals(self) -> tuple[Total, ...]:
        """Running sums by participant, flow and HS code, margins (hs empty) included."""
        return tuple(totals.read(self._store.iterate(keys.TOTAL)))

    def figures(self) -> Figures:
        """Running sums and open certificates with the head that they are of: all of one block, whatever is applied meanwhile.

        Counting costs a step for each open certificate; what is shown often keeps the answer until the head moves.
        """
        while True:  # the store changes by whole blocks, and the head with them: the same head before and after, the same block
            before = self._store.get(keys.HEAD)
            rows = self.totals()
            still_open = sum(1 for _ in self._store.iterate(keys.listing("", "", STATE_NUMBER[CertificateState.OPEN])))
            if before is not None and before == self._store.get(keys.HEAD):
                return Figures(entries.decode_head(before), rows, still_open)

    # --- the log ----------------------------------------------------------------------------------------------------

    def tile(self, level: int, n: int, width: int) -> bytes | None:
        """A hash tile, exactly as tlog-tiles has it; None where that has none."""
        return self._standing.log.tile(level, n, width)

    def entries(self, n: int, width: int) -> bytes | None:
        """An entry bundle; None where tlog-tiles has none."""
        ids = self.tile(0, n, width)
        if ids is None:
            return None
        return encode_bundle(self._leaf(ids[at : at + HASH_BYTES]) for at in range(0, len(ids), HASH_BYTES))

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

    def iterate_node(self, prefix: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """The node's own keys that begin like this, whole, with their values, in order."""
        for key, value in self._store.iterate(keys.node(prefix), reverse=reverse):
            yield prefix + key, value

    # --- inside -----------------------------------------------------------------------------------------------------

    def _leaf(self, record_id: bytes) -> bytes:
        """A record of the log, checked against its id; raises StoreError when it is not there or differs."""
        raw = self._store.get(keys.record(record_id))
        if raw is None or leaf_hash(raw) != record_id:
            raise StoreError(f"the bytes of record {record_id.hex()} are {'missing' if raw is None else 'damaged'}")
        return raw

    def _listed(self, number: str) -> CertificateRow:
        data = self._store.get(keys.certificate(number))
        if data is None:
            raise StoreError(f"{number} is on a list and has no entry")
        return _row(number, entries.decode_certificate(data))


def judgement_of(record_id: bytes, data: bytes) -> Judgement:
    """A stored judgement; raises StoreError for anything else."""
    entry = entries.decode_judgement(data)
    if (entry.index is None) != (entry.code is not None):
        raise StoreError(f"the judgement of {record_id.hex()} is damaged: neither accepted nor refused")
    return Judgement(record_id, entry.height, entry.index, entry.refusal())


def _row(number: str, entry: CertificateEntry) -> CertificateRow:
    arrived = entry.state in entries.SOURCE_STATES
    return CertificateRow(
        number=number,
        issuer=issuer_of(number),
        destination=entry.destination,
        state=entry.state,
        type=entry.kind,
        issued=entry.issued,
        expires=entry.expires,
        parcels=entry.parcels,
        points=Points(sum(entry.points)),
        measured=Points(entry.measured) if arrived else None,
        claimed=Points(entry.claimed),
        late=entry.late,
        index=entry.index,
    )
