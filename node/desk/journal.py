"""Who did what at the desk, when: `DESK/journal.ndjson`, lines that are only added, each naming the hash of the one before.

A line is on disk before what it says takes effect. It holds officers' names, certificates' numbers, digests and ids, never what
a draft says. A changed, missing or exchanged line is found when the desk starts. A last line without its end was being written
when the machine stopped: what it says never took effect, and it is cut off.
"""

import errno
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from node.errors import Exit, FatalError
from node.keys import require_private

FILE: Final = "journal.ndjson"
_NONE: Final = "0" * 64


class Act(StrEnum):
    """What was done."""

    STARTED = "started"
    SIGNED_IN = "signed-in"
    WRONG_PASSPHRASE = "wrong-passphrase"  # noqa: S105 - a word for it
    LOCKED = "locked"
    WRITTEN = "written"
    HANDED_ON = "handed-on"
    TAKEN_BACK = "taken-back"
    RETURNED = "returned"
    DISCARDED = "discarded"
    APPROVED = "approved"
    MADE = "made"
    FINAL = "final"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """One act.

    Attributes:
        n: its place, from 0.
        at: milliseconds since 1970 UTC.
        officer: who; empty for the desk itself.
        act: what.
        draft: of which draft, empty for none.
        number: its certificate's.
        detail: digest of the content, id of the record, or code of the refusal; for a start the officers' names.
        before: SHA-256 of the line before, hex.
    """

    n: int
    at: int
    officer: str
    act: str
    draft: str
    number: str
    detail: str
    before: str


class Journal:
    """The journal of a desk's folder, read and checked when it is opened."""

    def __init__(self, home: Path) -> None:
        """Opens it.

        Raises:
            FatalError: it cannot be read, or was changed.
        """
        self._file = home / FILE
        self.lines: list[Line] = []
        self._last = _NONE
        if self._file.exists():
            self._read()

    def add(self, at: int, officer: str, act: Act, *, draft: str = "", number: str = "", detail: str = "") -> None:
        """Adds a line, durable when this returns; raises OSError when it cannot be written."""
        line = Line(len(self.lines), at, officer, str(act), draft, number, detail, self._last)
        data = _encode(line)
        handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(handle).st_size
            try:
                written = os.write(handle, data)
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, size)
                raise
            if written != len(data):
                os.ftruncate(handle, size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._file))
        finally:
            os.close(handle)
        self.lines.append(line)
        self._last = hashlib.sha256(data).hexdigest()

    def of(self, draft: str) -> list[Line]:
        """The lines of one draft."""
        return [line for line in self.lines if line.draft == draft]

    def _read(self) -> None:
        require_private(self._file)
        data = self._file.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) != len(data):
            os.truncate(self._file, len(whole))
        for place, raw in enumerate(whole.splitlines(keepends=True)):
            try:
                line = Line(**json.loads(raw))
            except (ValueError, TypeError) as error:
                raise _changed(self._file, place) from error
            if _encode(line) != raw or line.n != place or line.before != self._last:
                raise _changed(self._file, place)
            self.lines.append(line)
            self._last = hashlib.sha256(raw).hexdigest()


def _encode(line: Line) -> bytes:
    return json.dumps(asdict(line), ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _changed(file: Path, place: int) -> FatalError:
    return FatalError(
        f"{file} is not as it was written: line {place + 1} does not follow from the one before.",
        "The journal says who released what; one that was changed proves nothing.",
        "Find out who changed it. To go on with a new one, keep this file under another name in the office's records.",
        Exit.BAD_DATA,
    )
