"""What a node answers, as typed objects. The same members as the OpenAPI document's models, which a test holds against them.

Weights are decimal text in carats, ids and other bytes lower-case hex, dates `YYYY-MM-DD`, instants milliseconds since 1970
UTC. Members that are not known here, a newer node's, are passed over.
"""

from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

Item = TypeVar("Item")

Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""32 bytes, an id or a key: what goes into a record that somebody signs is checked for its form here."""


class Page(Struct, Generic[Item], frozen=True):
    """One page of a list. `next` asks for the following one, None on the last."""

    read_at_height: int
    items: list[Item]
    next: str | None


# --- the ledger and who takes part ------------------------------------------------------------------------------------------


class Validator(Struct, frozen=True):
    """A node that votes, with the keys by which its signatures are checked."""

    participant: str
    log_vkey: str
    witness_vkey: str


class Network(Struct, frozen=True):
    """Which ledger this is, and where it stands."""

    read_at_height: int
    network: str
    origin: str
    ledger_id: str
    protocol: int
    height: int
    time: int
    tree_size: int
    root: str
    state: str
    epoch: int
    quorum: int
    validators: list[Validator]
    chair: str
    participant: str


class Suspension(Struct, frozen=True):
    """From when, until when (empty: still), and of which zone (empty: all)."""

    since: str
    until: str
    zone: str


class Participant(Struct, frozen=True):
    """A participant as the register has it today."""

    code: str
    name: str
    countries: list[str]
    counted: bool
    since: str
    until: str
    issues_from: str
    confirms_from: str
    validity_days: int
    suspensions: list[Suspension]
    compliant_zones: list[str]
    authorities: list[str]
    node: bool
    validator: bool


# --- certificates -----------------------------------------------------------------------------------------------------------


class CertificateRow(Struct, frozen=True):
    """A certificate as lists show it: `measured` is None as long as no outcome counts, `claimed` what others took from it."""

    number: str
    issuer: str
    destination: str
    state: str
    type: str
    issued: str
    expires: str
    parcels: int
    carats: str
    measured: str | None
    claimed: str
    late: bool
    index: int


class OpenConfirmation(Struct, frozen=True):
    """A certificate that no destination has given an outcome."""

    number: str
    issuer: str
    destination: str
    type: str
    issued: str
    expires: str
    parcels: int
    carats: str
    age_days: int
    expired: bool
    index: int


class Line(Struct, frozen=True):
    """A line of a certificate; `origin` empty: mixed, not stated."""

    hs: str
    origin: list[str]
    carats: str
    commitment: str
    zone: str | None


class Source(Struct, frozen=True):
    """Carats taken from an earlier import."""

    number: str
    carats: str


class Issue(Struct, frozen=True):
    """What the issuer signed."""

    number: str
    type: str
    issued: str
    validated: str
    expires: str
    destination: str
    parcels: int
    carats: str
    lines: list[Line]
    sources: list[Source]
    rid: str
    sealed: str
    receipt_hash: Hash
    verdict_hash: Hash


class MeasuredLine(Struct, frozen=True):
    """A line as the destination measured it."""

    hs: str
    carats: str
    commitment: str


class Outcome(Struct, frozen=True):
    """What the destination measured and signed."""

    number: str
    answers: str
    outcome: str
    received: str
    parcels: int
    carats: str
    lines: list[MeasuredLine]
    inspection: str
    seals: str
    receipt_code: str | None
    rid: str
    sealed: str


class PaperImport(Struct, frozen=True):
    """What an importer signed of a paper certificate."""

    number: str
    reason: str
    issued: str
    received: str
    parcels: int
    carats: str
    lines: list[Line]
    rid: str
    sealed: str


class Reference(Struct, frozen=True):
    """A record of a certificate, and its block."""

    id: Hash
    height: int


class Claim(Struct, frozen=True):
    """A later certificate that took carats from this one."""

    number: str
    carats: str


class Finding(Struct, frozen=True):
    """Something in the records that does not add up."""

    name: str
    rule: str
    about: str
    version: int
    severity: str
    status: str
    participants: list[str]
    certificates: list[str]
    records: list[str]
    figures: dict[str, int | str]
    first_seen: int
    height: int
    serial: int


class Certificate(Struct, frozen=True):
    """All about a certificate; the last of `records` is what an outcome must answer.

    `paper` is an import on paper, which has no `issue`.
    """

    read_at_height: int
    certificate: CertificateRow
    issue: Issue | None
    paper: PaperImport | None
    outcome: Outcome | None
    records: Annotated[list[Reference], Meta(min_length=1)]
    claims: list[Claim]
    beside: list[str]
    findings: list[Finding]
    more_findings: bool

    @property
    def newest(self) -> bytes:
        """Id of the record that an outcome or an amendment answers, 32 bytes."""
        return bytes.fromhex(self.records[-1].id)


# --- records ----------------------------------------------------------------------------------------------------------------


class Logged(Struct, frozen=True):
    """An accepted record at its place, as streams and exports have it; `kind` says which members `body` has."""

    index: int
    height: int
    id: str
    kind: str
    author: str
    at: int
    key: str
    body: dict[str, Any]
    record: str


class Record(Logged, frozen=True, kw_only=True):
    """The same as it is asked for by its id; `envelope`: whether the node holds its sealed part."""

    read_at_height: int
    envelope: bool


class Share(Struct, frozen=True):
    """A later reader of a sealed part: `id` is that of the `sealed.share`."""

    reader: str
    epoch: int
    id: Hash


class Shares(Struct, frozen=True):
    """The later readers of a sealed part."""

    read_at_height: int
    items: list[Share]


# --- keys -------------------------------------------------------------------------------------------------------------------


class RoleKey(Struct, frozen=True):
    """A signing key; `until` empty: none is set."""

    key: Hash
    authority: str
    roles: list[str]
    since: str
    until: str


class SealKey(Struct, frozen=True):
    """A sealing key of one epoch."""

    epoch: int
    key: Hash
    since: str
    until: str


class HolderKeys(Struct, frozen=True):
    """All keys of a participant or the secretariat, former ones too."""

    read_at_height: int
    holder: str
    root: Hash
    keys: list[RoleKey]
    seals: list[SealKey]


# --- what follows -----------------------------------------------------------------------------------------------------------


class Inquiry(Struct, frozen=True):
    """A question of the secretariat; `finding` is None where anybody may read it."""

    id: str
    participant: str
    state: str
    finding: str | None
    opened: str
    due: str
    overdue: bool
    answers: list[str]
    closed: str | None
    index: int


class Balance(Struct, frozen=True):
    """Received less sent, in carats."""

    opening: str
    production: str
    imports: str
    exports: str
    stock: str
    uncovered: str
    uncovered_percent: str
    import_certificates: int
    export_certificates: int


class HsBalance(Balance, frozen=True, kw_only=True):
    """The same of one HS code."""

    hs: str


class Stock(Struct, frozen=True):
    """What a participant has received less what it has sent."""

    read_at_height: int
    participant: str
    total: Balance
    by_hs: list[HsBalance]


class Cell(Struct, frozen=True):
    """A quarter's trade with one partner in one HS code; `commitment` sums the lines' value commitments."""

    partner: str
    hs: str
    carats: str
    certificates: int
    commitment: Hash


class Quarter(Struct, frozen=True):
    """What the ledger sums up for a return; `last` is None while no record has counted."""

    read_at_height: int
    participant: str
    flow: str
    quarter: str
    certificates: int
    last: Hash | None
    cells: list[Cell]
    p_percent: int
    returns: list[Hash]


class OneParticipant(Struct, frozen=True):
    """The answer that holds one participant."""

    read_at_height: int
    participant: Participant


class Shown(Struct, frozen=True):
    """What the code printed on a certificate gives anybody."""

    read_at_height: int
    number: str
    type: str
    issuer: str
    destination: str
    issued: str
    expires: str
    parcels: int
    carats: str
    state: str
    expired: bool
    record: str
