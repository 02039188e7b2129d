"""From the figures of a period to a proposal of its release.

1. The figures with the vintages that may be shown; what must be confidential by rule.
2. Where participants are few, the cheapest cells that protect all these together (`cheapest`).
3. Witnesses for every unsafe cell of this release and of the earlier ones of the year, in cents and then in points; where
   there is none, more cells become confidential, the cheapest first (`search`).
4. What is not needed after all is published again (`thinning`), and witnesses that are not needed are left out (`tally`).
5. The proposal is held against the rules as every node will.

The same figures give the same proposal, on the same version of the solver: one thread, fixed seeds.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from ledger.statistics.cells import TRADE, Figures, all_figures, mirror_of
from ledger.statistics.model import Model, build
from ledger.statistics.proposal import Proposal, Witness
from ledger.statistics.tables import ALL, WORLD, Cell, Cube, Need
from ledger.statistics.targets import ask
from ledger.statistics.unsafe import unsafe_cells
from ledger.statistics.verify import Published, bound_together, verify
from ledger.statistics.vintages import apply_vintages
from node.disclosure.ahead import pairs_of
from node.disclosure.cheapest import settle
from node.disclosure.near import parts_of_trade
from node.disclosure.rows import Floats, Rows, weights
from node.disclosure.search import Search
from node.disclosure.thinning import thin_pattern


def propose(earlier: Sequence[Published], cube: Cube) -> Proposal:
    """A proposal that `ledger.statistics.verify.verify` agrees to.

    Args:
        earlier: all releases of the year's periods so far, in their order.
        cube: the figures of the period as of the height that is to be released.

    Raises:
        ImpossibleError: earlier releases already tell too much of a cell.
    """
    shown, held = apply_vintages([one.cube for one in earlier], cube)
    work = Work(bound_together(earlier, cube), shown)
    work.is_settled = settle(work)
    work.searches[1].run()
    work.searches[0].run(work.searches[1])
    thin_pattern(work)
    witnesses = [Witness(measure, moves) for measure in (0, 1) for moves in work.searches[measure].tally.enough()]
    proposal = Proposal(
        period=cube.period,
        revision=sum(one.cube.period == cube.period for one in earlier),
        height=cube.height,
        confidential=tuple(sorted(work.confidential)),
        held=held,
        witnesses=tuple(witnesses),
        concessions=tuple(one for search in work.searches for one in search.concessions),
    )
    verify(earlier, cube, proposal)
    return proposal


class Work:
    """The pattern that grows, and a search in each measure.

    Attributes:
        confidential: cells of the proposed release.
        needed: those of them that must be, whatever the witnesses say.
        is_settled: whether the cheapest cells that protect all together were found (`cheapest`).
    """

    def __init__(self, earlier: Sequence[Published], shown: Cube) -> None:
        self.figures: dict[Cell, Figures] = all_figures(shown)
        self.needs: list[Mapping[Cell, Need]] = [unsafe_cells(one) for one in (*(one.cube for one in earlier), shown)]
        self.model: Model = build([*(one.cube for one in earlier), shown])
        self.confidential: set[Cell] = set()
        self.is_settled = False
        patterns = [frozenset(one.proposal.confidential) for one in earlier]
        ahead = [pairs_of(self.model, shown, len(earlier), measure) for measure in (0, 1)]
        self.rows = [
            Rows(system, patterns, [one.moved for one in pairs])
            for system, pairs in zip(self.model.systems, ahead, strict=True)
        ]
        before = (cell for one in earlier if one.cube.period == shown.period for cell in one.proposal.confidential)
        self.withhold([*self.needs[-1], *(cell for cell in before if self._is_traded(cell))])
        self.needed = frozenset(self.confidential)
        self.searches = [
            Search(
                rows,
                ask(system, self.needs, measure),
                ahead[measure],
                measure,
                _price(rows, self.figures),
                self,
                parts_of_trade(rows, self.model),
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

    def budget(self) -> int:
        """What may become confidential for what lies ahead: as far as all is a small share of what is traded.

        Nothing in a small system: there, so little protects no pair that later releases would not have to concede all the same.
        """
        return (
            0
            if self.is_settled
            else max(0, self.value(self.figures) * _AHEAD_PER_MILLE // 1_000 - self.value(self.confidential))
        )

    def value(self, cells: Iterable[Cell]) -> int:
        """Value of those of these cells that are a participant's trade in an HS code."""
        return sum(
            self.figures[cell].cents for cell in cells if cell.flow in TRADE and cell.hs != ALL and cell.participant != WORLD
        )

    def publish(self, cells: Iterable[Cell]) -> None:
        """Takes cells out of the confidential ones."""
        self.confidential.difference_update(cells)
        for rows in self.rows:
            rows.set_pattern(self.confidential)

    def _is_traded(self, cell: Cell) -> bool:
        figure = self.figures.get(cell)
        return figure is not None and cell.flow in TRADE and (figure.points > 0 or figure.cents > 0)


_AHEAD_PER_MILLE: Final = 20
"""Share of leaf value up to which cells become confidential for the sake of later releases."""

_DEAREST: Final = 1_000.0
_CHEAPEST: Final = 1.0
"""Prices of making a row confidential that moves by one unit: of the largest value, and of any at all."""


def _price(rows: Rows, figures: Mapping[Cell, Figures]) -> Floats:
    price = weights(rows, {cell: figure.cents + figure.points for cell, figure in figures.items()})
    price *= _DEAREST / max(1.0, float(price.max(initial=0)))
    price += _CHEAPEST
    price[rows.hard] = np.inf
    return price
