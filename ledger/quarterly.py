"""Running sums of trade by author, flow, quarter, partner and HS code: what a participant's quarterly return must equal.

Rules:
1. Exports stand in the quarter of `issued` with the destination as partner, imports in that of `received` with the issuer.
2. A cell holds points, how many certificates have such lines, and the sum of the lines' value commitments, a point of the
   curve: whoever knows values and blindings can open it, nobody else learns more than points.
3. A quarter holds how many certificates count in it (also one that brought nothing, which has no cell), how many cells it has,
   and the id of its author's last record that changed it: a return that names another one is stale.
4. What counted once can be taken back: of each certificate it is kept what counts. A cell without certificates is no more.
5. A block's changes stay decoded until its end (a point addition a line, one write a cell), and rules read them there.
6. What the sums of a closed quarter were before a block changed them is kept beside them (`ledger.statistics.older`).

Reference: design 3-confidentiality.md, "Values: sealed one by one, provable as totals".
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger import keys
from ledger.commitments import IDENTITY, add_points, subtract_points
from ledger.entries import HS_CODES, WeighedLine
from ledger.errors import StoreError
from ledger.periods import quarter_of
from ledger.report_entries import CountedSum
from ledger.units import Points

_ID_BYTES = 32
_POINTS_BYTES = 16
_COUNT_BYTES = 8
_CELL_BYTES = _POINTS_BYTES + _COUNT_BYTES + 32
"""Points, certificates, commitment; sums of admissible weights outgrow 64 bits."""

_QUARTER_BYTES = 2 * _COUNT_BYTES + _ID_BYTES
"""Certificates, cells, id of the last record."""


class CountedLine(WeighedLine, Protocol):
    """A line of a certificate, or of its outcome, as the sums of a quarter see it."""

    @property
    def commitment(self) -> bytes:
        """To its value, 32 bytes."""


@dataclass(frozen=True, slots=True)
class Trade:
    """What one record counts, or takes back.

    Attributes:
        author: participant whose trade it is, and who signs the record.
        flow: `export` or `import`.
        date: of the document: `issued` of exports, `received` of imports.
        partner: destination of exports, issuer of imports.
        lines: by HS code (`sum_lines`), of sound commitments (`ledger.record.verify_records`).
        record: id of the record that counts or takes back.
    """

    author: str
    flow: str
    date: str
    partner: str
    lines: Sequence[CountedSum]
    record: bytes


@dataclass(slots=True)
class Cell:
    """Sums of one partner and HS code in a quarter; without certificates there is no such cell."""

    points: int = 0
    certificates: int = 0
    commitment: bytes = IDENTITY


@dataclass(slots=True)
class Quarter:
    """Counts of one author, flow and quarter; `last` is empty while nothing has counted."""

    certificates: int = 0
    cells: int = 0
    last: bytes = b""


def sum_lines(lines: Iterable[CountedLine]) -> tuple[CountedSum, ...]:
    """A record's lines by HS code, ascending, which costs no more additions than taking them one by one."""
    sums: dict[str, tuple[int, bytes]] = {}
    for line in lines:
        points, commitment = sums.get(line.hs, (0, IDENTITY))
        sums[line.hs] = points + line.points, add_points(commitment, line.commitment)
    return tuple(CountedSum(hs, Points(points), commitment) for hs, (points, commitment) in sorted(sums.items()))


class Quarterly:
    """The sums over what `get` gives, and what one block changes, kept apart until `write`."""

    __slots__ = ("_cells", "_changed", "_get", "_quarters")

    def __init__(self, get: Callable[[bytes], bytes | None]) -> None:
        self._get = get
        self._quarters: dict[bytes, Quarter] = {}
        self._cells: dict[bytes, Cell] = {}
        self._changed: set[bytes] = set()

    def quarter(self, author: str, flow: str, quarter: str) -> Quarter:
        """Counts of a quarter as they stand; not to be changed."""
        return self._quarter(keys.quarter(author, keys.FLOW_LETTERS[flow], quarter))

    def cell(self, author: str, flow: str, quarter: str, partner: str, hs: str) -> Cell:
        """A cell as it stands; not to be changed."""
        return self._cell(keys.quarter(author, keys.FLOW_LETTERS[flow], quarter) + partner.encode() + hs.encode())

    def count(self, trade: Trade) -> None:
        """A certificate's sums enter those of the quarter."""
        self._move(trade, 1, add_points)

    def discount(self, trade: Trade) -> None:
        """Sums that were counted under this date and partner leave them again."""
        self._move(trade, -1, subtract_points)

    def write(
        self,
        put: Callable[[bytes, bytes], None],
        delete: Callable[[bytes], None],
        keep: Callable[[bytes], None] = lambda place: None,  # noqa: ARG005 - nothing is kept
    ) -> None:
        """Hands over what changed; a cell that is no more is deleted when the store has it.

        Args:
            put: writes.
            delete: removes.
            keep: is told of each key before it changes (`ledger.statistics.older`).

        Raises:
            StoreError: more was taken back than had been counted.
        """
        for key in sorted(self._changed):
            keep(key)
            quarter = self._quarters.get(key)
            if quarter is not None:
                put(key, _encode_quarter(quarter))
                continue
            cell = self._cells[key]
            if cell.certificates > 0:
                put(key, _encode_cell(cell))
            elif cell != Cell():
                raise StoreError(f"the sum under {key.hex()} fell below nothing, or was emptied of what it never held")
            elif self._get(key) is not None:
                delete(key)
        self._changed.clear()

    def _move(self, trade: Trade, sign: int, combine: Callable[[bytes, bytes], bytes]) -> None:
        key = keys.quarter(trade.author, keys.FLOW_LETTERS[trade.flow], quarter_of(trade.date))
        quarter = self._quarter(key)
        quarter.certificates += sign
        quarter.last = trade.record
        place = key + trade.partner.encode()
        for line in trade.lines:
            cell_key = place + line.hs.encode()
            cell = self._cell(cell_key)
            cell.points += sign * line.points
            cell.commitment = combine(cell.commitment, line.commitment)
            cell.certificates += sign
            if cell.certificates == (1 if sign > 0 else 0):
                quarter.cells += sign
            self._changed.add(cell_key)
        self._changed.add(key)

    def _quarter(self, key: bytes) -> Quarter:
        found = self._quarters.get(key)
        if found is None:
            found = self._quarters[key] = read_counts(self._get(key))
        return found

    def _cell(self, key: bytes) -> Cell:
        found = self._cells.get(key)
        if found is None:
            data = self._get(key)
            found = self._cells[key] = Cell() if data is None else _decode_cell(data)
        return found


def read_counts(stored: bytes | None) -> Quarter:
    """A quarter's counts as the store has them; raises StoreError for anything else."""
    return Quarter() if stored is None else _decode_quarter(stored)


def read(stored: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, str, Cell]]:
    """Partner, HS code and cell, ascending, out of what the store has under `keys.quarter`; raises StoreError for others."""
    for key, value in stored:
        if key:  # the quarter's own counts stand under the prefix itself
            text = key.decode(errors="replace")
            if text[2:] not in HS_CODES:
                raise StoreError(f"a cell of a quarter under the key {key.hex()}")
            yield text[:2], text[2:], _decode_cell(value)


def _encode_quarter(quarter: Quarter) -> bytes:
    if quarter.certificates < 0 or quarter.cells < 0:
        raise StoreError("a quarter's certificates fell below nothing")
    return quarter.certificates.to_bytes(_COUNT_BYTES, "big") + quarter.cells.to_bytes(_COUNT_BYTES, "big") + quarter.last


def _decode_quarter(value: bytes) -> Quarter:
    if len(value) != _QUARTER_BYTES:
        raise StoreError(f"a quarter of {len(value)} bytes")
    certificates, cells = value[:_COUNT_BYTES], value[_COUNT_BYTES : 2 * _COUNT_BYTES]
    return Quarter(int.from_bytes(certificates, "big"), int.from_bytes(cells, "big"), value[2 * _COUNT_BYTES :])


def _encode_cell(cell: Cell) -> bytes:
    if cell.points < 0:
        raise StoreError("a cell's points fell below nothing")
    counts = cell.points.to_bytes(_POINTS_BYTES, "big") + cell.certificates.to_bytes(_COUNT_BYTES, "big")
    return counts + cell.commitment


def _decode_cell(value: bytes) -> Cell:
    if len(value) != _CELL_BYTES:
        raise StoreError(f"a cell of {len(value)} bytes")
    points, certificates = value[:_POINTS_BYTES], value[_POINTS_BYTES : _POINTS_BYTES + _COUNT_BYTES]
    return Cell(int.from_bytes(points, "big"), int.from_bytes(certificates, "big"), value[_POINTS_BYTES + _COUNT_BYTES :])
