"""The cheapest pattern of a small system: nothing that costs less protects everybody, and every cut is true."""

from itertools import combinations

import numpy as np
import pytest

from ledger.statistics.tables import ALL, WORLD, Cell
from node.disclosure import cheapest, shortfalls
from node.disclosure.cheapest import Cheapest, cost_of, settle
from node.disclosure.propose import Work, propose
from node.disclosure.shortfalls import Shortfalls, opened_rows
from tests.support.cubes import QUARTERS, calibrated


class Judge:
    """Looks at every case of a release's cells, from the least protected of the pattern before on."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.measures = [Shortfalls(rows, search.tally) for rows, search in zip(work.rows, work.searches, strict=True)]
        self.cases = [(measure, case) for measure, one in enumerate(self.measures) for case in one.cases(10**9)]

    def lacking(self, cells: frozenset[Cell]) -> bool:
        """Whether these cells more leave a case of either measure uncovered."""
        opened = []
        for rows in self.work.rows:
            hidden = self.work.confidential | cells
            names = {cell: place for place, cell in enumerate({cell: None for row in rows.cells for cell in row})}
            needs = [[names[cell] for cell in row] for row in rows.cells]
            opened.append(opened_rows(rows, needs, np.array([float(cell in hidden) for cell in names])))
        for place, (measure, case) in enumerate(self.cases):
            if self.measures[measure].cut(case, opened[measure]):
                self.cases.insert(0, self.cases.pop(place))
                return True
        return False


@pytest.mark.parametrize("seed", [0, 2])
def test_nothing_cheaper_protects_everybody(seed):
    work = Work((), calibrated(seed, parcels=700, participants=10).cube(QUARTERS[0]))
    search, judge = Cheapest(work), Judge(work)
    found = frozenset(search.find())
    assert found
    assert not judge.lacking(found)
    costs = {cell: cost for (cell,), cost in zip(search.groups, search.costs.tolist(), strict=True) if cost}
    most = sum(costs[cell] for cell in found) * (1 - cheapest.GAP)
    cheaper = sorted(cell for cell, cost in costs.items() if cost < most)
    for count in (1, 2):
        for cells in combinations(cheaper, count):
            assert sum(costs[cell] for cell in cells) >= most or judge.lacking(frozenset(cells))


def test_every_cut_holds_of_the_patterns_that_searches_find(monkeypatch):
    monkeypatch.setattr(shortfalls, "MARGIN", 1.0)
    cube = calibrated(3, parcels=1_500, participants=14).cube(QUARTERS[2])
    search = Cheapest(Work((), cube))
    search.find()
    monkeypatch.setattr(cheapest, "MOST_CELLS", 0)
    hidden = {*propose((), cube).confidential}
    shares = np.array([float(hidden.issuperset(group)) for group in search.groups])
    assert len(search.cuts) > 10
    for measure, cut in search.cuts:
        opened = opened_rows(Work((), cube).rows[measure], search.needs[measure], shares)
        assert sum(part for row, part in cut.items() if opened[row]) > 0.999


def test_it_is_a_large_part_of_what_searches_alone_hide(monkeypatch):
    cube = calibrated(3, parcels=1_500, participants=14).cube(QUARTERS[2])
    work = Work((), cube)
    assert settle(work)
    settled = propose((), cube)
    monkeypatch.setattr(cheapest, "MOST_CELLS", 0)
    assert not settle(Work((), cube))
    alone = propose((), cube)
    assert work.confidential <= {*settled.confidential}
    assert 1.2 * work.value(settled.confidential) < work.value(alone.confidential)


def test_the_sums_that_everybody_looks_for_are_dear():
    total, world, code = (Cell("2026Q1", "export", *rest) for rest in (("EU", ALL), (WORLD, ALL), (WORLD, "710231")))
    assert cost_of(total, 1_000, is_world_safe=True) == 100
    assert cost_of(code, 1_000, is_world_safe=False) == 100
    assert cost_of(code, 1_000, is_world_safe=True) == cost_of(world, 1_000, is_world_safe=False) == 1_000
    assert cost_of(Cell("2026", "export", "EU", ALL, "IN"), 1_000, is_world_safe=True) == 500
