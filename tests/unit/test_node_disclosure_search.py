"""What the search for witnesses keeps and leaves out is what the verifier counts, and says the same in fewer words."""

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from ledger.statistics.targets import Coverage
from node.disclosure import near
from node.disclosure.lean import Lean
from node.disclosure.near import parts_of_trade
from node.disclosure.propose import Work
from node.disclosure.tally import Tally
from tests.support.cubes import QUARTERS, calibrated


@cache
def searched() -> Work:
    """A quarter whose cents are all covered."""
    work = Work((), calibrated(0, parcels=8_000, participants=30).cube(QUARTERS[0]))
    work.searches[1].run()
    return work


def again(tally: Tally, work: Work, conceded=()) -> Coverage:
    """The verifier's own count of the same tables."""
    coverage = Coverage(tally.coverage.question)
    for table in tally.tables:
        coverage.take(work.rows[1].moves(table))
    for one in conceded:
        coverage.concede(*one)
    return coverage


def compare(tally: Tally, coverage: Coverage, without=frozenset()) -> int:
    """How many gaps there are, by either count."""
    gaps = 0
    for place in tally.asked:
        found = coverage.gaps(place, without)
        assert tally.is_open(place) == (not coverage.is_covered(place, without))
        assert [tally.insider(number) for number in tally.insiders_open_to(place)] == [
            one.insider for one in found if one.insider
        ]
        gaps += len(found)
    return gaps


def taken(work: Work) -> Tally:
    """The tables of that search, taken once more; nothing lies ahead."""
    found = work.searches[1].tally
    asked = found.coverage.question.targets[: len(found.asked)]
    tally = Tally(work.rows[1], replace(found.coverage.question, targets=asked), ())
    for table in found.tables:
        tally.take(table)
    return tally


def test_tables_are_counted_as_the_verifier_does():
    work, draw = searched(), random.Random(1)
    tally = taken(work)
    coverage = again(tally, work)
    assert compare(tally, coverage) == 0
    every, gaps = range(len(tally.tables)), []
    for some in (1, len(every) // 4, len(every) // 2, len(every) - 1):
        tally.dropped = frozenset(draw.sample(every, some))
        gaps.append(compare(tally, coverage, tally.dropped))
    assert max(gaps) > len(tally.asked)
    tally.dropped = frozenset()
    assert compare(tally, coverage) == 0


def test_what_is_conceded_counts_for_whom_it_is_conceded():
    work = searched()
    tally = taken(work)
    place = tally.asked[0]
    tally.dropped = frozenset(range(len(tally.tables)))
    everybody = tally.gaps(place), tally.lacks(place).bit_count()
    number = next(number for number in range(len(tally.insider_rows)) if tally.lacks(place) >> number & 1)
    tally.concede(place, number, 0)
    assert (tally.gaps(place), tally.lacks(place).bit_count()) == (1, everybody[1] - 1)
    conceded = [(place, number, 0), (place, None, tally.limits[place] // 2)]
    tally.concede(*conceded[1])
    tally.dropped = frozenset()
    coverage = again(tally, work, conceded)
    for without in (frozenset(), frozenset(range(0, len(tally.tables), 2))):
        tally.dropped = without
        compare(tally, coverage, without)


def test_enough_tables_are_enough_and_each_is_needed():
    work = searched()
    tally = taken(work)
    coverage = Coverage(tally.coverage.question)
    moves = tally.enough()
    for one in moves:
        coverage.take(one)
    assert not any(coverage.gaps(place) for place in tally.asked)
    for number in range(len(moves)):
        assert any(coverage.gaps(place, {number}) for place in tally.asked)


@pytest.mark.parametrize("seed", range(3))
def test_lean_sums_say_what_all_say_together(seed):
    rows, draw = searched().rows[1], np.random.default_rng(seed)
    stays = rows.hard | (draw.random(len(rows.moved)) < 0.7)
    full = np.zeros((len(rows.moved), len(rows.columns)))
    full[rows.at, rows.flat] = 1
    said = np.zeros_like(full)
    lean = Lean(rows).sums(stays)
    said[lean.rows, lean.columns[lean.places]] = 1
    ranks = [int(np.linalg.matrix_rank(one)) for one in (full[stays], said, np.vstack([full[stays], said]))]
    assert ranks[0] == ranks[1] == ranks[2]
    assert len(lean.rows) < 0.8 * full[stays].sum()


def test_small_systems_have_no_parts_and_large_ones_have_each_entry_in_many(monkeypatch):
    work = searched()
    rows = work.rows[1]
    assert parts_of_trade(rows, work.model) == []
    monkeypatch.setattr(near, "FEWEST", len(rows.columns))
    parts = parts_of_trade(rows, work.model)
    counts = np.bincount(np.concatenate([part.columns for part in parts]), minlength=len(rows.columns))
    assert counts.min() >= 2
    for part in (parts[0], parts[-1]):
        assert part.reach(rows).tolist() == [int(rows.bounds[np.intersect1d(row, part.columns)].sum()) for row in rows.moved]
