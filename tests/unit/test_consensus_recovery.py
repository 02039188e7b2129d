"""A crash at any record: the recovered core is the one that was, and goes on."""

import msgspec
import pytest

from consensus.core import Core
from consensus.errors import JournalError, LocalFaultError
from consensus.events import Archive, Build, Check, Checked, Connected, Deliver, Tip
from consensus.messages import Certificate, GotBlock, Proposal, VoteKind, encode
from tests.support.consensus import (
    GENESIS,
    Net,
    Node,
    Scheme,
    block,
    certificate,
    config,
    digest_of,
    follower,
    keys,
    leader,
    proposal,
    tip_of,
    vote,
)

NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE
N = 4
ME = follower(N, 1, 2, 3)
PEERS = [signer for signer in range(N) if signer != ME]
FIRST = block(1)


def quorum_of(kind, view, one=None):
    return certificate(kind, N, PEERS, view, one)


def recover(records, tip=GENESIS, me=ME, now=0):
    return Core.recover(config(N, me), Scheme(keys(N)[me]), records, tip, now)


def story(net):
    """Blocks, a nullified view, a notarized tip: every kind of record in every log."""
    for record in (b"a", b"b"):
        net.submit(record)
        net.settle()
    net.lost = lambda _sender, _receiver, message: isinstance(message, Proposal)
    net.submit(b"c")
    net.run(4_000)
    net.lost = lambda _sender, _receiver, message: getattr(message, "kind", None) == FINALIZE
    net.run(6_000)
    return net


def test_recovery_is_the_state_before_the_crash():
    for one in story(Net(N)).nodes:
        again, _ = recover(one.log, one.tip, one.me, now=one.now)
        assert again.snapshot() == one.core.snapshot()
        assert (again.view, again.floor_view, again.floor_digest) == (one.core.view, one.core.floor_view, one.core.floor_digest)
        assert again.delivered == one.core.delivered


def test_recovery_from_the_snapshot_is_recovery_from_the_log():
    for one in story(Net(N)).nodes:
        snapshot = one.core.snapshot()
        again, output = recover(snapshot, one.tip, one.me)
        assert again.snapshot() == snapshot
        assert again.view == one.core.view
        assert output.persist == ()


def test_every_prefix_of_a_log_recovers_to_a_state_that_goes_on():
    for one in story(Net(N)).nodes:
        views = [recover(one.log[:length], me=one.me)[0].view for length in range(len(one.log) + 1)]
        assert views == sorted(views)


@pytest.mark.parametrize("length", range(6))
def test_a_single_validator_goes_on_from_every_torn_log(length):
    one = Node(1, 0)
    one.pending = [b"r" * 32]
    one.work()
    assert len(one.log) == 5
    again = Node(1, 0, log=one.log[:length], pending=[b"r" * 32])
    again.work(bool(again.pending))
    assert again.tip.height == 1
    assert [call.block for call in again.delivered] == [call.block for call in one.delivered] or length < 2


def test_all_crash_and_go_on():
    net = story(Net(N))
    net.lost = lambda *_: False
    heights = [one.tip.height for one in net.nodes]
    for one in net.nodes:
        one.sent.clear()
        one.start()
        one.work(pending=bool(one.pending))
    net.run(60_000)
    assert min(one.tip.height for one in net.nodes) > max(heights)
    assert len({one.tip for one in net.nodes}) == 1
    assert all(not one.pending for one in net.nodes)


def test_unexecuted_blocks_are_delivered_again():
    one = Node(N, ME, automatic=False)
    second = block(2, tip_of(FIRST))
    for made in (FIRST, second):
        one.receive(leader(N, made.view), proposal(N, made))
        one.handle(Checked(digest_of(made), valid=True))
        one.receive(PEERS[0], quorum_of(NOTARIZE, made.view, made))
        one.receive(PEERS[0], quorum_of(FINALIZE, made.view, made))
    both = [Deliver(made, digest_of(made), quorum_of(FINALIZE, made.view, made)) for made in (FIRST, second)]
    assert one.delivered == both
    assert [call for call in recover(one.log)[1].app if isinstance(call, Deliver)] == both
    assert [call for call in recover(one.log, tip_of(FIRST))[1].app if isinstance(call, Deliver)] == both[1:]
    assert not any(isinstance(call, Deliver) for call in recover(one.log, tip_of(second))[1].app)


def test_the_leader_sends_the_same_block_again():
    one = Node(N, leader(N, 1))
    one.pending = [b"r" * 32]
    one.work()
    own = one.of(Proposal)[0]
    again = Node(N, one.me, log=one.log)
    again.pending = [b"other" * 6 + b"rr"]
    again.work()
    assert again.asked(Build) == []
    again.handle(Connected(keys(N)[ME]))
    assert again.of(Proposal) == [own]


def test_a_valid_block_need_not_be_checked_again_an_unchecked_one_must():
    voted = [encode(GotBlock(FIRST)), encode(vote(NOTARIZE, ME, 1, FIRST))]
    core, output = recover([*voted, encode(quorum_of(NOTARIZE, 1, FIRST))])
    assert [type(call) for call in output.app] == [Archive]
    assert [send.message for send in output.send_after if getattr(send.message, "kind", None) == FINALIZE] == [
        vote(FINALIZE, ME, 1, FIRST)
    ]
    core, output = recover([encode(GotBlock(FIRST)), encode(quorum_of(NOTARIZE, 1, FIRST))])
    assert [type(call) for call in output.app] == [Archive, Check]
    assert core.view == 2


def test_the_application_may_be_ahead_of_the_log():
    core, output = recover([encode(GotBlock(FIRST)), encode(vote(NOTARIZE, ME, 1, FIRST))], Tip(7, 5, bytes(32), 9_000))
    assert (core.view, core.floor_view, core.delivered.height) == (8, 7, 5)
    assert output.app == ()


def test_certificates_of_retained_views_are_kept_with_the_final_of_the_executed_block():
    records = [encode(GotBlock(FIRST)), encode(quorum_of(NOTARIZE, 1, FIRST)), encode(quorum_of(FINALIZE, 1, FIRST))]
    one = Node(N, ME, log=records, tip=tip_of(FIRST))
    one.receive(PEERS[0], vote(NULLIFY, PEERS[0], 1))
    assert quorum_of(FINALIZE, 1, FIRST) in one.of(Certificate)
    assert one.core.snapshot() == tuple(records[1:])


OTHER = block(1, GENESIS, b"other")
CONTRADICTIONS = {
    "two notarizations": ([quorum_of(NOTARIZE, 1, FIRST), quorum_of(NOTARIZE, 1, OTHER)], JournalError),
    "nullified and final": ([quorum_of(NULLIFY, 1), quorum_of(FINALIZE, 1, FIRST)], JournalError),
    "final and nullified": ([quorum_of(FINALIZE, 1, FIRST), quorum_of(NULLIFY, 1)], JournalError),
    "another block notarized than final": ([quorum_of(FINALIZE, 1, FIRST), quorum_of(NOTARIZE, 1, OTHER)], JournalError),
    "a vote in a view never entered": ([vote(NULLIFY, ME, 3)], JournalError),
    "a notarize vote without its block": ([vote(NOTARIZE, ME, 1, FIRST)], JournalError),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_log_that_contradicts_itself_stops_the_node(name):
    messages, error = CONTRADICTIONS[name]
    with pytest.raises(error):
        recover([encode(message) for message in messages])


def test_a_log_that_contradicts_the_application_stops_the_node():
    with pytest.raises(LocalFaultError, match="another block"):
        recover([encode(quorum_of(FINALIZE, 1, FIRST))], tip_of(OTHER))


def test_forgotten_views_are_not_restored():
    records = [encode(quorum_of(NULLIFY, view)) for view in range(1, 200)]
    records += [encode(vote(NULLIFY, ME, view)) for view in range(1, 200)]
    final = quorum_of(FINALIZE, 200, block(200))
    core, _ = recover([*records, encode(final)])
    assert core.view == 201
    assert len(core.snapshot()) == 1 + 2 * 64
    assert msgspec.msgpack.decode(core.snapshot()[0])[3] == 136
