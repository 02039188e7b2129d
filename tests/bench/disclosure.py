"""Disclosure control: what a proposal and its verification cost, and how much of the trade's value is confidential.

`python -m tests.bench.disclosure` measures years of 60 participants with their quarters: one that is like world trade, and one in
which nearly all trade with nearly all others, which makes 5,000 cells; it takes some minutes. `make bench` measures a quarter of
60 participants, and a year of 12.
"""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from rich.console import Console

from ledger.statistics.cells import TRADE, all_figures
from ledger.statistics.proposal import encode_proposal
from ledger.statistics.tables import ALL, WORLD, Cell, Cube
from ledger.statistics.unsafe import unsafe_cells
from ledger.statistics.verify import Published, verify
from node.disclosure.propose import propose
from tests.bench.figures import Figure, Report
from tests.support.cubes import QUARTERS, YEAR, World, calibrated

T = TypeVar("T")

_PROPOSE, _VERIFY, _HIDDEN = 60.0, 5.0, 2.5
"""What the design allows: seconds for 5,000 cells, percent of leaf value."""


def measure(report: Report) -> None:
    """A quarter of 60 participants; a year of 12 with its quarters. By processor time: other programs do not matter."""
    _released((), calibrated(0).cube(QUARTERS[0]), "quarter, 60 participants", report)
    _year(calibrated(1, parcels=1_500, participants=12), "year, 12 participants", report)


def _year(world: World, name: str, report: Report) -> None:
    earlier: tuple[Published, ...] = ()
    for period in QUARTERS:
        cube = world.cube(period)
        proposal = propose(earlier, cube)
        earlier = (*earlier, Published(verify(earlier, cube, proposal).cube, proposal))
    _released(earlier, world.cube(YEAR), name, report)


def _released(earlier: tuple[Published, ...], cube: Cube, name: str, report: Report) -> None:
    figures = all_figures(cube)
    proposal, proposing = _timed(lambda: propose(earlier, cube))
    _, verifying = _timed(lambda: verify(earlier, cube, proposal))
    name = f"{name}, {len(figures):,} cells"
    allowed = "the design allows this for 5,000 cells"
    report.add(Figure("disclosure", f"proposed: {name}", proposing, "s", _PROPOSE, allowed, 1.0))
    report.add(Figure("disclosure", f"verified: {name}", verifying, "s", _VERIFY, allowed, 1.0))
    report.add(Figure("disclosure", f"bytes of the proposal: {name}", len(encode_proposal(proposal)), "B"))
    unsafe, hidden = (
        100 * _value(figures, cells) / _value(figures, figures) for cells in (unsafe_cells(cube), proposal.confidential)
    )
    report.add(Figure("disclosure", f"confidential leaf value: {name}", hidden, "%", _HIDDEN, "the design allows", 1.0))
    report.add(Figure("disclosure", f"unsafe by rule alone: {name}", unsafe, "%", hidden, "all that is confidential"))


def _value(figures: dict, cells) -> int:
    def leaf(cell: Cell) -> bool:
        return cell.flow in TRADE and cell.participant != WORLD and cell.hs != ALL

    return sum(figures[cell].cents for cell in cells if leaf(cell))


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    return call(), time.process_time() - started


def main() -> int:
    report = Report({"participants": 60})
    _year(calibrated(0), "year, 60 participants", report)
    _year(calibrated(0, parcels=200_000, partners=59, dense=2, want=1.5), "year, 60 who trade with all others", report)
    report.print(Console(width=150))
    return 0


if __name__ == "__main__":
    sys.exit(main())
