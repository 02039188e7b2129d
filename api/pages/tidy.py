"""Figures as files: tidy CSV, one figure a line, and JSON with what the figures rest on.

Columns are those that analysts use; an empty (or null) figure is not shown, and `status` says why: `confidential`, or
`value-missing` where no return states the value. What is not listed was not traded.
"""

import csv
import io
import json
from collections.abc import Iterable
from typing import Final

from api.pages.dataset import WORLD, Cell, Dataset, Figure, Measure

COLUMNS: Final = (
    "country", "code", "year", "period", "flow", "hs", "carats", "value_usd", "usd_per_carat", "certificates",
    "status", "release",
)  # fmt: skip
_FIGURES: Final = frozenset(COLUMNS[6:10])
_STATUS: Final = {"": "shown", "c": "confidential", "m": "value-missing"}


def _values(dataset: Dataset, cell: Cell, figure: Figure) -> tuple[str, ...]:
    name = "World" if cell.participant == WORLD else dataset.names[cell.participant]
    return (
        name, cell.participant, cell.period[:4], cell.period, cell.flow, cell.hs,
        *(figure.decimal(one) for one in Measure), _STATUS[figure.flag], dataset.name,
    )  # fmt: skip


def csv_text(dataset: Dataset, data: Iterable[tuple[Cell, Figure]]) -> str:
    """Tidy data: one figure a line; empty is what is not shown, `status` says why."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_values(dataset, cell, figure) for cell, figure in data)
    return out.getvalue()


def json_text(dataset: Dataset, data: Iterable[tuple[Cell, Figure]], title: str) -> str:
    """The same with what it rests on; figures are decimal texts, null what is not shown."""
    rows = [
        {
            name: each or None if name in _FIGURES else each
            for name, each in zip(COLUMNS, _values(dataset, cell, figure), strict=True)
        }
        for cell, figure in data
    ]
    return json.dumps(
        {"title": title, "release": dataset.name, "height": dataset.height, "tree_size": dataset.tree_size, "data": rows},
        ensure_ascii=False,
        separators=(",", ":"),
    )
