"""Real production, reported half by half on a ledger, comes out as it was published; what is reported anew replaces it.

The tables name each producer's thousand carats and million dollars of a year, "others", and the totals as published, which are those of
figures that were not rounded.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.bodies import PRODUCTION_REPORT, ProductionBody
from ledger.bodies.reports import ProductionLine
from ledger.units import DAY_MS
from tests.support.world import VALIDATORS, World, _participant, genesis

DATA = Path(__file__).parents[1] / "data"
PUBLISHED = {"2022": (121_471, 16_285), "2023": (111_523, 12_725)}
"""World production, thousand carats and million dollars."""

OTHERS = "BR"
"""Reports what the table has as others."""

POINTS_OF_KCARATS, CENTS_OF_MUSD = 100_000, 100_000_000


def table(year):
    with (DATA / f"production_{year}.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["iso2"] != "WORLD"]
    codes = [OTHERS if row["iso2"] == "OTH" else row["iso2"] for row in rows]
    figures = [(int(row["production_kcarats"]), int(row["value_musd"])) for row in rows]
    return dict(zip(codes, figures, strict=True))


def lines(points, cents):
    """The same total out of two HS codes, one of them from two zones."""
    parts = (("710210", "", 3), ("710231", "North", 5), ("710231", "South", None))
    found, left = [], [points, cents]
    for hs, zone, share in parts:
        amounts = [whole if share is None else whole // share for whole in left]
        left = [whole - amount for whole, amount in zip(left, amounts, strict=True)]
        found.append(ProductionLine(amounts[1], hs, amounts[0], zone))
    return tuple(found)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """In 2026 everybody reports both halves of both years; then they are read."""
    union = _participant("EU", countries=("BE", "DE"))
    made_of = genesis(participants=(union, *map(_participant, sorted({*table("2022"), *table("2023"), *VALIDATORS} - {"EU"}))))
    with World.make(tmp_path_factory.mktemp("production") / "db", made_of) as world:
        for year in PUBLISHED:
            for half, share in ((f"{year}H1", 2), (f"{year}H2", 1)):
                records = []
                for code, (kcarats, musd) in sorted(table(year).items()):
                    points, cents = kcarats * POINTS_OF_KCARATS, musd * CENTS_OF_MUSD
                    first = (points // 2, cents // 2)
                    rows = lines(*(first if share == 2 else (points - first[0], cents - first[1])))
                    records.append(world.sign(PRODUCTION_REPORT, ProductionBody(half, rows, 1), code))
                world.accept(*records)
        yield world


def totals(cube):
    points = sum(points for report in cube.production.values() for _, points, _ in report.lines)
    cents = sum(cents for report in cube.production.values() for _, _, cents in report.lines)
    return Decimal(points) / POINTS_OF_KCARATS, Decimal(cents) / CENTS_OF_MUSD


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_published_totals_come_out_within_their_rounding(world, year):
    """Each of twelve or thirteen rows is rounded by half a unit at most."""
    cube = world.ledger.cube(year, world.ledger.head.height)
    rounding = Decimal(len(table(year))) / 2
    for found, published in zip(totals(cube), PUBLISHED[year], strict=True):
        assert abs(found - published) <= rounding
    assert len(cube.production) == 2 * len(table(year))
    assert cube.blocks == {}


@pytest.mark.parametrize("year", PUBLISHED)
def test_every_producer_has_its_own_figure_to_the_point(world, year):
    cube = world.ledger.cube(year, world.ledger.head.height)
    for code, (kcarats, musd) in table(year).items():
        reports = [cube.production[code, half] for half in (f"{year}H1", f"{year}H2")]
        assert sum(points for report in reports for _, points, _ in report.lines) == kcarats * POINTS_OF_KCARATS
        assert sum(cents for report in reports for _, _, cents in report.lines) == musd * CENTS_OF_MUSD
        assert [[hs for hs, _, _ in report.lines] for report in reports] == [["710210", "710231"]] * 2


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_halves_are_those_of_the_year(world, year):
    head = world.ledger.head.height
    halves = [world.ledger.cube(f"{year}{half}", head) for half in ("H1", "H2")]
    assert halves[0].production | halves[1].production == world.ledger.cube(year, head).production
    assert world.ledger.cube(f"{year}Q2", head).production == {}
    assert world.ledger.closing(year).height == 0


def test_a_restated_half_keeps_the_earlier_figure(world):
    """As 2022 was: 119.96 million carats at first, 121.471 later."""
    before = world.ledger.head.height
    world.now += 60 * DAY_MS
    held = world.ledger.cube("2022H1", before).production["ZW", "2022H1"]
    more = ProductionBody("2022H1", lines(sum(points for _, points, _ in held.lines) + 151_100_000, 7), 2)
    world.accept(world.sign(PRODUCTION_REPORT, more, "ZW"))
    first, second = (totals(world.ledger.cube("2022", height))[0] for height in (before, before + 1))
    assert second - first == Decimal(1_511)
    assert world.ledger.cube("2022H1", before).production["ZW", "2022H1"] == held
    assert world.ledger.cube("2022H1", before).names == world.ledger.cube("2022H1", before + 1).names
