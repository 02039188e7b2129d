"""Drawings as SVG text, escaped by construction; the few shapes that the charts need.

Colours stand in attributes, so that a file that was downloaded has them; the style sheet's classes win over them on the page,
where both colour schemes are. Nothing is inline style: the policy forbids it.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from markupsafe import Markup, escape

INK: Final = "#17202b"
QUIET: Final = "#3f4955"
GRID: Final = "#d9d5cb"
PAPER: Final = "#ffffff"
SERIES: Final = ("#16324f", "#a86a2c", "#4f86b5", "#6a3d7c", "#2f7a5b", "#8a2f2f")
"""At least 3:1 on paper; lines differ by their ends' marks and dashes too."""

DASHES: Final = ("none", "7 3", "2 3", "9 3 2 3", "4 2", "12 4")
LEVELS: Final[Mapping[str, str]] = {
    "none": "#e4e0d6",
    "0": "#f1efe9",
    "1": "#cfe0ee",
    "2": "#9dc0dc",
    "3": "#5f93bd",
    "4": "#2f648f",
    "5": "#16324f",
    "c": "#d9b98c",
}
_FONT: Final = "system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif"


def tag(name: str, *children: Markup | str, **attributes: object) -> Markup:
    """One element; `class_` and underscores become what SVG says, None leaves an attribute out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(each)}"' for key, each in attributes.items() if each is not None
    )
    if not children:
        return Markup(f"<{name}{said}/>")  # noqa: S704 -- a name of ours, and everything else is escaped
    inner = "".join(map(escape, children))
    return Markup(f"<{name}{said}>{inner}</{name}>")  # noqa: S704 -- likewise


def text(
    x: int, y: int, words: str, *, size: int = 14, anchor: str = "start", fill: str = QUIET, class_: str = "label"
) -> Markup:
    """Words at a place."""
    return tag("text", words, x=x, y=y, font_size=size, text_anchor=anchor, fill=fill, class_=class_)


def drawing(width: int, height: int, parts: Iterable[Markup], *, class_: str) -> Markup:
    """A drawing inside a page: hidden from readers of the table that has the same figures."""
    return tag(
        "svg", *parts, viewBox=f"0 0 {width} {height}", class_=class_, font_family=_FONT, aria_hidden="true", focusable="false"
    )


def document(width: int, height: int, title: str, source: str, parts: Iterable[Markup]) -> str:
    """A file of its own: title above, where the figures come from below."""
    margin, head, foot = 24, 64, 44
    whole = tag(
        "svg",
        tag("title", title),
        tag("rect", width=width + 2 * margin, height=height + head + foot, fill=PAPER),
        text(margin, 40, title, size=20, fill=INK),
        tag("g", *parts, transform=f"translate({margin} {head})"),
        text(margin, height + head + 28, source, size=12),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width + 2 * margin} {height + head + foot}",
        width=width + 2 * margin,
        height=height + head + foot,
        font_family=_FONT,
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{whole}\n'
