"""Sixty-four nodes on a wide-area network: what a record waits for, what a block costs. Times are virtual, so these are no timed
tests: the same seed gives the same figures on any machine.
"""

from tests.simulation.scale import FOLLOWED, Run, Scenario, scenarios
from tests.simulation.scale_figures import percentile

LIGHT, _, _, COLD, DEAD, BURST = scenarios(64)


def test_sixty_four_nodes_agree_within_the_figures() -> None:
    figures = Run(LIGHT, 1).run()
    assert len(figures.origin) >= 200
    assert percentile(figures.blocks, 50) <= 350
    assert percentile(figures.origin, 99) <= 1_000
    assert percentile(figures.every, 99) <= 1_000
    assert percentile(figures.origin, 50) <= 550
    assert max(figures.each(2)) <= 2 * 43  # a quorum of notarize and one of finalize votes, no signature twice


def test_f_dead_leaders_cost_little_once_they_are_known_to_be_silent() -> None:
    figures = Run(DEAD, 1).run()
    assert percentile(figures.origin, 50) <= 1_000


def test_a_burst_at_one_node_delays_the_others_little() -> None:
    """Two megabytes to 63 peers take ten seconds of its line; the records of others go on."""
    figures = Run(Scenario("burst", 64, records=40, burst=2_000), 1).run()
    assert percentile(figures.origin, 50) <= 700
    assert percentile(figures.burst, 100) <= 15_000


def test_followers_see_what_thirteen_validators_agree_on() -> None:
    figures = Run(FOLLOWED, 1).run()
    assert percentile(figures.followers, 50) <= 550
    assert percentile(figures.followers, 99) <= 1_000


def test_the_seed_decides_everything() -> None:
    small = Scenario("small", 7, followers=2, dead=1, records=20, burst=50)
    assert Run(small, 1).run() == Run(small, 1).run()
    assert Run(small, 1).run().trace != Run(small, 2).run().trace
