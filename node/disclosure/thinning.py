"""Publishes again what need not be confidential after all, and leaves out witnesses that cover nothing alone."""

from typing import TYPE_CHECKING, Final

import numpy as np

from ledger.statistics.cells import mirror_of
from node.disclosure.search import Search

if TYPE_CHECKING:
    from node.disclosure.propose import Work

TRIES: Final = 60
"""Cells for which the solver is asked; the most valuable come first."""


def thin_pattern(work: "Work", tries: int = TRIES) -> None:
    """Publishes what can be, the most valuable first, as long as every target is covered, by old tables or new ones."""
    extra = sorted(work.confidential - work.needed, key=lambda cell: (-work.figures[cell].cents, cell))
    for cell in extra:
        group = {cell, mirror_of(cell)} & work.confidential if cell.partner else {cell}
        if cell not in work.confidential or group & work.needed:
            continue
        before = [search.rows.open.copy() for search in work.searches]
        work.publish(group)
        lost = [
            search.touching(np.flatnonzero(was & ~search.rows.open)) for search, was in zip(work.searches, before, strict=True)
        ]
        kept = [set(search.dropped) for search in work.searches]
        tries -= any(lost)
        if tries < 0 or not all(search.recover(dropped) for search, dropped in zip(work.searches, lost, strict=True)):
            for search, dropped in zip(work.searches, kept, strict=True):
                search.dropped = dropped
            work.withhold(group)


def thin_witnesses(search: Search) -> list[tuple[tuple[int, int], ...]]:
    """Moves of enough witnesses, none of which can be left out; the longest are tried first."""
    coverage = search.coverage
    moves = [search.rows.moves(table) for table in search.tables]
    serves: list[list[int]] = [[] for _ in moves]
    for place in range(len(coverage.question.targets)):
        for one in coverage.found(place):
            serves[one.number].append(place)
    dropped = set(search.dropped)
    for number in sorted(set(range(len(moves))) - dropped, key=lambda number: (-len(moves[number]), number)):
        if not any(coverage.gaps(place, dropped | {number}) for place in serves[number]):
            dropped.add(number)
    return [moves[number] for number in range(len(moves)) if number not in dropped]
