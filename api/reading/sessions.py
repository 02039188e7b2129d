"""A token exchanged for a cookie: sessions in this node's memory, each bound to the token it was made with.

Rules:

- The cookie is 256 random bits made at sign-in, never one that came in; only its SHA-256 is kept. Signing in ends the session
  that the browser had before.
- A session holds the token's hash, not its text: it ends when the token expires or is revoked, after `IDLE_MS` without a
  request, after `LONGEST_MS` in any case, at sign-out, and with the process.
- Each has a form token that only its own pages know.
- So many at once for a token, and in all; the longest unused goes first.

Times are ms since 1970 UTC.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from api.auth import Reader, TokenBook
from api.limits import MAX_SESSIONS, MAX_SESSIONS_PER_TOKEN

IDLE_MS: Final = 4 * 3_600_000
"""A session that is used goes on; one that is not ends after so long."""

LONGEST_MS: Final = 20 * 3_600_000
"""Even a used one ends after so long."""

_BYTES: Final = 32
_MAX_COOKIE_CHARACTERS: Final = 64


@dataclass(slots=True)
class Session:
    """One browser that signed in.

    Attributes:
        digest: SHA-256 of the token it was made with.
        form_token: what forms of its pages carry.
        began: when it signed in.
        used: when it asked last.
    """

    digest: str
    form_token: str
    began: int
    used: int

    def ended(self, now_ms: int) -> bool:
        """Whether its time is over."""
        return now_ms - self.used >= IDLE_MS or now_ms - self.began >= LONGEST_MS

    def admits(self, form_token: str) -> bool:
        """Whether a form comes from one of its pages."""
        return hmac.compare_digest(self.form_token.encode(), form_token.encode("utf-8", "surrogatepass"))


class Sessions:
    """The sessions of one node."""

    def __init__(self, tokens: TokenBook) -> None:
        self._tokens = tokens
        self._held: OrderedDict[str, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def begin(self, token: str, now_ms: int, before: str = "") -> str | None:
        """A new session for a token's text: the cookie's value, None for a token that is not valid.

        `before`: the cookie that the browser sent; its session ends.
        """
        if self._tokens.find(token, now_ms) is None:
            return None
        self.end(before)
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        self._make_room(digest, now_ms)
        cookie = secrets.token_urlsafe(_BYTES)
        self._held[_key(cookie)] = Session(digest, secrets.token_urlsafe(_BYTES), now_ms, now_ms)
        return cookie

    def find(self, cookie: str, now_ms: int) -> tuple[Session, Reader] | None:
        """The session behind a cookie and who it is; None for none that is in force."""
        if not cookie or len(cookie) > _MAX_COOKIE_CHARACTERS:
            return None
        key = _key(cookie)
        session = self._held.get(key)
        if session is None:
            return None
        reader = None if session.ended(now_ms) else self._tokens.holder(session.digest, now_ms)
        if reader is None:
            del self._held[key]
            return None
        session.used = max(session.used, now_ms)
        self._held.move_to_end(key)
        return session, reader

    def end(self, cookie: str) -> None:
        """Sign out; nothing happens without such a session."""
        self._held.pop(_key(cookie), None)

    def _make_room(self, digest: str, now_ms: int) -> None:
        for key in [key for key, session in self._held.items() if session.ended(now_ms)]:
            del self._held[key]
        own = [key for key, session in self._held.items() if session.digest == digest]
        for key in own[: max(0, len(own) + 1 - MAX_SESSIONS_PER_TOKEN)]:
            del self._held[key]
        while len(self._held) >= MAX_SESSIONS:
            self._held.popitem(last=False)


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()
