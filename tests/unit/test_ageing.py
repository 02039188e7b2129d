"""ledger/ageing.py: how long certificates have been open, against a count of every one of them."""

import pytest

from ledger import ageing, keys
from ledger.ageing import Backlog, OpenByDay
from ledger.bodies import ConfirmLine
from ledger.errors import StoreError
from ledger.overlay import Overlay
from ledger.store import Reads
from ledger.units import block_date, date_of, day_number
from tests.support.story import tell
from tests.support.world import DAY_MS, TODAY, World


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def counted(world):
    """The same, out of every certificate."""
    today = day_number(block_date(world.ledger.head.time))
    sums = {}
    for row in world.ledger.certificates().rows:
        if row.state == "open":
            age = today - day_number(row.issued)
            place = next((place for place, most in enumerate(ageing.AGES) if age <= most), len(ageing.AGES))
            buckets = sums.setdefault(row.destination, [[0, 0] for _ in range(len(ageing.AGES) + 1)])
            buckets[place][0] += 1
            buckets[place][1] += row.points
    return {code: [tuple(bucket) for bucket in buckets] for code, buckets in sorted(sums.items())}


def shown(world):
    found = world.ledger.ageing()
    assert found.head == world.ledger.head
    for one in found.owed:
        assert one.all.certificates == sum(bucket.certificates for bucket in one.by_age)
        assert one.all.points == sum(bucket.points for bucket in one.by_age)
    return {one.destination: [(bucket.certificates, bucket.points) for bucket in one.by_age] for one in found.owed}


def test_nothing_is_owed_on_an_empty_ledger(world):
    assert world.ledger.ageing().owed == ()


def test_what_is_owed_is_what_a_scan_would_count(world):
    tell(world)
    assert shown(world) == counted(world)
    assert list(shown(world)) == ["AE", "EU", "GN", "LR", "VE", "ZA"]
    assert {one.destination: one.oldest for one in world.ledger.ageing().owed}["VE"] == "2026-02-09"
    for days in (9, 10, 11, 30, 31, 59, 60, 61, 82, 89, 90, 91, 92, 93, 400):
        world.block(time=max(world.now, world.ledger.genesis.time + days * DAY_MS))
        assert shown(world) == counted(world), days
        assert world.ledger.ageing().today == date_of(day_number(TODAY) + days)


@pytest.mark.parametrize(
    ("age", "bucket"), [(0, 0), (1, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (92, 3), (3_000, 3)]
)
def test_the_edges_of_the_buckets(world, age, bucket):
    issue = world.issue(issued=TODAY, validated=TODAY)
    world.accept(issue)
    world.block(time=world.ledger.genesis.time + age * DAY_MS + 5_000)
    assert [one[0] for one in shown(world)["AE"]] == [int(place == bucket) for place in range(4)]


def test_a_day_that_has_not_begun_in_utc_counts_as_the_newest(world):
    tomorrow = date_of(day_number(TODAY) + 1)
    world.accept(world.issue(issued=tomorrow, validated=tomorrow))
    assert shown(world) == {"AE": [(1, 12_000), (0, 0), (0, 0), (0, 0)]}


def test_an_outcome_leaves_nothing_behind(world):
    issues = [world.issue(number=f"BW000000{n}") for n in range(1, 4)]
    world.accept(*issues)
    lines = (ConfirmLine(world.commitment(), "710231", 1),)
    world.accept(world.confirm(issues[0]), world.confirm(issues[1], outcome="refused", lines=()))
    assert shown(world) == {"AE": [(1, 12_000), (0, 0), (0, 0), (0, 0)]}
    world.accept(world.confirm(issues[2], outcome="discrepancy", lines=lines))
    assert shown(world) == {}
    assert list(world.store.iterate(keys.OPEN_SINCE)) == []


def test_one_block_may_open_and_settle(world):
    issue = world.issue()
    world.accept(issue, world.confirm(issue))
    assert world.ledger.ageing().owed == ()


def test_reading_does_not_grow_with_what_is_open(world, monkeypatch):
    world.accept(*(world.issue(number=f"BW{n:07}") for n in range(1, 201)))
    world.block(time=world.now + 40 * DAY_MS)
    looks = []
    iterate = Reads.iterate

    def counting(self, prefix, **options):
        for item in iterate(self, prefix, **options):
            looks.append(item)
            yield item

    monkeypatch.setattr(Reads, "iterate", counting)
    assert shown(world) == {"AE": [(0, 0), (200, 2_400_000), (0, 0), (0, 0)]}
    assert len(looks) == 3


def test_a_day_before_1970_is_the_first_one(world):
    overlay = Overlay(world.store.get, world.ledger._standing.rolls)
    changes = OpenByDay()
    changes.add("AE", "1969-12-31", 5, 1)
    changes.write(overlay)
    assert [key for key, _ in overlay.writes()] == [b"a/AE", b"a/AE" + bytes(4)]


def test_a_store_without_counts_is_damaged(tmp_path):
    with World.make(tmp_path / "db") as world:
        issue = world.issue()
        world.accept(issue)
        for key, _ in list(world.store.iterate(keys.OPEN_SINCE)):
            world.store.write({keys.OPEN_SINCE + key: None}, sync=False)
    with World.make(tmp_path / "db") as world:
        world.made = 1_000
        with pytest.raises(StoreError, match="AE"):
            world.block(world.confirm(issue))


def test_damage_is_told(world):
    world.accept(world.issue())
    ((_, held), (day, _)) = world.store.iterate(keys.OPEN_SINCE + b"AE")
    for spoilt in ({keys.open_since("AE"): None}, {keys.OPEN_SINCE + b"AE" + day: None}, {keys.open_since("AE"): held[1:]}):
        before = dict(world.store.iterate(keys.OPEN_SINCE + b"AE"))
        world.store.write(spoilt, sync=False)
        with pytest.raises(StoreError):
            world.ledger.ageing()
        world.store.write({keys.OPEN_SINCE + b"AE" + key: value for key, value in before.items()}, sync=False)
    assert world.ledger.ageing().owed[0].all == Backlog(1, 12_000)
