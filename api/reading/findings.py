"""The work list of findings, one finding with what the office notes about it, and the list as CSV."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from quart import Blueprint, Response
from quart_schema import hide

from api.access import concerns
from api.answers import Cache, decode_position, encode_position, missing
from api.errors import ApiCode, Problem
from api.limits import MAX_ASSIGNEE_CHARACTERS, MAX_EXPORTED_FINDINGS, MAX_NOTE_CHARACTERS
from api.pages.site import Place
from api.reading.figures import FINDINGS, address_of, figures_of, names, query_of
from api.reading.guard import LINKS, Fields, Guard, Visitor, asked_for, see
from api.reading.workbook import Note, Work, WorkBookFullError, WorkStatus
from api.reading.worklist import NOBODY, WorkQuery, every_row, line_of, read_work
from api.views import finding_answer
from ledger.findings import RULES, Finding, Severity, Status
from ledger.findings.thresholds import THRESHOLDS
from ledger.limits import MAX_FINDING_CHARACTERS
from ledger.units import Ms, block_date

_ROWS: Final = 50
_COLUMNS: Final = (
    "finding", "rule", "about", "severity", "status", "participants", "certificates", "first_seen", "height", "figures",
    "records", "work", "assignee",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def finding_pages(guard: Guard) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("reading_findings", __name__)
    port = guard.port

    @routes.get(FINDINGS)
    @hide
    @guard.reads
    async def work_list(visitor: Visitor) -> Response:
        """Findings by rule, severity, status, participant and assignment, those first seen last at the top."""
        asked = asked_for(WorkQuery)
        page = read_work(port, visitor, asked, _ROWS, decode_position(asked.cursor))
        state = asked.state()
        return guard.page(
            visitor,
            "findings",
            Place(FINDINGS, state=state, links=LINKS),
            height=page.head.height,
            page=page,
            asked=asked,
            query=query_of(state),
            following=None if page.cursor is None else query_of({**state, "cursor": encode_position(page.cursor) or ""}),
            choices=_choices(guard, visitor),
            filters=port.workbook.filters(visitor.office),
            names=names(port),
            figures=figures_of,
        )

    @routes.get(f"{FINDINGS}.csv")
    @hide
    @guard.reads
    async def export(visitor: Visitor) -> Response:
        """The whole list, filtered alike, as CSV."""
        asked = asked_for(WorkQuery)
        read_work(port, visitor, asked, 1)  # refused before anything is sent
        headers = {
            "Cache-Control": str(Cache.NO_STORE),
            "Content-Disposition": 'attachment; filename="findings.csv"',
        }
        return Response(_lines(guard, visitor, asked), 200, headers, content_type="text/csv; charset=utf-8")

    @routes.get(f"{FINDINGS}/<string:rule>/<path:about>")
    @hide
    @guard.reads
    async def finding(visitor: Visitor, rule: str, about: str) -> Response:
        """One finding: what it says, from which records it follows, what the office notes about it."""
        found = _one(guard, visitor, rule, about)
        head, register = port.ledger.head, port.ledger.register
        today = block_date(Ms(head.time))
        return guard.page(
            visitor,
            "finding",
            Place(FINDINGS, path=address_of(found), links=LINKS),
            height=head.height,
            f=finding_answer(found),
            figures=figures_of(found),
            thresholds=[(name, register.parameter(name, today)) for name in THRESHOLDS.get(rule, ())],
            work=line_of(port, visitor, found),
            statuses=tuple(WorkStatus),
            notes=port.workbook.notes(visitor.office, found.name),
            assignees=port.workbook.assignees(visitor.office),
            address=address_of(found),
            names=names(port),
            limits={"assignee": MAX_ASSIGNEE_CHARACTERS, "note": MAX_NOTE_CHARACTERS},
        )

    @routes.post(f"{FINDINGS}/<string:rule>/<path:about>")
    @hide
    @guard.writes
    async def note(visitor: Visitor, fields: Fields, rule: str, about: str) -> Response:
        """Status, assignee, and a note where one was written."""
        found = _one(guard, visitor, rule, about)
        now = port.now_ms()
        assignee = " ".join(fields.get("assignee", "").split())
        text = fields.get("note", "").strip()
        if len(assignee) > MAX_ASSIGNEE_CHARACTERS or assignee == NOBODY:
            raise Problem(400, ApiCode.BAD_PARAMETER, "assignee")
        if len(text) > MAX_NOTE_CHARACTERS:
            raise Problem(400, ApiCode.BAD_PARAMETER, "note")
        try:
            status = WorkStatus(fields.get("work", ""))
        except ValueError:
            raise Problem(400, ApiCode.BAD_PARAMETER, "work") from None
        before, after = line_of(port, visitor, found), Work(found.name, found.serial, status, assignee, now)
        if (before.status, before.assignee) != (status, assignee):
            port.workbook.set(visitor.office, after)
        if text:
            try:
                port.workbook.add_note(visitor.office, found.name, Note(visitor.name, text, now))
            except WorkBookFullError:
                return guard.problem(visitor, 409, "full")
        return see(f"{address_of(found)}#work")

    return routes


def _one(guard: Guard, visitor: Visitor, rule: str, about: str) -> Finding:
    ledger, name = guard.port.ledger, f"{rule}/{about}"
    found = None
    if rule in RULES and len(name) <= MAX_FINDING_CHARACTERS:
        found = ledger.finding(rule, about)[1]
    if found is None or not concerns(visitor.reader, found):
        raise missing("finding", name, ledger.head.height)
    return found


def _choices(guard: Guard, visitor: Visitor) -> dict[str, list[str]]:
    reader = visitor.reader
    codes = sorted(guard.port.ledger.register.participants) if reader.auditor else [reader.participant]
    return {
        "rule": sorted(RULES),
        "severity": [one.value for one in reversed(Severity)],
        "status": [one.value for one in Status],
        "participant": codes,
        "work": [one.value for one in WorkStatus],
        "assignee": [NOBODY, *guard.port.workbook.assignees(visitor.office)],
    }


async def _lines(guard: Guard, visitor: Visitor, asked: WorkQuery) -> AsyncIterator[str]:
    """The CSV, a page of the list at a time; a mark at its beginning tells spreadsheets that it is UTF-8."""
    head = guard.port.ledger.head
    at = datetime.fromtimestamp(head.time // 1000, UTC).isoformat(timespec="seconds")
    yield "\N{BYTE ORDER MARK}" + _row([*_COLUMNS, f"read at block {head.height}, {at}"])
    left = MAX_EXPORTED_FINDINGS
    for rows in every_row(guard.port, visitor, asked):
        yield "".join(_row(_cells(finding, work)) for finding, work in rows[:left])
        left -= len(rows)
        if left <= 0:
            return


def _cells(finding: Finding, work: Work) -> list[str]:
    answer = finding_answer(finding)
    figures = "; ".join(f"{name}={value}" for name, value in answer.figures.items())
    return [
        answer.name, answer.rule, answer.about, answer.severity, answer.status, " ".join(answer.participants),
        " ".join(answer.certificates), str(answer.first_seen), str(answer.height), figures, " ".join(answer.records),
        work.status.value, work.assignee,
    ]  # fmt: skip


def _row(cells: list[str]) -> str:
    """One line; what a spreadsheet would take for a formula gets a mark before it."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return line.getvalue()
