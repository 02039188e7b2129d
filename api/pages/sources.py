"""Where pages take their figures from: on a test network the live sums; everywhere the releases.

`default` is what is shown when nothing else is asked for, None where nothing is published yet.
"""

from dataclasses import dataclass

from api.pages.dataset import LIVE, Dataset
from api.pages.live import Live
from api.port import NodePort
from api.statistics import DEV


@dataclass(slots=True)
class Sources:
    """The figures of one node, by name of their source."""

    port: NodePort
    live: Live

    @property
    def names(self) -> tuple[str, ...]:
        """The sources that there are, the default one first."""
        return (LIVE,) if self.port.ledger.genesis.network == DEV else ()

    async def get(self, name: str = "") -> Dataset | None:
        """The figures of a source, of the default one without a name; None where there is no such source."""
        chosen = name or next(iter(self.names), "")
        if chosen not in self.names:
            return None
        return await self.live.dataset()
