"""Pictures of figures as SVG geometry, in integers; templates draw them, and every figure in one also stands in a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.schemas.statistics import FlowAnswer

BAR: Final = 1000
"""Length of the longest bar."""

_LEAST: Final = 3
"""Width below which a part is not seen."""


@dataclass(frozen=True, slots=True)
class BarPart:
    """One HS class of a bar, in thousandths of the longest bar."""

    hs: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a ranking."""

    rank: int
    code: str
    name: str
    carats: str
    certificates: int
    parts: tuple[BarPart, ...]


def ranking(trade: Sequence[tuple[str, str, FlowAnswer]], longest: int) -> list[Row]:
    """Those with any trade, most carats first, equal ones by code."""
    some = [(points_of(flow.carats), code, name, flow) for code, name, flow in trade if flow.certificates]
    some.sort(key=lambda entry: (-entry[0], entry[1]))
    return [
        Row(rank, code, name, flow.carats, flow.certificates, bar(flow, longest))
        for rank, (_, code, name, flow) in enumerate(some, start=1)
    ]


def bar(flow: FlowAnswer, longest: int) -> tuple[BarPart, ...]:
    """The classes one after the other; the one with most carats is always seen."""
    parts, x, points = [], 0, 0
    largest = max(flow.by_hs, key=lambda row: points_of(row.carats))
    for row in flow.by_hs:
        points += points_of(row.carats)
        end = max(points * BAR // longest, x + _LEAST if points and row is largest else x)
        if end > x:
            parts.append(BarPart(row.hs, x, end - x))
        x = end
    return tuple(parts)


def points_of(carats: str) -> int:
    """Points of a sum; sums may be larger than any weight that a record can state."""
    return int(carats.replace(".", ""))
