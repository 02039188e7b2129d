"""ledger/stock.py: what there was, what was received less what was sent, and what is short."""

import pytest

from ledger.bodies import ConfirmLine, ProductionBody, StockBody
from ledger.bodies.reports import ProductionLine, StockLine
from tests.support.story import tell
from tests.support.world import DAY_MS, World


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def test_a_hub_s_stock_is_what_arrived_less_what_it_sent(world):
    tell(world)
    found = world.ledger.stock("AE")
    assert (found.head, found.participant) == (world.ledger.head, "AE")
    assert (found.total.imports, found.total.exports) == (12_000 + 12_000 + 10_000, 10_000)
    assert (found.total.stock, found.total.uncovered, found.total.uncovered_share) == (24_000, 0, 0)
    assert (found.total.import_certificates, found.total.export_certificates) == (3, 1)
    assert [(one.hs, one.imports, one.exports) for one in found.by_hs] == [
        ("710210", 0, 0),
        ("710221", 9_000, 0),
        ("710231", 25_000, 10_000),
    ]


def test_what_is_short_is_negative_and_named(world):
    tell(world)
    total = world.ledger.stock("RU").total
    assert (total.stock, total.uncovered, total.uncovered_share) == (-10 * 12_000, 120_000, 10_000)


def test_sorting_moves_carats_between_codes(world):
    mined = world.issue(lines=(world.line(9_000, "710210"),))
    world.accept(mined, world.confirm(mined))
    world.accept(world.reexport("AE0000001", {"BW0000001": 3_000}, lines=(world.line(3_000, "710231", ()),)))
    found = world.ledger.stock("AE")
    assert [one.stock for one in (found.total, *found.by_hs)] == [6_000, 9_000, 0, -3_000]
    assert [one.uncovered for one in (found.total, *found.by_hs)] == [0, 0, 0, 3_000]


def test_the_uncovered_share_is_rounded_down(world):
    mined = world.issue()
    lines = (ConfirmLine(world.commitment(), "710231", 1_000),)
    world.accept(mined, world.confirm(mined, outcome="discrepancy", lines=lines))
    world.accept(world.reexport("AE0000001", {"BW0000001": 1_000}, lines=(world.line(3_000, "710231", ()),)))
    total = world.ledger.stock("AE").total
    assert (total.uncovered, total.uncovered_share) == (2_000, 6_666)


def test_who_never_traded_has_nothing(world):
    tell(world)
    found = world.ledger.stock("NA")
    assert [(one.imports, one.exports, one.uncovered_share) for one in (found.total, *found.by_hs)] == [(0, 0, 0)] * 4


def test_every_stock_is_that_of_the_running_sums(world):
    tell(world)
    sums = {(row.participant, row.flow, row.hs): row.points for row in world.ledger.totals()}
    for code in world.ledger.register.participants:
        found = world.ledger.stock(code)
        for one in (found.total, *found.by_hs):
            assert one.imports == sums.get((code, "import", one.hs), 0)
            assert one.exports == sums.get((code, "export", one.hs), 0)


def test_opening_stock_and_the_newest_production_are_in_it(world):
    world.now += 200 * DAY_MS
    opening = StockBody("2026-02-28", (StockLine("710231", 5_000),))
    first = ProductionBody("2026H1", (ProductionLine(cents=1, hs="710210", points=900),), 1)
    second = ProductionBody(
        "2026H1",
        (
            ProductionLine(cents=1, hs="710210", points=1_000, zone="Jwaneng"),
            ProductionLine(cents=1, hs="710221", points=200),
        ),
        2,
    )
    world.accept(world.sign("stock.declare", opening, "BW"), world.sign("production.report", first, "BW"))
    assert world.ledger.stock("BW").total.production == 900
    issued = {"issued": "2026-09-15", "validated": "2026-09-15", "expires": "2026-10-15"}
    world.accept(world.sign("production.report", second, "BW"), world.issue(lines=(world.line(6_100, "710231"),), **issued))
    found = world.ledger.stock("BW")
    assert (found.total.opening, found.total.production, found.total.stock, found.total.uncovered) == (5_000, 1_200, 100, 0)
    assert [(one.hs, one.stock) for one in found.by_hs] == [("710210", 1_000), ("710221", 200), ("710231", -1_100)]
    assert world.ledger.stock("RU").total.stock == 0
