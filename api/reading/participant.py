"""Participants: the register, one of them as it stands, and its year for the secretariat's report."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from quart import Blueprint, Response
from quart_schema import hide

from api.answers import missing
from api.errors import ApiCode, Problem
from api.pages.site import Place
from api.port import NodePort
from api.reading.figures import figures_of, names, naming
from api.reading.guard import LINKS, ROOT, Guard, Visitor
from api.reading.owed import bar, waiting_row
from api.reading.worklist import WorkPage, WorkQuery, read_work
from ledger.ageing import AGES, Owed
from ledger.findings import RULES, Status
from ledger.participants import Participant
from ledger.report_entries import InquiryState
from ledger.report_views import InquiryRow
from ledger.units import Ms, Points, block_date, carats

PARTICIPANTS: Final = f"{ROOT}/participants"

_SHOWN: Final = 10
_YEARS: Final = 3
_YEAR: Final = re.compile(r"2[0-9]{3}")
_MAX_COUNTED: Final = 500


@dataclass(frozen=True, slots=True)
class QuarterLine:
    """A quarter's trade in one flow and the newest return filed for it, if any. Decimal carats."""

    quarter: str
    flow: str
    certificates: int
    carats: str
    by_partner: tuple[tuple[str, str], ...]
    filed: str
    revisions: int


def participant_pages(guard: Guard) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("reading_participants", __name__)
    port = guard.port
    ledger = port.ledger

    @routes.get(PARTICIPANTS)
    @hide
    @guard.reads
    async def participants(visitor: Visitor) -> Response:
        """The register, by name."""
        head, register = ledger.head, ledger.register
        today = block_date(Ms(head.time))
        named = names(port)
        rows = [register.participants[code] for code in named]
        return guard.page(
            visitor,
            "participants",
            Place(PARTICIPANTS, links=LINKS),
            height=head.height,
            rows=[(one, one.suspended_on(today), bool(one.suspensions)) for one in rows],
            owed={one.destination: one.all.certificates for one in ledger.ageing().owed},
            today=today,
            network=ledger.network,
            names=named,
        )

    @routes.get(f"{PARTICIPANTS}/<code>")
    @hide
    @guard.reads
    async def participant(visitor: Visitor, code: str) -> Response:
        """One participant: stock, returns, what it owes, findings, keys, node."""
        found = _participant(port, code)
        head = ledger.head
        today = block_date(Ms(head.time))
        owed = _owed(port, code)
        waiting = ledger.open_confirmations(code, None, _SHOWN)
        mine = visitor.reader.auditor or visitor.reader.participant == code
        year = int(today[:4])
        return guard.page(
            visitor,
            "participant",
            Place(PARTICIPANTS, path=f"{PARTICIPANTS}/{code}", links=LINKS),
            height=head.height,
            p=found,
            today=today,
            suspended=found.suspended_on(today),
            stock=ledger.stock(code) if visitor.reader.auditor else None,
            work=_findings(port, visitor, code) if mine else None,
            owed=owed,
            bar=None if owed is None else bar(owed, owed.all.certificates),
            ages=AGES,
            waiting=[waiting_row(row, today) for row in waiting.rows],
            more_waiting=waiting.cursor is not None,
            quarters=list(quarters(port, code, str(year))),
            years=[str(one) for one in range(year, year - _YEARS, -1)],
            inquiries=_inquiries(port, code),
            country=naming(port).country,
            node=ledger.network.node(code),
            votes=ledger.network.votes_with(code) is not None,
            figures=figures_of,
            names=names(port),
            carats=carats,
        )

    @routes.get(f"{PARTICIPANTS}/<code>/years/<year>")
    @hide
    @guard.reads
    async def report(visitor: Visitor, code: str, year: str) -> Response:
        """A participant's year on one page, to be printed; for the secretariat and the participant itself."""
        found = _participant(port, code)
        if not (visitor.reader.auditor or visitor.reader.participant == code):
            raise Problem(403, ApiCode.FORBIDDEN, "code")
        head = ledger.head
        today = block_date(Ms(head.time))
        if _YEAR.fullmatch(year) is None or year > today[:4]:
            raise missing("year", year, head.height)
        return guard.page(
            visitor,
            "year",
            Place(PARTICIPANTS, path=f"{PARTICIPANTS}/{code}/years/{year}", links=LINKS),
            height=head.height,
            p=found,
            year=year,
            today=today,
            head=head,
            quarters=list(quarters(port, code, year)),
            sums=_sums(list(quarters(port, code, year))),
            stock=ledger.stock(code) if visitor.reader.auditor else None,
            owed=_owed(port, code),
            ages=AGES,
            counts=counts(port, visitor, code),
            counted_all=_MAX_COUNTED,
            inquiries=[row for row in _inquiries(port, code) if row.entry.opened[:4] == year],
            suspensions=[span for span in found.suspensions if span.since[:4] <= year and (span.until or "9")[:4] >= year],
            names=names(port),
            carats=carats,
            checkpoint=port.quorum_checkpoint(),
        )

    return routes


def _participant(port: NodePort, code: str) -> Participant:
    found = port.ledger.register.participant(code)
    if found is None:
        raise missing("code", code, port.ledger.head.height)
    return found


def _owed(port: NodePort, code: str) -> Owed | None:
    return next((one for one in port.ledger.ageing().owed if one.destination == code), None)


def _findings(port: NodePort, visitor: Visitor, code: str) -> WorkPage:
    return read_work(port, visitor, WorkQuery(participant=code, status=Status.OPEN), _SHOWN)


def _inquiries(port: NodePort, code: str) -> list[InquiryRow]:
    """What it was asked, the newest first, open questions before the others; of each state the first hundreds."""
    rows = [row for state in InquiryState for row in port.ledger.inquiries(state, None, _MAX_COUNTED, participant=code).rows]
    return sorted(rows, key=lambda row: -row.entry.index)


def quarters(port: NodePort, code: str, year: str) -> Iterator[QuarterLine]:
    """The eight sums of a year, those of quarters without any trade or return left out."""
    for quarter in (f"{year}Q{number}" for number in (1, 2, 3, 4)):
        for flow in ("export", "import"):
            view = port.ledger.quarter(code, flow, quarter)
            if view.cells or view.revisions:
                partners: dict[str, int] = {}
                for partner, _, sums in view.cells:
                    partners[partner] = partners.get(partner, 0) + sums.points
                by_partner = sorted(partners.items(), key=lambda one: (-one[1], one[0]))
                yield QuarterLine(
                    quarter,
                    flow,
                    view.counts.certificates,
                    carats(Points(sum(partners.values()))),
                    tuple((partner, carats(Points(points))) for partner, points in by_partner),
                    view.revisions[-1].hex() if view.revisions else "",
                    len(view.revisions),
                )


def _sums(lines: list[QuarterLine]) -> dict[str, tuple[int, str]]:
    """Certificates and carats of the year by flow."""
    sums = {}
    for flow in ("export", "import"):
        mine = [line for line in lines if line.flow == flow]
        points = sum(int(line.carats.replace(".", "")) for line in mine)
        sums[flow] = (sum(line.certificates for line in mine), carats(Points(points)))
    return sums


def counts(port: NodePort, visitor: Visitor, code: str) -> list[tuple[str, int, int]]:
    """Findings that concern it by rule: open, resolved; those of which there are any, counted up to a bound."""
    rows = []
    for rule in sorted(RULES):
        open_, resolved = (
            len(read_work(port, visitor, WorkQuery(rule=rule, participant=code, status=status), _MAX_COUNTED).rows)
            for status in (Status.OPEN, Status.RESOLVED)
        )
        if open_ or resolved:
            rows.append((rule, open_, resolved))
    return rows
