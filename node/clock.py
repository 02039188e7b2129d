"""The clock by which a node judges instants and times its blocks: the machine's own.

A development network (`kpledger devnet --load year`) may play a past year: its nodes' clocks then run behind the machine's
by an offset that stands in a file which they all share, eight bytes, and which whoever plays the year moves on. Only homes of
networks named `dev` are asked for such a file; on any other network the clock is the machine's.
"""

import mmap
import os
import struct
import time
from pathlib import Path

from ledger.units import Ms
from node.errors import Exit, FatalError

_OFFSET = struct.Struct("<q")
"""Milliseconds that are added to the machine's clock; never more than 0."""


class Clock:
    """Milliseconds since 1970 UTC."""

    def __init__(self, file: Path | None = None) -> None:
        """With the offset that stands in a file, if one is given.

        Raises:
            FatalError: the file holds no offset.
        """
        self._shared: mmap.mmap | None = None
        if file is None:
            return
        handle = os.open(file, os.O_RDWR)
        try:
            if os.fstat(handle).st_size != _OFFSET.size:
                raise FatalError(
                    f"The clock of this development network, {file}, holds no offset.",
                    "The node does not know which time it plays.",
                    "Make the network anew in another directory.",
                    Exit.BAD_CONFIGURATION,
                )
            self._shared = mmap.mmap(handle, _OFFSET.size)
        finally:
            os.close(handle)

    def now_ms(self) -> Ms:
        """The time."""
        return Ms(time.time_ns() // 1_000_000 + self.offset)

    @property
    def offset(self) -> int:
        """What is added to the machine's clock, ms."""
        if self._shared is None:
            return 0
        (offset,) = _OFFSET.unpack(self._shared[: _OFFSET.size])
        return int(offset)

    def move_to(self, instant: int) -> None:
        """Lets all who share the file go on from this instant (ms), at most the machine's time; never backwards.

        The machine's own clock is not moved.
        """
        offset = min(0, instant - time.time_ns() // 1_000_000)
        if self._shared is not None and offset > self.offset:
            self._shared[: _OFFSET.size] = _OFFSET.pack(offset)

    def close(self) -> None:
        """Lets go of the file."""
        if self._shared is not None:
            self._shared.close()


def begin(file: Path, offset: int) -> None:
    """Makes the file, with this offset in ms."""
    file.write_bytes(_OFFSET.pack(min(0, offset)))
