"""Faults: drawn from the seed alone, of every kind, and done to the right roads. The switch carries and loses as it is told."""

import itertools
import json
import os
import random
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from tests.cluster import nemesis
from tests.cluster.nemesis import HOUR, NETWORK, NODES, Fault, Round, plan, rules
from tests.support.namespaces import ROOT

COUNT, HUB = 4, 254
FLEET = [SimpleNamespace(port=place + 1) for place in range(COUNT)]


def drawn(seed, rounds=40, count=COUNT, *, clocks=True):
    return list(itertools.islice(plan(seed, count, count - 1, clocks=clocks), rounds))


def test_the_seed_decides():
    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


@pytest.mark.parametrize("count", [4, 7])
def test_every_kind_comes_and_none_is_too_much(count):
    rounds = drawn(1, 60, count)
    faults = [fault for one in rounds for fault in one.faults]
    assert {fault.kind for fault in faults} == set(NETWORK + NODES)
    assert any(len(one.faults) == 2 for one in rounds)
    assert {fault.amount for fault in faults if fault.kind == "clock"} == {HOUR, -HOUR}
    for fault in faults:
        assert len(set(fault.nodes)) == len(fault.nodes)
        assert all(place in range(count) for place in fault.nodes)
        if fault.kind == "kill":
            assert 1 <= len(fault.nodes) <= (count - 1) // 3
        if fault.kind == "full-disk":
            assert fault.nodes == (count - 1,)
    assert all(sum(fault.kind in NODES for fault in one.faults) <= 1 for one in rounds), "a node dies one death at a time"


def test_without_a_library_for_clocks_there_are_no_jumps():
    assert not any(fault.kind == "clock" for one in drawn(1, 60, clocks=False) for fault in one.faults)


def cuts(*faults):
    return {(origin, to) for origin, to, loss, _, _ in rules(FLEET, faults) if loss == 1}


BOTH_WAYS = {(1, 3), (1, 4), (2, 3), (2, 4)}
ROADS = {
    "split": (Fault("split", (0, 1)), BOTH_WAYS | {(b, a) for a, b in BOTH_WAYS}),
    "bridge": (Fault("bridge", (2, 0, 1, 3)), {(1, 2), (2, 1), (1, 4), (4, 1)}),
    "one-way": (Fault("one-way", (1,)), {(2, 1), (2, 3), (2, 4)}),
    "deaf": (Fault("deaf", (1,)), {(2, HUB)}),
}


@pytest.mark.parametrize("kind", ROADS)
def test_which_roads_are_cut(kind):
    fault, expected = ROADS[kind]
    assert cuts(fault) == expected
    assert len(rules(FLEET, [fault])) == len(expected), "no other road has a rule"


def test_ragged_cuts_some_directions_the_same_each_time():
    fault = Fault("ragged", (), 7)
    assert 0 < len(cuts(fault)) < COUNT * (COUNT - 1)
    assert cuts(fault) == cuts(fault)


def test_faults_together():
    found = {(origin, to): rest for origin, to, *rest in rules(FLEET, [Fault("loss", (), 0.5), Fault("delay", (), 0.2)])}
    assert found[1, 2] == [0.5, 0.2, 0.05]
    assert len(found) == COUNT * (COUNT - 1), "clients' roads are clear"
    assert cuts(Fault("loss", (), 0.5), Fault("one-way", (1,))) == ROADS["one-way"][1]


@pytest.mark.parametrize(
    ("faults", "goes_on"),
    [
        ((Fault("split", (0,)),), True),
        ((Fault("split", (0, 1)),), False),
        ((Fault("kill", (0,)),), True),
        ((Fault("kill-all", (0, 1, 2, 3)),), False),
        ((Fault("clock", (2,), HOUR),), True),
        ((Fault("clock", (2,), HOUR), Fault("deaf", (1,))), False),
        ((Fault("loss", (), 0.1),), False),
    ],
)
def test_when_the_cluster_must_go_on(faults, goes_on):
    assert Round(faults, 1, 1).goes_on(COUNT, 3) is goes_on


def test_a_fault_that_is_none():
    with pytest.raises(ValueError, match="flood"):
        rules(FLEET, [Fault("flood")])
    with pytest.raises(ValueError, match="flood"):
        nemesis._fault(random.Random(1), "flood", COUNT, 3)


class Switched:
    """The switch process with sockets in the place of devices: ports 1 and 2."""

    def __init__(self):
        pairs = {last: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for last in (1, 2)}
        self.ends = {last: pair[0] for last, pair in pairs.items()}
        inner = [pair[1] for pair in pairs.values()]
        for end in inner:
            end.setblocking(False)
        words = [f"{last}:{pair[1].fileno()}" for last, pair in pairs.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.switch", "1", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[end.fileno() for end in inner],
            cwd=ROOT,
        )
        for end in inner:
            end.close()

    def rules(self, *rules):
        self.process.stdin.write(json.dumps(rules).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def send(self, origin, to, text=b""):
        self.ends[origin].send(b"\x45" + bytes(18) + bytes([to]) + text)

    def receive(self, last, seconds=1.0):
        self.ends[last].settimeout(seconds)
        try:
            return self.ends[last].recv(10_000)[20:]
        except TimeoutError:
            return None

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(5) == 0
        self.process.stdout.close()
        for end in self.ends.values():
            end.close()


@pytest.fixture
def switch():
    made = Switched()
    yield made
    made.close()


def test_packets_go_where_they_are_addressed(switch):
    switch.send(1, 2, b"there")
    switch.send(2, 1, b"back")
    assert (switch.receive(2), switch.receive(1)) == (b"there", b"back")
    switch.send(1, 9, b"nowhere")
    switch.ends[1].send(b"\x60" + bytes(39))  # IPv6 is not spoken here
    assert switch.receive(2, 0.1) is None
    assert switch.rules() == [2, 0]


def test_one_direction_is_cut_and_healed(switch):
    switch.rules((1, 2, 1.0, 0, 0))
    switch.send(1, 2)
    switch.send(2, 1, b"heard")
    assert (switch.receive(1), switch.receive(2, 0.2)) == (b"heard", None)
    assert switch.rules() == [1, 1]
    switch.send(1, 2, b"again")
    assert switch.receive(2) == b"again"


def test_a_share_is_lost(switch):
    switch.rules((1, 2, 0.3, 0, 0))
    got = 0
    for _ in range(50):  # few at a time, or the receiver's own buffer loses some as well
        for _ in range(10):
            switch.send(1, 2)
        while switch.receive(2, 0.05) is not None:
            got += 1
    while switch.receive(2, 0.5) is not None:
        got += 1
    assert switch.rules() == [got, 500 - got]
    assert 100 < 500 - got < 200


def test_packets_are_late_and_out_of_order(switch):
    switch.rules((1, 2, 0, 0.2, 0.1))
    sent = [os.urandom(8) for _ in range(50)]
    began = time.monotonic()
    for text in sent:
        switch.send(1, 2, text)
    first = switch.receive(2)
    assert time.monotonic() - began >= 0.1
    got = [first, *(switch.receive(2) for _ in range(49))]
    assert sorted(got) == sorted(sent)
    assert got != sent
