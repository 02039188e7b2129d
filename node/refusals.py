"""What this node refused or dropped of its peers, by peer and reason: counted for the metrics, told to the operator rarely.

A reason is a short word out of a fixed set: `PeerError.reason`, those below, `record-` with a code of the ledger, `consensus-`
with a reason of the core. A peer is a participant of the ledger or `STRANGER`. So however rude the peers, there are only so
many counters.
"""

from collections.abc import Mapping
from typing import Final

from node.logs import get_logger

log = get_logger("refusals")

STRANGER: Final = "stranger"
"""Whoever has not shown a certificate that the ledger pins."""

TOO_MANY_STRANGERS: Final = "too-many-strangers"
TOO_MANY_CONNECTIONS: Final = "too-many-connections"
TOO_MANY_HANDSHAKES: Final = "too-many-handshakes"
NO_TLS: Final = "no-tls"
FORK: Final = "fork"
RECORD: Final = "record-"
CONSENSUS: Final = "consensus-"

SEND_URGENT: Final = "send-urgent"
SEND_RECORDS: Final = "send-records"
INBOX_RECORDS: Final = "inbox-records"
INBOX_REQUESTS: Final = "inbox-requests"
ANSWERS: Final = "answers"
MEMPOOL: Final = "mempool"


class Counts:
    """A number by peer and reason."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def count(self, peer: str, reason: str, times: int = 1) -> int:
        """Adds to one; the new number."""
        count = self._counts[peer, reason] = self._counts.get((peer, reason), 0) + times
        return count

    def of(self, peer: str, reason: str = "") -> int:
        """The number of this peer, for one reason or all."""
        return sum(count for (who, why), count in self._counts.items() if who == peer and reason in {"", why})

    def total(self) -> int:
        """All together."""
        return sum(self._counts.values())

    def readings(self) -> Mapping[tuple[str, ...], float]:
        """Every number by (peer, reason)."""
        return {label: float(count) for label, count in self._counts.items()}


class Refusals:
    """What this node's parts report of its peers.

    Attributes:
        refused: what no correct peer sends, and connections that were one too many, by peer and reason.
        dropped: what found no room, by peer and queue; the sender or this node asks again.
    """

    def __init__(self) -> None:
        self.refused = Counts()
        self.dropped = Counts()

    def refuse(self, peer: str, reason: str, detail: str = "", times: int = 1) -> None:
        """Counts a refusal; told with every doubling, so that no flood of them fills the log."""
        count = self.refused.count(peer, reason, times)
        if count.bit_length() != (count - times).bit_length():
            log.warning("refused", peer=peer, reason=reason, detail=detail, count=count)

    def drop(self, peer: str, queue: str, times: int = 1) -> None:
        """Counts what found no room."""
        self.dropped.count(peer, queue, times)
