"""What the ledger's look-ups answer; weights in points. What lists hold hundreds of is a struct, which is made sooner."""

from dataclasses import dataclass

from msgspec import Struct

from ledger.bodies import ConfirmBody, PaperImportBody, StatedBody
from ledger.entries import CertificateState, Head
from ledger.errors import Refusal
from ledger.findings.views import FindingPage
from ledger.log import Log
from ledger.plenary import ProposalEntry
from ledger.rolls import Rolls
from ledger.totals import Total
from ledger.units import Points


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


class CertificateRow(Struct, frozen=True, gc=False):
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


class Claim(Struct, frozen=True, gc=False):
    """A later certificate that took points from an earlier one."""

    number: str
    points: Points


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list at one head, and the `cursor` that asks for what follows; None at the end."""

    head: Head
    rows: tuple[CertificateRow, ...]
    cursor: int | None


class CertificateView(Struct, frozen=True, gc=False):
    """All about one certificate at one head.

    Attributes:
        head: where the ledger stood.
        row: what lists show.
        issue: what the issuer says, as amended; None for an import on paper.
        paper: that import, None for others.
        outcome: what the destination says, as corrected, None while it is open.
        records: ids of all its records, the issue first; the last is what an outcome must answer.
        heights: their blocks, in the same order.
        claims: who took carats from it, by number; at most the first `ledger.limits.MAX_PAGE`.
        beside: ids of technical certificates and transit notices that name it, as many at most.
        findings: that name it, the newest first; at most `ledger.limits.MAX_SHOWN_FINDINGS`, and whether there are more.
    """

    head: Head
    row: CertificateRow
    issue: StatedBody | None
    paper: PaperImportBody | None
    outcome: ConfirmBody | None
    records: tuple[bytes, ...]
    heights: tuple[int, ...]
    claims: tuple[Claim, ...]
    beside: tuple[bytes, ...]
    findings: FindingPage


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """Proposals by the id of their record, at one head, and whether more follow."""

    head: Head
    rows: tuple[tuple[bytes, ProposalEntry], ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """A validator that contradicted itself, proven in the log.

    Attributes:
        participant: whose validator it was.
        epoch: in which epoch.
        key: its consensus key, 32 bytes.
        record: id of the `evidence.equivocation`.
        height: the block that accepted it.
    """

    participant: str
    epoch: int
    key: bytes
    record: bytes
    height: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the ledger adds up to at one head: running sums, and how many certificates are open."""

    head: Head
    totals: tuple[Total, ...]
    open: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Head, log and rolls as one value, so that a reader in another thread never sees one without the others."""

    head: Head
    log: Log
    rolls: Rolls
