"""`ledger.units`: decimal texts, the calendar, and when a date lies in the future."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Code, Refusal
from ledger.limits import MAX_AMOUNT, MAX_INSTANT_MS
from ledger.units import (
    DAY_MS,
    HOUR_MS,
    block_date,
    carats,
    date_is_future,
    date_of,
    day_number,
    parse_carats,
    parse_value,
    value,
)

dates = st.dates().map(date.isoformat)


def refused(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    assert caught.value.code is Code.BAD_VALUE
    return caught.value


@given(st.integers(0, MAX_AMOUNT))
def test_weights_and_values_go_to_text_and_back(amount):
    assert parse_carats(carats(amount)) == amount
    assert parse_value(value(amount)) == amount


@pytest.mark.parametrize(
    ("text", "points"), [("0", 0), ("0.01", 1), ("12", 1200), ("12.3", 1230), ("12.34", 1234), ("10000000000000", 10**15)]
)
def test_texts_that_are_read(text, points):
    assert parse_carats(text) == points


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        ".5",
        "01",
        "00.10",
        "-1",
        "+1",
        "1e3",
        "1.234",
        "1,5",
        " 1",
        "1 ",
        "1\n",
        "\u0661\u0662",
        "12.\uff13",
        "nan",
        "1_0",
        "9" * 400,
    ],
)
def test_texts_that_are_refused(text):
    assert refused(parse_carats, text, "lines[0].carats").field == "lines[0].carats"
    refused(parse_value, text)


@pytest.mark.parametrize("given_value", [None, 12, 12.5, True, b"1", ["1"], {}])
def test_only_text_is_a_decimal_text(given_value):
    assert refused(parse_carats, given_value).details["given"] == type(given_value).__name__


def test_the_largest_amount_is_named():
    refusal = refused(parse_carats, carats(MAX_AMOUNT + 1))
    assert refusal.details == {"given": "10000000000000.01", "limit": "10000000000000.00"}


def test_negative_stock_is_shown():
    assert [carats(points) for points in (0, -1, -100, -12345)] == ["0.00", "-0.01", "-1.00", "-123.45"]


@given(st.dates())
def test_days_are_counted_from_1970(day):
    number = day_number(day.isoformat())
    assert number == (day - date(1970, 1, 1)).days
    assert date_of(number) == day.isoformat()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-29",
        "2026-00-01",
        "2026-13-01",
        "2026-1-01",
        "20260101",
        "2026-W01-1",
        "2026-01-01T00",
        "0000-01-01",
        "\uff12\uff10\uff12\uff16-01-01",
        "2026-01-01\n",
        " 2026-01-01",
        "2026-01-1\u0661",
        None,
        20260101,
        b"2026-01-01",
    ],
)
def test_no_dates(text):
    refusal = refused(day_number, text, "issued")
    assert refusal.field == "issued"
    assert refusal.details["expected"] == "date YYYY-MM-DD"


@pytest.mark.parametrize("day", [-(10**9), -719163, 2932897, 10**18])
def test_days_without_a_date(day):
    assert refused(date_of, day).details["given"] == day


@given(st.integers(0, MAX_INSTANT_MS))
def test_the_date_of_an_instant(ms):
    assert block_date(ms) == datetime.fromtimestamp(ms // 1000, UTC).date().isoformat()


def test_after_the_last_instant_there_is_no_date():
    assert block_date(MAX_INSTANT_MS) == "9999-12-31"
    refused(block_date, MAX_INSTANT_MS + 1)


@given(st.dates(min_value=date(1971, 1, 1)).map(date.isoformat))
def test_a_date_is_future_until_it_has_begun_somewhere(text):
    begins = day_number(text) * DAY_MS - 14 * HOUR_MS
    assert date_is_future(text, begins - 1)
    assert not date_is_future(text, begins)
    assert not date_is_future(text, begins + DAY_MS)
