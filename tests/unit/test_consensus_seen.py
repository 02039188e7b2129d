"""P23: a log that is not its key's newest (a restored backup, a clone) is noticed, for good, and never by mistake."""

import msgspec
import pytest

from consensus.core import Core
from consensus.events import Alarm, Applied, Archive, Connected, Deliver, Wake
from consensus.limits import RETAINED_VIEWS
from consensus.messages import (
    Certificate,
    GetHeaders,
    GotBlock,
    Headers,
    Proposal,
    Seen,
    Status,
    Vote,
    VoteKind,
    decode_record,
    encode,
)
from tests.support.consensus import (
    GENESIS,
    Net,
    Node,
    block,
    certificate,
    config,
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
PEER = PEERS[0]
FIRST, OTHER = block(1), block(1, GENESIS, b"other")


def voted(**options):
    """A node whose log holds a notarize vote of view 1 and a nullification of view 2."""
    one = Node(N, ME, **options)
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.receive(PEER, certificate(NOTARIZE, N, PEERS, 1, FIRST))
    one.receive(leader(N, 2), vote(NULLIFY, leader(N, 2), 2))
    return one


UNKNOWN = {
    "another block": vote(NOTARIZE, ME, 1, OTHER),
    "another parent": vote(NOTARIZE, ME, 1, FIRST, 5),
    "a kind not cast": vote(NULLIFY, ME, 1),
    "a later view": vote(NULLIFY, ME, 7),
    "a view far ahead": vote(FINALIZE, ME, 2**60, OTHER),
}


def retired(one, shown):
    """Alarmed as retired, once, durably, and silent from now on."""
    [call] = one.asked(Alarm)
    assert call.retired
    assert f"in view {shown.view}" in call.reason
    assert one.core.alarm == call.reason
    assert [decode_record(record) for record in one.log].count(Seen(shown)) == 1
    one.take()
    view = one.core.view
    one.work()
    one.receive(leader(N, view), proposal(N, block(view, tip_of(FIRST))))
    one.now += 60_000
    one.handle(Wake())
    one.handle(Connected(keys(N)[PEER]))
    assert one.of(Vote, Proposal) == []


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_own_vote_that_the_log_does_not_hold_retires_the_key(name):
    one = voted()
    one.receive(PEER, Seen(UNKNOWN[name]))
    assert encode(Seen(UNKNOWN[name])) in one.last.persist
    assert one.core.faults == {}
    retired(one, UNKNOWN[name])


@pytest.mark.parametrize("name", UNKNOWN)
def test_for_good_over_restart_and_rotation(name):
    one = voted()
    one.receive(PEER, Seen(UNKNOWN[name]))
    snapshot = one.core.snapshot()
    for records in (list(one.log), list(snapshot)):
        again = Node(N, ME, log=records)
        assert again.core.snapshot() == snapshot
        retired(again, UNKNOWN[name])
    twice = Node(N, ME, log=list(snapshot))
    twice.receive(PEER, Seen(vote(NULLIFY, ME, 9)))
    assert len(twice.asked(Alarm)) == 1
    assert twice.log == list(snapshot), "the first one is enough"


def test_it_still_follows():
    one = voted()
    one.receive(PEER, Seen(vote(NULLIFY, ME, 7)))
    one.receive(PEER, certificate(FINALIZE, N, PEERS, 1, FIRST))
    assert [call.block for call in one.delivered] == [FIRST]
    for signer in PEERS:
        one.receive(signer, Status(0, 9, 9))
    assert GetHeaders(0, 2) in one.of(GetHeaders)


def test_what_the_log_holds_is_no_news():
    one = voted()
    before = one.scheme.verified, list(one.log)
    for known in [durable.vote for durable in one.core._engine.journal.votes()]:
        one.receive(PEER, Seen(known))
    assert len(one.core._engine.journal.votes()) == 3
    assert (one.scheme.verified, one.log, one.core.faults, one.core.alarm) == (*before, {}, None)


FOOLS = {
    "forged": (msgspec.structs.replace(vote(NULLIFY, ME, 7), signature=bytes(64)), "forged"),
    "another epoch's": (msgspec.structs.replace(vote(NULLIFY, ME, 7, epoch=1), epoch=0), "forged"),
    "another validator's": (vote(NULLIFY, PEER, 7), "misdirected"),
    "another's in the own name": (msgspec.structs.replace(vote(NULLIFY, PEER, 7), signer=ME), "forged"),
    "no such subject": (vote(NULLIFY, ME, 7, parent=1), "misdirected"),
    "a digest that is none": (vote(NOTARIZE, ME, 7, digest=b"x"), "misdirected"),
}


@pytest.mark.parametrize("name", FOOLS)
def test_nobody_is_fooled(name):
    shown, reason = FOOLS[name]
    one = voted()
    one.receive(PEER, Seen(shown))
    assert one.core.alarm is None
    assert one.core.faults == {(keys(N)[PEER], reason): 1}
    assert one.last.persist == ()


def test_a_vote_of_another_epoch_says_nothing_about_this_log():
    one = voted()
    one.receive(PEER, Seen(vote(NULLIFY, ME, 7, epoch=1)))
    later = Node(N, ME, tip=GENESIS, epoch=1)
    later.receive(PEER, Seen(vote(NULLIFY, ME, 7)))
    assert (one.core.alarm, later.core.alarm) == (None, None)


def test_views_that_the_log_has_forgotten_say_nothing():
    one = voted()
    far = block(200)
    one.receive(PEER, certificate(FINALIZE, N, PEERS, 200, far))
    first = 200 - RETAINED_VIEWS
    one.receive(PEER, Seen(vote(NOTARIZE, ME, 1, FIRST)))
    one.receive(PEER, Seen(vote(NULLIFY, ME, first - 1)))
    assert (one.core.alarm, one.core.faults) == (None, {})
    one.receive(PEER, Seen(vote(NULLIFY, ME, first)))
    assert one.core.alarm is not None


def test_a_node_that_is_no_validator_has_no_log_to_be_older():
    one = Node(N, N)
    one.receive(PEER, Seen(vote(NULLIFY, ME, 7)))
    assert (one.core.alarm, one.core.faults) == (None, {(keys(N)[PEER], "misdirected"): 1})


def test_an_alarm_of_another_kind_does_not_hide_that_the_key_is_retired():
    """The driver must learn it, or a later epoch's core would vote with it again."""
    one = voted()
    one.receive(PEER, certificate(NOTARIZE, N, PEERS, 1, OTHER))
    assert [call.retired for call in one.asked(Alarm)] == [False]
    one.receive(PEER, Seen(vote(NULLIFY, ME, 7)))
    assert [call.retired for call in one.asked(Alarm)] == [False, True]
    one.receive(PEER, Seen(vote(NULLIFY, ME, 8)))
    assert len(one.asked(Alarm)) == 2


# --- other ways to learn it -------------------------------------------------------------------------------------------


def with_mine(kind, view, one=None):
    return certificate(kind, N, sorted([ME, *PEERS[:2]]), view, one)


@pytest.mark.parametrize(
    "made", [with_mine(NOTARIZE, 5, block(5)), with_mine(NULLIFY, 1), with_mine(NULLIFY, 5), with_mine(FINALIZE, 3, block(3))]
)
def test_an_own_vote_in_a_certificate(made):
    one = voted()
    one.receive(PEER, made)
    assert [call.retired for call in one.asked(Alarm)] == [True]
    again = Node(N, ME, log=list(one.log))
    assert [call.retired for call in again.asked(Alarm)] == [True]


def test_an_own_vote_in_the_final_of_headers():
    one = voted()
    for signer in PEERS:
        one.receive(signer, Status(0, 9, 9))
    one.receive(PEER, Headers((FIRST,), with_mine(FINALIZE, 1, FIRST)))
    assert one.core.alarm is None, "that one it has cast"
    second = block(2, tip_of(FIRST))
    one.receive(PEER, Headers((second,), with_mine(FINALIZE, 2, second)))
    assert [call.block for call in one.delivered] == [FIRST, second]
    assert [call.retired for call in one.asked(Alarm)] == [True]


def test_a_log_that_is_ahead_of_its_store_is_no_older_one():
    """A damaged store is rebuilt from others: final blocks with own votes in views that the log has long forgotten."""
    blocks = [block(1)]
    for view in range(2, 4):
        blocks.append(block(view, tip_of(blocks[-1])))
    far = block(300, tip_of(blocks[-1]))
    one = Node(N, ME, log=[encode(certificate(FINALIZE, N, PEERS, 300, far))])
    one.receive(PEER, Headers(tuple(blocks), with_mine(FINALIZE, 3, blocks[-1])))
    assert [call.block for call in one.delivered] == blocks
    assert one.core.alarm is None


def test_a_clone_that_speaks_with_the_own_key():
    one = voted()
    one.receive(ME, vote(NOTARIZE, ME, 1, FIRST))
    assert one.core.alarm is None
    one.receive(ME, vote(NULLIFY, ME, 3))
    assert [call.retired for call in one.asked(Alarm)] == [True]
    me = leader(N, 1)
    other = Node(N, me)
    other.receive(me, proposal(N, FIRST))
    assert [call.retired for call in other.asked(Alarm)] == [True]
    assert other.of(Vote) == []


# --- told by others ---------------------------------------------------------------------------------------------------


def test_a_peer_that_connects_is_shown_its_newest_vote_first():
    one = Node(N, ME)
    one.receive(PEER, certificate(NOTARIZE, N, PEERS, 1, FIRST))
    one.take()
    one.handle(Connected(keys(N)[PEER]))
    assert one.take()[0].message == Seen(vote(NOTARIZE, PEER, 1, FIRST))
    one.handle(Connected(keys(9)[8]))
    assert [send.message for send in one.take() if isinstance(send.message, Seen)] == [], "a follower has none"


def test_only_verified_votes_are_shown():
    """An honest node that passes on what it did not check would be held for faulty."""
    one = Node(N, ME)
    one.receive(PEER, msgspec.structs.replace(vote(NULLIFY, PEER, 1), signature=bytes(64)))
    one.take()
    one.handle(Connected(keys(N)[PEER]))
    assert one.of(Seen) == []


def test_a_status_from_an_earlier_view_is_shown_what_its_log_may_lack():
    one = voted()
    one.receive(PEER, certificate(NULLIFY, N, PEERS, 3))
    one.take()
    for view, expected in ((1, [Seen(vote(NULLIFY, PEER, 3))]), (2, [Seen(vote(NULLIFY, PEER, 3))]), (3, []), (4, [])):
        one.receive(PEER, Status(0, view, 0))
        assert one.of(Seen) == expected
        one.take()


def busy(blocks):
    net = Net(N)
    for number in range(blocks):
        net.submit(b"%d" % number)
        net.settle()
    return net


@pytest.mark.parametrize("age", [1, 2, 5, 9])
def test_a_restored_backup_is_found_out_before_it_votes(age):
    """Log and store as they were some records ago; the others go on meanwhile, then it connects."""
    net = busy(6)
    one = net.nodes[ME]
    old = list(one.log[:-age]) if age < len(one.log) else []
    stale = Node(N, ME, log=old)
    replaced = net.nodes[ME] = stale
    for signer in PEERS:
        peer = net.nodes[signer]
        peer.handle(Connected(keys(N)[ME]))
    votes = [found for found in map(decode_record, old) if isinstance(found, Vote)]
    net.settle()
    net.run(20_000)
    after = [durable.vote for durable in replaced.core._engine.journal.votes()]
    lost = [found for found in map(decode_record, one.log) if isinstance(found, Vote) and found not in votes]
    if lost:
        assert [call.retired for call in replaced.asked(Alarm)] == [True]
        assert [found for found in after if found not in votes] == []
    assert replaced.tip.height >= one.tip.height


@pytest.mark.parametrize("rounds", [1, 3])
def test_an_honest_restart_with_its_log_never_retires(rounds):
    net = busy(5)
    for _ in range(rounds):
        for one in net.nodes:
            one.start()
            for peer in net.nodes:
                if peer is not one:
                    peer.handle(Connected(one.key))
                    one.handle(Connected(peer.key))
        net.submit(b"again %d" % net.steps)
        net.run(net.nodes[0].now + 10_000)
    assert len({one.tip for one in net.nodes}) == 1
    assert all(one.core.alarm is None and one.core.faults == {} for one in net.nodes)


def test_an_honest_restart_from_its_snapshot_never_retires():
    net = busy(5)
    one = net.nodes[ME]
    one.log = list(one.core.snapshot())
    one.start()
    for signer in PEERS:
        net.nodes[signer].handle(Connected(one.key))
    net.submit(b"again")
    net.run(10_000)
    assert one.core.alarm is None
    assert len({node.tip for node in net.nodes}) == 1


def test_a_log_whose_own_votes_were_cut_off_by_a_torn_write_is_no_older_one():
    """What was torn off was never sent, so nobody can show it."""
    one = voted()
    torn = Node(N, ME, log=list(one.log[:-1]))
    shown = [found for found in map(decode_record, torn.log) if isinstance(found, Vote)]
    for known in shown:
        torn.receive(PEER, Seen(known))
    assert torn.core.alarm is None


def test_retirement_is_told_with_everything_else_after_recovery():
    one = voted()
    one.receive(PEER, certificate(FINALIZE, N, PEERS, 1, FIRST))
    one.handle(Applied(1))
    one.receive(PEER, Seen(vote(NULLIFY, ME, 7)))
    core, output = Core.recover(config(N, ME), one.scheme, one.core.snapshot(), tip_of(FIRST), 0)
    assert [type(call) for call in output.app] == [*[Archive] * 2, Alarm]
    assert core.alarm is not None
    assert output.send_after
    assert not any(isinstance(send.message, Vote | Proposal) for send in output.send_after)
    core, output = Core.recover(config(N, ME), one.scheme, one.core.snapshot(), GENESIS, 0)
    assert not any(isinstance(call, Deliver) for call in output.app), "its block is gone from the snapshot"
    assert GotBlock(FIRST) not in [decode_record(record) for record in core.snapshot()]
    assert any(isinstance(send.message, Certificate | Status) for send in output.send_after)
