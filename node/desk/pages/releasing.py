"""Releasing: the second officer's passphrase, and what comes after it: sending, receipt, printed certificate."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from quart import Blueprint, Response, request

from node.desk import approvals
from node.desk.drafts import Draft, Kind, Standing
from node.desk.errors import DeskError, Fault
from node.desk.faults import shown
from node.desk.journal import Act
from node.desk.limits import FINAL_S
from node.desk.making import file_name
from node.desk.pages.common import see, session
from node.desk.pages.drafting import review
from node.desk.pages.entry import verify
from node.office import RECEIPT
from node.paper.contents import read_contents
from node.paper.document import make_pdf
from node.paper.texts import LANGUAGES

if TYPE_CHECKING:
    from node.desk.app import Desk

_PATIENCE_S = 8.0
"""How long a page waits for the node before it says that the draft is on its way."""


def routes(desk: "Desk") -> Blueprint:
    """The routes of this file."""
    blueprint = Blueprint("releasing", __name__)

    @blueprint.post("/drafts/<name>/release")
    async def release(name: str) -> Response:
        """An officer who may, with their own passphrase."""
        draft = desk.drafts.get(name)
        form = await request.form
        officer = form.get("officer", "")
        try:
            await let_go(desk, [draft], officer, form.get("passphrase", ""), {draft.id: form.get("digest", "")})
        except DeskError as error:
            now = desk.drafts.get(name)
            if error.fault is Fault.NOT_WAITING and now.digest and now.digest == form.get("digest", ""):
                return see(f"/drafts/{name}")  # pressed twice: it is released as this page shows it
            if error.fault in {Fault.NOT_WAITING, Fault.CHANGED_SINCE}:
                raise
            return await review(desk, desk.drafts.get(name), [shown(draft.kind, error)], error.status)
        await desk.courier.settled(min(_PATIENCE_S, FINAL_S))
        return see(f"/drafts/{name}")

    @blueprint.post("/drafts/<name>/give-back")
    async def give_back(name: str) -> Response:
        """Returned with a remark by another officer, or taken back by a writer."""
        draft = desk.drafts.get(name)
        remark = " ".join((await request.form).get("remark", "").split())[:500]
        act = Act.TAKEN_BACK if session().officer in draft.writers else Act.RETURNED
        back = approvals.give_back(draft, remark, desk.now())
        desk.note(act, draft=draft.id, number=draft.number, detail=draft.content())
        desk.drafts.keep(back)
        return see(f"/drafts/{name}", "told_open_again")

    @blueprint.get("/drafts/<name>/receipt")
    async def receipt(name: str) -> Response:
        """The receipt as a file."""
        draft, file = _kept(desk, name)
        return _download(file.read_bytes(), file.name, "text/plain; charset=utf-8", draft)

    @blueprint.get("/drafts/<name>/certificate")
    async def printed(name: str) -> Response:
        """The printed certificate."""
        draft, file = _kept(desk, name)
        if draft.kind not in {Kind.ISSUE, Kind.AMEND}:
            raise DeskError(Fault.NOT_FOUND, status=404)
        language = request.args.get("beside", "en")
        if language not in LANGUAGES:
            raise DeskError(Fault.NOT_FOUND, status=404)
        settings = desk.settings

        def make() -> bytes:
            return make_pdf(read_contents(file, desk.genesis, settings.print_url, settings.authority), language)

        return _download(await asyncio.to_thread(make), f"{draft.number}.pdf", "application/pdf", draft)

    return blueprint


async def let_go(desk: "Desk", drafts: list[Draft], officer: str, passphrase: str, digests: dict[str, str]) -> None:
    """Releases drafts: all of them or, when one may not be, none.

    Raises:
        DeskError: as `approvals.release` and `verify`.
    """
    second = desk.settings.second
    for draft in drafts:
        approvals.release(draft, officer, digests.get(draft.id, ""), second, desk.now())
    await verify(desk, officer, passphrase)
    now = desk.now()
    released = [
        approvals.release(desk.drafts.get(draft.id), officer, digests.get(draft.id, ""), second, now)
        for draft in drafts  # looked at again: another request may have released one meanwhile
    ]
    desk.journal.add_many(now, officer, [(Act.APPROVED, one.id, one.number, one.digest) for one in released])
    for draft in released:
        desk.drafts.keep(draft)
    desk.courier.wake()


def _kept(desk: "Desk", name: str) -> tuple[Draft, Path]:
    draft = desk.drafts.get(name)
    file = desk.made / draft.id / f"{file_name(draft)}{RECEIPT}"
    if draft.standing is not Standing.FINAL or not file.exists():
        raise DeskError(Fault.NOT_FOUND, status=404)
    return draft, file


def _download(data: bytes, name: str, content_type: str, draft: Draft) -> Response:
    plain = "".join(sign for sign in name if sign.isalnum() or sign in ".-") or draft.id
    return Response(data, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{plain}"'})
