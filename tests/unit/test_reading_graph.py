"""The drawing of a chain: columns by level, no box on another, lines between drawn boxes only, the rest counted."""

import random

import pytest

from api.limits import MAX_DRAWN_CERTIFICATES
from api.reading.graph import BOX_HEIGHT, BOX_WIDTH, draw
from ledger.custody import Chain, Custody, Direction, Link, Taking
from ledger.entries import CertificateState, Head
from ledger.units import Points

HEAD = Head(1, 1_790_000_000_000, bytes(32), 1, bytes(32), bytes(32))
ME = "EU0000001"


def link(number, level):
    state = CertificateState.CONFIRMED
    weights = Points(100), Points(100), Points(0)
    return Link(number, number[:2], "AE", state, "export", "2026-09-01", *weights, 0, level, (), ())


def custody(up=(), down=()):
    """`up` and `down`: levels of (number, where its points go to or come from)."""
    chains = []
    for direction, levels in ((Direction.UP, up), (Direction.DOWN, down)):
        links, takings = [link(ME, 0)], []
        for level, members in enumerate(levels, 1):
            for number, other, points in members:
                if number not in {one.number for one in links}:
                    links.append(link(number, level))
                pair = (number, other) if direction is Direction.UP else (other, number)
                takings.append(Taking(*pair, Points(points)))
        chains.append(Chain(direction, tuple(links), tuple(takings), {}))
    return Custody(HEAD, ME, *chains)


def check(drawing):
    places = [(box.x, box.y) for box in drawing.boxes]
    for at, (x, y) in enumerate(places):
        assert 0 <= x <= drawing.width - BOX_WIDTH
        assert 0 <= y <= drawing.height - BOX_HEIGHT
        for other_x, other_y in places[at + 1 :]:
            assert abs(x - other_x) >= BOX_WIDTH or abs(y - other_y) >= BOX_HEIGHT
    numbers = {box.link.number: box for box in drawing.boxes}
    for line in drawing.lines:
        assert numbers[line.taking.source].x < numbers[line.taking.number].x, "goods flow to the right"
        assert line.width >= 1
    assert [box.link.number for box in drawing.boxes if box.centre] == [ME]


def test_a_certificate_alone_is_not_drawn():
    assert draw(custody()) is None


def test_columns_by_level_and_goods_to_the_right():
    up = [[("BW0000001", ME, 60), ("RU0000001", ME, 40)], [("AO0000001", "RU0000001", 10)]]
    down = [[("AE0000001", ME, 30)], [("IN0000001", "AE0000001", 20), ("CN0000001", "AE0000001", 5)]]
    drawing = draw(custody(up, down))
    check(drawing)
    columns = {}
    for box in drawing.boxes:
        columns.setdefault(box.x, []).append(box.link.number)
    wanted = [["AO0000001"], ["BW0000001", "RU0000001"], [ME], ["AE0000001"], ["CN0000001", "IN0000001"]]
    assert [sorted(columns[x]) for x in sorted(columns)] == wanted
    assert (len(drawing.lines), drawing.left_out) == (6, 0)
    assert max(drawing.lines, key=lambda line: line.width).taking.source == "BW0000001"
    anchors = {line.taking.source: line.anchor for line in drawing.lines}
    assert (anchors["BW0000001"], anchors[ME]) == ("start", "end")


def test_places_follow_the_neighbours_nearer_to_the_centre():
    up = [
        [("BW0000001", ME, 1), ("RU0000001", ME, 1), ("ZA0000001", ME, 1)],
        [("AA0000001", "ZA0000001", 1), ("BB0000001", "RU0000001", 1), ("CC0000001", "BW0000001", 1)],
    ]
    drawing = draw(custody(up))
    at = {box.link.number: box.y for box in drawing.boxes}
    assert at["CC0000001"] < at["BB0000001"] < at["AA0000001"]


@pytest.mark.parametrize("count", [MAX_DRAWN_CERTIFICATES, MAX_DRAWN_CERTIFICATES + 1, 900])
def test_of_a_long_chain_the_nearest_are_drawn_and_the_rest_is_counted(count):
    up = [[(f"BW{at:07}", ME, at + 1) for at in range(count)]]
    drawing = draw(custody(up, [[("AE0000001", ME, 1)]]))
    check(drawing)
    assert len(drawing.boxes) == min(count, MAX_DRAWN_CERTIFICATES) + 2
    assert drawing.left_out == max(0, count - MAX_DRAWN_CERTIFICATES)
    assert len(drawing.lines) == len(drawing.boxes) - 1


def test_any_chain_is_drawn_soundly():
    for seed in range(40):
        drawn = random.Random(seed)
        sides = []
        for prefix in ("BW", "AE"):
            before, levels = [ME], []
            for level in range(drawn.randrange(5)):
                members = [f"{prefix}{level}{at:06}" for at in range(drawn.randrange(1, 9))]
                levels.append([(one, drawn.choice(before), drawn.randrange(1, 1000)) for one in members])
                before = members
            sides.append(levels)
        drawing = draw(custody(*sides))
        assert (drawing is None) is (not any(sides))
        if drawing is not None:
            check(drawing)
