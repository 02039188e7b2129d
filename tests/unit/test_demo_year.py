"""A generated year against a real ledger on a clock that follows it: every step meets its judgement, every planted case is found."""

from collections import Counter

import pytest

from api.demo.governance import PARAMETER, SUSPENDED, VALUE, suspension
from api.demo.network import Seat, make_network
from api.demo.year import YEAR_DAYS, make_year
from ledger.errors import Code, Refusal
from ledger.record import parse_submission, verify_records
from ledger.report_entries import InquiryState
from ledger.state import Block, Ledger
from ledger.statistics.tables import Source
from ledger.store import Store
from ledger.units import DAY_MS, date_of, day_number
from node.filing import Filing

END = 1_795_466_113_000  # Monday 2026-11-23, 20:35 UTC
CERTIFICATES = 300


def network(end=END):
    return make_network([Seat("BW", "127.0.0.1:8700", b"\x30\x02ab")], end - (YEAR_DAYS + 1) * DAY_MS, seed=b"year")


def replay(ledger, net, year):
    """A block for each wave of each day; what met another judgement than was expected."""
    filing, wrong = Filing(net.genesis, net.keys), []
    for day in year.days():
        for wave in day:
            now = max(wave[-1].at, ledger.head.time + 1)
            records = []
            for step in wave:
                submission = step.submission
                if step.kind == "return.countersign":
                    submission = filing.countersigned(step)
                elif step.period:
                    quarter, flow = step.period.split()
                    submission = filing.submission(step, ledger.quarter(step.author, flow, quarter).counts.last or None)
                code, record = judge(ledger, submission, now)
                if code != step.expect:
                    wrong.append((step.kind, step.author, step.note, step.expect, code))
                elif record:
                    records.append(record)
                    if not step.period:
                        filing.count(step)
            height = ledger.head.height + 1
            applied = ledger.apply(Block(height, now, height.to_bytes(32, "big"), records))
            wrong += [judgement.refusal for judgement in applied.judgements if judgement.refusal]
    return wrong


def judge(ledger, raw, now):
    try:
        submission = parse_submission(raw)
        refusal = verify_records(ledger.ledger_id, [submission.record])[0]
        if refusal:
            raise refusal
        ledger.check_sealed(submission, now)
        ledger.check(submission.record, now)
    except Refusal as refused:
        return refused.code, None
    return None, submission.record


@pytest.fixture(scope="module")
def net():
    return network()


@pytest.fixture(scope="module")
def year(net):
    return make_year(net.genesis, net.keys, END, certificates=CERTIFICATES)


@pytest.fixture(scope="module")
def played(net, year, tmp_path_factory):
    """What was judged wrongly, and the ledger after the year."""
    store = Store.open(tmp_path_factory.mktemp("year") / "db")
    ledger = Ledger.open(store, net.genesis)
    yield replay(ledger, net, year), ledger
    store.close()


def test_every_step_meets_its_judgement(year, played):
    wrong, ledger = played
    assert wrong == []
    assert ledger.head.tree_size == sum(step.expect is None for step in year.steps)


def test_it_is_a_year_with_all_that_belongs_to_it(year):
    kinds = Counter(step.kind for step in year.steps if step.expect is None)
    assert kinds["certificate.issue"] > CERTIFICATES
    assert kinds["plenary.propose"] == 3
    assert kinds["plenary.position"] == 72
    assert kinds["mission.report"] == 1
    assert kinds["bilateral.accept"] == 2
    assert kinds["return.file"] > 90
    assert kinds["return.countersign"] > 90
    assert kinds["production.report"] > 15
    assert kinds["stock.declare"] > 10
    assert (kinds["inquiry.open"], kinds["inquiry.answer"], kinds["inquiry.close"]) == (4, 3, 2)
    assert len({step.expect for step in year.steps if step.expect}) >= 28
    assert [step.at for step in year.steps] == sorted(step.at for step in year.steps)
    assert year.steps[0].at >= END - YEAR_DAYS * DAY_MS
    assert year.steps[-1].at <= END


def test_days_and_waves_hold_every_step_once(year):
    days = year.days()
    assert [step for day in days for wave in day for step in wave] != []
    assert Counter(id(step) for day in days for wave in day for step in wave) == Counter(id(step) for step in year.steps)
    assert all(len({step.at // DAY_MS for wave in day for step in wave}) == 1 for day in days)


def test_every_planted_case_is_found(year, played):
    _, ledger = played
    assert len(year.findings) >= 7
    missing = [name for name in year.findings if ledger.finding(*name.split("/", 1))[1] is None]
    assert missing == []


def test_the_suspension_begins_and_ends_by_decision(year, played):
    _, ledger = played
    span = suspension(day_number("2026-11-23") - YEAR_DAYS + 1)
    subject = ledger.register.participant(SUSPENDED)
    days = (span.since - 1, span.since, span.until - 1, span.until)
    assert [subject.suspended_on(date_of(day)) for day in days] == [False, True, True, False]
    assert [step.note for step in year.steps if step.expect is Code.ISSUER_SUSPENDED and step.author == SUSPENDED] == [
        "issued while suspended by the Plenary"
    ]
    assert ledger.register.parameter(PARAMETER, "2026-11-23") == VALUE


def test_inquiries_are_answered_or_not(played):
    _, ledger = played
    states = {state: len(ledger.inquiries(state).rows) for state in InquiryState}
    assert states == {InquiryState.UNANSWERED: 1, InquiryState.ANSWERED: 1, InquiryState.CLOSED: 2}


def test_imports_and_exports_are_shown_as_they_are(net, played):
    """As in the real world they differ by some per cent; nothing balances them."""
    _, ledger = played
    shown = world_flows(ledger.live_cube("2026"))
    for flow in ("export", "import"):
        held = [ledger.quarter(code, flow, f"2026Q{place}") for code in net.genesis.participants for place in range(1, 5)]
        assert shown[flow] == sum(cell.points for quarter in held for _, _, cell in quarter.cells)
    assert 0.005 < abs(1 - shown["import"] / shown["export"]) < 0.05
    closed = ledger.closing("2026Q2").height
    at_closing = ledger.cube("2026Q2", closed)
    assert world_flows(at_closing) == world_flows(ledger.live_cube("2026Q2"))
    assert {block.source for block in at_closing.blocks.values()} == {Source.COUNTERSIGNED}
    assert len(at_closing.blocks) == 2 * len([holder for holder in net.genesis.participants.values() if holder.counted])


def test_who_traded_in_a_year_has_said_how_its_figures_must_be_protected(played):
    _, ledger = played
    fourth = ledger.cube("2025Q4", ledger.head.height).blocks.values()
    assert sum(bool(block.annual) for block in fourth) > 10
    for block in fourth:
        names = {entry.partner for entry in block.entries} | {entry.hs for entry in block.entries}
        assert block.annual.keys() == names | ({"all"} if names else set())
        assert {name: block.annual[name] for name in block.needs} == block.needs, "there is no other quarter of that year here"


def world_flows(cube):
    flows = Counter()
    for key, block in cube.blocks.items():
        flows[key.flow] += sum(entry.points for entry in block.entries)
    return flows


def test_same_seed_same_bytes(net, year):
    assert make_year(net.genesis, net.keys, END, certificates=CERTIFICATES).steps == year.steps


@pytest.mark.parametrize("days", [45, 130, 215])
def test_a_year_may_end_on_any_day(net, tmp_path, days):
    end = END + days * DAY_MS
    other = network(end)
    year = make_year(other.genesis, other.keys, end, seed=days, certificates=60)
    store = Store.open(tmp_path / "db")
    ledger = Ledger.open(store, other.genesis)
    assert replay(ledger, other, year) == []
    assert [name for name in year.findings if ledger.finding(*name.split("/", 1))[1] is None] == []
    store.close()
