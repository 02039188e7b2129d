"""What accepted records write: the only places where state changes. Nothing here refuses anything; the checks came before.

Every change keeps an entry, its place in the lists and the running sums in step, within the block's overlay.
"""

from collections.abc import Iterable
from dataclasses import replace as replace_epoch

from msgspec.structs import replace

from ledger import entries, keys
from ledger.entries import (
    GOODS_REMAIN,
    STATE_NUMBER,
    CertificateEntry,
    CertificateState,
    EvidenceEntry,
    KeyEntry,
    Validators,
    issuer_of,
    points_by_hs,
)
from ledger.network import Epoch, Network, node_entry
from ledger.overlay import Overlay
from ledger.participants import Holder, Node
from ledger.plenary import ProposalEntry
from ledger.quarterly import CountedLine, Trade, sum_lines
from ledger.register import holder_entry
from ledger.register_entries import Setting
from ledger.release_entries import RELEASE_STATE_NUMBER, PartEntry, Released, ReleaseEntry, ReleaseState, YearEntry
from ledger.report_entries import (
    COUNTERSIGNED,
    INQUIRY_STATE_NUMBER,
    CountedEntry,
    FilingEntry,
    InquiryEntry,
    ReturnEntry,
    RidEntry,
)
from ledger.totals import Totals


class Writer:
    """Writes of one block into its overlay and sums."""

    __slots__ = ("_overlay", "_totals")

    def __init__(self, overlay: Overlay, totals: Totals) -> None:
        self._overlay = overlay
        self._totals = totals

    def open_certificate(self, number: str, entry: CertificateEntry) -> None:
        """A new certificate enters the register and the lists."""
        self._overlay.put_certificate(number, entry)
        self._list(number, entry, listed=True)

    def settle(
        self, number: str, state: CertificateState, record_id: bytes, height: int, measured: int, *, mailed: bool = False
    ) -> None:
        """The certificate's outcome: it moves from one list to another. `mailed`: the issuer states it, not the destination."""
        before = self._certificate(number)
        after = replace(
            before,
            state=state,
            records=(*before.records, record_id),
            heights=(*before.heights, height),
            measured=measured,
            mailed=mailed,
        )
        self._list(number, before, listed=False)
        self._overlay.put_certificate(number, after)
        self._list(number, after, listed=True)

    def close(self, number: str, state: CertificateState, record_id: bytes, height: int) -> None:
        """The certificate is none any more; what it took from others comes back unless the goods are gone."""
        before = self._certificate(number)
        after = replace(before, state=state, records=(*before.records, record_id), heights=(*before.heights, height))
        self._list(number, before, listed=False)
        self._list(number, after, listed=True)
        if state in GOODS_REMAIN:
            self._release(number, before)
            self.discount_trade("export", number, record_id)
            after = replace(after, sources=())
        self._overlay.put_certificate(number, after)

    def amend(self, number: str, after: CertificateEntry) -> None:
        """The certificate is as its issuer says anew: lists and claims follow; the sums are counted by `count_trade`."""
        before = self._certificate(number)
        self._list(number, before, listed=False)
        self._release(number, before)
        for source, points in after.sources:
            self.claim(source, number, points)
        self._overlay.put_certificate(number, after)
        self._list(number, after, listed=True)

    def _release(self, number: str, entry: CertificateEntry) -> None:
        """What a certificate took from others comes back to them."""
        for source, points in entry.sources:
            held = self._certificate(source)
            self._overlay.put_certificate(source, replace(held, claimed=held.claimed - points))
            self._overlay.delete(keys.claims(source) + number.encode())

    def claim(self, source: str, number: str, points: int) -> None:
        """The certificate `number` takes points from what arrived under `source`."""
        entry = self._certificate(source)
        self._overlay.put_certificate(source, replace(entry, claimed=entry.claimed + points))
        self._overlay.put(keys.claims(source) + number.encode(), points.to_bytes(keys.INDEX_BYTES, "big"))

    def keep_technical(self, number: str, record_id: bytes) -> None:
        """A technical certificate has this number."""
        self._overlay.put(keys.technical(number), record_id)

    def put_beside(self, number: str, index: int, record_id: bytes) -> None:
        """A record stands beside the certificate of this number."""
        self._overlay.put(keys.beside(number) + keys.position(index), record_id)

    def take_rid(self, rid: bytes, entry: RidEntry) -> None:
        """The rid is used now, by this record."""
        self._overlay.put(keys.rid(rid), entries.encode(entry))

    def count_trade(
        self, flow: str, number: str, author: str, date: str, partner: str, lines: Iterable[CountedLine], record_id: bytes
    ) -> None:
        """A certificate's lines count as trade, in the running sums and in those of the quarter; see `ledger.quarterly.Trade`.

        What of the certificate counts in this flow is kept, so that it can be taken back: as it must be before it counts anew.
        """
        sums = sum_lines(lines)
        self._totals.add(author, flow, points_by_hs(sums))
        self._overlay.trade.count(Trade(author, flow, date, partner, sums, record_id))
        self._overlay.put(_counted(flow, number), entries.encode(CountedEntry(author, date, partner, sums)))

    def discount_trade(self, flow: str, number: str, record_id: bytes) -> None:
        """What counts of a certificate in this flow, if anything does, counts no longer; `record_id` is what says so."""
        counted = self._overlay.counted(flow, number)
        if counted is not None:
            self._totals.subtract(counted.author, flow, points_by_hs(counted.sums))
            self._overlay.trade.discount(Trade(counted.author, flow, counted.date, counted.partner, counted.sums, record_id))
            self._overlay.delete(_counted(flow, number))

    def set_node(self, node: Node) -> None:
        """A participant has this node from now on; its keys serve nothing else, a replaced consensus key nothing any more."""
        before = self._overlay.network
        held = before.node(node.participant)
        former = {} if held is None else dict(held.purposes())
        for purpose, key in node.purposes():
            if key != former.get(purpose):
                self._use(key, KeyEntry(node.participant, purpose, retired=False))
        if held is not None and held.consensus != node.consensus:
            self._use(held.consensus, KeyEntry(node.participant, "consensus", retired=True))
        self._overlay.put(keys.registered_node(node.participant), entries.encode(node_entry(node)))
        self._become(before.with_node(node))

    def set_ready(self, participant: str) -> None:
        """A member of the pending list is ready for it."""
        after = self._overlay.network.with_ready(participant)
        if after.scheduled:
            self._overlay.put(keys.validators(after.scheduled), entries.encode(after.candidates))
        self._become(after)

    def begin_epoch(self, validators: Validators, first_height: int, first_size: int) -> None:
        """A scheduled list is in force from this height on."""
        before = self._overlay.network
        after = before.with_epoch(validators, first_height, first_size)
        self._put_epoch(replace_epoch(before.epoch, last_height=first_height - 1))
        self._put_epoch(after.epoch)
        self._become(after)

    def keep_evidence(self, epoch: int, key: bytes, entry: EvidenceEntry) -> None:
        """A validator is proven to have contradicted itself."""
        self._overlay.put(keys.evidence(epoch, key), entries.encode(entry))

    # --- the register -------------------------------------------------------------------------------------------------

    def set_holder(self, holder: Holder) -> None:
        """A participant, or the secretariat, is so from now on."""
        self._overlay.put(keys.holder(holder.code), entries.encode(holder_entry(holder)))
        self._overlay.rolls = self._overlay.rolls.with_register(self._overlay.register.with_holder(holder))

    def use_key(self, key: bytes, holder: str, purpose: str) -> None:
        """A key serves this purpose from now on, and never another."""
        self._use(key, KeyEntry(holder, purpose, retired=False))

    def set_setting(self, name: str, setting: Setting) -> None:
        """A parameter has a value, or an office a holder, from a day on."""
        after = self._overlay.register.with_setting(name, setting)
        self._overlay.put(keys.setting(name), entries.encode(after.settings[name]))
        self._overlay.rolls = self._overlay.rolls.with_register(after)

    # --- the Plenary --------------------------------------------------------------------------------------------------

    def put_proposal(self, proposal: bytes, entry: ProposalEntry) -> None:
        """A proposal is opened, has another position, or is decided."""
        self._overlay.put(keys.proposal(proposal), entries.encode(entry))
        self._overlay.rolls = self._overlay.rolls.with_plenary(self._overlay.rolls.plenary.with_proposal(proposal, entry))

    def keep_declaration(self, digest: bytes, proposal: bytes) -> None:
        """A declaration is endorsed."""
        self._overlay.put(keys.declaration(digest), proposal)

    def keep_mission(self, subject: str, record_id: bytes) -> None:
        """There is another mission report on this subject."""
        key = keys.missions(subject)
        self._overlay.put(key, (self._overlay.get(key) or b"") + record_id)

    def accept_form(self, author: str, partner: str, form: str, since: str) -> None:
        """A participant accepts this form of certificates with another from a day on."""
        kept = tuple(held for held in self._overlay.bilateral(author, partner) if held.since < since)
        self._overlay.put(keys.bilateral(author, partner), entries.encode((*kept, Setting(since, holder=form))))

    # --- figures and sealed parts -------------------------------------------------------------------------------------

    def file(self, sort: str, participant: str, period: str, revision: int, record_id: bytes) -> None:
        """Figures of a sort for a period are filed; the revisions before stay on the list."""
        self._overlay.put(keys.filing(sort, participant, period), entries.encode(FilingEntry(revision, record_id)))
        place = revision.to_bytes(keys.REVISION_BYTES, "big")
        self._overlay.put(keys.revisions(sort, participant, period) + place, record_id)

    def put_return(self, record_id: bytes, entry: ReturnEntry) -> None:
        """A return is filed."""
        self._overlay.put(keys.filed_return(record_id), entries.encode(entry))

    def countersign(self, record_id: bytes, entry: ReturnEntry) -> None:
        """A return is countersigned: it stands on the list of those that are."""
        self.put_return(record_id, entry)
        place = entry.revision.to_bytes(keys.REVISION_BYTES, "big")
        self._overlay.put(keys.revisions(COUNTERSIGNED[entry.flow], entry.author, entry.quarter) + place, record_id)

    def put_inquiry(self, record_id: bytes, entry: InquiryEntry) -> None:
        """An inquiry is opened, answered or closed: it moves from one list to another."""
        before, place = self._overlay.inquiry(record_id), keys.position(entry.index)
        for participant in ("", entry.participant):
            if before is not None:
                self._overlay.delete(keys.inquiries(INQUIRY_STATE_NUMBER[before.state], participant) + place)
            self._overlay.put(keys.inquiries(INQUIRY_STATE_NUMBER[entry.state], participant) + place, record_id)
        self._overlay.put(keys.inquiry(record_id), entries.encode(entry))

    def share(self, rid: bytes, reader: str, epoch: int, record_id: bytes) -> None:
        """A reader has the key to an envelope from now on, wrapped for its key epoch."""
        held = self._overlay.shares(rid, reader)
        self._overlay.put(keys.shares(rid, reader), entries.encode((*held, (epoch, record_id))))

    def state_fault(self, rid: bytes, reader: str, record_id: bytes) -> None:
        """A reader says that an envelope is garbage."""
        self._overlay.put(keys.fault(rid, reader), record_id)

    # --- releases of statistics ---------------------------------------------------------------------------------------

    def put_part(self, record_id: bytes, entry: PartEntry) -> None:
        """A part of an attachment is there."""
        self._overlay.put(keys.part(record_id), entries.encode(entry))

    def put_release(self, record_id: bytes, entry: ReleaseEntry) -> None:
        """A release is published, has another verdict, or is decided: it moves from one list to another, its year follows."""
        before, place = self._overlay.release(record_id), keys.position(entry.index)
        if before is not None:
            self._overlay.delete(keys.releases(RELEASE_STATE_NUMBER[before.state]) + place)
        self._overlay.put(keys.releases(RELEASE_STATE_NUMBER[entry.state]) + place, record_id)
        self._overlay.put(keys.release(record_id), entries.encode(entry))
        undecided = entry.state == ReleaseState.UNDECIDED
        waiting = {other for other in self._overlay.undecided() if other != record_id} | ({record_id} if undecided else set())
        self._overlay.put(keys.UNDECIDED, b"".join(sorted(waiting)))
        released = self._overlay.release_year(entry.year).released
        if entry.state == ReleaseState.RELEASED:
            released = (*released, Released(entry.period, entry.revision, entry.height, record_id))
        year = YearEntry(released, record_id if undecided else b"")
        self._overlay.put(keys.release_year(entry.year), entries.encode(year))

    # --- inside -------------------------------------------------------------------------------------------------------

    def _become(self, after: Network) -> None:
        """The network changes; nodes and epochs were written."""
        if after.entry() != self._overlay.network.entry():
            self._overlay.put(keys.NETWORK, entries.encode(after.entry()))
        self._overlay.rolls = self._overlay.rolls.with_network(after)

    def _use(self, key: bytes, entry: KeyEntry) -> None:
        self._overlay.put(keys.key_use(key), entries.encode(entry))

    def _put_epoch(self, epoch: Epoch) -> None:
        self._overlay.put(keys.epoch(epoch.number), entries.encode(epoch.entry()))

    def _certificate(self, number: str) -> CertificateEntry:
        entry = self._overlay.certificate(number)
        assert entry is not None, "the checks have found it"
        return entry

    def _list(self, number: str, entry: CertificateEntry, *, listed: bool) -> None:
        """Puts the certificate on the lists of its state, or takes it off, and counts it."""
        position = keys.position(entry.index)
        state = STATE_NUMBER[entry.state]
        self._totals.count(state, 1 if listed else -1)
        if entry.state == CertificateState.OPEN:
            self._totals.open.add(entry.destination, entry.issued, sum(entry.points), 1 if listed else -1)
        for issuer in ("", issuer_of(number)):
            for destination in ("", entry.destination):
                key = keys.listing(issuer, destination, state) + position
                if listed:
                    self._overlay.put(key, number.encode())
                else:
                    self._overlay.delete(key)


def _counted(flow: str, number: str) -> bytes:
    return keys.counted(keys.FLOW_LETTERS[flow], number)
