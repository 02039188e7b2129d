"""Own time: the clock's on a machine that is the run's alone, slower by what others take."""

import time
from itertools import pairwise

import pytest

from tests.cluster import watch
from tests.cluster.watch import OwnTime


@pytest.fixture
def machine(monkeypatch):
    """A machine of 2 processors whose clock and counters are set by hand; ours are those of this process as `ours`."""
    state = {"clock": 100.0, "busy": 5_000, "ours": 0}
    monkeypatch.setattr(watch, "_CORES", 2)
    monkeypatch.setattr(watch, "_TICKS", 100)
    monkeypatch.setattr(watch, "_machine_ticks", lambda: state["busy"])
    monkeypatch.setattr(watch.time, "monotonic", lambda: state["clock"])

    def used(self):
        taken, state["ours"] = state["ours"], 0
        return taken

    monkeypatch.setattr(OwnTime, "_ours_before", used)

    def passes(seconds, ours, others):
        """Seconds of the clock; processor seconds used by this run and by others."""
        state["clock"] += seconds
        state["busy"] += 100 * (ours + others)
        state["ours"] += 100 * ours

    return passes


def test_alone_it_is_the_clock(machine):
    own = OwnTime()
    for _ in range(10):
        machine(1, ours=2, others=0)
        own.look()
    assert own.at(100) == 0
    assert own.at(110) == 10


def test_what_others_take_does_not_count(machine):
    own = OwnTime()
    machine(4, ours=4, others=4)
    own.look()
    machine(4, ours=8, others=0)
    own.look()
    assert own.at(104) == 2
    assert own.at(108) == 6
    assert own.at(102) == 1, "between two looks in proportion"
    assert own.at(99) == 0
    assert own.at(200) == 6, "up to the last look"


def test_counters_that_are_read_a_little_apart_do_not_make_time_go_back(machine):
    own = OwnTime()
    machine(1, ours=1, others=2)
    own.look()
    machine(1, ours=3, others=-1)
    own.look()
    machine(1, ours=0, others=3)
    own.look()
    times = [own.at(100 + second) for second in range(4)]
    assert all(before <= after for before, after in pairwise(times))
    assert times[2] - times[1] == 1, "never faster than the clock"


def test_it_counts_this_machines_processes():
    own = OwnTime()
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        own.look()
        time.sleep(0.02)
    assert 0 <= own.at(time.monotonic()) <= 1
