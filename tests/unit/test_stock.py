"""ledger/stock.py: what was received less what was sent, and what is short."""

import pytest

from ledger.bodies import ConfirmLine
from tests.support.story import tell
from tests.support.world import World


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def test_a_hub_s_stock_is_what_arrived_less_what_it_sent(world):
    tell(world)
    found = world.ledger.stock("AE")
    assert (found.head, found.participant) == (world.ledger.head, "AE")
    assert (found.total.imports, found.total.exports) == (12_000 + 12_000 + 10_000, 10_000)
    assert (found.total.imports_less_exports, found.total.uncovered, found.total.uncovered_share) == (24_000, 0, 0)
    assert (found.total.import_certificates, found.total.export_certificates) == (3, 1)
    assert [(one.hs, one.imports, one.exports) for one in found.by_hs] == [
        ("710210", 0, 0),
        ("710221", 9_000, 0),
        ("710231", 25_000, 10_000),
    ]


def test_what_is_short_is_negative_and_named(world):
    tell(world)
    total = world.ledger.stock("RU").total
    assert (total.imports_less_exports, total.uncovered, total.uncovered_share) == (-10 * 12_000, 120_000, 10_000)


def test_sorting_moves_carats_between_codes(world):
    mined = world.issue(lines=(world.line(9_000, "710210"),))
    world.accept(mined, world.confirm(mined))
    world.accept(world.reexport("AE0000001", {"BW0000001": 3_000}, lines=(world.line(3_000, "710231", ()),)))
    found = world.ledger.stock("AE")
    assert [one.imports_less_exports for one in (found.total, *found.by_hs)] == [6_000, 9_000, 0, -3_000]
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
