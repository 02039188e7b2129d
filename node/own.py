"""Records that a node signs by itself, with its consensus key, and submits as a client's are."""

from collections.abc import Callable

from ledger.errors import Refusal
from ledger.record import assemble, signing_input
from ledger.state import Ledger
from node.intake import Intake
from node.keys import NodeKeys, SigningKey
from node.logs import get_logger

log = get_logger("own")


class OwnRecords:
    """The pen of one node.

    Attributes:
        participant: whose node it is.
        now_ms: the wall clock, ms since 1970 UTC.
    """

    def __init__(self, participant: str, ledger: Ledger, keys: NodeKeys, intake: Intake, now_ms: Callable[[], int]) -> None:
        self.participant = participant
        self.now_ms = now_ms
        self._ledger = ledger
        self._keys = keys
        self._intake = intake

    @property
    def key(self) -> SigningKey | None:
        """The consensus key that the ledger has for this node, where this home holds it."""
        node = self._ledger.network.node(self.participant)
        return next((key for key in self._keys.all_consensus() if node is not None and key.public == node.consensus), None)

    def sign(self, key: SigningKey, statement: bytes) -> bytes:
        """The record of a statement."""
        return assemble(key.public, key.sign(signing_input(self._ledger.genesis.ledger_id, statement)), statement)

    async def submit(self, raws: list[bytes]) -> None:
        """Submits records; one that is refused is told in the log, and will be filed again while it is due."""
        if raws:
            for answer in await self._intake.submit(raws):
                if isinstance(answer, Refusal):
                    log.warning("own record refused", reason=str(answer))
