"""Figures as pages show them, wherever they come from: live sums of a test network, or a release.

A *figure* stands at one cell: period, flow, participant (or the world) and HS code (or all). Weights are points (0.01 ct),
values cents (US$). Flags: empty for figures that are shown, `c` for confidential ones, `m` where a value is missing (no return
states it); no figure means that nothing was traded. Nothing is balanced: a margin is what its source says it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from api.pages.language import Language
from ledger.periods import is_over
from ledger.units import Ms, carats, value

WORLD: Final = "world"
ALL: Final = "all"
LIVE: Final = "live"
"""Name of the figures of a test network as they stand."""

FLOWS: Final = ("export", "import", "production")
_HALF_A_DOLLAR: Final = 50


class Measure(StrEnum):
    """What of a figure is shown."""

    CARATS = "carats"
    VALUE = "value"
    PRICE = "price"
    CERTIFICATES = "certificates"


class Cell(NamedTuple):
    """Where a figure stands: `2026Q1`, `2026H1` or `2026`; a flow; a code or `WORLD`; six digits or `ALL`."""

    period: str
    flow: str
    participant: str
    hs: str


@dataclass(frozen=True, slots=True)
class Figure:
    """What stands there; None for what is not shown."""

    points: int | None
    cents: int | None
    certificates: int | None
    flag: str = ""

    def amount(self, measure: Measure) -> int | None:
        """The measure in its smallest unit: points, cents, cents a carat, certificates; None where it is not shown."""
        match measure:
            case Measure.CARATS:
                return self.points
            case Measure.VALUE:
                return self.cents
            case Measure.CERTIFICATES:
                return self.certificates
            case Measure.PRICE:
                if self.cents is None or not self.points:
                    return None
                return (self.cents * 200 + self.points) // (2 * self.points)

    def decimal(self, measure: Measure) -> str:
        """As data files have it; empty where it is not shown."""
        amount = self.amount(measure)
        if amount is None:
            return ""
        return str(amount) if measure is Measure.CERTIFICATES else carats(amount)


class Origin(NamedTuple):
    """The release that a period's figures are of, and the block after which they were read."""

    release: str
    height: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """All figures of one source.

    Attributes:
        name: `LIVE`, or the release's.
        height: block after which they were read.
        tree_size: records in the log then.
        time: of that block, ms since 1970 UTC.
        periods: by flow, the newest last; a year stands behind its quarters.
        names: of participants, by code, in English as the register has them.
        figures: by cell.
        partners: by year, flow and participant: figures by partner, over all HS codes.
        origins: of released figures by period.
    """

    name: str
    height: int
    tree_size: int
    time: int
    periods: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    figures: Mapping[Cell, Figure]
    partners: Mapping[tuple[str, str, str], Mapping[str, Figure]] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def origin(self, period: str) -> Origin:
        """Where a period's figures come from; without a period, where all of them do."""
        return self.origins.get(period) or Origin(self.name, self.height)

    def newest(self, flow: str) -> str:
        """The newest period of a flow in its finest step, one that is over where there is such; empty without any."""
        finest = self.steps(flow)
        over = [period for period in finest if len(period) > len("2026") and is_over(period, Ms(self.time))]
        return (over or finest or ("",))[-1]

    def steps(self, flow: str) -> tuple[str, ...]:
        """The periods of a flow without years, ascending; years where there is nothing finer."""
        periods = self.periods.get(flow, ())
        return tuple(period for period in periods if len(period) > len("2026")) or periods

    def traders(self, flow: str, hs: str, period: str) -> list[tuple[str, Figure]]:
        """Code and figure of all participants that have one there, by code."""
        found = ((code, self.figures.get(Cell(period, flow, code, hs))) for code in sorted(self.names))
        return [(code, figure) for code, figure in found if figure is not None]


def periods_of(figures: Iterable[Cell]) -> dict[str, tuple[str, ...]]:
    """The periods of each flow that have any figure; a year stands behind its quarters or halves."""
    found: dict[str, set[str]] = {flow: set() for flow in FLOWS}
    for cell in figures:
        found[cell.flow].add(cell.period)
    return {
        flow: tuple(sorted(periods, key=lambda period: period if len(period) > len("2026") else f"{period}Z"))
        for flow, periods in found.items()
    }


def shown(amount: int | None, measure: Measure, language: Language) -> str:
    """An amount as people read it; values in whole US$."""
    if amount is None:
        return ""
    match measure:
        case Measure.CERTIFICATES:
            return language.grouped(amount)
        case Measure.VALUE:
            return language.grouped((amount + _HALF_A_DOLLAR) // 100)
        case Measure.CARATS:
            return language.decimal(carats(amount))
        case Measure.PRICE:
            return language.decimal(value(amount))
