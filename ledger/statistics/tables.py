"""Figures that a statistical release is made of, and the cells that it shows.

A *block* is the trade of one participant in one flow and quarter. Its figures are those of its newest return that the
secretariat has countersigned; else those of the newest return; else the ledger's own carats, with no value. Blocks are taken
whole: carats, values and what must be protected are always of one and the same source.

A *cell* is one place of a published table. Cells of the same participant, period and flow add up along HS codes (`ALL`),
quarters (a year) and participants (`WORLD`); partners add up to the year of all HS codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

ALL: Final = "all"
"""The margin over all HS codes."""

WORLD: Final = "world"
"""The margin over all participants."""


class Flow(StrEnum):
    """What a table counts."""

    EXPORT = "export"
    IMPORT = "import"
    PRODUCTION = "production"


class Source(StrEnum):
    """Where a block's figures come from, the best first."""

    COUNTERSIGNED = "countersigned"
    RETURN = "return"
    LEDGER = "ledger"


class BlockKey(NamedTuple):
    """One participant's trade in one flow and quarter (`2026Q1`)."""

    author: str
    flow: str
    quarter: str


class Need(NamedTuple):
    """How a figure must be protected: contributing traders (3 for three and more), and how far every estimate must be off."""

    traders: int
    points: int
    cents: int


class Entry(NamedTuple):
    """Trade with one partner in one HS code: points, cents, and how many certificates have such lines.

    These are counted in what the figures were made of: the ledger's when the return was filed, or as of the height. Each
    has one partner, so they add up to those of an HS code.
    """

    partner: str
    hs: str
    points: int
    cents: int
    certificates: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """One participant's trade in one flow and quarter.

    Attributes:
        source: where the figures come from; only a countersigned return's `needs` are to be believed.
        record: id of that return, empty for `Source.LEDGER`.
        certificates: how many count.
        entries: by partner and HS code, ascending, points above nothing; cents are 0 for `Source.LEDGER`.
        needs: by HS code and `ALL`, as the return states them for the quarter.
        annual: by HS code, partner and `ALL`, as the return of a fourth quarter states them for the year, if the year's figures
            are those that it knew; else empty.
    """

    key: BlockKey
    source: Source
    record: bytes
    certificates: int
    entries: tuple[Entry, ...]
    needs: Mapping[str, Need] = field(default_factory=dict)
    annual: Mapping[str, Need] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Production:
    """What one participant reports for half a year (`2026H1`): by HS code points and cents; zones are added up."""

    author: str
    half: str
    record: bytes
    lines: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Cube:
    """All figures of a year's periods up to a release's period, as of a height.

    Attributes:
        period: of the release, `2026Q1`, `2026H1` or `2026`.
        height: block after which the figures are read.
        tree_size: of the log after it.
        names: of participants by code, as of the height.
        blocks: those of the quarters that the release needs: its own, or all four of a year.
        production: likewise by participant and half.
        percent: the p of the p-percent rule on the day of the height.
        least_change: certificates by which a published cell must have changed before a revision shows the change.
    """

    period: str
    height: int
    tree_size: int
    names: Mapping[str, str]
    blocks: Mapping[BlockKey, Block]
    production: Mapping[tuple[str, str], Production]
    percent: int
    least_change: int


class Cell(NamedTuple):
    """One place of a published table; compares, and so sorts, by its fields in this order.

    Attributes:
        period: `2026Q1`, `2026H1`, or `2026` for the year.
        flow: a `Flow`.
        participant: code, or `WORLD`.
        hs: six digits, or `ALL`.
        partner: code in the bilateral table of a year (then `hs` is `ALL`), else empty.
    """

    period: str
    flow: str
    participant: str
    hs: str
    partner: str = ""
