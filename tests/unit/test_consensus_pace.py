"""Timers and who was heard."""

import pytest

from consensus.limits import SILENT_LEADER_MS
from consensus.pace import Hearing, Pace, backoff_permille
from consensus.quorum import Committee
from tests.support.consensus import config, keys


@pytest.mark.parametrize(
    ("nullified", "permille"),
    [(0, 1_000), (1, 1_500), (2, 2_250), (3, 3_375), (4, 5_062), (5, 7_593), (6, 8_000), (7, 8_000), (10**9, 8_000)],
)
def test_backoff(nullified, permille):
    assert backoff_permille(nullified) == permille


def test_deadlines_count_from_when_there_is_work():
    pace = Pace(1)
    assert pace.deadline(proposed=False) is None
    pace.work(True, 100)
    pace.work(True, 900)
    assert pace.deadline(proposed=False) == 3_100
    assert pace.deadline(proposed=True) == 6_100
    pace.work(False, 1_000)
    assert pace.deadline(proposed=True) is None


def hearing(n=4, me=0):
    return Hearing(Committee(config(n, me)), 1_000)


def test_f_plus_1_ahead():
    one = hearing(7)
    for validator, height in ((1, 5), (2, 5), (3, 4)):
        one.stands_at(validator, height)
    assert one.ahead(3)
    assert not one.ahead(4)
    one.stands_at(3, 6)
    assert one.ahead(4)
    one.stands_at(1, 2)
    assert not one.ahead(4), "the newest word counts"


def test_silence():
    one = hearing()
    assert one.silent_at(1) == 1_000 + SILENT_LEADER_MS
    one.heard(keys(4)[1], 5_000)
    assert one.silent_at(1) == 5_000 + SILENT_LEADER_MS


@pytest.mark.parametrize(("me", "alive", "skips"), [(0, (2, 3), True), (0, (2,), False), (1, (2, 3), False), (4, (0, 2), True)])
def test_skips_a_silent_leader_while_a_quorum_is_heard(me, alive, skips):
    one = hearing(me=me)
    now = 1_000 + SILENT_LEADER_MS
    for validator in alive:
        one.heard(keys(4)[validator], now - 1)
    assert one.skips(1, now) is skips
    one.heard(keys(4)[1], now - SILENT_LEADER_MS + 1)
    assert not one.skips(1, now)


def test_whom_to_ask():
    one = hearing()
    validators, outsider = list(keys(4)[1:]), keys(9)[8]
    assert one.candidates(1_000) == validators
    one.heard(outsider, 2_000)
    assert one.candidates(2_000) == [outsider]
    one.heard(keys(4)[2], 3_000)
    assert one.candidates(3_000) == [keys(4)[2], outsider]
    assert one.candidates(2_000 + SILENT_LEADER_MS) == [keys(4)[2]]
    assert one.candidates(99_000) == [*validators, outsider]
