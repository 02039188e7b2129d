"""What was announced beside what was measured, and which outcome the figures suggest. An officer decides.

| figures | suggestion |
|---|---|
| nothing measured yet | none |
| no parcel arrived | `refused` |
| the same parcels, the same carats of each HS class, received by the expiry | `confirmed` |
| anything else | `discrepancy` |

What came back on paper tells carats in all and no classes; it is compared and suggested from likewise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.bodies import PaperConfirmBody
from ledger.drafts import ConfirmDraft, IssueDraft, total
from ledger.entries import HS_CODES, points_by_hs
from ledger.units import carats


@dataclass(frozen=True, slots=True)
class Row:
    """One figure on both sides; `measured` and `difference` are empty where nothing was measured."""

    what: str
    announced: str
    measured: str
    difference: str

    @property
    def differs(self) -> bool:
        """Whether the sides do."""
        return self.measured not in ("", self.announced)


def compare(announced: IssueDraft, measured: ConfirmDraft | None) -> list[Row]:
    """Parcels, carats of each class that either side has, carats in all."""
    rows = [_count("parcels", announced.parcels, None if measured is None else measured.parcels)]
    found: Sequence[int | None] = [None] * len(HS_CODES) if measured is None else points_by_hs(measured.lines)
    for hs, sent, arrived in zip(HS_CODES, points_by_hs(announced.lines), found, strict=True):
        if sent or arrived:
            rows.append(_weight(hs, sent, arrived))
    arrived_in_all = None if measured is None else total(measured.lines)
    return [*rows, _weight("carats", total(announced.lines), arrived_in_all)]


def suggest(announced: IssueDraft, measured: ConfirmDraft | None) -> str:
    """The outcome that the figures speak for; empty while there are none."""
    if measured is None:
        return ""
    if measured.parcels == 0:
        return "refused"
    same = measured.parcels == announced.parcels and points_by_hs(measured.lines) == points_by_hs(announced.lines)
    return "confirmed" if same and measured.received <= announced.expires else "discrepancy"


def compare_paper(announced: IssueDraft, told: PaperConfirmBody | None) -> list[Row]:
    """Parcels and carats in all, beside what came back on paper."""
    return [
        _count("parcels", announced.parcels, None if told is None else told.parcels),
        _weight("carats", total(announced.lines), None if told is None else told.points),
    ]


def suggest_paper(announced: IssueDraft, told: PaperConfirmBody | None) -> str:
    """The outcome that the figures of the paper speak for; empty while there are none."""
    if told is None:
        return ""
    if told.parcels == 0:
        return "refused"
    same = told.parcels == announced.parcels and told.points == total(announced.lines)
    return "confirmed" if same and told.received <= announced.expires else "discrepancy"


def _count(what: str, sent: int, arrived: int | None) -> Row:
    if arrived is None:
        return Row(what, str(sent), "", "")
    return Row(what, str(sent), str(arrived), f"{arrived - sent:+d}" if arrived != sent else "0")


def _weight(what: str, sent: int, arrived: int | None) -> Row:
    if arrived is None:
        return Row(what, carats(sent), "", "")
    sign = "+" if arrived > sent else ""
    return Row(what, carats(sent), carats(arrived), sign + carats(arrived - sent))
