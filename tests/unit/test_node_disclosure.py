"""Proposals are found for quarters, the year and revisions, are the same each time, and are agreed to."""

import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from ledger.statistics.cells import all_figures
from ledger.statistics.errors import Objection, ObjectionCode
from ledger.statistics.tables import ALL, WORLD, Cell, Need
from ledger.statistics.unsafe import unsafe_cells
from ledger.statistics.verify import Published, verify
from node.disclosure.errors import ImpossibleError
from node.disclosure.integers import whole
from node.disclosure.program import Program, Question
from node.disclosure.propose import Work, propose
from node.disclosure.rows import Rows
from tests.support.cubes import QUARTERS, YEAR, calibrated


@cache
def world():
    return calibrated(3, parcels=1_500, participants=14)


def published(earlier, cube) -> Published:
    proposal = propose(earlier, cube)
    return Published(verify(earlier, cube, proposal).cube, proposal)


def test_the_same_figures_give_the_same_proposal():
    cube = world().cube(QUARTERS[0])
    assert propose((), cube) == propose((), cube)


def test_little_more_than_what_must_be_is_confidential():
    cube = world().cube(QUARTERS[1])
    figures, proposal = all_figures(cube), propose((), cube)

    def value(cells):
        return sum(figures[cell].cents for cell in cells if cell.participant != WORLD and cell.hs != ALL)

    unsafe = unsafe_cells(cube)
    assert {*unsafe} <= {*proposal.confidential}
    assert value(proposal.confidential) <= max(2 * value(unsafe), value(figures) * 25 // 1_000) + value(figures) // 100


def test_the_totals_that_everybody_looks_for_stay():
    """Many targets are asked for at once, and a large margin that many of them move would be the easy way out."""
    for number in range(3):
        confidential = {*propose((), calibrated(number, parcels=900, participants=12).cube(QUARTERS[number])).confidential}
        assert not {cell for cell in confidential if cell.participant == WORLD and cell.hs == ALL}


def test_the_solver_says_nothing_where_a_program_says_what_it_found():
    code = "from node.disclosure.program import solver; solver().run(); print('x')"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "x\n"


@pytest.mark.parametrize("late", [1, 2, 3, 4, 5])
def test_revisions_after_late_records_are_found(late):
    some = calibrated(4, parcels=400, participants=8).late(late, stage=1, blocks=8, parcels=late)
    first = published((), some.cube(QUARTERS[2]))
    again = published((first,), some.cube(QUARTERS[2], stage=1))
    assert again.proposal.revision == 1
    assert {*first.proposal.confidential} <= {*again.proposal.confidential}
    assert (late < 3) <= bool(again.proposal.held)


def test_a_cell_that_turns_out_unsafe_when_it_was_published_is_conceded():
    """Nothing can be taken back: the concession says what the first release left open, and no node asks for more."""
    cube = world().cube(QUARTERS[0])
    first = published((), cube)
    cell = next(
        cell
        for cell in all_figures(cube)
        if cell.flow == "export" and cell.participant == "EU" and cell.hs != ALL and cell not in first.proposal.confidential
    )
    key = next(key for key in cube.blocks if key.author == "EU" and key.flow == "export")
    block = cube.blocks[key]
    changed = replace(block, needs={**block.needs, cell.hs: Need(3, 50, 50)})
    later = replace(cube, height=cube.height + 1, blocks={**cube.blocks, key: changed})
    second = published((first,), later)
    assert cell in second.proposal.confidential
    assert second.proposal.concessions
    with pytest.raises(Objection) as found:
        verify((first,), later, replace(second.proposal, concessions=()))
    assert found.value.code == ObjectionCode.UNPROTECTED


def test_what_can_be_covered_is_not_conceded():
    work = Work((), world().cube(QUARTERS[0]))
    with pytest.raises(ImpossibleError, match="cannot be protected in cents") as found:
        work.searches[1]._concede(0, None)
    assert found.value.measure == "cents"
    assert found.value.insider is None
    insider = work.searches[1].tally.insider(0).cell
    assert "against the only trader of" in str(ImpossibleError(found.value.cell, "points", insider, "wait"))


def test_a_year_after_its_quarters_is_found_without_giving_anything_away():
    small = calibrated(5, parcels=250, participants=6)
    earlier: tuple[Published, ...] = ()
    for period in QUARTERS:
        earlier = (*earlier, published(earlier, small.cube(period)))
    year = published(earlier, small.cube(YEAR))
    assert any(cell.partner for cell in year.proposal.confidential)
    for place, witness in enumerate(year.proposal.witnesses):
        assert witness.moves
        fewer = year.proposal.witnesses[:place] + year.proposal.witnesses[place + 1 :]
        with pytest.raises(Objection):
            verify(earlier, small.cube(YEAR), replace(year.proposal, witnesses=fewer))


class Circle:
    """A triangle: three entries, each pair of them adds up to a published cell; so only halves of an odd number fit."""

    bounds = (5, 5, 5, 9)
    releases = (
        {Cell("2026Q1", "export", name, ALL): moved for name, moved in {"A": (0, 1, 3), "B": (1, 2), "C": (0, 2, 3)}.items()},
    )


def test_halves_are_made_whole_or_not_at_all():
    rows = Rows(Circle(), [])
    rows.set_pattern([Cell("2026Q1", "export", "A", ALL)])
    target = rows.row((0, 1, 3))
    question = Question(1, np.array([target]), np.array([1]), np.array([3.0]), np.zeros(0, dtype=np.int64))
    found = Program(rows).solve(question)
    assert found is not None
    fixed = np.flatnonzero(~rows.open)
    table = whole(rows, question, found, fixed, np.array([3]))
    assert table is not None
    assert rows.fits(table)
    assert rows.activity(table)[target] >= 3
    half = whole(rows, question, np.array([0.5, -0.5, 0.5, -1.0]), fixed, np.array([0]))
    assert half is None or rows.fits(half)
    none = whole(rows, question, np.array([0.5, 0.5, 0.5, 0.0]), np.arange(3), np.array([400]))
    assert none is None
