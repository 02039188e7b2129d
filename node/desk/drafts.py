"""What officers write before it is signed: drafts, each a file of its own (`DESK/drafts/ID.json`, 0600), whole or not there.

A draft keeps what was typed, also what is wrong: fields by the names that an officer's JSON file has for them
(`lines[0].carats`, `sealed.exporter.name`), so that a refusal of the ledger names the field to show it at.

Its way:  open --hand on--> waiting --release--> released --accepted--> final
            ^---- take back, return ---'             '--- refused --> open, with the reason
An open draft may also be discarded. Nothing leaves `final` and `discarded`.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from node.desk.errors import DeskError, Fault
from node.errors import Exit, FatalError
from node.files import write_atomic

_ID: Final = re.compile(r"[0-9a-f]{16}")


class Kind(StrEnum):
    """What a draft becomes; an `ANSWER` is an outcome that came back on paper for a certificate of this office's own."""

    ISSUE = "issue"
    AMEND = "amend"
    CLOSE = "close"
    CONFIRM = "confirm"
    CORRECT = "correct"
    PAPER = "paper"
    TECHNICAL = "technical"
    ANSWER = "answer"

    @property
    def policy(self) -> str:
        """Which of the desk's rules on releasing it falls under."""
        if self in {Kind.ISSUE, Kind.TECHNICAL}:
            return "certificates"
        return "outcomes" if self in {Kind.CONFIRM, Kind.PAPER, Kind.ANSWER} else "corrections"

    @property
    def opens(self) -> bool:
        """Whether it puts a number on the ledger, which its form asks for; others are about one that is there."""
        return self in {Kind.ISSUE, Kind.PAPER, Kind.TECHNICAL}


class Standing(StrEnum):
    """Where a draft is on its way."""

    OPEN = "open"
    WAITING = "waiting"
    RELEASED = "released"
    FINAL = "final"
    DISCARDED = "discarded"


ENDED: Final = (Standing.FINAL, Standing.DISCARDED)


class Draft(Struct, frozen=True, forbid_unknown_fields=True):
    """One draft.

    Attributes:
        id: 16 hex digits.
        kind: what it becomes.
        fields: what was typed, by field.
        basis: what it rests on, as it was when it was begun: `answers` (newest record of the certificate, hex), `receipt_hash`
            and `verdict_hash`.
        writers: officers who wrote any of it.
        standing: where it is.
        began: milliseconds since 1970 UTC.
        changed: likewise.
        before: for an amendment or a correction, the fields of what it replaces.
        announced: for an outcome, the fields of what its issuer stated.
        table: the table it came with, empty for none.
        released_by: who released it.
        digest: of what was released.
        remark: why it was returned.
        problem: why the ledger refused it.
        record: id of its record, hex.
        height: the block.
    """

    id: str
    kind: Kind
    fields: dict[str, str]
    basis: dict[str, str]
    writers: tuple[str, ...]
    standing: Standing
    began: int
    changed: int
    before: dict[str, str] = msgspec.field(default_factory=dict)
    announced: dict[str, str] = msgspec.field(default_factory=dict)
    table: str = ""
    released_by: str = ""
    digest: str = ""
    remark: str = ""
    problem: dict[str, Any] | None = None
    record: str = ""
    height: int = 0

    @property
    def number(self) -> str:
        """Of the certificate it is about, as typed."""
        return self.fields.get("number", "")

    def content(self) -> str:
        """The digest of all that becomes part of a record."""
        told = msgspec.json.encode([str(self.kind), sorted(self.fields.items()), sorted(self.basis.items())])
        return hashlib.sha256(told).hexdigest()


class Drafts:
    """All drafts of a desk, held in memory and kept on disk."""

    def __init__(self, folder: Path) -> None:
        """Reads them.

        Raises:
            FatalError: one is no draft.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._held: dict[str, Draft] = {}
        for file in sorted(folder.glob("*.json")):
            try:
                draft = msgspec.json.decode(file.read_bytes(), type=Draft)
            except (OSError, msgspec.DecodeError) as error:
                raise _unreadable(file) from error
            if file.stem != draft.id:
                raise _unreadable(file)
            self._held[draft.id] = draft

    def __iter__(self) -> Iterator[Draft]:
        """The newest change first."""
        return iter(sorted(self._held.values(), key=lambda draft: (-draft.changed, draft.id)))

    def get(self, name: str) -> Draft:
        """A draft; raises DeskError UNKNOWN_DRAFT."""
        draft = self._held.get(name) if _ID.fullmatch(name) else None
        if draft is None:
            raise DeskError(Fault.UNKNOWN_DRAFT, status=404)
        return draft

    def begin(self, kind: Kind, fields: Mapping[str, str], officer: str, now: int, **more: Any) -> Draft:
        """A new draft, kept; `more`: basis, before, announced, table, and a standing other than open."""
        basis, standing = more.pop("basis", {}), more.pop("standing", Standing.OPEN)
        return self.keep(Draft(secrets.token_hex(8), kind, dict(fields), basis, (officer,), standing, now, now, **more))

    def keep(self, draft: Draft) -> Draft:
        """Keeps a draft, durable when this returns; raises OSError."""
        write_atomic(self._folder / f"{draft.id}.json", msgspec.json.format(msgspec.json.encode(draft), indent=1), 0o600)
        self._held[draft.id] = draft
        return draft

    def numbers(self, besides: str = "") -> set[str]:
        """The numbers that drafts put or have put on the ledger, but for one draft's."""
        return {
            draft.number
            for draft in self._held.values()
            if draft.kind.opens and draft.standing is not Standing.DISCARDED and draft.id != besides
        }


def _unreadable(file: Path) -> FatalError:
    return FatalError(
        f"{file} is no draft of this desk.",
        "A draft that cannot be read may be one that was sent: the desk does not go on without it.",
        "Restore it from where your office keeps copies, or move it out of the folder and run again.",
        Exit.BAD_DATA,
    )
