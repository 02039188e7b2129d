"""ledger/custody.py: chains up and down over a real store, from one state of it, and where they are cut."""

import pytest

from ledger import keys
from ledger.composition import compose
from ledger.custody import Direction, Taking, finish
from ledger.errors import StoreError
from ledger.shelf import place_of, read_body
from tests.support.world import World


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def trade(world):
    """BW and RU to AE; AE mixes to EU; EU to ZA twice, one of them open, and ZA the first of them back to AE."""
    mined = [world.issue(number="BW0000001"), world.issue(number="RU0000001", lines=(world.line(10_000, "710231", ("RU",)),))]
    world.accept(*mined)
    world.accept(*(world.confirm(issue) for issue in mined))
    mix = world.reexport("AE0000001", {"BW0000001": 6_000, "RU0000001": 3_000})
    world.accept(mix, world.confirm(mix))
    onward = [
        world.reexport("EU0000001", {"AE0000001": 5_000}, destination="ZA", lines=(world.line(5_000, "710231", ()),)),
        world.reexport("EU0000002", {"AE0000001": 1_000}, destination="ZA", lines=(world.line(2_000, "710231", ("BE",)),)),
    ]
    world.accept(*onward, world.confirm(onward[0], key="ZA/both"))
    lines = (world.line(4_000, "710231", ()),)
    world.accept(world.reexport("ZA0000001", {"EU0000001": 4_000}, destination="AE", lines=lines, key="ZA/both"))


def follow(world, number, **directions):
    return finish(world.ledger.custody(number, **directions))


def numbers(chain):
    return [link.number for link in chain.links]


def test_upstream_goes_down_to_production(world):
    trade(world)
    found = follow(world, "ZA0000001")
    assert (found.head, found.number) == (world.ledger.head, "ZA0000001")
    assert numbers(found.up) == ["ZA0000001", "EU0000001", "AE0000001", "BW0000001", "RU0000001"]
    assert [link.level for link in found.up.links] == [0, 1, 2, 3, 3]
    assert found.up.takings == (
        Taking("EU0000001", "ZA0000001", 4_000),
        Taking("AE0000001", "EU0000001", 5_000),
        Taking("BW0000001", "AE0000001", 6_000),
        Taking("RU0000001", "AE0000001", 3_000),
    )
    assert [link.unattributed for link in found.up.links] == [0, 0, 1_000, 12_000, 10_000]
    assert not found.up.cut
    assert numbers(found.down) == ["ZA0000001"]


def test_downstream_goes_to_whoever_has_the_carats_now(world):
    trade(world)
    down = follow(world, "BW0000001", up=False).down
    assert numbers(down) == ["BW0000001", "AE0000001", "EU0000001", "EU0000002", "ZA0000001"]
    assert [link.level for link in down.links] == [0, 1, 2, 2, 3]
    assert down.takings[0] == Taking("BW0000001", "AE0000001", 6_000)
    assert [(link.state, link.claimed) for link in down.links[1:3]] == [("confirmed", 6_000), ("confirmed", 4_000)]
    assert [link.measured for link in down.links] == [12_000, 10_000, 5_000, None, None]
    assert (down.direction, down.cut) == (Direction.DOWN, False)


def test_only_what_is_asked_for(world):
    trade(world)
    assert follow(world, "AE0000001", down=False).down is None
    assert follow(world, "AE0000001", up=False).up is None
    assert follow(world, "AE0000009") is None
    assert follow(world, "") is None


def test_a_link_shows_what_its_certificate_says(world):
    trade(world)
    link = follow(world, "EU0000002").up.links[0]
    row = world.ledger.certificate("EU0000002").row
    for name in ("number", "issuer", "destination", "state", "type", "issued", "points", "measured", "claimed", "index"):
        assert getattr(link, name) == getattr(row, name), name
    assert [(line.origin, line.points) for line in link.lines] == [(("BE",), 2_000)]


def test_the_origins_of_a_chain(world):
    trade(world)
    found = finish(compose(follow(world, "ZA0000001").up))
    bounds = {share.country: (share.lowest, share.pro_rata, share.highest) for share in found.shares}
    assert bounds == {"BW": (0, 2_400, 4_000), "RU": (0, 1_200, 3_000 + 1_000)}
    assert [(one.countries, one.pro_rata) for one in found.mixed] == [((), 400)]


def test_a_certificate_reached_by_two_ways_stands_once(world):
    mined = world.issue()
    world.accept(mined, world.confirm(mined))
    halves = [world.reexport(f"AE000000{n}", {"BW0000001": 6_000}, lines=(world.line(6_000, "710231", ()),)) for n in (1, 2)]
    world.accept(*halves, *(world.confirm(half) for half in halves))
    world.accept(world.reexport("EU0000001", {"AE0000001": 5_000, "AE0000002": 5_000}, destination="ZA"))
    found = follow(world, "EU0000001")
    assert [(link.number, link.level) for link in found.up.links] == [
        ("EU0000001", 0),
        ("AE0000001", 1),
        ("AE0000002", 1),
        ("BW0000001", 2),
    ]
    assert len(found.up.takings) == 4
    assert not found.up.cut
    assert numbers(follow(world, "BW0000001").down) == ["BW0000001", "AE0000001", "AE0000002", "EU0000001"]


@pytest.mark.parametrize(("certificates", "kept"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)])
def test_a_chain_that_is_cut_says_so_and_where(world, monkeypatch, certificates, kept):
    trade(world)
    monkeypatch.setattr("ledger.custody.MAX_CHAIN_CERTIFICATES", certificates)
    up = follow(world, "ZA0000001").up
    assert numbers(up) == ["ZA0000001", "EU0000001", "AE0000001", "BW0000001", "RU0000001"][:kept]
    beyond = [{"ZA0000001": 4_000}, {"EU0000001": 5_000}, {"AE0000001": 9_000}, {"AE0000001": 3_000}, {}][kept - 1]
    assert (up.beyond, up.cut) == (beyond, bool(beyond))
    down = follow(world, "BW0000001").down
    assert numbers(down) == ["BW0000001", "AE0000001", "EU0000001", "EU0000002", "ZA0000001"][:kept]
    beyond = [{"BW0000001": 6_000}, {"AE0000001": 6_000}, {"AE0000001": 1_000, "EU0000001": 4_000}, {"EU0000001": 4_000}, {}]
    assert down.beyond == beyond[kept - 1]


def test_no_more_takings_are_looked_at_than_the_limit(world, monkeypatch):
    trade(world)
    monkeypatch.setattr("ledger.custody.MAX_CHAIN_TAKINGS", 3)
    up = follow(world, "ZA0000001").up
    assert (len(up.takings), up.beyond) == (3, {"AE0000001": 3_000})
    down = follow(world, "BW0000001").down
    assert (len(down.takings), down.beyond) == (3, {"EU0000001": 4_000})


def test_a_cut_chain_has_bounds_that_hold(world, monkeypatch):
    trade(world)
    whole = finish(compose(follow(world, "ZA0000001").up))
    monkeypatch.setattr("ledger.custody.MAX_CHAIN_CERTIFICATES", 4)
    cut = finish(compose(follow(world, "ZA0000001").up))
    assert whole.closest
    assert not cut.closest
    for share in cut.shares:
        (closer,) = (one for one in whole.shares if one.country == share.country)
        assert share.lowest <= closer.lowest
        assert share.highest >= closer.highest


def test_all_of_it_is_of_one_block(world, monkeypatch):
    trade(world)
    monkeypatch.setattr("ledger.custody._LOOKS_A_STEP", 1)
    steps = world.ledger.custody("BW0000001")
    next(steps)
    height = world.ledger.head.height
    world.accept(world.reexport("AE0000002", {"BW0000001": 1_000}))
    found = finish(steps)
    assert found.head.height == height
    assert "AE0000002" not in numbers(found.down)
    assert "AE0000002" in numbers(follow(world, "BW0000001").down)


def test_steps_that_are_given_up_let_go_of_the_store(world):
    trade(world)
    steps = world.ledger.custody("BW0000001")
    steps.close()
    assert follow(world, "BW0000001") is not None


def test_damage_is_told(world):
    trade(world)
    issue = world.ledger.certificate("RU0000001").records[0]
    raw = read_body(world.store, issue)
    for spoilt in (None, raw[:-1] + bytes([raw[-1] ^ 1])):
        world.store.write({keys.BODY + place_of(world.store, issue): spoilt}, sync=False)
        with pytest.raises(StoreError, match=issue.hex()):
            follow(world, "ZA0000001")
    world.store.write({keys.BODY + place_of(world.store, issue): raw, keys.certificate("RU0000001"): None}, sync=False)
    with pytest.raises(StoreError, match="RU0000001"):
        follow(world, "ZA0000001")
    world.store.write({keys.HEAD: None}, sync=False)
    with pytest.raises(StoreError, match="head"):
        follow(world, "BW0000001")
