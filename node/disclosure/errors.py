"""Why there is no proposal."""

from ledger.statistics.tables import Cell
from node.errors import NodeError


class DisclosureError(NodeError):
    """Root of this folder's errors."""


class ImpossibleError(DisclosureError):
    """A cell that cannot be protected any more, whatever else is confidential: earlier releases already tell too much of it.

    Attributes:
        cell: which.
        measure: points or cents.
        insider: the cell whose only trader knows too much, if it is about one.
        advice: what to hold back, or to wait for.
    """

    def __init__(self, cell: Cell, measure: str, insider: Cell | None, advice: str) -> None:
        whom = f" against the only trader of {'/'.join(insider)}" if insider else ""
        super().__init__(f"{'/'.join(cell)} cannot be protected{whom} in {measure}: {advice}")
        self.cell = cell
        self.measure = measure
        self.insider = insider
        self.advice = advice
