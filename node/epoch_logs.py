"""A home's consensus logs: one an epoch and key, each the guard of that key in that epoch.

Rules:
1. A log is bound to ledger, epoch and key: what one key signed in one epoch guards nothing else, and an old epoch's log is
   never read in the new one (P16).
2. A log is made in three places only: with a home that joins a ledger, with a new key, and, for the epoch that follows, before
   the block that ends an epoch is committed. So a home in an epoch whose log is not there has lost it: that key must not vote.
3. Logs of epochs before the last one are deleted: what they guard can never be signed again.
4. A key that is known to have voted where its log did not see it is retired, by a mark beside the logs: it gets no further log
   and votes in no later epoch.
5. A home that has lost its store, and not its logs, goes through the epochs before its key's newest log without voting, with
   logs that are nobody's; in the epoch of that log it may vote again.
"""

import hashlib
import re
import shutil
from pathlib import Path

from node.errors import WalMissingError
from node.files import write_atomic
from node.wal import Wal

_TAG = b"kpledger/wal/v1\0"
_NAME = re.compile(r"epoch-(\d{10})-([0-9a-f]{16}|nobody)")
_NOBODY = b""


class EpochLogs:
    """The logs below one directory."""

    def __init__(self, root: Path, ledger_id: bytes) -> None:
        self.root = root
        self._ledger_id = ledger_id

    def path(self, epoch: int, key: bytes) -> Path:
        """Where the log of this epoch and public key is, or would be."""
        return self.root / f"epoch-{epoch:010d}-{key.hex()[:16] or 'nobody'}"

    def open(self, epoch: int, key: bytes) -> Wal:
        """The log of this epoch and key.

        Raises:
            WalError: missing, damaged, another's, or the disk failed.
        """
        return Wal.open(self.path(epoch, key), self._binding(epoch, key))

    def make(self, epoch: int, key: bytes) -> bool:
        """Makes the log of an epoch in which this key has not voted; false when it is there already.

        Raises:
            WalError: what is there is damaged or another's, or the disk failed.
        """
        try:
            self.open(epoch, key).close()
        except WalMissingError:
            Wal.create(self.path(epoch, key), self._binding(epoch, key)).close()
            return True
        return False

    def follow(self, epoch: int) -> Wal:
        """A log for following an epoch without voting; errors as `open`."""
        self.make(epoch, _NOBODY)
        return self.open(epoch, _NOBODY)

    def begin(self, epoch: int, key: bytes) -> None:
        """Makes the log of an epoch that is about to begin, unless this key has been further already; errors as `make`."""
        if not self.retired(key) and (not self.has_later(epoch - 1, key) or self.path(epoch, key).exists()):
            self.make(epoch, key)

    def retire(self, key: bytes) -> None:
        """Marks a key: it never votes again; raises OSError."""
        write_atomic(self._mark(key), b"")

    def retired(self, key: bytes) -> bool:
        """Whether a key was retired."""
        return self._mark(key).exists()

    def _mark(self, key: bytes) -> Path:
        return self.root / f"retired-{key.hex()[:16]}"

    def has_later(self, epoch: int, key: bytes) -> bool:
        """Whether this key has a log of a later epoch."""
        suffix = self.path(0, key).name.rpartition("-")[2]
        places = sorted(self.root.iterdir()) if self.root.is_dir() else []
        return any(found[2] == suffix and int(found[1]) > epoch for one in places if (found := _NAME.fullmatch(one.name)))

    def prune(self, epoch: int) -> None:
        """Deletes the logs of epochs before the one that precedes this one."""
        for place in sorted(self.root.iterdir()):
            found = _NAME.fullmatch(place.name)
            if found and int(found[1]) < epoch - 1:
                shutil.rmtree(place)

    def _binding(self, epoch: int, key: bytes) -> bytes:
        return hashlib.sha256(_TAG + self._ledger_id + epoch.to_bytes(8, "big") + key).digest()
