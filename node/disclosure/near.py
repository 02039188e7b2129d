"""Parts of the trade in which most targets can be moved without the rest of it.

Sums that releases show add up along HS codes, quarters and participants. Within one quarter and HS code, a table that moves an
entry has to be balanced among exporters and among importers alone, which is a flow in a network: its program is small, its
solutions are whole numbers, and it leaves the insiders of all other quarters and codes alone. Where a pair's trade of the year
is published, two quarters or two codes are needed, and so on.
"""

from itertools import combinations
from typing import Final

import numpy as np

from ledger.statistics.model import Model
from node.disclosure.rows import Part, Rows

FEWEST: Final = 1_000
"""Variables of a system that has parts; programs of a smaller one are small as they are."""


def parts_of_trade(rows: Rows, model: Model) -> list[Part]:
    """One quarter and HS code each, then two and all quarters of a code, two and all codes of a quarter; or none."""
    if len(rows.columns) < FEWEST:
        return []
    slices: dict[tuple[str, str], list[int]] = {}
    for column, place in enumerate(rows.columns):
        variable = model.variables[place]
        slices.setdefault((variable.hs, variable.quarter), []).append(column)
    keys = sorted(slices)
    found = [[key] for key in keys]
    for field in (0, 1):
        alike = [[key for key in keys if key[field] == name] for name in sorted({key[field] for key in keys})]
        found += [[*pair] for some in alike for pair in combinations(some, 2)]
        found += [some for some in alike if 2 < len(some) < len(keys)]
    return [rows.part(np.sort(np.concatenate([np.array(slices[key], dtype=np.int64) for key in some]))) for some in found]
