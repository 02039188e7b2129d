"""Released figures as a dataset: one release as it stands for ever, or the newest one of every period together."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from api.pages.dataset import Cell, Dataset, Figure, Origin, periods_of
from api.port import NodePort
from api.releases import Releases
from ledger.release_views import ReleaseRow
from ledger.statistics.release import CONFIDENTIAL, MISSING

RELEASED: Final = "released"
"""Name of the newest releases together."""

_REVISION: Final = "-r"
_MOST_HELD: Final = 4


class Released:
    """The datasets of one node's releases, by name; a release never changes, so what was read is kept."""

    def __init__(self, port: NodePort, releases: Releases) -> None:
        self._port = port
        self._releases = releases
        self._held: dict[tuple[bytes, ...], Dataset] = {}

    def exists(self) -> bool:
        """Whether anything is released."""
        return bool(self._releases.newest()[1])

    def newest(self) -> Dataset | None:
        """The newest release of every period; None while there is none that this node has made."""
        return self._dataset(RELEASED, self._releases.newest()[1])

    def one(self, name: str) -> Dataset | None:
        """The release of this name; None where there is none."""
        row = self.row(name)
        return None if row is None else self._dataset(name, [row])

    def row(self, name: str) -> ReleaseRow | None:
        """The release of this name (`2026Q1`, `2026Q1-r2`)."""
        period, _, revision = name.partition(_REVISION)
        rows = self._releases.history(period) if period.isascii() and period.isalnum() and len(period) <= len("2026Q1") else []
        return next((row for row in rows if name_of(row) == name and (revision == "" or revision.isdigit())), None)

    def names(self) -> list[str]:
        """Of every release that is the newest of its period, the latest periods first."""
        return [name_of(row) for row in self._releases.newest()[1]]

    def _dataset(self, name: str, rows: Iterable[ReleaseRow]) -> Dataset | None:
        found = [(row, content) for row in rows if (content := self._releases.content(row.id)) is not None]
        key = (name.encode(), *(row.id for row, _ in found))
        held = self._held.get(key)
        if held is None and found:
            held = self._held[key] = self._build(name, found)
            while len(self._held) > _MOST_HELD:
                del self._held[next(iter(self._held))]
        return held

    def _build(self, name: str, found: list[tuple[ReleaseRow, dict[str, Any]]]) -> Dataset:
        figures: dict[Cell, Figure] = {}
        partners: dict[tuple[str, str, str], dict[str, Figure]] = {}
        origins = {}
        for row, content in found:
            origins[row.entry.period] = Origin(content["release"], row.entry.height)
            for line in content["rows"]:
                _add(line, figures, partners)
        newest = max(found, key=lambda pair: pair[0].entry.height)[0].entry
        ledger = self._port.ledger
        return Dataset(
            name=name,
            height=newest.height,
            tree_size=ledger.moment(newest.height).tree_size,
            time=ledger.head.time,
            periods=periods_of(figures),
            names={code: one.name for code, one in ledger.register.participants.items()},
            figures=figures,
            partners=partners,
            origins=origins,
        )


def name_of(row: ReleaseRow) -> str:
    """`2026Q1` for the first release of a period, `2026Q1-r2` for its second revision."""
    return f"{row.entry.period}{_REVISION}{row.entry.revision}" if row.entry.revision else row.entry.period


def _add(line: Mapping[str, str], figures: dict[Cell, Figure], partners: dict[tuple[str, str, str], dict[str, Figure]]) -> None:
    """One row of a release's file; what was not traded has no figure."""
    hidden = line["status"] == CONFIDENTIAL
    points = None if hidden else _hundredths(line["carats"])
    certificates = int(line["certificates"]) if line["certificates"] else None
    if not points and not certificates and not hidden:
        return
    cents = None if hidden or line["status"] == MISSING else _hundredths(line["value"])
    figure = Figure(points, cents, certificates, line["status"])
    if line["partner"]:
        partners.setdefault((line["period"], line["flow"], line["participant"]), {})[line["partner"]] = figure
    else:
        figures[Cell(line["period"], line["flow"], line["participant"], line["hs"])] = figure


def _hundredths(text: str) -> int:
    """Points or cents of a release's decimal text."""
    return int(text.replace(".", "")) if text else 0
