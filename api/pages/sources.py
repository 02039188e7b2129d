"""Where pages take their figures from: on a test network the live sums, everywhere the releases.

Names: `live`, `released` (the newest release of each period), and each release's own. The default is the first that there is;
nothing is shown where there is none.
"""

from dataclasses import dataclass

from api.pages.dataset import LIVE, Dataset
from api.pages.live import Live
from api.pages.released import RELEASED, Released
from api.port import NodePort
from api.statistics import DEV


@dataclass(slots=True)
class Sources:
    """The figures of one node, by name of their source."""

    port: NodePort
    live: Live
    released: Released

    @property
    def names(self) -> tuple[str, ...]:
        """The sources that there are, the default one first; of releases the newest of each period."""
        live = (LIVE,) if self.port.ledger.genesis.network == DEV else ()
        released = self.released.names()
        return (*live, *((RELEASED, *released) if released else ()))

    async def get(self, name: str = "") -> Dataset | None:
        """The figures of a source, of the default one without a name; None where there is no such source."""
        live = self.port.ledger.genesis.network == DEV
        if live and name in ("", LIVE):
            return await self.live.dataset()
        if name in ("", RELEASED):
            return self.released.newest()
        return self.released.one(name)
