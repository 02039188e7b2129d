"""Rules R1 to R11, each by a short script: one core, four validators, messages in, messages out."""

import msgspec
import pytest

from consensus.errors import LocalFaultError
from consensus.events import Build, Built, Check, Checked, Connected, Deliver, Received, Wake
from consensus.limits import RESEND_MS, RETAINED_VIEWS, SILENT_LEADER_MS, TIP_ONLY_WAIT_MS
from consensus.messages import (
    Certificate,
    GetBlock,
    GetCertificates,
    GetHeaders,
    GotBlock,
    Mark,
    Proposal,
    Seen,
    Status,
    Vote,
    VoteKind,
    decode,
)
from tests.support.consensus import (
    GENESIS,
    Node,
    block,
    certificate,
    digest_of,
    follower,
    keys,
    leader,
    payload,
    proposal,
    tip_of,
    vote,
)

NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE
N = 4
FIRST = block(1)
ME = follower(N, 1, 2, 3)
PEER = leader(N, 3)


def others(me, count=3):
    return [signer for signer in range(N) if signer != me][:count]


def quorum_of(kind, view, one=None, me=ME):
    """A certificate of all but `me`, whose log knows nothing of it."""
    return certificate(kind, N, others(me), view, one)


def node(**options):
    """A validator that leads neither view 1 nor 2 nor 3."""
    return Node(N, ME, **options)


def at(one, now, event=None):
    one.now = now
    return one.handle(event or Wake())


def persisted(one):
    return [decode(record) for record in one.last.persist]


# --- R1 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "view"),
    [
        (quorum_of(NOTARIZE, 1, FIRST), 2),
        (quorum_of(NULLIFY, 1), 2),
        (quorum_of(FINALIZE, 1, FIRST), 2),
        (quorum_of(NULLIFY, 9), 10),
        (quorum_of(FINALIZE, 9, block(9)), 10),
    ],
)
def test_r1_any_certificate_leads_into_the_next_view(made, view):
    one = node()
    one.receive(PEER, made)
    assert one.core.view == view
    assert made in persisted(one)
    assert one.of(Certificate) == [made]


def test_r1_an_older_certificate_changes_no_view():
    one = node()
    one.receive(PEER, quorum_of(NULLIFY, 5))
    one.receive(PEER, quorum_of(NULLIFY, 3))
    assert one.core.view == 6


def test_r1_votes_make_the_certificate_too():
    one = node()
    for signer in others(ME):
        assert one.core.view == 1
        one.receive(signer, vote(NOTARIZE, signer, 1, FIRST))
    assert one.core.view == 2
    assert one.of(Certificate) == [quorum_of(NOTARIZE, 1, FIRST)]


def test_r1_no_timer_without_work():
    one = node()
    one.receive(PEER, quorum_of(NULLIFY, 1))
    at(one, 60_000)
    assert one.votes(NULLIFY) == []


# --- R2 ---------------------------------------------------------------------------------------------------------------


def test_r2_the_leader_has_two_seconds_from_when_there_is_work():
    one = node()
    at(one, 10_000)
    one.work()
    assert one.last.wake_at == 12_000
    at(one, 11_999)
    assert one.votes(NULLIFY) == []
    at(one, 12_000)
    assert one.votes(NULLIFY) == [vote(NULLIFY, one.me, 1)]


def test_r2_a_proposal_has_four_seconds_to_be_notarized():
    one = node(automatic=False)
    one.work()
    at(one, 1_000, Received(keys(N)[leader(N, 1)], proposal(N, FIRST)))
    at(one, 3_999)
    assert one.votes(NULLIFY) == []
    at(one, 4_000)
    assert one.votes(NULLIFY)


def test_r2_timers_are_cancelled_when_the_work_goes_away_and_begin_anew():
    one = node()
    one.work()
    at(one, 1_000)
    one.work(pending=False)
    at(one, 3_000)
    one.work()
    at(one, 4_999)
    assert one.votes(NULLIFY) == []
    at(one, 5_000)
    assert one.votes(NULLIFY)


def test_r2_timers_grow_with_nullified_views_and_shrink_on_final():
    one = node()
    one.work()
    for view in (1, 2):
        one.receive(PEER, quorum_of(NULLIFY, view))
    at(one, 4_499)
    assert one.votes(NULLIFY) == []
    at(one, 4_500)
    assert one.votes(NULLIFY) == [vote(NULLIFY, one.me, 3)], "2 s * 1.5 * 1.5"
    one.receive(PEER, quorum_of(FINALIZE, 3, block(3)))
    one.take()
    at(one, 6_499)
    assert one.votes(NULLIFY) == []
    at(one, 6_500)
    assert one.votes(NULLIFY) == [vote(NULLIFY, ME, 4)]


def silent_leader(heard):
    """A node at 16 s, whose leader of view 1 has said nothing, while `heard` others said something at 2 s."""
    one = node()
    rest = [signer for signer in others(one.me) if signer != leader(N, 1)][:heard]
    for signer in rest:
        at(one, 2_000, Received(keys(N)[signer], Status(0, 1, 0)))
    at(one, SILENT_LEADER_MS)
    one.work()
    return one


def test_r2_a_leader_long_silent_is_skipped_at_once():
    one = silent_leader(heard=2)
    assert one.votes(NULLIFY) == [vote(NULLIFY, one.me, 1)]


def test_r2_no_leader_is_skipped_when_others_are_silent_too():
    assert silent_leader(heard=1).votes(NULLIFY) == []


def test_r2_a_leader_that_falls_silent_during_the_view_is_skipped_then():
    one = node(automatic=False)
    one.receive(leader(N, 1), proposal(N, FIRST))
    rest = [signer for signer in others(one.me) if signer != leader(N, 1)]
    one.receive(rest[0], quorum_of(NULLIFY, 3))
    at(one, 13_000)
    one.work()
    one.receive(rest[0], quorum_of(NULLIFY, 4))
    for signer in rest:
        one.receive(signer, Status(0, 5, 0))
    assert one.last.wake_at == SILENT_LEADER_MS
    at(one, SILENT_LEADER_MS - 1)
    assert one.votes(NULLIFY) == []
    at(one, SILENT_LEADER_MS)
    assert one.votes(NULLIFY) == [vote(NULLIFY, one.me, 5)], "view 5 has the leader of view 1"


# --- R3 ---------------------------------------------------------------------------------------------------------------


def leading(**options):
    return Node(N, leader(N, 1), **options)


def test_r3_the_leader_persists_block_and_vote_then_sends_both():
    one = leading()
    one.pending = [b"r" * 32]
    one.work()
    built = one.of(Proposal)[0]
    assert built.block.payload.records == (b"r" * 32,)
    assert (built.block.view, built.block.height, built.block.parent_view, built.block.parent) == (1, 1, 0, GENESIS.digest)
    assert built.vote == vote(NOTARIZE, one.me, 1, built.block)
    assert [decode(record) for record in one.log] == [GotBlock(built.block), built.vote]


def test_r3_nothing_to_do_nothing_to_propose():
    one = leading(automatic=False)
    at(one, 10_000)
    assert one.asked(Build) == []


def test_r3_a_due_block_is_asked_for_once_and_the_application_says_whether_after_this_parent():
    one = leading()
    one.work(pending=False, due=True)
    assert [build.may_be_empty for build in one.asked(Build)] == [False]


def test_r3_who_has_nothing_is_asked_again_when_there_is_something():
    one = leading()
    one.work()
    assert not one.asked(Build)[0].may_be_empty
    assert one.of(Proposal) == []
    one.pending = [b"r" * 32]
    one.work()
    assert len(one.of(Proposal)) == 1


def tip_only():
    """The leader of view 2, whose only work is the notarized block of view 1."""
    one = Node(N, leader(N, 2))
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST, one.me))
    return one


def test_r3_an_empty_block_on_an_unfinalized_tip_waits_for_its_final():
    one = tip_only()
    assert one.asked(Build) == []
    assert one.last.wake_at == TIP_ONLY_WAIT_MS
    at(one, TIP_ONLY_WAIT_MS)
    asked = one.asked(Build)[0]
    assert asked.parent == tip_of(FIRST)
    assert asked.ancestors == (FIRST,)
    assert asked.may_be_empty
    assert one.of(Proposal)[0].block.parent == digest_of(FIRST)


def test_r3_no_empty_block_when_the_final_came_in_time():
    one = tip_only()
    one.receive(PEER, quorum_of(FINALIZE, 1, FIRST, one.me))
    at(one, 20_000)
    assert one.asked(Build) == []


def test_r3_records_do_not_wait_for_a_final():
    one = tip_only()
    one.pending = [b"r" * 32]
    one.work()
    assert one.of(Proposal)[0].block.payload.records == (b"r" * 32,)


def test_r3_the_highest_parent_with_everything_between_nullified():
    one = Node(N, leader(N, 4))
    one.pending = [b"r" * 32]
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    one.receive(PEER, quorum_of(NULLIFY, 1))
    for view in (2, 3):
        one.receive(PEER, quorum_of(NULLIFY, view))
    one.take()
    one.work()
    made = [message.block for message in one.of(Proposal)]
    assert (made[0].view, made[0].parent_view, made[0].height) == (4, 1, 2)


def test_r3_missing_certificates_are_fetched_before_a_proposal():
    one = Node(N, leader(N, 4))
    one.pending = [b"r" * 32]
    one.receive(PEER, quorum_of(NULLIFY, 3))
    one.work()
    assert one.of(Proposal) == []
    assert one.of(GetCertificates) == [GetCertificates(0, 1, 2)]
    one.receive(PEER, quorum_of(NULLIFY, 2))
    assert one.of(Proposal) == []
    one.receive(PEER, quorum_of(NULLIFY, 1))
    assert one.of(Proposal)[0].block.parent_view == 0


@pytest.mark.parametrize("built", [payload(GENESIS.time), payload(2_000, b"r", next_=bytes(32))])
def test_r3_an_invalid_payload_of_the_own_application_stops_the_node(built):
    one = leading(automatic=False)
    one.work()
    with pytest.raises(LocalFaultError, match="built an invalid block"):
        one.handle(Built(1, GENESIS.digest, built))


def test_r3_a_late_answer_of_the_application_is_dropped():
    one = leading(automatic=False)
    one.work()
    one.receive(PEER, quorum_of(NULLIFY, 1, me=one.me))
    one.handle(Built(1, GENESIS.digest, payload()))
    one.handle(Built(2, GENESIS.digest, payload()))
    assert one.of(Proposal) == []


def test_r3_an_answer_for_an_older_parent_is_dropped():
    me = leader(N, 3)
    one = Node(N, me, automatic=False)
    peer = others(me)[0]
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.receive(peer, quorum_of(NULLIFY, 1, me=me))
    one.receive(peer, quorum_of(NULLIFY, 2, me=me))
    one.work()
    one.receive(peer, quorum_of(NOTARIZE, 1, FIRST, me=me))
    assert [call.parent for call in one.asked(Build)] == [GENESIS, tip_of(FIRST)]
    one.handle(Built(3, GENESIS.digest, payload(9_000)))
    assert one.of(Proposal) == []
    one.handle(Built(3, digest_of(FIRST), payload(9_000)))
    assert [made.block.parent for made in one.of(Proposal)] == [digest_of(FIRST)]


# --- R4 ---------------------------------------------------------------------------------------------------------------


def test_r4_a_valid_proposal_gets_one_vote():
    one = node()
    signer = leader(N, 1)
    one.receive(signer, proposal(N, FIRST))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, one.me, 1, FIRST)]
    assert [decode(record) for record in one.log] == [GotBlock(FIRST), vote(NOTARIZE, one.me, 1, FIRST)]
    assert one.asked(Check) == [Check(FIRST, digest_of(FIRST), GENESIS, keys(N)[signer])]
    one.receive(signer, proposal(N, FIRST))
    assert len(one.votes(NOTARIZE)) == 1


def test_r4_only_the_first_proposal_counts():
    one = node(automatic=False)
    second = block(1, GENESIS, b"second")
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.receive(leader(N, 1), proposal(N, second))
    one.handle(Checked(digest_of(second), valid=True))
    assert one.votes(NOTARIZE) == []
    one.handle(Checked(digest_of(FIRST), valid=True))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, one.me, 1, FIRST)]
    assert one.core.faults == {(keys(N)[leader(N, 1)], "equivocation"): 1}


INVALID = {
    "another protocol version": block(1, version=2),
    "a height too high": block(1, height=2),
    "height 0": block(1, height=0),
    "not after its parent's time": block(1, payload=payload(GENESIS.time)),
    "records at the end of an epoch": block(1, payload=payload(2_000, b"r", next_=bytes(32))),
    "a next that is no hash": block(1, payload=payload(next_=bytes(31))),
    "a mark above its parent": block(1, payload=msgspec.structs.replace(payload(), mark=Mark(1, 0, bytes(32), bytes(32)))),
    "itself as parent view": block(1, parent_view=1),
    "a parent that is not the floor's": block(1, parent=bytes(32)),
}


@pytest.mark.parametrize("name", INVALID)
def test_r4_an_invalid_proposal_is_nullified_at_once(name):
    one = node()
    one.receive(leader(N, 1), proposal(N, INVALID[name]))
    assert one.votes(NOTARIZE) == []
    assert one.votes(NULLIFY) == [vote(NULLIFY, one.me, 1)]
    assert one.asked(Check) == []


def test_r4_what_the_application_rejects_is_nullified():
    one = node(automatic=False)
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.handle(Checked(digest_of(FIRST), valid=False))
    assert (one.votes(NOTARIZE), len(one.votes(NULLIFY))) == ([], 1)


def test_r4_a_valid_block_too_late_for_the_own_clock_gets_no_vote_unless_a_certificate_overrides():
    one = node(automatic=False)
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.handle(Checked(digest_of(FIRST), valid=True, timely=False))
    assert (one.votes(NOTARIZE), len(one.votes(NULLIFY))) == ([], 1)
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    assert one.alarms == []
    assert one.votes(FINALIZE) == [], "nullify is signed"
    late = node(automatic=False)
    late.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    late.receive(leader(N, 1), proposal(N, FIRST))
    late.handle(Checked(digest_of(FIRST), valid=True, timely=False))
    assert len(late.votes(FINALIZE)) == 1


@pytest.mark.parametrize(
    "bad",
    [
        Proposal(FIRST, vote(NOTARIZE, leader(N, 1), 1, block(1, GENESIS, b"other"))),
        Proposal(FIRST, vote(FINALIZE, leader(N, 1), 1, FIRST)),
        Proposal(FIRST, vote(NOTARIZE, leader(N, 1), 2, FIRST)),
        Proposal(FIRST, vote(NOTARIZE, leader(N, 1), 1, parent=1, digest=digest_of(FIRST))),
        Proposal(FIRST, msgspec.structs.replace(vote(NOTARIZE, leader(N, 1), 1, FIRST), signature=bytes(64))),
        Proposal(block(1, epoch=1), vote(NOTARIZE, leader(N, 1), 1, block(1, epoch=1))),
        Proposal(FIRST, vote(NOTARIZE, (leader(N, 1) + 1) % N, 1, FIRST)),
    ],
)
def test_r4_what_no_leader_can_have_sent_is_dropped_and_counted(bad):
    one = node()
    one.receive(leader(N, 1), bad)
    assert one.votes(NOTARIZE) + one.votes(NULLIFY) == []
    reason = "forged" if bad.vote.signature == bytes(64) else "misdirected"
    assert one.core.faults == {(keys(N)[leader(N, 1)], reason): 1}
    one.receive(leader(N, 1), proposal(N, FIRST))
    assert len(one.votes(NOTARIZE)) == 1, "the view is still the leader's"


def test_r4_another_sender_than_the_leader_cannot_propose():
    one = node()
    one.receive(follower(N, 1), proposal(N, FIRST))
    assert one.votes(NOTARIZE) == []
    assert one.core.faults == {(keys(N)[follower(N, 1)], "misdirected"): 1}


def test_r4_another_than_the_leader_proposes_nothing_in_its_own_name():
    one = node()
    other = follower(N, 1)
    one.receive(other, Proposal(FIRST, vote(NOTARIZE, other, 1, FIRST)))
    assert one.votes(NOTARIZE) == []
    assert one.core.faults == {(keys(N)[other], "misdirected"): 1}


def test_r4_a_proposal_in_a_view_that_is_final_is_not_kept():
    one = node()
    one.receive(PEER, quorum_of(FINALIZE, 9, block(9)))
    for view in range(1, 10):
        one.receive(leader(N, view), proposal(N, block(view, GENESIS, b"late")))
    assert [entry.block.view for entry in one.core._engine.blocks] == []
    assert one.core.faults == {}


def test_r4_missing_certificates_are_fetched_from_the_leader_and_waited_for():
    one = node()
    second = block(2)
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    one.receive(leader(N, 2), proposal(N, second))
    assert one.votes(NOTARIZE) + one.votes(NULLIFY) == []
    asked = [send for send in one.sent if isinstance(send.message, GetCertificates)]
    assert [(send.to, send.message) for send in asked] == [(keys(N)[leader(N, 2)], GetCertificates(0, 1, 1))]
    one.receive(leader(N, 2), quorum_of(NULLIFY, 1))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, one.me, 2, second)]


def test_r4_a_proposal_for_the_next_view_waits_for_its_turn():
    one = node()
    second = block(2, tip_of(FIRST))
    one.receive(leader(N, 2), proposal(N, second))
    one.receive(leader(N, 1), proposal(N, FIRST))
    assert len(one.votes(NOTARIZE)) == 1
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    assert one.votes(NOTARIZE)[1:] == [vote(NOTARIZE, one.me, 2, second)]


# --- R5 ---------------------------------------------------------------------------------------------------------------


def test_r5_a_notarized_valid_block_is_finalized():
    one = node()
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    assert one.votes(FINALIZE) == [vote(FINALIZE, one.me, 1, FIRST)]
    assert persisted(one)[:2] == [quorum_of(NOTARIZE, 1, FIRST), vote(FINALIZE, one.me, 1, FIRST)]


def test_r5_an_unknown_notarized_block_is_fetched_checked_and_made_durable_first():
    one = node(automatic=False)
    one.receive(leader(N, 1), Status(0, 1, 0))
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    assert [(send.to, send.message) for send in one.sent if isinstance(send.message, GetBlock)] == [
        (keys(N)[leader(N, 1)], GetBlock(0, digest_of(FIRST)))
    ]
    one.receive(PEER, GotBlock(FIRST))
    assert one.votes(FINALIZE) == []
    one.handle(Checked(digest_of(FIRST), valid=True))
    assert persisted(one) == [GotBlock(FIRST), vote(FINALIZE, one.me, 1, FIRST)]
    assert one.votes(FINALIZE) == [vote(FINALIZE, one.me, 1, FIRST)]


def test_r5_a_block_nobody_asked_for_is_not_kept():
    one = node(automatic=False)
    one.receive(PEER, GotBlock(FIRST))
    one.take()
    one.receive(0, GetBlock(0, digest_of(FIRST)))
    assert one.of(GotBlock) == []


def test_r5_notarized_but_invalid_here_stops_the_voting_not_the_delivery():
    one = node(automatic=False)
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.handle(Checked(digest_of(FIRST), valid=False))
    one.take()
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    assert len(one.alarms) == 1
    assert one.core.alarm == one.alarms[0]
    one.receive(PEER, quorum_of(FINALIZE, 1, FIRST))
    assert [call.digest for call in one.delivered] == [digest_of(FIRST)]
    one.work()
    at(one, 60_000)
    one.receive(leader(N, 2), proposal(N, block(2, tip_of(FIRST))))
    assert one.of(Vote, Proposal) == []
    assert len(one.alarms) == 1, "said once"


# --- R6 ---------------------------------------------------------------------------------------------------------------


def test_r6_a_nullification_is_signed_once_and_sent_every_five_seconds_with_the_entry_certificate():
    one = node()
    one.receive(PEER, quorum_of(NULLIFY, 1))
    one.work()
    one.take()
    at(one, 3_000)
    assert one.votes(NULLIFY) == [vote(NULLIFY, one.me, 2)]
    one.take()
    for now in (RESEND_MS, 2 * RESEND_MS, 3 * RESEND_MS):
        at(one, now)
        assert one.votes(NULLIFY) == [vote(NULLIFY, one.me, 2)]
        assert one.of(Certificate) == [quorum_of(NULLIFY, 1)]
        assert one.last.persist == ()
        one.take()


def test_r6_the_leaders_own_nullification_ends_its_view():
    one = node()
    signer = leader(N, 1)
    one.receive(signer, vote(NULLIFY, signer, 1))
    assert one.votes(NULLIFY) == [vote(NULLIFY, one.me, 1)]


def test_r6_a_forged_nullification_of_the_leader_does_not():
    one = node()
    signer = leader(N, 1)
    one.receive(signer, msgspec.structs.replace(vote(NULLIFY, signer, 1), signature=bytes(64)))
    assert one.votes(NULLIFY) == []
    assert one.core.faults == {(keys(N)[signer], "forged"): 1}


def test_r6_others_nullifications_are_work_when_one_of_them_is_honest():
    one = node()
    rest = [signer for signer in others(one.me) if signer != leader(N, 1)]
    one.receive(rest[0], vote(NULLIFY, rest[0], 1))
    at(one, 10_000)
    assert one.votes(NULLIFY) == []
    one.receive(rest[1], vote(NULLIFY, rest[1], 1))
    at(one, 12_000)
    assert one.votes(NULLIFY) == [vote(NULLIFY, one.me, 1)]


def test_r6_a_node_at_rest_says_its_nullification_to_who_asks_only():
    one = node()
    one.work()
    at(one, 2_000)
    one.work(pending=False)
    one.take()
    at(one, 20_000)
    assert one.votes(NULLIFY) == []
    asker = next(signer for signer in others(one.me) if signer != leader(N, 1))
    one.receive(asker, vote(NULLIFY, asker, 1))
    assert one.votes(NULLIFY) == [vote(NULLIFY, one.me, 1)], "with the own one these are f+1: it presses"


def test_r6_two_nodes_at_rest_fall_silent():
    one = Node(7, follower(7, 1))
    one.work()
    at(one, 2_000)
    one.work(pending=False)
    asker = follower(7, 1, wanted=1 if follower(7, 1) == one.me else 0)
    answered = 0
    for now in range(6_000, 16_000, 500):
        one.take()
        at(one, now, Received(keys(7)[asker], vote(NULLIFY, asker, 1)))
        answered += sum(send.to == keys(7)[asker] for send in one.take())
    assert answered == 1


# --- R7 ---------------------------------------------------------------------------------------------------------------


def test_r7_work_on_a_notarization_goes_on_after_the_nullification():
    one = node()
    one.receive(PEER, quorum_of(NULLIFY, 1))
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    one.receive(leader(N, 1), GotBlock(FIRST))
    assert one.core.view == 2
    assert one.votes(FINALIZE) == [vote(FINALIZE, one.me, 1, FIRST)], "this node itself has not nullified"


# --- R8 ---------------------------------------------------------------------------------------------------------------


def test_r8_final_delivers_all_ancestors_in_order():
    one = node()
    chain = [FIRST]
    for view in (2, 3):
        chain.append(block(view, tip_of(chain[-1])))
    for made in chain:
        one.receive(leader(N, made.view), proposal(N, made))
        one.receive(PEER, quorum_of(NOTARIZE, made.view, made))
    assert one.delivered == []
    final = quorum_of(FINALIZE, 3, chain[2])
    one.receive(PEER, final)
    expected = [Deliver(made, digest_of(made), final if made is chain[2] else None) for made in chain]
    assert one.delivered == expected
    assert one.core.delivered == tip_of(chain[2])
    assert one.core.view == 4
    one.receive(1, final)
    assert one.of(Certificate).count(final) == 1


def test_r8_the_own_final_of_each_ancestor_is_handed_over():
    one = node()
    one.receive(leader(N, 1), proposal(N, FIRST))
    final = quorum_of(FINALIZE, 1, FIRST)
    one.receive(PEER, final)
    assert one.delivered == [Deliver(FIRST, digest_of(FIRST), final)]


# --- R9 ---------------------------------------------------------------------------------------------------------------


def test_r9_recorded_finalize_votes_are_sent_again_until_final():
    one = node()
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    one.take()
    at(one, RESEND_MS)
    assert one.votes(FINALIZE) == [vote(FINALIZE, one.me, 1, FIRST)]
    one.receive(PEER, quorum_of(FINALIZE, 1, FIRST))
    one.take()
    at(one, 2 * RESEND_MS)
    assert one.votes(FINALIZE) == []


# --- R10 --------------------------------------------------------------------------------------------------------------


def test_r10_the_window():
    one = node()
    one.receive(PEER, quorum_of(FINALIZE, 100, block(100)))
    engine = one.core._engine
    signer = others(one.me)[0]
    for view in (100 - RETAINED_VIEWS - 1, 100 - RETAINED_VIEWS, 99, 101, 102, 103):
        one.receive(signer, vote(NULLIFY, signer, view))
    kept = [view for view in range(200) if (found := engine.rounds.get(view)) and found.ballots[NULLIFY].get(signer)]
    assert kept == [100 - RETAINED_VIEWS, 99, 101, 102]


def test_r10_sender_must_be_signer_and_a_validator():
    one = node()
    first, second = others(one.me)[:2]
    one.receive(first, vote(NULLIFY, second, 1))
    one.handle(Received(keys(9)[8], vote(NULLIFY, second, 1)))
    assert one.core._engine.rounds.get(1).ballots[NULLIFY].get(second) is None
    assert one.core.faults == {(keys(N)[first], "misdirected"): 1, (keys(9)[8], "misdirected"): 1}


@pytest.mark.parametrize(
    ("kind", "parent", "digest"), [(NULLIFY, 0, bytes(32)), (NULLIFY, 1, b""), (NOTARIZE, 0, b""), (FINALIZE, 0, bytes(31))]
)
def test_r10_a_vote_has_the_shape_of_its_kind(kind, parent, digest):
    one = node()
    signer = others(one.me)[0]
    one.receive(signer, vote(kind, signer, 1, parent=parent, digest=digest))
    assert one.core.faults == {(keys(N)[signer], "misdirected"): 1}
    found = one.core._engine.rounds.get(1)
    assert found is None or found.ballots[kind].get(signer) is None


def test_r10_another_vote_of_a_kind_or_nullify_with_finalize_is_an_equivocation():
    one = node()
    signer = others(one.me)[0]
    one.receive(signer, vote(FINALIZE, signer, 1, FIRST))
    one.receive(signer, vote(FINALIZE, signer, 1, FIRST))
    assert one.core.faults == {}
    one.receive(signer, vote(FINALIZE, signer, 1, block(1, GENESIS, b"x")))
    one.receive(signer, vote(NULLIFY, signer, 1))
    assert one.core.faults == {(keys(N)[signer], "equivocation"): 2}


def test_r10_forged_votes_never_count_and_are_attributed():
    one = node()
    rest = [signer for signer in others(ME) if signer != leader(N, 1)]
    one.receive(rest[0], msgspec.structs.replace(vote(NULLIFY, rest[0], 1), signature=bytes(64)))
    assert (one.scheme.verified, one.core.faults) == (0, {}), "one vote decides nothing"
    one.receive(rest[1], vote(NULLIFY, rest[1], 1))
    assert (one.scheme.verified, one.core.faults) == (2, {(keys(N)[rest[0]], "forged"): 1})
    at(one, 10_000)
    assert one.votes(NULLIFY) == [], "one good vote is no work"
    one.receive(rest[0], vote(NULLIFY, rest[0], 1))
    at(one, 12_000)
    assert one.core.view == 2, "with the good vote, taken after the forged one was gone, and the own one"


def test_r10_another_epoch_is_nobodys_fault_and_changes_nothing():
    one = node()
    for message in (
        msgspec.structs.replace(quorum_of(NULLIFY, 1), epoch=1),
        msgspec.structs.replace(vote(NULLIFY, 0, 1), epoch=1),
        Status(1, 99, 99),
        GetBlock(1, bytes(32)),
        GetCertificates(1, 1, 9),
        Proposal(block(1, epoch=1), msgspec.structs.replace(vote(NOTARIZE, leader(N, 1), 1, FIRST), epoch=1)),
    ):
        before = one.core.snapshot(), one.core.view
        one.take()
        one.receive(0, message)
        assert (one.core.snapshot(), one.core.view, one.sent) == (*before, [])
    assert one.core.faults == {}


# --- R11 --------------------------------------------------------------------------------------------------------------


def answers(one, peer):
    return [send.message for send in one.take() if send.to == keys(N)[peer]]


def test_r11_an_old_nullification_is_answered_with_what_settled_its_view():
    one = node()
    asker = others(one.me)[0]
    one.receive(PEER, quorum_of(NULLIFY, 1))
    one.receive(PEER, quorum_of(NULLIFY, 2))
    one.receive(PEER, quorum_of(NOTARIZE, 2, block(2)))
    one.take()
    one.receive(asker, vote(NULLIFY, asker, 1))
    assert quorum_of(NULLIFY, 1) in answers(one, asker)
    one.receive(asker, vote(NULLIFY, asker, 2))
    assert quorum_of(NOTARIZE, 2, block(2)) in answers(one, asker)
    final = quorum_of(FINALIZE, 3, block(3))
    one.receive(PEER, final)
    one.take()
    asker = others(one.me)[1]
    for view in (1, 2, 3):
        one.receive(asker, vote(NULLIFY, asker, view))
        assert final in answers(one, asker)


def test_r11_what_is_not_known_is_not_answered():
    one = node()
    one.receive(PEER, quorum_of(NULLIFY, 5))
    one.take()
    one.receive(PEER, vote(NULLIFY, PEER, 3))
    assert one.take() == []


def test_r11_a_followers_status_is_answered_but_tells_nothing_about_heights():
    one = node()
    for follower_ in (5, 6, 7):
        one.handle(Received(keys(9)[follower_], Status(0, 1, 99)))
    assert one.of(GetHeaders) == []
    one.receive(PEER, quorum_of(NULLIFY, 1))
    one.take()
    one.handle(Received(keys(9)[5], Status(0, 1, 0)))
    assert [send.message for send in one.take() if send.to == keys(9)[5]] == [quorum_of(NULLIFY, 1)]


def test_r11_an_alarmed_node_greets_without_its_votes():
    one = node()
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.receive(PEER, quorum_of(NOTARIZE, 1, FIRST))
    one.receive(PEER, quorum_of(NOTARIZE, 1, block(1, GENESIS, b"other")))
    assert one.alarms == ["two certificates contradict each other in view 1"]
    one.take()
    one.handle(Connected(keys(N)[PEER]))
    assert [type(send.message) for send in one.take()] == [Seen, Status, Certificate]
    one.now = RESEND_MS
    one.handle(Wake())
    assert [type(send.message) for send in one.take()] == [Status]


def test_r12_headers_are_the_drivers_to_hand_out():
    one = node()
    one.take()
    one.receive(PEER, GetHeaders(0, 1))
    assert one.take() == []
    assert one.core.faults == {}


def test_r11_status_on_connect_and_every_five_seconds():
    one = node()
    one.take()
    one.handle(Connected(keys(N)[others(one.me)[0]]))
    assert [(send.to, send.message) for send in one.take()] == [(keys(N)[others(one.me)[0]], Status(0, 1, 0))]
    at(one, RESEND_MS)
    assert [(send.to, send.message) for send in one.take()] == [(None, Status(0, 1, 0))]
    assert one.last.wake_at == 2 * RESEND_MS


def test_r11_a_peer_behind_is_led_to_where_this_node_is():
    one = node()
    peer = others(one.me)[0]
    one.receive(leader(N, 1), proposal(N, FIRST))
    final, entry = quorum_of(FINALIZE, 1, FIRST), quorum_of(NULLIFY, 2)
    one.receive(PEER, final)
    one.receive(PEER, entry)
    one.take()
    seen = Seen(vote(NULLIFY, peer, 2))
    one.receive(peer, Status(0, 1, 0))
    assert answers(one, peer) == [seen, entry, final]
    one.receive(peer, Status(0, 3, 0))
    assert answers(one, peer) == [final]
    one.receive(peer, Status(0, 1, 1))
    assert answers(one, peer) == [seen, entry]
    one.receive(peer, Status(0, 3, 1))
    assert answers(one, peer) == []


def test_r11_a_validator_that_comes_into_the_epoch_is_shown_its_newest_vote_once():
    """P23: its log may be new, and a vote in the very view in which it says that it is."""
    one = node()
    entry = quorum_of(NULLIFY, 1)
    one.receive(PEER, entry)
    one.take()
    peer = others(one.me)[0]
    one.receive(peer, Status(0, 1, 0))
    assert answers(one, peer) == [Seen(vote(NULLIFY, peer, 1)), entry]
    one.receive(peer, Status(0, 1, 0))
    assert answers(one, peer) == [entry]


def test_r11_on_connect_a_peer_gets_what_it_may_have_missed():
    one = Node(N, leader(N, 2))
    one.receive(leader(N, 1), proposal(N, FIRST))
    entry = quorum_of(NOTARIZE, 1, FIRST, one.me)
    one.receive(PEER, entry)
    one.pending = [b"r" * 32]
    one.work()
    own = one.of(Proposal)[0]
    at(one, 6_000)
    one.take()
    peer = others(one.me)[0]
    one.handle(Connected(keys(N)[peer]))
    assert answers(one, peer) == [
        Seen(vote(NOTARIZE, peer, 1, FIRST)),
        Status(0, 2, 0),
        entry,
        vote(FINALIZE, one.me, 1, FIRST),
        own,
        vote(NULLIFY, one.me, 2),
    ]


def test_r11_certificates_on_request():
    one = node()
    peer = others(one.me)[0]
    held = [quorum_of(NULLIFY, 2), quorum_of(NOTARIZE, 3, block(3)), quorum_of(NULLIFY, 3), quorum_of(NULLIFY, 5)]
    for made in held:
        one.receive(PEER, made)
    one.take()
    one.receive(peer, GetCertificates(0, 1, 5))
    assert answers(one, peer) == held
    one.receive(peer, GetCertificates(0, 3, 2**60))
    assert answers(one, peer) == held[1:]
    one.receive(peer, GetCertificates(0, 3, 3))
    assert answers(one, peer) == held[1:3]
    final = quorum_of(FINALIZE, 4, block(4))
    one.receive(PEER, final)
    one.take()
    one.receive(peer, GetCertificates(0, 1, 5))
    assert [message for message in answers(one, peer) if isinstance(message, Certificate)] == [final, held[3]]


def test_r11_blocks_on_request():
    one = node()
    peer = others(one.me)[0]
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.take()
    one.receive(peer, GetBlock(0, digest_of(FIRST)))
    one.receive(peer, GetBlock(0, bytes(32)))
    assert answers(one, peer) == [GotBlock(FIRST)]
    assert one.last.send_now == ()
