"""What a dossier is made of: answers of the interface, as far as it shows them. Members that it does not know are passed over.

A node fills them in from its own answers (`making`), a program from those that a node gives it. Weights are decimal carats,
ids lower-case hex, dates `YYYY-MM-DD`, instants milliseconds since 1970 UTC.
"""

from msgspec import Struct


class Row(Struct, frozen=True):
    """A certificate in short; `measured` None as long as no outcome counts."""

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


class Line(Struct, frozen=True):
    """A line as issued or as measured; a measured one names no origin."""

    hs: str
    carats: str
    origin: list[str] = []
    zone: str | None = None


class Source(Struct, frozen=True):
    """Carats taken from a certificate, or by one."""

    number: str
    carats: str


class Stated(Struct, frozen=True):
    """What the issuer signed; of an import on paper, what the importer signed of it."""

    lines: list[Line]
    validated: str = ""
    received: str = ""
    sources: list[Source] = []


class Outcome(Struct, frozen=True):
    """What the destination measured and signed."""

    outcome: str
    received: str
    parcels: int
    carats: str
    inspection: str
    seals: str
    receipt_code: str | None
    lines: list[Line]


class Finding(Struct, frozen=True):
    """What does not add up."""

    name: str
    rule: str
    severity: str
    status: str
    participants: list[str]
    figures: dict[str, int | str]
    first_seen: int


class Reference(Struct, frozen=True):
    """A record of the certificate."""

    id: str
    height: int


class Certificate(Struct, frozen=True):
    """All about it at one height."""

    read_at_height: int
    certificate: Row
    issue: Stated | None
    paper: Stated | None
    outcome: Outcome | None
    records: list[Reference]
    claims: list[Source]
    beside: list[str]
    findings: list[Finding]
    more_findings: bool


class Link(Struct, frozen=True):
    """A certificate of a chain; `beyond`: carats that were not followed from there."""

    number: str
    issuer: str
    destination: str
    state: str
    issued: str
    carats: str
    measured: str | None
    claimed: str
    beyond: str
    level: int


class Taking(Struct, frozen=True):
    """Carats that `number` took from `source`."""

    source: str
    number: str
    carats: str


class Chain(Struct, frozen=True):
    """One direction, the certificate itself first."""

    certificates: list[Link]
    takings: list[Taking]
    cut: bool


class Share(Struct, frozen=True):
    """What is borne out of one origin."""

    country: str
    zone: str
    lowest: str
    highest: str
    pro_rata: str
    stated: str


class Mixed(Struct, frozen=True):
    """What is only known to be of one of these countries; none: of no origin that is named."""

    countries: list[str]
    pro_rata: str


class Composition(Struct, frozen=True):
    """The origins of the certificate's carats."""

    origins: list[Share]
    mixed: list[Mixed]
    exact: bool


class Custody(Struct, frozen=True):
    """Chains up and down, and the origins that follow."""

    read_at_height: int
    up: Chain | None
    down: Chain | None
    composition: Composition | None


class Inquiry(Struct, frozen=True):
    """A question of the secretariat about one of the findings."""

    id: str
    participant: str
    state: str
    finding: str | None
    opened: str
    due: str
    overdue: bool
    answers: list[str]
    closed: str | None


class Record(Struct, frozen=True):
    """Who signed a record of the certificate, and when."""

    id: str
    index: int
    height: int
    kind: str
    author: str
    at: int
    key: str


class Network(Struct, frozen=True):
    """Which ledger, and where it stood."""

    origin: str
    ledger_id: str
    height: int
    time: int


class Sources(Struct, frozen=True):
    """All of it.

    Attributes:
        inquiries: of any state, that follow from a finding shown.
        inquiries_at: height at which they were read.
        records: of the certificate, the first one first, then those that stand beside it.
        receipts: text of the receipt, by id of the record.
        names: of participants, by code, as the register has them.
    """

    network: Network
    certificate: Certificate
    custody: Custody
    inquiries: list[Inquiry]
    inquiries_at: int
    records: list[Record]
    receipts: dict[str, str]
    names: dict[str, str]
