"""What the readers of a node note for themselves: status, assignment and notes of findings, and filters under a name.

Rules:

- None of it is on the ledger: it is this node's own, for those who sign in here; an office (a token's scope) sees its own.
- A finding's line holds its serial, so that the list of what is assigned to somebody is read off an index in the order of the
  work list, newest first, and paged by it.
- Every bound is in `api.limits`; what is over raises WorkBookFull, and text is taken as it came.

SQLite in one file, mode 0600; a book without a path is in memory. Writes go to SQLite's own log without waiting for the disk:
a power cut may cost the last notes, never the file. Instants are ms since 1970 UTC.
"""

import os
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from api.limits import MAX_NOTES_OF_FINDING, MAX_SAVED_FILTERS

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS work (
    office TEXT NOT NULL, finding TEXT NOT NULL, serial INTEGER NOT NULL, status TEXT NOT NULL, assignee TEXT NOT NULL,
    changed_ms INTEGER NOT NULL, PRIMARY KEY (office, finding)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS work_by_assignee ON work (office, assignee, serial);
CREATE INDEX IF NOT EXISTS work_by_status ON work (office, status, serial);
CREATE TABLE IF NOT EXISTS note (
    id INTEGER PRIMARY KEY, office TEXT NOT NULL, finding TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL,
    written_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS note_by_finding ON note (office, finding, id);
CREATE TABLE IF NOT EXISTS filter (
    id INTEGER PRIMARY KEY, office TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL, UNIQUE (office, name));
"""


class WorkStatus(StrEnum):
    """Where an office stands with a finding; the ledger has its own status, whether the cause is still there."""

    NEW = "new"
    IN_PROGRESS = "in-progress"
    DONE = "done"


class WorkBookFullError(Exception):
    """An office holds as much of `what` (`notes`, `filters`) as it may."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"at most {limit} {what}")
        self.what = what
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Work:
    """An office's line about a finding; `assignee` empty for nobody."""

    finding: str
    serial: int
    status: WorkStatus = WorkStatus.NEW
    assignee: str = ""
    changed_ms: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote about a finding; `author` is what the token's label says."""

    author: str
    text: str
    written_ms: int


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A work list under a name: the query of its address."""

    id: int
    name: str
    query: str


class WorkBook:
    """The notes of one node's offices."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._base = sqlite3.connect(path or ":memory:", isolation_level=None)
        try:
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.executescript(_SCHEMA)
        except sqlite3.Error:
            self._base.close()
            raise

    def close(self) -> None:
        """Closes the file; to be called once."""
        self._base.close()

    # --- findings

    def work(self, office: str, findings: list[str]) -> dict[str, Work]:
        """The lines of these findings, of those that have one."""
        marks = ",".join("?" * len(findings))
        rows = self._base.execute(
            f"SELECT finding, serial, status, assignee, changed_ms FROM work WHERE office = ? AND finding IN ({marks})",  # noqa: S608 - marks only
            (office, *findings),
        )
        return {row[0]: _work(row) for row in rows}

    def lines(self, office: str, before: int | None, limit: int, *, assignee: str = "", status: str = "") -> list[Work]:
        """Lines with this assignee, or else of this status, newest finding first, below the serial `before`."""
        column, value = ("assignee", assignee) if assignee else ("status", status)
        rows = self._base.execute(
            f"SELECT finding, serial, status, assignee, changed_ms FROM work WHERE office = ? AND {column} = ? AND serial < ?"  # noqa: S608 - our words
            " ORDER BY serial DESC LIMIT ?",
            (office, value, 2**63 - 1 if before is None else before, limit),
        )
        return [_work(row) for row in rows]

    def set(self, office: str, work: Work) -> None:
        """Status and assignee of a finding."""
        self._base.execute(
            "INSERT INTO work VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " status = excluded.status, assignee = excluded.assignee, changed_ms = excluded.changed_ms",
            (office, work.finding, work.serial, work.status.value, work.assignee, work.changed_ms),
        )

    def assignees(self, office: str) -> list[str]:
        """Who has anything assigned, by name."""
        found: list[str] = []
        while True:  # from one name to the next on the index, however many lines each has
            row = self._base.execute(
                "SELECT assignee FROM work WHERE office = ? AND assignee > ? ORDER BY assignee LIMIT 1",
                (office, found[-1] if found else ""),
            ).fetchone()
            if row is None or len(found) >= MAX_SAVED_FILTERS:
                return found
            found.append(row[0])

    def add_note(self, office: str, finding: str, note: Note) -> None:
        """Raises WorkBookFullError."""
        (count,) = self._base.execute(
            "SELECT count(*) FROM note WHERE office = ? AND finding = ?", (office, finding)
        ).fetchone()
        if count >= MAX_NOTES_OF_FINDING:
            raise WorkBookFullError("notes", MAX_NOTES_OF_FINDING)
        self._base.execute(
            "INSERT INTO note (office, finding, author, text, written_ms) VALUES (?, ?, ?, ?, ?)",
            (office, finding, note.author, note.text, note.written_ms),
        )

    def notes(self, office: str, finding: str) -> list[Note]:
        """Oldest first."""
        rows = self._base.execute(
            "SELECT author, text, written_ms FROM note WHERE office = ? AND finding = ? ORDER BY id", (office, finding)
        )
        return [Note(*row) for row in rows]

    # --- filters

    def save_filter(self, office: str, name: str, query: str) -> None:
        """One of the same name is replaced. Raises WorkBookFullError."""
        held = self.filters(office)
        if len(held) >= MAX_SAVED_FILTERS and all(one.name != name for one in held):
            raise WorkBookFullError("filters", MAX_SAVED_FILTERS)
        self._base.execute(
            "INSERT INTO filter (office, name, query) VALUES (?, ?, ?)"
            " ON CONFLICT (office, name) DO UPDATE SET query = excluded.query",
            (office, name, query),
        )

    def filters(self, office: str) -> list[SavedFilter]:
        """By name."""
        rows = self._base.execute("SELECT id, name, query FROM filter WHERE office = ? ORDER BY name", (office,))
        return [SavedFilter(*row) for row in rows]

    def remove_filter(self, office: str, number: int) -> None:
        """Nothing happens when the office has none of this number."""
        self._base.execute("DELETE FROM filter WHERE office = ? AND id = ?", (office, number))


def _work(row: tuple[str, int, str, str, int]) -> Work:
    finding, serial, status, assignee, changed_ms = row
    return Work(finding, serial, WorkStatus(status), assignee, changed_ms)
