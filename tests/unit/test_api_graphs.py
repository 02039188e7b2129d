"""Geometry of charts and the map, in integers: axes, classes, lines that break, outlines of every participant."""

import itertools
import re

import pytest

from api.pages import graphs, svg
from api.pages.dataset import Figure, Measure, shown
from api.pages.language import ENGLISH, FRENCH
from tests.support.port import local_port


@pytest.mark.parametrize(
    ("largest", "unit", "lines"),
    [
        (0, 100, (0, 100)),
        (100, 100, (0, 100)),
        (1_000, 100, (0, 200, 400, 600, 800, 1_000)),
        (123_456_789, 100, (0, 50_000_000, 100_000_000, 150_000_000)),
        (7, 1, (0, 2, 4, 6, 8)),
    ],
)
def test_axes_have_few_round_steps_and_hold_the_largest(largest, unit, lines):
    axis = graphs.scale(largest, unit)
    assert axis.lines == lines
    assert axis.top >= largest


@pytest.mark.parametrize("largest", [1, 9, 10, 55, 99, 100, 4_999, 10**6 + 1, 10**12])
def test_axes_of_every_size(largest):
    axis = graphs.scale(largest, 1)
    assert axis.top >= largest
    assert 2 <= len(axis.lines) <= 7
    assert len({after - before for before, after in zip(axis.lines, axis.lines[1:], strict=False)}) == 1


def test_numbers_on_axes():
    assert [graphs.compact(number, ENGLISH) for number in (0, 500, 20_000, 1_500_000, 3 * 10**9)] == [
        "0", "500", "20\N{NO-BREAK SPACE}k", "1.5\N{NO-BREAK SPACE}M", "3\N{NO-BREAK SPACE}bn",
    ]  # fmt: skip
    assert graphs.compact(1_500_000_000, FRENCH) == "1,5\N{NO-BREAK SPACE}Md"


def test_classes_of_the_map_are_powers_of_ten():
    borders = graphs.classes([12, 4_500_000, 99_000], 100)
    assert borders == (1_000, 10_000, 100_000, 1_000_000)
    assert [graphs.level(amount, borders) for amount in (None, 0, 1, 1_000, 99_999, 10**6, 10**9)] == [
        "0", "0", "1", "2", "3", "5", "5",
    ]  # fmt: skip
    assert graphs.classes([], 1) == graphs.classes([0], 1) == ()


def test_a_line_breaks_where_an_amount_is_not_known():
    line = graphs.Line("Botswana", (100, 200, None, 400, None, 600), ("1", "2", "", "4", "", "6"))
    drawing = "".join(graphs.draw_series(list("abcdef"), [line], ENGLISH, unit=1, width=700, height=300))
    assert len(re.findall("<polyline", drawing)) == 1, "a lone amount is a dot"
    assert len(re.findall("<circle", drawing)) == 4
    assert "Botswana, d: 4" in drawing


def test_names_at_the_ends_of_lines_do_not_meet():
    lines = [graphs.Line(f"N{at}", (100 + at, 100 + at), ("", "")) for at in range(6)]
    drawing = "".join(graphs.draw_series(["a", "b"], lines, ENGLISH, unit=1, width=700, height=300))
    places = sorted(int(y) for y in re.findall(r'<text x="\d+" y="(\d+)"[^>]*class="end', drawing))
    assert len(places) == 6
    assert all(after - before >= 17 for before, after in itertools.pairwise(places))


def test_words_in_drawings_are_escaped():
    assert svg.tag("title", "<b>&") == "<title>&lt;b&gt;&amp;</title>"
    assert svg.tag("a", href='"x"', fill=None) == '<a href="&#34;x&#34;"/>'


def test_every_participant_is_on_the_map(tmp_path):
    with local_port(tmp_path) as port:
        _, _, outlines, points = graphs.world()
        for one in port.ledger.register.participants.values():
            assert any(country in outlines or country in points for country in one.countries), one.code


def test_amounts():
    figure = Figure(points=200, cents=301, certificates=4)
    assert [figure.amount(measure) for measure in Measure] == [200, 301, 151, 4]
    assert [figure.decimal(measure) for measure in Measure] == ["2.00", "3.01", "1.51", "4"]
    assert [shown(figure.amount(measure), measure, FRENCH) for measure in Measure] == ["2,00", "3", "1,51", "4"]
    hidden = Figure(None, None, 2, "c")
    assert [hidden.decimal(measure) for measure in Measure] == ["", "", "", "2"]
    assert Figure(0, 0, 1).amount(Measure.PRICE) is None
