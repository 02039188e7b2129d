"""What the product releases of generated worlds withstands the attacker."""

import pytest

from tests.attack.__main__ import too_much
from tests.attack.campaign import CALIBRATED, campaign, chosen, table
from tests.attack.worlds import RECIPES

CUBES = 50
"""Worlds with even seeds: the small ones."""


@pytest.fixture(scope="module")
def results():
    return list(campaign(chosen(CUBES, 0, step=2)))


def test_no_cell_is_recovered_or_known_too_closely(results):
    assert [line for one in results for line in one.failures()] == [], "\n".join(table(results))


def test_calibrated_worlds_hide_little(results):
    assert {one.kind for one in results} == set(RECIPES) > set(CALIBRATED)
    assert too_much(results) == []


def test_something_was_asked(results):
    assert sum(one.score.unsafe for one in results) > 1_000
    assert sum(one.score.questions for one in results) > 10_000
