"""Running sums by participant, flow and HS code, and how many certificates are in each state, kept in every block.

Reading them costs the same at any size of the ledger. Rules: exports count when issued, imports when they arrived
(`confirmed` and `discrepancy`, as measured), until a later record takes that back. A certificate counts once for each HS code
that it has points of, and once in the margin over all of them. Integers only. The sums are state: every node has the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ledger import keys
from ledger.ageing import OpenByDay
from ledger.entries import HS_CODES
from ledger.errors import StoreError
from ledger.overlay import Overlay
from ledger.units import Points

ALL_HS: Final = ""
"""The margin over all HS codes."""

_FLOWS: Final = {letter: flow for flow, letter in keys.FLOW_LETTERS.items()}
_POINTS_BYTES: Final = 16
_COUNT_BYTES: Final = 8
"""A sum's value: points, then certificates, big-endian. Sums of admissible weights outgrow 64 bits."""


@dataclass(frozen=True, slots=True)
class Total:
    """One row of the table.

    Attributes:
        participant: code.
        flow: `export` or `import`.
        hs: six digits, or empty for the margin over all HS codes.
        points: sum of weights.
        certificates: how many have such a line; the margin counts each once, so it is less than the sum over HS codes.
    """

    participant: str
    flow: str
    hs: str
    points: Points
    certificates: int


class Totals:
    """What one block adds, kept apart until its end: many records touch the same few sums.

    Attributes:
        open: by date of issue, an index beside the sums.
    """

    __slots__ = ("_added", "_moved", "open")

    def __init__(self) -> None:
        self.open = OpenByDay()
        self._added: dict[tuple[str, str, str], list[int]] = {}
        self._moved: dict[int, int] = {}

    def add(self, participant: str, flow: str, points: Iterable[int]) -> None:
        """One certificate's points by HS code, in the order of `HS_CODES`."""
        self._move(participant, flow, points, 1)

    def subtract(self, participant: str, flow: str, points: Iterable[int]) -> None:
        """One certificate's points that were added before no longer count."""
        self._move(participant, flow, points, -1)

    def count(self, state: int, change: int) -> None:
        """A certificate enters a state (1), or leaves it (-1)."""
        self._moved[state] = self._moved.get(state, 0) + change

    def write(self, overlay: Overlay) -> None:
        """Adds them to the sums in state; a sum over no certificate is no more.

        Raises:
            StoreError: more was subtracted than had been added.
        """
        self.open.write(overlay)
        for (participant, flow, hs), (points, certificates) in sorted(self._added.items()):
            key = keys.total(participant, keys.FLOW_LETTERS[flow], hs)
            held = overlay.get(key)
            before = (0, 0) if held is None else _decode(held)
            after = (before[0] + points, before[1] + certificates)
            if after != (0, 0):
                overlay.put(key, _encode(*after))
            elif held is not None:
                overlay.delete(key)
        for state, change in sorted(self._moved.items()):
            if change:
                place = keys.count(state)
                overlay.put(place, (read_count(overlay.get(place)) + change).to_bytes(_COUNT_BYTES, "big"))

    def _move(self, participant: str, flow: str, points: Iterable[int], sign: int) -> None:
        whole = 0
        for hs, amount in zip(HS_CODES, points, strict=True):
            if amount:
                self._add((participant, flow, hs), amount, sign)
                whole += amount
        self._add((participant, flow, ALL_HS), whole, sign)

    def _add(self, cell: tuple[str, str, str], points: int, sign: int) -> None:
        sums = self._added.setdefault(cell, [0, 0])
        sums[0] += sign * points
        sums[1] += sign


def read(stored: Iterable[tuple[bytes, bytes]]) -> Iterator[Total]:
    """The table out of what the store has under `keys.TOTAL`; raises StoreError for what is no such row."""
    for key, value in stored:
        text = key.decode(errors="replace")
        flow = _FLOWS.get(text[2:3])
        if flow is None:
            raise StoreError(f"a running sum under the key {key.hex()}")
        points, certificates = _decode(value)
        yield Total(text[:2], flow, text[3:], Points(points), certificates)


def read_count(stored: bytes | None) -> int:
    """How many certificates are in a state, out of what stands under `keys.count`; raises StoreError for anything else."""
    if stored is not None and len(stored) != _COUNT_BYTES:
        raise StoreError(f"a count of {len(stored)} bytes")
    return 0 if stored is None else int.from_bytes(stored, "big")


def _encode(points: int, certificates: int) -> bytes:
    if points < 0 or certificates < 1:
        raise StoreError(f"a running sum of {points} points over {certificates} certificates")
    return points.to_bytes(_POINTS_BYTES, "big") + certificates.to_bytes(_COUNT_BYTES, "big")


def _decode(value: bytes) -> tuple[int, int]:
    if len(value) != _POINTS_BYTES + _COUNT_BYTES:
        raise StoreError(f"a running sum of {len(value)} bytes")
    return int.from_bytes(value[:_POINTS_BYTES], "big"), int.from_bytes(value[_POINTS_BYTES:], "big")
