"""`/participants`: the register of who takes part; `/confirmations`: who answers in time; `/inquiries`: what waits unanswered.

All three are read off bounded indexes; counts of certificates are public, weights of open parcels are not.
"""

from dataclasses import dataclass

from quart import Blueprint, Response, request
from quart_schema import hide

from api.answers import decode_position, encode_position
from api.errors import Problem
from api.pages.language import Language, pick_language
from api.pages.names import Names, fold
from api.pages.site import Place, Site
from api.port import NodePort
from ledger.participants import Participant, in_span
from ledger.report_entries import InquiryState
from ledger.report_views import InquiryRow
from ledger.state import Ledger
from ledger.totals import ALL_HS
from ledger.units import Ms, block_date

_HERE = "/participants"
_MOST_CHARACTERS = 40
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Member:
    """One line of the register; `standing` and `node` are keys of texts, `zones` those that are suspended."""

    code: str
    name: str
    since: str
    standing: str
    zones: tuple[str, ...]
    node: str
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answering:
    """How one destination answers: counts of certificates, and the share in time as a text."""

    code: str
    name: str
    answered: int
    waiting: int
    by_age: tuple[int, ...]
    oldest: str
    share: str
    permille: int


def participant_routes(site: Site, port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("participants", __name__)

    @routes.get("/participants")
    @hide
    async def participants() -> Response:
        """The register."""
        language, q = pick_language(request), request.args.get("q", "").strip()[:_MOST_CHARACTERS]
        members = [member for member in read_members(port.ledger, language) if _matches(q, member.code, member.name)]
        return site.page(
            request,
            "participants",
            Place(_HERE, state={"q": q} if q else {}),
            height=port.ledger.head.height,
            members=members,
            q=q,
            height_now=port.ledger.head.height,
        )

    @routes.get("/confirmations")
    @hide
    async def confirmations() -> Response:
        """Who answers in time."""
        language = pick_language(request)
        height, today, rows = read_answering(port.ledger, language)
        return site.page(
            request, "confirmations", Place(_HERE, "/confirmations"), height=height, rows=rows, height_now=height, today=today
        )

    @routes.get("/inquiries")
    @hide
    async def inquiries() -> Response:
        """The secretariat's questions that wait for an answer."""
        place = Place(_HERE, "/inquiries")
        try:
            cursor = decode_position(request.args.get("cursor"))
        except Problem:
            return site.problem(request, 400, place, "parameter", "cursor")
        page = port.ledger.inquiries(InquiryState.UNANSWERED, cursor, _PAGE)
        names, today = _names(port.ledger, pick_language(request)), block_date(page.head.time)
        return site.page(
            request,
            "inquiries",
            place,
            height=page.head.height,
            rows=[(row, names.of(row.entry.participant), _days_over(row, today)) for row in page.rows],
            following=encode_position(page.cursor),
            height_now=page.head.height,
            today=today,
        )

    return routes


def read_members(ledger: Ledger, language: Language) -> list[Member]:
    """The register, by name."""
    names, today = _names(ledger, language), block_date(Ms(ledger.head.time))
    members = [read_member(ledger, one, names, today) for one in ledger.register.participants.values()]
    return sorted(members, key=lambda member: fold(member.name))


def read_member(ledger: Ledger, one: Participant, names: Names, today: str) -> Member:
    """One line of it."""
    zones = tuple(span.zone for span in one.suspensions if span.zone and in_span(today, span.since, span.until))
    if not one.in_force(today):
        standing = "not_in_force"
    elif one.suspended_on(today):
        standing = "suspended"
    elif zones:
        standing = "zones_suspended"
    elif not one.issues_on(today):
        standing = "not_issuing"
    else:
        standing = "in_force"
    voting = ledger.network.votes_with(one.code) is not None
    node = "node_votes" if voting else "node_runs" if ledger.network.node(one.code) is not None else "node_none"
    countries = tuple(names.country(code) for code in one.countries) if len(one.countries) > 1 else ()
    return Member(one.code, names.of(one.code), one.since, standing, zones, node, countries)


def read_answering(ledger: Ledger, language: Language, only: str = "") -> tuple[int, str, list[Answering]]:
    """Height, date and how each destination answers, the lowest share first; of one alone when it is named."""
    ageing, names = ledger.ageing(), _names(ledger, language)
    answered = {row.participant: row.certificates for row in ledger.totals() if row.flow == "import" and row.hs == ALL_HS}
    owed = {row.destination: row for row in ageing.owed}
    rows = []
    for code in sorted({*answered, *owed}):
        if only not in ("", code):
            continue
        done, waits = answered.get(code, 0), owed.get(code)
        ages = tuple(each.certificates for each in waits.by_age) if waits is not None else (0, 0, 0, 0)
        whole = done + sum(ages)
        permille = (done + ages[0]) * 1000 // whole if whole else 1000
        share = language.percent(done + ages[0], whole)
        rows.append(
            Answering(code, names.of(code), done, sum(ages), ages, waits.oldest if waits is not None else "", share, permille)
        )
    return ageing.head.height, ageing.today, sorted(rows, key=lambda row: (row.permille, -row.waiting, row.code))


def _names(ledger: Ledger, language: Language) -> Names:
    return Names({code: one.name for code, one in ledger.register.participants.items()}, language)


def _matches(q: str, code: str, name: str) -> bool:
    return fold(q) in fold(name) or q.upper() == code


def _days_over(row: InquiryRow, today: str) -> bool:
    return row.entry.due < today
