"""The ledger, its participants, the answering node."""

from typing import Annotated

from pydantic import Field

from api.schemas.base import Answer, Code, Count, Date, Hash, Height, Instant, LedgerAnswer, OptionalDate, Page


class ValidatorAnswer(Answer):
    """One validator with the C2SP verifier keys of its node."""

    participant: Code
    log_vkey: str
    witness_vkey: str


class NetworkAnswer(LedgerAnswer):
    """Which ledger this is and where it stands."""

    network: str
    origin: Annotated[str, Field(description="Name of the transparency log.")]
    ledger_id: Hash
    protocol: Count
    height: Height
    time: Annotated[Instant, Field(description="Time of the block at `height`.")]
    tree_size: Count
    root: Hash
    state: Annotated[Hash, Field(description="Digest of the state at `height`.")]
    epoch: Count
    quorum: Count
    validators: list[ValidatorAnswer]
    chair: Code
    participant: Annotated[str, Field(description="Operator of the answering node.")]


class NodeAnswer(Answer):
    """A participant's node. `votes`: in the epoch in force; `validator`: wants to, from the next epoch on."""

    participant: Code
    address: str
    consensus: Annotated[Hash, Field(description="Consensus key, Ed25519.")]
    votes: bool
    validator: bool


class EvidenceAnswer(Answer):
    """A validator that signed two votes of which the rules allow one; `id` is the record that proves it."""

    participant: Code
    epoch: Count
    consensus: Annotated[Hash, Field(description="The key that contradicted itself.")]
    id: Hash
    height: Height


class NodesAnswer(LedgerAnswer):
    """The nodes, who votes, and what is about to change."""

    epoch: Count
    quorum: Count
    nodes: list[NodeAnswer]
    pending: Annotated[str, Field(description="Hash of the list of validators that waits to be ready; empty: none does.")]
    ready: Annotated[list[Code], Field(description="Whose nodes are ready for that list.")]
    scheduled: Annotated[str, Field(description="Hash of the list with which the next epoch begins at once; empty: none.")]
    evidence: list[EvidenceAnswer]


class SuspensionAnswer(Answer):
    """A suspension, of the whole or of one zone."""

    since: Date
    until: OptionalDate
    zone: Annotated[str, Field(description="Empty: the whole participant.")]


class ParticipantAnswer(Answer):
    """One participant of the register."""

    code: Code
    name: str
    countries: list[Code]
    counted: Annotated[bool, Field(description="False for an entity that meets the requirements without being a participant.")]
    since: Date
    until: OptionalDate
    issues_from: OptionalDate
    confirms_from: OptionalDate
    validity_days: Count
    suspensions: list[SuspensionAnswer]
    compliant_zones: list[str]
    authorities: Annotated[list[str], Field(description="Offices that sign for it.")]
    node: Annotated[bool, Field(description="Whether it runs a node.")]
    validator: Annotated[bool, Field(description="Whether its node votes.")]


class OneParticipantAnswer(LedgerAnswer):
    """One participant."""

    participant: ParticipantAnswer


class ParticipantsAnswer(Page):
    """The register of participants, by code."""

    items: list[ParticipantAnswer]


class CheckAnswer(Answer):
    """One condition for taking traffic."""

    name: str
    ok: bool
    detail: str


class ReadyAnswer(Answer):
    """Every condition, with `?verbose`."""

    ready: bool
    checks: list[CheckAnswer]


class PeerAnswer(Answer):
    """The link to one other node."""

    participant: str
    address: str
    connected: bool
    height: Height | None


class StatusAnswer(LedgerAnswer):
    """Where the node stands (admin listener)."""

    participant: str
    validator: bool
    view: Count
    epoch: Count
    height: Height
    tree_size: Count
    syncing: bool
    pending: Count
    started_ms: Instant
    ready: bool
    checks: list[CheckAnswer]
    peers: list[PeerAnswer]
