"""ledger/statistics/cube.py and what it rests on: the figures of a period are those of the records, at every height since its closing."""

import os
import random
import subprocess
import sys

import pytest

from ledger import keys
from ledger.bodies import RETURN_FILE
from ledger.errors import HeightNotExecutedError, PeriodError, PeriodOpenError
from ledger.statistics.older import Older
from ledger.statistics.tables import Source
from tests.support import changes, days, quarters, reports
from tests.support.quarters import return_of
from tests.support.world import World

BLOCKS = 120


def late(world, number, **changes):
    """A certificate of the last day of March."""
    return world.issue(number=number, issued="2026-03-31", validated="2026-03-31", expires="2026-05-01", **changes)


@pytest.fixture(scope="module", params=(1, 2, 3, 4))
def year(request, tmp_path_factory):
    with World.make(tmp_path_factory.mktemp("year") / "db", quarters.made_of()) as world:
        yield world, quarters.tell(world, request.param, BLOCKS)


def test_the_figures_of_every_height_are_those_of_its_records(year):
    world, told = year
    compared = 0
    for period in quarters.PERIODS:
        for height in told.moments:
            if quarters.closed(told, period, height):
                cube = world.ledger.cube(period, height)
                assert cube == quarters.recount(told, world, period, height)
                assert cube == told.fresh[period, height], "it reads otherwise when more has happened since"
                assert list(cube.blocks) == sorted(cube.blocks)
                compared += 1
    assert compared > 2 * BLOCKS


def test_the_history_has_what_is_hard(year):
    """Figures of every source; sums of closed quarters that changed, some of them from or to nothing; restated production."""
    world, told = year
    sources = {block.source for cube in told.fresh.values() for block in cube.blocks.values()}
    assert sources == set(Source)
    kept = list(world.store.iterate(keys.OLDER))
    assert len(kept) > 20
    assert any(not value for _, value in kept)
    fourths = [block for cube in told.fresh.values() for key, block in cube.blocks.items() if key.quarter == "2026Q4"]
    assert any(block.annual for block in fourths)
    first, last = (told.fresh["2026Q1", height] for height in (min(h for p, h in told.fresh if p == "2026Q1"), BLOCKS))
    assert first.blocks != last.blocks
    stated = {key: block for key, block in first.blocks.items() if block.source == Source.LEDGER}
    assert any(key in last.blocks and last.blocks[key].record for key in stated)


def test_a_period_closes_with_the_first_block_that_is_late_enough(year):
    world, told = year
    for period in quarters.PERIODS:
        first = min(height for height in told.moments if quarters.closed(told, period, height))
        time, size = told.moments[first]
        assert world.ledger.closing(period) == (first, time, size)
        with pytest.raises(PeriodOpenError, match=f"{period} closes on"):
            world.ledger.cube(period, first - 1)
    assert world.ledger.closing("2029Q3") is None


def test_what_cannot_be_read_says_why(year):
    world, _ = year
    head = world.ledger.head.height
    for height in (head + 1, -1, 1 << 64):
        with pytest.raises(HeightNotExecutedError):
            world.ledger.cube("2026Q1", height)
    for period in ("2026Q5", "2026H3", "26", "2026-Q1", "", "2026Q1\n", "9" * 300, "٢٠٢٦"):
        for read in (
            lambda period=period: world.ledger.cube(period, head),
            lambda period=period: world.ledger.live_cube(period),
        ):
            with pytest.raises(PeriodError):
                read()
        with pytest.raises(PeriodError):
            world.ledger.closing(period)
    with pytest.raises(PeriodOpenError):
        world.ledger.cube("2029Q2", head)


def test_the_live_figures_are_those_of_the_head(year):
    world, _ = year
    for period in quarters.PERIODS:
        assert world.ledger.live_cube(period) == world.ledger.cube(period, world.ledger.head.height)
    assert world.ledger.live_cube("2029").blocks == {}


def test_other_hash_seeds_give_the_same_figures(tmp_path):
    with World.make(tmp_path / "db", quarters.made_of()) as world:
        wanted = quarters.digest(quarters.tell(world, 5, BLOCKS), world)
    for hashing in ("0", "4242"):
        run = [sys.executable, "-m", "tests.support.quarters", "5", str(BLOCKS)]
        found = subprocess.run(run, env=os.environ | {"PYTHONHASHSEED": hashing}, capture_output=True, text=True, check=True)
        assert found.stdout.strip() == wanted


def test_the_order_of_records_in_a_block_does_not_matter(tmp_path):
    """Late ones among them, after the quarter has closed."""
    cubes = []
    for order in range(3):
        with World.make(tmp_path / f"{order}", quarters.made_of()) as world:

            def accept(records, seed=order, world=world):
                world.accept(*random.Random(seed).sample(records, len(records)))

            issues = [world.issue(number=f"BW{n:07}", destination=("AE", "EU", "RU")[n % 3]) for n in range(12)]
            accept(issues)
            accept([world.confirm(issue) for issue in issues])
            world.now = reports.APRIL
            accept([reports.production(world, code) for code in ("AE", "BW", "RU")])
            accept([late(world, f"RU{n:07}", destination=("AE", "EU")[n % 2]) for n in range(9)])
            cubes.append([world.ledger.cube("2026Q1", height) for height in (3, 4)])
    assert cubes[0] == cubes[1] == cubes[2]
    assert [len(cube.blocks) for cube in cubes[0]] == [4, 5]


# --- what a closed quarter keeps --------------------------------------------------------------------------------------


@pytest.fixture
def closed_quarter(tmp_path):
    """BW exported once in March; the block of 5 April noon, height 2, closed the quarter."""
    with World.make(tmp_path / "db", quarters.made_of()) as world:
        issue = world.issue(issued="2026-03-01", validated="2026-03-01")
        world.accept(issue)
        world.now = reports.APRIL
        world.block()
        yield world, issue


def points(world, height):
    block = world.ledger.cube("2026Q1", height).blocks.get(("BW", "export", "2026Q1"))
    return None if block is None else (block.certificates, sum(entry.points for entry in block.entries), certificates(block))


def certificates(block):
    """By HS code."""
    return {hs: sum(one.certificates for one in block.entries if one.hs == hs) for hs in {one.hs for one in block.entries}}


ONE, TWO = (1, 12_000, {"710221": 1, "710231": 1}), (2, 24_000, {"710221": 2, "710231": 2})
THREE = (3, 36_000, {"710221": 3, "710231": 3})


def test_each_change_is_kept_with_its_height(closed_quarter):
    world, issue = closed_quarter
    world.accept(late(world, "BW0000002"), late(world, "BW0000003"))
    world.block()
    world.accept(changes.closed(world, "BW0000002"))
    world.accept(changes.closed(world, "BW0000003"), changes.closed(world, issue.body.number))
    world.accept(late(world, "BW0000004"))
    assert [points(world, height) for height in range(2, 8)] == [ONE, THREE, THREE, TWO, None, ONE]


def test_what_is_stated_of_a_year_holds_for_the_figures_that_it_knew(closed_quarter):
    """A certificate of the first quarter is voided after the fourth's return; then the first's is filed anew, then the fourth's."""
    world, issue = closed_quarter
    world.accept(late(world, "BW0000002"))
    filed = []

    def file(quarter, revision):
        made = return_of(world, "BW", "export", quarter, revision, random.Random(1))
        filed.append(world.sign(RETURN_FILE, made, "BW"))
        world.accept(filed[-1])
        return annual()

    def annual():
        return world.ledger.cube("2026", world.ledger.head.height).blocks["BW", "export", "2026Q4"].annual.keys()

    days.pass_to(world, "2027-01-06")
    stated = {"710221", "710231", "AE", "all"}
    world.accept(world.sign(RETURN_FILE, return_of(world, "BW", "export", "2026Q1", 1, random.Random(1)), "BW"))
    assert file("2026Q4", 1) == stated
    world.accept(changes.closed(world, issue.body.number))
    assert annual() == stated, "the figures shown of the first quarter are those of its return still"
    assert file("2026Q1", 2) == set()
    assert world.ledger.cube("2026Q4", world.ledger.head.height).blocks["BW", "export", "2026Q4"].annual.keys() == stated
    assert file("2026Q4", 2) == stated
    heights = range(world.ledger.head.height - 3, world.ledger.head.height + 1)
    read = [world.ledger.cube("2026", height).blocks["BW", "export", "2026Q4"] for height in heights]
    assert [block.annual.keys() for block in read] == [stated, stated, set(), stated]


def test_dates_of_other_centuries_stop_no_block(closed_quarter):
    """A quarter of which no release can be, as a paper certificate's date may give it."""
    world, _ = closed_quarter
    put = {}
    older = Older(world.ledger.register, world.ledger.head.time, 7, lambda place: b"before", put.__setitem__)
    for quarter in ("1999Q4", "0001Q1", "2999Q4"):
        older.keep(keys.quarter("BW", "e", quarter))
    assert put == {
        keys.older(keys.quarter("BW", "e", quarter)) + bytes(7) + b"\7": b"before" for quarter in ("1999Q4", "0001Q1")
    }


def test_what_the_closing_block_changes_is_not_kept(tmp_path):
    with World.make(tmp_path / "db", quarters.made_of()) as world:
        world.accept(world.issue(issued="2026-03-01", validated="2026-03-01"))
        world.now = reports.APRIL
        world.accept(late(world, "BW0000002"))
        assert list(world.store.iterate(keys.OLDER)) == []
        world.accept(late(world, "BW0000003"))
        kept = list(world.store.iterate(keys.OLDER))
        assert len(kept) == 3
        assert {key[-8:] for key, _ in kept} == {(3).to_bytes(8, "big")}
        assert [points(world, height) for height in (2, 3)] == [TWO, THREE]


def test_a_refused_record_keeps_nothing(closed_quarter):
    world, _ = closed_quarter
    applied = world.block(world.issue(number="BW0000002", destination="BW"))
    assert applied.judgements[0].refusal is not None
    assert list(world.store.iterate(keys.OLDER)) == []


def test_an_open_quarter_keeps_nothing(closed_quarter):
    world, _ = closed_quarter
    world.accept(world.issue(number="BW0000002", issued="2026-04-02", validated="2026-04-02", expires="2026-05-01"))
    world.accept(world.issue(number="BW0000003", issued="2026-04-02", validated="2026-04-02", expires="2026-05-01"))
    assert list(world.store.iterate(keys.OLDER)) == []
    with pytest.raises(PeriodOpenError):
        world.ledger.cube("2026Q2", world.ledger.head.height)
