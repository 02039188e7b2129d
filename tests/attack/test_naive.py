"""The attacks succeed against a release with primary suppression alone; so a release that withstands them is shown something."""

import pytest

from tests.attack.attacker import Files, System
from tests.attack.files import read
from tests.attack.history import history
from tests.attack.judge import CELL, OUTSIDE, judge, prior
from tests.attack.late import told
from tests.attack.naive import naive, newest, release_of
from tests.attack.simple import HS, PARTNER, QUARTER, WORLD, differences, estimate, mirror, subtract
from tests.attack.truth import EVERYBODY, secrets
from tests.attack.worlds import EXPORT, LEAST_CHANGE, ODD, QUARTERS, YEAR, make


def seen(world):
    """Rows by release, all rows together, and the truth likewise."""
    rows = [read(text) for text in naive(world)]
    truths = [secrets(world, one.period, one.vintages) for one in newest(world)]
    return rows, {k: v for one in rows for k, v in one.items()}, {k: v for one in truths for k, v in one.items()}


def told_outside(score):
    """All that an outsider finds, too late to help or not."""
    return [one for one in score.findings if one.attacker == OUTSIDE]


def recovered(claims, truth):
    """All claims are true, and these are of unsafe cells."""
    assert {place: truth[place].cents for place in claims} == claims
    return [place for place in claims if truth[place].unsafe]


def test_margins_give_cells_away():
    shares = []
    for seed in range(3):
        _, rows, truth = seen(make("unsafe-first", seed))
        shares.append(100 * len(recovered(subtract(rows, {}, HS, WORLD), truth)) / len(truth))
    assert min(shares) > 4


def test_quarters_with_the_year_give_cells_away():
    more = 0
    for seed in range(3):
        _, rows, truth = seen(make("zero-quarters", seed))
        more += len(recovered(subtract(rows, {}, QUARTER), truth))
    assert more > 0


def test_partners_give_cells_away():
    assert (
        sum(
            len(recovered(subtract(rows, {}, PARTNER), truth)) for _, rows, truth in map(seen, [make("few", 0), make("few", 1)])
        )
        > 0
    )


def test_the_mirror_tells_the_trade_of_a_pair():
    read_off = 0
    for seed in range(6):
        world = make("sole-pair", seed)
        _, rows, truth = seen(world)
        for place, cents in mirror(rows, world.sides(0)).items():
            read_off += truth[place].unsafe and abs(cents - truth[place].cents) < truth[place].need[1]
    assert read_off > 1


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_difference_between_releases_is_a_late_record(count):
    found = 0
    for seed in range(30):
        world = make("late-quarter", seed)
        rows, _, _ = seen(world)
        for (early, late, place), change in differences(rows).items():
            new = [
                one for one in world.shipments if early < one.stage <= late and one.sent == QUARTERS[0] and one.hs == place.hs
            ]
            new = [one for one in new if place.flow == EXPORT and place.participant in (one.exporter, EVERYBODY)]
            if len(new) == count:
                assert change == sum(one.cents for one in new)
                found += 1
    assert found > 0


def test_a_singleton_subtracts_its_own_figures():
    more = 0
    for seed in range(3):
        _, rows, truth = seen(make("sole-exporter", seed))
        outside = subtract(rows, {}, HS, WORLD)
        for own, secret in truth.items():
            if len(secret.traders) == 1 and own.participant != EVERYBODY and own not in outside:
                more += len(recovered(subtract(rows, {own: secret.cents}, HS, WORLD), truth)) - len(recovered(outside, truth))
    assert more > 0


def test_a_prior_narrows_a_large_cell_beside_a_small_one():
    close = 0
    for seed in range(1, 12):
        _, rows, truth = seen(make("dominant", seed))
        for place, (low, high) in estimate(rows, {k: v.cents for k, v in truth.items()}, HS, WORLD).items():
            assert low <= truth[place].cents <= high
            close += truth[place].unsafe and high - truth[place].cents < truth[place].need[1]
    assert close > 0


@pytest.mark.parametrize("kind", ["few", "sole-exporter", "zero-quarters", "unsafe-first"])
def test_the_linear_programs_find_whatever_subtraction_finds(kind):
    world = make(kind, 1)
    rows, _, _ = seen(world)
    found = {
        (one.release, one.place)
        for one in told_outside(judge(world, newest(world), naive(world), traders=False))
        if one.measure
    }
    simple = 0
    for number, (truth, release) in enumerate(
        zip((secrets(world, one.period, one.vintages) for one in newest(world)), rows, strict=True)
    ):
        for place in recovered(subtract(release, {}, HS, WORLD, PARTNER), truth):
            simple += 1
            assert (number, place) in found
    assert simple > 0


@pytest.mark.parametrize("kind", ["few", "late-quarter", "unreturned"])
def test_an_alternative_table_of_the_attacker_adds_up_to_everything_published(kind):
    world = make(kind, 3)
    releases, texts = newest(world), naive(world)
    files = Files(texts, [prior(world, one) for one in releases])
    system = System(files, 1)
    truths = [secrets(world, one.period, one.vintages) for one in releases]
    unsafe = [(number, place) for number, truth in enumerate(truths) for place, secret in truth.items() if secret.unsafe]
    moving = 0
    for number, target in unsafe[:: max(1, len(unsafe) // 20)]:
        width, table = system.widest(system.vector(number, target))
        changes = [_changes(files, one, table) for one in range(len(releases))]
        for release, change in enumerate(changes):
            assert all(abs(by) <= files.priors[release][side][1] / 2 + system.slack for side, by in change.items())
            for place, row in files.rows[release].items():
                if row.cents is not None:
                    assert abs(sum(by for side, by in change.items() if place.holds(side))) < 50 * system.slack
        assert width == pytest.approx(sum(by for side, by in changes[number].items() if target.holds(side)), abs=1)
        moving += width > 1
    assert moving


def _changes(files, release, table):
    """How far each side of a release is from its estimate."""
    moved = dict(zip(files.entries, table, strict=True))
    sides = files.priors[release].items()
    return {side: moved[side.exporter, side.importer, side.hs, side.quarter] for side, (_, cents) in sides if cents}


@pytest.mark.parametrize("kind", ODD)
def test_the_attacker_finds_cells_in_every_odd_world(kind):
    world = make(kind, 0)
    score = judge(world, newest(world), naive(world), traders=False)
    assert score.mismatches == score.bare == []
    assert any(one.recovered for one in told_outside(score))
    assert score.failures(CELL) or len(told_outside(score)) > 0.9 * score.targets


@pytest.mark.parametrize("kind", ["late", "revised"])
def test_sums_of_several_releases_tell_late_records_that_are_not_held(kind):
    world = make(kind, 0)
    releases = newest(world)
    changes = told(world, releases, Files(naive(world), [prior(world, one) for one in releases]))
    assert {one.certificates for one in changes} == {1, 2}
    assert any(len(one.early) == len(QUARTERS) for one in changes)
    held = history(world)
    files = Files([release_of(world, one) for one in held], [prior(world, one) for one in held])
    assert not [one for one in told(world, held, files) if not one.place.partner]


def test_worlds_are_what_they_say():
    assert make("few", 5) == make("few", 5) != make("few", 6)
    equal = make("equal", 0)
    assert len({one.cents for one in equal.shipments}) == 1
    assert all(
        len({one.importer for one in make("single-partner", 0).shipments if one.exporter == who}) <= 1
        for who in make("single-partner", 0).participants
    )
    late = make("late", 0)
    assert {one.stage for one in late.shipments} > {0}
    assert LEAST_CHANGE == 3
    assert late.releases.count(YEAR) == 2
