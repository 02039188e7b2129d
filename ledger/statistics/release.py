"""A release's files, JSON and CSV, byte for byte the same on every node.

- Rows are tidy: one cell each, in the order of cells, with the columns that analysts of these statistics use (`COLUMNS`).
- Carats and US dollars are decimal texts with two digits. US$/ct is derived: cents a carat, rounded half up; empty without
  carats.
- Status is empty, `c` for confidential (never why), or `m`: the value is missing, or that of some of the carats is. 0 is 0.
- Certificates stand in rows of `all` HS codes without a partner, also of confidential cells: they are always counted.
- A figure that the release before of the same period showed differently is *restated*: the earlier one stands beside it.

JSON has sorted keys and no spaces, and names the SHA-256 of the CSV; the release's digest is the SHA-256 of the JSON.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger import units
from ledger.countries import is_country
from ledger.statistics.cells import TRADE, Figures, all_figures, certificates
from ledger.statistics.periods import is_year
from ledger.statistics.proposal import Proposal
from ledger.statistics.tables import ALL, WORLD, Cell, Cube

CONFIDENTIAL: Final = "c"
MISSING: Final = "m"

COLUMNS: Final = (
    "period", "year", "quarter", "flow", "participant", "country", "iso", "hs", "partner", "carats", "value", "unit_value",
    "certificates", "status", "release", "earlier_carats", "earlier_value",
)  # fmt: skip
_YEAR: Final = slice(0, 4)
_QUARTER: Final = slice(5, 6)


@dataclass(frozen=True, slots=True)
class Release:
    """What is published.

    Attributes:
        cube: the figures, with the vintages that are shown.
        proposal: by which they were released.
        json, csv: the files.
        digest: SHA-256 of the JSON.
    """

    cube: Cube
    proposal: Proposal
    json: bytes
    csv: bytes
    digest: bytes


def release_name(period: str, revision: int) -> str:
    """What people and files call a release: `2026Q1` for the first one of a period, `2026Q1-r2` for its second revision."""
    return f"{period}-r{revision}" if revision else period


def write_release(
    cube: Cube, figures: Mapping[Cell, Figures], proposal: Proposal, before: tuple[Cube, Proposal] | None
) -> Release:
    """The files of a release.

    Args:
        cube: the figures with the vintages that are shown.
        figures: its cells (`ledger.statistics.cells.all_figures`).
        proposal: what is confidential.
        before: the release before of the same period, its figures as it showed them.
    """
    earlier: dict[Cell, Figures] = {}
    if before is not None:
        hidden = frozenset(before[1].confidential)
        earlier = {cell: figure for cell, figure in all_figures(before[0]).items() if cell not in hidden}
    confidential = frozenset(proposal.confidential)
    counts = certificates(cube)
    rows = [_row(cube, proposal, cell, figure, cell in confidential, counts, earlier) for cell, figure in figures.items()]
    table = _csv(rows)
    name = release_name(proposal.period, proposal.revision)
    content = {
        "citation": f"Kimberley Process, Rough diamond statistics, release {name}, as of ledger height {cube.height} "
        f"({cube.tree_size} records).",
        "columns": COLUMNS,
        "confidential": len(confidential),
        "csv_sha256": hashlib.sha256(table).hexdigest(),
        "height": str(cube.height),
        "held": ["/".join(key) for key in proposal.held],
        "least_change": str(cube.least_change),
        "percent": str(cube.percent),
        "period": cube.period,
        "release": name,
        "restated": sum(bool(row["earlier_carats"]) for row in rows),
        "revision": str(proposal.revision),
        "rows": rows,
        "tree_size": str(cube.tree_size),
        "units": {"carats": "carats", "value": "US dollars", "unit_value": "US dollars per carat"},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Release(cube, proposal, text, table, hashlib.sha256(text).digest())


def unit_value(figure: Figures) -> str:
    """US$/ct as a decimal text, rounded half up; empty where there are no carats or no value is known."""
    if not figure.points or figure.missing:
        return ""
    return units.value((2 * 100 * figure.cents + figure.points) // (2 * figure.points))


def _row(
    cube: Cube,
    proposal: Proposal,
    cell: Cell,
    figure: Figures,
    hidden: bool,
    counts: Mapping[tuple[str, str], int],
    earlier: Mapping[Cell, Figures],
) -> dict[str, str]:
    counted = cell.flow in TRADE and cell.hs == ALL and not cell.partner
    before = earlier.get(cell, figure)
    restated = not hidden and before != figure
    return {
        "period": cell.period,
        "year": cell.period[_YEAR],
        "quarter": "" if is_year(cell.period) else cell.period[_QUARTER] if "Q" in cell.period else "",
        "flow": cell.flow,
        "participant": cell.participant,
        "country": "World" if cell.participant == WORLD else cube.names[cell.participant],
        "iso": cell.participant if is_country(cell.participant) else "",
        "hs": cell.hs,
        "partner": cell.partner,
        "carats": "" if hidden else units.carats(figure.points),
        "value": "" if hidden else _value(figure),
        "unit_value": "" if hidden else unit_value(figure),
        "certificates": str(counts.get((cell.flow, cell.participant), 0)) if counted else "",
        "status": CONFIDENTIAL if hidden else MISSING if figure.missing else "",
        "release": release_name(proposal.period, proposal.revision),
        "earlier_carats": units.carats(before.points) if restated else "",
        "earlier_value": _value(before) if restated else "",
    }


def _value(figure: Figures) -> str:
    """Empty where nothing of the value is known."""
    return "" if figure.missing and not figure.cents else units.value(figure.cents)


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_safe(rows))
    return out.getvalue().encode()


def _safe(rows: Iterable[Mapping[str, str]]) -> Iterable[Mapping[str, str]]:
    """Names as a spreadsheet shows them: none is taken for a formula."""
    for row in rows:
        yield {**row, "country": f"'{row['country']}"} if row["country"][:1] in tuple("=+-@\t\r") else row
