"""Whatever is taken from a good proposal is noticed: the verifier objects, or what it lets pass withstands the attacker."""

from collections import Counter

import pytest

from tests.attack.mutations import HISTORY, MOVE, SUPPRESSION, WITNESS, fate, mutants, needed
from tests.attack.product import publish
from tests.attack.worlds import make

WORLDS = (("few", 1), ("sole-exporter", 1), ("unsafe-first", 1), ("late-quarter", 1), ("zero-quarters", 1))
EACH = 6


@pytest.fixture(scope="module")
def fates():
    found = []
    for kind, seed in WORLDS:
        world = make(kind, seed)
        played = publish(world)
        for stage in range(len(world.releases)):
            for mutant in mutants(world, played, stage, 0, EACH):
                found.append(
                    (fate(world, played, stage, mutant), mutant.sort == SUPPRESSION and needed(world, played, stage, mutant))
                )
    return found


def test_nothing_that_passes_can_be_attacked(fates):
    assert [one for one, _ in fates if one.found] == []
    assert len(fates) >= 200


def test_a_needed_suppression_is_missed(fates):
    assert [one for one, was_needed in fates if was_needed and not one.objection] == []
    assert sum(was_needed for _, was_needed in fates) > 20


def test_a_missing_witness_is_objected_to(fates):
    assert [one for one, _ in fates if one.mutant.sort in (WITNESS, MOVE) and not one.objection] == []


def test_every_sort_was_tried(fates):
    assert min(Counter(one.mutant.sort for one, _ in fates)[sort] for sort in (SUPPRESSION, WITNESS, MOVE, HISTORY)) > 10
