"""The sums that releases show, each once: a *row* is a set of variables that make up one or more cells.

A row is published while any cell that it is the sum of is: of an earlier release, where nothing can be taken back (*hard*),
or of the release that is proposed. Activities (how far a table moves a row) are exact, in 64-bit integers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ledger.statistics.model import System
from ledger.statistics.tables import Cell

Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """Some columns of a system, and what they are part of.

    Attributes:
        columns: which, ascending.
        places: places of these, each once for every row that the column is in, ascending.
        rows: to each of them, that row.
    """

    columns: Integers
    places: Integers
    rows: Integers

    def reach(self, of: "Rows") -> Integers:
        """By row, how far these columns can move it."""
        found = np.zeros(len(of.moved), dtype=np.int64)
        np.add.at(found, self.rows, of.bounds[self.columns][self.places])
        return found


class Rows:
    """All rows of a system, and `further` ones that no release shows.

    Attributes:
        columns: place of each variable that can move, in the system's order.
        bounds: by column, how far it may move.
        moved: by row, its columns, ascending.
        cells: by row, the cells of the proposed release that it is the sum of.
        hard: by row, whether an earlier release publishes it.
        told: by row, a release and cell that it is the sum of; one that publishes it, if it is hard.
        variables: by row, its variables of the system, ascending.
        row_of: of every cell of the proposed release that something moves.
        open: by row, whether it may move; kept by `set_pattern`.
        flat: the columns of all rows, one row after the other.
        at: to each of them, its row.
        whole: all columns.
    """

    def __init__(self, system: System, earlier: Sequence[frozenset[Cell]], further: Iterable[tuple[int, ...]] = ()) -> None:
        self.columns = [place for place, bound in enumerate(system.bounds) if bound]
        self.column_of = {place: column for column, place in enumerate(self.columns)}
        self.bounds: Integers = np.array([system.bounds[place] for place in self.columns], dtype=np.int64)
        numbers: dict[tuple[int, ...], int] = {}
        self.cells: list[list[Cell]] = []
        hard: list[bool] = []
        self.told: list[tuple[int, Cell]] = []
        self.row_of: dict[Cell, int] = {}
        self.number_of = numbers
        for release, cells in enumerate(system.releases):
            for cell, variables in cells.items():
                row = numbers.setdefault(variables, len(numbers))
                if row == len(hard):
                    hard.append(False)
                    self.cells.append([])
                    self.told.append((release, cell))
                if release < len(earlier):
                    if cell not in earlier[release] and not hard[row]:
                        hard[row] = True
                        self.told[row] = release, cell
                else:
                    self.cells[row].append(cell)
                    self.row_of[cell] = row
        for variables in further:
            row = numbers.setdefault(variables, len(numbers))
            if row == len(hard):
                hard.append(False)
                self.cells.append([])
                self.told.append((-1, Cell("", "", "", "")))
        self.variables = list(numbers)
        self.moved: list[Integers] = [np.array([self.column_of[one] for one in row], dtype=np.int64) for row in numbers]
        self.hard = np.array(hard, dtype=bool)
        self.open = ~self.hard & np.array([not cells for cells in self.cells], dtype=bool)
        self.flat: Integers = np.concatenate(self.moved) if self.moved else np.zeros(0, dtype=np.int64)
        self.at: Integers = np.repeat(np.arange(len(self.moved)), [len(row) for row in self.moved])
        order = np.argsort(self.flat, kind="stable")
        self.whole = Part(np.arange(len(self.columns)), self.flat[order], self.at[order])
        self._starts = np.cumsum([0, *(len(row) for row in self.moved[:-1])]) if self.moved else np.zeros(0, dtype=np.int64)

    def part(self, columns: Integers) -> Part:
        """These columns, ascending."""
        place = np.full(len(self.columns), -1)
        place[columns] = np.arange(len(columns))
        inside = np.flatnonzero(place[self.whole.places] >= 0)
        return Part(columns, place[self.whole.places[inside]], self.whole.rows[inside])

    def row(self, variables: tuple[int, ...]) -> int:
        """The row of these variables of the system."""
        return self.number_of[variables]

    def activity(self, table: NDArray[Any]) -> NDArray[Any]:
        """How far a table of moves by column moves each row."""
        return np.add.reduceat(table[self.flat], self._starts) if len(self._starts) else np.zeros(0, dtype=table.dtype)

    def set_pattern(self, confidential: Iterable[Cell]) -> None:
        """Opens exactly the rows that no release publishes."""
        hidden = frozenset(confidential)
        self.open = ~self.hard & np.array([all(cell in hidden for cell in cells) for cells in self.cells], dtype=bool)

    def fits(self, table: Integers) -> bool:
        """Whether a table is another one that fits everything published."""
        return bool((np.abs(table) <= self.bounds).all() and not self.activity(table)[~self.open].any())

    def moves(self, table: Integers) -> tuple[tuple[int, int], ...]:
        """A table as a witness has it."""
        return tuple((self.columns[column], int(table[column])) for column in np.flatnonzero(table))


def weights(rows: Rows, figures: Mapping[Cell, int]) -> Floats:
    """What it costs to make a row confidential: the value of its cells, and a little for each of them."""
    return np.array([sum(figures[cell] for cell in cells) + len(cells) for cells in rows.cells], dtype=np.float64)
