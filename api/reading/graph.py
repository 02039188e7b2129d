"""A chain of custody laid out for a drawing: columns by level, the certificate itself in the middle, goods flow to the right.

Only integers, in units of the drawing. Of a long chain the nearest certificates are drawn, `MAX_DRAWN_CERTIFICATES` on each
side, and how many are not is said; the table beside the drawing has all of them. Within a column certificates stand in the
order of the middle of their neighbours nearer to the centre, so that lines cross little.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.limits import MAX_DRAWN_CERTIFICATES
from ledger.custody import Chain, Custody, Link, Taking
from ledger.units import Points

BOX_WIDTH: Final = 148
BOX_HEIGHT: Final = 58
_GAP_X: Final = 74
_GAP_Y: Final = 18
_MARGIN: Final = 4
_THICKEST: Final = 9


@dataclass(frozen=True, slots=True)
class Box:
    """A certificate in the drawing; `centre` marks the one that was asked for."""

    link: Link
    x: int
    y: int
    centre: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Points that went from one box to another: a path of SVG, its width, and where its weight is written.

    Attributes:
        anchor: `start` or `end` of the text at `x`: beside the box farther from the centre, where lines lie apart.
    """

    taking: Taking
    path: str
    width: int
    x: int
    y: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole picture.

    Attributes:
        left_out: certificates of the chain that are not drawn.
    """

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    left_out: int


def draw(custody: Custody) -> Drawing | None:
    """The drawing; None where a certificate stands alone."""
    up, down = _near(custody.up), _near(custody.down)
    links = {link.number: link for link in (*down, *up)}
    if len(links) < 2:
        return None
    takings = _takings(custody, links)
    columns: dict[int, list[str]] = defaultdict(list)
    for sign, side in ((-1, up), (1, down)):
        for link in side:
            if link.level or sign == 1:  # the one asked for stands in both chains
                columns[sign * link.level].append(link.number)
    places = _places(columns, takings)
    first, tallest = min(columns), max(len(column) for column in columns.values())
    height = tallest * (BOX_HEIGHT + _GAP_Y) - _GAP_Y + 2 * _MARGIN
    width = (max(columns) - first + 1) * (BOX_WIDTH + _GAP_X) - _GAP_X + 2 * _MARGIN
    boxes: dict[str, Box] = {}
    for level, column in sorted(columns.items()):
        top = (height - len(column) * (BOX_HEIGHT + _GAP_Y) + _GAP_Y) // 2
        for number in column:
            x = _MARGIN + (level - first) * (BOX_WIDTH + _GAP_X)
            y = top + places[number] * (BOX_HEIGHT + _GAP_Y)
            boxes[number] = Box(links[number], x, y, number == custody.number)
    most = max((taking.points for taking in takings), default=Points(1))
    drawn = tuple(_line(taking, boxes, boxes[custody.number].x, most) for taking in takings)
    whole = sum(len(chain.links) - 1 for chain in (custody.up, custody.down) if chain is not None) + 1
    return Drawing(width, height, tuple(boxes.values()), drawn, whole - len(boxes))


def _near(chain: Chain | None) -> Sequence[Link]:
    """The certificate itself and those nearest to it."""
    return () if chain is None else chain.links[: MAX_DRAWN_CERTIFICATES + 1]


def _takings(custody: Custody, links: Mapping[str, Link]) -> list[Taking]:
    every = [taking for chain in (custody.up, custody.down) if chain is not None for taking in chain.takings]
    return [taking for taking in every if taking.source in links and taking.number in links]


def _places(columns: Mapping[int, list[str]], takings: Sequence[Taking]) -> Mapping[str, int]:
    """Each certificate's place in its column, from the centre outwards."""
    neighbours: dict[str, list[str]] = defaultdict(list)
    for taking in takings:
        neighbours[taking.source].append(taking.number)
        neighbours[taking.number].append(taking.source)
    places: dict[str, int] = {}
    for level in sorted(columns, key=lambda level: (abs(level), level)):
        column = columns[level]
        middles = {number: _middle([places[one] for one in neighbours[number] if one in places]) for number in column}
        column.sort(key=lambda number: (middles[number], number))
        places.update((number, at) for at, number in enumerate(column))
    return places


def _middle(places: Sequence[int]) -> int:
    """Their mean in thousandths."""
    return sum(places) * 1000 // len(places) if places else 0


def _line(taking: Taking, boxes: Mapping[str, Box], centre: int, most: Points) -> Line:
    source, target = boxes[taking.source], boxes[taking.number]
    x, y = source.x + BOX_WIDTH, source.y + BOX_HEIGHT // 2
    to_x, to_y = target.x, target.y + BOX_HEIGHT // 2
    bend = max(24, abs(to_x - x) // 2)
    path = f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
    width = max(1, _THICKEST * taking.points // most)
    if target.x <= centre:
        return Line(taking, path, width, x + _MARGIN, y - width // 2 - _MARGIN, "start")
    return Line(taking, path, width, to_x - _MARGIN, to_y - width // 2 - _MARGIN, "end")
