"""R13: the block that ends an epoch, proposed again until it is final; the core that has ended, and the one that begins."""

import msgspec
import pytest

from consensus.core import Core
from consensus.errors import BadHeadersError, JournalError, LocalFaultError
from consensus.events import Applied, Archive, Build, Built, Check, Checked, Connected, Deliver, Outdated, Received, Tip, Wake
from consensus.limits import CERTIFICATE_TIMEOUT_MS, LEADER_TIMEOUT_MS, RESEND_MS, TIP_ONLY_WAIT_MS
from consensus.messages import (
    Certificate,
    GetBlock,
    GetCertificates,
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
from consensus.validity import follows, well_shaped
from tests.support.consensus import (
    GENESIS,
    Net,
    Node,
    Scheme,
    again,
    block,
    certificate,
    config,
    digest_of,
    follower,
    keys,
    leader,
    payload,
    proposal,
    tip_of,
    vote,
)
from tests.unit.test_consensus_catchup import check

NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE
N = 4
NEXT = bytes(range(32))
ME = follower(N, 1, 2, 3)
PEERS = [signer for signer in range(N) if signer != ME]
PEER = leader(N, 3)
FIRST = block(1)
LAST = block(1, payload=payload(2_000, next_=NEXT))
"""Ends the epoch in its first view."""


def quorum_of(kind, view, one=None, parent=None, me=ME):
    """A certificate of all but `me`, whose log knows nothing of it."""
    return certificate(kind, N, [signer for signer in range(N) if signer != me], view, one, parent)


def at(one, now, event=None):
    one.now = now
    return one.handle(event or Wake())


def waiting(me=ME, **options):
    """A node that holds the last block and its notarization, and has sent its own finalize vote."""
    one = Node(N, me, **options)
    one.receive(leader(N, 1), proposal(N, LAST))
    one.receive(PEER if me != PEER else PEERS[0], quorum_of(NOTARIZE, 1, LAST, me=me))
    return one


def ended(**options):
    one = waiting(**options)
    one.receive(PEER, quorum_of(FINALIZE, 1, LAST))
    return one


# --- the last block ---------------------------------------------------------------------------------------------------

SHAPES = {
    "a hash and no records": (payload(2_000, next_=NEXT), True),
    "records beside it": (payload(2_000, b"record", next_=NEXT), False),
    "a byte too few": (payload(2_000, next_=NEXT[1:]), False),
    "one byte": (payload(2_000, next_=b"\0"), False),
    "records and no hash": (payload(2_000, b"record"), True),
    "neither": (payload(2_000), True),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_shape_of_a_block_that_ends_its_epoch(name):
    content, good = SHAPES[name]
    made = block(1, payload=content)
    assert well_shaped(made, config(N)) is good
    one = Node(N, ME)
    one.receive(leader(N, 1), proposal(N, made))
    assert one.of(Vote) == [vote(NOTARIZE if good else NULLIFY, ME, 1, made if good else None)]


def test_its_tip_says_that_it_closes():
    assert tip_of(LAST) == Tip(1, 1, digest_of(LAST), 2_000, 0, closes=True)
    assert not tip_of(FIRST).closes


def test_no_block_stands_on_it():
    child = block(2, tip_of(LAST))
    assert not follows(child, tip_of(LAST))
    one = waiting()
    one.take()
    one.receive(leader(N, 2), proposal(N, child))
    assert one.of(Vote) == [vote(NULLIFY, ME, 2)]


def test_not_even_one_that_ends_the_epoch_too():
    child = block(2, tip_of(LAST), payload=payload(3_000, next_=NEXT))
    one = waiting()
    one.take()
    one.receive(leader(N, 2), proposal(N, child))
    assert one.of(Vote) == [vote(NULLIFY, ME, 2)]


def test_a_child_that_comes_before_its_parent_is_invalid_once_the_parent_is_here():
    child = block(2, tip_of(LAST))
    one = Node(N, ME)
    one.receive(PEER, quorum_of(NOTARIZE, 1, LAST))
    one.receive(leader(N, 2), proposal(N, child))
    assert one.of(Vote) == []
    one.receive(PEER, GotBlock(LAST))
    assert one.votes(NULLIFY) == [vote(NULLIFY, ME, 2)]


def test_no_block_on_it_is_asked_of_the_application():
    one = waiting(leader(N, 2), pending=[b"r" * 32])
    one.work()
    at(one, 900)
    one.work(due=True)
    assert one.asked(Build) == []
    assert one.of(Proposal) == []


@pytest.mark.parametrize("content", [payload(2_000, b"record", next_=NEXT), payload(2_000, next_=NEXT[1:])])
def test_an_application_that_builds_a_wrong_one_stops_the_node(content):
    one = Node(N, leader(N, 1), automatic=False)
    one.work(due=True)
    with pytest.raises(LocalFaultError, match="invalid block"):
        one.handle(Built(1, GENESIS.digest, content))


def test_a_leader_whose_question_is_overtaken_by_the_last_block_builds_on_the_older_one():
    """NOTAR and NULL of view 1 are both held: the question about the parent that was asked first stays good."""
    me = leader(N, 2)
    one = Node(N, me, automatic=False)
    one.receive(leader(N, 1), proposal(N, LAST))
    one.work()
    one.receive(PEER, quorum_of(NULLIFY, 1, me=me))
    [asked] = one.asked(Build)
    one.receive(PEER, quorum_of(NOTARIZE, 1, LAST, me=me))
    assert one.asked(Build) == [asked]
    one.handle(Built(2, GENESIS.digest, payload(2_000, b"record")))
    assert [sent.block.parent for sent in one.of(Proposal)] == [GENESIS.digest]


# --- proposed again ---------------------------------------------------------------------------------------------------


def test_a_leader_waits_for_its_final_and_then_proposes_it_again():
    me = leader(N, 2)
    one = waiting(me)
    assert one.last.wake_at == TIP_ONLY_WAIT_MS
    at(one, TIP_ONLY_WAIT_MS - 1)
    assert one.of(Proposal) == []
    at(one, TIP_ONLY_WAIT_MS)
    assert one.of(Proposal) == [again(N, LAST, 2, 1)]
    assert [decode_record(record) for record in one.last.persist] == [vote(NOTARIZE, me, 2, LAST, 1)], "the block is durable"


def test_no_leader_proposes_it_again_when_its_final_came_in_time():
    me = leader(N, 2)
    one = waiting(me)
    one.receive(PEER, quorum_of(FINALIZE, 1, LAST, me=me))
    at(one, 60_000)
    assert one.of(Proposal) == []


def test_the_parent_is_the_view_of_the_newest_notarization():
    """Proposed again in view 2 and notarized, nullified in view 3, proposed again in view 4."""
    me = leader(N, 4)
    one = waiting(me)
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    assert vote(NOTARIZE, me, 2, LAST, 1) in one.votes(NOTARIZE)
    one.receive(PEER, quorum_of(NOTARIZE, 2, LAST, 1, me=me))
    assert one.votes(FINALIZE) == [vote(FINALIZE, me, 1, LAST), vote(FINALIZE, me, 2, LAST, 1)]
    one.receive(PEER, quorum_of(NULLIFY, 3, me=me))
    at(one, TIP_ONLY_WAIT_MS)
    assert one.of(Proposal) == [again(N, LAST, 4, 2)]


def test_a_valid_one_proposed_again_gets_one_vote_and_is_not_checked_again():
    one = waiting(automatic=False)
    one.handle(Checked(digest_of(LAST), valid=True))
    one.take()
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    assert one.of(Vote) == [vote(NOTARIZE, ME, 2, LAST, 1)]
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    assert len(one.of(Vote)) == 1
    assert len(one.asked(Check)) == 1
    assert one.core.faults == {}


def test_it_is_never_too_late():
    one = Node(N, ME, automatic=False)
    one.receive(leader(N, 1), proposal(N, LAST))
    one.handle(Checked(digest_of(LAST), valid=True, timely=False))
    assert one.votes(NULLIFY) == [vote(NULLIFY, ME, 1)]
    one.receive(PEER, quorum_of(NOTARIZE, 1, LAST))
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, ME, 2, LAST, 1)]


def test_who_found_it_too_late_proposes_it_again_all_the_same():
    me = leader(N, 2)
    one = Node(N, me, automatic=False)
    one.receive(leader(N, 1), proposal(N, LAST))
    one.handle(Checked(digest_of(LAST), valid=True, timely=False))
    one.receive(PEER, quorum_of(NOTARIZE, 1, LAST, me=me))
    at(one, TIP_ONLY_WAIT_MS)
    assert one.of(Proposal) == [again(N, LAST, 2, 1)]


def test_a_leader_that_has_not_checked_it_checks_it_first():
    me = leader(N, 2)
    one = Node(N, me, automatic=False)
    one.receive(leader(N, 1), proposal(N, LAST))
    one.receive(PEER, quorum_of(NOTARIZE, 1, LAST, me=me))
    at(one, TIP_ONLY_WAIT_MS)
    assert one.of(Proposal) == []
    one.handle(Checked(digest_of(LAST), valid=True))
    assert one.of(Proposal) == [again(N, LAST, 2, 1)]


def test_a_block_proposed_again_that_was_not_here_is_checked_and_made_durable():
    one = Node(N, ME, automatic=False)
    one.receive(PEER, quorum_of(NOTARIZE, 1, LAST))
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    assert one.votes(NOTARIZE) == []
    assert [call.block for call in one.asked(Check)] == [LAST]
    one.handle(Checked(digest_of(LAST), valid=True))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, ME, 2, LAST, 1)]
    assert GotBlock(LAST) in [decode_record(record) for record in one.log]


def test_its_missing_ancestors_are_fetched():
    last = block(2, tip_of(FIRST), payload=payload(3_000, next_=NEXT))
    one = Node(N, ME, automatic=False)
    one.receive(PEER, quorum_of(NOTARIZE, 2, last))
    one.receive(leader(N, 3), again(N, last, 3, 2))
    assert GetBlock(0, digest_of(FIRST)) in one.of(GetBlock)
    assert one.asked(Check) == []
    one.receive(PEER, GotBlock(FIRST))
    assert [call.block for call in one.asked(Check)] == [last]


def test_without_its_notarization_it_waits_and_asks_the_leader_for_it():
    one = Node(N, ME)
    one.receive(PEER, quorum_of(NULLIFY, 1))
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    assert [(send.to, send.message) for send in one.sent if isinstance(send.message, GetCertificates)] == [
        (keys(N)[leader(N, 2)], GetCertificates(0, 1, 1))
    ]
    assert one.of(Vote) == []
    one.receive(leader(N, 2), quorum_of(NOTARIZE, 1, LAST))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, ME, 2, LAST, 1)]


def test_a_view_in_between_that_is_not_nullified_keeps_it_from_a_vote():
    """P1 holds for it too."""
    one = waiting()
    for view in (4, 3):
        one.receive(PEER, quorum_of(NULLIFY, view))
    one.take()
    one.receive(leader(N, 5), again(N, LAST, 5, 1))
    assert one.of(Vote) == []
    one.receive(PEER, quorum_of(NULLIFY, 2))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, ME, 5, LAST, 1)]


def test_one_that_is_not_notarized_where_it_says_is_nullified():
    """View 2 has notarized another block: what says that the last one was notarized there can never be right."""
    one = waiting()
    other = block(2, GENESIS)
    one.receive(PEER, quorum_of(NULLIFY, 1))
    one.receive(PEER, quorum_of(NOTARIZE, 2, other))
    one.take()
    one.receive(leader(N, 3), again(N, LAST, 3, 2))
    assert one.votes(NULLIFY) == [vote(NULLIFY, ME, 3)]


def test_one_on_the_floor_that_is_another_block_is_nullified():
    one = Node(N, ME)
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.receive(PEER, quorum_of(FINALIZE, 1, FIRST))
    one.take()
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    assert one.votes(NULLIFY) == [vote(NULLIFY, ME, 2)]


REFUSED = {
    "a block that ends no epoch": again(N, FIRST, 2, 1),
    "notarized before it was made": again(N, block(2, payload=payload(2_000, next_=NEXT)), 3, 1),
    "notarized in the same view": again(N, LAST, 2, 2),
    "notarized later": again(N, LAST, 2, 3),
    "of a later view than the vote": Proposal(block(3, payload=LAST.payload), again(N, LAST, 2, 1).vote),
    "a vote for another block": Proposal(LAST, again(N, block(1, payload=payload(2_001, next_=NEXT)), 2, 1).vote),
    "in its own view on another parent": Proposal(LAST, vote(NOTARIZE, leader(N, 1), 1, LAST, 1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_counted(name):
    one = Node(N, ME)
    one.receive(PEER, quorum_of(NULLIFY, 1))
    one.take()
    made = REFUSED[name]
    sender = leader(N, made.vote.view)
    one.receive(sender, made)
    assert one.core.faults == {(keys(N)[sender], "misdirected"): 1}
    assert one.core._engine.current.proposal is None
    assert one.take() == []


def test_a_forged_vote_for_it_is_refused():
    one = waiting()
    made = again(N, LAST, 2, 1)
    one.receive(leader(N, 2), Proposal(LAST, msgspec.structs.replace(made.vote, signature=bytes(64))))
    assert one.core.faults == {(keys(N)[leader(N, 2)], "forged"): 1}
    one.receive(leader(N, 2), made)
    assert vote(NOTARIZE, ME, 2, LAST, 1) in one.votes(NOTARIZE)


def test_another_than_the_leader_cannot_propose_it_again():
    one = waiting()
    other = next(signer for signer in PEERS if signer != leader(N, 2))
    one.receive(other, Proposal(LAST, vote(NOTARIZE, other, 2, LAST, 1)))
    assert one.core.faults == {(keys(N)[other], "misdirected"): 1}


# --- final ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", [1, 2, 5])
def test_its_final_delivers_it_whatever_the_view_and_ends_the_core(view):
    one = waiting()
    final = quorum_of(FINALIZE, view, LAST, None if view == 1 else view - 1)
    assert not one.core.ended
    one.receive(PEER, final)
    assert one.delivered == [Deliver(LAST, digest_of(LAST), final)]
    assert one.core.ended
    assert one.core.delivered == tip_of(LAST)
    assert (one.core.view, one.core.floor_view) == (view + 1, view)


def test_finals_of_two_views_for_it_contradict_nothing():
    one = waiting()
    finals = [quorum_of(FINALIZE, 2, LAST, 1), quorum_of(FINALIZE, 1, LAST), quorum_of(FINALIZE, 3, LAST, 2)]
    for final in finals:
        one.receive(PEER, final)
    assert [call.final for call in one.delivered] == finals[:1]
    assert one.alarms == []
    assert one.core.floor_view == 3
    again_, _ = Core.recover(config(N, ME), one.scheme, one.log, GENESIS, 0)
    assert (again_.alarm, again_.ended) == (None, True)


def test_a_final_beyond_the_last_block_is_an_alarm():
    """More than f validators have signed what no correct one can have."""
    beyond = block(2, tip_of(LAST))
    one = waiting()
    one.receive(leader(N, 2), proposal(N, beyond))
    one.receive(PEER, quorum_of(FINALIZE, 1, LAST))
    one.receive(PEER, quorum_of(FINALIZE, 2, beyond))
    assert one.alarms == ["a block of view 2 is final beyond the last one of the epoch"]
    assert len(one.delivered) == 1


def test_two_last_blocks_can_be_notarized_and_one_is_final():
    other = block(2, payload=payload(2_001, next_=NEXT))
    one = waiting()
    one.receive(PEER, quorum_of(NULLIFY, 1))
    one.receive(leader(N, 2), proposal(N, other))
    one.receive(PEER, quorum_of(NOTARIZE, 2, other))
    one.receive(PEER, quorum_of(FINALIZE, 2, other))
    assert [call.block for call in one.delivered] == [other]
    assert one.alarms == []


def test_an_ended_core_does_nothing_of_its_own():
    one = ended(pending=[b"r" * 32])
    one.take()
    one.calls.clear()
    one.work(due=True)
    for view in range(2, 2 + N):
        one.receive(leader(N, view) if leader(N, view) != ME else PEER, quorum_of(NULLIFY, view))
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    one.receive(PEER, quorum_of(NOTARIZE, 2, LAST, 1))
    for signer in PEERS:
        one.receive(signer, Status(0, 99, 99))
    at(one, 60_000)
    assert one.of(Vote, Proposal, GetBlock, GetHeaders, GetCertificates) == []
    assert one.calls == []
    assert one.last.wake_at == 60_000 + RESEND_MS


def test_an_ended_core_still_answers():
    final = quorum_of(FINALIZE, 1, LAST)
    one = ended(automatic=False)
    one.take()
    one.receive(PEER, GetBlock(0, digest_of(LAST)))
    one.receive(PEER, GetCertificates(0, 1, 1))
    one.receive(PEER, vote(NULLIFY, PEER, 1))
    one.receive(PEER, Status(0, 1, 0))
    one.handle(Connected(keys(N)[PEER]))
    to_peer = [send.message for send in one.sent if send.to == keys(N)[PEER]]
    assert to_peer.count(final) == 4
    assert {GotBlock(LAST), Status(0, 2, 1)} <= set(to_peer)


@pytest.mark.parametrize("view", [1, 3])
def test_who_lacks_the_last_block_fetches_it_from_its_leader_and_by_height(view):
    one = Node(N, ME)
    final = quorum_of(FINALIZE, view, LAST, None if view == 1 else 1)
    one.receive(PEER, final)
    assert {GetBlock(0, digest_of(LAST)), GetHeaders(0, 1)} <= set(one.of(GetBlock, GetHeaders))
    one.receive(PEER, GotBlock(LAST))
    assert one.delivered == [Deliver(LAST, digest_of(LAST), final)]
    assert one.core.ended


@pytest.mark.parametrize("n", [1, 4, 5, 7])
def test_a_network_ends_its_epoch_together(n):
    net = Net(n)
    net.submit(b"a")
    net.settle()
    for one in net.nodes:
        one.next_ = NEXT
        one.work(due=True)
    net.run(30_000)
    assert all(one.core.ended for one in net.nodes)
    assert len({one.tip for one in net.nodes}) == 1
    assert net.nodes[0].tip.closes


@pytest.mark.parametrize("lost_until", [3_000, 20_000])
@pytest.mark.parametrize("kind", [FINALIZE, NOTARIZE])
def test_a_network_ends_its_epoch_though_votes_are_lost(kind, lost_until):
    """Finalize votes, and with them FINAL: proposed again. Notarize votes: proposed anew, by others."""
    net = Net(N, lost=lambda _s, _r, message: getattr(message, "kind", None) == kind and net.nodes[0].now < lost_until)
    for one in net.nodes:
        one.next_ = NEXT
        one.work(due=True)
    net.run(lost_until + 60_000)
    assert all(one.core.ended for one in net.nodes)
    assert len({one.tip for one in net.nodes}) == 1
    views = {one.core.floor_view for one in net.nodes}
    assert min(views) > 1
    if kind == FINALIZE:
        assert {one.tip.view for one in net.nodes} == {1}, "the same block, whatever the view of its FINAL"
    assert all(one.alarms == [] and one.core.faults == {} for one in net.nodes)


def test_one_whose_finalize_votes_alone_are_lost_does_not_hold_the_others_up():
    net = Net(N, lost=lambda sender, _r, message: sender == ME and getattr(message, "kind", None) == FINALIZE)
    for one in net.nodes:
        one.next_ = NEXT
        one.work(due=True)
    net.settle()
    assert all(one.core.ended for one in net.nodes)


# --- timers -----------------------------------------------------------------------------------------------------------


def test_a_leader_that_does_not_propose_it_again_times_out():
    one = waiting()
    one.take()
    at(one, LEADER_TIMEOUT_MS)
    assert one.votes(NULLIFY) == [vote(NULLIFY, ME, 2)]


def test_proposed_again_it_has_the_time_of_any_proposal():
    one = waiting()
    at(one, 1_500, Received(keys(N)[leader(N, 2)], again(N, LAST, 2, 1)))
    at(one, CERTIFICATE_TIMEOUT_MS - 1)
    assert one.votes(NULLIFY) == []
    at(one, CERTIFICATE_TIMEOUT_MS)
    assert one.votes(NULLIFY) == [vote(NULLIFY, ME, 2)]


# --- recovery ---------------------------------------------------------------------------------------------------------


def recover(records, tip=GENESIS, me=ME, epoch=0):
    return Core.recover(config(N, me, epoch), Scheme(keys(N)[me]), records, tip, 0)


def test_the_vote_for_a_block_proposed_again_is_recovered_and_cast_once():
    one = waiting()
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    log = list(one.log)
    other = Node(N, ME, log=log)
    assert other.core.snapshot() == one.core.snapshot()
    other.receive(leader(N, 2), again(N, LAST, 2, 1))
    assert other.votes(NOTARIZE) == []
    assert other.log == log
    other.receive(PEER, quorum_of(NOTARIZE, 2, LAST, 1))
    assert other.votes(FINALIZE)[-1] == vote(FINALIZE, ME, 2, LAST, 1)


def test_a_leader_sends_the_same_one_again_after_a_restart():
    me = leader(N, 2)
    one = waiting(me)
    at(one, TIP_ONLY_WAIT_MS)
    other = Node(N, me, log=list(one.log), now=5_000)
    assert other.of(Proposal) == []
    other.handle(Connected(keys(N)[PEER]))
    assert other.of(Proposal) == [again(N, LAST, 2, 1)]
    at(other, 9_000)
    assert {sent.vote.view for sent in other.of(Proposal)} == {2}


def test_recovery_from_the_snapshot_is_recovery_from_the_log():
    one = waiting()
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    one.receive(PEER, quorum_of(NOTARIZE, 2, LAST, 1))
    for records in (one.log, one.core.snapshot()):
        core, _ = recover(records)
        assert (core.view, core.snapshot()) == (3, one.core.snapshot())


def test_every_prefix_of_its_log_is_a_state_that_recovers():
    one = waiting()
    one.receive(leader(N, 2), again(N, LAST, 2, 1))
    one.receive(PEER, quorum_of(NOTARIZE, 2, LAST, 1))
    one.receive(PEER, quorum_of(FINALIZE, 2, LAST, 1))
    views = [recover(one.log[:length])[0].view for length in range(len(one.log) + 1)]
    assert views == sorted(views)
    assert views[-1] == 3


@pytest.mark.parametrize("view", [1, 2])
def test_a_last_block_that_was_not_executed_is_delivered_again(view):
    one = waiting(automatic=False)
    one.handle(Checked(digest_of(LAST), valid=True))
    final = quorum_of(FINALIZE, view, LAST, None if view == 1 else 1)
    one.receive(PEER, final)
    core, output = recover(one.log)
    assert [call for call in output.app if isinstance(call, Deliver)] == [Deliver(LAST, digest_of(LAST), final)]
    assert core.ended
    assert [type(call) for call in output.app if not isinstance(call, Archive)] == [Deliver]
    assert output.send_now == ()
    assert {type(send.message) for send in output.send_after} == {Status}


def test_a_final_in_the_log_whose_block_is_not_here_is_caught_up_with():
    records = [encode(quorum_of(FINALIZE, 3, LAST, 1))]
    one = Node(N, ME, log=records)
    assert not one.core.ended
    assert {GetBlock(0, digest_of(LAST)), GetHeaders(0, 1)} <= set(one.of(GetBlock, GetHeaders))
    one.receive(PEER, Headers((LAST,), quorum_of(FINALIZE, 3, LAST, 1)))
    assert one.core.ended


def test_a_core_at_an_executed_last_block_has_ended():
    core, output = recover([encode(quorum_of(FINALIZE, 3, LAST, 1))], tip_of(LAST))
    assert core.ended
    assert [type(call) for call in output.app] == [Archive]


# --- catching up ------------------------------------------------------------------------------------------------------

BEYOND = block(2, tip_of(LAST))


@pytest.mark.parametrize(("view", "parent"), [(1, 0), (2, 1), (9, 4)])
def test_headers_may_end_at_it_with_a_final_of_a_later_view(view, parent):
    stretch = check(Headers((LAST,), quorum_of(FINALIZE, view, LAST, parent)))
    assert stretch.connects
    assert [made for made, _ in stretch.blocks] == [LAST]


BAD = {
    "blocks beyond it": (Headers((LAST, BEYOND), quorum_of(FINALIZE, 2, BEYOND)), "stands on the last block"),
    "a later final of a block that ends nothing": (Headers((FIRST,), quorum_of(FINALIZE, 2, FIRST, 1)), "another block's"),
    "notarized before it was made": (
        Headers((block(3, payload=LAST.payload),), quorum_of(FINALIZE, 4, block(3, payload=LAST.payload), 2)),
        "another block's",
    ),
    "notarized in the view of its final": (Headers((LAST,), quorum_of(FINALIZE, 2, LAST, 2)), "another block's"),
}


@pytest.mark.parametrize("name", BAD)
def test_headers_refused(name):
    message, reason = BAD[name]
    with pytest.raises(BadHeadersError, match=reason):
        check(message)


def test_a_node_catches_up_to_the_epochs_end_and_no_further():
    blocks = [FIRST, block(2, tip_of(FIRST), payload=payload(3_000, next_=NEXT))]
    final = quorum_of(FINALIZE, 4, blocks[1], 2)
    one = Node(N, ME)
    for signer in PEERS[:2]:
        one.receive(signer, Status(3, 1, 40))
    assert one.of(GetHeaders) == [GetHeaders(0, 1)], "a later epoch's status counts"
    one.receive(PEERS[0], Headers(tuple(blocks), final))
    assert one.delivered == [Deliver(FIRST, digest_of(FIRST), None), Deliver(blocks[1], digest_of(blocks[1]), final)]
    assert one.core.ended
    one.take()
    at(one, 30_000)
    assert one.of(GetHeaders) == []


def test_the_final_of_an_ended_epoch_is_enough_to_catch_up():
    """Where no validator of the old epoch is left to say that it is ahead."""
    one = Node(N, ME)
    one.handle(Received(keys(9)[8], quorum_of(FINALIZE, 4, LAST, 2)))
    sent = [send for send in one.sent if isinstance(send.message, GetHeaders)]
    assert [send.message for send in sent] == [GetHeaders(0, 1)]


def test_a_later_epochs_status_of_f_validators_is_not_believed():
    one = Node(N, ME)
    one.receive(PEERS[0], Status(3, 1, 40))
    one.handle(Received(keys(9)[8], Status(3, 1, 40)))
    assert one.of(GetHeaders) == []


# --- the next epoch ---------------------------------------------------------------------------------------------------

START = Tip(0, 7, digest_of(LAST), 2_000, mark=5)


def later(me=ME, **options):
    """A node in epoch 1, which began on the block of height 7."""
    return Node(N, me, tip=START, epoch=1, **options)


def on_start(view=1, **changes):
    content = msgspec.structs.replace(payload(3_000), mark=msgspec.structs.replace(payload().mark, height=6))
    return block(view, START, **{"epoch": 1, "payload": content, **changes})


def test_an_epoch_begins_in_view_1_on_the_block_that_ended_the_one_before():
    one = later()
    assert (one.core.epoch, one.core.view, one.core.floor_view, one.core.floor_digest) == (1, 1, 0, START.digest)
    assert (one.core.delivered, one.core.ended) == (START, False)
    signer = leader(N, 1, epoch=1)
    made = on_start()
    one.receive(signer if signer != ME else PEER, proposal(N, made))
    assert one.votes(NOTARIZE) == ([vote(NOTARIZE, ME, 1, made, epoch=1)] if signer != ME else [])


def test_leaders_are_drawn_anew():
    assert [leader(N, view, epoch=1) for view in range(N)] != [leader(N, view) for view in range(N)]


def test_a_leader_builds_on_it():
    one = later(leader(N, 1, epoch=1), automatic=False)
    one.work()
    [call] = one.asked(Build)
    assert (call.view, call.parent, call.ancestors) == (1, START, ())
    one.handle(Built(1, START.digest, on_start().payload))
    [sent] = one.of(Proposal)
    assert (sent.block.epoch, sent.block.height, sent.block.parent_view) == (1, 8, 0)
    assert sent.vote.epoch == 1


@pytest.mark.parametrize(("mark", "good"), [(4, False), (5, True), (7, True), (8, False)])
def test_no_mark_is_older_than_that_of_the_block_it_begins_on(mark, good):
    content = msgspec.structs.replace(on_start().payload, mark=msgspec.structs.replace(payload().mark, height=mark))
    assert follows(on_start(payload=content), START) is good


def test_a_vote_of_one_epoch_is_none_in_another():
    old, new = vote(NULLIFY, PEER, 1), vote(NULLIFY, PEER, 1, epoch=1)
    assert old.signature != new.signature
    one = later()
    stolen = msgspec.structs.replace(old, epoch=1)
    for signer in PEERS:
        one.receive(signer, msgspec.structs.replace(vote(NULLIFY, signer, 1), epoch=1))
    one.receive(PEER, msgspec.structs.replace(quorum_of(NULLIFY, 1), epoch=1))
    assert one.core.view == 1
    assert {reason for _, reason in one.core.faults} == {"forged", "bad-certificate"}
    assert stolen != new


def test_catching_up_begins_at_the_start_of_the_epoch():
    made = on_start()
    final = certificate(FINALIZE, N, PEERS, 1, made, epoch=1)
    one = later()
    for signer in PEERS[:2]:
        one.receive(signer, Status(1, 2, 8))
    assert one.of(GetHeaders) == [GetHeaders(1, 8)]
    one.receive(PEERS[0], Headers((made,), final))
    assert one.delivered == [Deliver(made, digest_of(made), final)]


def test_p16_a_log_of_another_epoch_is_refused():
    """ava-labs/Simplex #551; each kind of record."""
    one = waiting()
    kinds = [GotBlock(LAST), quorum_of(NOTARIZE, 1, LAST), vote(NOTARIZE, ME, 1, LAST), Seen(vote(NULLIFY, ME, 1))]
    for record in [*kinds, *(decode_record(found) for found in one.log)]:
        with pytest.raises(JournalError, match="epoch 0 in the log of epoch 1"):
            recover([encode(record)], START, epoch=1)


OLD = {
    "a vote": vote(NULLIFY, PEER, 1),
    "a proposal": proposal(N, FIRST),
    "a status": Status(0, 4, 5),
    "a question for a block": GetBlock(0, digest_of(FIRST)),
    "a question for certificates": GetCertificates(0, 1, 2),
}


@pytest.mark.parametrize("name", OLD)
def test_who_is_in_an_old_epoch_is_told_its_end_at_most_once_in_five_seconds(name):
    one = later()
    one.take()
    for now in (1_000, 2_000, 5_999):
        at(one, now, Received(keys(N)[PEER], OLD[name]))
    assert one.asked(Outdated) == [Outdated(keys(N)[PEER], 0)]
    at(one, 6_000, Received(keys(N)[PEER], OLD[name]))
    assert one.asked(Outdated) == [Outdated(keys(N)[PEER], 0)] * 2
    at(one, 6_000, Received(keys(9)[8], OLD[name]))
    assert one.asked(Outdated)[2:] == [Outdated(keys(9)[8], 0)], "each peer for itself"
    assert one.of(Vote, GotBlock, Certificate) == []
    assert one.core.faults == {}


ANSWERS = {
    "a certificate": quorum_of(FINALIZE, 1, FIRST),
    "a block": GotBlock(FIRST),
    "headers": Headers((FIRST,), quorum_of(FINALIZE, 1, FIRST)),
    "a vote seen": Seen(vote(NULLIFY, ME, 1)),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_who_answers_in_an_old_epoch_is_told_nothing(name):
    """It may be in the newest one: two nodes would tell each other of an end that both know, for ever on a slow link."""
    one = later()
    one.receive(PEER, ANSWERS[name])
    assert one.asked(Outdated) == []
    assert one.core.faults == {}


def test_messages_of_a_later_epoch_wait_for_nobody():
    one = Node(N, ME)
    one.take()
    for message in (vote(NULLIFY, PEER, 1, epoch=1), proposal(N, on_start()), GotBlock(on_start())):
        one.receive(PEER, message)
    assert (one.take(), one.calls, one.core.faults) == ([], [], {})


def test_an_executed_last_block_leaves_nothing_behind():
    one = ended()
    one.handle(Applied(1))
    assert list(one.core._engine.blocks) == []
    assert one.tip == tip_of(LAST)
