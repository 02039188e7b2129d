"""From the figures of a period to a proposal of its release.

1. The figures with the vintages that may be shown; what must be confidential by rule.
2. Witnesses for every unsafe cell of this release and of the earlier ones of the year, in cents and then in points; where
   there is none, more cells become confidential, the cheapest first (`search`).
3. What is not needed after all is published again, and witnesses that are not needed are left out (`thinning`).
4. The proposal is held against the rules as every node will.

The same figures give the same proposal, on the same version of the solver: one thread, fixed seeds.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ledger.statistics.cells import TRADE, Figures, all_figures, mirror_of
from ledger.statistics.model import Model, build
from ledger.statistics.proposal import Proposal, Witness
from ledger.statistics.tables import Cell, Cube, Need
from ledger.statistics.targets import Coverage, ask
from ledger.statistics.unsafe import unsafe_cells
from ledger.statistics.verify import Published, bound_together, verify
from ledger.statistics.vintages import apply_vintages
from node.disclosure.rows import Floats, Rows, weights
from node.disclosure.search import Search
from node.disclosure.thinning import thin_witnesses


def propose(earlier: Sequence[Published], cube: Cube) -> Proposal:
    """A proposal that `ledger.statistics.verify.verify` agrees to.

    Args:
        earlier: all releases of the year's periods so far, in their order.
        cube: the figures of the period as of the height that is to be released.

    Raises:
        ImpossibleError: earlier releases already tell too much of a cell.
        SolverError: the solver gave up.
    """
    shown, held = apply_vintages([one.cube for one in earlier], cube)
    work = Work(bound_together(earlier, cube), shown)
    for measure in (1, 0):
        work.searches[measure].run()
    witnesses = [Witness(measure, moves) for measure in (0, 1) for moves in thin_witnesses(work.searches[measure])]
    proposal = Proposal(
        period=cube.period,
        revision=sum(one.cube.period == cube.period for one in earlier),
        height=cube.height,
        confidential=tuple(sorted(work.confidential)),
        held=held,
        witnesses=tuple(witnesses),
    )
    verify(earlier, cube, proposal)
    return proposal


class Work:
    """The pattern that grows, and a search in each measure.

    Attributes:
        confidential: cells of the proposed release.
        needed: those of them that must be, whatever the witnesses say.
    """

    def __init__(self, earlier: Sequence[Published], shown: Cube) -> None:
        self.figures: dict[Cell, Figures] = all_figures(shown)
        self.needs: list[Mapping[Cell, Need]] = [unsafe_cells(one) for one in (*(one.cube for one in earlier), shown)]
        self.model: Model = build([*(one.cube for one in earlier), shown])
        self.confidential: set[Cell] = set()
        self.rows = [Rows(system, [frozenset(one.proposal.confidential) for one in earlier]) for system in self.model.systems]
        before = (cell for one in earlier if one.cube.period == shown.period for cell in one.proposal.confidential)
        self.withhold([*self.needs[-1], *(cell for cell in before if self._is_traded(cell))])
        self.needed = frozenset(self.confidential)
        self.searches = [
            Search(
                rows,
                Coverage(ask(system, self.needs, measure)),
                measure,
                _price(rows, self.figures),
                self.withhold,
            )
            for measure, (rows, system) in enumerate(zip(self.rows, self.model.systems, strict=True))
        ]

    def withhold(self, cells: Iterable[Cell]) -> None:
        """Makes cells confidential, with the other sides of pairs."""
        for cell in cells:
            self.confidential.add(cell)
            if cell.partner and self._is_traded(mirror := mirror_of(cell)):
                self.confidential.add(mirror)
        for rows in self.rows:
            rows.set_pattern(self.confidential)

    def _is_traded(self, cell: Cell) -> bool:
        figure = self.figures.get(cell)
        return figure is not None and cell.flow in TRADE and (figure.points > 0 or figure.cents > 0)


def _price(rows: Rows, figures: Mapping[Cell, Figures]) -> Floats:
    price = weights(rows, {cell: figure.cents + figure.points for cell, figure in figures.items()})
    price /= max(1.0, float(price.max(initial=0)))
    price = price + 1e-6
    price[rows.hard] = np.inf
    return price
