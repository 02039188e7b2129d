"""Every lie that a proposed release can tell has an objection of its own; releases of a small world over a year, with revisions."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from ledger.statistics.cells import all_figures, mirror_of
from ledger.statistics.errors import Objection, ObjectionCode
from ledger.statistics.model import build
from ledger.statistics.proposal import Concession, Proposal, Witness, encode_proposal
from ledger.statistics.tables import ALL, WORLD, Cell, Cube, Flow
from ledger.statistics.targets import Coverage, ask, proven_reach
from ledger.statistics.unsafe import unsafe_cells
from ledger.statistics.verify import Published, bound_together, verify
from ledger.statistics.vintages import apply_vintages
from node.disclosure.propose import propose
from tests.support import released
from tests.support.cubes import QUARTERS, YEAR
from tests.support.pythons import others

ROOT = Path(__file__).parents[2]


@cache
def world():
    return released.world()


def release(earlier: tuple[Published, ...], cube: Cube) -> tuple[Published, ...]:
    proposal = propose(earlier, cube)
    return (*earlier, Published(verify(earlier, cube, proposal).cube, proposal))


@cache
def history() -> tuple[Published, ...]:
    """Four quarters, the year, and a revision of the first quarter after late records."""
    found: tuple[Published, ...] = ()
    for period in (*QUARTERS, YEAR):
        found = release(found, world().cube(period))
    return release(found, world().cube(QUARTERS[0], stage=1))


def case(number: int) -> tuple[tuple[Published, ...], Cube, Proposal]:
    """What was released as number so and so: the releases before it, the figures and the proposal."""
    releases = history()
    stage = 1 if number == 5 else 0
    return releases[:number], world().cube(releases[number].cube.period, stage), releases[number].proposal


def objection(earlier, cube, proposal) -> ObjectionCode:
    with pytest.raises(Objection) as found:
        verify(earlier, cube, proposal)
    assert str(found.value.code) in str(found.value)
    assert len(found.value.place) <= 120
    return found.value.code


@pytest.mark.parametrize("number", range(6))
def test_honest_proposals_are_agreed_to(number):
    earlier, cube, proposal = case(number)
    made = verify(earlier, cube, proposal)
    assert made.cube == history()[number].cube
    assert verify(earlier, cube, proposal) == made


def test_releases_are_the_same_bytes_under_other_hash_seeds_and_every_python_at_hand(tmp_path):
    for number in range(6):
        (tmp_path / str(number)).write_bytes(encode_proposal(case(number)[2]))
    wanted = released.digest(tmp_path)
    made = [verify(*case(number)) for number in range(6)]
    assert hashlib.sha256(b"".join(one.json + one.csv for one in made)).hexdigest() == wanted
    for python in (sys.executable, *others("import msgspec, nacl.bindings")):
        for hashing in ("0", "4242"):
            run = [python, "-m", "tests.support.released", str(tmp_path)]
            found = subprocess.run(run, env={"PYTHONHASHSEED": hashing}, cwd=ROOT, capture_output=True, text=True, check=True)
            assert found.stdout == wanted, python


def test_the_head_must_be_that_of_the_figures():
    earlier, cube, proposal = case(5)
    assert objection(earlier, cube, replace(proposal, period=QUARTERS[1])) == ObjectionCode.PERIOD
    assert objection(earlier, cube, replace(proposal, height=proposal.height + 1)) == ObjectionCode.HEIGHT
    assert objection(earlier, cube, replace(proposal, revision=0)) == ObjectionCode.REVISION


def test_exactly_the_blocks_that_must_be_are_held():
    earlier, cube, proposal = case(5)
    some = next(iter(cube.blocks))
    held = tuple(sorted({*proposal.held} ^ {some}))
    assert objection(earlier, cube, replace(proposal, held=held)) == ObjectionCode.HELD
    twice = replace(proposal, held=(*proposal.held, *proposal.held))
    assert not proposal.held or objection(earlier, cube, twice) == ObjectionCode.HELD


def test_the_pattern_is_made_of_cells_in_order():
    earlier, cube, proposal = case(0)
    cells = proposal.confidential
    assert objection(earlier, cube, replace(proposal, confidential=cells[::-1])) == ObjectionCode.CONFIDENTIAL_ORDER
    assert objection(earlier, cube, replace(proposal, confidential=(cells[0], *cells))) == ObjectionCode.CONFIDENTIAL_ORDER
    unknown = tuple(sorted([*cells, Cell(QUARTERS[0], Flow.EXPORT, "XX", ALL)]))
    assert objection(earlier, cube, replace(proposal, confidential=unknown)) == ObjectionCode.UNKNOWN_CELL


def test_production_is_always_published():
    earlier, cube, proposal = case(4)
    cell = next(cell for cell in all_figures(cube) if cell.flow == Flow.PRODUCTION)
    cells = tuple(sorted([*proposal.confidential, cell]))
    assert objection(earlier, cube, replace(proposal, confidential=cells)) == ObjectionCode.UNKNOWN_CELL


def test_a_cell_without_trade_is_published():
    earlier, cube, proposal = case(0)
    cell = next(cell for cell, figure in all_figures(cube).items() if not figure.points)
    cells = tuple(sorted([*proposal.confidential, cell]))
    assert objection(earlier, cube, replace(proposal, confidential=cells)) == ObjectionCode.ZERO_CELL


@pytest.mark.parametrize("number", [0, 4])
def test_no_unsafe_cell_is_published(number):
    earlier, cube, proposal = case(number)
    for cell in unsafe_cells(history()[number].cube):
        cells = tuple(one for one in proposal.confidential if one != cell)
        assert objection(earlier, cube, replace(proposal, confidential=cells)) == ObjectionCode.UNSAFE_PUBLISHED


def test_both_sides_of_a_pair_are_confidential():
    earlier, cube, proposal = case(4)
    figures, hidden = all_figures(cube), {*proposal.confidential}
    pair = next(cell for cell in figures if cell.partner and cell not in hidden and figures.get(mirror_of(cell)))
    cells = tuple(sorted([*hidden, pair]))
    assert objection(earlier, cube, replace(proposal, confidential=cells)) == ObjectionCode.MIRROR_PUBLISHED


def test_what_was_confidential_stays_so():
    earlier, cube, proposal = case(5)
    first, unsafe = earlier[0], unsafe_cells(history()[5].cube)
    more = next(cell for cell in all_figures(first.cube) if cell not in first.proposal.confidential and cell not in unsafe)
    hidden = replace(first.proposal, confidential=tuple(sorted([*first.proposal.confidential, more])))
    before = (Published(first.cube, hidden), *earlier[1:])
    cells = tuple(cell for cell in proposal.confidential if cell != more)
    assert objection(before, cube, replace(proposal, confidential=cells)) == ObjectionCode.REVEALED


def with_witness(proposal: Proposal, moves, measure=1) -> Proposal:
    return replace(proposal, witnesses=(Witness(measure, tuple(moves)), *proposal.witnesses))


def test_a_witness_has_its_moves_in_order():
    earlier, cube, proposal = case(0)
    moves = proposal.witnesses[-1].moves
    assert objection(earlier, cube, with_witness(proposal, moves[::-1])) == ObjectionCode.WITNESS_ORDER
    assert objection(earlier, cube, with_witness(proposal, ())) == ObjectionCode.WITNESS_ORDER
    assert objection(earlier, cube, with_witness(proposal, [(moves[0][0], 0)])) == ObjectionCode.WITNESS_ORDER
    assert objection(earlier, cube, with_witness(proposal, [(-1, 1)])) == ObjectionCode.WITNESS_ORDER


def test_a_witness_moves_entries_of_the_releases_within_their_bounds():
    earlier, cube, proposal = case(0)
    system = build([cube]).systems[1]
    assert objection(earlier, cube, with_witness(proposal, [(len(system.bounds), 1)])) == ObjectionCode.UNKNOWN_ENTRY
    assert objection(earlier, cube, with_witness(proposal, [(0, -system.bounds[0] - 1)])) == ObjectionCode.OVER_BOUND


@pytest.mark.parametrize("number", [0, 4, 5])
def test_a_witness_changes_nothing_published(number):
    earlier, cube, proposal = case(number)
    bound = bound_together(earlier, cube)
    shown, _ = apply_vintages([one.cube for one in earlier], cube)
    patterns = [frozenset(one.confidential) for one in (*(one.proposal for one in bound), proposal)]
    systems = build([*(one.cube for one in bound), shown]).systems

    def is_published(measure: int, place: int) -> bool:
        parts = systems[measure].parts
        return any({*cells.get(place, ())} - pattern for cells, pattern in zip(parts, patterns, strict=True))

    bound_to_figures = [
        (witness, at)
        for witness in proposal.witnesses
        if (at := next((at for at, (place, _) in enumerate(witness.moves) if is_published(witness.measure, place)), -1)) >= 0
    ]
    assert len(bound_to_figures) > 5
    for witness, at in bound_to_figures[:12]:
        place, move = witness.moves[at]
        for change in (1, -1):
            moves = [*witness.moves[:at], (place, move + change or 2), *witness.moves[at + 1 :]]
            forged = with_witness(proposal, moves, witness.measure)
            assert objection(earlier, cube, forged) in {ObjectionCode.UNBALANCED, ObjectionCode.OVER_BOUND}


def test_a_witness_that_changes_only_an_earlier_release_is_noticed():
    earlier, cube, proposal = case(5)
    forged = Published(earlier[0].cube, replace(earlier[0].proposal, confidential=tuple(unsafe_cells(earlier[0].cube))[1:]))
    code = objection((forged, *earlier[1:]), cube, proposal)
    assert code in {ObjectionCode.UNBALANCED, ObjectionCode.UNPROTECTED}


def test_a_witness_that_is_too_small_covers_nothing():
    earlier, cube, proposal = case(0)
    small = tuple(
        Witness(one.measure, tuple((place, 1 if move > 0 else -1) for place, move in one.moves)) for one in proposal.witnesses
    )
    fitting = []
    for one in small:
        try:
            verify(earlier, cube, replace(proposal, witnesses=(one,)))
        except Objection as error:
            if error.code in {ObjectionCode.UNPROTECTED, ObjectionCode.UNPROTECTED_FROM_INSIDER}:
                fitting.append(one)
    assert fitting
    assert objection(earlier, cube, replace(proposal, witnesses=tuple(fitting))) == ObjectionCode.UNPROTECTED


@pytest.mark.parametrize(("number", "step"), [(0, 1), (3, 1), (4, 3), (5, 3)])
def test_every_witness_is_needed(number, step):
    earlier, cube, proposal = case(number)
    for place in range(0, len(proposal.witnesses), step):
        fewer = replace(proposal, witnesses=proposal.witnesses[:place] + proposal.witnesses[place + 1 :])
        code = objection(earlier, cube, fewer)
        assert code in {ObjectionCode.UNPROTECTED, ObjectionCode.UNPROTECTED_FROM_INSIDER}


@pytest.mark.parametrize("number", [1, 4, 5])
def test_every_cell_that_a_witness_needs_open_is_noticed_when_it_is_published(number):
    earlier, cube, proposal = case(number)
    system = [*build([*(one.cube for one in bound_together(earlier, cube)), history()[number].cube]).systems]
    unsafe = unsafe_cells(history()[number].cube)
    count = 0
    for cell in proposal.confidential:
        moved = [dict(one.moves) for one in proposal.witnesses]
        sums = [
            sum(moves.get(place, 0) for place in system[one.measure].releases[-1].get(cell, ()))
            for one, moves in zip(proposal.witnesses, moved, strict=True)
        ]
        if cell in unsafe or not any(sums):
            continue
        cells = tuple(one for one in proposal.confidential if one != cell)
        code = objection(earlier, cube, replace(proposal, confidential=cells))
        assert code in {ObjectionCode.UNBALANCED, ObjectionCode.MIRROR_PUBLISHED, ObjectionCode.REVEALED}
        count += 1
    assert count > 0


def test_an_insider_that_is_moved_by_every_witness_is_noticed():
    earlier, cube, proposal = case(1)
    found = set()
    for place in range(len(proposal.witnesses)):
        fewer = replace(proposal, witnesses=proposal.witnesses[:place] + proposal.witnesses[place + 1 :])
        found.add(objection(earlier, cube, fewer))
    assert ObjectionCode.UNPROTECTED_FROM_INSIDER in found


def test_a_concession_proves_what_earlier_releases_tell():
    """A quarter's cell that is published whole leaves nothing open of the same cell in its revision."""
    earlier, cube, proposal = case(5)
    bound = bound_together(earlier, cube)
    model = build([*(one.cube for one in bound), history()[5].cube])
    system = model.systems[1]
    needs = [unsafe_cells(one.cube) for one in bound] + [unsafe_cells(history()[5].cube)]
    question = ask(system, needs, 1)
    target = question.targets[0]
    open_ = [place for place, one in enumerate(bound) if target.cell in one.proposal.confidential]
    assert open_
    assert proven_reach(system, target.moved, [(target.moved, 2)], 2) == 0
    assert proven_reach(system, target.moved, [], 1) == system.reach(target.moved)

    def conceded(**changes) -> Proposal:
        one = Concession(1, (target.release, target.cell), None, 1, ())
        return replace(proposal, concessions=(*proposal.concessions, replace(one, **changes)))

    published = next(
        cell for cell in system.releases[0] if cell not in bound[0].proposal.confidential and cell.participant != WORLD
    )
    nothing = Cell(QUARTERS[0], Flow.EXPORT, "XX", ALL)
    verify(earlier, cube, conceded())
    verify(earlier, cube, conceded(weights=((0, published, 1),)))
    for changes in (
        {"target": (0, nothing)},
        {"target": (99, target.cell)},
        {"target": (0, published)},
        {"insider": (0, published)},
        {"weights": ((target.release, target.cell, 1),)},
        {"weights": ((len(bound), published, 1),)},
        {"weights": ((0, published, 1), (0, published, 1))},
    ):
        assert objection(earlier, cube, conceded(**changes)) == ObjectionCode.CONCESSION


def test_a_concession_lowers_what_is_to_be_covered_for_whom_it_is_about():
    earlier, cube, _ = case(0)
    assert not earlier
    system = build([cube]).systems[1]
    question = ask(system, [unsafe_cells(cube)], 1)
    coverage = Coverage(question)
    insider, other = question.insiders[:2]
    place = next(place for place, one in enumerate(question.targets) if one.moved not in (insider.moved, other.moved))
    before = coverage.limit(place)
    coverage.concede(place, 0, 0)
    assert (coverage.limit(place), coverage.limit(place, 0)) == (before, 0)
    assert coverage.limit(place, 1) > 0
    coverage.concede(place, None, 0)
    assert coverage.limit(place) == coverage.limit(place, 1) == 0
    assert coverage.gaps(place) == []


def test_quarters_are_bound_together_by_a_year():
    releases = history()
    assert bound_together(releases[:4], world().cube(QUARTERS[1])) == [releases[1]]
    assert bound_together(releases[:4], world().cube(YEAR)) == list(releases[:4])
    assert bound_together(releases[:5], world().cube(QUARTERS[1])) == list(releases[:5])
    assert bound_together(releases[:5], world().cube(f"{YEAR}H1")) == []
