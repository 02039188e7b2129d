"""Bugs that other implementations of Simplex and its relatives had, one named test each (P1 to P24).

Where log and application meet (P13 to P16, P22, P23): `test_wal_pitfalls.py`. More of P16: `test_consensus_epochs.py`, of P23:
`test_consensus_seen.py`, of P24: `test_consensus_evidence.py`.
"""

import msgspec
import pytest

from consensus.events import Applied, Check, Checked, Evidence, Received, Wake
from consensus.limits import RESEND_MS, RETAINED_VIEWS
from consensus.messages import Certificate, GetBlock, GetCertificates, GotBlock, Proposal, VoteKind, encode
from consensus.quorum import Committee
from tests.support.consensus import (
    GENESIS,
    Net,
    Node,
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
FIRST, OTHER = block(1), block(1, GENESIS, b"other")


def quorum_of(kind, view, one=None):
    return certificate(kind, N, PEERS, view, one)


def node(**options):
    return Node(N, ME, **options)


def at(one, now):
    one.now = now
    return one.handle(Wake())


def test_p1_a_proposal_that_skips_a_view_without_its_nullification_gets_no_vote():
    """ava-labs/Simplex #281."""
    one = node()
    third = block(3)
    one.receive(PEERS[0], quorum_of(NULLIFY, 2))
    one.receive(leader(N, 3), proposal(N, third))
    assert one.votes(NOTARIZE) == []
    assert one.of(GetCertificates) == [GetCertificates(0, 1, 1)]
    one.receive(PEERS[0], quorum_of(NOTARIZE, 1, FIRST))
    assert one.votes(NOTARIZE) == [], "a notarization is no nullification"
    one.receive(PEERS[0], quorum_of(NULLIFY, 1))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, ME, 3, third)]


def test_p2_no_finalize_vote_is_made_for_a_view_already_timed_out():
    """ava-labs/Simplex #280: a resend or a restart created it anew."""
    one = node()
    one.receive(leader(N, 1), proposal(N, FIRST))
    at(one, 4_000)
    assert one.votes(NULLIFY) == [vote(NULLIFY, ME, 1)]
    one.receive(PEERS[0], quorum_of(NOTARIZE, 1, FIRST))
    at(one, 60_000)
    one.start()
    at(one, 120_000)
    assert one.votes(FINALIZE) == []


def test_p3_all_crash_after_journaling_nullify_and_their_votes_count_again():
    """commonware #4275: own votes not counted again, deadlock."""
    net = Net(N, lost=lambda *_: True)
    net.submit(b"a")
    net.run(4_999)
    for one in net.nodes:
        assert one.core._engine.journal.own(1, NULLIFY)
        one.sent.clear()
        one.start()
    net.lost = lambda *_: False
    for one in net.nodes:
        one.work()
    net.run(30_000)
    assert {one.tip.height for one in net.nodes} == {1}


def test_p3_a_restored_vote_completes_a_quorum():
    one = node(log=[encode(vote(NULLIFY, ME, 1))])
    one.receive(PEERS[0], vote(NULLIFY, PEERS[0], 1))
    assert one.core.view == 1
    one.receive(PEERS[1], vote(NULLIFY, PEERS[1], 1))
    assert one.core.view == 2


def test_p4_a_restored_vote_counts_once():
    """commonware #2045: counted from the log and from the network."""
    record = encode(vote(NULLIFY, ME, 1))
    one = node(log=[record, record])
    for sender in (ME, *PEERS):
        one.receive(sender, vote(NULLIFY, ME, 1))
    one.receive(PEERS[0], vote(NULLIFY, PEERS[0], 1))
    assert one.core.view == 1
    assert one.of(Certificate) == []


def test_p5_the_highest_view_counts_not_the_last_record():
    """ava-labs/Simplex #328."""
    one = node()
    one.receive(PEERS[0], quorum_of(NULLIFY, 5))
    one.receive(PEERS[0], quorum_of(NOTARIZE, 2, block(2)))
    one.receive(PEERS[0], GotBlock(block(2)))
    one.start()
    assert one.core.view == 6


def test_p6_a_certificate_against_the_own_proposal_is_no_crash():
    """commonware #2075: an assertion that others could trigger."""
    one = Node(N, leader(N, 1))
    one.pending = [b"r" * 32]
    one.work()
    assert len(one.of(Proposal)) == 1
    rest = [signer for signer in range(N) if signer != one.me]
    one.receive(rest[0], certificate(NOTARIZE, N, rest, 1, FIRST))
    assert one.core.view == 2
    assert one.alarms == []
    one.receive(rest[0], GotBlock(FIRST))
    assert one.votes(FINALIZE) == [vote(FINALIZE, one.me, 1, FIRST)]
    one.receive(rest[0], certificate(FINALIZE, N, rest, 1, FIRST))
    assert [call.digest for call in one.delivered] == [digest_of(FIRST)]


@pytest.mark.parametrize("restart", [False, True])
def test_p7_the_certificate_decides_between_equivocated_blocks(restart):
    """ava-labs/Simplex #457: the first block was kept after the other's certificate, also in replay."""
    one = node()
    one.receive(leader(N, 1), proposal(N, OTHER))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, ME, 1, OTHER)]
    one.receive(PEERS[0], quorum_of(NOTARIZE, 1, FIRST))
    if restart:
        one.start()
        one.receive(PEERS[0], quorum_of(NULLIFY, 2))
    assert GetBlock(0, digest_of(FIRST)) in one.of(GetBlock)
    one.receive(PEERS[0], GotBlock(FIRST))
    assert one.votes(FINALIZE) == [vote(FINALIZE, ME, 1, FIRST)]
    one.receive(PEERS[0], quorum_of(FINALIZE, 1, FIRST))
    assert [call.block for call in one.delivered] == [FIRST]
    assert one.alarms == []


def test_p8_a_late_notarization_is_taken_after_the_own_nullification():
    """commonware #2695."""
    one = node()
    one.work()
    at(one, 2_000)
    assert one.votes(NULLIFY)
    one.receive(PEERS[0], quorum_of(NOTARIZE, 1, FIRST))
    assert one.core.view == 2
    one.receive(leader(N, 1), GotBlock(FIRST))
    second = block(2, tip_of(FIRST))
    one.receive(leader(N, 2), proposal(N, second))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, ME, 2, second)]


def test_p9_who_left_a_view_answers_those_who_still_nullify_it():
    """ava-labs/Simplex #157: half hold NOTAR(v), half need it to go on, and nobody sends it again."""
    one = node()
    one.receive(PEERS[0], quorum_of(NOTARIZE, 1, FIRST))
    one.take()
    for signer in PEERS:
        one.receive(signer, vote(NULLIFY, signer, 1))
        assert [send.message for send in one.take() if send.to == keys(N)[signer]][:1] == [quorum_of(NOTARIZE, 1, FIRST)]


@pytest.mark.parametrize("proposes", [True, False])
def test_p9_p10_one_side_with_notar_the_other_with_null_go_on(proposes):
    """commonware #4386 too: what a voter lacks for a proposal, its proposer has."""
    alone = leader(N, 2) if proposes else leader(N, 3)

    def lost(sender, receiver, message):
        kind = getattr(message, "kind", None)
        if isinstance(message, Certificate):
            return True
        return (kind == NOTARIZE and receiver != alone) or (kind in {NULLIFY, FINALIZE} and alone in {receiver, sender})

    net = Net(N, lost=lost)
    net.submit(b"a")
    net.run(4_000)
    rounds = [one.core._engine.rounds for one in net.nodes]
    assert [one.has(1, NOTARIZE) for one in rounds] == [me == alone for me in range(N)]
    assert [one.has(1, NULLIFY) for one in rounds] == [me != alone for me in range(N)]
    net.lost = lambda *_: False
    net.alive.remove(leader(N, 4))
    net.run(60_000)
    assert {net.nodes[me].pending == [] for me in net.alive} == {True}
    assert len({net.nodes[me].tip for me in net.alive}) == 1
    assert all(one.alarms == [] for one in net.nodes)


def test_p10_the_proposer_is_asked_for_what_its_proposal_rests_on():
    one = node()
    one.receive(PEERS[0], quorum_of(NOTARIZE, 1, FIRST))
    one.receive(leader(N, 2), proposal(N, block(2)))
    asked = [send.to for send in one.sent if isinstance(send.message, GetCertificates)]
    assert asked == [keys(N)[leader(N, 2)]]


@pytest.mark.parametrize("kind", [NOTARIZE, NULLIFY, FINALIZE])
def test_p11_a_view_entered_by_a_certificate_is_started(kind):
    """ava-labs/Simplex #332, #471: no timer, no vote, no proposal after advancing by somebody else's certificate."""
    made = certificate(kind, N, [signer for signer in range(N) if signer != ME], 1, None if kind == NULLIFY else FIRST)
    parent = GENESIS if kind == NULLIFY else tip_of(FIRST)
    voter = node(pending=[b"r" * 32])
    voter.work()
    voter.receive(leader(N, 1), made)
    voter.receive(PEERS[0], GotBlock(FIRST))
    assert voter.core._engine.timeout_at() is not None
    voter.receive(leader(N, 2), proposal(N, block(2, parent)))
    assert voter.votes(NOTARIZE) == [vote(NOTARIZE, ME, 2, block(2, parent))]
    proposer = Node(N, leader(N, 2))
    proposer.pending = [b"r" * 32]
    proposer.work()
    rest = [signer for signer in range(N) if signer != proposer.me]
    proposer.receive(rest[0], certificate(kind, N, rest, 1, None if kind == NULLIFY else FIRST))
    proposer.receive(rest[0], GotBlock(FIRST))
    assert [message.block.view for message in proposer.of(Proposal)] == [2]


def test_p11_a_proposal_that_came_before_the_certificate_is_voted_for():
    one = node()
    second = block(2)
    one.receive(leader(N, 2), proposal(N, second))
    one.receive(PEERS[0], quorum_of(NULLIFY, 1))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, ME, 2, second)]


def test_p12_the_quorum_is_right_where_n_is_not_3f_plus_1():
    """commonware #733: with n = 6, f = 1 three votes are too few: two such sets may share no honest validator."""
    assert [Committee(config(n)).quorum for n in (1, 2, 3, 5, 6, 8, 9)] == [1, 2, 2, 4, 4, 6, 6]


BITMAPS = {
    "a repeated signer": ({"signatures": tuple([vote(NULLIFY, 1, 1).signature] * 3)}, PEERS),
    "an unauthorized signer": ({"signers": bytes([0b10110])}, PEERS),
    "a signer too few": ({}, PEERS[:2]),
    "a bitmap too long": ({"signers": bytes([0b1110, 0])}, PEERS),
}


@pytest.mark.parametrize("name", BITMAPS)
def test_p17_a_certificate_with_a_repeated_or_unauthorized_signer_is_none(name):
    """ava-labs/Simplex #118."""
    fields, signers = BITMAPS[name]
    one = node()
    one.receive(PEERS[0], msgspec.structs.replace(certificate(NULLIFY, N, signers, 1), **fields))
    assert one.core.view == 1
    assert one.core.faults == {(keys(N)[PEERS[0]], "bad-certificate"): 1}
    assert one.last.persist == ()


def test_p18_a_failed_verification_is_not_remembered_as_passed():
    """ava-labs/Simplex #412."""
    one = node(automatic=False)
    one.receive(leader(N, 1), proposal(N, FIRST))
    one.handle(Checked(digest_of(FIRST), valid=False))
    one.handle(Checked(digest_of(FIRST), valid=True))
    assert one.votes(NOTARIZE) == []
    one.receive(PEERS[0], quorum_of(NOTARIZE, 1, FIRST))
    assert one.votes(FINALIZE) == []
    assert one.alarms != []
    forged = msgspec.structs.replace(quorum_of(NULLIFY, 1), signatures=(bytes(64),) * 3)
    other = node()
    for _ in range(2):
        other.receive(PEERS[0], forged)
    assert other.core.view == 1
    assert other.core.faults == {(keys(N)[PEERS[0]], "bad-certificate"): 2}


def test_p18_an_answer_nobody_asked_for_makes_nothing_valid():
    one = node(automatic=False)
    one.handle(Checked(digest_of(FIRST), valid=True))
    one.receive(leader(N, 1), proposal(N, FIRST))
    assert [type(call) for call in one.calls] == [Check]
    assert one.votes(NOTARIZE) == []


def test_p18_an_answer_before_the_question_makes_nothing_valid():
    """The block is here, its parent is not known to be admissible: nobody was asked yet."""
    one = node(automatic=False)
    second = block(2)
    one.receive(PEERS[0], quorum_of(NOTARIZE, 1, FIRST))
    one.receive(leader(N, 2), proposal(N, second))
    one.handle(Checked(digest_of(second), valid=True))
    one.receive(PEERS[0], quorum_of(NULLIFY, 1))
    assert digest_of(second) in [call.digest for call in one.asked(Check)]
    assert one.votes(NOTARIZE) == []


def test_p18_a_forged_vote_is_missing_from_a_quorum():
    """Votes are verified when there could be a quorum; without the forged one there is none, and no certificate."""
    one = node()
    for signer in PEERS[:-1]:
        one.receive(signer, vote(NOTARIZE, signer, 1, FIRST))
    one.receive(PEERS[-1], msgspec.structs.replace(vote(NOTARIZE, PEERS[-1], 1, FIRST), signature=bytes(64)))
    assert one.core.view == 1
    assert one.of(Certificate) == []
    assert one.core.faults == {(keys(N)[PEERS[-1]], "forged"): 1}


def test_p19_not_yet_is_not_invalid():
    """commonware #3753: a body or parent on its way."""
    one = node(automatic=False)
    second = block(2, tip_of(FIRST))
    one.receive(PEERS[0], quorum_of(NOTARIZE, 1, FIRST))
    one.receive(leader(N, 2), proposal(N, second))
    assert one.votes(NULLIFY) + one.votes(NOTARIZE) + one.asked(Check) == []
    one.receive(leader(N, 1), GotBlock(FIRST))
    assert [call.digest for call in one.asked(Check)] == [digest_of(FIRST), digest_of(second)]
    at(one, 3_999)
    assert one.votes(NULLIFY) == []
    one.handle(Checked(digest_of(second), valid=True))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, ME, 2, second)]


def test_p19_a_floor_whose_block_is_not_here_makes_no_child_invalid():
    one = node(automatic=False)
    one.receive(PEERS[0], quorum_of(FINALIZE, 1, FIRST))
    one.receive(leader(N, 2), proposal(N, block(2, tip_of(FIRST))))
    assert one.votes(NULLIFY) == []
    one.receive(PEERS[0], GotBlock(FIRST))
    assert len(one.asked(Check)) == 1


def test_p20_a_dropped_finalize_vote_is_sent_again():
    """ava-labs/Simplex #279."""
    net = Net(N, lost=lambda *a: getattr(a[2], "kind", None) == FINALIZE)
    net.submit(b"a")
    net.run(900)
    assert [one.tip.height for one in net.nodes] == [0] * N
    net.lost = lambda *a: isinstance(a[2], Proposal)
    net.run(RESEND_MS + 100)
    assert [one.tip.height for one in net.nodes] == [1] * N


def test_p21_buffers_for_the_future_are_bounded():
    """ava-labs/Simplex #245."""
    one = node(automatic=False)
    for view in range(1, 500):
        one.handle(Received(keys(N)[PEERS[0]], vote(NULLIFY, PEERS[0], view)))
        one.handle(Received(keys(N)[leader(N, view)], proposal(N, block(view))))
        one.handle(Received(keys(N)[PEERS[0]], GotBlock(block(view))))
    engine = one.core._engine
    assert sorted(engine.rounds._rounds) == [1, 2]
    assert len(list(engine.blocks)) == 2


def test_p21_buffers_for_the_past_are_bounded():
    one = node()
    parent = GENESIS
    for view in range(1, 4 * RETAINED_VIEWS):
        if leader(N, view) == ME:
            one.receive(PEERS[0], quorum_of(NULLIFY, view))
            continue
        made = block(view, parent)
        parent = tip_of(made)
        one.receive(leader(N, view), proposal(N, made))
        one.receive(PEERS[0], quorum_of(NOTARIZE, view, made))
        one.receive(PEERS[0], quorum_of(FINALIZE, view, made))
        one.handle(Applied(made.height))
        for old in range(1, view, 7):
            one.receive(PEERS[1], vote(NULLIFY, PEERS[1], old))
    assert len(one.core._engine.rounds._rounds) <= RETAINED_VIEWS + 3
    assert len(list(one.core._engine.blocks)) <= 1
    assert one.alarms == []


@pytest.mark.parametrize("restart", [False, True])
def test_p24_votes_that_are_left_in_a_certificate_alone_still_convict(restart):
    """commonware #4374: what was compacted into a certificate, or into the log's snapshot, was not looked at."""
    one = node()
    made = quorum_of(NULLIFY, 1)
    one.receive(PEERS[0], made)
    if restart:
        one.log = list(one.core.snapshot())
        one.start()
    one.receive(PEERS[1], vote(FINALIZE, PEERS[1], 1, FIRST))
    assert one.asked(Evidence) == [Evidence(vote(NULLIFY, PEERS[1], 1), vote(FINALIZE, PEERS[1], 1, FIRST))]
