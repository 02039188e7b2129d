"""What everybody sees: the released JSON files, read as rows of cells. The attacker knows releases by nothing else."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tests.attack.truth import Place

HIDDEN: Final = "c"
FIGURES: Final = ("carats", "value", "unit_value", "earlier_carats", "earlier_value")


class Row(NamedTuple):
    """A cell as published; what is confidential or missing is None. `hidden`: confidential, and no figure stands in the row."""

    points: int | None
    cents: int | None
    hidden: bool

    def measure(self, number: int) -> int | None:
        return self.cents if number else self.points


def read(text: bytes) -> dict[Place, Row]:
    """The trade cells of a released file."""
    return dict(_row(row) for row in json.loads(text)["rows"] if row["flow"] in ("export", "import"))


def _row(row: Mapping[str, Any]) -> tuple[Place, Row]:
    place = Place(row["period"], row["flow"], row["participant"], row["hs"], row["partner"])
    hidden = row["status"] == HIDDEN and not any(row.get(name) for name in FIGURES)
    return place, Row(_hundredths(row["carats"]), _hundredths(row["value"]), hidden)


def _hundredths(text: str) -> int | None:
    """Points of carats, cents of US$."""
    if not text:
        return None
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))
