"""The state transition: what a block does to the ledger, from top to bottom, all of it or nothing.

A block is executed so:

1. it must follow the head: the next height, a later time, the epoch in force;
2. proposals of which the time has come are decided;
3. each record in order is judged by its author's quota (`ledger.quota`) and the rules (`ledger.rules`) against the state as the
   records before it left it: accepted, it gets the next leaf and its effects are written; refused, it changes nothing but its
   own judgement and its author's count of the day; accepted in an earlier place, it is skipped;
4. what the block's day brings, and what each accepted record brings about, is found (`ledger.findings`); rules do not read it;
5. the block's sums and counts are added to those before; a block that ends its epoch holds no records, and from the next height
   on the list of validators that it names is in force: what they have said of statistics that are being judged counts anew;
6. the leaves are appended to the log, the state digest is taken;
7. judgements, state, indexes, findings, tiles, the new head and the node's own values are written in one synced batch. That is
   the commit.

A crash leaves the whole block or none of it; the node then executes it again, with the same result. The same blocks give the
same bytes on every node: nothing here reads a clock, draws a random number or depends on the order of a set.

Records' bytes are written once, by `keep_bodies` before their block or with it. On opening, the right edge of the log and the
newest leaves' bytes are checked against the head. Reference: 2-records.md, 5-log.md, "Leaves, hash tiles, state and height".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from threading import Lock
from types import MappingProxyType
from typing import Final, Self

from ledger import entries, keys, parameters, quota, units
from ledger.answers import CertificateRow, CertificateView, Claim, Judgement, Page, Standing
from ledger.entries import Head, JudgementEntry, Validators
from ledger.errors import BlockOrderError, ForeignStoreError, ProtocolError, Refusal, StoreError, StoreLayoutError
from ledger.findings import Findings, Memory
from ledger.genesis import PROTOCOL, Genesis
from ledger.leaves import read_head, read_leaf
from ledger.log import Log
from ledger.log_views import judgement_of
from ledger.merkle import EMPTY_ROOT, HASH_BYTES
from ledger.overlay import Overlay, Reader, state_digest
from ledger.quota import Quotas
from ledger.recent import Recent
from ledger.record import Record, Submission
from ledger.rolls import Rolls
from ledger.rules import Place, View, Writer, check_key, check_record
from ledger.rules.common import check_addressed, check_readers
from ledger.rules.plenary import decide
from ledger.rules.statistics import settle_all
from ledger.scrub import scrub
from ledger.shelf import Shelf
from ledger.statistics.closing import encode_moment
from ledger.statistics.older import Older
from ledger.store import Store
from ledger.tiles import TILE_WIDTH
from ledger.totals import Totals
from ledger.units import Height, Ms
from ledger.views import Queries

__all__ = ["Applied", "Block", "CertificateRow", "CertificateView", "Claim", "Head", "Judgement", "Ledger", "Page"]

_NOTHING: Final[Mapping[bytes, bytes]] = MappingProxyType({})

Equivocation = Callable[[bytes, int, tuple[bytes, ...], bytes, bytes], int]
"""Given ledger id, epoch, its validators' consensus keys in voting order and two votes as bytes: the index of the validator
that signed both and may not have. Raises ValueError with the reason why they do not prove that. A pure function."""


@dataclass(frozen=True, slots=True)
class Block:
    """A final block.

    Attributes:
        height: its place.
        time: ms.
        digest: what votes named it by.
        records: in order, every one of sound form and signature.
        epoch: in which it was voted on.
        next: hash of a list of validators that was scheduled once, when the block ends its epoch; else empty.
    """

    height: int
    time: int
    digest: bytes
    records: Sequence[Record]
    epoch: int = 0
    next: bytes = b""


def _no_verifier(ledger_id: bytes, epoch: int, validators: tuple[bytes, ...], first: bytes, second: bytes) -> int:  # noqa: ARG001 - of `Equivocation`'s form
    raise ValueError("this program was opened without a verifier of votes")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a block did: the head after it, and a judgement for each of its records in order."""

    head: Head
    judgements: list[Judgement]


class Ledger(Queries):
    """One ledger in one store. One thread at a time applies; any number read and check meanwhile."""

    def __init__(self, store: Store, genesis: Genesis, standing: Standing, equivocation: Equivocation) -> None:
        super().__init__(store, genesis, standing)
        self._equivocation = partial(equivocation, genesis.ledger_id)
        self._memory = Memory()
        self._recent = Recent(store.get)
        self._shelf = Shelf(store)
        self._executing: frozenset[bytes] = frozenset()
        self._dropping = Lock()

    @classmethod
    def open(cls, store: Store, genesis: Genesis, equivocation: Equivocation = _no_verifier) -> Self:
        """The ledger of this genesis in this store; an empty store becomes one.

        Args:
            store: nobody else's.
            genesis: of the ledger.
            equivocation: judges `evidence.equivocation`, the same on every node; what votes are only the consensus knows.

        Raises:
            ForeignStoreError: another ledger's store.
            StoreLayoutError: written by another version of this program.
            StoreError: a head that what is stored does not bear out.
        """
        held = store.get(keys.GENESIS)
        if held is None:
            _create(store, genesis)
        elif held != genesis.ledger_id:
            raise ForeignStoreError(f"{store.path} is of ledger {held.hex()}, not of {genesis.ledger_id.hex()}")
        _check_layout(store)
        head = read_head(store)
        log = Log(store.get, head.tree_size, keys.TILES)
        if log.root != head.root:
            raise StoreError(f"{store.path}: the log's root is {log.root.hex()}, the head's is {head.root.hex()}")
        ledger = cls(store, genesis, Standing(head, log, Rolls.load(genesis, store)), equivocation)
        ledger._check_newest_leaves()
        return ledger

    # --- admission --------------------------------------------------------------------------------------------------

    def check(self, record: Record, now_ms: int) -> None:
        """Whether the record would be accepted if a block came now; changes nothing.

        Args:
            record: of sound form and signature.
            now_ms: the node's clock; rules see the later of it and the head's time.

        Raises:
            Refusal: DAILY_QUOTA, or the first rule that refuses it. A record in the log passes: sending it again is harmless.
        """
        earlier = self.judgement(record.id)
        if earlier is None or earlier.index is None:
            view = self._view(Reader(self._store.get, self._standing.rolls), max(self.head.time, now_ms))
            self._quotas(view).count(record, earlier)
            check_record(view, record)

    def check_sealed(self, submission: Submission, now_ms: int) -> None:
        """Whether a record's envelope is sealed to exactly its issuer, its destination and the secretariat, at keys in force.

        Asked at admission. Which key epochs there are is state, which differs from node to node while one is behind.

        Raises:
            Refusal: ENVELOPE_READERS. Without an envelope there is nothing to check.
        """
        if submission.header is not None:
            check_readers(self.register, submission.record, submission.header, Ms(now_ms))

    @staticmethod
    def check_addressed(submission: Submission) -> None:
        """Whether a record's envelope names exactly its issuer, its destination and the secretariat as readers.

        Part of a block's validity, so it reads no state: a validator asks before it votes. A key epoch that is none makes an
        envelope that its reader cannot open, and says so.

        Raises:
            Refusal: ENVELOPE_READERS. Without an envelope there is nothing to check.
        """
        if submission.header is not None:
            check_addressed(submission.record, submission.header)

    def check_key(self, record: Record) -> None:
        """Whether a record is signed with a key of its author's that signs such kinds at all; the rest is left to the rules.

        So much a mempool asks of what others send, or anybody could fill it in anybody's name. Nodes' keys are those at the
        head: what NOT_CONSENSUS_KEY refuses may be in order on a node that has executed more, and is no fault of its sender.

        Raises:
            Refusal: UNKNOWN_AUTHOR, UNKNOWN_KEY, NOT_ROOT_KEY, NOT_CONSENSUS_KEY, KEY_ROLE.
        """
        check_key(self.register, self.network, record)

    def keep_bodies(self, submissions: Sequence[Submission]) -> None:
        """Write records' bytes and envelopes, not synced: `sync` or the block that accepts them makes them durable."""
        writes: dict[bytes, bytes | None] = {}
        for submission in submissions:
            self._shelf.keep(writes.__setitem__, submission.record.id, submission.record.raw, submission.envelope)
        self._store.write(writes, sync=False)
        self._shelf.written(submission.record.id for submission in submissions)

    def keep_node_values(self, values: Mapping[bytes, bytes]) -> None:
        """Write the node's own values outside a block, not synced; `node_value` reads them back."""
        self._store.write({keys.node(key): value for key, value in values.items()}, sync=False)

    def keep_release(self, release: bytes, files: Mapping[str, bytes]) -> None:
        """Keep the files of a release of statistics as this node has made them, by form; not synced, it can make them again."""
        self._store.write({keys.release_file(release, form): data for form, data in files.items()}, sync=False)

    def sync(self) -> None:
        """Make everything durable that was kept so far."""
        self._store.sync()

    def drop_bodies(self, ids: Sequence[bytes]) -> None:
        """Forget bytes and envelopes of records that were never accepted; those in the log, or being executed, stay."""
        with self._dropping:
            dropped: list[bytes] = []
            for record_id in ids:
                if record_id in self._executing:  # asked first: it is so until the judgement can be seen
                    continue
                judgement = self.judgement(record_id)
                if judgement is None or judgement.index is None:
                    dropped += self._shelf.drop(record_id, judged=judgement is not None)
            self._store.write(dict.fromkeys(dropped), sync=False)

    def learn(self) -> Iterator[int]:
        """Learns what a store that was opened again holds, in short steps: look-ups of what is not there cost less then."""
        return self._store.learn()

    def scrub(self) -> Iterator[int]:
        """One pass over everything that is stored as of now, in short steps (`ledger.scrub`); raises StoreError at damage."""
        return scrub(self._store, self.head)

    # --- the transition ---------------------------------------------------------------------------------------------

    def apply(self, block: Block, extra: Mapping[bytes, bytes] = _NOTHING) -> Applied:
        """Execute a final block.

        Args:
            block: the one that follows the head.
            extra: the node's own values, written with the block; `node_value` reads them back.

        Raises:
            BlockOrderError: it does not follow the head, or ends the epoch with records or for no list that was scheduled;
                nothing was written.
            ProtocolError: the block's day has another protocol than this program; nothing was written, and the node must stop.
            StoreError: reading or writing failed; the node must stop, and start again from what is stored.
        """
        before, log = self._standing.head, self._standing.log
        validators = self._following(block)
        with self._dropping:
            self._executing = frozenset(record.id for record in block.records)
        overlay = Overlay(self._recent.get, self._standing.rolls)
        view = self._view(overlay, block.time)
        totals = Totals()
        quotas = self._quotas(view)
        writer = Writer(overlay, totals)
        decide(view, writer, block.height)
        _check_protocol(view)
        findings = Findings(view, overlay, self._store, before, self._memory)
        findings.due()
        leaves: list[bytes] = []
        judgements: list[Judgement] = []
        for record in block.records:
            place = Place(Height(block.height), view.date, before.tree_size + len(leaves))
            kept_at, new = self._shelf.place(record.id)
            judgement = _judge(view, quotas, writer, overlay, record, place, keys.judgement(kept_at), new=new)
            if judgement.index == place.index:
                leaves.append(record.id)
                self._shelf.keep(overlay.put, record.id, record.raw)
                findings.observe(record)
            else:
                self._shelf.keep_place(overlay.put, record.id)
            judgements.append(judgement)
        totals.write(overlay)
        older = Older(view.register, before.time, block.height, overlay.get, overlay.put)
        overlay.trade.write(overlay.put, overlay.delete, older.keep)
        quotas.write(overlay)
        findings.write()
        if validators is not None:
            writer.begin_epoch(validators, block.height + 1, before.tree_size)
            settle_all(view, writer, block.height)
        tree = log.append(leaves)
        writes = overlay.writes()
        head = Head(block.height, block.time, block.digest, tree.size, tree.root, state_digest(before.state, writes))
        writes.extend(tree.puts.items())
        writes.extend((keys.node(key), value) for key, value in extra.items())
        writes.append((keys.block(head.height), encode_moment(head.time, head.tree_size)))
        writes.append((keys.HEAD, entries.encode(head)))
        self._before = self._store.held()  # from here on the store may be ahead of `_standing`
        self._store.write(writes, sync=True)
        self._recent.take(writes)
        findings.remember()
        grown = copy(log)
        grown.commit(tree)
        self._standing = Standing(head, grown, overlay.rolls)
        self._before = None
        self._shelf.judged(record.id for record in block.records)
        self._executing = frozenset()
        return Applied(head, judgements)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _view(self, state: Reader, now: int) -> View:
        return View(state, Ms(now), units.block_date(now), self._standing.head.height, self._equivocation)

    def _quotas(self, view: View) -> Quotas:
        return Quotas(view, view.parameter(quota.PARAMETER))

    def _following(self, block: Block) -> Validators | None:
        """The validators of the epoch that begins after this block, None when it ends none.

        Raises:
            BlockOrderError: it does not follow the head.
        """
        head, epoch = self._standing.head, self.network.epoch.number
        if block.height != head.height + 1 or block.time <= head.time:
            raise BlockOrderError(f"block {block.height} at {block.time} ms cannot follow {head.height} at {head.time} ms")
        if block.epoch != epoch:
            raise BlockOrderError(f"block {block.height} is of epoch {block.epoch}; {epoch} is in force")
        if not block.next:
            return None
        if block.records:
            raise BlockOrderError(f"block {block.height} ends epoch {epoch} and holds {len(block.records)} records")
        stored = self._store.get(keys.validators(block.next))
        if stored is None:
            raise BlockOrderError(f"block {block.height} ends epoch {epoch} for a list never scheduled, {block.next.hex()}")
        return entries.decode_validators(stored)

    def _check_newest_leaves(self) -> None:
        """The newest tile's records must be there and hash to their leaves; raises StoreError."""
        size = self.head.tree_size
        if size:
            n, last = divmod(size - 1, TILE_WIDTH)
            ids = self.tile(0, n, last + 1) or b""
            for at in range(0, len(ids), HASH_BYTES):
                read_leaf(self._store, ids[at : at + HASH_BYTES])


def _judge(
    view: View, quotas: Quotas, writer: Writer, overlay: Overlay, record: Record, place: Place, key: bytes, *, new: bool
) -> Judgement:
    """Judge one record at its place in the block, and write what follows from that; `new`: no block before has named it."""
    stored = overlay.written(key) if new else overlay.get(key)
    earlier = None if stored is None else judgement_of(record.id, stored)
    if earlier is not None and earlier.index is not None:
        return earlier
    try:
        quotas.count(record, earlier)
        rule = check_record(view, record)
    except Refusal as refusal:
        overlay.put(key, entries.encode(JudgementEntry.of(place.height, refusal)))
        return Judgement(record.id, place.height, None, refusal)
    rule.enact(view, writer, record, place)
    overlay.put(key, entries.encode(JudgementEntry(place.height, place.index)))
    return Judgement(record.id, place.height, place.index, None)


def _check_protocol(view: View) -> None:
    """Blocks of a day on which a newer version is in force would be judged by rules that are not here; raises ProtocolError."""
    version = view.parameter(parameters.PROTOCOL)
    if version > PROTOCOL:
        raise ProtocolError(f"version {version} of the protocol is in force on {view.date}; this program knows {PROTOCOL}")


def _check_layout(store: Store) -> None:
    """Read as of this form, a store of another one would look damaged, or say what never was; raises StoreLayoutError."""
    written = store.get(keys.LAYOUT_VERSION)
    if written != keys.layout():
        form = "an earlier form" if written is None else f"form {int.from_bytes(written, 'big')}"
        raise StoreLayoutError(
            f"{store.path} was written by another version of this program: it has {form}, this one reads form {keys.LAYOUT}; "
            "put it aside and let the other nodes' blocks make a new one"
        )


def _create(store: Store, genesis: Genesis) -> None:
    """Height 0: no records, the genesis' time, the ledger id as digest of the block and of the state."""
    if next(store.iterate(b"", limit=1), None) is not None:
        raise StoreError(f"{store.path} holds something, and no ledger")
    head = Head(0, genesis.time, genesis.ledger_id, 0, EMPTY_ROOT, genesis.ledger_id)
    begun = {keys.block(0): encode_moment(genesis.time, 0)}
    made = {keys.GENESIS: genesis.ledger_id, keys.LAYOUT_VERSION: keys.layout(), keys.HEAD: entries.encode(head)}
    store.write(made | begun, sync=True)
