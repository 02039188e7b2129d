"""Proves how little earlier releases leave open of a target (`ledger.statistics.targets.proven_reach`)."""

from typing import Final, Literal, cast

import numpy as np

from ledger.statistics.model import MEASURES, required
from ledger.statistics.proposal import Concession
from ledger.statistics.targets import Insider, proven_reach
from node.disclosure.errors import ImpossibleError
from node.disclosure.program import Program
from node.disclosure.rows import Rows
from node.disclosure.tally import Tally

_DIVISORS: Final = (1, 2, 3, 4, 6, 12, 60)
"""Weights of concessions are fractions with one of these, and mostly whole."""

_ADVICE: Final = "the figures of earlier releases leave too little open; hold back one of its blocks until more trade is known"


def concede(rows: Rows, tally: Tally, program: Program, measure: int, place: int, number: int | None) -> tuple[Concession, int]:
    """What is proven of a target for an insider of this number, or for everybody, and how far it is to be moved then.

    Raises:
        ImpossibleError: nothing that would explain why no table covers it.
    """
    insider = None if number is None else tally.insider(number)
    target, before = tally.coverage.question.targets[place], tally.coverage.limit(place, number)
    frozen = [] if number is None else [int(tally.insider_rows[number])]
    found = program.weights(int(tally.target_rows[place]), np.array(frozen, dtype=np.int64))
    best: tuple[int, int, list[tuple[int, int]]] | None = None
    for divisor in _DIVISORS:
        for sign in (1, -1):
            weights = np.rint(sign * divisor * found).astype(np.int64)
            parts = [(row, int(weights[row])) for row in np.flatnonzero(weights).tolist() if rows.hard[row] or row in frozen]
            told = [(rows.variables[row], weight) for row, weight in parts]
            reach = proven_reach(tally.coverage.question.system, target.moved, told, divisor)
            if best is None or reach < best[0]:
                best = reach, divisor, parts
    if best is None or required(target.need, best[0]) >= before:
        raise impossible(tally, measure, place, insider)
    reach, divisor, parts = best
    return (
        Concession(
            cast("Literal[0, 1]", measure),
            (target.release, target.cell),
            rows.told[frozen[0]] if frozen else None,
            divisor,
            tuple((*rows.told[row], weight) for row, weight in parts),
        ),
        tally.concede(place, number, reach),
    )


def impossible(tally: Tally, measure: int, place: int, insider: Insider | None) -> ImpossibleError:
    """A target that nothing covers."""
    cell = tally.coverage.question.targets[place].cell
    return ImpossibleError(cell, MEASURES[measure], insider.cell if insider else None, _ADVICE)
