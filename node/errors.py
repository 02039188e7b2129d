"""What stops or hinders a running node; each class says what it means and whether the process may go on."""

import shlex
from enum import IntEnum
from typing import Any, ClassVar


class Exit(IntEnum):
    """Exit codes of `kpledger`, the same for every verb."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    BAD_DATA = 65
    UNREACHABLE = 69
    DISK = 74
    SYNCING = 75
    REFUSED = 77
    BAD_CONFIGURATION = 78


class NodeError(Exception):
    """Root of this package's errors."""


class FatalError(NodeError):
    """The process must end (or must not begin).

    Attributes:
        happened: what happened.
        means: what it means for the node and the ledger.
        next: the next command or action.
        code: the process's exit code.
    """

    def __init__(self, happened: str, means: str, next_step: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(happened)
        self.happened = happened
        self.means = means
        self.next_step = next_step
        self.code = code

    def __str__(self) -> str:
        return f"{self.happened}\n{self.means}\n{self.next_step}"


class ProblemError(NodeError):
    """What a client is told by a node that says no, with an RFC 9457 document.

    Attributes:
        status: the HTTP status.
        problem: the document; `error` and `field` name the rule and the place.
    """

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        details = {key: value for key, value in problem.items() if key not in {"type", "title", "status", "error", "field"}}
        place = f" at {problem['field']}" if problem.get("field") else ""
        super().__init__(f"{problem.get('error', status)}{place} {details or ''}".strip())
        self.status = status
        self.problem = problem


def command(*words: object) -> str:
    """A command line of this program to copy, its words quoted where a shell needs it."""
    return shlex.join(["kpledger", *map(str, words)])


class WalError(NodeError):
    """The write-ahead log cannot be used; the node must not vote with it."""


class WalMissingError(WalError):
    """There is no write-ahead log where one must be."""


class WalExistsError(WalError):
    """A new write-ahead log was asked for where one is already; making it anew would forget votes."""


class WalForeignError(WalError):
    """The write-ahead log is another ledger's, or of another version of its format."""


class WalDamagedError(WalError):
    """Durable bytes have changed (a torn last write is none): it counts as lost."""


class WalFailedError(WalError):
    """A write or fsync failed: its outcome is unknown, so the process must end."""


class PeerError(NodeError):
    """A peer broke the protocol between nodes; the link is closed and the fault counted.

    Attributes:
        reason: a short word for it, the same for all of a class: what is counted in the metrics, by peer.
    """

    reason: ClassVar[str] = "protocol"


class HandshakeError(PeerError):
    """A peer could not show that it is a node of this ledger."""

    reason = "handshake"


class UnknownCertificateError(HandshakeError):
    """A TLS certificate that the ledger pins to nobody."""

    reason = "unknown-certificate"


class OtherCertificateError(HandshakeError):
    """A node's address where another node's certificate is shown."""

    reason = "other-certificate"


class HandshakeOrderError(HandshakeError):
    """Something else where a hello or a proof belongs."""

    reason = "handshake-order"


class HandshakeEndedError(HandshakeError):
    """The connection ended, or nothing came for too long, before the handshake was over."""

    reason = "handshake-ended"


class OtherLedgerError(HandshakeError):
    """A node of another ledger."""

    reason = "other-ledger"


class NoCommonVersionError(HandshakeError):
    """A node that speaks no version of the protocol that this one does."""

    reason = "no-common-version"


class OtherKeyError(HandshakeError):
    """The right certificate with another consensus key than the ledger has beside it."""

    reason = "other-key"


class BadProofError(HandshakeError):
    """A signature that does not bind the hello's key to this channel."""

    reason = "bad-proof"


class FrameError(PeerError):
    """A frame that is no frame: malformed, or one of the kinds below."""

    reason = "frame-malformed"


class FrameTooLargeError(FrameError):
    """A frame of too many bytes."""

    reason = "frame-too-large"


class FrameNotCanonicalError(FrameError):
    """A frame in another than the one encoding of its content."""

    reason = "frame-not-canonical"


class WebSocketRefusedError(FrameError):
    """What is no WebSocket message of bytes: text, a reserved bit, compression nobody offered, a length beyond the limit."""

    reason = "websocket"


class UnexpectedItemError(FrameError):
    """An item that has no place where it came, such as a second hello."""

    reason = "unexpected-item"


class MessageError(FrameError):
    """An item whose bytes are no message of consensus."""

    reason = "message-malformed"


class BadCosignatureError(PeerError):
    """A cosignature that does not verify."""

    reason = "bad-cosignature"
