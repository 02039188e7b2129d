"""What a node files on the ledger by itself: that it is ready for the next epoch, and evidence of equivocation.

(Its verdicts on statistics need work of their own: `node.releases`.)

Both are signed with its consensus key, and submitted as a client's records are, again and again until the state shows that they
are there or no longer wanted. Every node may hold the same evidence; they take turns, so that one record usually does.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from consensus.events import Evidence
from consensus.messages import encode
from ledger.drafts import make_equivocation, make_node_ready
from ledger.state import Ledger
from node.intake import Intake
from node.keys import NodeKeys
from node.limits import DUTY_SECONDS, EVIDENCE_TURN_SECONDS, STATUS_SECONDS
from node.logs import get_logger
from node.own import OwnRecords

log = get_logger("duties")


@dataclass(slots=True)
class _Accusation:
    evidence: Evidence
    file_at: float


class Duties:
    """Readiness and evidence of one node."""

    def __init__(self, own: str, ledger: Ledger, keys: NodeKeys, intake: Intake, now_ms: Callable[[], int]) -> None:
        """Wires the duties; `own` is this node's participant, `now_ms` the wall clock, ms since 1970 UTC."""
        self._pen = OwnRecords(own, ledger, keys, intake, now_ms)
        self._own = own
        self._ledger = ledger
        self._accusations: dict[tuple[int, bytes], _Accusation] = {}
        self._ready: tuple[bytes, float] = (b"", 0.0)
        self._wake = asyncio.Event()

    def convict(self, evidence: Evidence) -> None:
        """Two votes that convict a validator; they are filed when this node's turn comes, unless they are there by then."""
        epoch = self._ledger.epoch(evidence.first.epoch)
        if epoch is None:
            return
        turn = list(self._ledger.network.nodes).index(self._own) if self._own in self._ledger.network.nodes else 0
        participant, key = epoch.validators[evidence.first.signer]
        log.error("a validator contradicted itself", participant=participant, epoch=epoch.number, view=evidence.first.view)
        file_at = time.monotonic() + turn * EVIDENCE_TURN_SECONDS
        self._accusations.setdefault((epoch.number, key), _Accusation(evidence, file_at))

    def network_changed(self) -> None:
        """The state has other nodes, another pending list, or another epoch."""
        self._wake.set()

    async def run(self) -> None:
        """Files what is to be filed, until cancelled.

        Raises:
            StoreError: the store failed; the process must end.
        """
        while True:
            self._wake.clear()
            await self._pen.submit([*self._readiness(), *self._evidence()])
            try:
                async with asyncio.timeout(STATUS_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _readiness(self) -> list[bytes]:
        """`node.ready`, when a list that waits for it has this node's key and does not have its word yet."""
        network, key = self._ledger.network, self._pen.key
        wanted = network.pending and key is not None and (self._own, key.public) in network.candidates
        if not wanted or self._own in network.ready or key is None:
            return []
        filed, at = self._ready
        if filed == network.pending and time.monotonic() < at + DUTY_SECONDS:
            return []
        self._ready = (network.pending, time.monotonic())
        return [self._pen.sign(key, make_node_ready(self._own, self._pen.now_ms(), network.epoch.number + 1, network.pending))]

    def _evidence(self) -> list[bytes]:
        """`evidence.equivocation` for everyone whose turn it is and who is not convicted on the ledger."""
        key = self._pen.key
        if not self._accusations or key is None:
            return []
        for done in self._ledger.evidence():
            self._accusations.pop((done.epoch, done.key), None)
        made = []
        for (epoch, _), accusation in self._accusations.items():
            if time.monotonic() >= accusation.file_at:
                accusation.file_at = time.monotonic() + DUTY_SECONDS
                votes = encode(accusation.evidence.first), encode(accusation.evidence.second)
                made.append(self._pen.sign(key, make_equivocation(self._own, self._pen.now_ms(), epoch, *votes)))
        return made
