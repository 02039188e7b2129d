"""`duplicate-parcel`: the same parcel under two numbers.

Two certificates that stand as exports are one parcel (high) when they name the same security bag, or (medium) when the same
trader of the same issuer exports the same lines, to the carat and the cent, within `duplicate-parcel-days`. A certificate that
takes carats from another one is its successor and not its double; a bag may be used again once the goods of its former
certificate have arrived.
"""

from collections.abc import Iterator, Mapping

from ledger.appraisal.opened import Appraisal, Consignment
from ledger.findings.entries import Severity
from ledger.units import day_number

Held = Mapping[str, Consignment]


def duplicate_parcels(held: Held, parameters: Mapping[str, int]) -> Iterator[Appraisal]:
    """Of each pair of neighbours in time."""
    bags: dict[str, Consignment] = {}
    parcels: dict[tuple[object, ...], Consignment] = {}
    found: set[str] = set()
    for one in sorted(held.values(), key=lambda one: (one.issued, one.number)):
        if not one.exported or one.lines is None:
            continue
        for bag in sorted(set(one.seals)):
            former = bags.get(bag)
            if former is not None and _on_the_way(former, one) and one.number not in found:
                found.add(one.number)
                yield _double(former, one, Severity.HIGH, {"bag": bag})
            bags[bag] = one
        if not one.trader:
            continue
        key = one.issuer, one.trader, tuple(sorted((line.hs, line.origin, line.points, line.cents) for line in one.lines))
        former = parcels.get(key)
        if former is not None and not _related(former, one) and one.number not in found:
            days = day_number(one.issued) - day_number(former.issued)
            if days <= parameters["duplicate-parcel-days"]:
                found.add(one.number)
                yield _double(former, one, Severity.MEDIUM, {"days": days})
        parcels[key] = one


def _on_the_way(former: Consignment, one: Consignment) -> bool:
    """Whether the bag was still under way with other goods when this certificate was issued."""
    return not _related(former, one) and (not former.received or former.received > one.issued)


def _related(former: Consignment, one: Consignment) -> bool:
    return any(number == former.number for number, _ in one.sources)


def _double(former: Consignment, one: Consignment, severity: Severity, why: dict[str, int | str]) -> Appraisal:
    figures = dict(sorted({**why, "points": sum(line.points for line in one.lines or ()), "twin": former.number}.items()))
    subjects = one.issuer, one.number, former.number
    return Appraisal("duplicate-parcel", one.number, severity, subjects, (former.records[0], one.records[0]), figures)
