"""Many certificates from a spreadsheet: read as a whole, drafts of all of it or of none, released together. And the journal."""

import asyncio
from typing import TYPE_CHECKING

from quart import Blueprint, Response, request

from ledger.csvform import Fault as CellFault
from ledger.csvform import SheetCertificate, read_sheet
from ledger.drafts import total
from ledger.entries import issuer_of
from ledger.errors import Code, Refusal
from ledger.units import carats
from node.desk import approvals
from node.desk.drafts import ENDED, Draft, Kind, Standing
from node.desk.errors import DeskError, Fault
from node.desk.faults import Shown, shown
from node.desk.filling import from_issue
from node.desk.forms import PARTIES, issue_draft
from node.desk.journal import Act
from node.desk.limits import SHOWN
from node.desk.pages.common import see, session
from node.desk.pages.releasing import let_go

if TYPE_CHECKING:
    from node.desk.app import Desk

_FAULTS_SHOWN = 100


def routes(desk: "Desk") -> Blueprint:
    """The routes of this file."""
    blueprint = Blueprint("tables", __name__)

    @blueprint.get("/table")
    async def table_page() -> Response:
        """Where a table is given."""
        return _page(desk, [], [])

    @blueprint.post("/table")
    async def table() -> Response:
        """A table: drafts of all its certificates, or what is wrong with it."""
        file = (await request.files).get("file")
        data = b"" if file is None else file.read()
        if not data:
            return _page(desk, [Shown(str(Fault.NO_FILE), "file", {})], [], 422)
        try:
            certificates, faults = read_sheet(data)
        except Refusal as refusal:
            reason = shown(Kind.ISSUE, refusal)
            return _page(desk, [Shown(reason.code, "file", reason.details)], [], 422)
        held = {draft.number: draft for draft in desk.drafts if draft.kind.opens}
        held = {number: draft for number, draft in held.items() if draft.standing is not Standing.DISCARDED}
        again = {one.draft.number for one in certificates if _same(held.get(one.draft.number), one)}
        for one in certificates:
            number = one.draft.number
            if issuer_of(number) != desk.store.participant:
                faults.append(one.fault(Refusal(Code.NUMBER_PREFIX, "number", given=number, limit=desk.store.participant)))
            elif number in held and number not in again:
                faults.append(CellFault(one.rows[0], "number", number, str(Fault.IN_ANOTHER_DRAFT), ""))
            else:
                faults += [
                    CellFault(one.rows[0], f"{who}_name", number, str(Fault.REQUIRED), "")
                    for who in PARTIES
                    if not one.draft.sealed.get(who, {}).get("name")
                ]
        if faults:
            return _page(desk, [], sorted(faults, key=lambda fault: fault.row), 422)
        now, officer = desk.now(), session().officer
        name = f"{now:x}"
        acts: list[tuple[Act, str, str, str]] = []
        for one in certificates:
            if one.draft.number in again:  # the same table once more: what was read of it before stays
                name = held[one.draft.number].table
                continue
            fields = from_issue(one.draft)
            made = desk.drafts.begin(Kind.ISSUE, fields, officer, now, table=name, standing=Standing.WAITING)
            acts += [(act, made.id, made.number, made.content()) for act in (Act.WRITTEN, Act.HANDED_ON)]
            await asyncio.sleep(0)  # a long table leaves room for others
        desk.journal.add_many(now, officer, acts)
        return see(f"/tables/{name}", "told_table", count=str(len(certificates) - len(again)))

    @blueprint.get("/tables/<name>")
    async def certificates_of(name: str) -> Response:
        """The certificates of a table, and where each is."""
        return _overview(desk, name, [])

    @blueprint.post("/tables/<name>/release")
    async def release(name: str) -> Response:
        """All of a table that waits, by one officer who may."""
        form = await request.form
        waiting = [draft for draft in _of(desk, name) if draft.standing is Standing.WAITING]
        digests = dict(pair.split(":", 1) for pair in form.get("digests", "").split() if ":" in pair)
        waiting = [draft for draft in waiting if draft.id in digests]
        if not waiting:
            raise DeskError(Fault.NOT_WAITING, status=409)
        try:
            await let_go(desk, waiting, form.get("officer", ""), form.get("passphrase", ""), digests)
        except DeskError as error:
            if error.fault in {Fault.NOT_WAITING, Fault.CHANGED_SINCE}:
                raise
            return _overview(desk, name, [shown(Kind.ISSUE, error)], error.status)
        await desk.courier.settled(10.0)
        return see(f"/tables/{name}")

    @blueprint.post("/tables/<name>/discard")
    async def discard(name: str) -> Response:
        """All of a table that nobody has released, by any officer, as a single draft."""
        now, officer = desk.now(), session().officer
        ended = [
            approvals.discard(draft if draft.standing is Standing.OPEN else approvals.give_back(draft, "", now), now)
            for draft in _of(desk, name)
            if draft.standing in {Standing.OPEN, Standing.WAITING}
        ]
        desk.journal.add_many(now, officer, [(Act.DISCARDED, one.id, one.number, one.content()) for one in ended])
        for draft in ended:
            desk.drafts.keep(draft)
        return see("/table", "told_table_discarded", count=str(len(ended)))

    @blueprint.get("/journal")
    async def journal() -> Response:
        """Who did what, the newest first."""
        lines = desk.journal.lines
        return desk.frame.page(request, "journal", "/journal", session(), lines=lines[: -SHOWN * 5 - 1 : -1], count=len(lines))

    return blueprint


def _same(held: Draft | None, one: SheetCertificate) -> bool:
    """Whether a draft is what was read of this certificate of a table before."""
    return held is not None and bool(held.table) and held.fields == from_issue(one.draft)


def _of(desk: "Desk", name: str) -> list[Draft]:
    found = sorted((draft for draft in desk.drafts if draft.table == name and name), key=lambda draft: draft.number)
    if not found:
        raise DeskError(Fault.NOT_FOUND, status=404)
    return found


def _page(desk: "Desk", reasons: list[Shown], faults: list[CellFault], status: int = 200) -> Response:
    tables: dict[str, list[Draft]] = {}
    for draft in desk.drafts:
        if draft.table:
            tables.setdefault(draft.table, []).append(draft)
    return desk.frame.page(
        request,
        "table",
        "/table",
        session(),
        status=status,
        reasons=reasons,
        by_field={reason.field: reason for reason in reasons},
        faults=faults[:_FAULTS_SHOWN],
        fault_count=len(faults),
        tables=[
            (name, len(drafts), sum(draft.standing not in ENDED for draft in drafts), drafts[0].began)
            for name, drafts in sorted(tables.items(), reverse=True)
        ][:SHOWN],
    )


def _overview(desk: "Desk", name: str, reasons: list[Shown], status: int = 200) -> Response:
    drafts = _of(desk, name)
    waiting = [draft for draft in drafts if draft.standing is Standing.WAITING]
    second = desk.settings.second
    may = [who for who in desk.officers.names if all(approvals.may_release(draft, who, second) for draft in waiting)]
    weights = {draft.id: total(issue_draft(draft).lines) for draft in drafts if draft.standing is not Standing.OPEN}
    officer = session().officer
    return desk.frame.page(
        request,
        "tables",
        "/table",
        session(),
        status=status,
        table=name,
        drafts=drafts,
        waiting=waiting,
        unreleased=sum(draft.standing in {Standing.OPEN, Standing.WAITING} for draft in drafts),
        carats={draft: carats(points) for draft, points in weights.items()},
        total=carats(sum(weights[draft.id] for draft in waiting)),
        may=may,
        officer=officer if officer in may else "",
        reasons=reasons,
        by_field={reason.field: reason for reason in reasons},
        digests=" ".join(f"{draft.id}:{draft.content()}" for draft in waiting),
        trouble=desk.courier.why,
    )
