"""A machine's write-ahead log, the real one, and what the simulation knows that it must hold; damage that its disk may suffer."""

from collections.abc import Callable
from pathlib import Path

from node.errors import WalDamagedError, WalMissingError
from node.wal import Wal
from tests.simulation.disk import MemoryDisk
from tests.simulation.invariants import Violation
from tests.simulation.options import Fault

DIRECTORY = Path("/wal")
_MARK = slice(44, 52)
_FRAMES = 56
"""Where a segment's mark stands, and where its frames begin (`node.wal`)."""


class LogLostError(Exception):
    """The log is gone or damaged, and was refused as it must be: its key may not vote again."""


class Log:
    """See the module's docstring.

    Attributes:
        older: the log is an earlier one of its own: what was signed since is forgotten.
        forgotten: records that were durable and are not in it, over its whole life.
        images: every durable state of the directory with the records in it and the height executed then, oldest first.
    """

    def __init__(self, disk: MemoryDisk, ledger_id: bytes, name: str, executed: Callable[[], int] | None) -> None:
        self.older = False
        self.forgotten: set[bytes] = set()
        self.images: list[tuple[dict[str, bytes], list[bytes], int]] = []
        self._disk = disk
        self._ledger_id = ledger_id
        self._name = name
        self._executed = executed
        self._wal: Wal
        self._journal: list[bytes] | None = None
        self._before: list[bytes] = []
        self._possible: list[bytes] | None = None
        self._refused = False
        self._allowed: list[list[bytes]] | None = None

    @property
    def size(self) -> int:
        """Bytes of the present segment."""
        return self._wal.size

    def segment_bytes(self) -> int:
        """Bytes of the newest complete segment on the disk."""
        content = self._disk.content()
        return len(content[max(names)]) if (names := [name for name in content if name.endswith(".log")]) else 0

    @property
    def settled(self) -> bool:
        """Whether nothing is under way that may or may not be durable."""
        return self._possible is None

    def open(self) -> list[bytes]:
        """The records that survived: all that were durable, and of a batch under way all or none.

        Raises:
            LogLostError: it was damaged on purpose, and refused.
            Violation: it holds anything else, or was refused without reason, or accepted with damage.
        """
        try:
            self._wal = Wal.open(DIRECTORY, self._ledger_id, self._disk)
        except (WalMissingError, WalDamagedError) as error:
            if self._refused or (self._allowed is not None and isinstance(error, WalDamagedError)):
                raise LogLostError(str(error)) from error
            if self._journal is not None or isinstance(error, WalDamagedError):
                raise Violation("recovery", f"{self._name}: {error}") from error
            self._wal = Wal.create(DIRECTORY, self._ledger_id, self._disk)
            self._journal = []
        records = self._wal.records
        if self._refused:
            raise Violation("damage", f"{self._name}: a damaged log was taken for good")
        allowed = [self._journal or [], self._possible] if self._allowed is None else self._allowed
        if records not in allowed:
            raise Violation("recovery", f"{self._name}: the log differs from what was durable")
        self.older = self._allowed is not None and records != self._journal
        if self.older:
            self.forgotten |= set(self._journal or ()) - set(records)
        self._allowed = None
        self._settle(records)
        return records

    def append(self, records: list[bytes]) -> None:
        """Records that the next `sync` makes durable."""
        self._wal.append(records)
        self._possible = [*(self._journal or ()), *records]

    def sync(self) -> None:
        """They are durable."""
        self._wal.sync()
        self._disk.before("synced")
        self._settle(self._possible or [])

    def rotate(self, snapshot: list[bytes]) -> None:
        """A new segment that begins with `snapshot`."""
        self._possible = snapshot
        self._wal.rotate(snapshot)
        self._settle(snapshot)

    def _settle(self, journal: list[bytes]) -> None:
        self._before, self._journal, self._possible = self._journal or [], list(journal), None
        if self._executed is not None:
            self.images.append((self._disk.content(), self._journal, self._executed()))

    # --- damage -----------------------------------------------------------------------------------------------------

    def damage(self, fault: Fault) -> int | None:
        """What becomes of the disk while the machine is off: `flip`, `stale`, `snapshot` or `lost` (`Fault`).

        Returns:
            The height that the node had executed when the log was as it is now, where it is older.
        """
        match fault.kind:
            case "flip":
                self._flip(fault.keep)
            case "stale" | "snapshot" if self.images:
                content, journal, height = self.images[max(0, len(self.images) - 1 - fault.keep)]
                self._replace(content)
                self._allowed = [journal]
                return height
            case "lost":
                self._replace({})
                self._refused = self._journal is not None
            case _:
                pass
        return None

    def _flip(self, bit: int) -> None:
        """One bit of the newest segment. In its last frame the damage looks like a torn write, and only there it may pass."""
        names = [name for name in self._disk.content() if name.endswith(".log")]
        if not names:
            return
        path = DIRECTORY / max(names)
        intact = self._disk.content()[path.name]
        at = bit % (8 * len(intact))
        data = bytearray(intact)
        data[at // 8] ^= 1 << at % 8
        self._disk.put(path, bytes(data))
        if at // 8 < _last_frame(intact):
            self._refused = True
        else:
            self._allowed = [self._before, self._journal or []]

    def _replace(self, content: dict[str, bytes]) -> None:
        self._disk.clear()
        for name, data in content.items():
            self._disk.put(DIRECTORY / name, data)


def _last_frame(segment: bytes) -> int:
    """Where the last frame begins; behind the end, where it is the first one too, which is never torn."""
    start = segment.rfind(segment[_MARK])
    return start if start > _FRAMES else len(segment)
