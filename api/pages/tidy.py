"""Figures as files: tidy CSV, one figure a line, and JSON with what the figures rest on.

Columns and status are those of the releases' own files (`ledger.statistics.release`), with the block of each figure in the
place of the figures before. What is not listed was not traded.
"""

import csv
import io
import json
from collections.abc import Iterable
from typing import Final

from api.pages.dataset import WORLD, Cell, Dataset, Figure, Measure
from ledger.countries import is_country

COLUMNS: Final = (
    "period", "year", "quarter", "flow", "participant", "country", "iso", "hs", "partner", "carats", "value", "unit_value",
    "certificates", "status", "release", "height",
)  # fmt: skip
_FIGURES: Final = frozenset(COLUMNS[9:13])


def _values(dataset: Dataset, cell: Cell, figure: Figure) -> dict[str, str]:
    origin, code = dataset.origin(cell.period), cell.participant
    return dict(
        zip(
            COLUMNS,
            (
                cell.period, cell.period[:4], cell.period[5:] if "Q" in cell.period else "", cell.flow, code,
                "World" if code == WORLD else dataset.names[code], code if is_country(code) else "", cell.hs, "",
                *(figure.decimal(one) for one in Measure), figure.flag, origin.release, str(origin.height),
            ),
            strict=True,
        )
    )  # fmt: skip


def csv_text(dataset: Dataset, data: Iterable[tuple[Cell, Figure]]) -> str:
    """One figure a line; empty is what is not shown, `status` says why."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_values(dataset, cell, figure) for cell, figure in data)
    return out.getvalue()


def json_text(dataset: Dataset, data: Iterable[tuple[Cell, Figure]], title: str) -> str:
    """The same with what it rests on; figures are decimal texts, null what is not shown."""
    rows = [
        {name: (each or None) if name in _FIGURES else each for name, each in _values(dataset, cell, figure).items()}
        for cell, figure in data
    ]
    return json.dumps(
        {"title": title, "release": dataset.name, "height": dataset.height, "tree_size": dataset.tree_size, "rows": rows},
        ensure_ascii=False,
        separators=(",", ":"),
    )
