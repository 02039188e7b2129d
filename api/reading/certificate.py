"""Certificates: the list, and one with both sides' figures, its history, findings, chain of custody, receipts."""

from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Final, Literal

from pydantic import Field
from quart import Blueprint, Response, request
from quart_schema import hide

from api.access import concerns
from api.answers import Cache, decode_position, encode_position, missing
from api.dossier.making import Dossiers
from api.limits import MAX_CURSOR_CHARS
from api.pages.language import LANGUAGES, pick_language
from api.pages.site import Place
from api.port import NodePort
from api.reading.figures import address_of, figures_of, names, naming, query_of
from api.reading.graph import BOX_HEIGHT, BOX_WIDTH, Drawing, draw
from api.reading.guard import LINKS, ROOT, Guard, Visitor, asked_for
from api.schemas.base import Query
from api.steps import Turns
from api.strings.reading.certificate import ENGLISH
from ledger.answers import CertificateView
from ledger.bodies import PAPER_CONFIRM, PaperConfirmBody
from ledger.composition import Composition, compose
from ledger.custody import Chain, Custody, Link, Steps
from ledger.entries import HS_CODES, CertificateState, points_by_hs
from ledger.record import parse_record
from ledger.state import Ledger
from ledger.units import Ms, Points, block_date, carats

CERTIFICATES: Final = f"{ROOT}/certificates"

SCRIPT_TEXTS: Final = tuple(key for key in ENGLISH if key.startswith("js_"))
"""Keys of the texts that the check in the browser says."""

ISSUE: Final = "certificate.issue"
AMEND: Final = "certificate.amend"
PAPER: Final = "paper.import"
CONFIRM: Final = "import.confirm"
CORRECT: Final = "import.correct"

_ROWS: Final = 50
_MAX_NUMBER_CHARACTERS: Final = 12
_RECEIPTS: Final = 10
"""Receipts that stand in a page, the newest records' first; each record's own page has its own."""


class CertificateListQuery(Query):
    """Which certificates."""

    issuer: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    destination: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    state: CertificateState | None = None
    order: Literal["oldest", "newest"] | None = None
    cursor: Annotated[str | None, Field(max_length=MAX_CURSOR_CHARS)] = None

    def filters(self) -> dict[str, str]:
        """The filters as parameters of an address, without the place in the list."""
        return {name: str(value) for name, value in self if value is not None and name != "cursor"}


@dataclass(frozen=True, slots=True)
class Side:
    """A class of goods as issued and as measured; None where nobody measured. Decimal carats."""

    hs: str
    issued: str
    measured: str | None
    difference: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """A record of a certificate's history; `receipt` empty where none stands on this page."""

    id: str
    kind: str
    author: str
    at: int
    height: int
    receipt: str


@dataclass(frozen=True, slots=True)
class Traced:
    """A chain of custody with what is made of it."""

    custody: Custody
    composition: Composition | None
    drawing: Drawing | None


def certificate_pages(guard: Guard) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("reading_certificates", __name__)
    port = guard.port
    turns, dossiers = Turns(), Dossiers(port)

    @routes.get(CERTIFICATES)
    @hide
    @guard.reads
    async def certificates(visitor: Visitor) -> Response:
        """Certificates, those that entered the ledger last at the top unless asked otherwise."""
        asked = asked_for(CertificateListQuery)
        page = port.ledger.certificates(
            decode_position(asked.cursor),
            _ROWS,
            issuer=asked.issuer,
            destination=asked.destination,
            state=asked.state,
            newest_first=asked.order != "oldest",
        )
        state = asked.filters()
        following = None if page.cursor is None else query_of({**state, "cursor": encode_position(page.cursor) or ""})
        return guard.page(
            visitor,
            "certificates",
            Place(CERTIFICATES, state=state, links=LINKS),
            height=page.head.height,
            page=page,
            asked=asked,
            query=query_of(state),
            following=following,
            states=tuple(CertificateState),
            names=names(port),
            carats=carats,
        )

    @routes.get(f"{CERTIFICATES}/<number>")
    @hide
    @guard.reads
    async def certificate(visitor: Visitor, number: str) -> Response:
        """One certificate."""
        found = port.ledger.certificate(number) if len(number) <= _MAX_NUMBER_CHARACTERS else None
        traced = None if found is None else await turns.run(_trace(port.ledger, number))
        if found is None or traced is None:
            raise missing("number", number, port.ledger.head.height)
        steps, chains = history(port, found), (traced.custody.up, traced.custody.down)
        return guard.page(
            visitor,
            "certificate",
            Place(CERTIFICATES, path=f"{CERTIFICATES}/{number}", links=LINKS),
            height=found.head.height,
            c=found,
            today=block_date(Ms(found.head.time)),
            sides=sides(found),
            steps=steps,
            answer=None if found.outcome is not None else paper_answer(port, steps),
            checks=_checks(steps, on_paper=found.outcome is None),
            script_texts=SCRIPT_TEXTS,
            findings=[one for one in found.findings.rows if concerns(visitor.reader, one)],
            more_findings=found.findings.cursor is not None,
            figures=figures_of,
            finding_address=address_of,
            up=_beyond(traced.custody.up),
            down=_beyond(traced.custody.down),
            cut=any(chain is not None and chain.cut for chain in chains),
            drawing=traced.drawing,
            box={"width": BOX_WIDTH, "height": BOX_HEIGHT},
            composition=traced.composition,
            country=naming(port).country,
            names=names(port),
            carats=carats,
            policy=port.policy(),
            languages=tuple(LANGUAGES.values()),
        )

    @routes.get(f"{CERTIFICATES}/<number>/dossier")
    @hide
    @guard.reads
    async def dossier(visitor: Visitor, number: str) -> Response:
        """The same as a PDF with receipts, in the request's language."""
        language = pick_language(request).code
        made = await dossiers.make(number, visitor.reader, language) if len(number) <= _MAX_NUMBER_CHARACTERS else None
        if made is None:
            raise missing("number", number, port.ledger.head.height)
        headers = {
            "Cache-Control": str(Cache.NO_STORE),
            "Content-Language": language,
            "Content-Disposition": f'attachment; filename="{number}-dossier-{language}.pdf"',
        }
        return Response(made, 200, headers, content_type="application/pdf")

    return routes


def sides(found: CertificateView) -> list[Side]:
    """Both sides' carats by class, those that one of them names."""
    stated, outcome = found.issue or found.paper, found.outcome
    issued = points_by_hs(stated.lines if stated is not None else ())
    measured = None if outcome is None else points_by_hs(outcome.lines)
    rows = []
    for place, hs in enumerate(HS_CODES):
        arrived = None if measured is None else measured[place]
        if issued[place] or arrived:
            rows.append(_side(hs, issued[place], arrived))
    return rows


def _side(hs: str, issued: int, measured: int | None) -> Side:
    if measured is None:
        return Side(hs, carats(Points(issued)), None, None)
    return Side(hs, carats(Points(issued)), carats(Points(measured)), carats(measured - issued))


def history(port: NodePort, found: CertificateView) -> list[Step]:
    """Its records, the first one first; receipts of the newest."""
    steps = []
    first = len(found.records) - _RECEIPTS
    for at, (record_id, height) in enumerate(zip(found.records, found.heights, strict=True)):
        held = port.ledger.record(record_id)
        if held is not None:
            record = parse_record(held[0])
            receipt = port.receipt(record_id) if at >= first else None
            steps.append(Step(record_id.hex(), record.kind, record.author, record.at, height, receipt or ""))
    return steps


def paper_answer(port: NodePort, steps: list[Step]) -> PaperConfirmBody | None:
    """What the issuer recorded of an outcome that came back on paper; None where it has not."""
    for step in reversed(steps):
        held = port.ledger.record(bytes.fromhex(step.id)) if step.kind == PAPER_CONFIRM else None
        body = None if held is None else parse_record(held[0]).body
        if isinstance(body, PaperConfirmBody):
            return body
    return None


def _checks(steps: list[Step], *, on_paper: bool) -> dict[str, str]:
    """Ids of the newest records that state the issuer's figures and those of the outcome, which may have come on paper."""
    kinds = {"stated": (ISSUE, AMEND, PAPER), "outcome": (PAPER_CONFIRM,) if on_paper else (CONFIRM, CORRECT)}
    return {
        side: next((step.id for step in reversed(steps) if step.kind in wanted and step.receipt), "")
        for side, wanted in kinds.items()
    }


def _beyond(chain: Chain | None) -> list[tuple[Link, str]]:
    """Links of a chain but the first, each with how many carats were not followed from there."""
    if chain is None:
        return []
    return [(link, carats(chain.beyond.get(link.number, Points(0)))) for link in islice(chain.links, 1, None)]


def _trace(ledger: Ledger, number: str) -> Steps[Traced | None]:
    custody: Custody | None = yield from ledger.custody(number)
    if custody is None:
        return None
    composition = None if custody.up is None else (yield from compose(custody.up))
    yield
    return Traced(custody, composition, draw(custody))
