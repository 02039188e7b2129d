"""Makes a failing input, or a failing sequence of them, smaller, as long as it fails in the same way, and for a while at most."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def smaller_bytes(data: bytes, fails: Callable[[bytes], bool], seconds: float = 20.0) -> bytes:
    """The input without pieces that do not matter, and with zeros for bytes that do not."""
    until = time.process_time() + seconds

    def still(candidate: bytes) -> bool:
        return time.process_time() < until and fails(candidate)

    data = bytes(_without_pieces(data, lambda piece: still(bytes(piece))))
    for at in range(len(data)):
        candidate = data[:at] + b"\0" + data[at + 1 :]
        if data[at] and still(candidate):
            data = candidate
    return data


def smaller_sequence(inputs: Sequence[T], fails: Callable[[list[T]], bool], seconds: float = 120.0) -> list[T]:
    """The inputs without those that do not matter."""
    until = time.process_time() + seconds

    def still(candidate: Sequence[T]) -> bool:
        return time.process_time() < until and fails(list(candidate))

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
