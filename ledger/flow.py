"""How much can reach the last node of a network of takings: the largest flow, in whole points.

A network has nodes in an order in which every edge leads forward. A node passes on at most what enters at it or reaches it,
along each edge at most the edge's points.

1. Every edge takes what it can, as if it were its node's only one. Where no node promises more than it has (none with one edge
   does), that is the largest flow; else it is a bound that no flow exceeds.
2. Then nodes give first come, first served, and what is left over finds the shortest way to the last node, along edges with
   room or against edges from which it displaces other points, until there is none: Ford and Fulkerson, "Maximal flow through a
   network" (1956). That can take long in networks made for it, so steps are counted; when they end the bound of 1. stands.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.custody import Steps


class Edge(NamedTuple):
    """From a node to a later one, by their places, with the points that pass at most."""

    source: int
    taker: int
    points: int


class Network:
    """Nodes and edges.

    Attributes:
        rest: for each node the points that its own lines speak of.
        free: for each node the points that nothing is said of.
        edges: in the order in which sources give.
        out, into: for each node the places of its edges.
    """

    __slots__ = ("edges", "free", "into", "out", "rest")

    def __init__(self, rest: Sequence[int], free: Sequence[int], edges: Sequence[tuple[int, int, int]]) -> None:
        self.rest = rest
        self.free = free
        self.edges = [Edge(*edge) for edge in edges]
        self.out: list[list[int]] = [[] for _ in rest]
        self.into: list[list[int]] = [[] for _ in rest]
        for place, edge in enumerate(self.edges):
            self.out[edge.source].append(place)
            self.into[edge.taker].append(place)


@dataclass(frozen=True, slots=True)
class Reach:
    """What can reach the last node.

    Attributes:
        points: no more than these.
        exact: whether so many can.
        left: steps that are left for other flows.
    """

    points: int
    exact: bool
    left: int


def reach(network: Network, supplies: Sequence[int], left: int) -> Steps[Reach]:
    """The most points that can reach the last node, when so many enter at each."""
    bound, exact = _bound(network, supplies)
    if exact:
        return Reach(bound, exact=True, left=left)
    flows, spare = _first_served(network, supplies)
    while True:
        way, steps = _way(network, flows, spare)
        left -= steps
        if left < 0:
            return Reach(bound, exact=False, left=0)
        if way is None:
            return Reach(spare[-1], exact=True, left=left)
        _send(network, flows, spare, way)
        yield


def _bound(network: Network, supplies: Sequence[int]) -> tuple[int, bool]:
    """What would reach the last node if every edge took what it can; whether that is a flow."""
    held, exact = list(supplies), True
    for node, edges in enumerate(network.out):
        promised = 0
        for place in edges:
            _, taker, points = network.edges[place]
            given = min(points, held[node])
            held[taker] += given
            promised += given
        exact = exact and promised <= held[node]
    return held[-1], exact


def _first_served(network: Network, supplies: Sequence[int]) -> tuple[list[int], list[int]]:
    """A flow: points along each edge, and what stays at each node."""
    flows, spare = [0] * len(network.edges), list(supplies)
    for node, edges in enumerate(network.out):
        for place in edges:
            _, taker, points = network.edges[place]
            flows[place] = min(points, spare[node])
            spare[node] -= flows[place]
            spare[taker] += flows[place]
    return flows, spare


def _way(network: Network, flows: Sequence[int], spare: Sequence[int]) -> tuple[list[tuple[int, bool]] | None, int]:
    """The shortest way from a node with something left to the last one, and how many edges were looked at.

    A way is a list of edges, each gone along (True) or against (False).
    """
    last = len(spare) - 1
    onward: dict[int, tuple[int, bool, int]] = {}
    reached, coming, steps = {last}, deque([last]), 0
    while coming:
        node = coming.popleft()
        steps += len(network.into[node]) + len(network.out[node])
        nexts = [(place, True, network.edges[place].source) for place in network.into[node]]
        nexts += [(place, False, network.edges[place].taker) for place in network.out[node]]
        for place, along, other in nexts:
            room = network.edges[place].points - flows[place] if along else flows[place]
            if not room or other in reached:
                continue
            reached.add(other)
            onward[other] = (place, along, node)
            if spare[other]:
                return _unroll(onward, other, last), steps
            coming.append(other)
    return None, steps


def _unroll(onward: dict[int, tuple[int, bool, int]], node: int, last: int) -> list[tuple[int, bool]]:
    way = []
    while node != last:
        place, along, node = onward[node]
        way.append((place, along))
    return way


def _send(network: Network, flows: list[int], spare: list[int], way: Sequence[tuple[int, bool]]) -> None:
    """As much as the way has room for."""
    place, along = way[0]
    begin = network.edges[place].source if along else network.edges[place].taker
    rooms = [network.edges[place].points - flows[place] if along else flows[place] for place, along in way]
    points = min(spare[begin], *rooms)
    for place, along in way:
        flows[place] += points if along else -points
    spare[begin] -= points
    spare[-1] += points
