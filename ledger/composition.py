"""Which origins the carats of a certificate have, as far as its chain of custody bears it out.

What is known of a certificate of W points: its sources and the points taken from each; the rest, of which its own lines speak.
Lines of points that come from sources are the issuer's word and no evidence: they are shown beside (`stated`), never counted.
A point is of a *class*: the set of countries that its line names (none: mixed, not stated) and, where that is one, its zone.

1. *Lowest* and *highest* of an origin: over every way in which the points can have travelled, each taking being some of the
   points that its source had left. Each origin is looked at for itself. That is a flow (`ledger.flow`): the points that may be
   of the origin run from the certificates where they entered, at most a taking's points along each taking. What can reach the
   certificate is the highest; the lowest is the whole less what can reach it of the points that may be of other origins.
2. *Pro rata*: every taking draws from what its source has left by largest remainder, the takings of a chain in the log's order;
   so does the unattributed rest from the lines. That is one of the ways of rule 1, so it lies between the bounds; origins and
   sets of several countries together make the whole.
3. Points that arrived beyond what was issued, and those of sources behind the end of a chain that is cut, are of no stated
   origin.
4. Where a chain names more than `MAX_ORIGIN_CLASSES` classes, zones are left out first, then sets, then the least origins;
   and flows end after `MAX_FLOW_STEPS`. The bounds hold still, but need not be the closest, and `closest` says so.

Integers only; nothing here recurses. Reference: 2-records.md, "Custody and the carat balance".
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.bodies import Line
from ledger.custody import Chain, Link, Steps
from ledger.errors import StoreError
from ledger.flow import Network, reach
from ledger.limits import MAX_FLOW_STEPS, MAX_ORIGIN_CLASSES
from ledger.units import Points

Class = tuple[tuple[str, ...], str]
"""Countries, ascending, and a zone: what is known of a point's origin."""

UNSTATED: Final[Class] = ((), "")
"""Mixed, not stated."""

_CERTIFICATES_A_STEP: Final = 10
"""Certificates gone through between two steps."""


@dataclass(frozen=True, slots=True)
class Share:
    """What is known of one origin; weights in points.

    Attributes:
        country: where it was mined.
        zone: a zone of that country; empty: all of it.
        lowest: at least so much is of this origin.
        highest: at most so much.
        pro_rata: when every taking is mixed like what it was taken from, so much is stated to be of this origin alone.
        stated: so much the certificate's own lines state to be of this origin alone.
    """

    country: str
    zone: str
    lowest: Points
    highest: Points
    pro_rata: Points
    stated: Points

    @property
    def exact(self) -> bool:
        """Whether there is nothing between the bounds."""
        return self.lowest == self.highest


@dataclass(frozen=True, slots=True)
class Mixed:
    """Pro rata, so much is only known to be of one of these countries; of none that is named when there are none."""

    countries: tuple[str, ...]
    pro_rata: Points


@dataclass(frozen=True, slots=True)
class Composition:
    """The origins of a certificate.

    Attributes:
        points: the whole, as issued.
        shares: every country that the chain names, ascending, each followed by its zones. Those of countries and `mixed`
            together make the whole, pro rata.
        mixed: what is not known to be of one country, ascending.
        closest: whether no bound could be closer by what the whole chain says.
    """

    points: Points
    shares: tuple[Share, ...]
    mixed: tuple[Mixed, ...]
    closest: bool

    @property
    def exact(self) -> bool:
        """Whether nothing is left open: every point is known to be of one country, and of each named zone or not."""
        return not self.mixed and all(share.exact for share in self.shares)


def compose(chain: Chain) -> Steps[Composition]:
    """The origins of the certificate whose upstream chain this is.

    Raises:
        StoreError: the chain goes in a circle.
    """
    links = _in_order(chain)
    yield
    coarse, rename = _coarsen(links)
    yield
    goods = [_goods(link, rename) for link in links]
    yield
    network = _network(chain, links)
    yield
    drawn = yield from _pro_rata(network, goods)
    whole, flows = links[-1].points, _Flows(network, goods)
    shares: list[Share] = []
    for country, zone in sorted(_origins(goods)):
        highest = yield from flows.most(lambda kind: _may_be(kind, country, zone))  # noqa: B023 - called at once
        others = yield from flows.most(lambda kind: not _is(kind, country, zone))  # noqa: B023 - likewise
        pro_rata, stated = (
            Points(sum(points for kind, points in one.items() if _is(kind, country, zone))) for one in (drawn, goods[-1])
        )
        shares.append(Share(country, zone, Points(whole - others), Points(highest), pro_rata, stated))
    mixed = Counter[tuple[str, ...]]()
    for (countries, _), points in drawn.items():
        if points and len(countries) != 1:
            mixed[countries] += points
    return Composition(
        points=whole,
        shares=tuple(shares),
        mixed=tuple(Mixed(countries, Points(points)) for countries, points in sorted(mixed.items())),
        closest=flows.exact and not chain.cut and not coarse,
    )


class _Flows:
    """The flows of one chain: what is asked for twice is looked for once, and steps are counted over all of them.

    Attributes:
        exact: whether all that were found are the largest, not only a bound.
    """

    __slots__ = ("_found", "_goods", "_left", "_network", "exact")

    def __init__(self, network: Network, goods: Sequence[Mapping[Class, int]]) -> None:
        self.exact = True
        self._network = network
        self._goods = goods
        self._left = MAX_FLOW_STEPS
        self._found: dict[tuple[int, ...], int] = {}

    def most(self, counts: Callable[[Class], bool]) -> Steps[int]:
        """The most points of the last certificate that can be of the classes that count."""
        supplies = tuple(_supplies(self._network, self._goods, counts))
        if supplies not in self._found:
            reached = yield from reach(self._network, supplies, self._left)
            self._left = reached.left
            self.exact = self.exact and reached.exact
            self._found[supplies] = reached.points
        yield
        return self._found[supplies]


def apportion(amount: int, parts: Sequence[int]) -> list[int]:
    """So much of the whole, in proportion to its parts and no more than any: by largest remainder, the earlier part first.

    Args:
        amount: at most the sum of the parts.
        parts: the whole.
    """
    whole = sum(parts)
    if not whole:
        return [0] * len(parts)
    shares = [amount * part // whole for part in parts]
    missing = amount - sum(shares)
    if missing:
        by_remainder = sorted(range(len(parts)), key=lambda place: -(amount * parts[place] % whole))  # equal ones stay in order
        for place in by_remainder[:missing]:
            shares[place] += 1
    return shares


# --- the chain as numbers ---------------------------------------------------------------------------------------------------


def _in_order(chain: Chain) -> list[Link]:
    """Sources before those that took from them, otherwise in the log's order; the certificate asked for is the last."""
    links = {link.number: link for link in chain.links}
    waiting = Counter(taking.number for taking in chain.takings)
    takers: dict[str, list[str]] = {}
    for taking in chain.takings:
        takers.setdefault(taking.source, []).append(taking.number)
    free = [(link.index, number) for number, link in links.items() if not waiting[number]]
    heapq.heapify(free)
    ordered = []
    while free:
        _, number = heapq.heappop(free)
        ordered.append(links[number])
        for taker in takers.get(number, ()):
            waiting[taker] -= 1
            if not waiting[taker]:
                heapq.heappush(free, (links[taker].index, taker))
    if len(ordered) != len(links) or ordered[-1] is not chain.links[0]:
        raise StoreError(f"the sources of {chain.links[0].number} go in a circle")
    return ordered


def _network(chain: Chain, links: Sequence[Link]) -> Network:
    place = {link.number: at for at, link in enumerate(links)}
    edges = sorted((place[taking.source], place[taking.number], int(taking.points)) for taking in chain.takings)
    taken = Counter[int]()
    for source, _, points in edges:
        taken[source] += points
    surplus = [max((link.measured or 0) - link.points, taken[at] - link.points, 0) for at, link in enumerate(links)]
    surplus[-1] = 0  # the certificate's own weight is as issued, whatever arrived
    return Network(
        rest=[int(link.unattributed) for link in links],
        free=[surplus[at] + chain.beyond.get(link.number, 0) for at, link in enumerate(links)],
        edges=edges,
    )


def _goods(link: Link, rename: Callable[[Class], Class]) -> Mapping[Class, int]:
    """A certificate's points by class, as its lines state them."""
    goods = Counter[Class]()
    for line in link.lines:
        goods[rename(_class(line))] += line.points
    return goods or Counter({UNSTATED: int(link.points)})


def _class(line: Line) -> Class:
    return line.origin, line.zone if len(line.origin) == 1 else ""


def _coarsen(links: Iterable[Link]) -> tuple[bool, Callable[[Class], Class]]:
    """How classes are merged so that there are not too many, and whether any is."""
    weights, single = Counter[Class](), Counter[str]()
    for link in links:
        for line in link.lines:
            weights[_class(line)] += line.points
            if len(line.origin) == 1:
                single[line.origin[0]] += line.points
    for place, rename in enumerate((_as_stated, _without_zone, _one_country)):
        if len({rename(kind) for kind in weights}) <= MAX_ORIGIN_CLASSES:
            return place > 0, rename
    greatest = frozenset(sorted(single, key=lambda country: (-single[country], country))[: MAX_ORIGIN_CLASSES - 1])
    return True, lambda kind: _one_country(kind) if greatest.issuperset(kind[0]) else UNSTATED


def _as_stated(kind: Class) -> Class:
    return kind


def _without_zone(kind: Class) -> Class:
    return kind[0], ""


def _one_country(kind: Class) -> Class:
    return (kind[0], "") if len(kind[0]) == 1 else UNSTATED


# --- origins and classes ----------------------------------------------------------------------------------------------------


def _origins(goods: Iterable[Mapping[Class, int]]) -> set[tuple[str, str]]:
    """Every country, and every zone, that any of the classes names."""
    kinds = {kind for one in goods for kind in one}
    return {(country, zone) for countries, named in kinds for country in countries for zone in {"", named}}


def _is(kind: Class, country: str, zone: str) -> bool:
    """Whether a point of this class is certainly of the origin."""
    return kind[0] == (country,) and zone in {"", kind[1]}


def _may_be(kind: Class, country: str, zone: str) -> bool:
    """Whether a point of this class can be of the origin; one of a named zone is of no other."""
    if len(kind[0]) == 1 and zone and kind[1]:
        return _is(kind, country, zone)
    return not kind[0] or country in kind[0]


def _supplies(network: Network, goods: Sequence[Mapping[Class, int]], counts: Callable[[Class], bool]) -> list[int]:
    """For each certificate the points that entered the chain there and, as far as is known, can be of the kind that counts."""
    return [
        free + (min(rest, sum(points for kind, points in one.items() if counts(kind))) if rest else 0)
        for rest, free, one in zip(network.rest, network.free, goods, strict=True)
    ]


def _pro_rata(network: Network, goods: Sequence[Mapping[Class, int]]) -> Steps[Mapping[Class, int]]:
    """The classes of the last certificate, every taking mixed like what its source had left at its turn."""
    bags = [Counter[Class]() for _ in goods]
    for at, (bag, rest, free) in enumerate(zip(bags, network.rest, network.free, strict=True)):
        stated = sorted(goods[at].items())
        for (kind, _), points in zip(stated, apportion(rest, [points for _, points in stated]), strict=True):
            bag[kind] += points
        bag[UNSTATED] += free
        kinds = sorted(bag)
        left = [bag[kind] for kind in kinds]
        for edge in network.out[at]:
            _, taker, points = network.edges[edge]
            drawn = apportion(points, left)
            left = [held - taken for held, taken in zip(left, drawn, strict=True)]
            for kind, taken in zip(kinds, drawn, strict=True):
                if taken:
                    bags[taker][kind] += taken
        if at % _CERTIFICATES_A_STEP == 0:
            yield
    return bags[-1]
