"""Writing: the list of drafts, the forms, what a button of a form does."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from quart import Blueprint, Response, request

from ledger.drafts import total
from ledger.entries import HS_CODES
from ledger.errors import Refusal
from ledger.limits import MAX_LINES, MAX_SOURCES
from ledger.units import carats, value
from node.client import ProblemError
from node.desk import approvals
from node.desk.comparison import Row, compare, compare_paper, suggest, suggest_paper
from node.desk.drafts import ENDED, Draft, Kind, Standing
from node.desk.errors import DeskError, Fault
from node.desk.faults import Shown, shown
from node.desk.forms import WITH_ORIGIN, answer_body, confirm_draft, faults, read, rows_of, shape, stated_lines, tidy_number
from node.desk.journal import Act
from node.desk.limits import FOLDED, SHOWN
from node.desk.making import codes_of
from node.desk.pages.common import see, session
from node.desk.precheck import announced_of
from node.desk.reading import Source
from node.errors import FatalError

if TYPE_CHECKING:
    from node.desk.app import Desk

_LEAST_ROWS = 1
_OTHERWISE = {
    Kind.CONFIRM: {"outcome": "discrepancy", "inspection": "opened", "seals": "intact"},
    Kind.ANSWER: {"outcome": "discrepancy", "digest": "00" * 32},
}
"""What stands for the rest of an outcome while its figures are compared."""


def routes(desk: "Desk") -> Blueprint:
    """The routes of this file."""
    blueprint = Blueprint("drafting", __name__)

    @blueprint.get("/")
    async def drafts() -> Response:
        """What is being written, waits, is on its way, and what ended lately."""
        every = list(desk.drafts)
        officer = session().officer
        second = desk.settings.second
        groups = {
            "open": [draft for draft in every if draft.standing is Standing.OPEN],
            "waiting": [draft for draft in every if draft.standing is Standing.WAITING],
            "released": [draft for draft in every if draft.standing is Standing.RELEASED],
            "ended": [draft for draft in every if draft.standing in ENDED][:SHOWN],
        }
        folded = {key: [] if key == "ended" else _folded(drafts) for key, drafts in groups.items()}
        for key, tables in folded.items():
            names = {one["name"] for one in tables}
            groups[key] = [draft for draft in groups[key] if draft.table not in names]
        mine = {draft.id for draft in groups["waiting"] if approvals.may_release(draft, officer, second)}
        return desk.frame.page(
            request, "drafts", "/", session(), groups=groups, folded=folded, mine=mine, trouble=desk.courier.why
        )

    @blueprint.post("/drafts")
    async def new() -> Response:
        """A draft of a new number, or about a certificate that is there."""
        form = await request.form
        try:
            kind = Kind(form.get("kind", ""))
        except ValueError:
            raise DeskError(Fault.NOTHING_THERE, status=400) from None
        number = tidy_number(form.get("number", ""))
        officer = session().officer
        if kind.opens:
            draft = desk.drafts.begin(kind, await desk.beginning.fresh(kind, number), officer, desk.now())
        else:
            for other in desk.drafts:
                if (other.kind, other.number) == (kind, number) and other.standing not in ENDED:
                    return see(f"/drafts/{other.id}", "told_there_already")
            draft = await desk.beginning.begin(kind, number, officer, desk.now())
        desk.note(Act.WRITTEN, draft=draft.id, number=draft.number, detail=draft.content())
        return see(f"/drafts/{draft.id}")

    @blueprint.get("/drafts/<name>")
    async def draft_page(name: str) -> Response:
        """A draft: its form while it is open, else what it says."""
        draft = desk.drafts.get(name)
        if draft.standing is not Standing.OPEN:
            return await review(desk, draft)
        reasons = await desk.precheck.reasons(draft) if "check" in request.args else []
        return await edit(desk, draft, [shown(draft.kind, reason) for reason in reasons])

    @blueprint.post("/drafts/<name>")
    async def act(name: str) -> Response:
        """A button of the form."""
        draft = desk.drafts.get(name)
        form = await request.form
        what = form.get("act", "save")
        fields = read(draft.kind, form.to_dict())
        if draft.kind is Kind.ANSWER and (document := (await request.files).get("document")) is not None and document.filename:
            data = document.read()
            fields["digest"] = hashlib.sha256(data).hexdigest() if data else ""
        fields = {name: text for name, text in fields.items() if text}
        if not draft.kind.opens:
            fields["number"] = draft.number
        if draft.standing is not Standing.OPEN:
            if what == "hand-on" and fields == draft.fields:
                return see(f"/drafts/{draft.id}")  # pressed twice
            raise DeskError(Fault.NOT_OPEN, status=409)
        if form.get("seen", "") != draft.content() and (fields != draft.fields or what == "discard"):
            return await edit(desk, replace(draft, fields=fields), _overtaken(draft, fields), seen=draft.content(), status=409)
        if what == "discard":
            desk.note(Act.DISCARDED, draft=draft.id, number=draft.number, detail=draft.content())
            desk.drafts.keep(approvals.discard(draft, desk.now()))
            return see("/", "told_discarded", number=draft.number)
        draft = _write(desk, draft, fields)
        here = f"/drafts/{draft.id}"
        if what in {"add-lines", "add-sources"}:
            rows = what.removeprefix("add-")
            return see(f"{here}?more={rows}#{rows}")
        if what == "renew":
            return await _renew(desk, draft)
        if what == "check":
            return see(f"{here}?check=1")
        if what == "hand-on":
            if await desk.precheck.reasons(draft):
                return see(f"{here}?check=1")
            desk.note(Act.HANDED_ON, draft=draft.id, number=draft.number, detail=draft.content())
            desk.drafts.keep(approvals.hand_on(draft, desk.now()))
            return see(here, "told_handed_on")
        return see(here, "told_saved")

    return blueprint


def _folded(drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """Tables of which so many drafts are among these that one line stands for all of them, the newest first."""
    counted = Counter(draft.table for draft in drafts if draft.table)
    began = {draft.table: draft.began for draft in drafts}
    return [
        {"name": name, "count": count, "began": began[name]}
        for name, count in sorted(counted.items(), reverse=True)
        if count > FOLDED
    ]


def _write(desk: "Desk", draft: Draft, fields: dict[str, str]) -> Draft:
    """The draft with what was typed, kept."""
    written = approvals.write(draft, session().officer, fields, desk.now())
    if written is draft:
        return draft
    desk.note(Act.WRITTEN, draft=draft.id, number=written.number, detail=written.content())
    return desk.drafts.keep(written)


def _overtaken(draft: Draft, typed: dict[str, str]) -> list[Shown]:
    """Where what was typed differs from what another page has put into the draft meanwhile: nothing is lost without a word."""
    differing = sorted(name for name in {*typed, *draft.fields} if typed.get(name) != draft.fields.get(name))
    at_fields = [Shown(str(Fault.DIFFERS), name, {"now": draft.fields.get(name, "")}) for name in differing]
    return [Shown(str(Fault.CHANGED_MEANWHILE), "", {}), *at_fields]


async def _renew(desk: "Desk", draft: Draft) -> Response:
    """The draft on the newest statement; what was typed stays, and is looked at anew."""
    known = await desk.beginning.known(draft.kind, draft.number)
    desk.note(Act.WRITTEN, draft=draft.id, number=draft.number, detail=draft.content())
    desk.drafts.keep(approvals.renew(draft, known.basis, desk.now(), before=known.before, announced=known.announced))
    return see(f"/drafts/{draft.id}?check=1", "told_renewed")


async def edit(desk: "Desk", draft: Draft, reasons: Sequence[Shown], seen: str = "", status: int = 200) -> Response:
    """The form of an open draft; `seen`: digest of what the form stands for, where it does not show that."""
    if draft.problem is not None:
        reasons = [shown(draft.kind, draft.problem), *reasons]
    form = shape(draft.kind)
    more = request.args.get("more", "")
    sources: list[Source] = []
    register: dict[str, str] = {}
    if form in {Kind.ISSUE, Kind.TECHNICAL}:
        try:
            sources = await desk.reading.sources() if form is Kind.ISSUE else []
            register = {code: row["name"] for code, row in (await desk.reading.participants()).items()}
        except (FatalError, ProblemError):
            pass  # the form takes what is typed
    lines = rows_of(draft.fields, "lines")
    taken = rows_of(draft.fields, "sources")
    wanted = len(lines) + (1 if more == "lines" or not lines else 0)
    if form is Kind.CONFIRM and not lines:
        wanted = len(rows_of(draft.announced, "lines"))
    rows, suggested = _compared(draft)
    values: dict[str, Any] = {
        "draft": draft,
        "seen": seen or draft.content(),
        "fields": draft.fields,
        "reasons": reasons,
        "by_field": {reason.field: reason for reason in reversed(list(reasons))},
        "hs_codes": HS_CODES,
        "line_count": min(max(wanted, _LEAST_ROWS), MAX_LINES),
        "source_count": min(len(taken) + (1 if more == "sources" or not taken else 0), MAX_SOURCES),
        "sources": sources,
        "register": register,
        "sums": _sums(draft),
        "rows": rows,
        "suggested": suggested,
        "announced_lines": rows_of(draft.announced, "lines"),
        "checked": "check" in request.args and not reasons,
    }
    return desk.frame.page(request, str(form), "", session(), status=status, **values)


async def review(desk: "Desk", draft: Draft, reasons: Sequence[Shown] = (), status: int = 200) -> Response:
    """What a draft says, for who releases it, and what became of it."""
    officer = session().officer
    second = desk.settings.second
    may = [name for name in desk.officers.names if approvals.may_release(draft, name, second)]
    rows, suggested = _compared(draft)
    values: dict[str, Any] = {
        "draft": draft,
        "fields": draft.fields,
        "reasons": reasons,
        "by_field": {reason.field: reason for reason in reasons},
        "lines": rows_of(draft.fields, "lines"),
        "with_origin": shape(draft.kind) in WITH_ORIGIN,
        "taken": rows_of(draft.fields, "sources"),
        "before_lines": rows_of(draft.before, "lines"),
        "before_sources": rows_of(draft.before, "sources"),
        "changed": sorted(name for name in {*draft.fields, *draft.before} if draft.fields.get(name) != draft.before.get(name))
        if draft.before
        else [],
        "rows": rows,
        "suggested": suggested,
        "sums": _sums(draft),
        "may": may,
        "officer": officer if officer in may else "",
        "second": draft.kind.policy in second,
        "history": desk.journal.of(draft.id),
        "codes": codes_of(draft, desk.made) if draft.standing is Standing.FINAL else {},
        "trouble": desk.courier.why,
    }
    return desk.frame.page(request, "review", "", session(), status=status, **values)


def _compared(draft: Draft) -> tuple[list[Row], str]:
    """What was announced beside what was measured, or told on paper, once the figures are there; the outcome may be open."""
    if not draft.announced:
        return [], ""
    announced = announced_of(draft)
    filled = {**_OTHERWISE[shape(draft.kind)], **draft.fields}
    filled.pop("receipt_code", None)
    trial = replace(draft, fields=filled)
    ready = "parcels" in draft.fields and "received" in draft.fields and not faults(trial)
    if draft.kind is Kind.ANSWER:
        told = answer_body(trial) if ready else None
        return compare_paper(announced, told), suggest_paper(announced, told)
    measured = confirm_draft(trial) if ready else None
    return compare(announced, measured), suggest(announced, measured)


def _sums(draft: Draft) -> tuple[str, str] | None:
    """Carats and value of all lines; None while there is a line that has none."""
    try:
        lines = stated_lines(draft)
    except (Refusal, KeyError):
        return None
    return (carats(total(lines)), value(sum(line.cents for line in lines))) if lines else None
