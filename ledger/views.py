"""What the ledger answers: look-ups and lists over the store, at the head.

Rules:
- lists are paged by position and read off one ordered index: a page costs the same at any size of the ledger, and however
  many certificates a filter leaves out (keys that an outcome just removed are stepped over until LevelDB compacts them);
- whatever takes more than one look is read from one state of the store, and says of which head it is, though a block is being
  applied meanwhile; a single look is of the head that `head` names, or of a newer one;
- what was looked at last stays decoded only where it can never change: what a record says;
- nothing here writes.
"""

import heapq
from functools import lru_cache
from itertools import islice

from ledger import ageing, custody, entries, history, keys, release_views, report_views, status_views, stock, totals
from ledger.ageing import Ageing
from ledger.answers import CertificateRow, CertificateView, Claim, Evidence, Figures, Judgement, Page, ProposalPage, Standing
from ledger.bodies import Body, ConfirmBody, PaperImportBody, SealedBody, StatedBody
from ledger.custody import Custody, Steps
from ledger.entries import STATE_NUMBER, STATES, CertificateEntry, CertificateState, Head, issuer_of
from ledger.errors import StoreError
from ledger.findings import views as finding_views
from ledger.findings.entries import RULES, Finding, Severity, Status
from ledger.findings.views import FindingPage
from ledger.genesis import Genesis
from ledger.history import Logged
from ledger.leaves import read_accepted, read_leaf
from ledger.limits import MAX_HELD_BODIES, MAX_PAGE, MAX_SHOWN_FINDINGS
from ledger.merkle import HASH_BYTES
from ledger.network import Epoch, Network, read_epoch
from ledger.overlay import Reader
from ledger.plenary import decode_proposal
from ledger.record import parse_record
from ledger.register import Register
from ledger.register import load as load_register
from ledger.release_entries import ReleaseState, YearEntry
from ledger.release_views import ReleasePage, ReleaseRow
from ledger.report_entries import InquiryState
from ledger.report_views import InquiryPage, QuarterView, ShareRow
from ledger.shelf import read_body, read_envelope
from ledger.statistics.closing import Moment, closing, moment
from ledger.statistics.cube import read_cube, read_live_cube
from ledger.statistics.tables import Cube
from ledger.status import Status as CertificateStatus
from ledger.stock import Stock
from ledger.store import Reads, Store
from ledger.tiles import encode_bundle
from ledger.totals import Total
from ledger.units import Points


class Queries:
    """The reading half of the ledger."""

    def __init__(self, store: Store, genesis: Genesis, standing: Standing) -> None:
        self._store = store
        self._standing = standing
        self._body_of = lru_cache(MAX_HELD_BODIES)(self._read_body)
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
        return read_body(self._store, record_id)

    def envelope(self, record_id: bytes) -> bytes | None:
        """The envelope of a record that this node holds."""
        return read_envelope(self._store, record_id)

    def judgement(self, record_id: bytes) -> Judgement | None:
        """What a block made of this record; None when none has named it."""
        data = self._store.get(keys.judgement(record_id))
        return None if data is None else judgement_of(record_id, data)

    def record(self, record_id: bytes) -> tuple[bytes, int, int] | None:
        """Bytes, index and height of a record in the log; None for any other."""
        judgement = self.judgement(record_id)
        if judgement is None or judgement.index is None:
            return None
        return read_leaf(self._store, record_id), judgement.index, judgement.height

    def history(self, first: int, limit: int) -> list[Logged]:
        """Accepted records from the leaf `first` on, at most `limit`, up to the end of their hash tile (`ledger.history`)."""
        return history.read(self._store, self._standing.log, first, limit)

    # --- certificates -----------------------------------------------------------------------------------------------

    def certificate(self, number: str) -> CertificateView | None:
        """Everything about the certificate of this number, None where there is none."""
        with self._store.snapshot() as at:
            data = at.get(keys.certificate(number))
            if data is None:
                return None
            entry = entries.decode_certificate(data)
            bodies = [self._body_of(record_id) for record_id in entry.records]
            head = _head(at)
            return CertificateView(
                head=head,
                row=_row(number, entry),
                issue=next((body for body in reversed(bodies) if isinstance(body, StatedBody)), None),
                paper=next((body for body in bodies if isinstance(body, PaperImportBody)), None),
                beside=_beside(at, number),
                outcome=next((body for body in reversed(bodies) if isinstance(body, ConfirmBody)), None),
                records=entry.records,
                heights=entry.heights,
                claims=_claims(at, number) if entry.claimed else (),
                findings=finding_views.read_certificate(at, head, number, None, MAX_SHOWN_FINDINGS),
            )

    def _read_body(self, record_id: bytes) -> Body:
        """What an accepted record says. It is the same in every state that has the record, so it is read from any."""
        return read_accepted(self._store, record_id).body

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
        known = self.register.participants
        if any(code and code not in known for code in (issuer, destination)):
            return Page(self.head, (), None)
        limit = max(1, min(limit, MAX_PAGE))
        after = b"" if cursor is None else keys.position(cursor)
        with self._store.snapshot() as at:
            # a list that is empty costs most: its end is found behind all that was taken off the list that follows
            numbers = (STATE_NUMBER[state],) if state else [n for n in range(len(STATES)) if _count(at, n)]
            prefixes = [keys.listing(issuer or "", destination or "", number) for number in numbers]
            lists = [at.iterate(prefix, after=after, reverse=newest_first) for prefix in prefixes]
            merged = list(islice(lists[0] if state else heapq.merge(*lists, reverse=newest_first), limit + 1))
            rows = tuple(_listed(at, number.decode()) for _, number in merged[:limit])
            return Page(_head(at), rows, rows[-1].index if len(merged) > limit else None)

    def open_confirmations(
        self, destination: str | None = None, cursor: int | None = None, limit: int = MAX_PAGE, *, issuer: str | None = None
    ) -> Page:
        """The register of open confirmations, those that entered the ledger first at the top."""
        return self.certificates(cursor, limit, issuer=issuer, destination=destination, state=CertificateState.OPEN)

    def status(self, signer: str, now: int) -> Steps[CertificateStatus]:
        """What a status file lists, for `signer` to sign at `now` (milliseconds), in short steps."""
        with self._store.snapshot() as at:
            return (yield from status_views.read(at, _head(at), self.genesis, self.register, signer, now))

    def ageing(self) -> Ageing:
        """How many certificates are open for how long, by destination; a few looks for each, whatever is open."""
        with self._store.snapshot() as at:
            head = _head(at)
            return ageing.read(at, head, sorted(self.register.participants))

    def custody(self, number: str, *, up: bool = True, down: bool = True) -> Steps[Custody | None]:
        """A certificate's chains of custody, in short steps; None where there is no such certificate."""
        with self._store.snapshot() as at:
            return (yield from custody.follow(at, number, up=up, down=down))

    def stock(self, participant: str) -> Stock:
        """What a participant has received less what it has sent, by HS code."""
        with self._store.snapshot() as at:
            return stock.read(at, _head(at), participant)

    def totals(self) -> tuple[Total, ...]:
        """Running sums by participant, flow and HS code, margins (hs empty) included."""
        return tuple(totals.read(self._store.iterate(keys.TOTAL)))

    def figures(self) -> Figures:
        """Running sums and open certificates with the head that they are of: all of one block."""
        with self._store.snapshot() as at:
            rows = tuple(totals.read(at.iterate(keys.TOTAL)))
            still_open = totals.read_count(at.get(keys.count(STATE_NUMBER[CertificateState.OPEN])))
            return Figures(_head(at), rows, still_open)

    # --- figures and inquiries --------------------------------------------------------------------------------------

    def quarter(self, author: str, flow: str, quarter: str) -> QuarterView:
        """A participant's sums of a quarter (`2026Q1`) in a flow (`export`, `import`), and the returns filed for it."""
        with self._store.snapshot() as at:
            return report_views.read_quarter(at, _head(at), author, flow, quarter)

    def closing(self, period: str) -> Moment | None:
        """The block that closed a period (`2026Q1`, `2026H1`, `2026`) for statistics; None while it is open.

        Raises:
            PeriodError: no period.
        """
        with self._store.snapshot() as at:
            return closing(at, self._register(at), period, _head(at).height)

    def cube(self, period: str, height: int) -> Cube:
        """The figures of a closed period as of a height; see `ledger.statistics.cube.read_cube` for what it raises."""
        with self._store.snapshot() as at:
            return read_cube(at, self._register(at), period, height)

    def live_cube(self, period: str) -> Cube:
        """The figures of a period as they stand now, which no release is made of.

        Raises:
            PeriodError: no period.
        """
        with self._store.snapshot() as at:
            return read_live_cube(at, self._register(at), period)

    def _register(self, at: Reads) -> Register:
        """The register of this state of the store."""
        return load_register(self.genesis, at.iterate(keys.HOLDERS), at.iterate(keys.SETTINGS))

    def shares(self, record_id: bytes) -> tuple[ShareRow, ...]:
        """The later readers of a record's sealed part; none for a record without one, or that is not in the log."""
        found = self.record(record_id)
        body = None if found is None else parse_record(found[0]).body
        if not isinstance(body, SealedBody):
            return ()
        with self._store.snapshot() as at:
            return report_views.read_shares(at, body.rid)

    def inquiries(
        self, state: InquiryState, cursor: int | None = None, limit: int = MAX_PAGE, *, participant: str | None = None
    ) -> InquiryPage:
        """A page of the inquiries in one state, to anybody or to one participant, those opened first at the top."""
        with self._store.snapshot() as at:
            if participant and participant not in self.register.participants:
                return InquiryPage(_head(at), (), None)
            return report_views.read_inquiries(at, _head(at), state, participant or "", cursor, limit)

    # --- releases of statistics -----------------------------------------------------------------------------------------

    def releases(
        self, state: ReleaseState | None = None, cursor: int | None = None, limit: int = MAX_PAGE, *, newest_first: bool = True
    ) -> ReleasePage:
        """A page of the releases of statistics in one state, or in any, those published last at the top."""
        with self._store.snapshot() as at:
            return release_views.read_page(at, _head(at), state, cursor, limit, newest_first=newest_first)

    def all_releases(self, state: ReleaseState) -> list[ReleaseRow]:
        """All releases in one state, in the log's order: a few hundred in a decade."""
        rows: list[ReleaseRow] = []
        cursor: int | None = None
        while True:
            page = self.releases(state, cursor, newest_first=False)
            rows += page.rows
            cursor = page.cursor
            if cursor is None:
                return rows

    def newest_releases(self) -> ReleasePage:
        """The newest release that stands of every period, the latest periods first."""
        with self._store.snapshot() as at:
            return release_views.read_newest(at, _head(at))

    def release(self, record_id: bytes) -> tuple[Head, ReleaseRow | None]:
        """A release by the id of its `statistics.publish`, with the head that this is of; None where there is none."""
        with self._store.snapshot() as at:
            return _head(at), release_views.read_one(at, record_id)

    def undecided_releases(self) -> tuple[bytes, ...]:
        """Ids of the releases that are being judged; a single look."""
        return Reader(self._store.get, self._standing.rolls).undecided()

    def release_year(self, year: str) -> YearEntry:
        """The releases of a year's periods that stand, in the order in which they were decided."""
        return release_views.read_year(self._store, year)

    def moment(self, height: int) -> Moment:
        """When a block was, and how long the log is after it; raises HeightNotExecutedError."""
        return moment(self._store, height)

    def release_file(self, record_id: bytes, form: str) -> bytes | None:
        """The file of a release, `json` or `csv`; None while this node has not made it."""
        return self._store.get(keys.release_file(record_id, form))

    # --- findings -----------------------------------------------------------------------------------------------------

    def findings(
        self,
        cursor: int | None = None,
        limit: int = MAX_PAGE,
        *,
        rule: str | None = None,
        participant: str | None = None,
        status: Status | None = None,
        severity: Severity | None = None,
    ) -> FindingPage:
        """A page of findings, those first seen last at the top, that pass every filter given.

        Args:
            cursor: that of the page before; None begins.
            limit: rows at most, 1 to `MAX_PAGE`.
            rule: only of this one.
            participant: only those that concern it.
            status: only in this one.
            severity: only of this one.
        """
        known = (not rule or rule in RULES) and (not participant or participant in self.register.participants)
        with self._store.snapshot() as at:
            if not known:
                return FindingPage(_head(at), (), None)
            head = _head(at)
            return finding_views.read_page(at, head, rule or "", participant or "", status, severity, cursor, limit)

    def certificate_findings(self, number: str, cursor: int | None = None, limit: int = MAX_PAGE) -> FindingPage:
        """A page of the findings that name a certificate, those first seen last at the top."""
        with self._store.snapshot() as at:
            return finding_views.read_certificate(at, _head(at), number, cursor, limit)

    def finding(self, rule: str, about: str) -> tuple[Head, Finding | None]:
        """The finding of a rule about something with the head that it is of; None where there never was one."""
        with self._store.snapshot() as at:
            return _head(at), finding_views.read_one(at, f"{rule}/{about}")

    def findings_by_name(self, after: str = "", limit: int = MAX_PAGE) -> list[Finding]:
        """Findings whose names follow this one (empty: from the first), at most `limit`, in the order of their names' bytes."""
        return finding_views.read_by_name(self._store, after, limit)

    # --- the network ------------------------------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The nodes, and the epoch in force, at the head."""
        return self._standing.rolls.network

    def key_holder(self, key: bytes) -> str | None:
        """The code of who has this key, whatever it is for; None for nobody."""
        stored = Reader(self._store.get, self._standing.rolls).key_use(key)
        if stored is not None:
            return stored.holder
        held = self.register.key_use(key)
        return None if held is None else held.holder

    @property
    def register(self) -> Register:
        """Participants, their keys and the parameters at the head."""
        return self._standing.rolls.register

    @property
    def scheduled(self) -> bytes:
        """Hash of the list of validators that the state at the head schedules, empty when it schedules none.

        A node keeps it beside the mark of each height: the block that ends an epoch names the one at the height of its mark. A
        mark from before an epoch's first block schedules nothing in that epoch: what stood there then is in force by now.
        """
        return self._standing.rolls.network.scheduled

    def epoch(self, number: int) -> Epoch | None:
        """The epoch of this number with its last height, which is None while it is in force; None when it has not begun."""
        current = self._standing.rolls.network.epoch
        if not 0 <= number < current.number:
            return current if number == current.number else None
        return read_epoch(self._store.get, number)

    def evidence(self) -> list[Evidence]:
        """Who contradicted itself, by epoch and key."""
        found = []
        with self._store.snapshot() as at:
            for key, value in at.iterate(keys.EVIDENCE):
                entry = entries.decode_evidence(value)
                number = int.from_bytes(key[: keys.EPOCH_BYTES], "big")
                found.append(Evidence(entry.participant, number, key[keys.EPOCH_BYTES :], entry.record, entry.height))
        return found

    # --- decisions ----------------------------------------------------------------------------------------------------

    def proposals(self, after: bytes = b"", limit: int = MAX_PAGE, *, open_only: bool = False) -> ProposalPage:
        """A page of proposals, by the id of their record.

        Args:
            after: the last id of the page before.
            limit: rows at most, 1 to `MAX_PAGE`.
            open_only: only those that are not decided yet.
        """
        limit = max(1, min(limit, MAX_PAGE))
        standing = self._standing
        if open_only:
            found = sorted((key, entry) for key, entry in standing.rolls.plenary.open.items() if key > after)
            return ProposalPage(standing.head, tuple(found[:limit]), len(found) > limit)
        with self._store.snapshot() as at:
            rows = at.iterate(keys.PROPOSALS, after=after, limit=limit + 1)
            entries_found = [(key, decode_proposal(value)) for key, value in rows]
            return ProposalPage(_head(at), tuple(entries_found[:limit]), len(entries_found) > limit)

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


def _head(at: Reads) -> Head:
    data = at.get(keys.HEAD)
    if data is None:
        raise StoreError(f"{at.path} has no head")
    return entries.decode_head(data)


def _count(at: Reads, state: int) -> int:
    """How many certificates are in a state."""
    return totals.read_count(at.get(keys.count(state)))


def _listed(at: Reads, number: str) -> CertificateRow:
    data = at.get(keys.certificate(number))
    if data is None:
        raise StoreError(f"{number} is on a list and has no entry")
    return _row(number, entries.decode_certificate(data))


def _claims(at: Reads, number: str) -> tuple[Claim, ...]:
    found = at.iterate(keys.claims(number), limit=MAX_PAGE)
    return tuple(Claim(key.decode(), Points(int.from_bytes(value, "big"))) for key, value in found)


def _beside(at: Reads, number: str) -> tuple[bytes, ...]:
    """The newest records beside a certificate, in the log's order."""
    prefix = keys.beside(number)
    if not at.holds(prefix):
        return ()
    newest = at.iterate(prefix, limit=MAX_PAGE, reverse=True)
    return tuple(record_id for _, record_id in newest)[::-1]


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
