"""What the store holds as values, each one canonical MessagePack array (short: field names cost bytes in every entry).

Decoding is strict: an entry that does not fit is damage, since only this program wrote it, and raises StoreError.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Protocol, TypeVar, get_args

import msgspec
from msgspec import Struct

from ledger.bodies import Hs
from ledger.errors import Code, Refusal, StoreError
from ledger.units import Points

HS_CODES: Final[tuple[str, ...]] = get_args(Hs)
"""The order in which points by HS code stand in entries."""

PREFIX_CHARACTERS: Final = 2
"""A certificate's number is its issuer's code of two letters, then digits."""

_HS_PLACE: Final = {hs: place for place, hs in enumerate(HS_CODES)}


def issuer_of(number: str) -> str:
    """The issuer's code in a certificate number."""
    return number[:PREFIX_CHARACTERS]


class WeighedLine(Protocol):
    """A line of any record as its weight counts."""

    @property
    def hs(self) -> str:
        """HS code."""

    @property
    def points(self) -> Points:
        """Weight."""


def points_by_hs(lines: Iterable[WeighedLine]) -> tuple[int, ...]:
    """Sums of a record's lines, in the order of `HS_CODES`."""
    sums = [0] * len(HS_CODES)
    for line in lines:
        sums[_HS_PLACE[line.hs]] += line.points
    return tuple(sums)


class CertificateState(StrEnum):
    """What became of a certificate; all but `open` are final."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISCREPANCY = "discrepancy"
    REFUSED = "refused"
    VOID = "void"
    LOST = "lost"
    STOLEN = "stolen"
    RETURNED = "returned"
    REPLACED = "replaced"


STATES: Final = tuple(CertificateState)
"""In the order that numbers them in keys; new ones go to the end."""

STATE_NUMBER: Final = {state: number for number, state in enumerate(STATES)}

SOURCE_STATES: Final = (CertificateState.CONFIRMED, CertificateState.DISCREPANCY)
"""Carats arrived, and may be taken on by whoever confirmed them."""


GOODS_REMAIN: Final = (CertificateState.VOID, CertificateState.RETURNED, CertificateState.REPLACED)
"""The goods are with the issuer still, or stand on another certificate: no export, and no claim on sources."""


class Head(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where the ledger stands after a block.

    Attributes:
        height: blocks executed; 0 is the genesis.
        time: the block's time, ms.
        digest: the block's digest, 32 bytes; at height 0 the ledger id.
        tree_size: leaves of the log.
        root: the log's root hash.
        state: the state digest d_h of 4-consensus.md; d_0 is the ledger id.
    """

    height: int
    time: int
    digest: bytes
    tree_size: int
    root: bytes
    state: bytes


class JudgementEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """What a block made of a record: accepted at `index`, or refused with code, field and details."""

    height: int
    index: int | None
    code: Code | None = None
    field: str = ""
    details: dict[str, str | int | None] = {}

    @classmethod
    def of(cls, height: int, refusal: Refusal) -> "JudgementEntry":
        """The entry of a refused record."""
        return cls(height, None, refusal.code, refusal.field, dict(sorted(refusal.details.items())))

    def refusal(self) -> Refusal | None:
        """The refusal, None when the record was accepted."""
        return None if self.code is None else Refusal(self.code, self.field, **self.details)


class CertificateEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A certificate as the rules and lists need it; its records have the rest.

    Attributes:
        state: see `CertificateState`.
        kind: `export` or `re-export`.
        destination: participant code; the issuer is the number's prefix.
        issued, expires: dates.
        parcels: parcels as issued.
        points: points as issued by HS code, in the order of `HS_CODES`.
        receipt_hash: what a receipt code must hash to.
        index: leaf of the issue, which orders lists.
        records: ids of all its records, the issue first; the last is what an outcome must answer.
        heights: the blocks of these records.
        late: it reached the ledger more than 7 days after `issued`.
        measured: points the destination measured; 0 without an outcome that counts.
        claimed: points that later certificates took from it.
        sources: number and points of each certificate that it took from.
        mailed: its outcome came by `paper.confirm`, so the issuer has stated it, not the destination.
    """

    state: CertificateState
    kind: str
    destination: str
    issued: str
    expires: str
    parcels: int
    points: tuple[int, ...]
    receipt_hash: bytes
    index: int
    records: tuple[bytes, ...]
    heights: tuple[int, ...]
    late: bool
    measured: int = 0
    claimed: int = 0
    sources: tuple[tuple[str, int], ...] = ()
    mailed: bool = False

    @property
    def head(self) -> bytes:
        """Id of the newest record."""
        return self.records[-1]


Validators = tuple[tuple[str, bytes], ...]
"""Participant and consensus key of each validator, in voting order."""


class NodeEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A participant's node as its newest `node.set` has it; see `ledger.participants.Node`."""

    address: str
    consensus: bytes
    log: bytes
    cosign: bytes
    tls: bytes
    validator: bool


class KeyEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """The purpose of a key or certificate; `retired`: a consensus key that was replaced, which never comes back."""

    holder: str
    purpose: str
    retired: bool


class NetworkEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Where the changes of validators stand.

    Attributes:
        epoch: the one in force.
        pending: hash of the list that the nodes give, empty when that is the one in force.
        ready: participants of it that are ready, ascending.
        scheduled: the same hash once a quorum of them is, else empty.
    """

    epoch: int
    pending: bytes
    ready: tuple[str, ...]
    scheduled: bytes


class EpochEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """An epoch; see `ledger.network.Epoch`."""

    validators: Validators
    first_height: int
    first_size: int
    last_height: int | None


class EvidenceEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A proven equivocation: whose validator it was, the record in the log that proves it, that one's block."""

    participant: str
    record: bytes
    height: int


class QuotaEntry(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """How many records of an author were counted on a day (days since 1970, UTC); see `ledger.quota`."""

    day: int
    records: int


_encoder = msgspec.msgpack.Encoder()
encode = _encoder.encode
"""Any entry's bytes."""

E = TypeVar("E")

_head = msgspec.msgpack.Decoder(Head)
_judgement = msgspec.msgpack.Decoder(JudgementEntry)
_certificate = msgspec.msgpack.Decoder(CertificateEntry)
_node = msgspec.msgpack.Decoder(NodeEntry)
_key = msgspec.msgpack.Decoder(KeyEntry)
_network = msgspec.msgpack.Decoder(NetworkEntry)
_validators = msgspec.msgpack.Decoder(Validators)
_epoch = msgspec.msgpack.Decoder(EpochEntry)
_evidence = msgspec.msgpack.Decoder(EvidenceEntry)
_quota = msgspec.msgpack.Decoder(QuotaEntry)


def decode_with(decoder: "msgspec.msgpack.Decoder[E]", data: bytes) -> E:
    """An entry by its decoder; raises StoreError for anything else."""
    try:
        return decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise StoreError(f"an entry of the store is damaged: {error}") from error


def decode_head(data: bytes) -> Head:
    """Raises StoreError for anything else."""
    return decode_with(_head, data)


def decode_judgement(data: bytes) -> JudgementEntry:
    """Raises StoreError for anything else."""
    return decode_with(_judgement, data)


def decode_certificate(data: bytes) -> CertificateEntry:
    """Raises StoreError for anything else."""
    return decode_with(_certificate, data)


def decode_node(data: bytes) -> NodeEntry:
    """Raises StoreError for anything else."""
    return decode_with(_node, data)


def decode_key(data: bytes) -> KeyEntry:
    """Raises StoreError for anything else."""
    return decode_with(_key, data)


def decode_network(data: bytes) -> NetworkEntry:
    """Raises StoreError for anything else."""
    return decode_with(_network, data)


def decode_validators(data: bytes) -> Validators:
    """Raises StoreError for anything else."""
    return decode_with(_validators, data)


def decode_epoch(data: bytes) -> EpochEntry:
    """Raises StoreError for anything else."""
    return decode_with(_epoch, data)


def decode_evidence(data: bytes) -> EvidenceEntry:
    """Raises StoreError for anything else."""
    return decode_with(_evidence, data)


def decode_quota(data: bytes) -> QuotaEntry:
    """Raises StoreError for anything else."""
    return decode_with(_quota, data)
