"""What the page computes before a template sees it: bars, ranks, shares, forms of figures; and its texts."""

import pytest

import api.strings.page
from api.page import figure, grouped, iso, moment, ranking, split, ticks
from api.schemas.statistics import FlowAnswer, HsAnswer
from api.strings import page_texts
from ledger.units import carats


def flow(*points, certificates=1):
    parts = [
        HsAnswer(hs=hs, carats=carats(p), certificates=int(p > 0))
        for hs, p in zip(("710210", "710221", "710231"), points, strict=True)
    ]
    return FlowAnswer(carats=carats(sum(points)), certificates=certificates, by_hs=parts)


def test_most_carats_come_first_and_equal_ones_by_code():
    rows = ranking(
        [("ZA", "South Africa", flow(0, 0, 5)), ("AO", "Angola", flow(5, 0, 0)), ("BW", "Botswana", flow(0, 0, 900))], 900
    )
    assert [(row.rank, row.code) for row in rows] == [(1, "BW"), (2, "AO"), (3, "ZA")]


def test_who_has_no_trade_is_not_ranked():
    assert ranking([("BW", "Botswana", flow(0, 0, 0, certificates=0))], 1) == []


@pytest.mark.parametrize(
    ("points", "longest", "parts"),
    [
        ((0, 0, 100), 100, [("710231", 0, 1000)]),
        ((50, 25, 25), 100, [("710210", 0, 500), ("710221", 500, 250), ("710231", 750, 250)]),
        ((1, 1, 1), 3, [("710210", 0, 333), ("710221", 333, 333), ("710231", 666, 334)]),
        ((0, 0, 1), 10**15, [("710231", 0, 3)]),
        ((1, 5, 1), 10**15, [("710221", 0, 3)]),
        ((0, 0, 0), 100, []),
        ((10**15, 0, 10**15), 2 * 10**15, [("710210", 0, 500), ("710231", 500, 500)]),
    ],
)
def test_bars(points, longest, parts):
    (row,) = ranking([("BW", "Botswana", flow(*points))], longest)
    assert [(part.hs, part.x, part.width) for part in row.parts] == parts


def test_shares_are_rounded_half_up_in_integers():
    rows = split(flow(1, 0, 1999), flow(0, 0, 0))
    assert [row.exports_share for row in rows] == [
        "0.1\N{NO-BREAK SPACE}%",
        "0.0\N{NO-BREAK SPACE}%",
        "100.0\N{NO-BREAK SPACE}%",
    ]
    assert [row.imports_share for row in rows] == ["\N{EN DASH}"] * 3
    assert [row.exports for row in rows] == ["0.01", "0.00", "19.99"]


def test_forms_of_figures():
    assert figure("1234567.89") == ("1,234,567", "89")
    assert figure("0.05") == ("0", "05")
    assert grouped(1_000_000) == "1,000,000"
    assert moment(1_790_000_000_000) == "21 September 2026, 14:13"
    assert iso(1_790_000_000_999) == "2026-09-21T14:13:20Z"


def test_words_between_backticks_are_code_and_all_is_escaped():
    assert ticks("a `b<c` & d") == "a <code>b&lt;c</code> &amp; d"


def test_every_language_has_every_text():
    tables = api.strings.page._LANGUAGES
    for language, table in tables.items():
        assert table.keys() == tables["en"].keys()
        assert table["language"] == language
        assert all(table.values())


def test_a_text_that_is_missing_or_lacks_a_value_is_an_error():
    text = page_texts("en")
    assert text("as_of", height="5") == "As of block 5"
    with pytest.raises(KeyError):
        text("nothing")
    with pytest.raises(KeyError):
        text("as_of", weight="5")
