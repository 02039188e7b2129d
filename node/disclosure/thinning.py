"""Publishes again what need not be confidential after all, and leaves out witnesses that cover nothing alone."""

from typing import TYPE_CHECKING, Final

import numpy as np

from ledger.statistics.cells import mirror_of
from ledger.statistics.targets import Coverage
from node.disclosure.search import Search

if TYPE_CHECKING:
    from node.disclosure.propose import Work

EFFORT: Final = 300_000
"""What is asked of the solver for it, in rows (`Program.effort`); the most valuable cells come first."""


def thin_pattern(work: "Work", effort: int = EFFORT) -> None:
    """Publishes what can be, the most valuable first, as long as every target is covered, by old tables or new ones."""
    begun = sum(search.effort for search in work.searches)
    extra = sorted(work.confidential - work.needed, key=lambda cell: (-work.figures[cell].cents, cell))
    for cell in extra:
        group = {cell, mirror_of(cell)} & work.confidential if cell.partner else {cell}
        if cell not in work.confidential or group & work.needed:
            continue
        before = [search.rows.open.copy() for search in work.searches]
        work.publish(group)
        lost = [
            search.tally.touching(np.flatnonzero(was & ~search.rows.open))
            for search, was in zip(work.searches, before, strict=True)
        ]
        kept = [search.tally.dropped for search in work.searches]
        spent = sum(search.effort for search in work.searches) - begun
        pairs = [*zip(work.searches, lost, strict=True)]
        if (spent > effort and any(lost)) or not all(search.recover(dropped) for search, dropped in pairs):
            for search, dropped in zip(work.searches, kept, strict=True):
                search.tally.dropped = dropped
            work.withhold(group)


def thin_witnesses(search: Search) -> list[tuple[tuple[int, int], ...]]:
    """Moves of enough witnesses, none of which can be left out; the longest are tried first."""
    coverage = Coverage(search.question)
    for concession in search.tally.conceded:
        coverage.concede(*concession)
    moves = [search.rows.moves(table) for table in search.tally.tables]
    for one in moves:
        coverage.take(one)
    serves: list[list[int]] = [[] for _ in moves]
    for place in range(len(coverage.question.targets)):
        for found in coverage.found(place):
            serves[found.number].append(place)
    dropped = {*search.tally.dropped}
    for number in sorted({*range(len(moves))} - dropped, key=lambda number: (-len(moves[number]), number)):
        if not any(coverage.gaps(place, dropped | {number}) for place in serves[number]):
            dropped.add(number)
    return [moves[number] for number in range(len(moves)) if number not in dropped]
