"""The core's whole surface: events go in, one `Output` comes out (etcd raft's Ready contract).

The driver must, for every output and in this order:
1. send `send_now` (holds nothing that depends on new durable state);
2. if `persist` is not empty: make the bodies of blocks named there durable, then append it to the write-ahead log and fsync
   once (in this order: where all lose power at once, a durable vote without any durable body would halt the ledger for ever);
3. only then send `send_after` and carry out `app`;
4. call `handle(Wake(), now)` at `wake_at` at the latest (milliseconds of the same monotonic clock as `now`; None: never).
"""

from dataclasses import dataclass
from typing import Protocol

from consensus.messages import Block, Certificate, Message, Payload, Vote


class Scheme(Protocol):
    """Signatures, injected: Ed25519 in production. Pure functions of their arguments and the node's own key."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes of signature by this node's consensus key."""
        ...

    def verify(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether `signature` over `message` is `key`'s."""
        ...


@dataclass(frozen=True, slots=True)
class Config:
    """One epoch as this node sees it.

    Attributes:
        ledger_id: 32 bytes, binds every signature to one ledger.
        epoch: its number, from 0.
        validators: consensus public keys (32 bytes), in the epoch's order: a vote's `signer` indexes it, the leader of view v
            is `leaders[v % n]`, `leaders` being the keys sorted by SHA-256(ledger_id || epoch u64 big-endian || key).
        me: own public key; a node whose key is not among the validators follows without voting.
        protocol: protocol version for new blocks.
    """

    ledger_id: bytes
    epoch: int
    validators: tuple[bytes, ...]
    me: bytes
    protocol: int = 1


@dataclass(frozen=True, slots=True)
class Tip:
    """A block by name, as a parent, or as what the application has executed last.

    Genesis: view 0, height 0, digest = ledger id. An epoch begins at the last block of the one before, as its view 0.

    Attributes:
        mark: height of its mark; no descendant's may be lower.
        closes: it ends this epoch, and no block stands on it (R13).
    """

    view: int
    height: int
    digest: bytes
    time: int
    mark: int = 0
    closes: bool = False


# --- events ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Received:
    """A decoded message from the peer with this consensus public key (the link is authenticated)."""

    peer: bytes
    message: Message


@dataclass(frozen=True, slots=True)
class Connected:
    """A link to this peer came up: it is sent our `Status` and what it may have missed (R11)."""

    peer: bytes


@dataclass(frozen=True, slots=True)
class Wake:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the application has to do: records pending, or a block due though none is (a closing, a heartbeat)."""

    pending: bool
    due: bool


@dataclass(frozen=True, slots=True)
class Built:
    """Answers `Build`. `payload` None: nothing to propose now (only where `Build.may_be_empty` is false).

    A block that is due, measured from the parent's time, is worth proposing without records; one with `next` holds none.
    """

    view: int
    parent: bytes
    payload: Payload | None


@dataclass(frozen=True, slots=True)
class Checked:
    """Answers `Check`: the block's bodies are here, durable at the next fsync, and the payload is valid, or is not for ever.

    "Not yet" (body missing, time ahead, mark not executed) is no answer at all: the application waits, then answers.
    A valid block that came too late for the own clock is not `timely`: it gets no vote (R6) unless a certificate overrides.
    """

    digest: bytes
    valid: bool
    timely: bool = True


@dataclass(frozen=True, slots=True)
class Applied:
    """The application has executed and committed the block delivered at this height; the log below may be pruned."""

    height: int


Event = Received | Connected | Wake | Work | Built | Checked | Applied


# --- output ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """One message to one peer, or to every connected peer (`to` None)."""

    to: bytes | None
    message: Message


@dataclass(frozen=True, slots=True)
class Build:
    """Asks for a payload on top of `parent`. `ancestors`: blocks above the last delivered one up to the parent, in order;
    their record ids must not be used again. A later `Build` withdraws an earlier one.
    """

    view: int
    parent: Tip
    ancestors: tuple[Block, ...]
    may_be_empty: bool


@dataclass(frozen=True, slots=True)
class Check:
    """Asks for validation of a proposal whose parent is known; `leader` is where missing bodies are most likely found."""

    block: Block
    digest: bytes
    parent: Tip
    leader: bytes


@dataclass(frozen=True, slots=True)
class Deliver:
    """A final block, in order, no gap. `final`: its own FINAL certificate, where one exists (else a descendant's follows)."""

    block: Block
    digest: bytes
    final: Certificate | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """This node must no longer vote and says why; delivery goes on.

    `retired`: its log is not the newest, so its key has voted elsewhere (a restored backup, a clone) and never votes again.
    """

    reason: str
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two verified votes of one validator of which the rules allow one (R10); once a validator and epoch, durable, and told
    again after each recovery, because what the application made of it may be lost.
    """

    first: Vote
    second: Vote


@dataclass(frozen=True, slots=True)
class Archive:
    """A new certificate, for whoever has to explain a fork later: all three kinds together name f+1 culprits."""

    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Outdated:
    """A peer is in an epoch that has ended here: it is to be sent the FINAL that ended it (R13)."""

    peer: bytes
    epoch: int


AppCall = Build | Check | Deliver | Alarm | Evidence | Archive | Outdated


@dataclass(frozen=True, slots=True)
class Output:
    """What the driver must do; see the module's docstring for the order."""

    persist: tuple[bytes, ...] = ()
    send_now: tuple[Send, ...] = ()
    send_after: tuple[Send, ...] = ()
    app: tuple[AppCall, ...] = ()
    wake_at: int | None = None
