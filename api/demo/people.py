"""Invented traders, routes and remarks for the sealed part of generated records: no name here is anybody's.

Lengths differ on purpose: what is sealed must not show in what is not.
"""

import random
from collections.abc import Mapping

_FIRST = (
    "Aster",
    "Borealis",
    "Cinder",
    "Delta",
    "Ember",
    "Fathom",
    "Granite",
    "Harbour",
    "Ilex",
    "Juniper",
    "Kestrel",
    "Lumen",
)
_SECOND = ("Rough", "Gems", "Mining", "Trading", "Diamond", "Stones", "Sorting", "Brokerage")
_FORM = ("Ltd", "BV", "LLC", "SA", "Pty", "GmbH", "DMCC", "Cooperative of Artisanal Miners")
_STREET = ("Quay", "Exchange Street", "Tower", "Market Lane", "Old Assay Road")
_ROUTE = ("direct", "via Dubai", "via Antwerp", "via Johannesburg", "via Frankfurt", "via Istanbul")
_REMARK = (
    "",
    "",
    "",
    "weighed twice",
    "original invoice enclosed",
    "goods on consignment",
    "after viewing, part of lot returned",
)


class People:
    """Draws the confidential fields of certificates; a country has a few large traders and many small ones."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def trader(self, code: str) -> dict[str, str]:
        """An exporter or importer of a participant: address, licence, name."""
        rank = min(int(self._rng.paretovariate(1.1)), 40)
        known = random.Random(f"{code}/{rank}")  # noqa: S311 - an invented name is no secret
        name = f"{known.choice(_FIRST)} {known.choice(_SECOND)} {known.choice(_FORM)} {code}{rank}"
        address = f"{known.randint(1, 400)} {known.choice(_STREET)}, {code}"
        return {"address": address, "licence": f"{code}-{known.randint(1_000, 99_999)}", "name": name}

    def papers(self, issuer: str, destination: str) -> Mapping[str, object]:
        """All sealed fields of a certificate but its values."""
        return {
            "exporter": self.trader(issuer),
            "importer": self.trader(destination),
            "invoice": f"{issuer}/{self._rng.randint(10_000, 999_999)}",
            "remarks": self._rng.choice(_REMARK),
            "route": self._rng.choice(_ROUTE),
            "seals": [f"{issuer}{self._rng.randint(100_000, 999_999)}" for _ in range(self._rng.randint(1, 3))],
        }
