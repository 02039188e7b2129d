"""What an audit has checked, in words and as JSON; and what no audit of these bytes can see."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

NOT_COVERED: Final = (
    "Sealed envelopes are not in an export: that a record's envelope is what its hash says, and who can open it.",
    "Whether the genesis is the participants': compare the ledger's id with the one that they have.",
    "Whether the blocks go on: a node may hold newer ones back. Compare size and root with other nodes' checkpoints.",
    "Whether what was signed is true: no ledger detects a consistent lie about what was mined.",
)


@dataclass(slots=True)
class Report:
    """Counts of what was checked.

    Attributes:
        ledger_id, origin: the ledger.
        height, time: its last block, and that one's time in ms.
        tree_size, root, state: the log and the state after it, as they follow from the records.
        epochs: in which blocks were voted on; `blocks` how many, `finals` those with a FINAL of their own, `votes` in these.
        marks: blocks whose statement of an earlier block's size, root and state is what follows from the records.
        records: named by blocks, each with its signature; `accepted`, `refused`, `repeated` (in the log before) of them.
        judgements: equal to what the node says; `unstated`: no longer known there, for the record was judged again.
        refusals: how many records each rule refused.
        findings: equal to the node's; `newer`: changed there since.
        checkpoint_size: leaves that the checkpoint covers; `witnesses` cosigned it.
        seconds: that it took.
    """

    ledger_id: str
    origin: str
    height: int = 0
    time: int = 0
    tree_size: int = 0
    root: str = ""
    state: str = ""
    epochs: int = 1
    blocks: int = 0
    finals: int = 0
    votes: int = 0
    marks: int = 0
    records: int = 0
    accepted: int = 0
    refused: int = 0
    repeated: int = 0
    judgements: int = 0
    unstated: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    findings: int = 0
    newer: int = 0
    checkpoint_size: int = 0
    witnesses: list[str] = field(default_factory=list)
    policy: bool = False
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {"valid": True, **asdict(self), "not_covered": list(NOT_COVERED)}

    def lines(self) -> list[tuple[str, str]]:
        """What was checked and how much of it, one line each."""
        refusals = ", ".join(f"{code} {count}" for code, count in sorted(self.refusals.items()))
        uncovered = self.tree_size - self.checkpoint_size
        beyond = f"; {uncovered} later ones rest on the votes alone" if uncovered else ""
        return [
            ("ledger", f"{self.origin}, id {self.ledger_id}"),
            ("blocks", f"{self.blocks}, each on the one before, up to height {self.height}; epochs {self.epochs}"),
            ("quorums", f"{self.finals} certificates with {self.votes} votes, each vote's signature"),
            ("roots", f"{self.marks} statements of size, root and state in blocks, all as the records make them"),
            ("records", f"{self.records}, each one's form and signature: {self._judged()}"),
            ("refusals", refusals or "none"),
            ("judgements", f"{self.judgements} made again, equal to the node's; {self.unstated} that it no longer knows"),
            ("findings", f"{self.findings} found again, equal to the node's; {self.newer} that have changed there since"),
            ("checkpoint", f"{self.checkpoint_size} of {self.tree_size} entries, by {', '.join(self.witnesses)}{beyond}"),
            ("policy", "yours accepts the checkpoint, too" if self.policy else "as the ledger's own records make it"),
            ("root", self.root),
            ("state", self.state),
            ("took", f"{self.seconds:.1f} s, {self.records / max(self.seconds, 0.001):,.0f} records/s"),
        ]

    def _judged(self) -> str:
        return f"{self.accepted} accepted, {self.refused} refused, {self.repeated} in the log before"
