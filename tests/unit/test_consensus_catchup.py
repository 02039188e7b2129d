"""R12: a node that was away gets final blocks forward from its tip, verified, a batch at a time."""

import msgspec
import pytest

from consensus.catchup import fits, verify
from consensus.certificate import Verifier
from consensus.errors import BadCertificateError, BadHeadersError
from consensus.events import Applied, Deliver, Wake
from consensus.limits import CATCH_UP_BACKLOG, FETCH_RETRY_MS, SILENT_LEADER_MS
from consensus.messages import Certificate, GetBlock, GetHeaders, GotBlock, Headers, Status, VoteKind
from consensus.quorum import Committee
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


def chain(length, parent=GENESIS):
    made = []
    for _ in range(length):
        made.append(block((tip_of(made[-1]) if made else parent).view + 1, tip_of(made[-1]) if made else parent))
    return made


BLOCKS = chain(5)


def final(one):
    return certificate(FINALIZE, N, PEERS, one.view, one)


def headers(*blocks):
    return Headers(blocks, final(blocks[-1]))


def check(message, tip=GENESIS):
    return verify(message, tip, config(N), Verifier(config(N), Committee(config(N)), Scheme(keys(1)[0])))


# --- verification -----------------------------------------------------------------------------------------------------


def test_a_chain_with_the_final_of_its_last_block():
    stretch = check(headers(*BLOCKS))
    assert stretch.connects
    assert stretch.blocks == tuple((made, digest_of(made)) for made in BLOCKS)


def test_known_heights_are_left_out():
    stretch = check(headers(*BLOCKS), tip_of(BLOCKS[2]))
    assert stretch.connects
    assert [made.height for made, _ in stretch.blocks] == [4, 5]


def test_what_fits():
    assert fits(headers(*BLOCKS), GENESIS)
    assert fits(headers(*BLOCKS), tip_of(BLOCKS[3]))
    assert not fits(headers(*BLOCKS), tip_of(BLOCKS[4]))
    assert not fits(headers(*BLOCKS[1:]), GENESIS)


def test_another_chain_does_not_connect():
    assert not check(headers(*chain(3, tip_of(block(1, GENESIS, b"fork")))), tip_of(BLOCKS[0])).connects


fork = chain(2, tip_of(block(1, GENESIS, b"fork")))
BAD = {
    "a block of another chain": (headers(BLOCKS[0], fork[0]), BadHeadersError, "does not follow"),
    "a height left out": (headers(BLOCKS[0], BLOCKS[2]), BadHeadersError, "does not follow"),
    "a wrong parent view": (
        headers(BLOCKS[0], block(3, tip_of(BLOCKS[0]), parent_view=2)),
        BadHeadersError,
        "does not follow",
    ),
    "a wrong height": (headers(BLOCKS[0], block(2, tip_of(BLOCKS[0]), height=3)), BadHeadersError, "does not follow"),
    "a certificate of another block": (Headers(tuple(BLOCKS[:2]), final(BLOCKS[2])), BadHeadersError, "another block's"),
    "a certificate of another block of the same view": (
        Headers(tuple(BLOCKS[:2]), final(block(2, tip_of(BLOCKS[0]), b"other"))),
        BadHeadersError,
        "another block's",
    ),
    "a notarization": (
        Headers(tuple(BLOCKS[:2]), certificate(NOTARIZE, N, PEERS, 2, BLOCKS[1])),
        BadHeadersError,
        "finalizes nothing",
    ),
    "another epoch's certificate": (
        Headers(tuple(BLOCKS[:2]), msgspec.structs.replace(final(BLOCKS[1]), epoch=1)),
        BadHeadersError,
        "finalizes nothing",
    ),
    "another epoch's blocks": (headers(block(1, epoch=1)), BadHeadersError, "another epoch"),
    "too few signers": (
        Headers(tuple(BLOCKS[:2]), certificate(FINALIZE, N, PEERS[:2], 2, BLOCKS[1])),
        BadCertificateError,
        "quorum",
    ),
    "a forged signature": (
        Headers(tuple(BLOCKS[:2]), msgspec.structs.replace(final(BLOCKS[1]), signatures=(bytes(64),) * 3)),
        BadCertificateError,
        "not valid",
    ),
    "disordered heights": (Headers((BLOCKS[0], BLOCKS[4], BLOCKS[1]), final(BLOCKS[1])), BadHeadersError, "does not follow"),
    "a first block that is not the next": (
        Headers((BLOCKS[0], BLOCKS[3]), final(BLOCKS[3])),
        BadHeadersError,
        "does not follow|leave out",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name):
    message, error, reason = BAD[name]
    with pytest.raises(error, match=reason):
        check(message)


def test_blocks_that_begin_above_the_next_height_are_refused():
    with pytest.raises(BadHeadersError, match="leave out 2"):
        check(Headers((BLOCKS[0], BLOCKS[3]), final(BLOCKS[3])), tip_of(BLOCKS[0]))


# --- the core ---------------------------------------------------------------------------------------------------------


def returning(**options):
    """A node at genesis whose peers say that they are at height 5."""
    one = Node(N, ME, **options)
    for signer in PEERS[:2]:
        one.receive(signer, Status(0, 6, 5))
    return one


def at(one, now):
    one.now = now
    one.handle(Wake())


def asked(one):
    return [send for send in one.take() if isinstance(send.message, GetHeaders)]


def test_f_plus_1_validators_ahead_are_believed_fewer_are_not():
    one = Node(N, ME)
    one.receive(PEERS[0], Status(0, 6, 5))
    one.receive(PEERS[0], Status(0, 7, 6))
    assert asked(one) == []
    one.receive(PEERS[1], Status(0, 6, 5))
    assert [send.message for send in asked(one)] == [GetHeaders(0, 1)]


def test_an_answer_is_delivered_in_order_and_ends_the_question():
    one = returning()
    one.receive(PEERS[0], headers(*BLOCKS))
    assert one.delivered == [
        *(Deliver(made, digest_of(made), None) for made in BLOCKS[:4]),
        Deliver(BLOCKS[4], digest_of(BLOCKS[4]), final(BLOCKS[4])),
    ]
    assert one.core.view == 6
    assert one.core.floor_view == 5
    assert final(BLOCKS[4]) in one.of(Certificate)
    one.take()
    at(one, 60_000)
    assert asked(one) == []


def test_without_an_answer_the_next_peer_is_asked():
    one = returning()
    heard = {send.to for send in asked(one)}
    for turn in range(1, 4):
        for signer in PEERS:
            one.receive(signer, Status(0, 6, 5))
        at(one, turn * FETCH_RETRY_MS - 1)
        assert asked(one) == []
        at(one, turn * FETCH_RETRY_MS)
        heard |= {send.to for send in asked(one)}
    assert heard == {keys(N)[signer] for signer in PEERS}


def test_silent_peers_are_asked_when_all_are():
    one = returning()
    one.take()
    at(one, 2 * SILENT_LEADER_MS)
    assert len(asked(one)) == 1


def test_an_answer_that_settles_nothing_is_no_fault():
    one = returning()
    one.receive(PEERS[0], headers(*BLOCKS[:2]))
    one.receive(PEERS[0], headers(*BLOCKS[:1]))
    one.receive(PEERS[0], headers(*BLOCKS[3:]))
    assert one.core.delivered == tip_of(BLOCKS[1])
    assert one.core.faults == {}
    assert GetHeaders(0, 3) in [send.message for send in asked(one)]


def test_an_unasked_answer_changes_nothing():
    one = Node(N, ME)
    one.receive(PEERS[0], headers(*BLOCKS))
    assert (one.core.view, one.delivered, one.scheme.verified) == (1, [], 0)


def test_a_bad_answer_is_counted_and_another_peer_asked():
    one = returning()
    one.receive(PEERS[0], BAD["a forged signature"][0])
    assert one.core.faults == {(keys(N)[PEERS[0]], "bad-certificate"): 1}
    assert one.delivered == []
    one.take()
    at(one, FETCH_RETRY_MS)
    assert len(asked(one)) == 1


def test_the_next_batch_waits_for_the_execution():
    long = chain(CATCH_UP_BACKLOG + 10)
    one = Node(N, ME, automatic=False)
    for signer in PEERS:
        one.receive(signer, Status(0, 99, 99))
    one.take()
    one.receive(PEERS[0], headers(*long))
    one.handle(Applied(9))
    assert asked(one) == []
    one.handle(Applied(10))
    assert [send.message for send in asked(one)] == [GetHeaders(0, len(long) + 1)]


def test_missing_ancestors_of_a_final_are_asked_for_by_height_and_by_digest():
    one = Node(N, ME)
    one.receive(leader(N, 3), proposal(N, BLOCKS[2]))
    one.receive(PEERS[0], final(BLOCKS[2]))
    sent = [send.message for send in one.take() if isinstance(send.message, GetHeaders | GetBlock)]
    assert sent == [GetBlock(0, digest_of(BLOCKS[2])), GetHeaders(0, 1)]
    one.receive(PEERS[0], GotBlock(BLOCKS[2]))
    one.receive(PEERS[0], GotBlock(BLOCKS[1]))
    assert GetBlock(0, digest_of(BLOCKS[0])) in one.of(GetBlock)
    one.receive(PEERS[0], GotBlock(BLOCKS[0]))
    assert [call.block for call in one.delivered] == BLOCKS[:3]


def test_another_final_chain_than_the_own_is_an_alarm():
    one = Node(N, ME)
    one.receive(leader(N, 1), proposal(N, BLOCKS[0]))
    one.receive(PEERS[0], final(BLOCKS[0]))
    for signer in PEERS:
        one.receive(signer, Status(0, 9, 9))
    one.receive(PEERS[0], headers(*fork))
    assert len(one.alarms) == 1
    assert one.tip == tip_of(BLOCKS[0])


def test_a_certificate_in_an_answer_that_contradicts_another_is_an_alarm():
    one = returning()
    one.receive(PEERS[0], certificate(NOTARIZE, N, PEERS, 2, block(2, GENESIS, b"other")))
    one.receive(PEERS[0], headers(*BLOCKS[:2]))
    assert len(one.alarms) == 1
    assert one.delivered == []
    one.receive(PEERS[0], headers(*BLOCKS[:2]))
    assert len(one.alarms) == 1


@pytest.mark.parametrize("made", [fork[0], block(2, GENESIS, b"fork")])
def test_a_final_on_a_fork_is_an_alarm(made):
    one = Node(N, ME)
    one.receive(leader(N, 1), proposal(N, BLOCKS[0]))
    one.receive(PEERS[0], final(BLOCKS[0]))
    one.receive(PEERS[0], final(made))
    one.receive(PEERS[0], GotBlock(made))
    assert len(one.alarms) == 1
    assert one.tip == tip_of(BLOCKS[0])


@pytest.mark.parametrize("blocks", [1, 40, 600])
def test_a_node_returns_from_any_distance_to_voting(blocks):
    net = Net(N, alive=list(PEERS))
    for number in range(blocks):
        net.submit(b"%d" % number)
        net.run(net.nodes[PEERS[0]].now + 1_000)
    height = net.nodes[PEERS[0]].tip.height
    assert height >= blocks * 9 // 10
    net.alive.append(ME)
    one = net.nodes[ME]
    one.now = net.nodes[PEERS[0]].now
    net.run(one.now + 10_000)
    assert one.tip.height >= height
    net.alive.remove(PEERS[0])
    net.submit(b"with the one that returned")
    net.run(one.now + 30_000)
    assert one.tip == net.nodes[PEERS[1]].tip
    assert one.tip.height > height
    assert one.core._engine.journal.votes()


def test_a_vote_for_a_height_in_between_is_still_cast():
    """Catching up, a node votes as soon as it has the parent."""
    one = returning()
    one.receive(PEERS[0], headers(*BLOCKS))
    second = block(6, tip_of(BLOCKS[4]))
    one.receive(leader(N, 6), proposal(N, second))
    assert one.votes(NOTARIZE) == ([vote(NOTARIZE, ME, 6, second)])


# --- leading meanwhile ------------------------------------------------------------------------------------------------


def away(behind, saying):
    """The leader of view 1, which has work, while these say that they are so many blocks ahead."""
    node = Node(N, leader(N, 1), automatic=False)
    for peer in saying:
        node.receive(peer, Status(0, 1, behind))
    node.work()
    return node


def test_a_leader_that_was_long_away_gives_its_view_up_at_once():
    others = [signer for signer in range(N) if signer != leader(N, 1)]
    node = away(CATCH_UP_BACKLOG + 1, others[:2])
    assert [one.view for one in node.votes(NULLIFY)] == [1]
    assert node.core.view == 1
    for behind, saying in ((CATCH_UP_BACKLOG, others), (10**9, others[:1])):
        assert away(behind, saying).votes(NULLIFY) == [], "a few blocks, or one liar"


def test_only_in_its_own_view_and_only_with_work():
    others = [signer for signer in range(N) if signer != leader(N, 1)]
    idle = Node(N, leader(N, 1), automatic=False)
    for peer in others:
        idle.receive(peer, Status(0, 1, 1_000))
    assert idle.votes(NULLIFY) == []
    following = Node(N, others[0], automatic=False)
    for peer in range(N):
        if peer != others[0]:
            following.receive(peer, Status(0, 1, 1_000))
    following.work()
    assert following.votes(NULLIFY) == []
