"""Prices that do not fit.

`unit-value` against production: what a participant exports of its own goods (not re-exports) in a half-year is worth more or
less a carat than what it says it mined in it, by more than a factor of `unit-value-factor`.

`unit-value` against peers: a line's price is an outlier among the lines of the same HS code, origin and year that the reader
has opened, `unit-value-peers` or more of them. Prices spread by factors, not differences: so their logarithms are compared with
the median, in units of the median deviation, which no single price can move (robust z above `unit-value-z`, in tenths).

`value-discrepancy`: carats are the same, and the importer values them higher or lower than the certificate does, by more than
`value-discrepancy-per-mille`. Stones that were exchanged on the way weigh the same.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ledger.appraisal.opened import Appraisal, Consignment, Priced, Produced, Worth
from ledger.findings.entries import Severity
from ledger.periods import half_of

_YEAR_CHARACTERS: Final = 4
_LOG_PARTS: Final = 128
_LEAST_DEVIATION: Final = 6
"""Parts of a doubling, about 3 percent: among equal prices every other one would be an outlier."""

_Z_NUMERATOR, _Z_DENOMINATOR = 6_745, 10_000
"""The median deviation of a normal spread is 0.6745 of its standard deviation."""

Held = Mapping[str, Consignment]


def against_production(
    held: Held, production: Mapping[tuple[str, str], Produced], parameters: Mapping[str, int]
) -> Iterator[Appraisal]:
    """Of each participant and half-year of which both are known."""
    exports: dict[tuple[str, str], tuple[Worth, list[bytes]]] = {}
    for one in held.values():
        if one.lines and one.exported and not one.reexport:
            worth, inputs = exports.setdefault((one.issuer, half_of(one.issued)), (Worth(), []))
            inputs.append(one.records[0])
            exports[one.issuer, half_of(one.issued)] = worth.plus(Worth.of(one.lines)), inputs
    factor = parameters["unit-value-factor"]
    for (code, half), (sent, inputs) in exports.items():
        mined = production.get((code, half))
        if mined is None or not mined.worth.points:
            continue
        exported_price, mined_price = sent.cents * mined.worth.points, mined.worth.cents * sent.points
        if exported_price > factor * mined_price or mined_price > factor * exported_price:
            figures: dict[str, int | str] = {
                "exported_cents": sent.cents,
                "exported_points": sent.points,
                "half": half,
                "produced_cents": mined.worth.cents,
                "produced_points": mined.worth.points,
            }
            yield Appraisal("unit-value", f"{code}/{half}", Severity.MEDIUM, (code,), (mined.record, *inputs), figures)


def against_peers(held: Held, parameters: Mapping[str, int]) -> Iterator[Appraisal]:
    """Of each line among its like."""
    peers: dict[tuple[str, tuple[str, ...], str], list[tuple[int, Priced, Consignment]]] = {}
    for one in held.values():
        for line in (one.lines or ()) if one.exported else ():
            key = line.hs, line.origin, one.issued[:_YEAR_CHARACTERS]
            peers.setdefault(key, []).append((logarithm(line.cents) - logarithm(line.points), line, one))
    for (hs, origin, year), rows in peers.items():
        if len(rows) < parameters["unit-value-peers"]:
            continue
        middle = median([price for price, _, _ in rows])
        deviation = max(_LEAST_DEVIATION, median([abs(price - middle) for price, _, _ in rows]))
        for price, line, one in rows:
            distance = abs(price - middle)
            if distance * 10 * _Z_NUMERATOR > parameters["unit-value-z"] * deviation * _Z_DENOMINATOR:
                figures: dict[str, int | str] = {
                    "cents": line.cents,
                    "hs": hs,
                    "origin": " ".join(origin),
                    "peers": len(rows),
                    "points": line.points,
                    "year": year,
                    "z_tenths": distance * 10 * _Z_NUMERATOR // (deviation * _Z_DENOMINATOR),
                }
                about = f"{one.number}/{hs}/{'-'.join(origin)}"
                yield Appraisal("unit-value", about, Severity.LOW, (one.issuer, one.number), (one.records[0],), figures)


def value_discrepancies(held: Held, parameters: Mapping[str, int]) -> Iterator[Appraisal]:
    """Of each certificate of which both sides' values are known."""
    for one in held.values():
        if not one.lines or not one.arrived or one.records[0] == one.records[-1]:
            continue
        stated, measured = Worth.of(one.lines), Worth.of(one.arrived)
        difference = abs(measured.cents - stated.cents)
        if stated.points == measured.points and difference * 1_000 > stated.cents * parameters["value-discrepancy-per-mille"]:
            figures: dict[str, int | str] = {
                "measured_cents": measured.cents,
                "points": stated.points,
                "stated_cents": stated.cents,
            }
            subjects = one.issuer, one.destination, one.number
            yield Appraisal("value-discrepancy", one.number, Severity.MEDIUM, subjects, one.records, figures)


def logarithm(number: int) -> int:
    """To the base 2, in 128ths, rounded down; nothing counts as one."""
    return int((max(number, 1) ** _LOG_PARTS).bit_length()) - 1


def median(numbers: list[int]) -> int:
    """The middle one; of two, the lower."""
    return sorted(numbers)[(len(numbers) - 1) // 2]
