"""The work list: findings of the ledger with what an office noted about each, filtered by both.

- Filters of the ledger (rule, severity, status, participant) are read off its ordered indexes. An assignee, or that work is in
  progress or done, is read off the workbook's, newest finding first, and held against the others; that nobody has it, or that
  it is new, the other way round. Either way a page is what some pages of an index yield, so it may hold fewer rows than it
  might.
- A participant sees what concerns it, whatever it asks for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from api.access import concerns, forbid
from api.limits import MAX_ASSIGNEE_CHARACTERS, MAX_CURSOR_CHARS
from api.port import NodePort
from api.reading.guard import Visitor
from api.reading.workbook import Work, WorkStatus
from api.schemas.base import Query
from ledger.entries import Head
from ledger.findings import RULES, Finding, Severity, Status
from ledger.limits import MAX_PAGE

NOBODY: Final = "-"
"""Assignee in an address: whatever is assigned to nobody."""

_LOOKS: Final = 4
"""Pages of an index that one page of the list may take."""


def _known(rule: str) -> str:
    if rule not in RULES:
        raise ValueError("a rule of findings")
    return rule


class WorkQuery(Query):
    """Which findings."""

    rule: Annotated[str | None, AfterValidator(_known)] = None
    severity: Severity | None = None
    status: Status | None = None
    participant: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    work: WorkStatus | None = None
    assignee: Annotated[str | None, Field(max_length=MAX_ASSIGNEE_CHARACTERS)] = None
    cursor: Annotated[str | None, Field(max_length=MAX_CURSOR_CHARS)] = None

    def state(self) -> dict[str, str]:
        """The filters as parameters of an address, without the place in the list."""
        return {name: str(value) for name, value in self if value is not None and name != "cursor"}


@dataclass(frozen=True, slots=True)
class WorkPage:
    """A page of the list, and the serial below which the next begins; None at the end."""

    head: Head
    rows: tuple[tuple[Finding, Work], ...]
    cursor: int | None


def read_work(port: NodePort, visitor: Visitor, asked: WorkQuery, limit: int, before: int | None = None) -> WorkPage:
    """A page of the work list. Raises Problem 403 for another participant's."""
    reader = visitor.reader
    if not reader.auditor and asked.participant not in {None, reader.participant}:
        raise forbid("auditor")
    noted = asked.assignee not in {None, NOBODY} or asked.work in {WorkStatus.IN_PROGRESS, WorkStatus.DONE}
    rows: list[tuple[Finding, Work]] = []
    cursor = before
    for _ in range(_LOOKS):
        found, cursor = (_noted if noted else _found)(port, visitor, asked, min(limit, MAX_PAGE), cursor)
        rows += [(finding, work) for finding, work in found if _passes(asked, visitor, finding, work)]
        if len(rows) >= limit or cursor is None:
            break
    if len(rows) > limit:
        rows, cursor = rows[:limit], rows[limit - 1][0].serial
    return WorkPage(port.ledger.head, tuple(rows), cursor)


def every_row(port: NodePort, visitor: Visitor, asked: WorkQuery) -> Iterator[tuple[tuple[Finding, Work], ...]]:
    """The whole list, page by page."""
    before: int | None = None
    while True:
        page = read_work(port, visitor, asked, MAX_PAGE, before)
        yield page.rows
        if page.cursor is None:
            return
        before = page.cursor


def line_of(port: NodePort, visitor: Visitor, finding: Finding) -> Work:
    """What the office noted about a finding, a new line where there is none."""
    return port.workbook.work(visitor.office, [finding.name]).get(finding.name) or Work(finding.name, finding.serial)


Rows = list[tuple[Finding, Work]]


def _found(port: NodePort, visitor: Visitor, asked: WorkQuery, limit: int, before: int | None) -> tuple[Rows, int | None]:
    """A page off the ledger's index."""
    participant = asked.participant if visitor.reader.auditor else visitor.reader.participant
    page = port.ledger.findings(
        before, limit, rule=asked.rule, participant=participant, status=asked.status, severity=asked.severity
    )
    lines = port.workbook.work(visitor.office, [finding.name for finding in page.rows])
    return [(one, lines.get(one.name) or Work(one.name, one.serial)) for one in page.rows], page.cursor


def _noted(port: NodePort, visitor: Visitor, asked: WorkQuery, limit: int, before: int | None) -> tuple[Rows, int | None]:
    """A page off the workbook's."""
    assignee = "" if asked.assignee in {None, NOBODY} else str(asked.assignee)
    status = "" if asked.work is None else asked.work.value
    lines = port.workbook.lines(visitor.office, before, limit + 1, assignee=assignee, status=status)
    rows: Rows = []
    for line in lines[:limit]:
        rule, _, about = line.finding.partition("/")
        finding = port.ledger.finding(rule, about)[1]
        if finding is not None:
            rows.append((finding, line))
    return rows, lines[limit - 1].serial if len(lines) > limit else None


def _passes(asked: WorkQuery, visitor: Visitor, finding: Finding, work: Work) -> bool:
    return (
        concerns(visitor.reader, finding)
        and asked.rule in {None, finding.rule}
        and asked.severity in {None, finding.severity}
        and asked.status in {None, finding.status}
        and (asked.participant is None or asked.participant in finding.participants)
        and asked.work in {None, work.status}
        and (asked.assignee is None or work.assignee == ("" if asked.assignee == NOBODY else asked.assignee))
    )
