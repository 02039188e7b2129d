"""What each signed-in page passes: who asks, from where a form comes, and errors as pages.

Rules:

- The session's cookie is HttpOnly, SameSite=Strict, and, where the node is reached over TLS, Secure under a `__Host-` name. A
  port in the node's address is part of its name, as browsers keep cookies by host alone.
- A form is taken from this origin only (`Sec-Fetch-Site`, else `Origin` against `Host`; neither is a refusal) and with its
  session's form token. Signing in has no session yet: there the origin is what counts.
- Who is not signed in is sent to do so, and then back; back means an address of these pages, never another's.
- Pages send a referrer to this origin, since a browser that is told to send none hides a form's origin as well; no answer is
  kept by any cache.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Final
from urllib.parse import urlencode, urlsplit

from quart import Response, request

from api.answers import Cache, Parameters, parameters
from api.auth import Reader
from api.bodies import BodyReader
from api.errors import ApiCode, Overloaded, Problem
from api.pages.language import PARAMETER
from api.pages.navigation import Link
from api.pages.site import Place, Site
from api.port import NodePort
from api.reading.forms import read_form
from api.reading.sessions import Session, Sessions

ROOT: Final = "/reading"
SIGN_IN: Final = f"{ROOT}/sign-in"
FORM_FIELD: Final = "form"
"""Name of the hidden field that holds the form token."""

LINKS: Final = (
    Link(ROOT, "nav_desk"),
    Link(f"{ROOT}/findings", "nav_findings"),
    Link(f"{ROOT}/open", "nav_open"),
    Link(f"{ROOT}/certificates", "nav_certificates"),
    Link(f"{ROOT}/participants", "nav_participants"),
)

_MAX_NEXT_CHARACTERS: Final = 600
_KINDS: Final[Mapping[ApiCode, str]] = {
    ApiCode.NOT_FOUND: "missing",
    ApiCode.FORBIDDEN: "forbidden",
    ApiCode.OVERLOADED: "overloaded",
    ApiCode.NOT_RELEASED: "missing",
}

Fields = Mapping[str, str]
Answering = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: the session and the reader behind it.

    Attributes:
        name: how its notes are signed: the token's label, or its id.
    """

    session: Session
    reader: Reader
    name: str

    @property
    def office(self) -> str:
        """Whose notes these are."""
        return self.reader.scope


class Guard:
    """The way of every signed-in page."""

    def __init__(self, site: Site, port: NodePort, bodies: BodyReader) -> None:
        self.port = port
        self.sessions = Sessions(port.tokens)
        self._site = site
        self._bodies = bodies

    # --- handlers

    def reads(self, handler: Answering) -> Answering:
        """A page: `handler(visitor, ...)`."""

        @wraps(handler)
        async def shown(**path: str) -> Response:
            visitor = self.visitor()
            if visitor is None:
                return _see(f"{SIGN_IN}?{urlencode({'next': _address()})}")
            try:
                return await handler(visitor, **path)
            except (Problem, Overloaded) as error:
                return self._trouble(visitor, error)

        return shown

    def writes(self, handler: Answering) -> Answering:
        """What a form of these pages does: `handler(visitor, fields, ...)`."""

        @wraps(handler)
        async def taken(**path: str) -> Response:
            visitor = self.visitor()
            try:
                fields = await read_form(request, self._bodies)
                if not same_origin():
                    return self.problem(visitor, 403, "form")
                if visitor is None:
                    return _see(SIGN_IN)
                if not visitor.session.admits(fields.get(FORM_FIELD, "")):
                    return self.problem(visitor, 403, "form")
                return await handler(visitor, fields, **path)
            except (Problem, Overloaded) as error:
                return self._trouble(visitor, error)

        return taken

    def visitor(self) -> Visitor | None:
        """Who is signed in."""
        found = self.sessions.find(self.cookie(), self.port.now_ms())
        if found is None:
            return None
        session, reader = found
        entry = self.port.tokens.entry(session.digest)
        return Visitor(session, reader, (entry.label if entry else "") or reader.token_id)

    async def fields(self) -> Fields:
        """The fields of the form that has no session yet; raises Problem 403 for one of another origin."""
        fields = await read_form(request, self._bodies)
        if not same_origin():
            raise Problem(403, ApiCode.FORBIDDEN, "Origin")
        return fields

    # --- answers

    def page(
        self,
        visitor: Visitor | None,
        name: str,
        place: Place,
        *,
        status: int = 200,
        height: int | None = None,
        **values: object,
    ) -> Response:
        """A page of these."""
        headers = {"Referrer-Policy": "same-origin"}
        return self._site.page(
            request,
            f"reading/{name}",
            place,
            cache=Cache.NO_STORE,
            status=status,
            height=height,
            headers=headers,
            visitor=visitor,
            **values,
        )

    def problem(self, visitor: Visitor | None, status: int, kind: str, field: str = "") -> Response:
        """A page that says what went wrong and what to do."""
        place = Place(ROOT, links=LINKS if visitor else ())
        return self.page(visitor, "problem", place, status=status, kind=kind, field=field)

    def signed_in(self, cookie: str, back: str) -> Response:
        """Off to where the reader wanted to go, with the session's cookie."""
        response = _see(back if is_ours(back) else ROOT)
        response.set_cookie(self._cookie_name(), cookie, path="/", secure=self._over_tls(), httponly=True, samesite="Strict")
        return response

    def signed_out(self) -> Response:
        """Off to the sign-in page, without the cookie."""
        response = _see(SIGN_IN)
        response.delete_cookie(self._cookie_name(), path="/", secure=self._over_tls(), httponly=True, samesite="Strict")
        return response

    # --- the cookie

    def cookie(self) -> str:
        """What the browser sent, empty for nothing."""
        return request.cookies.get(self._cookie_name(), "")

    def _over_tls(self) -> bool:
        return self.port.public_url.startswith("https://")

    def _cookie_name(self) -> str:
        port = urlsplit(self.port.public_url).port
        return ("__Host-" if self._over_tls() else "") + "kpl_session" + (f"_{port}" if port else "")

    def _trouble(self, visitor: Visitor | None, error: Problem | Overloaded) -> Response:
        if isinstance(error, Overloaded):
            return self.problem(visitor, 503, "overloaded")
        return self.problem(visitor, error.status, _KINDS.get(error.code, "parameter"), error.field)


def same_origin() -> bool:
    """Whether the browser says that a page of this origin sent the request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host != ""


def is_ours(address: str) -> bool:
    """Whether an address is one of these pages; what a browser could read as another host's is not."""
    plain = address.startswith(ROOT) and address.isascii() and address.isprintable() and "\\" not in address
    parts = urlsplit(address) if plain else None
    return (
        parts is not None
        and not parts.scheme
        and not parts.netloc
        and len(address) <= _MAX_NEXT_CHARACTERS
        and (parts.path == ROOT or parts.path.startswith(f"{ROOT}/"))
        and not {"//", "/."} & {parts.path[at : at + 2] for at in range(len(parts.path))}
        and not parts.path.startswith((SIGN_IN, f"{ROOT}/sign-out"))
    )


def asked_for(model: type[Parameters]) -> Parameters:
    """The page's parameters, checked; raises Problem 400. Forms send empty ones, and the language is no page's own."""
    return parameters(request, model, frozenset({PARAMETER}))


def see(address: str) -> Response:
    """Off to another page of these, after a form."""
    return _see(address)


def _address() -> str:
    query = request.query_string.decode("ascii", "replace")
    return f"{request.path}?{query}" if query else request.path


def _see(address: str) -> Response:
    headers = {"Location": address, "Cache-Control": str(Cache.NO_STORE), "Referrer-Policy": "same-origin"}
    return Response(b"", 303, headers)
