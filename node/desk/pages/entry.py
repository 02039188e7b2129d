"""Coming in: the one-time address, signing in, locking, unlocking."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from quart import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from node.desk.errors import DeskError, Fault
from node.desk.faults import Shown
from node.desk.journal import Act
from node.desk.pages.common import see, session
from node.desk.session import PASSPHRASE, TOKEN, Session, set_cookie

if TYPE_CHECKING:
    from node.desk.app import Desk


def routes(desk: "Desk") -> Blueprint:
    """The routes of this file."""
    blueprint = Blueprint("entry", __name__)

    @blueprint.get("/static/<name>")
    async def static(name: str) -> Response:
        """Style sheets and mark."""
        found = desk.frame.files.get(name)
        if found is None:
            raise DeskError(Fault.NOT_FOUND, status=404)
        return Response(found[0], content_type=found[1])

    @blueprint.get("/open")
    async def enter() -> Response:
        """The one-time address that the terminal shows."""
        name = desk.door.enter(request.args.get("key", ""))
        desk.on_entered()
        response = see("/sign-in")
        set_cookie(response, desk.door.cookie, name)
        return response

    @blueprint.get("/sign-in")
    async def sign_in_page() -> Response:
        """Who is there?"""
        return see("/") if session().active else _sign_in(desk, None, "")

    @blueprint.post("/sign-in")
    async def sign_in() -> Response:
        """An officer says who they are."""
        form = await request.form
        officer = form.get("officer", "")
        try:
            await verify(desk, officer, form.get("passphrase", ""))
        except DeskError as error:
            return _sign_in(desk, error, officer)
        desk.note(Act.SIGNED_IN, officer=officer)
        name = desk.door.sign_in(request, session(), officer)
        response = see("/")
        set_cookie(response, desk.door.cookie, name)
        return response

    @blueprint.post("/sign-out")
    async def sign_out() -> Response:
        """The officer leaves; another one may sign in."""
        found = session()
        if found.officer:
            desk.note(Act.LOCKED)
        found.officer, found.locked, found.told = "", False, None
        return see("/sign-in")

    @blueprint.post("/unlock")
    async def unlock_page() -> Response:
        """The officer is back, with nothing under way."""
        form = await request.form
        try:
            await unlock(desk, session(), form.get(PASSPHRASE, ""))
        except DeskError as error:
            return locked(desk, session(), form, error)
        back = form.get("back", "/")
        return see(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")

    return blueprint


def _sign_in(desk: "Desk", error: DeskError | None, officer: str) -> Response:
    shown = [] if error is None else [Shown(str(error.fault), error.field, {})]
    status = 200 if error is None else error.status
    return desk.frame.page(
        request, "sign-in", "", session(), status=status, reasons=shown, officers=desk.officers.names, officer=officer
    )


def locked(
    desk: "Desk", found: Session, form: Mapping[str, str], error: DeskError | None = None, *, files: bool = False
) -> Response:
    """The question for the passphrase; what a form brought comes back with it, hidden, and goes on its way with the answer.

    `files`: it brought one besides, which a page cannot give back.
    """
    shown = [] if error is None else [Shown(str(error.fault), PASSPHRASE, {})]
    sending = request.method == "POST" and request.path != "/unlock"
    pairs = form.items(multi=True) if isinstance(form, MultiDict) else form.items()
    back = form.get("back", "/") if request.path == "/unlock" else request.full_path.rstrip("?")
    return desk.frame.page(
        request,
        "locked",
        "",
        found,
        status=200 if error is None else error.status,
        reasons=shown,
        action=request.path if sending else "/unlock",
        carried=[(name, text) for name, text in pairs if name not in {TOKEN, PASSPHRASE, "username"}] if sending else [],
        back=back,
        files=files,
    )


async def unlock(desk: "Desk", found: Session, passphrase: str) -> None:
    """The session goes on; raises DeskError when this is not its officer's passphrase."""
    if not found.officer:
        raise DeskError(Fault.DOOR_CLOSED, status=403)
    await verify(desk, found.officer, passphrase)
    desk.note(Act.SIGNED_IN, officer=found.officer)
    found.locked = False


async def verify(desk: "Desk", officer: str, passphrase: str) -> None:
    """Whether this is the officer's passphrase; a wrong one is journalled. Errors as `Officers.verify`."""
    try:
        await asyncio.to_thread(desk.officers.verify, officer, passphrase)
    except DeskError:
        known = officer if officer in desk.officers.names else ""
        desk.note(Act.WRONG_PASSPHRASE, officer=known)
        raise
