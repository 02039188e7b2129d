"""The world's rough diamond trade in figures: carats exported and imported, prices and certificates by participant.

`data/world.csv` states for each figure where it comes from; what nobody publishes is marked `assumed`. Two levels are set for
the whole world and keep all shares as they are: a mean certificate weighs 8,700 ct and is worth US$ 650,000 (55,000
certificates, 480 million carats and US$ 35.7 billion in 2006, the one year with all three figures).

Flows between pairs follow from the margins: an affinity says who deals with whom more than others, iterative proportional
fitting makes the rows and columns agree with exports and imports.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from ledger.bodies import Hs

MEAN_CARATS = 8_700
MEAN_VALUE = 650_000
"""US$ of a mean certificate."""

_FITTING_ROUNDS = 60

_AFFINITY: Mapping[str, Mapping[str, float]] = {
    "RU": {"IN": 3, "AE": 4, "CN": 2, "AM": 20, "BY": 20, "EU": 0, "US": 0, "GB": 0, "CH": 0, "JP": 0, "CA": 0, "UA": 0},
    "CA": {"EU": 5, "BW": 12, "IN": 1, "AE": 0.5},
    "BW": {"EU": 2, "IN": 1.5, "NA": 2, "ZA": 4},
    "NA": {"BW": 15, "EU": 1.5},
    "ZA": {"BW": 6, "EU": 1.5, "AE": 1.5},
    "LS": {"EU": 20},
    "AO": {"AE": 3, "EU": 2},
    "CD": {"AE": 3, "EU": 2},
    "ZW": {"AE": 4, "CN": 2, "EU": 0.5},
    "SL": {"EU": 3, "IL": 3, "AE": 2},
    "TZ": {"EU": 4},
    "CF": {"AE": 3, "EU": 1},
    "IN": {"AE": 3, "EU": 1.5, "CN": 3},
    "EU": {"IN": 2, "AE": 2, "IL": 3},
    "AE": {"IN": 3, "EU": 1.5},
    "IL": {"EU": 2, "IN": 2, "US": 4},
    "TW": {"CN": 0},
}
"""How much more (or less) than others an exporter deals with an importer; 0: not at all (for RU, the import bans of 2024)."""

_HS_SHARES: Mapping[str, tuple[float, float, float]] = {
    "CD": (0.25, 0.60, 0.15),
    "ZW": (0.15, 0.50, 0.35),
    "RU": (0.05, 0.30, 0.65),
    "BW": (0.10, 0.25, 0.65),
    "CA": (0.05, 0.15, 0.80),
    "ZA": (0.10, 0.30, 0.60),
    "AO": (0.25, 0.10, 0.65),
    "NA": (0.02, 0.02, 0.96),
    "LS": (0.05, 0.05, 0.90),
}
_HS_ARTISANAL = (0.60, 0.05, 0.35)
_HS_HUB = (0.06, 0.10, 0.84)
HS_PRICE: Mapping[Hs, float] = {"710210": 0.6, "710221": 0.1, "710231": 1.0}
"""Price of a carat of each code against the best; assumed."""


@dataclass(frozen=True, slots=True)
class Trader:
    """One participant's trade of a year.

    Attributes:
        code: participant.
        exports, imports: thousand carats.
        price: US$ per carat exported.
        certificates: issued.
        mined: percent of its exports that it mines itself; the rest is re-exported.
        hs: shares of carats for `710210`, `710221`, `710231`.
    """

    code: str
    exports: int
    imports: int
    price: float
    certificates: int
    mined: int
    hs: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class World:
    """All traders, the factor on prices that makes a mean certificate worth what it is, the share of world carats by pair."""

    traders: Mapping[str, Trader]
    price_level: float
    flows: Mapping[str, Mapping[str, float]]

    @property
    def exporters(self) -> tuple[Trader, ...]:
        """Who issues certificates, as the file orders them."""
        return tuple(trader for trader in self.traders.values() if trader.exports)


def load_world() -> World:
    """The world of `data/world.csv`."""
    text = resources.files("api.demo").joinpath("data/world.csv").read_text(encoding="utf-8")
    traders = {row["code"]: _trader(row) for row in csv.DictReader(text.splitlines())}
    carats = 1_000 * sum(trader.exports for trader in traders.values())
    value = 1_000 * sum(trader.exports * trader.price for trader in traders.values())
    return World(
        traders=traders,
        price_level=MEAN_VALUE / MEAN_CARATS * carats / value,
        flows=_fit(traders),
    )


def _trader(row: Mapping[str, str]) -> Trader:
    mined = int(row["mined"])
    artisanal = _HS_ARTISANAL if mined == 100 else _HS_HUB
    return Trader(
        code=row["code"],
        exports=int(row["exports_kct"]),
        imports=int(row["imports_kct"]),
        price=float(row["usd_per_ct"]),
        certificates=int(row["certificates"]),
        mined=mined,
        hs=_HS_SHARES.get(row["code"], artisanal),
    )


def _fit(traders: Mapping[str, Trader]) -> dict[str, dict[str, float]]:
    """Iterative proportional fitting (Deming and Stephan, 1940) of the affinities to the margins; nobody exports to itself."""
    exports = {code: float(trader.exports) for code, trader in traders.items() if trader.exports}
    imports = {code: float(trader.imports) for code, trader in traders.items() if trader.imports}
    world = sum(exports.values())
    scale = world / sum(imports.values())
    flows = {i: {j: 0.0 if i == j else _AFFINITY.get(i, {}).get(j, 1.0) * imports[j] for j in imports} for i in exports}
    for _ in range(_FITTING_ROUNDS):
        for j, arriving in imports.items():
            factor = arriving * scale / sum(row[j] for row in flows.values())
            for row in flows.values():
                row[j] *= factor
        for i, leaving in exports.items():
            factor = leaving / sum(flows[i].values())
            flows[i] = {j: flow * factor for j, flow in flows[i].items()}
    return {i: {j: flow / world for j, flow in row.items() if flow} for i, row in flows.items()}
