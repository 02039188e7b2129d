"""ledger/flow.py: the most that reaches the last node is the least that a cut lets through."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.custody import finish
from ledger.flow import Network, reach

PLENTY = 10**6


def least_cut(network, supplies):
    """Over every set of nodes that holds the last one: what enters in it, and the edges that lead into it."""
    *others, last = range(len(supplies))
    cuts = []
    for size in range(len(others) + 1):
        for chosen in combinations(others, size):
            inside = {*chosen, last}
            entering = sum(points for source, taker, points in network.edges if taker in inside and source not in inside)
            cuts.append(entering + sum(supplies[node] for node in inside))
    return min(cuts)


def network(nodes, edges):
    return Network([0] * nodes, [0] * nodes, edges)


@st.composite
def networks(draw):
    nodes = draw(st.integers(1, 8))
    pairs = [(source, taker) for source in range(nodes) for taker in range(source + 1, nodes)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=16)) if pairs else []
    edges = [(source, taker, draw(st.integers(1, 20))) for source, taker in sorted(chosen)]
    return network(nodes, edges), draw(st.lists(st.integers(0, 30), min_size=nodes, max_size=nodes))


@settings(max_examples=500, deadline=None)
@given(networks())
def test_the_largest_flow_is_the_least_cut(drawn):
    made, supplies = drawn
    found = finish(reach(made, supplies, PLENTY))
    assert found.exact
    assert found.points == least_cut(made, supplies)
    assert found.left <= PLENTY


@settings(max_examples=200, deadline=None)
@given(networks(), st.integers(0, 40))
def test_when_steps_end_the_bound_holds(drawn, left):
    made, supplies = drawn
    found, least = finish(reach(made, supplies, left)), least_cut(made, supplies)
    assert found.points >= least
    assert not found.exact or found.points == least
    assert 0 <= found.left <= left


def test_points_are_displaced_where_that_lets_more_through():
    """First come, first served gives all to node 1, which has enough of its own; node 2 has nothing else."""
    made = network(4, [(0, 1, 10), (0, 2, 10), (1, 3, 10), (2, 3, 10)])
    assert finish(reach(made, [10, 10, 0, 0], PLENTY)).points == 20


@pytest.mark.parametrize("nodes", [2, 1_000])
def test_a_single_road_needs_no_steps(nodes):
    made = network(nodes, [(node, node + 1, 7) for node in range(nodes - 1)])
    found = finish(reach(made, [9] + [0] * (nodes - 1), 0))
    assert (found.points, found.exact, found.left) == (7, True, 0)
