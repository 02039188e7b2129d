"""What the HTTP interface needs from the node behind it, and nothing else (1-architecture: `api/` never imports `node/`).

`node/` implements `NodePort`; tests implement it over a real ledger in one process. Rules:

- Reads of `ledger` are synchronous and fast (LevelDB); handlers call them directly on the event loop.
- `submit` takes exactly the bytes that came in. It raises `ledger.errors.Refusal` for a record that may not enter, now or,
  when it waits, by the block's judgement; `Overloaded` or `NotReady` when the node cannot take it. The same bytes again are
  safe: a record that was accepted before gets its index, height and, as soon as one exists, its receipt.
- Nothing here ever gives out a key, a token's text or the content of an envelope.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry

from api.auth import TokenBook
from api.errors import Outcome
from api.growth import Growth
from api.limits import ApiLimits
from api.reading.workbook import WorkBook

if TYPE_CHECKING:
    from ledger.state import Ledger
    from ledger.status import Status


@dataclass(frozen=True, slots=True)
class Submitted:
    """A submission that the node took.

    Attributes:
        id: the record's id, 32 bytes.
        index: its place in the log, None as long as no block holds it.
        height: the block that holds it, None likewise.
        receipt: text of its `tlog-proof@v1`, None as long as no quorum checkpoint covers it. Final means: not None.
    """

    id: bytes
    index: int | None = None
    height: int | None = None
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Validator:
    """One validator in genesis order, with the C2SP verifier keys of its node."""

    participant: str
    log_vkey: str
    witness_vkey: str


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """The link to one other node. `height` is the last one it told of, None before it has."""

    participant: str
    address: str
    connected: bool
    height: int | None = None


@dataclass(frozen=True, slots=True)
class ReadyCheck:
    """One line of `/readyz?verbose`: a stable name such as `store`, `peers`, `synced`, and why it holds or does not."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """Where the node stands now.

    Attributes:
        participant: code of the operator, empty for a node that belongs to none.
        validator: whether it votes.
        view: current view of consensus.
        epoch: current epoch.
        syncing: true while it is behind and catching up.
        pending: records in the mempool.
        started_ms: when the process started, ms since 1970 UTC.
        checks: what must hold for the node to take traffic; ready means that all of them do.
    """

    participant: str
    validator: bool
    view: int
    epoch: int
    syncing: bool
    pending: int
    started_ms: int
    peers: tuple[PeerStatus, ...]
    checks: tuple[ReadyCheck, ...]

    @property
    def ready(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


class NodePort(Protocol):
    """The node as its HTTP interface sees it."""

    @property
    def ledger(self) -> "Ledger":
        """The executed state; every read is of its `head`."""
        ...

    @property
    def limits(self) -> ApiLimits:
        """The operator's limits, validated when built."""
        ...

    @property
    def tokens(self) -> TokenBook:
        """Who may read what participants may read."""
        ...

    @property
    def workbook(self) -> WorkBook:
        """What this node's readers note for themselves; no part of the ledger."""
        ...

    @property
    def registry(self) -> CollectorRegistry:
        """The node's metrics, shown at `/metrics` of the admin listener; the interface adds its own to it."""
        ...

    @property
    def public_url(self) -> str:
        """Scheme and authority under which others reach this interface, no trailing slash."""
        ...

    @property
    def finalizing(self) -> bool:
        """Whether records wait to be final; readers then leave most of the time to them."""
        ...

    @property
    def validators(self) -> tuple[Validator, ...]:
        """The validators of the current epoch."""
        ...

    @property
    def quorum(self) -> int:
        """How many of `validators` must cosign."""
        ...

    @property
    def growth(self) -> Growth:
        """Told whenever the log has grown."""
        ...

    def now_ms(self) -> int:
        """The node's clock, ms since 1970 UTC."""
        ...

    async def release_basis(self, period: str, height: int) -> bytes:
        """What a proposer needs for a period's next release of statistics as of a height (`ledger.statistics.basis`).

        Raises:
            StatisticsError: the period has not closed at that height, or the height is not executed.
        """
        ...

    async def submit(self, raw: bytes, wait: bool) -> Submitted:
        """Take one record, or record with envelope.

        With `wait`, returns when the record is final or after `limits.final_wait_s`, whichever comes first.
        """
        ...

    async def submit_many(self, raws: Sequence[bytes], wait: bool) -> list[Submitted | Outcome]:
        """Take many at once, an answer for each in the same order; never raises for a single one.

        Raises `Overloaded` or `NotReady` only when none was looked at.
        """
        ...

    def receipt(self, record_id: bytes) -> str | None:
        """The record's `tlog-proof@v1` under the newest quorum checkpoint; None for unknown ids and not yet covered leaves."""
        ...

    def quorum_checkpoint(self, size: int | None = None) -> str | None:
        """The newest quorum checkpoint, or the one of exactly this tree size; None where there is none."""
        ...

    def policy(self) -> str:
        """The C2SP policy file: this node's log key and URL, every node a witness, the validators' quorum."""
        ...

    def final_blocks(self, first: int) -> "Generator[None, None, bytes | None]":
        """Final blocks from a height on, as frames of an export, in steps; None where that height is not final yet."""
        ...

    def findings(self, after: str) -> bytes:
        """Findings whose names follow this one, as frames of an export; none at the end."""
        ...

    async def add_checkpoint(self, body: bytes) -> str:
        """Cosign as a C2SP witness: the signature line.

        Raises `ledger.errors.ProofError` for what may not be cosigned, its class saying why, and `NotReady`.
        """
        ...

    def witnessed(self, origin_hash: bytes) -> str | None:
        """The newest checkpoint cosigned for the log with this SHA-256 of its origin; None before the first."""
        ...

    def sign_status(self, status: "Status") -> bytes:
        """The status file of these lists, signed with the node's cosigning key."""
        ...

    def status(self) -> NodeStatus:
        """Where the node stands now; cheap enough to be asked at every scrape."""
        ...
