"""Reading roles: bearer tokens of 256 random bits, kept as SHA-256 hashes in `tokens.json`, scoped and expiring.

Rules:

- A token's text is shown once, when it is issued; nothing here can give it back.
- Scopes: `participant:CODE` reads what participants read, `auditor` (the secretariat) as well what auditors read.
- Writing a record needs no token: records are signed.
- The file is replaced atomically with mode 0600. A running node notices a change within a second, so that revoking works
  without a restart; a file that became unreadable leaves the last good one in force and is logged.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from api.errors import TokenFileError
from api.limits import MAX_TOKEN_CHARS

PREFIX = "kpl_"
"""Lets secret scanners recognise a leaked token."""

RELOAD_S = 1.0
_SCOPE = re.compile(r"auditor|participant:[A-Z]{2}")
_HASH = re.compile(r"[0-9a-f]{64}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, once a token was recognised. `participant` is empty for the secretariat."""

    token_id: str
    scope: str

    @property
    def participant(self) -> str:
        """Code of the participant, or empty."""
        return self.scope.removeprefix("participant:") if self.scope != "auditor" else ""

    @property
    def auditor(self) -> bool:
        """Whether this is the secretariat."""
        return self.scope == "auditor"


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """One line of `tokens.json`.

    Attributes:
        digest: SHA-256 of the token's text, 64 hex digits; its first 12 are the entry's id in listings and logs.
        scope: `auditor` or `participant:CODE`.
        label: whatever tells the operator what it is for.
        created_ms: when it was issued, ms since 1970 UTC.
        expires_ms: from when it is refused, ms since 1970 UTC.
    """

    digest: str
    scope: str
    label: str
    created_ms: int
    expires_ms: int

    def __post_init__(self) -> None:
        if not isinstance(self.digest, str) or not _HASH.fullmatch(self.digest):
            raise ValueError("digest must be 64 lower-case hex digits")
        if not isinstance(self.scope, str) or not _SCOPE.fullmatch(self.scope):
            raise ValueError("scope must be 'auditor' or 'participant:CODE'")
        if not isinstance(self.label, str) or len(self.label) > 200:
            raise ValueError("label must be text of at most 200 characters")
        for name in ("created_ms", "expires_ms"):
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise ValueError(f"{name} must be milliseconds since 1970")

    @property
    def id(self) -> str:
        """Short name for listings, `token revoke` and logs; reveals nothing about the token."""
        return self.digest[:12]


class TokenBook:
    """The tokens of one node: `TokenBook.load(path)`, then `find(text, now_ms)`."""

    def __init__(self, path: Path | None, entries: tuple[TokenEntry, ...] = ()) -> None:
        self._path = path
        self._entries = {entry.digest: entry for entry in entries}
        self._stamp = _stamp(path)
        self._looked = time.monotonic()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file; an absent one is an empty book. Raises TokenFileError."""
        return cls(path, _read(path))

    @property
    def entries(self) -> tuple[TokenEntry, ...]:
        """All entries, oldest first."""
        return tuple(sorted(self._entries.values(), key=lambda entry: (entry.created_ms, entry.digest)))

    def find(self, text: str, now_ms: int) -> Reader | None:
        """The reader behind a token, None when it is unknown or expired."""
        self._refresh()
        if len(text) > MAX_TOKEN_CHARS:
            return None
        digest = _digest(text)
        entry = self._entries.get(digest)  # a look-up by hash tells a stopwatch nothing that helps to guess 256 random bits
        if entry is None or not hmac.compare_digest(entry.digest, digest) or now_ms >= entry.expires_ms:
            return None
        return Reader(token_id=entry.id, scope=entry.scope)

    def holder(self, digest: str, now_ms: int) -> Reader | None:
        """The reader whose token has this hash, None when it is unknown, revoked or expired."""
        entry = self.entry(digest)
        return None if entry is None or now_ms >= entry.expires_ms else Reader(token_id=entry.id, scope=entry.scope)

    def entry(self, digest: str) -> TokenEntry | None:
        """The line of the token with this hash."""
        self._refresh()
        return self._entries.get(digest)

    def issue(self, scope: str, now_ms: int, days: int = 365, label: str = "", text: str | None = None) -> str:
        """Add a token and save; returns its text, the only time that it exists.

        `text` adds an existing token (a devnet gives the same to all its nodes). Raises ValueError for a bad scope or label.
        """
        text = text or new_token()
        entry = TokenEntry(_digest(text), scope, label, now_ms, now_ms + days * 86_400_000)
        self._entries[entry.digest] = entry
        self.save()
        return text

    def revoke(self, token_id: str) -> TokenEntry | None:
        """Remove the entry with this id and save; None when there is none."""
        for digest, entry in self._entries.items():
            if entry.id == token_id:
                del self._entries[digest]
                self.save()
                return entry
        return None

    def save(self) -> None:
        """Replace the file atomically, mode 0600. A book without a path stays in memory."""
        if self._path is None:
            return
        rows = [
            {"digest": e.digest, "scope": e.scope, "label": e.label, "created_ms": e.created_ms, "expires_ms": e.expires_ms}
            for e in self.entries
        ]
        part = self._path.with_name(self._path.name + ".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"tokens": rows}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)
        self._stamp = _stamp(self._path)

    def _refresh(self) -> None:
        """Read the file again when it changed, looking at most once a second."""
        if self._path is None or time.monotonic() - self._looked < RELOAD_S:
            return
        self._looked = time.monotonic()
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._entries = {entry.digest: entry for entry in _read(self._path)}
        except TokenFileError as error:
            log.warning("tokens.unreadable", path=str(self._path), error=str(error))


def new_token() -> str:
    """256 random bits as text."""
    return PREFIX + secrets.token_urlsafe(32)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    try:
        status = path.stat() if path else None
    except FileNotFoundError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino) if status else None


def _read(path: Path) -> tuple[TokenEntry, ...]:
    try:
        rows = json.loads(path.read_text("utf-8"))["tokens"]
        return tuple(TokenEntry(**row) for row in rows)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise TokenFileError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise TokenFileError(f"{path}: not a list of tokens: {error}") from error
