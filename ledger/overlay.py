"""The state as rules read it: the store, and before it what the block under way has written.

Rules:
1. `Reader` is all that a rule may ask: typed look-ups in state, nothing else.
2. A block's writes stay in memory until the whole block is judged; then they go into one batch. The rolls stand beside them
   in decoded form; whoever changes them writes their entries, too (`ledger.rules.effects`).
3. State digest: `d_h = SHA-256(d_{h-1} || canonical [[key, value or nil], ...])` over every key under `s/` that block h
   wrote, ascending (4-consensus.md, `mark`).
"""

import hashlib
from collections.abc import Callable, Sequence

import msgspec

from ledger import entries, keys
from ledger.entries import CertificateEntry, KeyEntry
from ledger.merkle import HASH_BYTES
from ledger.network import Epoch, Network, read_epoch
from ledger.plenary import ProposalEntry, decode_proposal
from ledger.quarterly import Quarterly
from ledger.register import Register
from ledger.register_entries import Setting, decode_settings
from ledger.release_entries import PartEntry, ReleaseEntry, YearEntry, decode_part, decode_release, decode_year
from ledger.report_entries import (
    CountedEntry,
    FilingEntry,
    InquiryEntry,
    ReturnEntry,
    RidEntry,
    Shares,
    decode_counted,
    decode_filing,
    decode_inquiry,
    decode_return,
    decode_rid,
    decode_shares,
)
from ledger.rolls import Rolls

Get = Callable[[bytes], bytes | None]
Write = tuple[bytes, bytes | None]

_encode = msgspec.msgpack.Encoder().encode
_ABSENT = b"\0absent"
"""Stands for "not written by this block"; compared by identity."""


class Reader:
    """Typed look-ups in state; `rolls` are those parts of it that are decoded already, `trade` the sums of quarters."""

    __slots__ = ("get", "rolls", "trade")

    def __init__(self, get: Get, rolls: Rolls) -> None:
        self.get: Get = get
        self.rolls = rolls
        self.trade = Quarterly(get)

    @property
    def network(self) -> Network:
        """Nodes and epochs."""
        return self.rolls.network

    @property
    def register(self) -> Register:
        """Participants, their keys, parameters."""
        return self.rolls.register

    def proposal(self, proposal: bytes) -> ProposalEntry | None:
        """The proposal of this id, decided or open; None where there is none."""
        data = self.get(keys.proposal(proposal))
        return None if data is None else decode_proposal(data)

    def bilateral(self, author: str, partner: str) -> tuple[Setting, ...]:
        """Which form of certificates a participant accepts with another, from which day on."""
        data = self.get(keys.bilateral(author, partner))
        return () if data is None else decode_settings(data)

    def technical(self, number: str) -> bytes | None:
        """The id of the technical certificate of this number, None where there is none."""
        return self.get(keys.technical(number))

    def holds(self, key: bytes) -> bool:
        """Whether something stands under a key."""
        return self.get(key) is not None

    def certificate(self, number: str) -> CertificateEntry | None:
        """The certificate of this number, None where there is none."""
        data = self.get(keys.certificate(number))
        return None if data is None else entries.decode_certificate(data)

    def rid_used(self, rid: bytes) -> bool:
        """Whether a record in the log has this rid."""
        return self.get(keys.rid(rid)) is not None

    def sealed_part(self, rid: bytes) -> RidEntry | None:
        """The record in the log with this rid, and its first readers; None where there is none."""
        data = self.get(keys.rid(rid))
        return None if data is None else decode_rid(data)

    def shares(self, rid: bytes, reader: str) -> Shares:
        """The keys to an envelope that a reader was given later."""
        data = self.get(keys.shares(rid, reader))
        return () if data is None else decode_shares(data)

    def counted(self, flow: str, number: str) -> CountedEntry | None:
        """What of a certificate counts as its issuer's export, or its destination's import; None when nothing does."""
        data = self.get(keys.counted(keys.FLOW_LETTERS[flow], number))
        return None if data is None else decode_counted(data)

    def filing(self, sort: str, participant: str, period: str) -> FilingEntry | None:
        """The newest figures of a sort for a period; None where there are none."""
        data = self.get(keys.filing(sort, participant, period))
        return None if data is None else decode_filing(data)

    def filed_return(self, record_id: bytes) -> ReturnEntry | None:
        """The quarterly return of this id; None where there is none."""
        data = self.get(keys.filed_return(record_id))
        return None if data is None else decode_return(data)

    def inquiry(self, record_id: bytes) -> InquiryEntry | None:
        """The inquiry of this id; None where there is none."""
        data = self.get(keys.inquiry(record_id))
        return None if data is None else decode_inquiry(data)

    def part(self, record_id: bytes) -> PartEntry | None:
        """The part of an attachment of this id; None where there is none."""
        data = self.get(keys.part(record_id))
        return None if data is None else decode_part(data)

    def release(self, record_id: bytes) -> ReleaseEntry | None:
        """The release of statistics of this id; None where there is none."""
        data = self.get(keys.release(record_id))
        return None if data is None else decode_release(data)

    def release_year(self, year: str) -> YearEntry:
        """The releases of a year's periods."""
        data = self.get(keys.release_year(year))
        return YearEntry() if data is None else decode_year(data)

    def undecided(self) -> tuple[bytes, ...]:
        """Ids of the releases that are being judged, ascending: one a year at most."""
        data = self.get(keys.UNDECIDED) or b""
        return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))

    def key_use(self, key: bytes) -> KeyEntry | None:
        """The purpose of a key or certificate that a record has registered or retired, None for others."""
        data = self.get(keys.key_use(key))
        return None if data is None else entries.decode_key(data)

    def epoch(self, number: int) -> Epoch | None:
        """The epoch of this number, None when it has not begun."""
        return self.network.epoch if number == self.network.epoch.number else read_epoch(self.get, number)

    def evidence_known(self, epoch: int, key: bytes) -> bool:
        """Whether evidence against the validator with this consensus key in this epoch is in the log."""
        return self.get(keys.evidence(epoch, key)) is not None


class Overlay(Reader):
    """A read-through write buffer over the store, for one block."""

    __slots__ = ("_certificates", "_writes")

    def __init__(self, below: Get, rolls: Rolls) -> None:
        writes: dict[bytes, bytes | None] = {}

        def read(key: bytes) -> bytes | None:
            """The value that the block has written, else the store's; a method would make a cycle of each block."""
            value = writes.get(key, _ABSENT)
            return below(key) if value is _ABSENT else value

        super().__init__(read, rolls)
        self._writes = writes
        self._certificates: dict[str, CertificateEntry | None] = {}

    def put(self, key: bytes, value: bytes) -> None:
        """Write a value."""
        self._writes[key] = value

    def delete(self, key: bytes) -> None:
        """Remove a key."""
        self._writes[key] = None

    def certificate(self, number: str) -> CertificateEntry | None:
        """The certificate of this number as the block has it so far: rules, effects and findings ask for it in turn."""
        if number not in self._certificates:
            self._certificates[number] = super().certificate(number)
        return self._certificates[number]

    def put_certificate(self, number: str, entry: CertificateEntry) -> None:
        """Write a certificate's entry."""
        self._certificates[number] = entry
        self._writes[keys.certificate(number)] = entries.encode(entry)

    def written(self, key: bytes) -> bytes | None:
        """The value that the block has written, whatever the store has."""
        return self._writes.get(key)

    def writes(self) -> list[Write]:
        """Everything written, ascending by key; None deletes."""
        return sorted(self._writes.items())


def state_digest(previous: bytes, writes: Sequence[Write]) -> bytes:
    """The state digest after a block that wrote this (ascending by key), from that of the block before."""
    return hashlib.sha256(previous + _encode([write for write in writes if write[0].startswith(keys.STATE)])).digest()
