"""The desk put together: `Desk` holds its parts, `create_app(desk)` is the ASGI app for `api.server.serve`."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from quart import Quart, Response, g, redirect, request
from werkzeug.exceptions import HTTPException

from ledger.errors import Refusal
from ledger.genesis import Genesis
from ledger.participants import Role
from node.client import ProblemError
from node.desk.begin import Beginning
from node.desk.courier import Courier
from node.desk.drafts import Drafts
from node.desk.errors import DeskError, Fault
from node.desk.frame import Frame
from node.desk.journal import Act, Journal
from node.desk.limits import MAX_FORM_BYTES, MAX_FORM_PARTS, MAX_REQUEST_BYTES
from node.desk.office import KeyStore
from node.desk.officers import Officers
from node.desk.pages import arrivals, certificates, drafting, entry, releasing, tables
from node.desk.precheck import Precheck
from node.desk.reading import Reading
from node.desk.session import HEADERS, PASSPHRASE, TOKEN, Door, Session, check_host, check_origin, check_token
from node.desk.settings import Settings
from node.errors import Exit, FatalError
from node.logs import get_logger

_LOCALHOST = frozenset({"127.0.0.1", "::1"})
_OPEN = frozenset({"/open"})
_BEFORE_SIGNING_IN = frozenset({"/sign-in", "/sign-out", "/unlock"})
_log = get_logger("desk")


@dataclass(slots=True)
class Desk:
    """One authority's desk. `port`: the one it listens on. `tell`: shows the address for a further browser."""

    settings: Settings
    genesis: Genesis
    store: KeyStore
    port: int
    tell: Callable[[str], None]
    officers: Officers = field(init=False)
    journal: Journal = field(init=False)
    drafts: Drafts = field(init=False)
    reading: Reading = field(init=False)
    courier: Courier = field(init=False)
    precheck: Precheck = field(init=False)
    beginning: Beginning = field(init=False)
    door: Door = field(init=False)
    frame: Frame = field(init=False)

    def __post_init__(self) -> None:
        """Opens the folder's files.

        Raises:
            FatalError: one of them cannot be used.
        """
        settings, code = self.settings, self.store.participant
        self.officers = Officers(settings.home)
        self.journal = Journal(settings.home)
        self.drafts = Drafts(settings.drafts)
        self.reading = Reading(settings.url, settings.token, code, self.genesis.ledger_id, self.store.secrets)
        self.courier = Courier(self.drafts, self.journal, self.store, self.made, self.reading.client, now_ms)
        self.precheck = Precheck(code, self.drafts, self.reading, now_ms)
        self.beginning = Beginning(code, self.drafts, self.reading)
        self.door = Door(self.port, settings.idle_minutes * 60)
        participant = self.genesis.participants.get(code)
        self.frame = Frame(
            {
                "participant": code,
                "participant_name": code if participant is None else participant.name,
                "names": {one.code: one.name for one in self.genesis.participants.values()},
                "origin": self.genesis.origin,
                "node_url": settings.url,
                "network": self.genesis.network,
                "idle_minutes": settings.idle_minutes,
                "may_issue": self.store.has(Role.ISSUE),
                "may_confirm": self.store.has(Role.CONFIRM),
                "token_name": TOKEN,
                "passphrase_name": PASSPHRASE,
            }
        )

    @property
    def made(self) -> Path:
        """Where submissions and receipts are kept."""
        return self.settings.made

    @property
    def hosts(self) -> frozenset[str]:
        """The names under which it may be asked for."""
        host = self.settings.listen.host
        shown = f"[{host}]" if ":" in host else host
        other = {f"localhost:{self.port}"} if host in _LOCALHOST else set()
        return frozenset({f"{shown}:{self.port}", *other})

    @property
    def address(self) -> str:
        """Its one-time address for the next browser."""
        host = self.settings.listen.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/open?key={self.door.key}"

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return now_ms()

    def on_entered(self) -> None:
        """Somebody came through the door: the terminal shows the address for another browser."""
        self.tell(self.address)

    def note(self, act: Act, *, draft: str = "", number: str = "", detail: str = "", officer: str | None = None) -> None:
        """Journals what the signed-in officer, or the one named, is about to do."""
        who = g.session.officer if officer is None else officer
        self.journal.add(now_ms(), who, act, draft=draft, number=number, detail=detail)


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def create_app(desk: Desk) -> Quart:
    """The ASGI app of a desk."""
    app = Quart("node.desk", static_folder=None, template_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
        BODY_TIMEOUT=30,
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    app.url_map.merge_slashes = False
    _guard(app, desk)
    _errors(app, desk)
    for routes in (
        entry.routes(desk),
        drafting.routes(desk),
        releasing.routes(desk),
        arrivals.routes(desk),
        certificates.routes(desk),
        tables.routes(desk),
    ):
        app.register_blueprint(routes)
    return app


def _guard(app: Quart, desk: Desk) -> None:
    @app.before_request
    async def admit() -> Response | None:
        g.session = None
        check_host(request, desk.hosts)
        check_origin(request, desk.hosts)
        if request.path.startswith("/static/") or request.path in _OPEN:
            return None
        session = desk.door.find(request)
        g.session = session
        form = await request.form if request.method == "POST" else {}
        if request.method == "POST":
            check_token(session, form.get(TOKEN, ""))
        if request.path in _BEFORE_SIGNING_IN:
            return None
        if not session.officer:
            return _see("/sign-in")
        if session.locked:
            if PASSPHRASE not in form:
                files = request.method == "POST" and any(file.filename for file in (await request.files).values())
                return entry.locked(desk, session, form, files=files)
            try:
                await entry.unlock(desk, session, form[PASSPHRASE])
            except DeskError as error:
                return entry.locked(desk, session, form, error)
        return None

    @app.after_request
    async def finish(response: Response) -> Response:
        for name, value in HEADERS:
            response.headers[name] = value
        if request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-cache"
        return response


def _errors(app: Quart, desk: Desk) -> None:
    def problem(status: int, kind: str, **values: object) -> Response:
        session: Session | None = g.get("session")
        seen = session if session is not None and session.active else None
        name = request.path.removeprefix("/drafts/").partition("/")[0] if request.path.startswith("/drafts/") else ""
        draft = name if seen is not None and any(one.id == name for one in desk.drafts) else ""
        return desk.frame.page(request, "problem", "", seen, status=status, kind=kind, draft=draft, fatal=None, **values)

    @app.errorhandler(DeskError)
    async def ours(error: DeskError) -> Response:
        return problem(error.status, f"fault_{error.fault}")

    @app.errorhandler(HTTPException)
    async def routed(error: HTTPException) -> Response:
        status = error.code or 500
        return problem(status, {404: f"fault_{Fault.NOT_FOUND}", 413: "too_large"}.get(status, "bad_request"))

    @app.errorhandler(FatalError)
    async def fatal(error: FatalError) -> Response:
        if error.code is Exit.UNREACHABLE:
            return problem(503, "no_node")
        session: Session | None = g.get("session")
        seen = session if session is not None and session.active else None
        return desk.frame.page(request, "problem", "", seen, status=502, kind="fatal", fatal=error)

    @app.errorhandler(ProblemError)
    async def node(error: ProblemError) -> Response:
        return problem(502, "no_token" if error.status in {401, 403} else "node_says_no")

    @app.errorhandler(Refusal)
    async def untrue(_: Refusal) -> Response:
        return problem(502, "not_sound")

    @app.errorhandler(Exception)
    async def unforeseen(error: Exception) -> Response:
        # the place alone: messages and values may hold what goes sealed onto the ledger
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        _log.error(
            "desk.unforeseen", error=type(error).__name__, at=[f"{Path(one.filename).name}:{one.lineno}" for one in frames]
        )
        return problem(500, "disk" if isinstance(error, OSError) else "unforeseen")


def _see(path: str) -> Response:
    answer = redirect(path, 303)
    assert isinstance(answer, Response), "Quart's own"
    return answer
