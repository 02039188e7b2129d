"""Who may use the desk: every request passes here before any page sees it.

1. The Host header is the desk's own address: another name that resolves here (DNS rebinding) is turned away.
2. What changes anything is a POST whose Origin is the desk's own; where the browser says `Sec-Fetch-Site`, it says
   `same-origin`. A form carries its session's token besides.
3. A browser came through the *door*: a one-time address that only the terminal shows gives it a cookie (HttpOnly,
   SameSite=Strict). The next address is made when one was used.
4. An officer signed in there. After so many minutes without a request the session is locked: it shows nothing until its officer
   gives the passphrase again. A form that was sent meanwhile is not lost: it comes back as hidden fields with the question.
5. Nothing is cached, nothing is fetched from elsewhere, no script ever runs.
"""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from quart import Request, Response

from node.desk.errors import DeskError, Fault
from node.desk.limits import MAX_SESSIONS

HEADERS: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),  # with `no-referrer` a browser sends `Origin: null` with its forms
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
TOKEN: Final = "form_token"  # noqa: S105 - the name of a field
PASSPHRASE: Final = "unlock_passphrase"  # noqa: S105 - the name of a field
_SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(slots=True)
class Session:
    """One browser that came through the door.

    Attributes:
        officer: who is signed in; empty for nobody.
        locked: whether the officer must give the passphrase again.
        used: seconds of its last request.
        token: that its forms carry.
        told: a text to show on the next page, by key and values.
    """

    officer: str = ""
    locked: bool = False
    used: float = 0.0
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    told: tuple[str, dict[str, str]] | None = None

    @property
    def active(self) -> bool:
        """Whether pages may be shown."""
        return bool(self.officer) and not self.locked


class Door:
    """The sessions of a desk, and the one-time key to a new one.

    Attributes:
        key: of the next browser.
    """

    def __init__(self, port: int, idle_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle_s = idle_s
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self.cookie = f"kpledger-desk-{port}"
        self.key = secrets.token_urlsafe(24)

    def enter(self, key: str) -> str:
        """The cookie's value for a browser that knows the key, which is used up.

        Raises:
            DeskError: DOOR_CLOSED.
        """
        if not hmac.compare_digest(key.encode(), self.key.encode()):
            raise DeskError(Fault.DOOR_CLOSED, status=403)
        self.key = secrets.token_urlsafe(24)
        if len(self._sessions) == MAX_SESSIONS:
            del self._sessions[min(self._sessions, key=lambda name: self._sessions[name].used)]
        name = secrets.token_urlsafe(32)
        self._sessions[name] = Session(used=self._clock())
        return name

    def find(self, request: Request) -> Session:
        """The request's session, locked when it was idle for too long.

        Raises:
            DeskError: DOOR_CLOSED.
        """
        session = self._sessions.get(request.cookies.get(self.cookie, ""))
        if session is None:
            raise DeskError(Fault.DOOR_CLOSED, status=403)
        self.look(session)
        session.used = self._clock()
        return session

    def look(self, session: Session) -> None:
        """Locks a session that was idle for too long."""
        if session.officer and self._clock() - session.used > self._idle_s:
            session.locked = True

    def sign_in(self, request: Request, session: Session, officer: str) -> str:
        """The new value of the cookie: a session that was there before somebody signed in is not theirs."""
        old = request.cookies.get(self.cookie, "")
        self._sessions.pop(old, None)
        name = secrets.token_urlsafe(32)
        self._sessions[name] = Session(officer=officer, used=self._clock(), told=session.told)
        return name


def check_host(request: Request, hosts: frozenset[str]) -> None:
    """Whether the desk was asked for under its own address; raises DeskError FOREIGN_HOST."""
    if len(request.headers.getlist("Host")) > 1 or request.headers.get("Host", "").lower() not in hosts:
        raise DeskError(Fault.FOREIGN_HOST, status=421)


def check_origin(request: Request, hosts: frozenset[str]) -> None:
    """Whether a request that may change something comes from a page of the desk; raises DeskError FOREIGN_REQUEST."""
    if request.method in _SAFE:
        return
    host = request.headers.get("Host", "").lower()
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if host not in hosts or request.headers.get("Origin") != f"http://{host}" or site != "same-origin":
        raise DeskError(Fault.FOREIGN_REQUEST, status=403)


def check_token(session: Session, given: str) -> None:
    """Whether a form is one of this session's; raises DeskError FOREIGN_REQUEST."""
    if not hmac.compare_digest(given.encode(), session.token.encode()):
        raise DeskError(Fault.FOREIGN_REQUEST, status=403)


def set_cookie(response: Response, name: str, value: str) -> None:
    """Gives the browser its session's name, for as long as it runs."""
    response.set_cookie(name, value, path="/", httponly=True, samesite="Strict")
