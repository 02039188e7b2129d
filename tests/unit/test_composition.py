"""ledger/composition.py: origins of mixed chains, against an enumeration of every way in which the points can have travelled."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.bodies import Line, Source
from ledger.composition import apportion, compose
from ledger.custody import Chain, Direction, Link, Taking, finish
from ledger.entries import CertificateState
from ledger.errors import StoreError
from ledger.flow import reach
from ledger.limits import MAX_FLOW_STEPS, MAX_ORIGIN_CLASSES

TRUTHS = (("AA", "z"), ("AA", "y"), ("BB", ""), ("XX", ""))
"""What a point can really be; XX is a country that no line names."""

CLASSES = {
    (("AA",), ""): TRUTHS[:2],
    (("AA",), "z"): TRUTHS[:1],
    (("BB",), ""): TRUTHS[2:3],
    (("AA", "BB"), ""): TRUTHS[:3],
    ((), ""): TRUTHS,
}


def link(number, lines, sources=(), *, measured=None, index=None):
    """A certificate: lines as (points, countries[, zone]), sources as (number, points)."""
    stated = tuple(Line(bytes(32), "710231", tuple(countries), points, *zone) for points, countries, *zone in lines)
    points = sum(line.points for line in stated)
    return Link(
        number=number,
        issuer="AA",
        destination="BB",
        state=CertificateState.CONFIRMED,
        type="export",
        issued="2026-03-01",
        points=points,
        measured=points if measured is None else measured,
        claimed=0,
        index=int(number[2:]) if index is None else index,
        level=0,
        lines=stated,
        sources=tuple(Source(source, taken) for source, taken in sources),
    )


def chain(*links, beyond=None):
    """The upstream chain of the first of these certificates."""
    numbers = {one.number for one in links}
    takings = [
        Taking(source.number, one.number, source.points) for one in links for source in one.sources if source.number in numbers
    ]
    gone = {
        one.number: sum(source.points for source in one.sources if source.number not in numbers)
        for one in links
        if any(source.number not in numbers for source in one.sources)
    }
    return Chain(Direction.UP, links, tuple(takings), beyond if beyond is not None else gone)


def shares(composition):
    return {
        (one.country + ("/" if one.zone else "") + one.zone): (one.lowest, one.pro_rata, one.highest)
        for one in composition.shares
    }


def told(*links):
    return finish(compose(chain(*links)))


# --- what it says


def test_production_is_what_its_lines_say():
    found = told(link("AA0001", [(60, ["AA"]), (40, ["AA"], "z")]))
    assert shares(found) == {"AA": (100, 100, 100), "AA/z": (40, 40, 100)}
    assert (found.exact, found.closest, found.points, found.mixed) == (False, True, 100, ())
    assert told(link("AA0001", [(60, ["AA"])])).exact


def test_a_mixed_chain_has_bounds_and_a_pro_rata_figure():
    first, second = link("AA0001", [(60, ["AA"], "z")]), link("BB0002", [(40, ["BB"])])
    mix = link("CC0003", [(100, [])], [("AA0001", 60), ("BB0002", 40)])
    found = told(link("DD0004", [(50, [])], [("CC0003", 50)]), mix, first, second)
    assert shares(found) == {"AA": (10, 30, 50), "AA/z": (10, 30, 50), "BB": (0, 20, 40)}
    assert not found.exact
    whole = told(mix, first, second)
    assert shares(whole) == {"AA": (60, 60, 60), "AA/z": (60, 60, 60), "BB": (40, 40, 40)}
    assert whole.exact


def test_a_source_that_comes_back_by_two_ways_is_one_source():
    mix = link("CC0001", [(50, ["AA"]), (50, ["BB"])])
    left, right = link("DD0002", [(60, [])], [("CC0001", 60)]), link("EE0003", [(40, [])], [("CC0001", 40)])
    assert shares(told(left, mix)) == {"AA": (10, 30, 50), "BB": (10, 30, 50)}
    both = told(link("FF0004", [(100, [])], [("DD0002", 60), ("EE0003", 40)]), left, right, mix)
    assert shares(both) == {"AA": (50, 50, 50), "BB": (50, 50, 50)}
    assert both.exact


def test_the_way_can_lead_against_a_taking():
    """First come, first served gives the AA points to DD; the most of them reach the end when EE has them."""
    mix, pure = link("CC0001", [(10, ["AA"]), (10, ["BB"])]), link("CC0002", [(10, ["AA"])])
    one = link("DD0003", [(20, [])], [("CC0001", 10), ("CC0002", 10)])
    other = link("EE0004", [(10, [])], [("CC0001", 10)])
    end = link("FF0005", [(20, [])], [("DD0003", 10), ("EE0004", 10)])
    assert shares(told(end, one, other, mix, pure)) == {"AA": (10, 13, 20), "BB": (0, 7, 10)}


def test_what_is_not_stated_of_one_country_is_said_so():
    mix = link("AA0001", [(30, ["AA", "BB"]), (20, []), (50, ["AA"])])
    found = told(mix)
    assert shares(found) == {"AA": (50, 50, 100), "BB": (0, 0, 50)}
    assert [(one.countries, one.pro_rata) for one in found.mixed] == [((), 20), (("AA", "BB"), 30)]


def test_an_unattributed_rest_is_some_of_the_lines():
    source = link("AA0001", [(50, ["AA"])])
    found = told(link("BB0002", [(60, ["BB"]), (40, [])], [("AA0001", 50)]), source)
    assert shares(found) == {"AA": (50, 50, 90), "BB": (10, 30, 50)}
    assert [(one.countries, one.pro_rata) for one in found.mixed] == [((), 20)]
    assert {one.country: one.stated for one in found.shares} == {"AA": 0, "BB": 60}


def test_what_the_issuer_states_of_goods_from_sources_is_shown_and_not_believed():
    source = link("AA0001", [(50, ["AA"]), (50, ["BB"])])
    (first, second) = told(link("CC0002", [(50, ["BB"])], [("AA0001", 50)]), source).shares
    assert (first.lowest, first.highest, first.stated) == (0, 50, 0)
    assert (second.lowest, second.highest, second.stated) == (0, 50, 50)


def test_a_zone_is_one_country_s_alone():
    found = told(link("AA0001", [(10, ["AA", "BB"], "z"), (20, ["AA"], "z"), (30, ["AA"], "y"), (40, ["AA"])]))
    assert shares(found)["AA/z"] == (20, 20, 70)
    assert shares(found)["AA/y"] == (30, 30, 80)
    assert shares(found)["BB"] == (0, 0, 10)
    assert "BB/z" not in shares(found)


def test_more_or_less_may_arrive_than_was_issued():
    more = link("AA0001", [(10, ["AA"])], measured=12)
    assert shares(told(link("BB0002", [(12, [])], [("AA0001", 12)]), more)) == {"AA": (10, 10, 12)}
    less = link("AA0001", [(6, ["AA"]), (4, ["BB"])], measured=8)
    assert shares(told(link("BB0002", [(8, [])], [("AA0001", 8)]), less)) == {"AA": (4, 5, 6), "BB": (2, 3, 4)}


def test_what_lies_beyond_a_cut_is_not_stated():
    found = told(link("BB0002", [(40, ["BB"])], [("AA0001", 30)]))
    assert shares(found) == {"BB": (10, 10, 40)}
    assert [(one.countries, one.pro_rata) for one in found.mixed] == [((), 30)]
    assert not found.closest


def test_a_certificate_of_which_no_lines_are_known_is_not_stated():
    bare = link("AA0001", [(10, ["AA"])])
    bare = Link(**{name: getattr(bare, name) for name in bare.__struct_fields__} | {"lines": ()})
    found = told(bare)
    assert (found.shares, [(one.countries, one.pro_rata) for one in found.mixed]) == ((), [((), 10)])


def test_a_circle_is_damage():
    one, other = link("AA0001", [(1, [])], [("BB0002", 1)]), link("BB0002", [(1, [])], [("AA0001", 1)])
    with pytest.raises(StoreError, match="circle"):
        told(one, other)


# --- how much it can bear


def test_ten_thousand_levels_are_no_matter():
    links = [link("AA0000", [(7, ["AA"]), (3, ["BB"])])]
    for level in range(1, 10_000):
        links.append(link(f"BB{level:04}", [(10, [])], [(links[-1].number, 10)]))
    assert shares(told(*reversed(links))) == {"AA": (7, 7, 7), "BB": (3, 3, 3)}


def test_too_many_zones_and_sets_are_merged():
    zones = link("AA0001", [(1, ["AA"], f"zone {n}") for n in range(MAX_ORIGIN_CLASSES + 1)])
    found = told(zones)
    assert shares(found) == {"AA": (101, 101, 101)}
    assert not found.closest
    countries = [a + b for a in "ABCDE" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    lines = [(n + 1, [country]) for n, country in enumerate(countries[: MAX_ORIGIN_CLASSES + 5])]
    found = told(link("AA0001", lines))
    assert len(found.shares) == MAX_ORIGIN_CLASSES - 1
    assert shares(found)["EA"] == (105, 105, 126)
    assert [(one.countries, one.pro_rata) for one in found.mixed] == [((), 21)]
    pairs = [(1, sorted([country, "ZZ"])) for country in countries[: MAX_ORIGIN_CLASSES + 1]]
    found = told(link("AA0001", [*pairs, (9, ["ZZ"])]))
    assert shares(found) == {"ZZ": (9, 9, 110)}
    assert not found.closest


def test_flows_that_take_too_long_leave_bounds_that_hold(monkeypatch):
    mix = link("CC0001", [(50, ["AA"]), (50, ["BB"])])
    left, right = link("DD0002", [(60, [])], [("CC0001", 60)]), link("EE0003", [(40, [])], [("CC0001", 40)])
    both = (link("FF0004", [(100, [])], [("DD0002", 60), ("EE0003", 40)]), left, right, mix)
    monkeypatch.setattr("ledger.composition.MAX_FLOW_STEPS", 3)
    found = told(*both)
    assert shares(found) == {"AA": (10, 50, 90), "BB": (10, 50, 90)}
    assert not found.closest
    assert MAX_FLOW_STEPS > 1_000


def test_the_same_flow_is_looked_for_once(monkeypatch):
    looked = []

    def counting(network, supplies, left):
        looked.append(supplies)
        return reach(network, supplies, left)

    monkeypatch.setattr("ledger.composition.reach", counting)
    countries = sorted(a + b for a in "ABCDE" for b in "ABCDEFGHIJ")
    found = told(link("BB0002", [(40, [])], [("AA0001", 30)]), link("AA0001", [(30, countries)]))
    assert len(found.shares) == 50
    assert {(one.lowest, one.highest) for one in found.shares} == {(0, 40)}
    assert len(looked) == 1


# --- against every way there is


def picks(counts, size):
    """Every way to take so many out of a bag, as sorted items."""
    kinds = sorted(counts)
    for amounts in product(*(range(min(counts[kind], size) + 1) for kind in kinds)):
        if sum(amounts) == size:
            yield {kind: amount for kind, amount in zip(kinds, amounts, strict=True) if amount}


def truths(bag):
    """Every way in which the points of these classes can really be."""
    found = {frozenset()}
    for kind, points in bag.items():
        found = {
            frozenset((Counter(dict(before)) + Counter(dict(chosen))).items())
            for before in found
            for chosen in every_split(CLASSES[kind], points)
        }
    return found


def every_split(of, points):
    if len(of) == 1:
        return [((of[0], points),)] if points else [()]
    return [
        tuple(item for item in ((of[0], n), *rest) if item[1])
        for n in range(points + 1)
        for rest in every_split(of[1:], points - n)
    ]


def enumerate_ways(links):
    """Every multiset of truths that the last certificate can be; `links` in the log's order."""
    places = {one.number: at for at, one in enumerate(links)}
    states = {tuple(frozenset() for _ in links)}
    for at, one in enumerate(links):
        stated = Counter()
        for line in one.lines:
            stated[line.origin, line.zone] += line.points
        own = set().union(*(truths(bag) for bag in picks(stated, one.unattributed)))
        states = {(*state[:at], add(state[at], some), *state[at + 1 :]) for state in states for some in own}
        if one is links[-1]:
            break
        more = one.measured - one.points
        if more > 0:
            states = {
                (*state[:at], add(state[at], some), *state[at + 1 :]) for state in states for some in truths({((), ""): more})
            }
        for taker in links[at + 1 :]:
            for source in taker.sources:
                if source.number == one.number:
                    states = {
                        changed
                        for state in states
                        for taken in picks(dict(state[at]), source.points)
                        for changed in [move(state, at, places[taker.number], taken)]
                    }
        states = {(*state[:at], frozenset(), *state[at + 1 :]) for state in states}
    return {state[-1] for state in states}


def add(bag, more):
    return frozenset((Counter(dict(bag)) + Counter(dict(more))).items())


def move(state, source, taker, taken):
    changed = list(state)
    changed[source] = frozenset((Counter(dict(state[source])) - Counter(taken)).items())
    changed[taker] = add(state[taker], taken.items())
    return tuple(changed)


@st.composite
def small_chains(draw):
    """Two to five certificates of a few points each, in the log's order; the last one's chain holds all of them."""
    links, left = [], {}
    for place in range(draw(st.integers(2, 5))):
        sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
        lines = [(size, *draw(st.sampled_from(sorted(CLASSES)))) for size in sizes]
        room, sources = sum(sizes), []
        for number in sorted(left):
            taken = draw(st.integers(0, min(left[number], room)))
            if taken:
                sources.append((number, taken))
                left[number] -= taken
                room -= taken
        measured = max(1, sum(sizes) + draw(st.integers(-1, 1)))
        one = link(f"AA000{place}", lines, sources, measured=measured)
        links.append(one)
        left[one.number] = measured
    return links


def reaching(links):
    """Those from which something reaches the last one."""
    kept = {links[-1].number}
    for one in reversed(links):
        if one.number in kept:
            kept |= {source.number for source in one.sources}
    return [one for one in links if one.number in kept]


@settings(max_examples=400, deadline=None)
@given(small_chains())
def test_bounds_are_those_of_every_way_there_is(links):
    links = reaching(links)
    found, ways = told(*reversed(links)), enumerate_ways(links)
    assert found.closest
    assert ways
    for share in found.shares:
        amounts = [
            sum(points for truth, points in way if truth[0] == share.country and share.zone in {"", truth[1]}) for way in ways
        ]
        assert (share.lowest, share.highest) == (min(amounts), max(amounts)), share
        assert share.lowest <= share.pro_rata <= share.highest
    parts = [share.pro_rata for share in found.shares if not share.zone] + [one.pro_rata for one in found.mixed]
    assert sum(parts) == found.points == links[-1].points
    countries = Counter()
    for share in found.shares:
        countries[share.country] += share.pro_rata if share.zone else 0
    assert all(countries[share.country] <= share.pro_rata for share in found.shares if not share.zone)
    if found.exact:
        seen = {tuple(sorted(Counter(truth[0] for truth, points in way for _ in range(points)).items())) for way in ways}
        assert len(seen) == 1


@given(st.lists(st.integers(0, 10**6), max_size=8), st.data())
def test_largest_remainder_gives_the_whole_and_no_part_too_much(parts, data):
    amount = data.draw(st.integers(0, sum(parts)))
    given_out = apportion(amount, parts)
    assert sum(given_out) == amount
    for share, part in zip(given_out, parts, strict=True):
        assert share <= part
        if parts and sum(parts):
            assert abs(share * sum(parts) - amount * part) < sum(parts)
