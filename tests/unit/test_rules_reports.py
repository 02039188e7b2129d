"""ledger/rules/reports.py, inquiries.py and sealed.py: every refusal, as tests/data/refusals lists them; what is kept."""

import pytest

from ledger import keys
from ledger.errors import Code, Refusal
from ledger.limits import MAX_ANSWERS
from ledger.overlay import Reader
from ledger.report_entries import PRODUCTION, STOCK, InquiryState
from tests.support import cases, reports
from tests.support.told import Told
from tests.unit.refusals import expect_acceptance, expect_refusal

BASES = {
    "production-report": lambda world, records: reports.production(world, "RU"),
    "stock-declare": lambda world, records: reports.stock(world),
    "inquiry-open": lambda world, records: reports.ask(world, "RU"),
    "inquiry-answer": lambda world, records: reports.answer(world, records["asked"]),
    "inquiry-close": lambda world, records: reports.close(world, records["asked"]),
    "sealed-share": lambda world, records: reports.share(world, records["BW0000001"], "BW", "NA"),
    "sealed-fault": lambda world, records: reports.fault(world, records["BW0000001"], "AE"),
}
"""The record that each file's cases change."""

FILES = {name: cases.load(f"{name}.json") for name in BASES}


def listed(part):
    return [pytest.param(name, case, id=f"{name}: {case['case']}") for name, file in FILES.items() for case in file[part]]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("story"), reports.tell_of_reports)


@pytest.fixture
def world(told):
    with told.copy() as held:
        yield held


@pytest.mark.parametrize(("name", "case"), listed("refused"))
def test_refused(world, told, name, case):
    expect_refusal(world, BASES[name](world, told.records), case, told.records)


@pytest.mark.parametrize(("name", "case"), listed("accepted"))
def test_accepted(world, told, name, case):
    good = expect_acceptance(world, BASES[name](world, told.records), case, told.records)
    SEEN[name](world, good, told.records)


def state_of(world):
    return Reader(world.store.get, world.ledger._standing.rolls)


def see_production(world, good, records):
    state, body = state_of(world), good.body
    assert state.filing(PRODUCTION, good.author, body.half).record == good.id
    revisions = list(world.store.iterate(keys.revisions(PRODUCTION, good.author, body.half)))
    assert [int.from_bytes(place, "big") for place, _ in revisions] == list(range(1, body.revision + 1))
    assert revisions[-1][1] == good.id
    if body.revision == 2:
        assert revisions[0][1] == records["production"].id
        assert world.ledger.record(revisions[0][1])[0] == records["production"].raw


def see_stock(world, good, records):
    assert state_of(world).filing(STOCK, good.author, "").record == good.id
    again = world.sign(good.kind, good.body, good.author)
    with pytest.raises(Refusal, match="stock-declared"):
        world.ledger.check(again, world.now)


def see_open(world, good, records):
    entry = state_of(world).inquiry(good.id)
    assert (entry.state, entry.participant, entry.due) == ("unanswered", good.body.participant, good.body.due)
    assert (entry.finding, entry.opened, entry.answers, entry.closed) == (good.body.finding, "2026-04-05", (), b"")


def see_answer(world, good, records):
    entry = state_of(world).inquiry(good.body.inquiry)
    assert (entry.state, entry.answers[-1], entry.closed) == ("answered", good.id, b"")
    assert entry.answers[:-1] == ((records["answer"].id,) if good.body.inquiry == records["answered"].id else ())


def see_close(world, good, records):
    entry = state_of(world).inquiry(good.body.inquiry)
    assert (entry.state, entry.closed) == ("closed", good.id)


def see_share(world, good, records):
    held = state_of(world).shares(good.body.rid, good.body.reader)
    assert held == ((good.body.epoch, good.id),)


def see_fault(world, good, records):
    assert world.store.get(keys.fault(good.body.rid, good.author)) == good.id


SEEN = {
    "production-report": see_production,
    "stock-declare": see_stock,
    "inquiry-open": see_open,
    "inquiry-answer": see_answer,
    "inquiry-close": see_close,
    "sealed-share": see_share,
    "sealed-fault": see_fault,
}


def test_every_code_of_the_kinds_has_a_case():
    """Those of returns are in test_rules_returns.py."""
    codes = list(Code)
    of_kinds = {Code.PERIOD_NOT_OVER, Code.REVISION_NOT_NEXT, Code.FIGURES_ORDER, Code.STOCK_DECLARED}
    of_kinds |= set(codes[codes.index(Code.INQUIRY_UNKNOWN) : codes.index(Code.FAULT_STATED) + 1])
    shown = {Code(case["refused"]["error"]) for file in FILES.values() for case in file["refused"]}
    assert of_kinds <= shown
    assert len(of_kinds) == 12


def test_an_inquiry_moves_through_the_lists(world, told):
    def lists(participant=None):
        return {
            state: [row.id for row in world.ledger.inquiries(state, participant=participant).rows] for state in InquiryState
        }

    ids = {name: told.records[name].id for name in ("asked", "answered", "closed")}
    assert lists() == {"unanswered": [ids["asked"]], "answered": [ids["answered"]], "closed": [ids["closed"]]}
    other = reports.ask(world, "RU")
    world.accept(other)
    assert lists()["unanswered"] == [ids["asked"], other.id]
    assert lists("BW")["unanswered"] == [ids["asked"]]
    assert lists("RU") == {"unanswered": [other.id], "answered": [], "closed": []}
    world.accept(reports.answer(world, told.records["asked"]), reports.close(world, other))
    assert lists() == {
        "unanswered": [],
        "answered": [ids["asked"], ids["answered"]],
        "closed": [ids["closed"], other.id],
    }
    assert lists("TW") == {"unanswered": [], "answered": [], "closed": []}


def test_inquiries_are_paged(world, told):
    asked = [reports.ask(world, "RU", f"Question {number}") for number in range(5)]
    world.accept(*asked)
    wanted, found, cursor = [told.records["asked"].id, *(record.id for record in asked)], [], None
    while True:
        page = world.ledger.inquiries(InquiryState.UNANSWERED, cursor, 2)
        assert len(page.rows) == 2
        found += [row.id for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == wanted


def test_an_inquiry_has_room_for_so_many_answers(world, told):
    for number in range(MAX_ANSWERS):
        world.accept(reports.answer(world, told.records["asked"], f"Answer {number}"))
    refused = {"error": "too-many", "field": "inquiry", "given": MAX_ANSWERS + 1, "limit": MAX_ANSWERS}
    record = reports.answer(world, told.records["asked"], "One more")
    expect_refusal(world, record, {"change": {}, "refused": refused}, told.records)


def test_a_reader_that_got_a_key_for_one_epoch_gets_one_for_the_next(world, told):
    """In one block: NA's key of 2026, its right to share on, and the second key for the same reader."""
    of = told.records["BW0000001"]
    first = reports.share(world, of, "BW", "NA")
    onward = reports.share(world, of, "NA", "ZA")
    again = reports.share(world, of, "AE", "NA")
    refusals = [judgement.refusal for judgement in world.block(first, onward, again).judgements]
    assert [refusal and refusal.code for refusal in refusals] == [None, None, Code.SHARED_ALREADY]


def test_a_rid_names_its_record_and_its_readers(world, told):
    for name, issuer, destination in (("BW0000001", "BW", "AE"), ("BW0000003", "BW", "EU"), ("whole", "BW", "AE")):
        part = state_of(world).sealed_part(told.records[name].body.rid)
        assert (part.record, part.issuer, part.destination) == (told.records[name].id, issuer, destination)
