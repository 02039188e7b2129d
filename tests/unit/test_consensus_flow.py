"""Whole networks in lockstep: message delays, a validator alone, determinism, rest, bounded memory."""

import pytest

from consensus.events import Deliver
from consensus.limits import RETAINED_VIEWS
from consensus.messages import Certificate, Proposal, Status, Vote, VoteKind
from tests.support.consensus import Net, Node, certificate, keys, leader, vote


def test_a_validator_alone_finalizes_in_one_chain_of_handles():
    one = Node(1, 0)
    one.pending = [b"r" * 32]
    one.work()
    assert one.tip.height == 1
    assert one.core.view == 2
    assert len(one.log) == 5, "block, notarize, NOTAR, finalize, FINAL"
    final = one.delivered[0].final
    assert final is not None
    assert final.kind == VoteKind.FINALIZE
    assert [type(call).__name__ for call in one.calls[:2]] == ["Build", "Deliver"]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 7, 10, 13])
def test_final_after_three_message_delays(n):
    net = Net(n)
    net.settle()
    net.steps = 0
    net.submit(b"a")
    delays = []
    while net.step():
        delays.append([one.tip.height for one in net.nodes])
    first = next(step for step, heights in enumerate(delays, 1) if heights == [1] * n)
    assert first == (2 if n == 3 else 3), "with n = 3 the leader's vote and the own one are a quorum"
    assert len({one.tip for one in net.nodes}) == 1


@pytest.mark.parametrize("n", range(1, 14))
def test_many_blocks_with_every_leader(n):
    net = Net(n)
    for number in range(2 * n):
        net.submit(b"%d" % number)
        net.settle()
    assert [one.tip.height for one in net.nodes] == [2 * n] * n
    assert [one.core.view for one in net.nodes] == [2 * n + 1] * n
    assert all(not one.alarms and not one.core.faults for one in net.nodes)


@pytest.mark.parametrize("n", [4, 5, 6, 7, 10, 13])
def test_f_dead_validators_cost_time_not_progress(n):
    dead = [leader(n, view) for view in range(1, (n - 1) // 3 + 1)]
    net = Net(n, alive=[me for me in range(n) if me not in dead])
    for number in range(5):
        net.submit(b"%d" % number)
        net.run((number + 1) * 30_000)
    assert {net.nodes[me].tip.height for me in net.alive} == {5}


@pytest.mark.parametrize("n", [4, 5, 6, 7, 10, 13])
def test_without_a_quorum_nothing_is_final(n):
    alive = list(range((n + (n - 1) // 3) // 2))
    net = Net(n, alive=alive)
    net.submit(b"a")
    net.run(120_000)
    assert {net.nodes[me].tip.height for me in alive} == {0}
    assert all(one.delivered == [] for one in net.nodes)


def test_one_record_makes_one_block_and_then_there_is_rest():
    net = Net(4)
    net.submit(b"a")
    net.run(10_000)
    sent = []
    for one in net.nodes:
        handle = one.perform
        one.perform = lambda output, handle=handle: (sent.extend(output.send_now + output.send_after), handle(output))
    net.run(100_000)
    assert {type(send.message) for send in sent} == {Status}
    assert [one.tip.height for one in net.nodes] == [1] * 4


def test_a_final_that_all_missed_comes_by_resending():
    net = Net(4, lost=lambda *a: isinstance(a[2], Vote | Certificate) and a[2].kind == VoteKind.FINALIZE)
    net.submit(b"a")
    net.settle()
    assert [one.tip.height for one in net.nodes] == [0] * 4
    net.lost = lambda *_: False
    net.run(5_000)
    assert min(one.tip.height for one in net.nodes) >= 1


def test_the_same_events_give_the_same_bytes():
    def run():
        net = Net(7, lost=lambda sender, receiver, message: (sender + receiver + len(repr(message))) % 5 == 0)
        for number in range(10):
            net.submit(b"%d" % number)
            net.run(net.nodes[0].now + 7_000)
        return [(one.log, one.tip, one.core.snapshot()) for one in net.nodes]

    assert run() == run()


def test_memory_is_bounded_by_the_retained_views():
    net = Net(4)
    for number in range(3 * RETAINED_VIEWS):
        net.submit(b"%d" % number)
        net.settle()
    for one in net.nodes:
        engine = one.core._engine
        assert len(engine.rounds._rounds) <= RETAINED_VIEWS + 3
        assert len(list(engine.blocks)) <= 2
        assert len(engine.journal.votes()) <= 3 * (RETAINED_VIEWS + 3)
        assert len(one.core.snapshot()) <= 6 * (RETAINED_VIEWS + 3)


def test_floods_of_votes_are_bounded():
    one = Node(4, 0)
    for view in range(1, 2_000):
        for signer in (1, 2, 3):
            one.receive(signer, vote(VoteKind.FINALIZE, signer, view, digest=b"%032d" % (view * signer)))
    assert sorted(one.core._engine.rounds._rounds) == [1, 2]


def test_a_follower_follows_without_voting():
    net = Net(4)
    watcher = Node(4, 4)
    for one in net.nodes:
        perform = one.perform
        one.perform = lambda output, one=one, perform=perform: (
            [watcher.receive(one.me, send.message) for send in output.send_now + output.send_after if send.to is None],
            perform(output),
        )
    for record in (b"a", b"b"):
        net.submit(record)
        net.settle()
    assert [type(call) for call in watcher.delivered] == [Deliver, Deliver]
    assert watcher.tip == net.nodes[0].tip
    assert watcher.of(Vote, Proposal) == []
    watcher.work()
    watcher.now = 60_000
    watcher.work(pending=False)
    assert watcher.of(Vote, Proposal) == []


def test_an_own_signature_that_the_log_does_not_hold_stops_the_voting():
    one = Node(4, 0)
    one.receive(1, certificate(VoteKind.NULLIFY, 4, [0, 1, 2], 1))
    assert len(one.alarms) == 1
    assert one.core.view == 2, "the certificate counts"
    one.work()
    one.now = 60_000
    one.work(pending=False)
    assert one.of(Vote) == []
    assert keys(4)[1] not in one.core.faults
