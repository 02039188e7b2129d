"""ledger/history.py: stretches of the log, and the places outside of which a range of days has nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.history import bounds, parties
from ledger.limits import AT_FUTURE_MS, AT_PAST_MS
from ledger.record import parse_submission
from tests.support.port import NOW, local_port
from tests.support.trade import Trader
from tests.unit.test_api_history import grown

HOUR = 3_600_000


@st.composite
def logs(draw):
    """Instants of records in the order of a log: each within the window around its block's time, which ascends."""
    steps = draw(st.lists(st.integers(0, 3 * 24), max_size=120))
    time, instants = 0, []
    for step in steps:
        time += step * HOUR
        instants.append(time + draw(st.integers(-AT_PAST_MS // HOUR, 0)) * HOUR + draw(st.integers(0, AT_FUTURE_MS)))
    return instants


@given(logs(), st.integers(-10, 400), st.integers(0, 60))
def test_nothing_of_the_range_lies_outside_its_bounds(instants, day, days):
    since, before = day * 24 * HOUR, (day + days) * 24 * HOUR
    looked = []
    first, stop = bounds(len(instants), lambda at: looked.append(at) or instants[at], since, before)
    assert 0 <= first <= stop <= len(instants)
    wanted = [at for at, instant in enumerate(instants) if since <= instant < before]
    assert all(first <= at < stop for at in wanted)
    assert len(looked) <= 2 * (len(instants).bit_length() + 1)


def test_a_stretch_ends_with_its_tile_and_with_the_log(tmp_path):
    with local_port(tmp_path) as port:
        assert port.ledger.history(0, 10) == []
        grown(port, 300)
        assert [one.index for one in port.ledger.history(250, 100)] == list(range(250, 256))
        assert [one.index for one in port.ledger.history(256, 100)] == list(range(256, 300))
        assert [one.index for one in port.ledger.history(7, 3)] == [7, 8, 9]
        assert port.ledger.history(300, 1) == []
        assert port.ledger.history(-1, 1) == []
        for one in port.ledger.history(290, 10):
            raw, index, height = port.ledger.record(one.record.id)
            assert (one.record.raw, one.index, one.height) == (raw, index, height)


@pytest.mark.parametrize("kind", ["issue", "confirm"])
def test_who_is_concerned_by_a_record(tmp_path, kind):
    with local_port(tmp_path) as port:
        trader = Trader(port.network, NOW)
        made = trader.issue("BW0000001", "EU", [("710231", "1.00", ["BW"])])
        made = made if kind == "issue" else trader.confirm(made)
        assert parties(parse_submission(made.raw).record) == {"BW", "EU"}
