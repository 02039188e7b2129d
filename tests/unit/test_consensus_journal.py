"""The sign guard: what it signs, what it refuses, what it reads back."""

import pytest

from consensus.ancestry import Blocks, Entry
from consensus.errors import JournalError, LocalFaultError
from consensus.journal import Durable, Journal
from consensus.messages import GotBlock, Status, VoteKind, decode, encode
from tests.support.consensus import GENESIS, Scheme, block, certificate, config, digest_of, keys, vote

NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE


def journal(me=0):
    return Journal(config(4, me), me if me < 4 else None, Scheme(keys(5)[me]))


def cast(one, kind, view=1):
    return one.cast(kind, view, 0, b"" if kind == NULLIFY else digest_of(block(view)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (NOTARIZE, NOTARIZE),
        (NULLIFY, NOTARIZE),
        (NULLIFY, NULLIFY),
        (NULLIFY, FINALIZE),
        (FINALIZE, NULLIFY),
        (FINALIZE, FINALIZE),
    ],
)
def test_forbidden_pairs_are_never_signed(first, second):
    one = journal()
    cast(one, first)
    before = one.take()
    with pytest.raises(LocalFaultError, match="in view 1"):
        cast(one, second)
    assert len(before) == 1
    assert one.take() == ()
    cast(one, second, view=2)


@pytest.mark.parametrize(("first", "second"), [(NOTARIZE, NULLIFY), (NOTARIZE, FINALIZE)])
def test_allowed_pairs(first, second):
    one = journal()
    cast(one, first)
    assert cast(one, second).vote.kind == second


def test_forbidden_pairs_are_never_signed_after_a_restart():
    one = journal()
    cast(one, NULLIFY)
    again = journal()
    again.recover(one.take())
    for kind in (NOTARIZE, NULLIFY, FINALIZE):
        with pytest.raises(LocalFaultError):
            cast(again, kind)


def test_a_vote_is_in_persist_when_it_exists():
    one = journal(2)
    durable = cast(one, NOTARIZE)
    assert [decode(record) for record in one.take()] == [durable.vote]
    assert durable.vote == vote(NOTARIZE, 2, 1, block(1))
    assert one.own(1, NOTARIZE) is durable
    assert one.voted(1)
    assert not one.voted(2)


def test_nobody_else_makes_a_vote_durable():
    with pytest.raises(LocalFaultError, match="only the journal"):
        Durable(object(), vote(NULLIFY, 0, 1))


def test_a_follower_signs_nothing():
    with pytest.raises(LocalFaultError, match="not a validator"):
        cast(journal(4), NULLIFY)


def test_a_key_that_has_voted_elsewhere_signs_nothing():
    one = journal()
    one.lose(vote(NULLIFY, 0, 9))
    for kind in (NOTARIZE, NULLIFY, FINALIZE):
        with pytest.raises(LocalFaultError, match="voted elsewhere in view 9"):
            cast(one, kind)
    assert len(one.take()) == 1, "that it has is all that is written"


def test_nothing_is_signed_in_forgotten_views():
    one = journal()
    cast(one, NULLIFY, 3)
    cast(one, NULLIFY, 5)
    one.prune(5)
    assert [durable.vote.view for durable in one.votes()] == [5]
    with pytest.raises(LocalFaultError, match="forgotten"):
        cast(one, NOTARIZE, 3)


def test_a_block_is_written_once():
    one, entry = journal(), Entry(block(1), digest_of(block(1)))
    one.write_block(entry)
    one.write_block(entry)
    assert [decode(record) for record in one.take()] == [GotBlock(block(1))]


def test_snapshot_holds_durable_blocks_certificates_and_votes_in_one_order():
    one, blocks = journal(), Blocks(GENESIS)
    for view in (2, 1):
        blocks.add(block(view), digest_of(block(view))).durable = True
    blocks.add(block(3), digest_of(block(3)))
    made = [certificate(NULLIFY, 4, [0, 1, 2], 2), certificate(NOTARIZE, 4, [0, 1, 2], 1, block(1))]
    votes = [cast(one, kind, view).vote for view, kind in ((2, NULLIFY), (1, NOTARIZE), (1, FINALIZE))]
    expected = [GotBlock(block(1)), GotBlock(block(2)), made[1], made[0], votes[1], votes[2], votes[0]]
    assert [decode(record) for record in one.snapshot(blocks, made)] == expected
    found = journal().recover(one.snapshot(blocks, made))
    assert found.blocks == (block(1), block(2))
    assert found.certificates == (made[1], made[0])
    assert found.votes == (votes[1], votes[2], votes[0])


DAMAGE = {
    "garbage": ([b"\xc1"], "not a record"),
    "another message": ([encode(Status(0, 1, 0))], "not a record"),
    "another's vote": ([encode(vote(NULLIFY, 1, 1))], "validator 1"),
    "two notarize votes": (
        [encode(vote(NOTARIZE, 0, 1, block(1))), encode(vote(NOTARIZE, 0, 1, block(1, GENESIS, b"other")))],
        "two NOTARIZE",
    ),
    "nullify and finalize": ([encode(vote(FINALIZE, 0, 1, block(1))), encode(vote(NULLIFY, 0, 1))], "nullify and finalize"),
    "another epoch": ([encode(GotBlock(block(1, epoch=1)))], "epoch 1 in the log of epoch 0"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_this_node_cannot_have_written(name):
    records, reason = DAMAGE[name]
    with pytest.raises(JournalError, match=reason):
        journal().recover(records)


def test_the_same_vote_twice_is_one_vote():
    record = encode(vote(NULLIFY, 0, 1))
    one = journal()
    one.recover([record, record])
    assert len(one.votes()) == 1
