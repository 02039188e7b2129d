"""What the page computes before a template sees it: bars, ranks, shares, forms of figures; and its texts."""

import re

import pytest

from api.pages.charts import ranking
from api.pages.language import ENGLISH, FRENCH, LANGUAGES, iso
from api.pages.overview import split
from api.pages.site import TEMPLATES, ticks
from api.schemas.statistics import FlowAnswer, HsAnswer
from api.strings import PAGES, page_texts
from api.strings.tables import TABLES
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
    rows = split(flow(1, 0, 1999), flow(0, 0, 0), ENGLISH)
    assert [row.exports_share for row in rows] == [
        "0.1\N{NO-BREAK SPACE}%",
        "0.0\N{NO-BREAK SPACE}%",
        "100.0\N{NO-BREAK SPACE}%",
    ]
    assert [row.imports_share for row in rows] == ["\N{EN DASH}"] * 3
    assert [row.exports for row in rows] == ["0.01", "0.00", "19.99"]


def test_forms_of_figures():
    assert ENGLISH.figure("1234567.89") == ("1,234,567", ".89")
    assert ENGLISH.figure("0.05") == ("0", ".05")
    assert ENGLISH.decimal("-1234.50") == "\N{MINUS SIGN}1,234.50"
    assert ENGLISH.grouped(1_000_000) == "1,000,000"
    assert ENGLISH.moment(1_790_000_000_000) == "21 September 2026, 14:13"
    assert iso(1_790_000_000_999) == "2026-09-21T14:13:20Z"


def test_forms_of_figures_in_french():
    assert FRENCH.decimal("1234567.89") == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567,89"
    assert FRENCH.percent(1, 3) == "33,3\N{NO-BREAK SPACE}%"
    assert FRENCH.day("2026-08-01") == "1er août 2026"
    assert FRENCH.moment(1_790_000_000_000) == "21 septembre 2026 à 14:13"


def test_words_between_backticks_are_code_and_all_is_escaped():
    assert ticks("a `b<c` & d") == "a <code>b&lt;c</code> &amp; d"


def page_of(file):
    return file.relative_to(TEMPLATES).with_suffix("").as_posix()


PLACEHOLDER = re.compile(r"\{(\w*)\}")
NO_WORDS = {"JSON", "CSV", "SVG", "PNG", "UTC", "c", "m"}
TEXT = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<pre.*?</pre>|<[^>]*>|&\w+;|[\w-]+=\"[^\"]*\"", re.DOTALL)
ATTRIBUTE = re.compile(r"""(?:aria-label|title|alt|placeholder|value)="([^"{]*[A-Za-z][^"{]*)\"""")


@pytest.mark.parametrize("page", PAGES)
def test_every_language_has_every_text(page):
    assert set(TABLES) == set(LANGUAGES)
    english = PAGES[page].ENGLISH
    for name in TABLES.values():
        table = getattr(PAGES[page], name)
        assert table.keys() == english.keys()
        assert all(table.values())
        for key, text in table.items():
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(english[key])), key


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=page_of)
def test_no_template_has_a_text_of_its_own(file):
    source = file.read_text()
    left = [word for word in re.findall(r"[^\W\d_]+", TEXT.sub(" ", source)) if word not in NO_WORDS]
    assert left == []
    assert ATTRIBUTE.findall(TEXT.sub(lambda found: found[0] if found[0].startswith("<") else "", source)) == []


def test_a_page_has_a_table_of_its_own_or_is_a_part_of_others():
    names = {page_of(file) for file in TEMPLATES.rglob("*.html")}
    parts = {"base", "parts", "reading/base", "reading/parts", "reading/figures", "reading/verify"}
    assert names - parts == set(PAGES) - {"common"}


def test_a_text_that_is_missing_or_lacks_a_value_is_an_error():
    text = page_texts("en", "overview")
    assert text("as_of", height="5") == "As of block 5"
    with pytest.raises(KeyError):
        text("nothing")
    with pytest.raises(KeyError):
        text("as_of", weight="5")


def test_french_punctuation_stays_with_its_word():
    assert page_texts("fr", "method")("how_1").startswith("Téléchargez la politique\N{NO-BREAK SPACE}:")
