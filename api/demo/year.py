"""A year of world trade, thinned, with all that goes with it: stocks, production, returns, decisions, inquiries, cases.

Everything that `api.demo.trade` says of a week holds here, but that its steps are sound only on a clock that follows them
(`Trade.days`). What stands in the ledger at the end:

- the trade of the real world in small (`shipments`, `custody`), and what must be refused in it;
- what everybody had in stock on the first day, what mines produced (`holdings`), everybody's return of each quarter that was
  over forty days before the end;
- a participant suspended by decision and readmitted after a mission (`governance`);
- planted cases (`year_cases`): their findings are named in `Trade.findings`, and the secretariat asks about them.
"""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from api.demo.custody import add_custody
from api.demo.forged_confirmations import FORGED_CONFIRMATIONS
from api.demo.forged_issues import FORGED_ISSUES
from api.demo.forgeries import Bench, Subjects
from api.demo.forgeries import plant as plant_forgeries
from api.demo.governance import SUSPEND_ON, SUSPENDED, Act, Plenary, Span, suspension
from api.demo.holdings import opening, production, reported
from api.demo.inquiries import Question, ask
from api.demo.numbers import Numbers
from api.demo.office import Keys, Office, Stream
from api.demo.people import People
from api.demo.shipments import Goods, Shipment, plan
from api.demo.trade import Desk, Step, Trade, in_order, planted_step
from api.demo.world import load_world
from api.demo.year_cases import SKIPPED, SKIPPED_BY, SKIPPING, Cases, plant, without_suspended
from ledger.bodies import PRODUCTION_REPORT, RETURN_COUNTERSIGN, RETURN_FILE, STOCK_DECLARE, ProductionBody, StockBody
from ledger.bodies.reports import StockLine
from ledger.errors import Code
from ledger.genesis import Genesis
from ledger.participants import SECRETARIAT
from ledger.periods import day_after, half_of, quarter_of
from ledger.units import DAY_MS, HOUR_MS, Ms, Points, block_date, date_of, day_number

YEAR_DAYS = 365
YEAR_CERTIFICATES = 2_000
SILENT = "VE"
"""It has withdrawn, and files nothing."""

RETURN_DAYS = 40
"""After a quarter, its returns are filed: certificates reach the ledger up to thirty days late."""


COUNTERSIGN_DAYS = 5
"""After its filing the secretariat has opened what a return adds up, and countersigns it."""


def make_year(
    genesis: Genesis, keys: Keys, end: Ms, *, seed: int = 0, certificates: int = YEAR_CERTIFICATES, forgeries: bool = True
) -> Trade:
    """A year that ends at `end`, on a ledger that is a year old.

    Args:
        genesis: of the network.
        keys: seeds of every participant and of the secretariat.
        end: instant of the newest step, milliseconds.
        seed: another one gives another year of the same world.
        certificates: issued in all, beside those that are planted.
        forgeries: whether to plant what must be refused.
    """
    rng = random.Random(seed)  # noqa: S311 - a plan to be repeated, not a secret
    drawn = b"kpledger year" + genesis.ledger_id + end.to_bytes(8, "big") + repr(seed).encode()
    office = Office(genesis, keys, Stream(hashlib.sha256(drawn).digest()), People(rng))
    first_day = day_number(block_date(end)) - YEAR_DAYS + 1
    span = suspension(first_day)
    shipments = without_suspended(plan(load_world(), rng, end, YEAR_DAYS, certificates), span)
    cases = plant(shipments, first_day, first_day + SUSPEND_ON, rng)
    shipments = sorted([*shipments, *cases.added], key=lambda shipment: (shipment.at, shipment.issuer, shipment.points))
    numbers = Numbers(genesis, end)
    gap = _number(shipments, numbers, first_day)
    add_custody(shipments, [shipment.number for shipment in shipments], rng)
    _hide_suspended(shipments, span)
    desk = Desk(office)
    desk.trade(shipments)
    steps = desk.steps
    plenary = Plenary(office, first_day)
    acts = [*plenary.acts(), *_reports(office, shipments, end, first_day)]
    questions, findings = _questions(cases, gap, plenary, first_day)
    acts += ask(office, questions)
    steps += [_step(act) for act in acts]
    steps += _returns(genesis, shipments, end)
    if forgeries:
        steps += _forged(office, numbers, desk, shipments, end, rng)
        steps.append(_though_suspended(office, numbers, span))
    steps = [step for step in steps if step.at <= end]
    return Trade(in_order(steps), tuple(shipments), findings)


# --- trade ------------------------------------------------------------------------------------------------------------


def _number(shipments: Sequence[Shipment], numbers: Numbers, first_day: int) -> str:
    """Every shipment gets its number; one issuer skips some, and the number above those is given."""
    above, begun = "", False
    for shipment in shipments:
        if not above and begun and shipment.issuer == SKIPPING and shipment.at // DAY_MS < first_day + SKIPPED_BY:
            for _ in range(SKIPPED):
                numbers.next(SKIPPING, shipment.issued)
            above = shipment.number = numbers.next(SKIPPING, shipment.issued)
        else:
            shipment.number = numbers.next(shipment.issuer, shipment.issued)
            begun = begun or (shipment.issuer == SKIPPING and shipment.at // DAY_MS > first_day + YEAR_DAYS // 4)
    return above


def _hide_suspended(shipments: Sequence[Shipment], span: Span) -> None:
    """While a country is suspended, hubs do not name it: what they had of its goods before is mixed."""
    for shipment in shipments:
        if span.holds(day_number(shipment.issued)):
            shipment.goods = tuple(_mixed(line) if SUSPENDED in line.origin else line for line in shipment.goods)


def _mixed(line: Goods) -> Goods:
    return replace(line, origin=())


# --- reports ----------------------------------------------------------------------------------------------------------


def _reports(office: Office, shipments: Sequence[Shipment], end: Ms, first_day: int) -> Iterator[Act]:
    """Stocks at the beginning, production when it is due; of the half year before the first day on the first."""
    produced = production(shipments)
    begin = Ms(end - YEAR_DAYS * DAY_MS + 60_000)
    before = date_of(begin // DAY_MS - 1)
    for code, points in opening(shipments, produced).items():
        stock = StockBody(before, (StockLine("710231", Points(points)),))
        yield Act(begin, STOCK_DECLARE, code, office.statement(STOCK_DECLARE, code, begin, stock, "report"))
    owed = {(code, half): () for code in _members(office.genesis) for half in _whole(begin, end, half_of)}
    stated = {(code, half): tuple(lines) for code, halves in produced.items() for half, lines in halves.items()}
    for (code, half), lines in sorted({**owed, **stated}.items()):
        at = Ms(max(first_day, reported(half)) * DAY_MS + 7 * HOUR_MS)
        if at <= end:
            body = ProductionBody(half, lines, 1)
            yield Act(at, PRODUCTION_REPORT, code, office.statement(PRODUCTION_REPORT, code, at, body, "report"))


def _members(genesis: Genesis) -> list[str]:
    """Who owes returns and files them: all who take part here but `SILENT`."""
    return [code for code, entry in sorted(genesis.participants.items()) if entry.issues_from and code != SILENT]


def _whole(begin: Ms, end: Ms, period_of: Callable[[str], str]) -> list[str]:
    """The periods that begin and end within these instants."""
    found, period = [], period_of(day_after(period_of(block_date(begin))))
    while day_after(period) <= block_date(end):
        found.append(period)
        period = period_of(day_after(period))
    return found


def _returns(genesis: Genesis, shipments: Sequence[Shipment], end: Ms) -> Iterator[Step]:
    """Both flows of every whole quarter, and of others in which somebody traded; the bytes are made when it is filed.

    The secretariat countersigns each a few days later.

    Who traded in a year files its fourth quarter, too, which says what the year's figures need.
    """
    quarters = _whole(Ms(end - YEAR_DAYS * DAY_MS), end, quarter_of)
    traded = {(code, flow, quarter) for code in _members(genesis) for flow in ("export", "import") for quarter in quarters}
    traded |= {(shipment.issuer, "export", quarter_of(shipment.issued)) for shipment in shipments}
    traded |= {
        (shipment.destination, "import", quarter_of(shipment.arrival.received))
        for shipment in shipments
        if shipment.arrival and shipment.arrival.outcome != "refused"
    }
    traded |= {(author, flow, f"{quarter[:4]}Q4") for author, flow, quarter in traded}
    for author, flow, quarter in sorted(traded):
        at = Ms((day_number(day_after(quarter)) + RETURN_DAYS) * DAY_MS + 9 * HOUR_MS)
        if at <= end:
            yield Step(at, RETURN_FILE, author, "", b"", None, 0, None, "", period=f"{quarter} {flow}")
        seen = Ms(at + COUNTERSIGN_DAYS * DAY_MS)
        if seen <= end:
            period = f"{quarter} {flow} {author}"
            yield Step(seen, RETURN_COUNTERSIGN, SECRETARIAT, "", b"", None, 0, None, "", period=period)


# --- cases ------------------------------------------------------------------------------------------------------------


def _questions(cases: Cases, gap: str, plenary: Plenary, first_day: int) -> tuple[list[Question], tuple[str, ...]]:
    """What the secretariat asks about planted cases, and the names of all their findings."""
    split, light = cases.splitting[0], cases.light[0]
    rush = f"rush/{SUSPENDED}/{plenary.suspending.hex()}/0"
    splitting = f"splitting/{split.issuer}-{split.destination}/{split.issued}"
    drift = f"discrepancy-drift/{light.issuer}-{light.destination}/{light.issued[:4]}"
    quick = [f"quick-transit/{shipment.number}" for shipment in cases.quick]
    last_light = cases.light[-1].at // DAY_MS
    asked = [
        Question(first_day + SUSPEND_ON + 12, SUSPENDED, rush, "Why were so many certificates issued this week?", 9),
        Question(split.at // DAY_MS + 10, split.issuer, splitting, "Is this one consignment under many certificates?", None),
        Question(last_light + 10, light.issuer, drift, "Are the scales of the exporter calibrated?", 20, closed=False),
    ]
    for name, shipment in zip(quick[:1], cases.quick, strict=False):
        question = "How did the goods arrive on the day on which they were validated?"
        asked.append(Question(shipment.at // DAY_MS + 8, shipment.destination, name, question, 12))
    gaps = (f"number-gap/{gap}",) if gap else ()
    return asked, (rush, splitting, drift, *quick, *gaps)


def _forged(
    office: Office, numbers: Numbers, desk: Desk, shipments: Sequence[Shipment], end: Ms, rng: random.Random
) -> list[Step]:
    """The forgeries of a week, on the last day."""
    bench = Bench(office, numbers, Subjects(end, tuple(shipments), desk.issued, desk.codes), rng)
    planted = plant_forgeries(FORGED_ISSUES + FORGED_CONFIRMATIONS, bench)
    # On a clock that follows the steps nothing comes too late.
    return [planted_step(item, desk.waves) for item in planted if item.expect is not Code.TOO_OLD]


def _though_suspended(office: Office, numbers: Numbers, span: Span) -> Step:
    """The suspended participant issues a certificate all the same."""
    day = span.since + 30
    issued = date_of(day)
    shipment = Shipment(
        issuer=SUSPENDED,
        destination="AE",
        reexport=False,
        at=Ms(day * DAY_MS + 11 * HOUR_MS),
        issued=issued,
        validated=issued,
        expires=date_of(day + 50),
        parcels=1,
        goods=(Goods("710231", 60_000, 7_000_000, (SUSPENDED,)),),
        number=numbers.next(SUSPENDED, issued),
    )
    made = office.sign(office.issue(shipment))
    note = "issued while suspended by the Plenary"
    return Step(
        shipment.at,
        "certificate.issue",
        SUSPENDED,
        shipment.number,
        made.submission,
        made.id,
        0,
        Code.ISSUER_SUSPENDED,
        note,
    )


def _step(act: Act) -> Step:
    return Step(act.at, act.kind, act.author, "", act.made.submission, act.made.id, 0, None, act.note)
