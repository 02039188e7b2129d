"""Twins: whatever two copies of one validator do between them, the honest ones agree and go on."""

from math import gcd

import pytest

from consensus.messages import VoteKind
from consensus.quorum import Committee
from tests.simulation import drivers, shrink, twins
from tests.simulation.report import run

SCENARIOS = 500
CHUNK = 25


@pytest.mark.parametrize("first", range(0, SCENARIOS, CHUNK))
def test_twins(first: int) -> None:
    for number in range(first, first + CHUNK):
        run(twins.scenario(number))


def test_the_scenarios_are_all_different_and_cover_every_partition() -> None:
    assert twins.scenarios() == 4 * 20**2 * 52
    assert gcd(twins._stride(twins.scenarios()), twins.scenarios()) == 1
    chosen = [twins.scenario(number) for number in range(4 * SCENARIOS)]
    assert len({(one.twin, one.partitions) for one in chosen}) == len(chosen)
    assert {one.partitions[-1] for one in chosen[:SCENARIOS]} == set(twins.partitions(5))
    assert len(twins.partitions(5)) == 52


def test_the_twins_do_what_they_are_for() -> None:
    """They vote twice, are convicted of it, and one block gets FINAL in a part while another part holds something else."""
    double = convicted = nullified = 0
    for number in range(40):
        simulation = run(twins.scenario(number))
        twin = simulation.options.twin
        cast = [vote for vote, voters in simulation.checker._tally.items() if twin in voters and vote.kind == VoteKind.NOTARIZE]
        double += len(cast) > len({vote.view for vote in cast})
        convicted += any(simulation.checker.convicted[: twins.VALIDATORS])
        nullified += len(simulation.checker.nullified)
    assert double > 8
    assert convicted > 8
    assert nullified > 8


def test_a_quorum_too_small_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of four: each side of a partition finalizes its own. The checker is told the same number, or it would object earlier."""
    quorum = Committee.__init__

    def small(self: Committee, *arguments: object) -> None:
        quorum(self, *arguments)  # passed on as given
        self.quorum = 2

    monkeypatch.setattr(Committee, "__init__", small)
    found = set()
    for number in range(60):
        simulation = drivers.simulation(twins.scenario(number))
        simulation.checker.quorum = 2
        try:
            simulation.run()
        except Exception as error:  # noqa: BLE001 - whatever the broken core does
            found.add(shrink.failure_of(error))
    assert found & {"fork", "two-notarizations", "nullified-and-finalized"}
