"""Makes a failing input, or a failing sequence of them, smaller, as long as it fails in the same way."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
_TRIES = 4_000
"""So often is something smaller tried at most."""


def smaller_bytes(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """The input without pieces that do not matter, and with zeros for bytes that do not."""
    tries = [_TRIES]

    def still(candidate: bytes) -> bool:
        tries[0] -= 1
        return tries[0] > 0 and fails(candidate)

    data = bytes(_without_pieces(data, lambda piece: still(bytes(piece))))
    for at in range(len(data)):
        candidate = data[:at] + b"\0" + data[at + 1 :]
        if data[at] and still(candidate):
            data = candidate
    return data


def smaller_sequence(inputs: Sequence[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """The inputs without those that do not matter."""
    tries = [200]  # each is a whole run

    def still(candidate: Sequence[T]) -> bool:
        tries[0] -= 1
        return tries[0] > 0 and fails(list(candidate))

    return list(_without_pieces(list(inputs), still))


def _without_pieces(whole: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """Takes away ever smaller pieces (delta debugging)."""
    size = len(whole) // 2
    while size:
        at = 0
        while at < len(whole):
            rest = [*whole[:at], *whole[at + size :]]
            if fails(rest):
                whole = rest
            else:
                at += size
        size //= 2
    return whole
