"""The sign guard: newest size and root of each log whose checkpoints this node's cosigning key has signed, durable first.

Rules:
- what is to be signed is remembered before the signature exists; a crash between the two costs nothing but that signature;
- never a smaller size, never a second root for a size: whoever signs asks `signed` first;
- nothing is ever forgotten: a log that is no longer cosigned is still in every new segment.

A record of the log is size (8 bytes, big-endian) and root (32); behind them, for the logs of others, SHA-256 of the origin.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Final

from node.wal import Wal

OWN: Final = b""
"""Stands for the log of the node's own ledger."""

_SIZE_BYTES = 8
_RECORD_BYTES = 40
_ROTATE_BYTES = 64 * 1024


def log_id(origin: str) -> bytes:
    """By what the guard knows a log of others: 32 bytes."""
    return sha256(origin.encode()).digest()


class SignGuard:
    """One cosigning key's guard, over its own log on disk."""

    def __init__(self, wal: Wal) -> None:
        """Takes over an open log and what it holds."""
        self._wal = wal
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="guard")
        self._signed: dict[bytes, tuple[int, bytes]] = {}
        for record in wal.records:
            size, root, log = record[:_SIZE_BYTES], record[_SIZE_BYTES:_RECORD_BYTES], record[_RECORD_BYTES:]
            self._signed[log] = (int.from_bytes(size, "big"), root)

    def signed(self, log: bytes = OWN) -> tuple[int, bytes]:
        """Size and root that were guarded last for a log; size -1 before the first."""
        return self._signed.get(log, (-1, b""))

    async def remember(self, size: int, root: bytes, log: bytes = OWN) -> None:
        """Makes it durable that this is about to be signed.

        Raises:
            WalFailedError: it may or may not be durable; the process must end.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, size, root, log)

    def _write(self, size: int, root: bytes, log: bytes) -> None:
        record = size.to_bytes(_SIZE_BYTES, "big") + root + log
        if self._wal.size > _ROTATE_BYTES:
            others = {name: held for name, held in self._signed.items() if name != log}
            kept = [held[0].to_bytes(_SIZE_BYTES, "big") + held[1] + name for name, held in others.items()]
            self._wal.rotate([*kept, record])
        else:
            self._wal.append([record])
            self._wal.sync()
        self._signed[log] = (size, root)  # here, so that the next write on this thread knows it

    def close(self) -> None:
        """Ends the guard's thread; the log itself is its opener's to close."""
        self._thread.shutdown(wait=True)
