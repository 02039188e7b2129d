"""Whether a proposed release may be published: every node answers from its own figures, with integers only.

Rules, in order, one objection each (`ledger.statistics.errors`):

1. the proposal is of the period and height of the figures, and the period's next revision;
2. exactly those blocks are held that must be (`ledger.statistics.vintages`), and the figures are those that result;
3. confidential cells are ascending, each once, cells of the tables, and not without trade;
4. every unsafe cell is confidential (`ledger.statistics.unsafe`), both sides of a pair's trade are or none is, and what
   an earlier release of the period kept confidential stays so;
5. every witness moves known entries, within the bounds of the estimates, and changes no published figure of any release of
   the year;
6. the witnesses cover every unsafe cell of all these releases, for outsiders and insiders (`ledger.statistics.targets`),
   as far as earlier releases leave it open; where they do not, a concession proves it.

What is agreed to is released byte for byte as every node writes it (`ledger.statistics.release`). Pure functions without a
store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

from ledger.statistics.cells import TRADE, Figures, all_figures, mirror_of
from ledger.statistics.errors import Objection, ObjectionCode
from ledger.statistics.model import Model, System, build
from ledger.statistics.periods import is_year, quarters_covered
from ledger.statistics.proposal import Concession, Proposal, Witness
from ledger.statistics.release import Release, write_release
from ledger.statistics.tables import Cell, Cube
from ledger.statistics.targets import Coverage, ask, proven_reach
from ledger.statistics.unsafe import unsafe_cells
from ledger.statistics.vintages import apply_vintages


@dataclass(frozen=True, slots=True)
class Published:
    """A release of the year: its figures with the vintages that it showed, and the proposal it was made by."""

    cube: Cube
    proposal: Proposal


def verify(earlier: Sequence[Published], cube: Cube, proposal: Proposal) -> Release:
    """The release that the proposal makes of the figures.

    Args:
        earlier: all releases of the year's periods so far, in their order.
        cube: the figures of the period as read at the proposal's height.
        proposal: what is proposed.

    Raises:
        Objection: the first rule that is broken.
    """
    _check_head(earlier, cube, proposal)
    shown, held = apply_vintages([one.cube for one in earlier], cube)
    if held != proposal.held:
        _object(ObjectionCode.HELD, "/".join(min({*held} ^ {*proposal.held}, default=("order",))))
    figures = all_figures(shown)
    _check_pattern(figures, proposal)
    bound = bound_together(earlier, cube)
    needs = [unsafe_cells(one.cube) for one in bound] + [unsafe_cells(shown)]
    _check_unsafe(earlier, figures, needs[-1], proposal)
    model = build([*(one.cube for one in bound), shown])
    patterns = [frozenset(one.proposal.confidential) for one in bound] + [frozenset(proposal.confidential)]
    for number, witness in enumerate(proposal.witnesses):
        check_witness(model, patterns, number, witness)
    for measure, system in enumerate(model.systems):
        coverage = Coverage(ask(system, needs, measure))
        for number, concession in enumerate(proposal.concessions):
            if concession.measure == measure:
                _concede(coverage, patterns[:-1], number, concession)
        for witness in proposal.witnesses:
            if witness.measure == measure:
                coverage.take(witness.moves)
        for place in range(len(coverage.question.targets)):
            for gap in coverage.gaps(place):
                code = ObjectionCode.UNPROTECTED if gap.insider is None else ObjectionCode.UNPROTECTED_FROM_INSIDER
                _object(code, _place(gap.target.cell), gap.given, gap.limit)
    before = [one for one in earlier if one.cube.period == cube.period]
    return write_release(shown, figures, proposal, (before[-1].cube, before[-1].proposal) if before else None)


def bound_together(earlier: Sequence[Published], cube: Cube) -> list[Published]:
    """The earlier releases of which this one could tell more than they do.

    Quarters have no trade in common; only releases of the year say something of several of them at once. So until there is
    such a one, each quarter stands for itself, with its own witnesses.
    """
    covered = {*quarters_covered(cube.period)}
    for one in earlier:
        if covered and is_year(one.cube.period):
            covered.update(quarters_covered(one.cube.period))
    return [one for one in earlier if not covered.isdisjoint(quarters_covered(one.cube.period))]


def _check_head(earlier: Sequence[Published], cube: Cube, proposal: Proposal) -> None:
    if proposal.period != cube.period:
        _object(ObjectionCode.PERIOD, proposal.period)
    if proposal.height != cube.height:
        _object(ObjectionCode.HEIGHT, "height", proposal.height, cube.height)
    revision = sum(one.cube.period == cube.period for one in earlier)
    if proposal.revision != revision:
        _object(ObjectionCode.REVISION, "revision", proposal.revision, revision)


def _check_pattern(figures: Mapping[Cell, Figures], proposal: Proposal) -> None:
    cells = proposal.confidential
    for cell, after in pairwise(cells):
        if cell >= after:
            _object(ObjectionCode.CONFIDENTIAL_ORDER, _place(after))
    for cell in cells:
        figure = figures.get(cell)
        if figure is None or cell.flow not in TRADE:
            _object(ObjectionCode.UNKNOWN_CELL, _place(cell))
        if not figure.points and not figure.cents:
            _object(ObjectionCode.ZERO_CELL, _place(cell))


def _check_unsafe(
    earlier: Sequence[Published], figures: Mapping[Cell, Figures], unsafe: Mapping[Cell, object], proposal: Proposal
) -> None:
    confidential = frozenset(proposal.confidential)
    for cell in unsafe:
        if cell not in confidential:
            _object(ObjectionCode.UNSAFE_PUBLISHED, _place(cell))
    for cell in proposal.confidential:
        if cell.partner and (mirror := mirror_of(cell)) in figures and mirror not in confidential:
            _object(ObjectionCode.MIRROR_PUBLISHED, _place(mirror))
    for one in earlier:
        if one.cube.period == proposal.period:
            for cell in one.proposal.confidential:
                figure = figures.get(cell, Figures(0, 0))
                if cell not in confidential and (figure.points or figure.cents):
                    _object(ObjectionCode.REVEALED, _place(cell))


def check_witness(model: Model, patterns: Sequence[frozenset[Cell]], number: int, witness: Witness) -> None:
    """Raises Objection for a witness that is not another table with the same published figures.

    Args:
        model: of all releases.
        patterns: the confidential cells of each.
        number: of the witness, for the objection.
        witness: what is checked.
    """
    name = f"witnesses[{number}]"
    last = -1
    for place, move in witness.moves:
        if place <= last or not move:
            _object(ObjectionCode.WITNESS_ORDER, name, place)
        last = place
    if not witness.moves:
        _object(ObjectionCode.WITNESS_ORDER, name)
    if last >= len(model.variables):
        _object(ObjectionCode.UNKNOWN_ENTRY, name, last, len(model.variables) - 1)
    system = model.systems[witness.measure]
    for place, move in witness.moves:
        if abs(move) > system.bounds[place]:
            _object(ObjectionCode.OVER_BOUND, f"{name}/{'/'.join(model.variables[place])}", move, system.bounds[place])
    _check_balance(system, patterns, name, witness)


def _check_balance(system: System, patterns: Sequence[frozenset[Cell]], name: str, witness: Witness) -> None:
    for release, (parts, confidential) in enumerate(zip(system.parts, patterns, strict=True)):
        sums: dict[Cell, int] = {}
        for place, move in witness.moves:
            for cell in parts.get(place, ()):
                sums[cell] = sums.get(cell, 0) + move
        for cell, total in sums.items():
            if total and cell not in confidential:
                _object(ObjectionCode.UNBALANCED, f"{name}/{release}/{_place(cell)}", total, 0)


def _concede(coverage: Coverage, earlier: Sequence[frozenset[Cell]], number: int, concession: Concession) -> None:
    """Takes what a concession proves; raises Objection for one that proves nothing."""
    name = f"concessions[{number}]"
    system = coverage.question.system

    def variables(release: int, cell: Cell) -> tuple[int, ...]:
        moved = system.releases[release].get(cell) if release < len(system.releases) else None
        if moved is None:
            _object(ObjectionCode.CONCESSION, f"{name}/{release}/{_place(cell)}")
        return moved

    target = variables(*concession.target)
    insider = variables(*concession.insider) if concession.insider else None
    about = next((place for place, one in enumerate(coverage.question.targets) if one.moved == target), None)
    if about is None:
        _object(ObjectionCode.CONCESSION, f"{name}/{_place(concession.target[1])}")
    whom = next((place for place, one in enumerate(coverage.question.insiders) if one.moved == insider), None)
    if concession.insider and whom is None:
        _object(ObjectionCode.CONCESSION, f"{name}/{_place(concession.insider[1])}")
    weights = []
    for release, cell, weight in concession.weights:
        moved = variables(release, cell)
        if moved != insider and (release >= len(earlier) or cell in earlier[release]):
            _object(ObjectionCode.CONCESSION, f"{name}/{release}/{_place(cell)}")
        weights.append((moved, weight))
    coverage.concede(about, whom, proven_reach(system, target, weights, concession.divisor))


def _object(code: ObjectionCode, place: str, given: int | None = None, limit: int | None = None) -> NoReturn:
    raise Objection(code, place[:_PLACE_CHARACTERS], given, limit)


_PLACE_CHARACTERS = 120


def _place(cell: Cell) -> str:
    return "/".join(cell)
