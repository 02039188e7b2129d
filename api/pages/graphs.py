"""Time series, ranked bars and the world map, drawn in integers from amounts; None is a gap, never zero.

Each gives the parts of a drawing and its height, for a page (`svg.drawing`) or a file (`svg.document`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

from api.pages import svg
from api.pages.language import Language
from api.pages.svg import tag, text

_WORLD: Final = Path(__file__).parent / "data" / "world.json"
_STEPS: Final = (1, 2, 5, 10)
_WANTED_LINES: Final = 5
_MANY_PERIODS: Final = 8
_ROW: Final = 26
_BAR: Final = 16
_DOT: Final = 4

_Place = Callable[[int], int]
"""Where a number stands on an axis."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a series: its amounts, one a period, and each as text."""

    name: str
    amounts: tuple[int | None, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a ranking."""

    name: str
    amount: int
    text: str


@dataclass(frozen=True, slots=True)
class Area:
    """What the map says of a participant: its class (`0` to `5`, `c`), a text, and where it leads, empty for nowhere."""

    level: str
    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """The vertical axis: its lines in amounts, the last one on top."""

    lines: tuple[int, ...]

    @property
    def top(self) -> int:
        """The largest amount that fits."""
        return self.lines[-1]


def scale(largest: int, unit: int) -> Scale:
    """Round steps of whole units from nothing to above the largest amount."""
    whole = max(1, -(-largest // unit))
    power = 10 ** max(0, len(str(whole // _WANTED_LINES)) - 1)
    step = next(each * power for each in (*_STEPS, 20, 50) if each * power * _WANTED_LINES >= whole)
    return Scale(tuple(at * step * unit for at in range(-(-whole // step) + 1)))


def compact(number: int, language: Language) -> str:
    """A round number for an axis: `20k`, `4M`, `1.5bn`."""
    for size, letter in ((10**9, "bn" if language.code == "en" else "Md"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            tenths = number * 10 // size
            return f"{tenths // 10}{language.point + str(tenths % 10) if tenths % 10 else ''}\N{NO-BREAK SPACE}{letter}"
    return str(number)


def draw_series(
    periods: Sequence[str], lines: Sequence[Line], language: Language, *, unit: int, width: int, height: int
) -> list[Markup]:
    """Lines over periods; the names stand at their ends, those that would meet pushed apart."""
    axis = scale(max((amount for line in lines for amount in line.amounts if amount is not None), default=0), unit)
    left, right, top, bottom = 58, max(96, min(width // 4, 200)), 12, height - 30
    span = width - left - right

    def x(at: int) -> int:
        return left + (span * at // (len(periods) - 1) if len(periods) > 1 else span // 2)

    def y(amount: int) -> int:
        return bottom - (bottom - top) * amount // axis.top

    parts = []
    for amount in axis.lines:
        parts.append(tag("line", x1=left, x2=width - right, y1=y(amount), y2=y(amount), stroke=svg.GRID, class_="grid"))
        parts.append(text(left - 8, y(amount) + 5, compact(amount // unit, language), size=13, anchor="end"))
    every = max(1, -(-len(periods) * 60 // max(span, 1)))
    for at, period in enumerate(periods):
        if (len(periods) - 1 - at) % every == 0:
            parts.append(text(x(at), height - 8, period, size=13, anchor="middle"))
    ends: list[tuple[int, int]] = []
    for number, line in enumerate(lines):
        parts += _line(line, periods, x, y, number)
        last = next((at for at in range(len(periods) - 1, -1, -1) if line.amounts[at] is not None), None)
        if last is not None:
            ends.append((y(line.amounts[last] or 0), number))
    below = top - 16
    for wanted, number in sorted(ends):
        below = max(wanted, below + 17)
        name = lines[number].name
        most = (right - 12) // 8
        label = name if len(name) <= most else name[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
        parts.append(
            text(width - right + 10, below + 5, label, size=13, fill=svg.SERIES[number], class_=f"end series-{number}")
        )
    return parts


def _line(line: Line, periods: Sequence[str], x: _Place, y: _Place, number: int) -> list[Markup]:
    """A line that is broken where an amount is not known, and a dot at each amount with its text."""
    runs: list[list[str]] = [[]]
    dots = []
    for at, amount in enumerate(line.amounts):
        if amount is None:
            runs.append([])
            continue
        runs[-1].append(f"{x(at)},{y(amount)}")
        dots.append(
            tag(
                "circle",
                tag("title", f"{line.name}, {periods[at]}: {line.texts[at]}"),
                cx=x(at), cy=y(amount), r=_DOT, fill=svg.SERIES[number], class_=f"dot series-{number}",
            )
        )  # fmt: skip
    strokes = [
        tag(
            "polyline", points=" ".join(run), fill="none", stroke=svg.SERIES[number], stroke_width=2,
            stroke_dasharray=svg.DASHES[number], class_=f"line series-{number}",
        )
        for run in runs
        if len(run) > 1
    ]  # fmt: skip
    return [*strokes, *dots]


def draw_bars(bars: Sequence[Bar], *, width: int) -> tuple[list[Markup], int]:
    """Bars, one below the other, and the drawing's height."""
    left, right = 250, 130
    longest = max([1, *(bar.amount for bar in bars)])
    parts = []
    for at, bar in enumerate(bars):
        y, length = at * _ROW, max(1, (width - left - right) * bar.amount // longest)
        parts.append(text(left - 10, y + _BAR - 2, bar.name, size=13, anchor="end", fill=svg.INK))
        parts.append(tag("rect", x=left, y=y, width=length, height=_BAR, fill=svg.SERIES[2]))
        parts.append(text(left + length + 8, y + _BAR - 2, bar.text, size=13))
    return parts, max(1, len(bars)) * _ROW


@cache
def world() -> tuple[int, int, Mapping[str, str], Mapping[str, tuple[int, int]]]:
    """Width, height, outlines and points of the map."""
    data = json.loads(_WORLD.read_text())
    return data["width"], data["height"], data["shapes"], {code: (x, y) for code, (x, y) in data["points"].items()}


def draw_map(areas: Mapping[str, Area], countries: Mapping[str, Sequence[str]]) -> list[Markup]:
    """The world: participants in their class, everybody else as land. `countries` are those of each participant."""
    _, _, shapes, points = world()
    owner = {country: code for code in areas for country in countries.get(code, ())}
    land = "".join(path for code, path in shapes.items() if code not in owner)
    parts = [tag("path", d=land, fill=svg.LEVELS["none"], class_="land")]
    for code, area in areas.items():
        outline = "".join(shapes[country] for country in countries.get(code, ()) if country in shapes)
        dots = [points[country] for country in countries.get(code, ()) if country in points]
        look = {"fill": svg.LEVELS[area.level], "class_": f"level-{area.level}"}
        pieces = [
            tag("title", area.text),
            *([tag("path", d=outline, stroke=svg.PAPER, **look)] if outline else []),
            *(tag("circle", cx=x, cy=y, r=9, stroke=svg.PAPER, **look) for x, y in dots),
        ]
        parts.append(tag("a", *pieces, href=area.href, tabindex="-1") if area.href else tag("g", *pieces))
    return parts


def classes(amounts: Sequence[int], unit: int) -> tuple[int, ...]:
    """Borders between up to five classes, each ten times the one below, the highest at or below the largest amount; none
    where nothing has an amount.
    """
    if not any(amounts):
        return ()
    whole = max([1, *amounts]) // unit
    power = 10 ** (len(str(max(1, whole))) - 1)
    return tuple(unit * power // 10**at for at in range(3, -1, -1) if power // 10**at)


def level(amount: int | None, borders: Sequence[int]) -> str:
    """The class of an amount, `1` the lowest; `0` where nothing was traded."""
    if not amount:
        return "0"
    return str(1 + sum(amount >= border for border in borders))
