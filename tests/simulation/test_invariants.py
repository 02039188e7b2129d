"""Each invariant of the checker fails when it should: synthetic votes, no core."""

from functools import partial

import pytest

from consensus.events import Deliver, Send
from consensus.messages import Block, Certificate, Mark, Payload, Proposal, Vote, VoteKind, block_digest, vote_input
from tests.simulation.invariants import Checker, Violation
from tests.simulation.signatures import make_keys, scheme

LEDGER = bytes(range(32))
SECRETS = make_keys("fast", 4, 1)
KEYS = tuple(SECRETS)
GENESIS = (0, LEDGER)
NOTARIZE, NULLIFY, FINALIZE = VoteKind


class Story:
    """Votes that nodes cast, in order."""

    def __init__(self) -> None:
        self.checker = Checker(LEDGER, KEYS, 4)
        self.schemes = [scheme("fast", key, SECRETS, partial(self.checker.signed, i)) for i, key in enumerate(KEYS)]

    def sign(self, node: int, kind: VoteKind, view: int, parent: int = 0, digest: bytes = b"") -> Vote:
        signature = self.schemes[node].sign(vote_input(LEDGER, kind, 0, view, parent, digest))
        return Vote(kind, 0, view, parent, digest, node, signature)

    def cast(self, nodes: tuple[int, ...], kind: VoteKind, view: int, parent: int = 0, digest: bytes = b"") -> list[Vote]:
        votes = [self.sign(node, kind, view, parent, digest) for node in nodes]
        for vote in votes:
            self.checker.synced(vote.signer, [b"journal " + vote.signature])
        return votes

    def block(self, view: int, height: int, parent: tuple[int, bytes], time: int = 1) -> tuple[Block, bytes]:
        payload = Payload(time, Mark(0, 0, bytes(32), bytes(32)), b"", ())
        block = Block(1, 0, view, height, parent[0], parent[1], payload)
        return block, block_digest(LEDGER, block)

    def propose(self, block: Block, node: int = 0) -> bytes:
        """The block is sent by a leader that voted for it."""
        digest = block_digest(LEDGER, block)
        [vote] = self.cast((node,), NOTARIZE, block.view, block.parent_view, digest)
        self.checker.sent(node, Send(None, Proposal(block, vote)))
        return digest

    def final(self, block: Block) -> bytes:
        """The whole good way of a block."""
        digest = self.propose(block)
        self.cast((1, 2), NOTARIZE, block.view, block.parent_view, digest)
        self.cast((0, 1, 2), FINALIZE, block.view, block.parent_view, digest)
        return digest


def certificate(votes: list[Vote], bitmap: int = 0b0111) -> Certificate:
    first = votes[0]
    signatures = tuple(vote.signature for vote in votes)
    return Certificate(first.kind, 0, first.view, first.parent, first.digest, bytes([bitmap]), signatures)


def raises(rule: str) -> pytest.RaisesExc[Violation]:
    return pytest.RaisesExc(Violation, match=f"^{rule}: ")


def test_the_good_way_passes() -> None:
    story = Story()
    one, digest_one = story.block(1, 1, GENESIS)
    story.final(one)
    story.cast((0, 1, 3), NULLIFY, 2)
    two, digest_two = story.block(3, 2, (1, digest_one), 2)
    story.final(two)
    story.checker.call(3, Deliver(one, digest_one, None))
    story.checker.call(3, Deliver(two, digest_two, None))
    assert story.checker.chain == [LEDGER, digest_one, digest_two]
    assert story.checker.nullified == {2}


def test_two_notarize_votes_in_a_view() -> None:
    story = Story()
    story.cast((0,), NOTARIZE, 1, 0, bytes(32))
    with raises("one-vote"):
        story.cast((0,), NOTARIZE, 1, 0, b"\1" * 32)


def test_the_same_vote_again_is_no_second_one() -> None:
    story = Story()
    story.cast((0,), NOTARIZE, 1, 0, bytes(32))
    story.cast((0,), NOTARIZE, 1, 0, bytes(32))


def test_notarize_after_nullify_but_not_the_other_way_round() -> None:
    story = Story()
    story.cast((1,), NOTARIZE, 1, 0, bytes(32))
    story.cast((1,), NULLIFY, 1)
    story.cast((0,), NULLIFY, 1)
    with raises("notarize-after-nullify"):
        story.cast((0,), NOTARIZE, 1, 0, bytes(32))


@pytest.mark.parametrize("first", [NULLIFY, FINALIZE])
def test_nullify_and_finalize(first: VoteKind) -> None:
    story = Story()
    _, digest = story.block(1, 1, GENESIS)
    story.cast((0, 1, 2), NOTARIZE, 1, 0, digest)
    second = FINALIZE if first == NULLIFY else NULLIFY
    subjects = {NULLIFY: (0, b""), FINALIZE: (0, digest)}
    story.cast((0,), first, 1, *subjects[first])
    with raises("nullify-finalize"):
        story.cast((0,), second, 1, *subjects[second])


def test_finalize_without_a_notarization() -> None:
    story = Story()
    _, digest = story.block(1, 1, GENESIS)
    story.cast((0, 1), NOTARIZE, 1, 0, digest)
    with raises("finalize-unnotarized"):
        story.cast((0,), FINALIZE, 1, 0, digest)


def test_a_vote_sent_before_it_is_durable() -> None:
    story = Story()
    vote = story.sign(0, NULLIFY, 1)
    with raises("sent-before-durable"):
        story.checker.sent(0, Send(None, vote))
    story.checker.synced(0, [vote.signature])
    story.checker.sent(0, Send(None, vote))


def test_what_was_signed_and_lost_in_a_crash_does_not_count() -> None:
    story = Story()
    story.sign(0, NOTARIZE, 1, 0, bytes(32))
    story.checker.restarted(0, [], story.checker._delivered[0])
    story.cast((0,), NOTARIZE, 1, 0, b"\1" * 32)


def test_what_a_torn_log_kept_does_count() -> None:
    story = Story()
    vote = story.sign(0, NOTARIZE, 1, 0, bytes(32))
    story.checker.restarted(0, [vote.signature], story.checker._delivered[0])
    with raises("one-vote"):
        story.cast((0,), NOTARIZE, 1, 0, b"\1" * 32)


def test_a_vote_of_somebody_else() -> None:
    story = Story()
    [vote] = story.cast((1,), NULLIFY, 1)
    with raises("sender"):
        story.checker.sent(0, Send(None, vote))


def test_certificates_need_a_quorum_of_distinct_real_votes() -> None:
    story = Story()
    votes = story.cast((0, 1, 2), NULLIFY, 1)
    story.checker.sent(3, Send(None, certificate(votes)))
    with raises("certificate"):
        story.checker.sent(3, Send(None, certificate(votes[:2], 0b011)))
    with raises("certificate"):
        story.checker.sent(3, Send(None, certificate(votes, 0b011)))
    with raises("certificate"):
        story.checker.sent(3, Send(None, certificate([votes[0], votes[0], votes[2]])))


def test_a_certificate_with_an_own_vote_that_is_not_durable() -> None:
    story = Story()
    votes = [*story.cast((0, 1), NULLIFY, 1), story.sign(2, NULLIFY, 1)]
    with raises("sent-before-durable"):
        story.checker.sent(2, Send(None, certificate(votes)))


def test_a_parent_gap() -> None:
    story = Story()
    block, _ = story.block(3, 1, GENESIS)
    story.cast((0, 1, 2), NULLIFY, 1)
    story.cast((0, 1), NULLIFY, 2)
    with raises("parent-gap"):
        story.propose(block)


def test_a_parent_gap_of_a_block_that_becomes_known_late() -> None:
    story = Story()
    block, digest = story.block(2, 1, GENESIS)
    [vote] = story.cast((0,), NOTARIZE, 2, 0, digest)
    with raises("parent-gap"):
        story.checker.sent(0, Send(None, Proposal(block, vote)))


def test_a_parent_that_is_not_notarized() -> None:
    story = Story()
    one, digest = story.block(1, 1, GENESIS)
    story.propose(one)
    two, _ = story.block(2, 2, (1, digest), 2)
    with raises("parent-unnotarized"):
        story.propose(two, 1)


def test_a_wrong_height() -> None:
    story = Story()
    block, _ = story.block(1, 2, GENESIS)
    with raises("height"):
        story.propose(block)


def test_two_notarizations_need_double_votes_and_are_named() -> None:
    """Not reachable with honest votes: the tally is filled by hand."""
    story = Story()
    story.checker.notarized[1] = b"\1" * 32
    with raises("two-notarizations"):
        story.cast((0, 1, 2), NOTARIZE, 1, 0, bytes(32))


def test_nullification_and_finalization_of_a_view() -> None:
    story = Story()
    story.checker.finalized[1] = bytes(32)
    with raises("nullified-and-finalized"):
        story.cast((0, 1, 2), NULLIFY, 1)
    story = Story()
    _, digest = story.block(1, 1, GENESIS)
    story.cast((0, 1, 2), NOTARIZE, 1, 0, digest)
    story.checker.nullified.add(1)
    with raises("nullified-and-finalized"):
        story.cast((0, 1, 2), FINALIZE, 1, 0, digest)


def test_a_fork() -> None:
    story = Story()
    one, _ = story.block(1, 1, GENESIS)
    story.final(one)
    other, digest = story.block(2, 1, GENESIS, 9)
    story.checker.nullified.add(1)
    story.propose(other)
    story.cast((1, 2), NOTARIZE, 2, 0, digest)
    with raises("fork"):
        story.cast((0, 1, 2), FINALIZE, 2, 0, digest)


def test_delivery_has_no_gap_and_only_final_blocks() -> None:
    story = Story()
    one, digest_one = story.block(1, 1, GENESIS)
    story.final(one)
    two, digest_two = story.block(2, 2, (1, digest_one), 2)
    with raises("delivery"):
        story.checker.call(3, Deliver(two, digest_two, None))
    story.checker.call(3, Deliver(one, digest_one, None))
    with raises("delivery"):
        story.checker.call(3, Deliver(two, digest_two, None))
    with raises("delivery"):
        story.checker.call(3, Deliver(one, digest_one, None))


def test_delivery_with_the_wrong_certificate() -> None:
    story = Story()
    one, digest = story.block(1, 1, GENESIS)
    story.final(one)
    nullified = certificate(story.cast((0, 1, 2), NULLIFY, 7))
    with raises("delivery"):
        story.checker.call(3, Deliver(one, digest, nullified))


def test_signing_anything_but_votes() -> None:
    with raises("domain"):
        Story().schemes[0].sign(b"anything")
