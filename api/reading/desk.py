"""Signing in and out, the reader's desk, the search box, saved filters."""

from typing import Final

from quart import Blueprint, Response, request
from quart_schema import hide

from api.errors import ApiCode, Problem
from api.limits import MAX_TOKEN_CHARS
from api.pages.site import Place
from api.reading.figures import figures_of, names
from api.reading.guard import LINKS, ROOT, SIGN_IN, Fields, Guard, Visitor, is_ours, see
from api.reading.lookup import MAX_CHARACTERS, look_up
from api.reading.workbook import WorkBookFullError
from api.reading.worklist import WorkQuery, read_work
from ledger.ageing import AGES
from ledger.findings import Severity, Status

_SHOWN: Final = 8
_MAX_FILTER_CHARACTERS: Final = 80
_MAX_QUERY_CHARACTERS: Final = 500


def desk_routes(guard: Guard) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("reading_desk", __name__)
    port = guard.port

    @routes.get(SIGN_IN)
    @hide
    async def sign_in() -> Response:
        """Asks for a token."""
        return _ask(guard, request.args.get("next", ""))

    @routes.post(SIGN_IN)
    @hide
    async def enter() -> Response:
        """Takes a token; the answer to one that is not valid says no more than that."""
        try:
            fields = await guard.fields()
        except Problem as error:
            return guard.problem(None, error.status, "form")
        token, back = fields.get("token", "").strip(), fields.get("next", "")
        cookie = guard.sessions.begin(token, port.now_ms(), guard.cookie()) if 0 < len(token) <= MAX_TOKEN_CHARS else None
        return _ask(guard, back, failed=True) if cookie is None else guard.signed_in(cookie, back)

    @routes.post(f"{ROOT}/sign-out")
    @hide
    @guard.writes
    async def leave(_visitor: Visitor, _fields: Fields) -> Response:
        """Ends the session."""
        guard.sessions.end(guard.cookie())
        return guard.signed_out()

    @routes.get(ROOT)
    @hide
    @guard.reads
    async def desk(visitor: Visitor) -> Response:
        """Where a reader begins: what is grave and open, what is owed, the office's saved filters."""
        ledger, reader = port.ledger, visitor.reader
        grave = read_work(port, visitor, WorkQuery(severity=Severity.HIGH, status=Status.OPEN), _SHOWN)
        ageing = ledger.ageing()
        owed = [one for one in ageing.owed if reader.auditor or one.destination == reader.participant]
        longest = sorted(owed, key=lambda one: (-one.by_age[-1].certificates, one.destination))[:_SHOWN]
        return guard.page(
            visitor,
            "desk",
            Place(ROOT, links=LINKS),
            height=ageing.head.height,
            head=ageing.head,
            work=grave,
            owed=longest,
            ages=AGES,
            open_in_all=sum(one.all.certificates for one in owed),
            filters=port.workbook.filters(visitor.office),
            names=names(port),
            figures=figures_of,
        )

    @routes.get(f"{ROOT}/search")
    @hide
    @guard.reads
    async def search(visitor: Visitor) -> Response:
        """Off to the page that is meant; a page that helps where there is none or several."""
        text = request.args.get("q", "").strip()
        found = look_up(port.ledger, text, names(port))
        if found.page:
            return see(found.page)
        place = Place(f"{ROOT}/search", state={"q": text[:MAX_CHARACTERS]}, links=LINKS)
        status = 200 if found.participants or not text else 404
        return guard.page(visitor, "search", place, status=status, text=text[:MAX_CHARACTERS], found=found, names=names(port))

    @routes.post(f"{ROOT}/filters")
    @hide
    @guard.writes
    async def save(visitor: Visitor, fields: Fields) -> Response:
        """Keeps a work list under a name."""
        name, query = " ".join(fields.get("name", "").split()), fields.get("query", "")
        if not 0 < len(name) <= _MAX_FILTER_CHARACTERS:
            raise Problem(400, ApiCode.BAD_PARAMETER, "name")
        if len(query) > _MAX_QUERY_CHARACTERS or not is_ours(f"{ROOT}/findings?{query}"):
            raise Problem(400, ApiCode.BAD_PARAMETER, "query")
        try:
            port.workbook.save_filter(visitor.office, name, query)
        except WorkBookFullError:
            return guard.problem(visitor, 409, "full")
        return see(f"{ROOT}/findings?{query}" if query else f"{ROOT}/findings")

    @routes.post(f"{ROOT}/filters/<int(max=9999999999):number>/remove")
    @hide
    @guard.writes
    async def remove(visitor: Visitor, _fields: Fields, number: int) -> Response:
        """Forgets it."""
        port.workbook.remove_filter(visitor.office, number)
        return see(ROOT)

    return routes


def _ask(guard: Guard, back: str, *, failed: bool = False) -> Response:
    back = back if is_ours(back) else ""
    place = Place(SIGN_IN, state={"next": back} if back else {}, links=())
    return guard.page(guard.visitor(), "sign-in", place, status=403 if failed else 200, failed=failed, back=back)
