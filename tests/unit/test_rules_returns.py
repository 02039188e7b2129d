"""ledger/rules/returns.py: every refusal of returns, as tests/data/refusals lists them; sums of many certificates that open."""

import random

import pytest

from ledger.bodies import ConfirmLine, IssueBody, Line
from ledger.commitments import L, commit
from ledger.errors import Code
from tests.support import cases, reports
from tests.support.reports import BLINDING, CENTS, file_return, opened, return_body
from tests.support.told import Told
from tests.support.world import World
from tests.unit.refusals import expect_acceptance, expect_refusal

FILE, COUNTERSIGN = cases.load("return-file.json"), cases.load("return-countersign.json")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("story"), reports.tell_of_reports)


@pytest.fixture
def world(told):
    with told.copy() as held:
        yield held


@pytest.fixture
def fresh(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def base(world, records):
    """BW's exports of the story."""
    issues = [records[number] for number in ("BW0000001", "BW0000002", "BW0000003")]
    lines = [line for issue in issues for line in opened(issue.body.destination, issue.body.lines)]
    return file_return(world, "BW", return_body("export", lines, 3, issues[-1].id))


@pytest.mark.parametrize("case", FILE["refused"], ids=lambda case: case["case"])
def test_file_is_refused(world, told, case):
    expect_refusal(world, base(world, told.records), case, told.records)


@pytest.mark.parametrize("case", FILE["accepted"], ids=lambda case: case["case"])
def test_file_is_accepted(world, told, case):
    good = expect_acceptance(world, base(world, told.records), case, told.records)
    body, view = good.body, world.ledger.quarter(good.author, good.body.flow, good.body.quarter)
    assert view.revisions[-1] == good.id
    assert len(view.revisions) == body.revision
    assert [(partner, hs, sums.points) for partner, hs, sums in view.cells] == [cell[:3] for cell in map(astuple, body.cells)]


def astuple(cell):
    return cell.partner, cell.hs, cell.points, cell.cents, cell.blinding


@pytest.mark.parametrize("case", COUNTERSIGN["refused"], ids=lambda case: case["case"])
def test_countersign_is_refused(world, told, case):
    expect_refusal(world, reports.countersign(world, told.records["import 2"]), case, told.records)


@pytest.mark.parametrize("case", COUNTERSIGN["accepted"], ids=lambda case: case["case"])
def test_countersign_is_accepted_once(world, told, case):
    expect_acceptance(world, reports.countersign(world, told.records["import 2"]), case, told.records)
    refused = {"error": "return-countersigned", "field": "filed", "given": "*", "record": "*"}
    again = reports.countersign(world, told.records["import 2"])
    expect_refusal(world, again, {"change": {"at_ms": 1}, "refused": refused}, told.records)


def test_every_code_of_the_kinds_has_a_case():
    codes = list(Code)
    of_kinds = set(codes[codes.index(Code.RETURN_STALE) : codes.index(Code.RETURN_COUNTERSIGNED) + 1])
    shown = {Code(case["refused"]["error"]) for case in FILE["refused"] + COUNTERSIGN["refused"]}
    assert of_kinds <= shown
    assert len(of_kinds) == 12


# --- many certificates ------------------------------------------------------------------------------------------------


class Trader:
    """Issues with values and blindings of its own, which it remembers."""

    def __init__(self, world, rng):
        self.world, self.rng, self.number = world, rng, 0
        self.lines = []
        self.known = {}

    def value(self, cents=None, blinding=None):
        cents = self.rng.choice((0, 1, self.rng.randrange(10**12))) if cents is None else cents
        blinding = self.rng.randrange(1, L) if blinding is None else blinding
        commitment = commit(cents, blinding.to_bytes(32, "little"))
        self.known[commitment] = (cents, blinding)
        return commitment

    def issue(self, partner, values=(None,), **changes):
        """A line for each of `values`: (cents, blinding), or None to draw them."""
        self.number += 1
        lines = tuple(
            Line(
                self.value(*(value or ())),
                self.rng.choice(("710210", "710221", "710231")),
                ("BW",),
                self.rng.randrange(1, 10**7),
            )
            for value in values
        )
        return self.world.issue(number=f"BW{self.number:07}", destination=partner, lines=lines, **changes)

    def opened(self, record):
        """The lines of a record of which it knows the values."""
        partner = record.body.destination if isinstance(record.body, IssueBody) else record.body.number[:2]
        return [(partner, line.hs, line.points, *self.known[line.commitment]) for line in record.body.lines]


def filed(world, body, author="BW"):
    """What becomes of a return, in a block of April."""
    world.now = max(world.now, reports.APRIL)
    (judgement,) = world.block(file_return(world, author, body)).judgements
    return judgement.refusal and judgement.refusal.problem()["error"]


def test_a_return_over_many_certificates_opens(fresh):
    """300 certificates of one to three lines to three partners, as many outcomes; one cent anywhere is noticed."""
    trader = Trader(fresh, random.Random(5))
    issues, outcomes = [], []
    for _ in range(10):
        made = [trader.issue(("AE", "EU", "RU")[n % 3], (None,) * (1 + n % 3)) for n in range(30)]
        fresh.accept(*made)
        issues += made
        answers = [
            fresh.confirm(
                issue,
                outcome="discrepancy",
                lines=tuple(ConfirmLine(trader.value(), line.hs, line.points + 1) for line in issue.body.lines),
            )
            for issue in made
        ]
        fresh.accept(*answers)
        outcomes += answers
    exports = [line for issue in issues for line in trader.opened(issue)]
    good = return_body("export", exports, 300, issues[-1].id)
    assert len(good.cells) == 9
    for place, cell in enumerate(good.cells):
        for cents in (cell.cents - 1, cell.cents + 1):
            moved = (*good.cells[:place], type(cell)(*astuple(cell)[:3], cents, cell.blinding), *good.cells[place + 1 :])
            assert filed(fresh, return_body("export", exports, 300, issues[-1].id, cells=moved)) == "return-value"
    assert filed(fresh, good) is None
    for importer in ("AE", "EU", "RU"):
        own = [outcome for outcome in outcomes if outcome.author == importer]
        imports = [line for outcome in own for line in trader.opened(outcome)]
        assert filed(fresh, return_body("import", imports, 100, own[-1].id), importer) is None


def test_a_record_counts_in_the_quarter_of_its_own_date(fresh):
    """Issued on 28 March and 2 April, received on 3 April: an export of either quarter, both imports of the second."""
    day = 86_400_000
    trader = Trader(fresh, random.Random(1))
    fresh.now = reports.APRIL
    march = trader.issue("AE", issued="2026-03-28", validated="2026-04-02", expires="2026-05-01")
    april = trader.issue("AE", issued="2026-04-02", validated="2026-04-02", expires="2026-05-01")
    fresh.accept(march, april)
    answers = [fresh.confirm(issue, received="2026-04-03", lines=opening(trader, issue)) for issue in (march, april)]
    fresh.accept(*answers)
    fresh.now = reports.APRIL + 100 * day
    for record, quarter in ((march, "2026Q1"), (april, "2026Q2")):
        assert filed(fresh, return_body("export", trader.opened(record), 1, record.id, quarter)) is None
    assert fresh.ledger.quarter("AE", "import", "2026Q1").cells == ()
    imports = [line for answer in answers for line in trader.opened(answer)]
    assert filed(fresh, return_body("import", imports, 2, answers[-1].id, "2026Q2"), "AE") is None


def opening(trader, issue):
    return tuple(ConfirmLine(trader.value(), line.hs, line.points) for line in issue.body.lines)


def test_refused_goods_do_not_count_and_missing_ones_do(fresh):
    """An outcome `refused` adds nothing; a discrepancy that measured nothing is a certificate without a cell."""
    issues = [fresh.issue(number=f"BW000000{digit}") for digit in range(2)]
    fresh.accept(*issues)
    lost, refused = (
        fresh.confirm(issues[0], outcome="discrepancy", lines=(), parcels=0),
        fresh.confirm(issues[1], outcome="refused"),
    )
    fresh.accept(lost, refused)
    view = fresh.ledger.quarter("AE", "import", "2026Q1")
    assert (view.counts.certificates, view.counts.cells, view.counts.last, view.cells) == (1, 0, lost.id, ())
    assert filed(fresh, return_body("import", (), 1, lost.id), "AE") is None


def test_values_of_nothing(fresh):
    """v = 0 throughout: the value is 0, and opens with the blindings alone."""
    trader = Trader(fresh, random.Random(2))
    issue = trader.issue("AE", ((0, 5), (0, L - 1), (0, 9)))
    fresh.accept(issue)
    lines = trader.opened(issue)
    assert filed(fresh, return_body("export", lines, 1, issue.id)) is None


def test_sums_that_cancel(fresh):
    """Blindings that sum to 0, and with v = 0 to the identity: nothing hides the value any more, and the sum still opens."""
    trader = Trader(fresh, random.Random(3))
    trader.rng.choice = lambda options: options[-1]
    hidden, bare = trader.issue("AE", ((70, 11), (30, L - 11))), trader.issue("EU", ((0, 4), (0, L - 4)))
    fresh.accept(hidden, bare)
    lines = trader.opened(hidden) + trader.opened(bare)
    good = return_body("export", lines, 2, bare.id)
    assert [(cell.cents, cell.blinding) for cell in good.cells] == [(100, bytes(32)), (0, bytes(32))]
    (_, _, open_sum), (_, _, nothing) = fresh.ledger.quarter("BW", "export", "2026Q1").cells
    assert nothing.commitment == b"\1" + bytes(31)
    assert open_sum.commitment != nothing.commitment
    for cents in (99, 101):
        moved = (type(good.cells[0])(*astuple(good.cells[0])[:3], cents, bytes(32)), good.cells[1])
        assert filed(fresh, return_body("export", lines, 2, bare.id, cells=moved)) == "return-value"
    assert filed(fresh, good) is None


def test_five_thousand_terms(fresh):
    """In one cell, 32 lines a certificate."""
    line = fresh.line(1)
    issues = [fresh.issue(number=f"BW{number:07}", lines=(line,) * 32, destination="AE") for number in range(157)]
    for at in range(0, 157, 40):
        fresh.accept(*issues[at : at + 40])
    terms = 157 * 32
    assert terms > 5_000
    lines = [("AE", "710231", 1, CENTS, BLINDING)] * terms
    good = return_body("export", lines, 157, issues[-1].id)
    assert (good.cells[0].cents, good.cells[0].blinding) == (terms * CENTS, (terms * BLINDING).to_bytes(32, "little"))
    short = return_body("export", [("AE", "710231", terms, (terms - 1) * CENTS, (terms - 1) * BLINDING)], 157, issues[-1].id)
    assert filed(fresh, short) == "return-value"
    assert filed(fresh, good) is None


def test_the_years_protection_is_stated_of_all_its_trade(fresh):
    """Exports of the first quarter to AE and EU in the same codes, none in the fourth: neither partner may be left out."""
    issues = [fresh.issue(number=f"BW000000{digit}", destination=partner) for digit, partner in enumerate(("AE", "EU"))]
    fresh.accept(*issues)
    fresh.now += 320 * 86_400_000
    lines = [line for issue in issues for line in opened(issue.body.destination, issue.body.lines)]
    rows = reports.annual(lines)
    assert [row.of for row in rows] == ["710221", "710231", "AE", "EU", "all"]

    def stated(annual):
        (judgement,) = fresh.block(
            file_return(fresh, "BW", return_body("export", (), 0, None, "2026Q4", annual=annual))
        ).judgements
        return judgement.refusal and judgement.refusal.problem()

    assert stated(rows[:3] + rows[4:]) == {"error": "return-annual", "field": "annual", "given": 2, "limit": 4}
    names = "710221 710231 AE EU all"
    for less in (rows[:4], rows[1:], ()):
        limit = names if less else None
        refused = stated(less)
        assert refused["error"] == "return-annual"
        assert refused["limit"] in (limit, 4)
    assert stated((*rows[:4], type(rows[0])("RU", 1, 0, 0), rows[4]))["limit"] == names
    assert stated(rows) is None


def test_a_return_and_what_makes_it_stale_in_one_block(world, told):
    """The sums that a block has changed so far are those that its later records are judged by."""
    records, good = told.records, base(world, told.records)
    late = world.issue(number="BW0000009", issued="2026-03-31", validated="2026-03-31", expires="2026-05-01")
    lines = [line for number in ("BW0000001", "BW0000002") for line in opened("AE", records[number].body.lines)]
    lines += opened("EU", records["BW0000003"].body.lines) + opened("AE", late.body.lines)
    again = file_return(world, "BW", return_body("export", lines, 4, late.id))
    refusals = [judgement.refusal for judgement in world.block(late, good, again).judgements]
    assert [refusal and refusal.code for refusal in refusals] == [None, Code.RETURN_STALE, None]


def test_a_late_certificate_is_not_refused_but_leaves_the_return_behind(world, told):
    """The next revision is judged by the new sums; the finding `return-mismatch` sees the difference in between."""
    good = base(world, told.records)
    world.accept(good)
    world.accept(world.issue(number="BW0000009", issued="2026-03-31", validated="2026-03-31", expires="2026-05-01"))
    view = world.ledger.quarter("BW", "export", "2026Q1")
    assert view.counts.last != good.body.last
    assert filed(world, return_body("export", (), 3, good.body.last, revision=2)) == "return-stale"
