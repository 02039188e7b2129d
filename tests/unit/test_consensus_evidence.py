"""R10: two votes that the rules allow one of become evidence, by whatever road they came; never against who did not sign both."""

import hashlib

import msgspec
import pytest

from consensus.core import Core
from consensus.errors import BadEvidenceError
from consensus.events import Archive, Evidence, Received, Wake
from consensus.evidence import check_equivocation, conflict
from consensus.messages import Certificate, Equivocation, Headers, Proposal, Status, VoteKind, decode_record, encode, vote_input
from tests.support.consensus import (
    GENESIS,
    LEDGER,
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

NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE
N = 4
ME = follower(N, 1, 2, 3)
PEERS = [signer for signer in range(N) if signer != ME]
LIAR = leader(N, 1)
HONEST = next(signer for signer in PEERS if signer != LIAR)
FIRST, OTHER = block(1), block(1, GENESIS, b"other")
LAST = block(1, payload=payload(2_000, next_=bytes(range(32))))

PAIRS = {
    "two notarizations": (vote(NOTARIZE, LIAR, 1, FIRST), vote(NOTARIZE, LIAR, 1, OTHER)),
    "two finalizations": (vote(FINALIZE, LIAR, 1, FIRST), vote(FINALIZE, LIAR, 1, OTHER)),
    "nullified, then final": (vote(NULLIFY, LIAR, 1), vote(FINALIZE, LIAR, 1, FIRST)),
    "final, then nullified": (vote(FINALIZE, LIAR, 1, FIRST), vote(NULLIFY, LIAR, 1)),
    "one block on two parents": (vote(NOTARIZE, LIAR, 2, LAST, 1), vote(NOTARIZE, LIAR, 2, LAST, 0)),
}
ALLOWED = {
    "notarized, then nullified": (vote(NOTARIZE, LIAR, 1, FIRST), vote(NULLIFY, LIAR, 1)),
    "nullified, then notarized": (vote(NULLIFY, LIAR, 1), vote(NOTARIZE, LIAR, 1, FIRST)),
    "notarized, then final": (vote(NOTARIZE, LIAR, 1, FIRST), vote(FINALIZE, LIAR, 1, FIRST)),
    "notarized, and another final": (vote(NOTARIZE, LIAR, 1, FIRST), vote(FINALIZE, LIAR, 1, OTHER)),
    "the same again": (vote(NOTARIZE, LIAR, 1, FIRST), vote(NOTARIZE, LIAR, 1, FIRST)),
    "two views": (vote(NOTARIZE, LIAR, 1, FIRST), vote(NOTARIZE, LIAR, 2, OTHER)),
}


def forged(one):
    return msgspec.structs.replace(one, signature=bytes(64))


def with_(one, *more):
    """A certificate of a vote's subject: its signer's and those of others."""
    signers = sorted({one.signer, *more})
    votes = []
    for signer in signers:
        signed = vote_input(LEDGER, one.kind, one.epoch, one.view, one.parent, one.digest)
        votes.append(one if signer == one.signer else Scheme(keys(N)[signer]).sign(signed))
    signatures = tuple(found if isinstance(found, bytes) else found.signature for found in votes)
    bitmap = bytes([sum(1 << signer for signer in signers)])
    return Certificate(one.kind, one.epoch, one.view, one.parent, one.digest, bitmap, signatures)


def told(one):
    return [(call.first, call.second) for call in one.asked(Evidence)]


def written(one):
    return [found for found in map(decode_record, one.log) if isinstance(found, Equivocation)]


def convicted(one, pair, faults=1):
    """Evidence of exactly these two votes: told, durable before that, counted against its signer."""
    assert told(one) == [pair]
    assert written(one) == [Equivocation(*pair)]
    assert one.core.faults == {(keys(N)[pair[0].signer], "equivocation"): faults}
    assert one.core._engine.journal.convicted(pair[0].signer)


# --- by which road ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
def test_vote_after_vote(name):
    one = Node(N, ME)
    first, second = PAIRS[name]
    one.receive(LIAR, first)
    assert told(one) == []
    one.receive(LIAR, second)
    assert one.last.persist == (encode(Equivocation(first, second)),), "in the output that tells of it"
    convicted(one, (first, second))


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_or_cannot_be_proved_convicts_nobody(name):
    one = Node(N, ME)
    for cast in ALLOWED[name]:
        one.receive(LIAR, cast)
    assert (told(one), one.core.faults) == ([], {})


@pytest.mark.parametrize("name", PAIRS)
def test_p24_vote_after_certificate(name):
    """The first vote is in a certificate alone. commonware #4374."""
    one = Node(N, ME)
    first, second = PAIRS[name]
    one.receive(HONEST, with_(first, *PEERS))
    if first.kind != FINALIZE:
        one.receive(LIAR, second)
        convicted(one, (first, second))
    else:
        one.receive(LIAR, second)
        assert told(one) == [(first, second)], "also of a view that is final"


@pytest.mark.parametrize("name", PAIRS)
def test_p24_certificate_after_vote(name):
    one = Node(N, ME)
    first, second = PAIRS[name]
    one.receive(LIAR, first)
    one.receive(HONEST, with_(second, *PEERS))
    convicted(one, (first, second))
    assert one.alarms == []


@pytest.mark.parametrize("name", ["two notarizations", "nullified, then final", "final, then nullified", "two finalizations"])
def test_two_certificates_are_an_alarm_and_name_all_who_signed_both(name):
    one = Node(N, ME)
    first, second = PAIRS[name]
    one.receive(HONEST, with_(first, *PEERS))
    one.receive(HONEST, with_(second, *PEERS))
    view = first.view
    assert one.alarms == [f"two certificates contradict each other in view {view}"]
    assert {pair[0].signer for pair in told(one)} == set(PEERS)
    assert len(told(one)) == len(PEERS) > one.core._engine.committee.faulty
    for pair in told(one):
        assert conflict(*pair)
        assert check_equivocation(LEDGER, 0, keys(N), *map(encode, pair), one.scheme.verify) == pair[0].signer
    assert one.archived == [with_(first, *PEERS)]


def test_two_certificates_that_share_few_name_those_few():
    one = Node(7, ME)
    sides = [0, 1, 2, 3, 4], [2, 3, 4, 5, 6]
    one.receive(HONEST, certificate(NOTARIZE, 7, sides[0], 1, FIRST))
    one.receive(HONEST, certificate(NOTARIZE, 7, sides[1], 1, OTHER))
    assert len(one.alarms) == 1
    assert {pair[0].signer for pair in told(one)} == {2, 3, 4} - {ME}


def test_final_that_comes_with_headers_is_compared_too():
    one = Node(N, ME)
    for signer in PEERS:
        one.receive(signer, Status(0, 5, 5))
    one.receive(LIAR, vote(NULLIFY, LIAR, 1))
    one.receive(HONEST, Headers((FIRST,), certificate(FINALIZE, N, PEERS, 1, FIRST)))
    assert [call.block for call in one.delivered] == [FIRST]
    convicted(one, (vote(NULLIFY, LIAR, 1), vote(FINALIZE, LIAR, 1, FIRST)))


def test_proposal_after_proposal():
    one = Node(N, ME)
    one.receive(LIAR, proposal(N, FIRST))
    one.receive(LIAR, proposal(N, OTHER))
    convicted(one, (vote(NOTARIZE, LIAR, 1, FIRST), vote(NOTARIZE, LIAR, 1, OTHER)))
    assert one.votes(NOTARIZE) == [vote(NOTARIZE, ME, 1, FIRST)]


def test_proposal_after_vote_and_vote_after_proposal():
    pair = vote(NOTARIZE, LIAR, 1, OTHER), vote(NOTARIZE, LIAR, 1, FIRST)
    one = Node(N, ME)
    one.receive(LIAR, pair[0])
    one.receive(LIAR, proposal(N, FIRST))
    convicted(one, pair)
    other = Node(N, ME)
    other.receive(LIAR, proposal(N, FIRST))
    other.receive(LIAR, pair[0])
    convicted(other, pair[::-1])


def test_a_last_block_proposed_again_on_two_parents():
    one = Node(N, ME)
    one.receive(HONEST, certificate(NOTARIZE, N, PEERS, 1, LAST))
    one.receive(HONEST, certificate(NULLIFY, N, PEERS, 2))
    signer = leader(N, 3)
    one.receive(signer, again(N, LAST, 3, 1))
    one.receive(signer, again(N, LAST, 3, 2))
    convicted(one, (vote(NOTARIZE, signer, 3, LAST, 1), vote(NOTARIZE, signer, 3, LAST, 2)))


# --- forgeries --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
def test_a_forged_second_vote_convicts_nobody(name):
    one = Node(N, ME)
    first, second = PAIRS[name]
    one.receive(LIAR, first)
    one.receive(LIAR, forged(second))
    assert (told(one), written(one)) == ([], [])
    assert one.core.faults == {(keys(N)[LIAR], "forged"): 1}
    one.receive(LIAR, second)
    assert told(one) == [(first, second)], "and hides nothing"


@pytest.mark.parametrize("name", PAIRS)
def test_a_forged_first_vote_makes_room_for_a_good_one(name):
    one = Node(N, ME)
    first, second = PAIRS[name]
    one.receive(LIAR, forged(first))
    one.receive(LIAR, second)
    assert (told(one), written(one)) == ([], [])
    assert one.core.faults == {(keys(N)[LIAR], "forged"): 1}
    ballots = one.core._engine.rounds.get(second.view).ballots[second.kind]
    assert ballots.get(LIAR) == second
    one.receive(LIAR, first)
    convicted_ = told(one)
    assert convicted_ == [(second, first)]


def test_a_good_vote_after_a_forged_one_counts():
    one = Node(N, ME)
    others = [signer for signer in PEERS if signer != LIAR]
    one.receive(LIAR, forged(vote(NOTARIZE, LIAR, 1, OTHER)))
    for signer in others:
        one.receive(signer, vote(NOTARIZE, signer, 1, FIRST))
    assert one.core.view == 1
    one.receive(LIAR, vote(NOTARIZE, LIAR, 1, FIRST))
    assert one.core.view == 2


def test_forged_votes_hide_none_that_a_certificate_holds():
    """The liar's true vote is in a certificate; what is kept of it directly is forged."""
    first, second = PAIRS["two notarizations"]
    one = Node(N, ME)
    one.receive(LIAR, forged(first))
    one.receive(HONEST, with_(first, *PEERS))
    one.receive(LIAR, second)
    assert told(one) == [(first, second)]
    assert one.core.faults == {(keys(N)[LIAR], "forged"): 1, (keys(N)[LIAR], "equivocation"): 1}
    other = Node(N, ME)
    other.receive(LIAR, forged(first))
    other.receive(HONEST, with_(first, *PEERS))
    other.receive(HONEST, with_(second, *PEERS))
    assert (first, second) in told(other)


def test_two_forged_votes_hide_nothing_either():
    """A nullification and a finalization, both forged by their own sender, before a true finalization of another block."""
    one = Node(N, ME)
    true = vote(FINALIZE, LIAR, 1, OTHER)
    one.receive(LIAR, forged(vote(NULLIFY, LIAR, 1)))
    round_ = one.core._engine.rounds.get(1)
    round_.ballots[FINALIZE].add(forged(vote(FINALIZE, LIAR, 1, FIRST)))
    one.receive(LIAR, true)
    assert told(one) == []
    assert round_.ballots[FINALIZE].counts(true)
    assert one.core.faults == {(keys(N)[LIAR], "forged"): 2}


@pytest.mark.parametrize("name", PAIRS)
def test_a_forged_certificate_convicts_nobody(name):
    one = Node(N, ME)
    first, second = PAIRS[name]
    one.receive(LIAR, first)
    made = with_(second, *PEERS)
    for position in range(len(PEERS)):
        signatures = tuple(bytes(64) if at == position else good for at, good in enumerate(made.signatures))
        one.receive(HONEST, msgspec.structs.replace(made, signatures=signatures))
    assert (told(one), written(one)) == ([], [])
    assert one.core.faults == {(keys(N)[HONEST], "bad-certificate"): len(PEERS)}


def test_nobody_is_convicted_by_somebody_elses_message():
    """Votes come from their signer alone."""
    one = Node(N, ME)
    for cast in PAIRS["two notarizations"]:
        one.receive(HONEST, cast)
    assert told(one) == []
    assert one.core.faults == {(keys(N)[HONEST], "misdirected"): 2}


# --- once a signer, for good ------------------------------------------------------------------------------------------


def test_one_pair_a_signer_is_enough():
    one = Node(N, ME)
    for cast in PAIRS["two notarizations"]:
        one.receive(LIAR, cast)
    for cast in (vote(NULLIFY, LIAR, 1), vote(FINALIZE, LIAR, 1, FIRST), vote(NOTARIZE, LIAR, 1, LAST)):
        one.receive(LIAR, cast)
    assert (len(told(one)), len(written(one))) == (1, 1)
    assert one.core.faults == {(keys(N)[LIAR], "equivocation"): 3}


def test_more_of_a_convicted_signer_costs_no_verification():
    one = Node(N, ME)
    for cast in PAIRS["two notarizations"]:
        one.receive(LIAR, cast)
    before = one.scheme.verified
    for number in range(50):
        one.receive(LIAR, vote(NOTARIZE, LIAR, 1, block(1, GENESIS, b"%d" % number)))
    assert one.scheme.verified == before


def test_evidence_is_bounded_by_the_validators():
    one = Node(7, ME)
    signers = [signer for signer in range(7) if signer != ME]
    for view in (1, 2):
        for number in range(20):
            for signer in signers:
                one.receive(signer, vote(NOTARIZE, signer, view, block(view, GENESIS, b"%d" % number)))
    assert len(told(one)) == len(written(one)) == len(signers)
    assert len(one.core.faults) == len(signers)


def test_it_is_told_again_after_a_restart_and_stays_in_the_snapshot():
    one = Node(N, ME)
    pair = PAIRS["final, then nullified"]
    for cast in pair:
        one.receive(LIAR, cast)
    for records in (one.log, one.core.snapshot()):
        core, output = Core.recover(config(N, ME), one.scheme, records, GENESIS, 0)
        assert [call for call in output.app if isinstance(call, Evidence)] == [Evidence(*pair)]
        assert core.snapshot() == one.core.snapshot()
        assert output.persist == ()
    one.start()
    before = one.scheme.verified
    one.receive(LIAR, pair[0])
    one.receive(LIAR, pair[1])
    assert one.scheme.verified == before + 2 or written(one) == [Equivocation(*pair)]
    assert told(one) == [pair]
    assert written(one) == [Equivocation(*pair)]


def test_it_outlives_the_views_that_it_is_from():
    one = Node(N, ME)
    for cast in PAIRS["two notarizations"]:
        one.receive(LIAR, cast)
    far = block(500)
    one.receive(HONEST, certificate(FINALIZE, N, PEERS, 500, far))
    assert encode(Equivocation(*PAIRS["two notarizations"])) in one.core.snapshot()


def test_a_liar_halts_nobody():
    """What convicts one validator is no alarm, and the others go on."""
    net = Net(N)

    def lies(one):
        for signer in range(N):
            if signer != LIAR:
                net.nodes[signer].receive(LIAR, one)

    for cast in PAIRS["two notarizations"]:
        lies(cast)
    net.alive.remove(LIAR)
    net.submit(b"a")
    net.run(30_000)
    assert {net.nodes[me].tip.height for me in net.alive} == {1}
    assert all(net.nodes[me].alarms == [] and len(told(net.nodes[me])) == 1 for me in net.alive)


def test_every_certificate_is_archived_once_and_again_after_a_restart():
    one = Node(N, ME)
    made = [certificate(NOTARIZE, N, PEERS, 1, FIRST), certificate(NULLIFY, N, PEERS, 1), certificate(NULLIFY, N, PEERS, 2)]
    for found in made:
        for sender in PEERS:
            one.receive(sender, found)
    assert one.archived == made
    one.archived.clear()
    one.start()
    assert one.archived == made
    _, output = Core.recover(config(N, ME), one.scheme, one.core.snapshot(), GENESIS, 0)
    assert {call.certificate for call in output.app if isinstance(call, Archive)} == set(made)


def test_certificates_made_of_votes_are_archived_too():
    net = Net(N)
    net.submit(b"a")
    net.settle()
    for one in net.nodes:
        kinds = [found.kind for found in one.archived]
        assert sorted(kinds) == [NOTARIZE, FINALIZE]
        assert [found.kind for found in map(decode_record, one.log) if isinstance(found, Certificate)] == kinds


def test_an_own_double_vote_is_no_evidence():
    """Whose key has voted elsewhere is alarmed, and leaves it to the others to say so."""
    one = Node(N, ME)
    one.receive(LIAR, proposal(N, FIRST))
    third = next(signer for signer in PEERS if signer not in {LIAR, HONEST})
    one.receive(HONEST, certificate(NOTARIZE, N, sorted([ME, LIAR, third]), 1, OTHER))
    assert {pair[0].signer for pair in told(one)} == {LIAR}
    assert len(one.alarms) == 1


# --- offline ----------------------------------------------------------------------------------------------------------


def ruling(first, second, ledger=LEDGER, epoch=0, validators=None):
    first, second = (one if isinstance(one, bytes) else encode(one) for one in (first, second))
    verify = Scheme(keys(1)[0]).verify
    return check_equivocation(ledger, epoch, keys(N) if validators is None else validators, first, second, verify)


@pytest.mark.parametrize("name", PAIRS)
def test_good_evidence_names_its_signer(name):
    first, second = PAIRS[name]
    assert ruling(first, second) == ruling(second, first) == LIAR


A, B = PAIRS["two notarizations"]
OFF_SHAPE = msgspec.structs.replace(vote(NULLIFY, LIAR, 1, parent=1), digest=b"")
SHORT = vote(NOTARIZE, LIAR, 1, digest=b"x")
BAD = {
    "another ledger": ((A, B), {"ledger": hashlib.sha256(b"another").digest()}, "signature"),
    "another epoch": ((A, B), {"epoch": 1}, "epochs"),
    "of two epochs": ((A, vote(NOTARIZE, LIAR, 1, OTHER, epoch=1)), {}, "epochs"),
    "a signer out of range": ((A, B), {"validators": keys(LIAR)}, "no validator"),
    "other validators": ((A, B), {"validators": keys(2 * N)[N:]}, "signature"),
    "two signers": ((A, vote(NOTARIZE, HONEST, 1, OTHER)), {}, "two signers"),
    "two views": ((A, vote(NOTARIZE, LIAR, 2, OTHER)), {}, "views"),
    "the same vote twice": ((A, A), {}, "do not conflict"),
    "the same vote with another signature": ((A, forged(A)), {}, "do not conflict"),
    "notarized and nullified": (ALLOWED["notarized, then nullified"], {}, "do not conflict"),
    "nullified and notarized": (ALLOWED["nullified, then notarized"], {}, "do not conflict"),
    "notarized and final": (ALLOWED["notarized, and another final"], {}, "do not conflict"),
    "the first forged": ((forged(A), B), {}, "signature"),
    "the second forged": ((A, forged(B)), {}, "signature"),
    "signatures swapped": (
        (msgspec.structs.replace(A, signature=B.signature), msgspec.structs.replace(B, signature=A.signature)),
        {},
        "signature",
    ),
    "somebody else's signature": (
        (A, msgspec.structs.replace(B, signature=vote(NOTARIZE, HONEST, 1, OTHER).signature)),
        {},
        "signature",
    ),
    "a nullification with a parent": ((OFF_SHAPE, vote(NULLIFY, LIAR, 1)), {}, "no such subject"),
    "a digest that is none": ((A, SHORT), {}, "no such subject"),
    "no bytes": ((b"", B), {}, "not a vote"),
    "rubbish": ((A, b"\xc1\xc1"), {}, "not a vote"),
    "a byte too many": ((encode(A) + b"\0", B), {}, "not a vote"),
    "another message": ((A, encode(proposal(N, FIRST))), {}, "not a vote"),
    "another encoding of the same": ((A, encode(B).replace(b"\x01", b"\xcc\x01", 1)), {}, "not a vote"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_evidence_convicts_nobody(name):
    pair, options, reason = BAD[name]
    with pytest.raises(BadEvidenceError, match=reason):
        ruling(*pair, **options)


def test_every_flipped_bit_of_evidence_is_noticed():
    data = encode(B)
    for position in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(BadEvidenceError):
            ruling(encode(A), bytes(flipped))


def test_evidence_out_of_a_real_core_convicts_offline():
    one = Node(N, ME)
    for cast in (*PAIRS["nullified, then final"], vote(NOTARIZE, HONEST, 1, FIRST), vote(NOTARIZE, HONEST, 1, OTHER)):
        one.handle(Received(keys(N)[cast.signer], cast))
    one.handle(Wake())
    assert [ruling(*pair) for pair in told(one)] == [LIAR, HONEST]


def test_proposals_of_a_convicted_leader_are_voted_for_all_the_same():
    """Evidence is for the ledger to judge; the protocol needs no trust in anybody."""
    one = Node(N, ME)
    signer = leader(N, 2)
    for cast in (vote(NOTARIZE, signer, 1, FIRST), vote(NOTARIZE, signer, 1, OTHER)):
        one.receive(signer, cast)
    made = block(2, tip_of(FIRST))
    one.receive(LIAR, proposal(N, FIRST))
    one.receive(HONEST, certificate(NOTARIZE, N, PEERS, 1, FIRST))
    one.receive(signer, Proposal(made, vote(NOTARIZE, signer, 2, made)))
    assert vote(NOTARIZE, ME, 2, made) in one.votes(NOTARIZE)
    assert digest_of(made) == one.votes(NOTARIZE)[-1].digest
