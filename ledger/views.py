"""What the ledger answers: look-ups and lists over the store, at the head.

Rules:
- lists are paged by position and read off one ordered index: a page costs the same at any size of the ledger, and however
  many certificates a filter leaves out (keys that an outcome just removed are stepped over until LevelDB compacts them);
- whatever takes more than one look is read from one state of the store, and says of which head it is, though a block is being
  applied meanwhile: never of a newer one than `head` names;
- nothing here writes.
"""

from ledger import ageing, certificate_views, custody, entries, keys, release_views, report_views, status_views, stock, totals
from ledger.ageing import Ageing
from ledger.answers import CertificateView, Evidence, Figures, Page, ProposalPage
from ledger.bodies import SealedBody
from ledger.custody import Custody, Steps, finish
from ledger.entries import STATE_NUMBER, CertificateState, Head
from ledger.findings import views as finding_views
from ledger.findings.entries import RULES, Finding, Severity, Status
from ledger.findings.views import FindingPage
from ledger.leaves import read_head
from ledger.limits import MAX_PAGE
from ledger.log_views import LogQueries
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
from ledger.statistics.closing import Moment, closing, moment
from ledger.statistics.cube import read_cube, read_live_cube
from ledger.statistics.tables import Cube
from ledger.status import Status as CertificateStatus
from ledger.stock import Stock
from ledger.store import Reads
from ledger.totals import Total


class Queries(LogQueries):
    """The reading half of the ledger."""

    # --- certificates -----------------------------------------------------------------------------------------------

    def certificate(self, number: str) -> CertificateView | None:
        """Everything about the certificate of this number, None where there is none."""
        return self._of_one_state(lambda at, head: certificate_views.read_one(at, head, number, self.said_by))

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
        with self._state() as at:
            head = read_head(at)
            return certificate_views.read_page(
                at, head, issuer or "", destination or "", state, cursor, limit, newest_first=newest_first
            )

    def open_confirmations(
        self, destination: str | None = None, cursor: int | None = None, limit: int = MAX_PAGE, *, issuer: str | None = None
    ) -> Page:
        """The register of open confirmations, those that entered the ledger first at the top."""
        return self.certificates(cursor, limit, issuer=issuer, destination=destination, state=CertificateState.OPEN)

    def status(self, signer: str, now: int) -> Steps[CertificateStatus]:
        """What a status file lists, for `signer` to sign at `now` (milliseconds), in short steps."""
        with self._state() as at:
            return (yield from status_views.read(at, read_head(at), self.genesis, self.register, signer, now))

    def ageing(self) -> Ageing:
        """How many certificates are open for how long, by destination; a few looks for each, whatever is open."""
        with self._state() as at:
            head = read_head(at)
            return ageing.read(at, head, sorted(self.register.participants))

    def custody(self, number: str, *, up: bool = True, down: bool = True) -> Steps[Custody | None]:
        """A certificate's chains of custody, in short steps; None where there is no such certificate."""
        with self._state() as at:
            return (yield from custody.follow(at, number, up=up, down=down))

    def stock(self, participant: str) -> Stock:
        """What a participant has received less what it has sent, by HS code."""
        with self._state() as at:
            return stock.read(at, read_head(at), participant)

    def totals(self) -> tuple[Total, ...]:
        """Running sums by participant, flow and HS code, margins (hs empty) included."""
        return tuple(totals.read(self._store.iterate(keys.TOTAL)))

    def figures(self) -> Figures:
        """Running sums and open certificates with the head that they are of: all of one block."""
        with self._state() as at:
            rows = tuple(totals.read(at.iterate(keys.TOTAL)))
            still_open = totals.read_count(at.get(keys.count(STATE_NUMBER[CertificateState.OPEN])))
            return Figures(read_head(at), rows, still_open)

    # --- figures and inquiries --------------------------------------------------------------------------------------

    def quarter(self, author: str, flow: str, quarter: str) -> QuarterView:
        """A participant's sums of a quarter (`2026Q1`) in a flow (`export`, `import`), and the returns filed for it."""
        with self._state() as at:
            return report_views.read_quarter(at, read_head(at), author, flow, quarter)

    def closing(self, period: str) -> Moment | None:
        """The block that closed a period (`2026Q1`, `2026H1`, `2026`) for statistics; None while it is open.

        Raises:
            PeriodError: no period.
        """
        with self._state() as at:
            return closing(at, self._register(at), period, read_head(at).height)

    def cube(self, period: str, height: int) -> Cube:
        """The figures of a closed period as of a height; see `ledger.statistics.cube.read_cube` for what it raises."""
        with self._state() as at:
            return read_cube(at, self._register(at), period, height)

    def live_cube(self, period: str) -> Cube:
        """The figures of a period as they stand now, which no release is made of.

        Raises:
            PeriodError: no period.
        """
        return finish(self.live_cube_in_steps(period))

    def live_cube_in_steps(self, period: str) -> Steps[Cube]:
        """The same in short steps, for readers who ask for it again and again."""
        with self._state() as at:
            return (yield from read_live_cube(at, self._register(at), period))

    def _register(self, at: Reads) -> Register:
        """The register of this state of the store."""
        return load_register(self.genesis, at.iterate(keys.HOLDERS), at.iterate(keys.SETTINGS))

    def shares(self, record_id: bytes) -> tuple[ShareRow, ...]:
        """The later readers of a record's sealed part; none for a record without one, or that is not in the log."""
        found = self.record(record_id)
        body = None if found is None else parse_record(found[0]).body
        if not isinstance(body, SealedBody):
            return ()
        with self._state() as at:
            return report_views.read_shares(at, body.rid)

    def inquiries(
        self, state: InquiryState, cursor: int | None = None, limit: int = MAX_PAGE, *, participant: str | None = None
    ) -> InquiryPage:
        """A page of the inquiries in one state, to anybody or to one participant, those opened first at the top."""
        with self._state() as at:
            if participant and participant not in self.register.participants:
                return InquiryPage(read_head(at), (), None)
            return report_views.read_inquiries(at, read_head(at), state, participant or "", cursor, limit)

    # --- releases of statistics -----------------------------------------------------------------------------------------

    def releases(
        self, state: ReleaseState | None = None, cursor: int | None = None, limit: int = MAX_PAGE, *, newest_first: bool = True
    ) -> ReleasePage:
        """A page of the releases of statistics in one state, or in any, those published last at the top."""
        with self._state() as at:
            return release_views.read_page(at, read_head(at), state, cursor, limit, newest_first=newest_first)

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
        with self._state() as at:
            return release_views.read_newest(at, read_head(at))

    def release(self, record_id: bytes) -> tuple[Head, ReleaseRow | None]:
        """A release by the id of its `statistics.publish`, with the head that this is of; None where there is none."""
        with self._state() as at:
            return read_head(at), release_views.read_one(at, record_id)

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
        with self._state() as at:
            if not known:
                return FindingPage(read_head(at), (), None)
            head = read_head(at)
            return finding_views.read_page(at, head, rule or "", participant or "", status, severity, cursor, limit)

    def certificate_findings(self, number: str, cursor: int | None = None, limit: int = MAX_PAGE) -> FindingPage:
        """A page of the findings that name a certificate, those first seen last at the top."""
        with self._state() as at:
            return finding_views.read_certificate(at, read_head(at), number, cursor, limit)

    def finding(self, rule: str, about: str) -> tuple[Head, Finding | None]:
        """The finding of a rule about something with the head that it is of; None where there never was one."""
        with self._state() as at:
            return read_head(at), finding_views.read_one(at, f"{rule}/{about}")

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
        with self._state() as at:
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
        with self._state() as at:
            rows = at.iterate(keys.PROPOSALS, after=after, limit=limit + 1)
            entries_found = [(key, decode_proposal(value)) for key, value in rows]
            return ProposalPage(read_head(at), tuple(entries_found[:limit]), len(entries_found) > limit)
