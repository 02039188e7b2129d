"""`/v1/certificates/{number}/custody`, `/v1/confirmations/ageing`, `/v1/participants/{code}/stock`: what follows."""

from typing import TypedDict

from quart import Blueprint, Response, request

from api.access import require_auditor, require_reader
from api.answers import Cache, answer, missing, parameters
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent, ProblemAnswer
from api.schemas.custody import (
    AgeingAnswer,
    BacklogAnswer,
    BalanceAnswer,
    ChainAnswer,
    CompositionAnswer,
    CustodyAnswer,
    CustodyQuery,
    HsBalanceAnswer,
    LinkAnswer,
    MixedAnswer,
    OwedAnswer,
    ShareAnswer,
    StockAnswer,
    TakingAnswer,
)
from api.steps import Turns
from api.views import certificate_type
from ledger.ageing import AGES, Ageing, Owed
from ledger.composition import Composition, Share, compose
from ledger.custody import Chain, Custody, Link, Steps
from ledger.state import Ledger
from ledger.stock import Balance, Stock
from ledger.units import carats

_MAX_NUMBER_CHARACTERS = 12


def custody_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("custody", __name__)
    turns = Turns()

    @routes.get("/v1/certificates/<number>/custody")
    @describe("custody", "custody", {200: CustodyAnswer, 304: NoContent, 404: ProblemAnswer}, query=CustodyQuery, token=True)
    async def custody(number: str) -> Response:
        """A certificate's chain of custody: where its carats came from, who took carats from it, and of which origins it is.

        Bounds hold whatever way the points have travelled that the records allow. Both chains are bounded; one that is cut says
        so, and at each certificate how many carats were not followed.
        """
        require_reader(port, request)
        asked = parameters(request, CustodyQuery)
        height = port.ledger.head.height
        body = await turns.run(read_custody(port.ledger, number, asked)) if len(number) <= _MAX_NUMBER_CHARACTERS else None
        if body is None:
            raise missing("number", number, height)
        return answer(request, body, Cache.PRIVATE, height=body.read_at_height)

    @routes.get("/v1/confirmations/ageing")
    @describe("ageing", "custody", {200: AgeingAnswer, 304: NoContent}, token=True)
    async def ageing() -> Response:
        """For how long outcomes have been owed, by destination."""
        require_reader(port, request)
        found = port.ledger.ageing()
        return answer(request, _ageing(found), Cache.PRIVATE, height=found.head.height)

    @routes.get("/v1/participants/<code>/stock")
    @describe("stock", "custody", {200: StockAnswer, 304: NoContent, 404: ProblemAnswer}, token=True)
    async def stock(code: str) -> Response:
        """What a participant has received less what it has sent, by HS code (for auditors)."""
        require_auditor(port, request)
        height = port.ledger.head.height
        if port.ledger.register.participant(code) is None:
            raise missing("code", code, height)
        found = port.ledger.stock(code)
        return answer(request, _stock(found), Cache.PRIVATE, height=found.head.height)

    return routes


# --- custody ----------------------------------------------------------------------------------------------------------------


def read_custody(ledger: Ledger, number: str, asked: CustodyQuery) -> Steps[CustodyAnswer | None]:
    """The chains that were asked for and what follows from them, in steps; None where there is no such certificate."""
    found: Custody | None = yield from ledger.custody(number, up=asked.direction != "down", down=asked.direction != "up")
    if found is None:
        return None
    composition = None if found.up is None else (yield from compose(found.up))
    up = yield from _chain(found.up)
    down = yield from _chain(found.down)
    return CustodyAnswer(
        read_at_height=found.head.height,
        number=found.number,
        up=up,
        down=down,
        composition=None if composition is None else _composition(composition),
    )


def _chain(chain: Chain | None) -> Steps[ChainAnswer | None]:
    if chain is None:
        return None
    links = [_link(link, chain) for link in chain.links]
    yield
    takings = [TakingAnswer(source=one.source, number=one.number, carats=carats(one.points)) for one in chain.takings]
    yield
    return ChainAnswer(certificates=links, takings=takings, cut=chain.cut)


def _link(link: Link, chain: Chain) -> LinkAnswer:
    return LinkAnswer(
        number=link.number,
        issuer=link.issuer,
        destination=link.destination,
        state=link.state,
        type=certificate_type(link.type),
        issued=link.issued,
        carats=carats(link.points),
        measured=None if link.measured is None else carats(link.measured),
        claimed=carats(link.claimed),
        unattributed=carats(link.unattributed),
        beyond=carats(chain.beyond.get(link.number, 0)),
        level=link.level,
    )


def _composition(found: Composition) -> CompositionAnswer:
    return CompositionAnswer(
        carats=carats(found.points),
        origins=[_share(share) for share in found.shares],
        mixed=[MixedAnswer(countries=list(one.countries), pro_rata=carats(one.pro_rata)) for one in found.mixed],
        exact=found.exact,
        closest=found.closest,
    )


def _share(share: Share) -> ShareAnswer:
    return ShareAnswer(
        country=share.country,
        zone=share.zone,
        lowest=carats(share.lowest),
        highest=carats(share.highest),
        pro_rata=carats(share.pro_rata),
        stated=carats(share.stated),
    )


# --- ageing and stock -------------------------------------------------------------------------------------------------------


def _ageing(found: Ageing) -> AgeingAnswer:
    return AgeingAnswer(read_at_height=found.head.height, today=found.today, destinations=[_owed(one) for one in found.owed])


def _owed(owed: Owed) -> OwedAnswer:
    begins = (0, *(age + 1 for age in AGES))
    return OwedAnswer(
        destination=owed.destination,
        certificates=owed.all.certificates,
        carats=carats(owed.all.points),
        oldest=owed.oldest,
        by_age=[
            BacklogAnswer(from_days=begin, to_days=end, certificates=held.certificates, carats=carats(held.points))
            for begin, end, held in zip(begins, (*AGES, None), owed.by_age, strict=True)
        ],
    )


def _stock(found: Stock) -> StockAnswer:
    return StockAnswer(
        read_at_height=found.head.height,
        participant=found.participant,
        total=BalanceAnswer(**_balance(found.total)),
        by_hs=[HsBalanceAnswer(hs=one.hs, **_balance(one)) for one in found.by_hs],
    )


class _Balance(TypedDict):
    opening: str
    production: str
    imports: str
    exports: str
    stock: str
    uncovered: str
    uncovered_percent: str
    import_certificates: int
    export_certificates: int


def _balance(balance: Balance) -> _Balance:
    return {
        "opening": carats(balance.opening),
        "production": carats(balance.production),
        "imports": carats(balance.imports),
        "exports": carats(balance.exports),
        "stock": carats(balance.stock),
        "uncovered": carats(balance.uncovered),
        "uncovered_percent": carats(balance.uncovered_share),
        "import_certificates": balance.import_certificates,
        "export_certificates": balance.export_certificates,
    }
