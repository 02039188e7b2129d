"""The sums that must stay as they are, said with as few terms as possible.

Where the sum of all HS codes and those of two of them must stay, that of the third must, and nothing else needs to be said: of
each sum, the smaller ones that it consists of are taken away, if they must stay, too. What is left of it says the same together
with them, in a fraction of the terms; often nothing is left. Programs are solved several times faster so.
"""

import numpy as np
from numpy.typing import NDArray

from node.disclosure.rows import Part, Rows


class Lean:
    """Makes sums of a system lean."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        lengths = np.array([len(row) for row in rows.moved], dtype=np.int64)
        of_column = np.split(rows.whole.rows, np.cumsum(np.bincount(rows.whole.places, minlength=len(rows.columns)))[:-1])
        self._inside: list[list[int]] = []
        for row, columns in enumerate(rows.moved):
            shared = np.bincount(np.concatenate([of_column[column] for column in columns.tolist()]), minlength=len(lengths))
            inside = np.flatnonzero((shared == lengths) & (lengths < lengths[row]))
            self._inside.append(inside[np.argsort(-lengths[inside], kind="stable")].tolist())

    def sums(self, stays: NDArray[np.bool_]) -> Part:
        """The same as these rows say, which all stay: by column, its rows."""
        moved = self._rows.moved
        left = np.zeros(len(self._rows.columns), dtype=bool)
        seen: set[bytes] = set()
        rows, terms = [], []
        for row in np.flatnonzero(stays).tolist():
            columns = moved[row]
            left[columns] = True
            for part in self._inside[row]:
                if stays[part] and left[moved[part]].all():
                    left[moved[part]] = False
            rest = columns[left[columns]]
            left[rest] = False
            if len(rest) and (name := rest.tobytes()) not in seen:
                seen.add(name)
                rows.append(np.full(len(rest), row))
                terms.append(rest)
        nothing = np.zeros(0, dtype=np.int64)
        columns, rows_ = np.concatenate([nothing, *terms]), np.concatenate([nothing, *rows])
        order = np.argsort(columns, kind="stable")
        return Part(self._rows.whole.columns, columns[order], rows_[order])
