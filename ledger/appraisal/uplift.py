"""`value-uplift`: goods leave a hub for far more a carat than they came in for.

Of a hub and a quarter: its re-exports, by day of issue, are worth more a carat than its imports, by day of receipt and as
measured, by more than `uplift-per-mille`. Both sides count only what the reader has opened. Sorting moves value between HS
codes, so the whole is compared.

Of one lot: a re-export that is covered by its sources to nine tenths is worth more a carat than these were on arrival, each
weighted by what was taken, by more than `lot-uplift-per-mille`, and the last of them came in at most `lot-uplift-days` before.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ledger.appraisal.opened import Appraisal, Consignment, Worth
from ledger.findings.entries import Severity
from ledger.periods import quarter_of
from ledger.units import day_number

_COVERED_TENTHS: Final = 9

Held = Mapping[str, Consignment]
Place = tuple[str, str]
"""Participant and quarter."""


def hub_uplifts(held: Held, parameters: Mapping[str, int]) -> Iterator[Appraisal]:
    """Of each participant that re-exports, by quarter."""
    imports: dict[Place, Worth] = {}
    reexports: dict[Place, Worth] = {}
    inputs: dict[Place, list[bytes]] = {}
    for one in held.values():
        if one.received and one.arrived:
            _add(imports, inputs, (one.destination, quarter_of(one.received)), Worth.of(one.arrived), one.records[-1])
        if one.reexport and one.exported and one.lines:
            _add(reexports, inputs, (one.issuer, quarter_of(one.issued)), Worth.of(one.lines), one.records[0])
    for (hub, quarter), sold in reexports.items():
        bought = imports.get((hub, quarter))
        if bought is None or not bought.cents:
            continue
        rise = sold.rise(bought)
        if rise > parameters["uplift-per-mille"]:
            figures = _figures(bought, sold, rise, quarter=quarter)
            records = tuple(inputs[hub, quarter])
            yield Appraisal("value-uplift", f"{hub}/{quarter}", Severity.MEDIUM, (hub,), records, figures)


def _add(
    sums: dict[Place, Worth],
    inputs: dict[Place, list[bytes]],
    key: Place,
    worth: Worth,
    record: bytes,
) -> None:
    sums[key] = sums.get(key, Worth()).plus(worth)
    inputs.setdefault(key, []).append(record)


def lot_uplifts(held: Held, parameters: Mapping[str, int]) -> Iterator[Appraisal]:
    """Of each re-export with its sources."""
    for one in held.values():
        if not (one.reexport and one.exported and one.lines):
            continue
        sold = Worth.of(one.lines)
        sources = [(held.get(number), points) for number, points in one.sources]
        if sum(points for _, points in sources) * 10 < sold.points * _COVERED_TENTHS:
            continue
        bought = _bought(sources)
        if bought is None or not bought.cents:
            continue
        last = max(source.received for source, _ in sources if source is not None)
        days, rise = day_number(one.issued) - day_number(last), sold.rise(bought)
        if rise > parameters["lot-uplift-per-mille"] and days <= parameters["lot-uplift-days"]:
            subjects = (one.issuer, one.number, *(number for number, _ in one.sources))
            records = (one.records[0], *(source.records[-1] for source, _ in sources if source is not None))
            figures = _figures(bought, sold, rise, days=days)
            yield Appraisal("value-uplift", one.number, Severity.HIGH, subjects, records, figures)


def _bought(sources: list[tuple[Consignment | None, int]]) -> Worth | None:
    """What was taken, at the price of its arrival; None when the price of a part is not known."""
    taken = Worth()
    for source, points in sources:
        if source is None or not source.arrived:
            return None
        whole = Worth.of(source.arrived)
        taken = taken.plus(Worth(points, whole.cents * points // whole.points))
    return taken


def _figures(bought: Worth, sold: Worth, rise: int, **more: int | str) -> dict[str, int | str]:
    figures = {
        "bought_cents": bought.cents,
        "bought_points": bought.points,
        "rise_per_mille": rise,
        "sold_cents": sold.cents,
        "sold_points": sold.points,
        **more,
    }
    return dict(sorted(figures.items()))
