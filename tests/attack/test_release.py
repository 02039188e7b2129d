"""What the product releases of generated worlds withstands the attacker: 50 worlds with even seeds, the small ones."""

import pytest

from tests.attack.attacker import Files
from tests.attack.campaign import chosen, play
from tests.attack.judge import prior
from tests.attack.late import told
from tests.attack.naive import release_of
from tests.attack.product import product_history
from tests.attack.worlds import RECIPES, make

CUBES = chosen(50, 0, step=2)


@pytest.mark.parametrize(("kind", "seed"), CUBES)
def test_no_cell_is_recovered_or_known_too_closely(kind, seed):
    result = play(kind, seed)
    assert result.failures() == []
    assert result.impossible() == []
    assert [one for one in result.late if not one.place.partner] == []
    assert result.score.unsafe > 10
    assert result.score.questions > 2 * result.score.unsafe


def test_no_release_is_to_blame_for_what_is_known_without_it():
    """In this world newer figures of the year come with estimates so narrow that a quarter's release, safe when it was made, tells too much."""
    result = play("late", 10)
    assert result.failures() == []
    assert {(one.release, one.place.participant) for one in result.score.inevitable()} == {(3, "CM"), (3, "world")}


def test_worlds_of_all_kinds_are_attacked():
    assert {kind for kind, _ in CUBES} == set(RECIPES)


@pytest.mark.parametrize("kind", ["late", "revised", "late-quarter"])
def test_vintages_tell_no_late_record_of_a_participant(kind):
    assert [one for one in _told(make(kind, 0)) if not one.place.partner] == []


def test_vintages_tell_no_late_record_of_a_pair():
    assert [one for kind in ("late", "revised") for one in _told(make(kind, 0)) if one.place.partner] == []


def _told(world):
    """Late records that follow from the vintages which the product shows, with primary suppression alone."""
    releases = product_history(world)
    return told(world, releases, Files([release_of(world, one) for one in releases], [prior(world, one) for one in releases]))
